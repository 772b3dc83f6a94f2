//! The filter `parse_cli`: expressions with named groups over a whole output, or over blocks of its lines.

use super::{Outline, expression, json_key, unasked};
use crate::failure::{Failure, FailureKind};
use crate::python_regex::{Anchor, Flags, Match, Regex};
use crate::source::Span;
use crate::value::{Map, Value};
use crate::yaml::{Mapping, Node};
use std::sync::Arc;

/// Where a search in the whole output begins, in letters: Ansible's does not look at the first ones.
const SEARCH_FROM: usize = 8;

impl Outline {
    /// Makes data of an output as `parse_cli` does.
    ///
    /// # Errors
    /// When the outline is wrong, or a template in it fails.
    pub fn parse_cli(&self, output: &str) -> Result<Value, Failure> {
        let mut result = Map::new();
        for (name, entry, value) in self.keys()? {
            let at = entry.get("value").map_or(self.root.span, |node| node.span);
            if let (Some(start), Some(end)) = (entry.get("start_block"), entry.get("end_block")) {
                // Blocks are the whole result, as in Ansible.
                let blocks = blocks(output, start, end)?;
                return self.of_blocks(&blocks, entry, &value, at);
            }
            let made = match (entry.get("items"), &value) {
                (None, value) => value.clone(),
                (Some(items), Value::Map(shape)) => self.of_matches(output, items, entry, shape, at)?,
                (Some(items), value) => {
                    let item = searched(output, items)?;
                    self.expand_value(value, at, &Map::from_iter([("item", item)]))?
                }
            };
            result.insert(name, made);
        }
        Ok(result.into())
    }

    fn of_matches(&self, output: &str, items: &Node, entry: &Mapping, shape: &Map, at: Span) -> Result<Value, Failure> {
        let when = entry.get("when");
        let (mut list, mut map) = (Vec::new(), Map::new());
        let key = shape.get("key");
        for item in all_matches(output, items)? {
            let variables = Map::from_iter([("item", item)]);
            let Some(key) = key else {
                let made = Value::from(self.shaped(shape, at, &variables)?);
                if self.holds(when, &made)? {
                    list.push(made);
                }
                continue;
            };
            let values = shape.get("values").and_then(Value::as_map).ok_or_else(|| no_values(at))?;
            let made = Value::from(self.shaped(values, at, &variables)?);
            let key = self.expand_value(key, at, &variables)?;
            if self.holds(when, &Value::map([("key", key.clone()), ("value", made.clone())]))? {
                map.insert(json_key(&key), made);
            }
        }
        Ok(if key.is_some() { map.into() } else { list.into() })
    }

    fn of_blocks(&self, blocks: &[String], entry: &Mapping, value: &Value, at: Span) -> Result<Value, Failure> {
        let wrong = |why: &str| Failure::new(FailureKind::File, why.to_owned()).at(at);
        let nodes = entry.get("items").and_then(Node::as_seq).ok_or_else(|| wrong("blocks want a list of `items`"))?;
        let regexes = nodes
            .iter()
            .map(|node| expression(node, Flags::default(), Anchor::Anywhere).map(|regex| (node, regex)))
            .collect::<Result<Vec<_>, _>>()?;
        let mut objects = Vec::new();
        for block in blocks {
            let items = regexes.iter().map(|(node, regex)| gathered(block, node, regex));
            let items: Vec<Value> = items.collect::<Result<_, _>>()?;
            let variables = Map::from_iter([("item", Value::from(items))]);
            let Some(shape) = value.as_map() else { continue };
            let Some(key) = shape.get("key") else {
                let soft = |value: &Value| match value {
                    Value::Str(text) => self.expand(text, at, &variables).unwrap_or(Value::Null),
                    other => other.clone(),
                };
                objects.push(Value::from(shape.iter().map(|(key, value)| (key.clone(), soft(value))).collect::<Map>()));
                continue;
            };
            let values = shape.get("values").and_then(Value::as_map).ok_or_else(|| no_values(at))?;
            let key = self.expand_value(key, at, &variables)?;
            objects.push(Value::map([(json_key(&key), Value::from(self.shaped(values, at, &variables)?))]));
        }
        Ok(objects.into())
    }

    /// Renders the templates of a shape.
    pub(super) fn shaped(&self, shape: &Map, at: Span, variables: &Map) -> Result<Map, Failure> {
        shape.iter().map(|(key, value)| Ok((key.clone(), self.expand_value(value, at, variables)?))).collect()
    }

    /// Claims that what was made fulfils the entry's `when`.
    pub(super) fn holds(&self, when: Option<&Node>, item: &Value) -> Result<bool, Failure> {
        let Some(when) = when.filter(|when| when.to_value().is_truthy()) else { return Ok(true) };
        let text = format!("{{% if {} %}}True{{% else %}}False{{% endif %}}", when.to_value().to_text());
        Ok(self.expand(&text, when.span, &Map::from_iter([("item", item.clone())]))?.is_truthy())
    }
}

pub(super) fn no_values(at: Span) -> Failure {
    Failure::new(FailureKind::File, "a value with a `key` wants `values`").at(at)
}

/// Returns the blocks of lines: each from a line that matches the start to one that matches the end.
fn blocks(output: &str, start: &Node, end: &Node) -> Result<Vec<String>, Failure> {
    let starts = expression(start, Flags::default(), Anchor::Start)?;
    let ends = expression(end, Flags::default(), Anchor::Start)?;
    let mut blocks = Vec::new();
    let mut open: Option<Vec<&str>> = None;
    for line in output.split('\n') {
        if starts.is_match(line).map_err(|why| unasked(start, &why))? {
            open = Some(vec![line]);
        } else if ends.is_match(line).map_err(|why| unasked(end, &why))? {
            if let Some(mut lines) = open.take() {
                lines.push(line);
                blocks.push(lines.join("\n"));
            }
        } else if let Some(lines) = &mut open {
            lines.push(line);
        }
    }
    Ok(blocks)
}

fn group(found: &Match, text: &str, number: usize) -> Value {
    found.group(text, number).map_or(Value::Null, Value::from)
}

fn groups(found: &Match, text: &str, regex: &Regex) -> Value {
    (1..=regex.groups()).map(|number| group(found, text, number)).collect::<Vec<_>>().into()
}

/// Returns the named groups of every match; where there is one name and several groups, its value is all groups.
fn all_matches(output: &str, node: &Node) -> Result<Vec<Value>, Failure> {
    let regex = expression(node, Flags { multiline: true, ..Flags::default() }, Anchor::Anywhere)?;
    let names: Vec<(&str, usize)> = regex.names().collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let text = |found: &Match, number| Value::from(found.group(output, number).unwrap_or_default());
    let item = |found: &Match| -> Value {
        let value = |number| match (names.len(), regex.groups()) {
            (1, 2..) => (1..=regex.groups()).map(|number| text(found, number)).collect::<Vec<_>>().into(),
            _ => text(found, number),
        };
        names.iter().map(|(name, number)| (*name, value(*number))).collect::<Map>().into()
    };
    let found = regex.find_all(output, usize::MAX).map_err(|why| unasked(node, &why))?;
    Ok(found.iter().map(item).collect())
}

/// Returns the named groups of the first match; empty when there is none.
fn searched(output: &str, node: &Node) -> Result<Value, Failure> {
    let regex = expression(node, Flags::default(), Anchor::Anywhere)?;
    let from = output.char_indices().nth(SEARCH_FROM).map_or(output.len(), |(at, _)| at);
    let found = regex.find_from(output, from).map_err(|why| unasked(node, &why))?;
    let item: Map = match &found {
        Some(found) => regex.names().map(|(name, number)| (name, group(found, output, number))).collect(),
        None => Map::new(),
    };
    Ok(item.into())
}

/// Returns the named groups of all matches in a block, later ones on top, with `match` and `match_all`; null without one.
fn gathered(block: &str, node: &Node, regex: &Arc<Regex>) -> Result<Value, Failure> {
    let found = regex.find_all(block, usize::MAX).map_err(|why| unasked(node, &why))?;
    let Some(last) = found.last() else { return Ok(Value::Null) };
    let names: Vec<(&str, usize)> = regex.names().collect();
    let mut values: Map = names.iter().map(|(name, number)| (*name, group(last, block, *number))).collect();
    values.insert("match", groups(last, block, regex));
    if !names.is_empty() {
        let all = |number| found.iter().map(|found| group(found, block, number)).collect::<Vec<_>>();
        let all: Map = names.iter().map(|(name, number)| (*name, Value::from(all(*number)))).collect();
        values.insert("match_all", all);
    }
    Ok(values.into())
}
