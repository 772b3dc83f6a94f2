//! What is known to trip programs that talk to FRR's vtysh, on a real one. The bytes of each are recordings in
//! `tests/platforms/frr`.

use crate::project::Project;
use crate::router::Router;
use serde_json::Value as Json;

const FRR: &str = "ansible_connection=network_cli ansible_network_os=frr";

fn message(step: &Json) -> &str {
    step["failure"]["message"].as_str().unwrap_or_default()
}

fn stdout(step: &Json) -> &str {
    step["result"]["stdout"].as_str().unwrap_or_default()
}

#[test]
fn nothing_that_vtysh_is_known_for_trips_us() {
    let Some(router) = Router::start_with("sleep 2; ") else { return };
    let tasks = "\
        - {name: slow start, cli_command: {command: show version}}\n\
        - {name: refused show, cli_command: {command: show foo}, ignore_errors: true}\n\
        - {name: look-alike, cli_config: {lines: ['description r1# fake'], parents: [interface lo]}}\n\
        - {name: again, cli_config: {lines: ['description r1# fake'], parents: [interface lo]}}\n\
        - {name: not spelled so, cli_config: {lines: ['ip  route 10.78.0.0/16   blackhole']}}\n\
        - {name: not spelled so again, cli_config: {lines: ['ip  route 10.78.0.0/16   blackhole']}}\n\
        - {name: running, cli_command: {command: show running-config}}\n\
        - {name: wrong line, cli_config: {lines: [descriptionn x, shutdown], parents: [interface lo]}, ignore_errors: true}\n\
        - {name: after it, cli_command: {command: show running-config}}\n\
        - {name: data, cli_command: {command: show ip route json}}\n\
        - {name: no such pipe, cli_command: {command: show ip route | json}, ignore_errors: true}\n\
        - {name: filter, cli_command: {command: 'show running-config | include hostname'}}\n\
        - {name: rename, cli_config: {lines: [hostname another-name]}}\n\
        - {name: by another name, cli_command: {command: show version}}\n\
        - {name: save, cli_command: {command: write memory}}\n";
    let project = Project::of_tasks(tasks).ssh_host("r1", &router.sshd, FRR);
    let ended = project.run_events().exits(0);
    let step = |name: &str| ended.step(name, "r1");

    assert!(stdout(&step("slow start")).starts_with("FRRouting "), "{}", step("slow start"));
    assert_eq!(message(&step("refused show")), "the device refuses `show foo`: % Unknown command: show foo");
    assert_eq!(step("look-alike")["status"], "changed");
    assert_eq!(step("again")["status"], "ok", "the same line is not sent again");
    assert_eq!(step("not spelled so")["status"], "changed");
    assert_eq!(step("not spelled so again")["status"], "ok", "{}", step("not spelled so again"));
    let running = stdout(&step("running")).to_owned();
    assert!(running.contains(" description r1# fake\n") && running.ends_with("\nend"), "{running}");

    let wrong = step("wrong line");
    assert!(message(&wrong).contains("% Unknown command: descriptionn x"), "{wrong}");
    assert_eq!(stdout(&step("after it")), running, "what followed the wrong line was not sent");
    assert!(serde_json::from_str::<Json>(stdout(&step("data"))).is_ok_and(|data| data.is_object()));
    assert!(message(&step("no such pipe")).contains("% Unknown action"), "{}", step("no such pipe"));
    assert!(!stdout(&step("filter")).contains("interface"), "{}", step("filter"));
    assert!(stdout(&step("by another name")).starts_with("FRRouting "));
    // It warns that it cannot give the file to another owner, and saves all the same.
    assert_eq!(step("save")["status"], "ok", "{}", step("save"));
}

#[test]
fn a_router_s_facts_are_what_it_says_of_itself() {
    let Some(router) = Router::start() else { return };
    let tasks = "\
        - {name: prepare, cli_config: {lines: ['description to the core', 'ip address 10.9.8.7/24'], parents: [interface lo]}}\n\
        - {name: version, cli_command: {command: show version}}\n\
        - {name: facts, cli_facts: {gather_subset: [all]}}\n";
    let project = Project::of_tasks(tasks).ssh_host("r1", &router.sshd, FRR);
    let ended = project.run_events().exits(0);
    let facts = &ended.step("facts", "r1")["result"]["ansible_facts"];
    // `FRRouting 8.4.4 (name) on Linux(6.1.0).`
    let version = ended.step("version", "r1");
    let words: Vec<&str> = stdout(&version).split_whitespace().collect();
    assert_eq!(facts["ansible_net_version"], words[1], "{facts}");
    assert_eq!(facts["ansible_net_hostname"], words[2].trim_matches(['(', ')']), "{facts}");
    assert_eq!(facts["ansible_net_system"], "frr");
    let lo = &facts["ansible_net_interfaces"]["lo"];
    assert_eq!(lo["description"], "to the core", "{facts}");
    assert!(lo["ipv4"].to_string().contains("10.9.8.7"), "{facts}");
    assert!(facts["ansible_net_config"].as_str().is_some_and(|config| config.contains(" description to the core\n")));
}

#[test]
fn a_router_that_has_new_keys_is_not_spoken_to() {
    let (Some(router), Some(other)) = (Router::start(), Router::start()) else { return };
    let project = Project::of_tasks("- {name: look, cli_command: {command: show version}}\n");
    // The key that was written down is that of another start.
    let old = other.sshd.known_hosts_line("ed25519");
    let key = old.split_once(' ').map(|(_, key)| key).unwrap_or_default();
    let known = format!("[{}]:{} {key}", router.sshd.address, router.sshd.port);
    for policy in ["strict", "accept-new"] {
        let vars = format!("{FRR} ansible_host_key_checking={policy}");
        let project = Project::of_tasks("- {name: look, cli_command: {command: show version}}\n")
            .append("home/.ssh/known_hosts", &known)
            .unknown_ssh_host("r1", &router.sshd, &vars);
        let step = project.run_events().exits(4).step("look", "r1");
        assert_eq!(step["failure"]["kind"], "host_key", "{policy}: {step}");
        assert!(message(&step).contains("has changed"), "{policy}: {step}");
        assert_eq!(std::fs::read_to_string(project.at("home/.ssh/known_hosts")).unwrap_or_default(), known);
    }
    // Nothing is written down by itself: a key that is not known is refused, and learned only when that is said.
    let project = project.unknown_ssh_host("r1", &router.sshd, &format!("{FRR} ansible_host_key_checking=accept-new"));
    project.run_events().exits(0);
    let learned = std::fs::read_to_string(project.at("home/.ssh/known_hosts")).unwrap_or_default();
    assert!(learned.contains("ssh-ed25519"), "{learned}");
}
