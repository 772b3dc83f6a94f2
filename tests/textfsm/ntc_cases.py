#!/usr/bin/env python3
"""Prints outputs for all templates of ntc-templates, and what Python's textfsm makes of each: JSON, a case a line.

    ntc_cases.py [--seeds N] [--data TESTS]

Run it with a Python that has textfsm and ntc-templates. A case has a template's file name, an output, and `rows` or `error`.
The outputs are those that simulated devices give (where simnos or fakenos is there), what was recorded from devices (`--data`
names the folder `tests` of a checkout of ntc-templates), and made-up ones: a walk through each template's states, in which
lines are made from the rules' own expressions. The same seeds make the same outputs.
"""

import argparse
import functools
import importlib.util
import json
import pathlib
import random
import re._parser as sre_parser
import textwrap

import ntc_templates
import textfsm
import yaml
from sample import sample
from textfsm import clitable

TEMPLATES = pathlib.Path(ntc_templates.__path__[0]) / "templates"


@functools.cache
def loaded(name):
    with (TEMPLATES / name).open() as file:
        return textfsm.TextFSM(file)


def machine(name):
    """Returns a template's machine, at its beginning."""
    loaded(name).Reset()
    return loaded(name)


@functools.cache
def parsed(expression):
    return sre_parser.parse(expression)


def made_up(name, seed):
    """Returns an output for a template."""
    rng = random.Random(f"{name} {seed}")
    walker = machine(name)
    lines = []
    for _ in range(25):
        rules = walker._cur_state
        if not rules:
            break
        rule = rng.choice(rules)
        if rule.line_op == "Error" and rng.random() < 0.97:
            continue
        line = sample(parsed(rule.regex), rng, {})
        if rng.random() < 0.02:
            line += " é"
        lines.append(line)
        try:
            walker._CheckLine(line)
        except textfsm.TextFSMError:
            break
        if walker._cur_state_name in ("End", "EOF"):
            break
    return "\n".join(lines) + "\n"


def simulated():
    """Yields platforms, commands and outputs of simulated devices."""
    for package in ("simnos", "fakenos"):
        found = importlib.util.find_spec(package)
        if not found:
            continue
        folder = pathlib.Path(found.origin).parent / "plugins/nos/platforms_yaml"
        for path in sorted(folder.glob("*.yaml")):
            for command, said in yaml.safe_load(path.read_text())["commands"].items():
                if isinstance(said.get("output"), str):
                    yield path.stem, command, textwrap.dedent(said["output"])
        return


def recorded(data):
    """Yields templates and outputs of a checkout of ntc-templates."""
    for path in sorted(TEMPLATES.glob("*.textfsm")):
        platform = next((d for d in data.iterdir() if path.name.startswith(d.name + "_")), None)
        folder = platform and platform / path.stem[len(platform.name) + 1 :]
        for raw in sorted(folder.glob("*.raw")) if folder and folder.is_dir() else []:
            yield path.name, raw.read_text()


def outputs(args):
    index = clitable.CliTable("index", str(TEMPLATES)).index
    for platform, command, said in simulated():
        row = index.GetRowMatch({"Platform": platform, "Command": command})
        for name in index.index[row]["Template"].split(":") if row else []:
            yield name, said
    if args.data:
        yield from recorded(args.data)
    for path in sorted(TEMPLATES.glob("*.textfsm")):
        for seed in range(args.seeds):
            yield path.name, made_up(path.name, seed)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--data", type=pathlib.Path)
    args = parser.parse_args()
    print(json.dumps({"folder": str(TEMPLATES)}))
    for name, said in outputs(args):
        try:
            made = {"rows": machine(name).ParseTextToDicts(said)}
        except textfsm.TextFSMError as error:
            made = {"error": str(error)}
        print(json.dumps({"template": name, "output": said, **made}))


if __name__ == "__main__":
    main()
