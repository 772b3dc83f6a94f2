//! `napalm_cli`: runs commands on a device, as `cli_command` does, and gives their answers by the commands.

use super::{COLLECTION, REACHED, check_options};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::module::args::args_with;
use crate::module::{Arg, ArgKind, Args, Call, Change, Context, Finish, Finished, Module, Needs, Rule, cli_command};
use crate::source::Diagnostic;
use crate::value::{Key, Map, Value};
use crate::yaml::Node;

/// `napalm_cli`
pub(in crate::module) static MODULE: Module = Module {
    name: "napalm_cli",
    collections: &[COLLECTION],
    aliases: &[],
    summary: "Runs commands on a network device, as NAPALM says it; `cli_results` has the answers by the commands.",
    args: args_with![REACHED;
        Arg::new("args", ArgKind::Dict, "`commands`: the commands to run.").required(),
    ],
    rules: &[Rule::Passes("args", check_commands), Rule::Passes("optional_args", check_options)],
    free_form: None,
    any_args: false,
    needs: Needs::Cli,
    changes_run: false,
    once: false,
    effect,
    plan: |context| Box::pin(plan(context)),
};

const HELP: &str = "it takes `commands`, a list of them, and `encoding: text`";

fn check_commands(node: &Node) -> Option<Diagnostic> {
    let args = node.as_map()?;
    let wrong = |message: &str, at: &Node| Some(Diagnostic::error("E0307", message).at(at.span).help(HELP));
    let is_known = |key: &str, value: &Node| match key {
        "commands" => true,
        "encoding" => !value.is_static() || value.as_str() == Some("text"),
        _ => false,
    };
    match args.iter().find(|(key, _, value)| !is_known(&key.to_string(), value)) {
        Some((_, key, _)) => wrong("`args` has what a driver of NAPALM alone knows", key),
        None if args.get("commands").is_none() => wrong("`args` has no `commands`", node),
        None => None,
    }
}

fn effect(call: &Call<'_>) -> Effect {
    let args = call.args.get("args").and_then(Node::as_map);
    args.and_then(|args| args.get("commands")).map_or(Effect::Write, |node| cli_command::effect_of(call, node))
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let given = context.args.dict("args").and_then(|args| args.get("commands")).cloned().unwrap_or_default();
    let commands = match given {
        Value::List(_) => given,
        one => Value::list([one]),
    };
    let names: Vec<Key> = commands.as_list().unwrap_or_default().iter().map(|one| Key::from(one.to_text())).collect();
    let asked = Args::of([("commands", commands)].into_iter().map(|(name, value)| (Key::from(name), value)).collect());
    let mut change = cli_command::run(&asked, context.probe, context.platform).await?;
    let Some(finish) = change.finish.take() else {
        return Err(Failure::new(FailureKind::Internal, "commands were planned that have no end"));
    };
    let by_command: Finish = Box::new(move |outputs, result| {
        let finished = finish(outputs, result)?;
        let answers = finished.result.get("stdout").and_then(Value::as_list).unwrap_or_default();
        let results: Map = names.into_iter().zip(answers.iter().cloned()).collect();
        let mut result = Map::new();
        result.insert("cli_results", results);
        Ok(Finished::new(result, false))
    });
    change.finish = Some(by_command);
    Ok(change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::fake::{Device, Fake};
    use crate::platform;

    async fn ran(commands: Value) -> Result<Map, Failure> {
        let answers = vec![("show version", "Cisco IOS"), ("show clock", "10:00"), ("show bogus", "% Invalid input")];
        let device = Device { platform: platform::find("ios").unwrap(), answers };
        let args = Value::map([("commands", commands)]);
        let fake = Fake { device: Some(device), ..Fake::new() };
        fake.run(&MODULE, &[("args", args)]).await.map(|came| came.result)
    }

    #[tokio::test]
    async fn answers_stand_by_their_commands() {
        let result = ran(Value::list(["show version", "show clock"])).await.unwrap();
        let results = Value::map([("show version", "Cisco IOS"), ("show clock", "10:00")]);
        assert_eq!(result.get("cli_results"), Some(&results));
        let result = ran("show clock".into()).await.unwrap();
        assert_eq!(result.get("cli_results"), Some(&Value::map([("show clock", "10:00")])));
        let failure = ran(Value::list(["show version", "show bogus"])).await.unwrap_err();
        assert!(failure.message.expose().contains("refuses `show bogus`"), "{}", failure.message.expose());
    }
}
