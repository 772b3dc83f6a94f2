//! Patterns that are asked about one line after another, each from the line's start: what parsers of command output do.
//!
//! A [`LinePattern`] is checked when it is made and compiled when it is first asked. While lines are ASCII (nearly all
//! that devices print), `\d`, `\w` and `\s` need no tables of Unicode: such automata are small and quickly made. A
//! [`LineSet`] answers in one pass which of many patterns is the first that matches. Lines hold no line ends.

use super::translate::{Texts, translate};
use super::{Anchor, Flags, MAX_BACKTRACKS, plain_error};
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::pool::Pool;
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, meta, nfa::thompson};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, OnceLock};

/// The most memory that the automaton of one state's patterns may take, in bytes. Arbitrary: a hundred times the largest
/// seen; what is larger is asked pattern by pattern.
const MAX_AUTOMATON: usize = 32 << 20;

/// A pattern in Python's dialect, matched at a line's start as `re.match` does.
#[derive(Debug)]
pub(crate) struct LinePattern {
    /// For lines of ASCII.
    of_ascii: String,
    /// For any line.
    of_unicode: String,
    names: Vec<(String, usize)>,
    groups: usize,
    /// It can be matched without going back (no look-around, no reference), in ASCII alone.
    is_plain: bool,
    ascii: OnceLock<Option<meta::Regex>>,
    unicode: OnceLock<Result<fancy_regex::Regex, String>>,
}

/// The byte range of every group of a match, the whole match being group 0.
#[derive(Debug, Default)]
pub(crate) struct LineMatch {
    slots: Vec<Option<NonMaxUsize>>,
    groups: Vec<Option<(usize, usize)>>,
}

impl LineMatch {
    /// Returns the ranges of all groups.
    #[cfg(test)]
    pub(super) fn groups(&self) -> &[Option<(usize, usize)>] {
        &self.groups
    }

    /// Returns the text of a group; `None` when the group took no part.
    pub(crate) fn group<'t>(&self, line: &'t str, group: usize) -> Option<&'t str> {
        let (start, end) = self.groups.get(group).copied().flatten()?;
        line.get(start..end)
    }
}

impl LinePattern {
    /// Checks a pattern.
    ///
    /// # Errors
    /// Says what is wrong with it, as a fragment that fits after the pattern.
    pub(crate) fn new(pattern: &str) -> Result<LinePattern, String> {
        let of = |texts| translate(pattern, Flags::default(), Anchor::Start, texts);
        let translated = of(Texts::default())?;
        let of_ascii = of(Texts { ascii: true, ..Texts::default() })?.text;
        let text = translated.text;
        let is_plain = !translated.goes_back && syntax::parse_with(&of_ascii, &ascii_syntax()).is_ok();
        if !is_plain {
            match fancy_regex::Expr::parse_tree(&text) {
                Err(error) => return Err(plain_error(&error)),
                // What the parser leaves to the engine behind it, only that one can judge.
                Ok(_) if !translated.goes_back => drop(compiled(&text)?),
                Ok(_) => {}
            }
        }
        Ok(LinePattern {
            of_ascii,
            of_unicode: text,
            names: translated.names,
            groups: translated.groups,
            is_plain,
            ascii: OnceLock::new(),
            unicode: OnceLock::new(),
        })
    }

    /// Returns the named groups with their numbers, in order.
    pub(crate) fn names(&self) -> &[(String, usize)] {
        &self.names
    }

    /// Returns the number of groups, the whole match not counted.
    pub(crate) fn groups(&self) -> usize {
        self.groups
    }

    /// Claims that the pattern matches; its groups are in `found` then.
    ///
    /// # Errors
    /// Says why it cannot be told, as a fragment that fits after the pattern.
    pub(crate) fn find(&self, line: &str, found: &mut LineMatch) -> Result<bool, String> {
        if self.is_plain
            && line.is_ascii()
            && let Some(regex) = self.ascii()
        {
            return Ok(self.find_in_ascii(regex, line, found));
        }
        let regex = self.unicode.get_or_init(|| compiled(&self.of_unicode)).as_ref().map_err(Clone::clone)?;
        let captures = regex.captures(line).map_err(|error| plain_error(&error))?;
        let Some(captures) = captures else { return Ok(false) };
        found.groups.clear();
        found.groups.extend(captures.iter().map(|group| group.map(|group| (group.start(), group.end()))));
        Ok(true)
    }

    fn find_in_ascii(&self, regex: &meta::Regex, line: &str, found: &mut LineMatch) -> bool {
        found.slots.clear();
        found.slots.resize(2 * (self.groups + 1), None);
        let input = Input::new(line).anchored(Anchored::Yes);
        if regex.search_slots(&input, &mut found.slots).is_none() {
            return false;
        }
        let ranges = found.slots.chunks_exact(2).map(|pair| Some((pair[0]?.get(), pair[1]?.get())));
        found.groups.clear();
        found.groups.extend(ranges);
        true
    }

    /// Returns the matcher for ASCII. Which pattern matches, a [`LineSet`] tells: this one is for the groups.
    fn ascii(&self) -> Option<&meta::Regex> {
        let build = || {
            let config = meta::Config::new().hybrid(false).dfa(false).auto_prefilter(false).utf8_empty(false);
            meta::Regex::builder().configure(config).syntax(ascii_syntax()).build(&self.of_ascii).ok()
        };
        self.ascii.get_or_init(build).as_ref()
    }
}

fn compiled(pattern: &str) -> Result<fancy_regex::Regex, String> {
    let mut builder = fancy_regex::RegexBuilder::new(pattern);
    builder.backtrack_limit(MAX_BACKTRACKS).build().map_err(|error| plain_error(&error))
}

fn ascii_syntax() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

/// What a [`LineSet`] knows of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// The first pattern that matches has this number.
    Is(usize),
    /// None matches.
    None,
    /// They must be asked one by one.
    Unknown,
}

type MakeCache = Box<dyn Fn() -> Cache + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// Patterns of which the first that matches a line is wanted.
pub(crate) struct LineSet {
    automaton: Option<(Arc<DFA>, Pool<Cache, MakeCache>)>,
    /// How many patterns it answers for, counted from the first.
    covers: usize,
}

impl LineSet {
    /// Makes a set of the patterns up to the first that only can be asked by itself.
    pub(crate) fn new<'a>(patterns: impl IntoIterator<Item = &'a LinePattern>) -> LineSet {
        let plain: Vec<&str> =
            patterns.into_iter().take_while(|one| one.is_plain).map(|one| one.of_ascii.as_str()).collect();
        let covers = plain.len();
        if covers == 0 {
            return LineSet { automaton: None, covers };
        }
        let thompson =
            thompson::Config::new().nfa_size_limit(Some(MAX_AUTOMATON)).which_captures(thompson::WhichCaptures::None);
        let automaton = DFA::builder()
            .configure(DFA::config().skip_cache_capacity_check(true))
            .syntax(ascii_syntax())
            .thompson(thompson)
            .build_many(&plain)
            .ok()
            .map(Arc::new);
        let with_caches = |dfa: Arc<DFA>| {
            let maker = Arc::clone(&dfa);
            let make: MakeCache = Box::new(move || maker.create_cache());
            (dfa, Pool::new(make))
        };
        LineSet { automaton: automaton.map(with_caches), covers }
    }

    /// Returns how many patterns the set answers for, counted from the first.
    pub(crate) fn covers(&self) -> usize {
        self.covers
    }

    /// Returns the first pattern that matches at the start of the line.
    pub(crate) fn first(&self, line: &str) -> First {
        if self.covers == 0 {
            return First::None;
        }
        let Some((dfa, caches)) = self.automaton.as_ref().filter(|_| line.is_ascii()) else { return First::Unknown };
        let input = Input::new(line).anchored(Anchored::Yes);
        match dfa.try_search_fwd(&mut caches.get(), &input) {
            Ok(Some(found)) => First::Is(found.pattern().as_usize()),
            Ok(None) => First::None,
            Err(_) => First::Unknown,
        }
    }
}

impl std::fmt::Debug for LineSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LineSet({} patterns)", self.covers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(pattern: &str, line: &str) -> Option<Vec<Option<String>>> {
        let pattern = LinePattern::new(pattern).unwrap();
        let mut found = LineMatch::default();
        let matches = pattern.find(line, &mut found).unwrap();
        matches.then(|| (0..=pattern.groups()).map(|n| found.group(line, n).map(str::to_owned)).collect())
    }

    #[test]
    fn a_pattern_matches_at_the_start_alone_and_gives_its_groups() {
        assert_eq!(groups("b", "ab"), None);
        assert_eq!(groups("a(b)?(c)?", "ab"), Some(vec![Some("ab".into()), Some("b".into()), None]));
        assert_eq!(groups(r"(\w+)\s(?=x)", "ab x"), Some(vec![Some("ab ".into()), Some("ab".into())]));
        // The same lines with other letters: the slow way must give the same.
        assert_eq!(groups(r"(\w+)$", "añb"), Some(vec![Some("añb".into()), Some("añb".into())]));
        assert_eq!(groups(r"(\w+)$", "ab"), Some(vec![Some("ab".into()), Some("ab".into())]));
        assert_eq!(groups("[^é]+", "ab"), Some(vec![Some("ab".into())]));
        // Possessive repeats take all and give nothing back.
        assert_eq!(groups("a++a", "aaa"), None);
    }

    #[test]
    fn a_bad_pattern_is_refused_before_it_is_asked() {
        for bad in ["(", "a**", "[b-a]", r"\q", "(?P<a>x)(?P<a>y)", "(?P<>x)", "(?<=a*)b("] {
            assert!(LinePattern::new(bad).is_err(), "{bad:?} passes");
        }
    }

    #[test]
    fn a_set_names_the_first_pattern_not_the_longest_match() {
        let patterns: Vec<LinePattern> =
            ["ab+c", "a", r"\w+", "x(?=y)", "z"].map(|one| LinePattern::new(one).unwrap()).into();
        let set = LineSet::new(&patterns);
        assert_eq!(set.covers(), 3);
        for (line, first) in [
            ("abbbc", First::Is(0)),
            ("abbb", First::Is(1)),
            ("b abc", First::Is(2)),
            (" ", First::None),
            ("é", First::Unknown),
        ] {
            assert_eq!(set.first(line), first, "{line:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_set_and_its_patterns_agree(
            patterns in proptest::collection::vec(r"[ab]{1,2}[*+?]?(\(a\|b\))?[ab.]?\$?", 1..6),
            lines in proptest::collection::vec("[abc]{0,6}", 1..6),
        ) {
            let patterns: Vec<LinePattern> = patterns.iter().filter_map(|one| LinePattern::new(one).ok()).collect();
            let set = LineSet::new(&patterns);
            let mut found = LineMatch::default();
            for line in &lines {
                let one_by_one = patterns.iter().position(|one| one.find(line, &mut found).unwrap());
                proptest::prop_assert_eq!(set.first(line), one_by_one.map_or(First::None, First::Is));
            }
        }
    }
}
