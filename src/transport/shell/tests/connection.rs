//! What others hold of a session: works in turn, cancel, what is left when something goes wrong.

use super::*;
use crate::failure::FailureKind;
use crate::module::Exec;
use crate::phase::{self, Phase};
use crate::transport::Connection;
use proptest::prelude::*;

const OPENS: &str = "\r\nr1# ";

fn turn(typed: &str, comes: &str) -> Turn {
    Turn { typed: typed.into(), comes: comes.into(), later: String::new(), soon: String::new(), closes: false }
}

fn frr(talk: Vec<Turn>) -> Recording {
    let mut turns = vec![turn("terminal length 0\n", "terminal length 0\r\nr1# ")];
    turns.extend(talk);
    Recording {
        name: "made here".into(),
        enable_password: None,
        password: None,
        enable: false,
        opens: OPENS.into(),
        hangs_up: false,
        connect_ms: None,
        talk: turns,
        works: Vec::new(),
        fails: None,
    }
}

async fn open(recording: &Recording, cut: Cut) -> (Box<dyn Connection>, Arc<Mutex<State>>) {
    let (wire, state) = wire(recording, cut);
    let target = target(platform::find("frr").unwrap(), recording);
    let connection = connect_with(&target, &limits(None), wire, PATIENCE).await;
    (connection.unwrap_or_else(|failure| panic!("{}", failure.message.expose())), state)
}

fn show(text: &str) -> Action {
    let cli = Cli { lines: vec![CliLine::new(text)], ..Cli::default() };
    Action::on_host(crate::effect::Effect::Read, Work::Cli(cli))
}

fn output(result: Result<Output, Failure>) -> String {
    match result {
        Ok(Output::Cli(responses)) => responses[0].output.clone(),
        Ok(other) => panic!("{other:?}"),
        Err(failure) => panic!("{}", failure.message.expose()),
    }
}

fn typed_out(state: &Mutex<State>) -> bool {
    state.lock().unwrap().turns.is_empty()
}

#[tokio::test]
async fn works_that_come_at_once_are_done_one_after_the_other() {
    let recording = frr(vec![
        turn("show a\n", "show a\r\n1\r\nr1# "),
        turn("show b\n", "show b\r\n2\r\nr1# "),
        turn("show c\n", "show c\r\n3\r\nr1# "),
    ]);
    let (connection, _) = open(&recording, Cut::Pieces(1)).await;
    let limits = limits(None);
    let (a, b, c) = (show("show a"), show("show b"), show("show c"));
    let (a, b, c) =
        tokio::join!(connection.perform(&a, &limits), connection.perform(&b, &limits), connection.perform(&c, &limits));
    assert_eq!([output(a), output(b), output(c)], ["1", "2", "3"]);
}

#[tokio::test]
async fn each_command_has_the_time_of_one() {
    let late = |typed: &str, later: &str| Turn { later: later.into(), ..turn(typed, "") };
    let recording = frr(vec![
        late("show a\n", "show a\r\n1\r\nr1# "),
        late("clear b\n", "clear b\r\n2\r\nr1# "),
        late("show c\n", "show c\r\n3\r\nr1# "),
    ]);
    let (wire, _) = wire(&recording, Cut::Whole);
    let mut target = target(platform::find("frr").unwrap(), &recording);
    target.command_timeout = Some(Duration::from_secs(20));
    let connection = connect_with(&target, &limits(None), wire, PATIENCE).await.unwrap_or_else(|_| panic!("it opens"));
    let lines = ["show a", "clear b", "show c"].map(CliLine::new).to_vec();
    let action = Action::on_host(crate::effect::Effect::Write, Work::Cli(Cli { lines, ..Cli::default() }));
    // Less than the three take together.
    let all = Limits { timeout: Some(PATIENCE.confirm * 6), cancel: CancellationToken::new() };
    let Ok(Output::Cli(responses)) = connection.perform(&action, &all).await else { panic!("each came in its time") };
    assert_eq!(responses.iter().map(|one| one.output.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
}

#[tokio::test]
async fn typing_is_told_apart_from_waiting() {
    let recording = frr(vec![turn("show a\n", "show a\r\n1\r\nr1# ")]);
    let (wire, _) = wire(&recording, Cut::Whole);
    let pause = std::time::Duration::from_millis(10);
    let wire = Box::new(crate::transport::shell::slow::Slow { wire, pause });
    let (target, limits) = (target(platform::find("frr").unwrap(), &recording), limits(None));
    let (opened, opening) = phase::measured(connect_with(&target, &limits, wire, PATIENCE)).await;
    let connection = opened.unwrap_or_else(|failure| panic!("{}", failure.message.expose()));
    assert_eq!(opening.send_ms, 0.0, "what opening types is no work's");
    let action = show("show a");
    let work = phase::rest(Phase::Wait, connection.perform(&action, &limits));
    let (result, phases) = phase::measured(work).await;
    assert_eq!(output(result), "1");
    // Seven letters, and a pause between each two.
    assert!(phases.send_ms >= 60.0, "{phases:?}");
    assert!(phases.wait_ms > 0.0, "{phases:?}");
}

#[tokio::test]
async fn a_cancelled_work_ends_at_once_and_with_it_the_session() {
    let recording = frr(vec![turn("show a\n", "show a\r\nhalf of")]);
    let (connection, state) = open(&recording, Cut::Whole).await;
    let limits = limits(None);
    let action = show("show a");
    let cancel_when_typed = async {
        while !typed_out(&state) {
            tokio::task::yield_now().await;
        }
        limits.cancel.cancel();
    };
    let (result, ()) = tokio::join!(connection.perform(&action, &limits), cancel_when_typed);
    assert_eq!(result.unwrap_err().kind, FailureKind::Cancelled);
    assert!(!connection.is_open());
    let later = connection.perform(&show("show b"), &super::limits(None)).await;
    assert_eq!(later.unwrap_err().kind, FailureKind::Unreachable);
}

#[tokio::test]
async fn a_work_that_is_dropped_in_its_midst_ends_the_session() {
    let recording = frr(vec![turn("show a\n", "show a\r\nhalf of")]);
    let (connection, state) = open(&recording, Cut::Whole).await;
    let (action, limits) = (show("show a"), limits(None));
    tokio::select! {
        _ = connection.perform(&action, &limits) => panic!("it never ends"),
        () = async { while !typed_out(&state) { tokio::task::yield_now().await } } => {}
    }
    tokio::time::timeout(Duration::from_secs(20), async {
        while connection.is_open() || !state.lock().unwrap().closed {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("the session closes");
}

#[tokio::test]
async fn a_device_that_hangs_up_between_works_is_noticed() {
    let last = Turn { closes: true, ..turn("show a\n", "show a\r\n1\r\nr1# ") };
    let (connection, state) = open(&frr(vec![last]), Cut::Whole).await;
    assert_eq!(output(connection.perform(&show("show a"), &limits(None)).await), "1");
    tokio::time::timeout(Duration::from_secs(20), async {
        while connection.is_open() || !state.lock().unwrap().closed {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("the session closes");
}

#[tokio::test]
async fn closing_cuts_a_work_that_never_ends() {
    let recording = frr(vec![turn("show a\n", "show a\r\nhalf of")]);
    let (connection, state) = open(&recording, Cut::Whole).await;
    let (action, limits) = (show("show a"), limits(None));
    let close_when_typed = async {
        while !typed_out(&state) {
            tokio::task::yield_now().await;
        }
        connection.close().await;
    };
    let (result, ()) = tokio::join!(connection.perform(&action, &limits), close_when_typed);
    assert!(result.is_err());
    assert!(!connection.is_open());
    assert!(state.lock().unwrap().closed);
}

#[tokio::test]
async fn ping_asks_for_a_prompt_and_reset_closes() {
    let recording = frr(vec![turn("\n", "\r\nr1# "), turn("exit\n", "")]);
    let (connection, state) = open(&recording, Cut::Whole).await;
    let ask = |work| Action::on_host(crate::effect::Effect::Read, work);
    assert!(connection.perform(&ask(Work::Ping), &limits(None)).await.is_ok());
    let failure = connection.perform(&ask(Work::Exec(Exec::default())), &limits(None)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Internal);
    assert!(connection.is_open(), "nothing was typed");
    assert!(connection.perform(&ask(Work::Reset), &limits(None)).await.is_ok());
    assert!(!connection.is_open());
    assert!(state.lock().unwrap().closed && typed_out(&state));
}

#[tokio::test]
async fn a_host_without_a_platform_is_not_connected() {
    let recording = frr(Vec::new());
    let (wire, state) = wire(&recording, Cut::Whole);
    let target = Target { platform: None, ..target(platform::find("frr").unwrap(), &recording) };
    let failure = connect_with(&target, &limits(None), wire, PATIENCE).await.err().unwrap();
    assert_eq!(failure.kind, FailureKind::Argument);
    assert!(state.lock().unwrap().closed);
}

/// What may stand anywhere in the bytes and shows nothing.
fn noise() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("\0"),
        Just("\x07"),
        Just("\x1b[m"),
        Just("\x1b[38;5;1m"),
        Just("\x1b[?2004h"),
        Just("\x1b]0;r9# \x07"),
        Just("\x1b(B"),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn noise_and_cuts_change_nothing(
        lines in proptest::collection::vec("[ -~]{0,30}", 0..6),
        noises in proptest::collection::vec((0usize..400, noise()), 0..12),
        size in 1usize..40,
    ) {
        // Lines that are the device's own prompt cannot be told from it; nor does the test of texts test errors.
        let is_plain = |line: &&String| !line.starts_with("r1") && !line.contains("--More--") && !line.contains("(END)");
        let lines: Vec<&str> = lines.iter().filter(is_plain).map(|line| line.trim_end()).collect();
        let answer = lines.join("\r\n");
        let clean = format!("show a\r\n{answer}\r\nr1# ");
        let mut comes = String::new();
        for (at, c) in clean.chars().enumerate() {
            comes.extend(noises.iter().filter(|(place, _)| place % clean.len() == at).map(|(_, noise)| *noise));
            comes.push(c);
        }
        let recording = frr(vec![turn("show a\n", &comes)]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let got = runtime.block_on(async {
            let (connection, _) = open(&recording, Cut::Pieces(size)).await;
            output(connection.perform(&show("show a"), &limits(None)).await)
        });
        let expected = lines.join("\n");
        prop_assert_eq!(got.trim_start_matches('\n'), expected.trim_end().trim_start_matches('\n'));
    }
}
