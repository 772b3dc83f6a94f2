#!/usr/bin/env python3
"""Records what Ansible answers for every expression in tests/filters/*.txt.

Run it with a Python that has ansible-core 2.19 or newer, netaddr, bcrypt 4.0 (passlib knows no newer one) and (for
net.txt) the collection ansible.utils, which ANSIBLE_COLLECTIONS_PATH may name. Local time is UTC there. It writes one
.json beside each .txt: a list of [expression, answer], or [expression] alone where Ansible reports an error.
The variables that expressions may use are in vars.json. A line that starts with `#` is a comment.
"""

import json
import math
import os
import pathlib
import resource
import signal
import sys
import time

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template

HERE = pathlib.Path(__file__).parent

# What takes longer, or more memory, is not recorded: some filters of networks list every address.
SECONDS = 5
BYTES = 3 << 30


class TooLong(BaseException):
    """A case takes too long."""


def too_long(*_):
    raise TooLong



def plain(value):
    """Returns plain data for what a template gave."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            return {"float": str(value)}
        return float(value)
    if isinstance(value, str):
        value.encode()  # bytes that are no text (lone surrogates) count as an error
        return str.__str__(value)
    if isinstance(value, dict):
        return {(k if isinstance(k, str) else json.dumps(k)): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(v) for v in value]
    return str(value)


def main():
    os.environ["TZ"] = "UTC"
    time.tzset()
    signal.signal(signal.SIGALRM, too_long)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    init_plugin_loader([])
    variables = json.loads((HERE / "vars.json").read_text())
    templar = Templar(loader=DataLoader(), variables=variables)
    only = [a for a in sys.argv[1:] if a != "-v"]
    for source in sorted(HERE.glob("*.txt")):
        if only and source.stem not in only:
            continue
        rows = []
        for line in source.read_text().splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            signal.alarm(SECONDS)
            try:
                answer = plain(templar.evaluate_expression(trust_as_template(line)))
                # What depends on the folder it was asked in is another answer elsewhere.
                if str(HERE.parents[1]).lstrip("/") not in json.dumps(answer):
                    rows.append([line, answer])
            except (TooLong, MemoryError):
                continue
            except Exception as error:  # whatever it is, the answer is "an error"
                rows.append([line])
                if "-v" in sys.argv:
                    print(line, "->", str(error).splitlines()[0], file=sys.stderr)
            finally:
                signal.alarm(0)
        text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        source.with_suffix(".json").write_text("[\n" + text + "\n]\n")
        print(f"{source.stem}: {len(rows)} rows, {sum(len(r) == 1 for r in rows)} errors", file=sys.stderr)


main()
