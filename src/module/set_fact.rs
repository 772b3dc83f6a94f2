//! `set_fact`: gives the host variables.

use super::{Arg, ArgKind, Change, Context, KeepFacts, Module, Needs};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Key, Map};

/// `set_fact`
pub static MODULE: Module = Module {
    name: "set_fact",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Gives the host variables for the rest of the run.",
    args: &[Arg::new("cacheable", ArgKind::Bool, "Keep them as facts as well.").default("false")],
    rules: &[],
    free_form: None,
    any_args: true,
    needs: Needs::Nothing,
    changes_run: false,
    once: false,
    effect: |_| Effect::Pure,
    plan: |context| Box::pin(async move { plan(&context) }),
};

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let mut facts = Map::new();
    for (name, value) in context.args.all().iter().filter(|(name, _)| name.as_str() != Some("cacheable")) {
        check_name(name)?;
        facts.insert(name.clone(), value.clone());
    }
    if facts.is_empty() {
        return Err(Failure::new(
            FailureKind::Argument,
            "No key/value pairs provided, at least one is required for this action to succeed",
        ));
    }
    let mut change = Change::nothing(Map::new()).field("ansible_facts", facts.clone());
    change.facts = facts;
    if context.args.flag("cacheable") {
        change.keep = KeepFacts::AsBoth;
    }
    Ok(change)
}

/// Fails when a name is none that a template can use.
pub(super) fn check_name(name: &Key) -> Result<(), Failure> {
    let text = name.to_string();
    let mut letters = text.chars();
    let begins = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if matches!(name, Key::Str(_)) && begins && letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Argument, format!("Invalid variable name '{text}'"))
        .help("a name has letters, digits and `_`, and does not begin with a digit"))
}
