#!/usr/bin/env python3
"""Compares netplay with Python's textfsm on all templates of ntc-templates.

    check_ntc.py NETPLAY [--data TESTS] [--seeds N]

Run it with a Python that has textfsm and ntc-templates; NETPLAY is the program. `--data` names the folder `tests` of a
checkout of ntc-templates: then every recorded output there is compared as well. Without it, outputs are made up: a walk
through each template's states, in which lines are made from the rules' own expressions. Prints n of m that are equal.
"""

import argparse
import json
import pathlib
import random
import re._constants as sre
import re._parser as sre_parser
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import ntc_templates
import textfsm

TEMPLATES = pathlib.Path(ntc_templates.__path__[0]) / "templates"
LETTERS = "abcxyzAGi019.-/: "


def sample(parsed, rng, groups):
    """Returns a text that a parsed expression probably matches."""
    out = []
    for op, arg in parsed:
        if op is sre.LITERAL:
            out.append(chr(arg))
        elif op is sre.NOT_LITERAL:
            out.append(rng.choice([c for c in LETTERS if ord(c) != arg]))
        elif op is sre.ANY:
            out.append(rng.choice(LETTERS))
        elif op is sre.IN:
            out.append(one_of(arg, rng))
        elif op is sre.BRANCH:
            out.append(sample(rng.choice(arg[1]), rng, groups))
        elif op is sre.SUBPATTERN:
            text = sample(arg[3], rng, groups)
            groups[arg[0]] = text
            out.append(text)
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            low, high, inner = arg
            high = min(int(high), low + 3)
            out.extend(sample(inner, rng, groups) for _ in range(rng.randint(low, max(low, high))))
        elif op is sre.GROUPREF:
            out.append(groups.get(arg, ""))
        elif op is sre.ATOMIC_GROUP:
            out.append(sample(arg, rng, groups))
        elif op is sre.ASSERT and arg[0] > 0:
            out.append(sample(arg[1], rng, groups) if rng.random() < 0.5 else "")
    return "".join(out)


def one_of(items, rng):
    """Returns a letter of a set."""
    negated = items and items[0][0] is sre.NEGATE
    good = [c for c in map(chr, range(32, 127)) if matches(items, c) != bool(negated)] or [" "]
    plain = [c for c in good if c in LETTERS]
    return rng.choice(plain if plain and rng.random() < 0.7 else good)


def matches(items, c):
    for op, arg in items:
        if op is sre.LITERAL and ord(c) == arg or op is sre.RANGE and arg[0] <= ord(c) <= arg[1]:
            return True
        if op is sre.CATEGORY:
            name = str(arg)
            kind = {"DIGIT": c.isdigit(), "SPACE": c.isspace(), "WORD": c.isalnum() or c == "_"}[name.split("_")[-1]]
            if kind != ("NOT" in name):
                return True
    return False


def made_up(path, seed):
    """Returns an output for a template."""
    rng = random.Random(f"{path.name} {seed}")
    with path.open() as file:
        machine = textfsm.TextFSM(file)
    lines = []
    for _ in range(60):
        rules = machine._cur_state
        if not rules:
            break
        rule = rng.choice(rules)
        if rule.line_op == "Error" and rng.random() < 0.97:
            continue
        line = sample(sre_parser.parse(rule.regex), rng, {})
        if rng.random() < 0.02:
            line += " é"
        lines.append(line)
        try:
            machine._CheckLine(line)
        except textfsm.TextFSMError:
            break
        if machine._cur_state_name in ("End", "EOF"):
            break
    return "\n".join(lines) + "\n"


def expected(path, output):
    with path.open() as file:
        machine = textfsm.TextFSM(file)
    try:
        return machine.ParseTextToDicts(output)
    except textfsm.TextFSMError:
        return "error"


def got(netplay, path, output):
    with tempfile.NamedTemporaryFile("w", suffix=".txt", newline="") as file:
        file.write(output)
        file.flush()
        ended = subprocess.run([netplay, "parse", "-t", path, file.name], capture_output=True, text=True)
    if ended.returncode:
        return "error" if ": line " in ended.stderr else ended.stderr
    return json.loads(ended.stdout)


def outputs(data, seeds):
    for path in sorted(TEMPLATES.glob("*.textfsm")):
        for seed in range(seeds):
            yield path, made_up(path, seed)
        if data:
            platform = next((d for d in data.iterdir() if path.name.startswith(d.name + "_")), None)
            folder = platform and platform / path.stem[len(platform.name) + 1 :]
            for raw in sorted(folder.glob("*.raw")) if folder and folder.is_dir() else []:
                yield path, raw.read_text()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("netplay")
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    total = equal = rows = errors = 0
    with ThreadPoolExecutor(2) as pool:
        cases = [(path, output, expected(path, output)) for path, output in outputs(args.data, args.seeds)]
        answers = pool.map(lambda case: got(args.netplay, case[0], case[1]), cases)
        for (path, output, want), answer in zip(cases, answers):
            total += 1
            errors += want == "error"
            rows += 0 if want == "error" else len(want)
            if answer == want:
                equal += 1
            else:
                print(f"{path.name}: {output!r}\n  {answer!r}\n  not {want!r}")
    print(f"{equal} of {total} equal ({rows} rows, {errors} with an error of the template)")


if __name__ == "__main__":
    main()
