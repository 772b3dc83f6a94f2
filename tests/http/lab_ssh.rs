//! The lab's devices through libssh2, which blocks: every client is a thread.

use netplay::lab::{Lab, LabHost};
use ssh2::{CheckResult, KnownHostFileKind, Session};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const LAB: &str = "
devices:
- name: r1
  platform: cisco_ios
  groups: [routers]
  password: first
  enable: second
  vars: {site: north}
  running_config: |
    interface Loopback0
     description lo
  answers:
  - {command: show slow, output: slow, delay_seconds: 0.2}
  - {command: show cut, output: '12345678', fault: close}
- name: h1
  platform: linux
- {name: slow, platform: frr, delay_seconds: 3600}
- {name: shut, platform: linux, fault: close}
- {name: mute, platform: linux, fault: silence}
";

fn var(host: &LabHost, name: &str) -> String {
    host.vars.get(name).unwrap_or_else(|| panic!("{} has {name}", host.name)).to_text()
}

fn connect(host: &LabHost) -> Session {
    let port = var(host, "ansible_port").parse().expect("a port is a number");
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("the lab listens");
    let mut session = Session::new().expect("libssh2 has memory");
    session.set_tcp_stream(stream);
    session.set_timeout(20_000);
    session.handshake().expect("the lab speaks SSH");
    session
}

fn login(host: &LabHost) -> Session {
    let session = connect(host);
    session
        .userauth_password(&var(host, "ansible_user"), &var(host, "ansible_password"))
        .expect("the password is right");
    session
}

/// A shell on a device.
struct Shell {
    channel: ssh2::Channel,
    seen: String,
}

impl Shell {
    fn open(session: &Session) -> Shell {
        let mut channel = session.channel_session().expect("a session takes channels");
        channel.request_pty("vt100", None, Some((200, 24, 0, 0))).expect("a device has terminals");
        channel.shell().expect("a device has a shell");
        Shell { channel, seen: String::new() }
    }

    /// Sends a line and reads until what was shown ends with `until`.
    fn line(&mut self, line: &str, until: &str) -> String {
        self.channel.write_all(format!("{line}\n").as_bytes()).expect("the device reads");
        self.until(until)
    }

    fn until(&mut self, end: &str) -> String {
        let mut buffer = [0; 4096];
        while !self.seen.ends_with(end) {
            let count = self.channel.read(&mut buffer).expect("the device answers");
            assert!(count > 0, "the device has closed after {:?}", self.seen);
            self.seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        std::mem::take(&mut self.seen)
    }
}

/// Runs blocking work on a thread and waits for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("the work does not panic")
}

fn host(lab: &Lab, name: &str) -> LabHost {
    lab.hosts().into_iter().find(|host| host.name == name).expect("the lab has it")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_is_logged_in_to_and_configured() {
    let lab = crate::lab(LAB).await;
    let router = host(&lab, "r1");
    assert_eq!((router.groups.as_slice(), var(&router, "site")), (["routers".to_owned()].as_slice(), "north".into()));
    assert_eq!(var(&router, "ansible_network_os"), "cisco.ios.ios");
    assert_eq!(var(&router, "ansible_become_password"), "second");
    blocking(move || {
        let session = login(&router);
        let mut shell = Shell::open(&session);
        shell.until("r1>");
        shell.line("enable", "Password: ");
        shell.line("second", "r1#");
        shell.line("terminal length 0", "r1#");
        let started = Instant::now();
        assert!(shell.line("show slow", "r1#").contains("slow\r\nslow\r\n"));
        assert!(started.elapsed() >= Duration::from_millis(200), "the delay is a lower bound");
        for line in ["configure terminal", "interface Loopback0", "description changed", "end"] {
            shell.line(line, "#");
        }
        // Another session sees it.
        let mut other = Shell::open(&session);
        other.until("r1>");
        other.line("enable", "Password: ");
        other.line("second", "r1#");
        assert!(other.line("show running-config", "r1#").contains("interface Loopback0\r\n description changed\r\n"));
        other.channel.write_all(b"exit\n").expect("the device reads");
        let mut rest = String::new();
        other.channel.read_to_string(&mut rest).expect("the channel ends");
        assert_eq!(other.channel.exit_status().expect("there is a status"), 0);
    })
    .await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn host_keys_are_those_handed_out_and_wrong_passwords_are_refused() {
    let lab = crate::lab(LAB).await;
    let (known, router) = (lab.known_hosts().to_owned(), host(&lab, "r1"));
    blocking(move || {
        let session = connect(&router);
        let mut hosts = session.known_hosts().expect("libssh2 has memory");
        for line in known.lines() {
            hosts.read_str(line, KnownHostFileKind::OpenSSH).expect("a line as OpenSSH writes it");
        }
        let (key, _) = session.host_key().expect("a server has a key");
        let port = var(&router, "ansible_port").parse().expect("a port is a number");
        assert!(matches!(hosts.check_port("127.0.0.1", port, key), CheckResult::Match));
        assert!(session.userauth_password("lab", "wrong").is_err());
        assert!(session.userauth_password("other", "first").is_err());
        assert!(session.userauth_password("lab", "first").is_ok());
    })
    .await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keyboard_interactive_asks_for_the_password() {
    struct Types(&'static str);
    impl ssh2::KeyboardInteractivePrompt for Types {
        fn prompt<'a>(&mut self, _: &str, _: &str, prompts: &[ssh2::Prompt<'a>]) -> Vec<String> {
            prompts.iter().map(|_| self.0.to_owned()).collect()
        }
    }
    let lab = crate::lab(LAB).await;
    let router = host(&lab, "r1");
    blocking(move || {
        let session = connect(&router);
        assert!(session.userauth_keyboard_interactive("lab", &mut Types("wrong")).is_err());
        session.userauth_keyboard_interactive("lab", &mut Types("first")).expect("the password is right");
    })
    .await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_runs_commands_with_their_status() {
    let lab = crate::lab(LAB).await;
    let linux = host(&lab, "h1");
    assert!(linux.vars.get("ansible_network_os").is_none());
    blocking(move || {
        let session = login(&linux);
        for (command, stdin, stdout, stderr, status) in [
            ("hostname", "", "h1\n", "", 0),
            ("cat > /tmp/x; cat /tmp/x; exit 3", "text", "text", "", 3),
            ("nonsense", "", "", "sh: 1: nonsense: not found\n", 127),
        ] {
            let mut channel = session.channel_session().expect("a session takes channels");
            channel.exec(command).expect("a host runs commands");
            channel.write_all(stdin.as_bytes()).expect("the command reads");
            channel.send_eof().expect("the channel is open");
            let (mut out, mut err) = (String::new(), String::new());
            channel.read_to_string(&mut out).expect("the command ends");
            channel.stderr().read_to_string(&mut err).expect("the command ends");
            channel.wait_close().expect("the channel ends");
            let found = (out.as_str(), err.as_str(), channel.exit_status().expect("there is a status"));
            assert_eq!(found, (stdout, stderr, status), "{command}");
        }
    })
    .await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_hangs_up_does_so_in_the_middle() {
    let lab = crate::lab(LAB).await;
    let router = host(&lab, "r1");
    blocking(move || {
        let session = login(&router);
        let mut shell = Shell::open(&session);
        shell.until("r1>");
        shell.channel.write_all(b"show cut\n").expect("the device reads");
        let mut all = Vec::new();
        let mut buffer = [0; 256];
        while let Ok(count @ 1..) = shell.channel.read(&mut buffer) {
            all.extend_from_slice(&buffer[..count]);
        }
        let all = String::from_utf8_lossy(&all).into_owned();
        // What arrives together with the goodbye, libssh2 drops: how much of the first half is seen is chance.
        assert!(!all.contains("5678") && !all.ends_with("r1>"), "{all:?}");
        assert!(shell.channel.write_all(b"more\n").and_then(|()| shell.channel.flush()).is_err(), "nobody listens");
    })
    .await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_can_refuse_to_speak() {
    let lab = crate::lab(LAB).await;
    let (shut, mute) = (host(&lab, "shut"), host(&lab, "mute"));
    blocking(move || {
        let first_byte = |host: &LabHost, patience: Duration| {
            let port = var(host, "ansible_port").parse().expect("a port is a number");
            let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the lab listens");
            stream.set_read_timeout(Some(patience)).expect("a socket has timeouts");
            stream.read(&mut [0])
        };
        assert_eq!(first_byte(&shut, Duration::from_secs(20)).expect("it is closed"), 0);
        assert!(first_byte(&mute, Duration::from_millis(50)).is_err(), "nothing comes");
    })
    .await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_that_stops_ends_what_is_open() {
    let lab = crate::lab(LAB).await;
    let (slow, mute) = (host(&lab, "slow"), host(&lab, "mute"));
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let client = tokio::task::spawn_blocking(move || {
        let silent = TcpStream::connect(("127.0.0.1", var(&mute, "ansible_port").parse().expect("a port")));
        let session = login(&slow);
        let mut shell = Shell::open(&session);
        shell.until("slow# ");
        // An answer that takes an hour is under way.
        shell.channel.write_all(b"show version\n").expect("the device reads");
        shell.until("show version\r\n");
        ready.send(()).expect("the test waits");
        let mut rest = Vec::new();
        // However it ends, it ends.
        let _ = shell.channel.read_to_end(&mut rest);
        let _ = silent.expect("the lab listens").read(&mut [0]);
        rest
    });
    is_ready.await.expect("the client gets so far");
    lab.stop().await;
    assert!(client.await.expect("the client does not panic").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_devices_fit_in_one_process() {
    let devices: String = (0..500).map(|n| format!("- {{name: d{n}, platform: frr}}\n")).collect();
    let lab = crate::lab(&format!("devices:\n{devices}")).await;
    let hosts = lab.hosts();
    assert_eq!((hosts.len(), lab.known_hosts().lines().count()), (500, 500));
    let last = hosts.into_iter().next_back().expect("there are 500");
    blocking(move || {
        let session = login(&last);
        let mut shell = Shell::open(&session);
        assert!(shell.until("d499# ").contains("FRRouting"));
    })
    .await;
    lab.stop().await;
}
