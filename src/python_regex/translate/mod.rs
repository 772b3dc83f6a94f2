//! Python's pattern language in the engine's own: what Python's parser reads and refuses, read and refused here.
//!
//! The engine gets no flags but `i` and `s`: what `m`, `x` and `a` mean is written out where it counts, so that they hold
//! for the part of the pattern for which they were said.

mod group;
mod letter;
mod width;

use super::{Anchor, Flags};
use group::{Group, Opened, Scope};
use std::fmt::Write as _;
use width::Width;

/// The longest pattern, in bytes. Arbitrary: above any seen (an alternation of some hundred interface names).
const MAX_PATTERN: usize = 64 << 10;
/// How deep groups nest; the parsers behind are recursive.
const MAX_DEPTH: usize = 100;

/// Which texts a translation is for. What is not said must not matter for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Texts {
    /// They are ASCII: `\w` and the like need no tables.
    pub(super) ascii: bool,
    /// They end in a newline, before which a `$` matches too.
    pub(super) end_in_newline: bool,
    /// They have letters that are a word's for the engine only, or for Python only: `\b` must be written out.
    pub(super) have_odd_letters: bool,
}

/// A pattern in the engine's language.
pub(super) struct Translated {
    /// The pattern.
    pub(super) text: String,
    /// It has a `$` that is the end of the text.
    pub(super) has_end: bool,
    /// It has a `\b` or `\B` that goes by Unicode.
    pub(super) has_boundary: bool,
    /// The named groups with their numbers, in order.
    pub(super) names: Vec<(String, usize)>,
    /// How many groups there are.
    pub(super) groups: usize,
    /// Look-around, references and the like: matching it needs to go back.
    pub(super) goes_back: bool,
}

/// Returns the pattern in the engine's own language.
pub(super) fn translate(pattern: &str, flags: Flags, anchor: Anchor, texts: Texts) -> Result<Translated, String> {
    if pattern.len() > MAX_PATTERN {
        return Err(format!("is longer than {MAX_PATTERN} bytes"));
    }
    let mut translator = Translator {
        chars: pattern.chars().collect(),
        at: 0,
        out: String::with_capacity(pattern.len() + 16),
        texts,
        scope: Scope { multiline: flags.multiline, verbose: false, ascii: texts.ascii },
        open: vec![Opened::default()],
        groups: vec![],
        last: Last::Nothing,
        forward: 0,
        has_end: false,
        has_boundary: false,
        goes_back: false,
    };
    let mut letters = String::new();
    letters.extend(flags.ignore_case.then_some('i'));
    letters.extend(flags.dot_all.then_some('s'));
    letters += &translator.leading_flags()?;
    let head = if letters.is_empty() { String::new() } else { format!("(?{letters})") };
    translator.run()?;
    let Translator { out: body, groups, has_end, has_boundary, goes_back, .. } = translator;
    let text = match anchor {
        Anchor::Anywhere => format!("{head}{body}"),
        Anchor::Start => format!("{head}\\A(?:{body})"),
        Anchor::Whole => format!("{head}\\A(?:{body})\\z"),
    };
    let named = |(at, group): (usize, &Group)| Some((group.name.clone()?, at + 1));
    let names = groups.iter().enumerate().filter_map(named).collect();
    Ok(Translated { text, has_end, has_boundary, names, groups: groups.len(), goes_back })
}

/// What stands before a repeat.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Nothing that can be repeated: the start of a sequence, or a place such as `^`.
    Nothing,
    /// Something that has a repeat already.
    Repeated,
    /// What may be repeated.
    Atom,
    /// A group that may be repeated, and where it begins in the translation.
    Group {
        /// Its place.
        from: usize,
    },
}

struct Translator {
    chars: Vec<char>,
    at: usize,
    out: String,
    texts: Texts,
    scope: Scope,
    /// The groups that are open; the first is the whole pattern.
    open: Vec<Opened>,
    /// The groups that capture, in order.
    groups: Vec<Group>,
    last: Last,
    /// The largest group that a condition asks for.
    forward: usize,
    has_end: bool,
    has_boundary: bool,
    goes_back: bool,
}

impl Translator {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn looks_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c))
    }

    fn run(&mut self) -> Result<(), String> {
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' if self.scope.verbose => self.at += 1,
                '#' if self.scope.verbose => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                '\\' => self.escape()?,
                '[' => {
                    self.set()?;
                    self.atom(Width::ONE);
                }
                '(' => self.open_group()?,
                ')' => self.close_group()?,
                '|' => self.bar()?,
                '^' => self.place(if self.scope.multiline { "(?m:^)" } else { "\\A" }),
                '$' => self.end(),
                '*' => self.repeat(1, 0, None)?,
                '+' => self.repeat(1, 1, None)?,
                '?' => self.repeat(1, 0, Some(1))?,
                '{' => self.braces()?,
                '.' => {
                    self.out.push('.');
                    self.at += 1;
                    self.atom(Width::ONE);
                }
                c => {
                    self.at += 1;
                    self.plain(c);
                }
            }
        }
        if self.open.len() > 1 {
            return Err("has a `(` that is not closed".into());
        }
        if self.forward > self.groups.len() {
            return Err(format!("asks for group {}, which it does not have", self.forward));
        }
        Ok(())
    }

    /// Writes a character that stands for itself.
    fn plain(&mut self, c: char) {
        letter::push_plain(&mut self.out, c);
        self.atom(Width::ONE);
    }

    /// Notes that something was written that may be repeated.
    fn atom(&mut self, width: Width) {
        self.last = Last::Atom;
        self.innermost().width.then(width);
    }

    /// Writes a place between letters.
    fn place(&mut self, text: &str) {
        self.out.push_str(text);
        self.at += 1;
        self.atom(Width::NONE);
        self.last = Last::Nothing;
    }

    fn end(&mut self) {
        if self.scope.multiline {
            return self.place("(?m:$)");
        }
        self.has_end = true;
        self.place(if self.texts.end_in_newline { "(?=\\n?\\z)" } else { "\\z" });
    }

    fn bar(&mut self) -> Result<(), String> {
        self.innermost().bar()?;
        self.out.push('|');
        self.at += 1;
        self.last = Last::Nothing;
        Ok(())
    }

    /// Writes a repeat that is `long` letters in the pattern; `?` (lazy) or `+` (possessive) may follow.
    fn repeat(&mut self, long: usize, least: u32, most: Option<u32>) -> Result<(), String> {
        let is_empty = self.innermost().width.last_is_empty();
        match self.last {
            Last::Nothing => return Err("has nothing to repeat".into()),
            Last::Repeated => return Err("has a multiple repeat".into()),
            // The engine repeats nothing that takes no letters, but an alternation of it and of what never matches.
            Last::Group { from } if is_empty => {
                self.out.insert_str(from, "(?:");
                self.out.push_str("|(?!))");
                self.goes_back = true;
            }
            Last::Atom | Last::Group { .. } => {}
        }
        self.last = Last::Repeated;
        if most.is_some_and(|most| most < least) {
            return Err("has a repeat whose least is more than its most".into());
        }
        self.innermost().width.repeat(least, most);
        self.at += long;
        let _ = match (least, most) {
            (0, None) => write!(self.out, "*"),
            (1, None) => write!(self.out, "+"),
            (0, Some(1)) => write!(self.out, "?"),
            (least, None) => write!(self.out, "{{{least},}}"),
            (least, Some(most)) => write!(self.out, "{{{least},{most}}}"),
        };
        if let Some(c @ ('?' | '+')) = self.peek() {
            self.goes_back |= c == '+';
            self.out.push(c);
            self.at += 1;
        }
        Ok(())
    }

    /// `{2}`, `{2,}`, `{,3}`, `{2,3}` repeat; any other brace is plain.
    fn braces(&mut self) -> Result<(), String> {
        let digits = |from: usize| -> String { self.chars[from..].iter().take_while(|c| c.is_ascii_digit()).collect() };
        let start = self.at + 1;
        let low = digits(start);
        let mut end = start + low.len();
        let comma = self.chars.get(end) == Some(&',');
        let high = if comma { digits(end + 1) } else { low.clone() };
        if comma {
            end += 1 + high.len();
        }
        if self.chars.get(end) != Some(&'}') || self.looks_at("{}") {
            self.at += 1;
            self.plain('{');
            return Ok(());
        }
        let number = |digits: &str| -> Result<Option<u32>, String> {
            match digits.is_empty() {
                true => Ok(None),
                false => digits.parse().map(Some).map_err(|_| "repeats too often".into()),
            }
        };
        let (least, most) = (number(&low)?.unwrap_or(0), number(&high)?);
        self.repeat(end + 1 - self.at, least, most)
    }
}
