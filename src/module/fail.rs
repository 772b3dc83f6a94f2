//! `fail`: fails with a message.

use super::{Arg, ArgKind, Module, Needs};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};

/// `fail`
pub static MODULE: Module = Module {
    name: "fail",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Fails with a message.",
    args: &[Arg::new("msg", ArgKind::Raw, "The message.").default("Failed as requested from task")],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Nothing,
    changes_run: false,
    once: false,
    effect: |_| Effect::Pure,
    plan: |context| {
        let message = context.args.get("msg").cloned().unwrap_or_default();
        Box::pin(async move { Err(failed_with(message, Map::new())) })
    },
};

/// Makes the failure that a playbook asked for; its `msg` keeps its type.
pub(super) fn failed_with(message: Value, mut result: Map) -> Failure {
    let text = message.to_text();
    result.insert("msg", message);
    Failure::new(FailureKind::Module, text).with_result(result)
}
