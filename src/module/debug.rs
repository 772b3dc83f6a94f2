//! `debug`: shows a message or a variable.

use super::{Arg, ArgKind, Change, Context, Module, Needs, Rule};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};

/// `debug`
pub static MODULE: Module = Module {
    name: "debug",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Shows a message or the value of a variable.",
    args: &[
        Arg::new("msg", ArgKind::Raw, "The message.").default("Hello world!"),
        Arg::new("var", ArgKind::Expression, "The variable, or an expression."),
        Arg::new("verbosity", ArgKind::Int, "Say nothing unless `-v` is given so often.").default("0"),
    ],
    rules: &[Rule::Exclusive(&["msg", "var"])],
    free_form: None,
    any_args: false,
    needs: Needs::Nothing,
    changes_run: false,
    once: false,
    effect: |_| Effect::Pure,
    plan: |context| Box::pin(async move { plan(&context) }),
};

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    if context.args.int("verbosity").unwrap_or(0) > i128::from(context.run.verbosity()) {
        return Ok(Change::skip("Verbosity threshold not met."));
    }
    let mut result = Map::new();
    match context.args.expression("var") {
        None => result.insert("msg", context.args.get("msg").cloned().unwrap_or_default()),
        Some(written) => {
            let value = match context.templar.expression(written) {
                // What is not defined is what one wants to see; it is no failure.
                Err(failure) if failure.kind == FailureKind::Undefined => {
                    Value::from(format!("<< error 1 - {} >>", failure.message.expose().replace('`', "'")))
                }
                other => other?,
            };
            result.insert(written.to_value().to_text(), value);
        }
    }
    Ok(Change::nothing(result))
}
