//! Filters on structured data as a whole: `get_path`, `to_paths`, `index_of`, `consolidate`, `fact_diff`.

use super::args::{Args, MAX_ITEMS, add_filter};
use super::python::{equal, sort_by_keys};
use super::{Filter, data, to_engine};
use crate::template::convert::is_undefined;
use crate::template::syntax::{Expr, ExprKind, expression};
use crate::value::{Key, Map, Value as Data};
use minijinja::value::ValueKind;
use minijinja::{Error, State, Value};

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "ansible.utils.get_path",
        aliases: &[],
        doc: "Returns what stands at `path`, such as `interfaces[0].name`, in the data.",
        add: |env, name| add_filter(env, name, &["path", "wantlist"], |_, args| get_path(args)),
    },
    Filter {
        name: "ansible.utils.to_paths",
        aliases: &[],
        doc: "Flattens data into a dictionary of paths and values, with `prepend` before each path.",
        add: |env, name| add_filter(env, name, &["prepend", "wantlist"], |_, args| to_paths(args)),
    },
    Filter {
        name: "ansible.utils.index_of",
        aliases: &[],
        doc: "Returns the indices of the items, or of their entry `key`, that pass the `test` with `value`.",
        add: |env, name| add_filter(env, name, &["test", "value", "key", "fail_on_missing", "wantlist"], index_of),
    },
    Filter {
        name: "ansible.utils.consolidate",
        aliases: &[],
        doc: "Joins lists of dictionaries (each with `data`, `match_key`, `name`) by the values of their match keys, which are in all of them unless `fail_…` is false.",
        add: |env, name| {
            let params = &["fail_missing_match_key", "fail_missing_match_value", "fail_duplicate"];
            add_filter(env, name, params, |_, args| consolidate(args))
        },
    },
    Filter {
        name: "ansible.utils.param_list_compare",
        aliases: &[],
        doc: "Says which names of `target` (with `all` and `!name`) are in the list (`actionable`) and which are not.",
        add: |env, name| add_filter(env, name, &["target"], |_, args| param_list_compare(args)),
    },
];

/// How deep the data may be.
const MAX_DEPTH: usize = 200;

/// Wraps a result in a list where that is wished.
fn listed(args: &Args, found: Data) -> Value {
    to_engine(&if args.flag("wantlist", false) { Data::list([found]) } else { found })
}

/// Only paths are read: an expression that calls something would let data say what is run.
fn get_path(args: &Args) -> Result<Value, Error> {
    let path = args.need_text("path")?;
    let wrong = |why: &str| args.error(format!("`{path}` {why}"));
    let parsed = expression(&path, true).map_err(|error| wrong(&format!("is no path: {}", error.message)))?;
    let mut at = &parsed;
    let mut keys = Vec::new();
    loop {
        at = match &at.kind {
            ExprKind::Name(name) => {
                keys.push(Key::from(name.as_str()));
                break;
            }
            ExprKind::Attr(base, name) => {
                keys.push(Key::from(name.as_str()));
                base
            }
            ExprKind::Item(base, index) => {
                keys.push(path_key(index).ok_or_else(|| wrong("has an index that is neither text nor a number"))?);
                base
            }
            _ => return Err(wrong("is no path: it has more than names and indices")),
        };
    }
    let root = data(args.input())?;
    if root.as_map().is_none() {
        return Err(args.wrong("a dictionary", args.input()));
    }
    let mut found = root;
    for key in keys.iter().rev() {
        found = step(&found, key).ok_or_else(|| wrong(&format!("leads nowhere: there is no `{key}`")))?;
    }
    Ok(listed(args, found))
}

fn path_key(index: &Expr) -> Option<Key> {
    match &index.kind {
        ExprKind::Str(text) => Some(Key::from(text.as_str())),
        ExprKind::Number(text) => text.parse().ok().map(Key::Int),
        ExprKind::Negative(inner) => match &inner.kind {
            ExprKind::Number(text) => text.parse::<i128>().ok().map(|n| Key::Int(-n)),
            _ => None,
        },
        _ => None,
    }
}

fn step(value: &Data, key: &Key) -> Option<Data> {
    match (value, key) {
        (Data::Map(map), key) => map.get_key(key).cloned(),
        (Data::List(items), key) => {
            let at = match key {
                Key::Int(at) => *at,
                // `list.0` means `list[0]`.
                Key::Str(text) => text.parse().ok()?,
                _ => return None,
            };
            let at = if at < 0 { at + items.len() as i128 } else { at };
            items.get(usize::try_from(at).ok()?).cloned()
        }
        _ => None,
    }
}

fn to_paths(args: &Args) -> Result<Value, Error> {
    let mut root = data(args.input())?;
    if let Some(name) = args.shown("prepend")?.filter(|name| !name.is_empty()) {
        root = Data::map([(name, root)]);
    }
    let mut out = Map::new();
    match &root {
        Data::Map(map) if map.is_empty() => {}
        Data::List(items) if items.is_empty() => return Ok(to_engine(&root)),
        // The path of what has no parts is empty.
        _ => flatten(args, &root, "", 0, &mut out)?,
    }
    Ok(listed(args, out.into()))
}

fn flatten(args: &Args, value: &Data, name: &str, depth: usize, out: &mut Map) -> Result<(), Error> {
    if depth > MAX_DEPTH || out.len() > MAX_ITEMS {
        return Err(args.error("the data is too deep or too large"));
    }
    match value {
        Data::Map(map) if !map.is_empty() => {
            for (key, value) in map.iter() {
                let key = key.as_str().ok_or_else(|| args.error("wants keys that are text"))?;
                let path = match (name, is_name(key)) {
                    ("", _) => key.to_owned(),
                    (name, true) => format!("{name}.{key}"),
                    (name, false) => format!("{name}['{key}']"),
                };
                flatten(args, value, &path, depth + 1, out)?;
            }
        }
        Data::List(items) if !items.is_empty() => {
            for (at, value) in items.iter().enumerate() {
                flatten(args, value, &format!("{name}[{at}]"), depth + 1, out)?;
            }
        }
        other => out.insert(name, other.clone()),
    }
    Ok(())
}

fn is_name(key: &str) -> bool {
    key.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
        && key.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

fn index_of(state: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let said = args.need_text("test")?;
    let (test, inverted) = match said.strip_prefix('!') {
        Some("=") => ("==", true),
        Some(test) => (test.trim_start_matches('!'), true),
        None => match said.strip_prefix("not ") {
            Some(test) => (test.trim_start(), true),
            None => (said.as_str(), false),
        },
    };
    let value = args.given("value").cloned();
    let value = match value {
        Some(value) if test == "in" && value.kind() != ValueKind::Seq => Some(Value::from(vec![value])),
        other => other,
    };
    let key = args.given("key");
    let items = args.list()?;
    let mut found = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let tested = match key {
            None => item.clone(),
            Some(key) => {
                if item.kind() != ValueKind::Map {
                    return Err(args.error("wants a list of dictionaries when there is a `key`"));
                }
                let entry = item.get_item(key)?;
                if is_undefined(&entry) {
                    if args.flag("fail_on_missing", false) {
                        return Err(args.error(format!("item {at} has no `{key}`")));
                    }
                    continue;
                }
                entry
            }
        };
        let all: Vec<Value> = std::iter::once(tested).chain(value.clone()).collect();
        if state.perform_test(test, &all)? != inverted {
            found.push(Data::from(at));
        }
    }
    Ok(to_engine(&if found.len() == 1 && !args.flag("wantlist", false) { found.remove(0) } else { found.into() }))
}

/// One list that is joined with others.
struct Joined {
    name: Key,
    match_key: String,
    items: Vec<Data>,
}

fn consolidate(args: &Args) -> Result<Value, Error> {
    let mut sources = Vec::new();
    for item in args.list()? {
        let source = data(&item)?;
        let part = |name: &str| source.get(name).cloned();
        match (part("data"), part("match_key"), part("name")) {
            (Some(Data::List(items)), Some(Data::Str(match_key)), Some(Data::Str(name))) => {
                sources.push(Joined { name: Key::Str(name), match_key: match_key.to_string(), items: items.to_vec() })
            }
            _ => return Err(args.error("wants a list of dictionaries with `data`, `match_key` and `name`")),
        }
    }
    let mut all: Vec<Data> = Vec::new();
    let mut problems = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        let mut own: Vec<&Data> = Vec::new();
        for (row, item) in source.items.iter().enumerate() {
            match item.get(&source.match_key) {
                Some(value) => {
                    let is_there = own.iter().any(|known| equal(known, value));
                    if is_there && args.flag("fail_duplicate", true) {
                        problems.push(format!("source {} has the value `{}` twice", at + 1, value.to_text()));
                    }
                    if !is_there {
                        own.push(value);
                    }
                }
                None if args.flag("fail_missing_match_key", true) => {
                    problems.push(format!("item {} of source {} has no `{}`", row + 1, at + 1, source.match_key));
                }
                None => {}
            }
        }
        for value in own {
            if !all.iter().any(|known| equal(known, value)) {
                all.push(value.clone());
            }
        }
    }
    let find = |source: &Joined, value: &Data| {
        let fits = |item: &&Data| item.get(&source.match_key).is_some_and(|own| equal(own, value));
        source.items.iter().rev().find(fits).cloned()
    };
    if args.flag("fail_missing_match_value", true) {
        for (at, source) in sources.iter().enumerate() {
            for value in all.iter().filter(|value| find(source, value).is_none()) {
                problems.push(format!("source {} has nothing of the value `{}`", at + 1, value.to_text()));
            }
        }
    }
    if let Some(problem) = problems.first() {
        return Err(args.error(problem));
    }
    let sorted = sort_by_keys(all.into_iter().map(|value| (value, ())).collect(), false);
    let mut out = Map::new();
    for (value, ()) in sorted.map_err(|why| args.error(why))? {
        let mut row = Map::new();
        for source in &sources {
            row.insert(source.name.clone(), find(source, &value).unwrap_or_else(|| Map::new().into()));
        }
        out.insert(crate::template::convert::to_key(&to_engine(&value))?, Data::from(row));
    }
    Ok(to_engine(&out.into()))
}

fn param_list_compare(args: &Args) -> Result<Value, Error> {
    let texts = |items: Vec<Value>| items.iter().map(|item| args.text_of(item)).collect::<Result<Vec<_>, _>>();
    let (base, target) = (texts(args.list()?)?, texts(args.items_of(args.need("target")?)?)?);
    let mut actionable = if target.iter().any(|name| name == "all") { base.clone() } else { Vec::new() };
    let mut unsupported = Vec::new();
    for name in target.iter().filter_map(|name| name.strip_prefix('!')) {
        if let Some(at) = actionable.iter().position(|known| known == name) {
            actionable.remove(at);
        }
    }
    for name in target.iter().filter(|name| *name != "all" && !name.starts_with('!')) {
        match base.contains(name) {
            true if !actionable.contains(name) => actionable.push(name.clone()),
            true => {}
            false => unsupported.push(name.clone()),
        }
    }
    actionable.sort();
    Ok(to_engine(&Data::map([("actionable", Data::from(actionable)), ("unsupported", unsupported.into())])))
}
