//! Outlines against what Ansible's parsers make of them (`tests/outline/cases.json`, made by `record.py` there).

use super::{Native, Outline};
use crate::failure::Failure;
use crate::source::SourceMap;
use crate::value::Value;
use serde_json::Value as Json;
use std::path::Path;
use std::sync::Arc;

/// Where an answer differs on purpose: a part of the outline, and the reason.
const DIFFERENCES: &[(&str, &str)] =
    &[("'{{ item.n }}-{{ item.id }}'", "none beside other text writes nothing, as everywhere else")];

fn answer(kind: &str, outline: &str, output: &str) -> Result<Value, Failure> {
    let sources = Arc::new(SourceMap::new());
    let outline = Outline::read("outline.yml", outline, &sources)?;
    match kind {
        "native" => Native::of(outline)?.parse(output),
        "cli" => outline.parse_cli(output),
        _ => outline.parse_xml(output),
    }
}

/// Lists in any order: where Ansible joins lists it goes by sets.
fn unordered(json: &Json) -> Json {
    match json {
        Json::Array(items) => {
            let mut items: Vec<Json> = items.iter().map(unordered).collect();
            items.sort_by_key(Json::to_string);
            items.into()
        }
        Json::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), unordered(value))).collect(),
        other => other.clone(),
    }
}

#[test]
fn outlines_give_what_they_give_in_ansible() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outline/cases.json");
    let rows: Vec<Json> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for row in &rows {
        let text = |name: &str| row[name].as_str().unwrap();
        let got = answer(text("kind"), text("outline"), text("output"));
        let agrees = match (&got, row.get("value")) {
            (Ok(got), Some(want)) if text("kind") == "native" => unordered(&got.to_json()) == unordered(want),
            (Ok(got), Some(want)) => got.to_json() == *want,
            (got, want) => got.is_err() && want.is_none(),
        };
        if agrees == DIFFERENCES.iter().any(|(part, _)| text("outline").contains(part)) {
            let got = got.map_or_else(|e| format!("error: {}", e.message.expose()), |got| got.to_json().to_string());
            let want = row.get("value").unwrap_or(&row["error"]);
            wrong.push(format!("{}: {}\n    want {want}\n    got  {got}", text("kind"), text("outline")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    assert!(rows.len() >= 70, "only {} rows: is the recording complete?", rows.len());
}
