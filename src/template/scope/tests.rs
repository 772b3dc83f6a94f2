//! What names mean across files and blocks, where an author's look like ours, and what is said of them.

use crate::source::{SearchPath, SourceMap};
use crate::template::recorded::Fixed;
use crate::template::{FileOptions, Templar};
use crate::value::Value;
use crate::vars::{Scope, Var};
use std::collections::BTreeMap;
use std::sync::Arc;

const FILES: [(&str, &str); 8] = [
    ("both.j2", "{{ name | default('-') }}{{ name__apart1 | default('-') }}{{ name__apart2 | default('-') }};"),
    ("nested.j2", "{% set name = 'set' %}{% include 'both.j2' %}{% include 'both.j2' without context %}"),
    ("macros.j2", "{% macro line(x, y='Y') %}{{ x }}{{ y }}{% endmacro %}{% macro sees() %}{{ name }}{% endmacro %}"),
    ("library.j2", "{% macro full(x) %}{% include 'x.j2' %}{% endmacro %}{% set x = 'outermost' %}"),
    ("x.j2", "[{{ x | default('-') }}]"),
    ("attribute.j2", "{% macro m() %}{{ items.first.second }}{% endmacro %}"),
    ("method.j2", "{% macro m(x) %}{{ x.nope() }}{% endmacro %}"),
    ("base.j2", "{% for x in items %}{% block b %}{{ x | default('-') }}{% endblock %}{% endfor %}"),
];

fn templar(root: &std::path::Path) -> (Templar, Arc<SourceMap>) {
    for (name, text) in FILES {
        std::fs::write(root.join(name), text).unwrap();
    }
    let mut vars: BTreeMap<Arc<str>, Var> = BTreeMap::new();
    let texts = ["name", "name__apart1", "x__local", "loop__outer", "y__plain", "y__plain__plain"];
    vars.extend(texts.map(|name| (name.into(), Var::Data(Value::from(format!("<{name}>"))))));
    vars.insert("items".into(), Var::Data(Value::list(["a", "b"])));
    let scope: Arc<dyn Scope> = Arc::new(Fixed { vars, hosts: BTreeMap::new() });
    let sources = Arc::new(SourceMap::new());
    (Templar::new(scope, SearchPath::default(), Arc::clone(&sources)), sources)
}

#[test]
fn names_that_look_like_ours_are_the_authors() {
    let root = tempfile::tempdir().unwrap();
    let (templar, _) = templar(root.path());
    let cases = [
        ("{% include 'both.j2' %}{{ name__apart1 }}\n", "<name><name__apart1>-;<name__apart1>\n"),
        ("{% include 'both.j2' without context %}{{ name__apart1 }}\n", "---;<name__apart1>\n"),
        ("{% include 'nested.j2' without context %}{{ name }}\n", "set--;---;<name>\n"),
        ("{% set name__apart1 = 1 %}{% include 'both.j2' without context %}{{ name__apart1 }}\n", "---;1\n"),
        (
            "{% for x in items %}{% block b %}{{ x__local }}{{ x | default('-') }}{% endblock %}{% endfor %}\n",
            "<x__local>-<x__local>-\n",
        ),
        (
            "{% for x in items %}{{ x }}{{ x__local }}{% block b scoped %}{{ x }}{{ x__local }}{% endblock %}{% endfor %}\n",
            "a<x__local>a<x__local>b<x__local>b<x__local>\n",
        ),
        (
            "{% for x in items %}{% block b scoped %}{{ loop.index }}{{ loop__outer }}{% endblock %}{% endfor %}\n",
            "1<loop__outer>2<loop__outer>\n",
        ),
        (
            "{% block b %}{{ y__plain }}{{ y__plain__plain }}{% set y = 1 %}{{ y__plain }}{{ y }}{% endblock %}\n",
            "<y__plain><y__plain__plain><y__plain>1\n",
        ),
        (
            "{% from 'library.j2' import full, x %}{{ full(3) }}{{ full('x') }}{{ x }}{% include 'x.j2' %}\n",
            "[3][x]outermost[outermost]\n",
        ),
        (
            "{% import 'library.j2' as l %}{{ l.full(3) }}{{ l.x }}{{ l.name | default('-') }}{{ l['x'] }}\n",
            "[3]outermost-outermost\n",
        ),
        (
            "{% extends 'base.j2' %}{% block b %}{{ super() }}{{ x__local }}{% set x = 1 %}{{ super() }}{% endblock %}\n",
            "-<x__local>--<x__local>-\n",
        ),
    ];
    for (text, want) in cases {
        let got = templar.file(text, &FileOptions::default(), Some(&root.path().join("main.j2")));
        assert_eq!(got.unwrap_or_else(|f| f.message.expose().to_owned()), want, "{text:?}");
    }
}

#[test]
fn messages_have_the_names_that_authors_wrote() {
    let root = tempfile::tempdir().unwrap();
    let (templar, sources) = templar(root.path());
    let import = "include or import the file `with context`";
    let cases = [
        ("{% import 'macros.j2' as m %}{{ m.sees() }}", "`name` is undefined", "macros.j2:1:76", import),
        ("{% from 'macros.j2' import sees %}{{ sees() }}", "`name` is undefined", "macros.j2:1:76", import),
        ("{% import 'attribute.j2' as m %}{{ m.m() }}", "`items` is undefined", "attribute.j2:1:19", import),
        ("{% import 'method.j2' as m %}{{ m.m('s') }}", "nope", "method.j2:1:20", ""),
        ("{% import 'macros.j2' as m %}{{ m.line(z=1) }}", "`z`", "", ""),
        ("{% import 'macros.j2' as m %}{{ m.line(1, x=1) }}", "`x`", "", ""),
        ("{% import 'macros.j2' as m %}{{ m.none_such }}", "`m.none_such` is undefined", "", ""),
        ("{% from 'macros.j2' import none_such %}{{ none_such }}", "`none_such` is undefined", "", ""),
        ("{% include ['no.j2', 'not.j2'] without context %}", "not.j2", "", ""),
        ("{% import 'no.j2' as m %}", "no.j2", "", ""),
        ("{% from 'macros.j2' import _private %}", "`_private`", "", ""),
        ("{% block b %}{% for x in items %}{{ x.y.z }}{% endfor %}{% endblock %}", "`x.y.z` is undefined", "", ""),
        ("{% block b %}{{ nope }}{% endblock %}", "`nope` is undefined", "", ""),
    ];
    for (text, message, place, help) in cases {
        let failure = templar.file(text, &FileOptions::default(), Some(&root.path().join("main.j2"))).unwrap_err();
        let said = failure.message.expose();
        assert!(said.contains(message), "{text}: {said}");
        let said_help = failure.help.as_ref().map(|help| help.expose().to_owned()).unwrap_or_default();
        assert!(said_help.contains(help), "{text}: {said_help:?}");
        for ours in ["__", "\u{1}", "\\x01", "apart"] {
            assert!(!said.contains(ours) && !said_help.contains(ours), "{text}: {said} {said_help}");
        }
        if !place.is_empty() {
            let at = sources.place(failure.place.unwrap());
            assert!(at.ends_with(place), "{text}: {at}");
        }
    }
}
