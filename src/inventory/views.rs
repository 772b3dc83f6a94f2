//! The inventory for people and programs: lists, graphs, and where a host's variables come from.

use super::{ALL, Inventory};
use crate::source::SourceMap;
use crate::value::Value;
use crate::vars::{Layer, Origin, Var};
use crate::yaml::{Kind, Node};
use serde_json::{Map, Value as Json, json};
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

/// Returns the inventory as `ansible-inventory --list` prints it.
pub fn list_json(inventory: &Inventory) -> Json {
    let mut out: BTreeMap<&str, Json> = BTreeMap::new();
    let names = inventory.groups_under(ALL);
    for name in &names {
        let Some(group) = inventory.groups.get(name) else { continue };
        let mut body = Map::new();
        let list = |names: &indexmap::IndexSet<Arc<str>>| Json::from_iter(names.iter().map(|name| &**name));
        if !group.children.is_empty() {
            body.insert("children".into(), list(&group.children));
        }
        if !group.hosts.is_empty() && &**name != ALL {
            body.insert("hosts".into(), list(&group.hosts));
        }
        if !body.is_empty() {
            out.insert(name, Json::Object(body));
        }
    }
    let mut hostvars: BTreeMap<Arc<str>, Json> = BTreeMap::new();
    for host in inventory.hosts_of(ALL) {
        let vars = vars_json(&inventory.layers_of(&host), Unsafe::Marked);
        if vars.as_object().is_some_and(|vars| !vars.is_empty()) {
            hostvars.insert(host, vars);
        }
    }
    out.insert("_meta", json!({ "hostvars": hostvars, "profile": "inventory_legacy" }));
    json!(out)
}

/// Returns a host's variables as `ansible-inventory --host` prints them; `None` when there is no such host.
pub fn host_json(inventory: &Inventory, host: &str) -> Option<Json> {
    let layers = inventory.layers_of(host);
    (!layers.is_empty() || inventory.hosts.contains_key(host)).then(|| vars_json(&layers, Unsafe::Plain))
}

/// What counts of several layers, as JSON.
fn vars_json(layers: &[Arc<Layer>], marks: Unsafe) -> Json {
    let json = |var: &Var| match var {
        Var::Author(node) => node_json(node, marks),
        Var::Data(value) => value.to_json(),
    };
    json!(flat(layers).into_iter().map(|(name, var)| (name, json(var))).collect::<BTreeMap<_, _>>())
}

/// Returns what counts of several layers, lowest first.
fn flat(layers: &[Arc<Layer>]) -> BTreeMap<&str, &Var> {
    layers.iter().flat_map(|layer| layer.vars.iter()).map(|(name, var)| (&**name, var)).collect()
}

/// Whether `!unsafe` text is told apart from other text: Ansible does so for all hosts (`--list`), not for one (`--host`).
#[derive(Clone, Copy)]
enum Unsafe {
    Marked,
    Plain,
}

/// Returns a node as JSON, nothing rendered; encrypted text is marked as Ansible marks it.
fn node_json(node: &Node, marks: Unsafe) -> Json {
    match (&node.kind, marks) {
        (Kind::Vault(text), _) => json!({ "__ansible_vault": &**text }),
        (Kind::Unsafe(text), Unsafe::Marked) => json!({ "__ansible_unsafe": &**text }),
        (Kind::Seq(items), _) => items.iter().map(|item| node_json(item, marks)).collect(),
        (Kind::Map(map), _) => {
            let keyed = map.iter().map(|(key, _, value)| match key.as_str() {
                Some(key) => (key.to_string(), node_json(value, marks)),
                None => (key_json(&key.to_value()), node_json(value, marks)),
            });
            json!(keyed.collect::<BTreeMap<_, _>>())
        }
        _ => node.to_value().to_json(),
    }
}

fn key_json(key: &Value) -> String {
    match key.to_json() {
        Json::String(text) => text,
        other => other.to_string(),
    }
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
        let mut vars: BTreeMap<&str, &Var> = group.vars.iter().map(|(name, var)| (&**name, var)).collect();
        vars.extend(group.layers.iter().flat_map(|folder| &folder.layer.vars).map(|(name, var)| (&**name, var)));
        let priority = Var::Data(Value::from(group.priority));
        if group.priority != 1 {
            vars.insert("ansible_group_priority", &priority);
        }
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
