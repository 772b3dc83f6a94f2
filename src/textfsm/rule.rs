//! One line of a state: `^expression -> Action`.

use super::declare::{Declaration, Fault};
use super::lines::{is_blank, is_word};
use crate::python_regex::LinePattern;

/// A rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) pattern: LinePattern,
    /// Which Values take which groups, in the order of the groups.
    pub(super) takes: Vec<(usize, usize)>,
    pub(super) record: OnRecord,
    pub(super) line: OnLine,
    /// The line of the template, from 1.
    pub(super) number: usize,
}

/// What happens with the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnRecord {
    Nothing,
    Record,
    Clear,
    ClearAll,
}

/// What happens with the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OnLine {
    /// The next line, in this state or another.
    Next(Option<Target>),
    /// The next rule of the state.
    Continue,
    /// An end with a failure, and what the template says about it.
    Error(Option<String>),
}

/// Where a rule leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    State(usize),
    /// Stop, with no record.
    End,
    /// Stop as at the end of the output.
    Eof,
}

/// A rule as read: where it leads is a name still, with its place in the line.
pub(super) struct Read {
    pub(super) rule: Rule,
    pub(super) to: Option<(String, usize)>,
}

/// Names of actions; no state may be called so.
pub(super) const ACTIONS: &[&str] = &["Continue", "Next", "Error", "Clear", "Clearall", "Record", "NoRecord"];

/// Reads a rule; `line` has no blanks at its end.
pub(super) fn rule(line: &str, number: usize, values: &[Declaration]) -> Result<Read, Fault> {
    let start = line.len() - line.trim_start_matches(is_blank).len();
    let (end, action) = arrow(line);
    let written = &line[start..end];
    let regex = substituted(written, values).map_err(|mut fault| {
        fault.start += start;
        fault.end += start;
        fault
    })?;
    let pattern = LinePattern::new(&regex).map_err(|why| {
        let fault = Fault::new(start, end, format!("the expression {why}"));
        match why.starts_with("has two groups") {
            true => fault.help("a Value may be used once in a rule"),
            false => fault,
        }
    })?;
    let takes = pattern.names().iter().filter_map(|(name, group)| {
        let value = values.iter().position(|value| *value.name == **name)?;
        Some((value, *group))
    });
    let takes = takes.collect();
    let words = match action {
        Some(at) => read_action(line, at)?,
        None => Words { line: "Next", record: "NoRecord", to: None },
    };
    let record = match words.record {
        "Record" => OnRecord::Record,
        "Clear" => OnRecord::Clear,
        "Clearall" => OnRecord::ClearAll,
        _ => OnRecord::Nothing,
    };
    let (on_line, to) = match (words.line, words.to) {
        ("Error", text) => (OnLine::Error(text.map(|(text, _)| text.to_owned())), None),
        ("Continue", Some((to, at))) => {
            let fault = Fault::new(at, at + to.len(), "`Continue` stays in its state");
            return Err(fault.help("leave the state out, or use `Next`"));
        }
        ("Continue", None) => (OnLine::Continue, None),
        (_, Some((to, at))) if to.starts_with('"') => {
            return Err(Fault::new(at, at + to.len(), "only `Error` has a text").help("name a state"));
        }
        (_, to) => (OnLine::Next(None), to.map(|(to, at)| (to.to_owned(), at))),
    };
    Ok(Read { rule: Rule { pattern, takes, record, line: on_line, number }, to })
}

/// Returns where the expression ends and where the action begins: at the last arrow with a blank before it.
fn arrow(line: &str) -> (usize, Option<usize>) {
    let found = line.rmatch_indices("->").find_map(|(at, _)| {
        let before = line[..at].chars().next_back().filter(|c| is_blank(*c))?;
        Some((at - before.len_utf8(), at + 2))
    });
    match found {
        Some((end, action)) => (end, Some(action)),
        None => (line.len(), None),
    }
}

/// The words of an action; the state or text with its place in the line.
struct Words<'l> {
    line: &'l str,
    record: &'l str,
    to: Option<(&'l str, usize)>,
}

/// Reads `[line action][.record action] [state]`, a record action with a state, or a state alone.
fn read_action(line: &str, at: usize) -> Result<Words<'_>, Fault> {
    let action = &line[at..];
    let bad = || {
        let fault = Fault::new(at - 2, line.len(), "no action is written so");
        fault.help("write ` -> Next|Continue|Error[.Record|.NoRecord|.Clear|.Clearall] [STATE]`")
    };
    let text = action.trim_start_matches(is_blank);
    if text.is_empty() {
        return Ok(Words { line: "Next", record: "NoRecord", to: None });
    }
    if text.len() == action.len() {
        return Err(bad());
    }
    let word_end = text.find(is_blank).unwrap_or(text.len());
    let (word, rest) = text.split_at(word_end);
    let rest = rest.trim_start_matches(is_blank);
    let to = |to: &'_ str| {
        let quoted = to.len() > 1 && to.starts_with('"') && to.ends_with('"');
        quoted || (!to.is_empty() && to.chars().all(is_word))
    };
    let place = |part: &str| line.len() - part.len();
    let after = match rest.is_empty() {
        true => None,
        false if to(rest) => Some((rest, place(rest))),
        false => {
            // A text in quotes may hold blanks: then it is the whole.
            return match to(text) && text.starts_with('"') {
                true => Ok(Words { line: "Next", record: "NoRecord", to: Some((text, place(text))) }),
                false => Err(bad()),
            };
        }
    };
    let line_actions = &ACTIONS[..3];
    let record_actions = &ACTIONS[3..];
    match word.split_once('.') {
        None if line_actions.contains(&word) => Ok(Words { line: word, record: "NoRecord", to: after }),
        None if record_actions.contains(&word) => Ok(Words { line: "Next", record: word, to: after }),
        Some((line, record)) if line_actions.contains(&line) && record_actions.contains(&record) => {
            Ok(Words { line, record, to: after })
        }
        _ if to(text) => Ok(Words { line: "Next", record: "NoRecord", to: Some((text, place(text))) }),
        _ => Err(bad()),
    }
}

/// Puts the Values' expressions in place of `$NAME` and `${NAME}`. A template without Values is taken as it is.
fn substituted(text: &str, values: &[Declaration]) -> Result<String, Fault> {
    if values.is_empty() {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len() * 2);
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        let dollar = at + found;
        out.push_str(&text[at..dollar]);
        let rest = &text[dollar + 1..];
        if rest.starts_with('$') {
            out.push('$');
            at = dollar + 2;
            continue;
        }
        let (name, long) = match rest.strip_prefix('{') {
            Some(inner) => {
                let name = name(inner);
                (name, if inner[name.len()..].starts_with('}') { name.len() + 2 } else { 0 })
            }
            None => (name(rest), name(rest).len()),
        };
        if name.is_empty() || long == 0 {
            let fault = Fault::new(dollar, dollar + 1, "a lone `$`");
            return Err(fault.help("write `$$` for the end of the line, `${NAME}` for a Value"));
        }
        let Some(value) = values.iter().find(|value| *value.name == *name) else {
            let fault = Fault::new(dollar, dollar + 1 + long, format!("no Value is called `{name}`"));
            let help = crate::source::did_you_mean(name, values.iter().map(|value| &*value.name));
            return Err(Fault { help, ..fault });
        };
        out.push_str(&value.named);
        at = dollar + 1 + long;
    }
    out.push_str(&text[at..]);
    Ok(out)
}

/// Returns the name that a text begins with.
fn name(text: &str) -> &str {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    let end = match text.starts_with(starts) {
        true => text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len()),
        false => 0,
    };
    &text[..end]
}
