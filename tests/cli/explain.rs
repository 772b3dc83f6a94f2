//! Where a variable comes from, what it asks for, and what settings do to it.

use crate::project::Project;
use crate::terminal::Dialog;
use serde_json::Value as Json;

fn project() -> Project {
    Project::new()
        .file("hosts.ini", "[g]\nh1 ansible_connection=local v=host ansible_password=hunter22pw\n[g:vars]\nv=group\n[all:vars]\nv=all\n")
        .file("group_vars/all.yml", "v: all-file\n")
        .file("group_vars/g.yml", "v: g-file\n")
        .file("host_vars/h1.yml", "v: host-file\n")
        .file("roles/r/defaults/main.yml", "v: default\nonly: \"{{ v }}!\"\n")
        .file("roles/r/vars/main.yml", "v: role\n")
        .file("roles/r/tasks/main.yml", "- debug: {var: v}\n  name: in the role\n")
        .file("vf.yml", "v: file\n")
        .playbook(
            "- hosts: all\n  gather_facts: false\n  vars: {v: play}\n  vars_files: vf.yml\n  roles: [{role: r, v: param}]\n  tasks:\n  \
             - block:\n    - debug: {var: v}\n      name: last\n      vars: {v: task}\n    vars: {v: block}\n  - set_fact: {v: fact}\n    name: set it\n",
        )
}

/// Levels and places of a chain.
fn chain(project: &Project, words: &str) -> Vec<(u64, String)> {
    let ended = project.netplay("explain -i hosts.ini --host h1 --json").with(words).exits(0);
    let json: Json = serde_json::from_str(&ended.stdout).expect("JSON");
    let rows = json["chain"].as_array().expect("a list").iter();
    rows.map(|row| (row["level"].as_u64().expect("a number"), row["place"].as_str().unwrap_or("").to_owned())).collect()
}

#[test]
fn every_place_that_says_a_variable_is_shown_the_strongest_first() {
    let project = project();
    let levels = |words: &str| chain(&project, words).into_iter().map(|(level, _)| level).collect::<Vec<_>>();
    assert_eq!(levels("v"), [9, 8, 6, 4, 3, 3]);
    assert_eq!(levels("v site.yml"), [15, 14, 12, 10, 8, 7, 5, 3, 3, 2]);
    assert_eq!(levels("v site.yml -e v=1").first(), Some(&22));
    // A block's variables and a task's are of two levels, the inner first.
    assert_eq!(levels("v site.yml --task last")[..3], [17, 16, 15]);
    assert_eq!(levels("v site.yml --task last -e v=1")[..2], [22, 17]);
}

#[test]
fn the_reason_is_said_and_secrets_are_not() {
    let project = project();
    let call = |words: &str| project.netplay("explain -i hosts.ini --host h1").with(words);
    call("v")
        .exits(0)
        .shows("`v` of `h1` is \"host-file\"")
        .shows("counts   level  9  host_vars beside the inventory, ./host_vars/h1.yml:1:4")
        .shows("why: of 22 levels the higher counts: 9 is above 8");
    call("v site.yml --task last")
        .exits(0)
        .shows("is \"task\"")
        .shows("later:   level 19  set_fact of `set it`, site.yml:");
    call("only site.yml --task").arg("in the role").exits(0).shows("is \"param!\"").shows("\"{{ v }}!\"");
    call("ansible_password").exits(0).shows("********").never_says("hunter22pw");
    call("w").exits(65).complains("nothing says `w` for `h1`");
    call("onli site.yml").exits(65).complains("did you mean `only`?");
    call("v site.yml --task lst").exits(65).complains("did you mean `last`?");
    project
        .netplay("explain v -i hosts.ini --host h2")
        .exits(65)
        .complains("no host `h2`")
        .complains("did you mean `h1`?");
}

#[test]
fn dictionaries_are_merged_where_settings_say_so() {
    let project = Project::new()
        .file("hosts.ini", "h1 ansible_connection=local\n")
        .file("group_vars/all.yml", "d: {a: 1, x: {p: 1}, l: [1]}\nt: text\n")
        .file("host_vars/h1.yml", "d: {b: \"{{ t }}\", x: {q: 2}, l: [2]}\n")
        .playbook(
            "- hosts: all\n  gather_facts: false\n  tasks:\n  - set_fact: {d: {c: 3}}\n  - debug: {msg: \"{{ d | to_json }}\"}\n",
        );
    let call = || project.netplay("run site.yml -i hosts.ini");
    let shown = |ended: crate::call::Ended| ended.stdout.replace('\\', "");
    assert!(shown(call().exits(0)).contains("msg: \"{\"c\": 3}\""));
    let merged = shown(call().env("ANSIBLE_HASH_BEHAVIOUR", "merge").exits(0));
    // In Ansible's order: what the weaker has stands first.
    let wanted = "{\"a\": 1, \"x\": {\"p\": 1, \"q\": 2}, \"l\": [2], \"b\": \"text\", \"c\": 3}";
    assert!(merged.contains(wanted), "{merged}");
}

const PROMPTS: &str = "- hosts: all\n  gather_facts: false\n  vars_prompt:\n  - {name: user, prompt: Who, private: false}\n  \
     - {name: pw, confirm: true}\n  - {name: size, default: \"{{ 3 + 4 }}\"}\n  - {name: hash, default: secret1, encrypt: sha512_crypt, salt: abcdefgh}\n  \
     tasks:\n  - debug: {msg: \"{{ [user, size, size | type_debug, hash[:12], pw | length] | join(' ') }}\"}\n  - debug: {var: pw}\n";

#[test]
fn a_terminal_is_asked_before_anything_runs() {
    let project = Project::new().file("hosts.ini", "h1 ansible_connection=local\n").playbook(PROMPTS);
    let mut dialog = Dialog::start(&project, "run site.yml -i hosts.ini --output plain");
    dialog.waits_for("Who: ").types("alice");
    dialog.waits_for("pw: ").types("hunter22pw");
    dialog.waits_for("confirm pw: ").types("other");
    dialog.waits_for("DO NOT MATCH").waits_for("pw: ").types("hunter22pw");
    dialog.waits_for("confirm pw: ").types("hunter22pw");
    dialog.waits_for("size [7]: ").types("");
    dialog.waits_for("hash [secret1]: ").types("");
    dialog.waits_for("alice 7 str $6$").waits_for(" 10").waits_for("RECAP");
    let shown = dialog.ends();
    assert!(!shown.contains("hunter22pw"), "{shown}");
}

#[test]
fn without_a_terminal_questions_take_their_defaults() {
    let project = Project::new().file("hosts.ini", "h1 ansible_connection=local\n").playbook(PROMPTS);
    let ended = project.netplay("run site.yml -i hosts.ini").exits(65);
    ended
        .complains("`user` is asked for, and standard input is no terminal")
        .complains("site.yml:4:5")
        .complains("`pw` is asked for");
    let ended = project.netplay("run site.yml -i hosts.ini -e user=bob -e pw=12345 -e size=8").exits(0);
    ended.shows("bob 8 str $6$").complains("take their defaults");
    project.netplay("run site.yml -i hosts.ini --list-tasks").exits(0).never_says("asked for");
}
