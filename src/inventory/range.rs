//! Ranges in host names: `sw[01:48:2]`, `leaf[a:f]`, several in one name.

use std::ops::Range;

/// The most names that one pattern may stand for. Arbitrary; far above any network, far below what fills the memory.
const MAX_NAMES: usize = 1_000_000;

/// What is wrong with a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RangeError {
    /// What is wrong, as a fragment.
    pub message: String,
    /// The bytes of the pattern that it is about.
    pub range: Range<usize>,
    /// What to write instead.
    pub help: Option<&'static str>,
}

/// A pattern cut at its ranges.
enum Part<'a> {
    Text(&'a str),
    Names(Vec<String>),
}

/// Returns the names that a pattern stands for, the last range running fastest. A text without brackets stands for
/// itself; a numeric range that runs backwards (`[5:1]`) for nothing, as in Ansible.
pub(super) fn expand(pattern: &str) -> Result<Vec<String>, RangeError> {
    let mut parts = Vec::new();
    let mut at = 0;
    let mut total: usize = 1;
    while let Some(open) = pattern[at..].find('[').map(|n| at + n) {
        let Some(close) = pattern[open..].find(']').map(|n| open + n) else {
            return Err(RangeError {
                message: "the closing bracket of the range is missing".into(),
                range: open..pattern.len(),
                help: Some("write a range as `[begin:end]` or `[begin:end:step]`"),
            });
        };
        let names = names(&pattern[open + 1..close], MAX_NAMES).map_err(|(message, help)| RangeError {
            message,
            range: open..close + 1,
            help,
        })?;
        total = total.saturating_mul(names.len());
        if total > MAX_NAMES {
            let message = format!("the pattern stands for more than {MAX_NAMES} hosts");
            return Err(RangeError { message, range: 0..pattern.len(), help: None });
        }
        parts.push(Part::Text(&pattern[at..open]));
        parts.push(Part::Names(names));
        at = close + 1;
    }
    if let Some(stray) = pattern[at..].find(']').filter(|_| at > 0) {
        return Err(RangeError {
            message: "the bracket closes nothing".into(),
            range: at + stray..at + stray + 1,
            help: Some("ranges cannot stand inside each other"),
        });
    }
    parts.push(Part::Text(&pattern[at..]));
    Ok(combine(&parts, total))
}

/// Puts the parts together in every combination.
fn combine(parts: &[Part<'_>], total: usize) -> Vec<String> {
    let mut heads = vec![String::new()];
    for part in parts {
        match part {
            Part::Text(text) => heads.iter_mut().for_each(|head| head.push_str(text)),
            Part::Names(names) => {
                let mut longer = Vec::with_capacity((heads.len() * names.len()).min(total));
                for head in &heads {
                    longer.extend(names.iter().map(|name| format!("{head}{name}")));
                }
                heads = longer;
            }
        }
    }
    heads
}

type Wrong = (String, Option<&'static str>);

/// Returns what one range stands for: letters or numbers.
fn names(inner: &str, limit: usize) -> Result<Vec<String>, Wrong> {
    let bounds: Vec<&str> = inner.split(':').collect();
    let (begin, end, step) = match bounds[..] {
        [begin, end] => (begin, end, "1"),
        [begin, end, step] if !end.is_empty() => (begin, end, step),
        [_] => {
            return Err((
                format!("`[{inner}]` is no range"),
                Some("write `[begin:end]`; a group header stands alone on its line"),
            ));
        }
        _ => {
            return Err((
                format!("`[{inner}]` is no range of begin, end and step"),
                Some("an IPv6 address stands in brackets only before a port: `[fe80::1]:22`"),
            ));
        }
    };
    if end.is_empty() {
        return Err((format!("the range `[{inner}]` has no end"), Some("write `[begin:end]`")));
    }
    let begin = if begin.is_empty() { "0" } else { begin };
    let step: usize = match step.trim().parse() {
        Ok(step) if step > 0 => step,
        _ => return Err((format!("the step `{step}` is not a positive number"), None)),
    };
    match (letter_index(begin), letter_index(end)) {
        (Some(first), Some(last)) if first > last => {
            Err((format!("`{begin}` comes after `{end}`"), Some("write the range from the lower to the higher letter")))
        }
        (Some(first), Some(last)) => {
            Ok(LETTERS[first..=last].iter().step_by(step).map(|b| char::from(*b).to_string()).collect())
        }
        _ => numbers(begin, end, step, limit),
    }
}

/// Letters in the order of a range: `[x:C]` runs from `x` over `z` to `C`.
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn letter_index(text: &str) -> Option<usize> {
    match text.as_bytes() {
        [letter] => LETTERS.iter().position(|b| b == letter),
        _ => None,
    }
}

fn numbers(begin: &str, end: &str, step: usize, limit: usize) -> Result<Vec<String>, Wrong> {
    let number = |text: &str| -> Result<u64, Wrong> {
        let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.parse().ok()).flatten().ok_or_else(|| {
            (format!("`{text}` is neither a number nor a single letter"), Some("write `[1:9]`, `[01:48]` or `[a:f]`"))
        })
    };
    let (first, last) = (number(begin)?, number(end)?);
    let padded = begin.len() > 1 && begin.starts_with('0');
    if padded && begin.len() != end.len() {
        return Err((
            format!("`{begin}` and `{end}` differ in length"),
            Some("with a leading zero, both ends have the same number of digits: `[01:48]`"),
        ));
    }
    let width = if padded { begin.len() } else { 0 };
    if last >= first && (last - first) / step as u64 >= limit as u64 {
        return Err((format!("the range stands for more than {limit} hosts"), None));
    }
    Ok((first..=last).step_by(step).map(|n| format!("{n:0width$}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_count_as_ansible_counts() {
        let cases: &[(&str, &[&str])] = &[
            ("web", &["web"]),
            ("web]", &["web]"]),
            ("sw[1:3]", &["sw1", "sw2", "sw3"]),
            ("sw[01:05:2]x", &["sw01x", "sw03x", "sw05x"]),
            ("sw[0:2]", &["sw0", "sw1", "sw2"]),
            ("sw[:2]", &["sw0", "sw1", "sw2"]),
            ("l[a:c]", &["la", "lb", "lc"]),
            ("l[y:B]", &["ly", "lz", "lA", "lB"]),
            ("r[1:2]s[a:b]", &["r1sa", "r1sb", "r2sa", "r2sb"]),
            ("r[5:1]", &[]),
            ("r[098:101]", &["r098", "r099", "r100", "r101"]),
        ];
        for (pattern, expected) in cases {
            assert_eq!(expand(pattern).unwrap(), *expected, "{pattern}");
        }
    }

    #[test]
    fn what_is_no_range_says_why() {
        let cases = [
            ("sw[1:3", "the closing bracket of the range is missing", 2..6),
            ("sw[1]", "`[1]` is no range", 2..5),
            ("[fe80::1]", "`[fe80::1]` is no range of begin, end and step", 0..9),
            ("sw[1:]", "the range `[1:]` has no end", 2..6),
            ("sw[01:100]", "`01` and `100` differ in length", 2..10),
            ("sw[f:a]", "`f` comes after `a`", 2..7),
            ("sw[1:9:0]", "the step `0` is not a positive number", 2..9),
            ("sw[aa:cc]", "`aa` is neither a number nor a single letter", 2..9),
            ("sw[0:99999999999]", "the range stands for more than 1000000 hosts", 2..17),
            ("s[0:9999]w[0:9999]", "the pattern stands for more than 1000000 hosts", 0..18),
            ("s[1:2]]", "the bracket closes nothing", 6..7),
        ];
        for (pattern, message, range) in cases {
            let error = expand(pattern).unwrap_err();
            assert_eq!((error.message.as_str(), error.range), (message, range), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn numeric_ranges_agree_with_counting(first in 0u32..300, more in 0u32..60, step in 1u32..7, pad in 0usize..5) {
            let last = first + more;
            let width = last.to_string().len().max(pad);
            let (begin, end) = (format!("{first:0width$}"), format!("{last:0width$}"));
            let padded = begin.len() > 1 && begin.starts_with('0');
            let mut model = Vec::new();
            let mut n = first;
            while n <= last {
                model.push(if padded { format!("h{n:0width$}.x") } else { format!("h{n}.x") });
                n += step;
            }
            prop_assert_eq!(expand(&format!("h[{begin}:{end}:{step}].x")).unwrap(), model);
        }

        #[test]
        fn any_text_is_expanded_or_refused(text in "[\\[\\]:a-c0-3é|-]{0,24}") {
            match expand(&text) {
                Ok(names) => prop_assert!(names.len() <= MAX_NAMES),
                Err(error) => prop_assert!(text.get(error.range).is_some()),
            }
        }
    }
}
