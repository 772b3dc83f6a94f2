//! Putting together what the lines of an output gave.

use crate::value::{Map, Value};

/// Returns both dictionaries in one: those inside are put together, lists are joined without doubles, and of two other
/// values the second counts.
pub(super) fn merge(base: &Map, other: &Map) -> Map {
    let mut merged = Map::new();
    for (key, value) in base.iter() {
        let both = match (value, other.get_key(key)) {
            (value, None) => value.clone(),
            (_, Some(Value::Null)) => Value::Null,
            (Value::Map(first), Some(Value::Map(second))) => merge(first, second).into(),
            (Value::List(first), Some(Value::List(second))) => joined(first, second),
            (_, Some(second)) => second.clone(),
        };
        merged.insert(key.clone(), both);
    }
    for (key, value) in other.iter().filter(|(key, _)| base.get_key(key).is_none()) {
        merged.insert(key.clone(), value.clone());
    }
    merged
}

fn joined(first: &[Value], second: &[Value]) -> Value {
    let mut all: Vec<Value> = first.to_vec();
    for item in second {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
    Value::from(all)
}
