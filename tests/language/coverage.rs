//! Every keyword is in a recorded playbook at every kind of thing on which it may stand.

use netplay::playbook::{KEYWORDS, Level, Support};
use serde_yaml::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Keywords that Ansible does not have: what they mean is tested elsewhere.
const OWN: [&str; 5] = ["host_by_host", "needs", "parallel", "read_only", "verify"];

/// The kinds of things that have keywords.
const KINDS: [Level; 5] = [Level::PLAY, Level::BLOCK, Level::TASK, Level::HANDLER, Level::ROLE];

/// Keywords with what they stand on.
type Seen = BTreeSet<(&'static str, String)>;

#[test]
fn every_keyword_stands_on_every_kind_of_thing_in_some_case() {
    let mut seen = Seen::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language"), &mut seen);
    let mut missing = Vec::new();
    for keyword in KEYWORDS.iter().filter(|keyword| !OWN.contains(&keyword.name)) {
        let kinds = KINDS.iter().filter(|kind| keyword.on.meets(**kind));
        let kinds = kinds.filter(|kind| !seen.contains(&(kind.word(), keyword.name.to_owned())));
        missing.extend(kinds.map(|kind| format!("{} on a {}", keyword.name, kind.word())));
        assert!(!matches!(keyword.support, Support::Refused(_)) || keyword.name == "debugger", "{}", keyword.name);
    }
    assert!(missing.is_empty(), "no recorded playbook has: {}", missing.join(", "));
}

/// Looks into all files of playbooks and tasks below a folder.
fn walk(folder: &Path, seen: &mut Seen) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            walk(&path, seen);
        } else if path.extension().is_some_and(|ending| ending == "yml") {
            let text = std::fs::read_to_string(&path).expect("it is text");
            // What is wrong on purpose has no keywords to count.
            if let Ok(Value::Sequence(items)) = serde_yaml::from_str(&text) {
                let of_handlers = path.components().any(|part| part.as_os_str() == "handlers");
                items.iter().for_each(|item| thing(item, of_handlers, seen));
            }
        }
    }
}

/// Looks at a play or a task.
fn thing(item: &Value, of_handlers: bool, seen: &mut Seen) {
    if item.get("hosts").is_none() && item.get("import_playbook").is_none() {
        return task(item, of_handlers, seen);
    }
    note(item, "play", seen);
    for role in list(item, "roles").filter(|role| role.is_mapping()) {
        note(role, "role", seen);
    }
    for (section, of_handlers) in [("pre_tasks", false), ("tasks", false), ("post_tasks", false), ("handlers", true)] {
        list(item, section).for_each(|item| task(item, of_handlers, seen));
    }
}

fn task(item: &Value, of_handlers: bool, seen: &mut Seen) {
    if item.get("block").is_none() {
        return note(item, if of_handlers { "handler" } else { "task" }, seen);
    }
    note(item, "block", seen);
    for part in ["block", "rescue", "always"] {
        list(item, part).for_each(|item| task(item, of_handlers, seen));
    }
}

fn list<'a>(item: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    item.get(name).and_then(Value::as_sequence).into_iter().flatten()
}

fn note(item: &Value, kind: &'static str, seen: &mut Seen) {
    let keys = item.as_mapping().into_iter().flat_map(|map| map.keys());
    seen.extend(keys.filter_map(Value::as_str).map(|key| (kind, key.to_owned())));
}
