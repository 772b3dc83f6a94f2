//! `gather_facts`: what the host says of itself, at the beginning of a play or when asked.

use super::setup::{ARGS, gather};
use super::{Change, Context, Module, Needs};
use crate::effect::Effect;
use crate::failure::Failure;
use crate::platform;

/// `gather_facts`
pub static MODULE: Module = Module {
    name: "gather_facts",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Gathers facts of the host, as plays do before their tasks.",
    args: ARGS,
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::HostIfAny,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(plan(context)),
};

/// The fact that says to `gathering: smart` that others are known.
const GATHERED: &str = "_ansible_facts_gathered";

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let network_os = context.templar.var("ansible_network_os")?.map(|value| value.to_text());
    let named = network_os.as_deref().and_then(platform::find);
    if context.platform.or(named).is_some_and(|platform| !platform.is_host) {
        return Ok(Change::skip("facts of network devices are not gathered"));
    }
    let mut change = gather(&context).await?;
    change.facts.insert(GATHERED, true);
    Ok(change)
}
