//! `set_stats`: sets statistics of the run, which stand in the result and so in the event stream.

use super::set_fact::check_name;
use super::{Arg, ArgKind, Change, Context, Module, Needs};
use crate::effect::Effect;
use crate::failure::Failure;
use crate::value::{Map, Value};

/// `set_stats`
pub static MODULE: Module = Module {
    name: "set_stats",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Sets statistics of the run; they are told as `ansible_stats` of the result.",
    args: &[
        Arg::new("data", ArgKind::Dict, "The statistics by name.").required(),
        Arg::new("per_host", ArgKind::Bool, "They are about this host, not about the run.").default("false"),
        Arg::new("aggregate", ArgKind::Bool, "They are added to those of the same name, not put in their place.")
            .default("true"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Nothing,
    changes_run: false,
    once: false,
    effect: |_| Effect::Pure,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let data = args.dict("data").cloned().unwrap_or_default();
    for (name, _) in data.iter() {
        check_name(name)?;
    }
    let mut stats = Map::new();
    stats.insert("aggregate", args.flag("aggregate"));
    stats.insert("data", data);
    stats.insert("per_host", args.flag("per_host"));
    Ok(Change::nothing(Map::new()).field("ansible_stats", Value::from(stats)))
}
