//! Cases as data (`tests/resources/`), each beside what Ansible's module of that name answers, recorded by `record.py`
//! there. Where ours is another answer, the case says which (`ours`) and why.

mod access_lists;
mod device;
mod documented;
mod random;

use super::make::find;
use crate::module::fake::{Device, Fake};
use crate::module::{Change, Output, Work};
use crate::resource::{self, Row, TABLE};
use crate::value::{Map, Value};
use serde::Deserialize;
use std::collections::BTreeMap;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/resources");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// What the device shows.
    #[serde(default)]
    have: Shown,
    /// There is nothing to record: Ansible has no such module any more, or it needs a live device.
    #[serde(default = "yes")]
    recorded: bool,
    /// The same as XML, for the recorder of modules that speak it.
    #[serde(rename = "have_xml")]
    _xml: Option<String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    have: Option<Shown>,
    task: BTreeMap<String, serde_json::Value>,
    /// What is sent, read or refused where it is not what Ansible answers.
    ours: Option<serde_json::Value>,
    /// Why.
    #[serde(default)]
    why: String,
    /// What the simulated device cannot show.
    #[serde(default)]
    again: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(untagged)]
enum Shown {
    #[default]
    Nothing,
    Text(String),
    ByCommand(BTreeMap<String, String>),
}

/// Returns the resources to try: one alone where `NETPLAY_TEST_RESOURCE` names it.
fn tried() -> impl Iterator<Item = &'static Row> {
    let only = std::env::var("NETPLAY_TEST_RESOURCE").ok();
    TABLE.iter().filter(move |row| only.as_ref().is_none_or(|only| only.split(',').any(|name| row.name == name)))
}

fn yes() -> bool {
    true
}

/// Returns a device that shows this.
fn device(row: &'static Row, shown: &Shown) -> Fake {
    let answer = |command: &str| match shown {
        Shown::Nothing => String::new(),
        Shown::Text(text) => text.clone(),
        Shown::ByCommand(answers) => answers.get(command).cloned().unwrap_or_default(),
    };
    let answers = row.definition().show.iter().map(|command| (command.as_str(), &*answer(command).leak())).collect();
    Fake { device: Some(Device { platform: row.definition().platform, answers }), ..Fake::new() }
}

async fn planned(
    row: &'static Row,
    shown: &Shown,
    task: &BTreeMap<String, serde_json::Value>,
) -> Result<Change, String> {
    let (module, _) = find(row.name).unwrap();
    let args: Vec<(&str, Value)> =
        task.iter().map(|(name, value)| (name.as_str(), Value::from(value.clone()))).collect();
    device(row, shown).plan(module, &args).await.map_err(|failure| failure.message.expose().to_owned())
}

/// Returns what an answer says, in one form for ours and for what was recorded: commands without the words that leave
/// sections, or the tree that was read with its lists of entries in one order.
fn said(answer: &serde_json::Value) -> serde_json::Value {
    if let Some(failed) = answer.get("failed") {
        return serde_json::json!({ "failed": failed.is_string() });
    }
    let commands = answer.get("rendered").or_else(|| answer.get("commands")).or_else(|| answer.get("after"));
    match answer.get("parsed").or_else(|| answer.get("gathered")) {
        Some(read) => sorted(read),
        None => {
            let lines = commands.and_then(|lines| lines.as_array()).cloned().unwrap_or_default();
            let text = |line: &serde_json::Value| {
                line.as_str()
                    .or_else(|| line.get("command")?.as_str())
                    .unwrap_or_default()
                    .to_lowercase()
                    .replace(['\'', '"'], "")
            };
            blocks(lines.iter().map(text).filter(|line| line != "exit")).into()
        }
    }
}

/// Returns what a device of `set` lines has after a change.
fn set_afterwards(
    row: &Row,
    shown: &Shown,
    change: &Result<Change, String>,
    task: &BTreeMap<String, serde_json::Value>,
) -> serde_json::Value {
    let Ok(change) = change else { return ours(change) };
    let rendered = task.get("state").is_some_and(|state| state == "rendered");
    let text = match shown {
        Shown::Text(text) if !rendered => text.as_str(),
        _ => "",
    };
    let lines = change.result.get(if rendered { "rendered" } else { "commands" }).and_then(Value::as_list);
    let lines: Vec<String> = lines.unwrap_or_default().iter().map(Value::to_text).collect();
    let after = device::after(&device::without_overwritten(text, &lines), &lines, row.definition().platform);
    serde_json::json!({ "after": after.lines().map(|line| line.trim_start_matches("set ")).collect::<Vec<_>>() })
}

/// Returns the lines with the sections in one order: which entry comes first does not matter.
fn blocks(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut blocks: Vec<Vec<String>> = Vec::new();
    for line in lines {
        match blocks.last_mut() {
            Some(block) if device::is_outermost(&block[0]) && !device::is_outermost(&line) => block.push(line),
            _ => blocks.push(vec![line]),
        }
    }
    // What is sent inside of a section, and which section comes first, is ours to order; the second run judges it.
    blocks.iter_mut().for_each(|block| block[1..].sort());
    blocks.sort();
    blocks.concat()
}

fn sorted(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Array(items) => {
            let mut items: Vec<serde_json::Value> = items.iter().map(sorted).collect();
            items.sort_by_key(ToString::to_string);
            items.into()
        }
        serde_json::Value::Object(map) => {
            let keys: BTreeMap<&String, serde_json::Value> =
                map.iter().map(|(key, value)| (key, sorted(value))).collect();
            serde_json::json!(keys)
        }
        // The collections' own types are loose: a number is text here and there.
        serde_json::Value::Number(number) => number.to_string().into(),
        other => other.clone(),
    }
}

fn ours(change: &Result<Change, String>) -> serde_json::Value {
    match change {
        Ok(change) => Value::from(change.result.clone()).to_json(),
        Err(failed) => serde_json::json!({ "failed": failed }),
    }
}

fn read<T: for<'a> Deserialize<'a>>(name: &str, parse: impl Fn(&str) -> Result<T, String>) -> T {
    let path = format!("{FOLDER}/{name}");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[tokio::test]
async fn resources_send_what_ansibles_modules_send() {
    let mut wrong = Vec::new();
    let (mut same, mut other) = (0, 0);
    for row in tried() {
        let cases: Cases =
            read(&format!("{}.yaml", row.name), |text| serde_yaml::from_str(text).map_err(|error| error.to_string()));
        let recorded: Vec<serde_json::Value> = match cases.recorded {
            true => read(&format!("{}.json", row.name), |text| serde_json::from_str(text).map_err(|e| e.to_string())),
            false => cases.cases.iter().map(|_| serde_json::Value::Null).collect(),
        };
        assert_eq!(cases.cases.len(), recorded.len(), "{}: record it again", row.name);
        for (number, (case, recorded)) in cases.cases.iter().zip(&recorded).enumerate() {
            let shown = case.have.as_ref().unwrap_or(&cases.have);
            let change = planned(row, shown, &case.task).await;
            let ours = ours(&change);
            let expected = match (&case.ours, cases.recorded) {
                (Some(lines), _) if lines.is_array() && !is_tree(&case.task) => {
                    said(&serde_json::json!({ "commands": lines }))
                }
                (Some(failed), _) if failed.is_string() => said(&serde_json::json!({ "failed": failed })),
                (Some(tree), _) => sorted(tree),
                (None, true) => said(recorded),
                (None, false) => panic!("{} {number}: nothing says what is right", row.name),
            };
            match case.ours.is_some() && cases.recorded {
                true => {
                    other += 1;
                    assert!(!case.why.is_empty(), "{} {number}: says not why it differs", row.name);
                }
                false => same += 1,
            }
            let ours = match recorded.get("after") {
                Some(_) => set_afterwards(row, shown, &change, &case.task),
                _ => ours,
            };
            if said(&ours) != expected {
                wrong.push(format!(
                    "{} case {number} {}\n   ours      {}\n   expected  {expected}",
                    row.name,
                    serde_json::json!(case.task),
                    match said(&ours) {
                        serde_json::Value::Object(_) => ours,
                        other => other,
                    },
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), same + other, wrong.join("\n"));
    let is_one = tried().count() < TABLE.len();
    assert!(is_one || same >= 300 && other <= same / 2, "{same} as recorded, {other} otherwise");
}

fn is_tree(task: &BTreeMap<String, serde_json::Value>) -> bool {
    task.get("state").is_some_and(|state| state == "gathered" || state == "parsed")
}

#[tokio::test]
async fn a_second_run_sends_nothing() {
    let mut wrong = Vec::new();
    for row in tried() {
        let definition = row.definition();
        let cases: Cases =
            read(&format!("{}.yaml", row.name), |text| serde_yaml::from_str(text).map_err(|error| error.to_string()));
        for (number, case) in cases.cases.iter().enumerate().filter(|(_, case)| case.again.is_none()) {
            let shown = case.have.as_ref().unwrap_or(&cases.have);
            let Ok(change) = planned(row, shown, &case.task).await else { continue };
            let Some(Work::Cli(cli)) = change.actions.first().map(|action| &action.work) else { continue };
            let lines: Vec<String> = cli.lines.iter().map(|line| line.text.clone()).collect();
            let text = match shown {
                Shown::Nothing => String::new(),
                Shown::Text(text) => text.clone(),
                Shown::ByCommand(answers) => definition
                    .show
                    .iter()
                    .filter_map(|command| answers.get(command))
                    .map(|text| format!("{text}\n"))
                    .collect(),
            };
            let after = device::after(&text, &lines, definition.platform);
            let Ok(again) = planned(row, &Shown::Text(after.clone()), &case.task).await else { continue };
            let commands = again.result.get("commands").map(Value::to_text).unwrap_or_default();
            if !again.actions.is_empty() {
                wrong.push(format!(
                    "{} case {number} {}\n  sent {lines:?}\n  again {commands}\n{after}",
                    row.name,
                    serde_json::json!(case.task)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_is_sent_is_read_again_and_told_as_after() {
    let row = resource::find("ios_interfaces").unwrap();
    let task = serde_json::json!({"config": [{"name": "gi0/1", "description": "x"}]});
    let task: BTreeMap<String, serde_json::Value> = serde_json::from_value(task).unwrap();
    let change = planned(row, &Shown::Text("interface GigabitEthernet0/1\n".into()), &task).await.unwrap();
    assert!(change.changed && change.actions.len() == 2);
    let answer = |text: &str| crate::module::CliResponse { output: text.into(), ..Default::default() };
    let outputs = vec![
        Output::Cli(vec![answer(""), answer("")]),
        Output::Cli(vec![answer("interface GigabitEthernet0/1\n description x\n")]),
    ];
    let finished = (change.finish.unwrap())(outputs, change.result).ok().unwrap();
    assert!(finished.changed);
    let after = finished.result.get("after").unwrap().to_text();
    assert_eq!(after, "[{'name': 'GigabitEthernet0/1', 'description': 'x', 'enabled': True}]");
}

#[tokio::test]
async fn what_cannot_be_is_said_before_anything_is_asked() {
    let row = resource::find("ios_interfaces").unwrap();
    let cases = [
        (serde_json::json!({"config": [{"nam": "x"}]}), "`config[0].nam` is no option; did you mean `name`?"),
        (serde_json::json!({"config": [{"description": "x"}]}), "`config[0].name` is missing"),
        (
            serde_json::json!({"config": [{"name": "Gi1", "mtu": "big"}]}),
            "`config[0].mtu` must be a whole number, not `big`",
        ),
        (
            serde_json::json!({"config": [{"name": "Gi1", "description": "a\nreload"}]}),
            "`config[0].description` must be one line of text without control characters, not `a\nreload`",
        ),
        (serde_json::json!({"config": ["x"]}), "`config[0]` must be a dictionary, not a string"),
        (serde_json::json!({}), "`config` must not be empty for state `merged`"),
        (serde_json::json!({"state": "parsed"}), "`running_config` must not be empty for state `parsed`"),
    ];
    for (task, message) in cases {
        let task: BTreeMap<String, serde_json::Value> = serde_json::from_value(task).unwrap();
        let failed = planned(row, &Shown::Nothing, &task).await.map(|_| ()).unwrap_err();
        assert_eq!(failed, format!("argument of `ios_interfaces`: {message}"));
    }
}

#[test]
fn every_case_file_has_its_resource() {
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|end| end == "yaml") {
            assert!(resource::find(&name).is_some(), "{name} is no resource");
        }
    }
}

#[test]
fn nothing_is_read_from_nothing() {
    for row in TABLE {
        assert!(!resource::read(row.definition(), "").contains("config"), "{}", row.name);
        let empty = resource::commands(row.definition(), &Map::new(), &Map::new(), resource::State::Overridden);
        assert!(empty.is_empty(), "{}", row.name);
    }
}
