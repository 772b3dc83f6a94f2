//! Random trees of options, put together of the values in a resource's cases.

use super::super::{Cases, Shown};
use crate::resource::{self, Definition, Form, Kind, Options};
use crate::value::{Map, Value};
use std::collections::BTreeMap;

/// Numbers that look random and are the same in every run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }

    fn says_yes(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// The values that cases have, by the path of their option.
#[derive(Default)]
pub(super) struct Pool(BTreeMap<String, Vec<Value>>);

impl Pool {
    pub(super) fn of(definition: &'static Definition, cases: &Cases) -> Pool {
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

    /// Leaves an option out, by its path: `.mode`.
    pub(super) fn forget(&mut self, path: &str) {
        assert!(self.0.remove(path).is_some(), "no case has the option `{path}`");
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
    pub(super) fn tree(&self, dice: &mut Dice, options: &Options, at: &str) -> Map {
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
    pub(super) fn items(&self, dice: &mut Dice, options: &Options, at: &str) -> Vec<Value> {
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
