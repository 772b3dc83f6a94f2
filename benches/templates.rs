//! Renders templates and prints the seconds that one rendering takes, best of several runs: `templates.py` beside this
//! file does the same with Jinja2 and compares.

#![expect(clippy::print_stdout, reason = "the figures are its output")]

use netplay::source::{SearchPath, SourceMap};
use netplay::template::{FileOptions, Templar};
use netplay::value::{Map, Value};
use netplay::vars::{Scope, Var};
use std::collections::HashMap;
use std::hint::black_box;
use std::path::Path;
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

fn render(templar: &Templar, text: &str) -> String {
    templar.file(text, &FileOptions::default(), None).unwrap_or_else(|failure| panic!("{}", failure.message.expose()))
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

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/templates");
    let Some(data) = std::env::args().skip(1).find(|arg| arg.ends_with(".json")) else {
        println!("run benches/templates.py: it makes the data");
        return;
    };
    let data: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(data).expect("the data is there")).expect("the data is JSON");
    let text = std::fs::read_to_string(folder.join("config.j2")).expect("the template is there");
    let config = templar(&data["config"]);
    let output = render(&config, &text);
    println!("config lines\t{}", output.lines().count());
    println!("config sum\t{}", output.bytes().map(u64::from).sum::<u64>());
    println!("config rendered\t{}", best(20, |_| drop(black_box(render(&config, &text)))));
    // A comment makes another text of it, which is read anew.
    let loaded = |at: usize| drop(black_box(render(&config, &format!("{text}{{# {at} #}}"))));
    println!("config loaded and rendered\t{}", best(20, loaded));

    let small: Vec<(String, Map)> = data["small"]
        .as_array()
        .expect("small templates are a list")
        .iter()
        .map(|row| {
            let Value::Map(variables) = Value::from(row[1].clone()) else { panic!("variables are an object") };
            (row[0].as_str().expect("a template is text").to_owned(), (*variables).clone())
        })
        .collect();
    let empty = templar(&serde_json::json!({}));
    let all = |suffix: &str| {
        for (text, variables) in &small {
            let text = if suffix.is_empty() { text.clone() } else { format!("{text}{suffix}") };
            black_box(render(&empty.with(variables.clone()), &text));
        }
    };
    let each = small.len() as f64;
    let loaded = best(5, |at| all(&format!("{{# {at} #}}"))) / each;
    println!("small loaded and rendered\t{loaded}");
    all("");
    println!("small rendered\t{}", best(10, |_| all("")) / each);
}
