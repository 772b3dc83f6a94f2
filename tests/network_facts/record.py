#!/usr/bin/env python3
"""Records the facts that Ansible's own modules make of the answers beside this file.

Run with a Python that has the `ansible` package:

    PYTHON tests/network_facts/record.py [NAME ...]

Each `NAME.yaml` has the answers of a device, by command; the facts that the facts module of its platform makes of them go
to `NAME.json`. No device is asked: the module gets the answers, and an empty text where there is none.
"""

import importlib
import json
import pathlib
import sys

import yaml
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from device import patched  # noqa: E402
MODULES = {
    "cisco_ios": ("cisco.ios", "ios"),
    "cisco_nxos": ("cisco.nxos", "nxos"),
    "cisco_iosxr": ("cisco.iosxr", "iosxr"),
    "vyos": ("vyos.vyos", "vyos"),
}
# What says something of the machine that records, or of the way that the device is reached.
LEFT_OUT = ("ansible_net_python_version", "ansible_net_api", "ansible_net_gather_subset", "ansible_network_resources")


class Done(Exception):
    pass


class Device:
    """Stands for the connection to a device that answers so."""

    def __init__(self, answers, collection, short):
        self.answers = answers
        plugin = importlib.import_module(f"ansible_collections.{collection}.plugins.cliconf.{short}")
        self.cliconf = plugin.Cliconf.__new__(plugin.Cliconf)
        self.cliconf.__dict__["_device_info"] = {}
        self.cliconf.__dict__["_connection"] = self
        type(self.cliconf).get = lambda _, command=None, *a, **k: self.get(command)
        type(self.cliconf).get_config = lambda _, *a, **k: self.get_config()

    def get(self, command=None, *args, **kwargs):
        command = command.get("command") if isinstance(command, dict) else command
        command = command.decode() if isinstance(command, bytes) else command
        is_json = command.endswith("| json")
        text = self.answers.get(command, self.answers.get(command.replace(" | json", ""), ""))
        if is_json and command not in self.answers:
            return ""
        return text.rstrip("\n")

    def get_config(self, *args, **kwargs):
        for command in ("show running-config", "show configuration commands", "show configuration"):
            if command in self.answers:
                return self.answers[command].rstrip("\n")
        return ""

    def run_commands(self, commands=None, *args, **kwargs):
        commands = commands if isinstance(commands, (list, tuple)) else [commands]
        return [self.get(command) for command in commands]

    def get_prompt(self):
        """Returns the prompt: it has the name of the device."""
        for text in self.answers.values():
            for line in text.splitlines():
                if line.startswith("hostname "):
                    return line.split()[1].encode() + b"#"
        return b"device#"

    def get_device_info(self):
        return self.cliconf.get_device_info()

    def get_capabilities(self):
        return json.dumps({"device_info": self.cliconf.get_device_info(), "network_api": "cliconf"})


def facts(platform, answers):
    collection, short = MODULES[platform]
    module = importlib.import_module(f"ansible_collections.{collection}.plugins.modules.{short}_facts")
    patched(Device(answers, collection, short))

    def done(self, **result):
        raise Done(result)

    def failed(self, msg="", **result):
        raise SystemExit(f"{platform}: {msg}")

    basic.AnsibleModule.exit_json = done
    basic.AnsibleModule.fail_json = failed
    try:
        with patch_module_args({"gather_subset": ["all"]}):
            module.main()
    except Done as end:
        found = end.args[0]["ansible_facts"]
        return {key: value for key, value in found.items() if key not in LEFT_OUT}
    raise SystemExit(f"{platform}: the module says nothing")


def main():
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("*.yaml"))
    for name in names:
        written = yaml.safe_load((HERE / f"{name}.yaml").read_text())
        platform = written.get("platform", name)
        if platform not in MODULES:
            continue
        text = json.dumps(facts(platform, written["answers"]), indent=1, sort_keys=True)
        (HERE / f"{name}.json").write_text(text + "\n")
        print(name)


if __name__ == "__main__":
    main()
