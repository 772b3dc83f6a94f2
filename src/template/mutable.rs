//! Lists and dictionaries that a template changes in place (`{% set _ = list.append(x) %}`), as Python's do.
//!
//! The engine's own containers cannot change. A text that calls a changing method gets these instead, for its literals
//! and for the variables that it reads. What it changes are copies that live as long as the rendering of the text: the
//! variable itself stays what it is, also for the other hosts.

use super::convert::{from_key, to_key};
use super::sequence::Sequence;
use crate::value::Key;
use indexmap::IndexMap;
use minijinja::Error;
use minijinja::value::{Enumerator, Object, ObjectRepr, Value, ValueKind};
use std::sync::{Arc, Mutex, MutexGuard};

/// A list that can change.
#[derive(Debug, Default)]
pub(crate) struct List {
    items: Mutex<Vec<Value>>,
    /// It was read from a variable, or is in one that was.
    is_variable: bool,
}

/// A dictionary that can change.
#[derive(Debug, Default)]
pub(crate) struct Dict {
    entries: Mutex<IndexMap<Key, Value>>,
    is_variable: bool,
}

impl List {
    /// Returns the items, for reading and changing. Never hold it while values are printed or compared: a list may
    /// contain itself.
    pub(crate) fn items(&self) -> MutexGuard<'_, Vec<Value>> {
        self.items.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Dict {
    /// Makes a dictionary that can change.
    pub(crate) fn value(entries: IndexMap<Key, Value>) -> Value {
        Value::from_object(Dict { entries: Mutex::new(entries), is_variable: false })
    }

    /// Returns the entries, under the same rule as [`List::items`].
    pub(crate) fn entries(&self) -> MutexGuard<'_, IndexMap<Key, Value>> {
        self.entries.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Returns the items of a list as they are now; changing it while they are looked at does no harm.
pub(crate) fn mutable_items(list: &List) -> Vec<Value> {
    list.items().clone()
}

/// Returns a container that can change: the value itself if it can already, otherwise a copy of its outermost shell.
/// Everything else comes back as it is.
pub(crate) fn mutable(value: &Value) -> Result<Value, Error> {
    changeable(value, false)
}

/// Returns the same of what a variable holds.
pub(crate) fn variable(value: &Value) -> Result<Value, Error> {
    changeable(value, true)
}

/// Returns what is written for a value that is written now: what a variable holds shows what is changed in it later, of what
/// the template made itself a copy is written.
pub(crate) fn written(value: &Value) -> Value {
    if let Some(list) = value.downcast_object_ref::<List>().filter(|list| !list.is_variable) {
        return Value::from_object(List { items: Mutex::new(mutable_items(list)), is_variable: false });
    }
    match value.downcast_object_ref::<Dict>().filter(|dict| !dict.is_variable) {
        Some(dict) => Dict::value(dict.entries().clone()),
        None => value.clone(),
    }
}

fn changeable(value: &Value, is_variable: bool) -> Result<Value, Error> {
    if value.downcast_object_ref::<List>().is_some() || value.downcast_object_ref::<Dict>().is_some() {
        return Ok(value.clone());
    }
    let Some(object) = value.as_object() else { return Ok(value.clone()) };
    match value.kind() {
        ValueKind::Seq if Sequence::of(value) == Some(Sequence::List) => {
            let items: Vec<Value> = value.try_iter()?.collect();
            Ok(Value::from_object(List { items: Mutex::new(items), is_variable }))
        }
        // A namespace is an object of the engine that can change already.
        ValueKind::Map if is_dictionary(value) => {
            let mut entries = IndexMap::new();
            for (key, item) in object.try_iter_pairs().into_iter().flatten() {
                entries.insert(to_key(&key)?, item);
            }
            Ok(Value::from_object(Dict { entries: Mutex::new(entries), is_variable }))
        }
        _ => Ok(value.clone()),
    }
}

/// Claims that a map is a dictionary, and not something with attributes: a namespace, the loop, an imported module.
pub(crate) fn is_dictionary(value: &Value) -> bool {
    let shapes = ["value::Map", "LazyMap", "mutable::Dict", "IndexMap", "BTreeMap", "HashMap"];
    value.as_object().is_some_and(|object| shapes.iter().any(|shape| object.type_name().contains(shape)))
}

/// Returns an element, made changeable in place first if it is a container.
fn element(slot: &mut Value, is_variable: bool) -> Value {
    if matches!(slot.kind(), ValueKind::Seq | ValueKind::Map)
        && let Ok(changed) = changeable(slot, is_variable)
    {
        *slot = changed;
    }
    slot.clone()
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.items().get_mut(key.as_usize()?).map(|slot| element(slot, self.is_variable))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let mut items = self.items();
        Enumerator::Values(items.iter_mut().map(|slot| element(slot, self.is_variable)).collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.items().len())
    }
}

impl Object for Dict {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = to_key(key).ok()?;
        self.entries().get_mut(&key).map(|slot| element(slot, self.is_variable))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.entries().keys().map(from_key).collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.entries().len())
    }
}
