//! The lines that a tree stands for, in pieces that can be compared.

use super::definition::{Choice, Definition, Each, Gone, Level, Line, Node, Section};
use super::pattern::Pattern;
use super::places::Place;
use super::tree::{ITEM, get, items};
use crate::platform::ConfigStyle;
use crate::value::{Map, Value};
use std::collections::BTreeSet;

/// A line or a section, with what tells it from the others of its section.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// The number of the part of the definition, and the key of the item.
    pub(super) node: usize,
    pub(super) key: String,
    pub(super) what: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Line(PlainLine),
    Section(LineSection),
}

#[derive(Clone, Debug)]
pub(super) struct PlainLine {
    /// What is sent; empty where nothing stands for the value.
    pub(super) text: String,
    /// What undoes it; nothing where it is what holds anyway.
    pub(super) undo: Option<Command>,
    /// What is sent when all around it is deleted.
    pub(super) undo_deleted: Option<Command>,
    pub(super) replace: bool,
    /// Devices do not show it: whether it is sent every time, or only to what is new.
    pub(super) write_only: Option<bool>,
    /// Another such line overwrites it.
    pub(super) single: bool,
    /// A device takes it away with the other line of its item.
    pub(super) falls: bool,
    /// Numbers that are added and taken away one by one.
    pub(super) numbers: Option<Numbers>,
    /// The lines that lead to it, outermost first.
    pub(super) through: Vec<String>,
    /// Where it stands in its list.
    pub(super) place: Option<Place>,
}

#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub(super) all: BTreeSet<u32>,
    pub(super) add: String,
    pub(super) remove: String,
}

#[derive(Clone, Debug)]
pub(super) struct LineSection {
    pub(super) header: String,
    pub(super) undo: Command,
    pub(super) overridden: Gone,
    pub(super) deleted: Gone,
    pub(super) creates: bool,
    pub(super) pieces: Vec<Piece>,
    /// The lines that lead to it, outermost first.
    pub(super) through: Vec<String>,
    /// A device has one of it, whatever its line says.
    pub(super) is_alone: bool,
    /// Its line is always the same: it is there when something stands in it.
    is_plain: bool,
}

impl LineSection {
    /// Claims that it stands for nothing.
    pub(super) fn says_nothing(&self) -> bool {
        let is_empty = |piece: &Piece| match &piece.what {
            What::Line(line) => line.text.is_empty(),
            What::Section(section) => section.says_nothing(),
        };
        self.is_plain && !self.creates && self.pieces.iter().all(is_empty)
    }
}

impl Piece {
    /// Returns the lines that lead to it, outermost first.
    pub(super) fn through(&self) -> &[String] {
        match &self.what {
            What::Line(line) => &line.through,
            What::Section(section) => &section.through,
        }
    }

    /// Returns the key of the outermost item that it is about.
    pub(super) fn item(&self) -> &str {
        self.key.split('\u{1}').next().unwrap_or_default()
    }

    /// Claims that a device takes it away with the other line of its item.
    pub(super) fn falls(&self) -> bool {
        matches!(&self.what, What::Line(line) if line.falls)
    }

    /// Returns it with its place in a list.
    pub(super) fn placed(&self) -> Option<(&PlainLine, &Place)> {
        match &self.what {
            What::Line(line) => Some((line, line.place.as_ref()?)),
            What::Section(_) => None,
        }
    }

    /// Claims that another line of its part overwrites it.
    pub(super) fn is_single(&self) -> bool {
        matches!(&self.what, What::Line(line) if line.single)
    }
}

/// Something to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// A line to set.
    Set(String),
    /// A line to undo.
    Undo(String),
}

/// Makes the pieces of a tree.
pub(super) fn pieces(definition: &Definition, map: &Map) -> Vec<Piece> {
    Maker { negate: &definition.text().negate, style: definition.text().style }.all(&definition.lines, map)
}

struct Maker<'a> {
    negate: &'a str,
    style: ConfigStyle,
}

impl Maker<'_> {
    fn all(&self, nodes: &[Node], map: &Map) -> Vec<Piece> {
        let mut found = Vec::new();
        for (number, node) in nodes.iter().enumerate() {
            let mut add = |key: String, what: Option<What>| {
                found.extend(what.map(|what| Piece { node: number, key, what }));
            };
            match node {
                Node::Choice(choice) => add(String::new(), self.choice(choice, map).map(What::Line)),
                Node::Line(line) if !line.around.holds(map) => {}
                Node::Line(line) => {
                    for (order, (key, value)) in values(line.each.as_ref(), map).into_iter().enumerate() {
                        let place = place(line, &key, order, &value);
                        add(key, self.line(line, &value).map(|line| What::Line(PlainLine { place, ..line })));
                    }
                }
                Node::Section(section) => {
                    for (key, value) in values(section.each.as_ref(), map) {
                        add(key, self.section(section, &value).map(What::Section));
                    }
                }
            }
        }
        in_turn(nodes, map, &mut found);
        found
    }

    fn line(&self, line: &Line, value: &Map) -> Option<PlainLine> {
        let text = line.text(value)?;
        let undo = match (&line.undo, &line.undo_whole) {
            (_, Some(whole)) => Command::Set(whole.line(value)?),
            // A line without the number by which it is undone is undone by itself.
            (Some(undo), None) => undo.line(value).map_or_else(|| self.undoing(&text), Command::Undo),
            (None, None) => self.undoing(&text),
        };
        let numbers = line.add.as_ref().zip(line.remove.as_ref()).and_then(|(add, remove)| {
            let all = line.line.numbers(value)?;
            Some(Numbers { all, add: add.clone(), remove: remove.clone() })
        });
        Some(PlainLine {
            text,
            undo: (!line.stays).then(|| undo.clone()),
            undo_deleted: (!line.stays).then_some(undo),
            replace: line.replace,
            write_only: line.write_only.then(|| is_update_always(value)),
            single: line.single,
            falls: line.falls,
            numbers,
            through: written(&line.through, value)?,
            place: None,
        })
    }

    fn choice(&self, choice: &Choice, map: &Map) -> Option<PlainLine> {
        let line_of = |value: &String| choice.lines.iter().find(|(known, _)| known == value).map(|(_, line)| line);
        let value = match get(map, &choice.path) {
            Some(Value::Bool(flag)) => flag.to_string(),
            Some(value) => value.to_text(),
            None => return None,
        };
        let text = line_of(&value)?.clone();
        let undoing = || match (&choice.undo, &choice.undo_whole) {
            (_, Some(whole)) => Command::Set(whole.clone()),
            (Some(undo), None) => Command::Undo(undo.clone()),
            (None, None) => self.undoing(&text),
        };
        let back_to = |to: &Option<String>| {
            let to = to.as_ref()?;
            if *to == value {
                return None;
            }
            Some(match line_of(to)? {
                line if line.is_empty() => undoing(),
                line => Command::Set(line.clone()),
            })
        };
        let undo = match &choice.unset {
            _ if choice.stays => None,
            Some(_) => back_to(&choice.unset),
            None => Some(undoing()),
        };
        let undo_deleted = if choice.deleted.is_some() { back_to(&choice.deleted) } else { undo.clone() };
        Some(PlainLine {
            text,
            undo,
            undo_deleted,
            replace: false,
            write_only: None,
            single: false,
            falls: false,
            numbers: None,
            through: Vec::new(),
            place: None,
        })
    }

    fn section(&self, section: &Section, value: &Map) -> Option<LineSection> {
        if !section.when.holds(value) {
            return None;
        }
        let header = section.header.line(value)?;
        let pieces = self.all(&section.lines, value);
        let undo = match &section.undo {
            Some(undo) => Command::Undo(undo.line(value)?),
            None => self.undoing(&header),
        };
        Some(LineSection {
            header,
            undo,
            overridden: section.overridden,
            deleted: section.deleted,
            creates: section.creates,
            pieces,
            through: written(&section.through, value)?,
            is_alone: section.each.is_none(),
            is_plain: section.each.is_none() && section.header.is_plain(),
        })
    }

    /// Returns what undoes a line: a line that undoes something is undone by what it undoes.
    fn undoing(&self, text: &str) -> Command {
        match text.strip_prefix(self.negate).filter(|_| self.style == ConfigStyle::Indent && !self.negate.is_empty()) {
            Some(line) => Command::Set(line.to_owned()),
            None => Command::Undo(text.to_owned()),
        }
    }
}

/// Puts lines whose items come in turn in the order of the items.
fn in_turn(nodes: &[Node], map: &Map, found: &mut [Piece]) {
    let each = nodes.iter().find_map(|node| match node {
        Node::Line(line) if line.in_turn => line.each.as_ref()?.levels.first(),
        _ => None,
    });
    let Some(level) = each else { return };
    let keys: Vec<String> =
        items(map, &level.path).iter().filter_map(Value::as_map).map(|item| level.key_of(item)).collect();
    found.sort_by_key(|piece| keys.iter().position(|key| *key == piece.item()));
}

impl Line {
    /// Returns the line for these values; `None` where they do not make one.
    pub(super) fn text(&self, value: &Map) -> Option<String> {
        if !self.when.holds(value) {
            return None;
        }
        // A condition that asks for a value says by itself that the line is wanted.
        if self.when.asks_for_a_value() { self.line.words(value) } else { self.line.line(value) }
    }
}

/// Returns where a line stands, when the lines of its list have places.
fn place(line: &Line, key: &str, order: usize, value: &Map) -> Option<Place> {
    /// Stands for a number; no line has it, as control characters are refused.
    const NUMBER: &str = "\u{2}";
    let level = line.each.as_ref()?.levels.last().filter(|level| level.places)?;
    let name = level.key.first()?;
    let (mut without, mut with) = (value.clone(), value.clone());
    without.remove(name);
    with.insert(name.as_str(), NUMBER);
    let around = line.text(&with)?;
    let around = around.split_once(NUMBER).map(|(before, behind)| (before.to_owned(), behind.to_owned()));
    let number = get(value, std::slice::from_ref(name)).and_then(|number| number.to_text().parse().ok());
    let item = key.trim_end_matches('\u{1}');
    let list = item.rsplit_once('\u{1}').map_or("", |(list, _)| list).to_owned();
    Some(Place { list, order, number, bare: line.text(&without)?, around })
}

/// Returns the lines of patterns; `None` when a value is missing.
fn written(patterns: &[Pattern], value: &Map) -> Option<Vec<String>> {
    patterns.iter().map(|pattern| pattern.line(value)).collect()
}

/// Claims that what devices do not show is sent every time.
fn is_update_always(map: &Map) -> bool {
    map.get("update_password").and_then(Value::as_str) != Some("on_create")
}

/// Returns the values that a part is about, each with what tells it from the others.
pub(super) fn values(each: Option<&Each>, map: &Map) -> Vec<(String, Map)> {
    let Some(each) = each else { return vec![(String::new(), map.clone())] };
    let mut found = Vec::new();
    walk(&each.levels, map, &Map::new(), "", &mut found);
    found
}

fn walk(levels: &[Level], map: &Map, around: &Map, outer: &str, found: &mut Vec<(String, Map)>) {
    let Some((level, inner)) = levels.split_first() else { return };
    for item in items(map, &level.path) {
        let mut values = around.clone();
        let key = match item.as_map() {
            Some(map) => {
                // What has the same name around is another's.
                level.names.iter().for_each(|name| {
                    values.remove(name);
                });
                map.iter().for_each(|(name, value)| values.insert(name.clone(), value.clone()));
                level.key_of(map)
            }
            None => {
                values.insert(ITEM, item.clone());
                item.to_text()
            }
        };
        let key = format!("{outer}{key}\u{1}");
        match (inner.is_empty(), item.as_map()) {
            (true, _) => found.push((key, values)),
            (false, Some(map)) => walk(inner, map, &values, &key, found),
            (false, None) => {}
        }
    }
}
