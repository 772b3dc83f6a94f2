//! Facts of a host that is reached by SSH, and facts that outlive a run.

use crate::project::Project;
use crate::sshd::Sshd;

const TELL: &str = "- hosts: all\n  tasks:\n    - name: tell\n      debug: msg=\"{{ ansible_system }} {{ ansible_facts.mine | default('nothing') }}\"\n";

#[test]
fn facts_come_by_ssh_in_one_round_trip() {
    let sshd = Sshd::start();
    let project = Project::new().playbook(TELL).ssh_host("h1", &sshd, "");
    let ended = project.run_events().exits(0);
    let gathered = ended.step("Gathering Facts", "h1");
    assert_eq!(gathered["status"], "ok", "{ended}");
    assert_eq!(ended.step("tell", "h1")["result"]["msg"], "Linux nothing", "{ended}");
    project.run().exits(0).shows("h1 : ok=2 changed=0");
}

#[test]
fn a_device_of_which_no_facts_are_known_is_not_asked() {
    let site = "- hosts: all\n  tasks:\n    - name: tell\n      debug: msg=\"{{ ansible_facts }}\"\n";
    let project = Project::new()
        .playbook(site)
        .host("r1 ansible_connection=network_cli ansible_network_os=hp_procurve ansible_host=192.0.2.1");
    let ended = project.run_events().exits(0);
    assert_eq!(ended.step("Gathering Facts", "r1")["status"], "skipped", "{ended}");
    assert_eq!(ended.step("tell", "r1")["status"], "ok", "{ended}");
}

#[test]
fn facts_are_kept_and_forgotten() {
    let set = TELL.to_owned() + "    - set_fact: {mine: kept, cacheable: true}\n";
    let project = Project::new().playbook(&set).host("h1 ansible_connection=local");
    let folder = project.at("cache");
    let run = |words: &str, gathering: &str| {
        let cache = folder.display().to_string();
        project
            .run_events()
            .with(words)
            .env("ANSIBLE_CACHE_PLUGIN", "jsonfile")
            .env("ANSIBLE_CACHE_PLUGIN_CONNECTION", &cache)
            .env("ANSIBLE_GATHERING", gathering)
            .exits(0)
    };
    let first = run("", "smart");
    assert_eq!(first.step("tell", "h1")["result"]["msg"], "Linux nothing", "{first}");
    let kept: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(folder.join("h1")).unwrap()).unwrap();
    assert_eq!((&kept["ansible_system"], &kept["mine"]), (&"Linux".into(), &"kept".into()));
    // What is known is not gathered again, and nothing is said of it.
    let second = run("", "smart");
    assert!(!second.to_string().contains("Gathering Facts"), "{second}");
    assert_eq!(second.step("tell", "h1")["result"]["msg"], "Linux kept", "{second}");
    let flushed = run("--flush-cache", "smart");
    assert_eq!(flushed.step("tell", "h1")["result"]["msg"], "Linux nothing", "{flushed}");
    let explicit = project.run_events().env("ANSIBLE_GATHERING", "explicit").exits(2);
    assert_eq!(explicit.step("tell", "h1")["failure"]["kind"], "undefined", "{explicit}");
    let injected = project.run_events().env("ANSIBLE_INJECT_FACT_VARS", "false").exits(2);
    assert_eq!(injected.step("tell", "h1")["failure"]["kind"], "undefined", "{injected}");
}

#[test]
fn a_cache_that_cannot_be_written_is_told_and_fails_nothing() {
    let project = Project::new().playbook(TELL).host("h1 ansible_connection=local").file("cache", "a file");
    let cache = project.at("cache").display().to_string();
    let run = project.run().env("ANSIBLE_CACHE_PLUGIN", "jsonfile").env("ANSIBLE_CACHE_PLUGIN_CONNECTION", &cache);
    run.exits(0).shows("cannot keep facts in");
    project.run().env("ANSIBLE_CACHE_PLUGIN", "redis").exits(65).complains("must be one of memory, jsonfile");
    project.run().env("ANSIBLE_CACHE_PLUGIN", "jsonfile").exits(64).complains("needs a folder");
}
