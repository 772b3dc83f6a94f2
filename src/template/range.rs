//! `range()`: whole numbers that are counted, not kept; a sequence of its own, as in Python.

use super::convert::from_int;
use super::sequence::bounds;
use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use std::fmt;
use std::sync::Arc;

/// Whole numbers from a start to before a stop. It prints as `range(0, 3)`, and becomes a list where a filter or a loop
/// wants one; alone it is no result.
#[derive(Debug)]
pub(crate) struct Range {
    start: i128,
    stop: i128,
    step: i128,
}

impl Range {
    /// Makes a range; a step of 0 has none.
    pub(crate) fn new(start: i128, stop: i128, step: i128) -> Option<Range> {
        (step != 0).then_some(Range { start, stop, step })
    }

    /// Returns how many numbers there are.
    pub(crate) fn count(&self) -> i128 {
        let span =
            if self.step > 0 { self.stop.saturating_sub(self.start) } else { self.start.saturating_sub(self.stop) };
        if span <= 0 { 0 } else { (span - 1) / self.step.saturating_abs() + 1 }
    }

    fn at(&self, index: usize) -> i128 {
        self.start.saturating_add((index as i128).saturating_mul(self.step))
    }

    /// Returns the part that a slice takes, which is a range too.
    pub(crate) fn slice(&self, start: Option<i128>, stop: Option<i128>, step: i128) -> Range {
        let (from, to) = bounds(self.count(), start, stop, step);
        let at = |index: i128| self.start.saturating_add(index.saturating_mul(self.step));
        Range { start: at(from), stop: at(to), step: self.step.saturating_mul(step) }
    }

    /// Claims that both have the same numbers.
    pub(crate) fn equals(&self, other: &Range) -> bool {
        let (count, others) = (self.count(), other.count());
        count == others && (count == 0 || self.start == other.start && (count == 1 || self.step == other.step))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            1 => write!(f, "range({}, {})", self.start, self.stop),
            step => write!(f, "range({}, {}, {step})", self.start, self.stop),
        }
    }
}

impl Object for Range {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(name) = key.as_str() {
            return match name {
                "start" => Some(from_int(self.start)),
                "stop" => Some(from_int(self.stop)),
                "step" => Some(from_int(self.step)),
                _ => None,
            };
        }
        let index = key.as_usize()?;
        ((index as i128) < self.count()).then(|| from_int(self.at(index)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(usize::try_from(self.count()).unwrap_or(usize::MAX))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Returns a value as a filter of Ansible's hands it on: a range becomes a list.
pub(crate) fn listed(value: &Value) -> Value {
    match value.downcast_object_ref::<Range>() {
        Some(_) => value.try_iter().map_or_else(Value::from, |items| Value::from(items.collect::<Vec<Value>>())),
        None => value.clone(),
    }
}
