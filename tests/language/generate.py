"""Writes random playbooks as cases beside this file: KIND-NUMBER for COUNT numbers from FIRST (1) on, the same each time.

    python3 tests/language/generate.py KIND COUNT [FIRST]

KIND is one of the functions below: `blocks` (blocks in blocks with rescue and always), `loops` (loops with until, conditions,
register, break_when), `includes` (trees of includes, imports and roles with tags), `handlers` (notify, listen, flush, in
blocks and roles), `precedence` (one name set at many places), `levels` (every pair of the levels of precedence, seen from
four places), `fatal` (any_errors_fatal, max_fail_percentage, run_once and hosts that cannot be reached, around rescue),
`mixed` (serial, order, throttle, strategies, delegation, tags), `tangles` (all of it in each other: blocks, includes, roles,
loops, handlers, failures, tags), `again` (roles that are used again), `weaves` (as `tangles`, with what concerns several hosts,
keywords of plays and defaults). Record them afterwards with record.py; of the numbers that are missing here all were equal.
"""

import pathlib
import sys

from again import again
from maker import HOSTS, Maker, play, yaml
from weaves import weaves

HERE = pathlib.Path(__file__).resolve().parent


def blocks(m):
    def items(depth, least=1):
        return [item(depth) for _ in range(m.r.randint(least, 3))]

    def item(depth):
        if depth == 0 or m.chance(0.5):
            return m.simple()
        block = {"name": m.name("b"), "block": items(depth - 1)}
        if m.chance(0.6):
            block["rescue"] = items(depth - 1) + [
                {"name": m.name(), "debug": {"msg": "{{ ansible_failed_task.name }} failed"}}
            ]
        if m.chance(0.5):
            block["always"] = items(depth - 1)
        for key, p in (("ignore_errors", 0.1), ("no_log", 0.05)):
            if m.chance(p):
                block[key] = True
        if m.chance(0.2):
            block["when"] = m.condition()
        return block

    more = {}
    if m.chance(0.15):
        more["serial"] = m.r.choice([1, 2])
    if m.chance(0.1):
        more["max_fail_percentage"] = m.r.choice([30, 50])
    return [play(items(3, 2), **more), play([m.simple()])]


def loops(m):
    tasks = []
    for _ in range(m.r.randint(3, 6)):
        name, register = m.name(), m.name("r")
        over = m.r.choice([[1, 2, 3], ["a", "b"], [], [[1, 2], [3]], [{"k": "x"}, {"k": "y"}], "{{ range(n) | list }}"])
        task = {"name": name, "register": register, "loop": over}
        what = m.r.random()
        if what < 0.4:
            task["debug"] = {"msg": "{{ item }} {{ n }}"}
        elif what < 0.7:
            task["command"] = "echo {{ item }}"
            task["changed_when"] = m.r.choice(["true", "false", f"'1' in {register}.stdout", "item != 1"])
        else:
            task["fail"] = {"msg": "no {{ item }}"}
            task["when"] = m.r.choice(["item == 2", "item != 'a'", "n == 2", "false"])
            task["ignore_errors"] = True
        if m.chance(0.3):
            task.setdefault("when", m.r.choice(["item != 1", "n != 3", "item is not mapping"]))
        control = {}
        if m.chance(0.3):
            control["index_var"] = "i"
        if m.chance(0.2):
            control["extended"] = True
        if m.chance(0.2):
            control["label"] = "label {{ item }}"
        if m.chance(0.2):
            control["break_when"] = m.r.choice(["item == 2", "n == 1", [f"{register} is failed"]])
        if control:
            task["loop_control"] = control
        if m.chance(0.15):
            task["failed_when"] = m.r.choice(["item == 2", "n == 3", "false"])
            task["ignore_errors"] = True
        if m.chance(0.2) and "command" in task:
            task |= {"until": m.r.choice(["true", f"{register}.rc == 0", "n < 3"]), "retries": 1, "delay": 0}
            task["ignore_errors"] = True
        tasks.append(task)
        tasks.append({"name": m.name(), "debug": {
            "msg": f"{{{{ {register}.results | default([]) | map('dict2items') | map('map', attribute='key')"
            f" | map('difference', ['exception', 'invocation']) | map('sort') | list "
            f"if n == 1 else [{register} is changed, {register} is failed, {register} is skipped] }}}}"}})
        if "loop_control" in task and "extended" in control:
            task["loop_control"]["extended_allitems"] = m.chance(0.5)
    return [play(tasks)]


def includes(m):
    tags = ["red", "green", "blue"]

    def tagged(task):
        if m.chance(0.4):
            task["tags"] = m.r.sample(tags + ["always", "never"], m.r.randint(1, 2))
        return task

    def file(depth):
        name = m.name("f") + ".yml"
        m.files[name] = yaml([item(depth) for _ in range(m.r.randint(1, 3))])
        return name

    def role(depth):
        name = m.name("role")
        m.files[f"roles/{name}/tasks/main.yml"] = yaml([item(0) for _ in range(m.r.randint(1, 2))])
        m.files[f"roles/{name}/defaults/main.yml"] = yaml({"d": name})
        return name

    def item(depth):
        if depth == 0 or m.chance(0.4):
            return tagged(m.simple())
        what = m.r.choice(["include_tasks", "import_tasks", "include_role", "import_role", "block"])
        if what == "block":
            return tagged({"block": [item(depth - 1) for _ in range(m.r.randint(1, 2))]})
        task = {"name": m.name("i")}
        if "role" in what:
            args = {"name": role(depth)}
            if what == "include_role" and m.chance(0.3):
                args["apply"] = {"tags": [m.r.choice(tags)]}
            task[what] = args
        else:
            task[what] = file(depth - 1)
        if m.chance(0.3):
            task["when"] = m.condition()
        if m.chance(0.3):
            task["vars"] = {"v": task["name"]}
        if what.startswith("include") and m.chance(0.2):
            task["loop"] = [1, 2]
        return tagged(task)

    tasks = [item(3) for _ in range(m.r.randint(2, 4))]
    tasks.append({"name": "end", "debug": {"msg": "{{ d | default('none') }} {{ x | default('none') }}"}, "tags": ["always"]})
    how = m.r.random()
    chosen = ",".join(m.r.sample(tags, m.r.randint(1, 2)))
    if how < 0.3:
        m.files["args"] = f"--tags {chosen}"
    elif how < 0.5:
        m.files["args"] = f"--skip-tags {chosen}"
    elif how < 0.6:
        m.files["args"] = "--tags untagged"
    return [play(tasks)]


def handlers(m):
    names = ["alpha", "beta", "gamma"]
    topics = ["web", "all of them"]

    def notifier():
        task = {"name": m.name(), "command": "true", "changed_when": m.condition()}
        task["notify"] = m.r.choice([m.r.choice(names), [m.r.choice(names), m.r.choice(topics)], m.r.choice(topics)])
        if m.chance(0.2):
            task["loop"] = [1, 2]
        return task

    def item(depth):
        what = m.r.random()
        if what < 0.5 or depth == 0:
            return notifier()
        if what < 0.6:
            return {"meta": "flush_handlers"}
        if what < 0.75:
            return m.simple()
        block = {"block": [item(depth - 1) for _ in range(m.r.randint(1, 3))]}
        if m.chance(0.5):
            block["rescue"] = [item(depth - 1)]
        if m.chance(0.3):
            block["always"] = [notifier()]
        if m.chance(0.3):
            block["notify"] = m.r.choice(names)
        return block

    def handler(name):
        task = {"name": name, "debug": {"msg": name + " runs"}}
        what = m.r.random()
        if what < 0.2:
            task["when"] = m.condition()
        elif what < 0.4:
            task = {"name": name, "command": "true", "notify": m.r.choice(names)}
        elif what < 0.5:
            task = {"name": name, "fail": {"msg": name}, "when": m.condition()}
        if m.chance(0.5):
            task["listen"] = m.r.choice([topics[0], topics])
        return task

    more = {"handlers": [handler(name) for name in names] + [{"name": "last", "listen": topics, "debug": {"msg": "last"}}]}
    if m.chance(0.3):
        more["force_handlers"] = True
    if m.chance(0.4):
        more["post_tasks"] = [notifier()]
    return [play([item(2) for _ in range(m.r.randint(2, 5))], **more), play([m.simple()])]


def precedence(m):
    places = ["role_default", "group_all", "group_x", "host", "play", "vars_files", "role_vars", "block", "task",
              "include_vars", "set_fact", "role_params", "include_params", "extra", "group_y"]
    chosen = {name: m.r.sample(places, m.r.randint(3, 7)) for name in ("a", "b", "c")}
    at = lambda place: {name: f"{place} {name}" for name, where in chosen.items() if place in where}
    show = lambda word: {"name": m.name(), "debug": {"msg": word + " " + " ".join(
        "{{ %s | default('-') }}," % name for name in "abc")}}
    m.files["hosts.ini"] = (
        "[all]\n" + "\n".join(
            f"{host} ansible_connection=local n={i + 1}" for i, host in enumerate(HOSTS))
        + "\n[x]\nh1\nh2\n[y]\nh2\nh3\n[x:vars]\n" + "\n".join(f"{k}=\"{v}\"" for k, v in at("group_x").items()) + "\n")
    m.files["group_vars/all.yml"] = yaml(at("group_all")) if at("group_all") else "{}"
    m.files["group_vars/y.yml"] = yaml(at("group_y")) if at("group_y") else "{}"
    m.files["host_vars/h2.yml"] = yaml(at("host")) if at("host") else "{}"
    m.files["vf.yml"] = yaml(at("vars_files")) if at("vars_files") else "{}"
    m.files["iv.yml"] = yaml(at("include_vars")) if at("include_vars") else "{}"
    m.files["inc.yml"] = yaml([show("included")])
    m.files["roles/r/defaults/main.yml"] = yaml(at("role_default")) if at("role_default") else "{}"
    m.files["roles/r/vars/main.yml"] = yaml(at("role_vars")) if at("role_vars") else "{}"
    m.files["roles/r/tasks/main.yml"] = yaml([show("role")])
    if at("extra"):
        m.files["args"] = " ".join(f"-e '{k}=\"{v}\"'" for k, v in at("extra").items())
    tasks = [show("start")]
    steps = [
        {"include_role": {"name": "r"}, "vars": at("include_params")},
        {"import_role": {"name": "r"}, "vars": at("include_params")},
        {"include_tasks": "inc.yml", "vars": at("include_params")},
        {"include_vars": "iv.yml"},
        {"set_fact": at("set_fact") or {"z": 1}},
        {"block": [show("block"), {**show("task"), "vars": at("task")}], "vars": at("block")},
        show("again"),
    ]
    m.r.shuffle(steps)
    roles = [{"role": "r", **at("role_params")}] if m.chance(0.5) else []
    more = {"vars": at("play"), "vars_files": ["vf.yml"], "roles": roles}
    return [play(tasks + steps + [show("end")], **more), play([show("next play")])]


# The levels of precedence at which variables are set, the weakest first; the values of options are no variables.
LEVELS = ["role defaults", "inventory group", "inventory group_vars/all", "playbook group_vars/all",
          "inventory group_vars/*", "playbook group_vars/*", "inventory host", "inventory host_vars", "playbook host_vars",
          "facts", "play vars", "vars_prompt", "vars_files", "role vars", "block vars", "task vars", "include_vars",
          "set_fact", "role params", "include params", "extra vars"]


def levels(m):
    names = {}
    # Facts have names of their own: the case gather-precedence has them.
    places = [n for n, word in enumerate(LEVELS) if word != "facts"]
    for b in places:
        for a in places[:places.index(b)]:
            names[f"p_{a:02}_{b:02}"] = [a, b]
        names[f"upto_{b:02}"] = [a for a in places if a <= b]
    at = lambda word: {name: f"{LEVELS.index(word) + 2} {word}" for name, where in names.items() if LEVELS.index(word) in where}
    host_lines = lambda word: " ".join(f"{k}='{v}'" for k, v in at(word).items())
    m.files["args"] = "-i inv/hosts.ini -e @extra.yml"
    m.files["extra.yml"] = yaml(at("extra vars"))
    m.files["inv/hosts.ini"] = (f"[x]\nh1 ansible_connection=local {host_lines('inventory host')}\n[x:vars]\n"
                                + "\n".join(f"{k}={v}" for k, v in at("inventory group").items()))
    for folder, word in (("inv/", "inventory"), ("", "playbook")):
        m.files[f"{folder}group_vars/all.yml"] = yaml(at(f"{word} group_vars/all"))
        m.files[f"{folder}group_vars/x.yml"] = yaml(at(f"{word} group_vars/*"))
        m.files[f"{folder}host_vars/h1.yml"] = yaml(at(f"{word} host_vars"))
    m.files["vf.yml"] = yaml(at("vars_files"))
    m.files["iv.yml"] = yaml(at("include_vars"))
    m.files["roles/r/defaults/main.yml"] = yaml(at("role defaults"))
    m.files["roles/r/vars/main.yml"] = yaml(at("role vars"))
    shown = [{"name": "show", "debug": {"msg": [f"{name}: {{{{ {name} | default('-') }}}}" for name in names]},
              "vars": at("task vars")}]
    m.files["show.yml"] = yaml(shown)
    way = ["include_tasks", "import_tasks", "block", "include_role"][(m.number - 1) % 4]
    inner = {"include_tasks": {"name": "inner", "include_tasks": "{{ playbook_dir }}/show.yml", "vars": at("include params")},
             "import_tasks": {"name": "inner", "import_tasks": "../../../show.yml", "vars": at("include params")},
             "block": {"block": shown}, "include_role": {"block": shown}}[way]
    m.files["roles/r/tasks/main.yml"] = yaml([{"block": [inner], "vars": at("block vars")}])
    pre = [{"name": "set", "set_fact": at("set_fact")}, {"name": "iv", "include_vars": "iv.yml"}]
    role = [{"role": "r", **at("role params")}]
    tasks = [{"block": shown, "vars": at("block vars")}]
    if way == "include_role":
        role, tasks = [], [{"include_role": {"name": "r", "public": True}, "vars": at("include params")}, *tasks]
    prompts = [{"name": name, "prompt": name, "default": value, "private": False} for name, value in at("vars_prompt").items()]
    return [play(tasks, **{"hosts": "h1", "vars": at("play vars"), "vars_prompt": prompts, "vars_files": ["vf.yml"],
                           "pre_tasks": pre, "roles": role}),
            play(shown, hosts="h1")]


def fatal(m):
    m.files["hosts.ini"] = "\n".join(
        f"{host} n={i + 1} ansible_connection=local" for i, host in enumerate(HOSTS)) + (
        "\nh4 n=4 ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1\n" if m.chance(0.3) else "\n")

    def some(task):
        for key, value, p in (("any_errors_fatal", True, 0.2), ("run_once", True, 0.1), ("ignore_unreachable", True, 0.1),
                              ("ignore_errors", True, 0.1)):
            if m.chance(p):
                task[key] = value
        return task

    def item(depth):
        if depth == 0 or m.chance(0.4):
            if m.chance(0.2):
                return some({"name": m.name(), "command": "true", "changed_when": m.condition()})
            return some(m.simple())
        block = {"name": m.name("b"), "block": [item(depth - 1) for _ in range(m.r.randint(1, 2))]}
        if m.chance(0.7):
            block["rescue"] = [item(depth - 1)]
        if m.chance(0.4):
            block["always"] = [item(depth - 1)]
        if m.chance(0.4):
            block["any_errors_fatal"] = True
        return block

    more = {}
    if m.chance(0.5):
        more["max_fail_percentage"] = m.r.choice([0, 30, 40, 50, 70])
    if m.chance(0.3):
        more["any_errors_fatal"] = True
    if m.chance(0.3):
        more["serial"] = m.r.choice([1, 2, [1, 2]])
    if m.chance(0.2):
        more["force_handlers"] = True
    return [play([item(2) for _ in range(m.r.randint(2, 4))], **more), play([m.simple()])]


def mixed(m):
    tags = ["red", "green", "blue"]
    m.files["hosts.ini"] = "\n".join(
        f"h{n} n={n} ansible_connection=local" for n in range(1, 7)) + "\n[even]\nh2\nh4\nh6\n[odd]\nh[1:5:2]\n"

    def task():
        name, kind = m.name(), m.r.random()
        if kind < 0.2:
            task = {"name": name, "set_fact": {"x": "{{ n }}"}}
        elif kind < 0.4:
            task = {"name": name, "debug": {"msg": "{{ ansible_play_batch | length }} {{ hostvars['h2'].x | default('-') }} {{ x | default('-') }}"}}
        elif kind < 0.5:
            task = {"name": name, "command": "true", "changed_when": m.r.choice(["n > 3", "n is odd", "true"]), "notify": "note"}
        elif kind < 0.6:
            task = {"name": name, "group_by": {"key": "made_{{ n % 3 }}"}}
        elif kind < 0.7:
            task = {"name": name, "debug": {"msg": "{{ groups | dict2items | map(attribute='key') | select('match', 'made') | sort | list }}"}}
        elif kind < 0.8:
            task = {"name": name, "fail": {"msg": name}, "when": f"n == {m.r.randint(1, 6)}"}
        elif kind < 0.9:
            task = {"name": name, "command": "echo {{ item }}", "loop": [1, 2], "register": m.name("r"), "changed_when": "item == n"}
        else:
            task = {"name": name, "meta": m.r.choice(["flush_handlers", "noop", "clear_host_errors"])}
            if m.chance(0.3):
                task = {"name": name, "meta": m.r.choice(["end_host", "end_batch", "end_play"]), "when": f"n == {m.r.randint(1, 6)}"}
            return task
        if m.chance(0.2) and "group_by" not in task:
            task["delegate_to"] = m.r.choice(["h2", "h5", "localhost"])
            if m.chance(0.5):
                task["delegate_facts"] = True
        if m.chance(0.15):
            task["throttle"] = m.r.choice([1, 2])
        if m.chance(0.15):
            task["run_once"] = True
        if m.chance(0.3):
            task["tags"] = m.r.sample(tags + ["always", "never"], m.r.randint(1, 2))
        if m.chance(0.15) and "fail" not in task:
            task["when"] = m.r.choice(["n < 4", "inventory_hostname in groups.even", "x is defined", ["n > 1", "n < 6"]])
        return task

    plays = []
    for _ in range(m.r.randint(1, 3)):
        more = {"hosts": m.r.choice(["all", "even", "odd:h2", "all:!h3", "even:&h[2:4]", "h1,h6"]),
                "handlers": [{"name": "note", "debug": {"msg": "noted"}}]}
        if m.chance(0.5):
            more["serial"] = m.r.choice([1, 2, 4, [1, 2, 10], ["20%", "100%"], "50%"])
        if m.chance(0.4):
            more["order"] = m.r.choice(["inventory", "sorted", "reverse_sorted", "reverse_inventory"])
        if m.chance(0.3):
            more["tags"] = [m.r.choice(tags)]
        plays.append(play([task() for _ in range(m.r.randint(3, 6))], **more))
    how = m.r.random()
    if how < 0.2:
        m.files["args"] = "--tags " + m.r.choice(tags + ["tagged", "untagged", "all"])
    elif how < 0.35:
        m.files["args"] = "--skip-tags " + m.r.choice(tags + ["always", "tagged", "untagged"])
    elif how < 0.5:
        m.files["args"] = "--limit " + m.r.choice(["even", "'all:!h4'", "h1,h2,h3", "'odd:&all'"])
    return plays


def tangles(m):
    tags = ["red", "green"]

    def dressed(task):
        if m.chance(0.15):
            task["tags"] = m.r.sample(tags + ["always", "never"], 1)
        if m.chance(0.15) and "when" not in task:
            task["when"] = m.condition()
        return task

    def leaf():
        name = m.name()
        kind = m.r.choice(["note", "note", "fail", "loop", "failing loop", "fact", "result", "flush", "until", "elsewhere", "simple"])
        if kind == "note":
            return dressed({"name": name, "command": "true", "changed_when": m.condition(),
                            "notify": m.r.choice(["alpha", "beta", "topic", ["alpha", "topic"]])})
        if kind == "fail":
            task = {"name": name, "fail": {"msg": name}, "when": m.condition()}
            if m.chance(0.25):
                task["ignore_errors"] = m.r.choice([True, "{{ n == 1 }}"])
            return task
        if kind == "loop":
            return dressed({"name": name, "debug": {"msg": "{{ item }} {{ x | default('-') }}"},
                            "loop": m.r.choice([[1, 2], ["a"], "{{ range(n) | list }}"])})
        if kind == "failing loop":
            return {"name": name, "fail": {"msg": "{{ item }}"}, "loop": [1, 2, 3], "when": m.r.choice(["item == n", "item > n"]),
                    "ignore_errors": m.chance(0.4)}
        if kind == "fact":
            return dressed({"name": name, "set_fact": {"x": name + " {{ n }}"}})
        if kind == "result":
            r = m.name("r")
            return {"block": [
                dressed({"name": name, "command": "echo {{ n }}", "register": r, "changed_when": False,
                         "failed_when": m.r.choice([f"{r}.stdout == '2'", "false"]), "ignore_errors": m.chance(0.5)}),
                {"name": m.name(), "debug": {"msg": f"{{{{ {r} is failed }}}} {{{{ {r} is skipped }}}} {{{{ {r}.stdout | default('-') }}}}"}}]}
        if kind == "flush":
            return {"meta": "flush_handlers"}
        if kind == "until":
            r = m.name("r")
            return {"name": name, "command": "true", "register": r, "until": m.r.choice([f"{r} is success", "n != 2", f"{r}.attempts == 2"]),
                    "retries": m.r.choice([1, 2]), "delay": 0, "changed_when": False, "ignore_errors": m.chance(0.6)}
        if kind == "elsewhere":
            return dressed({"name": name, "debug": {"msg": "{{ inventory_hostname }} {{ n }}"}, "delegate_to": m.r.choice(HOSTS)})
        return m.simple()

    def file(depth):
        name = m.name("f") + ".yml"
        m.files[name] = yaml([item(depth) for _ in range(m.r.randint(1, 3))])
        return name

    def role(depth):
        name = m.name("role")
        m.files[f"roles/{name}/tasks/main.yml"] = yaml([item(depth) for _ in range(m.r.randint(1, 2))])
        m.files[f"roles/{name}/defaults/main.yml"] = yaml({"d": name})
        if m.chance(0.5):
            m.files[f"roles/{name}/handlers/main.yml"] = yaml(
                [{"name": m.r.choice(["alpha", "of role"]), "debug": {"msg": name + " handles"}, "listen": "topic"}])
        return name

    def item(depth):
        if depth == 0 or m.chance(0.4):
            return leaf()
        what = m.r.choice(["block", "block", "block", "include_tasks", "import_tasks", "include_role", "import_role"])
        if what == "block":
            block = {"name": m.name("b"), "block": [item(depth - 1) for _ in range(m.r.randint(1, 3))]}
            if m.chance(0.6):
                block["rescue"] = [item(depth - 1), {"name": m.name(), "debug": {"msg": "{{ ansible_failed_task.name }}"}}]
            if m.chance(0.5):
                block["always"] = [item(depth - 1)]
            if m.chance(0.15):
                block["notify"] = "beta"
            if m.chance(0.1):
                block["ignore_errors"] = True
            return dressed(block)
        task = {"name": m.name("i")}
        if "role" in what:
            task[what] = {"name": role(depth - 1)}
            if what == "include_role" and m.chance(0.3):
                task[what]["public"] = True
        else:
            task[what] = file(depth - 1)
        if what.startswith("include") and m.chance(0.25):
            task |= {"loop": m.r.choice([[1, 2], "{{ range(n) | list }}"]), "loop_control": {"loop_var": m.name("v")}}
        if m.chance(0.2):
            task["vars"] = {"v": task["name"]}
        return dressed(task)

    handlers = [
        {"name": "alpha", "debug": {"msg": "alpha"}, "listen": m.r.choice(["topic", "other"])},
        m.r.choice([{"name": "beta", "fail": {"msg": "beta"}, "when": m.condition()},
                    {"name": "beta", "command": "true", "notify": "gamma"}]),
        {"name": "gamma", "debug": {"msg": "{{ x | default('-') }}"}, "listen": "topic"},
    ]
    more = {"handlers": handlers}
    if m.chance(0.3):
        more["force_handlers"] = True
    if m.chance(0.15):
        more["serial"] = m.r.choice([1, 2])
    if m.chance(0.15):
        more["any_errors_fatal"] = True
    if m.chance(0.2):
        more["post_tasks"] = [item(1)]
    how = m.r.random()
    if how < 0.2:
        m.files["args"] = "--tags " + m.r.choice(tags + ["untagged", "tagged"])
    elif how < 0.35:
        m.files["args"] = "--skip-tags " + m.r.choice(tags + ["always"])
    return [play([item(3) for _ in range(m.r.randint(2, 4))], **more), play([m.simple(), {"name": "end", "debug": {"msg": "{{ d | default('-') }}"}}])]


def main():
    kind, count = sys.argv[1], int(sys.argv[2])
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    for number in range(first, first + count):
        m = Maker(f"{kind} {number}", number)
        plays = globals()[kind](m)
        case = HERE / f"{kind}-{number:02}"
        case.mkdir(exist_ok=True)
        for name, text in {"playbook.yml": yaml(plays), **m.files}.items():
            path = case / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")


main()
