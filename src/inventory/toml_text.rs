//! The inventory as `ansible-inventory --list --toml` lists it: a table a group, each host with its variables once.

use super::listing::Listing;
use super::{ALL, Group};
use crate::value::{Map, Value};
use std::collections::HashSet;
use std::sync::Arc;

/// The group of hosts that are in no other.
const UNGROUPED: &str = "ungrouped";

impl Listing<'_> {
    /// Returns the listing as TOML, or what cannot be said in it.
    pub fn toml(&self) -> Result<String, String> {
        let mut groups = Map::new();
        if let Some(all) = self.inventory.groups.get(ALL) {
            let has_ungrouped = self.inventory.groups.get(UNGROUPED).is_some_and(|group| !group.hosts.is_empty());
            self.add_group(ALL, all, has_ungrouped, &mut Seen::default(), &mut groups);
        }
        let text = ::toml::to_string(&table(&groups, "")?);
        text.map_err(|error| format!("the inventory cannot be written as TOML: {error}"))
    }

    fn add_group(&self, called: &str, group: &Group, has_ungrouped: bool, seen: &mut Seen, out: &mut Map) {
        let (mut children, mut hosts) = (Vec::new(), Map::new());
        let mut below = Map::new();
        for name in &group.children {
            if &**name == UNGROUPED && !has_ungrouped {
                continue;
            }
            children.push(Value::from(&**name));
            if let (true, Some(child)) = (seen.groups.insert(Arc::clone(name)), self.inventory.groups.get(name)) {
                self.add_group(name, child, has_ungrouped, seen, &mut below);
            }
        }
        let is_all = called == ALL;
        for host in group.hosts.iter().filter(|host| !is_all && self.has(host)) {
            let vars = match seen.hosts.insert(Arc::clone(host)) {
                true => self.vars_of_host(host),
                false => Value::from(Map::new()),
            };
            hosts.insert(&**host, vars);
        }
        let children = if is_all { Vec::new() } else { children };
        let vars = if self.export { self.vars_of_group(group) } else { Map::new().into() };
        let mut body = Map::new();
        for (name, part) in [("children", Value::list(children)), ("hosts", hosts.into()), ("vars", vars)] {
            if part.is_truthy() {
                body.insert(name, part);
            }
        }
        if !body.is_empty() {
            out.insert(called, Value::from(body));
        }
        below.iter().for_each(|(name, body)| out.insert(name.clone(), body.clone()));
    }
}

/// What has been told already.
#[derive(Default)]
struct Seen {
    groups: HashSet<Arc<str>>,
    hosts: HashSet<Arc<str>>,
}

fn table(map: &Map, path: &str) -> Result<::toml::Table, String> {
    let mut table = ::toml::Table::new();
    for (key, value) in map.iter() {
        let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
        table.insert(key.to_string(), toml_value(value, &path)?);
    }
    Ok(table)
}

fn toml_value(value: &Value, path: &str) -> Result<::toml::Value, String> {
    use ::toml::Value as Toml;
    Ok(match value {
        Value::Bool(flag) => Toml::Boolean(*flag),
        Value::Int(number) => {
            Toml::Integer(i64::try_from(*number).map_err(|_| format!("TOML has no numbers as large as `{path}`"))?)
        }
        Value::Float(number) => Toml::Float(*number),
        Value::Str(text) => Toml::String(text.to_string()),
        Value::Moment(moment) => {
            let text = moment.iso("T");
            text.parse().map_or_else(|_| Toml::String(text.clone()), Toml::Datetime)
        }
        Value::List(items) => Toml::Array(items.iter().map(|item| toml_value(item, path)).collect::<Result<_, _>>()?),
        Value::Map(map) => Toml::Table(table(map, path)?),
        Value::Null | Value::Omit => return Err(format!("TOML has no null, and `{path}` is one")),
    })
}
