//! What is there with what is wanted added to it: the state `merged`, and entries of one name as one.

use super::definition::{Definition, ENTRIES};
use super::tree::items;
use super::{Kind, Options, ranges};
use crate::value::{Map, Value};

/// Returns what is there with what is wanted added.
pub(super) fn merged(definition: &Definition, want: &Map, have: &Map) -> Map {
    if !definition.has_entries() {
        return merge(&definition.options, want, have);
    }
    let entries = merge_items(&definition.options, items(want, &[ENTRIES.into()]), items(have, &[ENTRIES.into()]));
    [(ENTRIES, Value::list(entries))].into_iter().collect()
}

fn merge(options: &Options, want: &Map, have: &Map) -> Map {
    let mut out = have.clone();
    for (key, value) in want.iter() {
        let kind = key.as_str().and_then(|name| options.find(name)).map(|option| &option.kind);
        let value = match (kind, have.get_key(key), value) {
            (Some(Kind::List(inside)), Some(Value::List(have)), Value::List(want)) => {
                Value::list(merge_items(inside, want, have))
            }
            (Some(Kind::Dict(inside)), Some(Value::Map(have)), Value::Map(want)) => merge(inside, want, have).into(),
            (Some(Kind::Texts | Kind::Ints | Kind::Interfaces), Some(Value::List(have)), Value::List(want)) => {
                // What was read of a line is text.
                let is_there = |item: &&Value| have.iter().any(|there| there.to_text() == item.to_text());
                let more = want.iter().filter(|item| !is_there(item));
                Value::list(have.iter().chain(more).cloned())
            }
            (Some(Kind::Ranges), Some(Value::List(have)), Value::List(want)) => {
                let text = have.iter().chain(want.iter()).map(Value::to_text).collect::<Vec<_>>().join(",");
                ranges::read(&text).map_or_else(|| value.clone(), |numbers| Value::list(ranges::parts(&numbers)))
            }
            _ => value.clone(),
        };
        out.insert(key.clone(), value);
    }
    out
}

/// Returns items with those of one key as one.
pub fn joined(options: &Options, given: &[Value]) -> Vec<Value> {
    given.iter().fold(Vec::new(), |all, item| merge_items(options, std::slice::from_ref(item), &all))
}

/// Merges items by their key. Those that are there come first.
fn merge_items(options: &Options, want: &[Value], have: &[Value]) -> Vec<Value> {
    // Whether such an item is there is told by its line, not by its number.
    if options.places {
        return want.to_vec();
    }
    let key = |item: &Value| item.as_map().map(|map| options.key_of(map));
    let mut out: Vec<Value> = have.to_vec();
    for item in want {
        match out.iter().position(|there| key(there) == key(item)) {
            Some(place) => {
                if let (Some(item), Some(there)) = (item.as_map(), out[place].as_map()) {
                    out[place] = merge(options, item, there).into();
                }
            }
            None => out.push(item.clone()),
        }
    }
    out
}
