//! Methods of `list` and `dict`.
//!
//! What changes in place works on [`List`] and [`Dict`]; on everything else it is refused, with the way around it.

use super::Args;
use crate::template::convert::{from_engine, from_key, to_key};
use crate::template::mutable::{Dict, List};
use crate::template::operate::{iterate, order, type_name, wrong};
use crate::value::Key;
use indexmap::IndexMap;
use minijinja::Error;
use minijinja::value::{Tuple, Value};

/// The longest list that a template builds by hand.
const MAX_ITEMS: usize = 4 << 20;

fn pair(key: Value, value: Value) -> Value {
    Value::from(Tuple::from([key, value]))
}

/// Calls a method of a list or tuple; `None` when it has none of that name.
pub(super) fn list(value: &Value, method: &str, args: &Args<'_>) -> Option<Result<Value, Error>> {
    let result = match method {
        "index" | "count" => search(value, method, args),
        "copy" => value.try_iter().map(|items| Value::from(items.collect::<Vec<Value>>())),
        "append" | "extend" | "insert" | "pop" | "remove" | "clear" | "sort" | "reverse" => {
            match value.downcast_object_ref::<List>() {
                Some(list) => change_list(list, method, args),
                None => Err(wrong(format!("`{method}()` cannot change a {} here; use `+`", type_name(value)))),
            }
        }
        _ => return None,
    };
    Some(result)
}

fn search(value: &Value, method: &str, args: &Args<'_>) -> Result<Value, Error> {
    let wanted = args.need(0, "value")?;
    let mut count = 0;
    for (at, item) in value.try_iter()?.checked().enumerate() {
        if item? == wanted {
            if method == "index" {
                return Ok(Value::from(at));
            }
            count += 1;
        }
    }
    match method {
        "index" => Err(wrong(format!("{} is not in the list", from_engine(&wanted)?.to_text()))),
        _ => Ok(Value::from(count)),
    }
}

fn change_list(list: &List, method: &str, args: &Args<'_>) -> Result<Value, Error> {
    let none = Value::from(());
    // What may run other code (reading arguments, comparing) is done while the list is free.
    match method {
        "append" | "insert" => {
            let at_front = method == "insert";
            let item = if at_front { args.need(1, "object")? } else { args.need(0, "object")? };
            let at = if at_front { args.int(0, "index", 0)? } else { i64::MAX };
            let mut items = list.items();
            if items.len() >= MAX_ITEMS {
                return Err(wrong("list is too long"));
            }
            let length = items.len() as i64;
            let at = if at < 0 { (at + length).max(0) } else { at.min(length) };
            items.insert(at as usize, item);
        }
        "extend" => {
            let more: Vec<Value> = iterate(&args.need(0, "iterable")?)?.try_iter()?.collect();
            let mut items = list.items();
            if items.len() + more.len() > MAX_ITEMS {
                return Err(wrong("list is too long"));
            }
            items.extend(more);
        }
        "pop" => {
            let at = args.int(0, "index", -1)?;
            let mut items = list.items();
            let length = items.len() as i64;
            let at = if at < 0 { at + length } else { at };
            if at < 0 || at >= length {
                return Err(wrong(if length == 0 {
                    "`pop()` from an empty list"
                } else {
                    "`pop()` from outside the list"
                }));
            }
            return Ok(items.remove(at as usize));
        }
        "remove" => {
            let wanted = args.need(0, "value")?;
            let at = list.items().clone().iter().position(|item| *item == wanted);
            match at {
                Some(at) => drop(list.items().remove(at)),
                None => return Err(wrong(format!("{} is not in the list", from_engine(&wanted)?.to_text()))),
            }
        }
        "clear" => list.items().clear(),
        "reverse" => list.items().reverse(),
        _ => {
            let mut items = list.items().clone();
            let mut problem = None;
            items.sort_by(|a, b| match order(a, b, "<", 0) {
                Ok(order) => order.unwrap_or(std::cmp::Ordering::Equal),
                Err(error) => {
                    problem.get_or_insert(error);
                    std::cmp::Ordering::Equal
                }
            });
            if let Some(error) = problem {
                return Err(error);
            }
            if args.get(usize::MAX, "reverse")?.is_some_and(|reverse| reverse.is_true()) {
                items.reverse();
            }
            *list.items() = items;
        }
    }
    Ok(none)
}

/// Calls a method of a dictionary; `None` when it has none of that name.
pub(super) fn dict(value: &Value, method: &str, args: &Args<'_>) -> Option<Result<Value, Error>> {
    let result = match method {
        "get" => get(value, args),
        "has_key" => args.need(0, "key").and_then(|key| Ok(Value::from(entry(value, &key)?.is_some()))),
        "items" | "iteritems" => {
            pairs(value).map(|all| all.into_iter().map(|(k, v)| pair(k, v)).collect::<Vec<_>>().into())
        }
        "keys" | "iterkeys" => pairs(value).map(|all| all.into_iter().map(|(k, _)| k).collect::<Vec<_>>().into()),
        "values" | "itervalues" => pairs(value).map(|all| all.into_iter().map(|(_, v)| v).collect::<Vec<_>>().into()),
        "copy" => copy(value),
        "update" | "pop" | "setdefault" | "clear" | "popitem" => match value.downcast_object_ref::<Dict>() {
            Some(dict) => change_dict(dict, method, args),
            None => Err(wrong(format!("`{method}()` cannot change this dictionary; use `combine`"))),
        },
        _ => return None,
    };
    Some(result)
}

fn pairs(value: &Value) -> Result<Vec<(Value, Value)>, Error> {
    let Some(object) = value.as_object() else { return Ok(Vec::new()) };
    Ok(object.try_iter_pairs().into_iter().flatten().collect())
}

fn copy(value: &Value) -> Result<Value, Error> {
    let entries: Result<IndexMap<Key, Value>, Error> =
        pairs(value)?.into_iter().map(|(key, value)| Ok((to_key(&key)?, value))).collect();
    entries.map(Dict::value)
}

fn entry(value: &Value, key: &Value) -> Result<Option<Value>, Error> {
    to_key(key)?;
    Ok(value.as_object().and_then(|object| object.get_value(key)))
}

fn get(value: &Value, args: &Args<'_>) -> Result<Value, Error> {
    args.at_most(2)?;
    match entry(value, &args.need(0, "key")?)? {
        Some(found) => Ok(found),
        None => Ok(args.get(1, "default")?.unwrap_or_else(|| Value::from(()))),
    }
}

fn change_dict(dict: &Dict, method: &str, args: &Args<'_>) -> Result<Value, Error> {
    match method {
        "update" => {
            let mut more: Vec<(Key, Value)> = Vec::new();
            if let Some(other) = args.positional.first() {
                if other.kind() == minijinja::value::ValueKind::Map {
                    for (key, value) in pairs(other)? {
                        more.push((to_key(&key)?, value));
                    }
                } else {
                    for item in iterate(other)?.try_iter()?.checked() {
                        let mut parts = item?.try_iter()?;
                        match (parts.next(), parts.next(), parts.next()) {
                            (Some(key), Some(value), None) => more.push((to_key(&key)?, value)),
                            _ => return Err(wrong("`update()` wants a dictionary or pairs of key and value")),
                        }
                    }
                }
            }
            for name in args.named.args() {
                more.push((Key::from(name), args.named.get::<Value>(name)?));
            }
            let mut entries = dict.entries();
            if entries.len() + more.len() > MAX_ITEMS {
                return Err(wrong("dictionary is too large"));
            }
            entries.extend(more);
            Ok(Value::from(()))
        }
        "pop" => {
            let key = to_key(&args.need(0, "key")?)?;
            if let Some(value) = dict.entries().shift_remove(&key) {
                return Ok(value);
            }
            args.get(1, "default")?.ok_or_else(|| wrong(format!("`pop()`: there is no key `{key}`")))
        }
        "setdefault" => {
            let key = to_key(&args.need(0, "key")?)?;
            let default = args.get(1, "default")?.unwrap_or_else(|| Value::from(()));
            let default = crate::template::mutable::mutable(&default)?;
            Ok(dict.entries().entry(key).or_insert(default).clone())
        }
        "popitem" => match dict.entries().pop() {
            Some((key, value)) => Ok(pair(from_key(&key), value)),
            None => Err(wrong("`popitem()` from an empty dictionary")),
        },
        _ => {
            dict.entries().clear();
            Ok(Value::from(()))
        }
    }
}
