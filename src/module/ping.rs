//! `ping`: checks that the host answers.

use super::{Action, Arg, ArgKind, Change, Context, Finished, Module, Needs, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;

/// `ping`
pub static MODULE: Module = Module {
    name: "ping",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Logs in and checks that the host answers.",
    args: &[Arg::new("data", ArgKind::Str, "What `ping` of the result is; `crash` fails.").default("pong")],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Connection,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(async move { plan(&context) }),
};

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let data = context.args.text("data").unwrap_or("pong").to_owned();
    if data == "crash" {
        return Err(Failure::new(FailureKind::Module, "boom"));
    }
    Ok(Change::act(Action::on_host(Effect::Read, Work::Ping), |_, _| {
        let mut result = Map::new();
        result.insert("ping", data);
        Ok(Finished::new(result, false))
    }))
}
