//! Blocks, and what stands inside of plays, blocks, roles and tasks inherits.

use super::action::{is_action, refuse};
use super::former;
use super::keyword::{self, Level};
use super::load::Loader;
use super::task::Place;
use super::words::{check_dictionaries, conditions, inherit_settings, split_tags, texts};
use super::{Block, Inherited, Item};
use crate::source::{Diagnostic, Diagnostics, Span, did_you_mean};
use crate::template;
use crate::value::Key;
use crate::vars::{Layer, Origin, Var};
use crate::yaml::{Kind, Mapping, Node};
use std::sync::Arc;

impl Loader {
    pub(super) fn block(&self, node: &Node, map: &Mapping, at: Place<'_>, found: &mut Diagnostics) -> Option<Item> {
        for (key, key_node, value) in map.iter() {
            let name = key.to_string();
            match keyword::find(&name, Level::BLOCK) {
                Some(keyword) => refuse(keyword, key_node, value, found),
                None => {
                    let help =
                        if keyword::find(&name, Level::TASK).is_some() || is_action(&name) || name.starts_with("with_")
                        {
                            Some("a block only groups tasks: put it on the tasks inside".to_owned())
                        } else {
                            former::instead(&name).or_else(|| did_you_mean(&name, keyword::names(Level::BLOCK)))
                        };
                    found.push(
                        Diagnostic::error("E0602", format!("`{name}` is no keyword of a block"))
                            .at(key_node.span)
                            .maybe_help(help),
                    );
                }
            }
        }
        let inherited = Arc::new(self.inherit(map, at.inherited, Origin::BlockVars, found));
        if let Some((key, _)) = map.entry("needs") {
            found.push(
                Diagnostic::error("E0612", "`needs` stands on tasks and plays, not on blocks")
                    .at(key.span)
                    .help("put it on the tasks inside"),
            );
        }
        let body = match (map.entry("block"), map.entry("parallel")) {
            (Some(_), Some((key, _))) => {
                found.push(Diagnostic::error("E0604", "a block is either `block` or `parallel`").at(key.span));
                return None;
            }
            (Some((_, body)), None) | (None, Some((_, body))) => body,
            (None, None) => {
                found.push(
                    Diagnostic::error("E0605", "`rescue` and `always` belong to a block")
                        .at(node.span)
                        .help("add `block:` with the tasks that they guard"),
                );
                return None;
            }
        };
        let inside = Place { inherited: &inherited, level: at.level, depth: at.depth + 1 };
        let part = |this: &Self, key: &str, found: &mut Diagnostics| {
            map.get(key).map(|node| this.items(node, inside, found)).unwrap_or_default()
        };
        Some(Item::Block(Arc::new(Block {
            name: map.get("name").cloned(),
            span: map.iter().next().map_or(node.span, |(_, first, _)| first.span),
            body: self.items(body, inside, found),
            rescue: part(self, "rescue", found),
            always: part(self, "always", found),
            parallel: map.get("parallel").is_some(),
        })))
    }

    /// Returns what stands inside a play, block, role entry or task inherits: its parent's, with its own added.
    pub(super) fn inherit(
        &self,
        map: &Mapping,
        parent: &Inherited,
        vars_origin: Origin,
        found: &mut Diagnostics,
    ) -> Inherited {
        let mut inherited = parent.clone();
        if let Some(when) = map.get("when") {
            inherited.when.extend(conditions(when));
        }
        inherited.tags.extend(texts(map.get("tags"), "tags", found).iter().flat_map(|tag| split_tags(tag)));
        if let Some(vars) = map.get("vars") {
            inherited.vars.extend(self.layer(vars, vars_origin, found));
        }
        if let Some(notify) = map.get("notify").filter(|node| !node.is_null()) {
            // The innermost one counts.
            inherited.notify = conditions(notify);
            for name in inherited.notify.iter().filter(|name| matches!(name.kind, Kind::Map(_) | Kind::Seq(_))) {
                let message = format!("`notify` takes names of handlers, not a {}", name.kind_name());
                found.push(Diagnostic::error("E0606", message).at(name.span));
            }
        }
        check_dictionaries(map.get("environment"), "environment", found);
        self.learn_defaults(map.get("module_defaults"), &mut inherited, found);
        inherit_settings(map, &mut inherited.settings);
        if map.get("collections").is_some() {
            inherited.collections = texts(map.get("collections"), "collections", found);
        }
        inherited
    }

    /// Reads `vars:` into a layer.
    pub(super) fn layer(&self, vars: &Node, origin: Origin, found: &mut Diagnostics) -> Option<Arc<Layer>> {
        if vars.is_null() {
            return None;
        }
        let Some(map) = vars.as_map() else {
            found.push(
                Diagnostic::error("E0607", format!("variables must be a dictionary, not a {}", vars.kind_name()))
                    .at(vars.span),
            );
            return None;
        };
        let mut layer = Layer::new(origin);
        for (key, key_node, value) in map.iter() {
            let Key::Str(name) = key else {
                found.push(Diagnostic::error("E0607", format!("`{key}` is no variable name")).at(key_node.span));
                continue;
            };
            self.check_variable_name(name, key_node.span, found);
            template::check(value, &self.sources, found);
            layer.vars.insert(Arc::clone(name), Var::Author(value.clone()));
        }
        (!layer.vars.is_empty()).then(|| Arc::new(layer))
    }

    /// Claims nothing about reserved names: Ansible warns of them as well, and playbooks use them.
    pub(super) fn check_variable_name(&self, name: &str, span: Span, found: &mut Diagnostics) {
        let mut letters = name.chars();
        let good = letters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && letters.all(|c| c.is_alphanumeric() || c == '_');
        if !good {
            found.push(
                Diagnostic::error("E0608", format!("`{name}` is no variable name"))
                    .at(span)
                    .help("names have letters, digits and `_`, and begin with a letter or `_`"),
            );
        }
    }
}
