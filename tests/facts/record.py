"""Records what Ansible's `setup` says of every host in `hosts.json`, and what our program gets to hear there.

    PYTHON tests/facts/record.py [HOST…]

PYTHON is one that has ansible-core 2.19; root and Linux are needed. A host is this machine in namespaces of its own, with
files, addresses and names of `hosts.json` put over it: nothing of the real machine changes. Writes for each host
HOST/answers.json (the answers to `program.sh`, as pairs) and HOST/expected.json (the facts).
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SETUP = """
import json, sys
from ansible.module_utils import basic
import ansible.modules.setup as setup
basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": json.loads(sys.argv[1])}).encode()
basic._ANSIBLE_PROFILE = "legacy"
setup.main()
"""
# Distribution files of the machine that records: each host has its own.
OWN = ["debian_version", "os-release", "lsb-release", "localtime", "machine-id", "mtab", "resolv.conf", "fstab"]


def sh(text):
    subprocess.run(["sh", "-ec", text], check=True)


def put(path, text):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(text, dict):
        path.symlink_to(text["link"])
    else:
        path.write_text(text)
        if text.startswith("#!"):
            path.chmod(0o755)


def over(folder, keep=True):
    """Puts a folder that can be written over one that cannot; with what was in it, or empty."""
    name = str(folder).strip("/").replace("/", "_")
    up, work = f"/tmp/facts/{name}.up", f"/tmp/facts/{name}.work"
    os.makedirs(up)
    os.makedirs(work)
    if keep:
        sh(f"mount -t overlay overlay -o lowerdir={folder},upperdir={up},workdir={work} {folder}")
    else:
        sh(f"mount -t tmpfs tmpfs {folder}")


def furnish(host):
    os.makedirs("/tmp/facts", exist_ok=True)
    sh("mount -t tmpfs tmpfs /tmp/facts && mount -t sysfs sysfs /sys && mount -t proc proc /proc")
    over("/etc")
    for name in OWN:
        path = pathlib.Path("/etc", name)
        if path.is_symlink() or path.exists():
            path.unlink()
    for key in pathlib.Path("/etc/ssh").glob("ssh_host_*"):
        key.unlink()
    put("/tmp/facts/empty", "")
    sh("mount --bind /tmp/facts/empty /usr/lib/os-release")
    os.symlink("/proc/self/mounts", "/etc/mtab")
    shutil.rmtree("/etc/init.d", ignore_errors=True)
    for folder in ["/sys/block", "/sys/devices/virtual", "/dev/disk", "/var/lib/dbus", "/run", "/usr/bin"]:
        if os.path.isdir(folder):
            over(folder, keep=folder in ("/usr/bin",))
    for name in ["apt-get", "rpm", "lsb_release", "systemctl", "lsblk", "dpkg"]:
        path = pathlib.Path("/usr/bin", name)
        if path.exists() and name not in host.get("programs", []):
            path.unlink()
    # What stands in /sys/class/net may link into the folder that is covered now.
    for path, text in host["files"].items():
        if path.startswith("/proc/") and not os.path.exists(path):
            continue  # The kernel that records has no such file.
        if path.startswith("/proc/"):
            put("/tmp/facts/proc" + path, text)
            sh(f"mount --bind /tmp/facts/proc{path} {path}")
        else:
            put(path, text)
    sh(f"hostname {host['name']}")
    for line in host.get("network", []):
        sh(line)


def inside(name):
    host = json.loads((HERE / "hosts.json").read_text())[name]
    program = (HERE / "program.sh").read_text()
    furnish(host)
    env = {"PATH": "/usr/bin:/bin", "HOME": "/root", "LANG": "C.UTF-8", **host.get("env", {})}
    setup = subprocess.run([*host["shell"], "-c", 'exec "$0" "$@"', sys.executable, "-c", SETUP, "{}"], env=env, cwd="/", capture_output=True, text=True)
    if setup.returncode:
        sys.exit(setup.stdout + setup.stderr)
    facts = json.loads(setup.stdout)["ansible_facts"]
    del facts["ansible_python"]  # It names a folder of the machine that records.
    said = subprocess.run([*host["shell"], "-c", program], env=env, cwd="/", capture_output=True)
    if said.returncode or said.stderr:
        sys.exit(f"the program: {said}")
    parts = said.stdout.decode().split("\0")[:-1]
    pairs = list(zip(parts[::2], parts[1::2]))
    out = HERE / name
    out.mkdir(exist_ok=True)
    for file, data in [("answers", pairs), ("expected", facts)]:
        (out / f"{file}.json").write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")


def main():
    if sys.argv[1:2] == ["--inside"]:
        return inside(sys.argv[2])
    hosts = json.loads((HERE / "hosts.json").read_text())
    for name in sys.argv[1:] or hosts:
        unshare = ["unshare", "--mount", "--net", "--uts", "--pid", "--fork", "--propagation", "private"]
        subprocess.run([*unshare, sys.executable, __file__, "--inside", name], check=True)
        print(name)


main()
