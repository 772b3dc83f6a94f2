//! Runs a template over an output.

use super::columns::Columns;
use super::lines::Lines;
use super::rule::{OnLine, OnRecord, Rule, Target};
use super::table::Table;
use super::template::{State, Template};
use crate::failure::{Failure, FailureKind};
use crate::python_regex::{First, LineMatch};
use crate::value::Value;
use std::sync::Arc;

/// The most rows of one table. Arbitrary: ten times a full Internet routing table.
const MAX_ROWS: usize = 10_000_000;

impl Template {
    /// Makes rows of an output.
    ///
    /// # Errors
    /// When a rule with the action `Error` matches, and when an expression goes back too often.
    pub fn run(&self, output: &str) -> Result<Table, Failure> {
        let mut machine = Machine {
            template: self,
            columns: Columns::of(&self.values),
            rows: Vec::new(),
            found: LineMatch::default(),
        };
        let end = machine.lines(output)?;
        if end != Some(Target::End) && !self.has_eof {
            machine.columns.record(&mut machine.rows);
        }
        Ok(Table { header: self.values.iter().map(|value| Arc::clone(&value.name)).collect(), rows: machine.rows })
    }
}

struct Machine<'t> {
    template: &'t Template,
    columns: Columns<'t>,
    rows: Vec<Vec<Value>>,
    found: LineMatch,
}

impl<'t> Machine<'t> {
    /// Goes through the lines; returns where it stopped before the last.
    fn lines(&mut self, output: &str) -> Result<Option<Target>, Failure> {
        let mut state = &self.template.states[self.template.start];
        for (number, line) in Lines::of(output).enumerate() {
            let Some(target) = self.line(state, line, number + 1)? else { continue };
            match target {
                Target::State(next) => state = &self.template.states[next],
                end => return Ok(Some(end)),
            }
            if self.rows.len() > MAX_ROWS {
                let message = format!("`{}` makes more than {MAX_ROWS} rows", self.template.name);
                return Err(Failure::new(FailureKind::Module, message));
            }
        }
        Ok(None)
    }

    /// Asks the rules of a state; returns where they lead.
    fn line(&mut self, state: &'t State, line: &str, number: usize) -> Result<Option<Target>, Failure> {
        let mut from = 0;
        while from < state.rules.len() {
            let Some(at) = self.first(state, from, line)? else { return Ok(None) };
            let rule = &state.rules[at];
            for (value, group) in &rule.takes {
                let text = self.found.group(line, *group);
                let assigned = self.columns.assign(*value, text, &mut self.rows);
                assigned.map_err(|why| self.failure(rule, format!("the expression {why}")))?;
            }
            match rule.record {
                OnRecord::Nothing => {}
                OnRecord::Record => self.columns.record(&mut self.rows),
                OnRecord::Clear => self.columns.clear(),
                OnRecord::ClearAll => self.columns.clear_all(),
            }
            match &rule.line {
                OnLine::Continue => from = at + 1,
                OnLine::Next(target) => return Ok(*target),
                OnLine::Error(text) => {
                    let said = text.as_deref().map_or("an error", |text| text.trim_matches('"'));
                    return Err(self.failure(rule, format!("{said}: line {number} is `{line}`")));
                }
            }
        }
        Ok(None)
    }

    /// Returns the first rule from `from` on that matches; its groups are in `found` then.
    fn first(&mut self, state: &State, from: usize, line: &str) -> Result<Option<usize>, Failure> {
        let mut from = from;
        while from < state.rules.len() {
            let set = state.set(from);
            let after = from + set.covers();
            let ask = match set.first(line) {
                First::Is(number) if state.rules[from + number].takes.is_empty() => return Ok(Some(from + number)),
                First::Is(number) => from + number..after,
                First::None => after..after,
                First::Unknown => from..after,
            };
            // The rule behind those of the set is one that must be asked by itself.
            for number in ask.chain((after < state.rules.len()).then_some(after)) {
                let rule = &state.rules[number];
                let matches = rule.pattern.find(line, &mut self.found);
                if matches.map_err(|why| self.failure(rule, format!("the expression {why}")))? {
                    return Ok(Some(number));
                }
            }
            from = after + 1;
        }
        Ok(None)
    }

    fn failure(&self, rule: &Rule, what: String) -> Failure {
        let message = format!("{}:{}: {what}", self.template.name, rule.number);
        Failure::new(FailureKind::Module, message).help("the template says so at that line")
    }
}
