//! Lists, tuples, ranges and bytes: which of them a value is, and the parts and multiples of it, which stay of its kind.

use super::bytes::Bytes;
use super::operate::{Number, type_name, wrong};
use super::range::Range;
use minijinja::Error;
use minijinja::value::{Tuple, Value, ValueKind};

/// The longest text or list that `*` makes.
pub(super) const MAX_REPEATED: usize = 64 << 20;

/// Refuses a text that would be too long, before it is made.
pub(crate) fn fits(bytes: usize) -> Result<(), Error> {
    match bytes {
        0..=MAX_REPEATED => Ok(()),
        _ => Err(wrong("text is longer than 64 MiB")),
    }
}

/// What kind of sequence a value is: operators mix none of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sequence {
    List,
    Tuple,
    Range,
    Bytes,
}

impl Sequence {
    pub(crate) fn of(value: &Value) -> Option<Sequence> {
        if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
            return None;
        }
        Some(if value.is_tuple() {
            Sequence::Tuple
        } else if value.downcast_object_ref::<Range>().is_some() {
            Sequence::Range
        } else if value.downcast_object_ref::<Bytes>().is_some() {
            Sequence::Bytes
        } else {
            Sequence::List
        })
    }

    /// Makes a sequence of this kind; none of a range, which is made of its bounds.
    pub(super) fn made(self, items: Vec<Value>) -> Option<Value> {
        match self {
            Sequence::List => Some(Value::from(items)),
            Sequence::Tuple => Some(Value::from(Tuple::new(items))),
            Sequence::Range => None,
            Sequence::Bytes => {
                let bytes = items.into_iter().map(|item| u8::try_from(item).ok()).collect::<Option<Vec<u8>>>();
                bytes.map(|bytes| Value::from_object(Bytes(bytes)))
            }
        }
    }
}

/// Returns a text or sequence so many times over; none of what cannot be repeated.
pub(super) fn repeat(value: &Value, count: i128) -> Option<Result<Value, Error>> {
    let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    let fits = |length: usize, most: usize| length.checked_mul(count).is_some_and(|all| all <= most);
    if let Some(text) = value.as_str() {
        return Some(match fits(text.len(), MAX_REPEATED) {
            true => Ok(Value::from(text.repeat(count))),
            false => Err(wrong("text is longer than 64 MiB")),
        });
    }
    let kind = Sequence::of(value).filter(|kind| *kind != Sequence::Range)?;
    let items: Vec<Value> = value.try_iter().ok()?.collect();
    if !fits(items.len(), MAX_REPEATED / 16) {
        return Some(Err(wrong(format!("list of {} items, {count} times over, is too long", items.len()))));
    }
    if items.is_empty() {
        return kind.made(items).map(Ok);
    }
    kind.made((0..count).flat_map(|_| items.iter().cloned()).collect()).map(Ok)
}

/// Computes `value[start:stop:step]`.
pub(crate) fn slice(value: &Value, start: &Value, stop: &Value, step: &Value) -> Result<Value, Error> {
    let index = |value: &Value| -> Result<Option<i128>, Error> {
        match (value.is_none(), Number::of(value)) {
            (true, _) => Ok(None),
            (_, Some(Number::Int(n))) => Ok(Some(n)),
            _ => Err(wrong(format!("a slice takes whole numbers, not a {}", type_name(value)))),
        }
    };
    let (start, stop, step) = (index(start)?, index(stop)?, index(step)?.unwrap_or(1));
    if step == 0 {
        return Err(wrong("step of a slice is 0"));
    }
    if let Some(text) = value.as_str() {
        let chars: Vec<char> = text.chars().collect();
        return Ok(Value::from(positions(chars.len(), start, stop, step).map(|i| chars[i]).collect::<String>()));
    }
    if let Some(range) = value.downcast_object_ref::<Range>() {
        return Ok(Value::from_object(range.slice(start, stop, step)));
    }
    let unsliced = || wrong(format!("a {} cannot be sliced", type_name(value)));
    let kind = Sequence::of(value).ok_or_else(unsliced)?;
    let items: Vec<Value> = value.try_iter()?.collect();
    kind.made(positions(items.len(), start, stop, step).map(|i| items[i].clone()).collect()).ok_or_else(unsliced)
}

/// Returns where a slice of `length` items begins, and before which position it ends.
pub(crate) fn bounds(length: i128, start: Option<i128>, stop: Option<i128>, step: i128) -> (i128, i128) {
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let bound = |at: i128| (if at < 0 { at.saturating_add(length) } else { at }).clamp(low, high);
    let from = start.map_or(if step > 0 { low } else { high }, bound);
    (from, stop.map_or(if step > 0 { high } else { low }, bound))
}

/// Returns the positions that a slice of `length` items takes.
pub(crate) fn positions(
    length: usize,
    start: Option<i128>,
    stop: Option<i128>,
    step: i128,
) -> impl Iterator<Item = usize> {
    let (from, to) = bounds(length as i128, start, stop, step);
    let mut at = from;
    std::iter::from_fn(move || {
        let is_inside = if step > 0 { at < to } else { at > to };
        let here = usize::try_from(at).ok().filter(|_| is_inside)?;
        at = at.saturating_add(step);
        Some(here)
    })
}
