//! What is only looked at: inventory, graph, hosts and tasks.

use crate::project::Project;
use serde_json::Value as Json;

fn project() -> Project {
    Project::new()
        .file(
            "hosts.yml",
            "all:\n  vars: {ntp: 10.0.0.1}\n  children:\n    leaf:\n      vars: {role: access}\n      hosts:\n        sw[01:03]:\n\
             \x20   spine:\n      hosts:\n        sp1: {ansible_host: 192.0.2.1}\n",
        )
        .file("group_vars/leaf.yml", "role: edge\n")
        .file("host_vars/sw02.yml", "role: border\n")
        .tasks(
            "leaf",
            "- name: one\n  command: \"true\"\n  register: a\n  tags: [x]\n- name: two\n  debug: {var: a}\n- name: three\n  uri: {url: http://127.0.0.1}\n",
        )
}

#[test]
fn an_inventory_is_listed_as_json_as_a_tree_and_by_host() {
    let project = project();
    let list = project.netplay("inventory -i hosts.yml --list").exits(0);
    let list: Json = serde_json::from_str(&list.stdout).expect("JSON");
    assert_eq!(list["leaf"]["hosts"], serde_json::json!(["sw01", "sw02", "sw03"]));
    assert_eq!(list["_meta"]["hostvars"]["sw02"]["role"], "border");
    assert_eq!(list["_meta"]["hostvars"]["sw01"]["ntp"], "10.0.0.1");

    let tree = project.netplay("inventory -i hosts.yml --graph").exits(0);
    tree.shows("@all:").shows("|--@leaf:").shows("sw03").shows("|--@spine:");
    project.netplay("inventory -i hosts.yml --graph spine").exits(0).shows("sp1").never_says("sw01");

    // The place of every value, and what it covers.
    let host = project.netplay("inventory -i hosts.yml --host sw02 --places").exits(0);
    host.shows("role: border")
        .shows("host_vars/sw02.yml:1")
        .shows("over ")
        .shows("group_vars/leaf.yml:1")
        .shows("hosts.yml:5");
    let json = project.netplay("inventory -i hosts.yml --host sw02 --places --json").exits(0);
    let json: Json = serde_json::from_str(&json.stdout).expect("JSON");
    assert!(
        json.as_array().is_some_and(|rows| rows.iter().any(|row| row["name"] == "role" && row["value"] == "border"))
    );

    let plain = project.netplay("inventory -i hosts.yml --host sw02").exits(0);
    let plain: Json = serde_json::from_str(&plain.stdout).expect("JSON");
    assert_eq!(plain["role"], "border");
    project.netplay("inventory -i hosts.yml --list --yaml --export --output out.yml").exits(0);
    let again = project.netplay("inventory -i out.yml --list").exits(0);
    let again: Json = serde_json::from_str(&again.stdout).expect("JSON");
    assert_eq!(again["_meta"]["hostvars"], list["_meta"]["hostvars"], "what is exported means the same");
    let few = project.netplay("inventory -i hosts.yml --list -l sw01").exits(0);
    let few: Json = serde_json::from_str(&few.stdout).expect("JSON");
    assert_eq!(few["leaf"]["hosts"], serde_json::json!(["sw01"]));

    project.netplay("inventory -i hosts.yml --host sw2").exits(65).complains("no host `sw2`").complains("did you mean");
    project.netplay("inventory -i hosts.yml --graph leaff").exits(65).complains("did you mean `leaf`?");
    project.netplay("inventory -i none.yml --list").exits(65).complains("there is no inventory `none.yml`");
}

#[test]
fn a_graph_is_shown_in_five_formats_with_reasons() {
    let project = project();
    let text = project.netplay("graph site.yml -i hosts.yml").exits(0);
    text.shows("one").shows("two").shows("three").shows("site.yml:");
    let json = project.netplay("graph site.yml -i hosts.yml --format json").exits(0);
    let json: Json = serde_json::from_str(&json.stdout).expect("JSON");
    assert!(json.to_string().contains("\"reason\""), "{json}");
    project.netplay("graph site.yml -i hosts.yml --format mermaid").exits(0).shows("flowchart").shows("==>|\"");
    project.netplay("graph site.yml -i hosts.yml --format dot").exits(0).shows("digraph").shows("->");
    project.netplay("graph site.yml -i hosts.yml --format svg").exits(0).shows("<svg").shows("waits for");
    project.netplay("graph site.yml -i hosts.yml --format gif").exits(64).complains("mermaid");
    project.netplay("graph site.yml -i hosts.yml --explain one two").exits(0).shows("two");
    project.netplay("graph site.yml -i hosts.yml --explain one nine").exits(64).complains("no task is called `nine`");
    project.netplay("graph none.yml").exits(65).complains("cannot read `none.yml`");
    project.netplay("graph site.yml -i hosts.yml --tags x").exits(0).shows("one").never_says("three");
}

#[test]
fn hosts_and_tasks_are_listed_without_running() {
    let project = project();
    let hosts = project.netplay("run site.yml -i hosts.yml --list-hosts -l sw01,sw03").exits(0);
    hosts.shows("hosts (2):").shows("sw01").shows("sw03").never_says("sw02");
    let tasks = project.netplay("run site.yml -i hosts.yml --list-tasks --tags x").exits(0);
    tasks.shows("one\tTAGS: [x]").never_says("two").never_says("RECAP");
    project.netplay("run site.yml -i hosts.yml --syntax-check").exits(0).never_says("RECAP");
}

#[test]
fn a_reader_that_goes_away_early_is_no_error() {
    use std::process::Stdio;
    let project = project();
    let many: String = (0..5_000).map(|number| format!("host{number} a=1\n")).collect();
    let project = project.file("many.ini", many);
    let site = "- hosts: all\n  gather_facts: false\n  connection: local\n  tasks: [ping: ]\n";
    let project = project.file("many.yml", site);
    for words in [
        "inventory -i many.ini --list",
        "inventory -i many.ini --graph",
        "run many.yml -i many.ini -l host1*",
        "--help",
    ] {
        let (reader, writer) = std::io::pipe().expect("pipes can be made");
        drop(reader);
        project.netplay(words).start_into(Stdio::from(writer)).ended().exits(0);
    }
}
