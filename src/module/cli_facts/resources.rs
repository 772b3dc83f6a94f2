//! `gather_network_resources`: what the resource modules of the platform read, as `ansible_network_resources`.

use super::{Context, Failure, FailureKind, Platform};
use crate::module::cli_config::read_text;
use crate::resource::{self, Form, Row};
use crate::value::{Map, Value};

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

/// Asks the device for the resources, and returns them by their names.
pub(super) async fn gather(context: &Context<'_>, platform: &Platform, written: &[String]) -> Result<Map, Failure> {
    let mut found = Map::new();
    if written.is_empty() {
        return Ok(found);
    }
    for (name, row) in wanted(platform, written)? {
        let definition = row.definition();
        let mut text = String::new();
        for command in &definition.show {
            text.push_str(&read_text(context.probe, command).await?);
            text.push('\n');
        }
        let tree = resource::read(definition, &text);
        let value = match definition.has_entries() {
            true => tree.get("config").cloned().unwrap_or_else(|| Value::list(Vec::<Value>::new())),
            false => Value::from(tree),
        };
        found.insert(name, value);
    }
    Ok(found)
}
