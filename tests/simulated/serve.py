#!/usr/bin/env python3
"""Runs simulated devices of people outside this project: all in one process, each on a port of loopback.

    serve.py DEVICES [NAME…]      DEVICES is a file like devices.yaml; all of it without names

Takes simnos, or fakenos where Python is too old for that, and leaves out what that does not simulate. When all listen it
says so in one line of JSON: the simulator and the ports. Ends when its standard input does.

What both do not do: there is no paging, no configuration, mostly no configuration mode (devices.yaml adds one), and the
first prompt is often not that of such a device. Every character that is typed is echoed by itself.
"""

import json, logging, pathlib, socket, sys

import yaml

try:
    import simnos as package
    from simnos import SimNOS as Simulator
except ImportError:
    import fakenos as package
    from fakenos import FakeNOS as Simulator

USER, PASSWORD = "user", "into-the-simulation"


def free_ports(count):
    """Returns ports that were free at the same time."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def commands(device):
    """Returns what the device knows beyond what the simulator teaches it."""
    known = {command: {"output": text or None, "help": ""} for command, text in device.get("answers", {}).items()}
    if "enter" in device:
        (enter, inside), (leave, outside) = device["enter"], device["leave"]
        known[enter] = {"output": None, "help": "", "new_prompt": inside}
        known[device["line"]] = {"output": None, "help": "", "prompt": inside}
        known[leave] = {"output": None, "help": "", "new_prompt": outside}
    return known


def host(device, port):
    """Returns a device as the simulators' inventory has it."""
    listen = {"address": "127.0.0.1", "timeout": 1}
    return {
        "username": device.get("user", USER), "password": PASSWORD, "port": port, "platform": device["simulates"],
        "server": {"plugin": "ParamikoSshServer", "configuration": listen},
        "shell": {"plugin": "CMDShell", "configuration": {"base_prompt": device["prompt"], "intro": ""}},
        "nos": {"plugin": device["simulates"], "configuration": {"commands": commands(device)}},
    }


def main():
    logging.disable(logging.CRITICAL)
    with open(sys.argv[1]) as file:
        devices = yaml.safe_load(file)
    devices = {name: device for name, device in devices.items() if not sys.argv[2:] or name in sys.argv[2:]}
    # Not every version of a simulator knows them all.
    known = {path.stem for path in pathlib.Path(package.__path__[0]).glob("plugins/nos/platforms_*/*")}
    devices = {name: device for name, device in devices.items() if device["simulates"] in known}
    ports = dict(zip(devices, free_ports(len(devices))))
    lab = Simulator(inventory={"hosts": {name: host(device, ports[name]) for name, device in devices.items()}})
    lab.start()
    for name, device in devices.items():
        if "first" in device:
            lab.hosts[name].nos.initial_prompt = device["first"]
    print(json.dumps({"simulator": package.__name__, "user": USER, "password": PASSWORD, "ports": ports}), flush=True)
    sys.stdin.read()
    lab.stop()


main()
