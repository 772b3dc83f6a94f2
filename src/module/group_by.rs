//! `group_by`: puts the host into a group named by its variables.

use super::{Arg, ArgKind, Change, Context, Module, Needs, RunChange};
use crate::effect::Effect;
use crate::value::Map;
use std::sync::Arc;

/// `group_by`
///
/// It sends nothing, so it is pure; what it changes is the run (`changes_run`).
pub static MODULE: Module = Module {
    name: "group_by",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Puts the host into a group for the rest of the run.",
    args: &[
        Arg::new("key", ArgKind::Str, "The group; blanks become `-`.").required(),
        Arg::new("parents", ArgKind::List, "Groups that the group belongs to.").default("[all]"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Nothing,
    changes_run: true,
    once: false,
    effect: |_| Effect::Pure,
    plan: |context| {
        let change = plan(&context);
        Box::pin(async move { Ok(change) })
    },
};

fn plan(context: &Context<'_>) -> Change {
    let group = context.args.text("key").unwrap_or_default().replace(' ', "-");
    let parents: Vec<Arc<str>> =
        context.args.texts("parents").iter().map(|name| Arc::from(name.replace(' ', "-"))).collect();
    let mut change = Change::nothing(Map::new())
        .field("add_group", group.as_str())
        .field("parent_groups", crate::value::Value::list(parents.iter().cloned()));
    // The inventory says otherwise if the host was in the group.
    change.changed = true;
    change.run.push(RunChange::GroupBy { group: group.into(), parents });
    change
}
