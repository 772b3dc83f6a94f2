//! A device whose line editor holds what is typed ahead, or does something else with it.

use super::*;
use crate::transport::Connection;

const PROMPT: &str = "r1# ";

/// What a device does with lines that come while it still answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// Its line editor holds them, and echoes each behind its prompt.
    Holds,
    /// They are lost.
    Drops,
    /// They are echoed at once, and not behind their prompts.
    EchoesAtOnce,
    /// It pages, and takes them for keys.
    Pages,
    /// It holds them, and answers `show 2` when it is let go on.
    Waits,
    /// It holds them, waits like that, and pages the answer.
    WaitsAndPages,
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
    has_waited: bool,
    /// What it says when it is let go on.
    kept: Kept,
}

type Kept = Arc<Mutex<Option<VecDeque<Vec<u8>>>>>;

impl Editor {
    fn say(&self, text: &str) {
        let mut kept = self.kept.lock().unwrap();
        let mut reads = self.reads.lock().unwrap();
        let into = kept.as_mut().unwrap_or(&mut reads);
        into.extend(text.as_bytes().chunks(self.size).map(<[u8]>::to_vec));
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
            let waits = matches!(self.habit, Habit::Waits | Habit::WaitsAndPages) && line == "show 2";
            if waits && !std::mem::replace(&mut self.has_waited, true) {
                *self.kept.lock().unwrap() = Some(VecDeque::new());
            }
            let pages = match self.habit {
                Habit::Pages => line == "show 1",
                Habit::WaitsAndPages => line == "show 2",
                _ => false,
            };
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

pub(super) struct Opened {
    pub(super) connection: Box<dyn Connection>,
    writes: Arc<Mutex<Vec<String>>>,
    reads: Arc<Mutex<VecDeque<Vec<u8>>>>,
    kept: Kept,
    wake: Arc<tokio::sync::Notify>,
}

impl Opened {
    /// Lets a device go on that waits.
    pub(super) fn go_on(&self) {
        let kept = self.kept.lock().unwrap().take().expect("it waits");
        self.reads.lock().unwrap().extend(kept);
        self.wake.notify_one();
    }

    pub(super) async fn ask(&self, lines: &[String]) -> Vec<CliResponse> {
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
    pub(super) fn writes(&self) -> Vec<String> {
        self.writes.lock().unwrap().iter().filter(|text| !text.starts_with("terminal")).cloned().collect()
    }
}

pub(super) async fn open(answers: &[(String, String)], habit: Habit, size: usize) -> Opened {
    let writes = Arc::new(Mutex::new(Vec::new()));
    let (reads, wake, kept) = (Arc::default(), Arc::default(), Kept::default());
    let editor = Editor {
        habit,
        answers: answers.to_vec(),
        reads: Arc::clone(&reads),
        size,
        writes: Arc::clone(&writes),
        paged: false,
        ended: false,
        has_waited: false,
        kept: Arc::clone(&kept),
        wake: Arc::clone(&wake),
    };
    editor.say("\r\nHello\r\n\r\n");
    editor.say(PROMPT);
    let target = target_of(platform::find("frr").unwrap(), None);
    let connection = connect_with(&target, &limits(None), Box::new(editor), PATIENCE).await;
    let connection = connection.unwrap_or_else(|failure| panic!("{}", failure.message.expose()));
    Opened { connection, writes, reads, kept, wake }
}

pub(super) fn shows(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("show {n}")).collect()
}

pub(super) fn plain(count: usize) -> Vec<(String, String)> {
    shows(count).into_iter().map(|line| (line.clone(), format!("answer to {line}\n"))).collect()
}
