//! What is said about a document, and when enough was said or read.

use super::{Composer, MAX_DEPTH, Stop};
use crate::source::{Diagnostic, Span};
use crate::yaml::events::SyntaxError;
use crate::yaml::hint;
use crate::yaml::resolve::BadNumber;
use std::ops::Range;

/// How many nodes aliases and merge keys may add to those written. Arbitrary: 10,000 hosts that each merge 100 variables
/// make half of it (an alias counts, and merging it counts again), and walking that many takes about a second.
const MAX_COPIES: usize = 4_000_000;

/// How many diagnostics of each severity one document gives; the rest would tell nothing new.
const MAX_DIAGNOSTICS: usize = 50;

impl Composer<'_> {
    pub(super) fn count_copies(&mut self, count: usize, span: Span) -> Result<(), Stop> {
        self.copies = self.copies.saturating_add(count);
        if self.copies <= MAX_COPIES {
            return Ok(());
        }
        self.error(
            Diagnostic::error("E0107", format!("aliases and merge keys add more than {MAX_COPIES} values"))
                .at_with(span, "the limit is passed here"),
        );
        Err(Stop)
    }

    pub(super) fn too_deep(&mut self, span: Span) -> Stop {
        self.error(Diagnostic::error("E0106", format!("nested deeper than {MAX_DEPTH} levels")).at(span));
        Stop
    }

    pub(super) fn second_document(&mut self, range: Range<usize>) -> Stop {
        self.error(
            Diagnostic::error("E0105", "a second document starts here; a file holds one")
                .at(self.span(range))
                .help("remove the `---`, or move what follows to a file of its own"),
        );
        Stop
    }

    pub(super) fn syntax_error(&mut self, error: &SyntaxError) -> Stop {
        let diagnostic = hint::diagnostic(self.id, self.text, error);
        // A template without quotes may be noticed as a bad key first; once is enough.
        let place = |d: &Diagnostic| d.primary.as_ref().map(|label| label.span);
        if !self.found.iter().any(|known| known.is_error() && place(known) == place(&diagnostic)) {
            self.error(diagnostic);
        }
        Stop
    }

    pub(super) fn bad_number(&mut self, value: &str, why: BadNumber, span: Span) {
        let why = match why {
            BadNumber::TooLarge => "is a number that does not fit in 128 bits",
            BadNumber::NoDigits => "is written like a number but has no digits",
        };
        self.error(
            Diagnostic::error("E0108", format!("`{value}` {why}"))
                .at(span)
                .help(format!("quote it if it is text: \"{value}\"")),
        );
    }

    pub(super) fn error(&mut self, diagnostic: Diagnostic) {
        self.errors += 1;
        if self.errors <= MAX_DIAGNOSTICS {
            self.found.push(diagnostic);
        }
    }

    pub(super) fn warning(&mut self, diagnostic: Diagnostic) {
        self.warnings += 1;
        if self.warnings <= MAX_DIAGNOSTICS {
            self.found.push(diagnostic);
        }
    }
}
