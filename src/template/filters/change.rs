//! `fact_diff`: what changed between two facts, as a unified diff.

use super::args::{Args, add_filter};
use super::{Filter, data};
use crate::python_regex::{Anchor, Flags, Regex};
use crate::value::Value as Data;
use minijinja::{Error, Value};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

pub(super) static FILTERS: &[Filter] = &[Filter {
    name: "ansible.utils.fact_diff",
    aliases: &[],
    doc: "Returns the lines of a unified diff from the value to `other`; `common` shows only lines that both have.",
    add: |env, name| add_filter(env, name, &["other", "plugin", "common"], |_, args| fact_diff(args)),
}];

/// The most lines that are compared: the work grows with their product.
const MAX_LINES: usize = 20_000;

fn fact_diff(args: &Args) -> Result<Value, Error> {
    let plugin = args.given("plugin").map(data).transpose()?.unwrap_or_default();
    if plugin.get("name").is_some_and(|name| name.as_str() != Some("ansible.utils.native")) {
        return Err(args.error("knows the plugin `ansible.utils.native` only"));
    }
    let mut skip = Vec::new();
    if let Some(Data::List(patterns)) = plugin.get("vars").and_then(|vars| vars.get("skip_lines")) {
        for pattern in patterns.iter() {
            skip.push(super::regex::pattern(args, &pattern.to_text(), Flags::default(), Anchor::Start)?);
        }
    }
    let before = lines(args, &data(args.input())?, &skip)?;
    let after = lines(args, &data(args.need("other")?)?, &skip)?;
    let mut out = Vec::new();
    let pieces = pieces(&before, &after);
    if pieces.iter().any(|piece| !piece.is_same) {
        let common = args.flag("common", false);
        if !common {
            out.extend(["--- before".to_owned(), "+++ after".into()]);
        }
        out.push(format!("@@ -{} +{} @@", extent(before.len()), extent(after.len())));
        for piece in pieces {
            let marked = |mark: &str, lines: &[String]| {
                lines.iter().map(|line| format!("{mark}{}", line.trim_end_matches('\n'))).collect::<Vec<_>>()
            };
            if piece.is_same {
                out.extend(marked(" ", &before[piece.before]));
            } else if !common {
                out.extend(marked("-", &before[piece.before]));
                out.extend(marked("+", &after[piece.after]));
            }
        }
        out.push(String::new());
    }
    // A line without its newline at the end of a text says so in a line of its own.
    let out: Vec<&str> = out.iter().flat_map(|line| line.split('\n')).collect();
    // The collection gives the list as text, as Python prints it.
    Ok(Data::from(out).to_text().into())
}

/// Returns the lines and their number as the head of a hunk gives them.
fn extent(lines: usize) -> String {
    match lines {
        0 => "0,0".into(),
        1 => "1".into(),
        lines => format!("1,{lines}"),
    }
}

fn lines(args: &Args, value: &Data, skip: &[Arc<Regex>]) -> Result<Vec<String>, Error> {
    let text = match value {
        Data::Str(text) if skip.is_empty() => text.to_string(),
        Data::Str(text) => joined(args, text.lines().map(str::to_owned), skip)?,
        Data::List(items) => joined(args, items.iter().map(Data::to_text), skip)?,
        Data::Map(_) => {
            let json = super::json::nice(value).map_err(|why| args.error(why))?;
            json + "\n"
        }
        Data::Null => String::new(),
        _ => return Err(args.error(format!("compares texts, lists and dictionaries, not a {}", value.kind()))),
    };
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
        last.push_str("\n\\ No newline at end of file\n");
    }
    if lines.len() > MAX_LINES {
        return Err(args.error(format!("compares at most {MAX_LINES} lines")));
    }
    Ok(lines)
}

fn joined(args: &Args, lines: impl Iterator<Item = String>, skip: &[Arc<Regex>]) -> Result<String, Error> {
    let mut out = String::new();
    'lines: for line in lines {
        for pattern in skip {
            if pattern.is_match(&line).map_err(|why| args.error(why))? {
                continue 'lines;
            }
        }
        out.push_str(&line);
        out.push('\n');
    }
    if out.is_empty() {
        out.push('\n');
    }
    Ok(out)
}

/// Lines that both have, or lines of one in place of lines of the other.
struct Piece {
    before: Range<usize>,
    after: Range<usize>,
    is_same: bool,
}

/// Compares as Python's `difflib` does: the longest run that both have splits what is left of it and right of it.
fn pieces(before: &[String], after: &[String]) -> Vec<Piece> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, line) in after.iter().enumerate() {
        places.entry(line).or_default().push(at);
    }
    if after.len() >= 200 {
        // Lines that are everywhere say nothing about what belongs together.
        let popular = after.len() / 100 + 1;
        places.retain(|_, places| places.len() <= popular);
    }
    let mut runs: Vec<(usize, usize, usize)> = Vec::new();
    let mut open = vec![(0..before.len(), 0..after.len())];
    while let Some((left, right)) = open.pop() {
        let (i, j, size) = longest(before, after, &places, &left, &right);
        if size > 0 {
            runs.push((i, j, size));
            open.push((left.start..i, right.start..j));
            open.push((i + size..left.end, j + size..right.end));
        }
    }
    runs.sort_unstable();
    runs.push((before.len(), after.len(), 0));
    let (mut i, mut j) = (0, 0);
    let mut found = Vec::new();
    for (a, b, size) in runs {
        if i < a || j < b {
            found.push(Piece { before: i..a, after: j..b, is_same: false });
        }
        if size > 0 {
            found.push(Piece { before: a..a + size, after: b..b + size, is_same: true });
        }
        (i, j) = (a + size, b + size);
    }
    found
}

fn longest(
    before: &[String],
    after: &[String],
    places: &HashMap<&str, Vec<usize>>,
    left: &Range<usize>,
    right: &Range<usize>,
) -> (usize, usize, usize) {
    let (mut best_i, mut best_j, mut best) = (left.start, right.start, 0);
    let mut lengths: HashMap<usize, usize> = HashMap::new();
    for i in left.clone() {
        let mut next = HashMap::new();
        for j in places.get(before[i].as_str()).into_iter().flatten().copied().filter(|j| right.contains(j)) {
            let length = j.checked_sub(1).and_then(|j| lengths.get(&j)).copied().unwrap_or(0) + 1;
            next.insert(j, length);
            if length > best {
                (best_i, best_j, best) = (i + 1 - length, j + 1 - length, length);
            }
        }
        lengths = next;
    }
    // Popular lines beside the run belong to it after all.
    while best_i > left.start && best_j > right.start && before[best_i - 1] == after[best_j - 1] {
        (best_i, best_j, best) = (best_i - 1, best_j - 1, best + 1);
    }
    while best_i + best < left.end && best_j + best < right.end && before[best_i + best] == after[best_j + best] {
        best += 1;
    }
    (best_i, best_j, best)
}
