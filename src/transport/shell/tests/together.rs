//! Reads of several tasks that go out together: each task has its own answer, as soon as it is complete.

use super::ahead::both;
use super::editor::{Habit, Opened, open, plain, shows};
use super::*;
use std::pin::pin;

/// Asks in tasks that begin at the same time, one line each.
async fn by_tasks(opened: &Opened, lines: &[String]) -> Vec<Vec<CliResponse>> {
    futures_util::future::join_all(lines.iter().map(|line| opened.ask(std::slice::from_ref(line)))).await
}

#[tokio::test]
async fn reads_of_tasks_that_begin_together_go_out_in_one_write() {
    let opened = open(&plain(5), Habit::Holds, 7).await;
    let answers = by_tasks(&opened, &shows(5)).await;
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.len(), 1);
        assert_eq!(answer[0].output, format!("answer to show {number}"));
    }
    assert_eq!(opened.writes(), ["show 0\nshow 1\nshow 2\nshow 3\nshow 4\n"]);
}

#[tokio::test]
async fn a_refusal_is_that_of_its_own_task() {
    let mut answers = plain(4);
    answers[1].1 = "% Unknown command: show 1\n".into();
    let opened = open(&answers, Habit::Holds, 100).await;
    let answers = by_tasks(&opened, &shows(4)).await;
    let refused: Vec<bool> = answers.iter().map(|answer| answer[0].error.is_some()).collect();
    assert_eq!(refused, [false, true, false, false]);
    assert_eq!(answers[3][0].output, "answer to show 3");
    assert_eq!(opened.writes().len(), 1, "{:?}", opened.writes());
}

#[tokio::test]
async fn a_task_that_writes_goes_alone_and_in_its_turn() {
    let lines: Vec<String> = ["show 0", "show 1", "clear counters", "show 2", "show 3"].map(String::from).into();
    let opened = open(&plain(4), Habit::Holds, 5).await;
    let answers = by_tasks(&opened, &lines).await;
    assert_eq!(answers[4][0].output, "answer to show 3");
    assert_eq!(opened.writes(), ["show 0\nshow 1\n", "clear counters\n", "show 2\nshow 3\n"]);
}

#[tokio::test]
async fn tasks_on_a_device_that_does_not_hold_what_is_typed_ahead_are_asked_anew() {
    for habit in [Habit::Drops, Habit::EchoesAtOnce, Habit::Pages] {
        let opened = open(&plain(3), habit, 6).await;
        let answers = by_tasks(&opened, &shows(3)).await;
        for (number, answer) in answers.iter().enumerate() {
            let wanted = both(&plain(3), habit, 6, &shows(3)).await.1[number].clone();
            assert_eq!(answer[0], wanted, "{habit:?}");
        }
    }
}

#[tokio::test]
async fn a_device_that_hangs_up_breaks_the_tasks_that_have_no_answer_yet() {
    let opened = open(&plain(4), Habit::HangsUp, 100).await;
    let ask = |line: &str| {
        let cli = Cli { lines: vec![CliLine::new(line)], ..Cli::default() };
        Action::on_host(crate::effect::Effect::Read, Work::Cli(cli))
    };
    let actions: Vec<Action> = shows(4).iter().map(|line| ask(line)).collect();
    let limits = limits(None);
    let done =
        futures_util::future::join_all(actions.iter().map(|action| opened.connection.perform(action, &limits))).await;
    let said: Vec<String> = done
        .into_iter()
        .map(|done| match done {
            Ok(Output::Cli(responses)) => responses[0].output.clone(),
            Ok(other) => panic!("{other:?}"),
            Err(failure) => failure.message.expose().to_owned(),
        })
        .collect();
    assert_eq!(said[..2], ["answer to show 0", "answer to show 1"]);
    assert!(
        said[2].starts_with("the device closed the session: waited for the prompt after `show 2` of `r1`"),
        "{said:?}"
    );
    assert_eq!(said[3], "the session with the device is closed");
    assert!(!opened.connection.is_open());
}

/// Asks `show 0` to `show 3`, each in a task, of a device that waits before the answer to `show 2`; returns the answers to
/// the two before it, which came in the meantime, and those to the two others.
async fn around_the_wait(opened: &Opened) -> (Vec<String>, Vec<String>) {
    let lines = shows(4);
    let mut quick = pin!(by_tasks(opened, &lines[..2]));
    let mut slow = pin!(by_tasks(opened, &lines[2..]));
    let quick = tokio::select! {
        biased;
        quick = &mut quick => quick,
        slow = &mut slow => panic!("nobody let the device go on: {slow:?}"),
    };
    opened.go_on();
    let output = |answers: Vec<Vec<CliResponse>>| answers.iter().map(|answer| answer[0].output.clone()).collect();
    (output(quick), output(slow.await))
}

#[tokio::test]
async fn a_quick_answer_is_there_before_a_slow_one_behind_it() {
    for size in [1, 7, 400] {
        let opened = open(&plain(4), Habit::Waits, size).await;
        let (quick, slow) = around_the_wait(&opened).await;
        assert_eq!(quick, ["answer to show 0", "answer to show 1"]);
        assert_eq!(slow, ["answer to show 2", "answer to show 3"]);
        assert_eq!(opened.writes(), ["show 0\nshow 1\nshow 2\nshow 3\n"]);
    }
}

#[tokio::test]
async fn in_doubt_only_those_without_an_answer_are_asked_anew() {
    let opened = open(&plain(4), Habit::WaitsAndPages, 7).await;
    let (quick, slow) = around_the_wait(&opened).await;
    assert_eq!(quick, ["answer to show 0", "answer to show 1"]);
    assert_eq!(slow, ["first page\nlast page", "answer to show 3"]);
    let writes = opened.writes();
    let count = |line: &str| writes.iter().filter(|text| text.contains(line)).count();
    assert_eq!([0, 1, 2, 3].map(|n| count(&format!("show {n}\n"))), [1, 1, 2, 2], "{writes:?}");
}

#[tokio::test]
async fn a_task_of_several_commands_has_its_answers_when_the_last_has_come() {
    let opened = open(&plain(4), Habit::Waits, 7).await;
    let lines = shows(4);
    let mut quick = pin!(opened.ask(&lines[..2]));
    let mut slow = pin!(opened.ask(&lines[1..]));
    let quick = tokio::select! {
        biased;
        quick = &mut quick => quick,
        slow = &mut slow => panic!("nobody let the device go on: {slow:?}"),
    };
    assert_eq!(quick.len(), 2);
    opened.go_on();
    assert_eq!(slow.await.len(), 3);
}

#[tokio::test]
async fn who_has_an_answer_keeps_no_session_that_nobody_else_waits_for() {
    let opened = open(&plain(4), Habit::Waits, 7).await;
    let lines = shows(3);
    {
        let mut slow = pin!(opened.ask(&lines[2..]));
        let mut quick = pin!(opened.ask(&lines[..1]));
        // In the order in which they are asked.
        let quick = tokio::select! {
            biased;
            quick = &mut quick => quick,
            slow = &mut slow => panic!("nobody let the device go on: {slow:?}"),
        };
        assert_eq!(quick[0].output, "answer to show 0");
        assert!(opened.connection.is_open());
    }
    // The slow one was dropped in its midst.
    while opened.connection.is_open() {
        tokio::task::yield_now().await;
    }
}
