//! Letters, kinds of letters, sets of them, and places between them.

use super::width::Width;
use super::{Last, Translator};
use crate::python_regex::control;
use std::fmt::Write as _;

/// What is a letter of a word in Python; the engine's `\w` has marks and joiners too, and no fractions.
const WORD: &str = "\\p{L}\\p{N}_";
/// What is space in Python.
const SPACE: &str = "\\s\\x1c-\\x1f";

/// Returns the items of a set for a kind of letters (`w`, `d`, `s`).
fn kind(letter: char, ascii: bool) -> &'static str {
    match (letter, ascii) {
        ('w', true) => "0-9A-Za-z_",
        ('w', false) => WORD,
        ('d', true) => "0-9",
        ('d', false) => "\\d",
        (_, true) => "\\t-\\r ",
        (_, false) => SPACE,
    }
}

impl Translator {
    /// Returns the items of a set for `\w` and its like.
    fn kind(&self, letter: char) -> &'static str {
        // Texts of ASCII alone have the separators that only the flag `a` takes out.
        match letter {
            's' if self.texts.ascii => "\\t-\\r \\x1c-\\x1f",
            _ => kind(letter, self.scope.ascii),
        }
    }

    pub(super) fn escape(&mut self) -> Result<(), String> {
        let Some(&c) = self.chars.get(self.at + 1) else { return Err("ends in a backslash".into()) };
        match c {
            'd' | 's' | 'w' | 'D' | 'S' | 'W' => {
                let not = if c.is_ascii_uppercase() { "^" } else { "" };
                let _ = write!(self.out, "[{not}{}]", self.kind(c.to_ascii_lowercase()));
                self.at += 2;
                self.atom(Width::ONE);
            }
            'A' | 'Z' | 'b' | 'B' => {
                self.at += 1;
                let text = match c {
                    'A' => "\\A",
                    'Z' => "\\z",
                    _ => self.boundary(c == 'b'),
                };
                self.place(text);
            }
            '1'..='9' if !self.octal() => {
                let digits: String =
                    self.chars[self.at + 1..].iter().take(2).take_while(|c| c.is_ascii_digit()).collect();
                self.at += 1 + digits.len();
                self.refer(digits.parse().map_err(|_| "has a bad group number")?)?;
            }
            _ => {
                let c = self.escaped_char(false)?;
                self.plain(c);
            }
        }
        Ok(())
    }

    /// Returns the place where a word begins or ends, or any other.
    fn boundary(&mut self, is_one: bool) -> &'static str {
        let written_out = self.scope.ascii != self.texts.ascii || self.texts.have_odd_letters;
        self.has_boundary |= !self.scope.ascii;
        self.goes_back |= written_out;
        match (written_out, self.scope.ascii, is_one) {
            (false, _, true) => "\\b",
            (false, _, false) => "\\B",
            (true, true, true) => "(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))",
            (true, true, false) => "(?:(?<=[0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<![0-9A-Za-z_])(?![0-9A-Za-z_]))",
            (true, false, true) => {
                "(?:(?<=[\\p{L}\\p{N}_])(?![\\p{L}\\p{N}_])|(?<![\\p{L}\\p{N}_])(?=[\\p{L}\\p{N}_]))"
            }
            (true, false, false) => {
                "(?:(?<=[\\p{L}\\p{N}_])(?=[\\p{L}\\p{N}_])|(?<![\\p{L}\\p{N}_])(?![\\p{L}\\p{N}_]))"
            }
        }
    }

    /// Claims that three octal digits follow the backslash.
    fn octal(&self) -> bool {
        self.chars[self.at + 1..].iter().take(3).filter(|c| c.is_digit(8)).count() == 3
    }

    /// Reads an escape that stands for one character.
    fn escaped_char(&mut self, in_set: bool) -> Result<char, String> {
        let c = self.chars.get(self.at + 1).copied().ok_or("ends in a backslash")?;
        let bad = || format!("has a bad escape `\\{c}`");
        let code = |skip: usize, most: usize, radix: u32| -> (usize, Option<u32>) {
            let digits = self.chars[self.at + skip..].iter().take(most).take_while(|c| c.is_digit(radix));
            let digits: String = digits.collect();
            (digits.len(), u32::from_str_radix(&digits, radix).ok())
        };
        let (long, found) = match c {
            'x' | 'u' | 'U' => {
                let want = match c {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let (digits, found) = code(2, want, 16);
                (2 + want, found.filter(|_| digits == want).and_then(char::from_u32))
            }
            '0'..='7' if c == '0' || in_set || self.octal() => {
                let (digits, found) = code(1, 3, 8);
                (1 + digits, found.filter(|code| *code <= 0o377).and_then(char::from_u32))
            }
            'N' => return Err("names a letter (`\\N{…}`), which is not supported: write the letter".into()),
            'b' if !in_set => (2, None),
            _ if c.is_ascii_alphanumeric() => (2, control(c)),
            _ => (2, Some(c)),
        };
        self.at += long;
        found.ok_or_else(bad)
    }

    /// Copies a set, with everything plain that only the engine's sets take for an operator.
    pub(super) fn set(&mut self) -> Result<(), String> {
        self.out.push('[');
        self.at += 1;
        if self.peek() == Some('^') {
            self.out.push('^');
            self.at += 1;
        }
        let mut first = true;
        loop {
            match self.peek() {
                None => return Err("has a `[` that is not closed".into()),
                Some(']') if !first => {
                    self.out.push(']');
                    self.at += 1;
                    self.last = Last::Atom;
                    return Ok(());
                }
                _ => {}
            }
            first = false;
            let low = self.set_item()?;
            let ranges = self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|c| *c != ']');
            if !ranges {
                continue;
            }
            self.at += 1;
            self.out.push('-');
            let high = self.set_item()?;
            match (low, high) {
                (Some(low), Some(high)) if low <= high => {}
                _ => return Err("has a bad range in a set".into()),
            }
        }
    }

    /// Copies one item of a set; returns it when it is one character and may end a range.
    fn set_item(&mut self) -> Result<Option<char>, String> {
        let c = match (self.peek(), self.chars.get(self.at + 1)) {
            (Some('\\'), Some(&c @ ('d' | 's' | 'w' | 'D' | 'S' | 'W'))) => {
                let items = self.kind(c.to_ascii_lowercase());
                let _ = match c.is_ascii_uppercase() {
                    true => write!(self.out, "[^{items}]"),
                    false => write!(self.out, "{items}"),
                };
                self.at += 2;
                return Ok(None);
            }
            (Some('\\'), _) => self.escaped_char(true)?,
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

/// Writes a character so that it stands for itself, in sets too.
pub(super) fn push_plain(out: &mut String, c: char) {
    let _ = match c {
        c if c.is_ascii_alphanumeric() || c == '_' => write!(out, "{c}"),
        c if c.is_ascii() => write!(out, "\\x{:02x}", c as u32),
        c => write!(out, "{c}"),
    };
}
