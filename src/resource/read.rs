//! What a device shows, as a tree of values.

use super::definition::{Choice, Definition, ENTRIES, Level, Line, Node, Section as SectionNode};
use super::pattern::Pattern;
use super::tree::{self, ITEM, get, items, set};
use crate::configuration::{self, Section};
use crate::platform::ConfigStyle;
use crate::value::{Map, Value};

/// Reads what the device's commands showed. Lines that the resource does not know are none of its business.
pub fn read(definition: &Definition, text: &str) -> Map {
    let mut map = Map::new();
    let quiet = definition.noise.as_ref().map(|noise| noise.replace_all(text, ""));
    let text = quiet.as_deref().unwrap_or(text);
    rows(definition, text, &mut map);
    let reader = Reader { definition };
    for section in configuration::parse(text, definition.text()) {
        let line = match definition.text().style {
            ConfigStyle::Set => {
                section.line.strip_prefix(definition.text().set.as_str()).unwrap_or(&section.line).to_owned()
            }
            ConfigStyle::Indent => section.line.clone(),
        };
        reader.line(&definition.lines, &line, &section.children, &mut map);
    }
    fill(&definition.lines, &mut map);
    map
}

/// Fills in what holds where a device shows nothing.
fn fill(nodes: &[Node], map: &mut Map) {
    for node in nodes {
        match node {
            Node::Choice(choice) => {
                if let (Some(unset), None) = (&choice.unset, get(map, &choice.path))
                    && !choice.is_unknown(map)
                {
                    set(map, &choice.path, choice.value(unset));
                }
            }
            Node::Section(SectionNode { each: Some(each), lines, .. }) => fill_items(&each.levels, lines, map),
            Node::Section(SectionNode { each: None, lines, .. }) => fill(lines, map),
            Node::Line(_) => {}
        }
    }
}

fn fill_items(levels: &[Level], lines: &[Node], map: &mut Map) {
    let Some((level, inner)) = levels.split_first() else { return fill(lines, map) };
    if level.is_plain {
        return;
    }
    let filled = items(map, &level.path).iter().map(|item| {
        let mut item = item.as_map().cloned().unwrap_or_default();
        fill_items(inner, lines, &mut item);
        Value::from(item)
    });
    let filled: Vec<Value> = filled.collect();
    if !filled.is_empty() {
        set(map, &level.path, Value::list(filled));
    }
}

/// Reads rows of a table: each is an entry, each named group an option.
fn rows(definition: &Definition, text: &str, map: &mut Map) {
    let Some(rows) = &definition.rows else { return };
    let levels = [Level::of(vec![ENTRIES.into()], &definition.options)];
    for found in rows.captures_iter(text) {
        let mut item = Map::new();
        for name in rows.capture_names().flatten() {
            if let Some(cell) = found.name(name) {
                item.insert(name, cell.as_str().trim());
            }
        }
        if let Ok(item) = definition.options.coerce(&definition.platform.name, "", &item, false) {
            put(map, &levels, item);
        }
    }
}

struct Reader<'a> {
    definition: &'a Definition,
}

impl Reader<'_> {
    /// Gives a line to the first part that knows it.
    fn line(&self, nodes: &[Node], line: &str, children: &[Section], map: &mut Map) {
        // The lines that lead to a part may lead to others as well.
        for node in nodes.iter().filter(|node| !node.through().is_empty()) {
            self.led_to(node, node.through(), line, children, &[], map);
        }
        for node in nodes.iter().filter(|node| node.through().is_empty()) {
            let knows = match node {
                Node::Line(node) => self.plain(node, line, &[], map),
                Node::Choice(node) => choose(node, line, map),
                Node::Section(node) => self.section(node, line, children, &[], map),
            };
            if knows {
                return;
            }
        }
    }

    /// Follows the lines that lead to a part, and gives it those that stand there.
    fn led_to(
        &self,
        node: &Node,
        through: &[Pattern],
        line: &str,
        children: &[Section],
        around: &[(tree::Path, Value)],
        map: &mut Map,
    ) {
        let Some((first, inner)) = through.split_first() else {
            match node {
                Node::Line(node) => self.plain(node, line, around, map),
                Node::Section(node) => self.section(node, line, children, around, map),
                Node::Choice(_) => false,
            };
            return;
        };
        let Some((values, _)) = first.matches(&self.definition.platform.name, line) else { return };
        let around: Vec<_> = around.iter().cloned().chain(values).collect();
        for child in children {
            self.led_to(node, inner, &child.line, &child.children, &around, map);
        }
    }

    fn plain(&self, node: &Line, line: &str, around: &[(tree::Path, Value)], map: &mut Map) -> bool {
        let platform = &self.definition.platform.name;
        let patterns = std::iter::once(&node.line).chain(&node.reads);
        let Some((values, _)) = patterns.into_iter().find_map(|pattern| pattern.matches(platform, line)) else {
            return false;
        };
        let values = around.iter().cloned().chain(values).chain(node.when.values());
        match &node.each {
            None => values.for_each(|(path, value)| put_value(map, &path, value, node.add.is_some())),
            Some(each) => {
                put(map, &each.levels, of_values(values));
                node.around.values().for_each(|(path, value)| set(map, &path, value));
                node.marks.iter().for_each(|path| set(map, path, Value::Bool(true)));
            }
        }
        true
    }

    fn section(
        &self,
        node: &SectionNode,
        line: &str,
        children: &[Section],
        around: &[(tree::Path, Value)],
        map: &mut Map,
    ) -> bool {
        let platform = &self.definition.platform.name;
        let mut headers = std::iter::once(&node.header).chain(&node.reads);
        let Some((values, rest)) = headers.find_map(|header| header.matches(platform, line)) else { return false };
        let is_set = self.definition.text().style == ConfigStyle::Set;
        let inside = |map: &mut Map| {
            if is_set {
                self.line(&node.lines, rest, &[], map);
            }
            children.iter().for_each(|child| self.line(&node.lines, &child.line, &child.children, map));
        };
        let values = around.iter().cloned().chain(values).chain(node.when.values());
        match &node.each {
            None => {
                values.for_each(|(path, value)| put_value(map, &path, value, false));
                inside(map);
            }
            Some(each) => {
                let head = of_values(values);
                let mut item = find(map, &each.levels, &head).unwrap_or_default();
                merge_into(&mut item, of_level(each.levels.last(), &head));
                inside(&mut item);
                merge_into(&mut item, head);
                put(map, &each.levels, item);
            }
        }
        true
    }
}

fn choose(node: &Choice, line: &str, map: &mut Map) -> bool {
    // Words may stand in quotes.
    let line = line.trim().replace(['\'', '"'], "");
    let Some((value, _)) = node.lines.iter().find(|(_, known)| !known.is_empty() && *known == line) else {
        return false;
    };
    set(map, &node.path, node.value(value));
    true
}

impl Choice {
    /// Claims that nobody knows what holds where none of the lines is shown.
    fn is_unknown(&self, map: &Map) -> bool {
        let begins = |(path, start): &(tree::Path, Value)| {
            get(map, path).is_some_and(|value| value.to_text().starts_with(&start.to_text()))
        };
        self.unless.iter().any(begins)
    }

    /// Returns a value's name as the value.
    pub(super) fn value(&self, name: &str) -> Value {
        if self.is_bool { Value::Bool(name == "true") } else { Value::from(name) }
    }
}

fn of_values(values: impl Iterator<Item = (tree::Path, Value)>) -> Map {
    let mut map = Map::new();
    values.for_each(|(path, value)| set(&mut map, &path, value));
    map
}

/// Puts a value in its place; a list that goes on in another line gets longer.
fn put_value(map: &mut Map, path: &[String], value: Value, goes_on: bool) {
    let value = match (get(map, path), &value) {
        (Some(Value::List(there)), Value::List(more)) if goes_on => {
            Value::list(there.iter().chain(more.iter()).cloned())
        }
        _ => value,
    };
    set(map, path, value);
}

/// Returns the values of a level's own options.
fn of_level(level: Option<&Level>, values: &Map) -> Map {
    let is_own = |name: &str| level.is_some_and(|level| level.names.iter().any(|own| own == name));
    let own = values.iter().filter(|(name, _)| name.as_str().is_some_and(is_own));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Returns the item that values belong to.
fn find(map: &Map, levels: &[Level], values: &Map) -> Option<Map> {
    let (level, inner) = levels.split_first()?;
    let key = level.key_of(values);
    let mut all = items(map, &level.path).iter().filter_map(Value::as_map);
    let there = all.find(|there| level.key_of(there) == key)?;
    if inner.is_empty() { Some(there.clone()) } else { find(there, inner, values) }
}

/// Puts values into the lists that they belong to: what is there under its key is added to.
fn put(map: &mut Map, levels: &[Level], values: Map) {
    let Some((level, inner)) = levels.split_first() else { return };
    let mut all = items(map, &level.path).to_vec();
    if level.is_plain {
        if let Some(value) = values.get(ITEM).filter(|value| !all.contains(value)) {
            all.push(value.clone());
        }
        set(map, &level.path, Value::list(all));
        return;
    }
    let mut own = of_level(Some(level), &values);
    // What has the same name further inside is what the line says.
    let is_inner = |name: &str| inner.iter().any(|level| level.names.iter().any(|inner| inner == name));
    for name in level.names.iter().filter(|name| !level.key.contains(name) && is_inner(name)) {
        own.remove(name);
    }
    if level.needs_key && level.key.iter().any(|name| !own.contains(name)) {
        return;
    }
    let key = level.key_of(&own);
    let place = all.iter().position(|there| there.as_map().is_some_and(|map| level.key_of(map) == key));
    let mut item = place.and_then(|place| all[place].as_map().cloned()).unwrap_or_default();
    merge_into(&mut item, own);
    put(&mut item, inner, values);
    match place {
        Some(place) => all[place] = item.into(),
        None => all.push(item.into()),
    }
    set(map, &level.path, Value::list(all));
}

/// Adds the values of a map to another, maps inside included.
pub(super) fn merge_into(map: &mut Map, more: Map) {
    for (key, value) in more {
        let value = match (map.get_key(&key), value) {
            (Some(Value::Map(there)), Value::Map(more)) => {
                let mut there = there.as_ref().clone();
                merge_into(&mut there, more.as_ref().clone());
                Value::from(there)
            }
            (_, value) => value,
        };
        map.insert(key, value);
    }
}
