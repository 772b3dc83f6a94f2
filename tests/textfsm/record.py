#!/usr/bin/env python3
"""Records what Python's textfsm makes of the cases below.

Run it with a Python that has textfsm 2.1; it writes cases.json beside itself: for each case its name, template and
output, and either `rows` (dictionaries) or `error` (`template` or `run`).
"""

import io
import itertools
import json
import pathlib

import textfsm

CASES = []


def case(name, template, output):
    CASES.append((name, template, output))


def rules(name, body, output, values="Value A (\\w+)\nValue B (\\d+)"):
    """A case with the usual Values and one state."""
    case(name, f"{values}\n\nStart\n{body}\n", output)


# Every order of every choice of options, over a table in which each of them matters.
OPTIONS = ["Required", "Filldown", "List", "Fillup"]
for size in range(len(OPTIONS) + 1):
    for chosen in itertools.permutations(OPTIONS, size):
        options = ",".join(chosen) + " " if chosen else ""
        case(
            "options " + ",".join(chosen),
            f"Value {options}NAME (\\w*)\nValue PORT (\\d+)\n\nStart\n  ^name -> NoRecord\n"
            "  ^n(?: ${NAME})?$$\n  ^p ${PORT} -> Record\n  ^clear -> Clear\n  ^all -> Clearall\n",
            "p 1\nn a\nn b\np 2\np 3\nn \np 4\nn\np 5\nn c\nclear\np 6\nall\np 7\nn d\n",
        )

for line in ["", "Next", "Continue", "Error"]:
    for record in ["", "NoRecord", "Record", "Clear", "Clearall"]:
        action = ".".join(part for part in (line, record) if part)
        arrow = f" -> {action}" if action else ""
        case(
            f"action {action or 'none'}",
            f"Value Filldown A (\\w)\nValue B (\\d)\n\nStart\n  ^${{A}}${{B}}{arrow}\n  ^${{A}}2 -> Record\n  ^${{B}}\n",
            "a1\nb2\n3\nc4\n",
        )

# Ends.
for name, body in {
    "implicit": "  ^${A}",
    "to End": "  ^${A} -> End",
    "to EOF": "  ^${A} -> EOF",
    "Record and End": "  ^${A} -> Record End",
    "EOF state": "  ^${A}\n\nEOF",
    "End state": "  ^${A}\n\nEnd",
    "to End with state End": "  ^${A} -> End\n\nEnd",
    "to EOF with state EOF": "  ^${A} -> EOF\n\nEOF",
    "EOF with rules": "  ^${A}\n\nEOF\n  ^x",
    "End with rules": "  ^${A}\n\nEnd\n  ^x",
    "Record at EOF state": "  ^${A} -> Record\n\nEOF",
}.items():
    case("end " + name, f"Value A (\\w+)\n\nStart\n{body}\n", "a\nb\n")

# States.
case("states", "Value A (\\w+)\nValue B (\\d+)\n\nStart\n  ^go -> Two\n  ^${A} -> Record\n\nTwo\n  ^${B} -> Record Start\n", "a\ngo\nb\n1\nc\n")
case("a change counts from the next line", "Value A (\\w+)\n\nStart\n  ^a -> Two\n\nTwo\n  ^${A} -> Record\n", "a\nb\n")
case("a state without rules", "Value A (\\w+)\n\nStart\n  ^${A} -> Record Two\n\nTwo\n", "a\nb\n")
case("no rules at all", "Value A (\\w+)\n\nStart\n", "a\nb\n")
case("comments everywhere", "# c\nValue A (\\w+)\n  # c\n\n# c\nStart\n  # c\n  ^${A} -> Record\n# c\n", "a\nb\n")
case("blank lines between states", "Value A (\\w+)\n\n\n\nStart\n  ^${A} -> Record Two\n\n\n# c\n\nTwo\n  ^${A}\n", "a\nb\n")
case("a tab before a rule", "Value A (\\w+)\n\nStart\n\t^${A} -> Record\n", "a\n")
case("one blank before a rule", "Value A (\\w+)\n\nStart\n ^${A} -> Record\n", "a\n")
case("CR LF in a template", "Value A (\\w+)\r\n\r\nStart\r\n  ^${A} -> Record\r\n", "a\r\nb\r\n")
case("CR in a template", "Value A (\\w+)\r\rStart\r  ^${A} -> Record\r", "a\rb")
case("no Values", "\nStart\n  ^a$ -> Record\n  ^b -> Error\n", "a\nc\n")
case("no Values and an error", "\nStart\n  ^a -> Error\n", "a\n")

# Rules.
rules("first rule wins", "  ^${A} -> Record\n  ^${B} -> Record", "1\na\n")
rules("match is at the start", "  ^.*x ${A} -> Record\n  ^y", "a x b\nx c\n")
rules("text after the match is free", "  ^${B} -> Record", "1 rest\n2\n")
rules("the last arrow counts", "  ^${A} -> b -> Record", "a -> b\na\n")
rules("an arrow without a blank is text", "  ^${A}-> -> Record", "a->\n")
rules("blanks before the arrow belong to the rule", "  ^${A}   -> Record", "a   \na \na  b\n")
rules("an empty action", "  ^${A} ->\n", "a\n")
rules("a state named Nexts", "  ^${A} -> Nexts\n\nNexts\n  ^${B} -> Record", "a\n1\n")
rules("a state named Recorder", "  ^${A} -> Record Recorder\n\nRecorder\n  ^${B} -> Record", "a\n1\n")
rules("a state named ErrorX", "  ^${A} -> ErrorX\n\nErrorX\n  ^${B} -> Record", "a\n1\n")
rules("Value by bare name", "  ^$A:$B -> Record", "a:1\nb:2\n")
rules("a dollar", "  ^${A}$$ -> Record", "a\nb c\n")
rules("dollar before a blank", "  ^${A}\\s*$$", "a  \n")
rules("a Value at two places of one state", "  ^${A}: -> Continue.Record\n  ^\\w+: ${A} -> Record", "a: b\nc: d\n")
rules("Continue fills the same record", "  ^${A} -> Continue\n  ^\\w ${B} -> Record", "a 1\nb 2\n")
rules("Continue at the last rule", "  ^${A} -> Continue", "a\nb\n")
rules("Continue.Record makes two of one line", "  ^${A} -> Continue.Record\n  ^. ${B} -> Record", "a 1\n")
rules("a group without part clears", "  ^x(?:${A})? -> Record\n  ^${A}", "a\nx\nxb\n")
rules("an empty group", "  ^x(?:${B})? -> Record", "x\n", "Value B (\\d*)\nValue C (x)")
rules("empty texts make a record", "  ^${A}\\s*$$ -> Record", "\na\n", "Value A (\\w*)")
rules("nothing makes no record", "  ^x -> Record\n  ^${A}", "x\nx\na\nx\n")
rules("numbered groups in Values", "  ^${A} -> Record", "ab1\n", "Value A ((a)(b)\\d)")
rules("names of Values inside of Values", "  ^${A} -> Record", "ab\n", "Value A (a(?P<B>b))\nValue B (x)")
rules("unnamed groups in rules", "  ^(x|y) ${A}( z)? -> Record", "x a\ny b z\n")
rules("Value used twice in a rule", "  ^${A} ${A} -> Record", "a b\n")
rules("no such Value", "  ^${C} -> Record", "a\n")
rules("a lone dollar", "  ^${A}$ -> Record", "a\n")
rules("a dollar and a digit", "  ^${A}$1 -> Record", "a\n")
rules("brace not closed", "  ^${A -> Record", "a\n")
rules("a bad expression", "  ^(${A} -> Record", "a\n")
rules("no blank before a rule", "^${A} -> Record", "a\n")
rules("three blanks before a rule", "   ^${A} -> Record", "a\n")
rules("no caret", "  ${A} -> Record", "a\n")
rules("no such state", "  ^${A} -> Nowhere", "a\n")
rules("a rule after a blank line", "  ^${A}\n\n  ^${B}", "a\n")
rules("Continue with a state", "  ^${A} -> Continue Start", "a\n")
rules("two record actions", "  ^${A} -> Record.Clear", "a\n")
rules("record action first", "  ^${A} -> Record.Next", "a\n")
rules("three words", "  ^${A} -> Next Start Start", "a\n")
rules("a text without Error", '  ^${A} -> Next "text"', "a\n")
rules("a text alone", '  ^${A} -> "text"', "a\n")
rules("an action without a blank", "  ^${A} ->Record", "a\n")
rules("unknown action", "  ^${A} -> Next.Save", "a\n")
rules("Error with a text", '  ^b -> Error "no b here"\n  ^${A} -> Record', "a\nb\n")
rules("Error with a word", "  ^b -> Error nob\n  ^${A} -> Record", "a\nb\n")
rules("Error that does not come", '  ^x -> Error "no x"\n  ^${A} -> Record', "a\nb\n")
rules("Error after a record", "  ^b -> Error.Record\n  ^${A} -> Record", "a\nb\n")
for number, states in enumerate(["Next", "Error", "Clearall", "St art", "St-art", "S" * 49, "Start"]):
    case(f"bad state name {number}", f"Value A (a)\n\nStart\n  ^${{A}}\n\n{states}\n  ^x\n", "a\n")
case("a state of 48 letters", f"Value A (a)\n\nStart\n  ^${{A}} -> {'S' * 48}\n\n{'S' * 48}\n  ^x\n", "a\n")
case("no Start", "Value A (a)\n\nBegin\n  ^${A}\n", "a\n")
case("nothing", "", "a\n")
case("only Values", "Value A (a)\n", "a\n")

# Values.
for number, value in enumerate(
    [
        "Value A",
        "Value A a",
        "Value (a)",
        "Value A (a",
        "Value A a)",
        "Value A (a\\)",
        "Value A (a))",
        "Value  A (a)",
        "Value A  (a)",
        "Value A (a) ",
        "Value A (a b)",
        "Value Key,Key A (a)",
        "Value Filldown,Unknown A (a)",
        "Value filldown A (a)",
        "Value Filldown, A (a)",
        "Value Filldown A  (a)",
        "Value " + "A" * 49 + " (a)",
        "Value A (a)\nValue A (b)",
        "Value A (a)\nvalue B (b)",
        " Value A (a)",
        "Value A (a)|(b)",
        "Value A (a)(?=b)",
        "Value A (?:a)",
        "Value A ([)",
        "Value A ()",
        "Value A (a{2)",
        "Value A (\\()",
    ]
):
    case(f"value {number}", f"{value}\n\nStart\n  ^${{A}} -> Record\n", "ab\na b\n(\n")

# Lists.
LIST = "Value List A (\\w)\nValue B (\\d)"
rules("a list", "  ^- ${A}\n  ^${B} -> Record", "- a\n- b\n1\n2\n- c\n", LIST)
rules("a list with Continue", "  ^${A} -> Continue\n  ^\\w ${A} -> Continue\n  ^\\w \\w ${A}", "a b c\nd e f\n", LIST)
rules("a list that is always empty", "  ^${B} -> Record", "1\n2\n", LIST)
rules("an empty list alone", "  ^x -> Record", "x\n", "Value List A (\\w)")
rules("a list and a group without part", "  ^x(?: ${A})?\n  ^${B} -> Record", "x a\nx\n1\n", LIST)
rules("filled-down lists grow", "  ^- ${A}\n  ^${B} -> Record", "- a\n1\n- b\n2\n", "Value Filldown,List A (\\w)\nValue B (\\d)")
rules("nested groups", "  ^${A}\n", "bob 3\nann 44\n", "Value List A ((?P<name>\\w+) (?P<age>\\d+))")
rules("nested groups without part", "  ^${A}\n", "bob\nann 44\n", "Value List A ((?P<name>\\w+)(?: (?P<age>\\d+))?)")
rules("nested groups of which one is unnamed", "  ^${A}\n", "bob 3\n", "Value List A ((\\w+) (?P<age>\\d+))")
rules("nested groups without names", "  ^${A}\n", "bob 3\n", "Value List A ((\\w+) (\\d+))")
rules("nested groups outside of a list", "  ^${A}\n", "bob 3\n", "Value A ((?P<name>\\w+) (?P<age>\\d+))")

# Filldown and Fillup over clears.
FILL = "Value Filldown A (\\w)\nValue Required B (\\d)"
rules("filldown over records", "  ^${A}$$\n  ^ ${B} -> Record", "a\n 1\n 2\nb\n 3\n", FILL)
rules("filldown at the end", "  ^${A}$$\n  ^ ${B} -> Record", "a\n 1\nb\n", "Value Filldown A (\\w)\nValue B (\\d)")
rules("filldown and Clearall", "  ^${A}$$\n  ^ ${B} -> Record\n  ^--- -> Clearall", "a\n 1\n---\n 2\n", FILL)
rules("filldown takes none", "  ^a(?:${A})?$$\n  ^ ${B} -> Record", "ax\n 1\na\n 2\n", FILL)
rules("fillup", "  ^${A}$$ -> Record\n  ^ ${B} -> Record", "a\n 1\n 2\nb\n 3\n", "Value Fillup A (\\w)\nValue B (\\d)")
rules("fillup stops at what is there", "  ^ ${B} -> Record\n  ^${A} -> Record", " 1\na\n 2\n 3\nb\n", "Value Fillup A (\\w)\nValue B (\\d)")
rules("required drops and clears", "  ^a ${A}\n  ^b ${B}\n  ^- -> Record", "b 1\n-\na x\n-\n", "Value Required A (\\w)\nValue B (\\d)")
rules("required in the last record", "  ^b ${B}\n  ^a ${A}\n  ^- -> Record", "a x\nb 1\n-\nb 2\n", "Value Required A (\\w)\nValue B (\\d)")

# Line ends and letters.
rules("line ends", "  ^${A}$$ -> Record", "a\r\nb\rc\r\r\nd\x0be\x0cf\x1cg\x1dh\x1ei\x85j\u2028k\u2029l")
rules("no line end at the end", "  ^${A}$$ -> Record", "a\nb")
rules("an empty output", "  ^${A}$$ -> Record", "")
rules("blank lines", "  ^$$ -> Record\n  ^${A}", "a\n\n\nb\n")
rules("letters beyond ASCII", "  ^${A}$$ -> Record", "café\nß\n日本\nx y\n")
rules("digits beyond ASCII", "  ^${B}$$ -> Record", "12\n٣\n")
rules("a mix of lines", "  ^${A}\\s+${B}$$ -> Record\n  ^.* -> Error", "a 1\né 2\nb 3\n")
rules("a tab", "  ^${A}\\t${B}$$ -> Record", "a\t1\n")
rules("control characters", "  ^\\x08${A} -> Record", "\x08a\n")

# Python's dialect.
DIALECT = [
    ("(\\S+)", "  ^(?=a)${A} -> Record", "ab\nba\n"),
    ("(\\S+)", "  ^(?!a)${A} -> Record", "ab\nba\n"),
    ("(\\w+?)", "  ^${A}(?<=b) -> Record", "aab\n"),
    ("(\\w)", "  ^${A}(?P=A) -> Record", "aa\nab\n"),
    ("(a|ab)", "  ^${A}(c|bcd)(d*)$$ -> Record", "abcd\n"),
    ("(\\w+?)", "  ^${A}b*$$ -> Record", "aabb\n"),
    ("(\\w{,3})", "  ^${A} -> Record", "abcd\n"),
    ("(a{2,})", "  ^${A} -> Record", "aaa\na\n"),
    ("({\\w+})", "  ^${A} -> Record", "{a}\n"),
    ("([[\\]]+)", "  ^${A} -> Record", "[]\n"),
    ("([a&&b]+)", "  ^${A} -> Record", "a&b\n"),
    ("([\\w.-]+)", "  ^${A} -> Record", "a.b-c d\n"),
    ("([^,]+)", "  ^${A}(?:,|\\Z) -> Record", "a b,c\nd\n"),
    ("(\\<\\w+\\>)", "  ^${A} -> Record", "<a>\n"),
    ("(\\w+)", "  ^(?i:NAME) ${A} -> Record", "name a\nName b\n"),
    ("(\\w+)", "  ^(?# c)${A} -> Record", "a\n"),
    ("(.*)", "  ^\\s*${A}\\s*$$ -> Record", "  a b  \n"),
    ("(.*?)", "  ^\\s*${A}\\s*$$ -> Record", "  a b  \n"),
    ("(\\bx\\b)", "  ^a ${A} -> Record", "a x\na xy\n"),
    ("(a|b|)", "  ^${A}c -> Record", "ac\nc\n"),
    ("((?:\\d{1,3}\\.){3}\\d{1,3}(?:/\\d+)?)", "  ^ip ${A}(?:\\s|$$) -> Record", "ip 10.0.0.1/24 x\nip 10.0.0.2\nip 1.2.3\n"),
    ("(\\x41\\u0042)", "  ^${A} -> Record", "AB\n"),
    ("(a++b)", "  ^${A} -> Record", "aab\n"),
    ("(?i)", "  ^${A} -> Record", "aab\n"),
    ("((a)|b)", "  ^${A}(?(2)x|y) -> Record", "ax\nby\nay\n"),
    ("(\\d+(?!\\.))", "  ^${A} -> Record", "12\n12.3\n"),
]
for number, (value, body, output) in enumerate(DIALECT):
    rules(f"dialect {number}", body, output, f"Value A {value}")


def record(template, output):
    """Returns what textfsm makes of a case."""
    try:
        # As `open` reads a file.
        machine = textfsm.TextFSM(io.StringIO(template.replace("\r\n", "\n").replace("\r", "\n")))
    except Exception:  # Some mistakes are faults of textfsm's own there.
        return {"error": "template"}
    try:
        return {"rows": machine.ParseTextToDicts(output)}
    except textfsm.TextFSMError:
        return {"error": "run"}


def main():
    names = [name for name, _, _ in CASES]
    assert len(set(names)) == len(names), "a name is used twice"
    rows = [{"name": n, "template": t, "output": o, **record(t, o)} for n, t, o in CASES]
    here = pathlib.Path(__file__).parent
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (here / "cases.json").write_text(f"[\n{lines}\n]\n")
    print(len(rows), "cases")


if __name__ == "__main__":
    main()
