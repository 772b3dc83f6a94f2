#!/usr/bin/env python3
"""Makes random TTP templates with outputs, and records what Python's ttp makes of them.

    generate.py [COUNT [SEED]]

Run it with a Python that has ttp 0.10; it writes generated.json beside itself, as record.py does. The same seed gives the same
cases. Outputs are configurations whose lines come and go; templates have groups in groups, paths, patterns and functions.
"""

import json
import logging
import pathlib
import random
import sys

from ttp import ttp

logging.disable(logging.CRITICAL)

NAMES = ["Loopback0", "Gi0/1", "Gi0/2", "Vlan10", "Po1"]
TEXTS = ["to core", "uplink", "a b c", "-- x --", "customer: 7", "spare"]
# A line of an interface: what it looks like, with a value, and what a template has in its place.
LINES = [
    ("description {}", TEXTS, ["description {{ text | PHRASE }}", "description {{ text | ORPHRASE }}", "description {{ text | re('.*') }}",
                               "description {{ text | PHRASE | upper }}", "description {{ text | ROW }}", "description {{ text }}",
                               "description {{ text | ORPHRASE | replace('o', '0') }}", "description {{ text | _line_ }}"]),
    ("mtu {}", ["1500", "9000", "1492"], ["mtu {{ mtu }}", "mtu {{ mtu | DIGIT }}", "mtu {{ mtu | to_int }}", "mtu {{ mtu | DIGIT | to_str }}",
                                        "mtu {{ mtu | equal('9000') }}", "mtu {{ mtu | contains('9') }}", "mtu {{ mtu | notequal('1500') }}",
                                        "mtu {{ mtu | default('none') }}"]),
    ("ip address {}", ["192.0.2.1 255.255.255.0", "198.51.100.7 255.255.255.252", "dhcp"],
     ["ip address {{ ip | IP }} {{ mask }}", "ip address {{ ip }} {{ mask }}", "ip address {{ ip | IP }} {{ ignore }}", "ip address {{ ip | ORPHRASE }}",
      "ip address {{ ignore('\\\\S+') }} {{ mask | IP }}"]),
    ("switchport trunk allowed vlan {}", ["10,20-23", "add 40", "1-3"],
     ["switchport trunk allowed vlan {{ vlans | joinmatches(',') }}", "switchport trunk allowed vlan {{ vlans | unrange('-', ',') }}",
      "switchport trunk allowed vlan {{ vlans | ORPHRASE | joinmatches }}", "switchport trunk allowed vlan {{ vlans | split(',') }}",
      "switchport trunk allowed vlan add {{ vlans | joinmatches(',') }}"]),
    ("shutdown{}", [""], ["shutdown {{ down | set(True) }}", "shutdown {{ down | set('yes') }}", "{{ down | let('off') | re('shutdown') }}"]),
    ("encapsulation dot1q {}", ["10", "20"], ["encapsulation dot1q {{ tag }}", "encapsulation {{ kind }} {{ tag | DIGIT }}", "encapsulation dot1q {{ tag | append('x') }}"]),
]
STARTS = ["interface {{ name }}", "interface {{ name }}", "interface {{ name | _start_ }}", "interface {{ name | contains('Gi') }}", "interface {{ name | exclude('Vlan') }}",
          "interface {{ name | WORD }}", "interface {{ name | startswith_re('G') }}", "interface {{ name | lower }}"]
GROUPS = ["interfaces", "interfaces*", "interfaces.{{ name }}", "a.b", "a.b*", "a*.b", "interfaces**", "interfaces.{{ name }}*", "a.{{ name }}.c"]
ATTRIBUTES = ["", "", "", "", " default=\"none\"", " contains=\"mtu\"", " method=\"table\"", " exclude=\"down\"", " containsall=\"mtu, text\"", " void=\"\"",
              " to_int=\"mtu\"", " del=\"mask\"", " set=\"'x', 'kind'\"", " excludeall=\"down, mtu\""]
NEIGHBORS = ["192.0.2.2", "192.0.2.3", "2001:db8::1"]


def output(rng):
    lines = ["hostname r1"]
    for name in rng.sample(NAMES, rng.randint(1, 4)):
        lines += ["!"] * (rng.random() < 0.7) + [f"interface {name}"]
        for form, values, _ in rng.sample(LINES, rng.randint(0, 5)):
            lines += [" " + form.format(rng.choice(values)) for _ in range(2 if rng.random() < 0.15 else 1)]
    if rng.random() < 0.6:
        lines += ["!", "router bgp 65001"]
        for family in rng.sample(["ipv4", "ipv6"], rng.randint(0, 2)):
            lines.append(f" address-family {family}")
            lines += [f"  neighbor {peer} remote-as {rng.randint(65001, 65009)}" for peer in rng.sample(NEIGHBORS, rng.randint(0, 3))]
            lines += [" exit-address-family"] * (rng.random() < 0.7)
    return "\n".join(lines + ["!", "end"] * (rng.random() < 0.5)) + "\n" * (rng.random() < 0.9)


def interface(rng):
    chosen = [rng.choice(forms) for _, _, forms in rng.sample(LINES, rng.randint(0, 4))]
    lines = [rng.choice(STARTS)] + [" " + form for form in chosen]
    if rng.random() < 0.25:
        lines.append("{{ _end_ }}" if rng.random() < 0.1 else "! {{ _end_ }}")
    return lines


def bgp(rng):
    inner = ["  neighbor {{ peer }} remote-as {{ asn" + rng.choice([" ", " | to_int ", " | DIGIT "]) + "}}"]
    path = rng.choice(["peers*", "peers", "peers.{{ peer }}", "/peers*", "peers**"])
    family = [f'<group name="{path}">'] + inner + ["</group>"] if rng.random() < 0.7 else inner
    name = rng.choice(["family", "family*", "family.{{ afi }}", "families.{{ afi }}*"])
    head = [f'<group name="{name}"{rng.choice(ATTRIBUTES[:5])}>', " address-family {{ afi }}"]
    end = [" exit-address-family {{ _end_ }}"] if rng.random() < 0.5 else []
    return ["router bgp {{ bgp_as }}"] + head + family + end + ["</group>"]


def template(rng):
    lines = []
    if rng.random() < 0.3:
        # A line outside of all groups is refused where there are groups.
        lines += ['<group name="system">', "hostname {{ hostname | " + rng.choice(["WORD", "upper", "record('host')"]) + " }}", "</group>"]
    if rng.random() < 0.85:
        name = f' name="{rng.choice(GROUPS)}"' if rng.random() < 0.9 else ""
        lines += [f"<group{name}{rng.choice(ATTRIBUTES)}>"] + interface(rng) + ["</group>"]
    if rng.random() < 0.45 or not lines:
        lines += [f'<group name="{rng.choice(["bgp", "bgp*", "bgp.{{ bgp_as }}", "routing.bgp"])}">'] + bgp(rng) + ["</group>"]
    if lines and not any("<group" in line for line in lines):
        lines += [" mtu {{ mtu }}"]
    return "\n".join(lines) + "\n"


def value(text, said):
    parser = ttp(data=said, template=text)
    parser.parse(one=True)
    return json.loads(json.dumps(parser.result()))


def main():
    count = int(sys.argv[1]) if sys.argv[1:] else 500
    rng = random.Random(int(sys.argv[2]) if sys.argv[2:] else 1)
    rows = []
    for number in range(count):
        text, said = template(rng), output(rng)
        try:
            rows.append({"name": f"generated {number}", "template": text, "output": said, "value": value(text, said)})
        except Exception:  # A fault of ttp's own.
            continue
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (pathlib.Path(__file__).parent / "generated.json").write_text(f"[\n{lines}\n]\n")
    print(len(rows), "cases,", sum(1 for row in rows if row["value"] not in ([[]], [[{}]], [{}])), "with a value")


if __name__ == "__main__":
    main()
