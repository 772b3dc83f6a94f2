//! `wait_for_connection`: waits until the host can be reached.

use super::wait_for::{Clock, seconds_arg};
use super::{Action, Arg, ArgKind, Change, Context, Module, Needs, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;
use std::time::Duration;

/// `wait_for_connection`
pub static MODULE: Module = Module {
    name: "wait_for_connection",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Waits until the host can be reached and answers.",
    args: &[
        Arg::new("delay", ArgKind::Int, "Seconds before the first try.").default("0"),
        Arg::new("sleep", ArgKind::Int, "Seconds between tries.").default("1"),
        Arg::new("timeout", ArgKind::Int, "Seconds after which to give up.").default("600"),
        Arg::new("connect_timeout", ArgKind::Int, "Seconds that one try may take.").default("5"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Connection,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let seconds = |name: &str| seconds_arg(context.args, name);
    let (delay, sleep, timeout, each) =
        (seconds("delay")?, seconds("sleep")?, seconds("timeout")?, seconds("connect_timeout")?);
    let mut clock = Clock::start(context.probe, timeout);
    clock.sleep(delay).await?;
    clock.count_from_now();
    let mut last: Option<Failure> = None;
    while !clock.is_over() {
        match attempt(&context, each).await {
            Ok(()) => return Ok(Change::nothing(Map::new()).field("elapsed", clock.elapsed_seconds())),
            Err(failure) if failure.kind == FailureKind::Cancelled => return Err(failure),
            Err(failure) => last = Some(failure),
        }
        clock.sleep(sleep).await?;
    }
    let why = last.map(|failure| failure.message.expose().to_owned()).unwrap_or_else(|| "no time was given".into());
    let mut result = Map::new();
    result.insert("elapsed", clock.elapsed_seconds());
    Err(Failure::new(FailureKind::Timeout, format!("timed out waiting for ping module test: {why}"))
        .with_result(result))
}

/// Opens a new connection and asks the host for a sign of life.
async fn attempt(context: &Context<'_>, timeout: Duration) -> Result<(), Failure> {
    let tried = async {
        context.probe.read(Action::on_host(Effect::Read, Work::Reset)).await?;
        context.probe.read(Action::on_host(Effect::Read, Work::Ping)).await
    };
    match tokio::time::timeout(timeout.max(Duration::from_secs(1)), tried).await {
        Ok(answer) => answer.map(|_| ()),
        Err(_) => Err(Failure::new(FailureKind::Timeout, format!("no answer within {} s", timeout.as_secs()))),
    }
}
