//! `gather_network_resources`: what the resource modules of the platform read, as `ansible_network_resources`.

use super::{CliResponse, Context, Failure, FailureKind, Platform, ask};
use crate::resource::{self, Definition, Form, Row};
use crate::value::{Map, Value};
use std::collections::HashMap;

/// Returns the resources of a platform, each with its name.
fn known(platform: &Platform) -> Vec<(&'static str, &'static Row)> {
    let name = |row: &'static Row| row.name.split_once('_').map_or(row.name, |(_, name)| name);
    let is_resource = |row: &&'static Row| matches!(row.definition().form, Form::List | Form::Dict);
    let of_platform = resource::TABLE.iter().filter(|row| row.platform == platform.name).filter(is_resource);
    of_platform.map(|row| (name(row), row)).collect()
}

/// Returns the names of the resources that can be gathered.
pub(super) fn names(platform: &Platform) -> Vec<&'static str> {
    known(platform).into_iter().map(|(name, _)| name).collect()
}

/// Returns those that are asked for: `all`, names, and `!` before one that is left out.
fn wanted(platform: &Platform, written: &[String]) -> Result<Vec<(&'static str, &'static Row)>, Failure> {
    let known = known(platform);
    let names = || known.iter().map(|(name, _)| *name);
    for word in written {
        let name = word.trim_start_matches('!');
        if name != "all" && !names().any(|known| known == name) {
            let message = format!("`gather_network_resources` knows no `{name}` of `{}`", platform.name);
            let help = crate::source::did_you_mean(name, names());
            let help = help.unwrap_or_else(|| format!("there are {}", names().collect::<Vec<_>>().join(", ")));
            return Err(Failure::new(FailureKind::Argument, message).help(help));
        }
    }
    let says = |word: &str| written.iter().any(|written| written == word);
    let only_left_out = written.iter().all(|word| word.starts_with('!'));
    let is_wanted =
        |name: &str| (says("all") || says(name) || only_left_out) && !says(&format!("!{name}")) && !says("!all");
    Ok(known.into_iter().filter(|(name, _)| is_wanted(name)).collect())
}

/// Asks the device for the resources, all at once, and returns them by their names. What a device refuses to show is not
/// there; a resource that is asked for by its name has to be.
pub(super) async fn gather(context: &Context<'_>, platform: &Platform, written: &[String]) -> Result<Map, Failure> {
    let mut found = Map::new();
    if written.is_empty() {
        return Ok(found);
    }
    let wanted = wanted(platform, written)?;
    let mut commands: Vec<&'static str> =
        wanted.iter().flat_map(|(_, row)| row.definition().show.iter().map(String::as_str)).collect();
    commands.sort_unstable();
    commands.dedup();
    let answers: HashMap<&str, CliResponse> =
        commands.iter().copied().zip(ask(context, commands.iter().copied()).await?).collect();
    for (name, row) in wanted {
        let definition = row.definition();
        let text = definition.show.iter().map(|command| shown(answers.get(command.as_str()), command));
        match text.collect::<Result<String, _>>() {
            Ok(text) => found.insert(name, entries(definition, &text)),
            Err(refused) if written.iter().any(|written| written == name) => return Err(refused),
            Err(_) => {}
        }
    }
    Ok(found)
}

fn entries(definition: &Definition, text: &str) -> Value {
    let tree = resource::read(definition, text);
    match definition.has_entries() {
        true => tree.get("config").cloned().unwrap_or_else(|| Value::list(Vec::<Value>::new())),
        false => Value::from(tree),
    }
}

/// Returns what a command showed, with a line end behind it.
fn shown(answer: Option<&CliResponse>, command: &str) -> Result<String, Failure> {
    match answer {
        // A line of a configuration may look like an error text; a refusal is short.
        Some(answer) if answer.error.is_none() || answer.output.lines().count() > 5 => {
            Ok(format!("{}\n", answer.output))
        }
        _ => Err(Failure::new(FailureKind::Command, format!("the device refuses `{command}`"))),
    }
}
