#!/usr/bin/env python3
"""Records what the parsers of ansible.netcommon make of the cases below: `native`, `parse_cli`, `parse_xml`.

Run it with a Python that has the package `ansible`; it writes cases.json beside itself: for each case its kind, outline
and output, and either `value` or `error`.
"""

import json
import pathlib
import tempfile
import warnings

warnings.simplefilter("ignore")

import yaml
from ansible_collections.ansible.netcommon.plugins.module_utils.cli_parser.cli_parsertemplate import CliParserTemplate
from ansible_collections.ansible.netcommon.plugins.plugin_utils.parse_cli import parse_cli
from ansible_collections.ansible.netcommon.plugins.plugin_utils.parse_xml import parse_xml

CASES = []
VERSION = "Cisco IOS Software, C2960 Software, Version 15.2(4)E6, RELEASE\nrouter1 uptime is 3 weeks, 2 days\nSerial Number: FOC1234\n"
VLANS = "VLAN Name    Status\n1    default active\n10   users   active\n20   voice   suspended\n99   unused  active\n"
INTERFACES = (
    "Ethernet1 is up, line protocol is up\n  Hardware is Fast\n  Internet address is 192.0.2.1/24\n  MTU 1500 bytes\n"
    "Ethernet2 is down, line protocol is down\n  Hardware is Slow\n  MTU 9000 bytes\n  5 input errors\n  7 output errors\n"
    "Loopback0 is up, line protocol is up\n  Hardware is Loopback\n"
)
XML = """<?xml version="1.0"?>
<rpc-reply xmlns:junos="http://xml.example/junos" message-id="7">
  <vlans>
    <vlan kind="a"><name>users</name><vlan-id>10</vlan-id><interface><ifname>ge-0/0/1</ifname><ifname>ge-0/0/2</ifname></interface><state>up</state></vlan>
    <vlan kind="b" x="1"><name>voice &amp; video</name><vlan-id>020</vlan-id><state>down</state></vlan>
    <vlan><name/><vlan-id>30</vlan-id><desc>a<b>c</b>d</desc></vlan>
  </vlans>
  <other><vlan kind="c"><name>deep</name></vlan></other>
</rpc-reply>
"""
SPACES = '<data xmlns="urn:a" xmlns:q="urn:b"><q:item q:k="1">x</q:item><item k="2"> y </item></data>'


def native(outline, output=INTERFACES):
    CASES.append(("native", outline, output))


def cli(outline, output):
    CASES.append(("cli", outline, output))


def xml(outline, output=XML):
    CASES.append(("xml", outline, output))


NAME = "^(?P<name>\\S+)\\sis\\s(?P<state>up|down)"
for shared in ("true", "false"):
    native(f"""
- example: Ethernet1 is up
  getval: '{NAME}'
  result:
    "{{{{ name }}}}":
      name: "{{{{ name }}}}"
      state:
        operating: "{{{{ state }}}}"
        is_up: "{{{{ state == 'up' }}}}"
  shared: {shared}
- getval: '^\\s+Hardware is (?P<hardware>\\w+)'
  result:
    "{{{{ name | default('none') }}}}":
      hardware: "{{{{ hardware }}}}"
- getval: '^\\s+Internet address is (?P<ip>[^/]+)/(?P<len>\\d+)'
  result:
    "{{{{ name }}}}":
      addresses: ["{{{{ ip }}}}", "{{{{ len }}}}", fixed]
      gone: "{{{{ nothing }}}}"
      empty: "{{{{ '' }}}}"
      one: 1
      yes_: true
- getval: '^\\s+(?P<count>\\d+) (?P<what>\\w+) errors'
  result:
    "{{{{ name }}}}":
      errors: "{{{{ count }}}}"
      "{{{{ what }}}}": "{{{{ count }}}}"
""")
native("- getval: '(?P<a>\\w+)'\n  result: {list: ['{{ a }}']}\n", "x\ny\nx\nz\n")
native("- getval: '(?P<n>\\d+)'\n  result: {'{{ n }}': {'n': '{{ n }}', 'm': {'{{ n }}': 5}}}\n", "1\n02\n3\n")
native("- getval: 'a(?P<x>\\d)?'\n  result: {x: '{{ x }}', y: '{{ x is defined }}', z: {w: '{{ x }}'}}\n", "a\n")
native("- getval: 'a(?P<x>\\d)?'\n  result: {x: '{{ x }}', y: '{{ x is defined }}'}\n", "a1\nb\na2\n")
native("- getval: '(?P<v>.*)'\n  result: {v: '{{ v }}'}\n", "[1, 'a', None]\n")
native("- getval: '(?P<v>.*)'\n  result: {v: '{{ v }}'}\n", "{'a': (1, 2)}\n")
native("- getval: '(?P<v>.*)'\n  result: {v: '{{ v }}'}\n", "True\n")
native("- getval: '(?P<v>.*)'\n  result: {v: '{{ v }}'}\n", "0x1F\n")
native("- getval: '(?P<v>.*)'\n  result: {v: '{{ v }}'}\n", "00:1a\n")
native("- getval: '(?P<v>.*)'\n  result: {v: '{{ v }}'}\n", "1.5\n")
native("- getval: '(?P<v>.*)'\n  result: {v: '{{ v | upper }} {{ v }}'}\n", "{{ 1 + 1 }}\n")
native("- getval: '(?P<k>\\w+) (?P<v>\\w+)'\n  result: {'{{ k }}': '{{ v }}', '{{ nope }}': 1}\n", "a b\n")
native("- getval: '('\n  result: {}\n")
native("- getval: 'zzz'\n  result: {}\n")
native("- getval: 'a'\n  result: {x: null, y: [1, {'a': 'b'}]}\n", "a\n")
native("- getval: '(?P<a>.)(?P<b>.)'\n  result: {x: {'{{ a }}': ['{{ b }}']}}\n- getval: '.*'\n  result: {rest: 1}\n", "ab\nac\n\nab\nbd\n")

cli("keys:\n  version:\n    value: '{{ item.version }}'\n    items: '.*, Version (?P<version>[^,]+),'\n", VERSION)
cli("keys:\n  version:\n    value: '{{ item.version }}'\n    items: 'Version (?P<version>\\S+),'\n  plain: {value: 5}\n  text: {value: 'x y'}\n", VERSION)
cli("keys:\n  start:\n    value: '{{ item.word }}'\n    items: '^(?P<word>\\w+)'\n", VERSION)
cli("keys:\n  start:\n    value: '{{ item.word }}'\n    items: '(?P<word>\\w+)'\n", VERSION)
cli("keys:\n  none:\n    value: '{{ item.word }}'\n    items: 'nope (?P<word>\\w+)'\n", VERSION)
cli("keys:\n  none:\n    value: '{{ item.word | default(3) }}'\n    items: 'nope (?P<word>\\w+)'\n", VERSION)
VLAN = "'^(?P<id>\\d+)\\s+(?P<name>\\S+)\\s+(?P<state>active|suspended)$'"
cli(f"vars:\n  vlan:\n    vlan_id: '{{{{ item.id }}}}'\n    name: '{{{{ item.name }}}}'\n    enabled: \"{{{{ item.state != 'act/lshut' }}}}\"\nkeys:\n  vlans:\n    value: '{{{{ vlan }}}}'\n    items: {VLAN}\n  state_static:\n    value: present\n", VLANS)
cli(f"keys:\n  vlans:\n    value: {{key: '{{{{ item.id }}}}', values: {{name: '{{{{ item.name }}}}', n: '{{{{ item.id }}}}', x: fixed}}}}\n    items: {VLAN}\n", VLANS)
cli(f"keys:\n  vlans:\n    value: {{key: '{{{{ item.name }}}}', values: {{id: '{{{{ item.id }}}}', state: '{{{{ item.state }}}}'}}}}\n    items: {VLAN}\n    when: item.value.state == 'active' and item.key != 'default'\n", VLANS)
cli(f"keys:\n  vlans:\n    value: {{id: '{{{{ item.id }}}}', state: '{{{{ item.state }}}}'}}\n    items: {VLAN}\n    when: item.id | int > 5\n", VLANS)
cli("keys:\n  vlans:\n    value: {id: '{{ item.id }}'}\n    items: '^(?P<id>\\d+)'\n", VLANS)
cli("keys:\n  vlans:\n    value: {id: '{{ item.id }}'}\n    items: '^(?P<id>\\d+)(\\s)'\n", VLANS)
cli("keys:\n  vlans:\n    value: {id: '{{ item.id }}'}\n    items: '^\\d+'\n", VLANS)
cli("keys:\n  vlans:\n    value: {id: '{{ item.nope }}'}\n    items: '^(?P<id>\\d+)'\n", VLANS)
cli("keys:\n  vlans:\n    value: {id: '{{ item.x }}{{ item.id }}'}\n    items: '^(?P<x>z)?(?P<id>\\d+)'\n", VLANS)
BLOCKS = "    start_block: '^\\S+ is (up|down)'\n    end_block: '^  (Hardware is Loopback|MTU)'\n"
ITEMS = "    items:\n      - '^(?P<name>\\S+) is (?P<state>\\w+)'\n      - 'Hardware is (?P<hardware>\\w+)'\n      - 'address is (?P<ip>\\S+)'\n      - '(?P<word>\\w+) is'\n"
cli("keys:\n  interfaces:\n    value: {name: '{{ item[0].name }}', hardware: '{{ item[1].hardware }}', ip: '{{ item[2].ip }}', words: '{{ item[3].match_all.word }}', m: '{{ item[0].match }}', s: fixed, n: 4}\n" + BLOCKS + ITEMS, INTERFACES)
cli("keys:\n  interfaces:\n    value:\n      key: '{{ item[0].name }}'\n      values: {state: '{{ item[0].state }}', first: '{{ item[0].match[0] }}', all: '{{ item[3].match_all }}'}\n" + BLOCKS + ITEMS + "  never: {value: 1}\n", INTERFACES)
cli("keys:\n  interfaces:\n    value:\n      key: '{{ item[0].name }}'\n      values: {ip: '{{ item[2].ip }}'}\n" + BLOCKS + ITEMS, INTERFACES)
cli("keys:\n  a: {value: 1}\n  interfaces:\n    value: x\n" + BLOCKS + ITEMS, INTERFACES)
cli("keys: {a: {items: 'x'}}\n", "x")
cli("other: 1\n", "x")
cli("keys:\n  a:\n    value: {x: '{{ item.x }}'}\n    items: '('\n", "x")

xml("vars:\n  vlan:\n    vlan_id: '{{ item.vlan_id }}'\n    name: '{{ item.name }}'\n    ports: '{{ item.ports }}'\nkeys:\n  vlans:\n    value: '{{ vlan }}'\n    top: vlans/vlan\n    items:\n      vlan_id: vlan-id\n      name: name\n      ports: interface/ifname\n  static: {value: here}\n")
for top in ["vlans/vlan", ".//vlan", "*/vlan", "vlans/*", "other//vlan", ".", "./vlans/vlan[@kind]", "vlans/vlan[@kind='a']", "vlans/vlan[name]", "vlans/vlan[state='up']", "vlans/vlan[2]", "vlans/vlan[last()]", "vlans/vlan[last()-1]", "vlans/vlan/..", "vlans/vlan[@kind!='a']", "vlans/vlan[name!='users']", "nope", "/vlans", "vlans//name/..", "vlans/vlan[@kind][2]", "vlans/", ".//vlan[1]", "vlans/vlan[.='x']"]:
    xml(f"keys:\n  r:\n    value: {{n: '{{{{ item.n }}}}', k: '{{{{ item.k }}}}', d: '{{{{ item.d }}}}'}}\n    top: \"{top}\"\n    items: {{n: name, k: \".[@kind]\", d: desc}}\n")
xml("keys:\n  r:\n    value: {key: '{{ item.id }}', values: {name: '{{ item.n }}', p: '{{ item.p }}'}}\n    top: vlans/vlan\n    items: {id: vlan-id, n: name, p: 'interface/ifname'}\n")
xml("keys:\n  r:\n    value: {key: '{{ item.n }}', values: {id: '{{ item.id }}'}}\n    top: vlans/vlan\n    items: {id: vlan-id, n: name}\n    when: item.value.id != 10\n")
xml("keys:\n  r:\n    value: {id: '{{ item.id }}'}\n    top: vlans/vlan\n    items: {id: vlan-id}\n    when: item.id == 10\n")
xml("keys:\n  r:\n    value: '{{ item.n }}-{{ item.id }}'\n    top: vlans/vlan\n    items: {id: vlan-id, n: name}\n")
xml("keys:\n  r:\n    value: '{{ item.n }}'\n    top: vlans/vlan\n    items: {n: 'name[['}\n")
xml("keys:\n  r:\n    value: '{{ item.n }}'\n    top: '{urn:a}item'\n    items: {n: '.', k: '.[@k]'}\n", SPACES)
xml("keys:\n  r:\n    value: '{{ item.k }}'\n    top: '{urn:b}item'\n    items: {n: '.', k: '.[@{urn:b}k]'}\n", SPACES)
xml("keys:\n  r:\n    value: '{{ item.n }}'\n    top: '{*}item'\n    items: {n: '.'}\n", SPACES)
xml("keys: {r: {value: 1}}\n", "<a><b></a>")
xml("keys: {r: {value: 1}}\n", "no xml")
xml("keys: {r: {value: 1}}\n", "<a/><b/>")
xml("keys:\n  r:\n    value: '{{ item.n }}'\n    items: {n: name}\n")


def answer(kind, outline, output):
    if kind == "native":
        parser = CliParserTemplate(lines=output.splitlines())
        parser.PARSERS = yaml.safe_load(outline)
        return parser.parse()
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        file.write(outline)
        file.flush()
        return (parse_cli if kind == "cli" else parse_xml)(output, file.name)


def main():
    rows = []
    for kind, outline, output in CASES:
        row = {"kind": kind, "outline": outline, "output": output}
        try:
            row["value"] = json.loads(json.dumps(answer(kind, outline, output)))
        except Exception as error:  # whatever it is, the answer is "an error"
            row["error"] = str(error)[:200]
        rows.append(row)
    path = pathlib.Path(__file__).parent / "cases.json"
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(rows)} cases, {sum('error' in row for row in rows)} errors")


if __name__ == "__main__":
    main()
