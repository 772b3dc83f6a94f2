//! JSON documents. Ansible tries JSON before YAML, and the two differ: `1e3` is a number in JSON, `"\\ud83d\\ude00"` is one
//! character, and a line break may stand before a colon.

use super::{Kind, Mapping, Node, compose};
use crate::source::{Diagnostics, SourceId, Span};
use crate::value::Key;
use serde_json::Value as Json;
use std::sync::Arc;

/// Returns the value of a text that is a JSON object or array.
pub(super) fn read(text: &str) -> Option<Json> {
    let starts = text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with(['{', '[']);
    starts.then(|| serde_json::from_str(text).ok())?
}

/// Returns the tree of a JSON document: with the spans that the YAML parser gives it where the two readings agree,
/// otherwise with the document's span on every node.
pub(super) fn compose(id: SourceId, text: &str, json: Json, found: &mut Diagnostics) -> Node {
    let mut as_yaml = Diagnostics::new();
    match compose::compose(id, text, true, &mut as_yaml) {
        Some(node) if !as_yaml.has_errors() && agrees(&node, &json) => {
            found.extend(as_yaml);
            node
        }
        _ => without_places(json, Span::new(id, 0, text.len())),
    }
}

fn agrees(node: &Node, json: &Json) -> bool {
    match (&node.kind, json) {
        (Kind::Null, Json::Null) => true,
        (Kind::Bool(ours), Json::Bool(theirs)) => ours == theirs,
        (Kind::Int(ours), Json::Number(theirs)) => match theirs.as_i64() {
            Some(theirs) => *ours == i128::from(theirs),
            // Beyond 64 bits the JSON reader rounds, and ours is the better one.
            None => theirs.as_f64() == Some(*ours as f64),
        },
        (Kind::Float(ours), Json::Number(theirs)) => theirs.as_f64() == Some(*ours),
        (Kind::Str(ours), Json::String(theirs)) => **ours == **theirs,
        (Kind::Seq(ours), Json::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(node, json)| agrees(node, json))
        }
        (Kind::Map(ours), Json::Object(theirs)) => {
            ours.len() == theirs.len()
                && theirs.iter().all(|(key, json)| ours.get(key).is_some_and(|node| agrees(node, json)))
        }
        _ => false,
    }
}

fn without_places(json: Json, span: Span) -> Node {
    let kind = match json {
        Json::Null => Kind::Null,
        Json::Bool(b) => Kind::Bool(b),
        Json::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Kind::Int(n.into()),
            (_, Some(n)) => Kind::Int(n.into()),
            _ => Kind::Float(n.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Kind::Str(text.into()),
        Json::Array(items) => Kind::Seq(Arc::new(items.into_iter().map(|item| without_places(item, span)).collect())),
        Json::Object(entries) => {
            let mut map = Mapping::default();
            for (key, item) in entries {
                let key: Arc<str> = key.into();
                let key_node = Node::new(Kind::Str(Arc::clone(&key)), span);
                map.insert(Key::Str(key), key_node, without_places(item, span));
            }
            Kind::Map(Arc::new(map))
        }
    };
    Node::new(kind, span)
}
