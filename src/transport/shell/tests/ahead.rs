//! Reads typed ahead give what they give one by one, whatever the answers look like and however the bytes arrive.

use super::*;
use crate::transport::Connection;
use proptest::prelude::*;

const PROMPT: &str = "r1# ";

/// What a device does with lines that come while it still answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// Its line editor holds them, and echoes each behind its prompt.
    Holds,
    /// They are lost.
    Drops,
    /// They are echoed at once, and not behind their prompts.
    EchoesAtOnce,
    /// It pages, and takes them for keys.
    Pages,
    /// It holds them, and ends the session in the midst of the answer to `show 2`.
    HangsUp,
}

/// A device with answers to commands.
struct Editor {
    habit: Habit,
    answers: Vec<(String, String)>,
    reads: Arc<Mutex<VecDeque<Vec<u8>>>>,
    size: usize,
    writes: Arc<Mutex<Vec<String>>>,
    /// The answer before this one stopped at the pager.
    paged: bool,
    wake: Arc<tokio::sync::Notify>,
    ended: bool,
}

impl Editor {
    fn say(&self, text: &str) {
        let mut reads = self.reads.lock().unwrap();
        reads.extend(text.as_bytes().chunks(self.size).map(<[u8]>::to_vec));
    }

    fn answer(&self, line: &str) -> String {
        let known = self.answers.iter().find(|(command, _)| command == line).map(|(_, answer)| answer.as_str());
        known.map(|text| text.replace('\n', "\r\n")).unwrap_or_default()
    }

    fn hear(&mut self, typed: &str) {
        let mut rest = typed;
        if std::mem::take(&mut self.paged) {
            // One key turns the page; the others are typed behind the prompt.
            self.say("\rlast page\r\n");
            self.say(PROMPT);
            rest = &rest[1.min(rest.len())..];
        }
        let lines: Vec<&str> = rest.split_inclusive('\n').collect();
        if self.habit == Habit::EchoesAtOnce && lines.len() > 1 {
            self.say(&rest.replace('\n', "\r\n"));
        }
        for (number, line) in lines.iter().enumerate() {
            let line = line.trim_end_matches('\n');
            if self.habit == Habit::Drops && number > 0 {
                break;
            }
            if self.habit != Habit::EchoesAtOnce || lines.len() == 1 {
                self.say(&format!("{line}\r\n"));
            }
            let pages = self.habit == Habit::Pages && line == "show 1";
            if pages {
                self.say("first page\r\n--More--");
                let keys = lines[number + 1..].concat();
                match keys.is_empty() {
                    true => self.paged = true,
                    false => {
                        self.paged = true;
                        self.hear(&keys);
                    }
                }
                return;
            }
            let answer = self.answer(line);
            if self.habit == Habit::HangsUp && line == "show 2" {
                self.say("answer to");
                self.ended = true;
                return;
            }
            self.say(&answer);
            self.say(PROMPT);
        }
    }
}

impl Wire for Editor {
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Boxed<'a, Result<(), Failure>> {
        let typed = String::from_utf8_lossy(bytes).into_owned();
        self.writes.lock().unwrap().push(typed.clone());
        self.hear(&typed);
        self.wake.notify_one();
        Box::pin(async { Ok(()) })
    }

    fn receive(&mut self) -> Boxed<'_, Result<Vec<u8>, Failure>> {
        Box::pin(async move {
            loop {
                if let Some(read) = self.reads.lock().unwrap().pop_front() {
                    return Ok(read);
                }
                if self.ended {
                    return Ok(Vec::new());
                }
                self.wake.notified().await;
            }
        })
    }

    fn close(&mut self) -> Boxed<'_, ()> {
        Box::pin(async {})
    }
}

struct Opened {
    connection: Box<dyn Connection>,
    writes: Arc<Mutex<Vec<String>>>,
}

impl Opened {
    async fn ask(&self, lines: &[String]) -> Vec<CliResponse> {
        let lines = lines.iter().map(CliLine::new).collect();
        let cli = Cli { lines, stop_on_error: true, ..Cli::default() };
        let action = Action::on_host(crate::effect::Effect::Read, Work::Cli(cli));
        match self.connection.perform(&action, &limits(None)).await {
            Ok(Output::Cli(responses)) => responses,
            Ok(other) => panic!("{other:?}"),
            Err(failure) => panic!("{}", failure.message.expose()),
        }
    }

    /// Returns what was written after the setup.
    fn writes(&self) -> Vec<String> {
        self.writes.lock().unwrap().iter().filter(|text| !text.starts_with("terminal")).cloned().collect()
    }
}

async fn open(answers: &[(String, String)], habit: Habit, size: usize) -> Opened {
    let writes = Arc::new(Mutex::new(Vec::new()));
    let editor = Editor {
        habit,
        answers: answers.to_vec(),
        reads: Arc::default(),
        size,
        writes: Arc::clone(&writes),
        paged: false,
        ended: false,
        wake: Arc::default(),
    };
    editor.say("\r\nHello\r\n\r\n");
    editor.say(PROMPT);
    let target = target_of(platform::find("frr").unwrap(), None);
    let connection = connect_with(&target, &limits(None), Box::new(editor), PATIENCE).await;
    let connection = connection.unwrap_or_else(|failure| panic!("{}", failure.message.expose()));
    Opened { connection, writes }
}

/// Asks all at once, and one by one, and returns both.
async fn both(
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

fn shows(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("show {n}")).collect()
}

fn plain(count: usize) -> Vec<(String, String)> {
    shows(count).into_iter().map(|line| (line.clone(), format!("answer to {line}\n"))).collect()
}

#[tokio::test]
async fn reads_go_out_in_one_write() {
    let (at_once, one_by_one, writes) = both(&plain(5), Habit::Holds, 7, &shows(5)).await;
    assert_eq!(at_once, one_by_one);
    assert_eq!(at_once[3].output, "answer to show 3");
    assert_eq!(writes, ["show 0\nshow 1\nshow 2\nshow 3\nshow 4\n"]);
}

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
