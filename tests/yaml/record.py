#!/usr/bin/env python3
"""Records how PyYAML and Ansible read scalars and documents; src/yaml/tests.rs holds netplay to the answers.

    python3 tests/yaml/record.py                    # writes scalars.tsv and documents.jsonl beside this file
    python3 tests/yaml/record.py --count 20000 --seed 7 --to answers.jsonl FILE...
                                                    # more documents, and files as they are, for
                                                    # NETPLAY_YAML_ANSWERS=answers.jsonl cargo test yaml::

It needs ansible-core 2.19 or later (whose loader is PyYAML's with libyaml) in the Python that runs it.
"""

import argparse
import datetime
import itertools
import json
import pathlib
import random

import yaml
from ansible._internal._datatag._tags import Origin, TrustedAsTemplate
from ansible.parsing.utils.yaml import from_yaml
from ansible.parsing.vault import EncryptedString
from ansible.utils.display import Display

HERE = pathlib.Path(__file__).parent
Display.display = Display.warning = Display.deprecated = lambda *args, **more: None


def scalars():
    """Returns every scalar of the table: words, numbers from parts, dates, and near misses of each."""
    found = set("~ null Null NULL nULL nil none None - . .. ... = << <<< 0 00 07 08 09 + +- 1- y Y n N t f".split())
    for word in "yes no on off true false y n".split():
        found |= {word, word.upper(), word.title(), word[:-1] + word[-1:].upper(), word + "s"}
    wholes = ["0", "1", "7", "9", "12", "012", "019", "1_000", "0_7", "_1", "1_", "0b101", "0b", "0b2", "0b_1", "0B1", "0x1F",
              "0xg", "0x", "0x_f", "0X1f", "0o17", "0o", "1:30", "1:60", "190:20:30", "0:30", "1:5:9", "1:", ":1", "1:_5", "1_0:30",
              "170141183460469231731687303715884105727", "170141183460469231731687303715884105728"]
    fractions = ["", ".", ".5", ".5_0", "._5", ".0e3", ".0e+3", ".5E-2", ".5e+", ".e+3", "e3", "e+3", "E5", ".5.5"]
    for sign, whole, fraction in itertools.product(["", "-", "+"], wholes, fractions):
        found.add(sign + whole + fraction)
    for sign, rest in itertools.product(["", "-", "+"], [".5", "._5", ".5e+1", ".e+1", ".inf", ".Inf", ".INF", ".iNF", ".nan", ".NaN", ".NAN", "inf", "nan"]):
        found.add(sign + rest)
    found |= {"2024-01-02", "2024-1-2", "2024-01-02 10:00:00", "2024-01-02T10:00:00Z", "2024-01-02t10:00:00.5+02:00", "24-01-02", "2024-01",
              "10.0.0.1", "10.0.0.0/24", "1.2.3", "fe80::1", "00:11:22:33:44:55", "aa:bb", "1e3", "1E3", "0e0", "12e03", "685.230_15e+03",
              "190:20:30.15", "1 2", "1.5 s", "0 ", "é", "٣", "１"}
    return sorted(text for text in (s.strip() for s in found) if text)


def scalar(text):
    """Returns kind and Python text of a plain scalar, as the safe loader resolves it."""
    loader = yaml.SafeLoader(text)
    tag = loader.resolve(yaml.ScalarNode, text, (True, False))
    try:
        value = loader.construct_object(yaml.ScalarNode(tag, text), deep=True)
    except Exception:
        if tag.endswith(":timestamp"):
            return "date", text
        return "error", ""
    if isinstance(value, (datetime.date, datetime.datetime)):
        return "date", text
    return type(value).__name__, repr(value) if not isinstance(value, str) else text


SEEDS = [
    "- hosts: all\n  gather_facts: no\n  tasks:\n    - name: show\n      cli_command:\n        command: show version\n      register: out\n    - debug: var=out\n",
    "all:\n  children:\n    leaf:\n      hosts:\n        sw[01:48:2]:\n        r1: {ansible_host: 10.0.0.1, ports: [1, 2]}\n  vars: &v\n    a: 0644\n    b: \"x\\ty\"\n",
    "base: &base\n  mtu: 1500\n  on: yes\nport:\n  <<: *base\n  mtu: 9000\n  list: [*base, {<<: *base, z: 1}]\n",
    "text: |\n  line one\n    line two\n\n  {{ x }}\nfold: >-\n  a b\n  c\n\n  d\nkeep: |+\n  k\n\nplain: a b\n  c d\n",
    "key: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\nraw: !unsafe 'x {{ y }}'\nlist: !unsafe\n  - a\n  - {b: 'c'}\n",
    "{\"a\": [1, 2.5e3, null, true], \"b\": {\"c\": \"\\u00e4\"}}\n",
    "a: 'it''s'\nb: \"\\x41\\u00e9\\n\"\nc: ! 12\nd: !!str 12\ne: !!int '7'\nf: 1:30\n? g\n: h\n# end\n",
    "- &x 1\n- *x\n- - nested\n  - deeper\n-\n- key: value\n  other: [a, b: c]\n- ? q\n",
]
PIECES = [": ", ":", "- ", "\n", "  ", " ", "\t", "{", "}", "[", "]", ", ", "'", '"', "#", " #", "&a ", "*a", "!!str ", "!unsafe ", "|", ">", "|-\n", "---\n",
          "...\n", "<<: ", "\\", "{{ x }}", "yes", "010", "~", "é", "\u2028", "\r\n", "? ", "%", "@", "`", "=", "1.5", "x: y\n"]


def mutated(rng):
    """Returns one of the seeds with a few pieces put in, taken out or moved."""
    text = rng.choice(SEEDS)
    for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 5])):
        at = rng.randrange(len(text) + 1)
        match rng.randrange(4):
            case 0 | 1:
                text = text[:at] + rng.choice(PIECES) + text[at:]
            case 2:
                text = text[:at] + text[at + rng.randint(1, 4):]
            case 3:
                text = text[:at] + rng.choice(SEEDS)[at: at + rng.randint(1, 30)] + text[at:]
    return text


def described(value):
    """Returns a value as JSON that keeps Python's types, with line and column where Ansible keeps them."""
    origin = Origin.get_tag(value)
    place = [origin.line_num, origin.col_num] if origin else None
    if isinstance(value, EncryptedString):
        return ["vault", value._ciphertext, place]
    if isinstance(value, str):
        return ["str" if TrustedAsTemplate.is_tagged_on(value) else "unsafe", str(value), place]
    if isinstance(value, dict):
        return ["map", [[described(key), described(item)] for key, item in value.items()], place]
    if isinstance(value, list):
        return ["seq", [described(item) for item in value], place]
    if isinstance(value, (datetime.date, datetime.datetime)):
        return ["date", "", place]
    if isinstance(value, bool) or value is None:
        return ["bool" if isinstance(value, bool) else "none", repr(value), None]
    if isinstance(value, (int, float)):
        return ["int" if isinstance(value, int) else "float", repr(value), place]
    return ["other", type(value).__name__, place]


def document(text):
    """Returns a document with what Ansible makes of it: its value, or where it sees an error."""
    try:
        value = from_yaml(TrustedAsTemplate().tag(text))
    except RecursionError:
        return None
    except Exception as error:
        mark = getattr(error.__cause__, "problem_mark", None)
        kind = type(error.__cause__).__name__
        return {"yaml": text, "error": kind, "at": [mark.line + 1, mark.column + 1] if mark else None}
    try:
        return {"yaml": text, "value": described(value)}
    except RecursionError:
        return {"yaml": text, "error": "Recursion", "at": None}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=700)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--to", type=pathlib.Path)
    options.add_argument("files", nargs="*", type=pathlib.Path)
    options = options.parse_args()
    rng = random.Random(options.seed)
    texts = SEEDS + [mutated(rng) for _ in range(options.count)]
    texts += [file.read_text(errors="replace") for file in options.files]
    with open(options.to or HERE / "documents.jsonl", "w") as out:
        for text in dict.fromkeys(texts):
            if (answer := document(text)) is not None:
                out.write(json.dumps(answer, ensure_ascii=False) + "\n")
    if not options.to:
        with open(HERE / "scalars.tsv", "w") as out:
            for text in scalars():
                out.write("\t".join([text, *scalar(text)]) + "\n")


main()
