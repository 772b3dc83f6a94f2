//! Items whose number an author leaves to the device: the lines of an access list without `sequence`.
//!
//! What is there already keeps the number that it has, so that it is not sent again. Where the list is to be just so, its
//! order counts too: from the first item on that is not there in its turn, all are new, and are added behind what stays.

use super::definition::{Definition, ENTRIES};
use super::tree::items;
use super::{Kind, Options, State};
use crate::value::{Map, Value};

/// Returns what is wanted, with the numbers of those items that are there already.
pub(super) fn taken_over(definition: &Definition, want: &Map, have: &Map, state: State) -> Map {
    let in_order = matches!(state, State::Replaced | State::Overridden);
    if !definition.has_entries() {
        return of_options(&definition.options, want, have, in_order);
    }
    let path = [ENTRIES.to_owned()];
    let entries = of_items(&definition.options, items(want, &path), items(have, &path), in_order);
    let mut out = want.clone();
    if !entries.is_empty() {
        out.insert(ENTRIES, Value::list(entries));
    }
    out
}

fn of_options(options: &Options, want: &Map, have: &Map, in_order: bool) -> Map {
    let mut out = want.clone();
    for option in &options.all {
        let value = match (&option.kind, want.get(&option.name), have.get(&option.name)) {
            (Kind::Dict(inside), Some(Value::Map(want)), Some(Value::Map(have))) => {
                Value::from(of_options(inside, want, have, in_order))
            }
            (Kind::List(inside), Some(Value::List(want)), Some(Value::List(have))) => {
                Value::list(of_items(inside, want, have, in_order))
            }
            _ => continue,
        };
        out.insert(option.name.as_str(), value);
    }
    out
}

fn of_items(options: &Options, want: &[Value], have: &[Value], in_order: bool) -> Vec<Value> {
    if options.numbered && !options.places {
        return numbered(options, want, have, in_order);
    }
    let key = |item: &Value| item.as_map().map(|map| options.key_of(map));
    let with_there = |item: &Value| {
        let there = have.iter().find(|there| key(there) == key(item));
        match (item.as_map(), there.and_then(Value::as_map)) {
            (Some(want), Some(have)) => of_options(options, want, have, in_order).into(),
            _ => item.clone(),
        }
    };
    want.iter().map(with_there).collect()
}

/// Gives items without a number the number of one that is there and says the same.
fn numbered(options: &Options, want: &[Value], have: &[Value], in_order: bool) -> Vec<Value> {
    let rest = |item: &Map| -> Map {
        let others = item.iter().filter(|(name, _)| !options.key.iter().any(|key| name.as_str() == Some(key)));
        others.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let is_open = |item: &Map| options.key.iter().any(|key| !item.contains(key));
    let mut from = 0;
    let mut are_new = false;
    let number = |item: &Value| {
        let Some(map) = item.as_map().filter(|map| is_open(map)) else { return item.clone() };
        let says_the_same = |there: &Value| there.as_map().is_some_and(|there| rest(there) == rest(map));
        let place = have[from..].iter().position(says_the_same).filter(|_| !are_new);
        match place {
            Some(place) => {
                let found = have[from + place].clone();
                from = if in_order { from + place + 1 } else { 0 };
                found
            }
            None => {
                are_new = in_order;
                item.clone()
            }
        }
    };
    want.iter().map(number).collect()
}
