//! Changes of a device's configuration that stay only when they were verified, and whole configurations on a real router.

use crate::project::Project;
use crate::router::Router;

const LAB: &str = "devices:
  - {name: ios1, platform: cisco_ios, minute_seconds: 1, running_config: \"hostname ios1\\narchive\\n path flash:\\n\"}
  - {name: eos1, platform: arista_eos, minute_seconds: 1, running_config: \"hostname eos1\\n\"}
  - {name: mx1, platform: juniper_junos, minute_seconds: 1, running_config: \"set system host-name mx1\\n\"}
";

/// Changes the name of every device of the lab, and then looks at the name.
fn project(verify: &str) -> Project {
    let text = format!(
        "- hosts: all
  gather_facts: false
  tasks:
    - block:
        - name: change
          cli_config:
            config: \"{{{{ 'set system host-name new' if inventory_hostname == 'mx1' else 'hostname new' }}}}\"
            confirm_within: 2m
          verify: [{verify}]
      ignore_unreachable: true
      rescue:
        - name: say
          debug: {{msg: \"{{{{ ansible_failed_result.msg }}}}\"}}
    - name: look
      cli_command:
        command: \"{{{{ 'show configuration | display set' if inventory_hostname == 'mx1' else 'show running-config' }}}}\"
"
    );
    Project::new().file("site.yml", text).file("lab.yml", LAB)
}

fn has_name(shown: &serde_json::Value, name: &str) -> bool {
    let text = shown["result"]["stdout"].as_str().expect("the device shows its configuration");
    text.lines()
        .any(|line| line.trim() == format!("hostname {name}") || line.trim() == format!("set system host-name {name}"))
}

#[test]
fn what_was_verified_stays() {
    let ended =
        project("{cli_command: {command: show version}}").netplay("run site.yml --lab lab.yml --output jsonl").exits(0);
    for host in ["ios1", "eos1", "mx1"] {
        assert_eq!(ended.step("keep the change", host)["status"], "changed", "{host}");
        assert!(has_name(&ended.step("look", host), "new"), "{host}");
    }
}

#[test]
fn what_fails_its_verification_is_taken_back() {
    let ended = project("{cli_command: {command: show version}}, {assert: {that: false, fail_msg: no way}}")
        .netplay("run site.yml --lab lab.yml --output jsonl")
        .exits(0);
    for host in ["ios1", "eos1", "mx1"] {
        assert_eq!(ended.step("take the change back", host)["status"], "changed", "{host}");
        assert_eq!(ended.step("say", host)["result"]["msg"], "the change was taken back: no way", "{host}");
        assert!(has_name(&ended.step("look", host), host), "{host}");
    }
}

#[test]
fn a_change_whose_netplay_was_killed_is_taken_back_by_the_device() {
    let project = project("{pause: {seconds: 600}}");
    let lab = project.netplay("lab lab.yml").start().until_it_shows("Ctrl-C stops the lab");
    // ios1: ssh -p PORT lab@127.0.0.1  (password PASSWORD)
    let mut inventory =
        String::from("[all:vars]\nansible_connection=network_cli\nansible_host_key_checking=off\n[all]\n");
    for line in lab.stdout().lines().filter(|line| line.contains(": ssh -p ")) {
        let words: Vec<&str> = line.split([' ', ')', ',', ':', '@']).filter(|word| !word.is_empty()).collect();
        let os = match words[0] {
            "ios1" => "ios",
            "eos1" => "eos",
            _ => "junos",
        };
        inventory.push_str(&format!(
            "{} ansible_port={} ansible_user={} ansible_host={} ansible_password={} ansible_network_os={os}\n",
            words[0], words[3], words[4], words[5], words[7]
        ));
    }
    let project = project.file("hosts.ini", inventory).file(
        "look.yml",
        "- hosts: all
  gather_facts: false
  tasks:
    - name: look
      cli_command:
        command: \"{{ 'show configuration | display set' if inventory_hostname == 'mx1' else 'show running-config' }}\"
      register: shown
      until: (inventory_hostname == 'mx1') | ternary('host-name mx1', 'hostname ' ~ inventory_hostname) in shown.stdout
      retries: 100
      delay: 0.2
",
    );
    let run = project.netplay("run site.yml -i hosts.ini --output jsonl").start().until_it_shows(r#""module":"pause""#);
    run.signal("KILL").ended();
    let ended = project.netplay("run look.yml -i hosts.ini --output jsonl").exits(0);
    for host in ["ios1", "eos1", "mx1"] {
        assert!(has_name(&ended.step("look", host), host), "{host}");
    }
    lab.signal("INT").ended().exits(0);
}

#[test]
fn a_verification_that_could_not_hold_is_shown_before_anything_is_sent() {
    let cases = [
        (
            "cli_config: {config: x}\n  verify: [{ping: }]",
            "`verify` needs a change that the device takes back by itself",
        ),
        ("debug: {msg: x}\n  verify: [{ping: }]", "`verify` needs a change"),
        ("cli_config: {config: x, confirm_within: 2m}\n  verify: []", "`verify` is a list of tasks"),
        (
            "cli_config: {config: x, confirm_within: 2m}\n  verify: [{ping: }]\n  ignore_errors: true",
            "`ignore_errors` and `verify` exclude each other",
        ),
        (
            "cli_config: {config: x, confirm_within: 2m}\n  verify: [{ping: }]\n  with_items: [1]",
            "`with_items` and `verify`",
        ),
        ("cli_config: {config: x, confirm_within: 2m}\n  verify: [{pong: }]", "`pong` is neither a keyword"),
    ];
    for (task, complaint) in cases {
        Project::of_tasks(&format!("- {task}\n"))
            .host("r1 ansible_network_os=ios")
            .run()
            .exits(65)
            .complains(complaint);
    }
}

#[test]
fn a_real_router_gets_a_whole_configuration_and_a_second_run_sends_nothing() {
    let Some(router) = Router::start() else { return };
    let wanted = |description: &str| {
        format!(
            "- name: DESCRIPTION\n  cli_config:\n    replace: config\n    diff_ignore_lines: ['^hostname', '^no ip', '^log', '^service']\n    \
             config: |\n      ip route 10.77.0.0/16 blackhole\n      interface lo\n       description {description}\n      \
             route-map M permit 10\n       set metric 5\n"
        )
        .replace("DESCRIPTION", description)
    };
    let tasks = wanted("one")
        + &wanted("two")
        + &wanted("two").replace("name: two", "name: again")
        + "- name: none\n  cli_config: {replace: config, config: \"ip route 10.78.0.0/16 blackhole\", \
           diff_ignore_lines: ['^hostname', '^no ip', '^log', '^service']}\n\
           - name: look\n  cli_command: {command: show running-config}\n";
    let network = "ansible_connection=ansible.netcommon.network_cli ansible_network_os=frr.frr.frr";
    let ended = Project::of_tasks(&tasks).ssh_host("r1", &router.sshd, network).run_events().exits(0);
    assert_eq!(ended.step("one", "r1")["status"], "changed");
    let two = ended.step("two", "r1");
    assert_eq!(two["result"]["commands"], serde_json::json!(["interface lo", "description two"]));
    assert_eq!(ended.step("again", "r1")["status"], "ok");
    let shown = ended.step("look", "r1")["result"]["stdout"].as_str().expect("text").to_owned();
    assert!(shown.contains("10.78.0.0/16 blackhole"), "{shown}");
    assert!(["10.77", "description", "route-map"].iter().all(|gone| !shown.contains(gone)), "{shown}");
}
