"""Makes template files that include, import and extend each other, with every option of `template`, and records what
ansible-core makes of them, in files.json.

Run with a Python that has ansible-core 2.19 or newer: `python tests/template/files.py`. The same seed gives the same cases.
`files` holds the files by their path; a row of `cases` is [options, text, answer], or [options, text] where Ansible reports
an error. All texts are made with Jinja's own delimiters and then written with those of the options; the files exist once
for each set of delimiters, in a folder of its own.
"""

import json
import os
import pathlib
import random
import tempfile
import warnings

os.environ["ANSIBLE_JINJA2_EXTENSIONS"] = "jinja2.ext.do,jinja2.ext.loopcontrols"

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

import generate

warnings.simplefilter("ignore")

HERE = pathlib.Path(__file__).parent
SEED = 20261129
CASES = 4000

# The names of the options that hold delimiters, and the sets of them.
DELIMITER_OPTIONS = ["variable_start_string", "variable_end_string", "block_start_string", "block_end_string", "comment_start_string", "comment_end_string"]
SETS = {
    "plain": ["{{", "}}", "{%", "%}", "{#", "#}"],
    "square": ["[[", "]]", "[%", "%]", "[#", "#]"],
    "angle": ["<<", ">>", "<%", "%>", "<#", "#>"],
    "mixed": ["${", "}", "{%", "%}", "/*", "*/"],
    "long": ["{{{", "}}}", "{%%", "%%}", "{##", "##}"],
    "erb": ["<%=", "%>", "<%", "%>", "<%#", "%>"],
}

FILES = {
    "line.j2": "line {{ s }}\n",
    "bare.j2": "bare",
    "empty.j2": "",
    "newlines.j2": "\n\nx\n\n\n",
    "windows.j2": "a\r\nb {{ one }}\r\n",
    "backslash.j2": "{{ 'a\\\\nb' }}{{ 'x\\\\d1' | regex_replace('\\\\d', 'D') }}",
    "loop.j2": "{% for i in l %}\n  {{ i }}\n{% endfor %}\n",
    "local.j2": "[{{ x | default('none') }}|{{ i | default('none') }}|{{ y | default('none') }}]",
    "sets.j2": "{% set x = 'set inside' %}{{ x }}",
    "nested.j2": "<{% include 'line.j2' %}>\n{% include 'local.j2' %}\n",
    "deeper.j2": "{% include 'nested.j2' %}{% from 'macros.j2' import pair %}{{ pair(1) }}\n",
    "broken.j2": "{% if one %}never closed\n",
    "undefined.j2": "{{ nope }}\n",
    "failing.j2": "{{ one // 0 }}\n",
    "itself.j2": "{% include 'itself.j2' %}",
    "macros.j2": "{% macro pair(a, b='B') %}({{ a }}, {{ b }}){% endmacro %}\n{% macro wrap(tag) -%}\n<{{ tag }}>{{ caller() }}</{{ tag }}>\n{%- endmacro %}\n{% set constant = 7 %}\n{% macro uses(v) %}{{ v }}{{ constant }}{{ x | default('no x') }}{{ s }}{% endmacro %}{% macro _hidden() %}h{% endmacro %}text of the library\n",
    "context.j2": "{% set from_vars = one + 1 %}{% macro sum(n) %}{{ n + from_vars }}{% endmacro %}",
    "macros2.j2": "{% from 'macros.j2' import pair as p %}{% macro twice(v) %}{{ p(v) }}{{ p(b=v, a=v) }}{% endmacro %}{% macro rec(n) %}{{ n }}{% if n > 0 %},{{ rec(n - 1) }}{% endif %}{% endmacro %}",
    "base.j2": "head {{ s }}\n{% block title %}base title{% endblock %}\n{% block body %}\n  base body\n{% endblock body %}\n{% block foot %}{% block inner %}inner{% endblock %} foot{% endblock %}\ntail\n",
    "middle.j2": "{% extends 'base.j2' %}\n{% block title %}middle <{{ super() }}>{% endblock %}\n{% block inner %}middle inner{% endblock %}\nlost text\n",
    "scoped.j2": "{% for x in l %}{% block item scoped %}base {{ x }}{% endblock %};{% endfor %}\n",
    "unscoped.j2": "{% for x in l %}{% block item %}base {{ x | default('-') }}{% endblock %};{% endfor %}\n",
    "selfcall.j2": "{% block a %}A{{ one }}{% endblock %}-{{ self.a() }}-{{ self.a() | lower }}\n",
    "required.j2": "{% block must required %}{% endblock %}!\n",
    "inheriting.j2": "before{% include 'middle.j2' %}after\n",
    "macrobase.j2": "{% from 'macros.j2' import pair %}{{ pair('base') }}{% block b %}{{ pair('block') }}{% endblock %}\n",
    "whitespace.j2": "  {% if one %}\n    yes\n  {% endif %}\n  {# c #}\n\t{% set q = 1 %}\nend {{ q }}\n",
}

# Files for the combinations below only: another name among FILES would change every case that is made by chance.
MORE_FILES = {
    "see.j2": "{% macro show() %}[{{ x | default('-') }}|{{ s | default('-') }}]{% endmacro %}{{ show() }}",
    "around.j2": "{% set x = 'own' %}{% macro show(a=x) %}({{ a }}{% include 'see.j2' %}){% endmacro %}{{ show() }}{% include 'see.j2' without context %}{% import 'see.j2' as f with context %}{{ f.show() }}",
    "inherits.j2": "{% extends 'base.j2' %}{% set s = x | default('none') %}{% macro show() %}{{ s }}{% endmacro %}{% block title %}{{ show() }}{{ x | default('-') }}{{ super() }}{% endblock %}",
    "kept.j2": "{% block one %}{{ l }}{% endblock %}{% block nothing %}{% endblock %}{% block two %}{{ one }}{{ one }}{% endblock %}",
    "more.j2": "{% macro more(a, b='B') %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{% macro given() %}{{ caller(*varargs) }}{% endmacro %}{% macro list() %}{{ l }}{% endmacro %}",
}

# Where another file may be named.
PLACES = [
    "{}",
    "{% set x = 'S' %}{}",
    "{% if one %}{% set x = 'I' %}{% endif %}{}",
    "{% for x in l %}{}{% endfor %}",
    "{% with x = 'W' %}{}{% endwith %}{{ x | default('-') }}",
    "{% macro m(x, y='Y') %}{}{% endmacro %}{{ m('M') }}",
    "{% for x in l %}{% macro m(y='Y') %}{}{% endmacro %}{{ m() }}{% endfor %}",
    "{% macro c() %}<{{ caller('C') }}>{% endmacro %}{% call(x) c() %}{}{% endcall %}",
    "{% block b %}{% set x = 'B' %}{}{% endblock %}{{ x | default('-') }}",
    "{% for x in l %}{% block b scoped %}{}{% endblock %}{% endfor %}",
    "{% for x in l %}{% block b %}{}{% endblock %}{% endfor %}",
    "{% set x = 'T' %}{% for x in l %}{% block b %}{{ x }}{}{% endblock %}{% endfor %}",
    "{% set q %}{% set x = 'Q' %}{}{% endset %}{{ q }}{{ x | default('-') }}",
    "{% filter upper %}{% set x = 'f' %}{}{% endfilter %}{{ x | default('-') }}",
    "{% extends 'base.j2' %}{% block title %}{% set x = 'E' %}{}{{ super() }}{% endblock %}",
    "{% extends 'scoped.j2' %}{% block item %}{}{{ super() }}{% endblock %}",
    "{% extends 'unscoped.j2' %}{% block item %}{}{{ super() }}{% endblock %}",
]
INCLUSIONS = ["{% include 'F' %}", "{% include 'F' without context %}", "{% include ['no.j2', 'F'] ignore missing without context %}", "{% import 'F' as f %}{{ f.show() }}{{ f.x | default('-') }}", "{% import 'F' as f with context %}{{ f.show() }}{{ f.x | default('-') }}", "{% from 'F' import show as t, x as z %}{{ t() }}{{ z | default('-') }}", "{% from 'F' import show, x with context %}{{ show() }}{{ x | default('-') }}"]

# What may be kept instead of written, and what keeps it.
KEPT = ["{{ one }}", "{{ l }}", "{{ none }}", "", "{{ '' }}", "{{ one }}{{ none }}", "{{ one }}{{ one }}", "{% if zero %}x{% endif %}", "{% if one %}{{ d }}{% endif %}", "{% for i in l %}{{ i }}{% endfor %}", "{% for i in el %}{{ i }}{% endfor %}", " ", "{{ s }}", "{% include 'bare.j2' %}", "{% include 'local.j2' %}", "{% set q %}{{ l }}{% endset %}{{ q }}"]
KIND = "{{ K is string }}{{ K is none }}{{ K is number }}{{ K is mapping }}{{ K }}"
KEEPERS = ["{% set k %}V{% endset %}" + KIND.replace("K", "k"), "{% set k | string %}V{% endset %}{{ k }}", "{% macro k() %}V{% endmacro %}" + KIND.replace("K", "k()"), "{% macro k() %}V{% endmacro %}{{ k() }}", "{% filter string %}V{% endfilter %}", "{% macro c() %}" + KIND.replace("K", "caller()") + "{% endmacro %}{% call c() %}V{% endcall %}", "{% macro c() %}{{ caller() }}{% endmacro %}{% call c() %}V{% endcall %}", "{% block k %}V{% endblock %}", "{% block k %}V{% endblock %}" + KIND.replace("K", "self.k()"), "{% set unused %}V{% endset %}{{ l }}", "{% extends 'kept.j2' %}{% block one %}" + KIND.replace("K", "super()") + "V{% endblock %}", "{% extends 'kept.j2' %}{% block nothing %}" + KIND.replace("K", "super()") + "V{% endblock %}", "{% extends 'kept.j2' %}{% block two %}V{% endblock %}", "{{ one }}{% extends 'kept.j2' %}V"]

SINGLE = [
    *("{% macro m(" + params + ") %}{{ a | default('-') }}{{ b | default('-') }}" + body + "{% endmacro %}{{ m(" + args + ") }}" for params in ["", "a", "a, b=2", "a, b=a"] for body in ["", "{{ varargs }}", "{{ kwargs }}", "{{ varargs | length }}{{ kwargs.z | default('-') }}"] for args in ["", "1", "1, 2, 3", "1, z=3", "b=1, a=2", "1, 2, 3, z=5", "*l", "**{'a': 1, 'z': 2}", "1, a=2"]),
    *("{% macro m(a, b=2) %}{{ a }}{{ varargs }}{{ kwargs | list }}" + body + "{% endmacro %}{% call(" + params + ") m(" + args + ") %}" + inner + "{% endcall %}" for body in ["", "{{ caller() }}", "{{ caller(1, 2, 3) }}", "{{ caller(y=1) }}{{ caller is defined }}"] for params in ["", "x", "x, y=5"] for args in ["1", "1, 2, 3, z=4"] for inner in ["{{ x }}{{ y }}", "{{ varargs }}", "in{{ kwargs }}"]),
    *("{% macro m(a, b=2) %}{{ a }}{{ " + seen + " }}{% endmacro %}{{ m.name }}{{ m.arguments }}{{ m.catch_varargs }}{{ m.catch_kwargs }}{{ m.caller }}{{ m is callable }}{{ m is mapping }}" for seen in ["b", "varargs", "kwargs", "caller()"]),
    *("{% " + how + " %}" + use for how, uses in {"import 'more.j2' as m": ["{{ m.more(1, 2, 3, z=4) }}", "{{ m.more('x') }}{{ m.more.name }}{{ m.more.catch_kwargs }}", "{% call(v) m.given(7) %}{{ v }}{% endcall %}", "{{ m.list() }}"], "import 'more.j2' as m with context": ["{{ m.list() }}", "{{ m.list() is string }}"], "from 'more.j2' import more as x, given": ["{{ x(1, 2, 3, z=4) }}{{ x.name }}", "{% call(v) given(7) %}{{ v }}{{ varargs }}{% endcall %}", "{% for x in l %}{{ x }}{% endfor %}{{ x(0) }}"]}.items() for use in uses),
    "{{ l }}{% do l.append(4) %}{{ l }}", "{{ l }}{% do l.append(4) %}", "{{ [l, one] }}{% do l.append(4) %}x", "{{ d }}{% do d.update({'z': 1}) %}{{ d.z }}", "{{ {'k': l} }}{% do l.append(4) %}{{ l | length }}", "{{ l | join(',') }}{% do l.append(4) %}{{ l | join(',') }}", "{{ l ~ '' }}{% do l.append(4) %}{{ l }}", "{% set q %}{{ l }}{% do l.append(4) %}{% endset %}{% do l.append(5) %}{{ q }}", "{% set q %}x{{ l }}{% do l.append(4) %}{% endset %}{% do l.append(5) %}{{ q }}{{ l }}", "{% macro m() %}:{{ l }}{% endmacro %}{{ m() }}{% do l.append(4) %}{{ m() }}", "{% macro m() %}{{ l }}{% endmacro %}{{ m() }}{% do l.append(4) %}{{ m() }}", "{% filter upper %}{{ l }}{% do l.append('a') %}{% endfilter %}{% do l.append('b') %}", "{% set t = [] %}{% for i in l %}{% do t.append(i) %}{{ t }}{% endfor %}", "{% set t = [] %}{{ t }}{% for i in l %}{% do t.append([]) %}{% do t[-1].append(i) %}{% endfor %}", "{% block b %}{{ l }}{% do l.append(4) %}{% endblock %}{% do l.append(5) %}.", "{{ l }}{% include 'line.j2' %}{% do l.append(4) %}", "{% set t = (l, one) %}{{ t }}{% do l.append(4) %}.",
    "{% extends 'base.j2' %}{{ nope }}", "{% extends 'base.j2' %}{% if one %}{{ nope }}{% endif %}{% for i in nope %}{% endfor %}", "{% extends 'base.j2' %}{% for i in l %}{{ nope }}{% endfor %}", "{% extends 'base.j2' %}{{ l }}{% set s = 'after' %}", "{{ nope }}{% extends 'base.j2' %}", "{% extends 'base.j2' %}{% set q %}{{ s }}{% endset %}{% block title %}{{ q }}{% endblock %}", "{% if one %}{% extends 'base.j2' %}{% endif %}{{ s }}", "{% if zero %}{% extends 'base.j2' %}{% endif %}{{ s }}",
    "{% with a = 1, b = a | default('-') %}{{ b }}{% endwith %}", "{% set a = 3 %}{% with a = 1, b = a %}{{ b }}{% endwith %}", "{% from 'macros.j2' import _hidden %}", "{% from 'macros.j2' import s with context %}{{ s | default('not exported') }}", "{% from 'macros.j2' import s %}{{ s | default('not exported') }}", "{% set s = 1 %}{% from 'macros.j2' import s %}{{ s | default('not exported') }}", "{% block b %}{{ s }}{% if one %}{% set s = 1 %}{% endif %}{{ s }}{% endblock %}{{ s }}", "{% block b %}{% if zero %}{% set s = 1 %}{% elif s %}{{ s }}{% endif %}{{ s }}{% endblock %}", "{% block b %}{% for i in l %}{% if i == 1 %}{% set s = i %}{% endif %}{{ s }}{% endfor %}{% endblock %}", "{% block b %}{% for i in el %}{% else %}{{ i | default('-') }}{% set i = 1 %}{{ i }}{% endfor %}{% endblock %}", "{% block b %}{% set s %}{{ s }}!{% endset %}{{ s }}{% endblock %}{{ s }}", "{% block b %}{% macro m(s) %}{{ s }}{% set s = 2 %}{{ s }}{% endmacro %}{{ m(1) }}{{ s }}{% endblock %}", "{% block b %}{% set x = 1 %}{% block c %}{{ x | default('-') }}{% endblock %}{% block e scoped %}{{ x | default('-') }}{% endblock %}{% endblock %}", "{% block b %}{{ x | default('-') }}{% endblock %}{% for x in l %}{{ self.b() }}{% endfor %}", "{% block b %}{% set ns = namespace(n=0) %}{% for i in l %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}{% endblock %}", "{% for x in l %}{{ loop.index }}{% block b %}{{ loop is defined }}{% endblock %}{% endfor %}", "{% for x in l %}{% block b scoped %}{{ loop.index }}{% for y in l %}{{ loop.index }}{{ x }}{% endfor %}{% endblock %}{% endfor %}",
    "{% for i in nest recursive %}{{ loop(i) if i is iterable and i is not string else i }}{% endfor %}", "{% for i in nest recursive %}{% if i is iterable and i is not string %}{{ loop(i) | string | length }}{% else %}{{ i }}{% endif %}{% endfor %}",
]


def combinations():
    """Returns texts that put together what each other: everything in every place."""
    for place in PLACES:
        for inclusion in INCLUSIONS:
            # Jinja makes a generator of a macro with such a statement in it: one file is enough to show that.
            is_broken = "without" in inclusion and any(tag in place for tag in ["{}{% endmacro", "{}{% endcall", "{}{% endfilter"])
            for name in ["see.j2"] if is_broken else ["see.j2", "around.j2", "inherits.j2"]:
                yield place.replace("{}", inclusion.replace("F", name))
    for keeper in KEEPERS:
        for kept in KEPT:
            for before in ["", "a"]:
                yield before + keeper.replace("V", kept)
    yield from SINGLE


def with_delimiters(text, names):
    """Writes a text with other delimiters."""
    marks = {}
    for at, plain in enumerate(SETS["plain"]):
        marks[plain] = names[at]
    out, at = [], 0
    while at < len(text):
        mark = text[at : at + 2]
        if mark in marks:
            out.append(marks[mark])
            at += 2
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


class Maker(generate.Maker):
    """Makes main texts and their options from a seed."""

    def __init__(self):
        super().__init__()
        self.random = random.Random(SEED)
        self.filters, self.tests = generate.listed(generate.FILTERS), generate.listed(generate.TESTS)

    def one(self, *choices):
        return self.random.choice(choices)

    def tag(self, words):
        """Returns a statement with its whitespace control."""
        return "{%" + self.one("", "", "", "-", "+") + f" {words} " + self.one("", "", "", "-", "+") + "%}"

    def inclusion(self):
        name = self.one(*FILES, *["line.j2", "bare.j2", "local.j2", "nested.j2", "deeper.j2", "nothere.j2", "windows.j2", "newlines.j2", "whitespace.j2", "loop.j2", "sets.j2"] * 3)
        quoted = f"'{name}'"
        named = self.one(*[quoted] * 12, f"('{name[:-3]}' ~ '.j2')", f"['nothere.j2', {quoted}]", "nope", "(one and " + quoted + ")", "['a.j2', 'b.j2']", "none")
        how = self.one("", "", "", " ignore missing", " with context", " without context", " ignore missing without context")
        return self.tag(f"include {named}{how}")

    def importing(self):
        how = self.one("", "", " with context", " without context")
        body = self.one("{{ m.pair(1) }}", "{{ m.pair(1, 2) }}", "{% call m.wrap('b') %}in{% endcall %}", "{{ m.constant }}", "{{ m.uses('v') }}", "{{ m.nothing | default('D') }}", "{{ m.constant + 1 }}")
        names, use = self.one(("pair", "{{ pair(1) }}"), ("pair, uses", "{{ pair(uses(1)) }}"), ("pair as q, constant as c", "{{ q(2) }}{{ c }}{{ pair is defined }}"), ("uses", "{{ uses(l) }}"), ("wrap", "{% call wrap('i') %}{{ s }}{% endcall %}"), ("pair", "{{ pair(a=1, b=none) }}"), ("nothing", "{{ nothing is defined }}"))
        more = self.one("{% import 'context.j2' as m" + how + " %}{{ m.sum(1) }}", "{% from 'context.j2' import from_vars with context %}{{ from_vars }}", "{% import 'macros.j2' as m %}{{ m._hidden() }}", "{% import 'macros.j2' as m %}{{ m.nothing }}", "{% from 'macros2.j2' import twice, rec %}{{ twice(s) }}{{ rec(3) }}", "{% import 'macros2.j2' as n %}{{ n.rec(2) }}", "{% for x in l %}{% import 'macros.j2' as m" + how + " %}{{ m.uses(x) }}{% endfor %}", "{% set x = 'X' %}{% from 'macros.j2' import uses" + how + " %}{{ uses('') }}")
        return self.one("{% import 'macros.j2' as m" + how + " %}" + body, "{% from 'macros.j2' import " + names + how + " %}" + use, more)

    def inheriting(self):
        base = self.one(*["base.j2", "middle.j2"] * 4, "scoped.j2", "unscoped.j2", "selfcall.j2", "required.j2", "macrobase.j2", "nothere.j2", "broken.j2")
        start = self.one("", "", "", "", "text before\n", "{% set x = 'top' %}", "{% from 'macros.j2' import pair %}")
        extends = self.one(f"'{base}'", f"'{base}'", f"'{base}'", f"('{base}' if one else 'line.j2')", f"'{base[:-3]}' ~ '.j2'")
        blocks = []
        for name in self.random.sample(["title", "body", "foot", "inner", "item", "a", "must", "b", "unused"], self.random.randrange(4)):
            body = self.one("own " + name, "{{ super() }}+", "{{ super() | upper }}", "{{ s }}", "{% for i in l %}{{ i }}{% endfor %}", "{{ x | default('no x') }}", "{{ self.title() }}", "{% include 'line.j2' %}", "{% block new %}new{% endblock %}", "\n  a\n", "{{ super() ~ super() }}", "{{ super() }}{{ nope | default('d') }}")
            words = f"block {name}" + (self.one("", " scoped") if name == "item" else "")
            blocks.append(self.tag(words) + body + self.tag(self.one("endblock", "endblock", f"endblock {name}")))
        return start + self.tag(f"extends {extends}") + self.one("", "\n", "\nlost\n") + self.one("", "\n").join(blocks) + self.one("", "\n")

    def statements(self):
        """Returns pieces that the generator of plain texts has not, or few of."""
        return self.one(
            "{% set x %}  kept {{ s }}\n{% endset %}<{{ x }}>", "{% set x | upper %}kept {{ s }}{% endset %}{{ x }}", "{% set x | trim | replace('k', 'K') %}  kk {% endset %}{{ x }}",
            "{% set ns = namespace(a=1, b=[]) %}{% for i in l %}{% set ns.a = ns.a + i %}{% do ns.b.append(i) %}{% endfor %}{{ ns.a }}{{ ns.b }}", "{% set a, b = [1, 2] %}{{ a }}{{ b }}", "{% set a, b = 'xy' %}{{ a }}{{ b }}",
            "{% do l.append(4) %}{{ l | length }}", "{% do d.update({'z': 1}) %}{{ d.z }}", "{% do 1 %}", "{% set t = [] %}{% do t.extend([1, 2]) %}{% do t.insert(0, 0) %}{{ t }}{{ t.pop() }}",
            "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(b=2, a=1) }}", "{% macro m() %}{{ caller(1, 2) }}{% endmacro %}{% call(a, b) m() %}{{ a }}+{{ b }}{% endcall %}", "{% macro m(n) %}{{ n }}{% if n %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(3) }}", "{% macro m(x) %}{% for i in x %}{{ loop.index }}{{ i }}{% endfor %}{% endmacro %}{{ m(l) }}{{ m('ab') }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m is callable }}", "{{ m2(1) }}{% macro m2(a) %}{{ a }}{% endmacro %}",
            "{% for i in nest recursive %}{{ loop.depth }}{% if i is iterable and i is not string %}[{{ loop(i) }}]{% else %}{{ i }}{% endif %}{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }} {% endfor %}", "{% for k in d %}{{ k }}{{ d[k] }}{% else %}none{% endfor %}", "{% for a, b in [[1, 2], [3, 4]] if a > 1 %}{{ loop.length }}{{ a }}{{ b }}{% endfor %}", "{% for r in rows %}{% for q in rows if q.v == r.v %}{{ loop.index }}{{ q.n }}{% endfor %};{% endfor %}", "{% for i in l %}{% set i = i + 1 %}{{ i }}{% endfor %}{{ i | default('gone') }}", "{% for i in range(5) %}{% if i == 2 %}{% continue %}{% elif i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}",
            "{% with %}{% set w = 1 %}{{ w }}{% endwith %}{{ w | default('gone') }}", "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}", "{% filter upper | replace('A', 'b') %}a {{ s }}{% endfilter %}", "{% filter indent(2, true) %}a\nb\n{% endfilter %}", "{% if 1 %}{% elif nope %}{% endif %}",
            "{% raw %}{{ not }} {% rendered %}{% endraw %}", "{% raw -%}  x  {%- endraw %}", "  {%+ if one %}kept blanks{% endif %}", "{# a comment\n over lines #}\nafter", "{#- c -#}\n  x", "{% if one %}\n\n\n{% endif %}\n", "a {% if one -%}  b  {%- endif %} c", "\n{%- if one +%}\nx{% endif +%}\n", "line\r\nline\r\n", "tab\t{{ s }}\t\n", "back\\slash {{ 'a\\\\b' }} {{ 'a\\nb' }}\n", "{{ lines }}", "{{ [s, lines] | join('\n') }}", "{{ '\n' }}|\n", "#not a comment\n## {{ s }} ##\n", "% {{ one }} %\n",
            "{{ varargs | default('v') }}", "{{ loop | default('l') }}", "{{ s }}\n{{ l }}\n{{ d }}\n{{ none }}\n{{ yes }}\n{{ flt }}\n", "{{ rows | map(attribute='n') | join(',') }}\n", "{{ nope | default(s, true) }}\n", "{{ (one, s) }}", "{{ lookup('vars', 's') }}", "{{ {'a': l, 'b': none} | to_nice_json }}\n",
        )

    def part(self):
        pick = self.random.randrange(8)
        if pick < 2:
            return self.inclusion()
        if pick == 2:
            return self.importing()
        if pick == 3:
            return self.block()
        if pick == 4:
            return self.one("text\n", "\n", "  ", "x", "\n\n", "")
        return self.statements()

    def options(self):
        """Returns options as `template` takes them: few at a time, so that each shows."""
        options = {}
        if self.random.random() < 0.3:
            options["trim_blocks"] = False
        if self.random.random() < 0.3:
            options["lstrip_blocks"] = True
        if self.random.random() < 0.2:
            options["newline_sequence"] = self.one("\r\n", "\r")
        folder = self.one(*["plain"] * 6, *SETS)
        options |= {name: mark for name, mark, plain in zip(DELIMITER_OPTIONS, SETS[folder], SETS["plain"]) if mark != plain}
        return folder, options

    def header(self, options):
        """Moves some options to the first line of the text."""
        if self.random.random() > 0.15:
            return options, ""
        moved = {name: value for name, value in options.items() if self.random.random() < 0.8 or name.endswith("_string")}
        moved |= self.one({}, {}, {}, {}, {}, {}, {}, {"keep_trailing_newline": self.one(True, False)}, {"trim_blocks": True}, {"newline_sequence": "\n"}, {"nothing": 1}, {"trim_blocks": "x"})
        if not moved:
            return options, ""
        colon, comma = self.one(":", ": ", " : "), self.one(",", ", ")
        line = "#jinja2:" + self.one("", " ") + comma.join(f"{name}{colon}{value!r}" for name, value in moved.items()) + "\n"
        return {name: value for name, value in options.items() if name not in moved}, line

    def cases(self):
        for _ in range(CASES):
            folder, options = self.options()
            text = self.inheriting() if self.random.random() < 0.25 else "".join(self.part() for _ in range(self.random.randrange(1, 5)))
            text += self.one("", "\n", "\n", "\n\n")
            rest, header = self.header(options)
            yield folder, rest, header + with_delimiters(text, SETS[folder])
        for text in combinations():
            yield "plain", {}, text


def main():
    cases, seen = [], set()
    files = {f"{folder}/{name}": with_delimiters(text, marks) for folder, marks in SETS.items() for name, text in (FILES | MORE_FILES).items()}
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = pathlib.Path(root, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode())
        for folder, options, text in Maker().cases():
            key = json.dumps([options, text])
            if key in seen:
                continue
            seen.add(key)
            variables = json.loads(json.dumps(generate.VALUES))
            templar = Templar(loader=DataLoader(), variables=variables).copy_with_new_env(searchpath=[f"{root}/{folder}"], available_variables=variables)
            row = [{"folder": folder} | options, text]
            try:
                answer = templar.template(trust_as_template(text), escape_backslashes=False, overrides=options)
                answer = "" if answer is None else str(answer)
                if " at 0x" in answer or len(answer) > 3000:
                    continue
                row.append(answer)
            except Exception:  # whatever it is, the answer is "an error"
                pass
            cases.append(row)
    lines = lambda items: ",\n".join(items)
    listed = lines(json.dumps(case, ensure_ascii=False) for case in cases)
    kept = lines(f"{json.dumps(name)}: {json.dumps(text, ensure_ascii=False)}" for name, text in files.items())
    (HERE / "files.json").write_text(f'{{"files": {{\n{kept}\n}},\n"cases": [\n{listed}\n]}}\n')
    print(f"{len(cases)} cases, {sum(len(case) == 2 for case in cases)} errors")


if __name__ == "__main__":
    main()
