//! Hosts that cannot be reached, or not to the end.

use crate::call::Ended;
use crate::project::Project;
use crate::sshd::{self, Sshd};
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::thread;

/// A play of one command, so short that it is never the reason of anything.
const TRUE: &str = "- name: try\n  command: \"true\"\n";

/// Checks what a task on host `h1` failed with.
fn failed(ended: &Ended, status: &str, kind: &str, phrase: &str) {
    let step = ended.step("try", "h1");
    let (found, failure) = (step["status"].as_str(), &step["failure"]);
    assert_eq!((found, failure["kind"].as_str()), (Some(status), Some(kind)), "{ended}");
    assert!(failure["message"].as_str().is_some_and(|text| text.contains(phrase)), "no {phrase:?} in {failure}");
    assert!(failure["place"].as_str().is_some_and(|place| place.starts_with("site.yml:")), "{failure}");
}

#[test]
fn a_login_that_is_refused_is_unreachable() {
    let (sshd, other) = (Sshd::start(), Sshd::start());
    let key = format!("ansible_private_key_file={}", other.key().display());
    let project = Project::of_tasks(TRUE).ssh_host("h1", &sshd, &key);
    failed(&project.run_events().exits(4), "unreachable", "authentication", "refused");
    let shown = project.run().exits(4);
    shown.shows("unreachable: [h1]").shows("h1 : ok=0 changed=0 unreachable=1");
}

#[test]
fn a_host_key_that_is_not_known_is_refused_unless_told_otherwise() {
    let sshd = Sshd::start();
    let project = Project::of_tasks(TRUE).unknown_ssh_host("h1", &sshd, "");
    failed(&project.run_events().exits(4), "unreachable", "host_key", "not known");
    project.run().with("--host-key-checking off").exits(0);
    assert!(!project.at("home/.ssh/known_hosts").exists(), "`off` writes nothing down");
    project.run().with("--host-key-checking accept-new").exits(0);
    // Now it is known.
    project.run().exits(0);
}

#[test]
fn a_host_key_that_has_changed_is_an_error_under_every_policy() {
    let (sshd, other) = (Sshd::start(), Sshd::start());
    let line = other.known_hosts_line("ed25519").replace(&other.port.to_string(), &sshd.port.to_string());
    let project = Project::of_tasks(TRUE).unknown_ssh_host("h1", &sshd, "").file("home/.ssh/known_hosts", &line);
    for policy in ["strict", "accept-new"] {
        let ended = project.run_events().with("--host-key-checking").arg(policy).exits(4);
        failed(&ended, "unreachable", "host_key", "changed");
    }
    assert_eq!(std::fs::read_to_string(project.at("home/.ssh/known_hosts")).expect("it is there"), line);
}

#[test]
fn a_closed_port_is_a_refused_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let port = listener.local_addr().expect("it is bound").port();
    drop(listener);
    let project = Project::of_tasks(TRUE).host(&format!("h1 ansible_host=127.0.0.1 ansible_port={port}"));
    failed(&project.run_events().exits(4), "unreachable", "unreachable", "connection refused");
}

#[test]
fn a_name_that_nobody_knows_is_unreachable() {
    let project = Project::of_tasks(TRUE).host("h1 ansible_host=no-such-host.invalid");
    failed(&project.run_events().exits(4), "unreachable", "unreachable", "no-such-host.invalid");
}

#[test]
fn a_server_that_says_nothing_is_given_up_after_the_connect_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let port = listener.local_addr().expect("it is bound").port();
    let hosts = format!("h1 ansible_host=127.0.0.1 ansible_port={port}");
    // Connections wait in the listener's queue: accepted by the kernel, answered by nobody.
    let project = Project::of_tasks(TRUE).host(&hosts);
    failed(&project.run_events().with("--timeout 1").exits(4), "unreachable", "unreachable", "1 s");
    let project = Project::of_tasks(TRUE).host(&format!("{hosts} ansible_connect_timeout=1"));
    failed(&project.run_events().exits(4), "unreachable", "unreachable", "1 s");
    drop(listener);
}

#[test]
fn a_server_that_speaks_something_else_is_said_to() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\n<html>this is a web server</html>\r\n";
            // The client may have gone away.
            let _ = std::io::Write::write_all(&mut stream, answer);
            drain(stream);
        }
    });
    let project = Project::of_tasks(TRUE).host(&format!("h1 ansible_host=127.0.0.1 ansible_port={port}"));
    failed(&project.run_events().with("--timeout 1").exits(4), "unreachable", "unreachable", "no SSH greeting");
}

fn drain(mut stream: TcpStream) {
    let mut bytes = [0; 1024];
    while stream.read(&mut bytes).is_ok_and(|size| size > 0) {}
}

#[test]
fn a_connection_that_is_cut_in_the_middle_of_a_command_is_unreachable() {
    let sshd = Sshd::start();
    let mark = sshd.dir().join("begun");
    let project = Project::of_tasks(&format!(
        "- name: try\n  shell: \"touch {}; sleep 600\"\n- name: after\n  command: \"true\"\n",
        mark.display()
    ));
    let project = project.ssh_host("h1", &sshd, "").ssh_host("h2", &Sshd::start(), "");
    let running = project.run_events().with("-l h1").start();
    sshd::wait_until("the command runs", || mark.exists());
    sshd.kill_sessions();
    let ended = running.ended().exits(4);
    failed(&ended, "unreachable", "unreachable", "closed");
    assert!(ended.events_of("step_started").iter().all(|event| event["task"] == 0), "{ended}");
}

#[test]
fn a_command_that_never_ends_is_ended_by_timeouts() {
    let sshd = Sshd::start();
    let project = Project::of_tasks("- name: try\n  command: sleep 600\n  timeout: 1\n").ssh_host("h1", &sshd, "");
    failed(&project.run_events().exits(2), "failed", "timeout", "1 s");
    let slow = Project::of_tasks("- name: try\n  command: sleep 600\n");
    let slow = slow.ssh_host("h1", &sshd, "ansible_command_timeout=1");
    failed(&slow.run_events().exits(2), "failed", "timeout", "1 s");
}

#[test]
fn a_device_that_answers_an_error_or_nothing_or_hangs_up() {
    let lab = "devices:\n  - name: h1\n    platform: cisco_ios\n    answers:\n\
               \x20     - {command: show bad, output: \"% Invalid input detected\"}\n\
               \x20     - {command: show never, fault: silence}\n\
               \x20     - {command: show bye, fault: close}\n";
    let try_it = |command: &str, vars: &str| {
        let tasks = format!("- name: try\n  ios_command: {{commands: {command}}}\n  vars: {{{vars}}}\n");
        Project::of_tasks(&tasks).file("lab.yml", lab).run_events().with("--lab lab.yml").done().without_fault()
    };
    failed(&try_it("show bad", "").exits(2), "failed", "command", "% Invalid input detected");
    failed(&try_it("show never", "ansible_command_timeout: 1").exits(2), "failed", "timeout", "no answer in time");
    failed(&try_it("show bye", "").exits(4), "unreachable", "unreachable", "closed");
}

#[test]
fn one_host_that_fails_does_not_stop_another() {
    let sshd = Sshd::start();
    let project = Project::of_tasks("- name: first\n  command: \"true\"\n- name: second\n  command: \"true\"\n");
    let project = project.ssh_host("good", &sshd, "").host("bad ansible_host=127.0.0.1 ansible_port=1");
    let ended = project.run_events().exits(4);
    assert_eq!(ended.step("second", "good")["status"], "changed");
    let recap = &ended.events_of("run_ended")[0]["recap"];
    assert_eq!((&recap[0]["ok"], &recap[1]["unreachable"]), (&2.into(), &1.into()), "{recap}");
}

#[test]
fn a_file_of_variables_that_is_wrong_fails_the_step_that_brings_its_host() {
    let tasks = "- add_host: {name: broken, ansible_connection: local}\n  name: bring\n";
    let project =
        Project::of_tasks(tasks).host("h1 ansible_connection=local").file("host_vars/broken.yml", "- no dictionary\n");
    let ended = project.run().exits(2);
    ended.shows("a file of variables must hold a dictionary").shows("host_vars/broken.yml:1:1");
}
