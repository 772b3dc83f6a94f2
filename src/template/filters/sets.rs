//! Filters that take lists for sets, and those that combine items.

use super::args::{Args, MAX_ITEMS, add_filter};
use super::python::hashed;
use super::set_order::Table;
use super::{Filter, data, to_engine};
use crate::value::Value as Data;
use minijinja::value::Tuple;
use minijinja::{Error, State, Value};
use std::collections::HashSet;

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "union",
        aliases: &[],
        doc: "Returns the items of both lists, each once.",
        add: |env, name| add_filter(env, name, &["b"], union),
    },
    Filter {
        name: "intersect",
        aliases: &[],
        doc: "Returns the items that are in both lists, each once.",
        add: |env, name| add_filter(env, name, &["b"], |_, args| sift(args, true)),
    },
    Filter {
        name: "difference",
        aliases: &[],
        doc: "Returns the items that are not in the other list, each once.",
        add: |env, name| add_filter(env, name, &["b"], |_, args| sift(args, false)),
    },
    Filter {
        name: "symmetric_difference",
        aliases: &[],
        doc: "Returns the items that are in one list only, each once.",
        add: |env, name| add_filter(env, name, &["b"], symmetric_difference),
    },
    Filter {
        name: "product",
        aliases: &[],
        doc: "Returns every combination of one item of each list; with `repeat` of the list with itself.",
        add: |env, name| add_filter(env, name, &["*", "**"], product),
    },
    Filter {
        name: "combinations",
        aliases: &[],
        doc: "Returns every choice of `set_size` items, in the list's order.",
        add: |env, name| add_filter(env, name, &["set_size"], combinations),
    },
    Filter {
        name: "permutations",
        aliases: &[],
        doc: "Returns every arrangement of `set_size` items (all of them when not given).",
        add: |env, name| add_filter(env, name, &["set_size"], permutations),
    },
];

fn both(args: &Args) -> Result<[Vec<Data>; 2], Error> {
    let list = |value: &Value| args.items_of(value)?.iter().map(data).collect::<Result<Vec<_>, _>>();
    Ok([list(args.input())?, list(args.need("b")?)?])
}

fn distinct(items: impl IntoIterator<Item = Data>) -> Vec<Data> {
    let mut seen = HashSet::new();
    items.into_iter().filter(|item| seen.insert(hashed(item))).collect()
}

fn keys(items: &[Data]) -> HashSet<String> {
    items.iter().map(hashed).collect()
}

/// Returns the sets of both lists where their order is one that can be known.
fn tables(a: &[Data], b: &[Data]) -> Option<[Table; 2]> {
    Some([Table::of(a)?, Table::of(b)?])
}

/// Returns `a & b` or `a - b` where its order can be known; `size` is how many different items `b` has.
fn sifted(a: &[Data], b: &[Data], size: usize, in_both: bool) -> Option<Table> {
    if is_unhashable(b) {
        return None;
    }
    match (Table::of(a), in_both) {
        (Some(a), false) => Some(a.difference(&Table::of_numbers(b), size)),
        // Python goes through the smaller set, and through the second one of two that are as large.
        (Some(a), true) if size > a.len() => Some(a.intersection(&Table::of_numbers(b))),
        (_, true) => {
            let b = Table::of(b)?;
            (keys(a).len() >= b.len() && !is_unhashable(a)).then(|| b.intersection(&Table::of_numbers(a)))
        }
        (None, false) => None,
    }
}

/// Claims that Python can make no set of a list; Ansible goes through it in order then.
fn is_unhashable(items: &[Data]) -> bool {
    items.iter().any(|item| matches!(item, Data::List(_) | Data::Map(_)))
}

fn ordered(table: &Table) -> Value {
    to_engine(&Data::from(table.items()))
}

fn union(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let [a, b] = both(args)?;
    if let Some([a, b]) = tables(&a, &b) {
        return Ok(ordered(&a.union(&b)));
    }
    Ok(to_engine(&Data::from(distinct(a.into_iter().chain(b)))))
}

fn sift(args: &Args, in_both: bool) -> Result<Value, Error> {
    let [a, b] = both(args)?;
    let other = keys(&b);
    if let Some(table) = sifted(&a, &b, other.len(), in_both) {
        return Ok(ordered(&table));
    }
    Ok(to_engine(&Data::from(distinct(a.into_iter().filter(|item| other.contains(&hashed(item)) == in_both)))))
}

fn symmetric_difference(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let [a, b] = both(args)?;
    if let Some([a, b]) = tables(&a, &b) {
        return Ok(ordered(&a.symmetric_difference(&b)));
    }
    let (in_a, in_b) = (keys(&a), keys(&b));
    let left = a.into_iter().filter(|item| !in_b.contains(&hashed(item)));
    let right = b.into_iter().filter(|item| !in_a.contains(&hashed(item)));
    Ok(to_engine(&Data::from(distinct(left.chain(right)))))
}

fn rows(rows: Vec<Vec<Value>>) -> Value {
    rows.into_iter().map(|row| Value::from(Tuple::new(row))).collect::<Vec<_>>().into()
}

/// Refuses what would not end: combinations grow faster than lists.
fn affordable(args: &Args, rows: Option<usize>, width: usize) -> Result<(), Error> {
    match rows.and_then(|rows| rows.checked_mul(width.max(1))) {
        Some(cells) if cells <= MAX_ITEMS => Ok(()),
        _ => Err(args.error(format!("the result would have more than {MAX_ITEMS} items"))),
    }
}

fn product(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let mut repeat = 1;
    for (name, value) in &args.named {
        match &name[..] {
            "repeat" => repeat = value.as_usize().ok_or_else(|| args.wrong("a count as `repeat`", value))?,
            other => return Err(args.error(format!("has no argument `{other}`; it takes `repeat`"))),
        }
    }
    if repeat > 64 {
        return Err(args.error("`repeat` is larger than 64"));
    }
    let lists: Vec<Vec<Value>> =
        std::iter::once(args.input()).chain(args.rest).map(|list| args.items_of(list)).collect::<Result<_, _>>()?;
    let lists: Vec<&Vec<Value>> = (0..repeat).flat_map(|_| &lists).collect();
    affordable(args, lists.iter().try_fold(1usize, |n, list| n.checked_mul(list.len())), lists.len())?;
    let mut out: Vec<Vec<Value>> = vec![vec![]];
    for list in lists {
        let longer = |row: &Vec<Value>| -> Vec<Vec<Value>> {
            list.iter().map(|item| row.iter().chain([item]).cloned().collect()).collect()
        };
        out = out.iter().flat_map(longer).collect();
    }
    Ok(rows(out))
}

fn combinations(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let items = args.items()?;
    args.need("set_size")?;
    let size = args.count("set_size", 0, MAX_ITEMS)?;
    let mut count = Some(1usize);
    for i in 0..size.min(items.len()) {
        count = count.and_then(|n| n.checked_mul(items.len() - i)).map(|n| n / (i + 1));
    }
    affordable(args, count, size)?;
    let mut out = Vec::new();
    if size > items.len() {
        return Ok(rows(out));
    }
    let mut at: Vec<usize> = (0..size).collect();
    loop {
        out.push(at.iter().map(|i| items[*i].clone()).collect());
        // The last index that can still move to the right.
        let Some(i) = (0..size).rev().find(|i| at[*i] != i + items.len() - size) else { return Ok(rows(out)) };
        at[i] += 1;
        for j in i + 1..size {
            at[j] = at[j - 1] + 1;
        }
    }
}

fn permutations(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let items = args.items()?;
    let size = args.count("set_size", items.len(), MAX_ITEMS)?;
    let mut out: Vec<Vec<usize>> = vec![vec![]];
    if size > items.len() {
        return Ok(rows(vec![]));
    }
    affordable(args, (0..size).try_fold(1usize, |n, i| n.checked_mul(items.len() - i)), size)?;
    for _ in 0..size {
        let longer = |row: &Vec<usize>| -> Vec<Vec<usize>> {
            let free = (0..items.len()).filter(|i| !row.contains(i));
            free.map(|i| row.iter().copied().chain([i]).collect()).collect()
        };
        out = out.iter().flat_map(longer).collect();
    }
    Ok(rows(out.into_iter().map(|row| row.into_iter().map(|i| items[i].clone()).collect()).collect()))
}
