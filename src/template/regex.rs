//! Python's regular expressions on Rust's engines: what authors write for Python's `re` means the same here.
//!
//! A pattern is translated once ([`translate`]) and kept compiled. Traps that the translation is there for: `$` also
//! matches before a final newline; `\Z` is Rust's `\z`; `\<` is a plain `<`; `{,3}` starts at 0 and `{` alone is plain;
//! `[a&&b]` and `[a--b]` are plain sets; an empty match may follow another match. Backtracking is bounded: a pattern
//! that runs away is an error, never a hang.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

/// How a pattern is to be read: Python's `re.IGNORECASE`, `re.MULTILINE`, `re.DOTALL`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Flags {
    /// Upper and lower case are the same.
    pub(crate) ignore_case: bool,
    /// `^` and `$` match at every line.
    pub(crate) multiline: bool,
    /// `.` matches newlines.
    pub(crate) dot_all: bool,
}

/// Where a match must lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Anchor {
    /// Anywhere: Python's `search`.
    #[default]
    Anywhere,
    /// At the start: `match`.
    Start,
    /// The whole text: `fullmatch`.
    Whole,
}

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Regex {
    /// For text that does not end in a newline, where `$` is the end and nothing else.
    plain: Compiled,
    /// For text that ends in a newline; `None` when the pattern has no such `$`.
    before_newline: Option<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    regex: fancy_regex::Regex,
    pattern: String,
    /// The same pattern, never matching an empty text. Wanted seldom, so compiled when it is.
    not_empty: OnceLock<Option<fancy_regex::Regex>>,
}

/// A match: the byte range of every group, the whole match being group 0.
pub(crate) struct Match {
    groups: Vec<Option<(usize, usize)>>,
}

/// The longest pattern, in bytes. Arbitrary: above any seen (an alternation of some hundred interface names).
const MAX_PATTERN: usize = 64 << 10;
/// How deep groups nest; the parsers behind are recursive.
const MAX_DEPTH: usize = 100;
/// How many steps back one match may take: about a tenth of a second.
const MAX_BACKTRACKS: usize = 1_000_000;
/// How many compiled patterns are kept; a run has a few hundred.
const MAX_KEPT: usize = 1000;
/// The most matches in one text. Arbitrary: a match every few bytes of the largest outputs.
const MAX_MATCHES: usize = 2_000_000;

type Key = (String, Flags, Anchor);
static KEPT: LazyLock<Mutex<HashMap<Key, Arc<Regex>>>> = LazyLock::new(Mutex::default);

/// Returns a pattern ready for use, from what is kept if it was used before.
///
/// # Errors
/// Says what is wrong with the pattern, as a fragment that fits after the pattern.
pub(crate) fn compile(pattern: &str, flags: Flags, anchor: Anchor) -> Result<Arc<Regex>, String> {
    let key = (pattern.to_owned(), flags, anchor);
    let lock = || KEPT.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(known) = lock().get(&key) {
        return Ok(Arc::clone(known));
    }
    let regex = Arc::new(Regex::new(pattern, flags, anchor)?);
    let mut kept = lock();
    if kept.len() >= MAX_KEPT {
        kept.clear();
    }
    kept.insert(key, Arc::clone(&regex));
    Ok(regex)
}

impl Compiled {
    fn new(pattern: String) -> Result<Compiled, String> {
        let regex = fancy_regex::RegexBuilder::new(&pattern)
            .backtrack_limit(MAX_BACKTRACKS)
            .build()
            .map_err(|error| plain_error(&error))?;
        Ok(Compiled { regex, pattern, not_empty: OnceLock::new() })
    }

    fn not_empty(&self) -> Option<&fancy_regex::Regex> {
        let build = || {
            let mut builder = fancy_regex::RegexBuilder::new(&self.pattern);
            builder.backtrack_limit(MAX_BACKTRACKS).find_not_empty(true).build().ok()
        };
        self.not_empty.get_or_init(build).as_ref()
    }
}

/// Returns an engine's error as one line.
fn plain_error(error: &fancy_regex::Error) -> String {
    match error {
        fancy_regex::Error::RuntimeError(_) => "backtracks too much; make it more specific".into(),
        error => {
            let text = error.to_string();
            // The engine draws the pattern over several lines; what is wrong is the last.
            let last = text.lines().last().unwrap_or_default().trim();
            last.strip_prefix("error: ").unwrap_or(last).to_lowercase()
        }
    }
}

impl Regex {
    fn new(pattern: &str, flags: Flags, anchor: Anchor) -> Result<Regex, String> {
        let translated = translate(pattern, flags, anchor)?;
        let before_newline = translated.before_newline.map(Compiled::new).transpose()?;
        Ok(Regex { plain: Compiled::new(translated.plain)?, before_newline })
    }

    fn compiled_for(&self, text: &str) -> &Compiled {
        match &self.before_newline {
            Some(compiled) if text.ends_with('\n') => compiled,
            _ => &self.plain,
        }
    }

    /// Returns the number of groups, the whole match not counted.
    pub(crate) fn groups(&self) -> usize {
        self.plain.regex.captures_len().saturating_sub(1)
    }

    /// Returns the number of a named group.
    pub(crate) fn group_named(&self, name: &str) -> Option<usize> {
        self.plain.regex.capture_names().position(|known| known == Some(name))
    }

    /// Returns the first match.
    pub(crate) fn find(&self, text: &str) -> Result<Option<Match>, String> {
        captures(&self.compiled_for(text).regex, text, 0)
    }

    /// Claims that there is a match.
    pub(crate) fn is_match(&self, text: &str) -> Result<bool, String> {
        self.compiled_for(text).regex.is_match(text).map_err(|error| plain_error(&error))
    }

    /// Returns all matches that do not overlap (at most `most`), with empty ones where Python has them.
    pub(crate) fn find_all(&self, text: &str, most: usize) -> Result<Vec<Match>, String> {
        let compiled = self.compiled_for(text);
        let mut found: Vec<Match> = Vec::new();
        let mut at = 0;
        while found.len() < most {
            if found.len() >= MAX_MATCHES {
                return Err(format!("matches more than {MAX_MATCHES} times"));
            }
            let after_empty = found.last().is_some_and(|last| last.span() == (at, at));
            let next =
                if after_empty { after_empty_match(compiled, text, at)? } else { captures(&compiled.regex, text, at)? };
            let Some(next) = next else { break };
            at = next.span().1;
            found.push(next);
        }
        Ok(found)
    }

    /// Replaces the first `count` matches (all when 0); returns the text and how many there were.
    pub(crate) fn replace(&self, text: &str, with: &Replacement, count: usize) -> Result<(String, usize), String> {
        let matches = self.find_all(text, if count == 0 { usize::MAX } else { count })?;
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for found in &matches {
            let (start, end) = found.span();
            out.push_str(&text[at..start]);
            for part in &with.0 {
                match part {
                    Part::Text(text) => out.push_str(text),
                    Part::Group(group) => out.push_str(found.group(text, *group).unwrap_or_default()),
                }
            }
            if out.len() > super::filters::args::MAX_TEXT {
                return Err("makes the text too long".into());
            }
            at = end;
        }
        out.push_str(&text[at..]);
        Ok((out, matches.len()))
    }
}

fn captures(regex: &fancy_regex::Regex, text: &str, from: usize) -> Result<Option<Match>, String> {
    let found = regex.captures_from_pos(text, from).map_err(|error| plain_error(&error))?;
    Ok(found.map(|groups| Match { groups: groups.iter().map(|group| group.map(|m| (m.start(), m.end()))).collect() }))
}

/// Returns the match that follows an empty one at `at`: one that is not empty there, or any further on.
fn after_empty_match(compiled: &Compiled, text: &str, at: usize) -> Result<Option<Match>, String> {
    let Some(step) = text[at..].chars().next().map(char::len_utf8) else { return Ok(None) };
    if let Some(regex) = compiled.not_empty()
        && let Some(found) = captures(regex, text, at)?
        && found.span().0 == at
    {
        return Ok(Some(found));
    }
    captures(&compiled.regex, text, at + step)
}

impl Match {
    /// Returns start and end of the whole match.
    pub(crate) fn span(&self) -> (usize, usize) {
        // Group 0 is always there.
        self.groups.first().copied().flatten().unwrap_or_default()
    }

    /// Returns the text of a group; `None` when the group took no part.
    pub(crate) fn group<'t>(&self, text: &'t str, group: usize) -> Option<&'t str> {
        let (start, end) = self.groups.get(group).copied().flatten()?;
        text.get(start..end)
    }
}

/// What matches are replaced by.
#[derive(Debug)]
pub(crate) struct Replacement(Vec<Part>);

#[derive(Debug)]
enum Part {
    Text(String),
    Group(usize),
}

impl Replacement {
    /// Reads Python's replacement syntax: `\1`, `\g<1>`, `\g<name>`, `\n`.
    pub(crate) fn parse(text: &str, regex: &Regex) -> Result<Replacement, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            if c != '\\' {
                plain.push(c);
                continue;
            }
            let group = match rest.next() {
                Some('g') => named_group(&mut rest, regex)?,
                Some('0') => {
                    let mut code = 0;
                    for _ in 0..2 {
                        code = rest.next_if(|c| c.is_digit(8)).map_or(code, |c| code * 8 + c.to_digit(8).unwrap_or(0));
                    }
                    plain.extend(char::from_u32(code));
                    continue;
                }
                Some(digit @ '1'..='9') => {
                    let mut number = digit as usize - '0' as usize;
                    if let Some(second) = rest.next_if(char::is_ascii_digit) {
                        number = number * 10 + second as usize - '0' as usize;
                    }
                    number
                }
                Some(letter) if letter.is_ascii_alphabetic() => {
                    plain.push(control(letter).ok_or_else(|| format!("replacement has a bad escape `\\{letter}`"))?);
                    continue;
                }
                Some('\\') | None => {
                    plain.push('\\');
                    continue;
                }
                Some(other) => {
                    plain.push('\\');
                    plain.push(other);
                    continue;
                }
            };
            if group > regex.groups() {
                return Err(format!("has no group {group}, which the replacement names"));
            }
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Group(group));
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Replacement(parts))
    }
}

fn named_group(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, regex: &Regex) -> Result<usize, String> {
    let mut name = String::new();
    let closed = rest.next() == Some('<')
        && rest.any(|c| {
            if c == '>' {
                true
            } else {
                name.push(c);
                false
            }
        });
    if !closed || name.is_empty() {
        return Err("replacement has an incomplete `\\g<…>`".into());
    }
    match name.parse() {
        Ok(number) => Ok(number),
        Err(_) => regex.group_named(&name).ok_or_else(|| format!("has no group `{name}`, which the replacement names")),
    }
}

/// Returns the character that a letter after a backslash stands for, in patterns and replacements alike.
fn control(letter: char) -> Option<char> {
    Some(match letter {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        _ => return None,
    })
}

struct Translated {
    plain: String,
    before_newline: Option<String>,
}

/// Returns the pattern in the engine's own language.
fn translate(pattern: &str, flags: Flags, anchor: Anchor) -> Result<Translated, String> {
    if pattern.len() > MAX_PATTERN {
        return Err(format!("is longer than {MAX_PATTERN} bytes"));
    }
    let mut translator = Translator {
        chars: pattern.chars().collect(),
        at: 0,
        out: String::with_capacity(pattern.len() + 16),
        ends: vec![],
        multiline: flags.multiline,
        verbose: false,
        groups: pattern.matches('(').count(),
    };
    let mut letters = String::new();
    letters.extend(flags.ignore_case.then_some('i'));
    letters.extend(flags.multiline.then_some('m'));
    letters.extend(flags.dot_all.then_some('s'));
    letters += &translator.leading_flags()?;
    let head = if letters.is_empty() { String::new() } else { format!("(?{letters})") };
    translator.run()?;
    // A comment at the end of a verbose pattern must not swallow what is put around it.
    let close = if translator.verbose { "\n)" } else { ")" };
    let around = |body: String| match anchor {
        Anchor::Anywhere => format!("{head}{body}"),
        Anchor::Start => format!("{head}\\A(?:{body}{close}"),
        Anchor::Whole => format!("{head}\\A(?:{body}{close}\\z"),
    };
    let before_newline = (!translator.ends.is_empty()).then(|| {
        let mut body = translator.out.clone();
        for at in translator.ends.iter().rev() {
            body.replace_range(*at..*at + END.len(), END_OR_NEWLINE);
        }
        around(body)
    });
    Ok(Translated { plain: around(translator.out), before_newline })
}

/// The end of the text.
const END: &str = "\\z";
/// The end of the text or the place before its last newline.
const END_OR_NEWLINE: &str = "(?=\\n?\\z)";

struct Translator {
    chars: Vec<char>,
    at: usize,
    out: String,
    /// Where in `out` a `$` was written as [`END`].
    ends: Vec<usize>,
    multiline: bool,
    verbose: bool,
    groups: usize,
}

impl Translator {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn looks_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c))
    }

    /// Reads `(?im)` at the start, which holds for the whole pattern.
    fn leading_flags(&mut self) -> Result<String, String> {
        let mut letters = String::new();
        while self.looks_at("(?") {
            let word: String = self.chars[self.at + 2..].iter().take_while(|c| c.is_ascii_alphabetic()).collect();
            if word.is_empty() || word.starts_with('P') || self.chars.get(self.at + 2 + word.len()) != Some(&')') {
                break;
            }
            self.at += word.len() + 3;
            for letter in word.chars() {
                match letter {
                    'i' | 's' => letters.push(letter),
                    'm' => {
                        letters.push('m');
                        self.multiline = true;
                    }
                    'x' => {
                        letters.push('x');
                        self.verbose = true;
                    }
                    'u' => {}
                    other => return Err(format!("has the flag `{other}`, which is not supported")),
                }
            }
        }
        Ok(letters)
    }

    fn run(&mut self) -> Result<(), String> {
        let mut depth = 0usize;
        let mut repeated = false;
        while let Some(c) = self.peek() {
            let was_repeated = std::mem::replace(&mut repeated, false);
            match c {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => {
                    depth += 1;
                    if depth > MAX_DEPTH {
                        return Err(format!("nests deeper than {MAX_DEPTH} groups"));
                    }
                    depth -= usize::from(self.group()?);
                }
                ')' => {
                    depth = depth.checked_sub(1).ok_or("has an unbalanced `)`")?;
                    self.copy();
                }
                '$' if !self.multiline => {
                    self.ends.push(self.out.len());
                    self.out.push_str(END);
                    self.at += 1;
                }
                '*' | '+' | '?' => {
                    if was_repeated {
                        return Err("has a multiple repeat".into());
                    }
                    self.copy();
                    self.repeat_suffix();
                    repeated = true;
                }
                '{' => repeated = self.braces(was_repeated)?,
                '}' | ']' => {
                    self.out.push('\\');
                    self.copy();
                }
                '#' if self.verbose => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => self.copy(),
            }
        }
        if depth > 0 {
            return Err("has a `(` that is not closed".into());
        }
        Ok(())
    }

    fn copy(&mut self) {
        self.out.extend(self.peek());
        self.at += 1;
    }

    /// A repeat may be followed by `?` (lazy) or `+` (possessive).
    fn repeat_suffix(&mut self) {
        if matches!(self.peek(), Some('?' | '+')) {
            self.copy();
        }
    }

    /// `{2}`, `{2,}`, `{,3}`, `{2,3}` repeat; any other brace is plain.
    fn braces(&mut self, was_repeated: bool) -> Result<bool, String> {
        let digits = |from: usize| self.chars[from..].iter().take_while(|c| c.is_ascii_digit()).count();
        let start = self.at + 1;
        let low = digits(start);
        let mut end = start + low;
        let comma = self.chars.get(end) == Some(&',');
        let mut high = 0;
        if comma {
            high = digits(end + 1);
            end += 1 + high;
        }
        if self.chars.get(end) != Some(&'}') || (low == 0 && !comma) || self.looks_at("{}") {
            self.out.push('\\');
            self.copy();
            return Ok(false);
        }
        if was_repeated {
            return Err("has a multiple repeat".into());
        }
        let text = |from: usize, long: usize| self.chars[from..from + long].iter().collect::<String>();
        let (from, to) = (text(start, low), text(end - high, high));
        let from = if low == 0 { "0".to_owned() } else { from };
        let _ = if comma { write!(self.out, "{{{from},{to}}}") } else { write!(self.out, "{{{from}}}") };
        self.at = end + 1;
        self.repeat_suffix();
        Ok(true)
    }

    /// Opens a group; returns whether it is closed already (a comment, a backreference).
    fn group(&mut self) -> Result<bool, String> {
        if self.looks_at("(?#") {
            while let Some(c) = self.peek() {
                self.at += 1;
                if c == ')' {
                    return Ok(true);
                }
            }
            return Err("has a comment that is not closed".into());
        }
        if self.looks_at("(?P=") {
            let name: String = self.chars[self.at + 4..].iter().take_while(|c| **c != ')').collect();
            self.at += 4 + name.chars().count() + 1;
            let word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            if !word || self.at > self.chars.len() {
                return Err("has a bad `(?P=…)`".into());
            }
            let _ = write!(self.out, "\\k<{name}>");
            return Ok(true);
        }
        for known in ["(?P<", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?("] {
            if self.looks_at(known) {
                self.out.push_str(known);
                self.at += known.len();
                if known == "(?P<" || known == "(?(" {
                    let end = if known == "(?(" { ')' } else { '>' };
                    while self.peek().is_some_and(|c| c != end) {
                        self.copy();
                    }
                    self.copy();
                }
                return Ok(false);
            }
        }
        if self.looks_at("(?") {
            let flags: String = self.chars[self.at + 2..].iter().take_while(|c| "ims-".contains(**c)).collect();
            let end = self.chars.get(self.at + 2 + flags.len());
            if flags.is_empty() || end != Some(&':') {
                return Err("has an unknown extension `(?…`, or flags that do not stand at the start".into());
            }
            if flags.contains('m') {
                return Err("has `m` among a group's flags, which is not supported; put `(?m)` at the start".into());
            }
            let _ = write!(self.out, "(?{flags}:");
            self.at += flags.len() + 3;
            return Ok(false);
        }
        self.copy();
        Ok(false)
    }

    fn escape(&mut self) -> Result<(), String> {
        let Some(&c) = self.chars.get(self.at + 1) else { return Err("ends in a backslash".into()) };
        match c {
            'A' | 'b' | 'B' | 'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                self.out.push('\\');
                self.out.push(c);
                self.at += 2;
            }
            'Z' => {
                self.out.push_str(END);
                self.at += 2;
            }
            '1'..='9' if !self.octal() => {
                let digits: String =
                    self.chars[self.at + 1..].iter().take(2).take_while(|c| c.is_ascii_digit()).collect();
                if digits.parse::<usize>().is_ok_and(|group| group > self.groups) {
                    return Err(format!("refers to group {digits}, which it does not have"));
                }
                let _ = write!(self.out, "(?:\\{digits})");
                self.at += 1 + digits.len();
            }
            _ => {
                let c = self.escaped_char()?;
                push_plain(&mut self.out, c);
            }
        }
        Ok(())
    }

    /// Claims that three octal digits follow the backslash.
    fn octal(&self) -> bool {
        let digits = self.chars[self.at + 1..].iter().take(3).filter(|c| c.is_digit(8)).count();
        digits == 3 && self.chars[self.at + 1] <= '3'
    }

    /// Reads an escape that stands for one character.
    fn escaped_char(&mut self) -> Result<char, String> {
        let c = self.chars.get(self.at + 1).copied().ok_or("ends in a backslash")?;
        let code = |translator: &Translator, skip: usize, most: usize, radix: u32| -> (String, Option<char>) {
            let digits = translator.chars[translator.at + skip..].iter().take(most).take_while(|c| c.is_digit(radix));
            let digits: String = digits.collect();
            let c = u32::from_str_radix(&digits, radix).ok().and_then(char::from_u32);
            (digits, c)
        };
        let (long, found) = match c {
            'x' | 'u' | 'U' => {
                let want = match c {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let (digits, found) = code(self, 2, want, 16);
                (2 + want, found.filter(|_| digits.len() == want))
            }
            '0'..='7' if c == '0' || self.octal() => {
                let (digits, found) = code(self, 1, 3, 8);
                (1 + digits.len(), found)
            }
            _ if c.is_ascii_alphanumeric() => (2, control(c)),
            _ => (2, Some(c)),
        };
        self.at += long;
        found.ok_or_else(|| format!("has a bad escape `\\{c}`"))
    }

    /// Copies a set, with everything plain that only Rust's sets take for an operator.
    fn class(&mut self) -> Result<(), String> {
        self.copy();
        if self.peek() == Some('^') {
            self.copy();
        }
        let mut first = true;
        loop {
            match self.peek() {
                None => return Err("has a `[` that is not closed".into()),
                Some(']') if !first => {
                    self.copy();
                    return Ok(());
                }
                _ => {}
            }
            first = false;
            let low = self.class_item()?;
            let ranges = self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|c| *c != ']');
            if !ranges {
                continue;
            }
            self.at += 1;
            self.out.push('-');
            let high = self.class_item()?;
            match (low, high) {
                (Some(low), Some(high)) if low <= high => {}
                _ => return Err("has a bad range in a set".into()),
            }
        }
    }

    /// Copies one item of a set; returns it when it is one character and may end a range.
    fn class_item(&mut self) -> Result<Option<char>, String> {
        let c = match (self.peek(), self.chars.get(self.at + 1)) {
            (Some('\\'), Some(c @ ('d' | 'D' | 's' | 'S' | 'w' | 'W'))) => {
                self.out.push('\\');
                self.out.push(*c);
                self.at += 2;
                return Ok(None);
            }
            (Some('\\'), _) => self.escaped_char()?,
            (Some(c), _) => {
                self.at += 1;
                c
            }
            (None, _) => return Err("has a `[` that is not closed".into()),
        };
        push_plain(&mut self.out, c);
        Ok(Some(c))
    }
}

/// Writes a character so that it stands for itself, in sets and verbose patterns too.
fn push_plain(out: &mut String, c: char) {
    let _ = match c {
        c if c.is_ascii_alphanumeric() || c == '_' => write!(out, "{c}"),
        c if c.is_ascii() => write!(out, "\\x{:02x}", c as u32),
        c => write!(out, "{c}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> Option<String> {
        let regex = compile(pattern, Flags::default(), Anchor::Anywhere).unwrap();
        regex.find(text).unwrap().map(|m| m.group(text, 0).unwrap().to_owned())
    }

    #[test]
    fn what_the_two_dialects_read_differently_is_read_as_python_does() {
        let cases: &[(&str, &str, Option<&str>)] = &[
            ("b$", "ab\n", Some("b")),
            (r"b\Z", "ab\n", None),
            ("a$", "a\nb", None),
            (r"\<a\>", "<a>", Some("<a>")),
            ("a{,2}b", "aaab", Some("aab")),
            ("a{b", "a{b", Some("a{b")),
            ("x{}", "x{}", Some("x{}")),
            ("[a&&b]+", "&ab", Some("&ab")),
            ("[a~~b]+", "~", Some("~")),
            ("[]a]+", "a]", Some("a]")),
            ("[[a]", "[", Some("[")),
            (r"[\w-]+", "a-b", Some("a-b")),
            (r"(?P<x>a)(?P=x)", "aa", Some("aa")),
            (r"(a)\1", "aa", Some("aa")),
            (r"(?<=b)a", "aba", Some("a")),
            ("(?i)AB", "ab", Some("ab")),
            ("(?x) a b # c", "ab", Some("ab")),
            ("(?#no)a", "a", Some("a")),
            ("a]b}", "a]b}", Some("a]b}")),
        ];
        for (pattern, text, want) in cases {
            assert_eq!(found(pattern, text).as_deref(), *want, "{pattern:?} on {text:?}");
        }
    }

    #[test]
    fn a_bad_pattern_says_what_is_wrong() {
        for pattern in ["(", ")", "[", "a**", r"\q", r"\", "(?z)", r"\2(a)", "[b-a]", "(?P<x>", "*a", "(?P=x"] {
            assert!(compile(pattern, Flags::default(), Anchor::Anywhere).is_err(), "{pattern:?} passes");
        }
    }

    #[test]
    fn a_runaway_pattern_is_an_error() {
        let regex = compile(r"^(a*)*(a*)*\2[xy]$", Flags::default(), Anchor::Anywhere).unwrap();
        assert!(regex.find(&("a".repeat(60) + "b")).is_err_and(|why| why.contains("backtracks")));
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_panics(pattern in r"[a-c\\(){}\[\]?*+|^$.<>=!:#&,0-3dPwZ-]{0,24}", text in "[a-c\n]{0,12}") {
            if let Ok(regex) = compile(&pattern, Flags::default(), Anchor::Anywhere) {
                let _ = regex.find_all(&text, 100);
            }
        }
    }
}
