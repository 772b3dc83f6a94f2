//! Playbooks written for NAPALM, on devices of the lab.

use crate::project::Project;
use serde_json::json;

const LAB: &str = "devices:
  - name: r1
    platform: cisco_ios
    answers:
      - command: ping 192.0.2.1 repeat 2
        output: \"Sending 2, 100-byte ICMP Echos to 192.0.2.1, timeout is 2 seconds:\\n!!\\nSuccess rate is 100 percent (2/2), \\
          round-trip min/avg/max = 1/2/4 ms\"
";

const TASKS: &str = "- name: commands
  napalm_cli: {args: {commands: [show running-config, show version]}, provider: '{{ omit }}'}
- name: ping
  napalm.napalm.napalm_ping: {destination: 192.0.2.1, count: '2'}
- name: as wanted
  napalm_validate: {validation_file: wanted.yml}
- name: otherwise
  napalm_validate: {validation_file: other.yml}
  ignore_errors: true
- name: unknown
  napalm_validate: {validation_file: unknown.yml}
  ignore_errors: true
";

const WANTED: &str = "- get_facts: {hostname: '^r1$', vendor: Cisco, interface_list: {list: []}}
- ping:
    _name: far
    _kwargs: {destination: 192.0.2.1, count: 2}
    success: {packet_loss: '<1', probes_sent: 2}
";

#[test]
fn playbooks_for_napalm_run_on_devices() {
    let project = Project::of_tasks(TASKS)
        .file("lab.yml", LAB)
        .file("wanted.yml", WANTED)
        .file("other.yml", "- get_facts: {hostname: r2, no_such: 1, _mode: strict}\n")
        .file("unknown.yml", "- get_bgp_neighbors: {}\n");
    let ended = project.run_events().with("--lab lab.yml").exits(0);
    let commands = ended.step("commands", "r1");
    let results = &commands["result"]["cli_results"];
    assert!(results["show version"].as_str().is_some_and(|text| text.contains("Cisco IOS")), "{commands}");
    assert_eq!((commands["status"].as_str(), results.as_object().map(|map| map.len())), (Some("ok"), Some(2)));
    assert_eq!(ended.step("ping", "r1")["result"]["ping_results"]["success"]["packet_loss"], json!(0));
    let wanted = ended.step("as wanted", "r1");
    assert_eq!(wanted["status"], "ok", "{wanted}");
    let report = &wanted["result"]["compliance_report"];
    assert_eq!((&report["complies"], &report["far"]["complies"]), (&json!(true), &json!(true)));
    let other = ended.step("otherwise", "r1");
    assert_eq!(other["failure"]["message"], "Device does not comply with policy");
    let facts = &other["result"]["compliance_report"]["get_facts"];
    assert_eq!(facts["missing"], json!(["no_such"]), "{facts}");
    assert_eq!(facts["present"]["hostname"]["actual_value"], "r1", "{facts}");
    assert!(facts["extra"].as_array().is_some_and(|extra| extra.contains(&json!("vendor"))), "{facts}");
    let unknown = ended.step("unknown", "r1")["failure"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(unknown.contains("there is no getter `get_bgp_neighbors` here"), "{unknown}");
}

#[test]
fn what_only_a_driver_knows_is_refused_before_the_run() {
    let refused = |task: &str, says: &str| {
        let project = Project::of_tasks(&format!("- {task}\n")).file("lab.yml", LAB);
        project.run().with("--lab lab.yml").exits(65).complains(says).complains("nothing was sent");
    };
    refused("napalm_cli: {args: {commands: [x], encoding: json}}", "`args` has what a driver of NAPALM alone knows");
    refused("napalm_cli: {args: {}}", "`args` has no `commands`");
    refused("napalm_validate: {validation_file: x, models: [a]}", "data of YANG models comes by `netconf_get`");
    refused("napalm_parse_yang: {mode: state}", "napalm_parse_yang");
}
