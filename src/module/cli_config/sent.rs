//! What is sent to a device: lines that configure, commands that show a configuration, what saves it.

use super::{Action, Commit, Effect, Failure, FailureKind, Output, Probe, Work};
use crate::module::{Cli, CliAnswer, CliLine};
use crate::platform::Save;
use crate::redact::Secret;

/// Reads a configuration that a command shows.
pub(in crate::module) async fn read_text(probe: &dyn Probe, command: &str) -> Result<String, Failure> {
    match probe.read(reading(command)).await? {
        Output::Cli(mut responses) if responses.len() == 1 => {
            let response = responses.remove(0);
            match response.error {
                None => Ok(response.output),
                // A line of a configuration may look like an error text; a refusal is short.
                Some(_) if response.output.lines().count() > 5 => Ok(response.output),
                Some(error) => {
                    Err(Failure::new(FailureKind::Command, format!("the device refuses `{command}`: {error}"))
                        .help("rights may be missing: `become: true` with `become_method: enable`"))
                }
            }
        }
        _ => Err(Failure::new(FailureKind::Internal, "a network CLI was asked and something else answered")),
    }
}

/// Makes the action that types configuration lines.
pub(in crate::module) fn configure(lines: &[String], commit: Commit) -> Action {
    let lines = lines.iter().map(CliLine::new).collect();
    let cli = Cli { lines, level: Some("config".into()), stop_on_error: true, commit, ..Cli::default() };
    Action::on_host(Effect::Write, Work::Cli(cli))
}

/// Makes the action that shows a configuration.
pub(super) fn reading(show: &str) -> Action {
    let cli = Cli { lines: vec![CliLine::new(show)], stop_on_error: true, ..Cli::default() };
    Action::on_host(Effect::Read, Work::Cli(cli))
}

/// Makes the action that saves the running configuration for the next start.
pub(in crate::module) fn saving(save: &Save) -> Action {
    let answer = |(question, answer): &(String, String)| CliAnswer {
        question: question.clone(),
        answer: Secret::new(answer.clone()),
    };
    let line = CliLine { expect: save.expect.iter().map(answer).collect(), ..CliLine::new(&save.send) };
    let cli = Cli { lines: vec![line], stop_on_error: true, ..Cli::default() };
    Action::on_host(Effect::Write, Work::Cli(cli))
}
