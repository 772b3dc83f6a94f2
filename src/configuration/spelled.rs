//! What a line says, however it is spelled: abbreviations, small and large letters, quotes, blanks, the ways to write an
//! address. Lines are compared by it; sent is what the author wrote.
//!
//! What the platform's definition does not know ([`Spelling`]) stays as it is written.

use super::banner::banner;
use super::notation::{address, mac, ranges};
use crate::platform::{ConfigStyle, ConfigText, Spelling, Value, Words};
use std::borrow::Cow;

/// Returns what a line says: the words that the device shows, without the quotes that devices put around them; a banner's
/// text, whatever stands around it.
pub(super) fn said(line: &str, text: &ConfigText) -> String {
    if let Some(banner) = banner(line).filter(|_| text.gathers.is_empty()) {
        return format!("banner {}\n{}", banner.kind, banner.body.trim());
    }
    let typed: Vec<&str> = words(line).collect();
    if text.spelling.is_unknown() {
        return typed.join(" ");
    }
    let mut line = Line { spelling: &text.spelling, said: Vec::with_capacity(typed.len()), values: Vec::new() };
    let rest = match typed.split_first() {
        Some((first, rest)) if verbs(text).any(|verb| verb.eq_ignore_ascii_case(first)) => {
            line.said.push(first.to_ascii_lowercase().into());
            rest
        }
        // A line of a configuration of whole commands that begins otherwise is none of those that are listed.
        _ if text.style == ConfigStyle::Set => return typed.join(" "),
        _ => &typed,
    };
    line.read(rest);
    line.said.join(" ")
}

/// Returns the words of a line, as they are but for quotes around them: VyOS shows values in single quotes, IOS and Junos
/// some in double ones.
pub(super) fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split_whitespace().map(|word| word.trim_matches(['"', '\'']))
}

/// Returns the words that may stand before a line: `no`; in a configuration of whole commands `set` and `delete`.
fn verbs(text: &ConfigText) -> impl Iterator<Item = &str> {
    let set = (text.style == ConfigStyle::Set).then_some(text.set.trim());
    [Some(text.negate.trim()), set].into_iter().flatten().filter(|verb| !verb.is_empty())
}

/// A line that is read word by word.
struct Line<'a> {
    spelling: &'a Spelling,
    said: Vec<Cow<'a, str>>,
    /// The values so far.
    values: Vec<Cow<'a, str>>,
}

impl<'a> Line<'a> {
    fn read(&mut self, typed: &[&'a str]) {
        let start = self.said.len();
        let mut place = self.spelling.words();
        let mut rest = typed;
        // The line that is shown instead, and where its words end.
        let mut instead = None;
        while let Some((next, after)) = self.step(place, rest) {
            (place, rest) = (next, after);
            if let Some(shown) = place.shown_as() {
                instead = Some((shown, self.said.len()));
            }
        }
        if let Some((shown, end)) = instead {
            let shown: Vec<Cow<'a, str>> = shown.iter().map(|word| self.shown(word)).collect();
            self.said.splice(start..end, shown);
        }
        self.said.extend(rest.iter().map(|word| Cow::Borrowed(*word)));
    }

    /// Returns a word of the line that is shown instead.
    fn shown(&self, word: &'a str) -> Cow<'a, str> {
        let number = word.strip_prefix('$').and_then(|number| number.parse::<usize>().ok());
        let value = number.and_then(|number| self.values.get(number.checked_sub(1)?));
        value.cloned().unwrap_or(Cow::Borrowed(word))
    }

    /// Takes in what stands at a place of the line; returns what may follow, and what follows.
    fn step<'t>(&mut self, place: &'a Words, rest: &'t [&'a str]) -> Option<(&'a Words, &'t [&'a str])> {
        let first = rest.first()?;
        if let Some((word, next)) = place.word(first) {
            self.said.push(word.into());
            return Some((next, &rest[1..]));
        }
        for (kind, next) in place.values() {
            if let Some((value, taken)) = self.value(*kind, rest) {
                self.said.push(value.clone());
                self.values.push(value);
                return Some((next, &rest[taken..]));
            }
        }
        None
    }

    /// Returns the value of a kind that words begin with, and how many words it has.
    fn value(&self, kind: Value, rest: &[&'a str]) -> Option<(Cow<'a, str>, usize)> {
        let first = *rest.first()?;
        let second = rest.get(1).copied();
        let one = |value: String| Some((Cow::Owned(value), 1));
        match kind {
            Value::Number => first.starts_with(|c: char| c.is_ascii_digit()).then_some((first.into(), 1)),
            Value::Address | Value::Network => {
                address(first, second, kind == Value::Network).map(|(value, taken)| (value.into(), taken))
            }
            Value::Mac => one(mac(first)?),
            Value::Ranges => ranges(rest).map(|(value, taken)| (value.into(), taken)),
            Value::Interface => self.interface(first, second).map(|(value, taken)| (value.into(), taken)),
            Value::Word => match first.contains(':').then(|| address(first, None, false)).flatten() {
                Some((value, _)) => one(value),
                None => Some((first.into(), 1)),
            },
            Value::Secret | Value::Text => Some((rest.join(" ").into(), rest.len())),
        }
    }

    fn interface(&self, first: &str, second: Option<&str>) -> Option<(String, usize)> {
        interface(self.spelling, first, second)
    }
}

/// Returns the name of an interface as it is shown, and of how many words it is made: `gi0/1`, `Gi 0/1`.
pub(super) fn interface(spelling: &Spelling, first: &str, second: Option<&str>) -> Option<(String, usize)> {
    let split = first.find(|c: char| c.is_ascii_digit()).unwrap_or(first.len());
    let (letters, number) = first.split_at(split);
    let name = spelling.interface(letters)?;
    match (number.is_empty(), second) {
        (false, _) => Some((format!("{name}{number}"), 1)),
        (true, Some(number)) if number.starts_with(|c: char| c.is_ascii_digit()) => {
            Some((format!("{name}{number}"), 2))
        }
        _ => None,
    }
}
