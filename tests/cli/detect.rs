//! Which platform a device is of, found out: the lab's devices, and FRR's vtysh behind sshd.

use crate::project::Project;
use crate::router::Router;

const LAB: &str = "devices:\n\
    - {name: ios1, platform: cisco_ios, groups: [auto]}\n\
    - {name: eos1, platform: arista_eos, groups: [auto]}\n\
    - {name: mx1, platform: juniper_junos, groups: [auto]}\n\
    - {name: frr1, platform: frr, groups: [auto]}\n";

const TASKS: &str =
    "- name: ask\n  cli_command: {command: show version}\n- name: again\n  cli_command: {command: show version}\n";

fn found(ended: &crate::call::Ended) -> Vec<String> {
    let warnings = ended.events_of("warning");
    let mut found: Vec<String> =
        warnings.iter().filter_map(|event| event["message"].as_str()).map(str::to_owned).collect();
    found.sort();
    found
}

#[test]
fn the_lab_s_devices_are_told_apart_and_each_is_asked_once() {
    let project = Project::of_tasks(TASKS).file("lab.yml", LAB);
    let ended = project.run_events().with("--lab lab.yml -e ansible_network_os=auto").exits(0);
    let said =
        |name: &str, platform: &str| format!("`{name}` is a `{platform}`, as `ansible_network_os: auto` found out");
    assert_eq!(
        found(&ended),
        [said("eos1", "arista_eos"), said("frr1", "frr"), said("ios1", "cisco_ios"), said("mx1", "juniper_junos")]
    );
    for host in ["ios1", "eos1", "mx1", "frr1"] {
        assert_eq!(ended.step("again", host)["status"], "ok");
    }
}

#[test]
fn a_real_router_is_found_out() {
    let Some(router) = Router::start() else { return };
    let vars = "ansible_connection=network_cli ansible_network_os=auto";
    let project = Project::of_tasks(TASKS).ssh_host("r1", &router.sshd, vars);
    let ended = project.run_events().exits(0);
    assert_eq!(found(&ended), ["`r1` is a `frr`, as `ansible_network_os: auto` found out"]);
}

#[test]
fn what_fits_no_platform_fails_with_what_it_said() {
    let sshd = crate::sshd::Sshd::with(&["ForceCommand PS1='odd> ' sh -i"]);
    let vars = "ansible_connection=network_cli ansible_network_os=auto";
    let project = Project::of_tasks(TASKS).ssh_host("odd1", &sshd, vars);
    let ended = project.run_events().exits(2);
    let message = ended.step("ask", "odd1")["failure"]["message"].as_str().expect("it failed").to_owned();
    assert!(
        message.starts_with("no platform fits the device: its prompt is `odd>`, `show version` says `"),
        "{message}"
    );
}
