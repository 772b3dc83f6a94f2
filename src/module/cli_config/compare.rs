//! How a task wants lines compared: `match`, `replace`, `diff_ignore_lines`.

use super::{Args, Failure, FailureKind, Section, remedy};
use crate::configuration::{Match, difference, without};
use crate::platform::ConfigText;
use regex::Regex;

/// How lines are compared.
pub(super) struct Comparison {
    how: Match,
    by_block: bool,
    /// What is not wanted is undone.
    pub(super) is_whole: bool,
    /// Lines that are not compared.
    pub(super) ignored: Vec<Regex>,
}

impl Comparison {
    /// Reads a task's arguments.
    pub(super) fn of(args: &Args) -> Result<Comparison, Failure> {
        let expression = |text: &String| {
            Regex::new(text).map_err(|error| {
                Failure::new(
                    FailureKind::Argument,
                    format!("`{text}` of `diff_ignore_lines` is no expression: {error}"),
                )
            })
        };
        let how = match args.text("match") {
            Some("strict") => Match::Strict,
            Some("exact") => Match::Exact,
            Some("none") => Match::None,
            _ => Match::Line,
        };
        let is_whole = args.text("replace") == Some("config") || args.text("update").is_some_and(|how| how != "merge");
        if is_whole && args.text("lines").is_some() | !args.list("lines").is_empty() {
            return Err(Failure::new(FailureKind::Argument, "`replace: config` needs a whole configuration")
                .help("give it as `config` or `src`: what is not in it is undone"));
        }
        let ignored = args.texts("diff_ignore_lines").iter().map(expression).collect::<Result<_, _>>()?;
        Ok(Comparison { how, by_block: args.text("replace") == Some("block"), is_whole, ignored })
    }

    /// Returns the lines to send, under their parents.
    pub(super) fn difference(&self, wanted: &[Section], running: &[Section], text: &ConfigText) -> Vec<Section> {
        if self.is_whole {
            return remedy(&without(wanted, &self.ignored), &without(running, &self.ignored), text);
        }
        difference(wanted, running, self.how, self.by_block, &self.ignored, text)
    }
}
