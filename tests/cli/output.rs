//! What a run looks like to people and to programs.

use crate::project::Project;
use crate::terminal::{drawn, on_a_terminal};
use std::collections::BTreeSet;

const TASKS: &str = "- name: fine\n  command: echo hello\n- name: loop\n  command: \"echo {{ item }}\"\n  loop: [a, b]\n\
                     - name: left out\n  command: \"true\"\n  when: false\n\
                     - name: rescued\n  block:\n  - name: fails\n    command: \"false\"\n  rescue:\n  - name: helps\n    command: \"true\"\n";

fn project() -> Project {
    Project::of_tasks(TASKS).host("h[1:3] ansible_connection=local")
}

#[test]
fn events_are_one_json_object_a_line_with_the_documented_fields() {
    let ended = project().run_events().exits(0);
    let document = include_str!("../../docs/events.md");
    let known: BTreeSet<&str> =
        document.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let mut last = 0;
    for event in ended.events() {
        let fields = event.as_object().expect("an object a line");
        for name in fields.keys() {
            assert!(known.contains(name.as_str()), "`{name}` is not documented: {event}");
        }
        let kind = event["event"].as_str().expect("every event has a name");
        assert!(document.contains(&format!("### `{kind}`")), "{kind} is not documented");
        let now = event["t_ms"].as_u64().expect("every event has a time");
        assert!(now >= last, "time goes forward: {event}");
        last = now;
    }
    let events = ended.events();
    let (first, end) = (&events[0], &events[events.len() - 1]);
    assert_eq!((&first["event"], &first["schema"], &first["check"]), (&"run_started".into(), &1.into(), &false.into()));
    assert_eq!((&end["event"], &end["exit_code"]), (&"run_ended".into(), &0.into()));
    assert_eq!(end["recap"].as_array().map(Vec::len), Some(3));
    assert_eq!(ended.step("fails", "h2")["status"], "rescued");
    assert_eq!(ended.step("left out", "h2")["status"], "skipped");
    assert_eq!(ended.events_of("item_done").len(), 6);
    assert_eq!(ended.stderr, "", "everything is in the events");
}

#[test]
fn output_that_is_no_terminal_has_plain_lines() {
    let ended = project().run().exits(0);
    let ended = ended.shows("PLAY [all] **").shows("TASK [fine] **").shows("changed: [h1]").shows("PLAY RECAP **");
    let ended = ended.shows("(item=a)").shows("skipping: [h1]").shows("(rescued)").shows("3 hosts, ");
    assert!(!ended.stdout.contains(['\u{1b}', '\r']), "{ended}");
    ended.never_says("hello");
}

#[test]
fn every_v_shows_more_and_quiet_less() {
    let project = project();
    let mut before = project.run().with("-q").exits(0).stdout.len();
    for words in ["", "-v", "-vv", "-vvv"] {
        let ended = project.run().with(words).exits(0);
        assert!(ended.stdout.len() > before, "{words} shows no more:\n{ended}");
        before = ended.stdout.len();
        if !words.is_empty() {
            ended.shows("hello");
        }
    }
    project.run().with("-vvvv").exits(0).shows("hello");
    let quiet = project.run().with("--quiet").exits(0).shows("PLAY RECAP").never_says("TASK [fine]");
    assert!(quiet.stdout.lines().count() < 8, "{quiet}");
    let failing = Project::of_tasks("- name: broken\n  command: \"false\"\n").host("h1 ansible_connection=local");
    failing.run().with("--quiet").exits(2).shows("broken").shows("site.yml:4:7");
}

#[test]
fn failures_are_repeated_at_the_end_with_place_command_and_answer() {
    let tasks = "- name: broken\n  shell: \"echo on the way; echo it broke >&2; exit 7\"\n";
    let project = Project::of_tasks(tasks).host("h1 ansible_connection=local").host("h2 ansible_connection=local");
    let ended = project.run().exits(2);
    let (_, end) = ended.stdout.split_once("FAILURES").unwrap_or_else(|| panic!("no failures at the end:\n{ended}"));
    for phrase in ["broken", "h1", "h2", "site.yml:4:7", "it broke", "on the way", "7"] {
        assert!(end.contains(phrase), "no {phrase:?} in the failures:\n{ended}");
    }
}

#[test]
fn colour_is_for_those_who_want_it() {
    let project = project();
    let coloured = |text: &str| text.contains("\u{1b}[3");
    assert!(coloured(&project.run().with("--color always").exits(0).stdout));
    assert!(!coloured(&project.run().with("--color never").exits(0).stdout));
    let words = "run site.yml -i hosts.ini";
    assert!(coloured(&on_a_terminal(&project, words, &[])), "a terminal has colours");
    assert!(!coloured(&on_a_terminal(&project, words, &[("NO_COLOR", "1")])));
    assert!(!coloured(&on_a_terminal(&project, &format!("{words} --color never"), &[])));
}

#[test]
fn bars_fit_a_terminal_of_80_columns() {
    let tasks = "- name: a task whose name is longer than any terminal that people still use for their work is wide\n  \
                 command: sleep 0.3\n- name: next\n  command: echo {{ 'x' * 200 }}\n- name: last\n  command: \"false\"\n";
    let project =
        Project::of_tasks(tasks).host("a-host-with-a-rather-long-name-in-a-data-centre[1:30] ansible_connection=local");
    for (locale, name) in [("C.UTF-8", "unicode"), ("C", "ascii")] {
        let text = on_a_terminal(&project, "run site.yml -i hosts.ini", &[("LANG", locale)]);
        let lines = drawn(&text);
        let bars: Vec<&String> = lines.iter().filter(|line| line.contains("/90")).collect();
        assert!(!bars.is_empty(), "no bar with true counts ({name}):\n{text}");
        let before_the_end = lines.iter().take_while(|line| !line.starts_with("FAILURES"));
        for line in before_the_end {
            // Bars are filled up to the terminal's width, so that the next one begins a line of the terminal by itself.
            let columns: Vec<char> = line.chars().collect();
            for row in columns.chunks(80) {
                let total = row.iter().collect::<String>().contains("/90 ");
                let begins = total || row.starts_with(&[' ', ' ']);
                assert!(columns.len() <= 80 || begins, "wraps ({name}): {line}");
            }
        }
        assert!(text.contains("PLAY RECAP"), "{text}");
        assert_eq!(text.is_ascii(), locale == "C", "{text}");
    }
}

#[test]
fn every_run_exits_with_what_came_of_it() {
    let nowhere = "h2 ansible_host=127.0.0.1 ansible_port=1";
    let local = "h1 ansible_connection=local";
    for (tasks, hosts, code) in [
        ("- command: \"true\"\n", local, 0),
        ("- command: \"false\"\n", local, 2),
        ("- command: \"false\"\n  ignore_errors: true\n", local, 0),
        ("- command: \"true\"\n", nowhere, 4),
        ("- command: \"true\"\n  ignore_unreachable: true\n", nowhere, 0),
        ("- fail: {msg: no}\n", local, 2),
        ("- assert: {that: false}\n", local, 2),
        ("- meta: end_play\n- command: \"false\"\n", local, 0),
        ("- nonsense:\n", local, 65),
    ] {
        Project::of_tasks(tasks).host(hosts).run().exits(code);
    }
    // Both kinds show in the recap, whichever the code names.
    let both = Project::of_tasks("- command: \"false\"\n").host(local).host(nowhere);
    let code = both.run().done();
    assert!(code.stdout.contains("failed=1") && code.stdout.contains("unreachable=1"), "{code}");
}
