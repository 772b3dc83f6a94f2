"""Random playbooks in which roles are used again: with the same and other parameters, in loops, where a host skipped or failed."""

from maker import play, yaml


def again(m):
    names = ["a", "b", "c", "d"]
    m.files["hosts.ini"] = "\n".join(f"h{n} n={n} ansible_connection=local" for n in (1, 2)) + "\n"
    tags = ["red", "green"]

    def few(options, most=2):
        return m.r.sample(options, m.r.randint(0, min(most, len(options))))

    def dress(use, role=False):
        if m.chance(0.2):
            use["when"] = m.r.choice(["n == 1", "n == 2", "true", "n > 0"])
        if m.chance(0.15):
            use["tags"] = m.r.choice([["red"], "red", ["green", "red"]])
        if m.chance(0.2):
            use["vars"] = {"p": m.r.choice(["one", "two"])}
        if role and m.chance(0.25):
            use["z"] = m.r.choice(["one", 1, "1"])
        return use

    def task(name):
        kind = m.r.random()
        if kind < 0.55:
            return {"name": m.name(), "debug": {"msg": name + " {{ n }} {{ p | default('-') }} {{ z | default('-') }}"}}
        if kind < 0.7:
            return {"name": m.name(), "command": "true", "changed_when": m.chance(0.5), "notify": "note"}
        if kind < 0.8:
            return {"name": m.name(), "debug": {"msg": "some"}, "when": f"n == {m.r.randint(1, 2)}"}
        if kind < 0.9:
            return {"name": m.name(), "fail": {"msg": name}, "when": f"n == {m.r.randint(1, 2)} and not failed_once | default(false)"}
        return {"name": m.name(), "set_fact": {"failed_once": True}}

    def use_role(names):
        what = m.r.choice(["include_role", "import_role"])
        args = {"name": m.r.choice(names)}
        if m.chance(0.6):
            args["allow_duplicates"] = m.chance(0.25)
        if m.chance(0.1):
            args["tasks_from"] = "other"
        use = dress({"name": m.name("u"), what: args})
        if what == "include_role" and m.chance(0.25):
            use |= {"loop": m.r.choice([[1, 2], [1, 1]])}
        return use

    for place, name in enumerate(names):
        meta = {}
        if m.chance(0.4):
            meta["allow_duplicates"] = m.chance(0.5)
        deeper = names[place + 1:]
        if deeper and m.chance(0.6):
            meta["dependencies"] = [m.r.choice([dep, dress({"role": dep}, True)]) for dep in few(deeper)]
        tasks = [task(name) for _ in range(m.r.randint(1, 2))]
        if deeper and m.chance(0.3):
            tasks.insert(m.r.randint(0, len(tasks)), use_role(deeper))
        m.files[f"roles/{name}/tasks/main.yml"] = yaml(tasks)
        m.files[f"roles/{name}/tasks/other.yml"] = yaml([task(name)])
        m.files[f"roles/{name}/meta/main.yml"] = yaml(meta)

    def item(depth):
        if depth and m.chance(0.35):
            block = {"block": [item(depth - 1) for _ in range(m.r.randint(1, 2))]}
            block[m.r.choice(["rescue", "always"])] = [item(depth - 1)]
            return block
        return use_role(names) if m.chance(0.75) else task("play")

    roles = [m.r.choice([name, dress({"role": name}, True)]) for name in few(names * 2, 4)]
    if m.chance(0.25):
        m.files["args"] = m.r.choice(["--tags red", "--skip-tags red", "--tags green", "--skip-tags green"])
    handlers = [{"name": "note", "debug": {"msg": "noted"}}]
    more = {"roles": roles, "handlers": handlers}
    if m.chance(0.15):
        more["strategy"] = "free"
        m.files["hosts.ini"] = "h1 n=1 ansible_connection=local\n"
    return [play([item(2) for _ in range(m.r.randint(1, 4))], **more), play([use_role(names)], handlers=handlers)]

