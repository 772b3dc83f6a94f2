//! Playbooks of all kinds, against what Ansible made of them (recorded by `record.py`): exit codes, recaps, what
//! happened on every host in which order, the variables that `debug` shows, and the files that were written.
//!
//! `LANGUAGE_CASE=name,name` runs these cases, and shows all that those say which differ.

#[path = "../support/sshd.rs"]
mod sshd;

mod coverage;
mod deviations;
mod levels;
mod page;
mod ssh;

use deviations::DEVIATIONS;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Fields of results that are worded differently, or that say nothing about the outcome.
const NOISE: [&str; 7] =
    ["changed", "failed", "skip_reason", "false_condition", "skipped_reason", "warnings", "deprecations"];

#[test]
fn playbooks_mean_what_they_mean_in_ansible() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language");
    let only = std::env::var("LANGUAGE_CASE").ok();
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the cases are there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.join("playbook.yml").is_file())
        .filter(|path| only.as_ref().is_none_or(|only| only.split(',').any(|case| path.ends_with(case))))
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no case chosen");
    let next = AtomicUsize::new(0);
    let wrong: Mutex<BTreeMap<PathBuf, Vec<String>>> = Mutex::default();
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = differences(&folder, case, &[], only.is_some());
                    if !found.is_empty() {
                        wrong.lock().unwrap().insert(case.clone(), found);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let text: Vec<String> =
        wrong.iter().map(|(case, found)| format!("{}:\n  {}", case.display(), found.join("\n  "))).collect();
    assert!(wrong.is_empty(), "{} of {} cases differ\n{}", wrong.len(), cases.len(), text.join("\n"));
}

/// Runs a case with more options; returns what differs from the record.
fn differences(folder: &Path, case: &Path, more: &[String], loud: bool) -> Vec<String> {
    let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Ok(text) = std::fs::read_to_string(case.join("expected.json")) else {
        return vec!["not recorded: run record.py".to_owned()];
    };
    let expected: Value = serde_json::from_str(&text).expect("the record is JSON");
    let (found, output) = run(folder, case, more);
    let mut wrong = compared(&name, &expected, &found);
    if loud && !wrong.is_empty() {
        wrong.push(format!("what it said:\n{output}"));
    }
    wrong
}

/// Returns what differs between a record of Ansible's and one of ours.
fn compared(name: &str, expected: &Value, found: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if expected.get("refused").is_some() || found.get("refused").is_some() {
        let alike = expected.get("refused").is_some() == found.get("refused").is_some();
        if !alike && !deviates(name, "refused") {
            wrong.push(format!("refused\n    Ansible: {}\n    netplay: {}", expected["refused"], found["refused"]));
        }
        return wrong;
    }
    for part in ["exit_code", "recap", "steps", "files"] {
        let (theirs, ours) = (&in_order(&expected[part]), &in_order(&found[part]));
        if (theirs == ours) == deviates(name, part) {
            wrong.push(match deviates(name, part) {
                true => format!("{part} is the same, and stands among the deviations"),
                false => differing(part, theirs, ours),
            });
        }
    }
    wrong
}

/// Returns a record with the words for booleans in one order, as Ansible lists them in another one in each run, and
/// without its own names for kinds of values.
fn in_order(value: &Value) -> Value {
    const BEFORE: &str = "Valid booleans include: ";
    const TAGGED: &str = "ansible.module_utils._internal._datatag._AnsibleTagged";
    match value {
        Value::Array(items) => items.iter().map(in_order).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), in_order(value))).collect(),
        Value::String(text) => {
            match text.split_once(BEFORE) {
                Some((said, words)) => {
                    let mut words: Vec<&str> = words.split(", ").collect();
                    words.sort_unstable();
                    json!(format!("{said}{BEFORE}{}", words.join(", ")))
                }
                None => json!(["Dict", "Int", "List", "Str"].iter().fold(text.clone(), |text, kind| {
                    text.replace(&format!("{TAGGED}{kind}"), &kind.to_lowercase())
                })),
            }
        }
        other => other.clone(),
    }
}

fn deviates(case: &str, part: &str) -> bool {
    DEVIATIONS.iter().any(|(a, b, _)| *a == case && *b == part)
}

/// Says what differs, host by host where both are about hosts.
fn differing(part: &str, theirs: &Value, ours: &Value) -> String {
    let (Value::Object(a), Value::Object(b)) = (theirs, ours) else {
        return format!("{part}\n    Ansible: {theirs}\n    netplay: {ours}");
    };
    let mut lines = vec![part.to_owned()];
    let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    for key in keys.into_iter().filter(|key| a.get(*key) != b.get(*key)) {
        let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
        match (a, b) {
            (Value::Array(a), Value::Array(b)) => {
                let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
                let rest = |list: &[Value]| {
                    let rest: Vec<String> = list.iter().skip(at).take(4).map(Value::to_string).collect();
                    rest.join(" ")
                };
                lines.push(format!("    {key} step {at} Ansible: {}", rest(a)));
                lines.push(format!("    {key} step {at} netplay: {}", rest(b)));
            }
            _ => {
                lines.push(format!("    {key} Ansible: {a}"));
                lines.push(format!("    {key} netplay: {b}"));
            }
        }
    }
    lines.join("\n")
}

/// Runs netplay on a case; returns the same kind of record, and everything that it said.
fn run(folder: &Path, case: &Path, more: &[String]) -> (Value, String) {
    let out = tempfile::tempdir().expect("there is room for files");
    let own = case.join("hosts.ini");
    let inventory = if own.is_file() { own } else { folder.join("hosts.ini") };
    let args = std::fs::read_to_string(case.join("args")).unwrap_or_default();
    let done = Command::new(env!("CARGO_BIN_EXE_netplay"))
        .args(["run", "playbook.yml", "--no-journal", "--output", "jsonl", "-i"])
        .arg(inventory)
        .arg("-e")
        .arg(format!("out={}", out.path().display()))
        .args(shlex::split(&args).expect("`args` is well quoted"))
        .args(more)
        .current_dir(case)
        .stdin(Stdio::null())
        .output()
        .expect("netplay starts");
    let stdout = String::from_utf8_lossy(&done.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
    let events: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).expect("an event a line")).collect();
    let said = format!("{stdout}{stderr}");
    let Some(end) = events.last().filter(|event| event["event"] == "run_ended" && done.status.code() != Some(65))
    else {
        return (json!({ "refused": stderr }), said);
    };
    let mut files = Map::new();
    collect_files(out.path(), out.path(), &mut files);
    let record = json!({
        "exit_code": done.status.code(),
        "recap": recap(end),
        "steps": steps(&events),
        "files": files,
    });
    let text = record.to_string();
    let (out, case) = (out.path().display().to_string(), case.display().to_string());
    let text = text.replace(&out, "OUT").replace(&case, "CASE");
    (serde_json::from_str(&text).expect("the record is JSON"), said)
}

fn recap(end: &Value) -> Map<String, Value> {
    let mut recap = Map::new();
    for line in end["recap"].as_array().into_iter().flatten() {
        let count = |name: &str| line[name].clone();
        let counts = json!({
            "ok": count("ok"), "changed": count("changed"), "unreachable": count("unreachable"),
            "failures": count("failed"), "skipped": count("skipped"), "rescued": count("rescued"),
            "ignored": count("ignored"),
        });
        let host = line["host"].as_str().unwrap_or_default();
        // Ansible has no line for a host on which nothing happened.
        if counts.as_object().is_some_and(|counts| counts.values().any(|count| *count != 0)) {
            recap.insert(host.to_owned(), counts);
        }
    }
    recap
}

fn steps(events: &[Value]) -> Map<String, Value> {
    let modules: BTreeMap<u64, &str> = events
        .iter()
        .filter(|event| event["event"] == "task_started")
        .filter_map(|event| Some((event["task"].as_u64()?, event["module"].as_str()?)))
        .collect();
    let mut steps: Map<String, Value> = Map::new();
    for event in events.iter().filter(|event| event["event"] == "step_done") {
        let status = match event["status"].as_str().unwrap_or_default() {
            "rescued" => "failed",
            // Ansible says nothing of what a host does not come to.
            "not-reached" => continue,
            status => status,
        };
        let mut step = vec![event["name"].as_str().unwrap_or_default().trim().into(), status.into()];
        let module = event["task"].as_u64().and_then(|task| modules.get(&task)).copied().unwrap_or_default();
        if module.ends_with("debug") && matches!(status, "ok" | "changed") && !event["result"].is_null() {
            step.push(shown(&event["result"]));
        }
        let host = event["host"].as_str().unwrap_or_default().to_owned();
        if let Value::Array(all) = steps.entry(host).or_insert_with(|| json!([])) {
            all.push(Value::Array(step));
        }
    }
    steps
}

/// Returns what a `debug` shows, without what says nothing about it.
fn shown(result: &Value) -> Value {
    if let Value::Array(items) = &result["results"] {
        return items.iter().map(shown).collect();
    }
    let fields = result.as_object().into_iter().flatten();
    let kept = fields.filter(|(key, _)| !NOISE.contains(&key.as_str()) && !key.starts_with("_ansible"));
    Value::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
}

fn collect_files(folder: &Path, top: &Path, files: &mut Map<String, Value>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            collect_files(&path, top, files);
        } else if let (Ok(name), Ok(text)) = (path.strip_prefix(top), std::fs::read_to_string(&path)) {
            files.insert(name.display().to_string(), text.into());
        }
    }
}
