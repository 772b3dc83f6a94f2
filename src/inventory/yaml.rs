//! Inventories in YAML: groups at the top, each with `hosts`, `children` and `vars`.

use super::builder::Builder;
use super::ini::{empty_range, expand};
use crate::source::{Diagnostic, Span, did_you_mean};
use crate::value::Key;
use crate::yaml::{Mapping, Node};
use std::sync::Arc;

/// How deep groups may stand inside each other. Arbitrary; the YAML reader has its own, larger limit.
const MAX_DEPTH: usize = 100;

/// What a group may hold.
const KEYS: [&str; 3] = ["hosts", "children", "vars"];

/// Puts the groups of a source into the inventory.
pub(super) fn read(builder: &mut Builder<'_>, root: &Mapping) {
    for (key, key_node, body) in root.iter() {
        group(builder, key, key_node, body, 0);
    }
}

/// Reads a group; returns its name when it is one.
fn group(builder: &mut Builder<'_>, key: &Key, key_node: &Node, body: &Node, depth: usize) -> Option<Arc<str>> {
    if !body.is_null() && body.as_map().is_none() {
        return not_a_group(builder, key, key_node, body, depth);
    }
    let Some(name) = key_node.as_str().filter(|name| !name.is_empty()) else {
        builder.found.push(
            Diagnostic::error("E0420", format!("the name of a group must be a string, found `{key}`"))
                .at(key_node.span)
                .help("put the name in quotes"),
        );
        return None;
    };
    if depth > MAX_DEPTH {
        builder.found.push(
            Diagnostic::error("E0420", format!("groups stand more than {MAX_DEPTH} deep inside each other"))
                .at(key_node.span),
        );
        return None;
    }
    let name = builder.group(name);
    for (key, key_node, body) in body.as_map().into_iter().flat_map(Mapping::iter) {
        match key.as_str() {
            Some("hosts") => hosts(builder, &name, key_node, body),
            Some("children") => children(builder, &name, key_node, body, depth),
            Some("vars") => vars(builder, &name, key_node, body),
            _ => unexpected(builder, &name, key, key_node),
        }
    }
    Some(name)
}

/// Says that something is no group. At the top it is skipped; a child has to be a group, at least by what stands elsewhere.
fn not_a_group(builder: &mut Builder<'_>, key: &Key, key_node: &Node, body: &Node, depth: usize) -> Option<Arc<str>> {
    let known = builder.inventory.groups.get_key_value(key_node.as_str()?).map(|(name, _)| Arc::clone(name));
    let message = format!("`{key}` is no group: it is a {}", body.kind_name());
    let help = "a group is a dictionary of `hosts`, `children` and `vars`";
    let found = match depth == 0 || known.is_some() {
        true => Diagnostic::warning("W0424", message).help(format!("{help}; what stands here is skipped")),
        false => Diagnostic::error("E0424", message).help(help),
    };
    builder.found.push(found.at(key_node.span));
    known.filter(|_| depth > 0)
}

fn unexpected(builder: &mut Builder<'_>, group: &str, key: &Key, key_node: &Node) {
    let nearest = key.as_str().and_then(|key| did_you_mean(key, KEYS));
    builder.found.push(
        Diagnostic::warning("W0423", format!("group `{group}` cannot have a `{key}`"))
            .at(key_node.span)
            .help("a group has `hosts`, `children` and `vars`; other groups stand under `children`, variables under `vars`")
            .maybe_help(nearest),
    );
}

/// Returns the entries of a part of a group. A string stands for a dictionary with that one key, as in Ansible.
fn entries<'n>(
    builder: &mut Builder<'_>,
    group: &str,
    part: &str,
    body: &'n Node,
) -> Vec<(Key, &'n Node, Option<&'n Node>)> {
    if let Some(map) = body.as_map() {
        return map.iter().map(|(key, key_node, value)| (key.clone(), key_node, Some(value))).collect();
    }
    if let Some(text) = body.as_str() {
        return vec![(Key::from(text), body, None)];
    }
    if !body.is_null() {
        let mut wrong = Diagnostic::error(
            "E0421",
            format!("`{part}` of group `{group}` must be a dictionary, found a {}", body.kind_name()),
        )
        .at(body.span);
        if let Some(first) = body.as_seq().and_then(|items| items.first()) {
            let name = first.as_str().unwrap_or("name");
            wrong = wrong
                .at_with(first.span, format!("write `{name}:` instead of `- {name}`"))
                .help(format!("each entry of `{part}` is a key: end its name with a colon and leave the dash out"));
        }
        builder.found.push(wrong);
    }
    Vec::new()
}

fn hosts(builder: &mut Builder<'_>, group: &Arc<str>, _key: &Node, body: &Node) {
    for (key, key_node, vars) in entries(builder, group, "hosts", body) {
        let Some(pattern) = key_node.as_str() else {
            builder.found.push(
                Diagnostic::error("E0425", format!("the name of a host must be a string, found `{key}`"))
                    .at(key_node.span)
                    .help(format!("put it in quotes: `\"{key}\":`")),
            );
            continue;
        };
        let vars = match vars.filter(|vars| !is_false(vars)) {
            None => None,
            Some(vars) => match vars.as_map() {
                Some(map) => Some(map),
                None => {
                    builder.found.push(not_variables(pattern, vars));
                    continue;
                }
            },
        };
        host(builder, group, pattern, key_node.span, vars);
    }
}

/// Adds the hosts that a pattern stands for.
fn host(builder: &mut Builder<'_>, group: &Arc<str>, pattern: &str, span: Span, vars: Option<&Mapping>) {
    let Some((names, port)) = builder.found.keep(expand(pattern, span)) else { return };
    if names.is_empty() {
        builder.found.push(empty_range(pattern, span));
    }
    let mut set = Vec::new();
    if let Some((key, _)) = vars.and_then(|vars| vars.entry("vars")).filter(|(_, value)| value.as_map().is_some()) {
        builder.found.push(
            Diagnostic::warning("W0426", format!("host `{pattern}` gets one variable with the name `vars`"))
                .at(key.span)
                .help("variables of a host stand right below its name; only groups have `vars`"),
        );
    }
    for (key, key_node, value) in vars.into_iter().flat_map(Mapping::iter) {
        if let Some(key) = variable_name(builder, key, key_node) {
            set.push((key, value));
        }
    }
    for name in names {
        builder.host(&name, group, port.map(|port| (port, span)));
        for (key, value) in &set {
            builder.set_host_var(&name, key, (*value).clone());
        }
    }
}

fn not_variables(host: &str, body: &Node) -> Diagnostic {
    Diagnostic::error(
        "E0422",
        format!("host `{host}` must hold a dictionary of variables, found a {}", body.kind_name()),
    )
    .at(body.span)
    .help(format!("write its variables below `{host}:`, each as `name: value`"))
}

/// Claims what Python takes for nothing: such a body of a host is as good as none.
fn is_false(node: &Node) -> bool {
    !node.to_value().is_truthy()
}

fn children(builder: &mut Builder<'_>, parent: &Arc<str>, _key: &Node, body: &Node, depth: usize) {
    for (key, key_node, body) in entries(builder, parent, "children", body) {
        let null = Node::new(crate::yaml::Kind::Null, key_node.span);
        if let Some(child) = group(builder, &key, key_node, body.unwrap_or(&null), depth + 1) {
            builder.child(parent, &child, key_node.span);
        }
    }
}

fn vars(builder: &mut Builder<'_>, group: &Arc<str>, _key: &Node, body: &Node) {
    for (key, key_node, value) in entries(builder, group, "vars", body) {
        if let Some(name) = variable_name(builder, &key, key_node) {
            let null = Node::new(crate::yaml::Kind::Null, key_node.span);
            builder.set_group_var(group, &name, value.unwrap_or(&null).clone());
        }
    }
}

/// Returns the name of a variable; warns about one that no template can use.
fn variable_name(builder: &mut Builder<'_>, key: &Key, key_node: &Node) -> Option<Arc<str>> {
    let Key::Str(name) = key else {
        builder.found.push(
            Diagnostic::warning("W0443", format!("`{key}` is not a name that templates can use"))
                .at(key_node.span)
                .help("the name of a variable is a string; this one is left out"),
        );
        return None;
    };
    builder.check_variable_name(name, key_node.span);
    Some(Arc::clone(name))
}
