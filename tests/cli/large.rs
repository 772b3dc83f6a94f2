//! Texts of ten megabytes, as logs and tables of routes are.

use crate::call::Call;
use crate::project::Project;

const LINES: usize = 800_000;

/// Limits under which the program must make do: two gigabytes, of which most are reserved and never used.
const MEMORY: &str = "ulimit -v 2000000";

fn project(tasks: &str) -> Project {
    let lines = "port 7 is up\n".repeat(LINES) + "port 8 is down\n";
    let numbers = format!("[{}0]", "1234, ".repeat(LINES * 2));
    assert!(lines.len() > 10_000_000 && numbers.len() > 9_000_000);
    Project::of_tasks(tasks)
        .host("h1 ansible_connection=local")
        .file("lines.txt", lines)
        .file("numbers.json", numbers)
        .file("lines.j2", "{% for line in lookup('file', 'lines.txt').splitlines() %}\n{{ line }}\n{% endfor %}\n")
}

fn run(project: &Project) -> Call {
    Call::limited(MEMORY, project.dir(), &project.at("home")).with("run site.yml -i hosts.ini --output jsonl")
}

#[test]
fn ten_megabytes_go_through_what_playbooks_use_most() {
    let tasks = "\
- assert: {that: \"lookup('file', 'lines.txt') | regex_search('port [0-9]+ is down') == 'port 8 is down'\"}
- assert: {that: \"lookup('file', 'lines.txt') | regex_search('(?<=port )[0-9]+(?= is down)') == '8'\"}
- assert: {that: \"(lookup('file', 'lines.txt') | regex_replace('is ', '') | length) == 800000 * 10 + 11\"}
- assert: {that: \"(lookup('file', 'lines.txt') | split('\\n') | length) == 800001\"}
- assert: {that: \"(lookup('file', 'numbers.json') | from_json | length) == 1600001\"}
- template: {src: lines.j2, dest: \"{{ playbook_dir }}/lines.out\"}
";
    let project = project(tasks);
    run(&project).exits(0);
    let made = std::fs::metadata(project.at("lines.out")).expect("it was written");
    assert_eq!(made.len() as usize, LINES * 13 + 15);
}

#[test]
fn what_goes_wrong_with_ten_megabytes_has_a_place_and_a_short_message() {
    for (expression, what) in [
        ("lookup('file', 'lines.txt') | from_json", "from_json"),
        ("lookup('file', 'lines.txt') | regex_search('(?s)(?=(?P<a>.+))(?P=a)y')", "regex_search"),
        ("lookup('file', 'lines.txt') + 1", "concatenate"),
        ("(lookup('file', 'lines.txt') | split('\\n'))[0].nope", "nope"),
    ] {
        let project = project(&format!("- name: it\n  debug: {{msg: \"{{{{ {expression} }}}}\"}}\n"));
        let ended = run(&project).exits(2);
        let step = ended.step("it", "h1");
        let failure = &step["failure"];
        let message = failure["message"].as_str().unwrap_or_default();
        assert!(message.contains(what) && message.len() < 1_000, "{expression}: {step}");
        assert!(failure["place"].is_object() || failure["place"].is_string(), "{expression}: {step}");
    }
}
