//! Template files that include, import and extend each other, with every option of `template`, against what Ansible makes
//! of them (`tests/template/files.json`, made by `files.py` there).

use super::FileOptions;
use super::recorded::{Fixed, templar, written};
use crate::vars::{Scope, Var};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Where files differ on purpose: what the text has (all parts), and the reason.
pub(super) const FILE_DIFFERENCES: &[(&[&str], &str)] = &[
    (&["{% set x %}b{% filter indent"], UNUSED_BLOCK),
    (&["{% set s %}{{ s }}!"], "a `set` block sees what its name meant before it"),
    (
        &["{% extends 'kept.j2' %}{% include"],
        "what stands beside the blocks of a file that extends another is not written",
    ),
    (&["without context %}{% endmacro"], CAPTURED),
    (&["without context %}{% endcall"], CAPTURED),
    (&["without context %}{% endfilter"], CAPTURED),
];

/// Why what Ansible finds late is found here.
pub(super) const UNUSED_BLOCK: &str = "a `set` block that fails is an error, also where nobody uses it";

/// Why a file is where Jinja loses it.
const CAPTURED: &str = "a file without context belongs to the macro or filter block that it stands in";

fn options(json: &Json) -> FileOptions {
    let mut options = FileOptions::default();
    let names = ["variable_start", "variable_end", "block_start", "block_end", "comment_start", "comment_end"];
    for (name, value) in json.as_object().unwrap() {
        let text = || value.as_str().unwrap().to_owned();
        match name.as_str() {
            "folder" => {}
            "trim_blocks" => options.trim_blocks = value.as_bool().unwrap(),
            "lstrip_blocks" => options.lstrip_blocks = value.as_bool().unwrap(),
            "newline_sequence" => options.newline_sequence = text(),
            _ => {
                let at = names.iter().position(|known| name.strip_suffix("_string") == Some(known));
                options.delimiters[at.unwrap_or_else(|| panic!("no such option: {name}"))] = text();
            }
        }
    }
    options
}

#[test]
fn files_mean_what_they_mean_in_ansible() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/template");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let vars: BTreeMap<Arc<str>, Json> = serde_json::from_str(&read("generated-vars.json")).unwrap();
    let vars = vars.into_iter().map(|(name, value)| (name, Var::Author(written(&value)))).collect();
    let scope: Arc<dyn Scope> = Arc::new(Fixed { vars, hosts: BTreeMap::new() });
    let recorded: Json = serde_json::from_str(&read("files.json")).unwrap();
    let root = tempfile::tempdir().unwrap();
    for (name, text) in recorded["files"].as_object().unwrap() {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.as_str().unwrap()).unwrap();
    }
    let cases = recorded["cases"].as_array().unwrap();
    let mut wrong = Vec::new();
    let mut differing = Vec::new();
    let mut used = vec![0; FILE_DIFFERENCES.len()];
    for case in cases {
        let text = case[1].as_str().unwrap();
        let path = root.path().join(case[0]["folder"].as_str().unwrap()).join("main.j2");
        let got = templar(Arc::clone(&scope)).file(text, &options(&case[0]), Some(&path));
        if got.as_ref().ok().map(String::as_str) == case.get(2).and_then(Json::as_str) {
            continue;
        }
        if let Some(at) = FILE_DIFFERENCES.iter().position(|(parts, _)| parts.iter().all(|part| text.contains(part))) {
            used[at] += 1;
            differing.push(format!("{text} {}", case[0]));
            continue;
        }
        let want = case.get(2).map_or("an error".into(), Json::to_string);
        let got = got.map_or_else(|e| format!("error: {}", e.message.expose()), |got| format!("{got:?}"));
        wrong.push(format!("{} {text:?}\n    want {want}\n    got  {got}", case[0]));
    }
    if let Some(file) = std::env::var_os("GENERATED_REPORT") {
        std::fs::write(file, wrong.join("\n")).unwrap();
    }
    let shown = wrong[..wrong.len().min(40)].join("\n");
    assert!(wrong.is_empty(), "{} of {} differ:\n{shown}", wrong.len(), cases.len());
    super::differences::hold("files", &differing);
    let idle: Vec<_> = FILE_DIFFERENCES.iter().zip(&used).filter(|(_, used)| **used == 0).collect();
    assert!(idle.is_empty(), "differences that are none: {idle:?}");
    assert!(cases.len() >= 3_500, "only {} cases: is the recording complete?", cases.len());
}
