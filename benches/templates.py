#!/usr/bin/env python3
"""Renders the same templates with Jinja2 and with netplay, and prints a table.

    benches/templates.py        (a Python that has jinja2; with ansible-core its Templar is measured too)

Builds the program of benches/templates.rs for release first. Figures are the best of several runs on one core. What is
"loaded and rendered" is a text that was not seen before, as every template of a run is once.
"""

import json, pathlib, subprocess, sys, tempfile, time

import jinja2

ROOT = pathlib.Path(__file__).resolve().parent.parent


def data():
    interfaces = [
        {"name": f"Ethernet{n // 48}/{n % 48}", "mode": "trunk" if n % 3 == 0 else "access", "vlans": [n % 90 + 1, 7, 300 - n % 50],
         "up": n % 5 != 0, **({"description": f"to_host_{n}"} if n % 2 else {}), **({"mtu": 9000} if n % 7 == 0 else {})}
        for n in range(200)
    ]
    config = {
        "hostname": "leaf1", "asn": 65001, "interfaces": interfaces,
        "vlans": [{"id": n, **({"name": f"users{n}"} if n % 2 else {})} for n in range(1, 101)],
        "peers": [{"address": f"10.0.0.{n}", "asn": 65000 + n, "name": f"spine{n}", "active": n % 4 != 0} for n in range(1, 41)],
    }
    shapes = [
        "interface {{ name }}\n description {{ peer | default('none') | upper }}",
        "{{ prefix }}.{{ n }}",
        "{% if n is defined and n > 5 %}{{ name }}{% else %}none{% endif %}",
        "{{ items | join(',') }}",
        "{% for i in items %}{{ i }} {% endfor %}",
    ]
    small = [[f"{shapes[n % 5]} ! {n}", {"name": f"Ethernet{n}", "n": n, "prefix": "10.0.0", "items": [1, 2, n]}] for n in range(1000)]
    return {"config": config, "small": small}


def best(runs, run):
    times = []
    for at in range(runs):
        start = time.perf_counter()
        run(at)
        times.append(time.perf_counter() - start)
    return min(times)


def python(data):
    env = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True)
    text = (ROOT / "benches/templates/config.j2").read_text()
    loaded = env.from_string(text)
    output = loaded.render(data["config"])
    small = [(env.from_string(text), variables) for text, variables in data["small"]]
    found = {"config lines": output.count("\n"), "config sum": sum(output.encode())}
    found["config rendered"] = best(20, lambda at: loaded.render(data["config"]))
    found["config loaded and rendered"] = best(20, lambda at: env.from_string(f"{text}{{# {at} #}}").render(data["config"]))
    found["small rendered"] = best(10, lambda at: [t.render(v) for t, v in small]) / len(small)
    found["small loaded and rendered"] = best(3, lambda at: [env.from_string(f"{t}{{# {at} #}}").render(v) for t, v in data["small"]]) / len(small)
    return found


def ansible(data):
    """Renders with ansible-core's Templar, which keeps no compiled templates; empty without it."""
    try:
        from ansible.parsing.dataloader import DataLoader
        from ansible.template import Templar, trust_as_template
    except ImportError:
        return {}
    text = (ROOT / "benches/templates/config.j2").read_text()
    loader = DataLoader()

    def render(text, variables):
        return Templar(loader=loader, variables=variables).template(trust_as_template(text))

    found = {"config loaded and rendered": best(3, lambda at: render(f"{text}{{# {at} #}}", data["config"]))}
    small = data["small"][:200]
    found["small loaded and rendered"] = best(2, lambda at: [render(f"{t}{{# {at} #}}", v) for t, v in small]) / len(small)
    return found


def main():
    made = data()
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(made, file)
        file.flush()
        command = ["cargo", "bench", "--quiet", "--bench", "templates", "--", file.name]
        printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    ours = {name: float(value) for name, value in (line.split("\t") for line in printed.splitlines() if "\t" in line)}
    theirs, slow = python(made), ansible(made)
    if ours["config sum"] != theirs["config sum"]:
        sys.exit("the outputs differ")
    print(f"Jinja2 {jinja2.__version__}, Python {sys.version.split()[0]}; a configuration of {int(ours['config lines'])} lines")
    print("| what | Jinja2 | Ansible's Templar | netplay | times as fast as Jinja2 |\n| --- | --- | --- | --- | --- |")
    for name in ("config rendered", "config loaded and rendered", "small rendered", "small loaded and rendered"):
        templar = f"{slow[name] * 1e6:.0f} µs" if name in slow else "–"
        print(f"| {name} | {theirs[name] * 1e6:.0f} µs | {templar} | {ours[name] * 1e6:.1f} µs | {theirs[name] / ours[name]:.1f} |")


if __name__ == "__main__":
    main()
