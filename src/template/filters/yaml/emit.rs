//! The writer: a value to YAML text, with the line breaks, quotes and indents that Ansible's writer chooses.
//!
//! Its state is the column, whether the last character was a blank, and whether the line holds indicators only so far
//! (`- - a` needs no new line between the dashes). A line is folded at the first blank after the width is passed.

use super::scalar::{Analysis, analyze, is_break, is_printable, reads_as_text};
use crate::template::filters::args::MAX_TEXT;
use crate::template::filters::python::sort_by_keys;
use crate::value::{Map, Value, python_float};

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Item,
    Key,
    Value,
}

pub(super) struct Emitter {
    out: String,
    column: usize,
    /// The last character written is a blank, or nothing is written yet.
    after_blank: bool,
    /// The line holds nothing but indents and indicators.
    only_indicators: bool,
    /// The indent of the innermost collection; `None` before the first one.
    indent: Option<usize>,
    flow_depth: usize,
    depth: usize,
    step: usize,
    width: usize,
    sort_keys: bool,
    /// All collections in flow style, none, or (`None`) those that hold only scalars.
    flow: Option<bool>,
    style: Style,
}

/// The longest key, in bytes, that stands before its colon without a `?`.
const MAX_SIMPLE_KEY: usize = 128;
/// How deep a value may be nested.
const MAX_DEPTH: usize = 200;

impl Emitter {
    pub(super) fn new(step: usize, width: usize, sort_keys: bool, flow: Option<bool>, style: Style) -> Emitter {
        Emitter {
            out: String::new(),
            column: 0,
            after_blank: true,
            only_indicators: true,
            indent: None,
            flow_depth: 0,
            depth: 0,
            step,
            width,
            sort_keys,
            flow,
            style,
        }
    }

    /// Writes `---`.
    pub(super) fn start_document(&mut self) {
        self.indicator("---", true, false, false);
    }

    /// Writes the value as a whole document.
    pub(super) fn document(&mut self, value: &Value) -> Result<(), String> {
        self.node(value, Place::Root)?;
        self.new_line();
        Ok(())
    }

    /// Returns what was written.
    pub(super) fn finish(self) -> String {
        self.out
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn put_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
    }

    /// Goes to the indent, on a new line unless the line has nothing but indicators.
    fn new_line(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.only_indicators || self.column > indent || (self.column == indent && !self.after_blank) {
            self.put_break('\n');
        }
        while self.column < indent {
            self.put(' ');
        }
        self.after_blank = true;
        self.only_indicators = true;
    }

    fn indicator(&mut self, text: &str, blank_before: bool, is_blank: bool, is_indent: bool) {
        if blank_before && !self.after_blank {
            self.put(' ');
        }
        text.chars().for_each(|c| self.put(c));
        self.after_blank = is_blank;
        self.only_indicators &= is_indent;
    }

    /// Returns the indent inside a collection or scalar.
    fn deeper(&self, flow: bool, indentless: bool) -> Option<usize> {
        match self.indent {
            None => Some(if flow { self.step } else { 0 }),
            Some(indent) if indentless => Some(indent),
            Some(indent) => Some(indent + self.step),
        }
    }

    fn node(&mut self, value: &Value, place: Place) -> Result<(), String> {
        if self.depth > MAX_DEPTH {
            return Err(format!("the value is nested deeper than {MAX_DEPTH} levels"));
        }
        if self.out.len() > MAX_TEXT {
            return Err(format!("would make a text of more than {MAX_TEXT} bytes"));
        }
        let before = self.indent;
        self.depth += 1;
        match value {
            Value::List(items) if self.is_flow(value) => self.flow_list(items)?,
            Value::List(items) => self.block_list(items, place)?,
            Value::Map(map) if self.is_flow(value) => self.flow_map(map)?,
            Value::Map(map) => self.block_map(map)?,
            scalar => self.scalar(scalar, place),
        }
        self.depth -= 1;
        self.indent = before;
        Ok(())
    }

    fn is_flow(&self, value: &Value) -> bool {
        let scalar = |value: &Value| !matches!(value, Value::List(_) | Value::Map(_)) && self.style == Style::Plain;
        match value {
            _ if self.flow_depth > 0 => true,
            Value::List(items) => items.is_empty() || self.flow.unwrap_or_else(|| items.iter().all(scalar)),
            Value::Map(map) => {
                map.is_empty() || self.flow.unwrap_or_else(|| map.iter().all(|(_, value)| scalar(value)))
            }
            _ => false,
        }
    }

    fn flow_list(&mut self, items: &[Value]) -> Result<(), String> {
        self.indicator("[", true, true, false);
        self.indent = self.deeper(true, false);
        self.flow_depth += 1;
        for (i, item) in items.iter().enumerate() {
            self.flow_comma(i);
            self.node(item, Place::Item)?;
        }
        self.flow_depth -= 1;
        self.indicator("]", false, false, false);
        Ok(())
    }

    fn flow_comma(&mut self, i: usize) {
        if i > 0 {
            self.indicator(",", false, false, false);
        }
        if self.column > self.width {
            self.new_line();
        }
    }

    fn flow_map(&mut self, map: &Map) -> Result<(), String> {
        self.indicator("{", true, true, false);
        self.indent = self.deeper(true, false);
        self.flow_depth += 1;
        for (i, (key, value)) in self.entries(map).into_iter().enumerate() {
            self.flow_comma(i);
            if is_simple_key(&key) {
                self.node(&key, Place::Key)?;
                self.indicator(":", false, false, false);
            } else {
                self.indicator("?", true, false, false);
                self.node(&key, Place::Value)?;
                if self.column > self.width {
                    self.new_line();
                }
                self.indicator(":", true, false, false);
            }
            self.node(&value, Place::Value)?;
        }
        self.flow_depth -= 1;
        self.indicator("}", false, false, false);
        Ok(())
    }

    fn block_list(&mut self, items: &[Value], place: Place) -> Result<(), String> {
        // A list under a key starts at the key's own indent.
        self.indent = self.deeper(false, place == Place::Value && !self.only_indicators);
        for item in items {
            self.new_line();
            self.indicator("-", true, false, true);
            self.node(item, Place::Item)?;
        }
        Ok(())
    }

    fn block_map(&mut self, map: &Map) -> Result<(), String> {
        self.indent = self.deeper(false, false);
        for (key, value) in self.entries(map) {
            self.new_line();
            if is_simple_key(&key) {
                self.node(&key, Place::Key)?;
                self.indicator(":", false, false, false);
            } else {
                self.indicator("?", true, false, true);
                self.node(&key, Place::Value)?;
                self.new_line();
                self.indicator(":", true, false, true);
            }
            self.node(&value, Place::Value)?;
        }
        Ok(())
    }

    /// Returns the entries in the order in which they are written; keys that have no order stay as they stand.
    fn entries(&self, map: &Map) -> Vec<(Value, Value)> {
        let entries: Vec<(Value, Value)> = map.iter().map(|(key, value)| (key.to_value(), value.clone())).collect();
        match self.sort_keys {
            true => sort_by_keys(entries.clone(), false).unwrap_or(entries),
            false => entries,
        }
    }

    fn scalar(&mut self, value: &Value, place: Place) {
        let text = scalar_text(value);
        let is_text = matches!(value, Value::Str(_));
        let analysis = analyze(&text);
        let plain_reads_right = !is_text || reads_as_text(&text);
        let style = self.choose(&text, &analysis, plain_reads_right, place);
        if style != Style::Plain && !is_text {
            self.indicator("!", true, false, false);
        }
        self.indent = self.deeper(true, false);
        let may_fold = place != Place::Key;
        match style {
            Style::Plain => self.plain(&text, may_fold),
            Style::Single => self.single(&text, may_fold),
            Style::Double => self.double(&text, may_fold),
            Style::Literal => self.literal(&text),
        }
    }

    fn choose(&self, text: &str, analysis: &Analysis, plain_reads_right: bool, place: Place) -> Style {
        let (in_flow, is_key) = (self.flow_depth > 0, place == Place::Key);
        let mut style = self.style;
        if is_key && analysis.multiline {
            style = Style::Double;
        }
        if style == Style::Plain {
            let allowed = if in_flow { analysis.flow_plain } else { analysis.block_plain };
            if !allowed || (text.is_empty() && (in_flow || is_key)) || !plain_reads_right {
                style = Style::Single;
            }
        }
        if style == Style::Single && !analysis.single {
            style = Style::Double;
        }
        if style == Style::Literal && (!analysis.block || in_flow || is_key) {
            style = Style::Double;
        }
        style
    }

    fn plain(&mut self, text: &str, may_fold: bool) {
        if !self.after_blank && (!text.is_empty() || self.flow_depth > 0) {
            self.put(' ');
        }
        self.folded(text, may_fold, false);
        self.after_blank = false;
        self.only_indicators = false;
    }

    fn single(&mut self, text: &str, may_fold: bool) {
        self.indicator("'", true, false, false);
        self.folded(text, may_fold, true);
        if text.ends_with(is_break) {
            self.new_line();
        }
        self.indicator("'", false, false, false);
        self.after_blank = false;
        self.only_indicators = false;
    }

    /// Writes text whose line breaks are doubled and whose blanks may become line breaks.
    fn folded(&mut self, text: &str, may_fold: bool, quoted: bool) {
        let (mut after_space, mut after_break) = (false, false);
        let mut chars = text.chars().enumerate().peekable();
        while let Some((i, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            let inside = !quoted || (i > 0 && next.is_some());
            if c == ' ' {
                let fold = may_fold && !after_space && self.column > self.width && inside && next != Some(' ');
                if fold {
                    self.new_line();
                } else {
                    self.put(c);
                }
                after_space = true;
            } else if is_break(c) {
                if !after_break && c == '\n' {
                    self.put_break('\n');
                }
                self.put_break(c);
                self.only_indicators = true;
                after_break = true;
            } else {
                if after_break {
                    self.new_line();
                }
                if quoted && c == '\'' {
                    self.put(c);
                }
                self.put(c);
                self.only_indicators = false;
                (after_space, after_break) = (false, false);
            }
        }
    }

    fn double(&mut self, text: &str, may_fold: bool) {
        self.indicator("\"", true, false, false);
        let mut after_space = false;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((i, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            if c == ' ' {
                let inside = i > 0 && next.is_some();
                if may_fold && !after_space && self.column > self.width && inside {
                    self.new_line();
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                after_space = true;
                continue;
            }
            after_space = false;
            if is_printable(c) && !is_break(c) && c != '"' && c != '\\' {
                self.put(c);
            } else {
                escape(c).chars().for_each(|c| self.put(c));
            }
        }
        self.indicator("\"", false, false, false);
        self.after_blank = false;
        self.only_indicators = false;
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.indicator(&self.step.to_string(), false, false, false);
        }
        let mut from_end = text.chars().rev();
        match (from_end.next().is_some_and(is_break), from_end.next().is_none_or(is_break)) {
            (false, _) => self.indicator("-", false, false, false),
            (true, true) => self.indicator("+", false, false, false),
            (true, false) => {}
        }
        self.put_break('\n');
        self.only_indicators = true;
        self.after_blank = true;
        let mut after_break = true;
        for c in text.chars() {
            if is_break(c) {
                self.put_break(c);
                self.only_indicators = true;
                after_break = true;
            } else {
                if after_break {
                    self.new_line();
                }
                self.put(c);
                self.only_indicators = false;
                after_break = false;
            }
        }
    }
}

/// Claims that a key stands before its colon without a `?`.
fn is_simple_key(key: &Value) -> bool {
    let text = scalar_text(key);
    text.len() <= MAX_SIMPLE_KEY && !text.contains(is_break)
}

/// Returns the text of a scalar.
fn scalar_text(value: &Value) -> String {
    match value {
        Value::Null | Value::Omit => "null".into(),
        Value::Bool(b) => b.to_string(),
        Value::Float(f) if f.is_nan() => ".nan".into(),
        Value::Float(f) if f.is_infinite() => if *f > 0.0 { ".inf" } else { "-.inf" }.into(),
        Value::Float(f) => {
            let text = python_float(*f);
            // YAML 1.1 wants a dot: `1e+20` would be text.
            if text.contains('.') { text } else { text.replace('e', ".0e") }
        }
        other => other.to_text(),
    }
}

/// Returns a character as an escape in double quotes.
fn escape(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' | '\\' => c,
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            return match c as u32 {
                code @ 0..=0xff => format!("\\x{code:02X}"),
                code @ 0x100..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}
