//! Facts next to Ansible's: `tests/facts/` holds hosts with what they answer and what `setup` says of them, recorded by
//! `tests/facts/record.py`.

use super::*;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::process::Command;

fn everything() -> Vec<&'static Collector> {
    wanted(&["all".into()]).unwrap()
}

const HOW: Gathering<'static> = Gathering { fact_path: "/etc/ansible/facts.d", timeout_seconds: 10 };

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facts")
}

fn json_file(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Returns what the program printed on a recorded host.
fn answers_of(path: &Path) -> Vec<u8> {
    let pairs = json_file(path);
    let texts = pairs.as_array().unwrap().iter().flat_map(|pair| pair.as_array().unwrap());
    texts.flat_map(|text| format!("{}\0", text.as_str().unwrap()).into_bytes()).collect()
}

/// Facts about Python, which is not there.
const PYTHON: [&str; 3] = ["ansible_python", "ansible_python_version", "ansible_selinux_python_present"];

/// Facts that were another moment's, of which the shape is compared; lists without an order are sorted.
fn comparable(facts: Json) -> Json {
    let mut facts = facts.as_object().unwrap().clone();
    facts.retain(|name, _| !PYTHON.contains(&&**name));
    facts.entry("ansible_uptime_seconds").and_modify(|value| *value = json!(value.is_number()));
    for name in ["ansible_loadavg", "ansible_date_time"] {
        for (name, value) in facts.get_mut(name).and_then(Json::as_object_mut).unwrap() {
            if !name.starts_with("tz") && name != "year" {
                *value = json!(value.is_string());
            }
        }
    }
    for name in ["ansible_interfaces", "ansible_all_ipv4_addresses", "ansible_all_ipv6_addresses"] {
        if let Some(list) = facts.get_mut(name).and_then(Json::as_array_mut) {
            list.sort_by_key(Json::to_string);
        }
    }
    for name in ["ansible_virtualization_tech_guest", "ansible_virtualization_tech_host"] {
        facts.get_mut(name).and_then(Json::as_array_mut).unwrap().sort_by_key(Json::to_string);
    }
    // The shell's own notes of the program that it starts.
    facts
        .get_mut("ansible_env")
        .and_then(Json::as_object_mut)
        .unwrap()
        .retain(|name, _| name != "_" && name != "SHLVL");
    for mount in facts.get_mut("ansible_mounts").and_then(Json::as_array_mut).unwrap() {
        for (name, value) in mount.as_object_mut().unwrap() {
            if name.ends_with("_available") || name.ends_with("_used") {
                *value = json!(value.is_number());
            }
        }
    }
    json!(facts)
}

#[test]
fn facts_are_those_of_ansible() {
    let mut wrong = Vec::new();
    let hosts = json_file(&folder().join("hosts.json"));
    for name in hosts.as_object().unwrap().keys() {
        let dir = folder().join(name);
        let gathered = read(&everything(), &answers_of(&dir.join("answers.json"))).unwrap();
        let mut facts = gathered.facts;
        facts.insert("gather_subset", Value::list(["all"]));
        facts.insert("module_setup", true);
        let (ours, theirs) =
            (comparable(Value::from(facts).to_json()), comparable(json_file(&dir.join("expected.json"))));
        let (ours, theirs) = (ours.as_object().unwrap(), theirs.as_object().unwrap());
        let names: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        let null = Json::Null;
        for fact in names {
            let (ours, theirs) = (ours.get(fact).unwrap_or(&null), theirs.get(fact).unwrap_or(&null));
            if ours != theirs {
                wrong.push(format!("{name}: {fact}:\n    ours   {ours}\n    theirs {theirs}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `program.sh` is what the recorder runs; with `RECORD` set it is written.
#[test]
fn hosts_were_asked_what_is_asked_now() {
    let (path, now) = (folder().join("program.sh"), program(&everything(), HOW));
    if std::env::var_os("RECORD").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), now, "record the hosts again");
}

/// Runs the program here, under every shell that is there.
#[test]
fn any_posix_shell_answers() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("it's.fact"), r#"{"a": 1}"#).unwrap();
    let fact_path = dir.path().display().to_string();
    let text = program(&everything(), Gathering { fact_path: &fact_path, timeout_seconds: 10 });
    let mut ran = 0;
    for shell in [&["sh"][..], &["dash"], &["bash", "--posix"], &["busybox", "sh"]] {
        let run = Command::new(shell[0]).args(&shell[1..]).arg("-c").arg(&text).env("TEST_ONLY", "a b").output();
        let Ok(output) = run else { continue };
        ran += 1;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{shell:?}: {said}");
        let facts = Value::from(read(&everything(), &output.stdout).unwrap().facts);
        let get = |name: &str| facts.get(name).map(Value::to_text).unwrap_or_default();
        assert_eq!(facts.get("ansible_env").unwrap().get("TEST_ONLY").unwrap().to_text(), "a b");
        assert_eq!(get("ansible_local"), "{\"it's\": {'a': 1}}");
        assert_eq!(get("ansible_kernel"), std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim());
        assert!(!get("ansible_date_time").is_empty() && !get("ansible_user_id").is_empty());
    }
    assert!(ran > 0);
}

#[test]
fn a_subset_is_what_it_is_in_ansible() {
    let names = |subset: &[&str]| {
        let subset: Vec<String> = subset.iter().map(ToString::to_string).collect();
        let mut names: Vec<&str> = wanted(&subset).unwrap().into_iter().map(|collector| collector.name).collect();
        names.dedup();
        names
    };
    assert_eq!(names(&["!all", "!min", "network"]), ["platform", "distribution", "network"], "with what it needs");
    assert_eq!(names(&["!all", "!min", "mounts"]), ["platform", "hardware"]);
    assert!(names(&["!all"]).contains(&"date_time") && !names(&["!all"]).contains(&"network"));
    assert_eq!(names(&["!hardware"]), names(&["min"]), "who only takes out has the least");
    assert!(names(&["all", "!hardware"]).contains(&"network") && !names(&["all", "!hardware"]).contains(&"hardware"));
    assert!(names(&["hardware"]).contains(&"env"), "the least is always there");
    assert_eq!(names(&[]), names(&["all"]));
    assert_eq!(names(&["min"]), names(&["!all"]));
    let bad = wanted(&["nettwork".into()]).map(|_| ()).unwrap_err().0;
    assert!(
        bad.starts_with("Bad subset 'nettwork' given to Ansible. gather_subset options allowed: all, all_ipv4"),
        "{bad}"
    );
    assert!(wanted(&["facter".into()]).is_err());
}

#[test]
fn patterns_choose_facts() {
    let facts: Map = [("ansible_eth0", 1), ("ansible_eth1", 2), ("ansible_lo", 3)].into_iter().collect();
    let kept = |patterns: &[&str]| {
        let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        Value::from(filter(facts.clone(), &patterns)).to_text()
    };
    assert_eq!(kept(&["eth[0-9]"]), "{'ansible_eth0': 1, 'ansible_eth1': 2}");
    assert_eq!(kept(&["ansible_l?", "nothing"]), "{'ansible_lo': 3}");
    assert_eq!(kept(&["*eth[!0]"]), "{'ansible_eth1': 2}");
    assert_eq!(kept(&[]), Value::from(facts.clone()).to_text());
}

#[test]
fn an_interface_cannot_say_how_the_host_is_reached() {
    let answers = "ip_addr\0\x002: host: <UP>\n3: ssh_args: <UP>\n\0files\0/sys/class/net/host/flags:0x1\n/sys/class/net/ssh_args/flags:0x1\n/sys/class/net/eth0/flags:0x1\0end\0\0";
    let gathered = read(&everything(), answers.replacen("\0\x002", "\x002", 1).as_bytes()).unwrap();
    let names: Vec<&str> = gathered.facts.iter().filter_map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"ansible_eth0"), "{names:?}");
    assert!(!names.contains(&"ansible_host") && !names.contains(&"ansible_ssh_args"));
}

proptest! {
    /// Whatever a host says, something is made of it.
    #[test]
    fn any_answer_is_read(at in 0usize..4000, text in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut bytes = answers_of(&folder().join("debian12/answers.json"));
        let at = at * bytes.len() / 4000;
        bytes.splice(at..(at + text.len()).min(bytes.len()), text);
        let _ = read(&everything(), &bytes);
    }
}
