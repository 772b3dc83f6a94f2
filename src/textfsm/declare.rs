//! One line `Value [options] NAME (expression)`.

use crate::python_regex::LinePattern;
use std::sync::Arc;

/// The longest name of a Value or a state, in characters.
pub(super) const MAX_NAME: usize = 48;

/// A column of the table.
#[derive(Debug)]
pub(super) struct Declaration {
    pub(super) name: Arc<str>,
    /// In the order written, which is the order in which they act.
    pub(super) choices: Vec<Choice>,
    /// The expression as written.
    pub(super) pattern: LinePattern,
    /// The expression as rules get it: its first group bears the name.
    pub(super) named: String,
}

/// An option of a Value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// The record is dropped when the Value is empty.
    Required,
    /// The next record begins with what this one had.
    Filldown,
    /// Empty cells above take what is matched.
    Fillup,
    /// It tells the rows apart when tables are joined.
    Key,
    /// Everything that is matched is gathered.
    List,
}

const CHOICES: &[(&str, Choice)] = &[
    ("Required", Choice::Required),
    ("Filldown", Choice::Filldown),
    ("Fillup", Choice::Fillup),
    ("Key", Choice::Key),
    ("List", Choice::List),
];

/// What is wrong with a line: the bytes of it, what, and what to do.
pub(super) struct Fault {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Fault {
    pub(super) fn new(start: usize, end: usize, message: impl Into<String>) -> Fault {
        Fault { start, end, message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Fault {
        self.help = Some(help.into());
        self
    }
}

/// Reads a line that begins with `Value `; blanks at its end are gone.
pub(super) fn declaration(line: &str) -> Result<Declaration, Fault> {
    let all = |message: &str| Fault::new(0, line.len(), message);
    let mut words = Words { line, at: "Value ".len() };
    let (first, second) = match (words.next(), words.next()) {
        (Some(first), Some(second)) => (first, second),
        _ => return Err(all("a Value needs a name and an expression").help("write `Value NAME (expression)`")),
    };
    let (choices, name, expression) = match line[second.0..].starts_with('(') {
        true => (Vec::new(), first, second.0),
        false => (choices(line, first)?, second, second.1 + 1),
    };
    let text = &line[name.0..name.1];
    if text.is_empty() || text.chars().count() > MAX_NAME {
        let message = format!("a Value's name has 1 to {MAX_NAME} characters");
        return Err(Fault::new(name.0, name.1.max(name.0 + 1), message));
    }
    if text.contains('\\') {
        return Err(Fault::new(name.0, name.1, "a Value's name has no backslash"));
    }
    let expression = (expression.min(line.len()), line.len());
    let regex = &line[expression.0..];
    if !regex.starts_with('(') || !regex.ends_with(')') || regex.ends_with("\\)") {
        let fault = Fault::new(expression.0.min(line.len() - 1), expression.1, "an expression must stand in brackets");
        return Err(fault.help("write `(expression)`, with single blanks between the words of the line"));
    }
    let pattern = LinePattern::new(regex)
        .map_err(|why| Fault::new(expression.0, expression.1, format!("the expression of `{text}` {why}")))?;
    let named = format!("(?P<{text}>{}", &regex[1..]);
    Ok(Declaration { name: text.into(), choices, pattern, named })
}

/// Reads `Filldown,Required`.
fn choices(line: &str, (start, end): (usize, usize)) -> Result<Vec<Choice>, Fault> {
    let mut choices = Vec::new();
    let mut at = start;
    for word in line[start..end].split(',') {
        let place = |message: String| Fault::new(at, (at + word.len()).max(at + 1), message);
        let Some((_, choice)) = CHOICES.iter().find(|(name, _)| *name == word) else {
            let fault = place(format!("no option is called `{word}`"));
            let help = crate::source::did_you_mean(word, CHOICES.iter().map(|(name, _)| *name));
            let all = "options are Required, Filldown, Fillup, Key, List; an expression stands in brackets";
            return Err(fault.help(help.unwrap_or_else(|| all.into())));
        };
        if choices.contains(choice) {
            return Err(place(format!("the option `{word}` is given twice")));
        }
        choices.push(*choice);
        at += word.len() + 1;
    }
    Ok(choices)
}

/// Words between single blanks, as byte ranges.
struct Words<'l> {
    line: &'l str,
    at: usize,
}

impl Iterator for Words<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let start = self.at;
        let rest = self.line.get(start..)?;
        let end = start + rest.find(' ').unwrap_or(rest.len());
        self.at = end + 1;
        Some((start, end))
    }
}
