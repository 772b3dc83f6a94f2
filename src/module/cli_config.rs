//! `cli_config` and the configuration modules of network collections: merges lines into a device's configuration.
//!
//! The flow: the running configuration is read, the lines wanted are looked for in it under their parents
//! (`text.rs`), and what is missing is sent with its parents, in the order written. Nothing is sent and nothing changes
//! when nothing is missing. What is not wanted stays: lines are merged, never replaced.
//!
//! Where a device keeps a candidate, it is committed as a whole or not at all; elsewhere each line acts at once, and a
//! failure says which lines are in.

use super::{
    Action, Alias, Arg, ArgKind, Args, Change, Cli, CliAnswer, CliLine, CliResponse, Context, Finished, Module, Needs,
    Output, Probe, Rule, TextDiff, Work,
};
use crate::configuration::{Section, merge, missing, parse, parse_lines, print, to_send};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::platform::{ConfigText, Platform, Save};
use crate::redact::Secret;
use crate::source::SearchPath;
use crate::value::Map;
use crate::yaml::has_template;

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
    ],
    summary: "Merges lines into the configuration of a network device.",
    args: &[
        Arg::new("config", ArgKind::Str, "The configuration wanted, with its sections indented."),
        Arg::new("lines", ArgKind::List, "The lines wanted in the section that `parents` names.")
            .aliases(&["commands"]),
        Arg::new("parents", ArgKind::List, "The lines that lead into the section, outermost first."),
        Arg::new("src", ArgKind::Path, "A file with the configuration wanted."),
        Arg::new("before", ArgKind::List, "Lines to send before, if anything is sent."),
        Arg::new("after", ArgKind::List, "Lines to send after, if anything is sent."),
        Arg::new("match", ArgKind::Str, "`none` sends all lines without comparing.")
            .aliases(&["diff_match"])
            .choices(&["line", "none"])
            .default("line"),
        Arg::new("save_when", ArgKind::Str, "When to save the configuration for the next start.")
            .choices(&["always", "never", "modified", "changed"])
            .default("never"),
    ],
    rules: &[
        Rule::OneOf(&["config", "lines", "src", "save_when"]),
        Rule::Exclusive(&["config", "lines", "src"]),
        Rule::Exclusive(&["config", "parents"]),
        Rule::Exclusive(&["src", "parents"]),
    ],
    free_form: None,
    any_args: false,
    needs: Needs::Cli,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context: Context<'_>| Box::pin(plan(context.args, context.files, context.probe, context.platform)),
};

async fn plan(
    args: &Args,
    files: &SearchPath,
    probe: &dyn Probe,
    platform: Option<&'static Platform>,
) -> Result<Change, Failure> {
    let known = platform.filter(|platform| platform.config_level.is_some());
    let Some((platform, show)) = known.and_then(|platform| Some((platform, platform.show_running.as_deref()?))) else {
        return Err(Failure::new(FailureKind::Argument, "the host's platform has no configuration that takes lines")
            .help("set `ansible_network_os` to a network platform"));
    };
    let wanted = wanted(args, files, &platform.text)?;
    let running_text = read(probe, show).await?;
    let running = parse(&running_text, &platform.text);
    let to_add = match args.text("match") {
        Some("none") => wanted.clone(),
        _ => missing(&wanted, &running, &platform.text),
    };
    let mut lines = to_send(&to_add, platform.text.style);
    if !lines.is_empty() {
        lines = [args.texts("before"), lines, args.texts("after")].concat();
    }
    let changes = !lines.is_empty();
    let saves = match args.text("save_when") {
        Some("always") => true,
        Some("changed") => changes,
        Some("modified") => changes || differs_from_startup(probe, platform, &running).await?,
        _ => false,
    };
    let mut change = Change::nothing(Map::new()).field("commands", lines.clone()).field("updates", lines.clone());
    change.changed = changes || saves;
    if changes {
        let after = merge(running.clone(), &to_add, &platform.text);
        change.diff.push(TextDiff {
            before_header: "running-config".into(),
            after_header: "running-config with the lines".into(),
            before: print(&running),
            after: print(&after),
        });
        change.actions.push(configure(&lines));
    }
    if let (true, Some(save)) = (saves, &platform.save) {
        change.actions.push(saving(save));
    }
    let has_candidate = platform.commit.is_some();
    change.finish = Some(Box::new(move |outputs, result| finish(outputs, result, &lines, has_candidate, saves)));
    Ok(change)
}

/// Returns what is wanted, as sections.
fn wanted(args: &Args, files: &SearchPath, text: &ConfigText) -> Result<Vec<Section>, Failure> {
    if let Some(config) = args.text("config") {
        return Ok(parse(config, text));
    }
    if let Some(src) = args.text("src") {
        return Ok(parse(&file(files, src)?, text));
    }
    Ok(parse_lines(&args.texts("parents"), &args.texts("lines"), text))
}

fn file(files: &SearchPath, name: &str) -> Result<String, Failure> {
    let fail = |message: String| Failure::new(FailureKind::File, message);
    let found = files.find("templates", name).or_else(|| files.find("files", name));
    let path = found.ok_or_else(|| fail(format!("cannot find `{name}`")))?;
    let text = std::fs::read_to_string(&path)
        .map_err(|error| fail(format!("cannot read `{name}`: {}", crate::source::plain_io_error(&error))))?;
    if has_template(&text) {
        return Err(Failure::new(FailureKind::Argument, format!("`{name}` is a template, and `src` is sent as it is"))
            .help(format!("write `config: \"{{{{ lookup('template', '{name}') }}}}\"`")));
    }
    Ok(text)
}

/// Reads a configuration.
async fn read(probe: &dyn Probe, command: &str) -> Result<String, Failure> {
    let cli = Cli { lines: vec![CliLine::new(command)], stop_on_error: true, ..Cli::default() };
    match probe.read(Action::on_host(Effect::Read, Work::Cli(cli))).await? {
        Output::Cli(mut responses) if responses.len() == 1 => {
            let response = responses.remove(0);
            match response.error {
                None => Ok(response.output),
                // A line of a configuration may look like an error text; a refusal is short.
                Some(_) if response.output.lines().count() > 5 => Ok(response.output),
                Some(error) => {
                    Err(Failure::new(FailureKind::Command, format!("the device refuses `{command}`: {error}"))
                        .help("rights may be missing: `become: true` with `become_method: enable`"))
                }
            }
        }
        _ => Err(Failure::new(FailureKind::Internal, "a network CLI was asked and something else answered")),
    }
}

async fn differs_from_startup(probe: &dyn Probe, platform: &Platform, running: &[Section]) -> Result<bool, Failure> {
    match &platform.show_startup {
        // Nothing can be compared where nothing is kept apart: what runs is what starts.
        None => Ok(false),
        Some(show) => Ok(parse(&read(probe, show).await?, &platform.text) != running),
    }
}

fn configure(lines: &[String]) -> Action {
    let lines = lines.iter().map(CliLine::new).collect();
    let cli = Cli { lines, level: Some("config".into()), stop_on_error: true, line_timeout: None };
    Action::on_host(Effect::Write, Work::Cli(cli))
}

fn saving(save: &Save) -> Action {
    let answer = |(question, answer): &(String, String)| CliAnswer {
        question: question.clone(),
        answer: Secret::new(answer.clone()),
    };
    let line = CliLine { expect: save.expect.iter().map(answer).collect(), ..CliLine::new(&save.send) };
    let cli = Cli { lines: vec![line], stop_on_error: true, ..Cli::default() };
    Action::on_host(Effect::Write, Work::Cli(cli))
}

/// Judges what the device answered.
fn finish(
    outputs: Vec<Output>,
    result: Map,
    lines: &[String],
    has_candidate: bool,
    saves: bool,
) -> Result<Finished, Failure> {
    let mut outputs = outputs.into_iter().map(|output| match output {
        Output::Cli(responses) => responses,
        _ => Vec::new(),
    });
    let mut changed = false;
    if !lines.is_empty() {
        let responses = outputs.next().unwrap_or_default();
        if let Some(at) = responses.iter().position(|response| response.error.is_some()) {
            return Err(refused(&responses, at, lines, has_candidate, result));
        }
        // A candidate that changes nothing is not committed: then no answer to the commit follows.
        changed = !has_candidate || responses.len() > lines.len() + 1;
    }
    if saves {
        let response = outputs.next().unwrap_or_default().into_iter().next().unwrap_or_default();
        if let Some(error) = response.error {
            let message = format!("the lines are in, but the configuration was not saved: {error}");
            return Err(Failure::new(FailureKind::Command, message).with_result(result));
        }
        changed = true;
    }
    Ok(Finished::new(result, changed))
}

fn refused(responses: &[CliResponse], at: usize, lines: &[String], has_candidate: bool, mut result: Map) -> Failure {
    let line = lines.get(at).unwrap_or(&responses[at].line);
    let error = responses[at].error.as_deref().unwrap_or_default();
    let (sent, unsent) = (lines.get(..at).unwrap_or(lines), lines.get(at + 1..).unwrap_or_default());
    let message = match has_candidate {
        true => format!("the device refuses `{line}`: {error}; nothing was committed"),
        false => format!(
            "the device refuses line {} of {}, `{line}`: {error}; {} are in, {} were not sent",
            at + 1,
            lines.len(),
            listed(sent),
            listed(unsent)
        ),
    };
    result.insert("failed_line", line.as_str());
    result.insert("applied", if has_candidate { Vec::new() } else { sent.to_vec() });
    result.insert("not_sent", unsent.to_vec());
    Failure::new(FailureKind::Command, message).with_result(result)
}

/// Returns lines for a message: the first few, and how many more.
fn listed(lines: &[String]) -> String {
    /// Arbitrary: what fits a line of a screen.
    const SHOWN: usize = 3;
    match lines {
        [] => "no lines".to_owned(),
        _ => {
            let shown: Vec<String> = lines.iter().take(SHOWN).map(|line| format!("`{line}`")).collect();
            let more = lines.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{more}", shown.join(", "))
        }
    }
}

#[cfg(test)]
mod tests;
