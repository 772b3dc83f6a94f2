"""Makes thousands of templates and records what ansible-core makes of them, in generated.json.

Run with a Python that has ansible-core 2.19 or newer: `python tests/template/generate.py`. The same seed gives the same
cases. A row is [text, value], or [text] where Ansible reports an error; a text that starts with `?` is a condition.
"""

import datetime
import json
import math
import os
import pathlib
import random
import warnings

os.environ["ANSIBLE_JINJA2_EXTENSIONS"] = "jinja2.ext.do,jinja2.ext.loopcontrols"

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible.utils.display import Display

warnings.simplefilter("ignore")
for quiet in ("display", "warning", "deprecated"):
    setattr(Display, quiet, lambda *args, **kwargs: None)

HERE = pathlib.Path(__file__).parent
SEED = 20261128

# The values, by the name of their variable. What JSON cannot say is written as an expression where it is used.
VALUES = {
    "none": None, "yes": True, "no": False, "zero": 0, "one": 1, "seven": 7, "neg": -3, "flt": 2.5, "fneg": -0.75,
    "whole": 3.0, "tiny": 1e-7, "huge": 1e22, "es": "", "s": "abc", "cap": "Hello World", "uni": "Grüße 世界", "num": "42",
    "dec": "1.50", "off": "off", "lines": "one\ntwo\n\n four\n", "pad": "  x\t", "tag": "<a href='x'>b & c</a>", "csv": "a,b,,c",
    "ip": "10.0.0.1", "ver": "15.2(4)M", "path": "/etc/a.d/b.conf", "back": "a\\d+b", "quote": "it's \"q\"",
    "el": [], "l": [3, 1, 2], "ls": ["b", "A", "c", "a"], "mix": [1, "a", None, True, 2.5, [1], {"k": 1}], "dup": [1, 2, 1, "1", True],
    "nest": [[1, 2], [3, [4, None]], []], "rows": [{"n": "b", "v": 2}, {"n": "a", "v": 1, "x": {"y": [5]}}, {"n": "c", "v": 2}],
    "ed": {}, "d": {"b": 1, "a": 2, "C": None}, "deep": {"x": {"y": {"z": [1, {"w": "v"}]}}, "items": 3, "l": [1]},
}
EXPRESSIONS = ["(2 ** 70)", "(1, 2)", "nope", "d.nope", "'{{ s }}'", "range(3)", "(-7)"]

FILTERS = """
abs; attr('b'); b64decode; b64encode; basename; batch(2) | list; batch(2, 'x') | list; bool; capitalize; center(12); center;
checksum; combinations(2) | list; combine({'a': 9, 'n': {'q': 1}}); combine({'x': {'k': 1}}, recursive=true); comment;
comment('c'); commonpath; count; d('dflt'); default('dflt'); default('dflt', true); default(omit); dict2items;
dict2items(key_name='k', value_name='w'); dictsort; dictsort(true); dictsort(false, 'value'); dictsort(reverse=true);
difference([1, 'a']); dirname; e; escape; extract(['x', 'y', 'z']); extract({'a': 1, 'b': 2}); filesizeformat; filesizeformat(true);
first; flatten; flatten(1); flatten(skip_nulls=false); float; float(9.5); forceescape; format(1, 2); from_json; from_yaml; from_yaml_all | list;
groupby('n'); groupby('v') | list; hash('md5'); hash; human_readable; human_readable(true); human_to_bytes; indent; indent(2, true);
indent('>> '); indent(2, blank=true); int; int(5); int(base=16); intersect([1, 'a', 'b']); items | list; items2dict;
items2dict('n', 'v'); join; join('-'); join(', ', attribute='n'); last; length; list; log; log(2); lower; mandatory; map('string') | list;
map('upper') | list; map(attribute='n') | list; map(attribute='x.y', default=0) | list; map('int') | list; map('default', 'q') | list; max; max(attribute='v'); md5; min;
min(attribute='v'); normpath; path_join; permutations(2) | list; pow(2); pprint; product([1, 2]) | list; quote; random(seed='x');
regex_escape; regex_findall('[a-c]'); regex_findall('(.)(.)'); regex_replace('a', 'X'); regex_replace('(.)b', '\\\\1-'); regex_search('[a-z]+'); regex_search('(.)(.)', '\\\\1', '\\\\2');
reject('none') | list; reject('in', [1, 'a']) | list; rejectattr('n', 'eq', 'a') | list; rejectattr('x', 'defined') | list;
replace('a', 'X'); replace('b', 'Y', 1); reverse | list; reverse; root; root(3); round; round(1); round(1, 'floor'); round(0, 'ceil'); round(-1);
safe; select | list; select('string') | list; select('gt', 1) | list; select('odd') | list; selectattr('x') | list; selectattr('v', 'equalto', 2) | list;
selectattr('n', 'match', '[ab]') | map(attribute='v') | list; selectattr('x.y', 'defined') | list; sha1; slice(2) | list; slice(3, 'f') | list; sort; sort(true); sort(case_sensitive=true);
sort(attribute='n'); sort(attribute='v,n', reverse=true); split; split(','); split('b', 1); splitext; string; striptags;
subelements('x'); subelements('l', skip_missing=true); sum; sum(start=10); sum(attribute='v'); symmetric_difference([1, 'a']); ternary('y', 'n'); ternary('y', 'n', 'z');
title; to_datetime; to_json; to_json(indent=2); to_json(sort_keys=true); to_nice_json; to_nice_json(indent=2); to_nice_yaml; to_nice_yaml(indent=2); to_uuid; to_yaml; tojson; tojson(2); trim; trim('ab'); truncate(5); truncate(5, true);
truncate(4, true, '~', 0); type_debug; union([1, 'z']); unique; unique(case_sensitive=true) | list; unique(attribute='v') | list; upper; urldecode; urlencode; urlsplit; urlsplit('path');
win_basename; win_dirname; win_splitdrive; wordcount; wordwrap(5); wordwrap(3, false); xmlattr; zip([1, 2]) | list; zip_longest([1], fillvalue='f') | list;
strftime(86400); rekey_on_member('n')
"""
TESTS = """
abs; all; any; boolean; callable; change; changed; contains('a'); contains(1); defined; directory; divisibleby(2); divisibleby(0); eq(1); equalto('abc'); escaped; even; exists; failed; false; file; filter; finished;
float; ge(1); gt('a'); in([1, 'a', none]); in('abcabc'); integer; is_abs; isnan; issubset([1, 2, 3]); issuperset([1]); iterable; le(2); link; lower; lt(3); mapping; match('a'); match('.*b'); nan; ne(1);
none; number; odd; reachable; regex('b'); sameas(none); sameas(true); search('b'); sequence; skipped; started; string; subset([1, 2, 3, 'b', 'A', 'c', 'a']); succeeded; success; superset([1]); timedout;
true; truthy; truthy(convert_bool=true); falsy; undefined; unreachable; upper; uri; url; urn; vault_encrypted; version('15.1', '>'); version('1.0', '<'); version('42', 'eq', strict=true); test; filter
"""
METHODS = """
upper(); lower(); title(); capitalize(); swapcase(); strip(); lstrip(); rstrip('c'); strip('ab'); split(); split(','); split(None, 1); rsplit(',', 1); rsplit(); splitlines(); splitlines(true); join(['x', 'y']); join(l);
replace('a', 'bb'); replace('a', '', 1); startswith('a'); startswith(('x', 'a')); endswith('c'); endswith(''); find('b'); find('zz'); rfind('a'); index('b'); index('zz'); rindex('b'); count('a'); count(1); isdigit(); isalpha(); isalnum(); isupper(); islower(); isspace(); istitle();
isnumeric(); isdecimal(); isidentifier(); zfill(5); ljust(6) ~ '|'; rjust(6, '*'); center(7, '-'); partition('b'); rpartition('b'); removeprefix('a'); removesuffix('c'); casefold(); expandtabs(4); format(1, 'x'); encode(); items() | list; keys() | list;
values() | list; get('a'); get('zz', 5); get('x', {}).get('y'); copy(); append(1); pop(); index(1); nosuch(); translate({97: 'X'}); bit_length(); is_integer(); hex()
"""
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"]
FORMATS = """
'%s' % {v}; '%d' % {v}; '%5.2f|%-6s|%05d' % (1.5, 'ab', 42); '%r' % {v}; '%x' % {v}; '%(a)s-%(b)s' % d; '%s %s' % {v}; '%%' % (); '%e' % {v}; '%g' % {v}; '%c' % {v}; '%+d' % {v}; '%.3s' % {v}; '%*d' % (5, 3); '%o' % {v}; '%i' % {v};
'{{}}'.format({v}); '{{0}} {{0!r}}'.format({v}); '{{:>8}}|'.format({v}); '{{:<8}}|'.format({v}); '{{:^8}}|'.format({v}); '{{:08.3f}}'.format({v}); '{{:,}}'.format({v}); '{{:x}}'.format({v}); '{{:d}}'.format({v}); '{{:+}}'.format({v}); '{{:%}}'.format({v}); '{{:e}}'.format({v});
'{{a}}'.format(a={v}); '{{0[a]}}'.format({v}); '{{:b}}'.format({v}); '{{:#x}}'.format({v}); '{{:*^9}}'.format({v}); '{{:.2}}'.format({v}); '{{!s:>5}}'.format({v}); '{{:_}}'.format({v}); '{{:g}}'.format({v}); '{{:n}}'.format({v})
"""


TRUTHS = [
    "{{{{ 'y' if {v} else 'n' }}}}", "{{{{ not {v} }}}}", "{{{{ {v} and 1 }}}}", "{{{{ {v} or 'o' }}}}", "{{% if {v} %}}y{{% else %}}n{{% endif %}}", "{{{{ [{v}] | select | list | length }}}}",
    "{{{{ ({v} | string)[1:-1] }}}}", "{{{{ ({v} | string)[::2] }}}}", "{{{{ [{v}, {v}][0] == {v} }}}}", "a{{{{ {v} }}}}b", "{{{{ '%s|%r' | format({v}, {v}) }}}}", "{{{{ [{v}] | to_json }}}}", "{{{{ {{'k': {v}}} }}}}",
]
SORTED = [
    "{{{{ [{v}, 1, 0] | sort }}}}", "{{{{ [{v}, 'b', 'A', ''] | sort }}}}", "{{{{ [{v}, 'b', 'A'] | sort(reverse=true, case_sensitive=true) }}}}", "{{{{ [{v}, {v}, 1] | unique | list }}}}", "{{{{ [[{v}, 1], [{v}, 0]] | sort }}}}", "{{{{ [{v}, 2] | max }}}}", "{{{{ [{v}, 'a'] | min }}}}",
]


def listed(text):
    return [part.strip() for part in text.replace("\n", " ").split(";") if part.strip()]


class Maker:
    """Makes texts from a seed."""

    def __init__(self):
        self.random = random.Random(SEED)
        self.names = [*VALUES, *EXPRESSIONS]

    def value(self):
        return self.random.choice(self.names)

    def number(self):
        return self.random.choice(["0", "1", "-1", "2", "-3", "7", "2.5", "-0.5", "1e10", "10", "one", "neg", "flt", "seven", "yes"])

    def expression(self, depth=0):
        pick = self.random.randrange(12 if depth < 3 else 3)
        inner = lambda: self.expression(depth + 1)
        if pick < 2:
            return self.value()
        if pick == 2:
            return self.random.choice(["1", "'a'", "2.0", "true", "none", "[]", "[1, 'b']", "{'a': 1}", "-1", "''"])
        if pick == 3:
            return f"({inner()} {self.random.choice(OPERATORS)} {inner()})"
        if pick == 4:
            return f"({inner()} if {inner()} else {inner()})"
        if pick == 5:
            return f"({inner()} | {self.random.choice(self.filters)})"
        if pick == 6:
            return f"({inner()} is {self.random.choice(self.tests)})"
        if pick == 7:
            return f"[{inner()}, {inner()}]"
        if pick == 8:
            return f"{{'k': {inner()}, 'a': {inner()}}}"
        if pick == 9:
            return f"(not {inner()})"
        if pick == 10:
            return f"({inner()})[{self.random.choice(['0', '-1', '1:', ':2', '::-1', chr(39) + 'a' + chr(39), '5'])}]"
        return f"({inner()}).{self.random.choice(['a', 'x', 'n', 'keys()', 'upper()', 'items', 'y'])}"

    def block(self, depth=0):
        """Returns a piece of a template."""
        pick = self.random.randrange(11 if depth < 3 else 3)
        body = lambda: "".join(self.block(depth + 1) for _ in range(self.random.randrange(1, 3)))
        simple = self.random.choice(["n", "s", "l", "loop.index", "x", "x.n", "y", "d.a", "es", "none", "one"])
        dash = lambda: self.random.choice(["", "", "-", "-"])
        if pick == 0:
            return self.random.choice(["text ", "\n", "  ", "a\n  b", "\n\n", " {# c #} ", "{#- c -#}", "%", "}", "{"])
        if pick in (1, 2):
            return f"{{{{{dash()} {simple} | default('-') {dash()}}}}}"
        over = self.random.choice(["l", "ls", "el", "rows", "d", "range(3)", "d.items()", "nest", "'ab'", "rows | map(attribute='v')"])
        if pick in (3, 4):
            name = self.random.choice(["x", "x, y"]) if over in ("d.items()",) else "x"
            extra = self.random.choice(["", "", "", " if x", ""])
            other = f"{{%{dash()} else {dash()}%}}{body()}" if self.random.random() < 0.3 else ""
            control = self.random.choice(["", "", "{% if loop.first %}F{% endif %}", "{% if loop.index > 1 %}{% break %}{% endif %}",
                                          "{% if loop.index == 1 %}{% continue %}{% endif %}", "{{ loop.index0 }}/{{ loop.length }}{{ ',' if not loop.last }}",
                                          "{{ loop.cycle('a', 'b') }}", "{{ loop.previtem | default('P') }}<{{ loop.nextitem | default('N') }}", "{{ loop.revindex }}{{ loop.depth }}", "{{ loop.changed(x) }}"])
            return f"{{%{dash()} for {name} in {over}{extra} {dash()}%}}{control}{body()}{other}{{%{dash()} endfor {dash()}%}}"
        if pick == 5:
            test = self.random.choice(["one", "zero", "x is defined", "loop is defined", "s == 'abc'", "l", "el", "x", "nope is defined"])
            more = self.random.choice(["", "{% else %}" + body(), "{% elif yes %}" + body()])
            return f"{{%{dash()} if {test} {dash()}%}}{body()}{more}{{%{dash()} endif {dash()}%}}"
        if pick == 6:
            return self.random.choice(["{% set x = 5 %}", "{% set x = l %}", "{% set y, x = 1, 2 %}", "{% set x %}b" + body() + "{% endset %}", "{% set y = s ~ one %}", "{% set ns = namespace(c=0) %}{% for i in l %}{% set ns.c = ns.c + i %}{% endfor %}{{ ns.c }}"])
        if pick == 7:
            return "{% macro m(a, b='B') " + dash() + "%}" + body() + "({{ a }}{{ b }}{{ varargs | length }})" + "{% endmacro %}" + self.random.choice(["{{ m(1) }}", "{{ m('x', b=2) }}", "{{ m(1, 2, 3) }}", "{{ m() }}", "{% call m(1) %}c{% endcall %}"])
        if pick == 8:
            return "{% with x = " + self.random.choice(["1", "s", "l | length"]) + " %}" + body() + "{% endwith %}"
        if pick == 9:
            return "{% filter " + self.random.choice(["upper", "trim", "indent(2)", "replace('a', 'b')"]) + " %}" + body() + "{% endfilter %}"
        return self.random.choice(["{% raw %}{{ x }}{% if %}{% endraw %}", "{%- raw -%} {{ y }} {%- endraw -%}", "{% set z = [] %}{% do z.append(4) %}{{ z }}", "{% autoescape false %}{{ tag }}{% endautoescape %}", "{% block b %}" + body() + "{% endblock %}" if depth == 0 else ""])

    def macros(self):
        """Returns a template with macros that call each other, keep what they are given, and are called with a body."""
        parts = self.random.choice
        first = "{% macro one(a, b=" + parts(["1", "'x'", "[]", "none", "l"]) + ") %}" + parts(["[{{ a }}|{{ b }}]", "{{ a | string | upper }}", "{% if a %}{{ a }}{% else %}-{% endif %}", "{{ caller() if caller is defined else 'nobody' }}", "{% for x in b %}{{ x }}{% endfor %}", "{% set a = 5 %}{{ a }}"]) + "{% endmacro %}"
        second = "{% macro two(x" + parts(["", ", y=2"]) + ") " + parts(["", "-"]) + "%} " + parts(["{{ one(x) }}", "{{ one(b=x, a=1) }}", "{% call one(x) %}in{% endcall %}", "{{ one(x) | length }}"]) + " {%" + parts(["", "-"]) + " endmacro %}"
        calls = ["{{ one(s) }}", "{{ one(1, 2) }}", "{{ one(a=l) }}", "{{ two(one(7)) }}", "{{ two(d.a) }}", "{% call one(s) %}{{ one(0) }}{% endcall %}", "{% set r = one('q') %}<{{ r }}>", "{{ [one(1), one(2)] | join('/') }}", "{{ one.name }}{{ one.arguments }}", "{% do l.append(9) %}{{ l }}", "{% set n = namespace(t=[]) %}{% for i in l %}{% set n.t = n.t + [one(i)] %}{% endfor %}{{ n.t }}", "{{ one() }}", "{{ one(1, 2, 3) }}", "{{ two(nope | default('u')) }}", "{% filter upper %}{{ two('a') }}{% endfilter %}"]
        return first + second + "".join(self.random.choice(calls) for _ in range(self.random.randrange(1, 4)))

    def texts(self):
        self.filters, self.tests = listed(FILTERS), listed(TESTS)
        for name in self.filters:
            for value in self.names:
                yield f"{{{{ {value} | {name} }}}}"
        for name in self.tests:
            for value in self.names:
                yield f"{{{{ {value} is {name} }}}}"
        for method in listed(METHODS):
            for value in ("s", "cap", "csv", "pad", "lines", "uni", "num", "es", "l", "d", "deep", "one", "flt", "none"):
                yield f"{{{{ {value}.{method} }}}}"
        for form in listed(FORMATS):
            for value in self.names if "{v}" in form else ["x"]:
                yield "{{ " + form.format(v=value) + " }}"
        for operator in OPERATORS:
            for _ in range(90):
                yield f"{{{{ {self.value()} {operator} {self.value()} }}}}"
            for _ in range(25):
                yield f"{{{{ {self.number()} {operator} {self.number()} }}}}"
        for _ in range(250):
            bound = lambda: self.random.choice(["", "", "0", "1", "-1", "2", "-2", "9", "-9"])
            step = self.random.choice(["", "", ":2", ":-1", ":-2", ":0"])
            yield f"{{{{ {self.random.choice(['l', 's', 'uni', 'mix', 'd', 'range(9) | list', '(1, 2, 3)', 'es', 'el', 'none'])}[{bound()}:{bound()}{step}] }}}}"
        for _ in range(1900):
            yield f"{{{{ {self.expression()} }}}}"
        for _ in range(800):
            yield f"?{self.expression()}"
        for _ in range(200):
            yield "a{{ " + self.expression(2) + " }}b{{ " + self.expression(2) + " }}"
        for _ in range(2700):
            yield "".join(self.block() for _ in range(self.random.randrange(1, 4)))
        for _ in range(400):
            yield self.macros()
        for value in self.names:
            for form in TRUTHS:
                yield form.format(v=value)
        for _ in range(250):
            left, right = self.number(), self.number()
            yield f"{{{{ [{left} // {right}, {left} % {right}, ({left}) ** 2, {left} / {right}, -({left}) // {right}] }}}}"
        for keys in SORTED:
            for value in self.names:
                yield keys.format(v=value)


def plain(value):
    """Returns a value as JSON can say it; raises for what is no data."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return {(key if isinstance(key, str) else json.dumps(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if isinstance(value, (int, float)):
        if isinstance(value, int) and abs(value) >= 2**64:
            return {"int": str(value)}
        return value
    if isinstance(value, (datetime.date, datetime.time)):
        return {"moment": repr(value)}
    if isinstance(value, bytes):
        # As Ansible shows and keeps them.
        value = value.decode(errors="replace")
    value = str(value)
    value.encode()
    return value


def main():
    variables = {name: value for name, value in VALUES.items()}
    rows, seen = [], set()
    for text in Maker().texts():
        if text in seen:
            continue
        seen.add(text)
        templar = Templar(loader=DataLoader(), variables=json.loads(json.dumps(variables)))
        try:
            if text.startswith("?"):
                answer = templar.evaluate_conditional(trust_as_template(text[1:]))
            else:
                answer = templar.template(trust_as_template(text))
            answer = plain(answer)
            if " at 0x" in str(answer) or len(str(answer)) > 2000:
                continue
            rows.append([text, answer])
        except RecursionError:
            continue
        except Exception:  # whatever it is, the answer is "an error"
            rows.append([text])
    body = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (HERE / "generated.json").write_text(f"[\n{body}\n]\n")
    (HERE / "generated-vars.json").write_text(json.dumps(VALUES, ensure_ascii=False, indent=1) + "\n")
    print(f"{len(rows)} rows, {sum(len(row) == 1 for row in rows)} errors")


if __name__ == "__main__":
    main()
