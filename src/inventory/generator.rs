//! The plugin `generator`: hosts and their groups out of every combination of some values.

use super::builder::Builder;
use crate::failure::Failure;
use crate::source::{Diagnostic, SearchPath, Span};
use crate::template::Templar;
use crate::value::{Map, Value};
use crate::vars::{Scope, Var};
use crate::yaml::{Kind, Mapping, Node};
use std::sync::Arc;

/// The most hosts that are made. Arbitrary, and far above what one run can reach.
const MAX_HOSTS: usize = 100_000;

/// How deep parents may stand above each other.
const MAX_DEPTH: usize = 50;

/// Nothing but what a combination gives.
pub(super) struct Nothing;

impl Scope for Nothing {
    fn var(&self, _: &str) -> Option<Var> {
        None
    }

    fn names(&self) -> Vec<Arc<str>> {
        Vec::new()
    }

    fn host(&self, _: &str) -> Option<Arc<dyn Scope>> {
        None
    }

    fn hosts(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
}

/// Reads the configuration and makes the hosts.
pub(super) fn read(builder: &mut Builder<'_>, root: &Mapping) {
    let Some((layers, hosts)) = parts(builder, root) else { return };
    let count = layers.iter().try_fold(1usize, |count, (_, values)| count.checked_mul(values.len()));
    if count.is_none_or(|count| count > MAX_HOSTS) {
        let message = format!("the layers have more than {MAX_HOSTS} combinations");
        return builder.found.push(Diagnostic::error("E0406", message).at(hosts.span));
    }
    let plain = Templar::new(Arc::new(Nothing), SearchPath::default(), builder.shared_sources());
    let mut at = vec![0usize; layers.len()];
    for _ in 0..count.unwrap_or(0) {
        let values: Map = layers.iter().zip(&at).map(|((name, values), at)| (*name, values[*at].to_value())).collect();
        let templar = plain.with(values);
        if let Err(wrong) = host(builder, &templar, hosts.map) {
            // The same would be wrong with every host.
            return builder.found.push(*wrong);
        }
        for (at, (_, values)) in at.iter_mut().zip(&layers).rev() {
            *at += 1;
            if *at < values.len() {
                break;
            }
            *at = 0;
        }
    }
}

/// The entry `hosts`.
struct Hosts<'a> {
    map: &'a Mapping,
    span: Span,
}

type Layers<'a> = Vec<(&'a str, &'a [Node])>;

fn parts<'a>(builder: &mut Builder<'_>, root: &'a Mapping) -> Option<(Layers<'a>, Hosts<'a>)> {
    let mut dictionary = |name: &str| -> Option<(&'a Mapping, Span)> {
        let node = root.get(name);
        let map = node.and_then(Node::as_map);
        if map.is_none() {
            let wrong =
                Diagnostic::error("E0406", format!("the inventory plugin `generator` needs the dictionary `{name}`"));
            builder.found.push(match node {
                Some(node) => wrong.at(node.span),
                None => match root.entry("plugin") {
                    Some((key, _)) => wrong.at(key.span),
                    None => wrong,
                },
            });
        }
        Some((map?, node?.span))
    };
    let (layers, hosts) = (dictionary("layers"), dictionary("hosts"));
    let ((layers, _), (map, span)) = (layers?, hosts?);
    let mut all = Layers::new();
    for (name, _, values) in layers.iter() {
        match (name.as_str(), values.as_seq()) {
            (Some(name), Some(values)) => all.push((name, values)),
            _ => {
                let message = format!("the layer `{name}` must be a list, not a {}", values.kind_name());
                builder.found.push(Diagnostic::error("E0406", message).at(values.span));
                return None;
            }
        }
    }
    Some((all, Hosts { map, span }))
}

fn host(builder: &mut Builder<'_>, templar: &Templar, hosts: &Mapping) -> Result<(), Box<Diagnostic>> {
    let Some(node) = hosts.get("name") else {
        return Err(Box::new(Diagnostic::error("E0406", "`hosts` needs the `name` of a host")));
    };
    let name = text(templar, node)?;
    let group: Arc<str> = super::UNGROUPED.into();
    let name = builder.host(&name, &group, None);
    parents(builder, templar, &Child::Host(name), hosts.get("parents"), 0)
}

/// What a parent contains.
enum Child {
    Host(Arc<str>),
    Group(Arc<str>),
}

fn parents(
    builder: &mut Builder<'_>,
    templar: &Templar,
    child: &Child,
    list: Option<&Node>,
    depth: usize,
) -> Result<(), Box<Diagnostic>> {
    let Some(list) = list.filter(|node| !node.is_null()) else { return Ok(()) };
    let wrong = |message: &str, node: &Node| Box::new(Diagnostic::error("E0406", message.to_owned()).at(node.span));
    let entries = list.as_seq().ok_or_else(|| wrong("`parents` must be a list", list))?;
    if depth > MAX_DEPTH {
        return Err(wrong("parents stand too deep above each other", list));
    }
    for entry in entries {
        let map = entry.as_map().ok_or_else(|| wrong("a parent must be a dictionary with a `name`", entry))?;
        let name = map.get("name").ok_or_else(|| wrong("a parent needs a `name`", entry))?;
        let group = builder.group(&text(templar, name)?);
        if let Some(vars) = map.get("vars").filter(|node| !node.is_null()) {
            let vars = vars.as_map().ok_or_else(|| wrong("`vars` must be a dictionary", vars))?;
            for (key, _, value) in vars.iter() {
                match &value.kind {
                    Kind::Str(_) => {
                        let value = templar.node(value).map_err(|failure| told(&failure, value))?;
                        builder.set_group_data(&group, &key.to_string(), value);
                    }
                    _ => builder.set_group_var(&group, &key.to_string(), value.clone()),
                }
            }
        }
        match child {
            Child::Host(host) => drop(builder.host(host, &group, None)),
            Child::Group(child) => builder.child(&group, child, name.span),
        }
        parents(builder, templar, &Child::Group(group), map.get("parents"), depth + 1)?;
    }
    Ok(())
}

fn text(templar: &Templar, node: &Node) -> Result<String, Box<Diagnostic>> {
    match templar.node(node) {
        Ok(Value::Str(text)) if !text.is_empty() => Ok(text.to_string()),
        Ok(Value::Str(_)) => Err(Box::new(Diagnostic::error("E0406", "the name is empty").at(node.span))),
        Ok(other) => Ok(other.to_text()),
        Err(failure) => Err(told(&failure, node)),
    }
}

fn told(failure: &Failure, node: &Node) -> Box<Diagnostic> {
    let message = failure.message.expose().to_owned();
    Box::new(Diagnostic::error("E0407", message).at(failure.place.unwrap_or(node.span)))
}
