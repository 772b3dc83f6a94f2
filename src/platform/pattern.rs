//! The expressions of definitions. A platform has some fifty and a run asks a few of them, so each is compiled when it is
//! first asked.

use regex::{Regex, RegexBuilder};
use std::ops::Deref;
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
            let regex =
                compiled(written).map_err(|error| format!("expression `{written}` does not compile: {error}"))?;
            let _ = pattern.compiled.set(regex);
        }
        Ok(pattern)
    }

    /// Makes patterns of expressions.
    pub(super) fn lines(self, written: &[String]) -> Result<Vec<Pattern>, String> {
        written.iter().map(|written| self.line(written)).collect()
    }
}

impl Deref for Pattern {
    type Target = Regex;

    fn deref(&self) -> &Regex {
        self.compiled
            .get_or_init(|| compiled(&self.written).expect("a test compiles the expressions of all definitions"))
    }
}

fn compiled(written: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&ascii_classes(written)).multi_line(true).build()
}

/// Writes `\w`, `\d` and `\b` as what they are in ASCII. Host names and messages of devices are ASCII, and a repeated
/// Unicode `\w` makes an automaton so large that a platform took a third of a second to compile.
fn ascii_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() * 2);
    let mut chars = pattern.chars();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        let escaped = if c == '\\' { chars.next() } else { None };
        match (c, escaped) {
            ('\\', Some('w')) => out.push_str(if in_class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
            ('\\', Some('d')) => out.push_str(if in_class { "0-9" } else { "[0-9]" }),
            ('\\', Some('b')) if !in_class => out.push_str(r"(?-u:\b)"),
            ('\\', Some(other)) => out.extend(['\\', other]),
            (c, _) => {
                in_class = (c == '[' || in_class) && c != ']';
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_become_ascii_inside_and_outside_brackets() {
        let cases = [
            (r"\w+", "[0-9A-Za-z_]+"),
            (r"[\w.-]\d", "[0-9A-Za-z_.-][0-9]"),
            (r"\\w\[\]", r"\\w\[\]"),
            (r"\b", r"(?-u:\b)"),
        ];
        for (written, compiled) in cases {
            assert_eq!(ascii_classes(written), compiled);
        }
    }
}
