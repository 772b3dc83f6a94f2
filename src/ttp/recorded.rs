//! Templates against what Python's ttp makes of them (`tests/ttp/cases.json` and `generated.json`, made by `record.py` and
//! `generate.py` there).

use super::Template;
use crate::source::SourceMap;
use crate::value::Map;
use serde_json::Value as Json;
use std::path::Path;
use std::sync::Arc;

/// Where an answer differs on purpose: the case, and the reason.
const DIFFERENCES: &[(&str, &str)] = &[];

#[test]
fn templates_give_what_they_give_in_python() {
    check("cases.json", 110);
}

#[test]
fn random_templates_give_what_they_give_in_python() {
    check("generated.json", 450);
}

fn check(file: &str, least: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ttp").join(file);
    let rows: Vec<Json> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for row in &rows {
        let text = |name: &str| row[name].as_str().unwrap();
        let template = Template::read("template.ttp", text("template"), &Arc::new(SourceMap::new()));
        let got = template.and_then(|template| template.parse(text("output"), &Map::new()));
        let agrees = got.as_ref().is_ok_and(|got| got.to_json() == row["value"]);
        if agrees == DIFFERENCES.iter().any(|(name, _)| *name == text("name")) {
            let got = got.map_or_else(|e| format!("error: {}", e.message.expose()), |got| got.to_json().to_string());
            wrong.push(format!("{}:\n{}\n    want {}\n    got  {got}", text("name"), text("template"), row["value"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    assert!(rows.len() >= least, "only {} rows: is the recording complete?", rows.len());
}

#[test]
fn what_there_is_not_is_refused_with_its_line() {
    for (text, line, why) in [
        ("a {{ x | macro('f') }}\n", 1, "code in Python"),
        ("a {{ x }}\nb {{ x | uper }}\n", 2, "did you mean `upper`?"),
        ("a {{ x\n", 1, "not closed"),
        ("a {{ x | re('(') }}\n", 1, "expression"),
        ("<group name='a'>\na {{ x }}\n b\n</group>", 3, "no variable"),
        ("<input>\nx\n</input>", 1, "`<input>` is not supported"),
        ("<group name='a' macro='f'>\na {{ x }}\n</group>", 1, "groups have no `macro`"),
        ("<vars>\nx = f()\n</vars>\n<group>\na {{ x }}\n</group>", 1, "assignments"),
        ("<vars>\nx = 'gethostname'\n</vars>\n<group>\na {{ x }}\n</group>", 1, "worked out"),
        ("{{ x }} a\n<group>\na {{ x }}\n</group>", 1, "outside of a group"),
        ("a {{ x | _headers_ }} {{ _headers_ }}\n", 1, "_headers_"),
    ] {
        let sources = Arc::new(SourceMap::new());
        let failure = Template::read("t", text, &sources).err().unwrap_or_else(|| panic!("{text:?} passes"));
        assert!(failure.message.expose().contains(why), "{text:?}: {}", failure.message.expose());
        let place = failure.place.map(|place| sources.place(place)).unwrap_or_default();
        assert!(place.starts_with(&format!("t:{line}:")), "{text:?}: {place}");
    }
    assert!(Template::read("t", "<group>\na {{ x }}", &Arc::new(SourceMap::new())).is_err());
}
