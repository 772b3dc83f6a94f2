//! Values of keywords as they are written: names, conditions, settings.

use super::Settings;
use super::settings::override_settings;
use super::takes::{Takes, flag};
use crate::source::{Diagnostic, Diagnostics, Span};
use crate::yaml::{Kind, Mapping, Node};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Returns the conditions of a `when`-like keyword: one, or a list of which all must hold.
pub(super) fn conditions(node: &Node) -> Vec<Node> {
    match &node.kind {
        Kind::Seq(items) => items.to_vec(),
        Kind::Null => Vec::new(),
        _ => vec![node.clone()],
    }
}

/// Returns the texts of a node that is one text or a list of them.
pub(super) fn texts(node: Option<&Node>, what: &str, found: &mut Diagnostics) -> Vec<Arc<str>> {
    let Some(node) = node else { return Vec::new() };
    let nodes = match &node.kind {
        Kind::Null => return Vec::new(),
        Kind::Seq(items) => items.to_vec(),
        _ => vec![node.clone()],
    };
    let mut texts = Vec::new();
    for node in nodes {
        match &node.kind {
            Kind::Str(text) | Kind::Unsafe(text) => texts.push(Arc::clone(text)),
            Kind::Int(_) | Kind::Bool(_) | Kind::Float(_) => texts.push(node.to_value().to_text().into()),
            _ => found.push(
                Diagnostic::error("E0606", format!("`{what}` takes names, not a {}", node.kind_name())).at(node.span),
            ),
        }
    }
    texts
}

pub(super) fn split_tags(text: &str) -> BTreeSet<Arc<str>> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(Arc::from).collect()
}

/// Returns the names of `needs` with their places.
pub(super) fn needs(node: Option<&Node>, found: &mut Diagnostics) -> Option<Vec<(Arc<str>, Span)>> {
    let node = node?;
    let nodes = match &node.kind {
        Kind::Seq(items) => items.to_vec(),
        Kind::Null => Vec::new(),
        _ => vec![node.clone()],
    };
    let mut names = Vec::new();
    for node in nodes {
        match node.as_str() {
            Some(name) => names.push((Arc::from(name), node.span)),
            None => found.push(
                Diagnostic::error("E0606", format!("`needs` takes names, not a {}", node.kind_name())).at(node.span),
            ),
        }
    }
    Some(names)
}

/// Checks a keyword that takes a dictionary, or a list of them: `environment` and `module_defaults`.
pub(super) fn check_dictionaries(node: Option<&Node>, keyword: &str, found: &mut Diagnostics) {
    let parts = node.into_iter().flat_map(|node| node.as_seq().unwrap_or(std::slice::from_ref(node)));
    for part in parts.filter(|part| part.as_map().is_none() && !part.is_null() && part.is_static()) {
        let message = format!("`{keyword}` must be a dictionary, not a {}", part.kind_name());
        found.push(Diagnostic::error("E0606", message).at(part.span));
    }
}

/// Returns a boolean that must be known before the run.
pub(super) fn boolean(node: &Node, what: &str, found: &mut Diagnostics) -> Option<bool> {
    let value = node.to_value();
    let truth = flag(&value);
    if truth.is_none() {
        found.push(Diagnostic::error("E0606", Takes::Flag.complaint(what, &value)).at(node.span));
    }
    truth
}

/// Overrides settings by those written here.
pub(super) fn inherit_settings(map: &Mapping, settings: &mut Settings) {
    override_settings(map, settings);
    let lists = [("environment", &mut settings.environment), ("module_defaults", &mut settings.module_defaults)];
    for (name, list) in lists {
        match map.get(name).map(|node| (&node.kind, node)) {
            None | Some((Kind::Null, _)) => {}
            Some((Kind::Seq(nodes), _)) => list.extend(nodes.iter().cloned()),
            Some((_, node)) => list.push(node.clone()),
        }
    }
}
