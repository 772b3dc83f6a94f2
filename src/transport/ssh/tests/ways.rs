//! Ways to and from a host: jump hosts, ports tried from there, shells on terminals.

use super::*;
use crate::failure::FailureKind;
use crate::module::TcpTry;
use crate::transport::ssh::{Pty, open_shell};
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};

/// Returns a target behind two jump hosts, with a configuration that has their keys.
fn behind_two(first: &Sshd, second: &Sshd, last: &Sshd) -> Target {
    let config = last.dir().join("config");
    let known = last.dir().join("all_known");
    let mut lines = String::new();
    let mut known_lines = String::new();
    for (name, sshd) in [("first", first), ("second", second)] {
        lines.push_str(&format!(
            "Host {name}\nHostName {}\nPort {}\nUser {}\nIdentityFile {}\n",
            sshd.address,
            sshd.port,
            sshd::user(),
            sshd.key().display()
        ));
    }
    for sshd in [first, second, last] {
        known_lines.push_str(&sshd.known_hosts_line("ed25519"));
    }
    fs::write(&config, lines).unwrap();
    fs::write(&known, known_lines).unwrap();
    let mut target = target(last);
    target.ssh.config_file = Some(config);
    target.ssh.known_hosts = vec![known];
    target.ssh.jump = Some(vec!["first".into(), "second".into()]);
    target
}

fn three() -> (Sshd, Sshd, Sshd) {
    (Sshd::start(), Sshd::on(Ipv4Addr::new(127, 0, 0, 2), &["ed25519"], &[]), Sshd::start())
}

#[test]
fn two_jump_hosts_are_passed_through_and_shared() {
    let (first, second, last) = three();
    let target = behind_two(&first, &second, &last);
    run(async {
        let shared = shared();
        let limits = limits();
        let (a, b) = tokio::join!(connect(&target, &shared, &limits), connect(&target, &shared, &limits));
        for connection in [a.unwrap(), b.unwrap()] {
            let output = exec(&*connection, "head -c 1000000 /dev/zero; exit 3").await.unwrap();
            assert_eq!((output.stdout.len(), output.status), (1_000_000, 3));
            connection.close().await;
        }
    });
    for jump in [&first, &second] {
        assert_eq!(jump.log().matches("Accepted publickey").count(), 1, "one login serves both");
    }
    assert_eq!(last.log().matches("Accepted publickey").count(), 2);
}

#[test]
fn a_failure_on_the_way_says_at_which_host() {
    let (first, second, last) = three();
    let target = behind_two(&first, &second, &last);
    let refused = |target: &Target| run(open(target)).map(|_| ()).unwrap_err();
    let known = target.ssh.known_hosts[0].clone();
    fs::write(&known, first.known_hosts_line("ed25519") + &last.known_hosts_line("ed25519")).unwrap();
    let failure = refused(&target);
    assert_eq!(failure.kind, FailureKind::HostKey);
    assert!(failure.message.expose().starts_with("jump host 2 of 2 on the way to `127.0.0.1`: the host key of"));
    fs::write(&known, first.known_hosts_line("ed25519") + &second.known_hosts_line("ed25519")).unwrap();
    let mut nowhere = target.clone();
    nowhere.ssh.port = Some(TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
    let failure = refused(&nowhere);
    assert_eq!(failure.kind, FailureKind::Unreachable);
    let said = failure.message.expose();
    assert!(said.contains("@second:") && said.contains("connect failed"), "{said}");
    assert_eq!(refused(&target).kind, FailureKind::HostKey, "the last host's key is checked as well");
}

#[test]
fn those_who_wait_for_a_jump_host_share_its_failure() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let last = Sshd::start();
    let mut target = target(&last);
    target.ssh.jump = Some(vec![format!("127.0.0.1:{}", silent.local_addr().unwrap().port())]);
    target.ssh.connect_timeout = Duration::from_millis(500);
    silent.set_nonblocking(true).unwrap();
    run(async {
        let shared = shared();
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (target, shared) = (target.clone(), shared.clone());
                tokio::spawn(async move { connect(&target, &shared, &limits()).await.map(|_| ()) })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap_err().kind, FailureKind::Unreachable);
        }
    });
    let attempts = std::iter::from_fn(|| silent.accept().ok()).count();
    assert_eq!(attempts, 1, "one attempt stands for all who waited");
}

fn tcp(port: u16) -> Action {
    let tcp = TcpTry { host: "127.0.0.1".into(), port, timeout: Duration::from_secs(10), read_bytes: 5 };
    Action::on_host(Effect::Read, Work::Connect(tcp))
}

#[test]
fn a_port_is_tried_from_the_host_even_where_forwarding_is_forbidden() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.and_then(|mut stream| stream.write_all(b"hello world"));
        }
    });
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for lines in [&[][..], &["AllowTcpForwarding no"], &["DisableForwarding yes"]] {
        let sshd = Sshd::with(lines);
        run(async {
            let connection = open(&target(&sshd)).await.unwrap();
            let answer = connection.perform(&tcp(port), &limits()).await;
            let Ok(Output::Connected(bytes)) = answer else { panic!("{lines:?}: {answer:?}") };
            assert_eq!(text(&bytes), "hello", "{lines:?}");
            let failure = connection.perform(&tcp(closed), &limits()).await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Command, "{lines:?}: {}", failure.message.expose());
            assert!(connection.is_open());
        });
    }
}

#[test]
fn a_shell_is_a_two_way_stream_with_a_terminal() {
    if !sshd::has_terminals("a shell is a two way stream with a terminal") {
        return;
    }
    let sshd = Sshd::start();
    run(async {
        let pty = Pty { term: "vt100".into(), cols: 511, rows: 100 };
        let mut wire = open_shell(&target(&sshd), &shared(), &limits(), pty).await.unwrap();
        wire.send(b"stty size; echo term=$TERM; head -c 500000 /dev/zero | tr '\\0' x; exit\n").await.unwrap();
        let mut said = Vec::new();
        loop {
            let bytes = wire.receive().await.unwrap();
            if bytes.is_empty() {
                break;
            }
            said.extend(bytes);
        }
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("100 511") && said.contains("term=vt100"));
        assert!(said.matches('x').count() >= 500_000);
        wire.close().await;
    });
}

#[test]
fn a_shell_that_is_cut_off_says_so() {
    if !sshd::has_terminals("a shell that is cut off says so") {
        return;
    }
    let sshd = Sshd::start();
    run(async {
        let pty = Pty { term: "vt100".into(), cols: 80, rows: 24 };
        let mut wire = open_shell(&target(&sshd), &shared(), &limits(), pty).await.unwrap();
        assert!(!wire.receive().await.unwrap().is_empty());
        sshd.kill_sessions();
        let failure = loop {
            match wire.receive().await {
                Ok(bytes) => assert!(!bytes.is_empty(), "it ended as if all were well"),
                Err(failure) => break failure,
            }
        };
        assert_eq!(failure.kind, FailureKind::Unreachable);
        wire.close().await;
    });
}
