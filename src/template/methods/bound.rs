//! Methods of dictionaries that are named and not called: `{{ d.items }}` is no entry, as in Python.

use crate::template::convert::is_undefined;
use crate::template::mutable::is_dictionary;
use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, State};
use std::sync::Arc;

/// The methods that stand before entries of the same name.
pub(crate) const OF_DICTIONARIES: [&str; 11] =
    ["clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"];

/// A method with the dictionary that it is of.
#[derive(Debug)]
pub(crate) struct Bound {
    of: Value,
    name: &'static str,
}

impl Bound {
    /// Returns what is wrong where it is taken for a value.
    pub(crate) fn misused(&self) -> String {
        let name = self.name;
        format!("`.{name}` is a method: write `.{name}()`, or `['{name}']` for an entry of that name")
    }
}

impl Object for Bound {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        self.of.call_method(state, self.name, args)
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<built-in method {} of dict object>", self.name)
    }
}

/// Returns `value.name`, where the name is one of [`OF_DICTIONARIES`].
pub(crate) fn member(value: &Value, name: &str) -> Result<Value, Error> {
    if is_undefined(value) {
        return Ok(value.clone());
    }
    match OF_DICTIONARIES.iter().copied().find(|known| *known == name) {
        Some(name) if is_dictionary(value) => Ok(Value::from_object(Bound { of: value.clone(), name })),
        _ => value.get_attr(name),
    }
}
