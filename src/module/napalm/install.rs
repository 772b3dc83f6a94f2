//! `napalm_install_config`: brings a device's configuration to what is wanted, as `cli_config` does.

use super::{COLLECTION, REACHED, check_options, text_of};
use crate::effect::Effect;
use crate::failure::Failure;
use crate::module::args::args_with;
use crate::module::cli_config::{self, read_text};
use crate::module::local::{LocalFile, writes_here};
use crate::module::place::check_status;
use crate::module::{
    Action, Arg, ArgKind, Args, Change, Context, Finish, Finished, Module, Needs, Output, Rule, TextDiff, Then,
};
use crate::source::expand_home;
use crate::value::Map;
use std::path::PathBuf;

/// `napalm_install_config`
pub(in crate::module) static MODULE: Module = Module {
    name: "napalm_install_config",
    collections: &[COLLECTION],
    aliases: &[],
    summary: "Brings the configuration of a network device to what is wanted, as NAPALM says it.",
    args: args_with![REACHED;
        Arg::new("config", ArgKind::Str, "The configuration wanted."),
        Arg::new("config_file", ArgKind::Path, "A file with it, as it stands: no template."),
        Arg::new("commit_changes", ArgKind::Bool, "False: nothing is sent, and the difference is told.").required(),
        Arg::new("replace_config", ArgKind::Bool, "What is not in it is undone.").default("false"),
        Arg::new(
            "confirm_within",
            ArgKind::Str,
            "The device takes the change back by itself unless it is verified, or `cli_confirm` comes, in this time: `2m`.",
        ),
        Arg::new("get_diffs", ArgKind::Bool, "Tell the difference in `msg`.").default("true"),
        Arg::new("diff_file", ArgKind::Path, "A file here for the difference."),
        Arg::new("archive_file", ArgKind::Path, "A file here for the configuration as it was."),
        Arg::new("candidate_file", ArgKind::Path, "A file here for the candidate.")
            .refused("the configuration that is wanted is the candidate"),
    ],
    rules: &[
        Rule::OneOf(&["config", "config_file"]),
        Rule::Exclusive(&["config", "config_file"]),
        Rule::Passes("optional_args", check_options),
    ],
    free_form: None,
    any_args: false,
    needs: Needs::Cli,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let config = match args.text("config_file") {
        Some(file) => text_of(&context, file)?,
        None => args.text("config").unwrap_or_default().to_owned(),
    };
    let wanted = asked(config, args);
    let mut change = cli_config::plan(Context { args: &wanted, ..context }).await?;
    let difference = change.diff.iter().map(lines).collect::<String>();
    change.result.insert("msg", if args.flag("get_diffs") { difference.as_str() } else { "" });
    if !args.flag("commit_changes") {
        (change.actions, change.then, change.finish) = (Vec::new(), None, None);
    }
    let mut files = Vec::new();
    if let Some(file) = args.text("archive_file") {
        let show = context.platform.and_then(|platform| platform.show_running.as_deref());
        let running = read_text(context.probe, show.unwrap_or_default()).await?;
        files.extend(writes_here(&beside(&context, file), LocalFile::of(running.into_bytes())));
    }
    if let Some(file) = args.text("diff_file").filter(|_| args.flag("get_diffs")) {
        files.extend(writes_here(&beside(&context, file), LocalFile::of(difference.into_bytes())));
    }
    Ok(with_files(change, files))
}

/// Puts files that are written here before everything else.
fn with_files(mut change: Change, files: Vec<Action>) -> Change {
    let count = files.len();
    if count == 0 {
        return change;
    }
    change.actions.splice(0..0, files);
    change.then = change.then.map(|then| -> Then { Box::new(move |outputs: &[Output]| then(&outputs[count..])) });
    let finish = change.finish.take();
    let changed = change.changed;
    let after: Finish = Box::new(move |mut outputs: Vec<Output>, result| {
        let rest = outputs.split_off(count.min(outputs.len()));
        for output in outputs {
            if let Output::Exec(output) = output {
                check_status(&output)?;
            }
        }
        match finish {
            Some(finish) => finish(rest, result),
            None => Ok(Finished::new(result, changed)),
        }
    });
    change.finish = Some(after);
    change
}

/// Returns the arguments of `cli_config` that ask for the same.
fn asked(config: String, args: &Args) -> Args {
    let is_whole = args.flag("replace_config");
    let mut map = Map::new();
    map.insert("config", config);
    if let Some(time) = args.text("confirm_within").filter(|_| args.flag("commit_changes")) {
        map.insert("confirm_within", time);
    }
    map.insert("match", "line");
    map.insert("replace", if is_whole { "config" } else { "line" });
    map.insert("commit", true);
    map.insert("verify_lines", true);
    map.insert("save_when", "changed");
    Args::of(map)
}

fn beside(context: &Context<'_>, name: &str) -> PathBuf {
    context.files.playbook_dir.join(expand_home(name))
}

/// Returns what differs, a line each: `+` is what comes, `-` what goes.
fn lines(diff: &TextDiff) -> String {
    let (before, after): (Vec<&str>, Vec<&str>) = (diff.before.lines().collect(), diff.after.lines().collect());
    let mut out = String::new();
    let changes = before.iter().filter(|line| !after.contains(line)).map(|line| ('-', line));
    for (sign, line) in changes.chain(after.iter().filter(|line| !before.contains(line)).map(|line| ('+', line))) {
        out.push(sign);
        out.push_str(line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::fake::{Device, Fake};
    use crate::module::{CliResponse, Work};
    use crate::platform;
    use crate::value::Value;

    async fn planned(args: &[(&str, Value)]) -> Change {
        let answers = vec![("show running-config", "hostname r1\ninterface Gi0/1\n description x\n")];
        let device = Device { platform: platform::find("ios").unwrap(), answers };
        Fake { device: Some(device), ..Fake::new() }.plan(&MODULE, args).await.unwrap()
    }

    fn sent(change: &Change) -> Vec<String> {
        let lines = change.actions.iter().filter_map(|action| match &action.work {
            Work::Cli(cli) => Some(cli.lines.iter().map(|line| line.text.clone())),
            _ => None,
        });
        lines.flatten().collect()
    }

    #[tokio::test]
    async fn a_configuration_is_merged_or_only_told() {
        let config = Value::from("int Gi0/1\n desc y\n");
        let change = planned(&[("config", config.clone()), ("commit_changes", true.into())]).await;
        assert_eq!(sent(&change), ["int Gi0/1", "desc y"]);
        assert_eq!(change.result.get("msg").map(Value::to_text).as_deref(), Some("- description x\n+ desc y\n"));
        let change = planned(&[("config", config), ("commit_changes", false.into())]).await;
        assert!(change.changed && change.actions.is_empty() && change.finish.is_none());
        let change = planned(&[("config", "hostname r1".into()), ("commit_changes", true.into())]).await;
        assert!(!change.changed && change.actions.is_empty());
    }

    #[tokio::test]
    async fn a_change_waits_to_be_confirmed_where_it_is_committed() {
        let args = |commits: bool| {
            [
                ("config", Value::from("interface Gi0/1\n description y\n")),
                ("commit_changes", commits.into()),
                ("confirm_within", "2m".into()),
            ]
        };
        let archive = ("show archive", "The maximum archive configurations allowed is 10.\n");
        let timer = ("show archive config rollback timer", "No Rollback Confirmed Change pending\n");
        let answers = vec![("show running-config", "hostname r1\n"), archive, timer];
        let device = Device { platform: platform::find("ios").unwrap(), answers };
        let fake = Fake { device: Some(device), ..Fake::new() };
        let within = |change: Change| {
            change.actions.into_iter().find_map(|action| match action.work {
                Work::Cli(cli) => Some(cli.commit.within.map(|time| time.as_secs())),
                _ => None,
            })
        };
        assert_eq!(within(fake.plan(&MODULE, &args(true)).await.unwrap()), Some(Some(120)));
        assert_eq!(within(fake.plan(&MODULE, &args(false)).await.unwrap()), None, "it is only told");
    }

    #[tokio::test]
    async fn files_here_are_written_first_and_their_outputs_are_nobodys_answers() {
        let change = planned(&[
            ("config", "hostname r2".into()),
            ("commit_changes", true.into()),
            ("diff_file", "/nowhere/diff".into()),
            ("archive_file", "/nowhere/old".into()),
        ])
        .await;
        let files = change.actions.iter().take_while(|action| !matches!(action.work, Work::Cli(_))).count();
        assert!(files >= 2 && files + 1 == change.actions.len(), "{files}");
        let mut outputs: Vec<Output> = (0..files).map(|_| Output::Done).collect();
        outputs.push(Output::Cli(vec![CliResponse { error: Some("% Invalid".into()), ..CliResponse::default() }]));
        let failure = (change.finish.unwrap())(outputs, change.result).err().unwrap();
        assert!(failure.message.expose().contains("refuses line 1 of 1"), "{:?}", failure.message.expose());
    }
}
