//! What Python does with values where the engine or Rust would do otherwise: text, equality, order, attribute paths.

use crate::template::bytes::Bytes;
use crate::template::convert::is_undefined;
use crate::template::sequence::Sequence;
use crate::value::Value as Data;
use minijinja::value::ValueKind;
use minijinja::{Error, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

/// Returns the text that `str()` gives.
pub(crate) fn text(value: &Value) -> Result<String, Error> {
    crate::template::text::text_of(value).map(Cow::into_owned)
}

/// Returns the same without a copy where the value is text.
pub(crate) fn text_ref(value: &Value) -> Result<Cow<'_, str>, Error> {
    crate::template::text::text_of(value)
}

/// Returns text as Ansible's own filters read it, where Jinja's take `str()`: bytes are the text that they stand for.
pub(crate) fn decoded(value: &Value) -> Result<Cow<'_, str>, Error> {
    match value.downcast_object_ref::<Bytes>() {
        Some(bytes) => Ok(String::from_utf8_lossy(&bytes.0)),
        None => text_ref(value),
    }
}

/// Writes the text that `str()` gives.
pub(crate) fn write_text(value: &Value, out: &mut String) -> Result<(), Error> {
    match value.as_str() {
        Some(text) => out.push_str(text),
        None => out.push_str(&text(value)?),
    }
    Ok(())
}

/// Returns the text that `repr()` gives.
pub(crate) fn repr(value: &Data) -> String {
    // Inside a list every value is written by its `repr()`.
    let listed = Data::list([value.clone()]).to_text();
    listed[1..listed.len() - 1].to_owned()
}

/// Returns the name of a value's kind as messages say it, with its article.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value.kind() {
        ValueKind::Undefined | ValueKind::Invalid => "an undefined value",
        ValueKind::None => "none",
        ValueKind::Bool => "a boolean",
        ValueKind::Number if value.is_integer() => "an integer",
        ValueKind::Number => "a float",
        ValueKind::String => "text",
        ValueKind::Bytes => "bytes",
        ValueKind::Seq | ValueKind::Iterable => match Sequence::of(value) {
            Some(Sequence::Range) => "a range",
            Some(Sequence::Bytes) => "bytes",
            _ => "a list",
        },
        ValueKind::Map => "a dictionary",
        _ => "an object",
    }
}

/// Returns a value's number: a boolean counts as 0 or 1, as in Python.
fn number(value: &Data) -> Option<Number> {
    match value {
        Data::Bool(b) => Some(Number::Int((*b).into())),
        Data::Int(n) => Some(Number::Int(*n)),
        Data::Float(f) => Some(Number::Float(*f)),
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    fn float(self) -> f64 {
        match self {
            Number::Int(n) => n as f64,
            Number::Float(f) => f,
        }
    }

    fn order(self, other: Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
            (a, b) => a.float().partial_cmp(&b.float()),
        }
    }
}

/// Claims what `==` does: `1 == 1.0 == True`, dictionaries are equal in any order.
pub(crate) fn equal(a: &Data, b: &Data) -> bool {
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return a.order(b) == Some(Ordering::Equal);
    }
    match (a, b) {
        (Data::List(a), Data::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b)),
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get_key(key).is_some_and(|b| equal(a, b)))
        }
        (a, b) => a == b,
    }
}

/// Returns the order that `<` sees; `None` for what Python refuses to compare.
pub(crate) fn order(a: &Data, b: &Data) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        // NaN is neither less nor more; a sort leaves it where it is.
        return Some(a.order(b).unwrap_or(Ordering::Equal));
    }
    match (a, b) {
        (Data::Str(a), Data::Str(b)) => Some(a.cmp(b)),
        (Data::Moment(a), Data::Moment(b)) => a.order(b),
        (Data::List(a), Data::List(b)) => {
            for (a, b) in a.iter().zip(b.iter()) {
                if !equal(a, b) {
                    return order(a, b);
                }
            }
            Some(a.len().cmp(&b.len()))
        }
        _ => None,
    }
}

/// Returns a value as the key of a set: equal values give equal keys.
pub(crate) fn hashed(value: &Data) -> String {
    let mut out = String::new();
    write_hashed(value, &mut out);
    out
}

fn write_hashed(value: &Data, out: &mut String) {
    match value {
        Data::Bool(b) => out.push_str(if *b { "n1;" } else { "n0;" }),
        Data::Int(n) => out.push_str(&format!("n{n};")),
        Data::Float(f) if f.fract() == 0.0 && f.abs() < 1e36 => out.push_str(&format!("n{};", *f as i128)),
        Data::Float(f) => out.push_str(&format!("f{:x};", f.to_bits())),
        Data::Str(text) => out.push_str(&format!("s{}:{text}", text.len())),
        Data::List(items) => {
            out.push_str(&format!("l{}:", items.len()));
            items.iter().for_each(|item| write_hashed(item, out));
        }
        Data::Map(map) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| hashed(&key.to_value()) + &hashed(value)).collect();
            entries.sort();
            out.push_str(&format!("d{}:", entries.len()));
            entries.iter().for_each(|entry| out.push_str(entry));
        }
        Data::Null => out.push('0'),
        Data::Moment(moment) => out.push_str(&format!("t{moment};")),
        Data::Omit => out.push('o'),
    }
}

/// Sorts by keys in Python's order, equal ones staying as they stand.
///
/// # Errors
/// Names the kinds of two keys that have no order.
pub(crate) fn sort_by_keys<T>(items: Vec<(Data, T)>, reverse: bool) -> Result<Vec<(Data, T)>, String> {
    // A merge sort of our own: the standard one may panic on an order with holes (NaN, lists of mixed kinds).
    if items.len() < 2 {
        return Ok(items);
    }
    let mut items = items;
    // Texts, by far the most: their order has no holes.
    if items.iter().all(|(key, _)| only_text(key).is_some()) {
        items.sort_by(|(a, _), (b, _)| {
            let by = only_text(a).cmp(&only_text(b));
            if reverse { by.reverse() } else { by }
        });
        return Ok(items);
    }
    let mut left = items;
    let right = left.split_off(left.len() / 2);
    let mut left = sort_by_keys(left, reverse)?.into_iter().peekable();
    let mut right = sort_by_keys(right, reverse)?.into_iter().peekable();
    let mut out = Vec::with_capacity(left.len() + right.len());
    while let (Some((a, _)), Some((b, _))) = (left.peek(), right.peek()) {
        let by = order(a, b).ok_or_else(|| format!("cannot compare {} and {}", a.kind(), b.kind()))?;
        let right_first = if reverse { by == Ordering::Less } else { by == Ordering::Greater };
        out.extend(if right_first { right.next() } else { left.next() });
    }
    out.extend(left);
    out.extend(right);
    Ok(out)
}

/// Returns the text of a key that is one, or a list of one.
fn only_text(key: &Data) -> Option<&str> {
    match key {
        Data::Str(text) => Some(text),
        Data::List(items) if items.len() == 1 => items[0].as_str(),
        _ => None,
    }
}

/// Looks up a dotted path: `addr.city`, `list.0`, or one key of any type. What is not there gives an undefined value.
pub(crate) fn lookup(value: &Value, path: &Value) -> Result<Value, Error> {
    let Some(dotted) = path.as_str() else {
        return value.get_item(path);
    };
    let mut at = value.clone();
    for part in dotted.split('.') {
        if is_undefined(&at) {
            break;
        }
        let index =
            if part.as_bytes().first().is_some_and(u8::is_ascii_digit) { part.parse::<i64>().ok() } else { None };
        at = match index {
            Some(index) => at.get_item(&Value::from(index))?,
            None => at.get_attr(part)?,
        };
    }
    Ok(at)
}

/// Returns text in upper and lower case folded away, as `str.lower()` gives it; other values as they are.
pub(crate) fn ignore_case(value: Data) -> Data {
    match &value {
        Data::Str(text) if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) => value,
        Data::Str(text) => Data::from(text.to_lowercase()),
        _ => value,
    }
}
