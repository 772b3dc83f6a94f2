//! Python's regular expressions on Rust's engines: what authors write for Python's `re` means the same here.
//!
//! A pattern is translated ([`translate()`]) and kept compiled. Traps that the translation is there for: `$` also
//! matches before a final newline; `\Z` is Rust's `\z`; `\<` is a plain `<`; `{,3}` starts at 0 and `{` alone is plain;
//! `[a&&b]` and `[a--b]` are plain sets; letters of words and spaces are others; an empty match may follow another match. Backtracking is bounded, and so is the time of a search in a long text
//! (`deadline`): a pattern that runs away is an error, never a hang.

mod deadline;
mod line;
#[cfg(test)]
mod recorded;
mod replacement;
mod translate;

pub(crate) use line::{First, LineMatch, LinePattern, LineSet};
pub(crate) use replacement::Replacement;

use replacement::Part;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use translate::{Texts, translate};

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
    pattern: String,
    flags: Flags,
    anchor: Anchor,
    names: Vec<(String, usize)>,
    groups: usize,
    has_end: bool,
    has_boundary: bool,
    /// A search may go over a text again and again.
    steps_back: bool,
    /// For any text, until one comes for which another is needed.
    plain: Compiled,
    /// For text that ends in a newline, has odd letters, or both. Made when such a text comes.
    others: [OnceLock<Result<Compiled, String>>; 3],
}

#[derive(Debug)]
struct Compiled {
    pattern: String,
    /// By how many steps it may take (`deadline`), first as it is, then never matching an empty text. Most are wanted
    /// seldom, so compiled when they are.
    made: [[OnceLock<Result<fancy_regex::Regex, String>>; deadline::STEPS.len()]; 2],
    /// What matches nothing where the pattern matches: finds where matches begin. None where it cannot be made.
    starts: OnceLock<Option<fancy_regex::Regex>>,
}

/// A match: the byte range of every group, the whole match being group 0.
pub(crate) struct Match {
    groups: Vec<Option<(usize, usize)>>,
}

/// How many steps back one match may take: about a tenth of a second.
const MAX_BACKTRACKS: usize = 1_000_000;
/// How many compiled patterns are kept; a run has a few hundred.
const MAX_KEPT: usize = 1000;
/// The most matches in one text. Arbitrary: a match every few bytes of the largest outputs.
const MAX_MATCHES: usize = 2_000_000;

/// The longest text that replacing makes, in bytes. Arbitrary: above any device configuration, below what hurts.
const MAX_TEXT: usize = 64 << 20;

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
        let compiled = Compiled { pattern, made: Default::default(), starts: OnceLock::new() };
        compiled.with_steps(deadline::STEPS.len() - 1, false)?;
        Ok(compiled)
    }

    fn with_steps(&self, stage: usize, not_empty: bool) -> Result<&fancy_regex::Regex, String> {
        let build = || {
            let mut builder = fancy_regex::RegexBuilder::new(&self.pattern);
            let built = builder.backtrack_limit(deadline::STEPS[stage]).find_not_empty(not_empty).build();
            built.map_err(|error| plain_error(&error))
        };
        self.made[usize::from(not_empty)][stage].get_or_init(build).as_ref().map_err(Clone::clone)
    }

    fn starts(&self) -> Option<&fancy_regex::Regex> {
        let build = || {
            // A comment at the end of a pattern would take the brackets with it.
            let pattern = Some(format!("(?=(?:{}))", self.pattern)).filter(|_| !self.pattern.contains('#'))?;
            // Rewritten, it might no longer be a look ahead.
            fancy_regex::RegexBuilder::new(&pattern).backtrack_limit(deadline::STEPS[2]).optimize(false).build().ok()
        };
        self.starts.get_or_init(build).as_ref()
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
        let translated = translate(pattern, flags, anchor, Texts::default())?;
        Ok(Regex {
            pattern: pattern.to_owned(),
            flags,
            anchor,
            names: translated.names,
            groups: translated.groups,
            has_end: translated.has_end,
            has_boundary: translated.has_boundary,
            steps_back: deadline::steps_back(&translated.text),
            plain: Compiled::new(translated.text)?,
            others: Default::default(),
        })
    }

    fn compiled_for(&self, text: &str) -> Result<&Compiled, String> {
        let end_in_newline = self.has_end && text.ends_with('\n');
        let have_odd_letters = self.has_boundary && has_odd_letters(text);
        let at = match (end_in_newline, have_odd_letters) {
            (false, false) => return Ok(&self.plain),
            (true, false) => 0,
            (false, true) => 1,
            (true, true) => 2,
        };
        let texts = Texts { ascii: false, end_in_newline, have_odd_letters };
        let make = || Compiled::new(translate(&self.pattern, self.flags, self.anchor, texts)?.text);
        self.others[at].get_or_init(make).as_ref().map_err(Clone::clone)
    }

    /// Returns the number of groups, the whole match not counted.
    pub(crate) fn groups(&self) -> usize {
        self.groups
    }

    /// Returns the number of a named group.
    pub(crate) fn group_named(&self, name: &str) -> Option<usize> {
        self.names().find(|(known, _)| *known == name).map(|(_, number)| number)
    }

    /// Returns the named groups with their numbers, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, usize)> {
        self.names.iter().map(|(name, number)| (name.as_str(), *number))
    }

    /// Returns the first match.
    pub(crate) fn find(&self, text: &str) -> Result<Option<Match>, String> {
        self.find_from(text, 0)
    }

    /// Returns the first match that begins at a byte or after it; what stands before is seen all the same.
    pub(crate) fn find_from(&self, text: &str, from: usize) -> Result<Option<Match>, String> {
        self.search(text)?.next(from)
    }

    /// Claims that there is a match.
    pub(crate) fn is_match(&self, text: &str) -> Result<bool, String> {
        if !self.steps_back {
            let regex = self.compiled_for(text)?.with_steps(deadline::STEPS.len() - 1, false)?;
            return guarded(|| regex.is_match(text));
        }
        Ok(self.find(text)?.is_some())
    }

    /// Returns all matches that do not overlap (at most `most`), with empty ones where Python has them.
    pub(crate) fn find_all(&self, text: &str, most: usize) -> Result<Vec<Match>, String> {
        let search = self.search(text)?;
        let mut found: Vec<Match> = Vec::new();
        let mut at = 0;
        while found.len() < most {
            if found.len() >= MAX_MATCHES {
                return Err(format!("matches more than {MAX_MATCHES} times"));
            }
            let after_empty = found.last().is_some_and(|last| last.span() == (at, at));
            let Some(next) = (if after_empty { after_empty_match(&search, text, at)? } else { search.next(at)? })
            else {
                break;
            };
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
            if out.len() > MAX_TEXT {
                return Err("makes the text too long".into());
            }
            at = end;
        }
        out.push_str(&text[at..]);
        Ok((out, matches.len()))
    }
}

/// Claims that a text has letters that are a word's for the engine only, or for Python only.
fn has_odd_letters(text: &str) -> bool {
    static ODD: LazyLock<Option<regex::Regex>> = LazyLock::new(|| regex::Regex::new("[\\w~~[\\p{L}\\p{N}_]]").ok());
    !text.is_ascii() && ODD.as_ref().is_some_and(|odd| odd.is_match(text))
}

/// Asks the engine. It has been seen to panic on some nestings of repeats, look-arounds and references.
fn guarded<T>(ask: impl FnOnce() -> fancy_regex::Result<T>) -> Result<T, String> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(ask)) {
        Ok(found) => found.map_err(|error| plain_error(&error)),
        Err(_) => Err("is too involved for the engine; write it in another way".into()),
    }
}

/// Returns the match that follows an empty one at `at`: one that is not empty there, or any further on.
fn after_empty_match(search: &deadline::Search<'_>, text: &str, at: usize) -> Result<Option<Match>, String> {
    let Some(step) = text[at..].chars().next().map(char::len_utf8) else { return Ok(None) };
    match search.not_empty_at(at)? {
        None => search.next(at + step),
        found => Ok(found),
    }
}

impl Match {
    /// Returns start and end of the whole match.
    pub(crate) fn span(&self) -> (usize, usize) {
        // Group 0 is always there.
        self.groups.first().copied().flatten().unwrap_or_default()
    }

    /// Returns start and end of a group; `None` when the group took no part.
    pub(crate) fn group_span(&self, group: usize) -> Option<(usize, usize)> {
        self.groups.get(group).copied().flatten()
    }

    /// Returns the text of a group; `None` when the group took no part.
    pub(crate) fn group<'t>(&self, text: &'t str, group: usize) -> Option<&'t str> {
        let (start, end) = self.groups.get(group).copied().flatten()?;
        text.get(start..end)
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
