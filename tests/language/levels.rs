//! The levels of precedence: `netplay explain` names the place that counts, with the value that Ansible recorded.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The case in which every pair of levels meets in a task that is known before the run.
const CASE: &str = "levels-02";

/// How many variables are looked at; a command each.
const LEAST: usize = 35;

#[test]
fn explain_names_the_place_that_counts() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language").join(CASE);
    let text = std::fs::read_to_string(case.join("expected.json")).expect("the case is recorded");
    let expected: Value = serde_json::from_str(&text).expect("the record is JSON");
    let steps = expected["steps"]["h1"].as_array().expect("the host has steps");
    let shown = steps.iter().find(|step| step[0] == "r : show").expect("the role shows the variables");
    let lines = shown[2]["msg"].as_array().expect("a line for each variable");
    let mut looked_at = 0;
    for line in lines.iter().filter_map(Value::as_str) {
        let (name, winner) = line.split_once(": ").expect("a name and what won");
        if is_told(name) {
            assert_eq!(explained(&case, name), winner, "{name}");
            looked_at += 1;
        }
    }
    assert!(looked_at >= LEAST, "only {looked_at}");
}

/// Claims that a variable is looked at: those of neighbouring levels, and those that stand on all up to one.
fn is_told(name: &str) -> bool {
    let numbers: Vec<usize> = name.split('_').filter_map(|part| part.parse().ok()).collect();
    match numbers[..] {
        [weaker, stronger] => stronger == weaker + 1 || (weaker, stronger) == (8, 10),
        _ => true,
    }
}

/// Returns the value of the place that counts when the role's task runs: that of a step before it, where one sets it, and
/// nothing above it says otherwise.
fn explained(case: &Path, name: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netplay"));
    command.args(["explain", name, "playbook.yml", "--host", "h1", "--task", "r : show", "--json"]);
    let done = command.args(["-i", "inv/hosts.ini", "-e", "@extra.yml"]).current_dir(case).output();
    let done = done.expect("netplay starts");
    let said: Value = serde_json::from_slice(&done.stdout)
        .unwrap_or_else(|_| panic!("{name}: {}", String::from_utf8_lossy(&done.stderr)));
    let chain = said["chain"].as_array().expect("a chain");
    let first = chain.first();
    let level = first.and_then(|row| row["level"].as_u64()).unwrap_or(0);
    let mut later = said["later"].as_array().into_iter().flatten().filter_map(|row| row["what"].as_str());
    // `include_vars` may set anything; which of the two counts the name says.
    let numbers: Vec<usize> = name.split('_').filter_map(|part| part.parse().ok()).collect();
    let is_in = |place: usize| match name.starts_with("upto") {
        true => numbers[0] >= place,
        false => numbers.contains(&place),
    };
    let set = later.any(|what| what.starts_with("set_fact "));
    if set && level < 19 {
        return "19 set_fact".into();
    }
    if is_in(16) && level < 18 {
        return "18 include_vars".into();
    }
    let value = first.and_then(|row| row["value"].as_str()).unwrap_or_default();
    value.trim_matches('"').to_owned()
}
