use crate::module::fake::Fake;
use crate::module::{Withheld, command, raw, script, shell};

#[tokio::test]
async fn a_command_gives_its_output_and_lines() {
    let host = Fake::new();
    let came = host.run(&command::MODULE, &[("cmd", r#"printf 'a\nb\n\n' "x y""#.into())]).await.unwrap();
    assert!(came.changed);
    assert_eq!(came.result.get("stdout"), Some(&"a\nb".into()));
    assert_eq!(came.result.get("stdout_lines"), Some(&vec!["a", "b"].into()));
    assert_eq!(came.result.get("rc"), Some(&0.into()));
    assert_eq!(came.result.get("cmd"), Some(&vec!["printf", r"a\nb\n\n", "x y"].into()));
}

#[tokio::test]
async fn a_command_knows_variables_and_home_but_no_shell() {
    for host in Fake::with_every_shell() {
        let text = "echo $TMPDIR ~ ${NETPLAY_UNSET} $NETPLAY_UNSET 'a;b' '*' \"$(id)\"";
        let came = host.run(&command::MODULE, &[("cmd", text.into())]).await.unwrap();
        let home = std::env::var("HOME").unwrap();
        let expected = format!("{} {home} ${{NETPLAY_UNSET}} $NETPLAY_UNSET a;b * $(id)", host.dir.path().display());
        assert_eq!(came.result.get("stdout").unwrap().to_text(), expected, "{:?}", host.shell);
        let args = [("argv", vec!["echo", "$TMPDIR"].into()), ("expand_argument_vars", false.into())];
        let came = host.run(&command::MODULE, &args).await.unwrap();
        assert_eq!(came.result.get("stdout"), Some(&"$TMPDIR".into()));
    }
}

#[tokio::test]
async fn a_status_other_than_0_fails_with_the_output() {
    let host = Fake::new();
    let failure = host.run(&shell::MODULE, &[("cmd", "echo out; echo err >&2; exit 3".into())]).await.unwrap_err();
    assert_eq!(failure.message.expose(), "non-zero return code");
    assert_eq!(failure.result.get("rc"), Some(&3.into()));
    assert_eq!(failure.result.get("stdout"), Some(&"out".into()));
    assert_eq!(failure.result.get("stderr_lines"), Some(&vec!["err"].into()));
    let failure = host.run(&raw::MODULE, &[("cmd", "echo out; exit 4".into())]).await.unwrap_err();
    assert_eq!(failure.result.get("stdout"), Some(&"out\n".into()), "raw takes nothing off");
}

#[tokio::test]
async fn shell_takes_standard_input_folder_and_executable() {
    let host = Fake::new();
    host.write("sub/x", "");
    let args = [
        ("cmd", "cat; pwd; echo ${BASH_VERSION:+bash}".into()),
        ("stdin", "hello".into()),
        ("chdir", host.path("sub").into()),
        ("executable", "/bin/bash".into()),
    ];
    let came = host.run(&shell::MODULE, &args).await.unwrap();
    assert_eq!(came.result.get("stdout").unwrap().to_text(), format!("hello\n{}\nbash", host.path("sub")));
}

#[tokio::test]
async fn creates_and_removes_are_patterns_that_guard() {
    for host in Fake::with_every_shell() {
        host.write("it is/a file.txt", "");
        let run = |name: &'static str, pattern: String| {
            let host = &host;
            async move { host.run(&shell::MODULE, &[("cmd", "echo ran".into()), (name, pattern.into())]).await.unwrap() }
        };
        let stdout = |came: &crate::module::fake::Came| came.result.get("stdout").unwrap().to_text();
        let pattern = host.path("it is/*.t?t");
        let came = run("creates", pattern.clone()).await;
        assert!(!came.changed);
        assert_eq!(stdout(&came), format!("skipped, since {pattern} exists"));
        assert_eq!(came.result.get("rc"), Some(&0.into()));
        assert_eq!(stdout(&run("creates", host.path("no*")).await), "ran");
        assert_eq!(stdout(&run("removes", host.path("it is/[ab] file.txt")).await), "ran");
        let came = run("removes", host.path("none")).await;
        assert_eq!(stdout(&came), format!("skipped, since {} does not exist", host.path("none")));
    }
}

#[tokio::test]
async fn check_mode_knows_only_of_guarded_commands() {
    let host = Fake::new();
    let free = host.plan(&command::MODULE, &[("cmd", "true".into())]).await.unwrap();
    assert_eq!(free.withheld, Withheld::Skipped("Command would have run if not in check mode"));
    let guarded = [("cmd", "true".into()), ("creates", host.path("none").into())];
    let guarded = host.plan(&command::MODULE, &guarded).await.unwrap();
    assert_eq!(guarded.withheld, Withheld::Predicted);
    assert!(guarded.changed);
    assert_eq!(guarded.result.get("rc"), Some(&0.into()));
}

#[tokio::test]
async fn a_script_runs_from_a_folder_that_goes_away() {
    for host in Fake::with_every_shell() {
        host.write("files/my script.sh", "#!/bin/sh\necho \"$1-$2\" $0\ncat\nexit 2\n");
        let args = [("cmd", r#"'my script.sh' "a b" $((1+1))"#.into())];
        let failure = host.run(&script::MODULE, &args).await.unwrap_err();
        assert_eq!(failure.result.get("rc"), Some(&2.into()));
        let stdout = failure.result.get("stdout").unwrap().to_text();
        let path = stdout.strip_prefix("a b-2 ").expect("the arguments come first").trim().to_owned();
        assert!(path.ends_with("my script.sh") && !std::path::Path::new(&path).exists(), "{path}");
        let left: Vec<_> = std::fs::read_dir(host.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["files"]);
    }
}

#[tokio::test]
async fn a_script_may_have_an_interpreter_with_options_and_guards() {
    let host = Fake::new();
    host.write("s", "echo $1 $-");
    let args = [("cmd", "s x".into()), ("executable", "/bin/sh -e".into())];
    let came = host.run(&script::MODULE, &args).await.unwrap();
    assert_eq!(came.result.get("stdout"), Some(&"x e\n".into()));
    let args = [("cmd", "s".into()), ("creates", host.path("s").into())];
    let change = host.plan(&script::MODULE, &args).await.unwrap();
    assert_eq!(change.skipped, Some(format!("{} exists, matching creates option", host.path("s"))));
    let failure = host.plan(&script::MODULE, &[("cmd", "nowhere.sh".into())]).await.err().unwrap();
    assert_eq!(failure.message.expose(), "Could not find or access 'nowhere.sh'");
    assert!(failure.help.unwrap().expose().contains("/files/nowhere.sh"));
}

#[tokio::test]
async fn a_command_that_is_not_there_or_not_closed_fails() {
    let host = Fake::new();
    for text in ["", "echo 'a"] {
        let failure = host.plan(&command::MODULE, &[("cmd", text.into())]).await.err().unwrap();
        assert_eq!(failure.kind, crate::failure::FailureKind::Argument, "{text}");
    }
    assert!(host.run(&command::MODULE, &[("cmd", "nope-nope".into())]).await.is_err());
}
