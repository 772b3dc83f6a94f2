//! `cli_restore`: brings a device back to a configuration that it keeps in a file of its own.

use super::{
    Action, Arg, ArgKind, Change, Cli, CliAnswer, CliLine, Context, Failure, Finished, Module, Needs, Output, Work,
};
use crate::effect::Effect;
use crate::failure::FailureKind;
use crate::platform::Platform;
use crate::redact::Secret;
use crate::value::Map;

/// `cli_restore`
pub static MODULE: Module = Module {
    name: "cli_restore",
    collections: &["ansible.netcommon"],
    aliases: &[],
    summary: "Brings a device back to a configuration that it keeps in a file of its own.",
    args: &[
        Arg::new("filename", ArgKind::Str, "The file on the device.").required(),
        Arg::new("path", ArgKind::Str, "Where it is there: `flash:`, `/config/`."),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Cli,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(async move { plan(&context) }),
};

/// How a platform does it: the command, and the level in which it is typed.
struct Way {
    platform: &'static str,
    command: &'static str,
    level: Option<&'static str>,
}

/// (Configuration guides of the vendors: "configure replace", "load override", "load".)
const WAYS: &[Way] = &[
    Way { platform: "cisco_ios", command: "configure replace {} force", level: None },
    Way { platform: "cisco_nxos", command: "configure replace {}", level: None },
    Way { platform: "arista_eos", command: "configure replace {}", level: None },
    Way { platform: "juniper_junos", command: "load override {}", level: Some("config") },
    Way { platform: "vyos", command: "load {}", level: Some("config") },
];

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let (platform, way) = way(context.platform)?;
    let file = format!(
        "{}{}",
        context.args.text("path").unwrap_or_default(),
        context.args.text("filename").unwrap_or_default()
    );
    if file.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(Failure::new(
            FailureKind::Argument,
            format!("`{}` is no name of a file on a device", file.escape_debug()),
        ));
    }
    let command = way.command.replace("{}", &file);
    let question = CliAnswer { question: r"(?i)\(y/n\)|\[confirm\]|\[no\]".into(), answer: Secret::new("y") };
    let line = CliLine { expect: vec![question], ..CliLine::new(&command) };
    let cli = Cli { lines: vec![line], level: way.level.map(str::to_owned), stop_on_error: true, ..Cli::default() };
    let mut change = Change::nothing(Map::new()).field("commands", vec![command.clone()]);
    change.changed = true;
    change.actions.push(Action::on_host(Effect::Write, Work::Cli(cli)));
    let commits = platform.commit.is_some() && way.level.is_some();
    change.finish = Some(Box::new(move |outputs, result| finish(outputs, result, &command, commits)));
    Ok(change)
}

fn way(platform: Option<&'static Platform>) -> Result<(&'static Platform, &'static Way), Failure> {
    let name = platform.map_or("the host's platform", |platform| platform.name.as_str());
    let way = WAYS.iter().find(|way| way.platform == name);
    platform.zip(way).ok_or_else(|| {
        Failure::new(FailureKind::Argument, format!("how `{name}` goes back to a file of its own is not known"))
            .help("use `cli_command` with the device's own command")
    })
}

fn finish(outputs: Vec<Output>, mut result: Map, command: &str, commits: bool) -> Result<Finished, Failure> {
    let Some(Output::Cli(responses)) = outputs.into_iter().next() else {
        return Err(Failure::new(FailureKind::Internal, "the device's answer is missing"));
    };
    if let Some(error) = responses.iter().find_map(|response| response.error.as_ref()) {
        let state = if commits { "; nothing was committed" } else { "" };
        return Err(Failure::new(FailureKind::Command, format!("the device refuses `{command}`: {error}{state}"))
            .with_result(result));
    }
    if let Some(first) = responses.first() {
        result.insert("stdout", first.output.as_str());
    }
    // A candidate that changes nothing is not committed.
    Ok(Finished::new(result, !commits || responses.len() > 2))
}
