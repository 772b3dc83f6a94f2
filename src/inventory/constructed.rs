//! The plugin `constructed`: variables and groups out of what the sources before it say of hosts.
//!
//! `compose` sets variables to expressions, `groups` puts hosts into groups by conditions, `keyed_groups` makes groups out
//! of values. As in Ansible, what cannot be evaluated is passed over unless `strict` is set.

use super::builder::Builder;
use super::folders;
use super::{ALL, Inventory, inventory_of_sources};
use crate::failure::Failure;
use crate::source::{Diagnostic, SearchPath, Span};
use crate::template::Templar;
use crate::value::{Map, Value};
use crate::vars::{Layer, Origin, Scope, Var};
use crate::yaml::{Kind, Mapping, Node};
use std::sync::Arc;

/// The options that it takes.
pub(super) const OPTIONS: &[&str] =
    &["compose", "groups", "keyed_groups", "leading_separator", "strict", "use_extra_vars", "use_vars_plugins"];

/// Reads the configuration and goes through all hosts that there are so far.
pub(super) fn read(builder: &mut Builder<'_>, root: &Mapping) {
    let Some(config) = config(builder, root) else { return };
    let so_far = with_folders(builder, config.use_vars_plugins);
    // As in Ansible: what no source has put below `all` by name is put there later, and has none of its variables yet.
    let below_all = so_far.groups_under(ALL);
    let hosts: Vec<Arc<str>> = so_far.hosts.keys().cloned().collect();
    for host in hosts {
        let mut layers = so_far.layers_of(&host);
        let is_below_all = so_far.hosts[&host].groups.iter().any(|group| below_all.contains(group));
        layers.retain(|layer| is_below_all || !is_of_all(&layer.origin));
        let wrong = construct(builder, &config, &so_far, &host, layers);
        if let Err(wrong) = wrong {
            // One mistake of the configuration would come again for every host.
            return builder.found.push(*wrong);
        }
    }
}

fn is_of_all(origin: &Origin) -> bool {
    match origin {
        Origin::InventoryGroup(group) => &**group == ALL,
        other => *other == Origin::InventoryGroupVarsAll,
    }
}

/// Returns a name in which only letters, digits and `_` are left, and no digit first, as in Ansible.
fn safe(name: &str) -> String {
    let letter = |(at, c): (usize, char)| match c {
        '_' => '_',
        c if c.is_numeric() && at == 0 => '_',
        c if c.is_alphanumeric() => c,
        _ => '_',
    };
    name.chars().enumerate().map(letter).collect()
}

/// What is configured.
struct Config<'a> {
    compose: Vec<(&'a str, &'a Node)>,
    groups: Vec<(&'a str, &'a Node)>,
    keyed: Vec<Keyed<'a>>,
    leading_separator: bool,
    strict: bool,
    extra: Option<Arc<Layer>>,
    use_vars_plugins: bool,
}

/// An entry of `keyed_groups`.
struct Keyed<'a> {
    key: &'a Node,
    prefix: String,
    separator: String,
    parent: Option<&'a Node>,
    default: Option<String>,
    trailing_separator: Option<bool>,
    span: Span,
}

const KEYED: [&str; 6] = ["default_value", "key", "parent_group", "prefix", "separator", "trailing_separator"];

fn config<'a>(builder: &mut Builder<'_>, root: &'a Mapping) -> Option<Config<'a>> {
    let before = builder.found.has_errors();
    let mut flag = |name: &str, default: bool| match root.get(name).map(|node| (&node.kind, node.span)) {
        None | Some((Kind::Null, _)) => default,
        Some((Kind::Bool(said), _)) => *said,
        Some((_, span)) => {
            builder.found.push(Diagnostic::error("E0406", format!("`{name}` must be true or false")).at(span));
            default
        }
    };
    let (strict, leading) = (flag("strict", false), flag("leading_separator", true));
    let (use_extra, use_vars_plugins) = (flag("use_extra_vars", false), flag("use_vars_plugins", false));
    let mut config = Config {
        compose: named(builder, root, "compose"),
        groups: named(builder, root, "groups"),
        keyed: Vec::new(),
        leading_separator: leading,
        strict,
        extra: builder.options.extra.clone().filter(|_| use_extra),
        use_vars_plugins,
    };
    if let Some(list) = root.get("keyed_groups").filter(|node| !node.is_null()) {
        match list.as_seq() {
            Some(entries) => config.keyed.extend(entries.iter().filter_map(|entry| keyed(builder, entry))),
            None => builder.found.push(wrong_kind("keyed_groups", "a list", list)),
        }
    }
    (before || !builder.found.has_errors()).then_some(config)
}

fn wrong_kind(what: &str, wanted: &str, node: &Node) -> Diagnostic {
    Diagnostic::error("E0406", format!("`{what}` must be {wanted}, not a {}", node.kind_name())).at(node.span)
}

/// Returns the entries of an option that is a dictionary.
fn named<'a>(builder: &mut Builder<'_>, root: &'a Mapping, option: &str) -> Vec<(&'a str, &'a Node)> {
    let Some(node) = root.get(option).filter(|node| !node.is_null()) else { return Vec::new() };
    let Some(map) = node.as_map() else {
        builder.found.push(wrong_kind(option, "a dictionary", node));
        return Vec::new();
    };
    map.iter().filter_map(|(key, _, value)| Some((key.as_str()?, value))).collect()
}

fn keyed<'a>(builder: &mut Builder<'_>, entry: &'a Node) -> Option<Keyed<'a>> {
    let Some(map) = entry.as_map() else {
        builder.found.push(wrong_kind("keyed_groups", "a list of dictionaries", entry));
        return None;
    };
    for (key, key_node, _) in map.iter() {
        let name = key.to_string();
        if !KEYED.contains(&&*name) {
            let message = format!("an entry of `keyed_groups` has no `{name}`");
            let help = crate::source::did_you_mean(&name, KEYED);
            builder.found.push(Diagnostic::error("E0406", message).at(key_node.span).maybe_help(help));
        }
    }
    let Some(key) = map.get("key") else {
        builder.found.push(Diagnostic::error("E0406", "an entry of `keyed_groups` needs `key`").at(entry.span));
        return None;
    };
    let text = |name: &str| map.get(name).filter(|node| !node.is_null()).map(|node| node.to_value().to_text());
    let trailing = map.get("trailing_separator").map(|node| node.to_value().is_truthy());
    let default = text("default_value");
    if let (Some(_), Some(_), Some((key, _))) = (&default, trailing, map.entry("trailing_separator")) {
        let message = "`default_value` and `trailing_separator` exclude each other";
        builder.found.push(Diagnostic::error("E0406", message).at(key.span));
    }
    Some(Keyed {
        key,
        prefix: text("prefix").unwrap_or_default(),
        separator: text("separator").unwrap_or_else(|| "_".into()),
        parent: map.get("parent_group").filter(|node| !node.is_null()),
        default,
        trailing_separator: trailing,
        span: entry.span,
    })
}

/// Returns the inventory as it is, with the variables of `group_vars/` and `host_vars/` beside sources if they count.
fn with_folders(builder: &mut Builder<'_>, use_vars_plugins: bool) -> Inventory {
    let mut so_far = inventory_of_sources(&builder.inventory);
    if use_vars_plugins {
        folders::add(&mut so_far, &builder.folders, None, builder.sources, builder.found);
    }
    so_far
}

/// What a host's expressions may use.
struct HostScope {
    layers: Vec<Arc<Layer>>,
    /// Above all layers.
    own: Map,
    /// `use_extra_vars`
    extra: Option<Arc<Layer>>,
}

impl Scope for HostScope {
    fn var(&self, name: &str) -> Option<Var> {
        let extra = self.extra.as_ref().and_then(|layer| layer.vars.get(name)).cloned();
        let own = || self.own.get(name).map(|value| Var::Data(value.clone()));
        extra.or_else(own).or_else(|| self.layers.iter().rev().find_map(|layer| layer.vars.get(name).cloned()))
    }

    fn names(&self) -> Vec<Arc<str>> {
        let layers = self.layers.iter().chain(&self.extra).flat_map(|layer| layer.vars.keys().cloned());
        let mut names: Vec<Arc<str>> = layers.collect();
        names.extend(self.own.iter().filter_map(|(key, _)| key.as_str().map(Arc::from)));
        names.sort();
        names.dedup();
        names
    }

    fn host(&self, _: &str) -> Option<Arc<dyn Scope>> {
        None
    }

    fn hosts(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
}

/// Goes through the configuration for one host.
fn construct(
    builder: &mut Builder<'_>,
    config: &Config<'_>,
    so_far: &Inventory,
    host: &Arc<str>,
    layers: Vec<Arc<Layer>>,
) -> Result<(), Box<Diagnostic>> {
    let sources = builder.shared_sources();
    let mut own = Map::new();
    own.insert("inventory_hostname", Value::Str(Arc::clone(host)));
    own.insert("inventory_hostname_short", host.split('.').next().unwrap_or_default());
    own.insert("group_names", Value::list(so_far.groups_of(host).into_iter().map(Value::Str)));
    let templar = |own: &Map, extra: &Option<Arc<Layer>>| {
        let scope = HostScope { layers: layers.clone(), own: own.clone(), extra: extra.clone() };
        Templar::new(Arc::new(scope), SearchPath::default(), Arc::clone(&sources))
    };
    let passed_over = |failure: Failure, what: String, span: Span| -> Result<(), Box<Diagnostic>> {
        if !config.strict {
            return Ok(());
        }
        let message = format!("{what} for host `{host}`: {}", failure.message.expose());
        Err(Box::new(Diagnostic::error("E0407", message).at(failure.place.unwrap_or(span))))
    };
    // All of `compose` sees what the sources say, not each other.
    let composing = templar(&own, &config.extra);
    for (name, node) in &config.compose {
        match expression(&composing, node) {
            Ok(value) => {
                builder.set_host_data(host, name, value.clone());
                if !["inventory_hostname", "inventory_hostname_short", "group_names"].contains(name) {
                    own.insert(*name, value);
                }
            }
            Err(failure) => passed_over(failure, format!("cannot set `{name}`"), node.span)?,
        }
    }
    let grouping = templar(&own, &None);
    for (name, node) in &config.groups {
        match grouping.condition(node) {
            Ok(true) => {
                let group = builder.group(&safe(name));
                builder.host(host, &group, None);
            }
            Ok(false) => {}
            Err(failure) => passed_over(failure, format!("cannot decide on group `{name}`"), node.span)?,
        }
    }
    let keying = templar(&own, &config.extra);
    for entry in &config.keyed {
        let value = match expression(&keying, entry.key) {
            Ok(value) => value,
            Err(failure) => {
                passed_over(failure, "cannot make a group".into(), entry.key.span)?;
                continue;
            }
        };
        let Some(names) = group_names(config, entry, &value, host)? else { continue };
        let parent = match entry.parent.map(|node| grouping.node(node)).transpose() {
            Ok(parent) => parent.map(|value| value.to_text()).filter(|name| !name.is_empty()),
            Err(failure) => {
                passed_over(failure, "cannot make the parent of a group".into(), entry.span)?;
                continue;
            }
        };
        for name in names {
            let group = builder.group(&name);
            builder.host(host, &group, None);
            if let Some(parent) = &parent {
                let parent = builder.group(&safe(parent));
                builder.child(&parent, &group, entry.span);
            }
        }
    }
    Ok(())
}

/// Evaluates an expression: text alone is one.
fn expression(templar: &Templar, node: &Node) -> Result<Value, Failure> {
    match &node.kind {
        Kind::Str(text) => templar.expression_text(text, Some(node.span)),
        _ => Err(Failure::new(
            crate::failure::FailureKind::Template,
            format!("an expression is a text, not a {}", node.kind_name()),
        )),
    }
}

/// Returns the names of the groups that a value stands for; `None` when it stands for none.
fn group_names(
    config: &Config<'_>,
    entry: &Keyed<'_>,
    value: &Value,
    host: &str,
) -> Result<Option<Vec<String>>, Box<Diagnostic>> {
    let is_empty = |value: &Value| matches!(value, Value::Null) || value.as_str() == Some("");
    let default = entry.default.as_deref();
    let separator = entry.separator.as_str();
    let bare: Vec<String> = match value {
        value if is_empty(value) && default.is_some() => default.map(str::to_owned).into_iter().collect(),
        value if !value.is_truthy() => {
            let is_collection = matches!(value, Value::List(_) | Value::Map(_));
            if config.strict && !is_collection {
                let message = format!("the key of a group is empty for host `{host}`");
                return Err(Box::new(Diagnostic::error("E0407", message).at(entry.key.span)));
            }
            return Ok(None);
        }
        Value::Str(text) => vec![text.to_string()],
        Value::List(items) => items
            .iter()
            .map(|item| match default {
                Some(default) if is_empty(item) => default.to_owned(),
                _ => item.to_text(),
            })
            .collect(),
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| match (is_empty(value), default, entry.trailing_separator) {
                (true, Some(default), _) => format!("{key}{separator}{default}"),
                (true, None, Some(false)) => key.to_string(),
                _ => format!("{key}{separator}{}", value.to_text()),
            })
            .collect(),
        other => {
            let message = format!("the key of a group must be a text, a list or a dictionary, not a {}", other.kind());
            return Err(Box::new(Diagnostic::error("E0407", format!("{message} (host `{host}`)")).at(entry.key.span)));
        }
    };
    let between = if entry.prefix.is_empty() && !config.leading_separator { "" } else { separator };
    Ok(Some(bare.into_iter().map(|name| safe(&format!("{}{between}{name}", entry.prefix))).collect()))
}
