//! How much memory an event takes, roughly.

use crate::event::{Event, What};
use crate::value::Value;

/// What an event weighs without what it carries. Measured in tests of 10,000 hosts as the right order of magnitude.
const EVENT_BYTES: usize = 400;

/// What a value weighs without what it carries.
const VALUE_BYTES: usize = 48;

/// Returns roughly how many bytes an event takes.
pub(super) fn weight_bytes(event: &Event) -> usize {
    EVENT_BYTES
        + match &event.what {
            What::StepDone(done) => {
                let diffs = done.diff.iter().map(|diff| diff.before.as_str().len() + diff.after.as_str().len());
                let result = done.result.as_ref().map_or(0, |result| value_bytes(result.value()));
                let failure = done.failure.as_ref().map_or(0, |failure| failure.drawn.as_str().len());
                diffs.sum::<usize>() + result + failure
            }
            What::ItemDone { result, .. } => result.as_ref().map_or(0, |result| value_bytes(result.value())),
            What::PlayStarted { hosts, .. } => hosts.len() * VALUE_BYTES,
            What::RunEnded { recap, .. } => recap.len() * 2 * VALUE_BYTES,
            _ => 0,
        }
}

fn value_bytes(value: &Value) -> usize {
    VALUE_BYTES
        + match value {
            Value::Str(text) => text.len(),
            Value::List(items) => items.iter().map(value_bytes).sum(),
            Value::Map(map) => map.iter().map(|(_, value)| VALUE_BYTES + value_bytes(value)).sum(),
            _ => 0,
        }
}
