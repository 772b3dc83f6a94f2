//! The modules of resources (`ios_interfaces`, `eos_vlans`, `nxos_user`, …): one module for each row of the table of
//! resources, made of its definition.
//!
//! What is there is read, `resource` says which lines are missing and which are too many, and they are sent as
//! `cli_config` sends lines: with their sections, as a whole where the device has a candidate, and with an exact account of
//! what is in where it refuses one. Nothing is sent when nothing differs.
//!
//! Two ways to say it (`arguments.rs`): `config` with a `state` of seven, as the collections' resource modules have it, and
//! options with `aggregate` and `state: present | absent`, as their older modules have it.

mod any_platform;
mod arguments;
mod make;
mod shape;

pub(super) use any_platform::names as names_for_any_platform;
pub(super) use arguments::States;
pub(super) use make::{all, find};

use super::cli_config::{Sent, configure, finish_lines, read_text};
use super::{Action, Change, Cli, CliAnswer, CliLine, CliResponse, Context, Output, TextDiff, Work};
use crate::configuration::{merge, parse, print, to_send};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::redact::Secret;
use crate::resource::{self, Definition, Row};
use crate::value::{Map, Value};
use arguments::{What, Wish};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let row: &'static Row = resource::find(context.module.name)
        .ok_or_else(|| Failure::new(FailureKind::Internal, format!("no resource `{}`", context.module.name)))?;
    bring(&context, row).await
}

/// Works out what is to be sent for a resource.
pub(super) async fn bring(context: &Context<'_>, row: &'static Row) -> Result<Change, Failure> {
    let definition = row.definition();
    if let Some(other) = context.platform.filter(|platform| platform.name != definition.platform.name) {
        let message = format!("`{}` is for `{}`, and the host is `{}`", row.name, definition.platform.name, other.name);
        return Err(Failure::new(FailureKind::Argument, message));
    }
    let wish = Wish::of(definition, context.args)
        .map_err(|why| Failure::new(FailureKind::Argument, format!("argument of `{}`: {why}", row.name)))?;
    let state = match wish.what {
        What::Parse(text) => return Ok(Change::nothing(Map::new()).field("parsed", shown(definition, &text))),
        What::Gather => {
            let text = show(context, definition).await?;
            return Ok(Change::nothing(Map::new()).field("gathered", shown(definition, &text)));
        }
        What::Bring(state) => state,
    };
    if state == resource::State::Rendered {
        check_lines(definition, &wish.tree, &Map::new(), state)?;
        let lines = resource::commands(definition, &wish.tree, &Map::new(), state);
        let lines = to_send(&lines, &definition.platform.text, None);
        return Ok(Change::nothing(Map::new()).field("rendered", lines));
    }
    let text = show(context, definition).await?;
    let have = resource::read(definition, &text);
    check_lines(definition, &wish.tree, &have, state)?;
    if let Some(why) = resource::conflict(definition, &wish.tree, &have, state) {
        return Err(Failure::new(FailureKind::Argument, why)
            .help("`state: overridden` removes what is there; so does `state: purged`, where the module has it"));
    }
    let wanted = resource::commands(definition, &wish.tree, &have, state);
    let lines = to_send(&wanted, &definition.platform.text, None);
    let mut change = Change::nothing(Map::new())
        .field("before", entries(definition, &have))
        .field("commands", lines.clone())
        .field("updates", lines.clone());
    if lines.is_empty() {
        return Ok(change);
    }
    let running = parse(&text, &definition.platform.text);
    change.diff.push(TextDiff {
        before_header: "before".into(),
        after_header: "after".into(),
        before: print(&running),
        after: print(&merge(running.clone(), &wanted, &definition.platform.text)),
    });
    change.changed = true;
    change.actions.push(configuring(&lines, definition));
    // What is there afterwards is read from the device, not thought out.
    change.actions.push(reading(definition));
    let sent = Sent::all(lines, definition.platform);
    change.finish = Some(Box::new(move |mut outputs, result| {
        let after = if outputs.len() > 1 { outputs.pop() } else { None };
        let mut finished = finish_lines(outputs, result, &sent)?;
        if let Some(Output::Cli(responses)) = after {
            let text = joined(responses.into_iter().filter(|response| response.error.is_none()));
            finished.result.insert("after", shown(definition, &text));
        }
        Ok(finished)
    }));
    Ok(change)
}

/// Refuses what would be left out without a word: a value that no line shows.
fn check_lines(definition: &Definition, want: &Map, have: &Map, state: resource::State) -> Result<(), Failure> {
    if matches!(state, resource::State::Deleted | resource::State::Purged) {
        return Ok(());
    }
    match resource::unwritten(definition, want, have, state) {
        None => Ok(()),
        Some(place) => {
            let message = format!("`{place}` would have no effect: no line of the configuration says it");
            Err(Failure::new(FailureKind::Argument, message)
                .help("something that it goes with is missing, or something else is said in its place"))
        }
    }
}

/// Returns what a text has, as results show it.
fn shown(definition: &Definition, text: &str) -> Value {
    entries(definition, &resource::read(definition, text))
}

fn entries(definition: &Definition, map: &Map) -> Value {
    match (definition.has_entries(), map.get("config")) {
        (true, Some(entries)) => entries.clone(),
        (true, None) => Value::list(Vec::<Value>::new()),
        (false, _) => Value::from(map.clone()),
    }
}

/// Asks the device what is there.
async fn show(context: &Context<'_>, definition: &Definition) -> Result<String, Failure> {
    let mut text = String::new();
    for command in &definition.show {
        text.push_str(&read_text(context.probe, command).await?);
        text.push('\n');
    }
    Ok(text)
}

/// Makes the action that types the lines, with the answers to what the device may ask.
fn configuring(lines: &[String], definition: &Definition) -> Action {
    let mut action = configure(lines, super::Commit::default());
    if let Work::Cli(cli) = &mut action.work {
        let answer = |(question, answer): &(String, String)| CliAnswer {
            question: question.clone(),
            answer: Secret::new(answer.clone()),
        };
        for line in &mut cli.lines {
            line.expect = definition.asks.iter().map(answer).collect();
        }
    }
    action
}

fn reading(definition: &Definition) -> Action {
    let lines = definition.show.iter().map(CliLine::new).collect();
    Action::on_host(Effect::Read, Work::Cli(Cli { lines, ..Cli::default() }))
}

fn joined(responses: impl Iterator<Item = CliResponse>) -> String {
    responses.map(|response| response.output + "\n").collect()
}

#[cfg(test)]
mod tests;
