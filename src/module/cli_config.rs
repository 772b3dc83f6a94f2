//! `cli_config` and the configuration modules of network collections: brings a device's configuration to what is wanted.
//!
//! The flow: the running configuration is read, what is wanted is compared with it (`compare.rs`), and the difference is
//! sent with the lines that lead into each section. Nothing is sent and nothing changes when nothing differs. By default
//! lines are merged; `replace: config` also undoes what is not wanted.
//!
//! Where a device keeps a candidate, it is committed as a whole or not at all; elsewhere each line acts at once, and a
//! failure says which lines are in (`answer.rs`). With `confirm_within` the device itself takes the change back unless
//! `cli_confirm` comes in time (`within.rs`).

mod against;
mod answer;
mod backup;
mod commit;
mod compare;
mod load;
mod secrets;
mod sent;
mod verify;
mod wanted;
mod within;

use super::{
    Action, Alias, Arg, ArgKind, Args, Change, Commit, Context, Module, Needs, Output, Probe, Rule, TextDiff, Work,
};
use crate::configuration::{Section, merge, parse, print, remedy, to_send, without};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::platform::Platform;
use crate::value::Map;
pub(super) use answer::{Sent, finish as finish_lines};
pub(super) use backup::{backup as backup_of, backup_path, path_of as written_path};
use compare::Comparison;
use sent::reading;
pub(super) use sent::{configure, read_text, saving};
use verify::Expected;
pub(super) use within::duration;

/// The module.
pub(super) static MODULE: Module = Module {
    name: "cli_config",
    collections: &["ansible.netcommon"],
    aliases: &[
        Alias { name: "cisco.ios.ios_config", platform: Some("cisco_ios") },
        Alias { name: "ios_config", platform: Some("cisco_ios") },
        Alias { name: "arista.eos.eos_config", platform: Some("arista_eos") },
        Alias { name: "eos_config", platform: Some("arista_eos") },
        Alias { name: "junipernetworks.junos.junos_config", platform: Some("juniper_junos") },
        Alias { name: "junos_config", platform: Some("juniper_junos") },
        Alias { name: "cisco.nxos.nxos_config", platform: Some("cisco_nxos") },
        Alias { name: "nxos_config", platform: Some("cisco_nxos") },
        Alias { name: "cisco.iosxr.iosxr_config", platform: Some("cisco_iosxr") },
        Alias { name: "iosxr_config", platform: Some("cisco_iosxr") },
        Alias { name: "cisco.asa.asa_config", platform: Some("cisco_asa") },
        Alias { name: "asa_config", platform: Some("cisco_asa") },
        Alias { name: "vyos.vyos.vyos_config", platform: Some("vyos") },
        Alias { name: "vyos_config", platform: Some("vyos") },
        Alias { name: "dellemc.os10.os10_config", platform: Some("dell_os10") },
        Alias { name: "os10_config", platform: Some("dell_os10") },
        Alias { name: "arubanetworks.aoscx.aoscx_config", platform: Some("aruba_aoscx") },
        Alias { name: "aoscx_config", platform: Some("aruba_aoscx") },
        Alias { name: "community.network.ce_config", platform: Some("huawei_vrpv8") },
        Alias { name: "ce_config", platform: Some("huawei_vrpv8") },
        Alias { name: "community.network.sros_config", platform: Some("nokia_sros_classic") },
        Alias { name: "sros_config", platform: Some("nokia_sros_classic") },
        Alias { name: "community.network.edgeos_config", platform: Some("vyos") },
        Alias { name: "edgeos_config", platform: Some("vyos") },
        Alias { name: "community.network.exos_config", platform: Some("extreme_exos") },
        Alias { name: "exos_config", platform: Some("extreme_exos") },
        Alias { name: "community.network.voss_config", platform: Some("extreme_voss") },
        Alias { name: "voss_config", platform: Some("extreme_voss") },
    ],
    summary: "Brings the configuration of a network device to what is wanted.",
    args: &[
        Arg::new(
            "config",
            ArgKind::Str,
            "The configuration wanted, with its sections indented, in braces or as `set` lines.",
        )
        .aliases(&["content"])
        .texts_over_netconf(load::is_structured),
        Arg::new("lines", ArgKind::List, "The lines wanted in the section that `parents` names.")
            .aliases(&["commands"]),
        Arg::new("parents", ArgKind::List, "The lines that lead into the section, outermost first."),
        Arg::new("src", ArgKind::Path, "A file with the configuration wanted; its templates are rendered.")
            .texts_over_netconf(load::is_structured),
        Arg::new(
            "src_format",
            ArgKind::Str,
            "What the configuration of Junos is written in; found out when left out. `xml` and `json` need NETCONF, and the \
             device compares.",
        )
        .choices(&["set", "text", "xml", "json"])
        .over_netconf(&["xml", "json"]),
        Arg::new("before", ArgKind::List, "Lines to send before, if anything is sent."),
        Arg::new("after", ArgKind::List, "Lines to send after, if anything is sent."),
        Arg::new(
            "match",
            ArgKind::Str,
            "How lines are compared: `line` looks for them in their section, `strict` also at the same place, `exact` \
             wants the section to have no others, `none` sends all without comparing.",
        )
        .aliases(&["diff_match"])
        .choices(&["line", "strict", "exact", "none"])
        .default("line"),
        Arg::new(
            "replace",
            ArgKind::Str,
            "What is sent when something differs: the `line`, the whole `block` around it, or what turns the whole \
             configuration (`config`) into the one wanted, undoing what is not in it.",
        )
        .aliases(&["diff_replace"])
        .choices(&["line", "block", "config"])
        .default("line"),
        Arg::new(
            "update",
            ArgKind::Str,
            "As Junos says it: `override` and `update` are `replace: config`; `replace` puts the parts that are marked so in \
             place of those that are there, over NETCONF.",
        )
        .choices(&["merge", "override", "replace", "update"])
        .over_netconf(&["replace"])
        .default("merge"),
        Arg::new("running_config", ArgKind::Str, "Compare with this text instead of asking the device."),
        Arg::new("defaults", ArgKind::Bool, "Compare with the running configuration that shows all defaults.")
            .default("false"),
        Arg::new("diff_ignore_lines", ArgKind::List, "Regular expressions of lines that are not compared."),
        Arg::new(
            "verify_lines",
            ArgKind::Bool,
            "After lines were sent, read the configuration again and warn of those that the device does not show.",
        )
        .default("true"),
        Arg::new("diff_against", ArgKind::Str, "What `--diff` shows the configuration against.")
            .choices(&["running", "startup", "intended"])
            .default("running"),
        Arg::new("intended_config", ArgKind::Str, "The configuration for `diff_against: intended`."),
        Arg::new("multiline_delimiter", ArgKind::Str, "The character that ends a banner when it is typed."),
        Arg::new("backup", ArgKind::Bool, "Write the running configuration to a file here before anything changes.")
            .default("false"),
        Arg::new("backup_options", ArgKind::Dict, "`filename` and `dir_path` of the backup."),
        Arg::new("save_when", ArgKind::Str, "When to save the configuration for the next start.")
            .choices(&["always", "never", "modified", "changed"])
            .default("never"),
        Arg::new("commit", ArgKind::Bool, "False: a candidate is shown and thrown away.").default("true"),
        Arg::new("commit_comment", ArgKind::Str, "A comment that the device keeps with the commit.")
            .aliases(&["comment"]),
        Arg::new("label", ArgKind::Str, "A name that the device gives the commit."),
        Arg::new("commit_at", ArgKind::Str, "When the commit takes effect, as the device writes times: `22:30`."),
        Arg::new("check_commit", ArgKind::Bool, "The device checks the candidate, and it is thrown away.")
            .aliases(&["commit_check"])
            .default("false"),
        Arg::new(
            "confirm",
            ArgKind::Str,
            "As Junos and VyOS say it: the minutes in which the change must be confirmed, or `manual`.",
        ),
        Arg::new("confirm_timeout", ArgKind::Int, "The minutes of `confirm: manual`; 10 when left out."),
        Arg::new(
            "confirm_commit",
            ArgKind::Bool,
            "Keep the change that waits to be confirmed, and change nothing else.",
        )
        .default("false"),
        Arg::new("rollback", ArgKind::Int, "Load the configuration so many commits ago into the candidate."),
        Arg::new(
            "confirm_within",
            ArgKind::Str,
            "The device takes the change back by itself unless `cli_confirm` comes in this time: `90s`, `2m`, `1h`.",
        ),
    ],
    rules: &[
        Rule::OneOf(&["config", "lines", "src", "save_when", "rollback", "backup", "diff_against", "confirm_commit"]),
        Rule::Exclusive(&["config", "lines", "src", "rollback"]),
        Rule::Exclusive(&["config", "parents"]),
        Rule::Exclusive(&["src", "parents"]),
        Rule::Exclusive(&["confirm_commit", "config", "lines", "src", "rollback"]),
        Rule::Exclusive(&["confirm", "confirm_within"]),
        Rule::RequiredIf("diff_against", "intended", &["intended_config"]),
        Rule::OnPlatform(commit::check),
    ],
    free_form: None,
    any_args: false,
    needs: Needs::Cli,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context: Context<'_>| Box::pin(plan(context)),
};

pub(super) async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let Context { args, probe, platform, .. } = &context;
    let (platform, show) = configured(*platform)?;
    let commit = commit::commit(args, platform)?;
    let text = wanted::text(&context)?;
    if let Some(load) = load::of(args, platform, text.as_deref())? {
        return load::plan(&context, platform, show, load, commit).await;
    }
    let how = Comparison::of(args)?;
    let wanted = wanted::wanted(args, text, platform, how.is_whole)?;
    if args.flag("confirm_commit") {
        return commit::confirm_commit(args, platform);
    }
    let text = match args.text("running_config") {
        Some(text) => text.to_owned(),
        None if !needs_running(&context, &how) => String::new(),
        None if args.flag("defaults") => read_text(*probe, show_all(platform)?).await?,
        None => read_text(*probe, show).await?,
    };
    let running = parse(&text, &platform.text);
    let wanted = match args.text("match") {
        Some("none") => wanted,
        _ => secrets::settled(wanted, &running, &platform.text).await?,
    };
    let to_add = how.difference(&wanted, &running, &platform.text);
    let lines = lines_of(args, platform, &to_add)?;
    let changes = !lines.is_empty();
    if changes && commit.within.is_some() {
        within::check_needs(*probe, platform).await?;
    }
    let saves = saves(args, *probe, platform, (&running, changes)).await?;
    let is_held = changes && commit.within.is_some();
    let mut change = Change::nothing(Map::new())
        .field("commands", lines.clone())
        .field("updates", lines.clone())
        .field("confirm", within::pending(&commit, false, saves));
    // What is not confirmed yet is not saved: `cli_confirm` does it.
    let saves_now = saves && !is_held;
    change.changed = (changes && !commit.discard) || saves_now;
    if context.diff {
        let after = merge(running.clone(), &to_add, &platform.text);
        if changes {
            change.diff.push(TextDiff {
                before_header: "running-config".into(),
                after_header: "running-config with the lines".into(),
                before: print(&without(&running, &how.ignored)),
                after: print(&without(&after, &how.ignored)),
            });
        }
        against::add(&context, platform, &after, &how, &mut change).await?;
    }
    let backup = if args.flag("backup") { backup::backup(&context, &text)? } else { Vec::new() };
    let backups = backup.len();
    if let Some(path) = backup::path_of(&backup) {
        change.result.insert("backup_path", path);
    }
    change.actions.extend(backup);
    let save = platform.save.as_ref().filter(|_| saves_now);
    let holds_session = is_held && platform.confirm_within.as_ref().is_some_and(|confirm| confirm.holds_session);
    let stays = changes && !commit.discard && !holds_session;
    let expected = stays.then(|| Expected::of(args, platform, (wanted, running), how)).flatten();
    if changes {
        change.actions.push(configure(&lines, commit.clone()));
        let (at, reads) = (change.actions.len() - 1, expected.is_some());
        // Only what was taken is saved and looked at.
        change.then = Some(Box::new(move |outputs| match verify::are_taken(outputs.get(at)) {
            true => Ok(save.map(saving).into_iter().chain(reads.then(|| reading(show))).collect()),
            false => Ok(Vec::new()),
        }));
    } else {
        change.actions.extend(save.map(saving));
    }
    let sent = Sent {
        lines,
        backups,
        has_candidate: platform.commit.is_some(),
        shows: platform.commit.as_ref().is_some_and(|commit| commit.diff.is_some()),
        commit,
        saves: save.is_some(),
        save_later: saves && is_held,
        expected,
    };
    change.finish = Some(Box::new(move |outputs, result| answer::finish(outputs, result, &sent)));
    Ok(change)
}

/// Returns the platform of a host that has a configuration which takes lines, and the command that shows it.
fn configured(platform: Option<&'static Platform>) -> Result<(&'static Platform, &'static str), Failure> {
    let known = platform.filter(|platform| platform.config_level.is_some());
    known.and_then(|platform| Some((platform, platform.show_running.as_deref()?))).ok_or_else(|| {
        Failure::new(FailureKind::Argument, "the host's platform has no configuration that takes lines")
            .help("set `ansible_network_os` to a network platform")
    })
}

/// Says whether what runs is to be known: with `match: none` everything is sent, and only who wants to see, to keep or to
/// undo what runs has it read.
fn needs_running(context: &Context<'_>, how: &Comparison) -> bool {
    let Context { args, diff, .. } = context;
    args.text("match") != Some("none")
        || *diff
        || how.is_whole
        || args.flag("backup")
        || args.text("save_when") == Some("modified")
        || args.int("rollback").is_some()
}

/// Returns the lines to send; none when nothing is to be added.
fn lines_of(args: &Args, platform: &Platform, to_add: &[Section]) -> Result<Vec<String>, Failure> {
    let lines = match args.int("rollback") {
        Some(number) => vec![commit::rollback(platform, number)?],
        None => to_send(to_add, &platform.text, args.text("multiline_delimiter")),
    };
    Ok(match lines.is_empty() {
        true => lines,
        false => [args.texts("before"), lines, args.texts("after")].concat(),
    })
}

/// Says whether the configuration is to be saved: of what runs, and whether it changes.
async fn saves(
    args: &Args,
    probe: &dyn Probe,
    platform: &Platform,
    (running, changes): (&[Section], bool),
) -> Result<bool, Failure> {
    Ok(match args.text("save_when") {
        Some("always") => true,
        Some("changed") => changes,
        Some("modified") => changes || differs_from_startup(probe, platform, running).await?,
        _ => false,
    })
}

fn show_all(platform: &Platform) -> Result<&str, Failure> {
    platform.show_all.as_deref().ok_or_else(|| {
        Failure::new(FailureKind::Argument, format!("`{}` cannot show its configuration with defaults", platform.name))
    })
}

async fn differs_from_startup(probe: &dyn Probe, platform: &Platform, running: &[Section]) -> Result<bool, Failure> {
    match &platform.show_startup {
        // Nothing can be compared where nothing is kept apart: what runs is what starts.
        None => Ok(false),
        Some(show) => Ok(parse(&read_text(probe, show).await?, &platform.text) != running),
    }
}

#[cfg(test)]
mod tests;
