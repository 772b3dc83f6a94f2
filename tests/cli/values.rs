//! Values that fail when they are needed: the message says which, and where it stands.

use crate::project::Project;

fn failure(tasks: &str, vars: &str) -> serde_json::Value {
    let playbook = format!("- hosts: all\n  gather_facts: false\n  vars:\n{vars}  tasks:\n{tasks}");
    let project = Project::new().playbook(&playbook).host("h1 ansible_connection=local");
    project.run_events().exits(2).step("try", "h1")["failure"].clone()
}

const CASES: &[(&str, &str, &str, &str, &str)] = &[
    // task, vars, kind, place, message
    ("msg: \"{{ nope }}\"", "    a: 1\n", "undefined", "site.yml:8:16", "`nope` is undefined"),
    ("msg: \"{{ a.b.c }}\"", "    a: {}\n", "undefined", "site.yml:8:16", "b"),
    // The place is where the value is written, not where it was needed.
    ("msg: \"{{ a }}\"", "    a: \"x {{ nope }}\"\n", "undefined", "site.yml:4:14", "`nope` is undefined"),
    ("msg: \"{{ a }}\"", "    a: \"{{ a }}\"\n", "template", "site.yml:", "variable uses itself"),
    (
        "msg: \"{{ a }}\"",
        "    a: \"{{ b }}\"\n    b: \"{{ a }}\"\n",
        "template",
        "site.yml:",
        "variable uses itself: a → b → a",
    ),
    ("msg: \"{{ 1 / 0 }}\"", "    a: 1\n", "template", "site.yml:8:16", "zero"),
    ("msg: \"{{ [1] + {} }}\"", "    a: 1\n", "template", "site.yml:8:16", "unsupported operand types"),
    ("msg: \"{% for i in range(100000000) %}x{% endfor %}\"", "    a: 1\n", "template", "site.yml:8:", "too long"),
    ("msg: \"{{ 'no' | from_json }}\"", "    a: 1\n", "template", "site.yml:8:", "JSON"),
];

#[test]
fn what_cannot_be_worked_out_is_said_with_its_place() {
    for (task, vars, kind, place, message) in CASES {
        let tasks = format!("  - name: try\n    debug:\n      {task}\n");
        let failure = failure(&tasks, vars);
        let shown = format!("{task} with {vars}: {failure}");
        assert_eq!(failure["kind"], *kind, "{shown}");
        assert!(failure["message"].as_str().is_some_and(|text| text.contains(message)), "{shown}");
        assert!(failure["place"].as_str().is_some_and(|at| at.starts_with(place)), "{shown}");
    }
}

/// What a template yields for a keyword that takes something else, the place, and what is said.
const KEYWORDS: &[(&str, &str)] = &[
    ("become: \"{{ 'yess' }}\"", "`become` must be true or false, not `yess`"),
    ("any_errors_fatal: \"{{ 2 }}\"", "`any_errors_fatal` must be true or false, not `2`"),
    ("run_once: \"{{ '' }}\"", "`run_once` must be true or false, not an empty text"),
    ("ignore_unreachable: \"{{ [] }}\"", "`ignore_unreachable` must be true or false, not a list"),
    ("port: \"{{ 'ssh' }}\"", "`port` must be a whole number, not `ssh`"),
    ("delegate_to: \"{{ {} }}\"", "`delegate_to` needs the name of a host, not a dictionary"),
];

#[test]
fn what_a_template_yields_for_a_keyword_is_held_to_its_kind() {
    for (keyword, message) in KEYWORDS {
        let failure = failure(&format!("  - name: try\n    command: touch sent\n    {keyword}\n"), "    a: 1\n");
        let shown = format!("{keyword}: {failure}");
        assert_eq!((&failure["kind"], &failure["message"]), (&"argument".into(), &(*message).into()), "{shown}");
        assert!(failure["place"].as_str().is_some_and(|at| at.starts_with("site.yml:8:")), "{shown}");
    }
}

#[test]
fn what_ansible_goes_on_with_is_said_all_the_same() {
    let tasks = "- name: try\n  command: touch sent\n  ignore_errors: \"{{ 'some' }}\"\n";
    let ended = Project::of_tasks(tasks).host("h1 ansible_connection=local").run_events().exits(0);
    let step = ended.step("try", "h1");
    assert_eq!(step["status"], "ignored", "{ended}");
    assert_eq!(step["failure"]["message"], "`ignore_errors` must be true or false, not `some`", "{ended}");
    let tasks = "- name: try\n  command: env\n  environment: \"{{ 3 }}\"\n";
    let project = Project::of_tasks(tasks).host("h1 ansible_connection=local");
    project.run().exits(0).shows("warning: `environment` must be a dictionary, and `3` is left out");
}

#[test]
fn a_template_that_includes_itself_ends() {
    let project = Project::of_tasks("- name: try\n  template: {src: a.j2, dest: \"{{ playbook_dir }}/out\"}\n");
    let project = project.file("a.j2", "{% include 'a.j2' %}").host("h1 ansible_connection=local");
    let ended = project.run_events().exits(2);
    assert_eq!(ended.step("try", "h1")["status"], "failed", "{ended}");
    assert!(!project.at("out").exists());
}

#[test]
fn tasks_that_include_themselves_end() {
    let project = Project::of_tasks("- include_tasks: again.yml\n").host("h1 ansible_connection=local");
    let project = project.file("again.yml", "- include_tasks: again.yml\n");
    project.run().exits(2).shows("again.yml");
    let project = Project::of_tasks("- import_tasks: again.yml\n").host("h1 ansible_connection=local");
    let project = project.file("again.yml", "- import_tasks: again.yml\n");
    project.run().exits(65).complains("again.yml");
}
