"""Records what NAPALM makes of wishes and of what is there, for the test of src/module/napalm/compare.rs.

Usage: record.py (with a Python that has `napalm` installed: `pip install napalm`); writes comparisons.json beside it.
"""

import copy
import json
import pathlib

from napalm.base.validate import compare

CASES = [
    ({"a": 1}, {"a": 1, "b": 2}),
    ({"_mode": "strict", "a": 1}, {"a": 1, "b": 2}),
    ({"_mode": "strict", "a": 1}, {"a": 1}),
    ({"_mode": "", "a": 1}, {"a": 1}),
    ({"_mode": "loose", "a": 1}, {"a": 1}),
    ({"a": 1, "c": 3}, {"a": 2, "b": 2}),
    ({}, {"a": 1}),
    ({"_mode": "strict"}, {"a": 1}),
    ({"a": {"b": {"c": "x"}}}, {"a": {"b": {"c": "y", "d": 1}}}),
    ({"a": {"b": {"_mode": "strict", "c": "y"}}}, {"a": {"b": {"c": "y", "d": 1}}}),
    ({"a": {}}, {"a": {"b": 1}}),
    ({"list": ["a"]}, ["a", "b"]),
    ({"_mode": "strict", "list": ["a"]}, ["a", "b"]),
    ({"list": ["b", "a"]}, ["a", "b"]),
    ({"list": ["a", "a"]}, ["a", "b"]),
    ({"list": ["c", "a"]}, ["a", "b"]),
    ({"list": []}, ["a"]),
    ({"_mode": "strict", "list": []}, ["a"]),
    ({"_mode": "strict", "list": []}, []),
    ({"list": [{"a": 1}]}, [{"a": 2}, {"a": 1, "b": 2}]),
    ({"list": [{"_mode": "strict", "a": 1}]}, [{"a": 1, "b": 2}]),
    ({"list": [{"_mode": "strict", "a": 1}]}, [{"a": 1}]),
    ({"list": ["a"]}, {"a": 1}),
    ({"list": ["Eth\\d"]}, ["Eth1", "Eth2"]),
    ({"a": {"list": ["x"]}}, {"a": ["x", "y"]}),
    ({"a": {"list": ["z"]}}, {"a": ["x", "y"]}),
    ({"a": {"list": ["z"]}}, {"a": "x"}),
    ("15", "15.2(4)M1"),
    ("^15\\.", "15.2(4)M1"),
    ("^16\\.", "15.2(4)M1"),
    ("4\\.1[0-9]", "4.17.5M"),
    ("a", 1),
    ("1", 1),
    ("1", 12),
    ("True", True),
    ("true", True),
    ("None", None),
    ("", ""),
    ("", "x"),
    ("(", "("),
    ("a{", "a{"),
    ("*", "*"),
    ("<15", 14),
    ("<15", 15),
    ("<=15", 15),
    (">15", 15),
    (">=15", "15"),
    (">15.5", 15.6),
    ("<15", "x"),
    ("<15", None),
    ("<15", True),
    ("<x", 1),
    ("<", 1),
    ("< 15", 1),
    ("<-1", 1),
    ("<1.", 1),
    ("<15", "14\n"),
    ("10<->20", 10),
    ("10<->20", 21),
    ("10<->20", "15.5"),
    ("10<->x", 15),
    ("10<->20", "x"),
    ("1<->2<->3", "1<->2<->3"),
    ("10%40", 44),
    ("10%40", 45),
    ("10%40", 36),
    ("0%40", 40),
    ("0%40", 40.1),
    ("10%x", "10%x"),
    ("10%40", "x"),
    (1, 1),
    (1, 2),
    (1, 1.0),
    (1, "1"),
    (1.5, 1.5),
    (True, True),
    (False, True),
    (None, None),
    (None, ""),
    ([], []),
    ([{"a": "x"}], [{"a": "xy"}]),
    ([{"a": "x"}], [{"a": "y"}]),
    ([{"a": "x"}], [{"a": "x"}, {"a": "y"}]),
    ([{"a": "x"}, {"a": "y"}], [{"a": "x"}]),
    (["a"], ["a"]),
    ({"a": ["x"]}, {"a": ["x"]}),
    ({"a": None}, {"a": None}),
    ({"uptime": ">100", "vendor": "Arista|Cisco", "interface_list": {"list": ["Ethernet1"]}},
     {"uptime": 7, "vendor": "Cisco", "interface_list": ["Ethernet1", "Loopback0"], "x": 1}),
]


def judged(wanted, there):
    try:
        return compare(copy.deepcopy(wanted), copy.deepcopy(there))
    except Exception as error:  # whatever it dies of
        return {"error": f"{type(error).__name__}: {error}"}


lines = [json.dumps({"wanted": wanted, "there": there, "found": judged(wanted, there)}) for wanted, there in CASES]
pathlib.Path(__file__).with_name("comparisons.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
