//! Groups: what opens with a parenthesis.

use super::width::{Width, Widths};
use super::{Last, MAX_DEPTH, Translator};
use std::fmt::Write as _;

/// A group that captures.
pub(super) struct Group {
    pub(super) name: Option<String>,
    /// `None` while it is open.
    width: Option<Width>,
}

/// What holds for a part of a pattern and is written out.
#[derive(Clone, Copy)]
pub(super) struct Scope {
    pub(super) multiline: bool,
    pub(super) verbose: bool,
    /// `\w` and the like mean ASCII.
    pub(super) ascii: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Plain,
    LooksAhead,
    LooksBack,
    /// `(?(1)yes|no)`, and whether the bar was seen.
    Asks {
        bar: bool,
    },
}

/// A group that is open.
#[derive(Default)]
pub(super) struct Opened {
    kind: Kind,
    pub(super) width: Widths,
    /// Where it begins in the translation.
    from: usize,
    /// Its place among the groups that capture.
    captures: Option<usize>,
    /// How many groups there were before it.
    groups_before: usize,
    /// What holds again when it is closed.
    outside: Option<Scope>,
}

impl Opened {
    pub(super) fn bar(&mut self) -> Result<(), String> {
        match &mut self.kind {
            Kind::Asks { bar: true } => return Err("has a condition with more than two branches".into()),
            Kind::Asks { bar } => *bar = true,
            _ => {}
        }
        self.width.or_else();
        Ok(())
    }
}

impl Translator {
    /// Returns the group that is being read.
    pub(super) fn innermost(&mut self) -> &mut Opened {
        if self.open.is_empty() {
            self.open.push(Opened::default());
        }
        let last = self.open.len() - 1;
        &mut self.open[last]
    }

    /// Reads `(?im)` at the start, which holds for the whole pattern; returns the letters for the engine.
    pub(super) fn leading_flags(&mut self) -> Result<String, String> {
        let mut letters = String::new();
        while self.looks_at("(?") {
            let word: String = self.chars[self.at + 2..].iter().take_while(|c| c.is_ascii_alphabetic()).collect();
            if word.is_empty() || word.starts_with('P') || self.chars.get(self.at + 2 + word.len()) != Some(&')') {
                break;
            }
            self.at += word.len() + 3;
            letters += &self.flags(&word, true)?;
        }
        Ok(letters)
    }

    /// Takes flags over; returns those that are the engine's.
    fn flags(&mut self, letters: &str, on: bool) -> Result<String, String> {
        let mut engine = String::new();
        for letter in letters.chars() {
            match letter {
                'i' | 's' => engine.push(letter),
                'm' => self.scope.multiline = on,
                'x' => self.scope.verbose = on,
                'a' if on => self.scope.ascii = true,
                'u' if on => self.scope.ascii = self.texts.ascii,
                other => return Err(format!("has the flag `{other}`, which there is not for text")),
            }
        }
        if letters.contains('a') && letters.contains('u') {
            return Err("has the flags `a` and `u`, which exclude each other".into());
        }
        Ok(engine)
    }

    /// Opens a group, or reads what only looks like one (a comment, a backreference).
    pub(super) fn open_group(&mut self) -> Result<(), String> {
        if self.open.len() > MAX_DEPTH {
            return Err(format!("nests deeper than {MAX_DEPTH} groups"));
        }
        if self.looks_at("(?#") {
            return self.comment();
        }
        if self.looks_at("(?P=") {
            self.at += 4;
            let name = self.name(')')?;
            let number = self.number_of(&name)?;
            return self.refer(number);
        }
        if self.looks_at("(?P<") {
            self.at += 4;
            let name = self.name('>')?;
            if self.groups.iter().any(|group| group.name.as_ref() == Some(&name)) {
                return Err(format!("has two groups `{name}`"));
            }
            self.push_group(Kind::Plain, Some(Some(name)));
            self.out.push('(');
            return Ok(());
        }
        if self.looks_at("(?(") {
            self.at += 3;
            let number = self.condition()?;
            self.push_group(Kind::Asks { bar: false }, None);
            // The first branch is never empty, which the engine would take for a claim.
            let _ = write!(self.out, "(?({number})(?:)");
            self.goes_back = true;
            return Ok(());
        }
        for (opening, kind) in [
            ("(?:", Kind::Plain),
            ("(?>", Kind::Plain),
            ("(?=", Kind::LooksAhead),
            ("(?!", Kind::LooksAhead),
            ("(?<=", Kind::LooksBack),
            ("(?<!", Kind::LooksBack),
        ] {
            if self.looks_at(opening) {
                self.goes_back |= opening != "(?:";
                self.push_group(kind, None);
                self.out.push_str(opening);
                self.at += opening.len();
                return Ok(());
            }
        }
        if self.looks_at("(?") {
            return self.open_flags();
        }
        self.at += 1;
        self.push_group(Kind::Plain, Some(None));
        self.out.push('(');
        Ok(())
    }

    fn push_group(&mut self, kind: Kind, captures: Option<Option<String>>) {
        let groups_before = self.groups.len();
        let captures = captures.map(|name| {
            self.groups.push(Group { name, width: None });
            groups_before
        });
        let outside = Some(self.scope);
        let from = self.out.len();
        self.open.push(Opened { kind, width: Widths::default(), from, captures, groups_before, outside });
        self.last = Last::Nothing;
    }

    pub(super) fn close_group(&mut self) -> Result<(), String> {
        if self.open.len() < 2 {
            return Err("has an unbalanced `)`".into());
        }
        let Some(mut closed) = self.open.pop() else { return Err("has an unbalanced `)`".into()) };
        self.at += 1;
        if closed.kind == (Kind::Asks { bar: false }) {
            closed.width.or_else();
        }
        let mut width = closed.width.all();
        match closed.kind {
            Kind::LooksBack if width.least != width.most => {
                return Err("looks back over what has more than one length".into());
            }
            Kind::LooksBack | Kind::LooksAhead => width = Width::NONE,
            Kind::Plain | Kind::Asks { .. } => {}
        }
        self.out.push(')');
        if let Some(group) = closed.captures.and_then(|at| self.groups.get_mut(at)) {
            group.width = Some(width);
        }
        self.scope = closed.outside.unwrap_or(self.scope);
        self.atom(width);
        self.last = Last::Group { from: closed.from };
        Ok(())
    }

    /// Opens `(?i:…)`, `(?s-i:…)`.
    fn open_flags(&mut self) -> Result<(), String> {
        let outside = self.scope;
        let word: String =
            self.chars[self.at + 2..].iter().take_while(|c| c.is_ascii_alphabetic() || **c == '-').collect();
        let end = self.at + 2 + word.len();
        let (on, off) = word.split_once('-').unwrap_or((&word, ""));
        let is_bad = word.is_empty() || word.ends_with('-') || off.contains(['-', 'a', 'u']);
        if self.chars.get(end) != Some(&':') || is_bad || on.chars().any(|letter| off.contains(letter)) {
            return Err("has an unknown extension `(?…`, or flags that do not stand at the start".into());
        }
        let on = self.flags(on, true)?;
        let off = self.flags(off, false)?;
        let inside = std::mem::replace(&mut self.scope, outside);
        self.push_group(Kind::Plain, None);
        self.scope = inside;
        self.out.push_str("(?");
        self.out.push_str(&on);
        if !off.is_empty() {
            self.out.push('-');
            self.out.push_str(&off);
        }
        self.out.push(':');
        self.at = end + 1;
        Ok(())
    }

    fn comment(&mut self) -> Result<(), String> {
        while let Some(c) = self.peek() {
            self.at += 1;
            if c == ')' {
                return Ok(());
            }
        }
        Err("has a comment that is not closed".into())
    }

    /// Reads a name up to what ends it.
    fn name(&mut self, end: char) -> Result<String, String> {
        let name = self.up_to(end)?;
        let mut letters = name.chars();
        let is_name = letters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && letters.all(|c| c.is_alphanumeric() || c == '_');
        if is_name { Ok(name) } else { Err(format!("has the bad group name `{name}`")) }
    }

    fn up_to(&mut self, end: char) -> Result<String, String> {
        let text: String = self.chars[self.at..].iter().take_while(|c| **c != end).collect();
        self.at += text.chars().count();
        if self.peek().is_none() {
            return Err("has a group's name that does not end".into());
        }
        self.at += 1;
        Ok(text)
    }

    fn number_of(&self, name: &str) -> Result<usize, String> {
        let known = self.groups.iter().position(|group| group.name.as_deref() == Some(name));
        known.map(|at| at + 1).ok_or_else(|| format!("refers to the group `{name}`, which it does not have"))
    }

    /// Reads what a `(?(` asks for.
    fn condition(&mut self) -> Result<usize, String> {
        let text = self.up_to(')')?;
        if text.is_empty() || !text.chars().all(|c| c.is_ascii_digit()) {
            return self.number_of(&text);
        }
        match text.parse() {
            Ok(number) if number > 0 => {
                self.forward = self.forward.max(number);
                Ok(number)
            }
            _ => Err(format!("has the bad group number {text}")),
        }
    }

    /// Writes a reference to a group that is closed.
    pub(super) fn refer(&mut self, number: usize) -> Result<(), String> {
        let Some(group) = number.checked_sub(1).and_then(|at| self.groups.get(at)) else {
            return Err(format!("refers to group {number}, which it does not have"));
        };
        let Some(width) = group.width else {
            return Err(format!("refers to group {number}, which is still open"));
        };
        let back = self.open.iter().find(|opened| opened.kind == Kind::LooksBack);
        if back.is_some_and(|back| number > back.groups_before) {
            return Err(format!("refers to group {number}, which stands in the same look-behind"));
        }
        let _ = write!(self.out, "(?:\\{number})");
        self.goes_back = true;
        self.atom(width);
        Ok(())
    }
}
