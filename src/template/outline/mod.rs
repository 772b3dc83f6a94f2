//! Outlines: YAML files that say what to make of a device's output, with expressions for the text and templates for the
//! data, as the network parsers of Ansible have them (`native`, `parse_cli`, `parse_xml`).
//!
//! A template in an outline sees the matches alone, no variables of a host, and what it renders is read as a Python
//! literal: `"{{ vlan }}"` is a number where the device printed one. The output itself is never a template.

mod cli;
mod element;
mod merge;
mod native;
#[cfg(test)]
mod recorded;
mod xml;

pub use native::Native;

use super::Templar;
use crate::failure::{Failure, FailureKind};
use crate::python_regex::{Anchor, Flags, Regex, compile};
use crate::source::{Diagnostics, SearchPath, Source, SourceMap, Span, plain_io_error};
use crate::value::{Key, Map, Value};
use crate::vars::NoVariables;
use crate::yaml::{Kind, Mapping, Node, has_template, parse, read_literal};
use std::path::Path;
use std::sync::Arc;

/// An outline that was read.
pub struct Outline {
    root: Node,
    sources: Arc<SourceMap>,
}

impl Outline {
    /// Reads an outline's file.
    ///
    /// # Errors
    /// When it cannot be read, or is no YAML.
    pub fn load(path: &Path, sources: &Arc<SourceMap>) -> Result<Outline, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let why = plain_io_error(&error);
            Failure::new(FailureKind::File, format!("cannot read `{}`: {why}", path.display()))
        })?;
        Outline::of(Source::new(path.display().to_string(), Some(path.to_owned()), text), sources)
    }

    /// Reads an outline's text.
    ///
    /// # Errors
    /// When it is no YAML.
    pub fn read(name: &str, text: &str, sources: &Arc<SourceMap>) -> Result<Outline, Failure> {
        Outline::of(Source::new(name, None, text), sources)
    }

    fn of(source: Source, sources: &Arc<SourceMap>) -> Result<Outline, Failure> {
        let id = sources.add_once(source);
        let mut found = Diagnostics::new();
        let root = parse(id, sources, &mut found);
        if let Some(error) = found.iter().find(|diagnostic| diagnostic.is_error()) {
            let mut failure = Failure::new(FailureKind::File, error.message.as_str());
            failure.place = error.primary.as_ref().map(|label| label.span);
            return Err(failure);
        }
        let root = root.unwrap_or_else(|| Node::new(Kind::Null, Span::new(id, 0, 0)));
        Ok(Outline { root, sources: Arc::clone(sources) })
    }

    /// Renders a template of the outline with these variables; what has none is given back as it is.
    fn expand(&self, text: &str, at: Span, variables: &Map) -> Result<Value, Failure> {
        if !has_template(text) {
            return Ok(text.into());
        }
        let templar = Templar::new(Arc::new(NoVariables), SearchPath::default(), Arc::clone(&self.sources))
            .with(variables.clone());
        let value = templar.node(&Node::new(Kind::Str(text.into()), at))?;
        Ok(match value {
            Value::Str(text) if text.is_empty() => Value::Null,
            Value::Str(text) => read_literal(&text, &|_, _| at).to_value(),
            Value::Omit => Value::Null,
            other => other,
        })
    }

    /// Renders a template; what has no value in it is null.
    fn expand_softly(&self, text: &str, at: Span, variables: &Map) -> Result<Value, Failure> {
        match self.expand(text, at, variables) {
            Err(failure) if failure.kind == FailureKind::Undefined => Ok(Value::Null),
            other => other,
        }
    }

    /// Renders a value of the outline when it is text.
    fn expand_value(&self, value: &Value, at: Span, variables: &Map) -> Result<Value, Failure> {
        match value {
            Value::Str(text) => self.expand(text, at, variables),
            other => Ok(other.clone()),
        }
    }

    /// Returns the `keys` of an outline for `parse_cli` and `parse_xml`, each with its value; of a value that needs what
    /// only a match can give, the template.
    fn keys(&self) -> Result<Vec<(Key, &Mapping, Value)>, Failure> {
        let wrong =
            |node: &Node, why: &str| Failure::new(FailureKind::File, format!("the outline {why}")).at(node.span);
        let root = self.root.as_map().ok_or_else(|| wrong(&self.root, "is no dictionary"))?;
        let keys = root.get("keys").ok_or_else(|| wrong(&self.root, "has no `keys`"))?;
        let entries = keys.as_map().ok_or_else(|| wrong(keys, "has `keys` that are no dictionary"))?;
        let variables = match root.get("vars").map(Node::to_value) {
            Some(Value::Map(map)) => (*map).clone(),
            _ => Map::new(),
        };
        let mut found = Vec::new();
        for (key, key_node, node) in entries.iter() {
            let entry = node.as_map().ok_or_else(|| wrong(node, "has a key that is no dictionary"))?;
            let value = entry.get("value").ok_or_else(|| wrong(key_node, "has a key without a `value`"))?;
            let written = value.to_value();
            let known = self.expand_value(&written, value.span, &variables).unwrap_or(written);
            found.push((key.clone(), entry, known));
        }
        Ok(found)
    }
}

/// Makes an expression of an outline's node.
fn expression(node: &Node, flags: Flags, anchor: Anchor) -> Result<Arc<Regex>, Failure> {
    let wrong = |why: String| Failure::new(FailureKind::File, why).at(node.span);
    let text = node.as_str().ok_or_else(|| wrong("an expression is text".into()))?;
    compile(text, flags, anchor).map_err(|why| wrong(format!("the expression `{text}` {why}")))
}

/// Makes the failure of an expression that could not be asked.
fn unasked(node: &Node, why: &str) -> Failure {
    Failure::new(FailureKind::Template, format!("the expression `{}` {why}", node.as_str().unwrap_or_default()))
        .at(node.span)
}

/// Makes a key of a value, as Python's dictionaries have them and JSON writes them.
fn json_key(value: &Value) -> Key {
    match value {
        Value::Str(text) => Key::Str(Arc::clone(text)),
        Value::Null | Value::Omit => Key::from("null"),
        Value::Bool(b) => Key::from(b.to_string()),
        other => Key::from(other.to_text()),
    }
}
