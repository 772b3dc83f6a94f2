//! A session with a device: bytes out, bytes in, one line at a time.
//!
//! [`Session::open`] waits for the first prompt and prepares the terminal. [`Session::exchange`] types one line and
//! hears the answer to its end; levels and whole works stand on it (`levels.rs`, `work.rs`).
//!
//! When an answer has ended: the echo of the line has come behind the prompt, and the last line is, whole, a prompt
//! with the device's learned name. Then nobody waits. Where one of these is missing (no echo, another name), the prompt
//! is believed when nothing follows for a moment ([`Patience`]). So a prompt that is left from before (a line end sent
//! to wake the device up brings a second one) never ends the next answer, and no command is typed into the wrong place.
//!
//! After anything that leaves the place in the stream unknown (deadline, cancel, end of stream, a question without an
//! answer) the session is closed and every later call fails.

mod leave;
mod traffic;

use super::clean::Cleaner;
use super::hearing::Hearing;
use super::late::without_late_messages;
use super::login::Logins;
use super::prompt::{MAX_PROMPT, Prompt, Prompts};
use super::typed::{Reply, Typed, asked};
use super::until::{Patience, Until};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::platform::Platform;
use crate::transport::Wire;
use std::time::Duration;
use tokio::time::Instant;

/// What to do about an answer that is too large.
pub(super) const LIMIT_IT: &str = "ask for less, by a filter (`| include`, `| match`) or part by part";

/// An answer to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The text without echo and prompt.
    pub(super) output: String,
    /// The prompt after it.
    pub(super) prompt: String,
}

/// A session.
pub(super) struct Session {
    wire: Box<dyn Wire>,
    pub(super) platform: &'static Platform,
    pub(super) logins: Logins,
    pub(super) cleaner: Cleaner,
    pub(super) prompts: Prompts,
    /// The prompt that stands on the unfinished line.
    pub(super) prompt: Prompt,
    /// The level in which commands run.
    pub(super) home: usize,
    pub(super) patience: Patience,
    /// The name of the configuration session that is edited, on platforms that have them.
    pub(super) config_session: String,
    /// A change lasts as long as this session does, and this is when it is over at the latest.
    pub(super) holds_until: Option<Instant>,
    /// The device was seen to give no echo.
    is_silent: bool,
    /// Reads may be typed ahead, as far as anybody has seen.
    pub(super) types_ahead: bool,
    pub(super) last: Vec<u8>,
    pub(super) is_open: bool,
    /// How long typing has taken since somebody asked.
    typing: Duration,
    /// When something was typed last, or the session began.
    pub(super) typed_at: Instant,
}

/// What the end of an answer looks like.
pub(super) enum End {
    /// Nothing to act on.
    Open,
    /// The pager waits for this.
    Pager(String),
    /// The question of that number stands there.
    Asked(usize),
    /// A prompt, beyond doubt.
    Prompt(Prompt),
    /// A prompt, if nothing follows for so long.
    Likely(Prompt, Duration),
    /// A question without an answer, if nothing follows.
    Stuck(String),
}

impl Session {
    /// Makes a session that has seen nothing.
    pub(super) fn new(wire: Box<dyn Wire>, platform: &'static Platform, logins: Logins, patience: Patience) -> Session {
        Session {
            wire,
            platform,
            logins,
            cleaner: Cleaner::default(),
            prompts: Prompts::new(platform),
            prompt: Prompt { level: 0, host: None, text: String::new() },
            home: 0,
            patience,
            config_session: String::new(),
            holds_until: None,
            is_silent: false,
            types_ahead: true,
            last: Vec::new(),
            is_open: true,
            typing: Duration::ZERO,
            typed_at: Instant::now(),
        }
    }

    /// Types a line and hears the answer to its end.
    pub(super) async fn exchange(&mut self, mut typed: Typed<'_>, until: &Until) -> Result<Answer, Failure> {
        if !self.is_open {
            return Err(Failure::new(FailureKind::Unreachable, "the session with the device is closed"));
        }
        let waiting = format!("the prompt after `{}`", typed.text);
        // What came while nobody listened is no answer.
        while self.cleaner.next_line().is_some() {}
        let mut hearing = Hearing::new(typed.text, &self.prompt.text);
        self.send(format!("{}{}", typed.text, self.platform.newline).as_bytes(), until).await?;
        let mut used = vec![false; typed.questions.len()];
        loop {
            hearing.take(&mut self.cleaner);
            if let Some(message) = hearing.too_large() {
                return Err(self.lost(FailureKind::Command, &message, &waiting).help(LIMIT_IT));
            }
            let partial = self.cleaner.partial(MAX_PROMPT);
            match self.end(partial.as_deref(), &hearing, &typed, &used) {
                End::Pager(keys) => {
                    self.cleaner.forget_partial();
                    self.send(keys.as_bytes(), until).await?;
                }
                End::Asked(number) => {
                    self.answer(&mut typed, &mut used, number, until, &waiting).await?;
                    hearing.answered();
                }
                End::Prompt(prompt) => {
                    if !self.more_is_here(&waiting).await? {
                        return self.finish(hearing, prompt, &typed, &used);
                    }
                }
                End::Likely(prompt, pause) => {
                    if !self.receive(Some(pause), until, &waiting).await? {
                        return self.finish(hearing, prompt, &typed, &used);
                    }
                }
                End::Stuck(question) => {
                    if !self.receive(Some(self.patience.question), until, &waiting).await? {
                        let message = format!("the device asks `{question}` and there is no answer to it");
                        return Err(self
                            .lost(FailureKind::Command, &message, &waiting)
                            .help("give the question and its answer: `prompt` and `answer` beside the command"));
                    }
                }
                End::Open => {
                    self.receive(None, until, &waiting).await?;
                }
            }
        }
    }

    /// Listens while there is nothing to do: log messages are taken off the wire. Returns when the device hangs up, or
    /// when the time of a change that this session holds is over.
    pub(super) async fn idle(&mut self) {
        while self.is_open {
            let holds_until = self.holds_until;
            let over = async {
                match holds_until {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            let received = tokio::select! {
                biased;
                received = self.wire.receive() => received,
                () = over => Ok(Vec::new()),
            };
            match received {
                Ok(bytes) if !bytes.is_empty() => {
                    self.cleaner.feed(&bytes);
                    while self.cleaner.next_line().is_some() {}
                }
                _ => self.is_open = false,
            }
        }
    }

    /// Types a line and does not wait for the answer. The next line tells its own by its echo behind a prompt.
    pub(super) async fn type_only(&mut self, text: &str, newline: bool, until: &Until) -> Result<(), Failure> {
        let end = if newline { &self.platform.newline } else { "" };
        self.send(format!("{text}{end}").as_bytes(), until).await
    }

    /// Judges the unfinished line.
    pub(super) fn end(&self, partial: Option<&str>, hearing: &Hearing, typed: &Typed<'_>, used: &[bool]) -> End {
        let Some(partial) = partial.filter(|partial| !partial.trim().is_empty()) else { return End::Open };
        if !hearing.is_on_new_line() {
            return End::Open;
        }
        if let Some(keys) = self.pager_keys(partial) {
            return End::Pager(keys);
        }
        if let Some(number) = asked(partial, hearing, typed, used) {
            return End::Asked(number);
        }
        if let Some(prompt) = self.prompts.find(partial, || hearing.last_line()) {
            let echo = hearing.echo();
            // A device that lags echoes twice, the second time behind a prompt: a show without an answer may be one.
            let is_early = hearing.is_empty() && self.platform.command_effect(typed.text) == Effect::Read;
            return match () {
                () if !echo.is_seen() && !self.is_silent => End::Likely(prompt, self.patience.without_echo),
                () if !echo.is_in_place() || is_early || !self.prompts.is_ours(&prompt) => {
                    End::Likely(prompt, self.patience.confirm)
                }
                () => End::Prompt(prompt),
            };
        }
        match self.platform.questions.iter().any(|question| question.is_match(partial)) {
            true => End::Stuck(partial.trim().to_owned()),
            false => End::Open,
        }
    }

    pub(super) fn pager_keys(&self, partial: &str) -> Option<String> {
        let pager = self.platform.pager.as_ref()?;
        if pager.prompt.is_match(partial) {
            return Some(pager.answer.clone());
        }
        pager.end.as_ref().filter(|end| end.is_match(partial)).map(|_| pager.end_answer.clone())
    }

    async fn answer(
        &mut self,
        typed: &mut Typed<'_>,
        used: &mut [bool],
        number: usize,
        until: &Until,
        waiting: &str,
    ) -> Result<(), Failure> {
        let question = &typed.questions[number];
        let again = std::mem::replace(&mut used[number], true);
        match &question.answer {
            Reply::Missing(what) => Err(self.missing(what)),
            Reply::Password(_) if again => {
                Err(self.lost(FailureKind::Authentication, "the device refuses the password", waiting))
            }
            Reply::Type(text) | Reply::Password(text) => {
                let end = if question.newline { &self.platform.newline } else { "" };
                let bytes = zeroize::Zeroizing::new(format!("{}{end}", text.expose()));
                self.send(bytes.as_bytes(), until).await
            }
        }
    }

    fn finish(
        &mut self,
        hearing: Hearing,
        prompt: Prompt,
        typed: &Typed<'_>,
        used: &[bool],
    ) -> Result<Answer, Failure> {
        self.prompts.learn(&prompt);
        self.is_silent = !hearing.echo().is_seen();
        self.types_ahead &= hearing.echo().is_in_place();
        let text = prompt.text.trim().to_owned();
        let answer = Answer { output: without_late_messages(hearing.into_output(self.platform), &text), prompt: text };
        self.prompt = prompt;
        if let (true, Some(number)) = (typed.in_order, used.iter().position(|used| !used)) {
            let question = typed.questions[number].question.as_str();
            let message = format!("`{}` did not ask `{question}`", typed.text);
            return Err(Failure::new(FailureKind::Command, message));
        }
        Ok(answer)
    }
}
