//! Changes of a configuration that do not come through: what is in is said, and the next task finds a clean session.

use crate::project::Project;
use serde_json::json;

/// Devices that refuse `bogus`, whose commits or locks fail, and that are cut off or fall silent in the midst.
const LAB: &str = "devices:
  - {name: ios1, platform: cisco_ios, answers: [{command: mtu 1501, fault: close}, {command: mtu 1502, fault: silence}]}
  - {name: eos1, platform: arista_eos, answers: [{command: mtu 1501, fault: close}]}
  - {name: mx1, platform: juniper_junos, answers: [{command: 'set system domain-name cut', fault: close}]}
  - {name: xr1, platform: cisco_iosxr, answers: [{command: mtu 1501, fault: close}]}
  - {name: vyos1, platform: vyos}
  - {name: sr1, platform: nokia_sros}
  - {name: ce1, platform: huawei_vrpv8}
  - {name: cx1, platform: aruba_aoscx}
  - name: locked1
    platform: juniper_junos
    answers: [{command: configure exclusive, output: \"error: configuration database locked by:\\n  ops terminal p0\"}]
  - name: fails1
    platform: juniper_junos
    answers: [{command: commit, output: \"error: interface unit is missing\\nerror: configuration check-out failed\"}]
  - name: behind1
    platform: cisco_iosxr
    answers:
      - command: commit
        output: \"One or more commits have occurred from other\\nconfiguration sessions since this session started\"
  - name: busy1
    platform: vyos
    answers:
      - {command: commit, output: \"Configuration system temporarily locked due to another commit in progress\"}
  - {name: hangs1, platform: juniper_junos, answers: [{command: commit, fault: close}]}
";

/// A case: the host, the lines, whether it ends unreachable, what the message says, and what is in afterwards.
type Case = (&'static str, &'static [&'static str], bool, &'static str, Option<(&'static str, bool)>);

const CASES: &[Case] = &[
    (
        "ios1",
        &["interface Gi0/1", "description in", "bogus", "mtu 9000"],
        false,
        "the device refuses line 3 of 4, `bogus`: % Invalid input detected at '^' marker.; `interface Gi0/1`, \
         `description in` are in, `mtu 9000` were not sent",
        Some(("description in", true)),
    ),
    (
        "ios1",
        &["interface Gi0/2", "mtu 1501", "shutdown"],
        true,
        "; `interface Gi0/2` are in, whether `mtu 1501` is in is not known, `shutdown` were not sent",
        Some(("interface Gi0/2", true)),
    ),
    (
        "ios1",
        &["interface Gi0/3", "mtu 1502", "shutdown"],
        true,
        "; `interface Gi0/3` are in, whether `mtu 1502` is in is not known, `shutdown` were not sent",
        Some(("interface Gi0/3", true)),
    ),
    (
        "cx1",
        &["hostname in", "bogus"],
        false,
        "`hostname in` are in, no lines were not sent",
        Some(("hostname in", true)),
    ),
    ("eos1", &["hostname new", "bogus"], false, "nothing was committed", Some(("hostname new", false))),
    ("eos1", &["hostname new", "mtu 1501"], true, "nothing was committed", Some(("hostname new", false))),
    ("mx1", &["set system host-name new", "bogus"], false, "nothing was committed", Some(("host-name new", false))),
    (
        "mx1",
        &["set system host-name new", "set system domain-name cut"],
        true,
        "nothing was committed",
        Some(("host-name new", false)),
    ),
    ("xr1", &["hostname new", "bogus"], false, "nothing was committed", Some(("hostname new", false))),
    ("xr1", &["hostname new", "mtu 1501"], true, "nothing was committed", Some(("hostname new", false))),
    (
        "vyos1",
        &["set system host-name new", "set bogus"],
        false,
        "nothing was committed",
        Some(("host-name 'new'", false)),
    ),
    (
        "sr1",
        &["/configure system name new", "/configure bogus"],
        false,
        "nothing was committed",
        Some(("name new", false)),
    ),
    ("ce1", &["sysname new", "bogus"], false, "nothing was committed", Some(("sysname new", false))),
    (
        "locked1",
        &["set system host-name new"],
        false,
        "the device refuses `configure exclusive`: error: configuration database locked",
        Some(("host-name new", false)),
    ),
    (
        "fails1",
        &["set system host-name new"],
        false,
        "the device refuses `commit`: error: interface unit is missing\nerror: configuration check-out failed; nothing was committed",
        Some(("host-name new", false)),
    ),
    (
        "behind1",
        &["hostname new"],
        false,
        "One or more commits have occurred from other; nothing was committed",
        Some(("hostname new", false)),
    ),
    (
        "busy1",
        &["set system host-name new"],
        false,
        "the device refuses `commit`: Configuration system temporarily locked due to another commit in progress; nothing \
         was committed",
        Some(("host-name 'new'", false)),
    ),
    ("hangs1", &["set system host-name new"], true, "; whether the commit took effect is not known", None),
    (
        "mx1",
        &["set system host-name {{ '{{' }} x }}"],
        false,
        "has a template left in it",
        Some(("host-name {{", false)),
    ),
];

#[test]
fn what_is_in_is_said_and_the_next_task_finds_a_clean_session() {
    let mut text = String::new();
    for (number, (host, lines, _, _, _)) in CASES.iter().enumerate() {
        let lines = serde_json::to_string(lines).expect("they are texts");
        text.push_str(&format!(
            "- hosts: {host}
  gather_facts: false
  ignore_unreachable: true
  tasks:
    - name: change {number}
      cli_config: {{lines: {lines}}}
      ignore_errors: true
    - name: look {number}
      cli_command:
        command: \"{{{{ show[ansible_network_os] }}}}\"
  vars:
    ansible_command_timeout: 3
    show:
      cisco.ios.ios: show running-config
      arista.eos.eos: show running-config
      cisco.iosxr.iosxr: show running-config
      junipernetworks.junos.junos: show configuration | display set
      vyos.vyos.vyos: show configuration commands
      nokia.sros.md: admin show configuration full-context
      huawei_vrpv8: display current-configuration
      arubanetworks.aoscx.aoscx: show running-config
"
        ));
    }
    let ended = Project::new()
        .file("site.yml", text)
        .file("lab.yml", LAB)
        .netplay("run site.yml --lab lab.yml --output jsonl")
        .exits(0);
    for (number, (host, _, is_cut, says, after)) in CASES.iter().enumerate() {
        let changed = ended.step(&format!("change {number}"), host);
        let message = changed["failure"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(says), "{number}: {host}: {changed}");
        assert_eq!(
            changed["result"]["unreachable"] == json!(true) || message.contains("no answer in time"),
            *is_cut,
            "{number}: {changed}"
        );
        let looked = ended.step(&format!("look {number}"), host);
        assert_eq!(looked["status"], "ok", "{number}: {host}: {looked}");
        if let Some((line, is_in)) = after {
            let shown = looked["result"]["stdout"].as_str().expect("the device shows its configuration");
            assert_eq!(shown.contains(line), *is_in, "{number}: {host}: {shown}");
        }
    }
}

#[test]
fn banners_and_certificates_go_in_and_a_second_run_sends_nothing() {
    let lab = "devices:
  - {name: ios1, platform: cisco_ios}
  - {name: eos1, platform: arista_eos}
";
    let ios = "banner motd ^C\n  # keep out #\n!\nios1#\n^C\nhostname ios1\ncrypto pki certificate chain T\n certificate ca 01\n  \
               30820122 3082\n  quit\n";
    let eos = "banner login\nwelcome\n  to eos1#\n!\nEOF\nhostname eos1\n";
    let text = "- hosts: all
  gather_facts: false
  tasks:
    - {name: first, cli_config: {src: '{{ inventory_hostname }}.cfg'}}
    - {name: second, cli_config: {src: '{{ inventory_hostname }}.cfg'}}
    - {name: another, cli_config: {lines: ['banner motd @one line@'], multiline_delimiter: '%'}, when: inventory_hostname == 'ios1'}
    - {name: look, cli_command: {command: show running-config}}
";
    let ended = Project::new()
        .file("site.yml", text)
        .file("lab.yml", lab)
        .file("ios1.cfg", ios)
        .file("eos1.cfg", eos)
        .netplay("run site.yml --lab lab.yml --output jsonl")
        .exits(0);
    for host in ["ios1", "eos1"] {
        assert_eq!(ended.step("first", host)["status"], "changed", "{host}");
        let second = ended.step("second", host);
        assert_eq!((&second["status"], &second["result"]["commands"]), (&json!("ok"), &json!([])), "{host}");
    }
    let looked = ended.step("look", "ios1");
    let shown = looked["result"]["stdout"].as_str().expect("text");
    assert!(shown.contains("banner motd ^C\none line\n^C") && shown.contains("\n  30820122 3082\n  quit"), "{shown}");
    let looked = ended.step("look", "eos1");
    let shown = looked["result"]["stdout"].as_str().expect("text");
    assert!(shown.contains("banner login\nwelcome\n  to eos1#\n!\nEOF"), "{shown}");
}

#[test]
fn a_change_that_hangs_on_the_only_session_is_refused_before_it_is_sent() {
    let tasks = "- name: change\n  cli_config: {lines: [hostname new], confirm_within: 2m}\n  ignore_errors: true\n\
                 - name: look\n  cli_command: {command: show running-config}\n";
    let lab = "devices: [{name: xr1, platform: cisco_iosxr, vars: {netplay_single_session: true}}]\n";
    let ended = Project::of_tasks(tasks).file("lab.yml", lab).run_events().with("--lab lab.yml").exits(0);
    let message = ended.step("change", "xr1")["failure"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("takes one session at a time"), "{message}");
    let shown = ended.step("look", "xr1")["result"]["stdout"].as_str().unwrap_or_default().to_owned();
    assert!(shown.contains("hostname xr1"), "{shown}");
}

#[test]
fn a_candidate_that_changes_nothing_is_no_change_however_the_device_says_it() {
    // The device takes the line for another one, and in the end has what it had.
    let tasks = "- name: change\n  cli_config: {lines: [\"set system host-name 'vyos1'\"], match: none}\n";
    let lab = "devices: [{name: vyos1, platform: vyos}]\n";
    let ended = Project::of_tasks(tasks).file("lab.yml", lab).run_events().with("--lab lab.yml").exits(0);
    assert_eq!(ended.step("change", "vyos1")["status"], "ok", "{}", ended.step("change", "vyos1"));
}

#[test]
fn a_configuration_that_somebody_else_edits_is_left_to_them() {
    // Two plays beside each other: one holds the candidate of a router while the other wants it.
    let lab = "devices: [{name: mx1, platform: juniper_junos, vars: {ansible_connection: netconf}}]\n";
    let play = "- hosts: mx1\n  gather_facts: false\n  tasks:\n\
        \x20   - name: lock\n      ansible.netcommon.netconf_rpc: {rpc: lock, content: <target><candidate/></target>}\n\
        \x20   - name: by cli\n      junos_config: {lines: [set system services ssh]}\n\
        \x20     vars: {ansible_connection: network_cli}\n      ignore_errors: true\n\
        \x20   - name: unlock\n      ansible.netcommon.netconf_rpc: {rpc: unlock, content: <target><candidate/></target>}\n\
        \x20   - name: afterwards\n      junos_config: {lines: [set system services ssh]}\n\
        \x20     vars: {ansible_connection: network_cli}\n";
    let ended = Project::new().playbook(play).file("lab.yml", lab).run_events().with("--lab lab.yml").exits(0);
    let refused = ended.step("by cli", "mx1")["failure"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(refused.contains("configuration database locked by"), "{refused}");
    assert_eq!(ended.step("afterwards", "mx1")["status"], "changed");
}

#[test]
fn what_somebody_else_has_left_in_the_candidate_is_not_committed_with_one_s_own() {
    let lab = "devices: [{name: mx1, platform: juniper_junos, vars: {ansible_connection: netconf}}]\n";
    let edit = "<target><candidate/></target><config><configuration><system><services><ftp/></services></system>\
        </configuration></config>";
    let play = format!(
        "- hosts: mx1\n  gather_facts: false\n  tasks:\n\
         \x20   - {{name: edit, ansible.netcommon.netconf_rpc: {{rpc: edit-config, content: '{edit}'}}}}\n\
         \x20   - name: by cli\n      junos_config: {{lines: [set system services ssh]}}\n\
         \x20     vars: {{ansible_connection: network_cli}}\n      ignore_errors: true\n\
         \x20   - name: by netconf\n      junos_config: {{lines: [set system services ssh]}}\n      ignore_errors: true\n\
         \x20   - name: datastore\n      ansible.netcommon.netconf_config: {{content: <config><configuration/></config>}}\n\
         \x20     ignore_errors: true\n\
         \x20   - {{name: theirs, ansible.netcommon.netconf_get: {{source: candidate, display: xml}}}}\n\
         \x20   - {{name: discard, ansible.netcommon.netconf_rpc: {{rpc: discard-changes}}}}\n\
         \x20   - name: afterwards\n      junos_config: {{lines: [set system services ssh]}}\n\
         \x20     vars: {{ansible_connection: network_cli}}\n\
         \x20   - {{name: look, junos_command: {{commands: ['show configuration | display set']}}}}\n"
    );
    let ended = Project::new().playbook(&play).file("lab.yml", lab).run_events().with("--lab lab.yml").exits(0);
    for (name, operation) in [("by cli", "configure exclusive"), ("by netconf", "lock"), ("datastore", "lock")] {
        let message = ended.step(name, "mx1")["failure"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.starts_with(&format!("the device refuses `{operation}`: ")), "{name}: {message}");
        assert!(message.contains("configuration database modified"), "{name}: {message}");
    }
    let theirs = ended.step("theirs", "mx1");
    assert!(theirs.to_string().contains("<ftp"), "what they edited is still theirs: {theirs}");
    assert_eq!(ended.step("afterwards", "mx1")["status"], "changed");
    let shown = ended.step("look", "mx1").to_string();
    assert!(shown.contains("services ssh") && !shown.contains("ftp"), "{shown}");
}

#[test]
fn a_commit_of_another_session_in_the_meantime_is_not_overwritten() {
    // Two sessions of one router, by two names: while the one types its lines, the other commits.
    let lab = "devices:\n- name: xr1\n  platform: cisco_iosxr\n  answers:\n\
        \x20 - {command: mtu 9000, after: description slow}\n  - {command: description slow, after: commit}\n";
    let play = "- hosts: xr1\n  gather_facts: false\n  tasks:\n\
        \x20   - add_host:\n        name: other\n        ansible_host: '{{ ansible_host }}'\n\
        \x20       ansible_port: '{{ ansible_port }}'\n        ansible_user: '{{ ansible_user }}'\n\
        \x20       ansible_password: '{{ ansible_password }}'\n        ansible_network_os: cisco.iosxr.iosxr\n\
        \x20       ansible_connection: network_cli\n\
        - hosts: xr1:other\n  gather_facts: false\n  tasks:\n\
        \x20   - {name: log in, cli_command: {command: show version}}\n\
        \x20   - name: change\n      cli_config: {lines: '{{ lines[inventory_hostname] }}', parents: interface Gi0}\n\
        \x20     ignore_errors: true\n\
        \x20   - {name: look, cli_command: {command: show running-config}}\n\
        \x20   - {name: again, cli_config: {lines: [description quick], parents: interface Gi0}}\n\
        \x20 vars:\n    lines: {xr1: [description slow], other: [mtu 9000]}\n";
    let ended = Project::new().playbook(play).file("lab.yml", lab).run_events().with("--lab lab.yml").exits(0);
    let message = ended.step("change", "xr1")["failure"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("One or more commits have occurred from other"), "{message}");
    assert!(message.ends_with("; nothing was committed"), "{message}");
    assert_eq!(ended.step("change", "other")["status"], "changed");
    let shown = ended.step("look", "xr1")["result"]["stdout"].as_str().unwrap_or_default().to_owned();
    assert!(shown.contains("mtu 9000") && !shown.contains("description"), "{shown}");
    assert_ne!(ended.step("again", "xr1")["status"], "failed", "the session is clean");
}

#[test]
fn what_another_session_has_locked_is_not_committed() {
    // Two sessions of one router, by two names: the other one configures exclusively until this one has typed `commit`.
    let lab = "devices:\n- name: xr1\n  platform: cisco_iosxr\n  answers:\n\
        \x20 - {command: hostname new, after: configure exclusive}\n  - {command: configure exclusive, after: commit}\n";
    let play = "- hosts: xr1\n  gather_facts: false\n  tasks:\n\
        \x20   - add_host:\n        name: other\n        ansible_host: '{{ ansible_host }}'\n\
        \x20       ansible_port: '{{ ansible_port }}'\n        ansible_user: '{{ ansible_user }}'\n\
        \x20       ansible_password: '{{ ansible_password }}'\n        ansible_network_os: cisco.iosxr.iosxr\n\
        \x20       ansible_connection: network_cli\n\
        - hosts: xr1:other\n  gather_facts: false\n  strategy: free\n  tasks:\n\
        \x20   - {name: lock, cli_command: {command: configure exclusive}, when: inventory_hostname == 'other'}\n\
        \x20   - {name: let go, cli_command: {command: show version}, when: inventory_hostname == 'other'}\n\
        \x20   - name: locked\n      cli_config: {lines: [hostname new]}\n      ignore_errors: true\n\
        \x20     when: inventory_hostname == 'xr1'\n\
        - hosts: xr1\n  gather_facts: false\n  tasks:\n\
        \x20   - {name: look, cli_command: {command: show running-config}}\n\
        \x20   - {name: afterwards, cli_config: {lines: [hostname newer]}}\n";
    let ended = Project::new().playbook(play).file("lab.yml", lab).run_events().with("--lab lab.yml").exits(0);
    let message = ended.step("locked", "xr1")["failure"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("Another configuration session had a lock"), "{message}");
    assert!(message.ends_with("; nothing was committed"), "{message}");
    let shown = ended.step("look", "xr1")["result"]["stdout"].as_str().unwrap_or_default().to_owned();
    assert!(shown.contains("hostname xr1"), "{shown}");
    assert_eq!(ended.step("afterwards", "xr1")["status"], "changed");
}

/// Two sessions of a router, by two names: the second one logs in beside the first.
fn two_sessions(name: &str, os: &str, tasks: &str) -> String {
    format!(
        "- hosts: {name}\n  gather_facts: false\n  tasks:\n\
         \x20   - add_host:\n        name: other\n        ansible_host: '{{{{ ansible_host }}}}'\n\
         \x20       ansible_port: '{{{{ ansible_port }}}}'\n        ansible_user: '{{{{ ansible_user }}}}'\n\
         \x20       ansible_password: '{{{{ ansible_password }}}}'\n        ansible_network_os: {os}\n\
         \x20       ansible_connection: network_cli\n\
         - hosts: {name}:other\n  gather_facts: false\n  tasks:\n\
         \x20   - {{name: log in, cli_command: {{command: show version}}}}\n{tasks}"
    )
}

#[test]
fn what_another_session_commits_in_the_meantime_stays_where_a_device_merges() {
    // While the one types its line, the other commits.
    let lab = "devices:\n- name: vyos1\n  platform: vyos\n  answers:\n\
        \x20 - {command: set service ssh, after: set system host-name slow}\n\
        \x20 - {command: set system host-name slow, after: commit}\n";
    let tasks = "    - name: change\n      cli_config: {lines: '{{ lines[inventory_hostname] }}'}\n\
        \x20   - {name: look, cli_command: {command: show configuration commands}}\n\
        \x20   - {name: again, cli_config: {lines: '{{ lines[inventory_hostname] }}'}}\n\
        \x20 vars:\n    lines: {vyos1: [set system host-name slow], other: [set service ssh]}\n";
    let play = two_sessions("vyos1", "vyos.vyos.vyos", tasks);
    let ended = Project::new().playbook(&play).file("lab.yml", lab).run_events().with("--lab lab.yml").exits(0);
    for host in ["vyos1", "other"] {
        assert_eq!(ended.step("change", host)["status"], "changed", "{}", ended.step("change", host));
        let shown = ended.step("look", host)["result"]["stdout"].as_str().unwrap_or_default().to_owned();
        assert!(shown.contains("service 'ssh'") && shown.contains("host-name 'slow'"), "{shown}");
        assert_eq!(ended.step("again", host)["status"], "ok", "{}", ended.step("again", host));
    }
}

#[test]
fn nothing_is_committed_while_another_session_commits() {
    // The other one's commit goes on until this one has typed its own.
    let lab = "devices:\n- name: vyos1\n  platform: vyos\n  answers:\n\
        \x20 - {command: set system host-name late, after: 'commit comment \"first\"'}\n\
        \x20 - {command: 'commit comment \"first\"', after: commit}\n";
    let tasks = "    - name: change\n      cli_config:\n        lines: '{{ lines[inventory_hostname] }}'\n\
        \x20       commit_comment: \"{{ 'first' if inventory_hostname == 'other' else omit }}\"\n      ignore_errors: true\n\
        \x20   - {name: look, cli_command: {command: show configuration commands}}\n\
        \x20   - {name: again, cli_config: {lines: '{{ lines[inventory_hostname] }}'}}\n\
        \x20 vars:\n    lines: {vyos1: [set system host-name late], other: [set service ssh]}\n";
    let play = two_sessions("vyos1", "vyos.vyos.vyos", tasks);
    let ended = Project::new().playbook(&play).file("lab.yml", lab).run_events().with("--lab lab.yml").exits(0);
    let message = ended.step("change", "vyos1")["failure"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("temporarily locked due to another commit in progress"), "{message}");
    assert!(message.ends_with("; nothing was committed"), "{message}");
    assert_eq!(ended.step("change", "other")["status"], "changed", "{}", ended.step("change", "other"));
    let shown = ended.step("look", "vyos1")["result"]["stdout"].as_str().unwrap_or_default().to_owned();
    assert!(shown.contains("service 'ssh'") && shown.contains("host-name 'vyos1'"), "{shown}");
    assert_eq!(ended.step("again", "vyos1")["status"], "changed", "the session is clean");
}

#[test]
fn what_is_said_of_a_commit_is_typed_with_it() {
    let cases = [
        (
            "mx1",
            "juniper_junos",
            "set system host-name new",
            "commit_at: '22:30', comment: why",
            r#"commit at "22:30" comment "why""#,
        ),
        ("xr1", "cisco_iosxr", "hostname new", "label: before, comment: why", "commit label before comment why"),
        ("vyos1", "vyos", "set system host-name new", "comment: why", r#"commit comment "why""#),
    ];
    let (mut lab, mut tasks) = (String::from("devices:\n"), String::new());
    for (host, platform, line, args, commit) in cases {
        let refused = "error: seen\n% Failed to commit\nCommit failed";
        let answer = json!([{"command": commit, "output": refused}]);
        lab.push_str(&format!("  - {{name: {host}, platform: {platform}, answers: {answer}}}\n"));
        tasks.push_str(&format!(
            "- {{name: {host}, cli_config: {{lines: [{line}], {args}}}, when: inventory_hostname == '{host}', ignore_errors: true}}\n"
        ));
    }
    let ended = Project::of_tasks(&tasks).file("lab.yml", lab).run_events().with("--lab lab.yml").exits(0);
    for (host, _, _, _, commit) in cases {
        let step = ended.step(host, host);
        let message = step["failure"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.starts_with(&format!("the device refuses `{commit}`")), "{host}: {step}");
    }
}

#[test]
fn a_candidate_that_is_only_looked_at_is_thrown_away() {
    // The host, its platform, how it is only looked at, two lines, and what shows the configuration.
    let cases = [
        (
            "mx1",
            "juniper_junos",
            "commit: false",
            "set system host-name one",
            "set system domain-name two",
            "show configuration | display set",
        ),
        (
            "mx2",
            "juniper_junos",
            "check_commit: true",
            "set system host-name one",
            "set system domain-name two",
            "show configuration | display set",
        ),
        ("xr1", "cisco_iosxr", "commit: false", "hostname one", "domain name two", "show running-config"),
        ("eos1", "arista_eos", "commit: false", "hostname one", "ip domain-name two", "show running-config"),
        (
            "vyos1",
            "vyos",
            "commit: false",
            "set system host-name one",
            "set system domain-name two",
            "show configuration commands",
        ),
        ("ce1", "huawei_vrpv8", "commit: false", "sysname one", "sysname two", "display current-configuration"),
    ];
    let (mut lab, mut tasks) = (String::from("devices:\n"), String::new());
    for (host, platform, how, one, two, show) in cases {
        lab.push_str(&format!("  - {{name: {host}, platform: {platform}}}\n"));
        tasks.push_str(&format!(
            "- when: inventory_hostname == '{host}'\n  block:\n\
             \x20 - {{name: '{host} one', cli_config: {{lines: [{one}], {how}}}}}\n\
             \x20 - {{name: '{host} two', cli_config: {{lines: [{two}]}}}}\n\
             \x20 - {{name: '{host} look', cli_command: {{command: '{show}'}}}}\n"
        ));
    }
    let ended = Project::of_tasks(&tasks).file("lab.yml", lab).run_events().with("--lab lab.yml").exits(0);
    for (host, _, how, one, two, _) in cases {
        let looked_at = ended.step(&format!("{host} one"), host);
        assert_eq!(looked_at["status"], "ok", "{host}: {how}: {looked_at}");
        assert_eq!(looked_at["result"]["commands"], json!([one]), "{host}: {looked_at}");
        assert_eq!(ended.step(&format!("{host} two"), host)["status"], "changed", "{host}: {how}");
        let shown =
            ended.step(&format!("{host} look"), host)["result"]["stdout"].as_str().unwrap_or_default().to_owned();
        let is_in = |line: &str| shown.contains(line.trim_start_matches("set ").rsplit(' ').next().expect("a word"));
        assert!(is_in(two) && !shown.contains("one\n") && !shown.contains("'one'"), "{host}: {shown}");
    }
}
