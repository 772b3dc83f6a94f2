//! Resource modules on devices of the lab: what they send once they do not send again.

use crate::project::Project;

const LAB: &str = "devices:
  - name: ios1
    platform: cisco_ios
    running_config: |
      hostname ios1
      interface GigabitEthernet0/1
       description old
       ip address 192.0.2.1 255.255.255.0
       shutdown
      interface GigabitEthernet0/2
       description spare
  - name: eos1
    platform: arista_eos
    running_config: |
      hostname eos1
      interface Ethernet1
         description old
      vlan 10
         name users
";

const SITE: &str = "- hosts: ios1
  tasks:
    - &ports
      name: ports
      cisco.ios.ios_interfaces:
        config:
          - {name: gi0/1, description: to the core, enabled: true, mtu: 9000}
        state: replaced
    - &addresses
      name: addresses
      ios_l3_interfaces:
        config: [{name: Gi0/1, ipv4: [{address: 192.0.2.9/24}]}]
        state: replaced
    - {<<: *ports, name: ports again}
    - {<<: *addresses, name: addresses again}
    - {name: read, ios_interfaces: {state: gathered}}
    - {name: facts, assert: {that: ansible_net_system == 'ios'}}
- hosts: eos1
  gather_facts: false
  tasks:
    - &vlans
      name: vlans
      eos_vlans: {config: [{vlan_id: 10, name: people}, {vlan_id: 20, name: guests}]}
    - {<<: *vlans, name: vlans again}
";

#[test]
fn a_second_task_finds_nothing_to_send() {
    let ended = Project::new()
        .file("site.yml", SITE)
        .file("lab.yml", LAB)
        .netplay("run site.yml --lab lab.yml --output jsonl")
        .exits(0);
    for (host, task) in [("ios1", "ports"), ("ios1", "addresses"), ("eos1", "vlans")] {
        assert_eq!(ended.step(task, host)["status"], "changed", "{task}");
        let again = ended.step(&format!("{task} again"), host);
        assert_eq!(again["status"], "ok", "{task}: {}", again["result"]);
        assert_eq!(again["result"]["commands"], serde_json::json!([]), "{task}");
    }
    let sent = &ended.step("ports", "ios1")["result"]["commands"];
    assert_eq!(
        *sent,
        serde_json::json!(["interface GigabitEthernet0/1", "description to the core", "mtu 9000", "no shutdown"])
    );
    let read = ended.step("read", "ios1")["result"]["gathered"].to_string();
    assert!(read.contains("to the core") && read.contains("spare"), "{read}");
}

#[test]
fn what_is_wrong_inside_of_config_is_said_with_its_place() {
    let site = "- hosts: ios1\n  tasks:\n    - ios_interfaces:\n        config:\n          - {name: Gi0/1, descripton: x}\n          \
                - {name: Gi0/2, mtu: big}\n          - {description: y}\n";
    let project = Project::new().file("site.yml", site).file("lab.yml", LAB);
    let mut ended = project.netplay("run site.yml --lab lab.yml").exits(65);
    for part in [
        "site.yml:5:27",
        "has no option `descripton` here",
        "did you mean `description`?",
        "site.yml:6:32",
        "needs the option `name` here",
    ] {
        ended = ended.complains(part);
    }
}

#[test]
fn an_old_playbook_says_in_the_task_how_the_device_is_reached() {
    let project = Project::new().file("lab.yml", LAB).file(
        "site.yml",
        "- hosts: all\n  connection: local\n  gather_facts: false\n  vars:\n    cli: {host: \"{{ at }}\", port: \"{{ port }}\", \
         username: \"{{ name }}\", password: \"{{ word }}\", transport: cli}\n  tasks:\n    - {name: ask, ios_command: \
         {commands: [show version], provider: \"{{ cli }}\"}}\n",
    );
    let lab = project.netplay("lab lab.yml").start().until_it_shows("Ctrl-C stops the lab");
    let said = lab.stdout();
    let line = said.lines().find(|line| line.starts_with("ios1: ssh -p ")).expect("a line for each device").to_owned();
    // ios1: ssh -p PORT lab@127.0.0.1  (password PASSWORD)
    let words: Vec<&str> = line.split([' ', ')', ',', ':', '@']).filter(|word| !word.is_empty()).collect();
    let vars = format!(
        "{{\"port\": {}, \"name\": \"{}\", \"at\": \"{}\", \"word\": \"{}\", \"ansible_host_key_checking\": \"off\"}}",
        words[3], words[4], words[5], words[7]
    );
    let project = project.file("vars.json", vars);
    let ended = project.netplay("run site.yml -i r1, -e @vars.json --output jsonl").exits(0);
    assert_eq!(ended.step("ask", "r1")["status"], "ok");
    ended.never_says(words[7]);
    lab.signal("INT").ended().exits(0);
}

/// All resources of a platform are asked for at once; what a device of the lab does not show is left out.
#[test]
fn facts_gather_all_resources() {
    let lab = "devices:
  - name: ios1
    platform: cisco_ios
    running_config: |
      hostname ios1
      interface GigabitEthernet0/1
       description to the core
       ip address 192.0.2.1 255.255.255.0
      router bgp 65000
       neighbor 192.0.2.2 remote-as 65001
      ntp server 192.0.2.3
  - name: eos1
    platform: arista_eos
    running_config: |
      hostname eos1
      vlan 10
         name users
  - name: junos1
    platform: juniper_junos
    running_config: |
      set system host-name junos1
      set interfaces ge-0/0/0 description up
";
    let site = "- hosts: all
  gather_facts: false
  tasks:
    - {name: facts, cli_facts: {gather_network_resources: all}}
    - {name: ports, cli_facts: {gather_network_resources: [interfaces]}}
    - {name: names, debug: {msg: '{{ ansible_network_resources.keys() | sort }}'}}
";
    let ended = Project::new()
        .file("site.yml", site)
        .file("lab.yml", lab)
        .netplay("run site.yml --lab lab.yml --output jsonl")
        .exits(0);
    let of = |host: &str| ended.step("facts", host)["result"]["ansible_facts"]["ansible_network_resources"].clone();
    let ios = of("ios1");
    assert_eq!(ios["bgp_global"]["neighbors"][0]["remote_as"], "65001", "{ios}");
    assert_eq!(ios["l3_interfaces"][0]["ipv4"][0]["address"], "192.0.2.1/24", "{ios}");
    assert_eq!(ios["ntp_global"]["servers"][0]["server"], "192.0.2.3", "{ios}");
    assert_eq!(of("eos1")["vlans"][0]["name"], "users", "{}", of("eos1"));
    assert_eq!(of("junos1")["interfaces"][0]["description"], "up", "{}", of("junos1"));
    let one = &ended.step("ports", "ios1")["result"]["ansible_facts"]["ansible_network_resources"];
    assert_eq!(one.as_object().map(serde_json::Map::len), Some(1), "{one}");
}

/// Names without a collection, `aggregate`, `net_…`: as playbooks of many years have them.
#[test]
fn old_spellings_reach_the_same_device() {
    let site = "- hosts: ios1
  gather_facts: false
  connection: network_cli
  tasks:
    - &ports
      name: ports
      ios_interface:
        aggregate:
          - {name: GigabitEthernet0/1, description: up}
          - {name: GigabitEthernet0/2, description: down, enabled: false}
    - {<<: *ports, name: ports again}
    - &route
      name: route
      net_static_route: {prefix: 10.9.0.0, mask: 255.255.0.0, next_hop: 192.0.2.2}
    - {<<: *route, name: route again}
    - &user
      name: user
      ios_user: {aggregate: [{name: ann, privilege: 15}, {name: ben, privilege: 1}], state: present}
    - {<<: *user, name: user again}
    - {name: absent, net_user: {name: ben, state: absent}}
";
    let ended = Project::new()
        .file("site.yml", site)
        .file("lab.yml", LAB)
        .netplay("run site.yml --lab lab.yml --limit ios1 --output jsonl")
        .exits(0);
    for task in ["ports", "route", "user"] {
        assert_eq!(ended.step(task, "ios1")["status"], "changed", "{task}");
        let again = ended.step(&format!("{task} again"), "ios1");
        assert_eq!(again["status"], "ok", "{task}: {}", again["result"]);
    }
    assert_eq!(ended.step("absent", "ios1")["result"]["commands"], serde_json::json!(["no username ben"]));
}
