//! `cli_command` and the command modules of network collections: runs commands on a network CLI.
//!
//! Commands that the platform lists as reading are a reading step; any other makes it a writing one. `command` gives
//! its output as text (`cli_command`), `commands` gives a list (`ios_command`). With `wait_for`, commands that only read
//! are asked again until the conditions hold.

mod condition;

use super::structured::Parser;
use super::{
    Action, Alias, Arg, ArgKind, Args, Call, Change, Cli, CliAnswer, CliLine, CliResponse, Finished, Module, Needs,
    Output, Probe, Rule, Withheld, Work,
};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::platform::Platform;
use crate::redact::Secret;
use crate::value::{Map, Value};
use crate::yaml::{Kind, Node};
use condition::Condition;
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
        Arg::new("rpcs", ArgKind::List, "As Junos says it: operations of NETCONF.")
            .refused("`junos_rpc` calls an operation"),
        Arg::new("wait_for", ArgKind::List, "Conditions on the outputs: `result[0] contains up`.")
            .aliases(&["waitfor"]),
        Arg::new("match", ArgKind::Str, "How many conditions must hold.").choices(&["any", "all"]).default("all"),
        Arg::new("retries", ArgKind::Int, "How often to ask again until the conditions hold; 9 when not given."),
        Arg::new("interval", ArgKind::Int, "Seconds between two attempts.").default("1"),
    ],
    rules: &[Rule::OneOf(&["command", "commands"]), Rule::Exclusive(&["command", "commands"])],
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

/// What a command's output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Json,
}

/// A command to run.
struct Command {
    line: CliLine,
    format: Format,
}

/// What is to be run and how its result looks.
struct Commands {
    list: Vec<Command>,
    /// `commands` was given: outputs are lists.
    many: bool,
    parser: Option<Parser>,
}

fn effect(call: &Call<'_>) -> Effect {
    let single = call.args.get("command");
    let Some(node) = single.or_else(|| call.args.get("commands")) else { return Effect::Write };
    let reads = |text: &str| {
        !call.platforms.is_empty()
            && call.platforms.iter().all(|platform| platform.command_effect(text) == Effect::Read)
    };
    let is_read = |node: &Node| node.is_static() && command_text(node).is_some_and(reads);
    let all = match &node.kind {
        Kind::Seq(items) => !items.is_empty() && items.iter().all(is_read),
        _ => is_read(node),
    };
    if all { Effect::Read } else { Effect::Write }
}

fn command_text(node: &Node) -> Option<&str> {
    node.as_str().or_else(|| node.as_map()?.get("command")?.as_str())
}

async fn plan(
    args: &Args,
    probe: &dyn Probe,
    platform: Option<&'static Platform>,
    parser: Option<Parser>,
) -> Result<Change, Failure> {
    let commands = Commands { parser, ..Commands::of(args, platform)? };
    let conditions = args.texts("wait_for").iter().map(|text| Condition::parse(text)).collect::<Result<Vec<_>, _>>();
    let conditions = conditions.map_err(|why| Failure::new(FailureKind::Argument, why))?;
    let any = args.text("match") == Some("any");
    let reads = |command: &Command| platform.is_some_and(|p| p.command_effect(&command.line.text) == Effect::Read);
    let effect = if commands.list.iter().all(reads) { Effect::Read } else { Effect::Write };
    if conditions.is_empty() {
        let action = commands.action(effect);
        let mut change = Change::act(action, move |output, _| commands.result(responses(output)?));
        if effect == Effect::Write {
            change.withheld = Withheld::Skipped("a command that may write is not run in check mode");
        }
        return Ok(change);
    }
    if effect == Effect::Read {
        return poll(args, probe, &commands, &conditions, any).await;
    }
    if args.int("retries").is_some_and(|retries| retries > 0) {
        return Err(Failure::new(
            FailureKind::Argument,
            "`retries` asks again, and a command that may write is not run again",
        )
        .help("write in one task, and wait in the next with a command that only reads"));
    }
    let action = commands.action(effect);
    let mut change = Change::act(action, move |output, _| {
        let finished = commands.result(responses(output)?)?;
        match unmet(&conditions, &finished.result, any) {
            None => Ok(finished),
            Some(failed) => Err(not_met(failed, finished.result)),
        }
    });
    change.withheld = Withheld::Skipped("a command that may write is not run in check mode");
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
        let output = probe.read(commands.action(Effect::Read)).await?;
        let finished = commands.result(responses(output)?)?;
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
    let enough = if any { failed.len() < conditions.len() } else { failed.is_empty() };
    (!enough).then_some(failed)
}

fn not_met(failed: Vec<String>, mut result: Map) -> Failure {
    let message = format!("conditions of `wait_for` do not hold: {}", failed.join("; "));
    result.insert("failed_conditions", failed);
    Failure::new(FailureKind::Module, message).with_result(result)
}

fn responses(output: Output) -> Result<Vec<CliResponse>, Failure> {
    match output {
        Output::Cli(responses) => Ok(responses),
        _ => Err(Failure::new(FailureKind::Internal, "a network CLI was asked and something else answered")),
    }
}

impl Commands {
    fn of(args: &Args, platform: Option<&'static Platform>) -> Result<Commands, Failure> {
        let display = args.text("display");
        let (list, many) = match args.text("command") {
            Some(text) => (vec![command(text, args.all(), display, platform)?], false),
            None => {
                let one = [args.get("commands").cloned().unwrap_or_default()];
                let items = args.get("commands").and_then(Value::as_list).unwrap_or(&one);
                let list = items.iter().map(|item| item_of(item, args, display, platform));
                (list.collect::<Result<Vec<_>, _>>()?, true)
            }
        };
        if list.is_empty() {
            return Err(Failure::new(FailureKind::Argument, "`commands` is empty"));
        }
        Ok(Commands { list, many, parser: None })
    }

    fn action(&self, effect: Effect) -> Action {
        let lines = self.list.iter().map(|command| command.line.clone()).collect();
        Action::on_host(effect, Work::Cli(Cli { lines, stop_on_error: true, ..Cli::default() }))
    }

    /// Returns the result of the answers, or the failure that one of them is.
    fn result(&self, responses: Vec<CliResponse>) -> Result<Finished, Failure> {
        let refused = responses.iter().find_map(|response| Some((response.line.clone(), response.error.clone()?)));
        let mut outputs = Vec::with_capacity(responses.len());
        let mut lines = Vec::with_capacity(responses.len());
        for (command, response) in self.list.iter().zip(&responses) {
            lines.push(Value::list(response.output.lines()));
            outputs.push(match command.format {
                Format::Json => serde_json::from_str::<serde_json::Value>(&response.output)
                    .map_or_else(|_| Value::from(response.output.as_str()), Value::from),
                Format::Text => response.output.as_str().into(),
            });
        }
        let mut result = Map::new();
        if self.many {
            result.insert("stdout", outputs);
            result.insert("stdout_lines", lines);
        } else {
            let output = responses.first().map(|response| response.output.as_str()).unwrap_or_default();
            result.insert("stdout", output);
            result.insert("stdout_lines", lines.pop().unwrap_or_else(|| Value::list(Vec::<Value>::new())));
            // The original adds it when the text is JSON; a bare number or word is none.
            if let Ok(json) = serde_json::from_str::<serde_json::Value>(output)
                && (json.is_object() || json.is_array())
            {
                result.insert("json", Value::from(json));
            }
        }
        match refused {
            None => {
                if let Some(parser) = &self.parser {
                    let parsed = match parsed(parser, &responses) {
                        Ok(parsed) => parsed,
                        Err(failure) => return Err(failure.with_result(result)),
                    };
                    result.insert(
                        "parsed",
                        if self.many { parsed.into() } else { parsed.into_iter().next().unwrap_or_default() },
                    );
                }
                Ok(Finished::new(result, false))
            }
            Some((line, error)) => {
                result.insert("command", line.as_str());
                Err(Failure::new(FailureKind::Command, format!("the device refuses `{line}`: {error}"))
                    .with_result(result))
            }
        }
    }
}

/// Makes data of each answer.
fn parsed(parser: &Parser, responses: &[CliResponse]) -> Result<Vec<Value>, Failure> {
    responses.iter().map(|response| parser.parse(&response.line, &response.output)).collect()
}

fn item_of(
    item: &Value,
    args: &Args,
    display: Option<&str>,
    platform: Option<&'static Platform>,
) -> Result<Command, Failure> {
    match item {
        Value::Map(map) => {
            let known = ["command", "prompt", "answer", "sendonly", "newline", "check_all", "output"];
            if let Some((key, _)) = map.iter().find(|(key, _)| !key.as_str().is_some_and(|key| known.contains(&key))) {
                let hint = crate::source::did_you_mean(&key.to_string(), known);
                let failure = Failure::new(FailureKind::Argument, format!("a command has no `{key}`"));
                return Err(hint.into_iter().fold(failure, Failure::help));
            }
            match map.get("command").and_then(Value::as_str) {
                Some(text) => command(text, map, display, platform),
                None => Err(Failure::new(FailureKind::Argument, "an item of `commands` needs `command`")),
            }
        }
        Value::Null | Value::List(_) => {
            Err(Failure::new(FailureKind::Argument, "an item of `commands` must be text or a dictionary"))
        }
        text => command(&text.to_text(), args.all(), display, platform),
    }
}

/// Makes a command of its text and the options beside it.
fn command(
    text: &str,
    options: &Map,
    display: Option<&str>,
    platform: Option<&'static Platform>,
) -> Result<Command, Failure> {
    let texts = |name: &str| -> Vec<String> {
        match options.get(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::List(items)) => items.iter().map(Value::to_text).collect(),
            Some(one) => vec![one.to_text()],
        }
    };
    let flag = |name: &str, default: bool| options.get(name).map_or(default, Value::is_truthy);
    let (questions, answers) = (texts("prompt"), texts("answer"));
    if questions.len() != answers.len() {
        let message = format!("`{text}` has {} questions and {} answers", questions.len(), answers.len());
        return Err(Failure::new(FailureKind::Argument, message).help("give one `answer` for each `prompt`"));
    }
    let expect = questions.iter().zip(answers).map(|(question, answer)| {
        let question = as_question(question);
        regex::Regex::new(&question)
            .map_err(|_| Failure::new(FailureKind::Argument, format!("`{question}` is no regular expression")))?;
        Ok(CliAnswer { question, answer: Secret::new(answer) })
    });
    let wanted = options.get("output").and_then(Value::as_str).or(display).unwrap_or("text");
    let (text, format) = formatted(text.trim(), wanted, platform);
    let line = CliLine {
        text,
        expect: expect.collect::<Result<_, Failure>>()?,
        send_only: flag("sendonly", false),
        check_all: flag("check_all", false),
        newline: flag("newline", true),
    };
    Ok(Command { line, format })
}

/// Returns a command that prints in the format wanted, as the platform says that.
fn formatted(text: &str, wanted: &str, platform: Option<&'static Platform>) -> (String, Format) {
    let format = if wanted == "json" { Format::Json } else { Format::Text };
    let pipe = match platform.map(|platform| platform.name.as_str()) {
        Some("juniper_junos") if wanted != "text" => format!("| display {wanted}"),
        Some("arista_eos") if wanted == "json" => "| json".to_owned(),
        _ => return (text.to_owned(), format),
    };
    match text.ends_with(&pipe) {
        true => (text.to_owned(), format),
        false => (format!("{text} {pipe}"), format),
    }
}

/// Returns a question as an expression. `[confirm]` as written is a class of letters, which every line of output holds
/// one of; nobody means that.
fn as_question(question: &str) -> String {
    let inner = question.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_words = |inner: &str| inner.len() > 1 && inner.chars().all(|c| c.is_ascii_alphabetic() || c == '/');
    match inner.is_some_and(is_words) {
        true => regex::escape(question),
        false => question.to_owned(),
    }
}

#[cfg(test)]
mod tests;
