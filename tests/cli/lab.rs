//! The lab job of the README, and the lab served by itself.

use crate::call::Ended;
use crate::project::Project;
use serde_json::Value as Json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Copies what the README's job needs into a folder of its own.
pub(crate) fn playbooks() -> Project {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut project = Project::new();
    for name in ["playbooks/site.yml", "playbooks/lab.yml", "playbooks/inventory.yml", "templates/report.md.j2"] {
        project = project.file(name, fs::read(root.join(name)).expect("it is in the repository"));
    }
    project
}

/// When a step started and when it ended.
fn span(ended: &Ended, task: &str, host: &str) -> (u64, u64) {
    let done = ended.step(task, host);
    let started = ended.events_of("step_started");
    let started = started.iter().find(|event| event["task"] == done["task"] && event["host"] == done["host"]);
    let time = |event: &Json| event["t_ms"].as_u64().expect("a number");
    (time(started.expect("it started")), time(&done))
}

#[test]
fn the_job_of_the_readme_overlaps_a_slow_router_with_a_slow_service() {
    let project = playbooks();
    let ended = project.netplay("run playbooks/site.yml --lab playbooks/lab.yml --output jsonl").exits(0);
    for (host, site) in [("edge1", "north"), ("leaf1", "south"), ("core1", "centre")] {
        let report = ended.file(&format!("playbooks/out/{host}.md"));
        assert!(report.contains(site) && report.contains(host), "{report}");
    }
    let router = span(&ended, "Read the running configuration", "core1");
    let service = span(&ended, "Ask the web service about the device", "core1");
    // The service is asked while the router is still at work: neither waits for the other.
    assert!(service.0 < router.1 && router.0 < service.1, "router {router:?}, service {service:?}");
    assert!(
        service.1 <= router.1 + 100,
        "the service's two seconds lie within the router's five: {service:?} {router:?}"
    );
    assert_eq!(ended.step("Read the running configuration", "core1")["status"], "ok");

    // Once more: what is there already is not changed again.
    let again = project.netplay("run playbooks/site.yml --lab playbooks/lab.yml --output jsonl -l edge1").exits(0);
    assert_eq!(again.step("Make the folder for the reports", "edge1")["result"]["changed"], false);
}

#[test]
fn a_served_lab_says_how_to_log_in_and_ends_on_ctrl_c() {
    let project = playbooks();
    let lab = project.netplay("lab playbooks/lab.yml").start().until_it_shows("Ctrl-C stops the lab");
    let said = lab.stdout();
    let line = said.lines().find(|line| line.starts_with("edge1: ssh -p ")).expect("a line for each device");
    // edge1: ssh -p PORT lab@127.0.0.1  (password PASSWORD, enable …)
    let words: Vec<&str> = line.split([' ', ')', ',']).filter(|word| !word.is_empty()).collect();
    let (port, login, password) = (words[3], words[4], words[6]);
    let ask = project.at("ask");
    fs::write(&ask, format!("#!/bin/sh\necho '{password}'\n")).expect("the folder is ours");
    fs::set_permissions(&ask, fs::Permissions::from_mode(0o700)).expect("it is ours");
    let output = Command::new("ssh")
        .args(["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"])
        .args(["-o", "PreferredAuthentications=password", "-p", port, login, "show version"])
        .env("SSH_ASKPASS", &ask)
        .env("SSH_ASKPASS_REQUIRE", "force")
        .env_remove("SSH_AUTH_SOCK")
        .stdin(Stdio::null())
        .output()
        .expect("ssh is needed (openssh-client)");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("Cisco IOS"), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    lab.signal("INT").ended().exits(0);
}

#[test]
fn a_lab_file_that_is_wrong_is_shown_with_its_place() {
    let project = Project::new().file("lab.yml", "devices:\n  - name: r1\n    platform: cisco_iso\n");
    project.netplay("lab lab.yml").exits(65).complains("lab.yml:3").complains("cisco_ios");
    project.netplay("lab none.yml").exits(65).complains("none.yml").complains("no such file");
    let project = project.tasks("all", "- ping:\n");
    project.run().with("--lab lab.yml").exits(65).complains("lab.yml:3");
}

#[test]
fn files_of_variables_beside_a_playbook_are_read_for_devices_of_a_lab() {
    let project = playbooks()
        .file(
            "playbooks/show.yml",
            "- hosts: edge1\n  gather_facts: false\n  tasks:\n  - debug: {msg: \"{{ own }} {{ common }}\"}\n",
        )
        .file("playbooks/host_vars/edge1.yml", "own: of the host\n")
        .file("playbooks/group_vars/all.yml", "common: of all\n");
    project.netplay("run playbooks/show.yml --lab playbooks/lab.yml").exits(0).shows("msg: of the host of all");
    let project = project.file("playbooks/host_vars/edge1.yml", "- wrong\n");
    project.netplay("run playbooks/show.yml --lab playbooks/lab.yml").exits(65).complains("host_vars/edge1.yml:1:1");
}
