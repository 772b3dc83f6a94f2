//! Inventories in TOML: as in YAML, but that `children` is a list of names.

use super::builder::Builder;
use super::yaml;
use crate::source::{Diagnostic, SourceId, Span};
use crate::value::Key;
use crate::yaml::{Kind, Mapping, Node};
use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};
use std::sync::Arc;

/// Puts a source into the inventory.
pub(super) fn read(builder: &mut Builder<'_>, id: SourceId) {
    let text = Arc::clone(&builder.sources.get(id).text);
    match DeTable::parse(&text) {
        Ok(root) => {
            let root = table(root.get_ref(), id, 0);
            if let Some((key, plugin)) = root.entry("plugin") {
                let message = "the configuration of a plugin is written in YAML, not in TOML";
                let at = key.span.to(plugin.span);
                return builder.found.push(Diagnostic::error("E0404", message).at(at));
            }
            yaml::read(builder, &root);
        }
        Err(error) => {
            let wrong = Diagnostic::error("E0404", format!("invalid TOML: {}", error.message()));
            builder.found.push(match error.span() {
                Some(at) => wrong.at(Span::new(id, at.start, at.end)),
                None => wrong,
            });
        }
    }
}

/// Returns a table as a mapping; `depth` counts from the groups at the top.
fn table(table: &DeTable<'_>, id: SourceId, depth: usize) -> Mapping {
    let mut map = Mapping::default();
    for (key, value) in table.iter() {
        let name: Arc<str> = (&**key.get_ref()).into();
        let key_node = Node::new(Kind::Str(Arc::clone(&name)), span(key, id));
        let mut node = node(value, id, depth + 1);
        if depth == 1 && &*name == "children" {
            node = children(node);
        }
        map.insert(Key::Str(name), key_node, node);
    }
    map
}

/// Returns a list of groups as a dictionary of them, which is how YAML has it.
fn children(list: Node) -> Node {
    let Some(names) = list.as_seq() else { return list };
    let mut map = Mapping::default();
    for name in names {
        map.insert(Key::from(&*name.to_value().to_text()), name.clone(), Node::new(Kind::Null, name.span));
    }
    Node { kind: Kind::Map(Arc::new(map)), ..list }
}

fn span<T>(spanned: &Spanned<T>, id: SourceId) -> Span {
    let at = spanned.span();
    Span::new(id, at.start, at.end)
}

fn node(value: &Spanned<DeValue<'_>>, id: SourceId, depth: usize) -> Node {
    let kind = match value.get_ref() {
        DeValue::String(text) => Kind::Str((&**text).into()),
        DeValue::Integer(number) => match i128::from_str_radix(&number.as_str().replace('_', ""), number.radix()) {
            Ok(number) => Kind::Int(number),
            Err(_) => Kind::Str(number.as_str().into()),
        },
        DeValue::Float(number) => Kind::Float(number.as_str().replace('_', "").parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(said) => Kind::Bool(*said),
        DeValue::Datetime(time) => Kind::Str(time.to_string().replace('Z', "+00:00").into()),
        DeValue::Array(items) => Kind::Seq(Arc::new(items.iter().map(|item| node(item, id, depth)).collect())),
        DeValue::Table(inner) => Kind::Map(Arc::new(table(inner, id, depth))),
    };
    Node::new(kind, span(value, id))
}
