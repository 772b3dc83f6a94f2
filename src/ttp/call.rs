//! `name(arguments)`: what stands behind the bar of a variable, and in the attributes of a group.

use crate::value::{Map, Value};

/// A function with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) args: Vec<Value>,
    pub(super) named: Map,
}

impl Call {
    /// Returns an argument by its place or name.
    pub(super) fn arg(&self, at: usize, name: &str) -> Option<&Value> {
        self.args.get(at).or_else(|| self.named.get(name))
    }

    /// Returns an argument as text.
    pub(super) fn text(&self, at: usize, name: &str) -> Option<String> {
        self.arg(at, name).map(Value::to_text)
    }

    /// Returns all arguments as texts.
    pub(super) fn texts(&self) -> Vec<String> {
        self.args.iter().map(Value::to_text).collect()
    }
}

/// Reads the functions of a variable: `name | PATTERN | call("x", 2)`.
pub(super) fn calls(text: &str) -> Result<Vec<Call>, String> {
    text.split('|').map(str::trim).filter(|part| !part.is_empty()).map(call).collect()
}

/// Reads one function.
pub(super) fn call(text: &str) -> Result<Call, String> {
    let wrong = || format!("`{text}` is no name with arguments");
    let plain = |name: &str| Call { name: name.to_owned(), args: Vec::new(), named: Map::new() };
    let Some(open) = text.find('(') else {
        return if text.contains(char::is_whitespace) { Err(wrong()) } else { Ok(plain(text)) };
    };
    let name = text[..open].trim_end();
    let inner = text[open + 1..].strip_suffix(')').ok_or_else(wrong)?;
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(wrong());
    }
    let mut made = plain(name);
    let mut reader = Reader { rest: inner.trim_start() };
    while !reader.rest.is_empty() {
        let key = reader.key();
        let value = reader.value(0).ok_or_else(wrong)?;
        match key {
            Some(key) => made.named.insert(key, value),
            None => made.args.push(value),
        }
        reader.rest = reader.rest.trim_start();
        match reader.rest.strip_prefix(',') {
            Some(rest) => reader.rest = rest.trim_start(),
            None if reader.rest.is_empty() => {}
            None => return Err(wrong()),
        }
    }
    Ok(made)
}

/// How deep lists stand in each other.
const MAX_DEPTH: usize = 20;

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn word(&self) -> usize {
        self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len())
    }

    /// Reads `name=`.
    fn key(&mut self) -> Option<String> {
        let long = self.word();
        let after = self.rest[long..].trim_start();
        let after = after.strip_prefix('=').filter(|_| long > 0)?;
        let key = self.rest[..long].to_owned();
        self.rest = after.trim_start();
        Some(key)
    }

    /// Reads a literal, or a word that stands for itself.
    fn value(&mut self, depth: usize) -> Option<Value> {
        let first = self.rest.chars().next()?;
        match first {
            '\'' | '"' => self.string(first, false),
            '[' | '(' if depth < MAX_DEPTH => {
                let close = if first == '[' { ']' } else { ')' };
                let mut items = Vec::new();
                self.rest = self.rest[1..].trim_start();
                while !self.rest.starts_with(close) {
                    items.push(self.value(depth + 1)?);
                    self.rest = self.rest.trim_start();
                    match self.rest.strip_prefix(',') {
                        Some(rest) => self.rest = rest.trim_start(),
                        None if self.rest.starts_with(close) => {}
                        None => return None,
                    }
                }
                self.rest = &self.rest[1..];
                Some(items.into())
            }
            'r' | 'R' if self.rest[1..].starts_with(['\'', '"']) => {
                let quote = self.rest[1..].chars().next()?;
                self.rest = &self.rest[1..];
                self.string(quote, true)
            }
            _ => {
                let long = self.rest.find([',', ')', ']', ' ']).unwrap_or(self.rest.len());
                let word = &self.rest[..long];
                self.rest = &self.rest[long..];
                if let Ok(number) = word.parse::<i64>() {
                    return Some(number.into());
                }
                if let Some(number) =
                    word.parse::<f64>().ok().filter(|_| word.starts_with(|c: char| c.is_ascii_digit()))
                {
                    return Some(number.into());
                }
                let is_word = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
                match word.to_lowercase().as_str() {
                    "true" => Some(true.into()),
                    "false" => Some(false.into()),
                    "none" => Some(Value::Null),
                    _ => is_word.then(|| word.into()),
                }
            }
        }
    }

    fn string(&mut self, quote: char, raw: bool) -> Option<Value> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.rest = &self.rest[at + 1..];
                    return Some(text.into());
                }
                '\\' => {
                    let (_, next) = chars.next()?;
                    match next {
                        _ if raw => text.extend(['\\', next]),
                        'n' => text.push('\n'),
                        't' => text.push('\t'),
                        'r' => text.push('\r'),
                        '\\' | '\'' | '"' => text.push(next),
                        other => text.extend(['\\', other]),
                    }
                }
                c => text.push(c),
            }
        }
        None
    }
}
