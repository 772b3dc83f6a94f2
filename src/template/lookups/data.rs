//! Lookups that make lists of data: most of them exist for `with_…` loops.

use super::{Call, Lookup, argument};
use crate::failure::Failure;
use crate::value::{Map, Value};

/// The most items that a lookup makes: products of long lists have no end otherwise.
const MAX_ITEMS: usize = 1 << 20;

pub(super) static LOOKUPS: &[Lookup] = &[
    Lookup {
        name: "items",
        doc: "Gives its terms; lists among them item by item, one level deep.",
        options: &[],
        run: |call| Ok(call.terms.iter().flat_map(one_level).collect()),
    },
    Lookup {
        name: "flattened",
        doc: "Gives its terms; lists among them item by item, all levels deep.",
        options: &[],
        run: |call| {
            let mut flat = Vec::new();
            flatten(&call.terms, &mut flat, 0);
            Ok(flat)
        },
    },
    Lookup { name: "list", doc: "Gives its terms as they are.", options: &[], run: |call| Ok(call.terms.clone()) },
    Lookup {
        name: "dict",
        doc: "Gives a dictionary's entries as dictionaries with `key` and `value`.",
        options: &[],
        run: dict,
    },
    Lookup {
        name: "indexed_items",
        doc: "Gives pairs of a number, from 0, and an item.",
        options: &[],
        run: |call| {
            let items = call.terms.iter().flat_map(one_level);
            Ok(items.enumerate().map(|(at, item)| Value::list([Value::Int(at as i128), item])).collect())
        },
    },
    Lookup { name: "nested", doc: "Gives every combination of one item of each list.", options: &[], run: nested },
    Lookup { name: "cartesian", doc: "Gives every combination of one item of each list.", options: &[], run: nested },
    Lookup {
        name: "together",
        doc: "Gives the first items of all lists, then the second ones, and so on; short lists are filled up with null.",
        options: &[],
        run: together,
    },
    Lookup {
        name: "subelements",
        doc: "Gives pairs of a dictionary and an item of a list in it.",
        options: &["skip_missing"],
        run: subelements,
    },
    Lookup {
        name: "sequence",
        doc: "Gives the numbers from `start` to `end`, or `count` of them, in steps of `stride`, as texts.",
        options: &["start", "end", "count", "stride", "format"],
        run: sequence,
    },
    Lookup {
        name: "random_choice",
        doc: "Gives one of its terms, whichever.",
        options: &[],
        run: |call| {
            let at = super::password::random(call.terms.len().max(1))?;
            Ok(call.terms.get(at).cloned().into_iter().collect())
        },
    },
];

fn one_level(term: &Value) -> Vec<Value> {
    match term {
        Value::List(items) => items.to_vec(),
        other => vec![other.clone()],
    }
}

fn flatten(terms: &[Value], flat: &mut Vec<Value>, depth: usize) {
    for term in terms {
        match term {
            Value::List(items) if depth < 100 => flatten(items, flat, depth + 1),
            Value::Null => {}
            other => flat.push(other.clone()),
        }
    }
}

fn dict(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let mut found = Vec::new();
    for term in &call.terms {
        let Value::Map(map) = term else {
            return Err(argument(format!("lookup `dict` wants dictionaries, not a {}", term.kind())));
        };
        for (key, value) in map.iter() {
            found.push(Value::map([("key", key.to_value()), ("value", value.clone())]));
        }
    }
    Ok(found)
}

/// Returns what Python goes through: items, the keys of a dictionary, the letters of a text.
fn items(lookup: &str, value: &Value) -> Result<Vec<Value>, Failure> {
    Ok(match value {
        Value::List(items) => items.to_vec(),
        Value::Map(map) => map.iter().map(|(key, _)| key.to_value()).collect(),
        Value::Str(text) => text.chars().map(|letter| Value::from(letter.to_string())).collect(),
        other => return Err(argument(format!("lookup `{lookup}` wants lists, not a {}", other.kind()))),
    })
}

/// Returns items with the lists among them taken apart, one level deep.
fn flat(items: &[Value]) -> Vec<Value> {
    items.iter().flat_map(one_level).collect()
}

fn nested(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let lists = call.terms.iter().map(|term| items("nested", term)).collect::<Result<Vec<_>, _>>()?;
    let Some((first, others)) = lists.split_first() else {
        return Err(argument("lookup `nested` wants at least one list"));
    };
    let size = lists.iter().fold(1usize, |size, list| size.saturating_mul(list.len()));
    if size.saturating_mul(lists.len()) > MAX_ITEMS {
        return Err(argument(format!("lookup `nested` would give {size} items")));
    }
    if others.is_empty() {
        return first.iter().map(|row| items("nested", row).map(|row| Value::list(flat(&row)))).collect();
    }
    // As in Ansible rows are taken apart whenever a list joins them.
    let mut rows: Vec<Value> = first.clone();
    for list in others {
        let joined = |row: &Value, item: &Value| Value::list([one_level(row), one_level(item)].concat());
        rows = rows.iter().flat_map(|row| list.iter().map(move |item| joined(row, item))).collect();
    }
    Ok(rows.iter().map(|row| Value::list(flat(&one_level(row)))).collect())
}

fn together(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let lists = call.terms.iter().map(|term| items("together", term)).collect::<Result<Vec<_>, _>>()?;
    let longest = lists.iter().map(Vec::len).max();
    let Some(longest) = longest else { return Err(argument("lookup `together` wants at least one list")) };
    let row =
        |at: usize| -> Vec<Value> { lists.iter().map(|list| list.get(at).cloned().unwrap_or(Value::Null)).collect() };
    Ok((0..longest).map(|at| Value::list(flat(&row(at)))).collect())
}

fn subelements(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let (elements, key) = match call.terms.as_slice() {
        [elements, Value::Str(key)] | [elements, Value::Str(key), _] => (elements, key),
        _ => return Err(argument("lookup `subelements` wants a list and the name of a list in its items")),
    };
    let skip = call.flag(
        "skip_missing",
        call.terms.get(2).and_then(|flags| flags.get("skip_missing")).is_some_and(Value::is_truthy),
    );
    let elements: Vec<Value> = match elements {
        Value::List(items) => items.to_vec(),
        Value::Map(map) => map.iter().map(|(_, value)| value.clone()).collect(),
        other => {
            return Err(argument(format!("lookup `subelements` wants a list of dictionaries, not a {}", other.kind())));
        }
    };
    let mut found = Vec::new();
    for element in elements {
        if element.get("skipped").is_some_and(Value::is_truthy) {
            continue;
        }
        let mut list = Some(&element);
        for part in key.split('.') {
            list = list.and_then(|value| value.get(part));
        }
        match list {
            Some(Value::List(items)) => {
                // As in Ansible the dictionary comes without the list.
                let rest = without(&element, key);
                found.extend(items.iter().map(|item| Value::list([rest.clone(), item.clone()])));
            }
            None if skip => {}
            Some(other) => return Err(argument(format!("`{key}` of an item is a {}, not a list", other.kind()))),
            None => {
                return Err(
                    argument(format!("an item has no `{key}`")).help("`skip_missing=True` leaves such items out")
                );
            }
        }
    }
    Ok(found)
}

/// Returns a dictionary without the entry at a path.
fn without(element: &Value, path: &str) -> Value {
    let Value::Map(map) = element else { return element.clone() };
    let mut map = (**map).clone();
    match path.split_once('.') {
        None => drop(map.remove(path)),
        Some((first, rest)) => {
            if let Some(inner) = map.get(first).map(|inner| without(inner, rest)) {
                map.insert(first, inner);
            }
        }
    }
    Value::from(map)
}

struct Sequence {
    start: i128,
    end: Option<i128>,
    count: Option<i128>,
    stride: i128,
    format: String,
}

fn sequence(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let mut found = Vec::new();
    if call.terms.is_empty() {
        found.extend(numbers(&call.options)?);
    }
    for term in &call.terms {
        let mut options = call.options.clone();
        match term {
            Value::Str(text) => term_options(text, &mut options)?,
            other => {
                let kind = other.kind();
                return Err(argument(format!("lookup `sequence` wants a text such as `1-5`, not a {kind}")));
            }
        }
        found.extend(numbers(&options)?);
    }
    Ok(found)
}

/// Reads `start=1 end=5`, and the short form `1-5/2:host%02d`.
fn term_options(term: &str, options: &mut Map) -> Result<(), Failure> {
    if term.contains('=') {
        for pair in term.split_whitespace() {
            let Some((name, value)) = pair.split_once('=') else {
                return Err(argument(format!("`{pair}` is no option with a value")));
            };
            options.insert(name, value);
        }
        return Ok(());
    }
    let (numbers, format) = match term.split_once(':') {
        Some((numbers, format)) => (numbers, Some(format)),
        None => (term, None),
    };
    let (range, stride) = match numbers.split_once('/') {
        Some((range, stride)) => (range, Some(stride)),
        None => (numbers, None),
    };
    match range.split_once('-').filter(|(start, _)| !start.is_empty()) {
        Some((start, end)) => {
            options.insert("start", start);
            options.insert("end", end);
        }
        None => options.insert("end", range),
    }
    if let Some(stride) = stride {
        if stride.starts_with('-') {
            let help = format!("write `start=… end=… stride={stride}`");
            return Err(argument("the short form of a sequence takes no negative numbers").help(help));
        }
        options.insert("stride", stride);
    }
    if let Some(format) = format {
        options.insert("format", format);
    }
    Ok(())
}

fn numbers(options: &Map) -> Result<Vec<Value>, Failure> {
    let int = |name: &str| -> Result<Option<i128>, Failure> {
        let Some(value) = options.get(name) else { return Ok(None) };
        let text = value.to_text();
        let (digits, radix) = match text.trim() {
            hex if hex.starts_with("0x") => (hex[2..].to_owned(), 16),
            octal if octal.starts_with("0o") => (octal[2..].to_owned(), 8),
            other => (other.to_owned(), 10),
        };
        i128::from_str_radix(&digits, radix)
            .map(Some)
            .map_err(|_| argument(format!("`{name}` of a sequence is a whole number, not `{text}`")))
    };
    let stride = int("stride")?;
    let mut wanted = Sequence {
        start: int("start")?.unwrap_or(1),
        end: int("end")?,
        count: int("count")?,
        stride: stride.unwrap_or(1),
        format: options.get("format").map_or_else(|| "%d".into(), Value::to_text),
    };
    match (wanted.end, wanted.count) {
        (None, None) => return Err(argument("a sequence wants `end` or `count`")),
        (Some(_), Some(_)) => return Err(argument("a sequence wants `end` or `count`, not both")),
        (None, Some(0)) => return Ok(Vec::new()),
        (None, Some(count)) => wanted.end = Some(wanted.start + (count - 1) * wanted.stride),
        _ => {}
    }
    let end = wanted.end.unwrap_or(0);
    if wanted.stride == 0 {
        return Ok(Vec::new());
    }
    if (wanted.stride > 0) != (end >= wanted.start) && end != wanted.start {
        return Err(argument(format!("a sequence from {} to {end} wants the other sign of `stride`", wanted.start)));
    }
    let count = (end - wanted.start) / wanted.stride + 1;
    if count > MAX_ITEMS as i128 {
        return Err(argument(format!("a sequence of {count} numbers is too long")));
    }
    (0..count)
        .map(|at| {
            let number = super::super::convert::from_int(wanted.start + at * wanted.stride);
            super::super::format::percent(&wanted.format, &number)
                .map(Value::from)
                .map_err(|_| argument(format!("format `{}` of a sequence does not take one number", wanted.format)))
        })
        .collect()
}
