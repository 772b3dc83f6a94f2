//! Random data for every resource: what is rendered is read again as the same, what was merged is not sent twice, and what
//! is replaced or overridden is there afterwards, whatever was there before. The device is a model (`device.rs`).
//!
//! `tests/resources/random.json` lists the options for which that does not hold, each with its reason: they are left out
//! of what is made. A resource that is listed and passes with all its options is an error.

mod pool;

use super::device::brought as device_after;
use super::{Cases, read as case_file, tried};
use crate::configuration::to_send;
use crate::resource::{self, Definition, Form, Kind, Options, State, TABLE};
use crate::value::{Map, Value};
use pool::{Dice, Pool};
use std::collections::{BTreeMap, BTreeSet};

/// How many devices each resource is tried on: enough to see every option of most of them, in a few seconds.
const TRIES: u64 = 16;

/// Returns what a task would say, as it is checked in a run; `None` when the dice made nothing of it.
fn wanted(definition: &'static Definition, pool: &Pool, dice: &mut Dice) -> Option<Map> {
    let platform = &definition.platform.name;
    let checked = |map: &Map| definition.options.coerce(platform, "", map, true).ok();
    let tree = match definition.form {
        Form::Dict => checked(&pool.tree(dice, &definition.options, ""))?,
        _ => {
            let items = pool.items(dice, &definition.options, "");
            let entries: Option<Vec<Value>> =
                items.iter().map(|item| checked(item.as_map()?).map(Value::from)).collect();
            let entries = resource::joined(&definition.options, &entries.filter(|entries| !entries.is_empty())?);
            [("config", Value::list(entries))].into_iter().collect()
        }
    };
    let is_sound = resource::unwritten(definition, &tree, &Map::new(), State::Rendered).is_none();
    (is_sound && members_are_in_one_bundle(&tree)).then_some(tree)
}

/// No interface is in two bundles of links.
fn members_are_in_one_bundle(tree: &Map) -> bool {
    let items = |map: &Map, name: &str| map.get(name).and_then(Value::as_list).unwrap_or_default().to_vec();
    let mut names = BTreeSet::new();
    let entries = items(tree, "config").into_iter().filter_map(|entry| entry.as_map().cloned());
    let members = entries.flat_map(|entry| items(&entry, "members"));
    members
        .into_iter()
        .all(|member| member.as_map().and_then(|map| map.get("member")).is_none_or(|name| names.insert(name.to_text())))
}

/// Returns what a device shows after what a state sends to it.
fn brought(definition: &'static Definition, text: &str, want: &Map, state: State) -> String {
    let have = resource::read(definition, text);
    device_after(text, &resource::commands(definition, want, &have, state), definition.platform)
}

/// Returns what is still to be sent.
fn left(definition: &'static Definition, text: &str, want: &Map, state: State) -> Vec<String> {
    let have = resource::read(definition, text);
    to_send(&resource::commands(definition, want, &have, state), &definition.platform.text, None)
}

/// Returns where what was wanted is not what is there.
fn lost(options: &Options, want: &Map, have: &Map, at: &str) -> Option<String> {
    options.all.iter().find_map(|option| {
        let path = format!("{at}.{}", option.name);
        let (want, have) = (want.get(&option.name)?, have.get(&option.name));
        match (&option.kind, want, have) {
            (_, Value::Bool(false), None) => None,
            (Kind::Dict(inside), Value::Map(want), _) => {
                let none = Map::new();
                lost(inside, want, have.and_then(Value::as_map).unwrap_or(&none), &path)
            }
            (Kind::List(inside), Value::List(want), _) => {
                let have = have.and_then(Value::as_list).unwrap_or_default();
                let items = want.iter().filter_map(Value::as_map).filter(|item| says_more_than_its_name(inside, item));
                items.into_iter().find_map(|want| lost_item(inside, want, have, &path))
            }
            (_, want, Some(have)) if same(want, have) => None,
            (_, want, have) => Some(format!("{path}: {} is {:?}", want.to_text(), have.map(Value::to_text))),
        }
    })
}

fn lost_item(options: &Options, want: &Map, have: &[Value], path: &str) -> Option<String> {
    let key = |item: &Map| -> Vec<Option<String>> {
        options.key.iter().map(|name| item.get(name).map(Value::to_text)).collect()
    };
    let alike = have.iter().filter_map(Value::as_map).filter(|have| options.numbered || key(have) == key(want));
    let mut losses = alike.map(|have| lost(options, want, have, path)).collect::<Vec<_>>();
    if losses.iter().any(Option::is_none) {
        return None;
    }
    Some(losses.pop().flatten().unwrap_or_else(|| format!("{path}: no {}", Value::from(want.clone()).to_json())))
}

fn same(want: &Value, have: &Value) -> bool {
    match (want.as_list(), have.as_list()) {
        (Some(want), Some(have)) => {
            let texts = |all: &[Value]| {
                let mut all: Vec<String> = all.iter().map(Value::to_text).collect();
                all.sort();
                all
            };
            texts(want) == texts(have)
        }
        _ => want.to_text() == have.to_text(),
    }
}

/// Returns what does not hold for two random configurations of a resource.
fn fault(definition: &'static Definition, want: &Map, other: &Map) -> Option<String> {
    let rendered = brought(definition, "", want, State::Rendered);
    let there = brought(definition, "", other, State::Rendered);
    let have = resource::read(definition, &rendered);
    let entries = if definition.form == Form::List { of_entries(want, &have, definition) } else { None };
    let lost = match definition.form {
        Form::List => entries,
        _ => lost(&definition.options, want, &have, ""),
    };
    let shown = Value::from(want.clone()).to_json();
    if let Some(lost) = lost {
        return Some(format!("Rendered lost {lost}\n  want {shown}\n->\n{rendered}"));
    }
    let before = resource::read(definition, &there);
    let tries = [
        (State::Rendered, rendered),
        (State::Merged, brought(definition, &there, want, State::Merged)),
        (State::Replaced, brought(definition, &there, want, State::Replaced)),
        (State::Overridden, brought(definition, &there, want, State::Overridden)),
    ];
    tries.into_iter().find_map(|(state, text)| {
        if resource::conflict(definition, want, &before, state).is_some() {
            return None;
        }
        let again = if state == State::Rendered { State::Overridden } else { state };
        let left = left(definition, &text, want, again);
        (!left.is_empty()).then(|| format!("{state:?}\n  want {shown}\n  left {left:?}\n{there}->\n{text}"))
    })
}

fn first_fault(definition: &'static Definition, pool: &Pool, tried: &mut u32) -> Option<String> {
    (0..TRIES).find_map(|seed| {
        let mut dice = Dice(seed * 7919 + 1);
        let (want, other) = (wanted(definition, pool, &mut dice)?, wanted(definition, pool, &mut dice)?);
        *tried += 1;
        fault(definition, &want, &other).map(|why| format!("{seed} {why}"))
    })
}

fn of_entries(want: &Map, have: &Map, definition: &Definition) -> Option<String> {
    let items = |map: &Map| map.get("config").and_then(Value::as_list).unwrap_or_default().to_vec();
    let have = items(have);
    items(want)
        .iter()
        .filter_map(Value::as_map)
        .filter(|want| says_more_than_its_name(&definition.options, want) && makes_lines(definition, want))
        .find_map(|want| lost_item(&definition.options, want, &have, ""))
}

/// What holds anyway makes no line.
fn makes_lines(definition: &Definition, entry: &Map) -> bool {
    let tree = [("config", Value::list([Value::from(entry.clone())]))].into_iter().collect();
    !resource::commands(definition, &tree, &Map::new(), State::Rendered).is_empty()
}

/// An entry that has its name alone may stand for no line.
fn says_more_than_its_name(options: &Options, item: &Map) -> bool {
    options.all.iter().any(|option| match (item.get(&option.name), &option.kind) {
        (None | Some(Value::Bool(false)), _) => false,
        (Some(Value::Map(map)), Kind::Dict(inside)) => says_more_than_its_name(inside, map),
        (Some(Value::List(items)), Kind::List(inside)) => {
            items.iter().filter_map(Value::as_map).any(|item| says_more_than_its_name(inside, item))
        }
        _ => !options.key.contains(&option.name),
    })
}

#[test]
fn what_is_wanted_is_there_afterwards_whatever_was_there() {
    let excepted: BTreeMap<String, BTreeMap<String, String>> =
        case_file("random.json", |text| serde_json::from_str(text).map_err(|error| error.to_string()));
    let is_one = tried().count() < TABLE.len();
    let (mut wrong, mut devices, mut fine) = (Vec::new(), 0u32, Vec::new());
    for row in tried().filter(|row| matches!(row.definition().form, Form::List | Form::Dict)) {
        let definition = row.definition();
        let cases: Cases =
            case_file(&format!("{}.yaml", row.name), |text| serde_yaml::from_str(text).map_err(|e| e.to_string()));
        let mut pool = Pool::of(definition, &cases);
        if let Some(options) = excepted.get(row.name) {
            if first_fault(definition, &pool, &mut 0).is_none() {
                fine.push(row.name);
            }
            options.keys().for_each(|path| pool.forget(path));
        }
        wrong.extend(first_fault(definition, &pool, &mut devices).map(|why| format!("{} {why}", row.name)));
    }
    assert!(wrong.is_empty(), "{} resources:\n{}", wrong.len(), wrong.join("\n"));
    assert!(fine.is_empty(), "listed in random.json, and nothing is wrong: {fine:?}");
    assert!(is_one || devices > 900, "{devices} devices");
}
