//! What is typed: a line, and the answers to the questions that it may bring.

use super::hearing::Hearing;
use crate::redact::Secret;
use regex::Regex;

/// A question that a line may bring.
pub(super) struct Question {
    /// The question.
    pub(super) question: Regex,
    /// What to type.
    pub(super) answer: Reply,
    /// Whether a line end follows.
    pub(super) newline: bool,
}

/// What to type at a question.
pub(super) enum Reply {
    /// This.
    Type(Secret),
    /// A password that was given; when it is asked for again, it was wrong.
    Password(Secret),
    /// A password that nobody has given: named so in the failure.
    Missing(&'static str),
}

/// A line to type.
pub(super) struct Typed<'a> {
    /// The line.
    pub(super) text: &'a str,
    /// Questions that may come.
    pub(super) questions: Vec<Question>,
    /// They must all come, each in its turn.
    pub(super) in_order: bool,
}

impl<'a> Typed<'a> {
    /// Makes a line that asks nothing.
    pub(super) fn line(text: &'a str) -> Typed<'a> {
        Typed { text, questions: Vec::new(), in_order: false }
    }
}

/// Returns the number of the question that stands at the end of what has come.
pub(super) fn asked(partial: &str, hearing: &Hearing, typed: &Typed<'_>, used: &[bool]) -> Option<usize> {
    if typed.questions.is_empty() {
        return None;
    }
    let (text, start) = hearing.tail(partial);
    let fits = |number: &usize| {
        // The question is the unfinished line, or ends on it: a device that asks waits on the line of its question.
        typed.questions[*number].question.find_iter(&text).last().is_some_and(|found| found.end() > start)
    };
    let is_password = |number: &usize| matches!(typed.questions[*number].answer, Reply::Password(_));
    match typed.in_order {
        true => used.iter().position(|used| !used).filter(fits),
        // A password is asked for again when it was wrong: that must be noticed.
        false => (0..used.len()).find(|number| (!used[*number] || is_password(number)) && fits(number)),
    }
}
