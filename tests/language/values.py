"""Writes the cases values-KEYWORD beside this file: what keywords make of every kind of value that a template yields.

    python3 tests/language/values.py

Record them afterwards with record.py. Each task is in a block of its own, so that what is refused is seen and goes no further.
"""

import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent

# As `tests/module/values.json` has them written out, and what only a template can yield.
VALUES = ["true", "false", "none", "0", "1", "2", "-1", "0.0", "1.0", "1.5", "''", "'yes'", "'No'", "'y'", "'t'", "'0'", "'1'",
          "'3'", "' on '", "'yess'", "'30%'", "'1.5'", "'1.0'", "['a']", "[]", "{'a': 'b'}", "{}", "omit", "nope"]

PLAIN = ["become", "check_mode", "delegate_facts", "diff", "ignore_unreachable", "no_log", "port", "throttle", "timeout",
         "become_user", "become_method", "become_exe", "become_flags", "remote_user", "name"]
SHOW = {"debug": {"msg": "ran"}}
TRUE = {"command": "true", "changed_when": False}
FAIL = {"fail": {"msg": "failed"}}
ECHO = {"shell": "echo -$X", "changed_when": False}
# Values for which Ansible breaks the whole run off; and those whose outcome hangs on how fast a program is.
WORDS = ["''", "'yes'", "'No'", "'y'", "'t'", "' on '", "'yess'", "'30%'", "'1.5'", "'1.0'", "['a']", "[]", "{'a': 'b'}", "{}"]
ONES = ["true", "1", "1.0", "'1'", "'1.0'"]
LEFT_OUT = {"run_once": ["omit", "nope"], "throttle": ["none", "omit", "nope", *WORDS], "async": ONES, "timeout": ONES}

# The keyword, what stands beside it, the tasks that it is put on.
CASES = {name: ({}, [SHOW, TRUE]) for name in PLAIN} | {
    "ignore_errors": ({}, [SHOW, FAIL]),
    "any_errors_fatal": ({}, [SHOW, TRUE]),
    "run_once": ({}, [SHOW, TRUE]),
    "connection": ({}, [SHOW]),
    "retries": ({"until": True, "delay": 0}, [SHOW]),
    "delay": ({"until": True, "retries": 1}, [SHOW]),
    "async": ({"poll": 1}, [TRUE]),
    "poll": ({}, [SHOW, TRUE]),
    "delegate_to": ({}, [SHOW]),
    "environment": ({}, [SHOW, ECHO]),
    "loop": ({}, [SHOW]),
    "with_items": ({}, [SHOW]),
    "changed_when": ({}, [SHOW]),
    "failed_when": ({}, [SHOW]),
    "when": ({}, [SHOW]),
    "until": ({"retries": 1, "delay": 0}, [SHOW]),
    "args": ({}, [{"debug": None}]),
}
CONTROLS = ["pause", "extended", "extended_allitems", "label", "break_when"]
# On blocks and plays, and where a task only includes.
INCLUDED = ["become", "ignore_errors", "run_once", "throttle", "environment", "timeout"]


def text(value):
    return json.dumps(value)


def block(lines, task):
    body = ", ".join(f"{text(key)}: {text(value)}" for key, value in task.items())
    lines += [f"  - block: [{{{body}}}]", "    rescue: [{name: rescue, debug: {msg: rescued}}]"]


def write(name, lines):
    case = HERE / f"values-{name.replace('_', '-')}"
    case.mkdir(exist_ok=True)
    (case / "playbook.yml").write_text("\n".join(lines) + "\n")
    return case


def head():
    return ["- hosts: h1", "  gather_facts: false", "  tasks:"]


def main():
    for keyword, (beside, tasks) in CASES.items():
        lines = head()
        for module in tasks:
            for value in VALUES:
                if value in LEFT_OUT.get(keyword, []):
                    continue
                called = {} if keyword == "name" else {"name": f"{list(module)[0]} {value}"}
                block(lines, called | module | beside | {keyword: f"{{{{ {value} }}}}"})
        write(keyword, lines)
    for keyword in CONTROLS:
        lines = head()
        for value in VALUES:
            # A pause of two seconds is as good as one of one.
            if keyword == "pause" and value in ("2", "'3'", "1.5", "'1.5'"):
                continue
            block(lines, {"name": value, **SHOW, "loop": [1, 2], "loop_control": {keyword: f"{{{{ {value} }}}}"}})
        write(f"loop-{keyword}", lines)
    for keyword in INCLUDED:
        lines = head()
        for value in VALUES:
            # What is applied is a value by then, and no template any more.
            if value in LEFT_OUT.get(keyword, []) or (keyword == "ignore_errors" and value in ("''", "[]", "{}", "nope")):
                continue
            yields = {keyword: f"{{{{ {value} }}}}"}
            block(lines, {"name": f"include {value}", "include_tasks": {"file": "inc.yml", "apply": yields}})
            if keyword not in ("become", "throttle", "environment"):
                block(lines, {"name": f"on {value}", "include_tasks": "inc.yml", **yields})
        (write(f"included-{keyword}", lines) / "inc.yml").write_text("- {name: inside, debug: {msg: in}}\n")


main()
