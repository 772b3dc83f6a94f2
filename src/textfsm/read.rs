//! Text to a [`Template`], with all that is wrong in it.

use super::declare::{Declaration, Fault, MAX_NAME, declaration};
use super::lines::{is_blank, is_word};
use super::rule::{ACTIONS, OnLine, Rule, Target, rule};
use super::template::{State, Template};
use crate::source::{Diagnostic, Diagnostics, SourceId, Span, did_you_mean};

/// The most states, rules and Values of a template. Arbitrary: a hundred times the largest seen.
const MAX_PARTS: usize = 20_000;

pub(super) fn read(source: SourceId, name: &str, text: &str) -> Result<Template, Diagnostics> {
    let mut reader = Reader { source, lines: split(text), at: 0, found: Diagnostics::new() };
    if reader.lines.len() > MAX_PARTS {
        reader.found.push(Diagnostic::error("E1004", format!("the template has more than {MAX_PARTS} lines")));
        return Err(reader.found);
    }
    let values = reader.values();
    let mut drafts: Vec<Draft> = Vec::new();
    while let Some(draft) = reader.state(&values, &drafts) {
        drafts.push(draft);
    }
    let whole = Span::new(source, 0, 0);
    let has_eof = drafts.iter().any(|draft| draft.name == "EOF");
    let states = reader.resolved(drafts);
    let start = states.iter().position(|state| state.name == "Start");
    if start.is_none() && !reader.found.has_errors() {
        let diagnostic = Diagnostic::error("E1004", "the template has no state `Start`").at(whole);
        reader.found.push(diagnostic.help("after the Values and a blank line, write `Start` and rules below it"));
    }
    match start {
        Some(start) if !reader.found.has_errors() => {
            Ok(Template { name: name.to_owned(), values, states, start, has_eof })
        }
        _ => Err(reader.found),
    }
}

/// A line without blanks at its end, and where it begins.
type Line<'t> = (usize, &'t str);

/// Splits at `\n`, `\r\n` and `\r`, as Python reads files.
fn split(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        lines.push((at, rest[..end].trim_end_matches(is_blank)));
        at += end + if rest[end..].starts_with("\r\n") { 2 } else { 1 };
    }
    lines
}

/// A state whose rules lead to names.
struct Draft {
    name: String,
    place: Span,
    rules: Vec<(Rule, Option<(String, Span)>)>,
}

struct Reader<'t> {
    source: SourceId,
    lines: Vec<Line<'t>>,
    at: usize,
    found: Diagnostics,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Option<Line<'t>> {
        let line = self.lines.get(self.at).copied();
        self.at += 1;
        line
    }

    fn span(&self, (at, text): Line<'_>) -> Span {
        Span::new(self.source, at, at + text.len())
    }

    fn fault(&mut self, code: &'static str, (at, _): Line<'_>, fault: Fault) {
        let span = Span::new(self.source, at + fault.start, at + fault.end);
        self.found.push(Diagnostic::error(code, fault.message).at(span).maybe_help(fault.help));
    }

    fn error(&mut self, code: &'static str, line: Line<'_>, message: impl Into<String>, help: &str) {
        let span = self.span(line);
        self.found.push(Diagnostic::error(code, message).at(span).help(help));
    }

    /// Reads the Values, up to the first blank line.
    fn values(&mut self) -> Vec<Declaration> {
        let mut values: Vec<Declaration> = Vec::new();
        while let Some(line) = self.next() {
            let text = line.1;
            if text.is_empty() {
                break;
            }
            if is_comment(text) {
                continue;
            }
            if !text.starts_with("Value ") {
                let help = "Values come first, then a blank line, then the states";
                self.error("E1000", line, "a Value is expected here, or a blank line after the last one", help);
                continue;
            }
            match declaration(text) {
                Ok(value) if values.iter().any(|known| known.name == value.name) => {
                    self.error("E1000", line, format!("the Value `{}` is there already", value.name), "rename one");
                }
                Ok(value) => values.push(value),
                Err(fault) => self.fault("E1000", line, fault),
            }
        }
        values
    }

    /// Reads a state and its rules, up to a blank line.
    fn state(&mut self, values: &[Declaration], known: &[Draft]) -> Option<Draft> {
        let line = loop {
            let line = self.next()?;
            if !line.1.is_empty() && !is_comment(line.1) {
                break line;
            }
        };
        let name = line.1;
        let is_name = name.chars().all(is_word) && name.chars().count() <= MAX_NAME && !ACTIONS.contains(&name);
        if !is_name {
            let help = match name.trim_start_matches(is_blank).starts_with('^') {
                true => "a blank line ends a state: rules stand right below their state's name",
                false => "a state is one word that is no action, at the start of its line",
            };
            self.error("E1001", line, format!("no state may be called `{name}`"), help);
        } else if known.iter().any(|draft| draft.name == name) {
            self.error("E1001", line, format!("the state `{name}` is there already"), "rename one");
        }
        let mut draft = Draft { name: name.to_owned(), place: self.span(line), rules: Vec::new() };
        while let Some(line) = self.next() {
            if line.1.is_empty() {
                break;
            }
            if is_comment(line.1) {
                continue;
            }
            if !is_name && !line.1.trim_start_matches(is_blank).starts_with('^') {
                // What follows a name that is none is one mistake with it.
                continue;
            }
            if ![" ^", "  ^", "\t^"].iter().any(|start| line.1.starts_with(start)) {
                self.error("E1002", line, "a rule begins with one or two blanks and `^`", "write ` ^expression`");
                continue;
            }
            match rule(line.1, self.at, values) {
                Ok(read) => {
                    let to = read.to.map(|(to, at)| {
                        let span = Span::new(self.source, line.0 + at, line.0 + at + to.len());
                        (to, span)
                    });
                    draft.rules.push((read.rule, to));
                }
                Err(fault) => self.fault("E1002", line, fault),
            }
        }
        Some(draft)
    }

    /// Finds the states that rules lead to.
    fn resolved(&mut self, drafts: Vec<Draft>) -> Vec<State> {
        for draft in drafts.iter().filter(|draft| matches!(&*draft.name, "End" | "EOF") && !draft.rules.is_empty()) {
            let message = format!("the state `{}` has rules", draft.name);
            let help = "it is where a template ends; leave it empty";
            self.found.push(Diagnostic::error("E1001", message).at(draft.place).help(help));
        }
        let names: Vec<String> = drafts.iter().map(|draft| draft.name.clone()).collect();
        let mut states = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let mut rules = Vec::with_capacity(draft.rules.len());
            for (mut rule, to) in draft.rules {
                if let Some((to, place)) = to {
                    let target = match to.as_str() {
                        "End" => Some(Target::End),
                        "EOF" => Some(Target::Eof),
                        to => names.iter().position(|name| name == to).map(Target::State),
                    };
                    if target.is_none() {
                        let help = did_you_mean(&to, names.iter().map(String::as_str).chain(["End", "EOF"]));
                        let diagnostic = Diagnostic::error("E1003", format!("no state is called `{to}`"));
                        self.found.push(diagnostic.at(place).maybe_help(help));
                    }
                    rule.line = OnLine::Next(target);
                }
                rules.push(rule);
            }
            states.push(State::new(draft.name, rules));
        }
        states
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start_matches(is_blank).starts_with('#')
}
