//! Python's pattern language in the engine's own.

use super::{Anchor, Flags, control};
use std::fmt::Write as _;

/// The longest pattern, in bytes. Arbitrary: above any seen (an alternation of some hundred interface names).
const MAX_PATTERN: usize = 64 << 10;
/// How deep groups nest; the parsers behind are recursive.
const MAX_DEPTH: usize = 100;

/// A pattern in the engine's language.
pub(super) struct Translated {
    /// For text that does not end in a newline.
    pub(super) plain: String,
    /// For text that does; `None` when it makes no difference.
    pub(super) before_newline: Option<String>,
    /// The named groups with their numbers, in order.
    pub(super) names: Vec<(String, usize)>,
    /// How many groups there are.
    pub(super) groups: usize,
    /// Look-around, references and the like: matching it needs to go back.
    pub(super) goes_back: bool,
}

/// Returns the pattern in the engine's own language.
pub(super) fn translate(pattern: &str, flags: Flags, anchor: Anchor) -> Result<Translated, String> {
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
        names: vec![],
        open: vec![],
        opened: 0,
        goes_back: false,
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
    let Translator { out, names, opened, goes_back, .. } = translator;
    Ok(Translated { plain: around(out), before_newline, names, groups: opened, goes_back })
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
    /// At least as many groups as there are.
    groups: usize,
    names: Vec<(String, usize)>,
    /// The groups that are open, and whether each looks around.
    open: Vec<bool>,
    /// The groups so far.
    opened: usize,
    goes_back: bool,
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
        let mut repeated = false;
        while let Some(c) = self.peek() {
            let was_repeated = std::mem::replace(&mut repeated, false);
            match c {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => {
                    if self.open.len() >= MAX_DEPTH {
                        return Err(format!("nests deeper than {MAX_DEPTH} groups"));
                    }
                    self.group()?;
                }
                ')' => {
                    let looks = self.open.pop().ok_or("has an unbalanced `)`")?;
                    self.copy();
                    self.out.push_str(if looks { ")" } else { "" });
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
        if !self.open.is_empty() {
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
            self.goes_back |= self.peek() == Some('+');
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

    /// Opens a group, or reads what only looks like one (a comment, a backreference).
    fn group(&mut self) -> Result<(), String> {
        if self.looks_at("(?#") {
            while let Some(c) = self.peek() {
                self.at += 1;
                if c == ')' {
                    return Ok(());
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
            self.goes_back = true;
            return Ok(());
        }
        for known in ["(?P<", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?("] {
            if self.looks_at(known) {
                let looks = ["(?=", "(?!", "(?<=", "(?<!"].contains(&known);
                // In a group of its own, so that it may be repeated, which Python allows.
                self.out.push_str(if looks { "(?:" } else { "" });
                self.open.push(looks);
                self.out.push_str(known);
                self.at += known.len();
                match known {
                    "(?:" => {}
                    "(?P<" => {
                        self.opened += 1;
                        let name = self.chars[self.at..].iter().take_while(|c| **c != '>').collect();
                        self.names.push((name, self.opened));
                    }
                    _ => self.goes_back = true,
                }
                if known == "(?P<" || known == "(?(" {
                    let end = if known == "(?(" { ')' } else { '>' };
                    while self.peek().is_some_and(|c| c != end) {
                        self.copy();
                    }
                    self.copy();
                }
                return Ok(());
            }
        }
        self.open.push(false);
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
            return Ok(());
        }
        self.opened += 1;
        self.copy();
        Ok(())
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
                self.goes_back = true;
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
