//! Reads typed ahead: several lines at once, each answer told from the next by the next line's echo.
//!
//! Lines are typed only while a prompt stands there, all in one write, so that the line editor of the device holds them
//! and echoes each behind its own prompt. A line that is the prompt with the next line behind it ends an answer. The
//! answer to the last line ends as every answer does ([`Session::end`]).
//!
//! An answer is handed out while later ones are still to come, once its end has stood for a moment
//! ([`Patience::next_echo`](super::until::Patience::next_echo)); it is never taken back.
//!
//! What is read may be read again, so there is a simple way out of every doubt (a pager or a question that may have
//! taken a line for its answer, a line that says the same as an echo, a prompt behind which the next echo does not
//! come): the session stops typing ahead for good, and all lines without an answer are asked anew, one by one.

use super::clean::{Cleaner, Line};
use super::hearing::Hearing;
use super::prompt::{MAX_PROMPT, Prompt};
use super::session::{Answer, End, LIMIT_IT, Session};
use super::typed::Typed;
use super::until::Until;
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::module::CliLine;
use std::collections::VecDeque;
use std::time::Duration;

/// The longest echo, with its prompt, that surely stands on one row: devices that ignore the terminal's size take 80.
const MAX_ECHO: usize = 78;

/// What came of lines that were typed ahead.
pub(super) enum Ahead {
    /// All answers were handed out.
    All,
    /// Nobody knows whose answer is whose of those that were not handed out: ask them anew.
    Doubt,
}

/// Takes the answers, in the order of the lines, each when it is known to have ended.
pub(super) type HandOut<'a> = dyn FnMut(&Session, Answer) + Send + 'a;

/// Lines that were typed ahead, of which one got no answer. The answers to those before it were handed out, unless nobody
/// knows whose answer is whose.
pub(super) struct Broken {
    /// Its number.
    pub(super) at: usize,
    /// What went wrong.
    pub(super) failure: Failure,
}

/// Lines that were typed ahead, and what has come since.
struct Batch<'a> {
    lines: &'a [&'a str],
    /// The prompt behind which all are typed.
    prompt: String,
    /// How many answers were handed out.
    handed_out: usize,
    /// Answers that have ended since, and the one that comes.
    hearings: VecDeque<Hearing>,
    is_doubtful: bool,
}

impl<'a> Batch<'a> {
    fn new(lines: &'a [&'a str], prompt: &str) -> Batch<'a> {
        let hearings = VecDeque::from([Hearing::new(lines[0], prompt)]);
        Batch { lines, prompt: prompt.trim().to_owned(), handed_out: 0, hearings, is_doubtful: false }
    }

    /// Returns the number of the line whose answer comes.
    fn number(&self) -> usize {
        self.handed_out + self.hearings.len() - 1
    }

    fn hearing(&self) -> &Hearing {
        self.hearings.back().expect("there is always the one that comes")
    }

    fn is_last(&self) -> bool {
        self.number() + 1 == self.lines.len()
    }

    /// Claims that an answer has ended that was not handed out and may be.
    fn has_ended(&self) -> bool {
        self.hearings.len() > 1 && !self.is_doubtful
    }

    /// Takes the next answer that has ended and may be handed out.
    fn next_ended(&mut self) -> Option<Hearing> {
        if !self.has_ended() {
            return None;
        }
        self.handed_out += 1;
        self.hearings.pop_front()
    }

    /// Takes the lines that have ended.
    fn take(&mut self, cleaner: &mut Cleaner) {
        while let Some(line) = cleaner.next_line() {
            self.line(line);
        }
    }

    fn line(&mut self, line: Line) {
        let has_begun = self.hearing().echo().is_in_place();
        if let (true, Some(typed)) = (has_begun, self.typed_behind_prompt(&line)) {
            let number = self.number();
            if self.lines.get(number + 1).is_some_and(|next| without_blanks(next) == typed) {
                self.hearings.push_back(Hearing::new(self.lines[number + 1], &self.prompt));
            } else if self.lines[..=number].iter().any(|begun| without_blanks(begun) == typed) {
                // One of the two was no echo.
                self.is_doubtful = true;
            }
        }
        self.hearings.back_mut().expect("there is always the one that comes").line(line);
    }

    /// Returns what stands behind our prompt, without blanks.
    fn typed_behind_prompt(&self, line: &Line) -> Option<String> {
        line.text.trim_start().strip_prefix(self.prompt.as_str()).map(without_blanks)
    }
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

impl Session {
    /// Returns how many of the lines can be typed at once; less than two means that they cannot.
    pub(super) fn ahead(&self, lines: &[CliLine]) -> usize {
        let Some(ahead) = &self.platform.typed_ahead else { return 0 };
        let is_ready = self.types_ahead && self.prompt.level == self.home && !self.platform.has_two_line_prompts();
        if !is_ready || !self.prompts.is_ours(&self.prompt) {
            return 0;
        }
        let prompt = self.prompt.text.trim().chars().count();
        let mut bytes = 0;
        let fits = |line: &&CliLine| {
            bytes += line.text.len() + self.platform.newline.len();
            let is_plain = line.expect.is_empty() && !line.send_only && !line.text.trim().is_empty();
            is_plain
                && bytes <= ahead.bytes
                && prompt + line.text.chars().count() < MAX_ECHO
                && self.platform.command_effect(&line.text) == Effect::Read
                && ahead.commands.iter().any(|command| command.is_match(line.text.trim()))
        };
        lines.iter().take_while(fits).count()
    }

    /// Types all lines, hears their answers and hands them out. Each may take `line_timeout`.
    pub(super) async fn exchange_ahead(
        &mut self,
        lines: &[&str],
        line_timeout: Duration,
        until: &Until,
        hand_out: &mut HandOut<'_>,
    ) -> Result<Ahead, Broken> {
        while self.cleaner.next_line().is_some() {}
        let mut batch = Batch::new(lines, &self.prompt.text);
        let prompt = match self.hear_ahead(&mut batch, line_timeout, until, hand_out).await {
            Ok(prompt) => prompt,
            Err(failure) => {
                let at = batch.number();
                self.hand_out_ended(&mut batch, hand_out);
                return Err(Broken { at, failure });
            }
        };
        self.prompts.learn(&prompt);
        if batch.is_doubtful || !batch.is_last() {
            self.types_ahead = false;
            self.prompt = prompt;
            return Ok(Ahead::Doubt);
        }
        self.hand_out_ended(&mut batch, hand_out);
        self.prompt = prompt;
        let last = batch.hearings.pop_back().expect("there is always the one that comes");
        self.hand_out(last, hand_out);
        Ok(Ahead::All)
    }

    fn hand_out_ended(&self, batch: &mut Batch<'_>, hand_out: &mut HandOut<'_>) {
        while let Some(hearing) = batch.next_ended() {
            self.hand_out(hearing, hand_out);
        }
    }

    fn hand_out(&self, hearing: Hearing, hand_out: &mut HandOut<'_>) {
        let prompt = self.prompt.text.trim().to_owned();
        hand_out(self, Answer { output: hearing.into_output(self.platform), prompt });
    }

    /// Listens until the last answer has ended, or nothing comes any more.
    async fn hear_ahead(
        &mut self,
        batch: &mut Batch<'_>,
        line_timeout: Duration,
        until: &Until,
        hand_out: &mut HandOut<'_>,
    ) -> Result<Prompt, Failure> {
        let text: String = batch.lines.iter().map(|line| format!("{line}{}", self.platform.newline)).collect();
        let mut number = 0;
        let mut each = until.within(line_timeout);
        self.send(text.as_bytes(), &each).await?;
        loop {
            batch.take(&mut self.cleaner);
            if batch.number() != number {
                number = batch.number();
                each = until.within(line_timeout);
            }
            let line = batch.lines[number];
            let waiting = format!("the prompt after `{line}`");
            if let Some(message) = batch.hearing().too_large() {
                return Err(self.lost(FailureKind::Command, &message, &waiting).help(LIMIT_IT));
            }
            let partial = self.cleaner.partial(MAX_PROMPT);
            let end = self.end(partial.as_deref(), batch.hearing(), &Typed::line(line), &[]);
            let is_over = batch.is_last() && matches!(end, End::Prompt(_) | End::Likely(..));
            if batch.has_ended() && !is_over {
                if !self.receive(Some(self.patience.next_echo), &each, &waiting).await? {
                    self.hand_out_ended(batch, hand_out);
                }
                continue;
            }
            match end {
                End::Prompt(prompt) if batch.is_last() => {
                    if !self.more_is_here(&waiting).await? {
                        return Ok(prompt);
                    }
                }
                End::Likely(prompt, pause) if batch.is_last() => {
                    if !self.receive(Some(pause), &each, &waiting).await? {
                        return Ok(prompt);
                    }
                }
                End::Prompt(prompt) | End::Likely(prompt, _) => {
                    if !self.receive(Some(self.patience.without_echo), &each, &waiting).await? {
                        return Ok(prompt);
                    }
                }
                End::Pager(keys) => {
                    batch.is_doubtful = true;
                    // What was typed ahead is an answer as well.
                    if !self.receive(Some(self.patience.confirm), &each, &waiting).await? {
                        self.cleaner.forget_partial();
                        self.send(keys.as_bytes(), &each).await?;
                    }
                }
                End::Stuck(question) => {
                    batch.is_doubtful = true;
                    if !self.receive(Some(self.patience.question), &each, &waiting).await? {
                        let message = format!("the device asks `{question}` and there is no answer to it");
                        return Err(self.lost(FailureKind::Command, &message, &waiting));
                    }
                }
                End::Asked(_) | End::Open => {
                    self.receive(None, &each, &waiting).await?;
                }
            }
        }
    }
}
