//! Variables of the environment, and options of the command line, that no other test tells: each has its effect.

use crate::call::{Call, Ended};
use crate::project::Project;
use crate::sshd::{self, Sshd};
use crate::terminal::Dialog;
use crate::vault::encrypted;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

/// Tasks of which each shows one thing.
const TASKS: &str = "- {name: one, debug: {msg: first}, tags: [a]}\n\
    - {name: two, debug: {msg: second}, tags: [b]}\n\
    - {name: skips, debug: {msg: skipped}, when: false}\n\
    - {name: write, copy: {content: 'new line', dest: '{{ playbook_dir }}/written'}, check_mode: true}\n\
    - {name: say, command: echo said}\n";

/// A playbook in whose end a host fails that has a handler to run.
const FAILS: &str = "- hosts: all\n  gather_facts: false\n  tasks:\n\
    \x20 - {command: 'true', notify: tell}\n\
    \x20 - command: 'false'\n\
    \x20 handlers:\n\
    \x20 - {name: tell, debug: {msg: handled}}\n";

fn local(tasks: &str) -> Project {
    Project::of_tasks(tasks).host("h1 ansible_connection=local")
}

fn with(call: Call, variables: &[(&str, &str)]) -> Call {
    variables.iter().fold(call, |call, (name, value)| call.env(name, value))
}

#[test]
fn what_is_shown_and_chosen_follows_the_environment() {
    let project = local(TASKS);
    type Check = fn(Ended) -> Ended;
    let rows: [(&str, &str, Check); 9] = [
        ("ANSIBLE_RUN_TAGS", "a", |ended| ended.shows("msg: first").never_says("msg: second")),
        ("ANSIBLE_SKIP_TAGS", "a", |ended| ended.never_says("msg: first").shows("msg: second")),
        ("ANSIBLE_DIFF_ALWAYS", "1", |ended| ended.shows("+new line")),
        ("ANSIBLE_DISPLAY_OK_HOSTS", "no", |ended| ended.never_says("ok: [h1]").shows("changed: [h1]")),
        ("ANSIBLE_DISPLAY_SKIPPED_HOSTS", "no", |ended| ended.never_says("skipping: [h1]").shows("ok: [h1]")),
        ("ANSIBLE_NO_LOG", "yes", |ended| ended.never_says("first").never_says("second")),
        ("ANSIBLE_VERBOSITY", "1", |ended| ended.shows("stdout: said")),
        ("ANSIBLE_FORCE_COLOR", "1", |ended| ended.shows("\u{1b}[3")),
        ("ANSIBLE_LOG_PATH", "run.log", |ended| ended.shows("msg: first")),
    ];
    // Without any of them it is otherwise.
    let plain =
        project.run().exits(0).shows("msg: first").shows("msg: second").shows("skipping: [h1]").shows("ok: [h1]");
    plain.never_says("+new line").never_says("stdout: said").never_says("\u{1b}[3");
    for (name, value, check) in rows {
        check(project.run().env(name, value).exits(0));
    }
    assert!(fs::read_to_string(project.at("run.log")).is_ok_and(|log| log.contains("msg: first")));
    with(project.run(), &[("ANSIBLE_FORCE_COLOR", "1"), ("ANSIBLE_NOCOLOR", "1")]).exits(0).never_says("\u{1b}[3");
}

#[test]
fn how_a_run_goes_follows_the_environment() {
    let fails = Project::new().playbook(FAILS).host("h1 ansible_connection=local");
    fails.run().exits(2).never_says("handled");
    fails.run().env("ANSIBLE_FORCE_HANDLERS", "1").exits(2).shows("handled");
    let missing = local("- {command: 'true', notify: nobody}\n");
    missing.run().exits(65).complains("nobody");
    missing.run().env("ANSIBLE_ERROR_ON_MISSING_HANDLER", "false").exits(0);
    let long = local("- command: sleep 600\n");
    long.run().env("ANSIBLE_TASK_TIMEOUT", "1").exits(2).shows("did not end within 1 s");
    let free =
        local("- {name: one, command: 'true'}\n- {name: two, command: 'true'}\n").host("h2 ansible_connection=local");
    free.netplay("graph site.yml -i hosts.ini").exits(0).shows("after 0 on all hosts");
    free.netplay("graph site.yml -i hosts.ini").env("ANSIBLE_STRATEGY", "free").exits(0).shows("after 0 on this host");
    // No host needs SSH where the connection is said.
    let nowhere = Project::of_tasks("- command: echo here\n").host("nowhere.invalid");
    nowhere.run().env("ANSIBLE_TRANSPORT", "local").exits(0);
}

#[test]
fn where_things_are_follows_the_environment() {
    let roles = Project::new()
        .host("h1 ansible_connection=local")
        .playbook("- hosts: all\n  gather_facts: false\n  roles: [r]\n")
        .file("away/r/tasks/main.yml", "- debug: {msg: of the role}\n")
        .file("colls/ansible_collections/a/b/roles/c/tasks/main.yml", "- debug: {msg: of the collection}\n");
    roles.run().exits(65);
    roles.run().env("ANSIBLE_ROLES_PATH", "away").exits(0).shows("of the role");
    let roles = roles.playbook("- hosts: all\n  gather_facts: false\n  roles: [a.b.c]\n");
    roles.run().exits(65);
    for name in ["ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_COLLECTIONS_PATHS"] {
        roles.run().env(name, "colls").exits(0).shows("of the collection");
    }
    let inventory = local(TASKS).file("hosts.yml", "all: {hosts: {h2: {ansible_connection: local}}}\n");
    inventory.netplay("run site.yml -i hosts.yml").exits(0).shows("[h2]");
    inventory.netplay("run site.yml -i hosts.yml").env("ANSIBLE_INVENTORY_ENABLED", "ini").exits(65);
    let facts = local("- set_fact: {x: 1, cacheable: true}\n");
    let kept = [("ANSIBLE_CACHE_PLUGIN", "jsonfile"), ("ANSIBLE_CACHE_PLUGIN_CONNECTION", "kept")];
    with(facts.run(), &kept).env("ANSIBLE_CACHE_PLUGIN_PREFIX", "of-").exits(0);
    assert!(facts.at("kept/of-h1").exists());
    // What is older than it may be does not count.
    let tasks = "- debug: {msg: \"{{ x | default('forgotten') }}\"}\n";
    let facts = facts.tasks("all", tasks);
    let call = |seconds: &str| {
        let call = with(facts.run(), &kept).env("ANSIBLE_CACHE_PLUGIN_PREFIX", "of-");
        call.env("ANSIBLE_CACHE_PLUGIN_TIMEOUT", seconds)
    };
    call("0").exits(0).shows("msg: 1");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let file = fs::File::options().append(true).open(facts.at("kept/of-h1")).expect("it was written");
    file.set_modified(old).expect("it is ours");
    call("60").exits(0).shows("msg: forgotten");
    call("7200").exits(0).shows("msg: 1");
}

#[test]
fn logins_follow_the_environment_and_the_command_line() {
    let server = Sshd::start();
    let (port, user, key) = (server.port.to_string(), sshd::user(), server.key().display().to_string());
    let project = Project::of_tasks("- command: echo in\n").host(&format!("h1 ansible_host={}", server.address));
    let all = [
        ("ANSIBLE_REMOTE_PORT", port.as_str()),
        ("ANSIBLE_REMOTE_USER", user.as_str()),
        ("ANSIBLE_PRIVATE_KEY_FILE", key.as_str()),
        ("ANSIBLE_SSH_HOST_KEY_CHECKING", "no"),
    ];
    with(project.run(), &all).exits(0);
    // Each of them is needed.
    for left_out in [0, 2, 3] {
        let rest: Vec<_> = all.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, row)| *row).collect();
        with(project.run(), &rest).exits(4);
    }
    let nobody = [all[0], ("ANSIBLE_REMOTE_USER", "np-nobody"), all[2], all[3]];
    with(project.run(), &nobody).exits(4).shows("np-nobody");
    let rest = [all[0], all[1], all[3]];
    with(project.run(), &rest).with("--private-key").arg(&key).exits(0);
    let without_port = [all[1], all[2], all[3]];
    for name in ["ANSIBLE_SSH_ARGS", "ANSIBLE_SSH_COMMON_ARGS", "ANSIBLE_SSH_EXTRA_ARGS"] {
        with(project.run(), &without_port).env(name, format!("-p {port}")).exits(0);
        with(project.run(), &all).env(name, "-R 1:2:3").exits(64).complains("`-R` is not understood");
    }
    with(project.run(), &without_port).with("--ssh-extra-args").arg(format!("-p {port}")).exits(0);
    with(project.run(), &all).env("ANSIBLE_CONNECTION_PASSWORD_FILE", "nothing").exits(65).complains("`nothing`");
}

#[test]
fn other_rights_follow_the_environment_and_the_command_line() {
    let fake = "#!/bin/sh\necho \"$@\" >>called\nwhile [ $# -gt 0 ] && [ \"$1\" != /bin/sh ]; do shift; done\n[ $# -eq 0 ] || exec \"$@\"\n";
    let project = local("- command: echo done\n  become: true\n").file("fake", fake).file("word", "open\n");
    fs::set_permissions(project.at("fake"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let exe = project.at("fake").display().to_string();
    let called = |variables: &[(&str, &str)], words: &str| {
        let _ = fs::remove_file(project.at("called"));
        with(project.run(), variables).env("ANSIBLE_BECOME_EXE", &exe).with(words).done();
        fs::read_to_string(project.at("called")).unwrap_or_default()
    };
    let shows = |called: String, phrase: &str| assert!(called.contains(phrase), "no {phrase:?} in {called}");
    shows(called(&[], ""), "-u root");
    shows(called(&[("ANSIBLE_BECOME_USER", "np-other")], ""), "-u np-other");
    shows(called(&[("ANSIBLE_BECOME_FLAGS", "--np-flag")], ""), "--np-flag");
    shows(called(&[("ANSIBLE_BECOME_METHOD", "su")], ""), "-c");
    assert!(!called(&[], "--become-method su").contains("-u root"));
    assert!(!called(&[], "").contains("-S"), "without a password nothing is to be read");
    shows(called(&[("ANSIBLE_BECOME_PASSWORD_FILE", "word")], ""), "-S");
    shows(called(&[], "--become-password-file word"), "-S");
}

/// A stand-in for sudo: asks for a password as that does, and writes down what it got.
const ASKS: &str = "#!/bin/sh\nwhile [ $# -gt 0 ] && [ \"$1\" != /bin/sh ]; do\n\
    \x20 [ \"$1\" != -p ] || { printf %s \"$2\" >&2; read -r word; echo \"$word\" >>words; }\n  shift\ndone\nexec \"$@\"\n";

#[test]
fn passwords_are_asked_for_as_the_environment_and_the_command_line_say() {
    let (login, other) = ("SSH password: ", "BECOME password: ");
    let either = "BECOME password[defaults to SSH password]: ";
    // What is said, the questions with their answers, and the password that the other user's program gets.
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)], &'a str);
    let rows: [Row<'_>; 6] = [
        ("-K", &[], &[(other, "np-one")], "np-one"),
        ("--ask-become-pass", &[], &[(other, "np-two")], "np-two"),
        ("", &[("ANSIBLE_BECOME_ASK_PASS", "yes")], &[(other, "np-three")], "np-three"),
        ("-k -K", &[], &[(login, "np-four"), (either, "")], "np-four"),
        ("-K", &[("ANSIBLE_ASK_PASS", "1")], &[(login, "np-five"), (either, "np-six")], "np-six"),
        // One that is asked for is stronger than a file of the settings.
        ("-K", &[("ANSIBLE_BECOME_PASSWORD_FILE", "word")], &[(other, "np-seven")], "np-seven"),
    ];
    let project = local("- command: echo done\n  become: true\n").file("fake", ASKS).file("word", "open\n");
    fs::set_permissions(project.at("fake"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let exe = project.at("fake").display().to_string();
    for (words, variables, questions, password) in rows {
        let _ = fs::remove_file(project.at("words"));
        let variables: Vec<_> = variables.iter().copied().chain([("ANSIBLE_BECOME_EXE", exe.as_str())]).collect();
        let mut dialog =
            Dialog::start_with(&project, &format!("run site.yml -i hosts.ini --output plain {words}"), &variables);
        for (question, answer) in questions {
            dialog.waits_for(question).types(answer);
        }
        dialog.waits_for("changed=1");
        let shown = dialog.ends();
        let got = fs::read_to_string(project.at("words")).unwrap_or_default();
        assert_eq!(got, format!("{password}\n"), "{words} {variables:?}: {shown}");
    }
}

#[test]
fn the_vault_password_is_asked_for_as_the_environment_says() {
    let secret = encrypted("told: np-told\n", "default", "np-word");
    let project = local("- debug: {msg: \"{{ told | length }} letters\"}\n").file("group_vars/all.yml", secret);
    project.run().exits(65).never_says("7 letters");
    let asks = [("ANSIBLE_ASK_VAULT_PASS", "true")];
    let mut dialog = Dialog::start_with(&project, "run site.yml -i hosts.ini --output plain", &asks);
    dialog.waits_for("Vault password: ").types("np-word").waits_for("7 letters").waits_for("ok=1");
    dialog.ends();
}

#[test]
fn how_long_is_waited_follows_the_environment() {
    // It is called, and says nothing.
    let deaf = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let port = deaf.local_addr().expect("it is bound").port();
    let project =
        Project::of_tasks("- command: 'true'\n").host(&format!("h1 ansible_host=127.0.0.1 ansible_port={port}"));
    for name in ["ANSIBLE_SSH_TIMEOUT", "ANSIBLE_TIMEOUT"] {
        project.run().env(name, "1").exits(4).shows("1 s");
    }
    let server = Sshd::start();
    let slow = Project::of_tasks("- command: sleep 30\n").ssh_host("h1", &server, "");
    slow.run().env("ANSIBLE_PERSISTENT_COMMAND_TIMEOUT", "1").exits(2).shows("within 1 s");
}

#[test]
fn the_vault_follows_the_environment() {
    let project = Project::new().file("first", "one\n").file("second", "two\n").file("plain", "a: 1\n");
    let ids = "--vault-id a@first --vault-id b@second";
    let encrypted = |name: &str, value: &str| {
        let call = project.netplay(&format!("vault encrypt {ids} plain --output out.yml")).env(name, value);
        call.exits(0);
        fs::read_to_string(project.at("out.yml")).expect("it was written")
    };
    for id in ["a", "b"] {
        let text = encrypted("ANSIBLE_VAULT_ENCRYPT_IDENTITY", id);
        assert!(text.starts_with(&format!("$ANSIBLE_VAULT;1.2;AES256;{id}\n")), "{text}");
    }
    let salted = || {
        let call = project.netplay("vault encrypt --vault-id a@first plain --output out.yml");
        call.env("ANSIBLE_VAULT_ENCRYPT_SALT", "a salt that is long enough to count").exits(0);
        fs::read_to_string(project.at("out.yml")).expect("it was written")
    };
    assert_eq!(salted(), salted());
    let project = project.file("editor", "#!/bin/sh\necho 'b: 2' >>\"$1\"\n");
    fs::set_permissions(project.at("editor"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let call = project.netplay("vault edit --vault-id a@first out.yml");
    call.env("EDITOR", "false").env("ANSIBLE_EDITOR", project.at("editor")).exits(0);
    project.netplay("vault view --vault-id a@first out.yml").exits(0).shows("a: 1\nb: 2\n");
}
