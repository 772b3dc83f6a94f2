//! Lines typed otherwise than a device shows them: a second run sends none, and what cannot be known is said.

use crate::project::Project;
use crate::router::Router;

const NETWORK: &str = "ansible_connection=ansible.netcommon.network_cli ansible_network_os=frr.frr.frr";

/// What vtysh takes and shows in full.
const TYPED: &str = "\
int lo
  desc to   the core
  no shut
  ip os ar 0
  ip ospf co 7
ip route 10.77.0.9/16 black
ip route 10.78.0.0 255.255.0.0 bl
ipv6 route 2001:DB8:0::/48 blackhole
ip pref P permit 10.0.0.0/8
ip prefix-list P permit 10.0.0.0/8 le 24
access-l A permit 10.0.0.0/8
route-m M permit 10
  mat ip addr prefix-li P
  set metric 5
router bgp 65000
  bgp router 192.0.2.1
  nei 10.0.0.2 remote 65001
  neigh 10.0.0.2 desc a b
";

#[test]
fn a_real_router_is_sent_abbreviated_lines_once() {
    let Some(router) = Router::start_daemons("", &["zebra", "staticd", "ospfd", "bgpd"]) else { return };
    let project = Project::of_tasks("- name: configure\n  cli_config: {src: typed.cfg}\n");
    let project = project.file("typed.cfg", TYPED).ssh_host("r1", &router.sshd, NETWORK);
    let first = project.run_events().exits(0);
    let configured = first.step("configure", "r1");
    assert_eq!(configured["status"], "changed", "{configured}");
    assert_eq!(configured["result"]["not_shown"], serde_json::json!([]), "{configured}");
    assert!(first.events_of("warning").is_empty(), "{:?}", first.events_of("warning"));
    let second = project.run_events().exits(0);
    let again = second.step("configure", "r1");
    assert_eq!(again["status"], "ok", "{again}");
    assert_eq!(again["result"]["commands"], serde_json::json!([]), "{again}");
}

#[test]
fn lines_that_a_real_router_hides_are_said_once() {
    let Some(router) = Router::start() else { return };
    let project = Project::of_tasks(
        "- name: configure\n  cli_config: {config: \"ip route 10.77.0.0/16 blackhole\\nno ip nht resolve-via-default\"}\n\
         - name: silently\n  cli_config: {config: \"no ip nht resolve-via-default\", verify_lines: false}\n",
    );
    let project = project.ssh_host("r1", &router.sshd, NETWORK).ssh_host("r2", &router.sshd, NETWORK);
    let ended = project.run_events().with("--forks").with("1").done();
    let warnings = ended.events_of("warning");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let message = warnings[0]["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("`no ip nht resolve-via-default` is sent in every run: "), "{message}");
    assert!(warnings[0]["place"].as_str().is_some_and(|place| place.contains(".yml:")), "{warnings:?}");
    let configured = ended.step("configure", "r2");
    assert_eq!(configured["result"]["not_shown"], serde_json::json!(["no ip nht resolve-via-default"]), "{configured}");
    assert_eq!(ended.step("silently", "r1")["result"].get("not_shown"), None);
}
