//! Dates and times are read and written by any format, from any text, without a panic and within their limits.

use super::choice_and_text;
use super::expression::templar;

/// Reads the bytes: a format and what is read by it, with a nought between them.
pub(crate) fn run(bytes: &[u8]) {
    let Some((which, text)) = choice_and_text(bytes) else { return };
    let (value, format) = text.split_once('\u{0}').unwrap_or((text, text));
    let fixed = [
        "v | to_datetime(a)",
        "(v | to_datetime(a)).strftime(a)",
        "((v | to_datetime(a)) - ('2024-02-29' | to_datetime('%Y-%m-%d'))).total_seconds()",
        "(v | to_datetime(a)).isoformat() | to_datetime('%Y-%m-%dT%H:%M:%S')",
        "a | strftime(v)",
        "a | strftime(v | int, utc=true)",
        "(v | to_datetime(a)).isocalendar()",
        "[v | to_datetime(a)] | string",
    ];
    let _ = templar(value, format).expression_text(fixed[usize::from(which) % fixed.len()], None);
}
