//! Filters on HTML.

use super::Filter;
use super::args::{Args, add_filter};
use super::python::text;
use crate::template::convert::is_undefined;
use minijinja::value::ValueKind;
use minijinja::{Error, State, Value};

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "escape",
        aliases: &["e", "forceescape"],
        doc: "Escapes the characters that HTML gives a meaning.",
        add: |env, name| add_filter(env, name, &[], |_, args| Ok(escape(&text(args.input())?).into())),
    },
    Filter {
        name: "striptags",
        aliases: &[],
        doc: "Removes HTML tags and comments and joins blanks.",
        add: |env, name| add_filter(env, name, &[], |_, args| Ok(strip_tags(&text(args.input())?).into())),
    },
    Filter {
        name: "xmlattr",
        aliases: &[],
        doc: "Writes a dictionary as attributes of an XML element, those without a value left out.",
        add: |env, name| add_filter(env, name, &["autospace"], xmlattr),
    },
];

/// Escapes what HTML gives a meaning.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            c => out.push(c),
        }
    }
    out
}

fn strip_tags(text: &str) -> String {
    let without = cut(&cut(text, "<!--", "-->"), "<", ">");
    unescape(&without.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Removes everything from `open` to the next `close`.
fn cut(text: &str, open: &str, close: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(open) {
        let Some(end) = rest[start..].find(close) else { break };
        out.push_str(&rest[..start]);
        rest = &rest[start + end + close.len()..];
    }
    out + rest
}

/// Reads the common entities and all numeric ones.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.char_indices().take(12).find(|(_, c)| *c == ';').map(|(end, _)| end);
        let found = end.and_then(|end| entity(&rest[1..end]).map(|c| (c, end + 1)));
        match found {
            Some((c, long)) => {
                out.push(c);
                rest = &rest[long..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

fn xmlattr(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    if args.input().kind() != ValueKind::Map {
        return Err(args.wrong("a dictionary", args.input()));
    }
    let mut parts = Vec::new();
    for key in args.items()? {
        let value = args.input().get_item(&key)?;
        if value.is_none() || is_undefined(&value) {
            continue;
        }
        let key = text(&key)?;
        if key.contains([' ', '\t', '\n', '\r', '\u{c}', '/', '>', '=']) {
            return Err(args.error(format!("`{key}` is no name of an attribute")));
        }
        parts.push(format!("{}=\"{}\"", escape(&key), escape(&text(&value)?)));
    }
    let blank = if args.flag("autospace", true) && !parts.is_empty() { " " } else { "" };
    Ok(format!("{blank}{}", parts.join(" ")).into())
}
