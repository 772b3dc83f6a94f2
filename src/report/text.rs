//! Values and foreign text in a form that people can read and that cannot play tricks on a terminal.

use crate::value::{Value, python_float};
use std::borrow::Cow;

/// Returns text whose control characters are made visible (`^[` for escape): what a device sends must not move the cursor
/// or recolour the screen. Line breaks and tabs stay.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n");
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if !harmful(c) => out.push(c),
            '\0'..='\x1f' => out.extend(['^', char::from(c as u8 + 0x40)]),
            _ => out.push('\u{fffd}'),
        }
    }
    Cow::Owned(out)
}

/// Returns the first line of a text, with a mark when there is more.
pub(super) fn first_line(text: &str, ellipsis: &str) -> String {
    let text = printable(text.trim());
    match text.split_once('\n') {
        Some((first, _)) => format!("{} {ellipsis}", first.trim_end()),
        None => text.into_owned(),
    }
}

/// Returns a value as lines that look like YAML, each indented and ended: text of several lines stays readable, which JSON
/// would not leave it.
pub(super) fn block(value: &Value, indent: usize) -> String {
    let mut out = String::new();
    match value {
        Value::Map(map) if !map.is_empty() => map.iter().for_each(|(key, item)| {
            pad(indent, &mut out);
            out.push_str(&scalar(&key.to_value()));
            out.push(':');
            nested(item, indent, &mut out);
        }),
        Value::List(items) if !items.is_empty() => items.iter().for_each(|item| {
            pad(indent, &mut out);
            out.push('-');
            match item {
                // The first entry of a dictionary stands beside its dash.
                Value::Map(map) if !map.is_empty() => {
                    out.push(' ');
                    out.push_str(block(item, indent + 2).trim_start_matches(' '));
                }
                _ => nested(item, indent, &mut out),
            }
        }),
        other => {
            pad(indent, &mut out);
            nested(other, indent, &mut out);
            // A scalar alone has no key to stand behind.
            let lead = out.find(|c| c != ' ').unwrap_or(0);
            out.replace_range(..lead, &" ".repeat(indent));
        }
    }
    out
}

/// Writes what stands behind a key or a dash.
fn nested(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Str(text) if text.trim_end_matches('\n').contains('\n') => {
            out.push_str(" |\n");
            for line in printable(text).trim_end_matches('\n').split('\n') {
                if !line.is_empty() {
                    pad(indent + 2, out);
                    out.push_str(line);
                }
                out.push('\n');
            }
        }
        Value::Map(map) if !map.is_empty() => {
            out.push('\n');
            out.push_str(&block(value, indent + 2));
        }
        Value::List(items) if !items.is_empty() => {
            out.push('\n');
            out.push_str(&block(value, indent + 2));
        }
        other => {
            out.push(' ');
            out.push_str(&scalar(other));
            out.push('\n');
        }
    }
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Returns a scalar in one line; text that could be taken for something else has quotes.
fn scalar(value: &Value) -> String {
    match value {
        Value::Null | Value::Omit => "null".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Float(f) => python_float(*f),
        Value::Str(text) if is_plain(text) => text.to_string(),
        Value::Str(text) => serde_json::Value::from(&**text).to_string(),
        Value::List(_) => "[]".into(),
        Value::Map(_) => "{}".into(),
        Value::Moment(moment) => moment.iso("T"),
    }
}

/// Claims that text needs no quotes to be seen as what it is.
fn is_plain(text: &str) -> bool {
    let special = |c: char| "-?:,[]{}#&*!|>'\"%@` ".contains(c);
    let word =
        matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "~");
    let doubtful = text.is_empty()
        || word
        || text.parse::<f64>().is_ok()
        || (text.starts_with(special) && !text.starts_with("--"))
        || text.ends_with([' ', ':'])
        || [": ", " #"].iter().any(|mark| text.contains(mark))
        || text.contains(char::is_control);
    !doubtful
}

/// Returns a duration as people read it: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..10 => format!("{}.{} s", seconds, ms % 1000 / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Returns a count with its noun, which gets an `s` unless there is one of it.
pub(super) fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_as_lines() {
        let value = Value::map([
            ("msg", Value::from("two\nlines\n")),
            ("count", 3.into()),
            ("text", "12".into()),
            ("empty", Value::list([0; 0])),
            ("list", vec!["a", "b: c", ""].into()),
            ("maps", vec![Value::map([("k", Value::from(true)), ("l", Value::from(vec![1, 2]))])].into()),
        ]);
        let expected = "  msg: |
    two
    lines
  count: 3
  text: \"12\"
  empty: []
  list:
    - a
    - \"b: c\"
    - \"\"
  maps:
    - k: true
      l:
        - 1
        - 2
";
        assert_eq!(block(&value, 2), expected);
        assert_eq!(block(&"hello".into(), 4), "    hello\n");
        assert_eq!(block(&"a\nb".into(), 2), "  |\n    a\n    b\n");
    }

    #[test]
    fn control_characters_are_made_visible() {
        assert_eq!(printable("a\x1b[31mred\x07\r\n\tb\u{9b}"), "a^[[31mred^G\n\tb\u{fffd}");
        assert_eq!(block(&Value::map([("k", "\x1b[2J")]), 0), "k: \"\\u001b[2J\"\n");
    }

    #[test]
    fn durations_read_well() {
        let cases =
            [(40, "0.0 s"), (5_430, "5.4 s"), (59_999, "59 s"), (185_000, "3 min 05 s"), (7_620_000, "2 h 07 min")];
        for (ms, text) in cases {
            assert_eq!(duration(ms), text);
        }
    }
}
