//! The inventory for people: graphs, and where a host's variables come from.

use super::listing::{flat, group_vars};
use super::{ALL, Inventory};
use crate::source::SourceMap;
use crate::value::Value;
use crate::vars::{Origin, Var};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most lines of a graph. Arbitrary: groups inside each other in many ways could make it endless.
const MAX_GRAPH_LINES: usize = 1_000_000;

/// A variable of a host: its value, where that comes from, and what it covers.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableReport {
    /// The name.
    pub name: Arc<str>,
    /// The value as written, nothing rendered. It may hold secrets: redact it before showing.
    pub value: Value,
    /// The level that it comes from.
    pub origin: Origin,
    /// `file:line:column`, for what an author wrote.
    pub place: Option<String>,
    /// What it covers, the nearest first.
    pub shadowed: Vec<Shadowed>,
}

/// A value of lower precedence that does not count.
#[derive(Clone, Debug, PartialEq)]
pub struct Shadowed {
    /// The level that it comes from.
    pub origin: Origin,
    /// `file:line:column`, for what an author wrote.
    pub place: Option<String>,
}

/// Returns every variable of a host, sorted by name; `None` when there is no such host.
pub fn host_report(inventory: &Inventory, host: &str, sources: &SourceMap) -> Option<Vec<VariableReport>> {
    let layers = inventory.layers_of(host);
    if layers.is_empty() && !inventory.hosts.contains_key(host) {
        return None;
    }
    let mut held: BTreeMap<Arc<str>, Vec<(&Origin, &Var)>> = BTreeMap::new();
    for layer in layers.iter().rev() {
        for (name, var) in &layer.vars {
            held.entry(Arc::clone(name)).or_default().push((&layer.origin, var));
        }
    }
    let place = |var: &Var| match var {
        Var::Author(node) => Some(sources.place(node.span)),
        Var::Data(_) => None,
    };
    let report = |(name, found): (Arc<str>, Vec<(&Origin, &Var)>)| {
        let ((origin, var), covered) = found.split_first()?;
        let value = match var {
            Var::Author(node) => node.to_value(),
            Var::Data(value) => value.clone(),
        };
        let shadowed =
            covered.iter().map(|(origin, var)| Shadowed { origin: (*origin).clone(), place: place(var) }).collect();
        Some(VariableReport { name, value, origin: (*origin).clone(), place: place(var), shadowed })
    };
    Some(held.into_iter().filter_map(report).collect())
}

/// Returns groups and hosts as a tree from `group` down, as `ansible-inventory --graph` draws it, with variables where
/// wanted. `None` when there is no such group.
pub fn graph_text(inventory: &Inventory, group: &str, with_vars: bool) -> Option<String> {
    let (start, _) = inventory.groups.get_key_value(group)?;
    let mut lines: Vec<String> = Vec::new();
    let mut todo = vec![Line::Group(start, 0)];
    // The lines of a group come after its children's: what is still to be drawn is a stack.
    while let Some(next) = todo.pop() {
        if lines.len() >= MAX_GRAPH_LINES {
            lines.push("…".into());
            break;
        }
        match next {
            Line::Text(text) => lines.push(text),
            Line::Group(name, depth) => {
                lines.push(indented(&format!("@{name}:"), depth));
                let below = below(inventory, name, depth + 1, with_vars);
                todo.extend(below.into_iter().rev());
            }
        }
    }
    Some(lines.join("\n"))
}

/// What is still to be drawn.
enum Line<'a> {
    Group(&'a Arc<str>, usize),
    Text(String),
}

/// Returns what stands below a group: children, hosts (those of `all` are in `ungrouped`), variables.
fn below<'a>(inventory: &'a Inventory, name: &str, depth: usize, with_vars: bool) -> Vec<Line<'a>> {
    let Some(group) = inventory.groups.get(name) else { return Vec::new() };
    let mut lines: Vec<Line<'a>> = group.children.iter().map(|child| Line::Group(child, depth)).collect();
    if name != ALL {
        for host in &group.hosts {
            lines.push(Line::Text(indented(host, depth)));
            if with_vars {
                lines.extend(variables(flat(&inventory.layers_of(host)), depth + 1));
            }
        }
    }
    if with_vars {
        let own = group_vars(group);
        let vars = own.iter().map(|(name, var)| (*name, var)).collect();
        lines.extend(variables(vars, depth));
    }
    lines
}

fn variables<'a>(vars: BTreeMap<&str, &Var>, depth: usize) -> Vec<Line<'a>> {
    let text = |var: &Var| match var {
        Var::Author(node) => node.to_value().to_text(),
        Var::Data(value) => value.to_text(),
    };
    vars.into_iter().map(|(name, var)| Line::Text(indented(&format!("{{{name} = {}}}", text(var)), depth))).collect()
}

fn indented(name: &str, depth: usize) -> String {
    if depth == 0 { name.into() } else { format!("{}--{name}", "  |".repeat(depth)) }
}
