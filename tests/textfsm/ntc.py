#!/usr/bin/env python3
"""Prints what ntc-templates makes of the answers in commands.yaml, and where its templates are, as JSON.

Run it with a Python that has ntc-templates and PyYAML.
"""

import json
import pathlib

import ntc_templates
import yaml
from ntc_templates.parse import parse_output


def main():
    cases = yaml.safe_load(pathlib.Path(__file__).with_name("commands.yaml").read_text())["cases"]
    folder = pathlib.Path(ntc_templates.__path__[0]) / "templates"
    rows = []
    for case in cases:
        try:
            rows.append(parse_output(case["platform"], case["command"], case["output"]))
        except Exception as error:  # Its kinds differ between versions.
            rows.append(str(error))
    print(json.dumps({"folder": str(folder), "rows": rows}))


if __name__ == "__main__":
    main()
