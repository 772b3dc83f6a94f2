use super::*;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a device answers, and the facts of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recording {
    platform: Option<String>,
    answers: BTreeMap<String, String>,
    facts: BTreeMap<String, serde_json::Value>,
    /// The facts that are other ones than Ansible's, and why.
    #[serde(default)]
    differs: BTreeMap<String, String>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/network_facts")
}

fn recordings() -> Vec<(String, Recording)> {
    let files = std::fs::read_dir(folder()).unwrap().flatten().map(|entry| entry.path());
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let recording = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.file_stem().unwrap().to_string_lossy().into_owned(), recording)
    };
    files.filter(|path| path.extension().is_some_and(|end| end == "yaml")).map(read).collect()
}

/// Returns the facts of a recording.
fn facts_of(name: &str, recording: &Recording) -> Map {
    let platform = crate::platform::find(recording.platform.as_deref().unwrap_or(name)).unwrap();
    let sources: Vec<&Source> = SOURCES
        .iter()
        .filter(|source| source.platform == platform.name && recording.answers.contains_key(source.command))
        .collect();
    assert!(!sources.is_empty(), "{name}");
    let answer = |source: &&Source| {
        let output = recording.answers[source.command].trim_end().to_owned();
        CliResponse { error: platform.error_in(&output), output, ..CliResponse::default() }
    };
    let answers: Vec<CliResponse> = sources.iter().map(answer).collect();
    gathered(platform, &sources, &answers).unwrap()
}

#[test]
fn answers_give_the_facts_that_they_hold() {
    let mut wrong = Vec::new();
    for (name, recording) in recordings() {
        let facts = facts_of(&name, &recording);
        // The configuration goes in as it is.
        for (fact, value) in recording.facts.iter().filter(|(fact, _)| *fact != "ansible_net_config") {
            let found = facts.get(fact).map(Value::to_json);
            if found.as_ref() != Some(value) {
                wrong.push(format!("{name}: {fact}: {found:?}, not {value}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns a value in the form that both sides share: the collections show some numbers as text, whole numbers with a
/// fraction, and nothing as an empty list.
fn loose(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Json::Array(items) if items.is_empty() => Json::Null,
        Json::Array(items) => items.iter().map(loose).collect(),
        Json::Object(map) => {
            let kept = map.iter().map(|(key, value)| (key.clone(), loose(value))).filter(|(_, value)| !value.is_null());
            let kept: serde_json::Map<String, Json> = kept.collect();
            if kept.is_empty() { Json::Null } else { kept.into() }
        }
        Json::Number(number) => number.to_string().trim_end_matches(".0").into(),
        other => other.clone(),
    }
}

/// `NAME.json` is what the facts modules of the collections make of the same answers (`record.py`).
#[test]
fn facts_are_those_of_the_collections() {
    let mut wrong = Vec::new();
    let (mut same, mut compared) = (0, 0);
    for (name, recording) in recordings() {
        let Ok(text) = std::fs::read_to_string(folder().join(format!("{name}.json"))) else { continue };
        compared += 1;
        let theirs: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
        let ours = facts_of(&name, &recording);
        for (fact, value) in theirs.iter().filter(|(fact, _)| *fact != "ansible_net_config") {
            let found = ours.get(fact).map(Value::to_json);
            match (
                loose(found.as_ref().unwrap_or(&serde_json::Value::Null)) == loose(value),
                recording.differs.get(fact),
            ) {
                (true, None) => same += 1,
                (true, Some(_)) => wrong.push(format!("{name}: {fact} is the same and listed as another")),
                (false, Some(why)) => assert!(why.len() > 10, "{name}: {fact} says not why"),
                (false, None) => wrong.push(format!("{name}: {fact}: {found:?}, not {value}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared >= 5 && same >= 40, "{compared} platforms, {same} facts");
}

#[test]
fn every_platform_with_facts_has_answers_of_all_its_commands() {
    let recordings = recordings();
    for source in SOURCES {
        let (_, recording) = recordings.iter().find(|(name, _)| name == source.platform).expect(source.platform);
        assert!(recording.answers.contains_key(source.command), "{}: {}", source.platform, source.command);
        let platform = crate::platform::find(source.platform).expect(source.platform);
        assert_eq!(platform.command_effect(source.command), Effect::Read, "{}", source.command);
        template(source).unwrap();
    }
}

#[test]
fn subsets_are_chosen_and_left_out() {
    let chosen = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        subsets(&words).map(|mut subsets| {
            subsets.sort_unstable();
            subsets.dedup();
            subsets.join(" ")
        })
    };
    assert_eq!(chosen(&["min"]).unwrap(), "min");
    assert_eq!(chosen(&["all"]).unwrap(), "config features hardware interfaces legacy min neighbors");
    assert_eq!(chosen(&["!config"]).unwrap(), "features hardware interfaces legacy min neighbors");
    assert_eq!(chosen(&["all", "!config", "!hardware", "!legacy"]).unwrap(), "features interfaces min neighbors");
    assert_eq!(chosen(&["interfaces"]).unwrap(), "interfaces min");
    assert_eq!(chosen(&["!all"]).unwrap(), "min");
    let wrong = chosen(&["interface"]).unwrap_err();
    assert!(wrong.message.expose().contains("knows no `interface`"));
}

#[tokio::test]
async fn resources_are_what_their_modules_read() {
    use crate::module::fake::{Device, Fake};
    let shown = "interface GigabitEthernet0/1\n description x\n";
    let answers = vec![
        ("show version", "Cisco IOS Software, Version 15.6(2)T\n"),
        ("show running-config | section ^interface", shown),
        ("show running-config | section ^hostname", "hostname r1\n"),
    ];
    let fake = || Fake {
        device: Some(Device { platform: crate::platform::find("ios").unwrap(), answers: answers.clone() }),
        ..Fake::new()
    };
    let asked = |names: &[&str]| vec![("gather_network_resources", Value::list(names.iter().copied()))];
    let change = fake().plan(&MODULE, &asked(&["interfaces", "hostname"])).await.unwrap();
    assert_eq!(
        change.facts.get("ansible_network_resources").unwrap().to_text(),
        "{'hostname': {'hostname': 'r1'}, 'interfaces': [{'name': 'GigabitEthernet0/1', 'description': 'x', 'enabled': True}]}"
    );
    let failed = fake().plan(&MODULE, &asked(&["interfases"])).await.err().unwrap();
    assert_eq!(failed.message.expose(), "`gather_network_resources` knows no `interfases` of `cisco_ios`");
}
