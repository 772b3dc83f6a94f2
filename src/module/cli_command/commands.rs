//! The commands of a task: what is typed and answered, in which form the output is wanted, and the result of all.

use super::super::structured::Parser;
use super::super::{Action, Args, Cli, CliAnswer, CliLine, CliResponse, Finished, Output, Work};
use super::rpcs::{self, Called};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::platform::Platform;
use crate::redact::Secret;
use crate::value::{Map, Value};

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
pub(super) struct Commands {
    list: Vec<Command>,
    /// Operations that are called after them.
    rpcs: Vec<Called>,
    /// `commands` was given: outputs are lists.
    many: bool,
    pub(super) parser: Option<Parser>,
}

impl Commands {
    pub(super) fn of(args: &Args, platform: Option<&'static Platform>) -> Result<Commands, Failure> {
        let display = args.text("display");
        let rpcs = rpcs::of(args)?;
        let (list, many) = match (args.text("command"), args.get("commands")) {
            (Some(text), _) => (vec![command(text, args.all(), display, platform)?], false),
            (None, given) => {
                let one = [given.cloned().unwrap_or_default()];
                let items = match given.and_then(Value::as_list) {
                    Some(items) => items,
                    None if rpcs.is_empty() || !matches!(one[0], Value::Null) => &one,
                    None => &[],
                };
                let list = items.iter().map(|item| item_of(item, args, display, platform));
                (list.collect::<Result<Vec<_>, _>>()?, true)
            }
        };
        if list.is_empty() && rpcs.is_empty() {
            return Err(Failure::new(FailureKind::Argument, "`commands` is empty"));
        }
        Ok(Commands { list, rpcs, many, parser: None })
    }

    /// Returns what they may do on a platform.
    pub(super) fn effect(&self, platform: Option<&Platform>) -> Effect {
        let reads = |command: &Command| platform.is_some_and(|p| p.command_effect(&command.line.text) == Effect::Read);
        if self.list.iter().all(reads) { rpcs::effect(&self.rpcs) } else { Effect::Write }
    }

    /// Returns what is sent next, after these outputs; `None` when that is all. After a command that is refused nothing is.
    pub(super) fn next(&self, effect: Effect, outputs: &[Output]) -> Option<Action> {
        let is_refused = |output: &Output| match output {
            Output::Cli(responses) => responses.iter().any(|response| response.error.is_some()),
            _ => false,
        };
        let has_commands = !self.list.is_empty();
        match outputs.len() {
            0 if has_commands => {
                let lines = self.list.iter().map(|command| command.line.clone()).collect();
                Some(Action::on_host(effect, Work::Cli(Cli { lines, stop_on_error: true, ..Cli::default() })))
            }
            done if done <= usize::from(has_commands) && !self.rpcs.is_empty() && !outputs.iter().any(is_refused) => {
                Some(rpcs::calling(&self.rpcs, effect))
            }
            _ => None,
        }
    }

    /// Returns the result of all outputs, or the failure that one of them is.
    pub(super) fn finish(&self, mut outputs: Vec<Output>) -> Result<Finished, Failure> {
        let responses = match outputs.first() {
            _ if self.list.is_empty() => Vec::new(),
            Some(Output::Cli(_)) => match outputs.remove(0) {
                Output::Cli(responses) => responses,
                _ => Vec::new(),
            },
            _ => {
                let message = "a network CLI was asked and something else answered";
                return Err(Failure::new(FailureKind::Internal, message));
            }
        };
        let Finished { mut result, .. } = self.result(responses)?;
        if let Some(output) = outputs.pop() {
            let answers = rpcs::answers(&self.rpcs, output).map_err(|failure| failure.with_result(result.clone()))?;
            let joined = |name: &str, more: Vec<Value>, result: &Map| -> Vec<Value> {
                let so_far = result.get(name).and_then(Value::as_list).unwrap_or_default();
                so_far.iter().cloned().chain(more).collect()
            };
            let lines = answers.stdout.iter().map(|one| Value::list(one.to_text().lines())).collect();
            result.insert("stdout_lines", joined("stdout_lines", lines, &result));
            result.insert("stdout", joined("stdout", answers.stdout, &result));
            if !answers.data.is_empty() {
                result.insert("output", answers.data);
            }
        }
        Ok(Finished::new(result, false))
    }

    /// Returns the result of the commands' answers, or the failure that one of them is.
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
