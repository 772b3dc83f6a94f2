#!/usr/bin/env python3
"""Renders the same templates with Jinja2, with netplay and with the bare engine beneath it, and prints a table.

    benches/templates.py [CASE]      (a Python that has jinja2; with ansible-core its Templar is measured too)

Builds the program of benches/templates.rs for release first. Figures are the best of many runs on one core. "seen" is a
text that was rendered before; "new" is one that was not, as every template of a run is once: it is read, compiled and
rendered. The outputs of all are compared.
"""

import ipaddress, json, pathlib, subprocess, sys, tempfile, time

import jinja2

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "benches/templates"


def interfaces():
    return [
        {"name": f"Ethernet{n // 48}/{n % 48}", "mode": "trunk" if n % 3 == 0 else "access", "vlans": [n % 90 + 1, 7, 300 - n % 50],
         "up": n % 5 != 0, **({"description": f"to_host_{n}"} if n % 2 else {}), **({"mtu": 9000} if n % 7 == 0 else {})}
        for n in range(200)
    ]


def files():
    """Returns the variables of every template file."""
    config = {
        "hostname": "leaf1", "asn": 65001, "interfaces": interfaces(),
        "vlans": [{"id": n, **({"name": f"users{n}"} if n % 2 else {})} for n in range(1, 101)],
        "peers": [{"address": f"10.0.0.{n}", "asn": 65000 + n, "name": f"spine{n}", "active": n % 4 != 0} for n in range(1, 41)],
    }
    text = {
        "hostname": "edge-7", "domain": "net.example.org", "timezone": "UTC", "serial": "FOC2231N0AB", "asn": 65007, "router_id": "192.0.2.7",
        "site": {"name": "Harbour East", "street": "Quay Street 14", "city": "Rotterdam"},
        "contact": {"name": "Network Operations", "mail": "noc@example.org", "phone": "+31 10 555 0100"},
        "servers": {"syslog": "198.51.100.10", "ntp": "198.51.100.11", "radius": "198.51.100.12", "tacacs": "198.51.100.13", "dns": "198.51.100.14"},
        "management": {"interface": "Vlan10", "address": "198.51.100.77", "mask": "255.255.255.0", "gateway": "198.51.100.1"},
        "uplink": {"interface": "TenGigabitEthernet1/1", "address": "203.0.113.1", "local": "203.0.113.2", "mask": "255.255.255.252",
                   "network": "203.0.113.0", "asn": 64500, "name": "core-1", "mtu": 9100},
        "ospf": {"process": 1, "area": 0},
    }
    racks = [{"name": f"r{n}", "used": n % 4 != 3, "ports": [{"number": p, "vlan": p * n % 140 + 1, "up": p % 3 != 0} for p in range(1, 25)]} for n in range(1, 11)]
    networks = [{"vlan": n, "prefix": f"10.{n // 200}.{n % 200}.0/{24 + n % 6}"} for n in range(1, 101)]
    return {
        "config": config, "text": text, "loops": {"areas": [{"name": f"hall{n}", "racks": racks} for n in range(5)]},
        "filters": {"interfaces": interfaces()}, "addresses": {"networks": networks},
        "includes": {"interfaces": interfaces()}, "macros": {"interfaces": interfaces()},
    }


def small():
    shapes = [
        "interface {{ name }}\n description {{ peer | default('none') | upper }}",
        "{{ prefix }}.{{ n }}",
        "{% if n is defined and n > 5 %}{{ name }}{% else %}none{% endif %}",
        "{{ items | join(',') }}",
        "{% for i in items %}{{ i }} {% endfor %}",
    ]
    return [[f"{shapes[n % 5]} ! {n}", {"name": f"Ethernet{n}", "n": n, "prefix": "10.0.0", "items": [1, 2, n]}] for n in range(1000)]


def best(runs, run):
    times = []
    for at in range(runs):
        start = time.perf_counter()
        run(at)
        times.append(time.perf_counter() - start)
    return min(times)


def address_filters():
    """Returns the address filter of the collection; empty without it."""
    try:
        from ansible_collections.ansible.utils.plugins.plugin_utils.base import ipaddr_utils
    except ImportError:
        return {}
    return {"ansible.utils.ipaddr": lambda value, query="": ipaddr_utils.ipaddr(value, query)}


def python(files, small, only):
    env = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True, loader=jinja2.FileSystemLoader(FOLDER))
    env.filters.update(address_filters())
    found = {}
    for name, variables in files.items():
        if only not in (None, name) or (name == "addresses" and not address_filters()):
            continue
        text = (FOLDER / f"{name}.j2").read_text()
        loaded = env.from_string(text)
        found[f"{name} sum"] = sum(loaded.render(variables).encode())
        found[f"{name} rendered"] = best(20, lambda at: loaded.render(variables))
        found[f"{name} loaded"] = best(20, lambda at: env.from_string(f"{text}{{# {at} #}}").render(variables))
    if only in (None, "small"):
        loaded = [(env.from_string(text), variables) for text, variables in small]
        found["small rendered"] = best(10, lambda at: [t.render(v) for t, v in loaded]) / len(loaded)
        found["small loaded"] = best(3, lambda at: [env.from_string(f"{t}{{# {at} #}}").render(v) for t, v in small]) / len(loaded)
    return found


def ansible(files, small, only):
    """Renders with ansible-core's Templar, which keeps no compiled templates; empty without it."""
    try:
        from ansible.parsing.dataloader import DataLoader
        from ansible.template import Templar, trust_as_template
    except ImportError:
        return {}
    loader = DataLoader()

    def render(text, variables):
        return Templar(loader=loader, variables=variables).template(trust_as_template(text))

    found = {}
    for name, variables in files.items():
        # It looks for included files on paths that only its own tasks set.
        if only in (None, name) and name not in ("includes", "addresses"):
            text = (FOLDER / f"{name}.j2").read_text()
            found[f"{name} loaded"] = best(3, lambda at: render(f"{text}{{# {at} #}}", variables))
    if only in (None, "small"):
        some = small[:200]
        found["small loaded"] = best(2, lambda at: [render(f"{t}{{# {at} #}}", v) for t, v in some]) / len(some)
    return found


def measured(data, only):
    """Returns what the program of templates.rs prints, by name."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(data, file)
        file.flush()
        command = ["cargo", "bench", "--quiet", "--bench", "templates", "--", file.name, *([only] if only else [])]
        printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return {name: float(value) for name, value in (line.split("\t") for line in printed.splitlines() if "\t" in line)}


def main():
    only = sys.argv[1] if len(sys.argv) > 1 else None
    data = {"files": files(), "small": small()}
    ours = measured(data, only)
    theirs, slow = python(data["files"], data["small"], only), ansible(data["files"], data["small"], only)
    for name in data["files"]:
        sums = {ours.get(f"{name} sum"), theirs.get(f"{name} sum"), ours.get(f"{name} bare sum")} - {None}
        if len(sums) > 1:
            sys.exit(f"the outputs of {name} differ")
    print(f"Jinja2 {jinja2.__version__}, Python {sys.version.split()[0]}; microseconds\n")
    print("| template | lines | | Jinja2 | Ansible's Templar | bare engine | netplay | × Jinja2 | bare × Jinja2 |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    shown = lambda value, digits=0: f"{value:.{digits}f}" if value is not None else "–"
    for name in [*data["files"], "small"]:
        for kind, word in (("rendered", "seen"), ("loaded", "new")):
            mine, jinja, bare = ours.get(f"{name} {kind}"), theirs.get(f"{name} {kind}"), ours.get(f"{name} bare {kind}")
            if mine is None:
                continue
            times = lambda value: shown(jinja / value, 1) if jinja and value else "–"
            micros = lambda value: shown(value and value * 1e6, 1 if name == "small" else 0)
            lines = f"{ours[f'{name} lines']:.0f}" if f"{name} lines" in ours else "1"
            print(f"| {name} | {lines} | {word} | {micros(jinja)} | {micros(slow.get(f'{name} {kind}'))} | {micros(bare)} | {micros(mine)} | {times(mine)} | {times(bare)} |")


if __name__ == "__main__":
    main()
