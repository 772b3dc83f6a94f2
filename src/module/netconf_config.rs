//! `netconf_config`: changes a datastore of a NETCONF server.
//!
//! The flow: the datastore is locked, read, edited, validated if asked for, read again, committed, read once more and
//! unlocked, in one session; what differs between the first and the last reading is what changed. When the server refuses a step, or says yes and changes nothing, what was
//! edited is thrown away and the lock is given back. What check mode and `--diff` show is predicted (`predict.rs`), as editing even
//! a candidate is writing.

mod predict;
mod steps;
mod within;

use super::cli_config::{backup_of, written_path};
use super::netconf::{
    Filter, GET_CONFIG, LOCK, Server, action, answer, ask, data, elements_of, get_config, refusal, warnings,
};
use super::{
    Action, Arg, ArgKind, Args, Change, Context, Finished, Module, Needs, Netconf, NetconfAnswer, Output, Rpc,
    RpcReply, Rule, TextDiff, Work,
};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use crate::xml::Element;
use steps::steps;
use within::Within;

/// The module.
pub static MODULE: Module = Module {
    name: "netconf_config",
    collections: &["ansible.netcommon"],
    aliases: &[],
    summary: "Changes a datastore of a NETCONF server.",
    args: &[
        Arg::new("content", ArgKind::Raw, "What is to be in it, within `config`: XML, dictionaries or JSON, or text.")
            .aliases(&["xml"]),
        Arg::new("target", ArgKind::Str, "The datastore; `auto` is the candidate where there is one.")
            .aliases(&["datastore"])
            .choices(&["auto", "candidate", "running"])
            .default("auto"),
        Arg::new("source_datastore", ArgKind::Str, "A datastore, or a URL, that is copied to the target.")
            .aliases(&["source"]),
        Arg::new("format", ArgKind::Str, "What `content` is; `text` is the device's own language.")
            .choices(&["xml", "text", "json"]),
        LOCK.default("always"),
        Arg::new("default_operation", ArgKind::Str, "What is done with elements that do not say `operation`.")
            .choices(&["merge", "replace", "none"]),
        Arg::new(
            "confirm",
            ArgKind::Int,
            "The server takes the change back unless it is confirmed in so many seconds.",
        )
        .default("0"),
        Arg::new(
            "confirm_within",
            ArgKind::Str,
            "The server takes the change back by itself unless `netconf_confirm` comes in this time: `90s`, `2m`, `1h`.",
        ),
        Arg::new("confirm_commit", ArgKind::Bool, "Confirm the change that waits for it, and change nothing else.")
            .default("false"),
        Arg::new("error_option", ArgKind::Str, "What the server does when an element cannot be edited.")
            .choices(&["stop-on-error", "continue-on-error", "rollback-on-error"])
            .default("stop-on-error"),
        Arg::new("backup", ArgKind::Bool, "Write the target to a file here before anything changes.").default("false"),
        Arg::new("backup_options", ArgKind::Dict, "`filename` and `dir_path` of the backup."),
        Arg::new("save", ArgKind::Bool, "Copy the target to the startup configuration when something changed.")
            .default("false"),
        Arg::new("delete", ArgKind::Bool, "Delete the target.").default("false"),
        Arg::new("commit", ArgKind::Bool, "False: what was edited stays in the candidate.").default("true"),
        Arg::new("validate", ArgKind::Bool, "The server validates the target after it was edited.").default("false"),
        Arg::new("get_filter", ArgKind::Raw, "The part of the target that is compared before and after."),
    ],
    rules: &[
        Rule::OneOf(&["content", "source_datastore", "delete", "confirm_commit"]),
        Rule::Exclusive(&["content", "source_datastore", "delete", "confirm_commit"]),
        Rule::Exclusive(&["confirm_within", "confirm_commit", "source_datastore", "delete"]),
    ],
    free_form: None,
    any_args: false,
    needs: Needs::Netconf,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context: Context<'_>| Box::pin(plan(context)),
};

fn refuse(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Argument, message.into())
}

/// What is to be done, checked against what the server can do.
struct Wanted {
    target: &'static str,
    locks: bool,
    filter: Option<Filter>,
    /// What is edited in: a whole element, `config` or `config-text`.
    edit: Option<Element>,
    commits: bool,
    /// The server takes the change back unless it is confirmed by its name in this time.
    within: Option<Within>,
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let server = Server::of(context.probe).await?;
    let (wanted, warning) = wanted(args, &server)?;
    let mut change = Change::nothing(Map::new());
    change.warnings.extend(warning);
    let mut before = None;
    if wanted.edit.is_some() || args.flag("backup") {
        let answer = ask(context.probe, vec![get_config(wanted.target, wanted.filter.as_ref())]).await?;
        let Some(reply) = answer.replies.first() else { return Err(refuse("the server answered nothing")) };
        if let Some(failure) = refusal("get-config", reply) {
            return Err(failure);
        }
        before = Some(data(reply));
    }
    if let (true, Some(before)) = (args.flag("backup"), &before) {
        let backup = backup_of(&context, &before.to_string())?;
        if let Some(path) = written_path(&backup) {
            change.result.insert("backup_path", path);
        }
        change.actions.extend(backup);
    }
    change.changed = true;
    if let (Some(edit), Some(before)) = (&wanted.edit, &before) {
        let operation = args.text("default_operation").unwrap_or("merge");
        // Text is the device's own: what it comes to is not known before it is in.
        if edit.local() == "config" {
            let after = predict::after(before, edit, operation);
            change.changed = predict::shown(before) != predict::shown(&after);
            if change.changed {
                change.diff.push(TextDiff {
                    before_header: wanted.target.into(),
                    after_header: format!("{} as it is expected to be", wanted.target),
                    before: predict::shown(before),
                    after: predict::shown(&after),
                });
            }
        }
    }
    finish(&mut change, args, &wanted, &server);
    Ok(change)
}

/// Adds what is sent, and what is made of the answers.
fn finish(change: &mut Change, args: &Args, wanted: &Wanted, server: &Server) {
    let backups = change.actions.len();
    let capabilities: Vec<&str> = server.capabilities.iter().map(String::as_str).collect();
    change.result.insert("server_capabilities", Value::list(capabilities));
    let steps = steps(args, wanted);
    let names: Vec<&'static str> = steps.iter().map(|(name, _)| *name).collect();
    let calls = steps.into_iter().map(|(_, rpc)| rpc).collect();
    let work = Work::Netconf(Netconf { calls, is_lost: Some(is_lost) });
    change.actions.push(Action::on_host(Effect::Write, work));
    let target = wanted.target;
    let pending =
        wanted.within.as_ref().map(|within| (within.pending(true, args.flag("save")), within.pending(false, false)));
    if let Some((_, nothing)) = &pending {
        change.result.insert("confirm", nothing.clone());
    }
    if args.flag("save") && wanted.within.is_none() {
        let names = names.clone();
        change.then = Some(Box::new(move |outputs| {
            let differs = matches!(outputs.last(), Some(Output::Netconf(answer)) if differs(answer, &names));
            let save = format!(
                "<nc:copy-config><nc:target><nc:startup/></nc:target><nc:source><nc:{target}/></nc:source></nc:copy-config>"
            );
            let save: Vec<Action> = differs.then(|| action(Effect::Write, vec![Rpc::new(save)])).into_iter().collect();
            Ok(save)
        }));
    }
    change.finish = Some(Box::new(move |outputs, mut result| {
        let mut answers = Vec::new();
        for (number, output) in outputs.into_iter().enumerate() {
            match output {
                Output::Exec(output) if number < backups => super::place::check_status(&output)?,
                output if number >= backups => answers.push(answer(output)?),
                _ => {}
            }
        }
        let Some(first) = answers.first() else { return Ok(Finished::new(result, false)) };
        for (reply, name) in first.replies.iter().zip(&names) {
            if let Some(failure) = refusal(name, reply) {
                return Err(refused(failure, name, result));
            }
        }
        if came_to_nothing(&readings(first, &names)) {
            let message = "the server said yes to `commit`, and its running configuration is what it was before";
            return Err(Failure::new(FailureKind::Command, message).with_result(result));
        }
        let changed = differs(first, &names);
        if let Some((pending, _)) = pending {
            result.insert("confirm", pending);
        }
        if let Some(failure) = answers.get(1).and_then(|answer| refusal("copy-config", answer.replies.first()?)) {
            let message = format!("the change is in, but it was not saved: {}", failure.message.expose());
            return Err(Failure { message: message.into(), ..failure });
        }
        let warnings: Vec<String> = answers.iter().flat_map(|answer| warnings(&answer.replies)).collect();
        if !warnings.is_empty() {
            result.insert("warnings", warnings);
        }
        Ok(Finished::new(result, changed))
    }));
}

/// Returns what was read, in order: before, edited and, where it was committed, what runs then.
fn readings(answer: &NetconfAnswer, names: &[&'static str]) -> Vec<String> {
    let readings = answer.replies.iter().zip(names).filter(|(_, name)| **name == "get-config");
    readings.map(|(reply, _)| predict::shown(&data(reply))).collect()
}

/// Claims that the first and the last reading differ; without them, something else was done, and that is a change.
fn differs(answer: &NetconfAnswer, names: &[&'static str]) -> bool {
    match &readings(answer, names)[..] {
        [before, .., after] => before != after,
        _ => true,
    }
}

/// Claims that a server said yes to a change which is not there.
fn came_to_nothing(readings: &[String]) -> bool {
    matches!(readings, [before, edited, after] if before != edited && before == after)
}

/// The same of the operations themselves: what is still in the candidate is thrown away while it is locked.
fn is_lost(calls: &[Rpc], replies: &[RpcReply]) -> bool {
    let reads = replies.iter().zip(calls).filter(|(_, rpc)| rpc.xml.starts_with(GET_CONFIG));
    let readings: Vec<String> = reads.map(|(reply, _)| predict::shown(&data(reply))).collect();
    came_to_nothing(&readings)
}

fn refused(failure: Failure, operation: &str, known: Map) -> Failure {
    let state = match operation {
        "lock" => "; nothing was sent",
        "edit-config" | "validate" | "commit" | "get-config" => "; nothing was committed",
        _ => "",
    };
    let message = format!("{}{state}", failure.message.expose());
    let mut result = known;
    failure.result.iter().for_each(|(key, value)| result.insert(key.clone(), value.clone()));
    Failure { message: message.into(), result, ..failure }
}

/// Checks what is asked for against what the server can do.
fn wanted(args: &Args, server: &Server) -> Result<(Wanted, Option<String>), Failure> {
    let cannot = |what: &str| Err(refuse(format!("the server {what}")).help("nothing was sent"));
    let (candidate, running) = (server.has("candidate"), server.has("writable-running"));
    let target = match args.text("target") {
        Some("candidate") if !candidate => return cannot("has no candidate configuration"),
        Some("running") if !running => return cannot("does not let its running configuration be edited"),
        Some("candidate") => "candidate",
        Some("running") => "running",
        _ if candidate => "candidate",
        _ if running => "running",
        _ => return cannot("has neither a candidate nor a running configuration that can be edited"),
    };
    let confirms = args.flag("confirm_commit") || args.int("confirm").is_some_and(|seconds| seconds > 0);
    if confirms && !server.has("confirmed-commit") {
        return cannot("takes no change back by itself (`confirm`)");
    }
    let within = args.text("confirm_within").map(|text| Within::of(text, server)).transpose()?;
    if within.is_some() && confirms {
        return Err(refuse("`confirm_within` and `confirm` exclude each other"));
    }
    if within.is_some() && (target != "candidate" || !args.flag("commit")) {
        return cannot("takes back what is committed alone: `confirm_within` needs the candidate and its commit");
    }
    if confirms && !candidate {
        return cannot("has no candidate configuration, and only that is committed (`confirm`)");
    }
    if args.flag("save") && !server.has("startup") {
        return cannot("has no startup configuration to save to");
    }
    if args.flag("validate") && !server.has("validate") {
        return cannot("cannot validate");
    }
    if args.text("error_option") == Some("rollback-on-error") && !server.has("rollback-on-error") {
        return cannot("cannot roll back on an error (`error_option`)");
    }
    let filter = Filter::of(args.get("get_filter")).map_err(|why| refuse(format!("`get_filter` {why}")))?;
    filter.as_ref().map_or(Ok(()), |filter| filter.check(server))?;
    let edit = edit(args)?;
    let (locks, warning) = match args.flag("confirm_commit") {
        true => (false, None),
        false => server.lock(args.text("lock").unwrap_or("always"), target),
    };
    let commits = target == "candidate" && args.flag("commit");
    Ok((Wanted { target, locks, filter, edit, commits, within }, warning))
}

/// Returns the element that holds what is wanted.
fn edit(args: &Args) -> Result<Option<Element>, Failure> {
    let Some(content) = args.get("content").filter(|value| !matches!(value, Value::Null)) else { return Ok(None) };
    if args.text("format") == Some("text") {
        let mut outer = Element::new("config-text");
        outer.nodes.push(crate::xml::Node::Element(Element::of_text("configuration-text", content.to_text())));
        return Ok(Some(outer));
    }
    let xml = elements_of(content).map_err(|why| refuse(format!("`content` {why}")))?;
    let Some(xml) = xml else {
        return Err(refuse("`content` is neither XML nor JSON").help("`format: text` sends the device's own language"));
    };
    let mut root = Element::read(&xml).map_err(|why| refuse(format!("`content` is no XML: {why}")))?;
    if root.local() != "config" {
        return Err(refuse(format!("the root of `content` is `{}`, and it must be `config`", root.local())));
    }
    // Servers want it in the protocol's namespace, and authors leave that out.
    if root.namespace.is_none() {
        root.name = "nc:config".into();
    }
    Ok(Some(root))
}
