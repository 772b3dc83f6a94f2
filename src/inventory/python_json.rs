//! JSON as Python's `json.dumps` writes it with `indent=4` and `sort_keys=True`: for programs that compare texts.

use crate::value::python_float;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Returns the text of a value.
pub fn python_json(value: &Json) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

fn write(value: &Json, depth: usize, out: &mut String) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(said) => out.push_str(if *said { "true" } else { "false" }),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (None, None, Some(float)) => out.push_str(&python_float(float)),
            _ => out.push_str(&number.to_string()),
        },
        Json::String(text) => quoted(text, out),
        Json::Array(items) if items.is_empty() => out.push_str("[]"),
        Json::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                line(at, depth + 1, out);
                write(item, depth + 1, out);
            }
            end(depth, ']', out);
        }
        Json::Object(entries) if entries.is_empty() => out.push_str("{}"),
        Json::Object(entries) => {
            out.push('{');
            let sorted: BTreeMap<&String, &Json> = entries.iter().collect();
            for (at, (key, value)) in sorted.into_iter().enumerate() {
                line(at, depth + 1, out);
                quoted(key, out);
                out.push_str(": ");
                write(value, depth + 1, out);
            }
            end(depth, '}', out);
        }
    }
}

fn line(at: usize, depth: usize, out: &mut String) {
    out.push_str(if at > 0 { ",\n" } else { "\n" });
    out.extend(std::iter::repeat_n("    ", depth));
}

fn end(depth: usize, bracket: char, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n("    ", depth));
    out.push(bracket);
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a `String` cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_is_what_python_writes() {
        let value = json!({"b": [1, 2.0, 1e22, null, true], "a": {"é": "😀\n\u{7f}"}, "e": [], "o": {}});
        let expected = "{\n    \"a\": {\n        \"\\u00e9\": \"\\ud83d\\ude00\\n\\u007f\"\n    },\n    \"b\": [\n        1,\n        2.0,\n        1e+22,\n        null,\n        true\n    ],\n    \"e\": [],\n    \"o\": {}\n}";
        assert_eq!(python_json(&value), expected);
    }
}
