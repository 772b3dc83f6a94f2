//! What has come since a line was sent, sorted: echo, answer, and what stands at the end.

use super::clean::{Cleaner, Line};
use super::echo::{Echo, Heard};
use crate::platform::Platform;

/// The largest answer that is kept. Arbitrary: some twenty times the largest configuration seen. It is held a few times
/// over (as lines, as a text, in the result), so that a device which never stops costs some 200 MiB and no more.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// How much of the end of an answer questions are looked for in.
const TAIL_BYTES: usize = 4096;

/// The answer to one line, while it comes.
#[derive(Debug)]
pub(super) struct Hearing {
    echo: Echo,
    /// Finished lines. Until the echo comes: what may be left from before, or an answer of a device without echo.
    lines: Vec<String>,
    /// Lines that have ended since the line was sent.
    ended: usize,
    bytes: usize,
    /// The number of ended lines when a question was answered: the same line is not looked at again.
    answered_at: Option<usize>,
    /// Where the lines begin in which the next question may stand.
    questions_from: usize,
}

impl Hearing {
    /// Begins to listen for the answer to `command`, typed behind `prompt`.
    pub(super) fn new(command: &str, prompt: &str) -> Hearing {
        Hearing {
            echo: Echo::new(command, prompt),
            lines: Vec::new(),
            ended: 0,
            bytes: 0,
            answered_at: None,
            questions_from: 0,
        }
    }

    /// Takes the lines that have ended.
    pub(super) fn take(&mut self, cleaner: &mut Cleaner) {
        while let Some(line) = cleaner.next_line() {
            self.line(line);
        }
    }

    /// Takes the next line that has ended.
    pub(super) fn line(&mut self, line: Line) {
        self.ended += 1;
        match self.echo.hear(&line) {
            Heard::Echo => {
                // Only what came before the first echo can be here: it belongs to nobody.
                self.lines.clear();
                self.bytes = 0;
                self.questions_from = 0;
            }
            Heard::Again => {}
            Heard::Part | Heard::Other => {
                self.bytes += line.text.len();
                self.lines.push(line.text);
            }
        }
    }

    /// Claims that the line being typed on has ended, and so has the one on which a question was answered.
    pub(super) fn is_on_new_line(&self) -> bool {
        self.ended > self.answered_at.unwrap_or(0)
    }

    /// Returns the echo.
    pub(super) fn echo(&self) -> &Echo {
        &self.echo
    }

    /// Claims that there is no answer so far but blank lines.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.trim().is_empty())
    }

    /// Returns the last line that has something on it.
    pub(super) fn last_line(&self) -> String {
        self.lines.iter().rev().find(|line| !line.trim().is_empty()).cloned().unwrap_or_default()
    }

    /// Says that the answer is larger than what is kept of one.
    pub(super) fn too_large(&self) -> Option<String> {
        let limit = MAX_ANSWER_BYTES >> 20;
        (self.bytes > MAX_ANSWER_BYTES)
            .then(|| format!("the answer is larger than the {limit} MiB that are kept of one"))
    }

    /// Notes that the question on the unfinished line was answered.
    pub(super) fn answered(&mut self) {
        self.answered_at = Some(self.ended);
        self.questions_from = self.lines.len() + 1;
    }

    /// Returns the lines in which a question may stand, with the unfinished one, and where that begins.
    pub(super) fn tail(&self, partial: &str) -> (String, usize) {
        let mut first = self.lines.len();
        let mut bytes = 0;
        while first > self.questions_from && bytes + self.lines[first - 1].len() < TAIL_BYTES {
            first -= 1;
            bytes += self.lines[first].len() + 1;
        }
        let mut text = self.lines[first.min(self.lines.len())..].join("\n");
        if !text.is_empty() {
            text.push('\n');
        }
        let start = text.len();
        text.push_str(partial);
        (text, start)
    }

    /// Returns the answer: without the lines that belong to the prompt and without blank lines around it.
    pub(super) fn into_output(mut self, platform: &Platform) -> String {
        if !self.echo.is_seen()
            && let Some(first) = self.lines.first_mut()
        {
            // Where nothing is echoed, the answer begins right behind the prompt.
            *first = first.trim_start().strip_prefix(self.echo.prompt()).unwrap_or(first).to_owned();
        }
        let mut cut_context = false;
        while let Some(last) = self.lines.last() {
            let blank = last.trim().is_empty();
            let context = platform.context.iter().any(|context| context.is_match(last.trim_end()));
            // A prompt behind which nothing was typed: the device took the line end for two.
            let left_over = !self.echo.prompt().is_empty() && last.trim() == self.echo.prompt();
            if !blank && !left_over && (!context || cut_context) {
                break;
            }
            cut_context |= context;
            self.lines.pop();
        }
        let first = self.lines.iter().position(|line| !line.trim().is_empty()).unwrap_or(self.lines.len());
        self.lines[first..].join("\n").trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform;

    #[test]
    fn lines_of_the_prompt_are_no_answer() {
        let junos = platform::find("junos").unwrap();
        let mut cleaner = Cleaner::default();
        let mut hearing = Hearing::new("show x", "u@mx1> ");
        cleaner.feed(b"u@mx1> show x \r\n\r\n  a\r\n[edit]\r\nb  \r\n\r\n{master:0}[edit]\r\nu@mx1> ");
        hearing.take(&mut cleaner);
        assert_eq!(hearing.into_output(junos), "  a\n[edit]\nb");
    }

    #[test]
    fn a_question_may_begin_on_the_line_before() {
        let mut cleaner = Cleaner::default();
        let mut hearing = Hearing::new("reload", "r1#");
        cleaner.feed(b"r1#reload\r\nProceed?\r\n[confirm]");
        hearing.take(&mut cleaner);
        assert_eq!(hearing.tail("[confirm]"), ("Proceed?\n[confirm]".into(), 9));
        hearing.answered();
        assert!(!hearing.is_on_new_line());
        cleaner.feed(b"\r\nagain? ");
        hearing.take(&mut cleaner);
        assert!(hearing.is_on_new_line());
        assert_eq!(hearing.tail("again? "), ("again? ".into(), 0));
    }
}
