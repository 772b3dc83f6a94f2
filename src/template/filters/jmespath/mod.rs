//! `json_query`: JMESPath as Python's library has it, whose answers Ansible's users know.
//!
//! The crate reads the expression; it is evaluated here, because dictionaries keep the order of their entries, text has
//! an order, and `` `word` `` is text even without quotes.

mod evaluate;
mod functions;

use super::args::{Args, add_filter};
use super::{Filter, data, to_engine};
use evaluate::evaluate;
use jmespath::ast::Ast;
use minijinja::{Error, State, Value};

pub(super) static FILTERS: &[Filter] = &[Filter {
    name: "community.general.json_query",
    aliases: &["json_query"],
    doc: "Returns what a JMESPath query `expr` finds in the value.",
    add: |env, name| add_filter(env, name, &["expr"], json_query),
}];

/// The longest query, and the most marks (`.`, `[`, `|`, …) in it: every one may nest the evaluation deeper.
const MAX_BYTES: usize = 16 << 10;
const MAX_MARKS: usize = 500;

fn json_query(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let query = args.need_text("expr")?;
    let value = data(args.input())?;
    let found = parse(&query).and_then(|ast| evaluate(&ast, &value, 0));
    found.map(|found| to_engine(&found)).map_err(|why| args.error(format!("`{query}`: {why}")))
}

/// Reads a query.
///
/// # Errors
/// Says what is wrong with it, in a line.
pub(super) fn parse(query: &str) -> Result<Ast, String> {
    if query.len() > MAX_BYTES {
        return Err(format!("query is longer than {} KiB", MAX_BYTES >> 10));
    }
    let (query, marks) = with_quoted_literals(query);
    if marks > MAX_MARKS {
        return Err("query is nested too deep".into());
    }
    jmespath::parse(&query).map_err(|error| {
        let (place, what) = (error.column + 1, error.reason.to_string());
        let what = what.strip_prefix("Parse error: ").unwrap_or(&what).trim().to_owned();
        format!("{} at character {place}", what.trim_end_matches('.'))
    })
}

/// Puts literals that are no JSON in quotes, as Python's library does, and counts the marks that nest.
fn with_quoted_literals(query: &str) -> (String, usize) {
    let mut out = String::with_capacity(query.len());
    let mut marks = 0;
    let mut rest = query;
    while let Some(c) = rest.chars().next() {
        let end = if matches!(c, '`' | '\'' | '"') { end_of_quoted(rest, c) } else { None };
        let Some(end) = end else {
            marks += usize::from("([{!&|.*?=<>".contains(c));
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        let (quoted, after) = rest.split_at(end);
        rest = after;
        let literal = quoted[1..quoted.len() - 1].replace("\\`", "`");
        match c == '`' && serde_json::from_str::<serde::de::IgnoredAny>(&literal).is_err() {
            true => {
                out.push_str("`\"");
                out.push_str(&literal.trim_start().replace('`', "\\`"));
                out.push_str("\"`");
            }
            false => out.push_str(quoted),
        }
    }
    (out, marks)
}

/// Returns the place behind the quote that closes the one at the start.
fn end_of_quoted(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}
