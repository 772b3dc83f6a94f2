//! A real device over Telnet: the terminal that a daemon of FRR offers on a port, with a password of its own.

use crate::project::Project;
use crate::sshd::{is_root, left_out, wait_until};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const DAEMON: &str = "/usr/lib/frr/staticd";
const PASSWORD: &str = "over-telnet";
const ENABLE: &str = "enable-over-telnet";

/// A running daemon. It alone does not reach the kernel.
struct Device {
    child: Child,
    port: u16,
    _dir: tempfile::TempDir,
}

impl Device {
    /// Starts one; `None`, said loudly, where it cannot run.
    fn start() -> Option<Device> {
        if !Path::new(DAEMON).exists() || !is_root() {
            left_out("a device over Telnet", "FRR is missing, or this is not root");
            return None;
        }
        let dir = tempfile::Builder::new().prefix("telnet-").tempdir().expect("a temporary folder can be made");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).expect("it is ours");
        let config = dir.path().join("staticd.conf");
        fs::write(&config, format!("hostname old1\npassword {PASSWORD}\nenable password {ENABLE}\n"))
            .expect("it is ours");
        fs::set_permissions(&config, fs::Permissions::from_mode(0o666)).expect("it is ours");
        let port =
            TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).expect("ports are free").port();
        let at = |name: &str| dir.path().join(name);
        let mut child = Command::new(DAEMON)
            .args(["-u", "frr", "-g", "frr", "-A", "127.0.0.1", "-P", &port.to_string(), "--vty_socket"])
            .arg(dir.path())
            .args(["-i".as_ref(), at("pid").as_os_str(), "-f".as_ref(), config.as_os_str()])
            .args(["-z".as_ref(), at("zserv.api").as_os_str()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the daemon can be run");
        wait_until("the daemon listens", || {
            assert!(child.try_wait().expect("it is our child").is_none(), "the daemon does not start");
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Some(Device { child, port, _dir: dir })
    }

    fn project(&self, tasks: &str, vars: &str) -> Project {
        let login = format!("ansible_host=127.0.0.1 ansible_port={} ansible_network_os=frr", self.port);
        Project::of_tasks(tasks).host(&format!("old1 {login} {vars}"))
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const TASKS: &str = "- name: ask\n  cli_command: {commands: [show version, show running-config]}\n  register: out\n\
    - name: configure\n  cli_config: {config: \"ip route 10.9.0.0/16 blackhole\"}\n\
    - name: look\n  cli_command: {command: show running-config}\n";

#[test]
fn a_device_is_read_and_configured_over_telnet() {
    let Some(device) = Device::start() else { return };
    for vars in ["ansible_connection=telnet", "ansible_connection=network_cli netplay_transport=telnet typing_rate=400"]
    {
        let enable = "ansible_become=true ansible_become_method=enable";
        let vars =
            format!("{vars} ansible_password={PASSWORD} {enable} ansible_become_password={ENABLE} session_log=logs");
        let project = device.project(TASKS, &vars);
        let ended = project.run_events().exits(0);
        let asked = ended.step("ask", "old1");
        let version = asked["result"]["stdout"][0].as_str().expect("it is text");
        assert!(version.starts_with("FRRouting"), "{asked}");
        assert!(
            ended.step("look", "old1")["result"]["stdout"].as_str().is_some_and(|text| text.contains("10.9.0.0/16"))
        );
        // All that was said is in the log but the two passwords.
        let log = ended.file("logs/old1.log");
        assert!(log.contains("> show version\\n") && log.contains("FRRouting"), "{log}");
        assert!(log.contains("> ********\\n"), "{log}");
        assert!(!log.contains(PASSWORD) && !log.contains(ENABLE), "{log}");
        let mode = fs::metadata(project.at("logs/old1.log")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_wrong_password_is_tried_once() {
    let Some(device) = Device::start() else { return };
    let project = device.project(TASKS, "ansible_connection=telnet ansible_password=not-this-one");
    let ended = project.run_events().exits(4);
    let message = ended.step("ask", "old1")["failure"]["message"].as_str().expect("it failed").to_owned();
    assert!(message.starts_with("the device refuses the login: waited for the first prompt"), "{message}");
    let project = device.project(TASKS, "ansible_connection=telnet");
    let ended = project.run_events().exits(4);
    let message = ended.step("ask", "old1")["failure"]["message"].as_str().expect("it failed").to_owned();
    assert_eq!(message, "the device asks for the password and none is given");
}

#[test]
fn nobody_at_the_port_is_a_host_that_cannot_be_reached() {
    let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).expect("ports are free").port();
    let project = Project::of_tasks(TASKS).host(&format!(
        "old1 ansible_host=127.0.0.1 ansible_port={port} ansible_network_os=frr ansible_connection=telnet"
    ));
    let ended = project.run_events().exits(4);
    let message = ended.step("ask", "old1")["failure"]["message"].as_str().expect("it failed").to_owned();
    assert_eq!(message, format!("cannot connect to 127.0.0.1:{port} by Telnet: connection refused"));
}

#[test]
fn a_device_with_room_for_one_session_is_asked_in_two_ways() {
    let Some(device) = Device::start() else { return };
    let vars = format!(
        "ansible_connection=telnet ansible_password={PASSWORD} ansible_become_method=enable \
         ansible_become_password={ENABLE} netplay_single_session=true session_log=logs"
    );
    let project = device.project(
        "- name: plain\n  cli_command: {command: show version}\n\
         - name: with rights\n  cli_command: {command: show running-config}\n  become: true\n",
        &vars,
    );
    let ended = project.run_events().with("--session-log other").exits(0);
    // Two sessions, the first over before the second begins: the variable counts before the option.
    let times = |name: &str| {
        let log = ended.file(&format!("logs/{name}"));
        (time_of(log.lines().next()), time_of(log.lines().last()))
    };
    let mut both = [times("old1.log"), times("old1.2.log")];
    both.sort();
    assert!(both[0].1 <= both[1].0, "{both:?}");
    assert!(!project.at("other").exists());
}

/// Without the letter at its end, moments of any precision stand in the order of their texts.
fn time_of(line: Option<&str>) -> String {
    line.and_then(|line| line.split_whitespace().next()).expect("a line of the log").trim_end_matches('Z').to_owned()
}
