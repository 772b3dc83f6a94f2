//! Reads typed ahead give what they give one by one, whatever the answers look like and however the bytes arrive.

use super::editor::{Habit, open, plain, shows};
use super::*;
use proptest::prelude::*;

/// Asks all at once, and one by one, and returns both.
pub(super) async fn both(
    answers: &[(String, String)],
    habit: Habit,
    size: usize,
    ask: &[String],
) -> (Vec<CliResponse>, Vec<CliResponse>, Vec<String>) {
    let ahead = open(answers, habit, size).await;
    let at_once = ahead.ask(ask).await;
    let slowly = open(answers, habit, size).await;
    let mut one_by_one: Vec<CliResponse> = Vec::new();
    for line in ask {
        one_by_one.extend(slowly.ask(std::slice::from_ref(line)).await);
        if one_by_one.last().is_some_and(|last| last.error.is_some()) {
            break;
        }
    }
    let writes = ahead.writes();
    // The next work finds the session as it is after any other.
    assert_eq!(ahead.ask(&["show 0".into()]).await[0].output, slowly.ask(&["show 0".into()]).await[0].output);
    (at_once, one_by_one, writes)
}

#[tokio::test]
async fn reads_go_out_in_one_write() {
    let (at_once, one_by_one, writes) = both(&plain(5), Habit::Holds, 7, &shows(5)).await;
    assert_eq!(at_once, one_by_one);
    assert_eq!(at_once[3].output, "answer to show 3");
    assert_eq!(writes, ["show 0\nshow 1\nshow 2\nshow 3\nshow 4\n"]);
}

#[tokio::test]
async fn an_error_is_that_of_its_own_command_and_ends_the_work() {
    let mut answers = plain(4);
    answers[2].1 = "% Unknown command: show 2\n".into();
    let (at_once, one_by_one, _) = both(&answers, Habit::Holds, 100, &shows(4)).await;
    assert_eq!(at_once, one_by_one);
    assert_eq!(at_once.len(), 3);
    assert_eq!(at_once[2].error.as_deref(), Some("% Unknown command: show 2"));
    assert_eq!(at_once[1].error, None);
}

#[tokio::test]
async fn what_writes_asks_or_is_long_goes_alone() {
    let long = format!("show {}", "x".repeat(90));
    let ask: Vec<String> =
        ["show 0", "show 1", "clear counters", "show 2", &long, "show 3", "ping 192.0.2.1", "show 4"]
            .map(String::from)
            .into();
    let (at_once, one_by_one, writes) = both(&plain(5), Habit::Holds, 5, &ask).await;
    assert_eq!(at_once, one_by_one);
    assert_eq!(writes[..2], ["show 0\nshow 1\n", "clear counters\n"]);
    assert_eq!(writes.len(), 7, "{writes:?}");
}

#[tokio::test]
async fn a_device_that_does_not_hold_what_is_typed_ahead_is_asked_anew() {
    for habit in [Habit::Drops, Habit::EchoesAtOnce, Habit::Pages] {
        let (at_once, one_by_one, writes) = both(&plain(3), habit, 6, &shows(3)).await;
        assert_eq!(at_once, one_by_one, "{habit:?}");
        let alone = writes.iter().filter(|text| text.starts_with("show") && text.lines().count() == 1).count();
        assert_eq!(alone, 3, "{habit:?}: {writes:?}");
    }
}

#[tokio::test]
async fn an_answer_that_shows_a_recording_of_the_same_commands_is_no_echo() {
    let mut answers = plain(3);
    answers[0].1 = "banner\nr1# show 1\nold answer\nr1# show 2\nolder\n".into();
    let (at_once, one_by_one, writes) = both(&answers, Habit::Holds, 400, &shows(3)).await;
    assert_eq!(at_once, one_by_one);
    assert_eq!(writes.len(), 4, "all at once, and then one by one: {writes:?}");
}

/// Lines of answers, plain and nasty.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,30}",
        Just("r1# show 9".to_owned()),
        Just("r1#".to_owned()),
        Just("r1(config)# x".to_owned()),
        Just(String::new()),
        Just("show 1".to_owned()),
        Just(" r1# fake".to_owned()),
        Just("% Warning: none".to_owned()),
        Just("% Unknown command: show 2".to_owned()),
        Just("\u{1b}[1mbold\u{1b}[0m".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn the_same_comes_ahead_and_one_by_one_however_it_is_cut(
        texts in proptest::collection::vec(proptest::collection::vec(line(), 0..6), 2..8),
        size in 1usize..40,
        twice in any::<bool>(),
    ) {
        let answers: Vec<(String, String)> = texts
            .iter()
            .enumerate()
            .map(|(n, lines)| (format!("show {n}"), lines.iter().map(|line| format!("{line}\n")).collect()))
            .collect();
        let mut ask = shows(texts.len());
        if twice {
            ask.insert(1, "show 0".into());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (at_once, one_by_one, _) = runtime.block_on(both(&answers, Habit::Holds, size, &ask));
        prop_assert_eq!(at_once, one_by_one);
    }
}
