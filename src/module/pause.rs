//! `pause`: waits a while.
//!
//! A prompt waits for nobody: steps have no terminal, so it is passed over with a warning, as Ansible does when its
//! standard input is none.

use super::program::clock;
use super::{Action, Arg, ArgKind, Change, Context, Finished, Module, Needs, Rule, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, python_float};
use jiff::Zoned;
use std::time::Duration;

/// `pause`
pub static MODULE: Module = Module {
    name: "pause",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Waits a while, once for all hosts.",
    args: &[
        Arg::new("seconds", ArgKind::Float, "How many seconds; whole ones, at least 1."),
        Arg::new("minutes", ArgKind::Float, "How many minutes; whole ones."),
        Arg::new("prompt", ArgKind::Str, "What to ask for; without a terminal nothing is asked."),
        Arg::new("echo", ArgKind::Bool, "Show what is typed.").default("true"),
    ],
    rules: &[Rule::Exclusive(&["seconds", "minutes"])],
    free_form: None,
    any_args: false,
    needs: Needs::Nothing,
    changes_run: false,
    once: true,
    effect: |_| Effect::Pure,
    plan: |context| Box::pin(async move { plan(&context) }),
};

/// The longest pause; more would overflow nothing but help nobody.
const LONGEST_SECONDS: f64 = 366.0 * 86_400.0;

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let (given, unit, factor) = match (args.number("minutes"), args.number("seconds")) {
        (Some(minutes), _) => (Some(minutes), "minutes", 60.0),
        (None, seconds) => (seconds, if seconds.is_some() { "seconds" } else { "minutes" }, 1.0),
    };
    let started = Zoned::now();
    let echo = args.flag("echo");
    let Some(given) = given else {
        let mut change = Change::nothing(fields(&started, unit, 0.0, echo));
        change.warnings.push("Not waiting for response to prompt as stdin is not interactive".into());
        return Ok(change);
    };
    let seconds = (given.trunc() * factor).max(1.0);
    if !seconds.is_finite() || seconds > LONGEST_SECONDS {
        return Err(Failure::new(FailureKind::Argument, format!("`pause` of {given} {unit} is longer than a year")));
    }
    let wait = Action::here(Effect::Pure, Work::Sleep(Duration::from_secs_f64(seconds)));
    Ok(Change::act(wait, move |_, _| {
        let waited = Zoned::now().duration_since(&started).as_secs_f64();
        Ok(Finished::new(fields(&started, unit, waited, echo), false))
    }))
}

fn fields(started: &Zoned, unit: &str, waited: f64, echo: bool) -> Map {
    let shown = if unit == "minutes" { waited / 60.0 } else { waited };
    let mut result = Map::new();
    result.insert("delta", waited.trunc() as i128);
    result.insert("echo", echo);
    result.insert("rc", 0);
    result.insert("start", clock(started));
    result.insert("stderr", "");
    let stdout = format!("Paused for {} {unit}", python_float((shown * 100.0).round() / 100.0));
    result.insert("stdout", stdout);
    result.insert("stop", clock(&Zoned::now()));
    result.insert("user_input", "");
    result
}
