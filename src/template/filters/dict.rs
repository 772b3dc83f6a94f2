//! Filters on dictionaries, and those that make or take them apart.

use super::args::{Args, add_filter};
use super::python::{ignore_case, lookup, sort_by_keys};
use super::{Filter, data, to_engine};
use crate::template::convert::{defined, from_key, is_undefined, to_key};
use crate::value::{Key, Map, Value as Data};
use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, State, Value};

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "combine",
        aliases: &[],
        doc: "Merges dictionaries, later ones winning; `recursive` merges those inside, `list_merge` says how lists merge.",
        add: |env, name| add_filter(env, name, &["*", "**"], super::combine::combine),
    },
    Filter {
        name: "dict2items",
        aliases: &[],
        doc: "Makes a list of `key` and `value` (or as `key_name`, `value_name` say) of a dictionary.",
        add: |env, name| add_filter(env, name, &["key_name", "value_name"], dict2items),
    },
    Filter {
        name: "items2dict",
        aliases: &[],
        doc: "Makes a dictionary of a list of `key` and `value` (or as `key_name`, `value_name` say).",
        add: |env, name| add_filter(env, name, &["key_name", "value_name"], items2dict),
    },
    Filter {
        name: "items",
        aliases: &[],
        doc: "Returns the pairs of key and value of a dictionary.",
        add: |env, name| add_filter(env, name, &[], items),
    },
    Filter {
        name: "dictsort",
        aliases: &[],
        doc: "Returns the pairs of a dictionary sorted `by` `key` or `value`.",
        add: |env, name| add_filter(env, name, &["case_sensitive", "by", "reverse"], dictsort),
    },
    Filter {
        name: "extract",
        aliases: &[],
        doc: "Looks the key up in a `container`, and further keys in what is found: `keys | map('extract', dict)`.",
        add: |env, name| add_filter(env, name, &["container", "morekeys"], extract),
    },
    Filter {
        name: "subelements",
        aliases: &[],
        doc: "Pairs every item with each element of its list `subelements`.",
        add: |env, name| add_filter(env, name, &["subelements", "skip_missing"], subelements),
    },
    Filter {
        name: "rekey_on_member",
        aliases: &[],
        doc: "Makes a dictionary of dictionaries, by the value of their member `key`.",
        add: |env, name| add_filter(env, name, &["key", "duplicates"], rekey_on_member),
    },
    Filter {
        name: "attr",
        aliases: &[],
        doc: "Returns the attribute of that name.",
        add: |env, name| add_filter(env, name, &["name"], attr),
    },
    Filter {
        name: "ternary",
        aliases: &[],
        doc: "Returns `true_val` or `false_val`, and `none_val` for none if it is given.",
        add: |env, name| add_filter(env, name, &["true_val", "false_val", "none_val"], ternary),
    },
];

fn lookup_one(args: &Args, container: &Value, key: &Value) -> Result<Value, Error> {
    match container.kind() {
        ValueKind::Map | ValueKind::Seq | ValueKind::Iterable => container.get_item(key),
        _ => Err(args.wrong("a dictionary or list", container)),
    }
}

fn attr(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    defined(args.input())?;
    // The entries of a dictionary are no attributes of it.
    let plain = data(args.input()).is_ok_and(|value| !matches!(value, Data::List(_)));
    let name = args.need_text("name")?;
    if plain { Ok(Value::UNDEFINED) } else { args.input().get_attr(&name) }
}

/// Returns the input's keys and values.
fn entries(args: &Args) -> Result<Vec<(Value, Value)>, Error> {
    if args.input().kind() != ValueKind::Map {
        return Err(args.wrong("a dictionary", args.input()));
    }
    args.items()?.into_iter().map(|key| args.input().get_item(&key).map(|value| (key, value))).collect()
}

fn dict2items(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let key_name = args.shown("key_name")?.unwrap_or_else(|| "key".into());
    let value_name = args.shown("value_name")?.unwrap_or_else(|| "value".into());
    let pair = |(key, value): (Value, Value)| Value::from_pairs([(key_name.clone(), key), (value_name.clone(), value)]);
    Ok(entries(args)?.into_iter().map(pair).collect::<Vec<_>>().into())
}

fn items2dict(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    if !matches!(args.input().kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Err(args.wrong("a list", args.input()));
    }
    let key_name = args.shown("key_name")?.unwrap_or_else(|| "key".into());
    let value_name = args.shown("value_name")?.unwrap_or_else(|| "value".into());
    let mut pairs: indexmap::IndexMap<Key, Value> = indexmap::IndexMap::new();
    for item in args.items()? {
        if item.kind() != ValueKind::Map {
            return Err(args.wrong("dictionaries in its list", &item));
        }
        let (key, value) = (item.get_attr(&key_name)?, item.get_attr(&value_name)?);
        if is_undefined(&key) || is_undefined(&value) {
            let missing = if is_undefined(&key) { &key_name } else { &value_name };
            return Err(
                args.error(format!("an item has no `{missing}`; other names go by `key_name` and `value_name`"))
            );
        }
        pairs.insert(to_key(&key)?, value);
    }
    Ok(Value::from_pairs(pairs.into_iter().map(|(key, value)| (from_key(&key), value))))
}

fn items(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let pair = |(key, value)| Value::from(Tuple::from([key, value]));
    Ok(entries(args)?.into_iter().map(pair).collect::<Vec<_>>().into())
}

fn dictsort(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let by_value = match args.text("by")?.as_deref() {
        None | Some("key") => false,
        Some("value") => true,
        Some(other) => return Err(args.error(format!("sorts by `key` or `value`, not by `{other}`"))),
    };
    let mut keyed = Vec::new();
    for (key, value) in entries(args)? {
        let by = data(if by_value { &value } else { &key })?;
        let by = if args.flag("case_sensitive", false) { by } else { ignore_case(by) };
        keyed.push((by, Value::from(Tuple::from([key, value]))));
    }
    let sorted = sort_by_keys(keyed, args.flag("reverse", false)).map_err(|why| args.error(why))?;
    Ok(sorted.into_iter().map(|(_, pair)| pair).collect::<Vec<_>>().into())
}

fn extract(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let mut keys = vec![args.input().clone()];
    if let Some(more) = args.given("morekeys") {
        match more.kind() {
            ValueKind::Seq | ValueKind::Iterable => keys.extend(args.items_of(more)?),
            _ => keys.push(more.clone()),
        }
    }
    let mut at = args.need("container")?.clone();
    for key in keys {
        defined(&key)?;
        if is_undefined(&at) {
            return Ok(at);
        }
        at = lookup_one(args, &at, &key)?;
    }
    Ok(at)
}

fn subelements(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let elements: Vec<Value> = match args.input().kind() {
        ValueKind::Map => entries(args)?.into_iter().map(|(_, value)| value).collect(),
        ValueKind::Seq | ValueKind::Iterable => args.items()?,
        _ => return Err(args.wrong("a list or dictionary", args.input())),
    };
    let path = args.need("subelements")?;
    let path: Vec<Value> = match path.as_str() {
        Some(dotted) => dotted.split('.').map(Value::from).collect(),
        None => args.items_of(path)?,
    };
    let skip_missing = args.flag("skip_missing", false);
    let mut out = Vec::new();
    for element in elements {
        if element.kind() != ValueKind::Map {
            return Err(args.wrong("a list of dictionaries", &element));
        }
        let mut at = element.clone();
        for part in &path {
            if is_undefined(&at) {
                break;
            }
            at = lookup(&at, part)?;
        }
        match at.kind() {
            _ if is_undefined(&at) && skip_missing => continue,
            _ if is_undefined(&at) => {
                let path: Vec<String> = path.iter().map(ToString::to_string).collect();
                return Err(
                    args.error(format!("an item has no `{}`; `skip_missing=true` leaves it out", path.join(".")))
                );
            }
            ValueKind::Seq => {}
            _ => return Err(args.wrong("a list under that name", &at)),
        }
        for item in args.items_of(&at)? {
            out.push(Value::from(Tuple::from([element.clone(), item])));
        }
    }
    Ok(out.into())
}

fn rekey_on_member(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let key = args.need("key")?;
    let overwrite = match args.text("duplicates")?.as_deref() {
        None | Some("error") => false,
        Some("overwrite") => true,
        Some(other) => return Err(args.error(format!("`duplicates` is `error` or `overwrite`, not `{other}`"))),
    };
    let elements: Vec<Value> = match args.input().kind() {
        ValueKind::Map => entries(args)?.into_iter().map(|(_, value)| value).collect(),
        ValueKind::Seq | ValueKind::Iterable => args.items()?,
        _ => return Err(args.wrong("a list or dictionary", args.input())),
    };
    let mut out = Map::new();
    for element in elements {
        if element.kind() != ValueKind::Map {
            return Err(args.wrong("dictionaries", &element));
        }
        let member = element.get_item(key)?;
        if is_undefined(&member) {
            return Err(args.error(format!("an item has no `{key}`")));
        }
        let member = to_key(&member)?;
        if !overwrite && out.get_key(&member).is_some() {
            return Err(
                args.error(format!("two items have the `{key}` `{member}`; `duplicates='overwrite'` takes the last"))
            );
        }
        out.insert(member, data(&element)?);
    }
    Ok(to_engine(&Data::from(out)))
}

fn ternary(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    defined(args.input())?;
    if args.input().is_none() && args.given("none_val").is_some() {
        return Ok(args.need("none_val")?.clone());
    }
    let (yes, no) = (args.need("true_val")?, args.need("false_val")?);
    Ok(if args.input().is_true() { yes } else { no }.clone())
}
