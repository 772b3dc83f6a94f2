use super::{Table, Template};
use crate::source::{Source, SourceMap};
use serde::Deserialize;
use std::path::Path;

/// A case of `tests/textfsm/cases.json` or `generated.json`: what Python's textfsm made of it.
#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    name: String,
    template: String,
    output: String,
    rows: Option<serde_json::Value>,
    error: Option<String>,
}

fn cases(file: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/textfsm").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("the recorder writes JSON")
}

fn read(text: &str) -> Result<Template, String> {
    let sources = SourceMap::new();
    let id = sources.add(Source::new("t", None, text));
    Template::read(id, "t", text).map_err(|found| super::Wrong::new(sources, found).line())
}

/// Holds cases against what we make of them; returns how many there are.
fn check(file: &str) -> usize {
    let cases = cases(file);
    let mut wrong = Vec::new();
    for case in &cases {
        let got = match read(&case.template) {
            Err(_) => Err("template"),
            Ok(template) => template.run(&case.output).map_err(|_| "run"),
        };
        let fits = match (&got, &case.rows, case.error.as_deref()) {
            (Ok(table), Some(rows), _) => table.dictionaries().to_json() == *rows,
            (Err(kind), _, Some(error)) => *kind == error,
            _ => false,
        };
        if !fits {
            let got = got.map(|table| table.dictionaries().to_json());
            let (template, output) = (&case.template, &case.output);
            wrong.push(format!("{}: {got:?}, not {:?} {:?}\n{template}\n{output:?}", case.name, case.rows, case.error));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    cases.len()
}

#[test]
fn templates_do_what_they_do_in_python() {
    assert!(check("cases.json") >= 130);
}

#[test]
fn random_templates_do_what_they_do_in_python() {
    assert!(check("generated.json") >= 1000);
}

#[test]
fn a_template_may_run_again_and_in_other_threads() {
    let template = read("Value Filldown A (\\w)\nValue List B (\\d)\n\nStart\n ^${A}\n ^${B} -> Record\n").unwrap();
    let run = || -> Table { template.run("a\n1\n2\n").unwrap() };
    let first = run();
    let others: Vec<Table> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(others.iter().all(|other| *other == first));
}

#[test]
fn what_is_wrong_has_its_place() {
    let cases = [
        ("Value A (a)\n\nStart\n ^${B}\n", "t:4:3: no Value is called `B`"),
        ("Value Filldwn A (a)\n\nStart\n", "t:1:7: no option is called `Filldwn` (did you mean `Filldown`?)"),
        ("Value A (a)\n\nStart\n ^x -> Strat\n", "t:4:8: no state is called `Strat` (did you mean `Start`?)"),
        ("Value A (a)\n\nStart\n ^x$ -> Next\n", "t:4:4: a lone `$`"),
        ("Value A ([)\n\nStart\n", "t:1:9: the expression of `A` has a `[` that is not closed"),
        ("Value A (a)\n\nStart\n ^x -> Nxt.Record\n", "t:4:5: no action is written so"),
        ("Value A (a)\n", "t:1:1: the template has no state `Start`"),
    ];
    for (text, place) in cases {
        let line = read(text).map(drop).unwrap_err();
        assert!(line.starts_with(place), "{line}");
    }
}

#[test]
fn an_error_names_the_lines_of_template_and_output() {
    let template = read("Value A (a)\n\nStart\n ^${A}\n ^. -> Error \"odd\"\n").unwrap();
    let failure = template.run("a\nb\n").unwrap_err();
    assert_eq!(failure.message.expose(), "t:5: odd: line 2 is `b`");
}

proptest::proptest! {
    #[test]
    fn no_template_and_no_output_panics(
        template in "(Value (List |Filldown |Required,List )?[AB] \\([a-c(|.*?)]{0,5}\\)\n){0,2}\n(Start\n([ ]{1,2}\\^[a-c(${AB}.*)]{0,8}( -> (Next|Continue|Error|Record|End|X|\"a)(\\.Record)?)?\n){0,3}\n){0,2}",
        output in "[abc \r\n\u{c}é]{0,40}",
    ) {
        if let Ok(template) = read(&template) {
            let _ = template.run(&output);
        }
    }
}
