#!/usr/bin/env python3
"""Makes thousands of expressions and records what Python's `re` makes of them, in cases.json.

Run it with Python 3.11, which needs no packages. The same seed gives the same cases. A row is

    [function, pattern, flags, text, answer]

with `match`, `search`, `fullmatch` and `all` (of which `findall`, `finditer` and `split` are views): the answer is a list
of matches, each the [start, end] of every group in letters, -1 where it took no part. For `sub` the text is [text,
replacement, count] and the answer [text, how many]. The answer is "error" where Python reports one.
"""

import json
import pathlib
import random
import re
import signal
import warnings

warnings.simplefilter("ignore")
HERE = pathlib.Path(__file__).parent
SEED = 20261128
COUNT = 7000
FLAGS = {"i": re.I, "m": re.M, "s": re.S, "": 0}
PLAIN = list("aaabbcABx012 -_.:/") + ["\n"]
ODD = list("éÉßẞſKıİ²½Ⅷ٣\u0301世\x1c\x1f\x85\u00a0\u2028\u200d‿Σσς\t\r\x0b\x0c")


class Maker:
    """Makes patterns and texts from a seed."""

    def __init__(self):
        self.random = random.Random(SEED)

    def choice(self, *options):
        return self.random.choice(options)

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def letter(self):
        return self.random.choice(ODD if self.chance(self.odd) else PLAIN)

    def text(self):
        return "".join(self.letter() for _ in range(self.random.randrange(0, 14)))

    def literal(self):
        letter = self.letter()
        if letter in ".-:/ _" and self.chance(50):
            return "\\" + letter
        return re.escape(letter) if letter in ".*+?" else letter

    def item(self):
        """Returns one item of a set."""
        pick = self.random.randrange(12)
        if pick < 5:
            return self.literal()
        if pick < 7:
            return self.choice("a-c", "A-Z", "0-9", "a-z", "b-x", "\\x00-\\x1f", "é-ß", " -~", "+--")
        if pick < 10:
            return self.choice("\\w", "\\d", "\\s", "\\W", "\\D", "\\S")
        return self.choice("\\n", "\\t", "\\b", "^", "-", "[", "&&", "||", "~~", "--", "\\]", "\\\\", "\\x41", "\\u00e9", ".", "$", "\\-", "|", "\\1", "\\07")

    def set(self):
        first = self.choice("", "", "", "]") if self.chance(20) else ""
        return f"[{self.choice('', '', '^')}{first}{''.join(self.item() for _ in range(self.random.randrange(1, 4)))}]"

    def atom(self, depth):
        pick = self.random.randrange(30 if depth < 3 else 17)
        if pick < 9:
            return self.literal()
        if pick < 11:
            return self.choice(".", ".", "\\w", "\\d", "\\s", "\\W", "\\D", "\\S")
        if pick < 14:
            return self.set()
        if pick == 14:
            return self.choice("^", "$", "\\A", "\\Z", "\\b", "\\B", "$", "^")
        if pick == 15:
            if self.groups:
                number = self.random.randrange(1, self.groups + 1)
                if self.names and self.chance(40):
                    return f"(?P={self.random.choice(self.names)})"
                return f"\\{number}"
            return self.literal()
        if pick == 16:
            return self.choice("\\x61", "\\u0041", "\\U00000062", "\\n", "\\t", "\\.", "\\-", "\\/", "\\0", "\\101", "\\_", "\\#", "(?#c)", "{", "}", "]", "{}", "x{,", "\\N{DIGIT ONE}", "\\e", "\\z", "\\8")
        inner = self.alternation(depth + 1)
        if pick < 22:
            if pick == 17 and self.chance(60):
                self.groups += 1
                name = f"n{self.groups}"
                body = f"(?P<{name}>{inner})"
                self.names.append(name)
                return body
            self.groups += 1
            return f"({inner})"
        if pick < 25:
            return f"(?:{inner})"
        if pick == 25:
            return self.choice("(?={})", "(?!{})").format(inner.replace("{", "{{").replace("}", "}}")) if "{" not in inner else f"(?={inner})"
        if pick == 26:
            return f"{self.choice('(?<=', '(?<!')}{self.choice(self.literal(), self.set(), self.literal() + self.literal(), inner)})"
        if pick == 27:
            return f"(?>{inner})"
        if pick == 28:
            return f"(?{self.choice('i', 's', 'm', 'im', '-i', 'i-s', 'x', 'a', '-m', 'is')}:{inner})"
        if self.groups:
            number = self.random.randrange(1, self.groups + 1)
            name = self.random.choice(self.names) if self.names and self.chance(40) else number
            other = f"|{self.sequence(depth + 1)}" if self.chance(60) else ""
            return f"(?({name}){self.sequence(depth + 1)}{other})"
        return f"({inner})"

    def repeated(self, depth):
        atom = self.atom(depth)
        if self.chance(60):
            return atom
        repeat = self.choice("*", "+", "?", "*", "+", "?", "{2}", "{1,2}", "{,2}", "{2,}", "{0}", "{0,1}", "{,}")
        return atom + repeat + self.choice("", "", "", "?", "+")

    def sequence(self, depth):
        return "".join(self.repeated(depth) for _ in range(self.random.randrange(1, 4)))

    def alternation(self, depth):
        parts = [self.sequence(depth) for _ in range(self.choice(1, 1, 1, 2, 3))]
        if self.chance(6):
            parts.append("")
        return "|".join(parts)

    def pattern(self):
        self.groups, self.names = 0, []
        self.odd = self.choice(0, 0, 0, 10, 40)
        head = self.choice("(?i)", "(?m)", "(?s)", "(?x)", "(?a)", "(?im)", "(?u)", "(?si)", "(?xm)") if self.chance(12) else ""
        if "x" in head and self.chance(70):
            return head + "  ".join(self.repeated(0) for _ in range(3)) + self.choice("", " # note", "\\ ", "[ #]", "\n#x\n")
        return head + self.alternation(0)

    def replacement(self):
        parts = ["-", "x", "\\\\", "\\g<0>", "\\n", "\\1", "\\2", "\\g<1>", "\\g<n1>", "\\t", "\\0", "\\101", "\\q", "\\.", "é", "$1", "{}", "\\g<2", "\\07", "\\10"]
        return "".join(self.random.choice(parts) for _ in range(self.random.randrange(0, 4)))


def groups(found):
    return [list(found.span(number)) if found.span(number)[0] >= 0 else -1 for number in range(len(found.groups()) + 1)]


def answer(function, pattern, flags, text):
    try:
        compiled = re.compile(pattern, flags)
        if function == "sub":
            text, replacement, count = text
            return list(compiled.subn(replacement, text, count))
        if function == "all":
            return [groups(found) for found in compiled.finditer(text)]
        found = getattr(compiled, function)(text)
        return [groups(found)] if found else []
    except (re.error, OverflowError, IndexError, RecursionError):
        return "error"


# What has been seen to go wrong, or is told nowhere else.
FIXED = [
    ("all", "", "", "abc"), ("all", "a*", "", "baac"), ("all", "a|", "", "aab"), ("all", "(?m)^", "", "a\nb\n"), ("all", "(?m)$", "", "a\nb\n"),
    ("all", "$", "", "a\n"), ("search", "\\Z", "", "a\n"), ("all", "\\b", "", "a e\u0301 \u00b2"), ("all", "\\B", "", ""), ("all", "\\B", "", "ab"), ("all", "\\s", "", "\x1c\x1d\x1e\x1f\x85\u180e\u2028"),
    ("all", "\\w", "", "a\u0301\u00b2\u2167\u203f\u200d\u00bd_"), ("all", "\\d", "", "1\u0663\u00b2"), ("all", "(?a)\\w|\\d|\\s", "", "\u00e9\u0663\u00a0a1 "), ("all", "(?i)k", "", "kK\u212a"), ("all", "(?i)[a-z]", "", "\u017f\u212a\u0131\u0130"),
    ("all", "(?i)i", "", "iI\u0131\u0130"), ("all", "(?i)\u00df", "", "\u00df\u1e9e"), ("all", "(?i)\u03c3", "", "\u03a3\u03c3\u03c2"), ("all", "(?i)[^k]", "", "K\u212ax"), ("all", "(?ia)k", "", "kK\u212a"),
    ("search", "(a)?(?(1)b|c)", "", "c"), ("search", "(?P<n>a)?(?(n)b|c)", "", "ab"), ("search", "(a)|b\\1", "", "b"), ("search", "(?i)(a)\\1", "", "aA"), ("search", "(a\\1)", "", "aa"), ("search", "a++a", "", "aaa"),
    ("search", "(?>a+)b", "", "aab"), ("search", "(?<=a|b)c", "", "bc"), ("search", "(?<=a|bc)d", "", "bcd"), ("search", "(?<=a*)b", "", "ab"), ("search", "(?<=(a))b", "", "ab"), ("search", "(a(?=(b)))", "", "ab"), ("search", "(?!(a))b", "", "b"),
    ("search", "(a|b)*", "", "ab"), ("search", "(a*)*", "", "aa"), ("search", "(a*)+", "", "aa"), ("search", "(|a)+", "", "aa"), ("search", "(a|b)*?c", "", "abc"), ("search", "((a)|b)*", "", "ab"), ("search", "(?:(a)|(b))*", "", "ab"),
    ("search", "x{2,1}", "", "xx"), ("search", "x{99999999999}", "", "x"), ("search", "(?i:a)b", "", "Ab"), ("search", "(?i)(?-i:a)b", "", "aB"), ("search", "a(?i)b", "", "aB"), ("search", "(?m:^b)", "", "a\nb"), ("search", "(?x: a b )c d", "", "abc d"),
    ("search", "(?P<a>x)(?P<a>y)", "", "xy"), ("search", "(?P<1a>x)", "", "x"), ("search", "(?P<\u00e9>x)", "", "x"), ("search", "(?<n>x)", "", "x"), ("search", "\\g<1>", "", "g"), ("search", "\\k<n>", "", "k"), ("search", "[[:alpha:]]", "", "a"), ("search", "[[a]b]", "", "ab]"),
    ("search", "\\p{L}", "", "p"), ("search", "\\h", "", "h"), ("search", "\\R", "", "R"), ("search", "\\X", "", "X"), ("search", "\\K", "", "K"), ("search", "\\G", "", "G"), ("search", "(?R)", "", "R"), ("search", "(?1)", "", "1"), ("search", "(?|a)", "", "a"),
    ("search", "(*FAIL)", "", "a"), ("search", "\\Q.\\E", "", "."), ("search", "\\o{101}", "", "A"), ("search", "\\x{41}", "", "A"), ("search", "\\cA", "", "c"), ("search", "$*", "", "a"), ("search", "^*", "", "a"), ("search", "(?:)*", "", "a"), ("search", "\\b+", "", "a"),
    ("search", "a{1}{2}", "", "aa"), ("search", "a**", "", "aa"), ("search", "a*{2}", "", "aa"), ("search", "(?=a)*a", "", "a"), ("search", "(?=a)+a", "", "a"), ("search", "a|*", "", "a"), ("search", "(*a)", "", "a"), ("search", "{1}", "", "{1}"), ("search", "|{1}", "", "a"),
]


def main():
    maker = Maker()
    rows, seen = [], set()

    def late(*_):
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    todo = list(FIXED)
    while len(rows) < COUNT:
        if todo:
            function, pattern, flags, text = todo.pop(0)
        else:
            pattern = maker.pattern()
            if len(pattern) > 60:
                continue
            function = maker.choice("match", "search", "fullmatch", "all", "all", "sub")
            flags = "".join(letter for letter in "ims" if maker.chance(12))
            text = maker.text()
            if function == "sub":
                text = [text, maker.replacement(), maker.choice(0, 0, 0, 1, 2)]
        key = json.dumps([function, pattern, flags, text])
        if key in seen:
            continue
        seen.add(key)
        bits = sum((FLAGS[letter] for letter in flags), re.RegexFlag(0))
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        try:
            found = answer(function, pattern, bits, text)
        except TimeoutError:
            continue
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        # Of what is an error, and of what does not match, a part is enough.
        if len(rows) > len(FIXED) and (found == "error" and maker.chance(75) or found == [] and maker.chance(60)):
            continue
        rows.append([function, pattern, flags, text, found])
    body = ",\n".join(json.dumps(row, ensure_ascii=True, separators=(",", ":")) for row in rows)
    (HERE / "cases.json").write_text(f"[\n{body}\n]\n")
    errors = sum(row[4] == "error" for row in rows)
    print(f"{len(rows)} rows, {errors} errors, {sum(row[4] == [] for row in rows)} without a match")


if __name__ == "__main__":
    main()
