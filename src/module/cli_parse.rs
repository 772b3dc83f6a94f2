//! `cli_parse`: runs a command, or takes a text, and makes data of it.

use super::structured::{Parser, Shape, host_platform};
use super::{
    Action, Arg, ArgKind, Call, Change, Cli, CliLine, Context, Exec, Finished, Module, Needs, Output, Program, Rule,
    Work,
};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::source::{Diagnostic, did_you_mean};
use crate::value::{Map, Value};
use crate::yaml::Node;

/// `cli_parse`
pub static MODULE: Module = Module {
    name: "cli_parse",
    collections: &["ansible.utils", "ansible.netcommon"],
    aliases: &[],
    summary: "Makes data of a command's output.",
    args: &[
        Arg::new("command", ArgKind::Str, "The command to run on the host."),
        Arg::new("text", ArgKind::Raw, "The text to take instead of a command's output."),
        Arg::new(
            "parser",
            ArgKind::Dict,
            "How: `name` (textfsm, ntc_templates, native, ttp, json or xml), `template_path`, `command`, `os`, `vars`.",
        )
        .required(),
        Arg::new("set_fact", ArgKind::Str, "The variable that gets the data."),
    ],
    rules: &[
        Rule::OneOf(&["command", "text"]),
        Rule::Exclusive(&["command", "text"]),
        Rule::Passes("parser", check_parser),
    ],
    free_form: None,
    any_args: false,
    needs: Needs::Connection,
    changes_run: false,
    once: false,
    effect,
    plan: |context| Box::pin(async move { plan(&context) }),
};

fn effect(call: &Call<'_>) -> Effect {
    if call.args.get("text").is_some() {
        return Effect::Pure;
    }
    let reads = |text: &str| {
        !call.platforms.is_empty()
            && call.platforms.iter().all(|platform| platform.command_effect(text) == Effect::Read)
    };
    if call.literal("command").is_some_and(reads) { Effect::Read } else { Effect::Write }
}

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let command = args.text("command").map(str::to_owned);
    let wanted = Wanted::of(context, command.as_deref())?;
    let fact = args.text("set_fact").map(str::to_owned);
    let Some(command) = command else {
        let text = match args.get("text") {
            Some(Value::Str(text)) => text.to_string(),
            Some(other) => other.to_json().to_string(),
            None => String::new(),
        };
        let finished = wanted.finish(&text, Map::new(), fact)?;
        let mut change = Change::nothing(finished.result);
        change.facts = finished.facts;
        change.warnings = wanted.parser.warnings();
        return Ok(change);
    };
    let is_cli = context.platform.is_some_and(|platform| !platform.is_host);
    let effect = context.platform.map_or(Effect::Write, |platform| platform.command_effect(&command));
    let work = match is_cli {
        true => Work::Cli(Cli { lines: vec![CliLine::new(&command)], stop_on_error: true, ..Cli::default() }),
        false => Work::Exec(Exec { program: Program::Raw(command.clone()), elevate: true, ..Exec::default() }),
    };
    let warnings = wanted.parser.warnings();
    let mut change = Change::act(Action::on_host(effect, work), move |output, _| {
        let text = answer(&command, output)?;
        let result: Map =
            [("stdout", Value::from(text.as_str())), ("stdout_lines", Value::list(text.lines()))].into_iter().collect();
        wanted.finish(&text, result, fact)
    });
    change.warnings = warnings;
    if effect == Effect::Write {
        change.withheld = super::Withheld::Skipped("a command that may write is not run in check mode");
    }
    Ok(change)
}

/// Returns what the command printed.
fn answer(command: &str, output: Output) -> Result<String, Failure> {
    match output {
        Output::Cli(responses) => {
            let Some(response) = responses.into_iter().next() else { return Ok(String::new()) };
            match response.error {
                None => Ok(response.output),
                Some(error) => {
                    Err(Failure::new(FailureKind::Command, format!("the device refuses `{command}`: {error}")))
                }
            }
        }
        Output::Exec(output) if output.status == 0 => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Output::Exec(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(Failure::new(FailureKind::Command, format!("`{command}` ends with {}: {said}", output.status)))
        }
        _ => Err(Failure::new(FailureKind::Internal, "a command was run and something else answered")),
    }
}

/// What `parser` has.
const KEYS: [&str; 5] = ["name", "command", "os", "template_path", "vars"];

/// The parsers.
#[derive(Clone, Copy)]
enum Name {
    Json,
    Xml,
    Textfsm,
    NtcTemplates,
    Native,
    Ttp,
}

/// Every parser's name with its collection; the last part alone will do.
const NAMES: [(&str, Name); 6] = [
    ("ansible.utils.json", Name::Json),
    ("ansible.utils.xml", Name::Xml),
    ("ansible.utils.textfsm", Name::Textfsm),
    ("ansible.netcommon.ntc_templates", Name::NtcTemplates),
    ("ansible.netcommon.native", Name::Native),
    ("ansible.utils.ttp", Name::Ttp),
];

/// Parsers that there are in Ansible only, and why.
const REFUSED: [(&str, &str); 2] = [
    ("ansible.netcommon.pyats", "it is a program in Python: use `textfsm`, `ntc_templates` or `native`"),
    ("ansible.netcommon.content_templates", "use `native` with the template's file"),
];

/// Returns the parser of a name; what is wrong with the name, and what to do, when there is none.
fn known(name: &str) -> Result<Name, (String, Option<String>)> {
    let plain = |known: &str| known.rsplit('.').next() == Some(name);
    if let Some((_, known)) = NAMES.iter().find(|(known, _)| *known == name || plain(known)) {
        return Ok(*known);
    }
    if let Some((_, why)) = REFUSED.iter().find(|(known, _)| *known == name || plain(known)) {
        return Err((format!("the parser `{name}` is not supported"), Some((*why).to_owned())));
    }
    let names = NAMES.iter().map(|(known, _)| *known);
    let listed = || format!("there are {}", NAMES.map(|(known, _)| format!("`{known}`")).join(", "));
    let help = did_you_mean(name, names.clone().chain(names.filter_map(|known| known.rsplit('.').next())));
    Err((format!("there is no parser `{name}`"), Some(help.unwrap_or_else(listed))))
}

/// Reads the `vars` of the parser `ttp`: its variables, and the shape of the results.
fn settings(vars: Option<&Value>) -> Result<(Map, Shape), String> {
    let (mut variables, mut shape) = (Map::new(), Shape::Nested);
    for (key, value) in vars.and_then(Value::as_map).into_iter().flat_map(Map::iter) {
        match (key.to_string().as_str(), value) {
            (_, Value::Null) => {}
            ("ttp_vars", Value::Map(map)) => variables = (**map).clone(),
            ("ttp_init", Value::Map(map)) if map.is_empty() => {}
            ("ttp_results", Value::Map(map)) => {
                for (key, value) in map.iter() {
                    shape = match (key.to_string().as_str(), value.to_text().as_str()) {
                        ("structure", "list") => Shape::Nested,
                        ("structure", "flat_list") => Shape::Flat,
                        (key, value) => return Err(format!("results with `{key}: {value}` are not supported")),
                    };
                }
            }
            (key, _) => return Err(format!("`vars` of the parser `ttp` has `{key}`, which is not supported")),
        }
    }
    Ok((variables, shape))
}

/// Checks what is written of a parser.
fn check_parser(parser: &Node) -> Option<Diagnostic> {
    let map = parser.as_map()?;
    if let Some((key, node, _)) = map.iter().find(|(key, _, _)| !key.as_str().is_some_and(|key| KEYS.contains(&key))) {
        let wrong = Diagnostic::error("E0302", format!("`parser` has no `{key}`")).at(node.span);
        return Some(wrong.maybe_help(did_you_mean(&key.to_string(), KEYS)));
    }
    let Some(name) = map.get("name") else {
        return Some(Diagnostic::error("E0303", "`parser` needs a `name`").at(parser.span));
    };
    let text = name.as_str().filter(|_| name.is_static())?;
    let vars = map.get("vars").filter(|vars| vars.is_static());
    match (known(text), vars) {
        (Err((why, help)), _) => Some(Diagnostic::error("E0309", why).at(name.span).maybe_help(help)),
        (Ok(Name::Ttp), Some(vars)) => {
            let why = settings(Some(&vars.to_value())).err()?;
            Some(Diagnostic::error("E0309", why).at(vars.span))
        }
        _ => None,
    }
}

/// The parser, and the command by which it finds its template.
struct Wanted {
    parser: Parser,
    command: String,
}

impl Wanted {
    fn of(context: &Context<'_>, command: Option<&str>) -> Result<Wanted, Failure> {
        let wrong = |message: String| Failure::new(FailureKind::Argument, message);
        let parser = context.args.dict("parser").cloned().unwrap_or_default();
        if let Some((key, _)) = parser.iter().find(|(key, _)| !key.as_str().is_some_and(|key| KEYS.contains(&key))) {
            let failure = wrong(format!("`parser` has no `{key}`"));
            return Err(did_you_mean(&key.to_string(), KEYS).into_iter().fold(failure, Failure::help));
        }
        let text = |name: &str| parser.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let Some(name) = text("name") else { return Err(wrong("`parser` needs a `name`".into())) };
        let (path, os) = (text("template_path"), text("os"));
        let command = text("command").or(command);
        let needs_command = || wrong(format!("the parser `{name}` needs a `command` by which to find its template"));
        let path_or_named = |ending: &str| -> Result<String, Failure> {
            if let Some(path) = path {
                return Ok(path.to_owned());
            }
            let command = command.ok_or_else(needs_command)?.replace(' ', "_");
            Ok(format!("{}_{command}.{ending}", short_os(context, os)?))
        };
        let parser = match known(name).map_err(|(why, help)| help.into_iter().fold(wrong(why), Failure::help))? {
            Name::Json => Parser::Json,
            Name::Xml => Parser::Xml,
            Name::Textfsm => Parser::of_template(context, &path_or_named("textfsm")?)?,
            Name::Native => Parser::of_native(context, &path_or_named("yaml")?)?,
            Name::Ttp => {
                let (variables, shape) = settings(parser.get("vars")).map_err(wrong)?;
                Parser::of_ttp(context, &path_or_named("ttp")?, variables, shape)?
            }
            Name::NtcTemplates => {
                command.ok_or_else(needs_command)?;
                Parser::of_index(context, os)?
            }
        };
        Ok(Wanted { parser, command: command.unwrap_or_default().to_owned() })
    }

    fn finish(&self, text: &str, mut result: Map, fact: Option<String>) -> Result<Finished, Failure> {
        let parsed = self.parser.parse(&self.command, text)?;
        result.insert("parsed", parsed.clone());
        let mut finished = Finished::new(result, false);
        if let Some(fact) = fact {
            finished.facts.insert(fact, parsed);
            finished.result.insert("ansible_facts", finished.facts.clone());
        }
        Ok(finished)
    }
}

/// Returns the platform's name in a template's file name: `ios` of `cisco.ios.ios`.
fn short_os(context: &Context<'_>, os: Option<&str>) -> Result<String, Failure> {
    if let Some(os) = os {
        return Ok(os.to_owned());
    }
    if let Some(name) = context.templar.var("ansible_network_os")? {
        let name = name.to_text();
        if let (crate::platform::AUTO, Some(found)) = (name.as_str(), context.platform) {
            return Ok(found.textfsm.clone());
        }
        return Ok(name.rsplit('.').next().unwrap_or(&name).to_lowercase());
    }
    match host_platform(context)? {
        Some(platform) => Ok(platform.name.clone()),
        None => Err(Failure::new(FailureKind::Argument, "the platform whose template is wanted is not known")
            .help("set `ansible_network_os`, or name the `os` of the parser")),
    }
}
