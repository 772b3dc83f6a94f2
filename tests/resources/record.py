#!/usr/bin/env python3
"""Records what Ansible's own modules answer to the cases beside this file.

Run with a Python that has the `ansible` package:

    PYTHON tests/resources/record.py [NAME ...]
    PYTHON tests/resources/record.py --documented

Modules that the newest package has no more are looked for in the folders of PYTHONPATH: `cisco.asa` is in `ansible` 9.

Each `NAME.yaml` has a configuration and tasks; what the module of that name would send, or makes of the text, goes to
`NAME.json`. No device is asked: the module gets the text in place of a device's answer, and nothing is sent.

Modules for Junos get and send XML (`have_xml`): what is recorded is the configuration after it, as `set` lines.

`--documented` writes `documented.json`: the paths of the options that the documentation of each module names, those that
have others inside left out.
"""

import importlib
import json
import pathlib
import sys

import yaml
from ansible.module_utils import basic
from lxml import etree
from ansible.module_utils.testing import patch_module_args

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import junos_xml  # noqa: E402
from device import patched  # noqa: E402
COLLECTIONS = {
    "asa": "cisco.asa",
    "ios": "cisco.ios",
    "eos": "arista.eos",
    "nxos": "cisco.nxos",
    "iosxr": "cisco.iosxr",
    "vyos": "vyos.vyos",
    "junos": "junipernetworks.junos",
}


class Done(Exception):
    pass


class Failed(Exception):
    pass


class Device:
    """Stands for the connection to a device that shows `have`."""

    def __init__(self, have):
        self.have = have
        self.sent = []

    def text(self, command=None):
        if isinstance(self.have, dict):
            return self.have.get(command, "")
        return self.have

    def get(self, command=None, *args, **kwargs):
        return self.text(command)

    def get_config(self, *args, **kwargs):
        return self.text("show running-config")

    def edit_config(self, candidate=None, *args, **kwargs):
        self.sent = candidate
        return {"response": []}

    def get_device_info(self):
        return {"network_os": "x", "network_os_major_version": "1.4", "network_os_version": "9.3(6)", "network_os_platform": "N9K", "network_os_model": "x"}

    def get_capabilities(self):
        return json.dumps({"device_info": self.get_device_info(), "network_api": "cliconf"})

    def execute_rpc(self, *args, **kwargs):
        return etree.fromstring(f"<rpc-reply><configuration>{self.have}</configuration></rpc-reply>")

    def get_configuration(self, *args, **kwargs):
        return self.execute_rpc()

    def get_session_support(self):
        return True

    def run_commands(self, commands=None, *args, **kwargs):
        return [self.text(c if isinstance(c, str) else c.get("command")) for c in commands]


def answer_of_junos(name, have, args):
    """Returns what is there after a module's XML, as `set` lines; read values as they are."""
    said = answer(name, have, args)
    if args.get("state") in ("gathered", "parsed") or "failed" in said:
        return said
    sent = said.get("commands") or said.get("rendered") or []
    edits = [sent] if isinstance(sent, str) else [edit for edit in sent if edit]
    return {"after": junos_xml.after("" if args.get("state") == "rendered" else have, edits)}


def answer(name, have, args):
    short = name.split("_")[0]
    module = importlib.import_module(f"ansible_collections.{COLLECTIONS[short]}.plugins.modules.{name}")
    device = Device(have)
    patched(device)

    def done(self, **result):
        raise Done(result)

    def failed(self, msg="", **result):
        raise Failed(str(msg))

    basic.AnsibleModule.exit_json = done
    basic.AnsibleModule.fail_json = failed
    try:
        with patch_module_args(dict(args)):
            module.main()
    except Done as end:
        result = end.args[0]
        keep = ("commands", "rendered", "parsed", "gathered", "before", "changed")
        return {key: result[key] for key in keep if key in result}
    except Failed as end:
        return {"failed": end.args[0].splitlines()[0] if end.args[0] else ""}
    return {"failed": "the module says nothing"}


def paths(options, around=""):
    for name, option in sorted((options or {}).items()):
        inside = option.get("suboptions") or option.get("options")
        if inside:
            yield from paths(inside, f"{around}{name}.")
        else:
            yield f"{around}{name}"


def documented():
    found = {}
    for name in sorted(path.stem for path in HERE.glob("*.yaml")):
        short = name.split("_")[0]
        try:
            module = importlib.import_module(f"ansible_collections.{COLLECTIONS[short]}.plugins.modules.{name}")
        except ModuleNotFoundError:  # the collection has it no more
            continue
        options = yaml.safe_load(module.DOCUMENTATION)["options"]
        for other in ("state", "running_config", "provider", "aggregate", "purge"):
            options.pop(other, None)
        config = options.pop("config", None)
        found[name] = sorted(paths(options)) + sorted(paths((config or {}).get("suboptions")))
    lines = (f"{json.dumps(name)}: {json.dumps(all)}" for name, all in found.items())
    (HERE / "documented.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(sum(map(len, found.values())))


def main():
    if "--documented" in sys.argv:
        return documented()
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("*.yaml"))
    for name in names:
        written = yaml.safe_load((HERE / f"{name}.yaml").read_text())
        if written.get("recorded") is False:
            continue
        if name.startswith("junos_"):
            shown = sorted(line.removeprefix("set ") for line in written["have"].splitlines())
            assert junos_xml.after(written["have_xml"], []) == shown, f"{name}: `have_xml` says something else than `have`"
        recorded = []
        for case in written["cases"]:
            have = case.get("have", written.get("have", ""))
            ask = answer
            if name.startswith("junos_"):
                have, ask = written["have_xml"], answer_of_junos
            try:
                recorded.append(ask(name, have, case["task"]))
            except Exception as error:  # a module's own mistake is an answer too
                recorded.append({"failed": f"{type(error).__name__}: {error}"})
        text = json.dumps(recorded, indent=1, sort_keys=True)
        (HERE / f"{name}.json").write_text(text + "\n")
        print(name, len(recorded))


if __name__ == "__main__":
    main()
