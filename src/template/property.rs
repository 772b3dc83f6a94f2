//! What holds for any template: it never panics, nothing that it reads is missed by [`super::names`], data is not rendered.

use super::recorded::{Fixed, NOWHERE, recorded_vars, templar, text_node, written};
use super::{FileOptions, Names, check, check_condition, names, names_of_expression, names_of_file};
use crate::failure::FailureKind;
use crate::source::{Diagnostics, Source, SourceMap};
use crate::value::{Map, Value};
use crate::vars::{Scope, Var};
use crate::yaml::Node;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// A scope that remembers what it was asked for.
struct Recording {
    inner: Fixed,
    asked: Mutex<BTreeSet<String>>,
    asked_hosts: Mutex<bool>,
}

impl Scope for Recording {
    fn var(&self, name: &str) -> Option<Var> {
        self.asked.lock().unwrap().insert(name.to_owned());
        self.inner.var(name)
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.inner.names()
    }

    fn host(&self, name: &str) -> Option<Arc<dyn Scope>> {
        *self.asked_hosts.lock().unwrap() = true;
        self.inner.host(name)
    }

    fn hosts(&self) -> Vec<Arc<str>> {
        *self.asked_hosts.lock().unwrap() = true;
        self.inner.hosts()
    }
}

/// Returns variables that hold no templates themselves: what they use is not what the text uses.
fn plain_vars() -> Fixed {
    let mut vars: BTreeMap<Arc<str>, Var> = BTreeMap::new();
    for (name, value) in [
        ("a", serde_json::json!(1)),
        ("b", serde_json::json!("text")),
        ("c", serde_json::json!([1, "b", {"a": 2}])),
        ("d", serde_json::json!({"a": {"b": [1, 2]}, "items": 3})),
        ("item", serde_json::json!({"name": "x"})),
        ("loop", serde_json::json!("not a loop")),
    ] {
        vars.insert(name.into(), Var::Author(written(&value)));
    }
    let mut fixed = Fixed { vars, hosts: BTreeMap::new() };
    fixed.hosts.insert("h".into(), Arc::new(Fixed { vars: fixed.vars.clone(), hosts: BTreeMap::new() }));
    fixed
}

fn assert_names_cover(found: &Names, run: impl FnOnce(&super::Templar), text: &str) {
    let scope = Arc::new(Recording { inner: plain_vars(), asked: Mutex::default(), asked_hosts: Mutex::default() });
    run(&templar(Arc::clone(&scope) as Arc<dyn Scope>));
    if !found.everything {
        for name in scope.asked.lock().unwrap().iter() {
            assert!(found.own.contains(name.as_str()), "`{name}` was used, but not found in {text:?}: {found:?}");
        }
    }
    if *scope.asked_hosts.lock().unwrap() {
        assert!(found.other_hosts, "other hosts were used, but not found in {text:?}: {found:?}");
    }
}

/// Expressions that are mostly right.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("a".to_owned()),
        Just("b".into()),
        Just("c".into()),
        Just("d".into()),
        Just("item".into()),
        Just("loop".into()),
        Just("nope".into()),
        Just("vars".into()),
        Just("hostvars".into()),
        Just("'x'".into()),
        Just("'a'".into()),
        Just("3".into()),
        Just("none".into()),
        Just("'{{ a }}'".into()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(a, b)| format!("{a}[{b}]")),
            inner.clone().prop_map(|a| format!("{a}.a")),
            inner.clone().prop_map(|a| format!("{a}.items()")),
            inner.clone().prop_map(|a| format!("{a} | default(b)")),
            inner.clone().prop_map(|a| format!("{a} | length")),
            inner.clone().prop_map(|a| format!("{a} | list | first")),
            inner.clone().prop_map(|a| format!("({a} is defined)")),
            inner.clone().prop_map(|a| format!("[{a}]")),
            inner.clone().prop_map(|a| format!("{{'k': {a}}}")),
            inner.clone().prop_map(|a| format!("lookup('vars', {a})")),
            inner.clone().prop_map(|a| format!("(c | map('extract', {a}) | list)")),
            two.clone().prop_map(|(a, b)| format!("({a} == {b})")),
            two.clone().prop_map(|(a, b)| format!("({a} and {b})")),
            two.clone().prop_map(|(a, b)| format!("({a} or {b})")),
            two.clone().prop_map(|(a, b)| format!("({a} ~ {b})")),
            two.clone().prop_map(|(a, b)| format!("({a} in {b})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} if {b} else {c})")),
        ]
    })
}

fn templates() -> impl Strategy<Value = String> {
    let name = prop_oneof![Just("a"), Just("b"), Just("item"), Just("x"), Just("loop")];
    let leaf = expressions().prop_map(|e| format!("{{{{ {e} }}}}"));
    leaf.prop_recursive(3, 12, 3, move |inner| {
        let body = inner.clone();
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} {b}")),
            (name.clone(), expressions(), body.clone(), inner.clone())
                .prop_map(|(n, e, a, b)| format!("{{% for {n} in {e} %}}{a}{{% else %}}{b}{{% endfor %}}{b}")),
            (expressions(), body.clone(), inner.clone())
                .prop_map(|(e, a, b)| format!("{{% if {e} %}}{a}{{% else %}}{b}{{% endif %}}")),
            (name.clone(), expressions(), body.clone())
                .prop_map(|(n, e, a)| format!("{{% if a %}}{{% set {n} = {e} %}}{{% endif %}}{a}")),
            (name.clone(), expressions(), body.clone())
                .prop_map(|(n, e, a)| format!("{{% with {n} = {e} %}}{a}{{% endwith %}}{a}")),
            (name.clone(), expressions(), body)
                .prop_map(|(n, e, a)| format!("{{% macro m({n}={e}) %}}{a}{{% endmacro %}}{{{{ m() }}}}{a}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in r"([a-z0-9 .'\n|(){}%#\[\]+*/~<>=!,:_-]|\{\{|\}\}|\{%|%\}|if |for |in |set |end){0,40}") {
        let sources = SourceMap::new();
        sources.add(Source::new("test", None, text.as_str()));
        let node = text_node(&text);
        let mut found = Diagnostics::new();
        check(&node, &sources, &mut found);
        check_condition(&node, &sources, &mut found);
        let templar = templar(Arc::new(plain_vars()));
        let _ = templar.node(&node);
        let _ = templar.condition(&node);
        let _ = templar.expression(&node);
        let _ = templar.file(&text, &FileOptions::default(), None);
        let _ = (names(&node), names_of_expression(&text), names_of_file(&text, &FileOptions::default()));
    }

    #[test]
    fn no_use_of_a_name_in_an_expression_is_missed(text in expressions()) {
        assert_names_cover(&names_of_expression(&text), |templar| drop(templar.condition(&text_node(&text))), &text);
        assert_names_cover(&names_of_expression(&text), |templar| drop(templar.expression_text(&text, None)), &text);
    }

    #[test]
    fn no_use_of_a_name_in_a_template_is_missed(text in templates()) {
        assert_names_cover(&names(&text_node(&text)), |templar| drop(templar.node(&text_node(&text))), &text);
        let options = FileOptions::default();
        let found = names_of_file(&text, &options);
        assert_names_cover(&found, |templar| drop(templar.file(&text, &options, None)), &text);
    }

    #[test]
    fn data_comes_out_as_it_went_in(text in r"(\{\{ a \}\}|\{% if %\}|\{#|[a-z ]){0,6}") {
        let mut vars = plain_vars();
        let inner = Value::map([("k", Value::list([text.as_str()]))]);
        vars.vars.insert("data".into(), Var::Data(inner.clone()));
        vars.vars.insert("through".into(), Var::Author(text_node("{{ data }}")));
        let templar = templar(Arc::new(vars));
        prop_assert_eq!(templar.node(&text_node("{{ data }}")).unwrap(), inner.clone());
        prop_assert_eq!(templar.node(&text_node("{{ through }}")).unwrap(), inner);
        prop_assert_eq!(templar.node(&text_node("{{ through.k[0] }}")).unwrap(), Value::from(text.as_str()));
        prop_assert_eq!(templar.node(&text_node("{{ [data] | map(attribute='k') | first | join }}")).unwrap(), Value::from(text.as_str()));
        prop_assert_eq!(templar.node(&text_node("a{{ data.k | first }}")).unwrap(), Value::from(format!("a{text}")));
    }
}

/// What recorded variables use of each other is used at run time as well; the rest of the properties leaves it out.
#[test]
fn a_variable_is_rendered_once_for_all_its_uses() {
    let mut vars = recorded_vars();
    vars.vars.insert("made".into(), Var::Author(text_node("{{ lookup('password', '/dev/null') }}")));
    let templar = templar(Arc::new(vars));
    let text: Node = text_node("{{ made == made }}");
    assert_eq!(templar.node(&text).unwrap(), Value::Bool(true));
}

#[test]
fn endless_work_ends_with_a_failure() {
    let templar = templar(Arc::new(recorded_vars()));
    let cases = [
        "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set ns = namespace(s='xxxxxxxx') %}{% for a in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{{ 'x' * 10 ** 12 }}",
        "{{ range(10 ** 9) }}",
        "{% set l = [] %}{% set _ = l.append(l) %}{{ l }}",
        "{% block b %}{{ self.b() }}{% endblock %}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    ];
    for case in cases {
        let failure = templar.node(&text_node(case)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Template, "{case}: {}", failure.message.expose());
    }
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(150), ")".repeat(150));
    assert!(templar.node(&text_node(&deep)).is_err());
    let long = format!("{{{{ a{} }}}}", ".b".repeat(5000));
    assert!(templar.node(&text_node(&long)).is_err());
    for (operator, value) in [("+", Value::Int(151)), ("and", Value::Int(1)), ("~", Value::from("1".repeat(151)))] {
        let chain = |length| text_node(&format!("{{{{ 1{} }}}}", format!(" {operator} 1").repeat(length)));
        assert_eq!(templar.node(&chain(150)).unwrap(), value);
        assert!(templar.node(&chain(3000)).is_err());
    }
}

#[test]
fn a_variable_that_uses_itself_is_shown_with_its_chain() {
    let failure = templar(Arc::new(recorded_vars())).node(&text_node("{{ loop1 }}")).unwrap_err();
    assert_eq!(failure.message.expose(), "variable uses itself: loop1 → loop2 → loop1");
    assert!(failure.help.is_some());
}

#[test]
fn elements_that_use_each_other_are_a_cycle_too() {
    let mut vars = plain_vars();
    vars.vars
        .insert("x".into(), Var::Author(written(&serde_json::json!({"k": "{{ y.k }}", "ok": 1, "own": "{{ x.ok }}"}))));
    vars.vars.insert("y".into(), Var::Author(written(&serde_json::json!({"k": ["{{ x.k }}"]}))));
    vars.vars.insert("me".into(), Var::Author(written(&serde_json::json!(["{{ me }}"]))));
    let templar = templar(Arc::new(vars));
    assert_eq!(templar.node(&text_node("{{ x.own }}")).unwrap(), Value::Int(1));
    for text in ["{{ x.k }}", "{{ x }}", "{{ me }}"] {
        let failure = templar.node(&text_node(text)).unwrap_err();
        let message = failure.message.expose();
        assert!(message.contains("uses itself") || message.contains("nested deeper"), "{text}: {message}");
    }
}

#[test]
fn a_long_chain_of_variables_fits_the_stack() {
    let mut vars = plain_vars();
    vars.vars.insert("v0".into(), Var::Author(text_node("{{ 1 }}")));
    for at in 1..130 {
        let text = format!("{{% if true %}}{{{{ [v{}] | map('string') | first }}}}{{% endif %}}", at - 1);
        vars.vars.insert(format!("v{at}").into(), Var::Author(text_node(&text)));
    }
    let templar = templar(Arc::new(vars));
    assert_eq!(templar.clone().node(&text_node("{{ v95 }}")).unwrap(), Value::from("1"));
    let failure = templar.with(Map::new()).node(&text_node("{{ v129 }}")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Template);
}

#[test]
fn layers_on_top_win_and_are_seen_by_variables_below() {
    let templar = templar(Arc::new(recorded_vars()));
    let extra: Map = [("chain3", Value::Int(1)), ("s", Value::from("{{ n }}"))].into_iter().collect();
    let over = templar.with(extra);
    assert_eq!(over.node(&text_node("{{ chain1 }}")).unwrap(), Value::Int(2));
    assert_eq!(over.node(&text_node("{{ s }}")).unwrap(), Value::from("{{ n }}"));
    assert_eq!(templar.node(&text_node("{{ chain1 }}")).unwrap(), Value::Int(42));
    assert_eq!(over.var("s").unwrap(), Some(Value::from("{{ n }}")));
    assert_eq!(over.var("surely_not").unwrap(), None);
}

#[test]
fn other_hosts_are_reached_through_hostvars() {
    let mut vars = plain_vars();
    let mut other = plain_vars();
    other.vars.insert("addr".into(), Var::Author(text_node("10.0.0.{{ a }}")));
    vars.hosts.insert("r1".into(), Arc::new(other));
    let templar = templar(Arc::new(vars));
    for (text, value) in [
        ("{{ hostvars['r1'].addr }}", "10.0.0.1"),
        ("{{ hostvars.r1['addr'] }}", "10.0.0.1"),
        ("{{ hostvars | list | sort | join(',') }}", "h,r1"),
        ("{{ hostvars['r9'].addr | default('none') }}", "none"),
        ("{{ ['r1'] | map('extract', hostvars, 'addr') | first }}", "10.0.0.1"),
        ("{{ vars['b'] }}", "text"),
    ] {
        match templar.node(&text_node(text)) {
            Ok(got) => assert_eq!(got, Value::from(value), "{text}"),
            Err(failure) => panic!("{text}: {}", failure.message.expose()),
        }
    }
    let _ = NOWHERE;
}
