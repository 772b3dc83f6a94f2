//! Holds the data of `tests/platforms` against the definitions: each platform's own prompts, commands and error texts,
//! and every platform's prompts against all others.

use super::*;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Prompts {
    levels: BTreeMap<String, Vec<String>>,
    none: Vec<String>,
    #[serde(default)]
    same_as: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Commands {
    reads: Vec<String>,
    writes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Errors {
    errors: Vec<Refusal>,
    fine: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    output: String,
    error: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/platforms")
}

/// Returns our own platforms; another test may have added one.
fn ours() -> impl Iterator<Item = &'static Platform> {
    ENTRIES.iter().map(Entry::platform)
}

fn data<T: DeserializeOwned>(platform: &Platform, file: &str) -> T {
    let path = folder().join(&platform.name).join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn every_definition_reads_and_is_named_like_its_file() {
    for (name, text, json) in DEFINITIONS {
        let platform = read::read(text, Compile::AtOnce).unwrap_or_else(|e| panic!("{name}: {}", e.message));
        assert_eq!(platform.name, *name);
        let ours = read::read_ours(json).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(
            format!("{ours:?}"),
            format!("{:?}", read::read(text, Compile::WhenAsked).expect("it reads")),
            "{name}"
        );
    }
    assert!(DEFINITIONS.is_sorted_by_key(|(name, ..)| name));
    assert!(all().count() >= DEFINITIONS.len());
}

#[test]
fn every_definition_has_a_folder_of_data() {
    let names = |dir: PathBuf| -> BTreeSet<String> {
        let entries = std::fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
        entries.map(|e| e.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect()
    };
    let table: BTreeSet<String> = DEFINITIONS.iter().map(|(name, ..)| name.to_string()).collect();
    assert_eq!(names(folder()), table);
}

#[test]
fn names_and_aliases_are_found_and_mean_one_platform() {
    let cases = [
        ("ios", "cisco_ios"),
        ("cisco.ios.ios", "cisco_ios"),
        ("cisco_xe", "cisco_ios"),
        ("arista.eos.eos", "arista_eos"),
        ("eos", "arista_eos"),
        ("junipernetworks.junos.junos", "juniper_junos"),
        ("junos", "juniper_junos"),
        ("frr.frr.frr", "frr"),
        ("linux", "linux"),
        ("nxos", "cisco_nxos"),
        ("cisco.nxos.nxos", "cisco_nxos"),
        ("iosxr", "cisco_iosxr"),
        ("cisco.asa.asa", "cisco_asa"),
        ("vyos.vyos.vyos", "vyos"),
        ("community.network.edgeos", "vyos"),
        ("dellemc.os10.os10", "dell_os10"),
        ("community.network.ce", "huawei_vrp"),
        ("routeros", "mikrotik_routeros"),
        ("fortigate", "fortinet_fortios"),
        ("cumulus", "cumulus_linux"),
    ];
    for (name, platform) in cases {
        assert_eq!(find(name).map(|p| p.name.as_str()), Some(platform), "{name}");
    }
    assert!(find("ios2").is_none());
    let ours = ENTRIES.iter().flat_map(|entry| entry.aliases.iter().map(String::as_str).chain([entry.name]));
    let all: Vec<&str> = ours.collect();
    assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len(), "a name stands twice: {all:?}");
}

#[test]
fn prompts_are_told_by_level() {
    for platform in ours() {
        let prompts: Prompts = data(platform, "prompts.yaml");
        for (level, lines) in &prompts.levels {
            assert!(!lines.is_empty());
            for line in lines {
                let found = platform.prompt(line).unwrap_or_else(|| panic!("{}: `{line}` is no prompt", platform.name));
                assert_eq!(platform.levels[found.level].name, *level, "{}: {line}", platform.name);
                let blank = format!("{line} ");
                assert_eq!(platform.prompt(&blank).map(|p| p.level), Some(found.level), "{}: {blank}", platform.name);
            }
        }
        let named: BTreeSet<&str> = prompts.levels.keys().map(String::as_str).collect();
        assert_eq!(named, platform.levels.iter().map(|l| l.name.as_str()).collect(), "{}: examples", platform.name);
        for line in &prompts.none {
            assert!(platform.prompt(line).is_none(), "{}: `{line}` passes for a prompt", platform.name);
        }
    }
}

#[test]
fn prompts_pass_for_those_of_another_platform_only_where_said() {
    for platform in ours() {
        let prompts: Prompts = data(platform, "prompts.yaml");
        let lines: Vec<&String> = prompts.levels.values().flatten().collect();
        let same: BTreeSet<String> = ours()
            .filter(|other| other.name != platform.name)
            .filter(|other| lines.iter().any(|line| other.prompt(line).is_some()))
            .map(|other| other.name.clone())
            .collect();
        assert_eq!(same, prompts.same_as, "{}", platform.name);
    }
}

#[test]
fn commands_read_only_when_nothing_speaks_against_it() {
    for platform in ours() {
        let commands: Commands = data(platform, "commands.yaml");
        for command in &commands.reads {
            assert_eq!(platform.command_effect(command), Effect::Read, "{}: {command:?}", platform.name);
        }
        for command in &commands.writes {
            assert_eq!(platform.command_effect(command), Effect::Write, "{}: {command:?}", platform.name);
        }
    }
}

#[test]
fn refusals_are_told_from_answers() {
    for platform in ours() {
        let errors: Errors = data(platform, "errors.yaml");
        for case in &errors.errors {
            let error = platform.error_in(&case.output);
            assert_eq!(error.as_deref(), Some(case.error.as_str()), "{}: {:?}", platform.name, case.output);
        }
        for output in &errors.fine {
            assert_eq!(platform.error_in(output), None, "{}: {output:?}", platform.name);
        }
    }
}

#[test]
fn the_way_between_levels_is_the_shortest() {
    let ios = find("ios").unwrap();
    let level = |name| ios.level(name).unwrap();
    let way = |from, to| -> Option<Vec<&str>> {
        Some(ios.way(level(from), level(to))?.iter().map(|m| ios.moves[*m].send[0].as_str()).collect())
    };
    assert_eq!(way("exec", "config"), Some(vec!["enable", "configure terminal"]));
    assert_eq!(way("config", "exec"), Some(vec!["end", "disable"]));
    assert_eq!(way("enable", "enable"), Some(vec![]));
    assert_eq!(way("exec", "tclsh"), None);
}

#[test]
fn a_way_of_fewer_moves_is_taken_whatever_their_order() {
    // From `a` to `e`: by `c`, and, one move longer, by `b` and `d`.
    const MOVES: [(&str, &str); 5] = [("a", "c"), ("a", "b"), ("b", "d"), ("d", "e"), ("c", "e")];
    for turn in 0..MOVES.len() {
        let mut moves = MOVES;
        moves.rotate_left(turn);
        let moves: Vec<String> =
            moves.iter().map(|(from, to)| format!("{{from: {from}, to: {to}, send: [{from}{to}]}}")).collect();
        let levels: Vec<String> =
            "abcde".chars().map(|name| format!("{{name: {name}, prompt: '^{name}>$'}}")).collect();
        let text = format!(
            "name: made_up\ncommand_level: a\nlevels: [{}]\nmoves: [{}]\ntext: {{}}\ntimeout_seconds: 30\n",
            levels.join(", "),
            moves.join(", ")
        );
        let platform = read::read(&text, Compile::AtOnce).unwrap_or_else(|e| panic!("{}", e.message));
        let way = platform.way(0, 4).unwrap();
        assert_eq!(way.iter().map(|m| platform.moves[*m].send[0].as_str()).collect::<Vec<_>>(), ["ac", "ce"]);
    }
}
