//! NETCONF: the modules of it, and those of Junos over it, on servers of the lab.

use crate::project::Project;
use serde_json::{Value, json};

const LAB: &str = r#"devices:
  - name: nc1
    platform: netconf
    running_config: |
      <system xmlns="urn:lab:system"><hostname>nc1</hostname><dns><name>a</name><ip>192.0.2.53</ip></dns></system>
      <interfaces xmlns="urn:lab:interfaces">
        <interface><name>eth0</name><mtu>1500</mtu></interface><interface><name>eth1</name><mtu>1500</mtu></interface>
      </interfaces>
  - name: refuses1
    platform: netconf
    answers:
      - command: commit
        output: "<rpc-error><error-type>application</error-type><error-tag>operation-failed</error-tag>\
          <error-severity>error</error-severity><error-path>/a:b</error-path><error-message>no license</error-message></rpc-error>"
      - {command: cut-me, fault: close}
      - {command: silence, fault: silence}
  - name: forgets1
    platform: netconf
    answers: [{command: commit, output: <ok/>}]
  - name: mx1
    platform: juniper_junos
    vars: {ansible_connection: ansible.netcommon.netconf}
    minute_seconds: 0.05
    running_config: |
      set system host-name mx1
      set interfaces ge-0/0/0 description "to core"
"#;

/// Tasks on the server that keeps any XML, in order.
const TASKS: &str = r#"- name: read
  ansible.netcommon.netconf_get:
    source: running
    filter: <system xmlns="urn:lab:system"><hostname/></system>
    display: native
- name: state
  ansible.netcommon.netconf_get: {filter: {interfaces: {interface: {name: eth1}}}, display: xml, lock: if-supported}
- name: first
  ansible.netcommon.netconf_config: &wanted
    content: |
      <config><interfaces xmlns="urn:lab:interfaces"><interface><name>eth1</name><mtu>9000</mtu></interface></interfaces></config>
    validate: true
    save: true
- name: second
  ansible.netcommon.netconf_config: *wanted
- name: saved
  ansible.netcommon.netconf_get: {source: startup, filter: "<interfaces><interface><name>eth1</name><mtu/></interface></interfaces>", display: xml}
- name: refused
  ansible.netcommon.netconf_config:
    content: {config: {system: {hostname: lost, nothing: {"@operation": delete}}}}
  ignore_errors: true
- name: candidate
  ansible.netcommon.netconf_get: {source: candidate, filter: <system><hostname/></system>, display: xml}
- name: xpath
  ansible.netcommon.netconf_get: {filter: /system}
  ignore_errors: true
- name: wrong root
  ansible.netcommon.netconf_config: {content: <system/>}
  ignore_errors: true
- name: any
  ansible.netcommon.netconf_rpc: {rpc: get, content: "<filter><system><hostname/></system></filter>", display: json}
- name: unknown
  ansible.netcommon.netconf_rpc: {rpc: reboot, xmlns: "urn:x"}
  ignore_errors: true
- name: by cli
  cisco.ios.ios_command: {commands: [show version]}
  ignore_errors: true
"#;

fn text<'a>(step: &'a Value, field: &str) -> &'a str {
    step["result"][field].as_str().unwrap_or_else(|| panic!("no `{field}` in {step}"))
}

#[test]
fn datastores_are_read_edited_and_left_clean_when_something_is_refused() {
    let project = Project::new().tasks("nc1", TASKS).file("lab.yml", LAB);
    let ended = project.run_events().with("--lab lab.yml").exits(0);
    let step = |name: &str| ended.step(name, "nc1");
    assert_eq!(step("read")["result"]["output"]["data"]["system"]["hostname"], json!("nc1"));
    assert!(
        text(&step("read"), "stdout")
            .starts_with("<data xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><system xmlns")
    );
    let eth1 = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><data><interfaces><interface><name>eth1</name><mtu>1500</mtu></interface></interfaces></data>";
    assert_eq!(text(&step("state"), "output"), eth1);
    assert_eq!((&step("first")["status"], &step("second")["status"]), (&json!("changed"), &json!("ok")));
    assert!(text(&step("saved"), "output").contains("<mtu>9000</mtu>"), "{}", step("saved"));
    for (name, message) in [
        ("refused", "the device refuses `edit-config`: it is not there (data-missing); nothing was committed"),
        ("xpath", "the server takes no filter by XPath, and `/system` is one"),
        ("wrong root", "the root of `content` is `system`, and it must be `config`"),
        ("unknown", "the device refuses `reboot`: no operation `reboot` (operation-not-supported)"),
        ("by cli", "`nc1` is reached by NETCONF, and this module needs the device's CLI"),
    ] {
        let failed = step(name);
        assert_eq!((&failed["status"], failed["failure"]["message"].as_str()), (&json!("ignored"), Some(message)));
    }
    assert_eq!(step("refused")["result"]["rpc_errors"][0]["info"], json!("<bad-element>nothing</bad-element>"));
    assert!(text(&step("candidate"), "output").contains("<hostname>nc1</hostname>"), "what was edited is thrown away");
    assert_eq!(step("any")["result"]["output"]["rpc-reply"]["data"]["system"]["hostname"], json!("nc1"));
}

#[test]
fn check_mode_edits_nothing_and_knows_what_would_change() {
    let project = Project::new().tasks("nc1", TASKS).file("lab.yml", LAB);
    let ended = project.run_events().with("--lab lab.yml --check --diff").exits(0);
    let step = |name: &str| ended.step(name, "nc1");
    assert_eq!((&step("first")["status"], &step("second")["status"]), (&json!("changed"), &json!("changed")));
    assert!(step("first")["diff"].to_string().contains("<mtu>9000</mtu>"), "{}", step("first"));
    assert!(text(&step("saved"), "output").contains("<mtu>1500</mtu>"));
}

#[test]
fn a_server_that_refuses_or_goes_away_is_told_apart() {
    let tasks = r#"- name: commit
  ansible.netcommon.netconf_config: {content: <config><a>1</a></config>}
  ignore_errors: true
- name: silent
  ansible.netcommon.netconf_rpc: {rpc: silence}
  vars: {ansible_command_timeout: 1}
  ignore_errors: true
- name: after
  ansible.netcommon.netconf_get: {source: running, display: xml}
- name: cut
  ansible.netcommon.netconf_rpc: {rpc: cut-me}
"#;
    let project = Project::new().tasks("refuses1", tasks).file("lab.yml", LAB);
    let ended = project.run_events().with("--lab lab.yml").exits(4);
    let step = |name: &str| ended.step(name, "refuses1");
    let message = |name: &str| step(name)["failure"]["message"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        message("commit"),
        "the device refuses `commit`: no license (operation-failed) at /a:b; nothing was committed"
    );
    assert_eq!(message("silent"), "no answer to `silence` from `refuses1` within 1 s");
    assert_eq!(
        text(&step("after"), "output"),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><data/>",
        "a new session was opened, and nothing had been left"
    );
    assert_eq!(step("cut")["status"], json!("unreachable"));
}

#[test]
fn what_a_server_says_yes_to_and_does_not_take_is_not_left_in_the_candidate() {
    let tasks = r#"- name: change
  ansible.netcommon.netconf_config: {content: <config><a>1</a></config>}
  ignore_errors: true
- name: candidate
  ansible.netcommon.netconf_get: {source: candidate, display: xml}
- name: kept
  ansible.netcommon.netconf_config: {content: <config><a>1</a></config>, lock: never, commit: false}
- name: edited
  ansible.netcommon.netconf_get: {source: candidate, display: xml}
"#;
    let project = Project::new().tasks("forgets1", tasks).file("lab.yml", LAB);
    let ended = project.run_events().with("--lab lab.yml").exits(0);
    let step = |name: &str| ended.step(name, "forgets1");
    let said = "the server said yes to `commit`, and its running configuration is what it was before";
    assert_eq!(step("change")["failure"]["message"], json!(said));
    assert!(text(&step("candidate"), "output").ends_with("<data/>"), "{}", step("candidate"));
    assert!(text(&step("edited"), "output").contains("<a>1</a>"), "what is not committed stays: {}", step("edited"));
}

#[test]
fn modules_of_junos_work_over_netconf_as_over_the_cli() {
    let tasks = r#"- name: commands
  junipernetworks.junos.junos_command: {commands: [show version, "show configuration | display set"]}
- name: facts
  junipernetworks.junos.junos_facts:
- name: first
  junipernetworks.junos.junos_config: &wanted {lines: [set system host-name other, set system services ssh], comment: by hand}
- name: second
  junipernetworks.junos.junos_config: *wanted
- name: refused
  junipernetworks.junos.junos_config: {lines: [set system services ftp, set nonsense x, set system ports console]}
  ignore_errors: true
- name: checked
  junipernetworks.junos.junos_config: {lines: [set system services ftp], check_commit: true}
- name: rpc
  junipernetworks.junos.junos_rpc: {rpc: get_software_information}
  ignore_errors: true
- name: as text
  junipernetworks.junos.junos_rpc: {rpc: command, output: text, attrs: {format: text}}
  ignore_errors: true
- name: asked
  junipernetworks.junos.junos_command: {commands: [show nonsense]}
  ignore_errors: true
- name: rollback
  junipernetworks.junos.junos_config: {rollback: 1}
- block:
    - name: safely
      junipernetworks.junos.junos_config: {lines: [set system host-name safe], confirm_within: 2m}
      verify:
        - assert: {that: false}
  rescue:
    - debug: {msg: it was taken back}
- name: left
  junipernetworks.junos.junos_command: {commands: ["show configuration | display set"]}
"#;
    let project = Project::new().tasks("mx1", tasks);
    let over_netconf = project.file("lab.yml", LAB);
    let netconf = over_netconf.run_events().with("--lab lab.yml").done();
    let over_cli = over_netconf.file("lab.yml", LAB.replace("ansible.netcommon.netconf", "network_cli"));
    let cli = over_cli.run_events().with("--lab lab.yml").done();
    for name in ["commands", "facts", "first", "second", "checked", "rollback", "left"] {
        let (by_netconf, by_cli) = (netconf.step(name, "mx1"), cli.step(name, "mx1"));
        assert_eq!(by_netconf["status"], by_cli["status"], "{name}");
        for field in ["stdout", "commands", "compare", "ansible_facts"] {
            assert_eq!(by_netconf["result"][field], by_cli["result"][field], "{name}: {field}");
        }
    }
    let refused = netconf.step("refused", "mx1");
    let message = "the device refuses `set nonsense x`: syntax error (nonsense); nothing was committed";
    assert_eq!(refused["failure"]["message"], json!(message));
    assert!(text(&netconf.step("rpc", "mx1"), "xml").contains("<product-model>vmx</product-model>"));
    let left = netconf.step("left", "mx1")["result"]["stdout"][0].to_string();
    assert!(left.contains("host-name mx1") && !left.contains("services"), "{left}");
}

#[test]
fn a_connection_that_cannot_be_is_said_before_the_run_where_it_is_written() {
    let get = "ansible.netcommon.netconf_get: {source: running, display: xml}";
    let vars = |connection: &str| format!("vars: {{ansible_connection: {connection}}}");
    let task = |connection: &str| format!("- {{name: get, {get}, {}}}\n", vars(connection));
    let run = |project: Project, options: &str, code: i32| {
        project.file("lab.yml", LAB).run().with("--lab lab.yml").with(options).exits(code)
    };
    let of = |tasks: &str| Project::new().tasks("nc1", tasks);
    let told = "`ansible.netcommon.netconf_get` needs NETCONF, and the host is reached by `network_cli`";
    run(of(&task("network_cli")), "", 65).complains("error[E0311]").complains(told).complains("nothing was sent");
    run(of(&format!("- block:\n    - {get}\n  {}\n", vars("telnet"))), "", 65).complains("error[E0311]");
    run(of(&task("ansible.netcommon.netconf")), "", 0);
    run(of(&task("\"{{ 'netconf' }}\"")), "", 0);
    run(of(&task("network_cli")), "-e ansible_connection=netconf", 0);
    // A module of another platform's CLI.
    let cli = |name: &str| format!("- {{{name}: {{commands: show version}}, {}}}\n", vars("ansible.netcommon.netconf"));
    let told_cli =
        "`cisco.ios.ios_command` needs the device's CLI, and the host is reached by `ansible.netcommon.netconf`";
    run(of(&cli("cisco.ios.ios_command")), "", 65).complains("error[E0311]").complains(told_cli);
    // Junos has both: this server is none, and the run tells.
    run(of(&cli("junipernetworks.junos.junos_command")), "", 2);
    // A play's variable may still be set otherwise: it is a warning, and the run tells.
    let in_play = |tasks: &str| {
        let play = format!("- hosts: nc1\n  gather_facts: false\n  {}\n  tasks:\n{tasks}", vars("network_cli"));
        Project::new().playbook(&play)
    };
    run(in_play(&format!("    - {get}\n")), "", 2).complains("warning[W0311]").complains(told);
    let set = format!("    - set_fact: {{ansible_connection: netconf}}\n    - {get}\n");
    run(in_play(&set), "", 0).complains("warning[W0311]");
    // A module for any platform: what the inventory says is a warning, what the task says an error.
    run(of("- cli_command: {command: show version}\n"), "", 2)
        .complains("warning[W0311]: `cli_command` needs the device's CLI, and `nc1` is reached by NETCONF");
    run(of(&cli("cli_command")), "", 65).complains("error[E0311]: `cli_command` needs the device's CLI, and `nc1` is");
    // What a play says of it is a warning, too.
    let play = "- hosts: r1\n  gather_facts: false\n  vars: {ansible_connection: netconf}\n  tasks: [{cli_command: {command: show version}}]\n";
    let of_play = |os: &str, code: i32| {
        let host = format!("r1 ansible_host=127.0.0.1 ansible_port=1 ansible_network_os={os}");
        Project::new().playbook(play).host(&host).run().exits(code)
    };
    let told = "warning[W0311]: `cli_command` needs the device's CLI, and `r1` is reached by NETCONF";
    of_play("cisco.ios.ios", 2).complains(told);
    of_play("junipernetworks.junos.junos", 4).never_says(told);
    // What needs NETCONF, where the inventory says the CLI.
    Project::of_tasks("- netconf_get: {}\n")
        .host(
            "r1 ansible_host=127.0.0.1 ansible_port=1 ansible_network_os=cisco.ios.ios ansible_connection=network_cli",
        )
        .run()
        .exits(2)
        .complains("warning[W0311]: `netconf_get` needs NETCONF, and `r1` is reached by `network_cli`");
}

/// Changes that are verified, on the server that keeps any XML.
const VERIFIED: &str = r#"- block:
    - name: refuted
      ansible.netcommon.netconf_config: &change
        content: |
          <config><interfaces xmlns="urn:lab:interfaces"><interface><name>eth1</name><mtu>9100</mtu></interface></interfaces></config>
        confirm_within: 2m
        save: true
      verify:
        - name: in between
          ansible.netcommon.netconf_get: &running {source: running, filter: "<interfaces><interface><name>eth1</name><mtu/></interface></interfaces>", display: xml}
        - assert: {that: false}
  rescue:
    - debug: {msg: it was taken back}
- name: taken back
  ansible.netcommon.netconf_get: *running
- name: verified
  ansible.netcommon.netconf_config: *change
  verify:
    - ansible.netcommon.netconf_get: *running
- name: kept
  ansible.netcommon.netconf_get: *running
- name: saved
  ansible.netcommon.netconf_get: {source: startup, filter: "<interfaces><interface><name>eth1</name><mtu/></interface></interfaces>", display: xml}
- name: too short
  ansible.netcommon.netconf_config: {content: {config: {system: {hostname: x}}}, confirm_within: 5s}
  ignore_errors: true
"#;

#[test]
fn a_change_over_netconf_stays_only_when_it_was_verified() {
    let project = Project::new().tasks("nc1", VERIFIED).file("lab.yml", LAB);
    let ended = project.run_events().with("--lab lab.yml").exits(0);
    let mtu = |name: &str| ended.step(name, "nc1")["result"]["output"].to_string();
    assert!(mtu("in between").contains("9100"), "{}", mtu("in between"));
    assert!(mtu("taken back").contains("1500"), "{}", mtu("taken back"));
    assert_eq!(ended.step("verified", "nc1")["status"], "changed");
    for name in ["kept", "saved"] {
        assert!(mtu(name).contains("9100"), "{name}: {}", mtu(name));
    }
    let short = ended.step("too short", "nc1")["failure"]["message"].to_string();
    assert!(short.contains("`confirm_within` is between 30s and 24h, not 5s"), "{short}");
}

/// What only NETCONF has: operations beside commands, configurations that Junos reads itself.
const LOADED: &str = r#"- name: called
  junos_command:
    commands: show version
    rpcs: [get-software-information, "get-configuration database=committed"]
    wait_for: result[1] contains vmx
- name: as set
  junos_command: {rpcs: get-configuration, display: set}
- name: no such operation
  junos_command: {rpcs: get-nonsense}
  ignore_errors: true
- name: xml
  junos_config: &xml
    src: wanted.xml
    comment: by file
- name: xml again
  junos_config: *xml
- name: json
  junos_config: {config: '{"configuration": {"system": {"domain-name": "b.example"}}}', src_format: json}
- name: replaced
  junos_config: {src: replaced.txt, update: replace, verify_lines: false}
- name: looked at
  junos_command: {commands: ['show configuration | display set']}
- name: refused
  junos_config: {config: "<configuration><nonsense/></configuration>"}
  ignore_errors: true
- name: overridden
  junos_config: {config: "<configuration><system><host-name>mx1</host-name></system></configuration>", update: override, confirm_within: 2m}
  verify:
    - junos_command: {commands: ['show configuration | display set']}
- name: left
  junos_command: {commands: ['show configuration | display set']}
"#;

#[test]
fn junos_is_asked_for_operations_and_reads_configurations_itself() {
    let lab = "devices: [{name: mx1, platform: juniper_junos, vars: {ansible_connection: netconf}}]\n";
    let project = Project::new().tasks("mx1", LOADED).file("lab.yml", lab);
    let project = project
        .file(
            "wanted.xml",
            "<configuration><system><domain-name>{{ 'a' }}.example</domain-name><services><ssh/><ftp/></services></system>\
             </configuration>\n",
        )
        .file("replaced.txt", "system {\n    replace: services {\n        netconf {\n            ssh;\n        }\n    }\n}\n");
    let ended = project.run_events().with("--lab lab.yml").exits(0);
    let step = |name: &str| ended.step(name, "mx1");
    let called = step("called");
    assert_eq!((&called["status"], &called["result"]["stdout"][2].is_string()), (&json!("ok"), &true), "{called}");
    assert!(called["result"]["stdout"][0].as_str().is_some_and(|text| text.contains("Model: vmx")), "{called}");
    assert!(
        called["result"]["stdout"][1].as_str().is_some_and(|text| text.contains("<product-model>vmx<")),
        "{called}"
    );
    let data = &called["result"]["output"][0]["software-information"]["host-name"];
    assert_eq!(data, "mx1", "{called}");
    assert_eq!(step("as set")["result"]["stdout"], json!(["set system host-name mx1"]));
    let message = step("no such operation")["failure"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.starts_with("the device refuses `get-nonsense`: "), "{message}");
    let xml = step("xml");
    assert_eq!(xml["status"], "changed", "{xml}");
    assert!(xml["result"]["compare"].as_str().is_some_and(|text| text.contains("domain-name a.example")), "{xml}");
    assert_eq!(step("xml again")["status"], "ok", "{}", step("xml again"));
    assert_eq!(
        (step("json")["status"].clone(), step("replaced")["status"].clone()),
        (json!("changed"), json!("changed"))
    );
    let shown = step("looked at")["result"]["stdout"][0].as_str().unwrap_or_default().to_owned();
    let lines: std::collections::BTreeSet<&str> = shown.lines().collect();
    let wanted = ["set system domain-name b.example", "set system host-name mx1", "set system services netconf ssh"];
    assert_eq!(lines, wanted.into_iter().collect(), "{shown}");
    let refused = step("refused")["failure"]["message"].as_str().unwrap_or_default().to_owned();
    assert_eq!(refused, "the device refuses `load merge xml`: syntax error (nonsense); nothing was committed");
    assert_eq!(step("overridden")["status"], "changed", "{}", step("overridden"));
    assert_eq!(step("left")["result"]["stdout"][0], "set system host-name mx1");
}

#[test]
fn what_only_netconf_has_is_refused_over_the_cli_before_anything_is_sent() {
    let lab = "devices: [{name: mx1, platform: juniper_junos}]\n";
    let refused = |task: &str, code: i32, says: &str| {
        let project = Project::of_tasks(&format!("- {{name: it, {task}}}\n"))
            .file("lab.yml", lab)
            .file("mx.xml", "<configuration><system/></configuration>")
            .file("late.j2", "{# what comes is known in the run #}<configuration><system/></configuration>");
        let ended = project.run().with("--lab lab.yml").exits(code);
        // What is known before the run is an error; what the run finds out is told with the step.
        if code == 65 {
            ended.complains(says)
        } else {
            ended.shows(says)
        };
    };
    let cli = "vars: {ansible_connection: network_cli}";
    for (argument, args) in [
        ("rpcs", "junos_command: {rpcs: get-x}"),
        ("src_format", "junos_config: {lines: x, src_format: xml}"),
        ("update", "junos_config: {config: 'a { b; }', update: replace}"),
        ("config", "junos_config: {config: <configuration/>}"),
        ("config", "cli_config: {config: '{\"configuration\": {}}'}"),
    ] {
        let module = args.split(':').next().unwrap_or_default();
        let told = format!("`{argument}` of `{module}` needs NETCONF, and the host is reached by `network_cli`");
        refused(&format!("{args}, {cli}"), 65, &told);
        let told = format!("is reached by `ansible.netcommon.network_cli`, and `{argument}` needs NETCONF here");
        refused(args, 2, &told);
    }
    refused(&format!("junos_config: {{src: mx.xml}}, {cli}"), 65, "`src` of `junos_config` needs NETCONF");
    refused("junos_config: {src: late.j2}", 2, "is sent over NETCONF alone");
    refused("ios_command: {rpcs: get-x}", 65, "`rpcs` are operations of Junos");
    refused("ios_config: {config: x, src_format: json}", 65, "reads no configuration as XML or JSON");
}
