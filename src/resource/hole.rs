//! Holes of patterns: what stands in them as text, and the value that it is.

use super::options::Options;
use super::tree::{Path, get};
use super::{interface, ports, ranges};
use crate::value::{Map, Value};
use std::net::Ipv4Addr;

#[derive(Clone, Debug)]
pub(super) struct Hole {
    pub(super) path: Path,
    pub(super) form: Form,
    /// The text that stands for yes, where the option is no boolean: `enable`.
    pub(super) word: Option<String>,
    /// The flags of a dictionary of them, and their words.
    pub(super) flags: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Word,
    Number,
    Boolean,
    Text,
    Commas,
    Words,
    Ranges,
    Mask,
    Wildcard,
    Interface,
    Port,
    Bundle,
    Area,
    Kind,
    Ipv4,
    Ipv6,
    Banner,
    Eof,
    Name,
    Digits,
    Numbers,
    /// Yes, where the line is there.
    Meant,
    Flags,
}

impl Hole {
    /// Returns the value that a text stands for; `None` when it stands for none.
    pub(super) fn value(&self, platform: &str, text: &str) -> Option<Value> {
        let plain = unquoted(text);
        Some(match self.form {
            Form::Number => Value::Int(plain.parse().ok()?),
            Form::Flags => self.flags_of(&plain)?,
            Form::Boolean | Form::Meant => {
                self.word.as_ref().map_or(Value::Bool(true), |word| Value::from(word.as_str()))
            }
            Form::Commas => Value::list(plain.split(',').map(str::trim)),
            Form::Words | Form::Numbers => Value::list(plain.split_whitespace()),
            Form::Ranges => match ranges::read(&plain) {
                Some(numbers) => Value::list(ranges::parts(&numbers)),
                None => Value::list([plain.as_str()]),
            },
            Form::Mask | Form::Wildcard => {
                let (address, mask) = text.split_once(char::is_whitespace)?;
                let mask = u32::from(mask.trim().parse::<Ipv4Addr>().ok()?);
                let mask = if self.form == Form::Wildcard { !mask } else { mask };
                (mask.leading_ones() + mask.trailing_zeros() == 32 || mask == u32::MAX)
                    .then(|| Value::from(format!("{address}/{}", mask.leading_ones())))?
            }
            Form::Ipv4 => Value::from(Some(plain).filter(|text| may_be_ipv4(text))?),
            Form::Ipv6 => Value::from(Some(plain).filter(|text| may_be_ipv6(text))?),
            Form::Banner | Form::Eof => Value::from(banner(text)),
            Form::Kind => Value::from(plain.rsplit(char::is_whitespace).next()?),
            Form::Interface => interface::whole_name(platform, &plain).into(),
            Form::Port => ports::number(platform, &plain).into(),
            Form::Area => area(&plain).into(),
            Form::Bundle => interface::bundle_name(platform, &plain).into(),
            Form::Word | Form::Text | Form::Digits => Value::from(plain),
            Form::Name => return None,
        })
    }

    /// Returns the flags that words stand for; `None` when one of them is none.
    fn flags_of(&self, text: &str) -> Option<Value> {
        let flag = |word: &str| self.flags.iter().find(|(_, known)| known == word).map(|(name, _)| name.as_str());
        let flags: Option<Map> = text.split_whitespace().map(|word| Some((flag(word)?, Value::Bool(true)))).collect();
        flags.map(Value::from)
    }

    /// Returns the words of flags that are set; `None` when none is.
    fn words_of(&self, value: &Value) -> Option<String> {
        let map = value.as_map()?;
        let is_set = |(name, _): &&(String, String)| map.get(name) == Some(&Value::Bool(true));
        let words: Vec<&str> = self.flags.iter().filter(is_set).map(|(_, word)| word.as_str()).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// Claims that the words of a flag are written.
    pub(super) fn is_yes(&self, map: &Map) -> bool {
        match (get(map, &self.path), &self.word) {
            (Some(Value::Bool(flag)), None) => *flag,
            (Some(value), Some(word)) => value.as_str() == Some(word),
            _ => false,
        }
    }

    /// Returns a value as the line shows it.
    pub(super) fn shown(&self, value: &Value, quote: Option<char>) -> Option<String> {
        let text = match self.form {
            Form::Commas | Form::Ranges => joined(value, ","),
            Form::Words | Form::Numbers => joined(value, " "),
            Form::Flags => self.words_of(value)?,
            Form::Banner => {
                let text = value.to_text();
                let free = ['@', '~', '%', '&', '+', '=', '|'].into_iter().find(|c| !text.contains(*c))?;
                format!("{free}\n{}\n{free}", text.trim_matches('\n'))
            }
            Form::Eof => format!("\n{}\nEOF", value.to_text().trim_matches('\n')),
            Form::Bundle => interface::number(&value.to_text())?,
            Form::Area => area(&value.to_text()),
            Form::Kind => format!("{} {}", interface::kind(&value.to_text())?, value.to_text()),
            Form::Mask | Form::Wildcard => with_mask(&value.to_text(), self.form == Form::Wildcard)?,
            Form::Name => {
                let is_said = |value: &Value| !matches!(value, Value::Null | Value::Bool(false));
                let (name, _) = value.as_map()?.iter().find(|(_, value)| is_said(value))?;
                name.to_string().replace('_', "-")
            }
            Form::Ipv4 => Some(value.to_text()).filter(|text| may_be_ipv4(text))?,
            Form::Ipv6 => Some(value.to_text()).filter(|text| may_be_ipv6(text))?,
            _ => value.to_text(),
        };
        Some(match quote {
            Some(quote) if self.form != Form::Kind && (self.form == Form::Text || needs_quotes(&text)) => {
                format!("{quote}{}{quote}", text.replace(quote, &format!("\\{quote}")).replace('\n', "\\n"))
            }
            _ => text,
        })
    }
}

/// Returns an area as devices show it: by four numbers.
fn area(text: &str) -> String {
    text.parse::<u32>().map_or_else(|_| text.to_owned(), |number| Ipv4Addr::from(number).to_string())
}

fn may_be_ipv4(text: &str) -> bool {
    !text.contains(':') && !text.ends_with("v6")
}

fn may_be_ipv6(text: &str) -> bool {
    text.contains(':') || !text.contains('.') && text != "dhcp"
}

fn needs_quotes(text: &str) -> bool {
    text.is_empty() || text.contains([' ', '"', '\'', '#', ';', '{', '}'])
}

pub(super) fn joined(value: &Value, between: &str) -> String {
    match value.as_list() {
        Some(items) => items.iter().map(Value::to_text).collect::<Vec<_>>().join(between),
        None => value.to_text(),
    }
}

/// Returns `10.0.0.1/24` with its mask. What has no length stays as it is: `10.0.0.1 255.255.255.0`.
fn with_mask(text: &str, wildcard: bool) -> Option<String> {
    let Some((address, length)) = text.split_once('/') else { return Some(text.to_owned()) };
    let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    Some(format!("{address} {}", Ipv4Addr::from(if wildcard { !mask } else { mask })))
}

fn unquoted(text: &str) -> String {
    let inside = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    match inside {
        Some(inside) => inside.replace("\\\"", "\"").replace("\\'", "'").replace("\\n", "\n"),
        None => text.trim_end().to_owned(),
    }
}

/// Returns what a banner says: without the delimiters around it, or without the line `EOF` behind it.
fn banner(text: &str) -> String {
    let text = text.trim();
    if let Some(body) = text.strip_suffix("EOF").filter(|body| body.is_empty() || body.ends_with('\n')) {
        return body.trim_matches('\n').to_owned();
    }
    let Some(first) = text.chars().next() else { return String::new() };
    let delimiter = if text.starts_with("^C") { "^C" } else { &text[..first.len_utf8()] };
    let body = &text[delimiter.len()..];
    body.split(delimiter).next().unwrap_or(body).trim_matches('\n').to_owned()
}

impl Hole {
    /// Returns the expression of what may stand in it.
    pub(super) fn expression(&self, quote: Option<char>, options: &Options) -> String {
        let choices = options.at(&self.path).map(|option| option.choices.as_slice());
        let quoted = if quote.is_some() { r#""(?:[^"\\]|\\.)*"|'[^']*'|"# } else { "" };
        match self.form {
            Form::Number if quote.is_some() => r#"["']?\d+["']?"#.into(),
            Form::Number | Form::Bundle => r"\d+".into(),
            Form::Kind => r"[a-z-]+\s+[\w.-]+".into(),
            Form::Ranges => r"[\d,\- ]*\d|[a-z]+".into(),
            Form::Mask | Form::Wildcard => r"\d+\.\d+\.\d+\.\d+\s+\d+\.\d+\.\d+\.\d+".into(),
            Form::Text | Form::Banner | Form::Eof => format!("{quoted}.+?"),
            Form::Words => r"\S+(?:\s+\S+)*?".into(),
            Form::Flags => {
                let mut words: Vec<String> = self.flags.iter().map(|(_, word)| regex::escape(word)).collect();
                words.sort_by_key(|word| std::cmp::Reverse(word.len()));
                let any = words.join("|");
                format!(r"(?:{any})(?:\s+(?:{any}))*")
            }
            Form::Commas if quote.is_none() => r"[^\s,]+(?:,\s*[^\s,]+)*".into(),
            Form::Digits => r"\d\S*".into(),
            Form::Numbers => r"\d\S*(?:\s+\d\S*)*".into(),
            Form::Word if choices.is_some_and(|choices| !choices.is_empty()) => {
                let mut choices: Vec<String> =
                    choices.unwrap_or_default().iter().map(|choice| regex::escape(choice)).collect();
                // Longer words first: `full` would be found in `full-duplex`.
                choices.sort_by_key(|choice| std::cmp::Reverse(choice.len()));
                match quote {
                    None => choices.join("|"),
                    Some(_) => format!(r#"["']?(?:{})["']?"#, choices.join("|")),
                }
            }
            Form::Ipv4 if quote.is_none() => r"\d+\.\d+\.\d+\.\d+(?:/\d+)?".into(),
            Form::Ipv6 if quote.is_none() => r"[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:/\d+)?".into(),
            Form::Interface => r"[A-Za-z][\w./:-]*".into(),
            Form::Port => r"[\w-]+".into(),
            _ => format!(r"{quoted}[^\s]+"),
        }
    }
}
