//! What runs leave behind, and what becomes of them when nobody reads their output.

use crate::call::Ended;
use crate::project::Project;
use crate::sshd::wait_until;
use std::fs;
use std::io::Read as _;
use std::path::PathBuf;

const TASKS: &str = "- name: fine\n  command: echo hello\n- name: loop\n  command: \"echo {{ item }}\"\n  loop: [a, b]\n\
                     - name: broken\n  command: \"false\"\n";

fn project(tasks: &str) -> Project {
    Project::of_tasks(tasks).host("h[1:2] ansible_connection=local")
}

/// Returns the files of events that runs have left, the oldest first.
fn journals(project: &Project) -> Vec<PathBuf> {
    let folder = project.at("home/.local/state/netplay/runs");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path().join("events.jsonl")).collect())
        .unwrap_or_default();
    // A folder is there a moment before its file.
    files.retain(|file| file.is_file());
    files.sort();
    files
}

fn text(path: &PathBuf) -> String {
    fs::read_to_string(path).expect("a journal can be read")
}

/// Returns a text without what differs from run to run.
fn steady(ended: &Ended) -> String {
    let lines = ended.stdout.lines().map(|line| line.split(" in ").next().unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_run_is_listed_and_shown_again_as_it_was() {
    let project = project(TASKS);
    let events = project.run_events().exits(2);
    let [journal] = &journals(&project)[..] else { panic!("one journal") };
    assert_eq!(text(journal), events.stdout, "the journal is the event stream");
    project.netplay("runs show --output jsonl").exits(0).shows(&events.stdout);
    let plain = project.run().with("-v").exits(2);
    let again = project.netplay("runs show last -v").exits(0);
    assert_eq!(again.stdout, plain.stdout, "any reporter shows it as it was");
    let name = events.events()[0]["run"].as_str().expect("a name").to_owned();
    let first = project.netplay("runs show").arg(&name).exits(0);
    assert!(steady(&first).contains("h2 : ok=2 changed=2"), "{first}");
    let list = project.netplay("runs").exits(0).shows(&name).shows("failed on 2").shows("site.yml");
    assert_eq!(list.stdout.lines().count(), 3, "{list}");
    project.netplay("runs show 2").exits(65).complains("several runs");
    project.netplay("runs show 1999").exits(65).complains("no run `1999`");
}

#[test]
fn old_runs_make_room_for_new_ones() {
    let project = project("- command: \"true\"\n");
    for _ in 0..4 {
        project.run().with("--keep-runs 2").exits(0);
    }
    assert_eq!(journals(&project).len(), 2);
    project.run().with("--no-journal").exits(0);
    assert_eq!(journals(&project).len(), 2);
    project.run().with("--journal left/here --no-journal").exits(64);
    project.run().with("--journal left/here").exits(0);
    let left: Vec<_> = fs::read_dir(project.at("left/here")).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1);
    let ignored = fs::read_to_string(left[0].path().join(".gitignore")).expect("a file");
    assert_eq!(ignored, "*\n", "no results of devices get into a repository");
    project.netplay("runs --journal left/here").exits(0).shows("site.yml");
}

#[test]
fn where_nothing_can_be_written_a_run_warns_and_goes_on() {
    let project = project("- command: echo hello\n").file("a-file", "");
    project.run().with("--journal a-file/below").exits(0).shows("warning: no journal: cannot write");
    let events = project.run_events().with("--journal a-file/below").exits(0);
    assert_eq!(events.events_of("warning").len(), 1, "{events}");
    project.netplay("runs --journal a-file/below").exits(65).complains("cannot read");
}

#[test]
fn what_only_looks_leaves_nothing() {
    let project = project(TASKS);
    for words in ["--syntax-check", "--list-hosts", "--list-tasks"] {
        project.run().with(words).exits(0);
    }
    assert_eq!(journals(&project).len(), 0);
    project.netplay("runs").exits(0).shows("no run has left a journal");
    project.netplay("runs show").exits(65).complains("no run has left a journal");
}

#[test]
fn a_killed_run_has_a_journal_up_to_then() {
    let dir = tempfile::tempdir().expect("a folder");
    let go = dir.path().join("go");
    let tasks = format!(
        "- name: first\n  command: echo one\n- name: long\n  shell: \"until [ -e {0} ] || [ ! -d {1} ]; do sleep 0.05; done\"\n",
        go.display(),
        dir.path().display()
    );
    let project = project(&tasks);
    let run = project.run().start();
    let begun = || journals(&project).iter().map(text).any(|text| text.matches("step_started").count() == 4);
    wait_until("the second task runs", begun);
    project.netplay("runs").exits(0).shows("running");
    drop(run.signal("KILL").ended());
    fs::write(&go, "").expect("it is ours");
    project.netplay("runs").exits(0).shows("cut off");
    let shown = project.netplay("runs show -v").exits(0).shows("changed: [h1]").complains("no end");
    assert!(!shown.stdout.contains("RECAP"), "{shown}");
}

#[test]
fn rubbish_is_no_run() {
    let project = project(TASKS).file("rubbish.jsonl", "{\"t_ms\":1}\n").file("torn.jsonl", "{\"t_ms\":1,");
    project.netplay("runs show rubbish.jsonl").exits(65).complains("line 1 is no event");
    project.netplay("runs show torn.jsonl").exits(65).complains("line 1 has no end");
    project.netplay("runs show nowhere.jsonl").exits(65).complains("cannot read");
}

/// A task that writes more than a pipe takes.
const MUCH: &str = "- debug: {msg: \"{{ 'x' * 200000 }}\"}\n- command: touch done-{{ inventory_hostname }}\n";

#[test]
fn a_run_whose_output_nobody_reads_ends_all_the_same() {
    for words in ["", "--output jsonl"] {
        let project = project(MUCH);
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let ended = project.run().with("--output-timeout 1").with(words).start_into(writer).ended().exits(0);
        assert!(project.at("done-h2").exists(), "the work is done");
        ended.complains("nobody reads the output");
        let events = text(&journals(&project)[0]);
        assert!(events.lines().last().is_some_and(|line| line.contains("run_ended")), "the journal is whole");
        drop(reader);
    }
}

#[test]
fn a_reader_who_is_late_gets_everything() {
    let project = project(MUCH);
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let run = project.run_events().start_into(writer);
    let is_over = || journals(&project).iter().map(text).any(|text| text.contains("run_ended"));
    wait_until("the work is done", is_over);
    let mut read = String::new();
    reader.read_to_string(&mut read).expect("text");
    run.ended().exits(0);
    assert_eq!(read, text(&journals(&project)[0]));
}
