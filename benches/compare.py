#!/usr/bin/env python3
"""Holds what netplay makes of a device's answers against what netmiko and scrapli make of the same answers.

    benches/compare.py NETPLAY PYTHON      PYTHON has netmiko and scrapli installed

Starts FRR's vtysh behind sshd on loopback, asks the same commands through all three, and prints one line a command.
Differences at the ends of lines and of the text do not count: each has its own rule for blanks there. Exits with 1 when
anything else differs.
"""

import json, os, pathlib, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benches"))
import devices
from fleet import Fleet, address

COMMANDS = ["show version", "show running-config", "show ip route", "show interface brief", "show zebra",
            "show nonsense", "show ip route json", "show interface lo", "show running-config | include hostname", "find route"]


class Bench:
    def __init__(self, fleet):
        self.fleet, self.folder = fleet, fleet.folder


def plain(text):
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def ours(netplay, bench, router):
    """Asks one command a task, so that one that is refused ends nothing."""
    inventory = bench.fleet.inventory(1, router.port, "ansible_connection=network_cli\nansible_network_os=frr")
    tasks = [{"cli_command": {"command": command}, "ignore_errors": True} for command in COMMANDS]
    play = bench.folder / "compare.yml"
    play.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    ran = subprocess.run([netplay, "run", "-i", str(inventory), "--host-key-checking", "off", "--output", "jsonl", str(play)],
                         capture_output=True, text=True, env={**os.environ, "HOME": str(bench.folder)})
    steps = {event["task"]: event for event in map(json.loads, ran.stdout.splitlines()) if event["event"] == "step_done"}
    return [plain(steps[number]["result"].get("stdout") or "") for number in range(len(COMMANDS))]


def theirs(python, name, bench, router):
    ran = subprocess.run([python, str(ROOT / "benches/peers.py"), name, str(router.port), bench.fleet.user,
                          str(bench.folder / "user"), ";".join(COMMANDS), "", address(0)],
                         capture_output=True, text=True, env={**os.environ, "PEERS_PRINT": "1"})
    if ran.returncode != 0:
        sys.exit(f"{name} ended with {ran.returncode}:\n{ran.stderr[-2000:]}")
    return [plain(output) for output in json.loads(ran.stdout)[0]]


def main():
    netplay, python = sys.argv[1:3]
    different = 0
    with tempfile.TemporaryDirectory(prefix="netplay-compare-") as folder:
        fleet = Fleet(folder)
        bench = Bench(fleet)
        router = devices.Router(bench)
        try:
            our = ours(netplay, bench, router)
            peers = {name: theirs(python, name, bench, router) for name in ["netmiko", "scrapli"]}
        finally:
            router.stop()
            fleet.stop()
    for number, command in enumerate(COMMANDS):
        said = []
        for name, outputs in peers.items():
            same = outputs[number] == our[number]
            different += not same
            said.append(f"{name}: {'the same' if same else 'different'}")
            if not same:
                print(f"--- {command}: ours\n{our[number]}\n--- {name}\n{outputs[number]}", file=sys.stderr)
        print(f"{command:40} {len(our[number]):6} characters   {', '.join(said)}")
    sys.exit(1 if different else 0)


main()
