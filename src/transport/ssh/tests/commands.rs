//! Commands: streams, status, signals, time.

use super::*;
use crate::failure::FailureKind;

#[test]
fn a_command_gives_output_errors_and_status() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        let output = exec(&*connection, "echo out; echo err >&2; exit 3").await.unwrap();
        assert_eq!((text(&output.stdout), text(&output.stderr), output.status), ("out\n", "err\n", 3));
        assert_eq!(output.signal, None);
        assert!(connection.is_open());
        connection.close().await;
        assert!(!connection.is_open());
        let failure = exec(&*connection, "true").await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unreachable);
    });
}

#[test]
fn a_program_gets_input_environment_and_folder() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        let input: Vec<u8> = (0..3_000_000u32).map(|n| n as u8).collect();
        let exec = |program: Program, stdin: Option<Vec<u8>>| Exec {
            program,
            stdin,
            env: vec![("WORD".into(), "it's\n\"two\" lines".into())],
            chdir: Some("/usr/bin".into()),
            elevate: false,
        };
        let script = Program::Shell { text: "pwd; printf '%s.' \"$WORD\"".into(), executable: None };
        let output = exec_within(&*connection, exec(script, None), &limits()).await.unwrap();
        assert_eq!(text(&output.stdout), "/usr/bin\nit's\n\"two\" lines.");
        let cat = exec(Program::Argv(vec!["cat".into()]), Some(input.clone()));
        let output = exec_within(&*connection, cat, &limits()).await.unwrap();
        assert!(output.stdout == input, "three megabytes come back as they were");
        let words = vec!["printf".into(), "%s|".into(), "$HOME".into(), "a b".into(), "*".into()];
        let output = exec_within(&*connection, exec(Program::Argv(words), None), &limits()).await.unwrap();
        assert_eq!(text(&output.stdout), "$HOME|a b|*|");
    });
}

#[test]
fn handing_over_a_command_and_waiting_for_it_are_told_apart() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        let input = Exec { stdin: Some(vec![b'x'; 3_000_000]), ..shell("sleep 0.3; cat > /dev/null; sleep 0.2") };
        for exec in [input, shell("sleep 0.5")] {
            let has_input = exec.stdin.is_some();
            let work = async { exec_within(&*connection, exec, &limits()).await.unwrap() };
            let (_, phases) = crate::phase::measured(crate::phase::rest(crate::phase::Phase::Wait, work)).await;
            assert!(phases.send_ms > 0.0, "{phases:?}");
            // More input than the server takes before the program reads it.
            assert!(!has_input || phases.send_ms >= 250.0, "{phases:?}");
            assert!(phases.wait_ms >= 150.0, "{phases:?}");
        }
    });
}

#[test]
fn a_folder_that_is_not_there_is_no_failure_of_the_command() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        let exec = Exec { chdir: Some("/nope".into()), ..shell("true") };
        let failure = exec_within(&*connection, exec, &limits()).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::File);
        assert_eq!(failure.message.expose(), "cannot change to the folder `/nope`: no such file or directory");
    });
}

#[test]
fn both_streams_are_read_in_turns() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        // More than the window of a channel on one stream before the first byte of the other.
        let output = exec(&*connection, "head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero").await.unwrap();
        assert_eq!((output.stdout.len(), output.stderr.len(), output.status), (3_000_000, 3_000_000, 0));
    });
}

#[test]
fn the_status_is_that_of_the_end_not_of_the_closed_output() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        let output = exec(&*connection, "exec >&- 2>&- <&-; sleep 0.3; exit 3").await.unwrap();
        assert_eq!(output.status, 3);
    });
}

#[test]
fn a_signal_is_told_from_a_status() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        let exec = Exec { program: Program::Raw("kill -TERM $$".into()), ..Exec::default() };
        let output = exec_within(&*connection, exec, &limits()).await.unwrap();
        assert_eq!((output.status, output.signal.as_deref()), (-1, Some("TERM")));
    });
}

#[test]
fn a_lost_connection_is_unreachable_and_keeps_what_was_read() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        let limits = limits();
        let killer = tokio::task::spawn_blocking({
            let started = sshd.dir().join("started");
            move || sshd::wait_until("the command runs", || started.exists())
        });
        let command = exec_within(&*connection, exec_in_dir(&sshd, "echo first; touch started; sleep 60"), &limits);
        let (failure, ()) = tokio::join!(command, async {
            killer.await.unwrap();
            sshd.kill_sessions();
        });
        let failure = failure.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unreachable, "{}", failure.message.expose());
        assert_eq!(failure.result.get("stdout").and_then(|value| value.as_str()), Some("first\n"));
        assert!(!connection.is_open());
    });
}

fn exec_in_dir(sshd: &Sshd, script: &str) -> Exec {
    Exec { chdir: Some(sshd.dir().to_str().unwrap().into()), ..shell(script) }
}

#[test]
fn a_command_without_end_is_timed_out_and_others_go_on() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        let short = Limits { timeout: Some(Duration::from_millis(500)), ..limits() };
        let long = limits();
        let (late, fine) = tokio::join!(
            exec_within(&*connection, shell("echo begun; exec sleep 60"), &short),
            exec_within(&*connection, shell("sleep 1; echo fine"), &long),
        );
        let failure = late.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Timeout);
        assert!(failure.message.expose().ends_with("within 500 ms"), "{}", failure.message.expose());
        assert_eq!(failure.result.get("stdout").and_then(|value| value.as_str()), Some("begun\n"));
        assert_eq!(text(&fine.unwrap().stdout), "fine\n");
        assert!(!connection.is_open(), "it takes no more after a timeout");
    });
}

#[test]
fn the_targets_own_timeout_counts_when_nobody_says() {
    let sshd = Sshd::start();
    run(async {
        let target = Target { command_timeout: Some(Duration::from_millis(300)), ..target(&sshd) };
        let connection = open(&target).await.unwrap();
        let nothing_said = Limits { timeout: None, cancel: CancellationToken::new() };
        let failure = exec_within(&*connection, shell("sleep 60"), &nothing_said).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Timeout);
    });
}

#[test]
fn a_cancel_ends_a_read_that_hangs() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        let limits = Limits { timeout: None, cancel: CancellationToken::new() };
        let started = sshd.dir().join("started");
        let command = exec_within(&*connection, exec_in_dir(&sshd, "touch started; sleep 600"), &limits);
        let (failure, ()) = tokio::join!(command, async {
            let wait = move || sshd::wait_until("the command runs", || started.exists());
            tokio::task::spawn_blocking(wait).await.unwrap();
            limits.cancel.cancel();
        });
        assert_eq!(failure.unwrap_err().kind, FailureKind::Cancelled);
        connection.close().await;
    });
}

#[test]
fn a_server_that_stands_still_is_noticed_by_the_deadline_and_does_not_hold_up_the_close() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        sshd.freeze();
        let short = Limits { timeout: Some(Duration::from_millis(300)), ..limits() };
        let failure = exec_within(&*connection, shell("true"), &short).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Timeout);
        connection.close().await;
    });
}

#[test]
fn a_ping_is_answered_and_a_reset_closes() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        let perform = |work| {
            let action = Action::on_host(Effect::Read, work);
            let connection = &connection;
            async move { connection.perform(&action, &limits()).await }
        };
        assert!(matches!(perform(Work::Ping).await, Ok(Output::Done)));
        assert!(matches!(perform(Work::Reset).await, Ok(Output::Done)));
        assert!(!connection.is_open());
    });
}

#[test]
fn what_another_transport_does_is_refused() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        let action = Action::on_host(Effect::Read, Work::Cli(crate::module::Cli::default()));
        assert_eq!(connection.perform(&action, &limits()).await.unwrap_err().kind, FailureKind::Internal);
    });
}
