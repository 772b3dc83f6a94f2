//! Looks whether a device shows the lines that it took (`verify_lines`): one that it does not show would be sent in every
//! run, and each run would say that something changed.
//!
//! It may be a default, which the device hides; a secret, of which it shows a hash; or written otherwise than netplay knows.
//! The configuration is read again only after lines were sent, so a run that changes nothing pays nothing.

use super::compare::Comparison;
use super::{Args, Output};
use crate::configuration::{Section, is_undone_in_vain, new_lines, parse, without_secret};
use crate::module::CliResponse;
use crate::platform::{ConfigText, Platform};

/// The most lines that are named one by one: each is a warning, and more say no more.
const MOST: usize = 5;

/// What is to be shown afterwards.
pub(in crate::module) struct Expected {
    wanted: Vec<Section>,
    before: Vec<Section>,
    how: Comparison,
    text: &'static ConfigText,
}

/// Lines that are not shown, and what the user is told of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unshown {
    pub(super) lines: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Expected {
    /// Returns what is to be looked for; `None` where the author wants nothing compared, or nothing stays.
    pub(super) fn of(
        args: &Args,
        platform: &'static Platform,
        (wanted, before): (Vec<Section>, Vec<Section>),
        how: Comparison,
    ) -> Option<Expected> {
        let is_compared =
            args.flag("verify_lines") && args.text("match") != Some("none") && args.int("rollback").is_none();
        is_compared.then_some(Expected { wanted, before, how, text: &platform.text })
    }

    /// Looks into what the device shows now; `None` where it says itself that nothing differs.
    pub(super) fn unshown(&self, shown: Option<&str>) -> Unshown {
        let read = shown.map(|shown| parse(shown, self.text));
        let after = read.as_ref().unwrap_or(&self.before);
        let mut found = Unshown::default();
        for section in &self.how.difference(&self.wanted, after, self.text) {
            self.look(section, &mut Vec::new(), after, &mut found);
        }
        if let Some(more) = found.warnings.len().checked_sub(MOST).filter(|more| *more > 0) {
            found.warnings.truncate(MOST);
            found.warnings.push(format!("{more} more lines are sent in every run, as the device does not show them"));
        }
        found
    }

    fn look<'a>(&self, section: &'a Section, parents: &mut Vec<&'a str>, after: &[Section], found: &mut Unshown) {
        let line = section.line.as_str();
        if !section.children.is_empty() {
            parents.push(line);
            for child in &section.children {
                self.look(child, parents, after, found);
            }
            parents.pop();
            return;
        }
        let within = parents.last().map(|parent| format!(" in `{parent}`")).unwrap_or_default();
        let (written, is_secret) = without_secret(line);
        let new = new_lines(parents, &self.before, after, self.text);
        let why = if is_secret {
            "of a secret the device shows a hash or nothing; write the line as it is shown, or let `diff_ignore_lines` \
             leave it out"
                .to_owned()
        } else if is_undone_in_vain(line, parents, after, self.text) {
            "the device still has what it undoes".to_owned()
        } else if let Some(other) = nearest(line, &new) {
            format!("the device shows `{}`; write it so", without_secret(other).0)
        } else {
            "the device does not show it, as it does with defaults; leave it out, or name it in `diff_ignore_lines`"
                .to_owned()
        };
        found.warnings.push(format!("`{written}`{within} is sent in every run: {why}"));
        found.lines.push(line.to_owned());
    }
}

/// Returns the line that has most words in common with one, cut short or not, and at least half of them.
fn nearest<'a>(line: &str, others: &[&'a str]) -> Option<&'a str> {
    let is_like = |word: &str, other: &str| other.starts_with(word) || word.starts_with(other);
    let shared = |other: &str| {
        line.split_whitespace().filter(|word| other.split_whitespace().any(|it| is_like(word, it))).count()
    };
    let least = line.split_whitespace().count().div_ceil(2);
    others.iter().copied().filter(|other| shared(other) >= least).max_by_key(|other| shared(other))
}

/// Claims that lines were taken, all of them.
pub(super) fn are_taken(output: Option<&Output>) -> bool {
    matches!(output, Some(Output::Cli(responses)) if responses.iter().all(|response| response.error.is_none()))
}

/// Returns the configuration that was read afterwards, if the device showed it.
pub(super) fn shown(responses: Option<Vec<CliResponse>>) -> Option<String> {
    let response = responses?.into_iter().next()?;
    // A line of a configuration may look like an error text; a refusal is short.
    (response.error.is_none() || response.output.lines().count() > 5).then_some(response.output)
}
