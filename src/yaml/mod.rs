//! YAML text to a tree of nodes with spans, read as Ansible reads it (YAML 1.1 scalars, `!vault`, `!unsafe`).
//!
//! The flow: [`parse`] drives the event parser, composes [`Node`]s, resolves plain scalars, merge keys and anchors, and
//! collects everything that is wrong. The parser crate is known in `events.rs` alone.

mod compose;
mod events;
mod hint;
mod json;
mod literal;
mod place;
mod resolve;
mod sealed;
mod tag;
#[cfg(test)]
mod tests;

pub(crate) use literal::read as read_literal;
pub use sealed::learn_texts;

use crate::source::{Diagnostic, Diagnostics, RepeatedKeys, Severity, SourceId, SourceMap, Span};
use crate::value::{Key, Map, Moment, Value};
use indexmap::IndexMap;
use std::sync::Arc;

/// Returns the tree of a source that holds one YAML document, or one JSON document.
///
/// Nothing, or comments alone, is a null node. `None` means that an error prevents a tree; a tree may come with errors
/// too (an unknown tag, a bad key), so ask the diagnostics before running anything.
pub fn parse(id: SourceId, sources: &SourceMap, found: &mut Diagnostics) -> Option<Node> {
    let source = sources.get(id);
    let mut here = Diagnostics::new();
    let root = match json::read(&source.text) {
        Some(value) => Some(json::compose(id, &source.text, value, &mut here)),
        None => compose::compose(id, &source.text, false, &mut here),
    };
    found.extend(judged(here, sources.repeated_keys()));
    if let Some(root) = root.as_ref().filter(|root| source.is_sealed && root.as_map().is_some()) {
        // Variables, as far as one can see here; what is secret in tasks their reader knows.
        learn_texts(root, sources.keyring());
    }
    root
}

/// Makes of keys that stand twice what the run is to say of them.
fn judged(here: Diagnostics, say: RepeatedKeys) -> Diagnostics {
    let mut all = Diagnostics::new();
    for diagnostic in here.iter() {
        match say {
            RepeatedKeys::Ignore if diagnostic.code == compose::REPEATED_KEY => {}
            RepeatedKeys::Error if diagnostic.code == compose::REPEATED_KEY => {
                all.push(Diagnostic { severity: Severity::Error, code: "E0101", ..diagnostic.clone() });
            }
            _ => all.push(diagnostic.clone()),
        }
    }
    all
}

/// A node of what an author wrote. Cloning is cheap: sequences and mappings are shared, aliases too.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it stands. For an alias: where the anchored node stands.
    pub span: Span,
    /// How a scalar was written; tells how offsets in its value map to the source.
    pub style: ScalarStyle,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `null`, `~` or nothing.
    Null,
    /// A YAML 1.1 boolean: `yes`, `no`, `on`, `off`, `true`, `false` in their three spellings.
    Bool(bool),
    /// A YAML 1.1 integer: decimal, `0x`, `0b`, octal by a leading `0`, sexagesimal, with underscores.
    Int(i128),
    /// A YAML 1.1 float.
    Float(f64),
    /// Text; may hold templates.
    Str(Arc<str>),
    /// `!unsafe` text: never rendered.
    Unsafe(Arc<str>),
    /// `!vault`: the ciphertext as written.
    Vault(Arc<str>),
    /// A sequence.
    Seq(Arc<Vec<Node>>),
    /// A mapping; merge keys (`<<`) are already merged.
    Map(Arc<Mapping>),
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ScalarStyle {
    /// Without quotes (and everything that is no scalar).
    #[default]
    Plain,
    /// Without quotes, and a date or time by YAML 1.1: a text whose variable is a date in templates.
    Moment,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// A mapping in the order written. Of a key written twice the last value counts, as in Ansible (with a warning).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    entries: IndexMap<Key, (Node, Node)>,
}

impl Mapping {
    /// Returns the value under a text key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// Returns key and value nodes under a text key.
    pub fn entry(&self, key: &str) -> Option<(&Node, &Node)> {
        self.entries.get(&Key::from(key)).map(|(k, v)| (k, v))
    }

    /// Iterates over key, key node and value node in the order written.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Node, &Node)> {
        self.entries.iter().map(|(key, (k, v))| (key, k, v))
    }

    /// Puts an entry; an existing key keeps its place. Returns the entry that was there.
    pub fn insert(&mut self, key: Key, key_node: Node, value: Node) -> Option<(Node, Node)> {
        self.entries.insert(key, (key_node, value))
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Claims that there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Node {
    /// Makes a node that was written plainly.
    pub fn new(kind: Kind, span: Span) -> Node {
        Node { kind, span, style: ScalarStyle::Plain }
    }

    /// Returns the text of a string node.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Str(text) | Kind::Unsafe(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the items of a sequence.
    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// Returns a mapping.
    pub fn as_map(&self) -> Option<&Mapping> {
        match &self.kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Claims that it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// Returns the name of the kind, as messages say it.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "boolean",
            Kind::Int(_) | Kind::Float(_) => "number",
            Kind::Str(_) | Kind::Unsafe(_) => "string",
            Kind::Vault(_) => "vault-encrypted string",
            Kind::Seq(_) => "list",
            Kind::Map(_) => "dictionary",
        }
    }

    /// Returns the node as data, nothing rendered; a vault node becomes its ciphertext.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(b) => Value::Bool(*b),
            Kind::Int(n) => Value::Int(*n),
            Kind::Float(f) => Value::Float(*f),
            Kind::Str(text) if self.style == ScalarStyle::Moment => match Moment::read(text) {
                Some(moment) => Value::Moment(moment),
                None => Value::Str(Arc::clone(text)),
            },
            Kind::Str(text) | Kind::Unsafe(text) | Kind::Vault(text) => Value::Str(Arc::clone(text)),
            Kind::Seq(items) => Value::list(items.iter().map(Node::to_value)),
            Kind::Map(map) => {
                Value::from(map.iter().map(|(key, _, value)| (key.clone(), value.to_value())).collect::<Map>())
            }
        }
    }

    /// Claims that no text in it holds a template, so that its value is known without variables.
    pub fn is_static(&self) -> bool {
        match &self.kind {
            Kind::Str(text) => !has_template(text),
            Kind::Vault(_) => false,
            Kind::Seq(items) => items.iter().all(Node::is_static),
            Kind::Map(map) => map.iter().all(|(_, key, value)| key.is_static() && value.is_static()),
            _ => true,
        }
    }
}

/// Claims that text holds a template: an expression, a statement or a comment of Jinja.
pub fn has_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}
