//! The longest that a search may take.
//!
//! The engine bounds how often a pattern steps back, but each step may go over all of a text (`(?=(a+))\1b`): on a long one
//! that is hours, and the engine cannot be interrupted. So a pattern that may do so goes through a long text in small
//! pieces of work: from some places of the text to the next, and where there is much to do from place to place, with few
//! steps at first and ten times as many as long as there is time for them. The clock is looked at between them.

use super::{Compiled, MAX_BACKTRACKS, Match, Regex, guarded, plain_error};
use crate::halt;
use std::time::{Duration, Instant};

/// Up to this many bytes a search is done at once: at its worst it takes some seconds.
const LONG_BYTES: usize = 4 << 10;

/// How long going through a text may take. Arbitrary: a hundred times what the longest outputs of devices need.
const LONGEST: Duration = Duration::from_secs(10);

/// How many steps back a piece of work may take. The first number is what a match that begins soon takes.
pub(super) const STEPS: [usize; 5] = [100, 1_000, 10_000, 100_000, MAX_BACKTRACKS];

/// How many times as long the next piece of work may take as the one before.
const GROWTH: u32 = 10;

/// At how many places, in bytes, matches are looked for at once: few where each takes long, and never so many that going over
/// all of a text at each of them takes much longer than there is time.
const FEW: usize = 16;
const MANY: usize = 1024;

/// What takes less than this is quick.
const QUICK: Duration = Duration::from_millis(1);

/// One way through a text.
pub(super) struct Search<'a> {
    compiled: &'a Compiled,
    text: &'a str,
    /// When it began; none where it is done at once.
    since: Option<Instant>,
}

/// What a piece of work came to.
enum Work {
    Done(Option<Match>),
    /// It took all the steps that it had.
    Unfinished,
}

impl Regex {
    pub(super) fn search<'a>(&'a self, text: &'a str) -> Result<Search<'a>, String> {
        let is_long = self.steps_back && text.len() > LONG_BYTES;
        Ok(Search { compiled: self.compiled_for(text)?, text, since: is_long.then(Instant::now) })
    }
}

impl Search<'_> {
    /// Returns the first match that begins at a byte or after it; what stands before is seen all the same.
    pub(super) fn next(&self, from: usize) -> Result<Option<Match>, String> {
        if self.since.is_none() {
            return self.whole(from, false, false);
        }
        if let Work::Done(found) = self.work(0, from, false, false)? {
            return Ok(found);
        }
        let (mut at, mut bytes) = (from, FEW);
        while at <= self.text.len() {
            let last = self.boundary((at + bytes).min(self.text.len()));
            let before = Instant::now();
            match self.start_within(at, last)? {
                Some(Some(place)) => {
                    if let Some(found) = self.at(place, false)? {
                        return Ok(Some(found));
                    }
                }
                Some(None) => {}
                None => {
                    for place in (at..=last).filter(|place| self.text.is_char_boundary(*place)) {
                        if let Some(found) = self.at(place, false)? {
                            return Ok(Some(found));
                        }
                    }
                }
            }
            self.look_at_the_clock(Duration::ZERO)?;
            bytes = if before.elapsed() < QUICK { (bytes * 4).min(MANY) } else { FEW };
            at = self.boundary(last + 1);
        }
        Ok(None)
    }

    /// Returns the first place between letters that is not before a byte.
    fn boundary(&self, at: usize) -> usize {
        (at..=self.text.len()).find(|place| self.text.is_char_boundary(*place)).unwrap_or(at)
    }

    /// Returns where the first match begins among some places; the inner none is that there is none, the outer one that the
    /// places must be tried one by one.
    fn start_within(&self, first: usize, last: usize) -> Result<Option<Option<usize>>, String> {
        let Some(starts) = self.compiled.starts() else { return Ok(None) };
        let input = fancy_regex::RegexInput::new(self.text).from_pos(first).range(first..last);
        guarded(|| match starts.find_input(input) {
            Err(fancy_regex::Error::RuntimeError(_)) => Ok(None),
            found => found.map(|found| Some(found.map(|found| found.start()))),
        })
    }

    /// Fails when the time is over, or would be after what comes next, and when the run has come to its end.
    fn look_at_the_clock(&self, next: Duration) -> Result<(), String> {
        if halt::is_halted() {
            return Err(halt::MESSAGE.to_owned());
        }
        if self.since.is_some_and(|since| since.elapsed() + next > LONGEST) {
            let (seconds, length) = (LONGEST.as_secs(), self.text.len());
            return Err(format!("takes longer than {seconds} s on a text of {length} bytes; make it more specific"));
        }
        Ok(())
    }

    /// Returns the match at a place that is not empty.
    pub(super) fn not_empty_at(&self, place: usize) -> Result<Option<Match>, String> {
        // A pattern that cannot be built so has no such match.
        if self.compiled.with_steps(STEPS.len() - 1, true).is_err() {
            return Ok(None);
        }
        match self.since {
            None => self.whole(place, true, true),
            Some(_) => self.at(place, true),
        }
    }

    fn at(&self, place: usize, not_empty: bool) -> Result<Option<Match>, String> {
        let mut before = Instant::now();
        for stage in 0..STEPS.len() {
            let work = self.work(stage, place, true, not_empty)?;
            let now = Instant::now();
            let next = if matches!(work, Work::Done(_)) { Duration::ZERO } else { (now - before) * GROWTH };
            self.look_at_the_clock(next)?;
            if let Work::Done(found) = work {
                return Ok(found);
            }
            before = now;
        }
        Err(too_many_steps())
    }

    /// Searches with as many steps as there may be.
    fn whole(&self, from: usize, anchored: bool, not_empty: bool) -> Result<Option<Match>, String> {
        match self.work(STEPS.len() - 1, from, anchored, not_empty)? {
            Work::Done(found) => Ok(found),
            Work::Unfinished => Err(too_many_steps()),
        }
    }

    fn work(&self, stage: usize, from: usize, anchored: bool, not_empty: bool) -> Result<Work, String> {
        let regex = self.compiled.with_steps(stage, not_empty)?;
        let input = fancy_regex::RegexInput::new(self.text).from_pos(from).anchored(anchored);
        guarded(|| match regex.captures_input(input) {
            Err(fancy_regex::Error::RuntimeError(fancy_regex::RuntimeError::BacktrackLimitExceeded)) => {
                Ok(Work::Unfinished)
            }
            Err(error) => Err(error),
            Ok(found) => Ok(Work::Done(found.map(|groups| Match {
                groups: groups.iter().map(|group| group.map(|m| (m.start(), m.end()))).collect(),
            }))),
        })
    }
}

fn too_many_steps() -> String {
    plain_error(&fancy_regex::Error::RuntimeError(fancy_regex::RuntimeError::BacktrackLimitExceeded))
}

/// Claims that a translated pattern has what the engine can only try out: look-around, references, atomic groups.
pub(super) fn steps_back(pattern: &str) -> bool {
    let parts = ["(?=", "(?!", "(?<=", "(?<!", "(?>", "(?(", "(?P=", "\\k<", "++", "*+", "?+", "}+", "\\G", "\\K"];
    let has_reference = pattern.as_bytes().windows(2).any(|pair| pair[0] == b'\\' && (b'1'..=b'9').contains(&pair[1]));
    has_reference || parts.iter().any(|part| pattern.contains(part))
}

#[cfg(test)]
mod tests {
    use super::super::{Anchor, Flags, compile};
    use std::time::Instant;

    #[test]
    fn a_search_that_goes_over_a_long_text_again_and_again_is_given_up() {
        let regex = compile(r"(?=(a+))\1b", Flags::default(), Anchor::Anywhere).unwrap();
        assert!(regex.find(&"a".repeat(10_000_000)).is_err_and(|why| why.contains("10000000 bytes")));
        assert!(regex.find(&("a".repeat(100_000) + "b")).unwrap().is_some());
    }

    #[test]
    fn a_search_that_does_nothing_but_step_back_at_one_place_is_given_up() {
        let regex = compile(r"^(?=(.*a.*a.*a.*a.*b))x", Flags::default(), Anchor::Anywhere).unwrap();
        let said = regex.find(&"a".repeat(1_000_000)).map(|found| found.is_some());
        assert!(said == Ok(false) || said.is_err(), "{said:?}");
        let regex = compile(r"^(a*)*(a*)*\2[xy]$", Flags::default(), Anchor::Anywhere).unwrap();
        assert!(regex.find(&("a".repeat(1_000_000) + "b")).is_err());
    }

    #[test]
    fn a_match_may_be_far_into_a_long_text() {
        let far = "port 7 is up\n".repeat(800_000) + "port 8 is down\n";
        let regex = compile(r"(?<=port )\d+(?= is down)", Flags::default(), Anchor::Anywhere).unwrap();
        let found = regex.find(&far).unwrap().unwrap();
        assert_eq!(found.group(&far, 0), Some("8"));
        assert!(regex.find(&"port 7 is up\n".repeat(800_000)).unwrap().is_none());
    }

    #[test]
    fn piece_by_piece_the_matches_are_those_of_one_search() {
        let patterns = [
            r"(?<=x)a(?!b)",
            r"(\w)\1",
            r"(?=a)",
            r"(?<!a)b*",
            r"(?m)^(?=.*c)a.*$",
            r"[ab](?=\n|\Z)",
            r"é(?=x)|x(?<=é.)",
            r"(?s)a.*?(?=ééé)",
            r"(?s)(?<=c\n).+(?=q)",
            r"(a)?(?(1)b|c)",
            r"(?:ab?)++(?=c)",
            r"(?=(b))?q",
            r"\b(?!x)\w+",
        ];
        let texts = ["xa xab a\n", "aé éx bbééé\n", "abc\nq aab c", "\n", "é"];
        for (pattern, text) in patterns.iter().flat_map(|pattern| texts.iter().map(move |text| (pattern, text))) {
            let text = text.repeat(700) + "abc\nxx q ééé a";
            let regex = compile(pattern, Flags::default(), Anchor::Anywhere).unwrap();
            let all = |since| {
                let search = super::Search { compiled: regex.compiled_for(&text).unwrap(), text: &text, since };
                let (mut found, mut at) = (Vec::new(), 0);
                while let Some(next) = search.next(at).unwrap() {
                    let (start, end) = next.span();
                    found.push(next.groups);
                    at = if end > start { end } else { search.boundary(end + 1) };
                    if at > text.len() {
                        break;
                    }
                }
                found
            };
            assert!(all(Some(Instant::now())) == all(None), "{pattern} on {:?}", &text[..9.min(text.len())]);
        }
    }

    #[test]
    fn a_long_text_gives_the_matches_that_a_short_one_gives() {
        let regex = compile(r"(?<=x)a(?!b)", Flags::default(), Anchor::Anywhere).unwrap();
        let short = "xa xab a\n".repeat(10);
        let long = "xa xab a\n".repeat(20_000);
        assert_eq!(regex.find_all(&short, usize::MAX).unwrap().len(), 10);
        assert_eq!(regex.find_all(&long, usize::MAX).unwrap().len(), 20_000);
    }
}
