//! The expressions of definitions. A platform has some fifty and a run asks a few of them, so each is compiled when it is
//! first asked, and first in the way that is soon done: most are asked about a few short lines in a run.

use super::needed::Needed;
use regex_automata::meta::{BuildError, Builder, Config, Regex};
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An expression that is asked about one line.
#[derive(Debug, Default)]
pub struct Pattern {
    written: String,
    /// What a text has to contain; most do not, and then nothing is compiled.
    needed: OnceLock<Option<Needed>>,
    /// Compiled in the way that is soon done, and slow to ask.
    soon: OnceLock<Regex>,
    /// Compiled in the way that is fast to ask, once much has been asked.
    fast: OnceLock<Regex>,
    /// Bytes of the texts that it was asked about.
    asked: AtomicUsize,
}

impl Clone for Pattern {
    fn clone(&self) -> Pattern {
        Pattern { written: self.written.clone(), ..Pattern::default() }
    }
}

/// After so many bytes an expression is compiled once more, to be asked fast: then asking has taken about as long as
/// that does, some hundred thousand instructions.
const MUCH: usize = 1024;

/// When expressions are compiled: those of users at once, as a mistake in them has to be said; a test compiles ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compile {
    AtOnce,
    WhenAsked,
}

impl Compile {
    /// Makes a pattern of an expression.
    pub(super) fn line(self, written: &str) -> Result<Pattern, String> {
        if self == Compile::AtOnce {
            let wrong = |error: String| format!("expression `{written}` does not compile: {error}");
            // What it says of a mistake shows the place.
            for_text(written).map_err(|error| wrong(error.to_string()))?;
            compiled(written, &fast()).map_err(|error| wrong(error.to_string()))?;
        }
        Ok(Pattern { written: written.to_owned(), ..Pattern::default() })
    }

    /// Makes patterns of expressions.
    pub(super) fn lines(self, written: &[String]) -> Result<Vec<Pattern>, String> {
        written.iter().map(|written| self.line(written)).collect()
    }
}

impl Pattern {
    /// Claims that the expression fits somewhere in a text.
    pub fn is_match(&self, text: &str) -> bool {
        self.may_fit(text) && self.regex(text).is_match(text)
    }

    /// Returns what the numbered groups fit, in their order, in the first part of a text that the expression fits; that
    /// part whole where the expression has no groups.
    pub fn parts<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let Groups { found, .. } = self.captures(text)?;
        let from = usize::from(found.group_len() > 1);
        let ranges = (from..found.group_len()).filter_map(|group| found.get_group(group));
        Some(ranges.map(|range| whole_characters(text, range.range())).collect())
    }

    /// Returns the groups of the first part of a text that the expression fits.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Groups<'t>> {
        if !self.may_fit(text) {
            return None;
        }
        let regex = self.regex(text);
        let mut found = regex.create_captures();
        regex.captures(text, &mut found);
        found.is_match().then_some(Groups { text, found })
    }

    /// Returns a text with the first part that the expression fits replaced; `$1` is a group.
    pub fn replace(&self, text: &str, with: &str) -> String {
        let Some(Groups { found, .. }) = self.captures(text) else { return text.to_owned() };
        let Some(all) = found.get_match() else { return text.to_owned() };
        let mut replaced = text.as_bytes()[..all.start()].to_vec();
        found.interpolate_bytes_into(text.as_bytes(), with.as_bytes(), &mut replaced);
        replaced.extend_from_slice(&text.as_bytes()[all.end()..]);
        String::from_utf8_lossy(&replaced).into_owned()
    }

    /// Returns the expression as one for texts, for those who ask many kinds of expressions.
    pub fn for_text(&self) -> regex::Regex {
        for_text(&self.written).expect("a test compiles the expressions of all definitions")
    }

    fn may_fit(&self, text: &str) -> bool {
        self.needed.get_or_init(|| Needed::of(&self.written)).as_ref().is_none_or(|needed| needed.is_in(text))
    }

    fn regex(&self, text: &str) -> &Regex {
        const WHY: &str = "a test compiles the expressions of all definitions";
        let asked = self.asked.fetch_add(text.len(), Ordering::Relaxed);
        if asked.saturating_add(text.len()) > MUCH {
            return self.fast.get_or_init(|| compiled(&self.written, &fast()).expect(WHY));
        }
        self.soon.get_or_init(|| compiled(&self.written, &soon()).expect(WHY))
    }
}

/// What the groups of an expression fit.
#[derive(Debug)]
pub struct Groups<'t> {
    text: &'t str,
    found: Captures,
}

impl<'t> Groups<'t> {
    /// Returns what a group fits, if it took part.
    pub fn name(&self, name: &str) -> Option<&'t str> {
        self.found.get_group_by_name(name).map(|group| whole_characters(self.text, group.range()))
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
fn compiled(written: &str, how: &Config) -> Result<Regex, Box<BuildError>> {
    let build = |unicode: bool| {
        let syntax = syntax::Config::new().multi_line(true).unicode(unicode).utf8(false);
        Builder::new().syntax(syntax).configure(how.clone()).build(written)
    };
    build(false).or_else(|_| build(true)).map_err(Box::new)
}

/// What `regex` itself takes: also backwards, with what finds the literals of the expression beforehand.
fn fast() -> Config {
    Config::new().utf8_empty(false)
}

/// One automaton and nothing beside it.
fn soon() -> Config {
    fast().hybrid(false).onepass(false).auto_prefilter(false)
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
        assert_eq!(pattern(r"^.{3}").parts("a\u{e4}\u{f6}x"), Some(vec!["a\u{e4}"]));
        assert_eq!(pattern(r"^.{2}").parts("a\u{e4}x"), Some(vec!["a\u{e4}"]));
        assert_eq!(pattern(r"[\u{e4}o]x").parts("\u{e4}x"), Some(vec!["\u{e4}x"]));
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

    #[test]
    fn an_expression_answers_the_same_however_much_it_is_asked() {
        let expressions = [
            r"(?<host>\S+)[>#]$",
            r"^\s*%|^Error:",
            r"(?i)(?:show|display) \w+",
            r"^(a|ab)(c|bcd)?$",
            r"x*",
            r"\bend\b",
            r"^set (\S+).*$",
            r"[\u{e4}o]x",
            r"(?s)a.b",
            r"^$",
        ];
        let lines = [
            "router1#",
            "r1>",
            "% Unknown command",
            " Error: no",
            "SHOW ip",
            "abcd",
            "a\nb",
            "the end.",
            "set n\u{e4}me x",
            "\u{e4}x",
            "",
            "x\n\nxx",
        ];
        for written in expressions {
            let answers = |pattern: &Pattern| -> Vec<_> {
                let of = |line: &&'static str| {
                    let host = pattern.captures(line).and_then(|groups| groups.name("host").map(str::to_owned));
                    (pattern.is_match(line), pattern.parts(line), host, pattern.replace(line, "<$0>"))
                };
                lines.iter().map(of).collect()
            };
            let pattern = Compile::WhenAsked.line(written).expect("it compiles");
            let first = answers(&pattern);
            assert!(pattern.soon.get().is_some() && pattern.fast.get().is_none(), "{written}");
            pattern.is_match(&format!("{}{}", lines.join("\n"), "-".repeat(MUCH)));
            assert_eq!(answers(&pattern), first, "{written}");
            assert!(pattern.fast.get().is_some(), "{written}");
        }
    }
}
