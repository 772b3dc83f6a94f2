//! Programs on this machine. Files are tested together with those over SSH (`ssh/tests/files.rs`).

use super::*;
use crate::effect::Effect;
use crate::transport::{Bounds, HostKeyPolicy, Kind, Settings, Shared, SshTarget};
use std::net::TcpListener;
use tokio_util::sync::CancellationToken;

fn target() -> Target {
    Target {
        host: "localhost".into(),
        kind: Kind::Local,
        ssh: SshTarget {
            address: "localhost".into(),
            port: None,
            user: None,
            password: None,
            private_key: None,
            passphrase: None,
            host_key: HostKeyPolicy::Strict,
            known_hosts: Vec::new(),
            config_file: None,
            jump: None,
            proxy_command: None,
            legacy: false,
            connect_timeout: Duration::from_secs(1),
            keepalive: None,
            use_agent: false,
            bounds: Bounds::default(),
        },
        platform: None,
        elevate: None,
        command_timeout: None,
        kept_shell: true,
        terminal: Default::default(),
    }
}

fn limits() -> Limits {
    Limits { timeout: Some(Duration::from_secs(30)), cancel: CancellationToken::new() }
}

fn shell(text: &str) -> Exec {
    Exec { program: Program::Shell { text: text.into(), executable: None }, ..Exec::default() }
}

async fn exec_within(target: &Target, exec: Exec, limits: &Limits) -> Result<ExecOutput, Failure> {
    let connection = crate::transport::connect(target, &Shared::new(Settings::default()), limits).await?;
    match connection.perform(&Action::here(Effect::Write, Work::Exec(exec)), limits).await? {
        Output::Exec(output) => Ok(output),
        other => panic!("a command gave {other:?}"),
    }
}

async fn exec(exec: Exec) -> Result<ExecOutput, Failure> {
    exec_within(&target(), exec, &limits()).await
}

#[tokio::test]
async fn a_program_gives_output_errors_and_status() {
    let output = exec(shell("echo out; echo err >&2; exit 3")).await.unwrap();
    assert_eq!((output.stdout, output.stderr, output.status), (b"out\n".to_vec(), b"err\n".to_vec(), 3));
    let output = exec(shell("kill -KILL $$")).await.unwrap();
    assert_eq!((output.status, output.signal.as_deref()), (-1, Some("KILL")));
    let failure = exec(Exec { program: Program::Argv(vec!["/nope".into()]), ..Exec::default() }).await.unwrap_err();
    assert_eq!(failure.message.expose(), "cannot run `/nope`: no such file or directory");
    let failure = exec(Exec { chdir: Some("/nope".into()), ..shell("true") }).await.unwrap_err();
    assert_eq!(failure.message.expose(), "cannot change to the folder `/nope`: no such file or directory");
}

#[tokio::test]
async fn a_program_gets_input_environment_and_folder() {
    let input: Vec<u8> = (0..3_000_000u32).map(|n| n as u8).collect();
    let base = Exec { env: vec![("WORD".into(), "a 'b'".into())], chdir: Some("/usr/bin".into()), ..Exec::default() };
    let script = Program::Shell { text: "pwd; echo $0 \"$WORD\"".into(), executable: Some("/bin/bash".into()) };
    let output = exec(Exec { program: script, ..base.clone() }).await.unwrap();
    assert_eq!(output.stdout, b"/usr/bin\n/bin/bash a 'b'\n");
    let cat = Exec { program: Program::Argv(vec!["cat".into()]), stdin: Some(input.clone()), ..base };
    assert!(exec(cat).await.unwrap().stdout == input, "three megabytes come back as they were");
}

#[tokio::test]
async fn input_that_nobody_reads_is_no_failure() {
    let output = exec(Exec { stdin: Some(vec![0; 1_000_000]), ..shell("exit 4") }).await.unwrap();
    assert_eq!(output.status, 4);
}

#[tokio::test]
async fn what_a_program_leaves_running_does_not_hold_it_up() {
    let output = exec(shell("sleep 5 & echo $!; exit 2")).await.unwrap();
    assert_eq!(output.status, 2);
    let left = String::from_utf8(output.stdout).unwrap();
    assert!(std::path::Path::new(&format!("/proc/{}", left.trim())).exists(), "it still runs");
}

#[tokio::test]
async fn timeout_and_cancel_end_everything_that_was_started() {
    for by_timeout in [true, false] {
        let timeout = if by_timeout { Duration::from_millis(500) } else { Duration::from_secs(60) };
        let limits = Limits { timeout: Some(timeout), cancel: CancellationToken::new() };
        let dir = tempfile::tempdir().unwrap();
        let exec = Exec {
            chdir: Some(dir.path().to_str().unwrap().into()),
            ..shell("trap '' TERM; sleep 61 & echo $! > pid.tmp; mv pid.tmp pid; wait; sleep 61")
        };
        let pid_file = dir.path().join("pid");
        let target = target();
        let (result, ()) = tokio::join!(exec_within(&target, exec, &limits), async {
            while !pid_file.exists() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            if !by_timeout {
                limits.cancel.cancel();
            }
        });
        let expected = if by_timeout { FailureKind::Timeout } else { FailureKind::Cancelled };
        assert_eq!(result.unwrap_err().kind, expected);
        let pid = std::fs::read_to_string(pid_file).unwrap();
        let runs = || {
            // A process that nobody has waited for is there as a zombie.
            std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| !stat.contains(") Z"))
        };
        while runs() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn a_future_that_is_dropped_takes_its_program_along() {
    let dir = tempfile::tempdir().unwrap();
    let exec = Exec {
        chdir: Some(dir.path().to_str().unwrap().into()),
        ..shell("echo $$ > pid.tmp; mv pid.tmp pid; sleep 61; true")
    };
    let (target, limits) = (target(), limits());
    let command = exec_within(&target, exec, &limits);
    let started = async {
        while !dir.path().join("pid").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = command => panic!("it ended by itself"),
        () = started => {}
    }
    let pid = std::fs::read_to_string(dir.path().join("pid")).unwrap();
    let stat = format!("/proc/{}/stat", pid.trim());
    while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z")) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_port_is_tried_from_here() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let greeter = std::thread::spawn(move || {
        use std::io::Write as _;
        listener.accept().unwrap().0.write_all(b"hello world").unwrap();
    });
    let connection = connect(&target());
    let connect_to = |port| {
        let tcp = TcpTry { host: "127.0.0.1".into(), port, timeout: Duration::from_secs(10), read_bytes: 5 };
        Action::here(Effect::Read, Work::Connect(tcp))
    };
    let answer = connection.perform(&connect_to(port), &limits()).await;
    let Ok(Output::Connected(bytes)) = answer else { panic!("{answer:?}") };
    assert_eq!(bytes, b"hello");
    greeter.join().unwrap();
    let failure = connection.perform(&connect_to(port), &limits()).await.unwrap_err();
    assert_eq!(failure.message.expose(), format!("cannot connect to 127.0.0.1:{port}: connection refused"));
    assert_eq!(failure.kind, FailureKind::Command);
}
