//! With which values a part of a definition holds: they tell it from others and are no part of its lines.

use super::tree::{Path, get};
use crate::value::{Map, Value};

/// Values with which a part holds, and values with which it does not.
#[derive(Debug, Default)]
pub(super) struct Condition {
    /// Null stands for a value that is not there.
    pub(super) when: Vec<(Path, Value)>,
    pub(super) except: Vec<(Path, Value)>,
    /// Values that say that there is no such line.
    pub(super) none: Vec<(Path, Value)>,
}

impl Condition {
    /// Claims that the part holds with these values.
    pub(super) fn holds(&self, map: &Map) -> bool {
        let is = |(path, value): &(Path, Value)| match (get(map, path), value) {
            (None | Some(Value::Bool(false)), Value::Null) => true,
            (there, value) => there == Some(value),
        };
        self.when.iter().all(is) && !self.except.iter().any(is)
    }

    /// Returns the values that are there where the part's line is: reading it sets them.
    pub(super) fn values(&self) -> impl Iterator<Item = (Path, Value)> {
        self.when.iter().filter(|(_, value)| *value != Value::Null).cloned()
    }

    /// Returns where the values stand that it looks at.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.when.iter().chain(&self.except).map(|(path, _)| path)
    }

    /// Returns where values stand that say that there is no such line.
    pub(super) fn denied<'a>(&'a self, map: &'a Map) -> impl Iterator<Item = &'a Path> {
        self.none.iter().filter(|(path, value)| get(map, path) == Some(value)).map(|(path, _)| path)
    }

    /// Claims that it asks for a value: a line of plain words stands for it.
    pub(super) fn asks_for_a_value(&self) -> bool {
        self.values().next().is_some()
    }
}
