//! `cli_command` and the command modules of network collections: runs commands on a network CLI.
//!
//! Commands that the platform lists as reading are a reading step; any other makes it a writing one. `command` gives
//! its output as text (`cli_command`), `commands` gives a list (`ios_command`). With `wait_for`, commands that only read
//! are asked again until the conditions hold.

mod commands;
mod condition;
mod rpcs;

use super::structured::Parser;
use super::{Alias, Arg, ArgKind, Args, Call, Change, Module, Needs, Probe, Rule, Withheld};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::platform::Platform;
use crate::source::{Diagnostic, Diagnostics};
use crate::value::{Map, Value};
use crate::yaml::{Kind, Mapping, Node};
use commands::Commands;
use condition::Condition;
use std::sync::Arc;
use std::time::Duration;

/// The module.
pub(super) static MODULE: Module = Module {
    name: "cli_command",
    collections: &["ansible.netcommon"],
    aliases: &[
        Alias { name: "cisco.ios.ios_command", platform: Some("cisco_ios") },
        Alias { name: "ios_command", platform: Some("cisco_ios") },
        Alias { name: "arista.eos.eos_command", platform: Some("arista_eos") },
        Alias { name: "eos_command", platform: Some("arista_eos") },
        Alias { name: "junipernetworks.junos.junos_command", platform: Some("juniper_junos") },
        Alias { name: "junos_command", platform: Some("juniper_junos") },
        Alias { name: "cisco.nxos.nxos_command", platform: Some("cisco_nxos") },
        Alias { name: "nxos_command", platform: Some("cisco_nxos") },
        Alias { name: "cisco.iosxr.iosxr_command", platform: Some("cisco_iosxr") },
        Alias { name: "iosxr_command", platform: Some("cisco_iosxr") },
        Alias { name: "cisco.asa.asa_command", platform: Some("cisco_asa") },
        Alias { name: "asa_command", platform: Some("cisco_asa") },
        Alias { name: "vyos.vyos.vyos_command", platform: Some("vyos") },
        Alias { name: "vyos_command", platform: Some("vyos") },
        Alias { name: "dellemc.os10.os10_command", platform: Some("dell_os10") },
        Alias { name: "os10_command", platform: Some("dell_os10") },
        Alias { name: "arubanetworks.aoscx.aoscx_command", platform: Some("aruba_aoscx") },
        Alias { name: "aoscx_command", platform: Some("aruba_aoscx") },
        Alias { name: "community.network.ce_command", platform: Some("huawei_vrpv8") },
        Alias { name: "ce_command", platform: Some("huawei_vrpv8") },
        Alias { name: "community.network.sros_command", platform: Some("nokia_sros_classic") },
        Alias { name: "sros_command", platform: Some("nokia_sros_classic") },
        Alias { name: "community.network.edgeos_command", platform: Some("vyos") },
        Alias { name: "edgeos_command", platform: Some("vyos") },
        Alias { name: "community.network.exos_command", platform: Some("extreme_exos") },
        Alias { name: "exos_command", platform: Some("extreme_exos") },
        Alias { name: "community.network.voss_command", platform: Some("extreme_voss") },
        Alias { name: "voss_command", platform: Some("extreme_voss") },
        Alias { name: "community.routeros.command", platform: Some("mikrotik_routeros") },
        Alias { name: "routeros_command", platform: Some("mikrotik_routeros") },
    ],
    summary: "Runs commands on a network device.",
    args: &[
        Arg::new("command", ArgKind::Str, "The command to run; its output is text."),
        Arg::new(
            "commands",
            ArgKind::Raw,
            "The commands to run, each as text or with `command`, `prompt`, `answer` and so on; the output is a list.",
        ),
        Arg::new("prompt", ArgKind::List, "Regular expressions of questions that the device may ask."),
        Arg::new("answer", ArgKind::List, "The answers to the questions, in their order."),
        Arg::new("sendonly", ArgKind::Bool, "Do not wait for the answer.").default("false"),
        Arg::new("newline", ArgKind::Bool, "End answers with a line end.").default("true"),
        Arg::new("check_all", ArgKind::Bool, "All questions must come, each in its turn.").default("false"),
        Arg::new("parse", ArgKind::Str, "Make data of each output, as `parsed`.")
            .choices(&["textfsm", "json", "xml", "regex"]),
        Arg::new("parse_template", ArgKind::Path, "The TextFSM template; without it the command finds one."),
        Arg::new("parse_regex", ArgKind::Str, "The expression whose named groups are wanted."),
        Arg::new("display", ArgKind::Str, "How Junos prints.").choices(&["text", "json", "xml", "set"]),
        Arg::new(
            "rpcs",
            ArgKind::List,
            "Operations of Junos, each a name and `key=value`; they need NETCONF, and come after the commands.",
        )
        .over_netconf(&[]),
        Arg::new("wait_for", ArgKind::List, "Conditions on the outputs: `result[0] contains up`.")
            .aliases(&["waitfor"]),
        Arg::new("match", ArgKind::Str, "How many conditions must hold.").choices(&["any", "all"]).default("all"),
        Arg::new("retries", ArgKind::Int, "How often to ask again until the conditions hold; 9 when not given."),
        Arg::new("interval", ArgKind::Int, "Seconds between two attempts.").default("1"),
    ],
    rules: &[
        Rule::OneOf(&["command", "commands", "rpcs"]),
        Rule::Exclusive(&["command", "commands"]),
        Rule::Exclusive(&["command", "rpcs"]),
        Rule::OnPlatform(check_platform),
    ],
    free_form: None,
    any_args: false,
    needs: Needs::Cli,
    changes_run: false,
    once: false,
    effect,
    plan: |context| {
        Box::pin(async move {
            let parser = parser(&context)?;
            let warnings = parser.as_ref().map(Parser::warnings).unwrap_or_default();
            let mut change = plan(context.args, context.probe, context.platform, parser).await?;
            change.warnings.extend(warnings);
            Ok(change)
        })
    },
};

/// Finds operations of Junos where the platform is another one.
fn check_platform(args: &Mapping, platform: &Platform) -> Diagnostics {
    let mut found = Diagnostics::new();
    if let Some((key, _)) = args.entry("rpcs").filter(|_| !platform.name.starts_with("juniper_")) {
        let message = format!("`rpcs` are operations of Junos, and the platform is `{}`", platform.name);
        found.push(
            Diagnostic::error("E0310", message).at(key.span).help("`netconf_rpc` calls operations of any server"),
        );
    }
    found
}

/// Returns what makes data of the outputs.
fn parser(context: &super::Context<'_>) -> Result<Option<Parser>, Failure> {
    let args = context.args;
    let (template, expression) = (args.text("parse_template"), args.text("parse_regex"));
    let parse = args.text("parse");
    let stray = |name: &str, of: &str| {
        Failure::new(FailureKind::Argument, format!("`{name}` has no meaning without `parse: {of}`"))
    };
    if template.is_some() && parse != Some("textfsm") {
        return Err(stray("parse_template", "textfsm"));
    }
    if expression.is_some() && parse != Some("regex") {
        return Err(stray("parse_regex", "regex"));
    }
    Ok(Some(match parse {
        Some("textfsm") => match template {
            Some(path) => Parser::of_template(context, path)?,
            None => Parser::of_index(context, None)?,
        },
        Some("json") => Parser::Json,
        Some("xml") => Parser::Xml,
        Some(_) => Parser::of_expression(
            expression.ok_or_else(|| Failure::new(FailureKind::Argument, "`parse: regex` needs `parse_regex`"))?,
        )?,
        None => return Ok(None),
    }))
}

/// Retries when nobody says, as in the collections.
const RETRIES: i128 = 9;

fn effect(call: &Call<'_>) -> Effect {
    let commands = call.args.get("command").or_else(|| call.args.get("commands")).map(|node| effect_of(call, node));
    let rpcs = call.args.get("rpcs").map(rpcs::effect_of_written);
    let known: Vec<Effect> = commands.into_iter().chain(rpcs).collect();
    let reads = !known.is_empty() && known.iter().all(|effect| *effect == Effect::Read);
    if reads { Effect::Read } else { Effect::Write }
}

/// Returns what commands as written may do, on every platform that the task may meet.
pub(super) fn effect_of(call: &Call<'_>, commands: &Node) -> Effect {
    let reads = |text: &str| {
        !call.platforms.is_empty()
            && call.platforms.iter().all(|platform| platform.command_effect(text) == Effect::Read)
    };
    let is_read = |node: &Node| node.is_static() && command_text(node).is_some_and(reads);
    let all = match &commands.kind {
        Kind::Seq(items) => !items.is_empty() && items.iter().all(is_read),
        _ => is_read(commands),
    };
    if all { Effect::Read } else { Effect::Write }
}

fn command_text(node: &Node) -> Option<&str> {
    node.as_str().or_else(|| node.as_map()?.get("command")?.as_str())
}

/// Plans to run the commands of these arguments, for modules that do it under another name.
pub(super) async fn run(
    args: &Args,
    probe: &dyn Probe,
    platform: Option<&'static Platform>,
) -> Result<Change, Failure> {
    plan(args, probe, platform, None).await
}

async fn plan(
    args: &Args,
    probe: &dyn Probe,
    platform: Option<&'static Platform>,
    parser: Option<Parser>,
) -> Result<Change, Failure> {
    let mut commands = Commands::of(args, platform)?;
    commands.parser = parser;
    let conditions = args.texts("wait_for").iter().map(|text| Condition::parse(text)).collect::<Result<Vec<_>, _>>();
    let conditions = conditions.map_err(|why| Failure::new(FailureKind::Argument, why))?;
    let any = args.text("match") == Some("any");
    let effect = commands.effect(platform);
    if effect == Effect::Read && !conditions.is_empty() {
        return poll(args, probe, &commands, &conditions, any).await;
    }
    if !conditions.is_empty() && args.int("retries").is_some_and(|retries| retries > 0) {
        return Err(Failure::new(
            FailureKind::Argument,
            "`retries` asks again, and a command that may write is not run again",
        )
        .help("write in one task, and wait in the next with a command that only reads"));
    }
    let commands = Arc::new(commands);
    let mut change = Change::nothing(Map::new());
    change.actions.extend(commands.next(effect, &[]));
    let others = Arc::clone(&commands);
    change.then = Some(Box::new(move |outputs| Ok(others.next(effect, outputs).into_iter().collect())));
    change.finish = Some(Box::new(move |outputs, _| {
        let finished = commands.finish(outputs)?;
        match unmet(&conditions, &finished.result, any) {
            None => Ok(finished),
            Some(failed) => Err(not_met(failed, finished.result)),
        }
    }));
    if effect == Effect::Write {
        change.withheld = Withheld::Skipped("a command that may write is not run in check mode");
    }
    Ok(change)
}

/// Asks until the conditions hold.
async fn poll(
    args: &Args,
    probe: &dyn Probe,
    commands: &Commands,
    conditions: &[Condition],
    any: bool,
) -> Result<Change, Failure> {
    let retries = args.int("retries").unwrap_or(RETRIES).max(0);
    let interval = Duration::from_secs(args.int("interval").and_then(|n| u64::try_from(n).ok()).unwrap_or(1));
    let mut attempt = 0;
    loop {
        let mut outputs = Vec::new();
        while let Some(action) = commands.next(Effect::Read, &outputs) {
            outputs.push(probe.read(action).await?);
        }
        let finished = commands.finish(outputs)?;
        let Some(failed) = unmet(conditions, &finished.result, any) else {
            return Ok(Change::nothing(finished.result));
        };
        if attempt >= retries {
            return Err(not_met(failed, finished.result));
        }
        attempt += 1;
        tokio::time::sleep(interval).await;
    }
}

/// Returns the conditions that do not hold, if too few of them do.
fn unmet(conditions: &[Condition], result: &Map, any: bool) -> Option<Vec<String>> {
    let outputs = match result.get("stdout") {
        Some(Value::List(items)) => items.to_vec(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    let failed: Vec<String> =
        conditions.iter().filter(|condition| !condition.holds(&outputs)).map(|c| c.text().to_owned()).collect();
    let enough = if any && !conditions.is_empty() { failed.len() < conditions.len() } else { failed.is_empty() };
    (!enough).then_some(failed)
}

fn not_met(failed: Vec<String>, mut result: Map) -> Failure {
    let message = format!("conditions of `wait_for` do not hold: {}", failed.join("; "));
    result.insert("failed_conditions", failed);
    Failure::new(FailureKind::Module, message).with_result(result)
}

#[cfg(test)]
mod tests;
