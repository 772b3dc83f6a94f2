#!/usr/bin/env python3
"""Records what Python's ttp makes of the cases below.

Run it with a Python that has ttp 0.10; it writes cases.json beside itself: for each case its name, template and output,
and its `value`.
"""

import json
import logging
import pathlib

from ttp import ttp

logging.disable(logging.CRITICAL)
CASES = []

CONFIG = """hostname r1
!
interface Loopback0
 description router id
 ip address 192.0.2.1 255.255.255.255
!
interface GigabitEthernet0/1
 description to core one
 switchport trunk allowed vlan 10,20-23,30
 switchport trunk allowed vlan add 40
 ip address 198.51.100.1 255.255.255.0
 mtu 9000
!
interface GigabitEthernet0/2
 shutdown
!
router bgp 65001
 neighbor 192.0.2.2 remote-as 65002
 neighbor 192.0.2.2 description peer two
 address-family ipv4 unicast
  neighbor 192.0.2.2 activate
  neighbor 192.0.2.3 activate
 exit-address-family
 address-family ipv6 unicast
  neighbor 2001:db8::1 activate
 exit-address-family
!
end
"""
ARP = """Protocol  Address     Age (min)  Hardware Addr   Type   Interface
Internet  10.12.13.1        98   0950.5785.5cd1  ARPA   FastEthernet2.13
Internet  10.12.13.3       131   0150.7685.14d5  ARPA   GigabitEthernet2.13
Internet  10.12.13.4         -   0950.5C8A.5c41  ARPA   GigabitEthernet2.17
"""
LOG = "start one\nfirst line of text\nsecond line\nstart two\nthird line\nend\nstray\n"


def case(name, template, output=CONFIG):
    CASES.append((name, template, output))


def body(lines, head="<group name='interfaces*'>\ninterface {{ name }}\n"):
    return f"{head}{lines}\n</group>"


case("lines alone", "interface {{ name }}\n description {{ text | PHRASE }}\n")
case("lines alone, one match", "hostname {{ hostname }}\n")
case("lines alone, no match", "nothing {{ x }}\n")
case("group", body(" description {{ text | ORPHRASE }}\n ip address {{ ip }} {{ mask }}"))
case("group without a star", "<group name='interfaces'>\ninterface {{ name }}\n mtu {{ mtu }}\n</group>")
case("group that comes once", "<group name='bgp'>\nrouter bgp {{ asn }}\n</group>")
case("group without a name", "<group>\ninterface {{ name }}\n mtu {{ mtu }}\n</group>")
case("two groups", "<group name='host'>\nhostname {{ hostname }}\n</group>\n<group name='interfaces*'>\ninterface {{ name }}\n</group>")
case("two groups, one without a name", "<group>\nhostname {{ hostname }}\n</group>\n<group name='interfaces*'>\ninterface {{ name }}\n</group>")
case("group by a match", "<group name='interfaces.{{ name }}'>\ninterface {{ name }}\n description {{ text | PHRASE }}\n mtu {{ mtu | to_int }}\n</group>")
case("deep path", "<group name='a.b.{{ name }}.c'>\ninterface {{ name }}\n mtu {{ mtu }}\n</group>")
case("deep path with a star", "<group name='a*.b'>\ninterface {{ name }}\n mtu {{ mtu }}\n</group>")
case("two stars", "<group name='a**.{{ name }}**'>\ninterface {{ name }}\n mtu {{ mtu }}\n</group>")
case("null path", "<group name='interfaces.{{ name }}'>\ninterface {{ name }}\n<group name='_'>\n mtu {{ mtu }}\n</group>\n</group>")
BGP = "<group name='bgp'>\nrouter bgp {{ asn }}\n<group name='peers*'>\n neighbor {{ peer }} remote-as {{ peer_as }}\n neighbor {{ ignore }} description {{ text | PHRASE }}\n</group>\n"
case("group in a group", BGP + "</group>")
case("groups in groups", BGP + "<group name='families.{{ family }}'>\n address-family {{ family }} {{ sub }}\n<group name='active*'>\n  neighbor {{ peer }} activate\n</group>\n exit-address-family {{ _end_ }}\n</group>\n</group>")
case("absolute path", "<group name='bgp'>\nrouter bgp {{ asn }}\n<group name='/peers*'>\n neighbor {{ peer }} remote-as {{ peer_as }}\n</group>\n</group>")
case("tail", "<group name='bgp'>\nrouter bgp {{ asn }}\n<group name='peers*'>\n neighbor {{ peer }} remote-as {{ peer_as }}\n</group>\n address-family {{ family }} unicast\n</group>")
case("default of a variable", body(" mtu {{ mtu | default(1500) }}\n description {{ text | PHRASE | default('none') }}"))
case("default without a value", body(" mtu {{ mtu | default }}"))
case("default of a group", "<group name='interfaces*' default='-'>\ninterface {{ name }}\n mtu {{ mtu }}\n ip address {{ ip }} {{ mask }}\n</group>")
case("default where nothing starts", "<group name='vrf'>\nvrf {{ name | default('global') }}\n rd {{ rd }}\n</group>")
case("set by a line", body(" shutdown {{ disabled | set(True) }}\n mtu {{ mtu }}"))
case("set by a line, text", body(" shutdown {{ state | set('down') }}"))
case("set always", body(" {{ vendor | set('cisco') }}\n mtu {{ mtu }}"))
case("set by a variable", "<vars>\nsite = 'x1'\n</vars>\n" + body(" {{ site | set('site') }}\n shutdown {{ at | set('site') }}"))
case("variables in the result", "<vars name='about.vars'>\nsite = 'x1'\nlist = [1, 2,\n  'a']\n</vars>\n" + body(""))
case("variables as JSON", "<vars load='json'>{\"site\": {\"a\": 1}}</vars>\n" + body(" {{ site | set('site') }}"))
case("variables as YAML", "<vars load='yaml'>\nsite: [1, 2]\n</vars>\n" + body(" {{ site | set('site') }}"))
case("variable as a pattern", "<vars>\nname_re = 'Gi\\\\S+'\n</vars>\n<group name='i*'>\ninterface {{ name | re('name_re') }}\n</group>")
case("joined", body(" switchport trunk allowed vlan {{ vlans | joinmatches(',') }}\n switchport trunk allowed vlan add {{ vlans | joinmatches(',') }}"))
case("joined by lines", "<group>\ninterface {{ names | joinmatches }}\n</group>")
case("joined lists", body(" switchport trunk allowed vlan {{ vlans | unrange('-', ',') | split(',') | joinmatches }}\n switchport trunk allowed vlan add {{ vlans | unrange('-', ',') | split(',') | joinmatches }}"))
case("unrange", body(" switchport trunk allowed vlan {{ vlans | unrange(rangechar='-', joinchar=',') }}"))
case("contains in a line", "<group name='i*'>\ninterface {{ name | contains('Gigabit') }}\n mtu {{ mtu }}\n</group>")
case("exclude in a line", "<group name='i*'>\ninterface {{ name | exclude('Loopback') }}\n description {{ text | PHRASE }}\n</group>")
case("not in a line", body(" description {{ text | PHRASE | exclude('core') }}\n mtu {{ mtu | equal('9000') }}"))
case("expressions of a line", body(" description {{ text | PHRASE | contains_re('c.re') | upper }}"))
case("starts with", "<group name='i*'>\ninterface {{ name | startswith_re('Gi.*/2') }}\n</group>")
case("numbers", body(" mtu {{ mtu | isdigit | greaterthan('1500') | to_int }}"))
case("less", body(" mtu {{ mtu | lessthan('1500') }}"))
for function in ["upper", "lower", "title", "capitalize", "swapcase", "strip('r')", "replace('o', '0')", "resub('o', '0')", "resub('o', '0', 5)", "resuball('[aeiou]')", "resuball('_', '[aeiou]', 'r')", "replaceall('_', 'o', 'r')", "split", "split('o')", "truncate(2)", "append('!')", "prepend('&gt;')", "append('!') | prepend('&gt;')", "sformat('[{}]')", "item(0)", "item(-1)", "split | item(1)", "split | item(9)", "split | item(-9)", "split | join('-')", "to_list", "to_str", "to_list | append('x')", "let('x', 'y')", "let('gone')", "copy('again')", "notequal('router id')", "notdigit", "endswith_re('e')", "notstartswith_re('r')", "notendswith_re('e')", "exclude_re('^r')", "startswith('r')", "zfill(12)", "void"]:
    case(f"function {function}", body(f" description {{{{ text | PHRASE | {function} }}}}"))
case("addresses", body(" ip address {{ ip | IP | is_ip }} {{ mask | to_cidr }}"))
case("no address", body(" description {{ text | is_ip }}"))
case("patterns", "<group name='arp*'>\nInternet  {{ ip | IP }}  {{ age | re('\\\\d+') }}   {{ mac | MAC }}  ARPA   {{ interface }}\n</group>", ARP)
case("two lines of one kind", "<group name='arp*'>\nInternet  {{ ip | IP }}  {{ age | DIGIT }}   {{ mac | mac_eui }}  ARPA   {{ interface }}\nInternet  {{ ip | IP }}         {{ age }}   {{ mac }}  ARPA   {{ interface | _start_ }}\n</group>", ARP)
case("table", "<group name='arp*' method='table'>\nInternet  {{ ip | IP }}  {{ age | DIGIT }}   {{ mac }}  ARPA   {{ interface }}\nInternet  {{ ip | IP }}  -   {{ mac }}  ARPA   {{ interface }}\n</group>", ARP)
case("headers and a row", "<group name='arp*'>\n{{ protocol | exclude(Protocol) }}  {{ ip | IP }}  {{ age }}   {{ mac }}  {{ kind | WORD }}   {{ interface }}\n</group>", ARP)
case("start and end", "<group name='g*'>\nstart {{ name }}\nend {{ _end_ }}\n{{ first }} line {{ ignore('.*') }}\n</group>", LOG)
case("start without a value", "<group name='bgp'>\nrouter bgp {{ _start_ }}\n neighbor {{ peer }} remote-as {{ asn }}\n</group>", CONFIG.replace("router bgp 65001", "router bgp"))
case("any line", "<group name='g*'>\nstart {{ name }}\n{{ text | _line_ }}\nend {{ _end_ }}\n</group>", LOG)
case("any line with a condition", "<group name='g*'>\nstart {{ name }}\n{{ text | _line_ | contains('second', 'third') }}\n</group>", LOG)
case("any line, joined", "<group name='g*'>\nstart {{ name }}\n{{ text | _line_ | joinmatches(' / ') }}\nend {{ _end_ }}\n</group>", LOG)
case("exactly", "<group name='i*'>\ninterface GigabitEthernet0/{{ port | _exact_ }}\n</group>")
case("digits are any", "<group name='i*'>\ninterface GigabitEthernet7/{{ port }}\n</group>")
case("exact blanks", "<group name='i*'>\n mtu  {{ mtu | _exact_space_ }}\n</group>")
case("ignored", "<group name='i*'>\ninterface {{ ignore }}\n ip address {{ ip }} {{ ignore }}\n</group>")
case("ignored by a pattern", "<group name='i*'>\ninterface {{ name }}\n description {{ ignore(PHRASE) }}\n mtu {{ mtu }}\n</group>")
case("comments", "<doc>words {{ no }}</doc>\n<group name='i*'>\n## interface {{ no }}\ninterface {{ name }}\n</group>")
case("entities", "<group name='i*'>\n&lt;{{ name }}&gt; {{ value }}\n</group>", "<a> 1\n<b> 2\n")
case("dots in names", "<group name='i*' expand=''>\ninterface {{ name }}\n ip address {{ ip.address }} {{ ip.mask }}\n</group>")
case("contains of a group", "<group name='i*' contains='ip'>\ninterface {{ name }}\n ip address {{ ip }} {{ mask }}\n mtu {{ mtu | default(1) }}\n</group>")
case("contains what is default", "<group name='i*' contains='mtu'>\ninterface {{ name }}\n mtu {{ mtu | default('1') }}\n</group>")
case("containsall of a group", "<group name='i*' containsall='ip, mtu'>\ninterface {{ name }}\n ip address {{ ip }} {{ mask }}\n mtu {{ mtu }}\n</group>")
case("exclude of a group", "<group name='i*' exclude='ip'>\ninterface {{ name }}\n ip address {{ ip }} {{ mask }}\n</group>")
case("excludeall of a group", "<group name='i*' excludeall='ip, mtu'>\ninterface {{ name }}\n ip address {{ ip }} {{ mask }}\n mtu {{ mtu }}\n</group>")
case("values of a group", "<group name='i*' contains_val=\"mtu, '9000'\">\ninterface {{ name }}\n mtu {{ mtu }}\n</group>")
case("functions of a group", "<group name='i*' functions='contains(ip) | del(mask) | to_int(mtu)'>\ninterface {{ name }}\n ip address {{ ip }} {{ mask }}\n mtu {{ mtu }}\n</group>")
case("all to numbers", "<group name='i*' to_int=''>\ninterface {{ name }}\n mtu {{ mtu }}\n</group>")
case("set in a group", "<group name='i*' set=\"vendor, kind, 'cisco'\">\ninterface {{ name }}\n</group>")
case("void group", "<group name='i*' void=''>\ninterface {{ name }}\n</group>\n<group name='h'>\nhostname {{ h }}\n</group>")
case("itemize", "<group name='names' itemize='name'>\ninterface {{ name }}\n</group>")
case("items to a dictionary", "<group name='peers*' items2dict='peer, asn'>\n neighbor {{ peer }} remote-as {{ asn }}\n</group>")
case("recorded", "<group name='h'>\nhostname {{ h | record('host') }}\n</group>\n<group name='i*'>\ninterface {{ name }}\n{{ host | set('host') }}\n</group>")
case("recorded in a path", "<group name='h'>\nhostname {{ h | record('host') }}\n</group>\n<group name='{{ host }}.i*'>\ninterface {{ name }}\n</group>")
case("per template", "<template results='per_template'>\n<group name='i*'>\ninterface {{ name }}\n</group>\n</template>")
case("whole template", "<template>\n<group name='i*'>\ninterface {{ name }}\n</group>\n</template>")
case("two starts", "<group name='x*'>\nhostname {{ host | _start_ }}\ninterface {{ name | _start_ }}\n mtu {{ mtu }}\n</group>")
case("siblings with one start", "<group name='a*'>\ninterface {{ name }}\n mtu {{ mtu }}\n</group>\n<group name='b*'>\ninterface {{ name }}\n shutdown {{ down | set(True) }}\n</group>")
case("children with one start", "<group name='bgp'>\nrouter bgp {{ asn }}\n<group name='a*'>\n neighbor {{ peer }} remote-as {{ asn }}\n</group>\n<group name='b*'>\n neighbor {{ peer }} description {{ text | PHRASE }}\n</group>\n</group>")
case("windows line ends", body(" mtu {{ mtu }}"), CONFIG.replace("\n", "\r\n"))
case("empty output", body(" mtu {{ mtu }}"), "")


def main():
    rows = []
    for name, template, output in CASES:
        parser = ttp(data=output or "\n", template=template)
        parser.parse(one=True)
        rows.append({"name": name, "template": template, "output": output or "\n", "value": json.loads(json.dumps(parser.result()))})
    path = pathlib.Path(__file__).parent / "cases.json"
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(rows)} cases")


if __name__ == "__main__":
    main()
