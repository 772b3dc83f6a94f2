//! The inventory as `ansible-inventory` lists it, as JSON or YAML.
//!
//! Groups are walked from `all` down. What counts of variables is flat for each host, unless the listing is for export:
//! then each group and host has its own only, so that what is written means the same when it is read again.

use super::{ALL, Group, Inventory};
use crate::value::Value;
use crate::vars::{Layer, Var};
use crate::yaml::{Kind, Node};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// What is listed, and how.
pub struct Listing<'a> {
    /// The inventory.
    pub inventory: &'a Inventory,
    /// `-e`: variables of every host, above all others.
    pub extra: Option<Arc<Layer>>,
    /// Each group and host has its own variables only.
    pub export: bool,
    /// Only these hosts (`--limit`).
    pub only: Option<HashSet<Arc<str>>>,
}

impl<'a> Listing<'a> {
    /// Makes a listing of everything.
    pub fn of(inventory: &'a Inventory) -> Listing<'a> {
        Listing { inventory, extra: None, export: false, only: None }
    }

    pub(super) fn has(&self, host: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(host))
    }

    /// Returns what counts of a host's variables, lowest first.
    fn layers(&self, host: &str) -> Vec<Arc<Layer>> {
        let mut layers = self.inventory.layers_of(host);
        if self.export {
            layers.retain(|layer| is_of_host(layer));
        } else {
            layers.extend(self.extra.clone());
        }
        layers
    }

    fn host_vars(&self, host: &str, marks: Unsafe) -> Map<String, Json> {
        flat(&self.layers(host)).into_iter().map(|(name, var)| (name.to_owned(), var_json(var, marks))).collect()
    }

    /// Returns what counts for a host, as data.
    pub(super) fn vars_of_host(&self, host: &str) -> Value {
        Value::from(Json::Object(self.host_vars(host, Unsafe::Plain)))
    }

    /// Returns what a group itself has, as data.
    pub(super) fn vars_of_group(&self, group: &Group) -> Value {
        Value::from(Json::Object(self.group_vars(group, Unsafe::Plain)))
    }

    fn group_vars(&self, group: &Group, marks: Unsafe) -> Map<String, Json> {
        let vars = group_vars(group);
        vars.into_iter().map(|(name, var)| (name.to_owned(), var_json(&var, marks))).collect()
    }

    /// Returns the listing as `--list` prints it.
    pub fn json(&self) -> Json {
        let mut out: BTreeMap<&str, Json> = BTreeMap::new();
        let names = self.inventory.groups_under(ALL);
        for name in &names {
            let Some(group) = self.inventory.groups.get(name) else { continue };
            let mut body = Map::new();
            let children: Vec<&str> = group.children.iter().map(|name| &**name).collect();
            put(&mut body, "children", json!(children));
            if &**name != ALL {
                let hosts: Vec<&str> = group.hosts.iter().map(|name| &**name).filter(|host| self.has(host)).collect();
                put(&mut body, "hosts", json!(hosts));
            }
            if self.export {
                put(&mut body, "vars", json!(self.group_vars(group, Unsafe::Marked)));
            }
            if !body.is_empty() {
                out.insert(name, Json::Object(body));
            }
        }
        let mut hostvars: BTreeMap<Arc<str>, Json> = BTreeMap::new();
        for host in self.inventory.hosts_of(ALL).into_iter().filter(|host| self.has(host)) {
            let vars = self.host_vars(&host, Unsafe::Marked);
            if !vars.is_empty() {
                hostvars.insert(host, json!(vars));
            }
        }
        out.insert("_meta", json!({ "hostvars": hostvars, "profile": "inventory_legacy" }));
        json!(out)
    }

    /// Returns a host's variables as `--host` prints them; `None` when there is no such host.
    pub fn host(&self, host: &str) -> Option<Json> {
        let layers = self.layers(host);
        let is_known = !layers.is_empty() || self.inventory.hosts.contains_key(host);
        is_known.then(|| json!(self.host_vars(host, Unsafe::Plain)))
    }

    /// Returns the listing as `--list --yaml` prints it, as data: groups inside each other.
    pub fn nested(&self) -> Value {
        let mut seen = Seen::default();
        let mut out = crate::value::Map::new();
        if let Some(body) = self.nested_group(ALL, &mut seen, 0) {
            out.insert(ALL, body);
        }
        out.into()
    }

    fn nested_group(&self, name: &str, seen: &mut Seen, depth: usize) -> Option<Value> {
        let group = self.inventory.groups.get(name).filter(|_| depth <= MAX_DEPTH)?;
        let mut children = crate::value::Map::new();
        for child in &group.children {
            if !seen.groups.contains(child) {
                let body = self.nested_group(child, seen, depth + 1);
                seen.groups.insert(Arc::clone(child));
                if let Some(body) = body {
                    children.insert(&**child, body);
                }
            } else {
                children.insert(&**child, crate::value::Map::new());
            }
        }
        let mut hosts = crate::value::Map::new();
        for host in group.hosts.iter().filter(|host| name != ALL && self.has(host)) {
            let vars = match seen.hosts.insert(Arc::clone(host)) {
                true => Value::from(Json::Object(self.host_vars(host, Unsafe::Plain))),
                false => Value::from(crate::value::Map::new()),
            };
            hosts.insert(&**host, vars);
        }
        let mut body = crate::value::Map::new();
        let vars = if self.export { self.group_vars(group, Unsafe::Plain) } else { Map::new() };
        let vars = Value::from(Json::Object(vars));
        for (name, part) in [("children", Value::from(children)), ("hosts", Value::from(hosts)), ("vars", vars)] {
            if part.is_truthy() {
                body.insert(name, part);
            }
        }
        (!body.is_empty()).then(|| body.into())
    }
}

/// How deep groups are followed into each other. Arbitrary; sources have a limit of their own.
const MAX_DEPTH: usize = 200;

/// What has been told in full already.
#[derive(Default)]
struct Seen {
    groups: HashSet<Arc<str>>,
    hosts: HashSet<Arc<str>>,
}

/// Puts a part that is not empty.
fn put(body: &mut Map<String, Json>, name: &str, part: Json) {
    let is_empty = match &part {
        Json::Array(items) => items.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        _ => false,
    };
    if !is_empty {
        body.insert(name.to_owned(), part);
    }
}

/// Claims that a layer is of the host itself, not of its groups.
fn is_of_host(layer: &Layer) -> bool {
    use crate::vars::Origin;
    matches!(layer.origin, Origin::InventoryHost | Origin::InventoryHostVars | Origin::PlaybookHostVars)
}

/// Returns what a group itself has: in sources and in `group_vars/`, and its priority.
pub(super) fn group_vars(group: &Group) -> BTreeMap<&str, Var> {
    let mut vars: BTreeMap<&str, Var> = group.vars.iter().map(|(name, var)| (&**name, var.clone())).collect();
    let folders = group.layers.iter().flat_map(|folder| &folder.layer.vars);
    vars.extend(folders.map(|(name, var)| (&**name, var.clone())));
    if group.priority != 1 {
        vars.insert("ansible_group_priority", Var::Data(Value::from(group.priority)));
    }
    vars
}

/// Returns what counts of several layers, lowest first.
pub(super) fn flat(layers: &[Arc<Layer>]) -> BTreeMap<&str, &Var> {
    layers.iter().flat_map(|layer| layer.vars.iter()).map(|(name, var)| (&**name, var)).collect()
}

/// Whether `!unsafe` text is told apart from other text: Ansible does so for all hosts (`--list`), not for one (`--host`).
#[derive(Clone, Copy)]
enum Unsafe {
    Marked,
    Plain,
}

fn var_json(var: &Var, marks: Unsafe) -> Json {
    match var {
        Var::Author(node) => node_json(node, marks),
        Var::Data(value) => value.to_json(),
    }
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
