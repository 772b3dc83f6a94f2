//! The expressions of definitions. A platform has some fifty and a run asks a few of them, so each is compiled when it is
//! first asked.

use regex::bytes::{Captures, Regex, RegexBuilder};
use std::ops::Range;
use std::sync::OnceLock;

/// An expression that is asked about one line.
#[derive(Clone, Debug)]
pub struct Pattern {
    written: String,
    compiled: OnceLock<Regex>,
}

/// When expressions are compiled: those of users at once, as a mistake in them has to be said; a test compiles ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compile {
    AtOnce,
    WhenAsked,
}

impl Compile {
    /// Makes a pattern of an expression.
    pub(super) fn line(self, written: &str) -> Result<Pattern, String> {
        let pattern = Pattern { written: written.to_owned(), compiled: OnceLock::new() };
        if self == Compile::AtOnce {
            let both = compiled(written).and_then(|regex| for_text(written).map(|_| regex));
            let regex = both.map_err(|error| format!("expression `{written}` does not compile: {error}"))?;
            let _ = pattern.compiled.set(regex);
        }
        Ok(pattern)
    }

    /// Makes patterns of expressions.
    pub(super) fn lines(self, written: &[String]) -> Result<Vec<Pattern>, String> {
        written.iter().map(|written| self.line(written)).collect()
    }
}

impl Pattern {
    /// Claims that the expression fits somewhere in a text.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex().is_match(text.as_bytes())
    }

    /// Returns the first part of a text that the expression fits.
    pub fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.regex().find(text.as_bytes()).map(|found| whole_characters(text, found.range()))
    }

    /// Returns the groups of the first part of a text that the expression fits.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Groups<'t>> {
        Some(Groups { text, found: self.regex().captures(text.as_bytes())? })
    }

    /// Returns a text with the first part that the expression fits replaced; `$1` is a group.
    pub fn replace(&self, text: &str, with: &str) -> String {
        String::from_utf8_lossy(&self.regex().replace(text.as_bytes(), with.as_bytes())).into_owned()
    }

    /// Returns the expression as one for texts, for those who ask many kinds of expressions.
    pub fn for_text(&self) -> regex::Regex {
        for_text(&self.written).expect("a test compiles the expressions of all definitions")
    }

    fn regex(&self) -> &Regex {
        self.compiled
            .get_or_init(|| compiled(&self.written).expect("a test compiles the expressions of all definitions"))
    }
}

/// What the groups of an expression fit.
#[derive(Debug)]
pub struct Groups<'t> {
    text: &'t str,
    found: Captures<'t>,
}

impl<'t> Groups<'t> {
    /// Returns what a group fits, if it took part.
    pub fn name(&self, name: &str) -> Option<&'t str> {
        self.found.name(name).map(|group| whole_characters(self.text, group.range()))
    }
}

/// Widens a range to whole characters: an expression for bytes may end in the midst of one.
fn whole_characters(text: &str, range: Range<usize>) -> &str {
    let (mut start, mut end) = (range.start, range.end);
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    &text[start..end]
}

/// Compiles an expression for bytes, where `\w`, `\s`, `\d` and `\b` are those of ASCII: what devices say of themselves is
/// ASCII. One for characters takes ten times as long and half a megabyte, and a session asks some twenty of them. Only one
/// with other characters in a class has to be.
fn compiled(written: &str) -> Result<Regex, regex::Error> {
    let build = |unicode: bool| RegexBuilder::new(written).multi_line(true).unicode(unicode).build();
    build(false).or_else(|_| build(true))
}

fn for_text(written: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(written).multi_line(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_for_bytes_give_whole_characters() {
        let pattern = |written: &str| Compile::AtOnce.line(written).expect("it compiles");
        assert_eq!(pattern(r"^.{3}").find("a\u{e4}\u{f6}x"), Some("a\u{e4}"));
        assert_eq!(pattern(r"^.{2}").find("a\u{e4}x"), Some("a\u{e4}"));
        assert_eq!(pattern(r"[\u{e4}o]x").find("\u{e4}x"), Some("\u{e4}x"));
        assert_eq!(
            pattern(r"(?<host>[^#]+)#").captures("k\u{fc}che#").and_then(|found| found.name("host")),
            Some("k\u{fc}che")
        );
        assert_eq!(pattern(r"^set (\S+).*").replace("set n\u{e4}me x", "unset $1"), "unset n\u{e4}me");
        assert!(!pattern(r"^\w+$").is_match("\u{e4}"));
        for wrong in ["(", r"(?-u:\xff)"] {
            assert!(Compile::AtOnce.line(wrong).is_err(), "{wrong}");
        }
    }
}
