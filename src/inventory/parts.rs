//! A host pattern's parts and their subscripts: text alone, without the inventory.

use super::address;
use std::sync::Arc;

/// Cuts a pattern into its parts: at commas, or where there are none at colons, unless the whole is a host's name
/// (`fe80::1`, `sw[1:3]`).
pub(super) fn split(pattern: &str) -> Vec<String> {
    let parts: Vec<&str> = if pattern.contains(',') {
        pattern.split(',').collect()
    } else if address::split_port(pattern).is_some() {
        vec![pattern]
    } else {
        split_at_colons(pattern)
    };
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(String::from).collect()
}

/// Cuts at colons and blanks outside of brackets; brackets without their partner are dropped.
fn split_at_colons(pattern: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(c) = pattern[at..].chars().next() {
        let closing = if c == '[' { pattern[at..].find(']') } else { None };
        if let Some(length) = closing {
            at += length + 1;
            continue;
        }
        let next = at + c.len_utf8();
        if c.is_whitespace() || matches!(c, ':' | '[' | ']') {
            parts.push(&pattern[start..at]);
            start = next;
        }
        at = next;
    }
    parts.push(&pattern[start..]);
    parts
}

/// Which of a part's hosts are meant, counted from 0; negative numbers count from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subscript {
    /// `[2]`, `[-1]`
    One(i64),
    /// `[1:3]`: both ends are meant. `[1:]`: up to the last.
    Slice(i64, Option<i64>),
}

impl Subscript {
    /// Returns the hosts meant; a single one that is not there is an error.
    pub(super) fn apply(self, hosts: Vec<Arc<str>>) -> Result<Vec<Arc<str>>, String> {
        let count = i64::try_from(hosts.len()).unwrap_or(i64::MAX);
        let (first, last) = match self {
            Subscript::One(at) => {
                let at = if at < 0 { at.saturating_add(count) } else { at };
                if !(0..count).contains(&at) {
                    return Err(format!("there is no such host; it matches {count}"));
                }
                (at, at)
            }
            Subscript::Slice(first, last) => (first, last.unwrap_or(count - 1)),
        };
        let skip = usize::try_from(first).unwrap_or(usize::MAX);
        let take = usize::try_from(last.saturating_sub(first).saturating_add(1)).unwrap_or(0);
        Ok(hosts.into_iter().skip(skip).take(take).collect())
    }
}

/// Cuts a subscript off the end. In a regular expression brackets are its own.
pub(super) fn split_subscript(part: &str) -> (&str, Option<Subscript>) {
    let cut = || {
        let (name, inner) = part.strip_suffix(']')?.rsplit_once('[')?;
        let subscript = subscript(inner).filter(|_| !name.is_empty() && !part.starts_with('~'))?;
        Some((name, Some(subscript)))
    };
    cut().unwrap_or((part, None))
}

fn subscript(inner: &str) -> Option<Subscript> {
    let number = |digits: &str| -> Option<i64> {
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().unwrap_or(i64::MAX))
    };
    if let Some(at) = number(inner) {
        return Some(Subscript::One(at));
    }
    if let Some(at) = inner.strip_prefix('-').and_then(number) {
        return Some(Subscript::One(-at));
    }
    let (first, last) = inner.split_once([':', '-'])?;
    let last = if last.is_empty() { None } else { Some(number(last)?) };
    Some(Subscript::Slice(number(first)?, last))
}
