//! The matches of all lines of a group, by where they begin in the text.

use super::Group;
use super::function::{self, Outcome};
use super::line::{Action, Line, Variable};
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use std::collections::BTreeMap;

/// Where a group that nothing started stands: behind all text.
const BEHIND_ALL: usize = usize::MAX / 2;

/// A match of a line.
pub(super) struct Hit<'t> {
    pub(super) group: &'t Group,
    pub(super) action: Action,
    pub(super) is_any: bool,
    /// The variables of the line, for how they are joined.
    pub(super) variables: &'t [Variable],
    /// What was found; `None` when a function refused it.
    pub(super) result: Option<Map>,
}

/// The matches that begin at each place.
pub(super) type Found<'t> = BTreeMap<usize, Vec<Hit<'t>>>;

/// Searches a text, which begins with a line end, for a group and those in it.
pub(super) fn search<'t>(group: &'t Group, text: &str, settings: &mut Map) -> Result<Found<'t>, Failure> {
    let mut found = Found::new();
    let mut search = Search { text, settings, found: &mut found };
    search.group(group, 0, text.len())?;
    Ok(found)
}

struct Search<'s, 't> {
    text: &'s str,
    settings: &'s mut Map,
    found: &'s mut Found<'t>,
}

impl<'t> Search<'_, 't> {
    fn group(&mut self, group: &'t Group, start: usize, end: usize) -> Result<(), Failure> {
        let (mut first, mut last_start) = (None, 0);
        for line in &group.starts {
            let spans = self.line(group, line, start, end)?;
            let (Some(head), Some(tail)) = (spans.first(), spans.last()) else { continue };
            first = Some(first.map_or(head.0, |first: usize| first.min(head.0)));
            if last_start < tail.0 && !line.is_any {
                last_start = tail.1 + start;
            }
        }
        let Some(first) = first else { return self.unstarted(group, start, end) };
        let start = start + first;
        let mut last_end = None;
        for line in &group.ends {
            if let Some((_, tail)) = self.line(group, line, start, end)?.last()
                && last_end.is_none_or(|last_end| last_end < *tail)
                && *tail > last_start
            {
                last_end = Some(*tail);
            }
        }
        let end = last_end.map_or(end, |last_end| start + last_end);
        if last_end.is_some() {
            for hits in self.found.range_mut(end + 1..).map(|(_, hits)| hits) {
                hits.retain(|hit| !std::ptr::eq(hit.group, group));
            }
            self.found.retain(|_, hits| !hits.is_empty());
        }
        for line in &group.lines {
            self.line(group, line, start, end)?;
        }
        group.children.iter().try_for_each(|child| self.group(child, start, end))
    }

    /// A group that nothing starts is there when it has defaults; so may be those in it.
    fn unstarted(&mut self, group: &'t Group, start: usize, end: usize) -> Result<(), Failure> {
        if group.is_always {
            let at = (BEHIND_ALL..).find(|at| !self.found.contains_key(at)).unwrap_or(BEHIND_ALL);
            let (variables, action) = match group.starts.first() {
                Some(line) => (&line.variables[..], line.action),
                None => (&[][..], Action::Start),
            };
            let hit = Hit { group, action, is_any: false, variables, result: Some(Map::new()) };
            self.found.insert(at, vec![hit]);
        }
        for child in group.children.iter().filter(|child| group.starts.is_empty() || child.is_always) {
            self.group(child, start, end)?;
        }
        Ok(())
    }

    /// Finds a line's matches; returns where each begins and ends, counted from `start`.
    fn line(
        &mut self,
        group: &'t Group,
        line: &'t Line,
        start: usize,
        end: usize,
    ) -> Result<Vec<(usize, usize)>, Failure> {
        let part = self.text.get(start..end).unwrap_or_default();
        let failed = |why: String| Failure::new(FailureKind::Template, format!("a line of the template {why}"));
        let matches = line.regex.find_all(part, usize::MAX).map_err(failed)?;
        let groups: Vec<(String, usize)> = line.regex.names().map(|(name, number)| (name.to_owned(), number)).collect();
        let mut spans = Vec::with_capacity(matches.len());
        for found in &matches {
            spans.push(found.span());
            let text = |number| found.group(part, number).map_or(Value::Null, Value::from);
            let values: Vec<(&Variable, Value)> = match groups.is_empty() {
                true => line.variables.iter().map(|variable| (variable, text(0))).collect(),
                false => line
                    .variables
                    .iter()
                    .filter_map(|variable| {
                        let (_, number) = groups.iter().find(|(name, _)| *name == variable.group)?;
                        Some((variable, text(*number)))
                    })
                    .collect(),
            };
            let result = self.result(values).map_err(failed)?;
            let starts = matches!(line.action, Action::Start | Action::StartEmpty);
            if result.is_none() && !starts {
                continue;
            }
            let hit = Hit { group, action: line.action, is_any: line.is_any, variables: &line.variables, result };
            self.found.entry(start + found.span().0).or_default().push(hit);
        }
        Ok(spans)
    }

    /// Runs the functions of the variables; `None` when one refuses.
    fn result(&mut self, values: Vec<(&Variable, Value)>) -> Result<Option<Map>, String> {
        let mut result = Map::new();
        for (variable, mut value) in values {
            let mut also = Map::new();
            for call in &variable.functions {
                let whole_line = variable.whole_line.as_deref();
                match function::run(call, value.clone(), self.settings, whole_line)? {
                    Outcome::Value(changed) => value = changed,
                    Outcome::Counts(true) => {}
                    Outcome::Counts(false) => return Ok(None),
                    Outcome::Also(name, value) => also.insert(name, value),
                }
            }
            result.insert(variable.name.as_str(), value);
            for (name, value) in also {
                result.insert(name, value);
            }
        }
        Ok(Some(result))
    }
}
