//! `assert`: fails unless every condition holds.

use super::fail::failed_with;
use super::{Arg, ArgKind, Change, Context, Module, Needs};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;
use crate::yaml::Node;

/// `assert`
pub static MODULE: Module = Module {
    name: "assert",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Fails unless every condition holds.",
    args: &[
        Arg::new("that", ArgKind::Expression, "The condition, or a list of them.").required(),
        Arg::new("fail_msg", ArgKind::Raw, "What to say when one does not hold.")
            .aliases(&["msg"])
            .default("Assertion failed"),
        Arg::new("success_msg", ArgKind::Raw, "What to say when all hold.").default("All assertions passed"),
        Arg::new("quiet", ArgKind::Bool, "Say less.").default("false"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Nothing,
    changes_run: false,
    once: false,
    effect: |_| Effect::Pure,
    plan: |context| Box::pin(async move { plan(&context) }),
};

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let Some(that) = context.args.expression("that") else {
        return Err(Failure::new(FailureKind::Argument, "`assert` needs the argument `that`"));
    };
    let conditions = match that.as_seq() {
        Some(list) => list.to_vec(),
        None => listed(context, that),
    };
    for condition in &conditions {
        if !context.templar.condition(condition)? {
            let mut result = Map::new();
            result.insert("assertion", condition.to_value());
            result.insert("evaluated_to", false);
            result.insert("changed", false);
            let message = context.args.get("fail_msg").cloned().unwrap_or_default();
            return Err(failed_with(message, result).at(condition.span));
        }
    }
    Ok(Change::nothing(Map::new()).field("msg", context.args.get("success_msg").cloned().unwrap_or_default()))
}

/// Returns the conditions of `that: "{{ checks }}"` where `checks` is a list that an author wrote; else the one condition.
fn listed(context: &Context<'_>, that: &Node) -> Vec<Node> {
    let name = that.as_str().map(str::trim).and_then(|text| text.strip_prefix("{{")?.strip_suffix("}}"));
    let listed = name.and_then(|name| context.templar.scope().var(name.trim()));
    match listed {
        Some(crate::vars::Var::Author(node)) if node.as_seq().is_some() => node.as_seq().unwrap_or_default().to_vec(),
        _ => vec![that.clone()],
    }
}
