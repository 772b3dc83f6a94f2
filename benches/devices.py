"""A real router CLI beside its peers: FRR's vtysh behind sshd, driven by netplay, netmiko, scrapli and a bare program."""

import os, pathlib, subprocess, threading, time, http.server
from fleet import SlowWay, address
from measure import ControlGroup, median, once, paired

DAEMONS = pathlib.Path("/usr/lib/frr")
FIVE = ["show version", "show running-config", "show ip route", "show interface brief", "show zebra"]
LINES = [f"ip route 10.250.{n}.0/24 blackhole" for n in range(3)]


class Router:
    """FRR's daemons in a network namespace of their own, and an sshd whose every session is their CLI."""

    def __init__(self, bench):
        self.folder = pathlib.Path(bench.folder) / "router"
        self.folder.mkdir()
        self.folder.chmod(0o777)
        bench.folder.chmod(0o755)
        for name in ["vtysh.conf", "zebra.conf", "staticd.conf"]:
            (self.folder / name).write_text("")
            (self.folder / name).chmod(0o666)
        self.processes = []
        for name in ["zebra", "staticd"]:
            self.processes.append(subprocess.Popen(
                ["unshare", "--net", DAEMONS / name, "-u", "frr", "-g", "frr", "-A", "127.0.0.1", "-P", "0",
                 "--vty_socket", self.folder, "-i", self.folder / f"{name}.pid", "-f", self.folder / f"{name}.conf",
                 "-z", self.folder / "zserv.api"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            while not (self.folder / f"{name}.vty").exists():
                time.sleep(0.02)
        vtysh = f"vtysh --vty_socket {self.folder} --config_dir {self.folder}"
        self.sshd = bench.fleet.second(f"ForceCommand {vtysh}\n")
        self.port = self.sshd.port

    def stop(self):
        self.sshd.stop()
        for process in self.processes:
            process.kill()
            process.wait()


class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(2)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def devices(bench):
    if not (DAEMONS / "zebra").exists() or os.getuid() != 0:
        bench.table.row("a real router", "left out: frr and root are needed")
        return
    router = Router(bench)
    try:
        reads(bench, router)
        bounded(bench, router)
        article(bench, router)
        far_reads(bench, router)
    finally:
        router.stop()


def jobs():
    commands = "\n        ".join(f"- {line}" for line in FIVE)
    return {
        "connect and `show version`": ("    - cli_command: {command: show version}\n", ["show version"], [["show version"], []]),
        "connect and five shows": (f"    - cli_command:\n        commands:\n        {commands}\n",
                                   FIVE, [FIVE, []]),
        "three lines and a look": ("    - cli_config: {match: none, config: \"" + "\\n".join(LINES) + "\"}\n"
                                   "    - cli_command: {command: show running-config}\n",
                                   ["configure terminal", *LINES, "end", "show running-config"], [["show running-config"], LINES]),
    }


def reads(bench, router):
    variables = "ansible_connection=network_cli\nansible_network_os=frr"
    prompts = f"{os.uname().nodename}# |{os.uname().nodename}(config)# "
    for what, (tasks, floor, (shows, lines)) in jobs().items():
        for count in [1, 10] if bench.quick else [1, 10, 50]:
            inventory = bench.fleet.inventory(count, router.port, variables)
            ours = bench.ours(inventory, tasks, "--host-key-checking", "off")
            theirs = [bench.bare_cli, str(router.port), bench.fleet.user, str(bench.folder / "user"), prompts,
                      ";".join(["terminal length 0", *floor]), *map(address, range(count))]
            goal = "≤ 1.1 × the wall, ≤ 2 × the CPU" + (", ≤ 20 MB" if count == 50 else "")
            our = bench.pair(f"{what}, {count} real routers", count, ours, theirs, goal)
            for name in ["netmiko", "scrapli"] if bench.options.python else []:
                peer = [bench.options.python, str(pathlib.Path(__file__).with_name("peers.py")), name, str(router.port),
                        bench.fleet.user, str(bench.folder / "user"), ";".join(shows), ";".join(lines), *map(address, range(count))]
                bench.peer(f"{what}, {count} real routers: {name}", count, peer, our, "more CPU than netplay")


def bounded(bench, router):
    """Bounds the memory by a control group: pages of the program's file count there as far as they are needed at once."""
    hosts, limit_mib = 50, 20
    group = ControlGroup.make(f"netplay-bench-{os.getpid()}", limit_mib << 20)
    if group is None:
        bench.table.row("memory bounded", "left out: the memory controller of control groups and root are needed")
        return
    inventory = bench.fleet.inventory(hosts, router.port, "ansible_connection=network_cli\nansible_network_os=frr")
    tasks = jobs()["connect and five shows"][0]
    free = bench.ours(inventory, tasks, "--host-key-checking", "off")
    try:
        bound, _, wall, cpu = paired(group.within(free), free, bench.runs)
        bench.table.row(f"five shows on {hosts} real routers in a control group of {limit_mib} MiB",
                        f"{median(bound, 'wall'):.2f} s", f"{median(bound, 'cpu') / hosts * 1000:.2f} ms a host",
                        f"{max(sample.memory for sample in bound):.0f} MiB",
                        f"{wall:.2f} × the wall, {cpu:.2f} × the CPU of the same without a bound", "about the same")
    finally:
        group.remove()


def article(bench, router):
    """A read of a router beside a call that takes two seconds."""
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    inventory = bench.fleet.inventory(1, router.port, "ansible_connection=network_cli\nansible_network_os=frr")
    tasks = "    - cli_command: {command: show running-config}\n" \
            f"    - uri: {{url: 'http://127.0.0.1:{web.server_port}/'}}\n"
    samples = [once(bench.ours(inventory, tasks, "--host-key-checking", "off")) for _ in range(bench.runs)]
    wall = median(samples, "wall")
    bench.table.row("a router is read beside a call that takes 2 s", f"{wall:.3f} s", f"{median(samples, 'cpu') * 1000:.0f} ms",
                    beside=f"{wall / 2 * 100 - 100:.1f} % above the longest wait", goal="≤ 3 %")
    web.shutdown()


def far_reads(bench, router):
    """The price of one more read, 40 ms away."""
    way = SlowWay(router.port, 0.040)
    took = {}
    for how, variables in [("typed ahead", ""), ("one by one", "\nnetplay_typed_ahead=false")]:
        for count in [1, 11]:
            inventory = bench.fleet.inventory(1, way.port, "ansible_connection=network_cli\nansible_network_os=frr" + variables)
            commands = ", ".join(["show version"] * count)
            ours = bench.ours(inventory, f"    - cli_command: {{commands: [{commands}]}}\n", "--host-key-checking", "off")
            took[how, count] = median([once(ours) for _ in range(bench.runs)], "wall")
    for how in ["typed ahead", "one by one"]:
        more = took[how, 11] - took[how, 1]
        bench.table.row(f"ten more reads of a router 40 ms away, {how}", f"{more * 1000:.0f} ms",
                        goal="≤ 40 ms and the device's time" if how == "typed ahead" else "")
    way.stop()
