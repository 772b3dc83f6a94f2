//! The longest that a search may take.
//!
//! The engine bounds how often a pattern steps back, but each step may go over all of a text (`(?=(a+))\1b`): on a long one
//! that is hours. A search that may do so is handed to a thread of its own, which is waited for until the deadline. One that
//! is given up works on until the program ends; nobody waits for it.

use super::{Regex, compile};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// Up to this many bytes a search is done at once: at its worst it takes some seconds.
const LONG_BYTES: usize = 64 << 10;

/// How long a search may take. Arbitrary: a hundred times what the longest outputs of devices need.
const LONGEST: Duration = Duration::from_secs(10);

impl Regex {
    /// Asks something of a text, and gives up when the answer takes too long.
    pub(super) fn bounded<T: Send + 'static>(
        &self,
        text: &str,
        ask: impl FnOnce(&Regex, &str) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        if !self.steps_back || text.len() <= LONG_BYTES {
            return ask(self, text);
        }
        let regex = compile(&self.pattern, self.flags, self.anchor)?;
        let text = text.to_owned();
        let length = text.len();
        let (answer, answered) = sync_channel(1);
        let search = move || drop(answer.send(ask(&regex, &text)));
        std::thread::Builder::new().name("pattern".into()).spawn(search).map_err(|error| error.to_string())?;
        answered.recv_timeout(LONGEST).unwrap_or_else(|_| {
            let seconds = LONGEST.as_secs();
            Err(format!("takes longer than {seconds} s on a text of {length} bytes; make it more specific"))
        })
    }
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

    #[test]
    fn a_search_that_goes_over_a_long_text_again_and_again_is_given_up() {
        let regex = compile(r"(?=(a+))\1b", Flags::default(), Anchor::Anywhere).unwrap();
        assert!(regex.find(&"a".repeat(10_000_000)).is_err_and(|why| why.contains("10000000 bytes")));
        assert!(regex.find(&("a".repeat(100_000) + "b")).unwrap().is_some());
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
