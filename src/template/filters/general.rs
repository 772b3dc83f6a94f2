//! Filters of `community.general` on lists and dictionaries.

use super::args::{Args, add_filter};
use super::combine::{ListMerge, merge, read_list_merge};
use super::python::{hashed, sort_by_keys};
use super::random::Twister;
use super::{Filter, data, to_engine};
use crate::template::convert::to_key;
use crate::template::operate::binary;
use crate::template::syntax::Operator;
use crate::template::tests::loose_version;
use crate::value::{Key, Map, Value as Data};
use minijinja::value::ValueKind;
use minijinja::{Error, State, Value};
use std::collections::HashSet;
use unicode_normalization::UnicodeNormalization as _;

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "community.general.accumulate",
        aliases: &[],
        doc: "Returns the running sums of a list's items.",
        add: |env, name| add_filter(env, name, &[], accumulate),
    },
    Filter {
        name: "community.general.counter",
        aliases: &[],
        doc: "Returns a dictionary of how often each item is in a list.",
        add: |env, name| add_filter(env, name, &[], |_, args| counter(args)),
    },
    Filter {
        name: "community.general.crc32",
        aliases: &[],
        doc: "Returns the CRC-32 checksum of a text in hexadecimal.",
        add: |env, name| {
            add_filter(env, name, &[], |_, args| {
                Ok(format!("{:x}", crc32fast::hash(args.input_text()?.as_bytes())).into())
            })
        },
    },
    Filter {
        name: "community.general.dict",
        aliases: &[],
        doc: "Makes a dictionary of a list of pairs.",
        add: |env, name| add_filter(env, name, &[], |_, args| dict(args)),
    },
    Filter {
        name: "community.general.dict_kv",
        aliases: &[],
        doc: "Makes a dictionary of the value under one `key`.",
        add: |env, name| {
            add_filter(env, name, &["key"], |_, args| {
                let mut map = Map::new();
                map.insert(to_key(args.need("key")?)?, data(args.input())?);
                Ok(to_engine(&map.into()))
            })
        },
    },
    Filter {
        name: "community.general.groupby_as_dict",
        aliases: &[],
        doc: "Makes a dictionary of a list of dictionaries, by their different values of `attribute`.",
        add: |env, name| add_filter(env, name, &["attribute"], |_, args| groupby_as_dict(args)),
    },
    Filter {
        name: "community.general.lists_union",
        aliases: &[],
        doc: "Returns the items of all lists, each once; with `flatten` of the lists in the lists.",
        add: |env, name| add_filter(env, name, &["*", "**"], |_, args| lists(args, union)),
    },
    Filter {
        name: "community.general.lists_intersect",
        aliases: &[],
        doc: "Returns the items that are in all lists.",
        add: |env, name| add_filter(env, name, &["*", "**"], |_, args| lists(args, |a, b| sift(a, b, true))),
    },
    Filter {
        name: "community.general.lists_difference",
        aliases: &[],
        doc: "Returns the items of the first list that are in none of the others.",
        add: |env, name| add_filter(env, name, &["*", "**"], |_, args| lists(args, |a, b| sift(a, b, false))),
    },
    Filter {
        name: "community.general.lists_symmetric_difference",
        aliases: &[],
        doc: "Returns the items that are in one of two lists only, taking list after list.",
        add: |env, name| {
            add_filter(env, name, &["*", "**"], |_, args| {
                lists(args, |a, b| {
                    let common: HashSet<String> = sift(a.clone(), b, true).iter().map(hashed).collect();
                    union(a, b).into_iter().filter(|item| !common.contains(&hashed(item))).collect()
                })
            })
        },
    },
    Filter {
        name: "community.general.lists_mergeby",
        aliases: &[],
        doc: "Merges lists of dictionaries whose entry of the last argument's name is equal.",
        add: |env, name| add_filter(env, name, &["*", "**"], |_, args| lists_mergeby(args)),
    },
    Filter {
        name: "community.general.random_mac",
        aliases: &["random_mac"],
        doc: "Completes a beginning to a random hardware address, the same one for the same `seed`.",
        add: |env, name| add_filter(env, name, &["seed"], |_, args| random_mac(args)),
    },
    Filter {
        name: "community.general.unicode_normalize",
        aliases: &[],
        doc: "Returns a text in the Unicode normal form `NFC` (or `NFD`, `NFKC`, `NFKD`).",
        add: |env, name| add_filter(env, name, &["form"], |_, args| unicode_normalize(args)),
    },
    Filter {
        name: "community.general.version_sort",
        aliases: &[],
        doc: "Sorts a list of versions: `2.9` comes before `2.10`.",
        add: |env, name| add_filter(env, name, &["reverse"], |_, args| version_sort(args)),
    },
];

/// Returns the items of a list or the letters of a text; nothing else counts as a sequence.
fn sequence(args: &Args) -> Result<Vec<Data>, Error> {
    match args.input().kind() {
        ValueKind::String | ValueKind::Seq | ValueKind::Iterable => args.items()?.iter().map(data).collect(),
        _ => Err(args.wrong("a list", args.input())),
    }
}

fn accumulate(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    sequence(args)?;
    let mut out: Vec<Value> = Vec::new();
    let mut size = 0;
    for item in args.items()? {
        let next = match out.last() {
            Some(sum) => binary(Operator::Add, sum, &item)?,
            None => item,
        };
        size += next.len().unwrap_or(1);
        args.bounded(size)?;
        out.push(next);
    }
    Ok(out.into())
}

fn counter(args: &Args) -> Result<Value, Error> {
    let mut counts = Map::new();
    let mut keys: std::collections::HashMap<String, Key> = std::collections::HashMap::new();
    for item in sequence(args)? {
        let key = match keys.get(&hashed(&item)) {
            Some(key) => key.clone(),
            None => to_key(&to_engine(&item))?,
        };
        keys.insert(hashed(&item), key.clone());
        let count = counts.get_key(&key).and_then(Data::as_int).unwrap_or(0);
        counts.insert(key, count + 1);
    }
    Ok(to_engine(&counts.into()))
}

fn dict(args: &Args) -> Result<Value, Error> {
    if let Data::Map(_) = data(args.input())? {
        return Ok(args.input().clone());
    }
    let mut map = Map::new();
    for pair in args.items()? {
        match &args.items_of(&pair)?[..] {
            [key, value] => map.insert(to_key(key)?, data(value)?),
            other => return Err(args.error(format!("wants pairs, not {} items", other.len()))),
        }
    }
    Ok(to_engine(&map.into()))
}

fn groupby_as_dict(args: &Args) -> Result<Value, Error> {
    let attribute = to_key(args.need("attribute")?)?;
    let mut groups = Map::new();
    for (at, item) in sequence(args)?.into_iter().enumerate() {
        let Data::Map(map) = &item else { return Err(args.error(format!("item {at} is no dictionary"))) };
        let value = map.get_key(&attribute).ok_or_else(|| args.error(format!("item {at} has no `{attribute}`")))?;
        let key = to_key(&to_engine(value))?;
        if groups.get_key(&key).is_some() {
            return Err(args.error(format!("two items have the `{attribute}` `{key}`")));
        }
        groups.insert(key, item);
    }
    Ok(to_engine(&groups.into()))
}

fn distinct(items: Vec<Data>) -> Vec<Data> {
    let mut seen = HashSet::new();
    items.into_iter().filter(|item| seen.insert(hashed(item))).collect()
}

fn union(a: Vec<Data>, b: &[Data]) -> Vec<Data> {
    distinct([a, b.to_vec()].concat())
}

fn sift(a: Vec<Data>, b: &[Data], keep: bool) -> Vec<Data> {
    let other: HashSet<String> = b.iter().map(hashed).collect();
    distinct(a).into_iter().filter(|item| other.contains(&hashed(item)) == keep).collect()
}

/// Takes lists of lists apart: a list of nothing but lists stands for those.
fn flattened(args: &Args, lists: Vec<Data>) -> Result<Vec<Data>, Error> {
    let mut out = Vec::new();
    for list in lists {
        match &list {
            Data::List(items) if items.is_empty() => {}
            Data::List(items) if items.iter().all(|item| matches!(item, Data::List(_))) => out.extend(items.to_vec()),
            Data::List(_) => out.push(list),
            other => return Err(args.error(format!("wants lists, not a {}", other.kind()))),
        }
    }
    Ok(out)
}

fn lists(args: &Args, both: fn(Vec<Data>, &[Data]) -> Vec<Data>) -> Result<Value, Error> {
    let mut lists: Vec<Data> =
        std::iter::once(args.input()).chain(args.rest).map(data).collect::<Result<Vec<_>, _>>()?;
    for (name, value) in &args.named {
        match name.as_str() {
            "flatten" if value.is_true() => lists = flattened(args, lists)?,
            "flatten" => {}
            other => return Err(args.error(format!("has no argument `{other}`; it takes `flatten`"))),
        }
    }
    let items = |list: &Data| list.as_list().map(<[Data]>::to_vec).ok_or_else(|| args.error("wants lists"));
    match &lists[..] {
        [] => Ok(to_engine(&Data::list(Vec::<Data>::new()))),
        [one] => Ok(to_engine(one)),
        [first, rest @ ..] => {
            let mut found = items(first)?;
            for list in rest {
                found = both(found, &items(list)?);
            }
            Ok(to_engine(&found.into()))
        }
    }
}

fn lists_mergeby(args: &Args) -> Result<Value, Error> {
    let (mut recursive, mut list_merge) = (false, ListMerge::Replace);
    for (name, value) in &args.named {
        match name.as_str() {
            "recursive" => recursive = value.is_true(),
            "list_merge" => list_merge = read_list_merge(args, value)?,
            other => return Err(args.error(format!("has no argument `{other}`; it takes `recursive`, `list_merge`"))),
        }
    }
    let Some((index, others)) = args.rest.split_last() else {
        return Err(args.error("wants a list and the name of an entry"));
    };
    let lists = std::iter::once(args.input()).chain(others).map(data).collect::<Result<Vec<_>, _>>()?;
    let mut lists = flattened(args, lists)?;
    let Some(mut result) = lists.pop() else { return Ok(to_engine(&Data::list(Vec::<Data>::new()))) };
    if lists.is_empty() {
        return Ok(to_engine(&result));
    }
    let index = index.as_str().ok_or_else(|| args.wrong("the name of an entry", index))?;
    while let Some(lower) = lists.pop() {
        let mut rows: Vec<(Data, Map)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for item in [&lower, &result].into_iter().flat_map(|list| list.as_list().unwrap_or_default()) {
            let Data::Map(map) = item else { return Err(args.error("wants lists of dictionaries")) };
            let Some(key) = map.get(index) else { continue };
            let at = *places.entry(hashed(key)).or_insert_with(|| {
                rows.push((key.clone(), Map::new()));
                rows.len() - 1
            });
            let row = std::mem::take(&mut rows[at].1);
            rows[at].1 = merge(row, map, recursive, list_merge);
        }
        let sorted = sort_by_keys(rows, false).map_err(|why| args.error(why))?;
        result = sorted.into_iter().map(|(_, map)| Data::from(map)).collect::<Vec<_>>().into();
    }
    Ok(to_engine(&result))
}

fn random_mac(args: &Args) -> Result<Value, Error> {
    let start = args.input_text()?.to_lowercase();
    let parts: Vec<&str> = start.split(':').collect();
    let is_byte = |part: &&str| part.len() >= 2 && part.bytes().take(2).all(|b| b.is_ascii_hexdigit());
    if parts.len() > 5 || !parts.iter().all(is_byte) {
        return Err(args.error(format!("`{start}` is no beginning of a hardware address")));
    }
    let mut twister = Twister::of(args)?;
    // 40 bits, the first digit not 0: at most five bytes are missing.
    let (least, most) = (1u128 << 36, (1u128 << 40) - 1);
    let digits = format!("{:x}", least + twister.below(most - least + 1));
    let mut out = start.clone();
    for at in 0..6 - parts.len() {
        out.push(':');
        out.push_str(&digits[at * 2..at * 2 + 2]);
    }
    Ok(out.into())
}

fn unicode_normalize(args: &Args) -> Result<Value, Error> {
    let text = args.input_text()?;
    Ok(match args.text("form")?.as_deref() {
        None | Some("NFC") => text.nfc().collect::<String>(),
        Some("NFD") => text.nfd().collect(),
        Some("NFKC") => text.nfkc().collect(),
        Some("NFKD") => text.nfkd().collect(),
        Some(other) => {
            return Err(args.error(format!("knows no form `{other}`; it knows `NFC`, `NFD`, `NFKC`, `NFKD`")));
        }
    }
    .into())
}

fn version_sort(args: &Args) -> Result<Value, Error> {
    let mut keyed = Vec::new();
    for item in args.items()? {
        let text = args.text_of(&item)?;
        if text.is_empty() {
            return Err(args.error("an empty text is no version"));
        }
        keyed.push((Data::from(loose_version(&text)), Data::from(text)));
    }
    let sorted = sort_by_keys(keyed, args.flag("reverse", false)).map_err(|why| args.error(why))?;
    Ok(to_engine(&sorted.into_iter().map(|(_, text)| text).collect::<Vec<_>>().into()))
}
