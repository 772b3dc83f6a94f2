//! The kept shell: what runs in it ends and writes as it would in a session of its own.

use super::*;
use crate::failure::FailureKind;

/// Opens a connection that keeps a shell from the first command on.
async fn open_keeping(target: &Target) -> Box<dyn Connection> {
    let shared = shared();
    shared.expect_several_commands(true);
    connect(target, &shared, &limits()).await.unwrap_or_else(|failure| panic!("{}", failure.message.expose()))
}

/// Returns how many sessions the server has opened.
fn sessions(sshd: &Sshd) -> usize {
    sshd.log().lines().filter(|line| line.contains("Starting session")).count()
}

/// A command, and what comes of it: standard output, standard error, status, signal.
struct Case(&'static str, &'static str, &'static str, i32, Option<&'static str>);

const CASES: [Case; 14] = [
    Case("echo out; echo err >&2; exit 3", "out\n", "err\n", 3, None),
    Case("printf 'no newline'", "no newline", "", 0, None),
    Case("printf '%s\\n' \"it's\" 'a  b' '$HOME' \\\\", "it's\na  b\n$HOME\n\\\n", "", 0, None),
    Case("cat; echo $?", "0\n", "", 0, None),
    Case("kill -TERM $$", "", "", -1, Some("TERM")),
    Case("echo x; kill -KILL $$", "x\n", "", -1, Some("KILL")),
    Case("sh -c 'kill -9 $$'; exit 137", "", "Killed\n", 137, None),
    Case("exit 255", "", "", 255, None),
    Case("kill -INT $$", "", "", -1, Some("INT")),
    Case("echo ' 0 0 .'; echo ' 0 0 .' >&2; exit 4", " 0 0 .\n", " 0 0 .\n", 4, None),
    Case("exec >&- 2>&-; sleep 0.1; exit 5", "", "", 5, None),
    Case("yes | head -c 100000 | wc -c", "100000\n", "", 0, None),
    Case("(sleep 0.3; echo late) & echo now", "now\nlate\n", "", 0, None),
    Case("sleep 60 >/dev/null 2>&1 & echo gone", "gone\n", "", 0, None),
];

#[test]
fn commands_end_as_they_do_in_sessions_of_their_own() {
    let sshd = Sshd::start();
    run(async {
        for (way, kept_shell) in [("kept", true), ("of its own", false)] {
            let connection = open_keeping(&Target { kept_shell, ..target(&sshd) }).await;
            for Case(command, stdout, stderr, status, signal) in CASES {
                let output =
                    exec(&*connection, command).await.unwrap_or_else(|failure| panic!("{command}: {failure:?}"));
                // That one the kept shell cannot tell from a status.
                let (status, signal) = match signal {
                    Some("INT") if kept_shell => (130, None),
                    signal => (status, signal),
                };
                let got = (text(&output.stdout), text(&output.stderr), output.status, output.signal.as_deref());
                assert_eq!(got, (stdout, stderr, status, signal), "{way}: {command}");
            }
        }
    });
    kill_left_over(&sshd);
}

/// Ends what the last of the cases leaves behind.
fn kill_left_over(sshd: &Sshd) {
    sshd.kill_sessions();
}

#[test]
fn many_commands_need_one_session() {
    let sshd = Sshd::start();
    run(async {
        let connection = open_keeping(&target(&sshd)).await;
        for n in 0..30 {
            assert_eq!(exec(&*connection, &format!("exit {n}")).await.unwrap().status, n);
        }
        assert_eq!(sessions(&sshd), 1);
        let several = connect(&target(&sshd), &shared(), &limits()).await.unwrap();
        for n in 0..10 {
            assert_eq!(exec(&*several, &format!("exit {n}")).await.unwrap().status, n);
        }
        assert_eq!(sessions(&sshd), 3, "the first command of a connection has a session of its own, then the shell");
    });
}

#[test]
fn bytes_come_as_they_are_and_in_any_amount() {
    let sshd = Sshd::start();
    let all: Vec<u8> = (0..=255).collect();
    std::fs::write(sshd.dir().join("bytes"), &all).unwrap();
    run(async {
        let connection = open_keeping(&target(&sshd)).await;
        let bytes = sshd.dir().join("bytes").display().to_string();
        let output = exec(&*connection, &format!("cat {bytes}; cat {bytes} >&2")).await.unwrap();
        assert!(output.stdout == all && output.stderr == all);
        let both = "head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero";
        let output = exec(&*connection, both).await.unwrap();
        assert_eq!((output.stdout.len(), output.stderr.len(), output.status), (3_000_000, 3_000_000, 0));
        assert_eq!(sessions(&sshd), 1);
    });
}

#[test]
fn a_command_that_ends_the_shell_fails_and_the_next_has_another() {
    let sshd = Sshd::start();
    run(async {
        let connection = open_keeping(&target(&sshd)).await;
        for n in 0..5 {
            let failure = exec(&*connection, "echo begun; kill -9 $PPID").await;
            if n < 3 {
                let failure = failure.unwrap_err();
                assert_eq!(failure.kind, FailureKind::Command, "{n}: {}\n{}", failure.message.expose(), sshd.log());
                assert!(failure.message.expose().contains("ended the shell"), "{}", failure.message.expose());
                assert_eq!(failure.result.get("stdout").and_then(|value| value.as_str()), Some("begun\n"));
            } else {
                // A host whose shells are lost gets none; there the parent is the server, and the connection goes.
                assert_eq!(failure.unwrap_err().kind, FailureKind::Unreachable);
                break;
            }
            assert_eq!(exec(&*connection, "exit 7").await.unwrap().status, 7);
        }
    });
}

#[test]
fn a_command_that_is_late_is_no_part_of_the_next() {
    let sshd = Sshd::start();
    run(async {
        let connection = open_keeping(&target(&sshd)).await;
        exec(&*connection, "true").await.unwrap();
        let short = Limits { timeout: Some(Duration::from_millis(300)), ..limits() };
        let failure = exec_within(&*connection, shell("echo early; sleep 2; echo late"), &short).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Timeout);
        assert_eq!(failure.result.get("stdout").and_then(|value| value.as_str()), Some("early\n"));
        assert!(!connection.is_open(), "it takes no more after a timeout");
        let next = open_keeping(&target(&sshd)).await;
        assert_eq!(text(&exec(&*next, "echo next").await.unwrap().stdout), "next\n");
    });
}

#[test]
fn a_server_that_is_killed_in_the_middle_of_a_command_is_unreachable() {
    let sshd = Sshd::start();
    run(async {
        let connection = open_keeping(&target(&sshd)).await;
        exec(&*connection, "true").await.unwrap();
        let started = sshd.dir().join("started");
        let script = format!("echo first; touch {}; sleep 60", started.display());
        let (failure, ()) = tokio::join!(exec(&*connection, &script), async {
            let wait = move || sshd::wait_until("the command runs", || started.exists());
            tokio::task::spawn_blocking(wait).await.unwrap();
            sshd.kill_sessions();
        });
        let failure = failure.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unreachable, "{}", failure.message.expose());
        assert_eq!(failure.result.get("stdout").and_then(|value| value.as_str()), Some("first\n"));
        assert!(!connection.is_open());
    });
}

#[test]
fn logins_without_such_a_shell_run_their_commands_the_usual_way() {
    for forced in
        ["ForceCommand eval \"$SSH_ORIGINAL_COMMAND\"", "ForceCommand echo only this; exit 9", "ForceCommand cat"]
    {
        let sshd = Sshd::with(&[forced]);
        run(async {
            let connection = open_keeping(&target(&sshd)).await;
            let output = exec(&*connection, "echo mine; exit 3").await.unwrap();
            let expected = match forced {
                _ if forced.contains("eval") => ("mine\n", 3),
                _ if forced.contains("only") => ("only this\n", 9),
                _ => ("", 0),
            };
            assert_eq!((text(&output.stdout), output.status), expected, "{forced}");
        });
    }
}

#[test]
fn commands_at_the_same_time_go_beside_the_shell() {
    let sshd = Sshd::start();
    run(async {
        let connection: std::sync::Arc<dyn Connection> = open_keeping(&target(&sshd)).await.into();
        let folder = sshd.dir().display().to_string();
        // Each waits for the other: one after the other they would never end.
        let pair = [("a", "b"), ("b", "a")].map(|(ours, theirs)| {
            let connection = std::sync::Arc::clone(&connection);
            let script = format!("cd {folder}; touch {ours}; until [ -e {theirs} ]; do sleep 0.01; done");
            tokio::spawn(async move { exec(&*connection, &script).await.unwrap().status })
        });
        for task in pair {
            assert_eq!(task.await.unwrap(), 0);
        }
    });
}

#[test]
fn a_server_with_one_session_gives_it_to_what_needs_it() {
    let sshd = Sshd::with(&["MaxSessions 1"]);
    run(async {
        let connection = open_keeping(&target(&sshd)).await;
        assert_eq!(exec(&*connection, "exit 3").await.unwrap().status, 3);
        // Input needs a session of its own.
        let exec_with_input = Exec { stdin: Some(b"in".to_vec()), ..shell("cat") };
        let output = exec_within(&*connection, exec_with_input, &limits()).await.unwrap();
        assert_eq!(text(&output.stdout), "in");
        assert_eq!(exec(&*connection, "exit 4").await.unwrap().status, 4);
    });
}

#[test]
fn folder_environment_and_files_are_those_of_the_command() {
    let sshd = Sshd::start();
    run(async {
        let connection = open_keeping(&target(&sshd)).await;
        let exec = Exec {
            chdir: Some("/usr".into()),
            env: vec![("WORD".into(), "it's\n\"two\" lines".into())],
            ..shell("pwd; printf '%s.' \"$WORD\"; WORD=lost; cd /; umask 0; export LOST=1")
        };
        let output = exec_within(&*connection, exec, &limits()).await.unwrap();
        assert_eq!(text(&output.stdout), "/usr\nit's\n\"two\" lines.");
        let home = sshd.dir().display().to_string();
        let output = self::exec(&*connection, "echo \"$HOME$LOST$WORD\"").await.unwrap();
        assert_eq!(text(&output.stdout), format!("{home}\n"));
        let words = ["printf", "%s|", "$HOME", "a b", "*", "new\nline", "back\\slash", "!"].map(String::from).to_vec();
        let argv = Exec { program: Program::Argv(words), ..Exec::default() };
        let output = exec_within(&*connection, argv, &limits()).await.unwrap();
        assert_eq!(text(&output.stdout), "$HOME|a b|*|new\nline|back\\slash|!|");
        assert_eq!(sessions(&sshd), 1);
    });
}

/// What a shell may stand behind `/bin/sh` on hosts.
const SHELLS: [&[&str]; 3] = [&["dash"], &["busybox", "sh"], &["bash", "--posix"]];

#[test]
fn the_startup_suits_the_shells_of_hosts() {
    let script = super::super::kept::startup("GREETING");
    assert!(!script.contains(['\'', '!', '\n']), "not every login shell takes these inside of a word");
    let mut tried = 0;
    for shell in SHELLS {
        let spawned = std::process::Command::new(shell[0])
            .args(&shell[1..])
            .args(["-c", &script])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn();
        let Ok(mut child) = spawned else { continue };
        let lines = "n A echo hi\nn B /bin/sh -c 'kill -9 $$'\nn C /bin/sh -c 'exit 137'\n\
                     n D /bin/sh -c 'sleep 1 >/dev/null 2>&1 & echo err >&2'\nn E /nonexistent\n";
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), lines.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        // bash says nothing of the signal in time.
        let signal = if shell[0] == "bash" { "" } else { "KILL" };
        let expected = format!("GREETINGhi\nA 0 0 .B 137 0 {signal}.C 137 0 .D 0 1 .E 127 1 .");
        assert_eq!(text(&output.stdout), expected, "{shell:?}");
        let said = text(&output.stderr);
        assert!(said.starts_with("GREETINGABCerr\nD") && said.ends_with('E'), "{shell:?}: {said}");
        tried += 1;
    }
    assert!(tried > 0);
}
