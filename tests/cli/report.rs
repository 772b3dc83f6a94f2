//! Reports on runs that are over: the critical path, traces, pages, and the runs of shards as one.

use crate::call::Ended;
use crate::project::Project;
use crate::sshd::Sshd;
use serde_json::Value as Json;
use std::fs;

/// Two tasks that write: the second waits for the slower host of the first.
const TASKS: &str = "- name: first\n  command: \"sleep {{ nap }}\"\n- name: second\n  command: \"true\"\n";

fn project(tasks: &str) -> Project {
    Project::of_tasks(tasks).host("slow ansible_connection=local nap=0.4").host("fast ansible_connection=local nap=0")
}

#[test]
fn the_critical_path_leads_through_the_slow_host() {
    let project = project(TASKS);
    project.run().exits(0);
    let text = project.netplay("runs critical-path").exits(0);
    let (first, rest) = text.stdout.split_once("first").unwrap_or_else(|| panic!("{text}"));
    assert!(first.contains("slow"), "{text}");
    assert!(rest.contains("the other writes and stands before it") && rest.contains("second"), "{text}");
    let json = project.netplay("runs critical-path last --format json").exits(0);
    let path: Json = serde_json::from_str(&json.stdout).expect("JSON");
    let links = path["path"].as_array().expect("a list");
    assert_eq!((links.len(), &links[0]["host"], &links[1]["name"]), (2, &"slow".into(), &"second".into()), "{json}");
    let took = links[0]["phases"]["wait_ms"].as_f64().expect("it waited for the program");
    // Starting the program is a phase of its own, in which it sleeps already.
    assert!(took >= 300.0, "{json}");
    assert!(links[1]["why"].is_string() && links[0]["why"].is_null(), "{json}");
}

#[test]
fn steps_that_wait_for_a_slot_say_so() {
    let project = Project::of_tasks("- name: nap\n  command: sleep 0.1\n").host("h[1:4] ansible_connection=local");
    let ended = project.run_events().with("--forks 1").exits(0);
    let queued =
        ended.events_of("step_done").iter().filter(|done| done["phases"]["queue_ms"].as_f64() >= Some(90.0)).count();
    assert_eq!(queued, 3, "{ended}");
    let path = project.netplay("runs critical-path").exits(0).shows("4 of 4 steps").shows("`--forks` allows");
    assert!(path.stdout.contains("queue 0."), "{path}");
}

#[test]
fn connecting_logging_in_and_waiting_are_told_apart() {
    let sshd = Sshd::start();
    let tasks = "- name: first\n  command: sleep 0.1\n- name: second\n  command: \"true\"\n";
    let ended = Project::of_tasks(tasks).ssh_host("h1", &sshd, "").run_events().exits(0);
    let ms = |task: &str, phase: &str| ended.step(task, "h1")["phases"][phase].as_f64().unwrap_or(0.0);
    assert!(ms("first", "connect_ms") > 0.0 && ms("first", "auth_ms") > 0.0, "{ended}");
    assert!(ms("first", "wait_ms") >= 50.0, "{ended}");
    assert_eq!(ms("second", "auth_ms"), 0.0, "it is logged in already: {ended}");
}

#[test]
fn a_run_leaves_a_trace_and_junit_where_it_is_told_to() {
    let project =
        project("- name: fine\n  command: sleep 0.05\n- name: broken\n  command: \"false\"\n  when: nap == 0\n");
    project.run().with("--trace out/trace.json").exits(65).complains("out/trace.json");
    let ended = project.run().with("--trace trace.json --junit junit.xml").exits(2);
    let trace: Json = serde_json::from_str(&ended.file("trace.json")).expect("JSON");
    let events = trace["traceEvents"].as_array().expect("a list");
    let slices = |name: &str| events.iter().filter(|event| event["ph"] == "X" && event["name"] == name).count();
    assert_eq!((slices("fine"), slices("broken")), (2, 2), "{ended}");
    assert!(slices("wait") >= 2, "phases are slices");
    assert!(events.iter().any(|event| event["ph"] == "M" && event["args"]["name"] == "slow"));
    let junit = ended.file("junit.xml");
    assert!(junit.contains("tests=\"4\" failures=\"1\" errors=\"0\""), "{junit}");
    let again = project.netplay("report junit last").exits(0);
    assert_eq!(again.stdout, junit, "the journal knows as much");
    let page = project.netplay("report html last -o page.html").exits(0).file("page.html");
    assert!(page.contains("<b>broken</b> on fast") && page.contains("Critical path"), "{page}");
}

/// Runs each shard with a folder of its own for its journal; returns their files of events.
fn shards(project: &Project, total: u32, words: &str) -> Vec<String> {
    let run = |index: u32| {
        let folder = format!("shard{index}");
        let ended = project.run_events().with(&format!("--shard {index}/{total} --journal {folder} {words}")).done();
        let name = ended.events()[0]["run"].as_str().expect("a name").to_owned();
        format!("{folder}/{name}/events.jsonl")
    };
    (1..=total).map(run).collect()
}

fn hosts(ended: &Ended) -> Vec<String> {
    let end = &ended.events_of("run_ended")[0];
    let recap = end["recap"].as_array().expect("a list");
    recap.iter().map(|row| row["host"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn shards_divide_the_hosts_and_their_events_become_one_report() {
    let tasks =
        "- name: fine\n  command: \"true\"\n- name: broken\n  command: \"false\"\n  when: inventory_hostname == 'h3'\n";
    let project = Project::of_tasks(tasks).host("h[1:6] ansible_connection=local");
    let files = shards(&project, 3, "");
    let all = files.join(" ");
    let whole = project.netplay(&format!("report merge {all} --output jsonl -o whole.jsonl")).exits(2);
    let mut found = hosts(&whole);
    found.sort();
    assert_eq!(found, ["h1", "h2", "h3", "h4", "h5", "h6"], "every host once");
    assert_eq!(whole.events_of("run_started").len() + whole.events_of("run_ended").len(), 2, "{whole}");
    assert_eq!(whole.events_of("task_started").len(), 2, "{whole}");
    assert_eq!(whole.file("whole.jsonl"), whole.stdout);
    project.netplay(&format!("report merge {all}")).exits(2).shows("FAILURES").shows("6 hosts, 6 ok");
    project.netplay("report html whole.jsonl -o page.html").exits(0);
    // What does not belong together is refused, and says why.
    project.netplay(&format!("report merge {} {}", files[0], files[1])).exits(65).complains("shard 3/3 is missing");
    let partial = project.netplay(&format!("report merge --partial {} {}", files[0], files[1])).done();
    assert!(partial.stderr.contains("shard 3/3 is missing"), "{partial}");
    partial.exits(130);
    project.netplay(&format!("report merge {all} -o {}", files[0])).exits(65).complains("both read and written");
    project.netplay(&format!("report merge {all} {}", files[0])).exits(65).complains("are both shard 1/3");
    let text = fs::read_to_string(project.at(&files[2])).expect("events");
    let cut = &text[..text.len() - 20];
    let project = project.file(&files[2], cut);
    project.netplay(&format!("report merge {all}")).exits(130).complains("was cut off").shows("6 hosts");
    let project = project.file(&files[2], "PK\u{3}\u{4}\n");
    project.netplay(&format!("report merge {all}")).exits(65).complains("line 1 is no event");
    let project = project.append("site.yml", "    - debug:\n");
    let other = shards(&project, 3, "");
    project
        .netplay(&format!("report merge {} {} {}", other[0], other[1], files[1]))
        .exits(65)
        .complains("are both shard");
}

#[test]
fn shards_of_other_playbooks_do_not_go_together() {
    let project = Project::of_tasks("- command: \"true\"\n").host("h[1:4] ansible_connection=local");
    let files = shards(&project, 2, "");
    let project = project.append("site.yml", "    - command: echo more\n");
    let others = shards(&project, 2, "");
    project.netplay(&format!("report merge {} {}", files[0], others[1])).exits(65).complains("other playbooks");
    let whole = project.run_events().with("--journal whole").exits(0);
    let name = whole.events()[0]["run"].as_str().expect("a name").to_owned();
    let whole = format!("whole/{name}/events.jsonl");
    project.netplay(&format!("report merge {whole} {}", others[0])).exits(65).complains("is no shard");
}

#[test]
fn what_shards_would_change_is_refused_with_its_place() {
    let refused = |playbook: &str, what: &str, line: u32| {
        let project = Project::new().playbook(playbook).host("h[1:4] ansible_connection=local");
        let ended = project.run().with("--shard 1/2").exits(65);
        let ended = ended.complains("E0520").complains(what).complains(&format!("site.yml:{line}:"));
        ended.complains("--shard-anyway").complains("nothing was sent");
        project.run().with("--shard 1/2 --shard-anyway").exits(0);
    };
    let play = "- hosts: all\n  gather_facts: false\n";
    let task = "  tasks:\n    - command: \"true\"\n";
    refused(&format!("{play}  serial: 2\n{task}"), "`serial`", 3);
    refused(&format!("{play}  max_fail_percentage: 10\n{task}"), "`max_fail_percentage`", 3);
    refused(&format!("{play}  any_errors_fatal: true\n{task}"), "`any_errors_fatal`", 3);
    refused(&format!("{play}{task}      run_once: true\n"), "`run_once`", 5);
    refused(&format!("{play}{task}      throttle: 1\n"), "`throttle`", 5);
    refused(&format!("{play}  tasks:\n    - debug: {{msg: \"{{{{ hostvars.keys() | list }}}}\"}}\n"), "`hostvars`", 4);
    refused(&format!("{play}  tasks:\n    - debug: {{var: ansible_play_hosts}}\n"), "`ansible_play_hosts`", 4);
    refused(&format!("{play}  tasks:\n    - add_host: {{name: new}}\n"), "added", 4);
    refused(&format!("{play}  tasks:\n    - meta: end_play\n"), "end the play", 4);
    refused(&format!("{play}{task}- hosts: h1\n  gather_facts: false\n{task}"), "other hosts than the one before", 5);
    // What is off, or needs nothing before it, is no reason.
    let fine = format!(
        "{play}  any_errors_fatal: false\n{task}      run_once: false\n- hosts: h1\n  gather_facts: false\n  needs: []\n{task}"
    );
    Project::new().playbook(&fine).host("h[1:4] ansible_connection=local").run().with("--shard 2/2").exits(0);
}

#[test]
fn which_shard_is_said_by_the_option_or_the_ci_system() {
    let project = Project::of_tasks("- command: \"true\"\n").host("h[1:8] ansible_connection=local");
    for words in ["--shard 0/2", "--shard 3/2", "--shard x"] {
        project.run().with(words).exits(64);
    }
    project.run().with("--shard auto").exits(65).complains("no variable says");
    let listed = |index: u32| {
        let ended = project.run().with(&format!("--shard {index}/2 --list-hosts")).exits(0);
        ended.stdout.lines().filter(|line| line.trim().starts_with('h') && !line.contains("hosts")).count()
    };
    assert_eq!(listed(1) + listed(2), 8);
    assert!(listed(1) > 0 && listed(2) > 0);
}
