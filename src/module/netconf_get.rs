//! `netconf_get`: reads configuration and state from a NETCONF server.

use super::netconf::{Filter, LOCK, Server, action, answer, data, get_config, locking, refusal, shown};
use super::{Arg, ArgKind, Change, Context, Finished, Module, Needs, Rpc};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;

/// The module.
pub static MODULE: Module = Module {
    name: "netconf_get",
    collections: &["ansible.netcommon"],
    aliases: &[],
    summary: "Reads configuration and state from a NETCONF server.",
    args: &[
        Arg::new(
            "source",
            ArgKind::Str,
            "The datastore; without it, the running configuration and the state are read.",
        )
        .choices(&["running", "candidate", "startup"]),
        Arg::new("filter", ArgKind::Raw, "What of it is wanted: XML, the same as dictionaries or JSON, or an XPath."),
        Arg::new(
            "display",
            ArgKind::Str,
            "The form of `output`: `json` (without attributes), `pretty`, `xml` without namespaces, `native` (with \
             attributes as `@name`).",
        )
        .choices(&["json", "pretty", "xml", "native"]),
        LOCK.default("never"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Netconf,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context: Context<'_>| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let refuse = |message: String| Failure::new(FailureKind::Argument, message);
    let filter = Filter::of(args.get("filter")).map_err(|why| refuse(format!("`filter` {why}")))?;
    let server = Server::of(context.probe).await?;
    let source = args.text("source");
    if let Some(source) = source.filter(|source| *source != "running" && !server.has(source)) {
        return Err(refuse(format!("the server has no datastore `{source}`")));
    }
    if let Some(filter) = &filter {
        filter.check(&server)?;
    }
    let (locks, warning) = server.lock(args.text("lock").unwrap_or("never"), source.unwrap_or("running"));
    let mut calls = Vec::new();
    if locks {
        calls.push(locking(source.unwrap_or("running")));
    }
    calls.push(match source {
        Some(source) => get_config(source, filter.as_ref()),
        None => Rpc::new(format!("<nc:get>{}</nc:get>", filter.as_ref().map(Filter::xml).unwrap_or_default())),
    });
    let names = [locks.then_some("lock"), Some(if source.is_some() { "get-config" } else { "get" })];
    let names: Vec<&str> = names.into_iter().flatten().collect();
    let display = args.text("display").map(str::to_owned);
    let mut change = Change::act(action(Effect::Read, calls), move |output, _| {
        let answer = answer(output)?;
        for (reply, name) in answer.replies.iter().zip(&names) {
            if let Some(failure) = refusal(name, reply) {
                return Err(failure);
            }
        }
        let Some(reply) = answer.replies.last() else { return Ok(Finished::new(Map::new(), false)) };
        Ok(Finished::new(shown(&data(reply), display.as_deref())?, false))
    });
    change.warnings.extend(warning);
    Ok(change)
}
