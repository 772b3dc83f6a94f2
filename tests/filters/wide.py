#!/usr/bin/env python3
"""Writes wide.txt: every filter and test of a collection with values that fit it and with every kind that does not.

    python tests/filters/wide.py && python tests/filters/record.py wide
"""

import pathlib

# What fits no filter, or fits it oddly.
ODD = ["none", "true", "0", "-1", "2.5", "''", "'x'", "[]", "['a', 1, none]", "{}", "{'a': 1}", "[[1]]", "nope", "(2 ** 65)"]

NETS = ["'10.0.0.5/24'", "'10.0.0.0/30'", "'10.0.0.1'", "'255.255.255.255/32'", "'10.0.0.0/31'", "'2001:db8::5/124'", "'::1'", "'fe80::/126'", "['10.0.0.5/24', 'x', '2001:db8::1']", "'10.0.0.5/255.255.255.0'", "3232235777"]
KEYED = "[{'a_x': 1, 'b_y': 2}, {'b_y': 3}]"
KEYS = ["['a_x']", "'a_x'", "['a', 'b'], 'starts_with'", "['y'], 'ends_with'", "['_'], 'regex'", "[], 'equality'", "['a_x'], 'nope'", "5", "none"]
BEFORE = ["[{'before': 'a_x', 'after': 'X'}]", "[{'before': '_y', 'after': 'Y'}], 'ends_with'", "[{'before': '^a', 'after': 'Z'}], 'regex'", "[{'after': 'X'}]", "[]", "5"]
DEEP = "{'a': {'b': [1, {'c': none}], 'a.b': 2}, 'l': [], 'd': {}}"
LISTS = "[[1, 2, 'a'], [2, 3, 'a'], [2, 'a', none]]"
INI = "'[a]\\nx = 1\\ny : z\\n[b]\\n# c\\n; d\\nk = v ; no\\n'"

# A filter: values that fit, and the arguments to try each with.
FILTERS = {
    "ansible.utils.macaddr": (["'1a:1b:1c:1d:1e:1f'", "'1a1b.1c1d.1e1f'", "'1A-1B-1C-1D-1E-1F'"], ["", "'cisco'", "'linux'", "'unix'", "'bare'", "'bool'", "'int'", "'eui48'", "'nope'", "'win'", "'pgsql'"]),
    "ansible.utils.hwaddr": (["'1a:1b:1c:1d:1e:1f'", "'1a1b1c1d1e1f'", "'00:00:00:00:00:00'"], ["", "'cisco'", "'linux'", "'bare'", "'bool'", "'int'", "'nope'", "'psql'"]),
    "ansible.utils.previous_nth_usable": (NETS, ["1", "0", "300"]),
    "ansible.utils.next_nth_usable": (NETS, ["1", "2", "300", "-1"]),
    "ansible.utils.reduce_on_network": (["['10.0.0.5', '10.0.1.5', '10.0.0.128/25', 'x', '2001:db8::5']", "'10.0.0.5'", "['10.0.0.0/16']"], ["'10.0.0.0/24'", "'2001:db8::/32'", "'x'", "5"]),
    "ansible.utils.network_in_network": (NETS, ["'10.0.0.9'", "'10.0.0.0/25'", "'x'"]),
    "ansible.utils.network_in_usable": (NETS, ["'10.0.0.9'", "'10.0.0.0'", "'10.0.0.255'"]),
    "ansible.utils.slaac": (["'2001:db8::/64'", "'2001:db8::5/64'", "'10.0.0.0/24'", "'2001:db8::/65'"], ["'1a:1b:1c:1d:1e:1f'", "'1a1b.1c1d.1e1f'", "'x'", "none"]),
    "ansible.utils.ip4_hex": (["'10.0.0.255'", "'255.255.255.255'", "'0.0.0.0'", "'10.0.0.1/24'", "'2001:db8::1'"], ["", "':'", "'.'"]),
    "ansible.utils.ipv6form": (["'2001:db8::5'", "'2001:db8:0:0:0:0:0:5'", "'::'", "'10.0.0.1'"], ["'expand'", "'compress'", "'x509'", "'nope'"]),
    "ansible.utils.nthhost": (NETS, ["1", "-1", "'2'", "1000"]),
    "ansible.utils.ipv4": (NETS, ["", "'address'", "'net'", "'private'"]),
    "ansible.utils.ipv6": (NETS, ["", "'address'", "'prefix'", "'link-local'"]),
    "ansible.utils.ipwrap": (NETS, ["", "'address'", "'host'"]),
    "ansible.utils.usable_range": (NETS, [""]),
    "ansible.utils.cidr_merge": (["['10.0.0.0/25', '10.0.0.128/25', '10.0.0.7']", "['2001:db8::/33', '2001:db8:8000::/33']", "['10.0.0.0/24', '2001:db8::/32']", "'10.0.0.0/24'"], ["", "'merge'", "'span'", "'nope'"]),
    "ansible.utils.ipcut": (["'2001:db8::5'", "'192.168.10.20'", "'::'"], ["2", "-2", "8", "0", "'x'", "100"]),
    "ansible.utils.ipmath": (["'10.0.0.5'", "'10.0.0.5/24'", "'2001:db8::5'", "'255.255.255.250'", "'::'"], ["5", "-5", "300", "'7'", "2.5"]),
    "ansible.utils.replace_keys": ([KEYED, "{'a_x': {'a_x': 1}}"], ["target=" + item.replace("], '", "], matching_parameter='") for item in BEFORE]),
    "ansible.utils.remove_keys": ([KEYED, "{'a_x': {'a_x': 1}, 'b_y': [1]}"], ["target=" + item.replace("], '", "], matching_parameter='") for item in KEYS]),
    "ansible.utils.keep_keys": ([KEYED, "{'a_x': {'a_x': 1}, 'b_y': [1]}"], ["target=" + item.replace("], '", "], matching_parameter='") for item in KEYS]),
    "ansible.utils.param_list_compare": (["['a', 'b', 'c']", "['all']"], ["['all']", "['a', '!b']", "['!a']", "['x']", "[]", "'a'"]),
    "ansible.utils.to_paths": ([DEEP, "[1, [2, {'a': 3}]]"], ["", "prepend='p'", "wantlist=true", "prepend=5"]),
    "ansible.utils.get_path": ([DEEP], ["path='a.b[0]'", "path='a.b[1].c'", "path=\"a['a.b']\"", "path='l'", "path='nope.x'", "path='a.b[9]'", "path='a.b', wantlist=true", "path=''", "path='[0]'", "path=5"]),
    "ansible.utils.consolidate": ([], []),
    "ansible.utils.fact_diff": ([DEEP, "'a\\nb\\n'", "[1, 2]"], ["{'a': 1}", "'a\\nc\\n'", "[2, 1]", "none"]),
    "ansible.utils.to_xml": (["{'a': {'b': [1, 2], 'c': none}}", "{'a': '<&>'}", "{'a': 1, 'b': 2}", "{'a': {'@x': 'y', '#text': 'z'}}", "{'a': true}"], ["", "'xmltodict'", "indent='spaces', indent_width=2", "full_document=false"]),
    "ansible.utils.from_xml": (["'<a><b>1</b><b>2</b><c/></a>'", "'<a x=\"1\">t</a>'", "'<a>'", "'<a><![CDATA[<x>]]></a>'"], ["", "'xmltodict'", "'nope'"]),
    "ansible.utils.index_of": (["[1, 'a', 2, 1]", "[{'n': 1}, {'n': 2}, {'m': 1}]"], ["'eq', 1", "'==', 9", "'gt', 1", "'in', ['a']", "'match', 'a'", "'eq', 1, 'n'", "'eq', 1, 'n', fail_on_missing=true", "'eq', 1, wantlist=true", "'true'", "'nope', 1", "'!eq', 1"]),
    "ansible.netcommon.comp_type5": (["'secret'", "'x'"], ["'$1$abcdefgh$6kWx8cHbNSCoyXbxgNHuD1'", "'$1$abcdefgh$x'", "'$1$abcdefgh$6kWx8cHbNSCoyXbxgNHuD1', true", "'nope'", "none"]),
    "ansible.netcommon.hash_salt": (["'$1$abcdefgh$6kWx8cHbNSCoyXbxgNHuD1'", "'$5$rounds=1000$salt$x'", "'$6$salt$x'", "'nope'", "'$1$'", "'$9$x'"], [""]),
    "ansible.netcommon.type5_pw": (["'secret'", "'s p ä'", "''"], ["'abcd'", "'abcdefgh'", "'x'", "'$$$$'", "'abcdefghi'", "5"]),
    "ansible.netcommon.vlan_expander": (["'1,5-8,10'", "'1'", "'5-3'", "'1-3,2-4'", "'a-b'", "'1,,2'", "'1 - 3'", "'4094-4095'"], [""]),
    "ansible.netcommon.vlan_parser": (["[1, 2, 3, 5, 7, 8]", "range(1, 60, 2) | list", "['3', '4', 4]", "[4095]", "[0]", "[5, 5, 5]", "range(1, 4095) | list"], ["", "20", "20, 30", "1, 1", "'x'"]),
    "community.general.dict_kv": (["'v'", "1", "[1]"], ["'k'", "1", "none", "[1]"]),
    "community.general.lists_difference": ([LISTS, "[1, 2, 2]"], ["", "[2]", "[2], [3]", "[1], flatten=true", "'x'"]),
    "community.general.lists_intersect": ([LISTS, "[1, 2, 2]"], ["", "[2]", "[2], [2, 3]", "[2], flatten=true", "'x'"]),
    "community.general.lists_symmetric_difference": ([LISTS, "[1, 2, 2]"], ["", "[2]", "[2], [3]", "[1], flatten=true", "'x'"]),
    "community.general.lists_union": ([LISTS, "[1, 2, 2]"], ["", "[2]", "[2], [3]", "[1], flatten=true", "'x'"]),
    "community.general.remove_keys": ([KEYED, "[{'a_x': 1}, 5]"], KEYS),
    "community.general.keep_keys": ([KEYED, "[{'a_x': 1}, 5]"], KEYS),
    "community.general.replace_keys": ([KEYED, "[{'a_x': 1}, 5]"], BEFORE),
    "community.general.to_time_unit": (["'90min'", "'1h 30m'", "'3weeks 2days'", "'1y'", "'5'", "'1.5h'", "'-1h'"], ["'h'", "'s'", "'ms'", "'years'", "'nope'"]),
    "community.general.to_seconds": (["'90min'", "'1h 30m 5s 7ms'", "'2mo'"], [""]),
    "community.general.crc32": (["'test'", "'Grüße'", "'a' * 1000"], [""]),
    "community.general.unicode_normalize": (["'ä'", "'ﬁ'", "'Å'"], ["", "'NFC'", "'NFKD'", "'nfc'", "5"]),
    "community.general.accumulate": (["[1, 2.5, true]", "['a', 'b']", "[[1], [2]]", "'abc'", "[1, none]"], [""]),
    "community.general.counter": (["['a', 'b', 'a', none]", "'hello'", "[1, true, 1.0]", "[(1, 2), (1, 2)]"], [""]),
    "community.general.dict": (["[['a', 1], ['b', 2]]", "[['a', 1], ['a', 2]]", "[['a']]", "[[1, 2, 3]]", "['ab', 'cd']", "[[[1], 2]]"], [""]),
    "community.general.groupby_as_dict": (["ifs", "[{'a': 1}, {'a': 1}]", "[{'a': [1]}]", "[{'b': 1}]"], ["'name'", "'a'", "1"]),
    "community.general.version_sort": (["['2.10', '2.9', '2.1']", "['1.0a', '1.0']", "['', '1']", "['1', 1]", "['v1.2', 'v1.10']"], ["", "reverse=true"]),
    "community.general.to_ini": (["{'a': {'b': 1}, 'c': {'d': 'x=y', 'e': true}}", "{'a': {'b': [1]}}", "{'a b': {'c d': ''}}", "{'': {'a': 1}}"], [""]),
    "community.general.from_ini": ([INI, "'[a]\\nx\\n'", "'[a]\\n x = 1\\n   more\\n'", "'[DEFAULT]\\nz = 1\\n[a]\\ny = %(z)s\\n'"], [""]),
    "community.general.from_csv": (["'a,b\\n1,2\\n'", "'a,b\\n1,\\n,2\\n3\\n'"], ["", "dialect='excel-tab'", "delimiter=';'", "fieldnames=['x']", "strict=true"]),
    "community.general.lists_mergeby": (["[{'n': 'a', 'l': [1], 'd': {'x': 1}}]", "[]"], ["[{'n': 'a', 'l': [2], 'd': {'y': 2}}, {'n': 'b'}], 'n'", "[{'n': 'a', 'l': [1, 2]}], 'n', list_merge='append_rp'", "[{'n': 'a', 'd': {'y': 2}}], 'n', recursive=true", "[{'n': 'a', 'l': [2]}], 'n', list_merge='prepend', recursive=true", "'n'", "[1], 'n'", "[{'n': 'a'}], 'n', list_merge='nope'"]),
    "relpath": (["'/a/b/c'", "'a/b'", "'/'", "'/a/../b'"], ["'/a'", "'/a/b/c/d'", "'/'"]),
    "expanduser": (["'/a/~/b'", "'a~'", "'~~'", "'~nobodyhere/x'"], [""]),
    "expandvars": (["'$NO_SUCH_NAME/x'", "'${NO_SUCH_NAME}'", "'$'", "'a$$b'", "'${'", "'\\\\$X'"], [""]),
    "realpath": (["'/'", "'/proc/../tmp/.'", "'/no/such/../file'"], [""]),
    "urlize": (["'see http://a.example/x, or www.b.example.'", "'mail a@b.example <c>'", "'(https://a.example/b_(c))'"], ["", "10", "20, true", "none, false, '_blank'", "rel='me'", "extra_schemes=['tel:']", "extra_schemes=['x']"]),
}
EXTRA = [
    "[{'n': 1, 'a': 2}] | ansible.utils.consolidate",
    *[f"[{{'data': {data}, 'match_key': {key}, 'name': 'first'}}, {{'data': [{{'n': 'x', 'v': 2}}], 'match_key': 'n', 'name': 'second'}}] | ansible.utils.consolidate{args}" for data in ("[{'n': 'x', 'u': 1}]", "[{'n': 'y'}]", "[{'m': 1}]", "{}", "'s'", "[{'n': 'x'}, {'n': 'x'}]") for key in ("'n'", "1") for args in ("", "(fail_missing_match_key=true)", "(fail_missing_match_value=true)", "(fail_duplicate=true)")],
    *[f"{{'data': [{{'n': 'x'}}]}} | ansible.utils.consolidate({arg})" for arg in ("", "1", "nope=1")],
]
TESTS = {
    "same_file": ["'/tmp'", "'/'", "none", "5"], "mount": [""], "link_exists": [""], "exists": [""],
    "ansible.utils.in_any_network": ["['10.0.0.0/8']", "['x']", "'10.0.0.0/8'", "[]"], "ansible.utils.in_one_network": ["['10.0.0.0/8', '11.0.0.0/8']"], "ansible.utils.in_network": ["'10.0.0.0/8'", "'2001:db8::/32'", "5"],
    "ansible.utils.ip": [""], "ansible.utils.ip_address": [""], "ansible.utils.ipv4": [""], "ansible.utils.ipv4_address": [""], "ansible.utils.ipv4_hostmask": [""], "ansible.utils.ipv4_netmask": [""], "ansible.utils.ipv6": [""], "ansible.utils.ipv6_address": [""], "ansible.utils.ipv6_ipv4_mapped": [""], "ansible.utils.ipv6_sixtofour": [""], "ansible.utils.ipv6_teredo": [""],
    "ansible.utils.loopback": [""], "ansible.utils.mac": [""], "ansible.utils.multicast": [""], "ansible.utils.private": [""], "ansible.utils.public": [""], "ansible.utils.reserved": [""], "ansible.utils.unspecified": [""],
    "ansible.utils.subnet_of": ["'10.0.0.0/8'", "5"], "ansible.utils.supernet_of": ["'10.0.0.0/30'", "none"],
}
TESTED = ["'/tmp'", "'/no/such'", "'/proc'", "'10.0.0.1'", "'10.0.0.0/8'", "'::1'", "'::ffff:1.2.3.4'", "'2002:c000:204::'", "'2001::1'", "'224.0.0.1'", "'0.0.0.255'", "'255.255.255.0'", "'1a:1b:1c:1d:1e:1f'", "'127.0.0.1'", "'0.0.0.0'", *ODD]


def lines():
    for name, (fitting, arguments) in FILTERS.items():
        for value in fitting:
            for argument in arguments:
                yield f"{value} | {name}({argument})" if argument else f"{value} | {name}"
        for value in ODD:
            yield f"{value} | {name}" + (f"({arguments[0]})" if arguments and arguments[0] else "")
    yield from EXTRA
    for name, arguments in TESTS.items():
        for argument in arguments:
            for value in TESTED:
                yield f"{value} is {name}" + (f"({argument})" if argument else "")


seen = list(dict.fromkeys(lines()))
pathlib.Path(__file__).with_name("wide.txt").write_text("\n".join(seen) + "\n")
print(len(seen), "cases")
