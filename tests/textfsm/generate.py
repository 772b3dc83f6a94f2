#!/usr/bin/env python3
"""Makes random templates with outputs, and records what Python's textfsm makes of them.

    generate.py [COUNT [SEED]]

Run it with a Python that has textfsm 2.1; it writes generated.json beside itself: for each case template and output, and
either `rows` or `error`, as record.py does. The same seed gives the same cases. Templates have Values of all options, states,
all actions of lines and records, and expressions in Python's dialect; some are damaged. Outputs are made of the rules' own
expressions, with other lines between them.
"""

import io
import json
import pathlib
import random
import re._parser as sre_parser
import sys

import textfsm
from record import record
from sample import sample

NAMES = ["PORT", "NAME", "MTU", "STATE", "A_b1"]
STATES = ["Start", "Table", "Detail2", "last_one"]
# What a Value looks like.
VALUES = [
    r"\w+", r"\S+", r"\d+", r"\d*", r".*", r".*?", r".+?", r"[A-Z]\w*", r"[^,\s]+", r"\d{1,3}(?:\.\d{1,3}){3}", r"up|down",
    r"(?:a|b)+", r"x?", r"[\w.-]+", r"\S+(?: \S+)?", r"[a-f0-9]{2}(?::[a-f0-9]{2})*", r"(\d+)/(\d+)", r"(?P<slot>\d)/(?P<port>\d+)",
    r"\w+?", r"(?i:UP|down)", r"\S*?(?=-)", r"é|ß|\w", r"[^a-c]+", r"\d{2,}", r"a{,2}",
]
# What stands between Values in a rule.
BETWEEN = [r"\s+", r"\s*", " ", ":", r"\s*:\s*", ",", r"\.", r"\(", r"\)", r"\s+is\s+", "-", "/", r"\t", " x ", r"(?:\s+\w+)?", r"\|", "=", r"\[", r"\]", r"\\"]
# What a rule without a Value, or before its first one, says.
WORDS = [r"\s*", "", "port", r"Port\s+", r"\s+", "name ", "-+", r"\w+:", r"(?:Vlan|vlan)\s*", "a", "b", r"\d+\.", r"(?!a)", r"(?=\w)", ".*", "é"]
ENDS = ["", "", "$$", r"\s*$$", r"\s+", r"(?:,|$$)", r"\b", ".*", r".*\s$$", r"\Z"]
ACTIONS = ["", "", "", "", "Record", "Record", "Record", "Record", "Next.Record", "Continue", "Next", "Continue", "Record", "NoRecord", "Clear", "Clearall", "Next.Record", "Continue.Record", "Continue.Clear",
           "Next.NoRecord", "Continue.NoRecord", "Continue.Clearall", "Next.Clearall", "Next.Clear", "Record", "Record", "Error", "Error.Record"]
NOISE = ["", " ", "port 1", "name a b", "----", "a", "b 2", "\t", "é 1", "1/2 up", "A: b, c", "10.0.0.1 - x", "x\u2028y", "total: 3"]
LINE_ENDS = ["\n", "\n", "\n", "\n", "\n", "\n", "\r\n", "\n\n", "\r", "\x0b"]


def value(rng, name):
    options = [o for o in ["Required", "Filldown", "Fillup", "List", "Key"] if rng.random() < 0.18]
    rng.shuffle(options)
    before = ",".join(options) + " " if options else ""
    return f"Value {before}{name} ({rng.choice(VALUES)})"


def rule(rng, names, states):
    chosen = rng.sample(names, min(len(names), rng.choice([0, 1, 1, 1, 2, 2, 3])))
    text = rng.choice(WORDS)
    for number, name in enumerate(chosen):
        if number:
            text += rng.choice(BETWEEN)
        text += "${" + name + "}" if rng.random() < 0.95 else f"(?:{rng.choice(WORDS)}${{{name}}})?"
    text = f"  ^{text}{rng.choice(ENDS)}"
    action = rng.choice(ACTIONS)
    if action.startswith("Error") and rng.random() < 0.6:
        action = ""
    words = [action] if action else []
    if rng.random() < 0.15 and not action.startswith(("Continue", "Error")):
        words.append(rng.choice(states + ["End", "EOF"][: rng.random() < 0.3]))
    elif action == "Error" and rng.random() < 0.5:
        words.append(rng.choice(['"odd line"', "odd"]))
    return text + (" -> " + " ".join(words) if words else "")


def template(rng):
    names = rng.sample(NAMES, rng.randint(1, 4))
    states = STATES[: rng.choice([1, 1, 2, 3])]
    lines = [value(rng, name) for name in names] + [""]
    for state in states:
        lines.append(state)
        lines.extend(rule(rng, names, states) for _ in range(rng.randint(1, 5)))
        lines.append("")
    if rng.random() < 0.15:
        lines.append("EOF")
    return "\n".join(lines) + "\n"


def damaged(rng, text):
    """Returns a template with a letter too many, too few or another."""
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(["", "", " ", "$", "(", ")", "{", "}", "\n", "^", "->", "x", "\\", "[", "?"]) + text[at + rng.randint(0, 1) :]


def output(rng, text):
    """Returns lines, of which most are what a rule of the state waits for in which a machine would be."""
    try:
        machine = textfsm.TextFSM(io.StringIO(text))
    except Exception:
        return "".join(rng.choice(NOISE) + rng.choice(LINE_ENDS) for _ in range(rng.randint(1, 5)))
    lines = []
    for _ in range(rng.randint(1, 12)):
        line = rng.choice(NOISE)
        rules = [rule for rule in machine._cur_state if rule.line_op != "Error" or rng.random() < 0.1]
        if rules and rng.random() < 0.85:
            line = sample(sre_parser.parse(rng.choice(rules).regex), rng, {})
        line += rng.choice(NOISE) if rng.random() < 0.1 else ""
        lines += [line, rng.choice(LINE_ENDS)]
        try:
            machine._CheckLine(line)
        except Exception:
            break
        if machine._cur_state_name in ("End", "EOF"):
            break
    return "".join(lines[: len(lines) - rng.randint(0, 1)])


def main():
    count = int(sys.argv[1]) if sys.argv[1:] else 1500
    rng = random.Random(int(sys.argv[2]) if sys.argv[2:] else 1)
    rows = []
    for _ in range(count):
        text = template(rng)
        if rng.random() < 0.15:
            text = damaged(rng, text)
        said = output(rng, text)
        try:
            rows.append({"template": text, "output": said, **record(text, said)})
        except TypeError:  # A fault of textfsm's own: a list of groups of which the whole takes no part.
            continue
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (pathlib.Path(__file__).parent / "generated.json").write_text(f"[\n{lines}\n]\n")
    kinds = [row.get("error", "rows") for row in rows]
    print(len(rows), "cases:", {kind: kinds.count(kind) for kind in sorted(set(kinds))}, sum(len(r.get("rows", [])) for r in rows), "rows")


if __name__ == "__main__":
    main()
