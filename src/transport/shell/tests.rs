//! Holds recordings against the driver: every `tests/platforms/NAME/sessions.yaml`, with the bytes whole, cut at every
//! place, and in small pieces. The result must be the same.

mod ahead;
mod connection;
mod editor;
mod together;
mod vtysh;

use super::connection::connect_with;
use super::until::Patience;
use crate::failure::Failure;
use crate::module::{Action, Boxed, Cli, CliAnswer, CliLine, CliResponse, Output, Work};
use crate::platform::{self, Platform};
use crate::redact::Secret;
use crate::transport::{Bounds, Elevate, HostKeyPolicy, Kind, Limits, SshTarget, Target, Wire};
use serde::Deserialize;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Short, since a recording that stalls does so for ever.
const PATIENCE: Patience = Patience {
    confirm: Duration::from_millis(5),
    without_echo: Duration::from_millis(300),
    next_echo: Duration::from_millis(5),
    question: Duration::from_millis(20),
    wake: Duration::from_millis(20),
};

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recording {
    name: String,
    /// What is given as enable password.
    enable_password: Option<String>,
    /// The login password.
    password: Option<String>,
    /// Rights are asked for without a password.
    #[serde(default)]
    enable: bool,
    /// What the device says after login.
    #[serde(default)]
    opens: String,
    /// The device closes the session at once.
    #[serde(default)]
    hangs_up: bool,
    /// How long opening may take.
    connect_ms: Option<u64>,
    talk: Vec<Turn>,
    #[serde(default)]
    works: Vec<Written>,
    /// How opening the session fails.
    fails: Option<Fails>,
}

/// What is typed, and what the device says then.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    typed: String,
    #[serde(default)]
    comes: String,
    /// What comes a while after that, longer than a prompt is doubted and shorter than an echo is waited for.
    #[serde(default)]
    later: String,
    /// What comes a little after that, shorter than a prompt is doubted.
    #[serde(default)]
    soon: String,
    /// The device closes the session after it.
    #[serde(default)]
    closes: bool,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    lines: Vec<WrittenLine>,
    level: Option<String>,
    #[serde(default)]
    stop_on_error: bool,
    #[serde(default)]
    answers: Vec<WrittenAnswer>,
    fails: Option<Fails>,
    timeout_ms: Option<u64>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum WrittenLine {
    Text(String),
    Asking {
        text: String,
        #[serde(default)]
        ask: Vec<(String, String)>,
        #[serde(default)]
        check_all: bool,
        #[serde(default)]
        send_only: bool,
    },
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct WrittenAnswer {
    line: Option<String>,
    output: String,
    error: Option<String>,
    prompt: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fails {
    kind: String,
    message: String,
}

/// How the bytes of a recording are cut into reads.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Whole,
    At(usize),
    Pieces(usize),
}

/// A device that answers what is recorded, and nothing when something else is typed.
struct RecordedWire {
    state: Arc<Mutex<State>>,
    arrived: Arc<tokio::sync::Notify>,
}

struct State {
    turns: VecDeque<Turn>,
    typed: String,
    reads: VecDeque<Vec<u8>>,
    later: Option<(tokio::time::Instant, String)>,
    said: usize,
    cut: Cut,
    ended: bool,
    closed: bool,
    wrong: Option<String>,
}

impl State {
    fn say(&mut self, text: &str) {
        let bytes = text.as_bytes();
        match self.cut {
            Cut::Whole => self.reads.push_back(bytes.to_vec()),
            Cut::Pieces(size) => self.reads.extend(bytes.chunks(size).map(<[u8]>::to_vec)),
            Cut::At(at) if at > self.said && at < self.said + bytes.len() => {
                let (before, after) = bytes.split_at(at - self.said);
                self.reads.extend([before.to_vec(), after.to_vec()]);
            }
            Cut::At(_) => self.reads.push_back(bytes.to_vec()),
        }
        self.said += bytes.len();
        self.reads.retain(|read| !read.is_empty());
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.typed.push_str(&String::from_utf8_lossy(bytes));
        while let Some(turn) = self.turns.front() {
            if let Some(rest) = self.typed.strip_prefix(turn.typed.as_str()) {
                self.typed = rest.to_owned();
                let turn = self.turns.pop_front().expect("the front was just looked at");
                self.say(&turn.comes);
                if !turn.soon.is_empty() {
                    self.later = Some((tokio::time::Instant::now() + PATIENCE.confirm / 2, turn.soon));
                }
                if !turn.later.is_empty() {
                    self.later = Some((tokio::time::Instant::now() + PATIENCE.confirm * 4, turn.later));
                }
                self.ended |= turn.closes;
            } else {
                if !turn.typed.starts_with(self.typed.as_str()) {
                    self.wrong.get_or_insert_with(|| format!("typed {:?}, recorded {:?}", self.typed, turn.typed));
                }
                break;
            }
        }
    }
}

impl RecordedWire {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wire for RecordedWire {
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Boxed<'a, Result<(), Failure>> {
        self.lock().hear(bytes);
        self.arrived.notify_one();
        Box::pin(async { Ok(()) })
    }

    fn receive(&mut self) -> Boxed<'_, Result<Vec<u8>, Failure>> {
        Box::pin(async move {
            loop {
                let later = {
                    let mut state = self.lock();
                    if let Some(read) = state.reads.pop_front() {
                        return Ok(read);
                    }
                    if state.ended {
                        return Ok(Vec::new());
                    }
                    state.later.as_ref().map(|(at, _)| *at)
                };
                match later {
                    None => self.arrived.notified().await,
                    Some(at) => {
                        tokio::time::sleep_until(at).await;
                        let mut state = self.lock();
                        if let Some((_, text)) = state.later.take() {
                            state.say(&text);
                        }
                    }
                }
            }
        })
    }

    fn close(&mut self) -> Boxed<'_, ()> {
        self.lock().closed = true;
        Box::pin(async {})
    }
}

fn recordings(platform: &Platform) -> Vec<Recording> {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/platforms").join(&platform.name).join("sessions.yaml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn target(platform: &'static Platform, recording: &Recording) -> Target {
    let enable = recording.enable || recording.enable_password.is_some();
    let elevate = enable.then(|| Elevate {
        method: "enable".into(),
        user: String::new(),
        exe: None,
        flags: None,
        password: recording.enable_password.clone().map(Secret::new),
    });
    let mut target = target_of(platform, elevate);
    target.ssh.password = recording.password.clone().map(Secret::new);
    target
}

fn target_of(platform: &'static Platform, elevate: Option<Elevate>) -> Target {
    Target {
        host: "device".into(),
        kind: Kind::NetworkCli,
        ssh: SshTarget {
            address: "device".into(),
            port: None,
            user: Some("admin".into()),
            password: None,
            private_key: None,
            passphrase: None,
            host_key: HostKeyPolicy::Off,
            known_hosts: Vec::new(),
            config_file: None,
            jump: None,
            proxy_command: None,
            legacy: false,
            connect_timeout: Duration::from_secs(30),
            keepalive: None,
            use_agent: false,
            bounds: Bounds::default(),
        },
        platform: Some(platform),
        elevate,
        command_timeout: None,
        kept_shell: true,
        terminal: Default::default(),
    }
}

fn limits(timeout_ms: Option<u64>) -> Limits {
    Limits { timeout: Some(Duration::from_millis(timeout_ms.unwrap_or(20_000))), cancel: CancellationToken::new() }
}

fn wire(recording: &Recording, cut: Cut) -> (Box<dyn Wire>, Arc<Mutex<State>>) {
    let mut state = State {
        turns: recording.talk.clone().into(),
        typed: String::new(),
        reads: VecDeque::new(),
        later: None,
        said: 0,
        cut,
        ended: recording.hangs_up,
        closed: false,
        wrong: None,
    };
    state.say(&recording.opens);
    let state = Arc::new(Mutex::new(state));
    (Box::new(RecordedWire { state: Arc::clone(&state), arrived: Arc::default() }), state)
}

fn cli(work: &Written) -> Action {
    let lines = work.lines.iter().map(|line| match line {
        WrittenLine::Text(text) => CliLine::new(text),
        WrittenLine::Asking { text, ask, check_all, send_only } => CliLine {
            expect: ask
                .iter()
                .map(|(question, answer)| CliAnswer { question: question.clone(), answer: Secret::new(answer) })
                .collect(),
            check_all: *check_all,
            send_only: *send_only,
            ..CliLine::new(text)
        },
    });
    let cli = Cli {
        lines: lines.collect(),
        level: work.level.clone(),
        stop_on_error: work.stop_on_error,
        commit: crate::module::Commit { session: Some("netplay-recorded".into()), ..Default::default() },
        ..Cli::default()
    };
    Action::on_host(crate::effect::Effect::Write, Work::Cli(cli))
}

fn check_failure(failure: &Failure, fails: &Fails, what: &str) {
    assert_eq!(format!("{:?}", failure.kind).to_lowercase(), fails.kind, "{what}: {:?}", failure.message.expose());
    let message = failure.message.expose();
    assert!(message.contains(&fails.message), "{what}: {message}");
}

fn as_written(response: &CliResponse, like: &WrittenAnswer) -> WrittenAnswer {
    WrittenAnswer {
        line: like.line.as_ref().map(|_| response.line.clone()),
        output: response.output.clone(),
        error: response.error.clone(),
        prompt: like.prompt.as_ref().map(|_| response.prompt.clone()),
    }
}

async fn play(platform: &'static Platform, recording: &Recording, cut: Cut) {
    let what = format!("{}: {} ({cut:?})", platform.name, recording.name);
    let (wire, state) = wire(recording, cut);
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let connected = connect_with(&target(platform, recording), &limits(recording.connect_ms), wire, PATIENCE).await;
    let connection = match (connected, &recording.fails) {
        (Ok(connection), None) => connection,
        (Err(failure), Some(fails)) => {
            check_failure(&failure, fails, &what);
            assert!(lock().closed, "{what}: the wire is left open");
            assert_eq!(lock().wrong, None, "{what}");
            return;
        }
        (Ok(_), Some(_)) => panic!("{what}: opened in spite of all"),
        (Err(failure), None) => panic!("{what}: {} {:?}", failure.message.expose(), lock().wrong),
    };
    for work in &recording.works {
        let result = connection.perform(&cli(work), &limits(work.timeout_ms)).await;
        assert_eq!(lock().wrong, None, "{what}");
        match (result, &work.fails) {
            (Ok(Output::Cli(responses)), None) => {
                let got: Vec<WrittenAnswer> =
                    responses.iter().zip(&work.answers).map(|(response, like)| as_written(response, like)).collect();
                assert_eq!(got, work.answers, "{what}");
                assert_eq!(responses.len(), work.answers.len(), "{what}: {responses:?}");
            }
            (Err(failure), Some(fails)) => check_failure(&failure, fails, &what),
            (Ok(output), _) => panic!("{what}: {output:?}"),
            (Err(failure), None) => panic!("{what}: {}", failure.message.expose()),
        }
    }
    connection.close().await;
    assert!(!connection.is_open(), "{what}");
    assert!(lock().closed, "{what}: the wire is left open");
    assert_eq!(lock().wrong, None, "{what}");
    assert!(
        lock().turns.iter().all(|turn| Some(turn.typed.trim_end()) == platform.close.as_deref()),
        "{what}: not all was typed"
    );
}

fn network_platforms() -> impl Iterator<Item = &'static Platform> {
    platform::all().filter(|platform| !platform.is_host && platform.name != "own_switch")
}

#[test]
fn every_platform_has_recordings_of_an_answer_of_the_pager_and_of_a_refused_line_of_configuration() {
    for platform in network_platforms() {
        let recordings = recordings(platform);
        assert!(recordings.len() >= 3, "{}: {} recordings", platform.name, recordings.len());
        let pager = platform.pager.as_ref().map(|pager| pager.answer.as_str());
        let works = || recordings.iter().flat_map(|recording| &recording.works);
        let pages =
            recordings.iter().flat_map(|recording| &recording.talk).any(|turn| Some(turn.typed.as_str()) == pager);
        let reads =
            works().any(|work| work.level.is_none() && work.answers.iter().any(|answer| answer.error.is_none()));
        let refused =
            works().any(|work| work.level.is_some() && work.answers.iter().any(|answer| answer.error.is_some()));
        assert!(pages && reads && refused, "{}: pages {pages}, reads {reads}, refused {refused}", platform.name);
    }
}

#[tokio::test]
async fn recordings_give_what_they_say() {
    for platform in network_platforms() {
        for recording in recordings(platform) {
            play(platform, &recording, Cut::Whole).await;
        }
    }
}

#[tokio::test]
async fn recordings_give_the_same_in_small_pieces() {
    for platform in network_platforms() {
        for recording in recordings(platform) {
            for size in [1, 2, 3, 7] {
                play(platform, &recording, Cut::Pieces(size)).await;
            }
        }
    }
}

#[tokio::test]
async fn recordings_give_the_same_cut_at_every_place() {
    for platform in network_platforms() {
        for recording in recordings(platform) {
            let size = recording.opens.len() + recording.talk.iter().map(|turn| turn.comes.len()).sum::<usize>();
            let recording = Arc::new(recording);
            // Side by side, since they mostly wait. A read that has come is seen before any pause ends, however late.
            let mut plays = tokio::task::JoinSet::new();
            for at in 1..size {
                let recording = Arc::clone(&recording);
                plays.spawn(async move { play(platform, &recording, Cut::At(at)).await });
            }
            plays.join_all().await;
        }
    }
}
