//! What may be done with the result of a whole group: changed, or refused.

use super::call::{Call, call};
use super::function::whole;
use super::tree::{Branch, Fields};
use crate::source::did_you_mean;
use crate::value::{Map, Value};

/// The functions of groups.
const KNOWN: [&str; 14] = [
    "contains",
    "contains_val",
    "containsall",
    "del",
    "equal",
    "exclude",
    "exclude_val",
    "excludeall",
    "expand",
    "items2dict",
    "itemize",
    "record",
    "set",
    "to_int",
];

/// Reads a function of a group, as its attribute or in `functions`.
pub(super) fn read(text: &str) -> Result<Call, String> {
    let call = call(text)?;
    match KNOWN.contains(&call.name.as_str()) || call.name == "void" {
        true if call.name == "itemize" && call.args.len() + call.named.len() > 1 => {
            Err("`itemize` with a path is not supported: give the path to the group".into())
        }
        true => Ok(call),
        false => {
            let help = did_you_mean(&call.name, KNOWN).map_or_else(String::new, |help| format!("; {help}"));
            Err(format!("groups have no `{}` here{help}", call.name))
        }
    }
}

/// What became of a group.
pub(super) enum Judged {
    /// It stands in the result.
    Kept(Branch),
    /// It does not.
    Dropped,
}

/// Runs a function over the result of a group. `path` is where it will stand.
pub(super) fn judge(
    call: &Call,
    mut fields: Fields,
    defaults: &Map,
    settings: &mut Map,
    path: &mut [String],
) -> Judged {
    let texts = call.texts();
    let text = |at: usize, name: &str| call.text(at, name).unwrap_or_default();
    let is_default = |fields: &Fields, name: &str| {
        let default = defaults.get(name).map(Branch::of);
        default.is_some() && fields.get(name) == default.as_ref()
    };
    let setting = |settings: &Map, name: String| settings.get(&name).cloned().unwrap_or(Value::from(name));
    let keeps = match call.name.as_str() {
        "contains" => match texts.iter().find(|name| fields.contains_key(name.as_str())) {
            Some(name) => !is_default(&fields, name),
            None => false,
        },
        "containsall" => texts.iter().all(|name| fields.contains_key(name.as_str()) && !is_default(&fields, name)),
        "exclude" => !texts.iter().any(|name| fields.contains_key(name.as_str()) && !defaults.contains(name)),
        "excludeall" => !texts.iter().all(|name| fields.contains_key(name.as_str()) && !defaults.contains(name)),
        "contains_val" | "exclude_val" => {
            let value = setting(settings, text(1, "value")).to_text();
            let has = match fields.get(&text(0, "key")) {
                Some(Branch::Leaf(Value::Str(there))) => there.contains(&value),
                Some(Branch::Leaf(Value::List(items))) => items.iter().any(|item| item.to_text() == value),
                _ => value.is_empty(),
            };
            if call.name == "contains_val" { has } else { !has || !fields.contains_key(&text(0, "key")) }
        }
        "equal" => {
            let value = Branch::Leaf(setting(settings, text(1, "value")));
            fields.get(&text(0, "key")) == Some(&value)
        }
        "void" => false,
        "del" => {
            texts.iter().for_each(|name| drop(fields.shift_remove(name)));
            true
        }
        "set" => {
            let source = text(0, "source");
            let value = settings.get(&source).cloned().or_else(|| call.arg(2, "default").cloned());
            let target = call.text(1, "target").unwrap_or_else(|| source.clone());
            fields.insert(target, Branch::Leaf(value.unwrap_or(source.into())));
            true
        }
        "record" => {
            if let Some(value) = fields.get(&text(0, "source")) {
                let target = call.text(1, "target").unwrap_or_else(|| text(0, "source"));
                settings.insert(target, value.clone().into_value());
            }
            true
        }
        "to_int" => {
            to_int(call, &mut fields);
            true
        }
        "items2dict" => {
            match (fields.shift_remove(&text(0, "key_name")), fields.shift_remove(&text(1, "value_name"))) {
                (Some(key), Some(value)) => {
                    fields.insert(key.into_value().to_text(), value);
                    true
                }
                _ => false,
            }
        }
        "expand" => {
            fields = expanded(fields);
            true
        }
        "itemize" => {
            let Some(item) = fields.shift_remove(&text(0, "key")) else { return Judged::Dropped };
            if let Some(last) = path.last_mut() {
                *last = format!("{}*", last.trim_end_matches('*'));
            }
            return Judged::Kept(item);
        }
        _ => true,
    };
    if keeps { Judged::Kept(Branch::Map(fields)) } else { Judged::Dropped }
}

fn to_int(call: &Call, fields: &mut Fields) {
    let keys = call.texts();
    let lists = call.named.get("intlist").is_some_and(Value::is_truthy);
    let number = |value: &Value| match value {
        Value::Str(text) => whole(text).or_else(|| text.trim().parse::<f64>().ok().map(Value::from)),
        _ => None,
    };
    for (key, branch) in fields.iter_mut() {
        if !keys.is_empty() && !keys.contains(key) {
            continue;
        }
        match branch {
            Branch::Leaf(Value::List(items)) if lists => {
                let items: Vec<Value> = items.iter().map(|item| number(item).unwrap_or_else(|| item.clone())).collect();
                *branch = Branch::Leaf(items.into());
            }
            Branch::Leaf(value) => {
                if let Some(number) = number(value) {
                    *value = number;
                }
            }
            _ => {}
        }
    }
}

/// Makes dictionaries of names with dots.
fn expanded(fields: Fields) -> Fields {
    let mut made = Fields::new();
    for (name, value) in fields {
        let mut into = Some(&mut made);
        let mut parts = name.split('.').peekable();
        while let (Some(part), Some(fields)) = (parts.next(), into.take()) {
            if parts.peek().is_none() {
                fields.insert(part.to_owned(), value);
                break;
            }
            let branch = fields.entry(part.to_owned()).or_insert_with(|| Branch::Map(Fields::new()));
            if let Branch::Map(inner) = branch {
                into = Some(inner);
            }
        }
    }
    made
}
