"""Records the names of all filters, tests, lookups, globals and keywords that Ansible documents, in ansible.json.

Run with a Python that has the whole `ansible` package: `python tests/template/names.py`.
"""

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
TOOL = pathlib.Path(sys.executable).parent / "ansible-doc"


def names(kind):
    listed = subprocess.run([TOOL, "-t", kind, "-l"], capture_output=True, text=True, check=True).stdout
    return sorted({line.split()[0].removeprefix("ansible.builtin.") for line in listed.splitlines() if line.strip()})


def main():
    found = {kind: names(kind) for kind in ("filter", "test", "lookup", "keyword")}
    # Those of the template environment, which no tool lists.
    found["global"] = "cycler dict joiner lipsum lookup namespace now omit q query range undef".split()
    rows = ",\n".join(f" {json.dumps(kind)}: {json.dumps(found[kind])}" for kind in sorted(found))
    (HERE / "ansible.json").write_text("{\n" + rows + "\n}\n")


if __name__ == "__main__":
    main()
