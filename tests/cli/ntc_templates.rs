//! Answers of devices by the templates of ntc-templates: the rows that Python makes of them.
//!
//! `tests/textfsm/commands.yaml` has the answers; `tests/run` installs the templates, with netmiko.

use crate::project::Project;
use crate::sshd::left_out;
use serde_json::{Value as Json, json};
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
