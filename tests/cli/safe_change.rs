//! Changes of a device's configuration that stay only when they were verified, and whole configurations on a real router.

use crate::project::Project;
use crate::router::Router;

/// A device of the lab: its name and platform, the line that names it, up to the name, and what shows the configuration.
struct Device {
    name: &'static str,
    platform: &'static str,
    os: &'static str,
    line: &'static str,
    show: &'static str,
    /// It takes a change back at once when asked; others do it when the time is over.
    cancels: bool,
}

const DEVICES: &[Device] = &[
    Device {
        name: "ios1",
        platform: "cisco_ios",
        os: "ios",
        line: "hostname ",
        show: "show running-config",
        cancels: true,
    },
    Device {
        name: "eos1",
        platform: "arista_eos",
        os: "eos",
        line: "hostname ",
        show: "show running-config",
        cancels: true,
    },
    Device {
        name: "mx1",
        platform: "juniper_junos",
        os: "junos",
        line: "set system host-name ",
        show: "show configuration | display set",
        cancels: true,
    },
    Device {
        name: "xr1",
        platform: "cisco_iosxr",
        os: "iosxr",
        line: "hostname ",
        show: "show running-config",
        cancels: false,
    },
    Device {
        name: "vyos1",
        platform: "vyos",
        os: "vyos",
        line: "set system host-name ",
        show: "show configuration commands",
        cancels: true,
    },
    Device {
        name: "sr1",
        platform: "nokia_sros",
        os: "nokia_sros",
        line: "/configure system name ",
        show: "admin show configuration full-context",
        cancels: true,
    },
    Device {
        name: "ce1",
        platform: "huawei_vrpv8",
        os: "huawei_vrpv8",
        line: "sysname ",
        show: "display current-configuration",
        cancels: true,
    },
    Device {
        name: "cx1",
        platform: "aruba_aoscx",
        os: "aoscx",
        line: "hostname ",
        show: "show running-config",
        cancels: false,
    },
    Device {
        name: "hp1",
        platform: "hp_comware",
        os: "comware",
        line: "sysname ",
        show: "display current-configuration",
        cancels: false,
    },
    Device {
        name: "fw1",
        platform: "fortinet_fortios",
        os: "fortios",
        line: "config system global\n set hostname ",
        show: "show",
        cancels: false,
    },
    Device {
        name: "ros1",
        platform: "mikrotik_routeros",
        os: "routeros",
        line: "/system identity set name=",
        show: "/export terse",
        cancels: true,
    },
];

impl Device {
    /// Returns the last line that gives it a name.
    fn named(&self, name: &str) -> String {
        let name = if self.platform == "vyos" { &format!("'{name}'") } else { name };
        format!("{}{name}", self.line.rsplit('\n').next().unwrap_or_default().trim_start())
    }
}

/// Returns what the tests know of a device: the line that names it, and what shows that.
fn variables(device: &Device) -> serde_json::Value {
    serde_json::json!({
        "wanted": format!("{}new", device.line),
        "show": device.show,
        "before": device.named(device.name),
    })
}

/// Returns a lab. Its minutes are long where the device is asked in time, and a second where its time is waited for.
fn lab(is_asked: impl Fn(&Device) -> bool) -> String {
    let devices = DEVICES.iter().map(|device| {
        let configuration = if device.platform == "cisco_ios" { "archive\n path flash:\n" } else { "" };
        serde_json::json!({
            "name": device.name,
            "platform": device.platform,
            "minute_seconds": if is_asked(device) { 60 } else { 1 },
            "running_config": configuration,
            "vars": variables(device),
            "answers": [{"command": "cut", "fault": "close"}],
        })
    });
    serde_json::json!({"devices": devices.collect::<Vec<_>>()}).to_string()
}

/// Changes the name of every device of the lab, and then looks at the name: once where the change is kept or taken back
/// at once, otherwise until it is what it was.
fn playbook(verify: &str) -> String {
    format!(
        "- hosts: all
  gather_facts: false
  tasks:
    - block:
        - name: change
          cli_config:
            config: \"{{{{ wanted }}}}\"
            confirm_within: 2m
          verify: [{verify}]
      ignore_unreachable: true
      rescue:
        - name: say
          debug: {{msg: \"{{{{ ansible_failed_result.msg }}}}\"}}
        - name: wait
          cli_command: {{command: \"{{{{ show }}}}\"}}
          register: shown
          until: before in shown.stdout
          retries: 100
          delay: 0.2
    - name: look
      cli_command: {{command: \"{{{{ show }}}}\"}}
"
    )
}

/// Makes a project of that playbook, with a lab and what is known of its devices.
fn project(verify: &str, is_asked: impl Fn(&Device) -> bool) -> Project {
    let project = Project::new().file("site.yml", playbook(verify)).file("lab.yml", lab(is_asked));
    DEVICES.iter().fold(project, |project, device| {
        project.file(&format!("host_vars/{}.yml", device.name), variables(device).to_string())
    })
}

fn has_line(shown: &serde_json::Value, line: &str) -> bool {
    let text = shown["result"]["stdout"].as_str().expect("the device shows its configuration");
    text.lines().any(|shown| shown.trim() == line)
}

#[test]
fn what_was_verified_stays() {
    let ended = project("{cli_command: {command: \"{{ show }}\"}}", |_| true)
        .netplay("run site.yml --lab lab.yml --output jsonl")
        .exits(0);
    for device in DEVICES {
        assert_eq!(ended.step("keep the change", device.name)["status"], "changed", "{}", device.name);
        assert!(has_line(&ended.step("look", device.name), &device.named("new")), "{}", device.name);
    }
}

#[test]
fn what_fails_its_verification_is_taken_back() {
    let ended =
        project("{cli_command: {command: \"{{ show }}\"}}, {assert: {that: false, fail_msg: no way}}", |device| {
            device.cancels
        })
        .netplay("run site.yml --lab lab.yml --output jsonl")
        .exits(0);
    for device in DEVICES {
        let (status, message) = match device.cancels {
            true => ("changed", "the change was taken back: no way"),
            false => ("skipped", "the device takes the change back when its time is over: no way"),
        };
        let cancelled = ended.step("take the change back", device.name);
        assert_eq!(cancelled["status"], status, "{}: {cancelled}", device.name);
        assert_eq!(ended.step("say", device.name)["result"]["msg"], message, "{}", device.name);
        assert!(has_line(&ended.step("look", device.name), &device.named(device.name)), "{}", device.name);
    }
}

#[test]
fn a_change_whose_netplay_was_killed_or_whose_link_was_cut_is_taken_back_by_the_device() {
    let project = project("{pause: {seconds: 600}}", |_| false);
    let lab = project.netplay("lab lab.yml").start().until_it_shows("Ctrl-C stops the lab");
    // ios1: ssh -p PORT lab@127.0.0.1  (password PASSWORD)
    let mut inventory =
        String::from("[all:vars]\nansible_connection=network_cli\nansible_host_key_checking=off\n[all]\n");
    for line in lab.stdout().lines().filter(|line| line.contains(": ssh -p ")) {
        let words: Vec<&str> = line.split([' ', ')', ',', ':', '@']).filter(|word| !word.is_empty()).collect();
        let device = DEVICES.iter().find(|device| device.name == words[0]).expect("the lab has no others");
        inventory.push_str(&format!(
            "{} ansible_port={} ansible_user={} ansible_host={} ansible_password={} ansible_network_os={}\n",
            words[0], words[3], words[4], words[5], words[7], device.os
        ));
    }
    let project = project.file("hosts.ini", inventory).file(
        "look.yml",
        "- hosts: all
  gather_facts: false
  tasks:
    - name: look
      cli_command: {command: \"{{ show }}\"}
      register: shown
      until: before in shown.stdout
      retries: 100
      delay: 0.2
",
    );
    let project = project.file(
        "cut.yml",
        playbook("{cli_command: {command: cut}}").replace("  tasks:", "  ignore_errors: true\n  tasks:"),
    );
    let ended = project.netplay("run cut.yml -i hosts.ini --output jsonl").exits(4);
    for device in DEVICES {
        assert_eq!(ended.step("change", device.name)["status"], "changed", "{}", device.name);
    }
    let ended = project.netplay("run look.yml -i hosts.ini --output jsonl").exits(0);
    for device in DEVICES {
        assert!(has_line(&ended.step("look", device.name), &device.named(device.name)), "{}", device.name);
    }
    let run = project.netplay("run site.yml -i hosts.ini --output jsonl").start().until_it_shows(r#""module":"pause""#);
    run.signal("KILL").ended();
    let ended = project.netplay("run look.yml -i hosts.ini --output jsonl").exits(0);
    for device in DEVICES {
        assert!(has_line(&ended.step("look", device.name), &device.named(device.name)), "{}", device.name);
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

#[test]
fn what_a_platform_cannot_follow_is_shown_before_anything_is_sent() {
    let cases = [
        (
            "cisco.nxos.nxos_config: {lines: [hostname x], confirm_within: 2m}",
            "`cisco_nxos` cannot take a change back by itself: a checkpoint",
        ),
        ("cisco.ios.ios_config: {lines: [hostname x], comment: why}", "`cisco_ios` keeps no comment with a change"),
        ("arista.eos.eos_config: {lines: [hostname x], label: a}", "`arista_eos` gives a change no label"),
        ("vyos.vyos.vyos_config: {lines: [set x], check_commit: true}", "`vyos` cannot check a candidate alone"),
        (
            "asa_config: {lines: [hostname x], commit: false}",
            "`commit: false` needs a candidate, and `cisco_asa` has none",
        ),
        ("iosxr_config: {lines: [hostname x], commit_at: '22:30'}", "`cisco_iosxr` has no commit at a given time"),
    ];
    for (task, complaint) in cases {
        Project::of_tasks(&format!("- {task}\n"))
            .host("r1 ansible_network_os=ios")
            .run()
            .exits(65)
            .complains(complaint);
    }
    // Where the module's name does not say it, the hosts do.
    Project::of_tasks("- cli_config: {config: hostname x, confirm_within: 2m}\n")
        .host("r1 ansible_network_os=frr.frr.frr ansible_host=192.0.2.1")
        .run()
        .exits(65)
        .complains("`frr` cannot take a change back by itself: lines act at once and nothing counts down");
}
