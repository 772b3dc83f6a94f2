//! `netconf_confirm`: keeps a change that `netconf_config` made with `confirm_within`, or takes it back at once.
//!
//! The change has a name (`persist`, confirmed-commit 1.1 of RFC 6241), so that it can be kept over another session than the
//! one that made it: whoever verifies it has a fresh connection.

use super::netconf::{action, answer, refusal};
use super::waiting::{NONE, STATE, Waiting};
use super::{Arg, ArgKind, Change, Context, Finished, Module, Needs, Output, Rpc};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;
use crate::xml::escaped;

/// The module.
pub static MODULE: Module = Module {
    name: "netconf_confirm",
    collections: &["netplay"],
    aliases: &[],
    summary: "Keeps a change that `netconf_config` made with `confirm_within`, or takes it back at once.",
    args: &[
        STATE,
        Arg::new("change", ArgKind::Dict, "The field `confirm` of what `netconf_config` registered.").required(),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Netconf,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context: Context<'_>| Box::pin(async move { plan(&context) }),
};

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let Some(Waiting { name, keeps, saves, .. }) = Waiting::of(context.args) else { return Ok(Change::skip(NONE)) };
    let Some(name) = name else {
        return Err(Failure::new(FailureKind::Argument, "`change` does not name a change")
            .help("give the field `confirm` of what `netconf_config` registered"));
    };
    let operation = if keeps { "commit" } else { "cancel-commit" };
    let name = escaped(&name);
    let mut calls = vec![Rpc::new(format!("<nc:{operation}><nc:persist-id>{name}</nc:persist-id></nc:{operation}>"))];
    if keeps && saves {
        calls.push(Rpc::new(
            "<nc:copy-config><nc:target><nc:startup/></nc:target><nc:source><nc:running/></nc:source></nc:copy-config>",
        ));
    }
    let mut planned = Change::nothing(Map::new());
    planned.changed = true;
    planned.actions.push(action(Effect::Write, calls));
    planned.finish = Some(Box::new(move |outputs, result| finish(outputs, result, keeps)));
    Ok(planned)
}

fn finish(outputs: Vec<Output>, result: Map, keeps: bool) -> Result<Finished, Failure> {
    for output in outputs {
        let answer = answer(output)?;
        for (number, reply) in answer.replies.iter().enumerate() {
            let operation = if keeps { "commit" } else { "cancel-commit" };
            let Some(failure) = refusal(if number == 0 { operation } else { "copy-config" }, reply) else { continue };
            let state = match (number, keeps) {
                (0, true) => "the change is not confirmed",
                (0, false) => "the change is not taken back yet",
                _ => "the change is confirmed, but not saved",
            };
            let message = format!("{state}: {}", failure.message.expose());
            return Err(Failure { message: message.into(), ..failure }
                .help("unless it is confirmed, the server takes it back when its time is over"));
        }
    }
    Ok(Finished::new(result, true))
}
