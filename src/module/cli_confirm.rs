//! `cli_confirm`: keeps a change that was made with `confirm_within`, or takes it back at once.

use super::cli_config::saving;
use super::waiting::{NONE, STATE, Waiting};
use super::{
    Action, Arg, ArgKind, Change, Cli, CliAnswer, CliLine, CliResponse, Commit, Context, Finished, Module, Needs,
    Output, Work,
};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::platform::{ConfirmWithin, Pattern, Platform, Steps};
use crate::redact::Secret;
use crate::value::Map;

/// The module.
pub static MODULE: Module = Module {
    name: "cli_confirm",
    collections: &["netplay"],
    aliases: &[],
    summary: "Keeps a change that was made with `confirm_within`, or takes it back at once.",
    args: &[
        STATE,
        Arg::new("change", ArgKind::Dict, "The field `confirm` of what `cli_config` registered.").required(),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Cli,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context: Context<'_>| Box::pin(async move { plan(&context) }),
};

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let Some(waiting) = Waiting::of(context.args) else { return Ok(Change::skip(NONE)) };
    let Some((platform, confirm)) =
        context.platform.and_then(|platform| Some((platform, platform.confirm_within.as_ref()?)))
    else {
        return Err(Failure::new(FailureKind::Argument, "the host's platform takes no change back by itself"));
    };
    let steps = if waiting.keeps { Some(&confirm.confirm) } else { confirm.cancel.as_ref() };
    let Some(steps) = steps else {
        let (name, within) = (&platform.name, &waiting.within);
        return Ok(Change::skip(format!("`{name}` takes the change back when its time is over, {within} s after it")));
    };
    Ok(conclude(platform, confirm, steps, waiting.name, (waiting.keeps, waiting.saves)))
}

/// Plans what keeps a change or takes it back (`keeps`), and whether what was kept is saved.
pub(super) fn conclude(
    platform: &Platform,
    confirm: &'static ConfirmWithin,
    steps: &Steps,
    session: Option<String>,
    (keeps, saves): (bool, bool),
) -> Change {
    let count = steps.send.len();
    let mut planned = Change::nothing(Map::new()).field("commands", steps.send.clone());
    planned.changed = true;
    planned.actions.push(action(steps, confirm, session));
    if let (true, true, Some(save)) = (keeps, saves, &platform.save) {
        planned.actions.push(saving(save));
    }
    planned.finish = Some(Box::new(move |outputs, result| finish(outputs, result, keeps, count, &confirm.fail)));
    planned
}

fn action(steps: &Steps, confirm: &ConfirmWithin, session: Option<String>) -> Action {
    let answer = |(question, answer): &(String, String)| CliAnswer {
        question: question.clone(),
        answer: Secret::new(answer.clone()),
    };
    let fill = |line: &String| CliLine {
        expect: confirm.expect.iter().map(answer).collect(),
        ..CliLine::new(line.replace("{session}", session.as_deref().unwrap_or_default()))
    };
    let lines = steps.send.iter().map(fill).collect();
    let cli = Cli {
        lines,
        level: steps.level.clone(),
        stop_on_error: true,
        commit: Commit { session, concludes: true, hangs_up: steps.hangs_up, ..Commit::default() },
        ..Cli::default()
    };
    Action::on_host(Effect::Write, Work::Cli(cli))
}

fn finish(outputs: Vec<Output>, result: Map, keeps: bool, count: usize, fail: &[Pattern]) -> Result<Finished, Failure> {
    let refusal = |response: &CliResponse| {
        let failed = || response.output.lines().find(|line| fail.iter().any(|fail| fail.is_match(line)));
        response.error.clone().or_else(|| failed().map(|line| line.trim().to_owned()))
    };
    for (number, output) in outputs.into_iter().enumerate() {
        let Output::Cli(responses) = output else { continue };
        let asked = if number == 0 { count } else { 1 };
        let refused = responses.iter().take(asked).find_map(|response| Some((&response.line, refusal(response)?)));
        if let Some((line, error)) = refused {
            let message = match (number, keeps) {
                (0, true) => format!("the change is not confirmed: the device refuses `{line}`: {error}"),
                (0, false) => format!("the change is not taken back yet: the device refuses `{line}`: {error}"),
                _ => format!("the change is confirmed, but not saved: {error}"),
            };
            return Err(Failure::new(FailureKind::Command, message)
                .help("unless it is confirmed, the device takes it back when its time is over")
                .with_result(result));
        }
    }
    Ok(Finished::new(result, true))
}
