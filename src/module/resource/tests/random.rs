//! Random data for every resource, put together of the values in its cases: what is rendered is read again as the same,
//! what was merged is not sent twice, and what is overridden is there afterwards, whatever was there before.

use super::device::after;
use super::{Cases, FOLDER, Shown, read as case_file};
use crate::configuration::to_send;
use crate::resource::{self, Definition, Form, Kind, Options, State, TABLE};
use crate::value::{Map, Value};
use std::collections::BTreeMap;

/// How many devices each resource is tried on: enough to see every option of most of them, in a second.
const TRIES: u64 = 24;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }

    fn says_yes(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// The values that cases have, by the path of their option.
#[derive(Default)]
struct Pool(BTreeMap<String, Vec<Value>>);

impl Pool {
    fn of(definition: &'static Definition, cases: &Cases) -> Pool {
        let mut pool = Pool::default();
        let shown = cases.cases.iter().filter_map(|case| case.have.as_ref()).chain([&cases.have]);
        for text in shown.map(text_of) {
            pool.add(&definition.options, &resource::read(definition, &text), definition.form == Form::List);
        }
        for config in cases.cases.iter().filter_map(|case| case.task.get("config")) {
            let given = Value::from(config.clone());
            let tree: Map = [("config", given.clone())].into_iter().collect();
            match given.as_map() {
                Some(map) => pool.add(&definition.options, map, false),
                None => pool.add(&definition.options, &tree, true),
            }
        }
        pool
    }

    fn add(&mut self, options: &Options, tree: &Map, has_entries: bool) {
        match has_entries {
            true => tree.get("config").and_then(Value::as_list).unwrap_or_default().iter().for_each(|entry| {
                self.collect(options, "", entry);
            }),
            false => self.collect(options, "", &tree.clone().into()),
        }
    }

    fn collect(&mut self, options: &Options, at: &str, value: &Value) {
        let Some(map) = value.as_map() else { return };
        for option in &options.all {
            let Some(value) = map.get(&option.name) else { continue };
            let path = format!("{at}.{}", option.name);
            match (&option.kind, value) {
                (Kind::Dict(inside), _) => self.collect(inside, &path, value),
                (Kind::List(inside), Value::List(items)) => {
                    items.iter().for_each(|item| self.collect(inside, &path, item));
                }
                _ => {
                    let known = self.0.entry(path).or_default();
                    if !known.contains(value) {
                        known.push(value.clone());
                    }
                }
            }
        }
    }

    /// Makes a tree of options. Options that no case has stay away.
    fn tree(&self, dice: &mut Dice, options: &Options, at: &str) -> Map {
        let mut map = Map::new();
        for option in &options.all {
            let path = format!("{at}.{}", option.name);
            if !option.required && !options.key.contains(&option.name) && dice.says_yes() {
                continue;
            }
            match &option.kind {
                Kind::Dict(inside) => {
                    let inside = self.tree(dice, inside, &path);
                    if !inside.is_empty() {
                        map.insert(option.name.as_str(), inside);
                    }
                }
                Kind::List(inside) => {
                    let items = self.items(dice, inside, &path);
                    if !items.is_empty() {
                        map.insert(option.name.as_str(), Value::list(items));
                    }
                }
                _ => {
                    if let Some(known) = self.0.get(&path) {
                        map.insert(option.name.as_str(), known[dice.below(known.len())].clone());
                    }
                }
            }
        }
        map
    }

    /// Makes items with different keys.
    fn items(&self, dice: &mut Dice, options: &Options, at: &str) -> Vec<Value> {
        let mut items: Vec<Map> = Vec::new();
        for _ in 0..=dice.below(3) {
            let item = self.tree(dice, options, at);
            let has_key = |item: &Map| options.all.iter().filter(|o| o.required).all(|o| item.contains(&o.name));
            let key = |item: &Map| -> Vec<String> {
                options.key.iter().map(|name| item.get(name).map(Value::to_text).unwrap_or_default()).collect()
            };
            if has_key(&item) && !item.is_empty() && items.iter().all(|other| key(other) != key(&item)) {
                items.push(item);
            }
        }
        items.into_iter().map(Value::from).collect()
    }
}

fn text_of(shown: &Shown) -> String {
    match shown {
        Shown::Nothing => String::new(),
        Shown::Text(text) => text.clone(),
        Shown::ByCommand(answers) => answers.values().map(|text| format!("{text}\n")).collect(),
    }
}

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
            [("config", Value::list(entries.filter(|entries| !entries.is_empty())?))].into_iter().collect()
        }
    };
    let none = Map::new();
    resource::unwritten(definition, &tree, &none, State::Rendered).is_none().then_some(tree)
}

/// Returns what a device shows after what a state sends to it.
fn brought(definition: &'static Definition, text: &str, want: &Map, state: State) -> String {
    let have = resource::read(definition, text);
    let lines = to_send(&resource::commands(definition, want, &have, state), &definition.platform.text, None);
    after(text, &lines, definition.platform)
}

/// Returns what is still to be sent.
fn left(definition: &'static Definition, text: &str, want: &Map, state: State) -> Vec<String> {
    let have = resource::read(definition, text);
    to_send(&resource::commands(definition, want, &have, state), &definition.platform.text, None)
}

#[test]
fn what_is_wanted_is_there_afterwards_whatever_was_there() {
    let path = format!("{FOLDER}/random.json");
    let excepted: BTreeMap<String, String> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for row in TABLE.iter().filter(|row| !excepted.contains_key(row.name)) {
        let definition = row.definition();
        if !matches!(definition.form, Form::List | Form::Dict) {
            continue;
        }
        let cases: Cases =
            case_file(&format!("{}.yaml", row.name), |text| serde_yaml::from_str(text).map_err(|e| e.to_string()));
        let pool = Pool::of(definition, &cases);
        let mut failed = None;
        for seed in 0..TRIES {
            let mut dice = Dice(seed * 7919 + 1);
            let (Some(want), Some(other)) =
                (wanted(definition, &pool, &mut dice), wanted(definition, &pool, &mut dice))
            else {
                continue;
            };
            tried += 1;
            let rendered = brought(definition, "", &want, State::Rendered);
            let there = brought(definition, "", &other, State::Rendered);
            for (state, text) in [
                (State::Rendered, rendered),
                (State::Merged, brought(definition, &there, &want, State::Merged)),
                (State::Replaced, brought(definition, &there, &want, State::Replaced)),
                (State::Overridden, brought(definition, &there, &want, State::Overridden)),
            ] {
                let again = if state == State::Rendered { State::Overridden } else { state };
                let left = left(definition, &text, &want, again);
                if !left.is_empty() && failed.is_none() {
                    let want = Value::from(want.clone()).to_json();
                    failed = Some(format!(
                        "{} {seed} {state:?}\n  want {want}\n  left {left:?}\n{there}->\n{text}",
                        row.name
                    ));
                }
            }
        }
        wrong.extend(failed);
    }
    assert!(wrong.is_empty(), "{} resources:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 1000 && excepted.len() < 12, "{tried} devices, {} resources left out", excepted.len());
}
