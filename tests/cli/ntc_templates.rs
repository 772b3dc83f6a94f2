//! Answers of devices by the templates of ntc-templates: the rows that Python makes of them.
//!
//! `tests/textfsm/commands.yaml` has answers to common commands, and `tests/textfsm/ntc_cases.py` makes outputs for every
//! template; `tests/run` installs the templates, with netmiko.

use crate::project::Project;
use crate::sshd::left_out;
use netplay::textfsm;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const CASES: &str = include_str!("../textfsm/commands.yaml");

fn cases() -> Vec<Json> {
    let file: Json = serde_yaml::from_str(CASES).expect("it is YAML");
    file["cases"].as_array().expect("it is a list").clone()
}

/// Returns the folder of templates, and what Python makes of each case: rows, or the text of an error. `None`, said
/// loudly, where there is no such Python.
fn by_python(case: &str) -> Option<(PathBuf, Vec<Json>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/test-tools/venv/bin/python");
    let said = Command::new(python).arg(root.join("tests/textfsm/ntc.py")).output().ok().filter(|o| o.status.success());
    let Some(said) = said else {
        left_out(case, "no ntc-templates; `./tests/run` installs them");
        return None;
    };
    let said: Json = serde_json::from_slice(&said.stdout).expect("it prints JSON");
    let rows = said["rows"].as_array().expect("it is a list").clone();
    Some((PathBuf::from(said["folder"].as_str().expect("it is a text")), rows))
}

#[test]
fn rows_of_common_commands_are_those_of_python() {
    let Some((folder, expected)) = by_python("rows_of_common_commands_are_those_of_python") else { return };
    let tasks = "- name: parse\n  ansible.utils.cli_parse:\n    text: '{{ item.output }}'\n    \
                 parser: {name: ansible.netcommon.ntc_templates, os: '{{ item.platform }}', command: '{{ item.command }}'}\n  \
                 loop: '{{ cases }}'\n  ignore_errors: true\n";
    let project = Project::of_tasks(tasks).file("commands.yml", CASES).host("here ansible_connection=local");
    let ended = project.run_events().with("-e @commands.yml").env("NTC_TEMPLATES_DIR", &folder).exits(0);
    let step = ended.step("parse", "here");
    let results = step["result"]["results"].as_array().expect("it is a loop");
    let cases = cases();
    assert_eq!((results.len(), expected.len()), (cases.len(), cases.len()));
    let mut parsed = 0;
    for ((case, result), rows) in cases.iter().zip(results).zip(&expected) {
        if rows.is_array() {
            assert_eq!(&result["parsed"], rows, "{} on {}", case["command"], case["platform"]);
            parsed += 1;
        } else {
            assert_eq!(result["failed"], json!(true), "{case}: Python says {rows}, and here it is {result}");
        }
    }
    // Versions of the templates differ a little; most of these commands they all know.
    assert!(parsed >= 20, "only {parsed} answers have rows");
}

#[test]
fn rows_of_a_device_s_answers_are_those_of_python() {
    let Some((folder, expected)) = by_python("rows_of_a_device_s_answers_are_those_of_python") else { return };
    let cases = cases();
    let of_ios =
        || cases.iter().zip(&expected).filter(|(case, rows)| case["platform"] == "cisco_ios" && rows.is_array());
    let answers: Vec<Json> =
        of_ios().map(|(case, _)| json!({"command": case["command"], "output": case["output"]})).collect();
    let lab = json!({"devices": [{"name": "ios1", "platform": "cisco_ios", "answers": answers}]});
    let task =
        |case: &Json| json!({"name": case["command"], "cli_command": {"command": case["command"], "parse": "textfsm"}});
    let tasks: Vec<Json> = of_ios().map(|(case, _)| task(case)).collect();
    let project =
        Project::of_tasks(&serde_yaml::to_string(&tasks).expect("it is data")).file("lab.yml", lab.to_string());
    let ended = project.run_events().with("--lab lab.yml").env("NTC_TEMPLATES_DIR", &folder).exits(0);
    for (case, rows) in of_ios() {
        let step = ended.step(case["command"].as_str().expect("a text"), "ios1");
        assert_eq!(&step["result"]["parsed"], rows, "{}", case["command"]);
    }
}

/// Returns what a template makes of an output: rows, or an error.
fn made(folder: &Path, case: &Json) -> Result<Json, String> {
    let text = |name: &str| case[name].as_str().expect("it is a text");
    let template = textfsm::load(&folder.join(text("template"))).map_err(|wrong| wrong.line())?;
    let table = template.run(text("output")).map_err(|failure| failure.message.expose().to_owned())?;
    Ok(table.dictionaries().to_json())
}

#[test]
fn every_template_makes_of_every_output_what_python_makes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut script = Command::new(root.join("target/test-tools/venv/bin/python"));
    script.arg(root.join("tests/textfsm/ntc_cases.py"));
    if let Some(data) = std::env::var_os("NETPLAY_TEST_NTC_DATA") {
        script.arg("--data").arg(data);
    }
    let Some(said) = script.output().ok().filter(|output| output.status.success()) else {
        return left_out("every template of ntc-templates", "no ntc-templates; `./tests/run` installs them");
    };
    let mut lines = said.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let mut next = || lines.next().map(|line| serde_json::from_slice::<Json>(line).expect("it prints JSON"));
    let folder = PathBuf::from(next().expect("the folder comes first")["folder"].as_str().expect("it is a text"));
    let (mut templates, mut rows, mut refused) = (BTreeSet::new(), 0, 0);
    let mut wrong = Vec::new();
    while let Some(case) = next() {
        templates.insert(case["template"].to_string());
        match (made(&folder, &case), case["rows"].as_array()) {
            (Ok(made), Some(expected)) if made.as_array() == Some(expected) => rows += expected.len(),
            // Both name the line of the output on which they stopped, each in its own words.
            (Err(error), None) if error.contains(": line ") => refused += 1,
            (made, _) => wrong.push(format!("{case}\n  here: {made:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    let seen = format!("{} templates, {rows} rows, {refused} outputs that a template refuses", templates.len());
    assert!(templates.len() > 500 && rows > 3000 && refused > 50, "{seen}");
}
