//! Renders templates and prints the seconds that one rendering takes, best of many runs: with netplay, and with the bare
//! engine beneath it, which knows nothing of Ansible. `templates.py` beside this file does the same with Jinja2 and compares.

#![expect(clippy::print_stdout, reason = "the figures are its output")]

use netplay::source::{SearchPath, SourceId, SourceMap, Span};
use netplay::template::{FileOptions, Templar};
use netplay::value::{Map, Value};
use netplay::vars::{Scope, Var};
use netplay::yaml::{Kind, Node};
use std::collections::HashMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

struct Variables(HashMap<String, Value>);

impl Scope for Variables {
    fn var(&self, name: &str) -> Option<Var> {
        self.0.get(name).cloned().map(Var::Data)
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.0.keys().map(|name| Arc::from(name.as_str())).collect()
    }

    fn host(&self, _: &str) -> Option<Arc<dyn Scope>> {
        None
    }

    fn hosts(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
}

fn templar(variables: &serde_json::Value) -> Templar {
    let all = variables.as_object().expect("variables are an object").clone();
    let all = all.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
    Templar::new(Arc::new(Variables(all)), SearchPath::default(), Arc::new(SourceMap::new()))
}

fn render(templar: &Templar, text: &str, path: Option<&Path>) -> String {
    templar.file(text, &FileOptions::default(), path).unwrap_or_else(|failure| panic!("{}", failure.message.expose()))
}

/// Returns the seconds of the fastest of several runs.
fn best(runs: usize, mut run: impl FnMut(usize)) -> f64 {
    let timed = (0..runs).map(|at| {
        let start = Instant::now();
        run(at);
        start.elapsed().as_secs_f64()
    });
    timed.fold(f64::INFINITY, f64::min)
}

/// Returns data as the engine has it.
fn engine(data: &serde_json::Value) -> minijinja::Value {
    match data {
        serde_json::Value::Null => minijinja::Value::from(()),
        serde_json::Value::Bool(b) => minijinja::Value::from(*b),
        serde_json::Value::Number(n) => n.as_i64().map_or_else(|| n.as_f64().into(), minijinja::Value::from),
        serde_json::Value::String(text) => minijinja::Value::from(text.as_str()),
        serde_json::Value::Array(items) => items.iter().map(engine).collect(),
        serde_json::Value::Object(map) => {
            minijinja::Value::from_pairs(map.iter().map(|(key, value)| (key.as_str(), engine(value))))
        }
    }
}

/// The engine alone, with its own filters, set to trim as Ansible does.
fn bare(folder: &Path) -> minijinja::Environment<'static> {
    let mut environment = minijinja::Environment::new();
    let syntax = minijinja::syntax::SyntaxConfig::builder().trim_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(syntax.expect("these delimiters are the usual ones"));
    let folder = folder.to_owned();
    environment.set_loader(move |name| Ok(std::fs::read_to_string(folder.join(name)).ok()));
    environment
}

/// Says how long a template file takes that was read before, and one that was not.
fn file(folder: &Path, name: &str, variables: &serde_json::Value, runs: usize) {
    let path: PathBuf = folder.join(format!("{name}.j2"));
    let text = std::fs::read_to_string(&path).expect("the template is there");
    let ours = templar(variables);
    let output = render(&ours, &text, Some(&path));
    println!("{name} lines\t{}", output.lines().count());
    println!("{name} sum\t{}", output.bytes().map(u64::from).sum::<u64>());
    println!("{name} rendered\t{}", best(runs, |_| drop(black_box(render(&ours, &text, Some(&path))))));
    // A comment makes another text of it, which is read anew.
    let loaded = |at: usize| drop(black_box(render(&ours, &format!("{text}{{# {at} #}}"), Some(&path))));
    println!("{name} loaded\t{}", best(runs, loaded));

    let alone = bare(folder);
    let variables = engine(variables);
    let Ok(read) = alone.get_template(&format!("{name}.j2")) else { return };
    // What the engine alone does not know, as `ipaddr`, it cannot be measured with.
    let Ok(output) = read.render(&variables) else { return };
    println!("{name} bare sum\t{}", output.bytes().map(u64::from).sum::<u64>());
    println!("{name} bare rendered\t{}", best(runs, |_| drop(black_box(read.render(&variables)))));
    let loaded = |at: usize| {
        let text = format!("{text}{{# {at} #}}");
        drop(black_box(alone.render_named_str(&format!("{name}.j2"), &text, &variables)));
    };
    println!("{name} bare loaded\t{}", best(runs, loaded));
}

/// Says how long one of many small texts takes, such as stand in tasks.
fn small(texts: &serde_json::Value) {
    let rows: Vec<(String, Map, minijinja::Value)> = texts
        .as_array()
        .expect("small templates are a list")
        .iter()
        .map(|row| {
            let Value::Map(variables) = Value::from(row[1].clone()) else { panic!("variables are an object") };
            let text = row[0].as_str().expect("a template is text").to_owned();
            (text, (*variables).clone(), engine(&row[1]))
        })
        .collect();
    let each = rows.len() as f64;
    let empty = templar(&serde_json::json!({}));
    let span = Span { source: SourceId(0), start: 0, end: 0 };
    let node = |text: &str| Node::new(Kind::Str(text.into()), span);
    let nodes = |suffix: &str| rows.iter().map(|(text, ..)| node(&format!("{text}{suffix}"))).collect::<Vec<_>>();
    let all = |nodes: &[Node]| {
        for (node, (_, variables, _)) in nodes.iter().zip(&rows) {
            black_box(empty.with(variables.clone()).node(node).is_ok());
        }
    };
    let fresh: Vec<_> = (0..5).map(|at| nodes(&format!("{{# {at} #}}"))).collect();
    println!("small loaded\t{}", best(5, |at| all(&fresh[at])) / each);
    let known = nodes("");
    all(&known);
    println!("small rendered\t{}", best(20, |_| all(&known)) / each);

    let alone = bare(Path::new("."));
    let read: Vec<_> =
        rows.iter().map(|(text, ..)| alone.template_from_named_str("small", text).expect("it is a template")).collect();
    let bare_rendered = best(20, |_| {
        for (template, (_, _, variables)) in read.iter().zip(&rows) {
            drop(black_box(template.render(variables)));
        }
    });
    println!("small bare rendered\t{}", bare_rendered / each);
    let bare_loaded = best(5, |_| {
        for (text, _, variables) in &rows {
            drop(black_box(alone.render_str(text, variables)));
        }
    });
    println!("small bare loaded\t{}", bare_loaded / each);
}

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/templates");
    let mut args = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let Some(data) = args.next() else {
        println!("run benches/templates.py: it makes the data");
        return;
    };
    let only = args.next();
    let runs = args.next().and_then(|runs| runs.parse().ok()).unwrap_or(60);
    let data: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(data).expect("the data is there")).expect("the data is JSON");
    for (name, variables) in data["files"].as_object().expect("files are an object") {
        if only.as_ref().is_none_or(|only| only == name) {
            file(&folder, name, variables, runs);
        }
    }
    if only.as_ref().is_none_or(|only| only == "small") {
        small(&data["small"]);
    }
}
