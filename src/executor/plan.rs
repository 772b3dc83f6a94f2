//! Which hosts and which tasks a play has, and in which batches: everything that is known before it begins.

use super::world::is_localhost;
use super::{Context, facts, shard};
use crate::graph::keep_tagged;
use crate::inventory::Inventory;
use crate::playbook::{Item, Play};
use crate::source::{Diagnostic, Diagnostics};
use crate::value::Value;
use crate::yaml::Node;
use std::sync::Arc;

/// A play with its hosts.
pub struct Planned {
    /// The play.
    pub play: Arc<Play>,
    /// Its items after tags.
    pub sections: Vec<Vec<Item>>,
    /// Its hosts, in the order in which they go.
    pub hosts: Vec<Arc<str>>,
    /// Its hosts on all shards.
    pub unsharded: Vec<Arc<str>>,
    /// How many hosts go at a time.
    pub batches: Vec<usize>,
}

/// Returns what a play is called: its name, or its hosts.
pub fn play_name(play: &Play) -> String {
    play.name.as_ref().unwrap_or(&play.hosts).to_value().to_text()
}

/// Returns a play with its hosts and the tasks that tags leave.
pub fn plan(context: &Context, play: &Arc<Play>, found: &mut Diagnostics) -> Planned {
    let unsharded = hosts(context, play, found);
    let mut hosts = unsharded.clone();
    if let Some(shard) = context.settings.shard {
        hosts.retain(|host| shard::holds(shard, host));
    }
    let tags = &context.settings.tags;
    let mut sections: Vec<Vec<Item>> = play.sections.iter().map(|section| keep_tagged(section, tags)).collect();
    if let (Some(task), Some(first)) = (facts::gathering(context, play, found), sections.first_mut()) {
        first.splice(0..0, keep_tagged(&[Item::Task(task)], tags));
    }
    let batches = serial(context, play, hosts.len(), found);
    Planned { play: Arc::clone(play), sections, hosts, unsharded, batches }
}

/// Returns hosts of the play that were not there when it was planned: tasks of its earlier batches have added them.
pub(super) fn newcomers(context: &Context, planned: &Planned, known: &[Arc<str>]) -> Vec<Arc<str>> {
    // What is wrong with the pattern was said when the play was planned.
    let mut came = hosts(context, &planned.play, &mut Diagnostics::new());
    let is_ours = |host: &Arc<str>| context.settings.shard.is_none_or(|shard| shard::holds(shard, host));
    came.retain(|host| !known.contains(host) && is_ours(host));
    came
}

/// Returns the text of something that must be known before there is a host.
pub(super) fn early(context: &Context, play: &Play, node: &Node, found: &mut Diagnostics) -> Option<Value> {
    let files = crate::source::SearchPath { role: None, task_dir: play.dir.clone(), playbook_dir: play.dir.clone() };
    context.loader.early_value(node, &files, &play.vars, found)
}

fn hosts(context: &Context, play: &Play, found: &mut Diagnostics) -> Vec<Arc<str>> {
    let inventory = context.world.inventory();
    let Some(value) = early(context, play, &play.hosts, found) else { return Vec::new() };
    let pattern = match &value {
        Value::List(parts) => parts.iter().map(Value::to_text).collect::<Vec<_>>().join(","),
        other => other.to_text(),
    };
    let mut selected = match select(&inventory, &pattern) {
        Ok(hosts) => hosts,
        Err(message) => {
            found.push(Diagnostic::error("E0500", message).at(play.hosts.span));
            return Vec::new();
        }
    };
    if selected.is_empty() && pattern.split([',', ':']).any(|part| is_localhost(part.trim())) {
        selected = vec!["localhost".into()];
    }
    if let Some(limit) = &context.settings.limit {
        match inventory.limit(&selected, limit) {
            Ok(kept) => selected = kept.hosts,
            Err(error) => found.push(Diagnostic::error("E0501", format!("--limit {limit}: {error}"))),
        }
    }
    order(context, selected, play, found)
}

fn select(inventory: &Inventory, pattern: &str) -> Result<Vec<Arc<str>>, String> {
    inventory.select(pattern).map_err(|error| error.to_string())
}

fn order(context: &Context, mut hosts: Vec<Arc<str>>, play: &Play, found: &mut Diagnostics) -> Vec<Arc<str>> {
    let Some(node) = &play.order else { return hosts };
    let Some(order) = early(context, play, node, found) else { return hosts };
    match &*order.to_text() {
        "inventory" => {}
        "reverse_inventory" => hosts.reverse(),
        "sorted" => hosts.sort(),
        "reverse_sorted" => {
            hosts.sort();
            hosts.reverse();
        }
        "shuffle" => {
            // Any order will do; the order of hashes with a fresh key is one.
            let key = std::collections::hash_map::RandomState::new();
            hosts.sort_by_key(|host| std::hash::BuildHasher::hash_one(&key, host));
        }
        other => found.push(
            Diagnostic::error("E0617", format!("no order `{other}`"))
                .at(node.span)
                .help("there are inventory, reverse_inventory, sorted, reverse_sorted and shuffle"),
        ),
    }
    hosts
}

/// Returns the sizes of batches; one of all hosts when nobody says.
fn serial(context: &Context, play: &Play, hosts: usize, found: &mut Diagnostics) -> Vec<usize> {
    let mut sizes = Vec::new();
    for node in &play.serial {
        let Some(value) = early(context, play, node, found) else { continue };
        let values = match &value {
            Value::List(values) => values.to_vec(),
            other => vec![other.clone()],
        };
        for value in values {
            let text = value.to_text();
            let size = match text.strip_suffix('%') {
                Some(percent) => {
                    percent.trim().parse::<f64>().ok().map(|p| ((p / 100.0 * hosts as f64) as usize).max(1))
                }
                None => text.trim().parse::<usize>().ok().map(|n| if n == 0 { hosts } else { n }),
            };
            match size {
                Some(size) => sizes.push(size),
                None => found.push(
                    Diagnostic::error("E0606", format!("`serial` takes numbers and percentages, not `{text}`"))
                        .at(node.span),
                ),
            }
        }
    }
    if sizes.is_empty() { vec![hosts] } else { sizes }
}

pub(super) fn batches(hosts: &[Arc<str>], sizes: &[usize]) -> Vec<Vec<Arc<str>>> {
    let mut batches = Vec::new();
    let mut rest = hosts;
    let mut index = 0;
    while !rest.is_empty() {
        let size = sizes.get(index).or(sizes.last()).copied().unwrap_or(rest.len()).clamp(1, rest.len());
        let (batch, after) = rest.split_at(size);
        batches.push(batch.to_vec());
        rest = after;
        index += 1;
    }
    batches
}
