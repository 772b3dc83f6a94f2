//! Templates and conditions against what Ansible makes of them (`tests/template/*.json`, made by `record.py` there).

use super::Templar;
use crate::failure::FailureKind;
use crate::source::{Diagnostics, SearchPath, Source, SourceId, SourceMap, Span};
use crate::value::{Key, Map, Value};
use crate::vars::{Scope, Var};
use crate::yaml::{Kind, Mapping, Node};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Where an answer differs on purpose: the case and the reason.
const DIFFERENCES: &[(&str, &str)] = &[
    ("{{ nope | default(omit) | default('gone') }}", "what is omitted as a whole is the caller's to leave out"),
    ("{{ self }}", "`self` alone means nothing: a name that there is not"),
    ("{{ l[nope:] }}", "an undefined bound is undefined, not a mistake of types"),
    ("{{ words.index('a') }} {{ l.count(2) }}", "`count` counts: Ansible's list does not find its own numbers"),
    ("{{ query('flattened', [1, [2, [3]]]) }}", "the lookup of `with_flattened` is here, not in a collection"),
    ("{{ lookup('ansible.builtin.items', 1) }}", "the recorder loads no collections"),
];

/// Where lookups differ on purpose: what the case has, and the reason.
const LOOKUP_DIFFERENCES: &[(&str, &str)] = &[
    ("'0x0a-0x0c:%x'", "hexadecimal bounds are taken, as Ansible's own documentation has them"),
    ("start=0x10", "hexadecimal bounds are taken, as Ansible's own documentation has them"),
    ("('varnames', '^[ls]$' ~ '')", "the names of variables come sorted"),
    ("('lines', [", "a command is text"),
];

/// The filters that make sets.
const SETS: [&str; 4] = ["| union(", "| symmetric_difference(", "| difference(", "| intersect("];

/// Where generated templates differ on purpose: what the text has (all parts), and the reason.
const GENERATED_DIFFERENCES: &[(&[&str], &str)] = &[
    (&[" is file"], "a number is no open file here"),
    (&[" is exists"], "a number is no open file here"),
    (&[" is directory"], "a number is no open file here"),
    (&["l.count(1)"], "`count` counts: Ansible's list does not find its own numbers"),
    (&["default(omit)"], "what is omitted as a whole is the caller's to leave out"),
    (&["% nope"], "what is undefined is refused, also where a format has no use for it"),
    (&["(2 ** 70) **"], "whole numbers have 128 bits"),
    (&["}).items |"], "a method that is not called has no text"),
    (&["(not one) | urlsplit"], "a value of a kind that a filter is not for is refused"),
    (&["{% set x %}b"], super::recorded_files::UNUSED_BLOCK),
    (&["["], INSIDE),
    (&["{'"], INSIDE),
];

/// Why an error in a literal is reported that Ansible passes over. Only such an error falls under it.
const INSIDE: &str =
    "what is undefined or fails inside of a list or a dictionary is an error, also where nobody looks at it";

/// The page that users read has a row for each of both tables.
#[test]
fn the_page_of_differences_has_every_one_of_templates() {
    let page = include_str!("../../docs/differences.md").replace("\\|", "|");
    let single = DIFFERENCES.iter().map(|(what, why)| (*what, *why));
    let generated = GENERATED_DIFFERENCES.iter().map(|(parts, why)| (parts[0], *why));
    let files = super::recorded_files::FILE_DIFFERENCES.iter().map(|(parts, why)| (parts[0], *why));
    let lookups = LOOKUP_DIFFERENCES.iter().copied();
    for (what, why) in single.chain(generated).chain(files).chain(lookups) {
        assert!(
            page.contains(&format!("| `{what}` | {why} |")),
            "docs/differences.md lacks this row:\n| `{what}` | {why} |"
        );
    }
}

/// Variables by name; `hosts` answers every host with the same ones.
pub(super) struct Fixed {
    pub(super) vars: BTreeMap<Arc<str>, Var>,
    pub(super) hosts: BTreeMap<Arc<str>, Arc<Fixed>>,
}

impl Scope for Fixed {
    fn var(&self, name: &str) -> Option<Var> {
        self.vars.get(name).cloned()
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.vars.keys().cloned().collect()
    }

    fn host(&self, name: &str) -> Option<Arc<dyn Scope>> {
        self.hosts.get(name).map(|host| Arc::clone(host) as Arc<dyn Scope>)
    }

    fn hosts(&self) -> Vec<Arc<str>> {
        self.hosts.keys().cloned().collect()
    }
}

pub(super) const NOWHERE: Span = Span { source: SourceId(0), start: 0, end: 0 };

/// Makes what an author might have written of JSON.
pub(super) fn written(json: &Json) -> Node {
    let kind = match json {
        Json::String(text) => Kind::Str(text.as_str().into()),
        Json::Array(items) => Kind::Seq(Arc::new(items.iter().map(written).collect())),
        Json::Object(entries) => {
            let mut map = Mapping::default();
            for (key, value) in entries {
                map.insert(Key::from(key.as_str()), text_node(key), written(value));
            }
            Kind::Map(Arc::new(map))
        }
        other => match Value::from(other.clone()) {
            Value::Bool(b) => Kind::Bool(b),
            Value::Int(n) => Kind::Int(n),
            Value::Float(f) => Kind::Float(f),
            _ => Kind::Null,
        },
    };
    Node::new(kind, NOWHERE)
}

pub(super) fn text_node(text: &str) -> Node {
    Node::new(Kind::Str(text.into()), NOWHERE)
}

pub(super) fn templar(scope: Arc<dyn Scope>) -> Templar {
    let sources = SourceMap::new();
    sources.add(Source::new("test", None, ""));
    Templar::new(scope, SearchPath::default(), Arc::new(sources))
}

pub(super) fn recorded_vars() -> Fixed {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/template");
    let vars: Json = serde_json::from_str(&std::fs::read_to_string(folder.join("vars.json")).unwrap()).unwrap();
    let mut all: BTreeMap<Arc<str>, Var> = BTreeMap::new();
    for (name, value) in vars["author"].as_object().unwrap() {
        all.insert(name.as_str().into(), Var::Author(written(value)));
    }
    for (name, value) in vars["data"].as_object().unwrap() {
        all.insert(name.as_str().into(), Var::Data(Value::from(value.clone())));
    }
    Fixed { vars: all, hosts: BTreeMap::new() }
}

/// Variables as they stand in a file.
fn dates() -> Fixed {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/template/dates.yml");
    let sources = SourceMap::new();
    let id = sources.add(Source::new("dates.yml", None, std::fs::read_to_string(path).unwrap()));
    let node = crate::yaml::parse(id, &sources, &mut Diagnostics::new()).unwrap();
    let entries = node.as_map().unwrap().iter();
    let vars = entries.map(|(key, _, node)| (key.as_str().unwrap().into(), Var::Author(node.clone()))).collect();
    Fixed { vars, hosts: BTreeMap::new() }
}

fn answer(value: &Value) -> Json {
    match value {
        Value::Float(f) if !f.is_finite() => serde_json::json!({"float": crate::value::python_float(*f)}),
        Value::Moment(moment) => serde_json::json!({"moment": moment.repr()}),
        Value::Int(n) if n.unsigned_abs() >= 1 << 64 => serde_json::json!({"int": n.to_string()}),
        Value::List(items) => items.iter().map(answer).collect(),
        Value::Map(map) => Json::Object(
            Map::iter(map)
                .map(|(key, value)| {
                    (key.as_str().map_or_else(|| key.to_value().to_json().to_string(), Into::into), answer(value))
                })
                .collect(),
        ),
        other => other.to_json(),
    }
}

fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => {
            // Whole numbers beyond 64 bits are read as floats, not quite exactly; so is the last digit of floats.
            let (x, y) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            a.is_f64() == b.is_f64() && (a == b || (x - y).abs() <= 1e-15 * x.abs())
        }
        (Json::Object(a), Json::Number(b)) if a.contains_key("int") => {
            let exact: f64 = a["int"].as_str().unwrap_or_default().parse().unwrap();
            b.as_f64().is_some_and(|b| (exact - b).abs() <= 1e-15 * exact.abs())
        }
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((ka, a), (kb, b))| ka == kb && same(a, b))
        }
        (a, b) => a == b,
    }
}

/// Claims that both are the same set with texts in it: those have an order of their own in each run of Python.
fn same_set(expression: &str, a: &Json, b: &Json) -> bool {
    let is_set = SETS.iter().any(|filter| expression.contains(filter));
    let (Some(a), Some(b)) = (a.as_array().filter(|_| is_set), b.as_array()) else { return false };
    let sorted = |list: &[Json]| {
        let mut all: Vec<String> = list.iter().map(Json::to_string).collect();
        all.sort();
        all
    };
    b.iter().any(Json::is_string) && sorted(a) == sorted(b)
}

fn check(kind: &str, at_least: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/template/{kind}.json"));
    let rows: Vec<(String, Json)> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let scope: Arc<dyn Scope> = Arc::new(if kind == "date" { dates() } else { recorded_vars() });
    let mut wrong = Vec::new();
    let mut differing = Vec::new();
    for (case, want) in &rows {
        let templar = templar(Arc::clone(&scope));
        let node = text_node(&case.replace('⏎', "\n"));
        let got = match kind {
            "condition" => templar.condition(&node).map(Value::Bool),
            _ => templar.node(&node),
        };
        let agrees = match (&got, want.get("value"), want.get("error")) {
            (Ok(got), Some(want), _) => same(&answer(got), want),
            (Err(failure), _, Some(error)) => (failure.kind == FailureKind::Undefined) == (error == "undefined"),
            _ => false,
        };
        if !agrees && kind == "lookup" && LOOKUP_DIFFERENCES.iter().any(|(part, _)| case.contains(part)) {
            differing.push(case.clone());
            continue;
        }
        if agrees == DIFFERENCES.iter().any(|(known, _)| known == case) {
            let got = match got {
                Ok(got) => answer(&got).to_string(),
                Err(failure) => format!("{:?}: {}", failure.kind, failure.message.expose()),
            };
            wrong.push(format!("{case}\n    want {want}\n    got  {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    if kind == "lookup" {
        super::differences::hold("lookups", &differing);
    }
    assert!(rows.len() >= at_least, "only {} rows: is a recording missing?", rows.len());
}

#[test]
fn templates_mean_what_they_mean_in_ansible() {
    check("text", 400);
}

#[test]
fn dates_in_variables_are_those_of_ansible() {
    check("date", 60);
}

#[test]
fn conditions_mean_what_they_mean_in_ansible() {
    check("condition", 60);
}

#[test]
fn lookups_mean_what_they_mean_in_ansible() {
    check("lookup", 450);
}

#[test]
fn generated_templates_mean_what_they_mean_in_ansible() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/template");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let vars: BTreeMap<Arc<str>, Json> = serde_json::from_str(&read("generated-vars.json")).unwrap();
    let vars = vars.into_iter().map(|(name, value)| (name, Var::Author(written(&value)))).collect();
    let scope: Arc<dyn Scope> = Arc::new(Fixed { vars, hosts: BTreeMap::new() });
    let mut rows: Vec<Vec<Json>> = serde_json::from_str(&read("generated.json")).unwrap();
    let more: Vec<Vec<Json>> = serde_json::from_str(&read("generated-more.json")).unwrap();
    rows.extend(more);
    let mut wrong = Vec::new();
    let mut differing = Vec::new();
    let mut used = vec![0; GENERATED_DIFFERENCES.len()];
    for row in &rows {
        let text = row[0].as_str().unwrap();
        let templar = templar(Arc::clone(&scope));
        let got = match text.strip_prefix('?') {
            Some(condition) => templar.condition(&text_node(condition)).map(Value::Bool),
            None => templar.node(&text_node(text)),
        };
        let agrees = match (&got, row.get(1)) {
            (Ok(got), Some(want)) => same(&answer(got), want) || same_set(text, &answer(got), want),
            (got, want) => got.is_err() && want.is_none(),
        };
        if agrees {
            continue;
        }
        let is_stricter = got.is_err() && row.len() > 1;
        let known = |(parts, why): &(&[&str], &str)| {
            parts.iter().all(|part| text.contains(part)) && (*why != INSIDE || is_stricter)
        };
        if let Some(at) = GENERATED_DIFFERENCES.iter().position(known) {
            used[at] += 1;
            differing.push(text.to_owned());
            continue;
        }
        let want = row.get(1).map_or("an error".into(), Json::to_string);
        let got = got.map_or_else(|e| format!("error: {}", e.message.expose()), |got| answer(&got).to_string());
        wrong.push(format!("{text}\n    want {want}\n    got  {got}"));
    }
    if let Some(file) = std::env::var_os("GENERATED_REPORT") {
        std::fs::write(file, wrong.join("\n")).unwrap();
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), rows.len(), wrong[..wrong.len().min(40)].join("\n"));
    super::differences::hold("generated", &differing);
    let idle: Vec<_> = GENERATED_DIFFERENCES.iter().zip(&used).filter(|(_, used)| **used == 0).collect();
    assert!(idle.is_empty(), "differences that are none: {idle:?}");
    assert!(rows.len() >= 22_000, "only {} rows: is the recording complete?", rows.len());
}
