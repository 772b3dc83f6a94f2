//! `pprint`: Python's pretty printer, as Ansible's values come out of it.

use super::Filter;
use super::args::{Args, add_filter};
use super::python::repr;
use super::text::split_lines;
use crate::value::Value as Data;
use minijinja::{Error, State, Value};

pub(super) static FILTERS: &[Filter] = &[Filter {
    name: "pprint",
    aliases: &[],
    doc: "Writes the value as Python's `repr()`, long text over several lines.",
    add: |env, name| add_filter(env, name, &[], pprint),
}];

const WIDTH: usize = 80;
fn pprint(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    Ok(match args.input().as_str() {
        Some(text) => literals(text),
        // Python's printer does not know the lists and dictionaries of Ansible's templates: they come on one line.
        None => crate::template::text::repr(args.input())?,
    }
    .into())
}

/// Returns text as literals, one under the other, cut at line ends and blanks.
fn literals(text: &str) -> String {
    let whole = repr(&Data::from(text));
    if whole.chars().count() <= WIDTH {
        return whole;
    }
    // In parentheses: one column on the left, and one on the right of the last line.
    let (indent, allowance) = (1, 1);
    let width = WIDTH - indent;
    let quoted = |text: &str| repr(&Data::from(text));
    let mut chunks: Vec<String> = Vec::new();
    let lines = lines_with_ends(text);
    for (i, line) in lines.iter().enumerate() {
        let last_line = i + 1 == lines.len();
        let room = width.saturating_sub(if last_line { allowance } else { 0 });
        if quoted(line).chars().count() <= room {
            chunks.push(quoted(line));
            continue;
        }
        let words = words_with_blanks(line);
        let mut current = String::new();
        for (j, word) in words.iter().enumerate() {
            let candidate = current.clone() + word;
            let room = if j + 1 == words.len() && last_line { width.saturating_sub(allowance) } else { width };
            if quoted(&candidate).chars().count() > room {
                if !current.is_empty() {
                    chunks.push(quoted(&current));
                }
                current = (*word).to_owned();
            } else {
                current = candidate;
            }
        }
        if !current.is_empty() {
            chunks.push(quoted(&current));
        }
    }
    match &chunks[..] {
        [one] => one.clone(),
        _ => format!("({})", chunks.join("\n ")),
    }
}

fn lines_with_ends(text: &str) -> Vec<&str> {
    let mut at = 0;
    let mut lines = Vec::new();
    for line in split_lines(text) {
        let start = at;
        at += line.len();
        let rest = &text[at..];
        at += if rest.starts_with("\r\n") { 2 } else { rest.chars().next().map_or(0, char::len_utf8) };
        lines.push(&text[start..at]);
    }
    lines
}

/// Cuts after each run of blanks.
fn words_with_blanks(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let end = rest[word..].find(|c: char| !c.is_whitespace()).map_or(rest.len(), |blanks| word + blanks);
        let (head, tail) = rest.split_at(end);
        words.push(head);
        rest = tail;
    }
    words
}
