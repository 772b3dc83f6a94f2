"""What makes random playbooks: names, chances, small tasks, and YAML."""

import random

HOSTS = ["h1", "h2", "h3"]


def yaml(value, indent=0):
    """Block style, strings in double quotes: all that these playbooks need."""
    pad = "  " * indent
    if isinstance(value, dict):
        if not value:
            return "{}"
        lines = []
        for key, inner in value.items():
            text = yaml(inner, indent + 1)
            lines.append(f"{pad}{key}:{'' if text.startswith(chr(10)) else ' '}{text}")
        return "\n".join(lines) if indent == 0 else "\n" + "\n".join(lines)
    if isinstance(value, list):
        if not value:
            return "[]"
        lines = []
        for inner in value:
            text = yaml(inner, indent + 1).lstrip()
            lines.append(f"{pad}- {text}")
        return "\n" + "\n".join(lines) if indent else "\n".join(lines)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


class Maker:
    def __init__(self, seed, number):
        self.r = random.Random(seed)
        self.number = number
        self.n = 0
        self.files = {}

    def name(self, word="t"):
        self.n += 1
        return f"{word}{self.n}"

    def chance(self, p):
        return self.r.random() < p

    def condition(self):
        n = self.r.choice([1, 2, 3])
        return self.r.choice([f"n == {n}", f"n != {n}", f"n > {n - 1}", f"n in [{n}, 9]", "true", "x is defined"])

    def simple(self):
        name = self.name()
        kind = self.r.random()
        if kind < 0.45:
            task = {"name": name, "debug": {"msg": name + " {{ n }}"}}
        elif kind < 0.6:
            task = {"name": name, "set_fact": {"x": name}}
        elif kind < 0.75:
            task = {"name": name, "command": "true", "changed_when": self.condition()}
        elif kind < 0.9:
            task = {"name": name, "fail": {"msg": name}, "when": self.condition()}
            if self.chance(0.3):
                task["ignore_errors"] = True
        else:
            task = {"name": name, "assert": {"that": [self.condition()]}, "ignore_errors": self.chance(0.5)}
        if "when" not in task and self.chance(0.25):
            task["when"] = self.condition()
        return task


def play(tasks, **more):
    return {"hosts": "all", "gather_facts": False, **more, "tasks": tasks}
