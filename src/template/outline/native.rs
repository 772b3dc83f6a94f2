//! The parser `ansible.netcommon.native`: for each line the first entry whose expression matches says what to add.

use super::merge::merge;
use super::{Outline, expression, json_key, unasked};
use crate::failure::{Failure, FailureKind};
use crate::python_regex::{Anchor, Flags, Regex};
use crate::source::SourceMap;
use crate::value::{Map, Value};
use crate::yaml::{Kind, Node};
use std::path::Path;
use std::sync::Arc;

/// A native parser that was read.
pub struct Native {
    outline: Outline,
    entries: Vec<Entry>,
}

struct Entry {
    expression: Node,
    regex: Arc<Regex>,
    result: Node,
    /// What it finds holds for the lines after it too.
    shared: bool,
}

impl Native {
    /// Reads a parser's file.
    ///
    /// # Errors
    /// When it cannot be read, or is no list of entries with `getval` and `result`.
    pub fn load(path: &Path, sources: &Arc<SourceMap>) -> Result<Native, Failure> {
        Native::of(Outline::load(path, sources)?)
    }

    /// Makes a parser of an outline.
    ///
    /// # Errors
    /// When it is no list of entries with `getval` and `result`.
    pub fn of(outline: Outline) -> Result<Native, Failure> {
        let wrong = |node: &Node, why: &str| Failure::new(FailureKind::File, format!("the parser {why}")).at(node.span);
        let items = outline.root.as_seq().ok_or_else(|| wrong(&outline.root, "is no list"))?;
        let mut entries = Vec::new();
        for item in items {
            let map = item.as_map().ok_or_else(|| wrong(item, "has an entry that is no dictionary"))?;
            let getval = map.get("getval").ok_or_else(|| wrong(item, "has an entry without `getval`"))?;
            let result = map.get("result").ok_or_else(|| wrong(item, "has an entry without `result`"))?;
            entries.push(Entry {
                regex: expression(getval, Flags::default(), Anchor::Start)?,
                expression: getval.clone(),
                result: result.clone(),
                shared: map.get("shared").is_some_and(|shared| shared.to_value().is_truthy()),
            });
        }
        Ok(Native { outline, entries })
    }

    /// Makes data of an output.
    ///
    /// # Errors
    /// When a template fails, or a result is no dictionary.
    pub fn parse(&self, output: &str) -> Result<Value, Failure> {
        let mut result = Map::new();
        let mut shared = Map::new();
        for line in output.lines() {
            for entry in &self.entries {
                let found = entry.regex.find(line).map_err(|why| unasked(&entry.expression, &why))?;
                let Some(found) = found else { continue };
                let group = |(name, number)| Some((name, Value::from(found.group(line, number)?)));
                let groups: Map = entry.regex.names().filter_map(group).collect();
                if entry.shared {
                    shared = groups.clone();
                }
                let Value::Map(made) = self.filled(&entry.result, &merge(&groups, &shared))? else {
                    let failure = Failure::new(FailureKind::File, "a `result` is no dictionary");
                    return Err(failure.at(entry.result.span));
                };
                result = merge(&result, &made);
                break;
            }
        }
        Ok(result.into())
    }

    /// Fills a result in. Entries whose template has no value are left out; so is, as in Ansible, what is no text under a
    /// key that is a template.
    fn filled(&self, node: &Node, groups: &Map) -> Result<Value, Failure> {
        match &node.kind {
            Kind::Str(text) => self.outline.expand_softly(text, node.span, groups),
            Kind::Map(map) => {
                let mut made = Map::new();
                for (key, key_node, value) in map.iter() {
                    let written = key.to_value();
                    let expanded = self.outline.expand_value(&written, key_node.span, groups)?;
                    let filled = match &value.kind {
                        Kind::Seq(items) => {
                            let items: Result<Vec<Value>, Failure> =
                                items.iter().map(|item| self.filled(item, groups)).collect();
                            Some(items?.into())
                        }
                        Kind::Str(_) => Some(self.filled(value, groups)?).filter(|value| *value != Value::Null),
                        Kind::Map(_) => Some(self.filled(value, groups)?),
                        _ if expanded == written => Some(value.to_value()),
                        _ => None,
                    };
                    if let Some(filled) = filled {
                        made.insert(json_key(&expanded), filled);
                    }
                }
                Ok(made.into())
            }
            _ => Ok(node.to_value()),
        }
    }
}
