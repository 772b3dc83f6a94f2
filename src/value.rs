//! What variables, results and facts hold at run time: plain data, shared and never changed.
//!
//! A [`Value`] is data: it is never rendered as a template, whatever it looks like. Text that an author wrote and that
//! may still hold templates is a [`crate::yaml::Node`].

mod moment;
mod read;

pub use moment::{Moment, Part, offset_text};

use indexmap::IndexMap;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use std::fmt;
use std::sync::Arc;

/// A value as Ansible's templates know them. Cloning is cheap: text, lists and maps are shared.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `None`, YAML's `null`.
    #[default]
    Null,
    /// `True` or `False`.
    Bool(bool),
    /// A whole number; wide enough for every counter a device prints.
    Int(i128),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Str(Arc<str>),
    /// A list.
    List(Arc<Vec<Value>>),
    /// A dictionary in the order written.
    Map(Arc<Map>),
    /// A date, a time, or both.
    Moment(Moment),
    /// `omit`: the argument or dictionary entry that has this value is left out.
    Omit,
}

/// A dictionary. Keys keep their type: `vlans: {10: …}` is found by `vlans[10]` and not by `vlans['10']`, as in Python.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(IndexMap<Key, Value, foldhash::fast::RandomState>);

/// The key of a [`Map`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// `null:`
    Null,
    /// `true:`
    Bool(bool),
    /// `10:`
    Int(i128),
    /// `name:`; also what fractions and dates are kept as.
    Str(Arc<str>),
}

impl std::hash::Hash for Key {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match self {
            // As a text that is only looked for.
            Key::Str(text) => Borrowed(text).hash(state),
            Key::Null => state.write_u8(0),
            Key::Bool(b) => b.hash(state),
            Key::Int(n) => n.hash(state),
        }
    }
}

impl Key {
    /// Returns the text of a text key.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Key::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the key as a value.
    pub fn to_value(&self) -> Value {
        match self {
            Key::Null => Value::Null,
            Key::Bool(b) => Value::Bool(*b),
            Key::Int(n) => Value::Int(*n),
            Key::Str(text) => Value::Str(Arc::clone(text)),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Null => f.write_str("None"),
            Key::Bool(b) => f.write_str(if *b { "True" } else { "False" }),
            Key::Int(n) => n.fmt(f),
            Key::Str(text) => f.write_str(text),
        }
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Key {
        Key::Str(text.into())
    }
}

impl From<String> for Key {
    fn from(text: String) -> Key {
        Key::Str(text.into())
    }
}

impl From<Arc<str>> for Key {
    fn from(text: Arc<str>) -> Key {
        Key::Str(text)
    }
}

impl Map {
    /// Makes an empty map.
    pub fn new() -> Map {
        Map::default()
    }

    /// Makes an empty map with room for so many entries.
    pub fn with_capacity(entries: usize) -> Map {
        Map(IndexMap::with_capacity_and_hasher(entries, Default::default()))
    }

    /// Returns the value under a text key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        // Looked up by a borrowed form, so that no `Arc` is made for a question.
        self.0.get(&Borrowed(key))
    }

    /// Returns the value under a key of any kind.
    pub fn get_key(&self, key: &Key) -> Option<&Value> {
        self.0.get(key)
    }

    /// Puts a value under a key; a key that is there already keeps its place.
    pub fn insert(&mut self, key: impl Into<Key>, value: impl Into<Value>) {
        self.0.insert(key.into(), value.into());
    }

    /// Removes a text key, keeping the order of the others.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.0.shift_remove(&Borrowed(key))
    }

    /// Claims that the text key is there.
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Iterates in the order written.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Key, &Value)> + ExactSizeIterator {
        self.0.iter()
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Claims that there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A text key that is only looked for.
#[derive(PartialEq, Eq)]
struct Borrowed<'a>(&'a str);

impl std::hash::Hash for Borrowed<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl indexmap::Equivalent<Key> for Borrowed<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        matches!(key, Key::Str(text) if **text == *self.0)
    }
}

impl<K: Into<Key>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(entries: T) -> Map {
        Map(entries.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
    }
}

impl IntoIterator for Map {
    type Item = (Key, Value);
    type IntoIter = indexmap::map::IntoIter<Key, Value>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Value {
    /// Makes a text value.
    pub fn str(text: impl Into<Arc<str>>) -> Value {
        Value::Str(text.into())
    }

    /// Makes a list.
    pub fn list(items: impl IntoIterator<Item = impl Into<Value>>) -> Value {
        Value::List(Arc::new(items.into_iter().map(Into::into).collect()))
    }

    /// Makes a map.
    pub fn map<K: Into<Key>, V: Into<Value>>(entries: impl IntoIterator<Item = (K, V)>) -> Value {
        Value::Map(Arc::new(entries.into_iter().collect()))
    }

    /// Returns the text of a text value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a list's items.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns a map.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns a whole number.
    pub fn as_int(&self) -> Option<i128> {
        match self {
            Value::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// Returns the entry of a map under a text key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map().and_then(|map| map.get(key))
    }

    /// Claims what Python's `bool()` would.
    pub fn is_truthy(&self) -> bool {
        match self {
            Value::Null | Value::Omit => false,
            Value::Bool(b) => *b,
            Value::Int(n) => *n != 0,
            Value::Float(f) => *f != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Map(map) => !map.is_empty(),
            Value::Moment(_) => true,
        }
    }

    /// Returns the name of the kind, as messages say it.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) => "integer",
            Value::Float(_) => "float",
            Value::Str(_) => "string",
            Value::List(_) => "list",
            Value::Map(_) => "dictionary",
            Value::Moment(moment) => moment.type_name(),
            Value::Omit => "omit",
        }
    }

    /// Returns the text that Python's `str()` gives: `True`, `None`, `['a', 1]`, `{'a': 1.0}`.
    pub fn to_text(&self) -> String {
        match self {
            Value::Str(text) => text.to_string(),
            Value::Moment(moment) => moment.to_string(),
            other => {
                let mut out = String::new();
                write_repr(other, &mut out);
                out
            }
        }
    }

    /// Returns the value as JSON (maps with other than text keys get text ones, as Python's `json.dumps` does).
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or(serde_json::Value::Null)
    }
}

/// Writes what Python's `repr()` gives.
fn write_repr(value: &Value, out: &mut String) {
    use fmt::Write as _;
    match value {
        Value::Null => out.push_str("None"),
        Value::Omit => out.push_str("<< omit >>"),
        Value::Bool(b) => out.push_str(if *b { "True" } else { "False" }),
        Value::Int(n) => {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "{n}");
        }
        Value::Float(f) => out.push_str(&python_float(*f)),
        Value::Str(text) => python_quoted(text, out),
        Value::Moment(moment) => out.push_str(&moment.repr()),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_repr(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (i, (key, item)) in map.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_repr(&key.to_value(), out);
                out.push_str(": ");
                write_repr(item, out);
            }
            out.push('}');
        }
    }
}

/// Returns a float as Python prints it: `1.0`, `0.1`, `1e+16`, `inf`, `nan`.
pub fn python_float(f: f64) -> String {
    if f.is_nan() {
        return "nan".into();
    }
    if f.is_infinite() {
        return if f > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let size = f.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{f:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let sign = if exponent.starts_with('-') { '-' } else { '+' };
        return format!("{digits}e{sign}{:0>2}", exponent.trim_start_matches('-'));
    }
    let text = f.to_string();
    if text.contains('.') { text } else { format!("{text}.0") }
}

/// Writes text in quotes as Python's `repr()` does.
pub(crate) fn python_quoted(text: &str, out: &mut String) {
    use fmt::Write as _;
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null | Value::Omit => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Int(n) => match (i64::try_from(*n), u64::try_from(*n)) {
                (Ok(n), _) => serializer.serialize_i64(n),
                (_, Ok(n)) => serializer.serialize_u64(n),
                _ => serializer.serialize_f64(*n as f64),
            },
            Value::Float(f) => serializer.serialize_f64(*f),
            Value::Str(text) => serializer.serialize_str(text),
            Value::List(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items.iter() {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Value::Map(map) => map.serialize(serializer),
            Value::Moment(moment) => serializer.serialize_str(&moment.iso("T")),
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self.iter() {
            match key {
                Key::Str(text) => out.serialize_entry(&**text, value)?,
                Key::Null => out.serialize_entry("null", value)?,
                Key::Bool(b) => out.serialize_entry(if *b { "true" } else { "false" }, value)?,
                Key::Int(n) => out.serialize_entry(&n.to_string(), value)?,
            }
        }
        out.end()
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(b) => Value::Bool(b),
            serde_json::Value::Number(n) => match (n.as_i64(), n.as_u64()) {
                (Some(n), _) => Value::Int(n.into()),
                (_, Some(n)) => Value::Int(n.into()),
                _ => Value::Float(n.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(text) => Value::Str(text.into()),
            serde_json::Value::Array(items) => Value::list(items),
            serde_json::Value::Object(entries) => Value::map(entries),
        }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::Bool(b)
    }
}

impl From<i128> for Value {
    fn from(n: i128) -> Value {
        Value::Int(n)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Value {
        Value::Int(n.into())
    }
}

impl From<i32> for Value {
    fn from(n: i32) -> Value {
        Value::Int(n.into())
    }
}

impl From<u64> for Value {
    fn from(n: u64) -> Value {
        Value::Int(n.into())
    }
}

impl From<usize> for Value {
    fn from(n: usize) -> Value {
        Value::Int(n as i128)
    }
}

impl From<f64> for Value {
    fn from(f: f64) -> Value {
        Value::Float(f)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Str(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Str(text.into())
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Value {
        Value::Str(text)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Value {
        Value::Map(Arc::new(map))
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::list(items)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keys_are_found_without_making_one() {
        let map: Map = [("a", 1), ("b", 2)].into_iter().collect();
        assert_eq!(map.get("b"), Some(&Value::Int(2)));
        assert_eq!(map.get("c"), None);
        let mut by_number = Map::new();
        by_number.insert(Key::Int(10), "ten");
        assert_eq!(by_number.get("10"), None, "an integer key is not its text");
    }

    #[test]
    fn text_is_what_python_prints() {
        let cases: [(Value, &str); 9] = [
            (Value::Null, "None"),
            (true.into(), "True"),
            (1.0.into(), "1.0"),
            (1e16.into(), "1e+16"),
            (0.00001.into(), "1e-05"),
            (vec!["a", "it's"].into(), r#"['a', "it's"]"#),
            (Value::map([("k", Value::Null)]), "{'k': None}"),
            ("plain".into(), "plain"),
            (vec!["tab\t"].into(), r"['tab\t']"),
        ];
        for (value, text) in cases {
            assert_eq!(value.to_text(), text);
        }
    }
}
