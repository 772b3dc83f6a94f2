//! Filters that keep, remove or rename the keys of dictionaries: those of `ansible.utils`, which go as deep as the data,
//! and those of `community.general`, which take a list of dictionaries.

use super::args::{Args, add_filter};
use super::{Filter, data, to_engine};
use crate::python_regex::{Anchor, Flags, Regex};
use crate::value::{Key, Map, Value as Data};
use minijinja::{Error, State, Value};
use std::sync::Arc;

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "ansible.utils.keep_keys",
        aliases: &[],
        doc: "Keeps the keys `target` (by `matching_parameter`: `equality`, `starts_with`, `ends_with`, `regex`) at every depth.",
        add: |env, name| add_filter(env, name, PARAMS, |_, args| deep(args, &|data, keys| Ok(kept(data, keys)?.0))),
    },
    Filter {
        name: "ansible.utils.remove_keys",
        aliases: &[],
        doc: "Removes the keys `target` (by `matching_parameter`) at every depth, and what is empty in lists.",
        add: |env, name| add_filter(env, name, PARAMS, |_, args| deep(args, &removed)),
    },
    Filter {
        name: "ansible.utils.replace_keys",
        aliases: &[],
        doc: "Renames the keys that `target` lists as `before` and `after` at every depth.",
        add: |env, name| add_filter(env, name, PARAMS, replace_deep),
    },
    Filter {
        name: "community.general.keep_keys",
        aliases: &[],
        doc: "Keeps the keys `target` of every dictionary of a list (`matching_parameter`: `equal`, `starts_with`, …).",
        add: |env, name| add_filter(env, name, PARAMS, |_, args| flat(args, true)),
    },
    Filter {
        name: "community.general.remove_keys",
        aliases: &[],
        doc: "Removes the keys `target` of every dictionary of a list.",
        add: |env, name| add_filter(env, name, PARAMS, |_, args| flat(args, false)),
    },
    Filter {
        name: "community.general.replace_keys",
        aliases: &[],
        doc: "Renames the keys of every dictionary of a list that `target` lists as `before` and `after`.",
        add: |env, name| add_filter(env, name, PARAMS, replace_flat),
    },
];

const PARAMS: &[&str] = &["target", "matching_parameter"];

/// How deep the data may be.
const MAX_DEPTH: usize = 200;

/// A key that is looked for.
enum Wanted {
    Equal(String),
    Start(String),
    End(String),
    Pattern(Arc<Regex>, String),
}

impl Wanted {
    fn of(args: &Args, how: &str, text: &str) -> Result<Wanted, Error> {
        let text = text.to_owned();
        Ok(match how {
            "equality" | "equal" => Wanted::Equal(text),
            "starts_with" => Wanted::Start(text),
            "ends_with" => Wanted::End(text),
            "regex" => Wanted::Pattern(super::regex::pattern(args, &text, Flags::default(), Anchor::Start)?, text),
            other => {
                let known = "it knows `equality`, `starts_with`, `ends_with`, `regex`";
                return Err(args.error(format!("knows no `matching_parameter` `{other}`; {known}")));
            }
        })
    }

    /// Returns the text that is looked for, or the pattern.
    fn source(&self) -> &str {
        match self {
            Wanted::Equal(text) | Wanted::Start(text) | Wanted::End(text) | Wanted::Pattern(_, text) => text,
        }
    }

    fn fits(&self, key: &Key) -> Result<bool, String> {
        let Some(key) = key.as_str() else { return Ok(false) };
        match self {
            Wanted::Equal(text) => Ok(key == text),
            Wanted::Start(text) => Ok(key.starts_with(text.as_str())),
            Wanted::End(text) => Ok(key.ends_with(text.as_str())),
            Wanted::Pattern(regex, _) => regex.is_match(key),
        }
    }
}

fn fits_one(keys: &[Wanted], key: &Key) -> Result<bool, String> {
    for wanted in keys {
        if wanted.fits(key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn targets(args: &Args, how: &str) -> Result<Vec<Wanted>, Error> {
    let target = args.need("target")?;
    let texts = match target.as_str() {
        Some(text) => vec![text.to_owned()],
        None => args.items_of(target)?.iter().map(|item| args.text_of(item)).collect::<Result<_, _>>()?,
    };
    if texts.is_empty() {
        return Err(args.error("`target` is empty"));
    }
    texts.iter().map(|text| Wanted::of(args, how, text)).collect()
}

fn how(args: &Args) -> Result<String, Error> {
    Ok(args.text("matching_parameter")?.unwrap_or_else(|| "equality".into()))
}

type Deep = dyn Fn(&Data, &[Wanted]) -> Result<Data, String>;

fn deep(args: &Args, change: &Deep) -> Result<Value, Error> {
    let keys = targets(args, &how(args)?)?;
    let input = container(args)?;
    change(&input, &keys).map(|changed| to_engine(&changed)).map_err(|why| args.error(why))
}

fn container(args: &Args) -> Result<Data, Error> {
    match data(args.input())? {
        input @ (Data::List(_) | Data::Map(_)) => Ok(input),
        _ => Err(args.wrong("a list or a dictionary", args.input())),
    }
}

fn is_empty(data: &Data) -> bool {
    matches!(data, Data::List(items) if items.is_empty()) || matches!(data, Data::Map(map) if map.is_empty())
}

/// Returns what is left of data, and whether it is worth keeping.
fn kept(data: &Data, keys: &[Wanted]) -> Result<(Data, bool), String> {
    Ok(match data {
        Data::List(items) => {
            let items: Vec<Data> =
                items.iter().map(|item| kept(item, keys).map(|(item, _)| item)).collect::<Result<_, _>>()?;
            let worth = !items.is_empty();
            (items.into(), worth)
        }
        Data::Map(map) => {
            let mut left = Map::new();
            for (key, value) in map.iter() {
                if let Some(value) = kept_entry(key, value, keys)? {
                    left.insert(key.clone(), value);
                }
            }
            let worth = !left.is_empty();
            (left.into(), worth)
        }
        other => (other.clone(), true),
    })
}

/// Returns what stays of an entry. A key that is wanted as it is written keeps its whole value; other ways to match
/// count for entries without depth only, as in the collection.
fn kept_entry(key: &Key, value: &Data, keys: &[Wanted]) -> Result<Option<Data>, String> {
    let is_deep = matches!(value, Data::List(_) | Data::Map(_));
    for wanted in keys {
        if key.as_str() == Some(wanted.source()) || (!is_deep && wanted.fits(key)?) {
            return Ok(Some(value.clone()));
        }
    }
    if !is_deep {
        return Ok(None);
    }
    let (inner, worth) = kept(value, keys)?;
    let filled = match &inner {
        Data::List(items) => items.iter().filter(|item| !is_empty(item)).cloned().collect::<Vec<_>>().into(),
        _ => inner.clone(),
    };
    Ok(if is_empty(&filled) { worth.then_some(inner) } else { Some(filled) })
}

fn removed(data: &Data, keys: &[Wanted]) -> Result<Data, String> {
    fn without(data: &Data, keys: &[Wanted], depth: usize) -> Result<Data, String> {
        if depth > MAX_DEPTH {
            return Err(format!("the data is nested deeper than {MAX_DEPTH} levels"));
        }
        Ok(match data {
            Data::Map(map) => {
                let mut left = Map::new();
                for (key, value) in map.iter() {
                    if !fits_one(keys, key)? {
                        left.insert(key.clone(), without(value, keys, depth + 1)?);
                    }
                }
                left.into()
            }
            Data::List(items) => {
                let items: Vec<Data> =
                    items.iter().map(|item| without(item, keys, depth + 1)).collect::<Result<_, _>>()?;
                items.into_iter().filter(Data::is_truthy).collect::<Vec<_>>().into()
            }
            other => other.clone(),
        })
    }
    without(data, keys, 0)
}

/// Reads pairs of `before` and `after`.
fn renames(args: &Args, how: &str) -> Result<Vec<(Wanted, Arc<str>)>, Error> {
    let mut pairs = Vec::new();
    let target = data(args.need("target")?)?;
    let items = target.as_list().filter(|items| !items.is_empty());
    for item in items.ok_or_else(|| args.error("wants a list of `before` and `after` as `target`"))? {
        match (item.get("before"), item.get("after")) {
            (Some(Data::Str(before)), Some(Data::Str(after))) => {
                pairs.push((Wanted::of(args, how, before)?, Arc::clone(after)));
            }
            _ => return Err(args.error("wants texts `before` and `after` in every item of `target`")),
        }
    }
    Ok(pairs)
}

fn replace_deep(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let pairs = renames(args, &how(args)?)?;
    let input = container(args)?;
    renamed(&input, &pairs, 0).map(|data| to_engine(&data)).map_err(|why| args.error(why))
}

/// A renamed entry goes to the end of its dictionary, as in the collection.
fn renamed(value: &Data, pairs: &[(Wanted, Arc<str>)], depth: usize) -> Result<Data, String> {
    if depth > MAX_DEPTH {
        return Err(format!("the data is nested deeper than {MAX_DEPTH} levels"));
    }
    Ok(match value {
        Data::Map(map) => {
            let mut entries: Vec<(Key, Data)> = map.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            for (wanted, after) in pairs {
                let keys: Vec<Key> = entries.iter().map(|(key, _)| key.clone()).collect();
                for key in keys {
                    let Some(at) = entries.iter().position(|(other, _)| *other == key) else { continue };
                    if !wanted.fits(&key)? {
                        continue;
                    }
                    let (_, value) = entries.remove(at);
                    let after = Key::Str(Arc::clone(after));
                    match entries.iter_mut().find(|(key, _)| *key == after) {
                        Some((_, old)) => *old = value,
                        None => entries.push((after, value)),
                    }
                }
            }
            let mut out = Map::new();
            for (key, value) in entries {
                out.insert(key, renamed(&value, pairs, depth + 1)?);
            }
            out.into()
        }
        Data::List(items) => {
            items.iter().map(|item| renamed(item, pairs, depth + 1)).collect::<Result<Vec<_>, _>>()?.into()
        }
        other => other.clone(),
    })
}

/// Reads the input and checks what all flat filters want of it.
fn dictionaries(args: &Args) -> Result<Vec<Arc<Map>>, Error> {
    let mut maps = Vec::new();
    for item in args.list()? {
        match data(&item)? {
            Data::Map(map) if map.iter().all(|(key, _)| key.as_str().is_some()) => maps.push(map),
            Data::Map(_) => return Err(args.error("wants keys that are text")),
            _ => return Err(args.wrong("a list of dictionaries", &item)),
        }
    }
    Ok(maps)
}

fn flat_how(args: &Args) -> Result<String, Error> {
    match args.text("matching_parameter")? {
        Some(how) if how == "equality" => Err(args.error("knows no `matching_parameter` `equality`; it is `equal`")),
        Some(how) => Ok(how),
        None => Ok("equal".into()),
    }
}

fn flat(args: &Args, keep: bool) -> Result<Value, Error> {
    let how = flat_how(args)?;
    let maps = dictionaries(args)?;
    let keys = targets(args, &how)?;
    if how == "regex" && keys.len() > 1 {
        return Err(args.error("takes one pattern only"));
    }
    let mut out = Vec::new();
    for map in maps {
        let mut left = Map::new();
        for (key, value) in map.iter() {
            if fits_one(&keys, key).map_err(|why| args.error(why))? == keep {
                left.insert(key.clone(), value.clone());
            }
        }
        out.push(Data::from(left));
    }
    Ok(to_engine(&out.into()))
}

fn replace_flat(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let pairs = renames(args, &flat_how(args)?)?;
    let mut out = Vec::new();
    for map in dictionaries(args)? {
        let mut left = Map::new();
        for (key, value) in map.iter() {
            let mut name = key.clone();
            for (wanted, after) in &pairs {
                if wanted.fits(key).map_err(|why| args.error(why))? {
                    name = Key::Str(Arc::clone(after));
                    break;
                }
            }
            left.insert(name, value.clone());
        }
        out.push(Data::from(left));
    }
    Ok(to_engine(&out.into()))
}
