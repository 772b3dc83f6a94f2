//! Values between the engine and the rest of the program.
//!
//! A [`Value`] goes into the engine without being copied: lists and dictionaries become objects over the shared data.
//! What comes out of it is taken apart once, and every way in which a result may be unusable (undefined, a function, an
//! error inside a list) is an error here, so that nobody behind has to think of it.

use super::bytes::Bytes;
use super::methods::Bound;
use super::range::Range;
use crate::failure::{Failure, FailureKind};
use crate::halt;
use crate::value::{Key, Map, Moment, Value, python_float};
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};
use minijinja::{Error, ErrorKind};
use std::sync::Arc;

/// How deep a value that comes out of the engine may be. A list that was appended to itself has no end.
pub(crate) const MAX_DEPTH: usize = 200;

/// A failure on its way through the engine, which only knows its own errors.
#[derive(Debug)]
pub(crate) struct Carried(pub(crate) Failure);

impl std::fmt::Display for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failure in a template")
    }
}

impl std::error::Error for Carried {}

/// Makes an engine error that carries a failure.
pub(crate) fn carry(failure: Failure) -> Error {
    let kind = match failure.kind {
        FailureKind::Undefined => ErrorKind::UndefinedError,
        _ => ErrorKind::InvalidOperation,
    };
    Error::new(kind, failure.message.expose().to_owned()).with_source(Carried(failure))
}

/// Returns the failure that an error carries, however deep.
pub(crate) fn carried(error: &Error) -> Option<&Failure> {
    let mut source = std::error::Error::source(error);
    let mut found = None;
    while let Some(inner) = source {
        if let Some(carried) = inner.downcast_ref::<Carried>() {
            found = Some(&carried.0);
        }
        source = inner.source();
    }
    found
}

/// A list of data.
#[derive(Debug)]
pub(crate) struct ListObject(pub(crate) Arc<Vec<Value>>);

impl Object for ListObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &minijinja::Value) -> Option<minijinja::Value> {
        self.0.get(key.as_usize()?).map(to_engine)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Value::List(Arc::clone(&self.0)).to_text())
    }
}

/// A dictionary of data is shared with the engine as it is.
impl Object for Map {
    fn get_value(self: &Arc<Self>, key: &minijinja::Value) -> Option<minijinja::Value> {
        match key.as_str() {
            Some(text) => self.get(text).map(to_engine),
            None => self.get_key(&to_key(key).ok()?).map(to_engine),
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<minijinja::Value> {
        self.get(key).map(to_engine)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.iter().map(|(key, _)| from_key(key)).collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.len())
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Value::Map(Arc::clone(self)).to_text())
    }
}

/// `omit`: leaves out the argument or entry that has it.
#[derive(Debug)]
pub(crate) struct OmitObject;

impl Object for OmitObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<< omit >>")
    }
}

/// What `a if b` without `else` gives when `b` does not hold: nothing in a text, an error as a value.
#[derive(Debug)]
pub(crate) struct NoElse;

impl Object for NoElse {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn render(self: &Arc<Self>, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

/// A variable that cannot be had because something that it uses is undefined. Access to its elements gives itself, so
/// that `default` and `is defined` see it; everything else refuses it.
///
/// A plain unknown name is the engine's own undefined: it has nothing to carry.
#[derive(Debug)]
pub(crate) struct Undefined(pub(crate) Failure);

impl Object for Undefined {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, _key: &minijinja::Value) -> Option<minijinja::Value> {
        Some(minijinja::Value::from_dyn_object(Arc::clone(self)))
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn call(
        self: &Arc<Self>,
        _state: &mut minijinja::State<'_, '_>,
        _args: &[minijinja::Value],
    ) -> Result<minijinja::Value, Error> {
        Err(carry(self.0.clone()))
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut minijinja::State<'_, '_>,
        _method: &str,
        _args: &[minijinja::Value],
    ) -> Result<minijinja::Value, Error> {
        Err(carry(self.0.clone()))
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Only messages get here: every place that prints for a user refuses it before.
        f.write_str("undefined")
    }
}

/// Claims that a value is undefined in either form: what `is defined` and `default` ask.
pub(crate) fn is_undefined(value: &minijinja::Value) -> bool {
    value.is_undefined() || value.downcast_object_ref::<Undefined>().is_some()
}

/// Fails when the run has come to its end in the middle of a rendering.
#[inline]
pub(crate) fn going_on() -> Result<(), Error> {
    match halt::is_halted() {
        true => Err(carry(Failure::new(FailureKind::Cancelled, format!("template {}", halt::MESSAGE)))),
        false => Ok(()),
    }
}

/// Refuses a value that is undefined.
pub(crate) fn defined(value: &minijinja::Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    match value.downcast_object_ref::<Undefined>() {
        Some(undefined) => Err(carry(undefined.0.clone())),
        None => Ok(()),
    }
}

/// Returns a value for the engine. Nothing is copied but the outermost shell.
pub(crate) fn to_engine(value: &Value) -> minijinja::Value {
    match value {
        Value::Null => minijinja::Value::from(()),
        Value::Bool(b) => minijinja::Value::from(*b),
        Value::Int(n) => from_int(*n),
        Value::Float(f) => minijinja::Value::from(*f),
        Value::Str(text) => minijinja::Value::from(Arc::clone(text)),
        Value::List(items) => minijinja::Value::from_object(ListObject(Arc::clone(items))),
        Value::Map(map) => minijinja::Value::from_dyn_object(Arc::clone(map)),
        Value::Moment(moment) => moment.value(),
        Value::Omit => minijinja::Value::from_object(OmitObject),
    }
}

/// Returns a value of the engine as data, every lazy part of it computed.
pub(crate) fn from_engine(value: &minijinja::Value) -> Result<Value, Error> {
    take(value, 0, Taken { ranges: true, bytes: true })
}

/// Returns what a template gives as data: as [`from_engine`] does, but a range is refused, as Ansible does.
pub(crate) fn result(value: &minijinja::Value) -> Result<Value, Error> {
    take(value, 0, Taken { ranges: false, bytes: true })
}

/// Returns a value of the engine as data where only some of what is no data is taken for it.
pub(crate) fn data_with(value: &minijinja::Value, taken: Taken) -> Result<Value, Error> {
    take(value, 0, taken)
}

/// What is taken for the data that it stands for; otherwise it is an error.
#[derive(Clone, Copy)]
pub(crate) struct Taken {
    /// A range for the list of its numbers.
    pub(crate) ranges: bool,
    /// Bytes for their text.
    pub(crate) bytes: bool,
}

fn take(value: &minijinja::Value, depth: usize, taken: Taken) -> Result<Value, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("value is nested deeper than {MAX_DEPTH} levels")));
    }
    match value.kind() {
        ValueKind::None => Ok(Value::Null),
        ValueKind::Bool => Ok(Value::Bool(value.is_true())),
        ValueKind::Number => number(value),
        ValueKind::String => match value.to_str() {
            Some(text) => Ok(Value::Str(text)),
            None => Ok(Value::str(value.to_string())),
        },
        ValueKind::Bytes => Ok(Value::str(String::from_utf8_lossy(value.as_bytes().unwrap_or_default()))),
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Invalid => Err(error_inside(value)),
        ValueKind::Seq | ValueKind::Iterable => {
            if let Some(list) = value.downcast_object_ref::<ListObject>() {
                return Ok(Value::List(Arc::clone(&list.0)));
            }
            if let Some(bytes) = value.downcast_object_ref::<Bytes>() {
                return match taken.bytes {
                    true => Ok(Value::str(String::from_utf8_lossy(&bytes.0))),
                    false => Err(Error::new(
                        ErrorKind::InvalidOperation,
                        "bytes are no text here: write `.decode()` behind them",
                    )),
                };
            }
            if !taken.ranges
                && let Some(range) = value.downcast_object_ref::<Range>()
            {
                let message = format!("{range} is no list yet: write `| list` behind it");
                return Err(Error::new(ErrorKind::InvalidOperation, message));
            }
            let mut items = Vec::with_capacity(value.len().unwrap_or(0).min(1 << 16));
            for item in value.try_iter()? {
                match take(&item, depth + 1, taken)? {
                    Value::Omit => {}
                    item => items.push(item),
                }
            }
            Ok(Value::List(Arc::new(items)))
        }
        ValueKind::Map => {
            if let Some(map) = value.downcast_object::<Map>() {
                return Ok(Value::Map(map));
            }
            let mut map = Map::new();
            let Some(object) = value.as_object() else { return Err(unusable()) };
            for (key, item) in object.try_iter_pairs().into_iter().flatten() {
                match take(&item, depth + 1, taken)? {
                    Value::Omit => {}
                    item => map.insert(to_key(&key)?, item),
                }
            }
            Ok(Value::from(map))
        }
        _ => {
            if value.downcast_object_ref::<OmitObject>().is_some() {
                return Ok(Value::Omit);
            }
            if let Some(moment) = value.downcast_object_ref::<Moment>() {
                return Ok(Value::Moment(*moment));
            }
            if value.downcast_object_ref::<NoElse>().is_some() {
                return Err(Error::new(
                    ErrorKind::InvalidOperation,
                    "inline `if` has no `else`, and its condition does not hold",
                ));
            }
            defined(value)?;
            if let Some(method) = value.downcast_object_ref::<Bound>() {
                return Err(Error::new(ErrorKind::InvalidOperation, method.misused()));
            }
            Err(unusable())
        }
    }
}

/// Returns the error that an invalid value is.
pub(crate) fn error_inside(value: &minijinja::Value) -> Error {
    // The engine shows it only to those who iterate.
    let mut items = match minijinja::Value::from(vec![value.clone()]).try_iter() {
        Ok(items) => items.checked(),
        Err(error) => return error,
    };
    items.next().and_then(Result::err).unwrap_or_else(unusable)
}

fn unusable() -> Error {
    Error::new(ErrorKind::InvalidOperation, "result is a function or another thing that is no data")
}

fn number(value: &minijinja::Value) -> Result<Value, Error> {
    if value.is_integer() {
        return i128::try_from(value.clone()).map(Value::Int);
    }
    f64::try_from(value.clone()).map(Value::Float)
}

/// Returns a whole number for the engine.
pub(crate) fn from_int(n: i128) -> minijinja::Value {
    match i64::try_from(n) {
        Ok(n) => minijinja::Value::from(n),
        Err(_) => minijinja::Value::from(n),
    }
}

/// Returns a dictionary's key for the engine.
pub(crate) fn from_key(key: &Key) -> minijinja::Value {
    match key {
        Key::Null => minijinja::Value::from(()),
        Key::Bool(b) => minijinja::Value::from(*b),
        Key::Int(n) => from_int(*n),
        Key::Str(text) => minijinja::Value::from(Arc::clone(text)),
    }
}

/// Returns a value of the engine as a dictionary's key.
pub(crate) fn to_key(value: &minijinja::Value) -> Result<Key, Error> {
    match from_engine(value)? {
        Value::Null => Ok(Key::Null),
        Value::Bool(b) => Ok(Key::Bool(b)),
        Value::Int(n) => Ok(Key::Int(n)),
        Value::Float(f) => Ok(Key::from(python_float(f))),
        Value::Str(text) => Ok(Key::Str(text)),
        Value::Moment(moment) => Ok(Key::from(moment.to_string())),
        other => Err(Error::new(ErrorKind::NonKey, format!("a {} cannot be the key of a dictionary", other.kind()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_comes_back_as_it_went_in() {
        let map: Map = [(Key::Int(10), Value::from("ten")), (Key::Null, Value::Null), (Key::Bool(true), 1.5.into())]
            .into_iter()
            .collect();
        let value =
            Value::list([Value::from(map), Value::Int(i128::MAX), Value::list(["a", "b"]), Value::from("{{ x }}")]);
        assert_eq!(from_engine(&to_engine(&value)).unwrap(), value);
    }

    #[test]
    fn whole_number_keys_stay_numbers() {
        let map: Map = [(Key::Int(10), Value::from("ten"))].into_iter().collect();
        let value = to_engine(&Value::from(map));
        assert_eq!(value.get_item(&minijinja::Value::from(10)).unwrap().as_str(), Some("ten"));
        assert!(value.get_item(&minijinja::Value::from("10")).unwrap().is_undefined());
    }

    #[test]
    fn omitted_entries_are_left_out_and_undefined_ones_refused() {
        let omit = to_engine(&Value::Omit);
        let list = minijinja::Value::from(vec![omit.clone(), minijinja::Value::from(1)]);
        assert_eq!(from_engine(&list).unwrap(), Value::list([1i64]));
        assert_eq!(from_engine(&omit).unwrap(), Value::Omit);
        let list = minijinja::Value::from(vec![minijinja::Value::UNDEFINED]);
        assert_eq!(from_engine(&list).unwrap_err().kind(), ErrorKind::UndefinedError);
    }
}
