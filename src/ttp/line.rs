//! A line of a template as an expression.

use super::call::{Call, calls};
use super::function;
use crate::python_regex::{Anchor, Flags, Regex, compile};
use crate::value::{Map, Value};
use std::sync::Arc;

/// What the matches of a line do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Start a group with what was found.
    Start,
    /// Start a group with nothing in it.
    StartEmpty,
    /// Add to the group.
    Add,
    /// Join to what the group has.
    Join,
    /// End the group.
    End,
}

/// A line, ready to be searched for.
pub(super) struct Line {
    pub(super) regex: Arc<Regex>,
    pub(super) variables: Vec<Variable>,
    pub(super) action: Action,
    /// It takes any line, after all others.
    pub(super) is_any: bool,
}

/// A variable of a line.
#[derive(Clone)]
pub(super) struct Variable {
    /// Its name in the result.
    pub(super) name: String,
    /// Its group in the expression.
    pub(super) group: String,
    pub(super) functions: Vec<Call>,
    /// The whole line that a conditional `set` stands for.
    pub(super) whole_line: Option<String>,
}

/// The patterns that have a name.
const PATTERNS: [(&str, &str); 11] = [
    ("PHRASE", r"(\S+ {1})+?\S+"),
    ("ROW", r"(\S+ +)+?\S+"),
    ("ORPHRASE", r"\S+|(\S+ {1})+?\S+"),
    ("DIGIT", r"\d+"),
    ("IP", r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}"),
    ("PREFIX", r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}"),
    ("IPV6", r"(?:[a-fA-F0-9]{1,4}:|:){1,7}(?:[a-fA-F0-9]{1,4}|:?)"),
    ("PREFIXV6", r"(?:[a-fA-F0-9]{1,4}:|:){1,7}(?:[a-fA-F0-9]{1,4}|:?)/[0-9]{1,3}"),
    ("_line_", ".+"),
    ("WORD", r"\S+"),
    ("MAC", r"(?:[0-9a-fA-F]{2}(?::|\.|-)){5}[0-9a-fA-F]{2}|(?:[0-9a-fA-F]{4}(?::|\.|-)){2}[0-9a-fA-F]{4}"),
];

fn pattern(name: &str) -> Option<&'static str> {
    PATTERNS.iter().find(|(known, _)| *known == name).map(|(_, pattern)| *pattern)
}

/// What ends a line: blanks, and the line end that is the next line's beginning.
const END: &str = "[\\t ]*(?=\\n|\\r\\n)";

/// Names that stand for no value.
const NO_VALUES: [&str; 4] = ["_end_", "_line_", "ignore", "_start_"];

/// What a line of a template came to.
pub(super) enum Read {
    Line(Line),
    /// It only says what a variable is where nothing is found.
    Nothing,
}

/// Reads a line that has variables. `defaults` gets what variables are where nothing is found; `default` is for all.
pub(super) fn read(line: &str, settings: &Map, default: Option<&Value>, defaults: &mut Map) -> Result<Read, String> {
    let line = line.trim_end();
    let indent = &line[..line.len() - line.trim_start().len()];
    let pieces = pieces(line.trim_start())?;
    let has = |mark: &str| line.contains(mark);
    let (exact, exact_space) = (has("_exact_"), has("_exact_space_"));
    let mut regex = format!("\\n{}", escaped(indent, true, true));
    let mut made = Line {
        regex: compile("x", Flags::default(), Anchor::Anywhere)?,
        variables: vec![],
        action: Action::Add,
        is_any: false,
    };
    let mut is_set = false;
    let mut is_cut = false;
    let plain: String = pieces.iter().filter_map(|piece| piece.as_ref().err().copied()).collect();
    let whole = format!("\n{indent}{}", plain.trim_end());
    for piece in &pieces {
        let text = match piece {
            Err(text) => {
                if !is_cut {
                    regex += &escaped(text, exact, exact_space);
                }
                continue;
            }
            Ok(text) => text,
        };
        let mut parts = calls(text)?.into_iter();
        let first = parts.next().ok_or("has a variable without a name")?;
        let mut reading = Reading { action: Action::Add, patterns: vec![], functions: vec![], whole_line: None };
        match first.name.as_str() {
            "_start_" => reading.action = Action::StartEmpty,
            "_end_" => reading.action = Action::End,
            "_line_" => reading.any(&mut made),
            "_headers_" => return Err("has `_headers_`, which is not supported: write the columns as variables".into()),
            _ => {}
        }
        let may_default = !NO_VALUES.contains(&first.name.as_str());
        if let (Some(default), true, false) = (default, may_default, defaults.contains(&first.name)) {
            defaults.insert(first.name.as_str(), default.clone());
        }
        for call in parts {
            match call.name.as_str() {
                "_start_" => reading.action = Action::Start,
                "_end_" => reading.action = Action::End,
                "_line_" => reading.any(&mut made),
                "_exact_" | "_exact_space_" => {}
                "ignore" => return Err("has `ignore` behind a variable: write `{{ ignore }}`".into()),
                "default" if may_default => {
                    defaults.insert(first.name.as_str(), call.args.first().cloned().unwrap_or("None".into()));
                }
                "default" => {}
                "joinmatches" => {
                    reading.functions.push(call);
                    reading.action = Action::Join;
                }
                "set" if plain.trim().is_empty() => {
                    let value = call.args.first().cloned().ok_or("has a `set` without a value")?;
                    defaults.insert(first.name.as_str(), value);
                    is_set = true;
                }
                "set" => {
                    reading.whole_line = Some(whole.clone());
                    reading.functions.push(call);
                    is_cut = true;
                }
                "re" => reading.patterns.push(expression(&call, settings)?),
                name if pattern(name).is_some() => reading.patterns.push(pattern(name).unwrap_or_default().to_owned()),
                _ => {
                    function::check(&call)?;
                    reading.functions.push(with_settings(call, settings));
                }
            }
        }
        if is_set {
            continue;
        }
        let is_mark = matches!(first.name.as_str(), "_start_" | "_end_");
        if is_mark || reading.whole_line.is_some() {
            cut(&mut regex);
            is_cut = true;
        }
        let group = group_name(&first.name);
        if first.name == "ignore" {
            let wanted = match first.text(0, "pattern") {
                None => "\\S+".to_owned(),
                Some(name) => format!("(?:{})", named(&name, settings)),
            };
            if !is_cut {
                regex += &wanted;
            }
            continue;
        }
        if !is_mark && !is_cut {
            let patterns = if reading.patterns.is_empty() { vec!["\\S+".to_owned()] } else { reading.patterns };
            regex += &format!("(?P<{group}>(?:{}))", patterns.join(")|(?:"));
        }
        made.variables.push(Variable {
            name: first.name,
            group,
            functions: reading.functions,
            whole_line: reading.whole_line,
        });
        if !matches!(made.action, Action::Start | Action::StartEmpty) {
            made.action = reading.action;
        }
    }
    if is_set {
        return Ok(Read::Nothing);
    }
    regex += END;
    made.regex =
        compile(&regex, Flags::default(), Anchor::Anywhere).map_err(|why| format!("is an expression that {why}"))?;
    Ok(Read::Line(made))
}

/// What is known of a variable while it is read.
struct Reading {
    action: Action,
    patterns: Vec<String>,
    functions: Vec<Call>,
    whole_line: Option<String>,
}

impl Reading {
    fn any(&mut self, line: &mut Line) {
        self.action = Action::Join;
        self.patterns.push(".+".into());
        line.is_any = true;
    }
}

/// Takes a line apart: texts (as errors) and variables.
fn pieces(line: &str) -> Result<Vec<Result<&str, &str>>, String> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find("{{") {
        let Some(end) = rest[start..].find("}}") else { return Err("has a `{{` that is not closed".into()) };
        if start > 0 {
            found.push(Err(&rest[..start]));
        }
        found.push(Ok(&rest[start + 2..start + end]));
        rest = &rest[start + end + 2..];
    }
    if !rest.is_empty() {
        found.push(Err(rest));
    }
    Ok(found)
}

/// Returns the expression of a text: blanks are any blanks and digits any digits, unless they are meant exactly.
fn escaped(text: &str, exact_digits: bool, exact_blanks: bool) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' if !exact_blanks => {
                while chars.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
                out.push_str("[ \\t]+");
            }
            c if c.is_ascii_digit() && !exact_digits => {
                while chars.next_if(char::is_ascii_digit).is_some() {}
                out.push_str("\\d+");
            }
            c if c.is_alphanumeric() || c == '_' => out.push(c),
            c if c.is_ascii() => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// Ends an expression where a mark stands: what blanks stand before it do not count.
fn cut(regex: &mut String) {
    if let Some(shorter) = regex.strip_suffix("[ \\t]+") {
        *regex = shorter.to_owned();
    }
}

fn group_name(name: &str) -> String {
    let mut group = String::new();
    for c in name.chars() {
        match c.is_alphanumeric() || c == '_' {
            true => group.push(c),
            false if group.ends_with('\u{0}') => {}
            false => group.push('\u{0}'),
        }
    }
    let group = group.replace('\u{0}', "_");
    if group.starts_with(|c: char| c.is_ascii_digit()) { format!("_{group}") } else { group }
}

/// Returns the expression of `re(…)`: a variable's, a pattern's, or the text itself.
fn expression(call: &Call, settings: &Map) -> Result<String, String> {
    let text = call.text(0, "pattern").ok_or("has a `re` without an expression")?;
    Ok(named(&text, settings))
}

fn named(text: &str, settings: &Map) -> String {
    let setting = settings.get(text).filter(|value| value.is_truthy()).map(Value::to_text);
    setting.or_else(|| pattern(text).map(str::to_owned)).unwrap_or_else(|| text.to_owned())
}

/// Functions whose arguments may be the names of variables.
const NAMED: [&str; 11] = [
    "contains_re",
    "startswith_re",
    "endswith_re",
    "notstartswith_re",
    "notendswith_re",
    "exclude_re",
    "exclude",
    "contains",
    "equal",
    "notequal",
    "sformat",
];

fn with_settings(mut call: Call, settings: &Map) -> Call {
    if NAMED.contains(&call.name.as_str()) {
        for arg in &mut call.args {
            if let Some(value) = arg.as_str().and_then(|name| settings.get(name)) {
                *arg = value.clone();
            }
        }
    }
    call
}
