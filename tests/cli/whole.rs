//! `replace: config` between two configurations: a real router comes from the one to the other and back, and a second run sends
//! nothing; Junos has its terms in the order wanted.

use crate::project::Project;
use crate::router::Router;
use serde_json::json;

const NETWORK: &str = "ansible_connection=ansible.netcommon.network_cli ansible_network_os=frr.frr.frr";

const ONE: &str = "ip prefix-list OURS seq 5 permit 198.51.100.0/24
ip prefix-list OURS seq 10 permit 203.0.113.0/24 le 28
!
access-list 10 seq 5 permit 10.0.0.0/8
bgp as-path access-list PEERS seq 5 permit ^64496_
!
ip route 10.77.0.0/16 blackhole
ip route 10.78.0.0/16 blackhole 200
!
interface lo
 description \"one, and  more\"
 ip ospf cost 10
 ip ospf passive
exit
!
router bgp 65000
 bgp router-id 192.0.2.1
 no bgp default ipv4-unicast
 neighbor CORE peer-group
 neighbor CORE remote-as 65000
 neighbor 192.0.2.2 peer-group CORE
 neighbor 203.0.113.1 remote-as 64496
 neighbor 203.0.113.1 description transit A
 !
 address-family ipv4 unicast
  network 198.51.100.0/24
  neighbor CORE activate
  neighbor CORE next-hop-self
  neighbor 203.0.113.1 activate
  neighbor 203.0.113.1 prefix-list OURS out
  neighbor 203.0.113.1 route-map IN in
 exit-address-family
 !
 address-family ipv6 unicast
  neighbor 203.0.113.1 activate
 exit-address-family
exit
!
router ospf
 ospf router-id 192.0.2.1
 network 10.0.0.0/8 area 0
exit
!
route-map IN permit 10
 match as-path PEERS
 set local-preference 200
exit
!
route-map IN deny 20
exit
";

const TWO: &str = "ip prefix-list OURS seq 5 permit 198.51.100.0/24
ip prefix-list OURS seq 7 deny 198.51.100.0/25
!
bgp as-path access-list PEERS seq 5 permit ^64497_
bgp as-path access-list PEERS seq 10 permit ^64498_
!
ip route 10.77.0.0/16 blackhole
!
interface lo
 description two
exit
!
router bgp 65000
 bgp router-id 192.0.2.9
 no bgp default ipv4-unicast
 neighbor CORE peer-group
 neighbor CORE remote-as 65000
 neighbor 192.0.2.3 peer-group CORE
 neighbor 203.0.113.5 remote-as 64497
 !
 address-family ipv4 unicast
  neighbor CORE activate
  neighbor 203.0.113.5 activate
  neighbor 203.0.113.5 route-map IN in
 exit-address-family
exit
!
route-map IN permit 10
 match as-path PEERS
 set local-preference 150
 set community 65000:150 additive
exit
!
route-map IN permit 15
exit
";

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON")
}

fn whole(name: &str, config: &str, more: &str) -> String {
    format!("- {{name: {name}, cli_config: {{replace: config, config: {}{more}}}}}\n", quoted(config))
}

#[test]
fn a_real_router_comes_from_one_configuration_to_another_and_back() {
    let Some(router) = Router::start_daemons("", &["zebra", "staticd", "ospfd", "bgpd"]) else { return };
    let ignored =
        ", diff_ignore_lines: ['^hostname', '^no ip(?:v6)? forwarding', '^log', '^service', '^(?:no )?ip forwarding']";
    let names =
        [("one", ONE), ("one again", ONE), ("two", TWO), ("two again", TWO), ("back", ONE), ("back again", ONE)];
    let mut tasks: String = names.iter().map(|(name, config)| whole(name, config, ignored)).collect();
    tasks.push_str("- {name: look, cli_command: {command: show running-config}}\n");
    let ended = Project::of_tasks(&tasks).ssh_host("r1", &router.sshd, NETWORK).run_events().exits(0);
    for (name, _) in names {
        let step = ended.step(name, "r1");
        let status = if name.ends_with("again") { "ok" } else { "changed" };
        assert_eq!(
            (&step["status"], &step["result"]["not_shown"]),
            (&json!(status), &step["result"]["not_shown"]),
            "{name}: {step}"
        );
        if status == "ok" {
            assert_eq!(step["result"]["commands"], json!([]), "{name}");
        } else {
            assert_eq!(step["result"]["not_shown"], json!([]), "{name}: {step}");
        }
    }
    let looked = ended.step("look", "r1");
    let shown = looked["result"]["stdout"].as_str().expect("text");
    let has = |line: &str| shown.lines().any(|shown| shown.trim() == line);
    assert!(has("neighbor 203.0.113.1 prefix-list OURS out") && has("set local-preference 200"), "{shown}");
    assert!(["203.0.113.5", "64497", "seq 7", "community"].iter().all(|gone| !shown.contains(gone)), "{shown}");
}

/// Terms of a policy, in this order.
fn terms(names: &str) -> String {
    let term = |name: char| format!("   term {name} {{\n    then accept;\n   }}\n");
    let terms: String = names.chars().map(term).collect();
    let password = "root-authentication {\n  encrypted-password \"$6$a$b\";\n }";
    format!("system {{\n host-name mx1;\n {password}\n}}\npolicy-options {{\n policy-statement P {{\n{terms} }}\n}}\n")
}

#[test]
fn terms_of_junos_stand_in_the_order_wanted() {
    let orders = ["AD", "ABCD", "DBA", "XDAB"];
    let task = |(number, names): (usize, &&str)| {
        whole(&format!("'{number}'"), &terms(names), "") + &whole(&format!("'{number} again'"), &terms(names), "")
    };
    let mut tasks: String = orders.iter().enumerate().map(task).collect();
    tasks.push_str("- {name: look, cli_command: {command: show configuration | display set}}\n");
    let lab = "devices: [{name: mx1, platform: juniper_junos}]\n";
    for netconf in [false, true] {
        let vars = if netconf { "\n    ansible_connection: ansible.netcommon.netconf" } else { " {}" };
        let play = format!(
            "- hosts: mx1\n  gather_facts: false\n  vars:{vars}\n  tasks:\n{}",
            tasks.replace("- {", "    - {")
        );
        let ended = Project::new().playbook(&play).file("lab.yml", lab).run_events().with("--lab lab.yml").exits(0);
        for (number, names) in orders.iter().enumerate() {
            let step = ended.step(&number.to_string(), "mx1");
            assert_eq!(step["status"], "changed", "{names}: {step}");
            let again = ended.step(&format!("{number} again"), "mx1");
            assert_eq!(
                (&again["status"], &again["result"]["commands"]),
                (&json!("ok"), &json!([])),
                "{names}: {again}"
            );
        }
        let looked = ended.step("look", "mx1");
        let shown = looked["result"]["stdout"].as_str().expect("text");
        let shown: String = shown.lines().filter_map(|line| line.split(" term ").nth(1)?.chars().next()).collect();
        assert_eq!(shown, "XDAB", "{looked}");
    }
}

#[test]
fn a_whole_configuration_is_refused_where_nothing_is_known_to_undo_a_line() {
    let task = "- cli_config: {replace: config, config: /ip dns set servers=192.0.2.53}\n";
    let lab = "devices: [{name: mt1, platform: mikrotik_routeros}]\n";
    Project::of_tasks(task)
        .file("lab.yml", lab)
        .run()
        .with("--lab lab.yml")
        .exits(65)
        .complains("how `mikrotik_routeros` does that is not known");
}
