//! Holds resolver, composer and spans to what PyYAML and Ansible answered (`tests/yaml/record.py` records it).

use super::*;
use crate::source::Position;
use crate::value::python_float;
use crate::yaml::events::{Parser, SyntaxError, What};
use crate::yaml::resolve::{self, Scalar};
use serde_json::Value as Json;

#[test]
fn every_recorded_scalar_is_what_pyyaml_says() {
    let mut wrong = Vec::new();
    for line in include_str!("../../../tests/yaml/scalars.tsv").lines() {
        let [text, kind, value] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("three fields: {line}") };
        let (our_kind, ours) = match resolve::plain(text) {
            Scalar::Null => ("NoneType", "None".to_owned()),
            Scalar::Bool(b) => ("bool", if b { "True" } else { "False" }.to_owned()),
            Scalar::Int(n) => ("int", n.to_string()),
            Scalar::Float(f) => ("float", python_float(f)),
            Scalar::Text => ("str", text.to_owned()),
            Scalar::Merge | Scalar::Equals | Scalar::Bad(_) => ("error", String::new()),
        };
        // Dates stay text, and integers end at 128 bits.
        let expected = match kind {
            "date" => ("str", value),
            "int" if value.parse::<i128>().is_err() => ("error", ""),
            kind => (kind, value),
        };
        if (our_kind, ours.as_str()) != expected {
            wrong.push(format!("{text}: {our_kind} {ours}, recorded {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_recorded_document_is_what_ansible_says() {
    let path = std::env::var("NETPLAY_YAML_ANSWERS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/yaml/documents.jsonl").into());
    let recorded = std::fs::read_to_string(&path).expect("recorded answers");
    let mut wrong = Vec::new();
    for line in recorded.lines() {
        let answer: Json = serde_json::from_str(line).expect("one JSON object a line");
        let text = answer["yaml"].as_str().expect("a text");
        if let Err(why) = compare(text, &answer) {
            wrong.push(format!("{why}\n{text:?}\n"));
        }
    }
    assert!(recorded.lines().count() > 100, "there is something to compare");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Compares one document with its recorded answer.
fn compare(text: &str, answer: &Json) -> Result<(), String> {
    let read = read(text);
    let errors: Vec<_> = read.found.iter().filter(|diagnostic| diagnostic.is_error()).collect();
    // Ansible forgets `!unsafe` where an alias stands inside it.
    let forgets = text.contains("!unsafe") && text.contains('*');
    match answer["error"].as_str() {
        _ if forgets && errors.is_empty() => Ok(()),
        // A recursive structure; refused here.
        None if errors.iter().any(|e| e.message.contains("inside the value it names")) => Ok(()),
        // Values that Ansible has and netplay does not: sets, bytes, integers above 128 bits.
        None if answer["value"].to_string().contains("[\"other\"") => Ok(()),
        None if !errors.is_empty() => Err(format!("refused: {}", errors[0].message)),
        None => {
            let node = read.node.as_ref().ok_or("no tree")?;
            let places =
                crate::yaml::json::read(text).is_none() && !text.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}']);
            same(node, &answer["value"], &read.sources, places)
        }
        // Not a date, or not a boolean: text here, a Python error there.
        Some("ValueError" | "KeyError") => Ok(()),
        // Whether the text of a vault is one is not this folder's question.
        Some("AnsibleConstructorError") if text.contains("!vault") => Ok(()),
        Some(error) if errors.is_empty() => Err(format!("accepted, recorded {error} at {}", answer["at"])),
        Some("ScannerError" | "ParserError") if !text.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}']) => {
            let error = syntax_error(text).ok_or("no syntax error")?;
            if error.at == text.len() {
                // The library starts a line of its own at the end of a text without a line break.
                return Ok(());
            }
            let at = read.sources.get(SourceId(0)).position(error.at);
            match position(&answer["at"]) {
                Some(expected) if expected != at => Err(format!("error at {at:?}, recorded {expected:?}")),
                _ => Ok(()),
            }
        }
        Some(_) => Ok(()),
    }
}

fn same(node: &Node, answer: &Json, sources: &SourceMap, places: bool) -> Result<(), String> {
    let [kind, value, place] = answer.as_array().map(Vec::as_slice).unwrap_or_default() else {
        return Err(format!("not an answer: {answer}"));
    };
    let text = value.as_str().unwrap_or_default();
    let fits = match (&node.kind, kind.as_str().unwrap_or_default()) {
        (Kind::Null, "none") => true,
        (Kind::Bool(b), "bool") => text == if *b { "True" } else { "False" },
        (Kind::Int(n), "int") => n.to_string() == text,
        (Kind::Float(f), "float") => python_float(*f) == text,
        (Kind::Str(ours), "str") | (Kind::Unsafe(ours), "unsafe") | (Kind::Vault(ours), "vault") => **ours == *text,
        (Kind::Str(_) | Kind::Unsafe(_), "date") => true,
        (Kind::Seq(items), "seq") => {
            let others = value.as_array().ok_or("no items")?;
            if items.len() != others.len() {
                return Err(format!("{} items, recorded {}", items.len(), others.len()));
            }
            items.iter().zip(others).try_for_each(|(item, other)| same(item, other, sources, places))?;
            true
        }
        (Kind::Map(map), "map") => {
            let others = value.as_array().ok_or("no entries")?;
            let is_one = |key: &Key| matches!(key, Key::Int(0 | 1));
            if map.iter().any(|(key, ..)| is_one(key)) && map.iter().any(|(key, ..)| matches!(key, Key::Bool(_))) {
                // In Python `True` and `1` are one key.
                return Ok(());
            }
            if map.len() != others.len() {
                return Err(format!("{} entries, recorded {}", map.len(), others.len()));
            }
            for ((_, key, value), other) in map.iter().zip(others) {
                // Of a key written twice Ansible keeps the first place, netplay the one that counts.
                let mut key_answer = other[0].clone();
                if key_answer[0] == "unsafe" && matches!(key.kind, Kind::Str(_)) {
                    // Ansible trusts no key of a JSON document; keys are not rendered here anyway.
                    key_answer[0] = "str".into();
                }
                same(key, &key_answer, sources, false)?;
                same(value, &other[1], sources, places)?;
            }
            true
        }
        _ => false,
    };
    if !fits {
        return Err(format!("{:?}, recorded {answer}", node.kind));
    }
    let source = sources.get(node.span.source);
    let ours = source.position(node.span.start as usize);
    match position(place) {
        // Ansible counts tag and anchor in; the span here starts behind them.
        Some(theirs) if places && ours != theirs => {
            let column = source.text.lines().nth(theirs.line - 1).and_then(|line| line.chars().nth(theirs.column - 1));
            match column {
                Some('&' | '!') => Ok(()),
                _ => Err(format!("{answer} at {ours:?}")),
            }
        }
        _ => Ok(()),
    }
}

fn position(place: &Json) -> Option<Position> {
    let number = |n: usize| place.get(n).and_then(Json::as_u64).map(|n| n as usize);
    Some(Position { line: number(0)?, column: number(1)? })
}

fn syntax_error(text: &str) -> Option<SyntaxError> {
    let mut parser = Parser::new(text);
    loop {
        match parser.next() {
            Ok(event) if event.what == What::StreamEnd => return None,
            Ok(_) => {}
            Err(error) => return Some(error),
        }
    }
}
