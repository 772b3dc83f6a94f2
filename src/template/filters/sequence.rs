//! Filters on lists. Items stay the engine's values, so that lazy variables among them are not computed for nothing.

use super::args::{Args, MAX_ITEMS, add_filter};
use super::python::{hashed, ignore_case, lookup, sort_by_keys, write_text};
use super::{Filter, data, to_engine};
use crate::template::convert::is_undefined;
use crate::value::Value as Data;
use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, State, Value};
use std::collections::HashSet;

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "length",
        aliases: &["count"],
        doc: "Counts the items of a list, the entries of a dictionary or the characters of a text.",
        add: |env, name| add_filter(env, name, &[], length),
    },
    Filter {
        name: "list",
        aliases: &[],
        doc: "Makes a list: of a text its characters, of a dictionary its keys.",
        add: |env, name| add_filter(env, name, &[], |_, args| args.defined_items().map(Value::from)),
    },
    Filter {
        name: "first",
        aliases: &[],
        doc: "Returns the first item.",
        add: |env, name| add_filter(env, name, &[], |_, args| Ok(args.iter()?.next().unwrap_or(Value::UNDEFINED))),
    },
    Filter {
        name: "last",
        aliases: &[],
        doc: "Returns the last item.",
        add: |env, name| add_filter(env, name, &[], |_, args| Ok(args.items()?.pop().unwrap_or(Value::UNDEFINED))),
    },
    Filter {
        name: "reverse",
        aliases: &[],
        doc: "Turns a list or text around.",
        add: |env, name| add_filter(env, name, &[], reverse),
    },
    Filter {
        name: "join",
        aliases: &[],
        doc: "Joins the items, or their `attribute`, to a text with `d` between them.",
        add: |env, name| add_filter(env, name, &["d", "attribute"], join),
    },
    Filter {
        name: "sort",
        aliases: &[],
        doc: "Sorts, optionally by an `attribute` (or several, with commas), in `reverse`, or `case_sensitive`.",
        add: |env, name| add_filter(env, name, &["reverse", "case_sensitive", "attribute"], sort),
    },
    Filter {
        name: "unique",
        aliases: &[],
        doc: "Keeps the first of equal items, optionally compared by `attribute` or `case_sensitive`.",
        add: |env, name| add_filter(env, name, &["case_sensitive", "attribute"], unique),
    },
    Filter {
        name: "min",
        aliases: &[],
        doc: "Returns the least item, optionally compared by `attribute` or `case_sensitive`.",
        add: |env, name| add_filter(env, name, &["case_sensitive", "attribute"], |_, args| extreme(args, false)),
    },
    Filter {
        name: "max",
        aliases: &[],
        doc: "Returns the greatest item, optionally compared by `attribute` or `case_sensitive`.",
        add: |env, name| add_filter(env, name, &["case_sensitive", "attribute"], |_, args| extreme(args, true)),
    },
    Filter {
        name: "sum",
        aliases: &[],
        doc: "Adds the items, or their `attribute`, to `start` (0).",
        add: |env, name| add_filter(env, name, &["attribute", "start"], sum),
    },
    Filter {
        name: "groupby",
        aliases: &[],
        doc: "Groups items by an `attribute`: a list of the attribute's value and the items that have it, sorted.",
        add: |env, name| add_filter(env, name, &["attribute", "default", "case_sensitive"], groupby),
    },
    Filter {
        name: "batch",
        aliases: &[],
        doc: "Cuts into lists of `linecount` items, the last one filled up with `fill_with` if that is given.",
        add: |env, name| add_filter(env, name, &["linecount", "fill_with"], batch),
    },
    Filter {
        name: "slice",
        aliases: &[],
        doc: "Cuts into `slices` lists of about the same length.",
        add: |env, name| add_filter(env, name, &["slices", "fill_with"], slice),
    },
    Filter {
        name: "flatten",
        aliases: &[],
        doc: "Takes lists inside the list apart, at most `levels` deep, leaving nulls out unless `skip_nulls` is false.",
        add: |env, name| add_filter(env, name, &["levels", "skip_nulls"], flatten),
    },
    Filter {
        name: "zip",
        aliases: &[],
        doc: "Pairs the items of several lists up to the end of the shortest.",
        add: |env, name| add_filter(env, name, &["*", "**"], |_, args| zip(args, false)),
    },
    Filter {
        name: "zip_longest",
        aliases: &[],
        doc: "Pairs the items of several lists up to the end of the longest, with `fillvalue` for what is missing.",
        add: |env, name| add_filter(env, name, &["*", "**"], |_, args| zip(args, true)),
    },
];

fn length(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    match args.input().kind() {
        ValueKind::String | ValueKind::Seq | ValueKind::Map => match args.input().len() {
            Some(n) => Ok(n.into()),
            None => Ok(args.items()?.len().into()),
        },
        ValueKind::Iterable => Ok(args.items()?.len().into()),
        _ => Err(args.wrong("a list, dictionary or text", args.input())),
    }
}

fn reverse(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    if args.input().kind() == ValueKind::String {
        return Ok(args.input_text()?.chars().rev().collect::<String>().into());
    }
    let mut items = args.defined_items()?;
    items.reverse();
    Ok(items.into())
}

fn join(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let between = args.shown("d")?.unwrap_or_default();
    let mut out = String::new();
    for (i, item) in args.items()?.iter().enumerate() {
        if i > 0 {
            out.push_str(&between);
        }
        match args.given("attribute") {
            Some(attribute) => write_text(&lookup(item, attribute)?, &mut out)?,
            None => write_text(item, &mut out)?,
        }
        args.bounded(out.len())?;
    }
    Ok(out.into())
}

/// Returns what an item is compared by: its attribute or itself, the case of text folded away unless it counts.
fn compared_by(args: &Args, item: &Value, attribute: Option<&Value>) -> Result<Data, Error> {
    let value = match attribute {
        Some(attribute) => data(&lookup(item, attribute)?)?,
        None => data(item)?,
    };
    Ok(if args.flag("case_sensitive", false) { value } else { ignore_case(value) })
}

fn sort(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    // `attribute='a,b'` sorts by a, then by b.
    let attributes: Vec<Value> = match args.given("attribute") {
        None => vec![],
        Some(by) => by.as_str().map_or_else(|| vec![by.clone()], |by| by.split(',').map(Value::from).collect()),
    };
    let mut keyed = Vec::new();
    for item in args.items()? {
        let key = match &attributes[..] {
            [] => compared_by(args, &item, None)?,
            [one] => compared_by(args, &item, Some(one))?,
            more => {
                more.iter().map(|a| compared_by(args, &item, Some(a))).collect::<Result<Vec<_>, _>>().map(Data::from)?
            }
        };
        keyed.push((key, item));
    }
    if attributes.len() < 2 && !keyed.iter().all(|(key, _)| matches!(key, Data::Str(_))) {
        // Lists, so that items that are equal but have no order (null and null) pass, as in Jinja.
        keyed.iter_mut().for_each(|(key, _)| *key = Data::list([std::mem::replace(key, Data::Null)]));
    }
    let sorted = sort_by_keys(keyed, args.flag("reverse", false)).map_err(|why| args.error(why))?;
    Ok(sorted.into_iter().map(|(_, item)| item).collect::<Vec<_>>().into())
}

fn unique(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    for item in args.items()? {
        if seen.insert(hashed(&compared_by(args, &item, args.given("attribute"))?)) {
            out.push(item);
        }
    }
    Ok(out.into())
}

fn extreme(args: &Args, greatest: bool) -> Result<Value, Error> {
    let mut best: Option<(Data, Value)> = None;
    for item in args.items()? {
        let key = compared_by(args, &item, args.given("attribute"))?;
        let better = match &best {
            None => true,
            Some((so_far, _)) => {
                let order = super::python::order(&key, so_far)
                    .ok_or_else(|| args.error(format!("cannot compare {} and {}", key.kind(), so_far.kind())))?;
                if greatest { order.is_gt() } else { order.is_lt() }
            }
        };
        if better {
            best = Some((key, item));
        }
    }
    Ok(best.map_or(Value::UNDEFINED, |(_, item)| item))
}

fn sum(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let mut total = args.given("start").map_or(Ok(Data::Int(0)), data)?;
    for item in args.items()? {
        let value = match args.given("attribute") {
            Some(attribute) => data(&lookup(&item, attribute)?)?,
            None => data(&item)?,
        };
        total = add(args, total, value)?;
    }
    Ok(to_engine(&total))
}

fn add(args: &Args, a: Data, b: Data) -> Result<Data, Error> {
    let whole = |value: &Data| match value {
        Data::Int(n) => Some(*n),
        Data::Bool(b) => Some(i128::from(*b)),
        _ => None,
    };
    let float = |value: &Data| match value {
        Data::Float(f) => Some(*f),
        other => whole(other).map(|n| n as f64),
    };
    if let (Some(a), Some(b)) = (whole(&a), whole(&b)) {
        return a.checked_add(b).map(Data::Int).ok_or_else(|| args.error("the sum is too large"));
    }
    if let (Some(a), Some(b)) = (float(&a), float(&b)) {
        return Ok(Data::Float(a + b));
    }
    match (&a, &b) {
        (Data::List(a), Data::List(b)) if a.len() + b.len() <= MAX_ITEMS => {
            Ok(Data::list(a.iter().chain(b.iter()).cloned()))
        }
        _ => Err(args.error(format!("cannot add {} and {}", a.kind(), b.kind()))),
    }
}

fn groupby(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let attribute = args.need("attribute")?;
    let mut keyed = Vec::new();
    for item in args.items()? {
        let mut value = lookup(&item, attribute)?;
        if let (true, Some(default)) = (is_undefined(&value), args.get("default")) {
            value = default.clone();
        }
        let value = data(&value)?;
        let key = if args.flag("case_sensitive", false) { value.clone() } else { ignore_case(value.clone()) };
        keyed.push((key, (value, item)));
    }
    let sorted = sort_by_keys(keyed, false).map_err(|why| args.error(why))?;
    let mut groups: Vec<(Data, Data, Vec<Value>)> = Vec::new();
    for (key, (value, item)) in sorted {
        match groups.last_mut() {
            Some((last, _, items)) if super::python::equal(last, &key) => items.push(item),
            _ => groups.push((key, value, vec![item])),
        }
    }
    let pair = |(_, value, items): (Data, Data, Vec<Value>)| Value::from_object(Group(to_engine(&value), items.into()));
    Ok(groups.into_iter().map(pair).collect::<Vec<_>>().into())
}

/// A group: a pair whose parts also go by the names `grouper` and `list`.
#[derive(Debug)]
pub(crate) struct Group(Value, Value);

impl minijinja::value::Object for Group {
    fn repr(self: &std::sync::Arc<Self>) -> minijinja::value::ObjectRepr {
        minijinja::value::ObjectRepr::Seq
    }

    fn get_value(self: &std::sync::Arc<Self>, key: &Value) -> Option<Value> {
        match (key.as_str(), key.as_usize()) {
            (Some("grouper"), _) | (_, Some(0)) => Some(self.0.clone()),
            (Some("list"), _) | (_, Some(1)) => Some(self.1.clone()),
            _ => None,
        }
    }

    fn enumerate(self: &std::sync::Arc<Self>) -> minijinja::value::Enumerator {
        minijinja::value::Enumerator::Seq(2)
    }
}

fn batch(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    args.need("linecount")?;
    let size = args.count("linecount", 1, MAX_ITEMS)?;
    if size == 0 {
        return Err(args.error("`linecount` must be at least 1"));
    }
    let items = args.items()?;
    let mut lines: Vec<Vec<Value>> = items.chunks(size).map(<[Value]>::to_vec).collect();
    if let (Some(fill), Some(last)) = (args.given("fill_with"), lines.last_mut()) {
        last.resize(size, fill.clone());
    }
    Ok(lines.into_iter().map(Value::from).collect::<Vec<_>>().into())
}

fn slice(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    args.need("slices")?;
    let slices = args.count("slices", 1, MAX_ITEMS)?;
    if slices == 0 {
        return Err(args.error("`slices` must be at least 1"));
    }
    let items = args.items()?;
    let (size, more) = (items.len() / slices, items.len() % slices);
    let mut out = Vec::with_capacity(slices);
    let mut rest = &items[..];
    for i in 0..slices {
        let (part, after) = rest.split_at(size + usize::from(i < more));
        rest = after;
        let mut part = part.to_vec();
        if let (Some(fill), true) = (args.given("fill_with"), i >= more) {
            part.push(fill.clone());
        }
        out.push(Value::from(part));
    }
    Ok(out.into())
}

fn flatten(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let levels = args.given("levels").map(|_| args.count("levels", 0, usize::MAX)).transpose()?;
    let mut out = Vec::new();
    flatten_into(args, args.items()?, levels, 0, &mut out)?;
    Ok(out.into())
}

/// How deep lists may be nested; one that contains itself has no end.
const MAX_NESTING: usize = 200;

fn flatten_into(
    args: &Args,
    items: Vec<Value>,
    levels: Option<usize>,
    depth: usize,
    out: &mut Vec<Value>,
) -> Result<(), Error> {
    if depth > MAX_NESTING || out.len() > MAX_ITEMS {
        return Err(args.error("the list is too large or too deep"));
    }
    for item in items {
        let null = item.is_none() || matches!(item.as_str(), Some("None" | "null"));
        match item.kind() {
            _ if null && args.flag("skip_nulls", true) => {}
            ValueKind::Seq if levels.is_none_or(|levels| depth < levels) => {
                flatten_into(args, args.items_of(&item)?, levels, depth + 1, out)?;
            }
            _ => out.push(item),
        }
    }
    Ok(())
}

fn zip(args: &Args, longest: bool) -> Result<Value, Error> {
    let mut fill = Value::from(());
    for (name, value) in &args.named {
        match &name[..] {
            "fillvalue" if longest => fill = value.clone(),
            "strict" if !longest => {
                let lengths = std::iter::once(args.input()).chain(args.rest).map(|v| args.items_of(v).map(|v| v.len()));
                let lengths = lengths.collect::<Result<Vec<_>, _>>()?;
                if value.is_true() && lengths.iter().any(|n| *n != lengths[0]) {
                    return Err(args.error("the lists differ in length"));
                }
            }
            other => return Err(args.error(format!("has no argument `{other}`"))),
        }
    }
    let lists: Vec<Vec<Value>> =
        std::iter::once(args.input()).chain(args.rest).map(|v| args.items_of(v)).collect::<Result<_, _>>()?;
    let lengths = lists.iter().map(Vec::len);
    let rows = if longest { lengths.max() } else { lengths.min() }.unwrap_or(0);
    let row = |i: usize| -> Value {
        Value::from(Tuple::new(lists.iter().map(|list| list.get(i).unwrap_or(&fill).clone()).collect()))
    };
    Ok((0..rows).map(row).collect::<Vec<_>>().into())
}
