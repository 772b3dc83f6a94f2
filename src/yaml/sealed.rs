use super::{Kind, Node, has_template};
use crate::vault::Keyring;
use std::collections::HashSet;
use std::sync::Arc;

/// Makes every text and number in a node known as a secret: the node came out of a vault. Of templates the
/// literal parts.
pub fn learn_texts(node: &Node, keyring: &Keyring) {
    learn(node, keyring, &mut HashSet::new());
}

fn learn(node: &Node, keyring: &Keyring, seen: &mut HashSet<usize>) {
    match &node.kind {
        Kind::Str(text) if has_template(text) => keyring.learn_template(text),
        Kind::Str(text) | Kind::Unsafe(text) => keyring.learn(text),
        Kind::Int(n) => keyring.learn(&n.to_string()),
        // A node with an anchor stands in many places, and is shared by them.
        Kind::Seq(items) if seen.insert(Arc::as_ptr(items) as usize) => {
            items.iter().for_each(|item| learn(item, keyring, seen));
        }
        Kind::Map(map) if seen.insert(Arc::as_ptr(map) as usize) => {
            map.iter().for_each(|(_, _, value)| learn(value, keyring, seen));
        }
        _ => {}
    }
}
