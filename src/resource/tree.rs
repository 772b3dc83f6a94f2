//! Trees of values: finding and setting by path.

use crate::value::{Map, Value};

/// A path into a map: `trunk.allowed_vlans`.
pub(super) type Path = Vec<String>;

/// The name under which an item of a list of plain values stands among the values around it.
pub(super) const ITEM: &str = ".";

/// Reads a path.
pub(super) fn path(text: &str) -> Path {
    if text == ITEM {
        return vec![ITEM.to_owned()];
    }
    text.split('.').map(str::to_owned).collect()
}

/// Returns what stands at a path; `None` where nothing does.
pub(super) fn get<'a>(map: &'a Map, path: &[String]) -> Option<&'a Value> {
    let (last, outer) = path.split_last()?;
    let mut map = map;
    for name in outer {
        map = map.get(name)?.as_map()?;
    }
    map.get(last).filter(|value| !matches!(value, Value::Null | Value::Omit))
}

/// Puts a value at a path, with the maps around it.
pub(super) fn set(map: &mut Map, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => map.insert(last.as_str(), value),
        [first, rest @ ..] => {
            let mut inner = map.get(first).and_then(Value::as_map).cloned().unwrap_or_default();
            set(&mut inner, rest, value);
            map.insert(first.as_str(), inner);
        }
    }
}

/// Returns a list's items; none where it is not there.
pub(super) fn items<'a>(map: &'a Map, path: &[String]) -> &'a [Value] {
    get(map, path).and_then(Value::as_list).unwrap_or_default()
}

/// Returns what tells an item of a list from the others: the values of its key, with a byte between that no device shows.
/// An item that leaves its number to the device (`numbered`) is told by all that it says.
pub(super) fn key_of(item: &Map, key: &[String], numbered: bool) -> String {
    if numbered && !key.iter().all(|name| item.contains(name)) {
        return format!("\u{2}{}", Value::from(item.clone()).to_text());
    }
    let part = |name: &String| item.get(name).map(Value::to_text).unwrap_or_default();
    key.iter().map(part).collect::<Vec<_>>().join("\0")
}
