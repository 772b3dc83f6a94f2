//! Keys: which nodes can be one, keys written twice, and merge keys.

use super::{Composer, Content, Frame, PendingKey, Stop};
use crate::source::{Diagnostic, Span};
use crate::value::{Key, python_float};
use crate::yaml::{Kind, Mapping, Node, hint};
use std::collections::HashSet;
use std::sync::Arc;

impl Composer<'_> {
    /// Returns the written entries on top of the merged ones: merged ones come first, as in PyYAML, and give way.
    pub(super) fn merge(&mut self, merged: Vec<Arc<Mapping>>, written: Mapping, span: Span) -> Result<Mapping, Stop> {
        let mut all = Mapping::default();
        for source in merged {
            if all.is_empty() {
                // Nobody else holds a mapping that was written in place: it is taken over whole.
                all = match Arc::try_unwrap(source) {
                    Ok(mapping) => mapping,
                    Err(shared) => {
                        self.count_copies(shared.len(), span)?;
                        (*shared).clone()
                    }
                };
                continue;
            }
            self.count_copies(source.len(), span)?;
            for (key, key_node, value) in source.iter() {
                all.insert(key.clone(), key_node.clone(), value.clone());
            }
        }
        for (key, (key_node, value)) in written.entries {
            all.insert(key, key_node, value);
        }
        Ok(all)
    }

    pub(super) fn entry(&mut self, key: Key, key_node: Node, value: Node) {
        let Some(Frame { content: Content::Map { written, .. }, .. }) = self.stack.last_mut() else { return };
        let (name, here) = (key.clone(), key_node.span);
        if let Some((first, _)) = written.insert(key, key_node, value) {
            self.warning(
                Diagnostic::warning(super::REPEATED_KEY, format!("key `{name}` is written twice"))
                    .at_with(here, "this one counts")
                    .also(first.span, "first written here")
                    .help("remove one of them"),
            );
        }
    }

    /// Remembers what a `<<` key merges.
    pub(super) fn merge_from(&mut self, value: Node) {
        let mut sources = Vec::new();
        let mut wrong = None;
        match value.kind {
            Kind::Map(mapping) => sources.push(mapping),
            Kind::Seq(items) => {
                // The first of a list wins, so it is merged last.
                for item in items.iter().rev() {
                    match &item.kind {
                        Kind::Map(mapping) => sources.push(Arc::clone(mapping)),
                        _ => wrong = Some((item.span, item.kind_name())),
                    }
                }
            }
            _ => wrong = Some((value.span, value.kind_name())),
        }
        if let Some((span, kind)) = wrong {
            self.error(
                Diagnostic::error("E0109", format!("`<<` merges dictionaries, and this is a {kind}"))
                    .at(span)
                    .help("name a dictionary, or a list of them: `<<: [*one, *two]`"),
            );
        }
        if let Some(Frame { content: Content::Map { merged, .. }, .. }) = self.stack.last_mut() {
            merged.extend(sources);
        }
    }

    /// Returns a node as a key.
    pub(super) fn key(&mut self, node: Node) -> PendingKey {
        let key = match &node.kind {
            Kind::Null => Key::Null,
            Kind::Bool(b) => Key::Bool(*b),
            Kind::Int(n) => Key::Int(*n),
            Kind::Float(f) => Key::from(python_float(*f)),
            Kind::Str(text) | Kind::Unsafe(text) => Key::Str(Arc::clone(text)),
            Kind::Vault(_) | Kind::Seq(_) | Kind::Map(_) => {
                self.bad_key(&node);
                return PendingKey::Bad;
            }
        };
        PendingKey::Key(key, node)
    }

    pub(super) fn bad_key(&mut self, node: &Node) {
        // `{{ name }}` is a dictionary in a dictionary's key: almost always a template without its quotes.
        let outer = self.stack.last().map_or(0, |frame| frame.start);
        let template = hint::unquoted_template(self.text, outer);
        self.error(match template {
            Some((range, help)) => {
                Diagnostic::error("E0103", "a template without quotes around it").at(self.span(range)).help(help)
            }
            None => Diagnostic::error("E0103", format!("a key must be text, and this is a {}", node.kind_name()))
                .at(node.span)
                .maybe_help(node.as_seq().map(|_| "quote it if it is text: \"[…]\"".into())),
        });
    }

    pub(super) fn set_key(&mut self, pending: PendingKey) {
        if let Some(Frame { content: Content::Map { key, .. }, .. }) = self.stack.last_mut() {
            *key = Some(pending);
        }
    }

    pub(super) fn awaits_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { content: Content::Map { key: None, .. }, .. }))
    }
}

/// The keys seen so far: an inventory says `ansible_host` once a host, and one copy will do.
#[derive(Default)]
pub(super) struct Names(HashSet<Arc<str>>);

impl Names {
    /// How many are kept. Arbitrary; more would be host names, which come once.
    const MOST: usize = 1024;

    pub(super) fn shared(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        if self.0.len() < Names::MOST {
            self.0.insert(Arc::clone(&name));
        }
        name
    }
}
