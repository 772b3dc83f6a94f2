//! Items that are wanted and have no line on the device: an access list's line without its source.

use super::definition::{Definition, Node};
use super::piece::{holds, values};
use super::state::{State, wanted};
use super::tree::items;
use super::{Kind, Options};
use crate::value::{Map, Value};
use std::collections::BTreeSet;

/// Returns where the first item of a numbered list stands that makes no line, as `config[0].acls[0].aces[2]`.
pub fn unwritten(definition: &Definition, want: &Map, have: &Map, state: State) -> Option<String> {
    let tree = wanted(definition, want, have, state);
    let mut written = BTreeSet::new();
    lines(&definition.lines, &tree, "", &mut written);
    let mut found = Vec::new();
    let entries = Options::of_entries(definition);
    numbered(&entries, want, "", "", &mut |place, key| {
        if !written.contains(key) {
            found.push(place.to_owned());
        }
    });
    found.into_iter().next()
}

/// Collects the keys of the items that have a line.
fn lines(nodes: &[Node], map: &Map, outer: &str, written: &mut BTreeSet<String>) {
    for node in nodes {
        match node {
            Node::Line(line) => {
                for (key, value) in values(line.each.as_ref(), map) {
                    if holds(&line.when, &value).is_some() && line.line.line(&value).is_some() {
                        written.insert(format!("{outer}{key}"));
                    }
                }
            }
            Node::Section(section) => {
                for (key, value) in values(section.each.as_ref(), map) {
                    if holds(&section.when, &value).is_some() {
                        lines(&section.lines, &value, &format!("{outer}{key}"), written);
                    }
                }
            }
            Node::Choice(_) => {}
        }
    }
}

/// Tells of each item of a numbered list where it stands, and its key with those around it.
fn numbered(options: &Options, map: &Map, place: &str, outer: &str, tell: &mut impl FnMut(&str, &str)) {
    let at = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    for option in &options.all {
        match (&option.kind, map.get(&option.name)) {
            (Kind::Dict(inside), Some(Value::Map(map))) => numbered(inside, map, &at(&option.name), outer, tell),
            (Kind::List(inside), Some(_)) => {
                for (number, item) in items(map, std::slice::from_ref(&option.name)).iter().enumerate() {
                    let Some(item) = item.as_map() else { continue };
                    let place = format!("{}[{number}]", at(&option.name));
                    let key = format!("{outer}{}\u{1}", inside.key_of(item));
                    if inside.numbered {
                        tell(&place, &key);
                    }
                    numbered(inside, item, &place, &key, tell);
                }
            }
            _ => {}
        }
    }
}
