//! Judges what a device answered to configuration lines.

use super::{Commit, Failure, FailureKind, Map, Output};
use super::{verify, within};
use crate::module::{CliResponse, Finished, listed};

/// What was sent.
pub(in crate::module) struct Sent {
    pub(in crate::module) lines: Vec<String>,
    /// How many outputs of a backup stand before the others.
    pub(in crate::module) backups: usize,
    pub(in crate::module) has_candidate: bool,
    /// The device shows what a candidate changes.
    pub(in crate::module) shows: bool,
    pub(in crate::module) commit: Commit,
    pub(in crate::module) saves: bool,
    /// The configuration is to be saved when it is confirmed.
    pub(in crate::module) save_later: bool,
    /// What the device is to show afterwards.
    pub(in crate::module) expected: Option<super::Expected>,
}

impl Sent {
    /// Makes what is sent of lines alone.
    pub(in crate::module) fn all(lines: Vec<String>, platform: &crate::platform::Platform) -> Sent {
        Sent {
            lines,
            backups: 0,
            has_candidate: platform.commit.is_some(),
            shows: platform.commit.as_ref().is_some_and(|commit| commit.diff.is_some()),
            commit: Commit::default(),
            saves: false,
            save_later: false,
            expected: None,
        }
    }
}

/// Makes the result of what came back.
pub(in crate::module) fn finish(outputs: Vec<Output>, mut result: Map, sent: &Sent) -> Result<Finished, Failure> {
    let mut outputs = outputs.into_iter();
    for output in outputs.by_ref().take(sent.backups) {
        if let Output::Exec(output) = output {
            crate::module::place::check_status(&output)?;
        }
    }
    let mut outputs = outputs.map(|output| match output {
        Output::Cli(responses) => responses,
        _ => Vec::new(),
    });
    let mut warnings = Vec::new();
    let mut took_effect = false;
    let mut changed = matches!(result.get("diff_found"), Some(crate::value::Value::Bool(true)));
    if !sent.lines.is_empty() {
        let responses = outputs.next().unwrap_or_default();
        if let Some(at) = responses.iter().position(|response| response.error.is_some()) {
            return Err(refused(&responses, at, sent, result));
        }
        if let Some(shown) = responses.get(sent.lines.len()).filter(|_| sent.shows) {
            result.insert("compare", shown.output.trim_end());
        }
        // A candidate that changes nothing is not committed: then no answer to the commit follows.
        took_effect = !sent.has_candidate || responses.len() > sent.lines.len() + usize::from(sent.shows);
        changed |= took_effect && !sent.commit.discard;
        if took_effect && sent.commit.within.is_some() {
            result.insert("confirm", within::pending(&sent.commit, true, sent.save_later));
        }
    }
    if sent.saves {
        let response = outputs.next().unwrap_or_default().into_iter().next().unwrap_or_default();
        if let Some(error) = response.error {
            let message = format!("the lines are in, but the configuration was not saved: {error}");
            return Err(Failure::new(FailureKind::Command, message).with_result(result));
        }
        changed = true;
    }
    if let Some(expected) = &sent.expected {
        // What was read is looked at; where the device itself saw no difference, there is none.
        let shown = verify::shown(outputs.next());
        if shown.is_some() || !took_effect {
            let unshown = expected.unshown(shown.as_deref().filter(|_| took_effect));
            result.insert("not_shown", unshown.lines);
            warnings = unshown.warnings;
        }
    }
    Ok(Finished { warnings, ..Finished::new(result, changed) })
}

fn refused(responses: &[CliResponse], at: usize, sent: &Sent, mut result: Map) -> Failure {
    let lines = &sent.lines;
    let line = lines.get(at).unwrap_or(&responses[at].line);
    let error = responses[at].error.as_deref().unwrap_or_default();
    let (before, after) = (lines.get(..at).unwrap_or(lines), lines.get(at + 1..).unwrap_or_default());
    let mut message = match sent.has_candidate {
        true => format!("the device refuses `{line}`: {error}; nothing was committed"),
        false => format!(
            "the device refuses line {} of {}, `{line}`: {error}; {} are in, {} were not sent",
            at + 1,
            lines.len(),
            listed(before),
            listed(after)
        ),
    };
    result.insert("failed_line", line.as_str());
    result.insert("applied", if sent.has_candidate { Vec::new() } else { before.to_vec() });
    result.insert("not_sent", after.to_vec());
    // Where lines act at once, the timer runs: the device takes back what is in.
    if let (Some(within), false) = (sent.commit.within, sent.has_candidate) {
        message
            .push_str(&format!("; the device takes them back within {} s unless they are confirmed", within.as_secs()));
        result.insert("confirm", within::pending(&sent.commit, true, false));
    }
    Failure::new(FailureKind::Command, message).with_result(result)
}
