"""Records what ansible-core 2.19 makes of the cases in text.txt, condition.txt, lookup.txt and date.txt (whose variables are in dates.yml).

Run with a Python that has ansible-core: `python tests/template/record.py`. A line is a case; `⏎` stands for a newline.
The answer is {"value": …} or {"error": "undefined" | "other"}.
"""

import datetime
import json
import pathlib
import warnings

from ansible.errors import AnsibleUndefinedVariable
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible.utils.display import Display

warnings.simplefilter("ignore")
Display.display = lambda *args, **kwargs: None
Display.warning = lambda *args, **kwargs: None
Display.deprecated = lambda *args, **kwargs: None

HERE = pathlib.Path(__file__).parent


def trusted(value):
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, dict):
        return {key: trusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [trusted(item) for item in value]
    return value


def plain(value):
    """Returns a value as JSON can say it; floats that it cannot say and keys that are no text stay visible."""
    if isinstance(value, dict):
        return {(key if isinstance(key, str) else json.dumps(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return {"float": repr(value)}
    if isinstance(value, bytes):
        # As Ansible shows and keeps them.
        return value.decode(errors="replace")
    if isinstance(value, (datetime.date, datetime.time)):
        return {"moment": repr(value)}
    if isinstance(value, str):
        return str(value)
    return value


def causes(error):
    while error is not None:
        yield error
        error = error.__cause__


def main():
    spec = json.loads((HERE / "vars.json").read_text())
    dates = DataLoader().load_from_file(str(HERE / "dates.yml"), trusted_as_template=True)
    for kind in ("text", "condition", "lookup", "date"):
        rows = []
        for line in (HERE / f"{kind}.txt").read_text().splitlines():
            if not line or line.startswith("# "):
                continue
            text = line.replace("⏎", "\n")
            variables = dates if kind == "date" else dict(trusted(spec["author"]), **spec["data"])
            templar = Templar(loader=DataLoader(), variables=variables)
            try:
                if kind == "condition":
                    value = templar.evaluate_conditional(trust_as_template(text))
                else:
                    value = templar.template(trust_as_template(text))
                rows.append([line, {"value": plain(value)}])
            except Exception as error:
                undefined = any(isinstance(cause, AnsibleUndefinedVariable) for cause in causes(error))
                rows.append([line, {"error": "undefined" if undefined else "other"}])
        body = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        (HERE / f"{kind}.json").write_text(f"[\n{body}\n]\n")


if __name__ == "__main__":
    main()
