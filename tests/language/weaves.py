"""Random playbooks of everything in each other: what concerns several hosts, keywords of plays, defaults, and the rest."""

from maker import play, yaml


def weaves(m):
    tags = ["red", "green"]
    m.files["hosts.ini"] = "\n".join(f"h{n} n={n} ansible_connection=local" for n in range(1, 5)) + (
        "\nh5 n=5 ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1\n" if m.chance(0.25) else "\n"
    ) + "[even]\nh2\nh4\n[even:vars]\ng=even\n[all:vars]\ng=all\nw=all\n"
    if m.chance(0.5):
        m.files["group_vars/even.yml"] = yaml({"w": "group_vars even"})
    if m.chance(0.5):
        m.files["host_vars/h1.yml"] = yaml({"w": "host_vars"})

    def one(*options):
        return m.r.choice(options)

    def condition():
        return one(f"n == {m.r.randint(1, 4)}", f"n != {m.r.randint(1, 4)}", "n is odd", "n < 3", "x is defined", "g == 'even'",
                   ["n > 1", "n < 4"], "inventory_hostname in groups.even")

    def dressed(task):
        for key, chance, value in (
            ("tags", 0.12, lambda: m.r.sample(tags + ["always", "never"], 1)),
            ("when", 0.15, condition),
            ("vars", 0.15, lambda: {"w": task.get("name", "w"), "v": "{{ w }} {{ n }}"} if m.chance(0.5) else {"v": "{{ g }}"}),
            ("environment", 0.1, lambda: one({"A": "{{ n }}"}, {"A": "a", "B": "{{ g }}"}, [{"A": "1"}, {"B": "2"}])),
            ("ignore_errors", 0.07, lambda: one(True, "{{ n == 2 }}")),
            ("ignore_unreachable", 0.07, lambda: True),
            ("any_errors_fatal", 0.05, lambda: True),
            ("no_log", 0.03, lambda: True),
            ("check_mode", 0.05, lambda: True),
            ("throttle", 0.05, lambda: one(1, 2)),
            ("run_once", 0.06, lambda: True),
            ("delegate_to", 0.06, lambda: one("h1", "h3", "localhost", "{{ groups.even[0] }}")),
        ):
            if key not in task and m.chance(chance):
                task[key] = value()
        return task

    def leaf():
        name, kind = m.name(), one("note", "note", "fail", "loop", "fact", "env", "until", "vars", "group", "elsewhere", "defaults",
                                   "meta", "assert", "look", "gather", "items", "once")
        if kind == "note":
            return dressed({"name": name, "command": "true", "changed_when": condition(),
                            "notify": one("alpha", "beta", "topic", ["alpha", "topic"], "{{ 'alpha' if n is odd else 'beta' }}")})
        if kind == "fail":
            return dressed({"name": name, "fail": {"msg": name}, "when": condition()})
        if kind == "loop":
            r = m.name("r")
            task = {"name": name, "command": "echo {{ item }}", "loop": one([1, 2, 3], "{{ range(n) | list }}", []), "register": r,
                    "changed_when": one("item == n", False), "failed_when": one("item == 3", "false", f"{r}.stdout == '2'"),
                    "ignore_errors": m.chance(0.6)}
            return {"block": [dressed(task), {"name": m.name(), "debug": {
                "msg": f"{{{{ {r} is changed }}}} {{{{ {r} is failed }}}} {{{{ {r}.results | default([]) | length }}}}"}}]}
        if kind == "fact":
            return dressed({"name": name, "set_fact": {"x": name + " {{ n }}", "w": "{{ w }}!"}})
        if kind == "env":
            return {"block": [dressed({"name": name, "shell": "echo $A-$B", "register": "e", "changed_when": False}),
                              {"name": m.name(), "debug": {"msg": "{{ e.stdout | default('-') }}"}}]}
        if kind == "until":
            r = m.name("r")
            return dressed({"name": name, "command": "echo {{ item }}", "register": r, "loop": one([1, 2], [2]),
                            "until": one(f"{r} is success", f"{r}.stdout == '2'", f"{r}.attempts == 2", "n != 3"),
                            "retries": one(1, 2, "{{ n }}"), "delay": 0, "changed_when": False, "ignore_errors": m.chance(0.7)})
        if kind == "vars":
            return dressed({"name": name, "include_vars": one({"file": "iv.yml"}, {"file": "iv.yml", "name": "iv"})})
        if kind == "group":
            return one({"name": name, "group_by": {"key": "k_{{ n % 2 }}"}},
                       {"name": name, "add_host": {"name": "new{{ n }}", "groups": "fresh", "w": "new"}})
        if kind == "elsewhere":
            return dressed({"name": name, "set_fact": {"y": "{{ n }}"}, "delegate_to": one("h1", "h4"), "delegate_facts": m.chance(0.6)})
        if kind == "defaults":
            return dressed({"name": name, "debug": {}, "module_defaults": {"debug": {"msg": "own {{ n }}"}}})
        if kind == "meta":
            return one({"meta": "flush_handlers"}, {"meta": "clear_facts"}, {"meta": "noop"},
                       {"name": name, "meta": one("end_host", "end_play", "end_batch", "clear_host_errors", "end_role"), "when": condition()}
                       if m.chance(0.4) else {"meta": "flush_handlers"})
        if kind == "assert":
            return dressed({"name": name, "assert": {"that": [one("n > 0", f"n != {m.r.randint(1, 4)}")]}})
        if kind == "look":
            return {"name": name, "debug": {"msg": "{{ w }} {{ v | default('-') }} {{ x | default('-') }} {{ hostvars.h1.x | default('-') }}"
                                                   " {{ ansible_play_hosts | length }} {{ groups.fresh | default([]) | sort }}"}}
        if kind == "gather":
            return dressed({"name": name, "debug": {"msg": "{{ y | default('-') }} {{ hostvars.h4.y | default('-') }}"}})
        if kind == "items":
            return dressed({"name": name, "debug": {"msg": "{{ item }}"},
                            one("with_items", "with_list"): [1, [2, 3]], "loop_control": {"label": "l", "index_var": "i"}})
        return {"name": name, "command": "echo {{ inventory_hostname }}", "run_once": True, "register": m.name("r"), "changed_when": m.chance(0.4)}

    def file(depth):
        name = m.name("f") + ".yml"
        m.files[name] = yaml([item(depth) for _ in range(m.r.randint(1, 3))])
        return name

    def role(depth):
        name = m.name("role")
        m.files[f"roles/{name}/tasks/main.yml"] = yaml([item(depth) for _ in range(m.r.randint(1, 2))])
        if m.chance(0.6):
            m.files[f"roles/{name}/defaults/main.yml"] = yaml({"d": name, "w": name + " default"})
        if m.chance(0.5):
            m.files[f"roles/{name}/vars/main.yml"] = yaml({"v": name + " var"})
        if m.chance(0.4):
            m.files[f"roles/{name}/handlers/main.yml"] = yaml(
                [{"name": one("alpha", "of role"), "debug": {"msg": name + " handles {{ w }}"}, "listen": "topic"}])
        return name

    def item(depth):
        if depth == 0 or m.chance(0.45):
            return leaf()
        what = one("block", "block", "block", "include_tasks", "import_tasks", "include_role", "import_role")
        if what == "block":
            block = {"name": m.name("b"), "block": [item(depth - 1) for _ in range(m.r.randint(1, 3))]}
            if m.chance(0.6):
                block["rescue"] = [item(depth - 1), {"name": m.name(), "debug": {"msg": "{{ ansible_failed_task.name }}"}}]
            if m.chance(0.4):
                block["always"] = [item(depth - 1)]
            if m.chance(0.15):
                block["notify"] = "beta"
            if m.chance(0.15):
                block["module_defaults"] = {"debug": {"msg": "of the block"}}
            return dressed(block)
        task = {"name": m.name("i")}
        if "role" in what:
            task[what] = {"name": role(depth - 1)}
            if m.chance(0.3):
                task[what]["public"] = m.chance(0.7)
        else:
            task[what] = file(depth - 1)
        if what.startswith("include"):
            if m.chance(0.2):
                task |= {"loop": one([1, 2], "{{ range(n) | list }}"), "loop_control": {"loop_var": m.name("v")}}
            if m.chance(0.3):
                args = task[what] if isinstance(task[what], dict) else {"file": task[what]}
                args["apply"] = one({"tags": ["red"]}, {"ignore_errors": True}, {"vars": {"w": "applied"}}, {"environment": {"B": "b"}})
                task[what] = args
            if m.chance(0.25):
                task["when"] = condition()
            if m.chance(0.2):
                task["vars"] = {"w": task["name"]}
            return task
        for key in ("run_once", "delegate_to", "throttle"):
            dressed(task).pop(key, None)
        return task

    m.files["iv.yml"] = yaml({"w": "included", "v": "of a file"})
    m.files["vf.yml"] = yaml({"w": "vars_files"})
    handlers = [
        dressed({"name": "alpha", "debug": {"msg": "alpha {{ w }}"}, "listen": one("topic", "other")}),
        one({"name": "beta", "fail": {"msg": "beta"}, "when": condition()}, {"name": "beta", "command": "true", "notify": "gamma"}),
        {"name": "gamma", "debug": {"msg": "{{ x | default('-') }}"}, "listen": "topic"},
    ]
    more = {"handlers": handlers}
    for key, chance, value in (
        ("force_handlers", 0.2, lambda: True),
        ("serial", 0.3, lambda: one(1, 2, 3, [1, 2], "50%")),
        ("any_errors_fatal", 0.1, lambda: True),
        ("max_fail_percentage", 0.2, lambda: one(0, 25, 40, 60)),
        ("vars", 0.4, lambda: {"w": "play"}),
        ("vars_files", 0.3, lambda: ["vf.yml"]),
        ("environment", 0.2, lambda: {"B": "play"}),
        ("module_defaults", 0.2, lambda: {"debug": {"msg": "of the play"}}),
        ("ignore_unreachable", 0.1, lambda: True),
        ("order", 0.2, lambda: one("reverse_inventory", "sorted")),
        ("post_tasks", 0.2, lambda: [item(1)]),
        ("pre_tasks", 0.2, lambda: [item(1)]),
        ("roles", 0.3, lambda: [{"role": role(1), **({"w": "param"} if m.chance(0.5) else {})}]),
    ):
        if m.chance(chance):
            more[key] = value()
    how = m.r.random()
    if how < 0.15:
        m.files["args"] = "--tags " + one("red", "green", "untagged", "tagged")
    elif how < 0.3:
        m.files["args"] = "--skip-tags " + one("red", "green", "always")
    elif how < 0.4:
        m.files["args"] = one("--check", "--force-handlers", "-e w=extra", "--limit even", "--limit 'all:!h2'")
    end = {"name": "end", "debug": {"msg": "{{ w }} {{ d | default('-') }} {{ v | default('-') }}"}}
    return [play([item(3) for _ in range(m.r.randint(2, 5))], **more), play([end, leaf()])]

