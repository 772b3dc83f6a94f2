//! What devices do that makes it hard, over real SSH: the cases of `tests/devices/cases.yaml`, all in one run.

use crate::call::Ended;
use crate::project::Project;
use crate::sshd::{Sshd, has_terminals};
use serde_json::{Value as Json, json};
use std::net::Ipv4Addr;
use std::path::Path;

const TASKS: &str = "\
    - {name: ask, cli_command: {commands: '{{ ask }}'}, when: ask is defined, ignore_errors: true, ignore_unreachable: true}\n\
    - {name: configure, cli_config: {lines: '{{ configure }}'}, when: configure is defined, ignore_errors: true, \
       ignore_unreachable: true}\n\
    - {name: after, cli_command: {commands: '{{ after }}'}, when: after is defined}\n";

/// What a case may have.
const WORDS: [&str; 11] =
    ["name", "platform", "vars", "device", "ask", "configure", "after", "gives", "sessions", "never", "at_once"];

fn cases() -> Vec<Json> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices/cases.yaml");
    let text = std::fs::read_to_string(path).expect("it is in the repository");
    let mut cases: serde_yaml::Value = serde_yaml::from_str(&text).expect("it is YAML");
    cases.apply_merge().expect("merged are mappings");
    let cases: Vec<Json> = serde_yaml::from_value(cases).expect("it is a list");
    for case in &cases {
        let unknown =
            case.as_object().expect("a case is a mapping").keys().find(|word| !WORDS.contains(&word.as_str()));
        assert_eq!(unknown, None, "{}", case["name"]);
    }
    cases
}

fn texts(value: &Json) -> Vec<&str> {
    value.as_array().map(|all| all.iter().map(|text| text.as_str().expect("it is text")).collect()).unwrap_or_default()
}

/// Where the device of a case listens, on loopback.
fn address(number: usize) -> String {
    format!("127.0.60.{}", number + 1)
}

/// Puts each case's device behind the server, and its host into the inventory.
fn project(sshd: &Sshd, folder: &Path, cases: &[Json]) -> Project {
    let mut project = Project::new();
    let mut hosts = serde_json::Map::new();
    for (number, case) in cases.iter().enumerate() {
        let address = address(number);
        let device = folder.join(format!("{address}.json"));
        std::fs::write(device, case["device"].to_string()).expect("the folder is ours");
        let keys = sshd.known_hosts_line("ed25519").replace("0.0.0.0", &address);
        project = project.append("home/.ssh/known_hosts", &keys);
        let mut vars = json!({"ansible_host": address, "ansible_network_os": case["platform"]});
        for name in ["ask", "configure", "after"] {
            if case.get(name).is_some() {
                vars[name] = case[name].clone();
            }
        }
        for (name, value) in case["vars"].as_object().into_iter().flatten() {
            vars[name.as_str()] = value.clone();
        }
        hosts.insert(format!("d{number}"), vars);
    }
    let vars = json!({
        "ansible_connection": "network_cli", "ansible_port": sshd.port, "ansible_user": crate::sshd::user(),
        "ansible_ssh_private_key_file": sshd.key(),
    });
    let site = "- hosts: all\n  gather_facts: false\n  strategy: free\n  tasks:\n";
    let tasks: String = TASKS.lines().map(|line| format!("    {line}\n")).collect();
    project
        .playbook(&(site.to_owned() + &tasks))
        .file("hosts.yml", json!({"all": {"vars": vars, "hosts": hosts}}).to_string())
}

/// Checks what came of the first task of a case.
fn check_outcome(what: &str, gives: &Json, step: &Json) {
    let status = gives["status"].as_str().expect("it is text");
    let message = step["failure"]["message"].as_str().unwrap_or_default();
    let is_unreachable = step["result"]["unreachable"] == true || step["status"] == "unreachable";
    let got = match step["status"].as_str() {
        Some("ok" | "changed") => "ok",
        _ if is_unreachable => "unreachable",
        _ => "failed",
    };
    assert_eq!(got, status, "{what}: {step}");
    for part in texts(&gives["message"]) {
        assert!(
            message.contains(&part.replace('\r', "\\r").replace('\n', "\\n")) || message.contains(part),
            "{what}: no {part:?} in {message:?}"
        );
    }
    if let Some(wanted) = gives.get("stdout") {
        let stdout = &step["result"]["stdout"];
        let stdout = if stdout.is_array() { stdout.clone() } else { json!([stdout]) };
        assert_eq!(&stdout, wanted, "{what}: {step}");
    }
}

/// Checks what the device has seen.
fn check_seen(what: &str, case: &Json, seen: &str) {
    let lines: Vec<&str> = seen.lines().collect();
    if let Some(sessions) = case["sessions"].as_u64() {
        let seen_sessions = lines.iter().filter(|line| **line == "session").count();
        assert_eq!(seen_sessions as u64, sessions, "{what}: {seen}");
    }
    for never in texts(&case["never"]) {
        assert!(!lines.contains(&format!("typed {never}").as_str()), "{what}: {seen}");
    }
    if let Some(at_once) = case["at_once"].as_u64() {
        let is_seen = lines.iter().any(|line| line.starts_with("at once "));
        assert_eq!(is_seen, at_once > 1, "{what}: {seen}");
    }
    if let Some(at_once) = case["at_once"].as_u64().filter(|count| *count > 1) {
        assert!(lines.contains(&format!("at once {at_once}").as_str()), "{what}: {seen}");
    }
}

fn check(ended: &Ended, folder: &Path, number: usize, case: &Json) {
    let host = format!("d{number}");
    let what = format!("{host} ({})", case["name"].as_str().expect("a case has a name"));
    let task = if case.get("configure").is_some() { "configure" } else { "ask" };
    check_outcome(&what, &case["gives"], &ended.step(task, &host));
    let seen = std::fs::read_to_string(folder.join(format!("{}.seen", address(number)))).unwrap_or_default();
    check_seen(&what, case, &seen);
    if case.get("after").is_some() {
        let after = ended.step("after", &host);
        assert_eq!(after["status"], "ok", "{what}: {after}\n{seen}");
        let stdout = after["result"]["stdout"][0].as_str().expect("it is text");
        assert!(["noon", "nobody"].contains(&stdout) || stdout.starts_with("noon\n"), "{what}: {after}");
    }
}

#[test]
fn what_devices_do_has_a_clear_end_and_leaves_the_session_clean_or_closed() {
    if !has_terminals("devices that behave badly") {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices/device.py");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let force = format!("ForceCommand exec python3 {} {}", script.display(), folder.path().display());
    let sshd = Sshd::on(Ipv4Addr::UNSPECIFIED, &["ed25519"], &[&force]);
    let cases = cases();
    let project = project(&sshd, folder.path(), &cases);
    let ended = project.run_events().done().without_fault();
    for (number, case) in cases.iter().enumerate() {
        check(&ended, folder.path(), number, case);
    }
}

/// What OpenSSH speaks still when it is told to, and offers no more by itself.
const OLD: [&str; 4] =
    ["KexAlgorithms diffie-hellman-group14-sha1", "HostKeyAlgorithms ssh-rsa", "Ciphers aes128-cbc", "MACs hmac-sha1"];

#[test]
fn old_algorithms_are_used_where_the_host_asks_for_them_and_nowhere_else() {
    if !has_terminals("a device with old algorithms") {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices/device.py");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let device = json!({
        "first": "exec", "answers": {"show clock": {"says": "noon\n"}}, "states": {"exec": {"prompt": "old1#"}},
    });
    std::fs::write(folder.path().join("127.0.0.1.json"), device.to_string()).expect("the folder is ours");
    let force = format!("ForceCommand exec python3 {} {}", script.display(), folder.path().display());
    let sshd = Sshd::with_host_keys(&["rsa"], &[OLD[0], OLD[1], OLD[2], OLD[3], &force]);
    let device = "ansible_connection=network_cli ansible_network_os=cisco_ios";
    let project = Project::of_tasks("- {name: ask, cli_command: {command: show clock}}\n")
        .append("home/.ssh/known_hosts", &sshd.known_hosts_line("rsa"))
        .unknown_ssh_host("asks", &sshd, &format!("{device} ssh_legacy=true"))
        .unknown_ssh_host("does-not", &sshd, device);
    let ended = project.run_events().exits(4);
    assert_eq!(ended.step("ask", "asks")["result"]["stdout"], "noon");
    let refused = ended.step("ask", "does-not");
    assert_eq!(refused["status"], "unreachable", "{refused}");
    assert!(refused["failure"]["help"].as_str().is_some_and(|help| help.contains("ssh_legacy")), "{refused}");
}
