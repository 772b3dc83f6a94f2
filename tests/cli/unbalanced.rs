//! Templates that are never closed, in every place where one may stand: each is said with its place.

use crate::project::Project;

/// What stands below a play for `h1`, and where it is wrong: all of it is known before the run.
const BEFORE_THE_RUN: &[(&str, &str)] = &[
    ("  vars: {x: '{{ a'}\n  tasks: []\n", "3:14"),
    ("  environment: {x: '{{ a'}\n  tasks: []\n", "3:21"),
    ("  serial: '{{ a'\n  tasks: []\n", "3:12"),
    ("  vars_files: ['{{ a']\n  tasks: []\n", "3:17"),
    ("  remote_user: '{{ a'\n  tasks: []\n", "3:17"),
    ("  handlers: [{name: h, debug: {msg: '{{ a'}}]\n  tasks: []\n", "3:38"),
    ("  tasks:\n  - name: '{{ a'\n    debug:\n", "4:12"),
    ("  tasks:\n  - debug: {msg: '{{ a'}\n", "4:19"),
    ("  tasks:\n  - debug: 'msg={{ a'\n", "4:12"),
    ("  tasks:\n  - command: echo {{ a\n", "4:19"),
    ("  tasks:\n  - debug: {var: 'a['}\n", "4:20"),
    ("  tasks:\n  - debug:\n    when: a ==\n", "5:14"),
    ("  tasks:\n  - debug:\n    when: '{{ a'\n", "5:13"),
    ("  tasks:\n  - debug:\n    when: [a, '(b']\n", "5:16"),
    ("  tasks:\n  - debug:\n    loop: '{{ a'\n", "5:12"),
    ("  tasks:\n  - debug:\n    loop: [1, '{{ a']\n", "5:16"),
    ("  tasks:\n  - debug:\n    with_items: '{{ a'\n", "5:18"),
    ("  tasks:\n  - debug:\n    with_dict: {k: '{{ a'}\n", "5:21"),
    ("  tasks:\n  - debug:\n    loop: [1]\n    loop_control: {label: '{{ a'}\n", "6:28"),
    ("  tasks:\n  - debug:\n    until: a (\n", "5:14"),
    ("  tasks:\n  - debug:\n    retries: '{{ a'\n    until: true\n", "5:15"),
    ("  tasks:\n  - debug:\n    changed_when: a |\n", "5:21"),
    ("  tasks:\n  - debug:\n    failed_when: [a, '{% if']\n", "5:23"),
    ("  tasks:\n  - debug:\n    delegate_to: '{{ a'\n", "5:19"),
    ("  tasks:\n  - debug:\n    vars: {x: '{{ a'}\n", "5:16"),
    ("  tasks:\n  - debug:\n    environment: {x: '{{ a'}\n", "5:23"),
    ("  tasks:\n  - debug:\n    become_user: '{{ a'\n", "5:19"),
    ("  tasks:\n  - debug:\n    notify: '{{ a'\n", "5:14"),
    ("  tasks:\n  - debug:\n    ignore_errors: '{{ a'\n", "5:21"),
    ("  tasks:\n  - debug:\n    check_mode: '{{ a'\n", "5:18"),
    ("  tasks:\n  - debug:\n    no_log: '{{ a'\n", "5:14"),
    ("  tasks:\n  - debug:\n    timeout: '{{ a'\n", "5:15"),
    ("  tasks:\n  - debug:\n    throttle: '{{ a'\n", "5:16"),
    ("  tasks:\n  - block: [{debug: }]\n    when: a ==\n", "5:14"),
    ("  tasks:\n  - set_fact: {x: '{{ a'}\n", "4:20"),
    ("  tasks:\n  - assert: {that: 'a =='}\n", "4:24"),
    ("  tasks:\n  - assert: {that: ['a', '(']}\n", "4:27"),
    ("  tasks:\n  - include_tasks: '{{ a'\n", "4:21"),
    ("  tasks:\n  - import_tasks: '{{ a'\n", "4:20"),
    ("  tasks:\n  - include_role: {name: '{{ a'}\n", "4:27"),
    ("  tasks:\n  - include_vars: '{{ a'\n", "4:20"),
    ("  tasks:\n  - debug: {msg: '{% for x in y %}'}\n", "4:19"),
    ("  tasks:\n  - debug: {msg: '{% endif %}'}\n", "4:19"),
    ("  tasks:\n  - debug: {msg: '{# a'}\n", "4:19"),
    ("  tasks:\n  - debug: {msg: '{% raw %} a'}\n", "4:19"),
];

fn play(text: &str) -> Project {
    Project::new().host("h1 ansible_connection=local").playbook(&format!("- hosts: h1\n  gather_facts: false\n{text}"))
}

#[test]
fn what_is_never_closed_is_said_before_the_run() {
    for (text, place) in BEFORE_THE_RUN {
        let ended = play(text).run().exits(65).complains("syntax error").complains("nothing was sent");
        assert!(ended.stderr.contains(&format!("site.yml:{place}\n")), "{text}: not at {place}: {ended}");
    }
    Project::new().playbook("- hosts: '{{ a'\n  tasks: []\n").run().exits(65).complains("site.yml:1:11");
}

#[test]
fn what_is_never_closed_in_other_files_is_said_there() {
    let used = "  tasks: [debug: {var: x}]\n";
    let template = "  tasks: [template: {src: x.j2, dest: /no/such/folder}]\n";
    let lookup = "  tasks:\n  - debug: {msg: \"{{ lookup('template', 'x.j2') }}\"}\n";
    // The play, another file, the exit code, and the place.
    let cases = [
        (template, "x.j2", "line\n{{ a\n", 65, "x.j2:2:1"),
        (template, "x.j2", "line\n{% if a %}\n", 65, "x.j2:2:1"),
        (template, "x.j2", "#jinja2: nope: 1\nline\n", 65, "x.j2:1:"),
        (lookup, "x.j2", "line\n{{ a }\n", 2, "x.j2:2:6"),
        ("  roles: [r]\n", "roles/r/defaults/main.yml", "x: '{{ a'\n", 65, "roles/r/defaults/main.yml:1:5"),
        ("  roles: [r]\n", "roles/r/tasks/main.yml", "- debug: {msg: '{{ a'}\n", 65, "roles/r/tasks/main.yml:1:17"),
        (used, "group_vars/all.yml", "x: '{{ a'\n", 2, "group_vars/all.yml:1:5"),
        (used, "host_vars/h1.yml", "x: ['{{ a']\n", 2, "host_vars/h1.yml:1:6"),
    ];
    for (text, name, contents, code, place) in cases {
        let ended = play(text).file(name, contents).run().exits(code);
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(said.contains("syntax error") && said.contains(place), "{text}: not at {place}: {ended}");
    }
}
