//! Ctrl-C: once drains, twice cuts.

use crate::call::Running;
use crate::project::Project;
use crate::sshd::{Sshd, wait_until};
use std::path::Path;

/// Three tasks on two hosts; the second says by a file that it has begun, and ends when another file is there (or the
/// server's folder is gone: what is cut here goes on there).
fn project(sshd: &Sshd) -> Project {
    let dir = sshd.dir().display();
    let tasks = format!(
        "- name: first\n  command: \"true\"\n\
         - name: long\n  shell: \"touch {dir}/begun-{{{{ inventory_hostname }}}}; until [ -e {dir}/go ] || [ ! -d {dir} ]; do sleep 0.05; done\"\n\
         - name: last\n  command: touch {dir}/last\n"
    );
    Project::of_tasks(&tasks).ssh_host("h1", sshd, "").ssh_host("h2", sshd, "")
}

fn until_begun(run: &Running, dir: &Path) {
    wait_until("both hosts are at work", || {
        assert!(!run.stdout().contains("RECAP"), "it ended early:\n{}", run.stdout());
        dir.join("begun-h1").exists() && dir.join("begun-h2").exists()
    });
}

fn until_interrupted(run: &Running, how: &str) {
    wait_until("the run knows", || run.stdout().contains(&format!("\"how\":\"{how}\"")));
}

#[test]
fn the_first_interrupt_lets_running_steps_end_and_begins_nothing_new() {
    for signal in ["INT", "TERM"] {
        let sshd = Sshd::start();
        let project = project(&sshd);
        let run = project.run_events().start();
        until_begun(&run, sshd.dir());
        let run = run.signal(signal);
        until_interrupted(&run, "drain");
        std::fs::write(sshd.dir().join("go"), "").expect("it is ours");
        let ended = run.ended().exits(130);
        for host in ["h1", "h2"] {
            assert_eq!(ended.step("long", host)["status"], "changed", "{ended}");
        }
        assert!(!sshd.dir().join("last").exists(), "nothing new begins");
        let end = &ended.events_of("run_ended")[0];
        assert_eq!((&end["exit_code"], &end["recap"][0]["ok"]), (&130.into(), &2.into()), "{ended}");
    }
}

#[test]
fn the_second_interrupt_cuts_running_steps() {
    let sshd = Sshd::start();
    let project = project(&sshd);
    let run = project.run_events().start();
    until_begun(&run, sshd.dir());
    let run = run.signal("INT");
    until_interrupted(&run, "drain");
    // Nobody lets the steps go on: only the cut ends them.
    let ended = run.signal("INT").ended().exits(130);
    assert_eq!(ended.events_of("interrupted").len(), 2, "{ended}");
    let step = ended.step("long", "h1");
    assert!(step["status"] == "failed" || step["status"] == "not-reached", "{step}");
    assert_eq!(ended.events_of("run_ended")[0]["exit_code"], 130);
    assert!(!sshd.dir().join("last").exists());
}

#[test]
fn the_recap_is_shown_after_an_interrupt() {
    let sshd = Sshd::start();
    let project = project(&sshd);
    let run = project.run().start();
    until_begun(&run, sshd.dir());
    let run = run.signal("INT").until_it_shows("no new ones start").signal("INT");
    run.ended().exits(130).shows("steps that run are cut off").shows("PLAY RECAP").shows("h1 : ok=1");
}

#[test]
fn what_a_template_waits_for_is_cut_as_well() {
    // It takes connections and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let address = silent.local_addr().expect("it is bound");
    for lookup in [format!("'url', 'http://{address}/', timeout=600"), "'pipe', 'sleep 600'".to_owned()] {
        let tasks = format!("- name: long\n  debug: {{msg: \"{{{{ lookup({lookup}) }}}}\"}}\n");
        let project = Project::of_tasks(&tasks).host("h1 ansible_connection=local");
        let run = project.run_events().start().until_it_shows("step_started").signal("INT");
        until_interrupted(&run, "drain");
        let ended = run.signal("INT").ended().exits(130);
        assert_ne!(ended.step("long", "h1")["status"], "ok", "{ended}");
    }
}

/// More hosts than the event loop has threads: all of them are in the middle of a template that takes minutes.
#[test]
fn templates_that_take_long_are_cut_as_well() {
    let tasks = "- name: long\n  debug:\n    msg: >-\n      {% set text = 'x' * 100000 %}{% for i in range(1000000) %}\n      \
                 {% set sum = text | hash('sha512') %}{% endfor %}done\n";
    let local = |name: &str| format!("{name} ansible_connection=local");
    let project = Project::of_tasks(tasks).host(&local("h1")).host(&local("h2")).host(&local("h3")).host(&local("h4"));
    for more in ["", "--seed 1"] {
        let run = project.run_events().with(more).start().until_it_shows("step_started").signal("TERM");
        until_interrupted(&run, "drain");
        let ended = run.signal("TERM").ended().exits(130);
        assert_ne!(ended.step("long", "h1")["status"], "ok", "{ended}");
    }
}

#[test]
fn a_pause_and_a_slow_login_are_cut_as_well() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let port = listener.local_addr().expect("it is bound").port();
    let silent = format!("h1 ansible_host=127.0.0.1 ansible_port={port} ansible_connect_timeout=600");
    for (tasks, host) in [
        ("- name: long\n  pause: {minutes: 10}\n", "h1 ansible_connection=local"),
        ("- name: long\n  command: sleep 600\n", "h1 ansible_connection=local"),
        ("- name: long\n  wait_for: {path: /nonexistent/file, timeout: 600}\n", "h1 ansible_connection=local"),
        ("- name: long\n  command: \"true\"\n", silent.as_str()),
    ] {
        let run = Project::of_tasks(tasks).host(host).run_events().start().until_it_shows("step_started").signal("INT");
        until_interrupted(&run, "drain");
        run.signal("INT").ended().exits(130);
    }
}
