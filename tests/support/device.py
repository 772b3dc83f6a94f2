"""What stands for a network device while a module of Ansible's collections runs without one."""

import contextlib
import json
import sys


def patched(device):
    """Puts the device in the place of every way by which modules reach one."""
    for name, module in list(sys.modules.items()):
        if not name.startswith("ansible_collections") or module is None:
            continue
        for function in ("get_resource_connection", "get_connection", "Connection"):
            if hasattr(module, function):
                setattr(module, function, lambda *a, **k: device)
        if hasattr(module, "get_capabilities"):
            module.get_capabilities = lambda *a, **k: json.loads(device.get_capabilities())
        if hasattr(module, "get_config"):
            module.get_config = lambda *a, **k: device.get_config()
        if hasattr(module, "run_commands"):
            module.run_commands = lambda m, commands=None, *a, **k: device.run_commands(
                listed(commands or k.get("commands")))
        if hasattr(module, "load_config"):
            module.load_config = lambda *a, **k: {}
        if hasattr(module, "locked_config"):
            module.locked_config = lambda *a, **k: contextlib.nullcontext()
        for function in ("commit_configuration", "discard_changes"):
            if hasattr(module, function):
                setattr(module, function, lambda *a, **k: None)


def listed(commands):
    return commands if isinstance(commands, list) else [commands]
