//! What the README and the example playbooks say works as they say it.

use crate::lab::playbooks;
use crate::project::Project;
use crate::sshd::Sshd;

const README: &str = include_str!("../../README.md");

/// Returns the fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let mut parts = README.split("```");
    // Every second part is inside fences.
    let mut found = Vec::new();
    while let (Some(_), Some(inside)) = (parts.next(), parts.next()) {
        if let Some(text) = inside.strip_prefix(&format!("{language}\n")) {
            found.push(text.to_owned());
        }
    }
    found
}

/// Returns the commands that begin with a word, without their comments.
fn commands(word: &str) -> Vec<String> {
    let lines = blocks("sh").join("\n");
    let lines = lines.lines().map(|line| line.split(" #").next().unwrap_or_default().trim().to_owned());
    lines.filter(|line| line.starts_with(word)).collect()
}

#[test]
fn playbooks_in_the_readme_are_right() {
    let blocks = blocks("yaml");
    assert!(!blocks.is_empty(), "the README has an example");
    for block in blocks {
        Project::new().file("report.md.j2", "").playbook(&block).run().with("--syntax-check").exits(0);
    }
}

#[test]
fn the_error_in_the_readme_is_what_is_shown() {
    let shown = README.split("```\n").find(|part| part.starts_with("error[")).expect("the README shows an error");
    let source = "- hosts: all\n  gather_facts: false\n  tasks:\n    - cisco.ios.ios_comand:\n";
    // There the line stands by itself.
    let source = source.replace("    - cisco", "    -\n      cisco").replace("  gather_facts: false\n", "");
    let ended = Project::new().playbook(&source).run().exits(65);
    ended.complains(shown.trim_end());
}

#[test]
fn commands_in_the_readme_are_right() {
    let sshd = Sshd::start();
    let commands = commands("netplay ");
    assert!(commands.len() >= 5, "{commands:?}");
    // One after the other in one folder: some look at what an earlier one left.
    let tasks = "- {name: a, command: \"true\"}\n- {name: b, command: \"true\"}\n";
    let project = playbooks().tasks("all", tasks).ssh_host("r1", &sshd, "");
    let project = project.append("hosts.ini", "[leaf]\nr1\n[old]\n");
    let project = project.file("ports.textfsm", "Value PORT (\\S+)\n\nStart\n  ^port ${PORT} -> Record\n");
    let project = project.file("out.txt", "port Gi1\n").file("secrets.yml", "a: 1\n").file("password", "open sesame\n");
    for command in commands {
        let words = command.trim_start_matches("netplay ").replace('\'', "");
        let call = project.netplay(&words).env("ANSIBLE_VAULT_PASSWORD_FILE", project.at("password"));
        if words.starts_with("lab ") {
            call.start().until_it_shows("Ctrl-C stops the lab").signal("INT").ended().exits(0);
        } else {
            call.exits(0);
        }
    }
}

#[test]
fn the_first_command_in_the_readme_is_the_job_of_the_lab() {
    let commands = commands("cargo run --release -- ");
    assert_eq!(commands, ["cargo run --release -- run playbooks/site.yml --lab playbooks/lab.yml"]);
}

#[test]
fn example_playbooks_are_right_on_their_inventory() {
    let project = playbooks();
    project.netplay("run playbooks/site.yml -i playbooks/inventory.yml --syntax-check").exits(0);
    let hosts = project.netplay("inventory -i playbooks/inventory.yml --graph routers").exits(0);
    hosts.shows("edge1").shows("leaf1").shows("core1");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks");
    let known = ["site.yml", "lab.yml", "inventory.yml"];
    for entry in std::fs::read_dir(root).expect("it is in the repository").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(!name.ends_with(".yml") || known.contains(&name.as_str()), "nothing tests playbooks/{name}");
    }
}
