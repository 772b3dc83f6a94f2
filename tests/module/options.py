"""Records what Ansible's modules and keywords are called, and which values keywords take: writes options.json,
keywords.json and values.json beside this file.

    PYTHON tests/module/options.py

PYTHON is one that has the `ansible` package (ansible-core 2.19 and the collections). A module's options come from its documentation,
keywords from the classes that read playbooks.
"""

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
MODULES = """
ansible.builtin: add_host apt apt_key apt_repository assemble assert async_status blockinfile command copy cron debconf debug dnf fail fetch file find
 get_url getent git group group_by hostname import_role import_tasks include_role include_tasks include_vars iptables known_hosts
 lineinfile package package_facts pause ping pip raw reboot replace script service service_facts set_fact set_stats setup shell slurp
 stat systemd_service tempfile template unarchive uri user validate_argument_spec wait_for wait_for_connection
ansible.posix: authorized_key sysctl
community.general: ini_file ufw
"""


def modules():
    for part in MODULES.strip().replace("\n ", " ").splitlines():
        collection, names = part.split(": ")
        yield from (f"{collection}.{name}" for name in names.split())


def options(spec):
    kept = {}
    for name, option in sorted((spec or {}).items()):
        entry = {"required": bool(option.get("required"))}
        for field in ("aliases", "choices", "default"):
            if option.get(field) not in (None, []):
                entry[field] = list(option[field]) if field == "choices" else option[field]
        kept[name] = entry
    return kept


def keywords():
    from ansible.playbook import block, handler, play, role, task
    from ansible.playbook.role import include

    classes = {
        "play": play.Play,
        "block": block.Block,
        "task": task.Task,
        "handler": handler.Handler,
        "role": include.RoleInclude,
    }
    # What is no keyword: set by the parser itself.
    internal = {"finalized", "squashed"}
    found = {}
    for level, cls in classes.items():
        names = {name for name, field in cls.fattributes.items() if not getattr(field, "private", False)}
        found[level] = sorted(names - internal)
    return found


VALUES = [True, False, None, 0, 1, 2, -1, 0.0, 1.0, 1.5, "", "yes", "No", "y", "t", "0", "1", "3", " on ", "yess", "30%", "1.5",
          "1.0", ["a"], {"a": "b"}]
TYPED = """any_errors_fatal become check_mode delegate_facts diff ignore_errors ignore_unreachable no_log run_once port throttle
timeout retries async poll delay become_user become_method become_exe become_flags connection remote_user name""".split()


def values():
    """What a task takes for a keyword when all its fields get their final values."""
    from ansible._internal._templating._engine import TemplateEngine
    from ansible.errors import AnsibleError
    from ansible.parsing.dataloader import DataLoader
    from ansible.playbook.block import Block
    from ansible.playbook.play import Play
    from ansible.playbook.task import Task
    from ansible.plugins.loader import init_plugin_loader

    init_plugin_loader([])
    loader = DataLoader()
    play = Play().load({"hosts": "all", "gather_facts": False}, loader=loader)

    def takes(keyword, value):
        try:
            task = Task.load({"ansible.builtin.debug": {}, keyword: value}, block=Block(play=play), loader=loader)
            task.post_validate(TemplateEngine(loader=loader, variables={}))
            return True
        except AnsibleError:
            return False

    return [{"value": value, "taken": [keyword for keyword in TYPED if takes(keyword, value)]} for value in VALUES]


def main():
    ansible_doc = pathlib.Path(sys.executable).parent / "ansible-doc"
    wanted = list(modules())
    done = subprocess.run([ansible_doc, "-t", "module", "--json", *wanted], capture_output=True, text=True, check=True)
    docs = json.loads(done.stdout)
    found = {name: options(docs[name]["doc"].get("options")) for name in wanted}
    (HERE / "options.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    (HERE / "keywords.json").write_text(json.dumps(keywords(), indent=1, sort_keys=True) + "\n")
    (HERE / "values.json").write_text("".join(["[\n", ",\n".join(json.dumps(line) for line in values()), "\n]\n"]))


main()
