//! A real NETCONF server: yuma123's `netconfd`, as the subsystem of a real sshd, over the models of the IETF.

use crate::project::Project;
use crate::sshd::{Sshd, left_out, wait_until};
use serde_json::json;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running server.
struct Netconfd {
    sshd: Sshd,
    daemon: Child,
    _dir: tempfile::TempDir,
}

impl Netconfd {
    /// Starts one; `None`, said loudly, where it is not installed.
    fn start() -> Option<Netconfd> {
        if !Path::new("/usr/sbin/netconfd").exists() {
            left_out("a real NETCONF server", "netconfd is missing; `./tests/run` installs it");
            return None;
        }
        let dir = tempfile::Builder::new().prefix("netconfd-").tempdir().expect("a temporary folder can be made");
        let socket = dir.path().join("socket");
        // The subsystem finds the daemon's socket by the port, which is known only when the server runs.
        let program = dir.path().join("subsystem");
        let before = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/netconfd/subsystem.py");
        let log_at = dir.path().join("log");
        let text = format!("#!/bin/sh\nexec python3 {before} {} {}\n", socket.display(), log_at.display());
        fs::write(&program, text).expect("the folder is ours");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let sshd = Sshd::with(&[&format!("Subsystem netconf {}", program.display())]);
        let log = File::create(&log_at).expect("the folder is ours");
        let log = || log.try_clone().expect("a handle");
        fs::create_dir(dir.path().join(".yuma")).expect("the folder is ours");
        // Unbuffered, so that the subsystem sees there when a session is taken in.
        let daemon = Command::new("stdbuf")
            .args([
                "-o0",
                "/usr/sbin/netconfd",
                "--no-startup",
                "--target=candidate",
                "--module=ietf-system",
                "--access-control=off",
            ])
            .arg(format!("--ncxserver-sockname={}", socket.display()))
            .arg(format!("--port={}", sshd.port))
            .env("HOME", dir.path())
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log())
            .spawn()
            .expect("netconfd can be run");
        let server = Netconfd { sshd, daemon, _dir: dir };
        wait_until("netconfd opens its socket", || socket.exists());
        Some(server)
    }
}

impl Drop for Netconfd {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

#[test]
fn a_real_server_is_read_edited_and_takes_back_what_is_not_confirmed() {
    let Some(server) = Netconfd::start() else { return };
    let system = "system xmlns=\"urn:ietf:params:xml:ns:yang:ietf-system\"";
    let tasks = format!(
        r#"- name: first
  ansible.netcommon.netconf_config: &wanted
    content: <config><{system}><contact>ops</contact><dns-resolver><search>lab</search></dns-resolver></system></config>
- name: second
  ansible.netcommon.netconf_config: *wanted
- name: read
  ansible.netcommon.netconf_get: {{source: running, filter: '<{system}/>', display: xml}}
- name: by path
  ansible.netcommon.netconf_get: {{filter: /system/contact, display: xml}}
- name: refused
  ansible.netcommon.netconf_config:
    content: <config><{system}><contact>lost</contact><nothing>1</nothing></system></config>
  ignore_errors: true
- name: any
  ansible.netcommon.netconf_rpc: {{rpc: get-schema, xmlns: "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring", content: <identifier>ietf-system</identifier>}}
- name: held
  ansible.netcommon.netconf_config:
    content: <config><{system}><location>here</location></system></config>
    confirm: 1
- name: meanwhile
  ansible.netcommon.netconf_get: &location {{source: running, filter: '<{system}><location/></system>', display: xml}}
- name: taken back
  ansible.netcommon.netconf_get: *location
  register: location
  until: "'here' not in location.output"
  # The server looks at its timers when nobody asks for anything.
  retries: 10
  delay: 2
- name: deleted
  ansible.netcommon.netconf_config:
    content: {{config: {{system: {{"@xmlns": "urn:ietf:params:xml:ns:yang:ietf-system", contact: {{"@xmlns:nc": "urn:ietf:params:xml:ns:netconf:base:1.0", "@nc:operation": delete}}}}}}}}
- name: left
  ansible.netcommon.netconf_get: {{source: running, filter: '<{system}/>', display: xml}}
- name: validated
  ansible.netcommon.netconf_config:
    content: <config><{system}><location>validated</location></system></config>
    validate: true
  ignore_errors: true
"#
    );
    let project = Project::of_tasks(&tasks).ssh_host("y1", &server.sshd, "ansible_connection=netconf");
    let ended = project.run_events().exits(0);
    let step = |name: &str| ended.step(name, "y1");
    let output =
        |name: &str| step(name)["result"]["output"].as_str().unwrap_or_default().split_whitespace().collect::<String>();
    assert_eq!((&step("first")["status"], &step("second")["status"]), (&json!("changed"), &json!("ok")));
    let contact = "<contact>ops</contact>";
    assert!(output("read").contains(contact) && output("read").contains("<search>lab</search>"), "{}", step("read"));
    assert!(output("by path").contains(contact), "{}", step("by path"));
    let refused = step("refused")["failure"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(
        refused.starts_with("the device refuses `edit-config`: ") && refused.ends_with("; nothing was committed"),
        "{refused}"
    );
    // It says yes to the commit and changes nothing: that is not taken for a change.
    let said = "the server said yes to `commit`, and its running configuration is what it was before";
    assert_eq!(step("validated")["failure"]["message"], json!(said));
    assert!(step("any")["result"]["stdout"].to_string().contains("module ietf-system"), "{}", step("any"));
    assert!(output("meanwhile").contains("<location>here</location>"), "{}", step("meanwhile"));
    assert_eq!(step("taken back")["status"], json!("ok"), "{}", step("taken back"));
    assert_eq!(step("deleted")["status"], json!("changed"));
    assert!(!output("left").contains("contact") && output("left").contains("<search>lab</search>"), "{}", step("left"));
}
