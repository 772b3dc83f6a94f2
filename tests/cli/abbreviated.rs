//! Lines typed otherwise than a device shows them: a second run sends none, and what cannot be known is said.

use crate::project::Project;
use crate::router::Router;

const NETWORK: &str = "ansible_connection=ansible.netcommon.network_cli ansible_network_os=frr.frr.frr";

/// What vtysh takes and shows in full.
const TYPED: &str = "\
int lo
  desc to   the core
  no shut
  ip os ar 0
  ip ospf co 7
ip route 10.77.0.9/16 black
ip route 10.78.0.0 255.255.0.0 bl
ipv6 route 2001:DB8:0::/48 blackhole
ip pref P permit 10.0.0.0/8
ip prefix-list P permit 10.0.0.0/8 le 24
access-l A permit 10.0.0.0/8
route-m M permit 10
  mat ip addr prefix-li P
  set metric 5
router bgp 65000
  bgp router 192.0.2.1
  nei 10.0.0.2 remote 65001
  neigh 10.0.0.2 desc a b
";

#[test]
fn a_real_router_is_sent_abbreviated_lines_once() {
    let Some(router) = Router::start_daemons("", &["zebra", "staticd", "ospfd", "bgpd"]) else { return };
    let project = Project::of_tasks("- name: configure\n  cli_config: {src: typed.cfg}\n");
    let project = project.file("typed.cfg", TYPED).ssh_host("r1", &router.sshd, NETWORK);
    let first = project.run_events().exits(0);
    let configured = first.step("configure", "r1");
    assert_eq!(configured["status"], "changed", "{configured}");
    assert_eq!(configured["result"]["not_shown"], serde_json::json!([]), "{configured}");
    assert!(first.events_of("warning").is_empty(), "{:?}", first.events_of("warning"));
    let second = project.run_events().exits(0);
    let again = second.step("configure", "r1");
    assert_eq!(again["status"], "ok", "{again}");
    assert_eq!(again["result"]["commands"], serde_json::json!([]), "{again}");
}

#[test]
fn lines_that_a_real_router_hides_are_said_once() {
    let Some(router) = Router::start() else { return };
    let project = Project::of_tasks(
        "- name: configure\n  cli_config: {config: \"ip route 10.77.0.0/16 blackhole\\nno ip nht resolve-via-default\"}\n\
         - name: silently\n  cli_config: {config: \"no ip nht resolve-via-default\", verify_lines: false}\n",
    );
    let project = project.ssh_host("r1", &router.sshd, NETWORK).ssh_host("r2", &router.sshd, NETWORK);
    let ended = project.run_events().with("--forks").with("1").done();
    let warnings = ended.events_of("warning");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let message = warnings[0]["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("`no ip nht resolve-via-default` is sent in every run: "), "{message}");
    assert!(warnings[0]["place"].as_str().is_some_and(|place| place.contains(".yml:")), "{warnings:?}");
    let configured = ended.step("configure", "r2");
    assert_eq!(configured["result"]["not_shown"], serde_json::json!(["no ip nht resolve-via-default"]), "{configured}");
    assert_eq!(ended.step("silently", "r1")["result"].get("not_shown"), None);
}

/// Lines that the lab's devices take otherwise: their sections are known by a first word.
const OTHERWISE_IN_THE_LAB: &[(&str, &str)] = &[("cisco_iosxr", "ipv4 access-list"), ("aruba_aoscx", "vlan tr")];

/// The cases of a platform that stand line by line: what is typed, and what the device shows of it.
fn spelled(platform: &str) -> Vec<(String, String)> {
    #[derive(serde::Deserialize)]
    struct Cases {
        same: Vec<(String, String)>,
    }
    let file = format!("{}/tests/platforms/{platform}/spelled.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|why| panic!("{file}: {why}"));
    let cases: Cases = serde_yaml::from_str(&text).unwrap_or_else(|why| panic!("{file}: {why}"));
    let depth = |line: &str| line.len() - line.trim_start().len();
    let is_plain = |(typed, shown): &(String, String)| {
        // Undone lines are not shown, and lists of several things are shown apart or together.
        const OTHERS: &[&str] = &["no ", "undo ", "delete ", "!", "int ra", "interface range"];
        let has_others =
            typed.lines().chain(shown.lines()).any(|line| OTHERS.iter().any(|o| line.trim().starts_with(o)));
        let adds = typed.contains(" vlan add ") || typed.contains(" vl add ") || typed.contains(" vl rem ");
        let is_flat = typed.lines().all(|line| depth(line) < 3);
        let first = |text: &str| text.lines().next().map(|line| line.split_whitespace().count());
        typed.lines().count() == shown.lines().count() && first(typed).is_some() && !has_others && !adds && is_flat
    };
    let is_known = |(typed, _): &(String, String)| {
        let words = OTHERWISE_IN_THE_LAB.iter().filter(|(model, _)| *model == platform);
        words.into_iter().all(|(_, words)| !typed.contains(words))
    };
    cases
        .same
        .into_iter()
        .filter(is_plain)
        .filter(is_known)
        .filter(|(typed, shown)| pairs(typed, shown).all(is_one_line))
        .collect()
}

/// Returns the lines of both texts, each with the one that it is shown as: in the same section, in whatever order.
fn pairs<'a>(typed: &'a str, shown: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    typed.lines().map(str::trim).zip(shown.lines().map(str::trim))
}

/// Claims that a line is shown as this one: their first two words begin alike, but for large letters, and a number that the
/// device gives. Else one of them is a default that is hidden.
fn is_one_line((typed, shown): (&str, &str)) -> bool {
    let begins = |text: &str| -> Vec<char> {
        let text = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        text.split_whitespace().take(2).filter_map(|word| word.chars().next()).map(|c| c.to_ascii_lowercase()).collect()
    };
    begins(typed) == begins(shown)
}

#[test]
fn devices_of_the_lab_are_sent_abbreviated_lines_once() {
    const MODELS: &[&str] =
        &["cisco_ios", "arista_eos", "cisco_iosxr", "aruba_aoscx", "hp_comware", "huawei_vrpv8", "juniper_junos"];
    let (mut lab, mut play) = ("devices:\n".to_owned(), String::new());
    let quoted = |text: &str| serde_json::to_string(text).expect("text is JSON");
    for model in MODELS {
        lab.push_str(&format!("- name: {model}\n  platform: {model}\n  answers:\n"));
        play.push_str(&format!("- hosts: {model}\n  gather_facts: false\n  tasks:\n"));
        for (number, (typed, shown)) in spelled(model).iter().enumerate() {
            for (typed, shown) in pairs(typed, shown) {
                lab.push_str(&format!("  - {{command: {}, as: {}}}\n", quoted(typed), quoted(shown)));
            }
            for name in ["first", "second"] {
                let config = quoted(typed);
                play.push_str(&format!("  - {{name: {name} {number}, cli_config: {{config: {config}}}}}\n"));
            }
        }
    }
    let ended = Project::new().playbook(&play).file("lab.yml", lab).run_events().with("--lab lab.yml").exits(0);
    let mut changed = 0;
    for model in MODELS {
        for (number, (typed, shown)) in spelled(model).iter().enumerate() {
            let first = ended.step(&format!("first {number}"), model);
            changed += usize::from(first["status"] == "changed");
            if first["status"] == "changed" {
                assert_eq!(first["result"]["not_shown"], serde_json::json!([]), "{model}: {typed}: {first}");
            }
            let second = ended.step(&format!("second {number}"), model);
            assert_eq!(second["result"]["commands"], serde_json::json!([]), "{model}: {typed} shown as {shown}");
            assert_eq!(second["status"], "ok", "{model}: {typed}: {second}");
        }
    }
    assert!(changed > 40, "{changed} were sent at all");
}

/// A section, and two lines of it of which the second takes the place of the first.
type Instead = (String, String, String);

fn instead(platform: &str) -> Vec<Instead> {
    #[derive(serde::Deserialize)]
    struct Cases {
        instead: Vec<Instead>,
    }
    let file = format!("{}/tests/platforms/{platform}/single.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|why| panic!("{file}: {why}"));
    serde_yaml::from_str::<Cases>(&text).unwrap_or_else(|why| panic!("{file}: {why}")).instead
}

#[test]
fn a_real_router_keeps_the_last_value_of_a_line_of_which_a_section_has_one() {
    let Some(router) = Router::start_daemons("", &["zebra", "staticd", "ospfd", "bgpd"]) else { return };
    let quoted = |text: &str| serde_json::to_string(text).expect("text is JSON");
    let mut tasks = String::new();
    for (number, (section, from, to)) in instead("frr").iter().enumerate() {
        let depth = if section.is_empty() { 0 } else { section.lines().count() };
        for (name, line) in [("old", from), ("new", to)] {
            let config = quoted(&format!("{section}\n{}{line}\n", " ".repeat(depth)));
            tasks.push_str(&format!(
                "- {{name: {name} {number}, cli_config: {{config: {config}, verify_lines: false}}}}\n"
            ));
        }
        tasks.push_str(&format!("- {{name: look {number}, cli_command: {{command: show running-config}}}}\n"));
    }
    let ended = Project::of_tasks(&tasks).ssh_host("r1", &router.sshd, NETWORK).run_events().exits(0);
    for (number, (section, from, to)) in instead("frr").iter().enumerate() {
        assert_eq!(ended.step(&format!("new {number}"), "r1")["status"], "changed", "{section}: {to}");
        let looked = ended.step(&format!("look {number}"), "r1");
        let shown = looked["result"]["stdout"].as_str().unwrap_or_default();
        let has = |line: &str| shown.lines().any(|shown| shown.trim() == line);
        assert!(has(to) && !has(from), "{section}: {from}, then {to}:\n{shown}");
    }
}
