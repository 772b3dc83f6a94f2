"""Records what Ansible's modules and keywords are called: writes options.json and keywords.json beside this file.

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
ansible.builtin: add_host apt apt_repository assemble assert async_status blockinfile command copy cron debug dnf fail fetch file find
 get_url getent git group group_by hostname import_role import_tasks include_role include_tasks include_vars known_hosts
 lineinfile package package_facts pause ping pip raw reboot replace script service service_facts set_fact set_stats setup shell slurp
 stat systemd_service tempfile template unarchive uri user validate_argument_spec wait_for wait_for_connection
ansible.posix: authorized_key sysctl
community.general: ini_file
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


def main():
    ansible_doc = pathlib.Path(sys.executable).parent / "ansible-doc"
    wanted = list(modules())
    done = subprocess.run([ansible_doc, "-t", "module", "--json", *wanted], capture_output=True, text=True, check=True)
    docs = json.loads(done.stdout)
    found = {name: options(docs[name]["doc"].get("options")) for name in wanted}
    (HERE / "options.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    (HERE / "keywords.json").write_text(json.dumps(keywords(), indent=1, sort_keys=True) + "\n")


main()
