//! Values that are wanted and that no line of the device's configuration shows: a line of an access list without its
//! source, a duplex mode on a platform that has it only beside a speed. They would be left out without a word.

use super::definition::{Definition, Node, Section};
use super::piece::values;
use super::state::{State, wanted};
use super::tree::{ITEM, Path, items};
use super::{Kind, Opt, Options};
use crate::value::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Returns where the first value stands that no line shows, as `config[0].acls[0].aces[2]` or `config[0].duplex`.
pub fn unwritten(definition: &Definition, want: &Map, have: &Map, state: State) -> Option<String> {
    let tree = wanted(definition, want, have, state);
    let mut shown = Shown::default();
    shown.nodes(&definition.lines, &tree, "");
    let entries = Options::of_entries(definition);
    shown.missing(&entries, want, &At { place: String::new(), key: String::new(), path: Path::new() })
}

impl Options {
    /// Claims that an option is all that names an item.
    fn is_name(&self, option: &Opt) -> bool {
        self.key.contains(&option.name) && (option.required || self.key.len() == 1)
    }
}

/// The values that lines show: by their path in their item, the keys of the items.
#[derive(Default)]
struct Shown {
    values: BTreeMap<Path, BTreeSet<String>>,
    /// The keys of the items that have a line.
    items: BTreeSet<String>,
}

/// Where a value stands, for people, and by what it is found: the keys of the items around it, and its path in its own.
struct At {
    place: String,
    key: String,
    path: Path,
}

impl At {
    fn inside(&self, name: &str) -> At {
        let place = if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) };
        let path = self.path.iter().cloned().chain([name.to_owned()]).collect();
        At { place, key: self.key.clone(), path }
    }

    fn item(&self, number: usize, key: &str) -> At {
        At { place: format!("{}[{number}]", self.place), key: format!("{}{key}\u{1}", self.key), path: Path::new() }
    }
}

impl Shown {
    fn nodes(&mut self, nodes: &[Node], map: &Map, outer: &str) {
        for node in nodes {
            match node {
                Node::Line(line) if !line.around.holds(map) => {}
                Node::Line(line) => {
                    self.add(outer.to_owned(), line.around.paths().chain(&line.marks));
                    for (key, value) in values(line.each.as_ref(), map) {
                        self.add(format!("{outer}{key}"), line.when.denied(&value));
                        if line.text(&value).is_some() {
                            let conditions = line.when.paths();
                            let through = line.through.iter().flat_map(|pattern| pattern.shows(&value));
                            let undone = line.undo.iter().flat_map(|undo| undo.shows(&value));
                            self.add(
                                format!("{outer}{key}"),
                                line.line.shows(&value).chain(conditions).chain(through).chain(undone),
                            );
                            self.items.insert(format!("{outer}{key}"));
                        }
                    }
                }
                Node::Section(section) => {
                    for (key, value) in values(section.each.as_ref(), map) {
                        self.section(section, &value, format!("{outer}{key}"));
                    }
                }
                // The line for a value may be none.
                Node::Choice(choice) => self.add(outer.to_owned(), std::iter::once(&choice.path)),
            }
        }
    }

    fn section(&mut self, section: &Section, value: &Map, key: String) {
        if !section.when.holds(value) || section.header.line(value).is_none() {
            return;
        }
        let conditions = section.when.paths();
        let through = section.through.iter().flat_map(|pattern| pattern.shows(value));
        self.add(key.clone(), section.header.shows(value).chain(conditions).chain(through));
        self.nodes(&section.lines, value, &key);
    }

    fn add<'a>(&mut self, key: String, paths: impl Iterator<Item = &'a Path>) {
        for path in paths {
            self.values.entry(path.clone()).or_default().insert(key.clone());
        }
    }

    /// Claims that a line of an item, or of one inside of it, shows the value.
    fn shows(&self, at: &At) -> bool {
        let has =
            |keys: &BTreeSet<String>| keys.range(at.key.clone()..).next().is_some_and(|key| key.starts_with(&at.key));
        // What stands inside of a value that is shown by its name is shown with it.
        (1..=at.path.len()).any(|end| self.values.get(&at.path[..end]).is_some_and(has))
    }

    /// Returns where the first value stands that no line shows.
    fn missing(&self, options: &Options, map: &Map, at: &At) -> Option<String> {
        options.all.iter().find_map(|option| {
            let (at, value) = (at.inside(&option.name), map.get(&option.name)?);
            match (&option.kind, value) {
                (_, Value::Bool(false) | Value::Null) => None,
                (Kind::Dict(inside), Value::Map(map)) => self.missing(inside, map, &at),
                (Kind::List(inside), Value::List(_)) => self.missing_item(inside, map, &option.name, &at),
                (Kind::Texts | Kind::Ints | Kind::Interfaces, Value::List(all)) if all.is_empty() => None,
                // Lists of plain values may be shown one by one.
                (Kind::Texts | Kind::Ints | Kind::Interfaces, _)
                    if self.values.contains_key(&vec![ITEM.to_owned()]) =>
                {
                    None
                }
                // What names an item shows in the lines of what the item says, and need not have one of its own.
                _ if options.is_name(option) || option.default.is_some() || self.shows(&at) => None,
                _ => Some(at.place),
            }
        })
    }

    fn missing_item(&self, options: &Options, map: &Map, name: &str, at: &At) -> Option<String> {
        items(map, &[name.to_owned()]).iter().enumerate().find_map(|(number, item)| {
            let item = item.as_map()?;
            let at = at.item(number, &options.key_of(item));
            let has_line = self.items.range(at.key.clone()..).next().is_some_and(|key| key.starts_with(&at.key));
            if options.numbered && !has_line {
                return Some(at.place);
            }
            self.missing(options, item, &at)
        })
    }
}
