//! What has been matched so far: one column a Value, with the effects of its options.

use super::declare::{Choice, Declaration};
use crate::python_regex::LineMatch;
use crate::value::{Map, Value};

/// The record that is being built.
pub(super) struct Columns<'t> {
    columns: Vec<Column<'t>>,
}

struct Column<'t> {
    declared: &'t Declaration,
    /// Null is "not matched".
    value: Value,
    /// What `Filldown` takes back after a record.
    kept: Value,
    /// What `List` has gathered.
    list: Vec<Value>,
}

impl<'t> Columns<'t> {
    pub(super) fn of(values: &'t [Declaration]) -> Columns<'t> {
        let column = |declared| Column { declared, value: Value::Null, kept: Value::Null, list: Vec::new() };
        Columns { columns: values.iter().map(column).collect() }
    }

    /// Takes what a group matched, `None` when it took no part.
    ///
    /// # Errors
    /// Says why the nested groups of a list cannot be told apart.
    pub(super) fn assign(&mut self, number: usize, text: Option<&str>, rows: &mut [Vec<Value>]) -> Result<(), String> {
        let column = &mut self.columns[number];
        column.value = text.map_or(Value::Null, Value::from);
        for choice in &column.declared.choices {
            match choice {
                Choice::Filldown => column.kept = column.value.clone(),
                Choice::List => {
                    let item = column.item(text)?;
                    column.list.push(item);
                }
                Choice::Fillup if column.value.is_truthy() => {
                    let empty = rows.iter_mut().rev().map(|row| &mut row[number]).take_while(|cell| !cell.is_truthy());
                    empty.for_each(|cell| *cell = column.value.clone());
                }
                Choice::Fillup | Choice::Required | Choice::Key => {}
            }
        }
        Ok(())
    }

    /// Puts the record among the rows, unless it lacks something or has nothing at all.
    pub(super) fn record(&mut self, rows: &mut Vec<Vec<Value>>) {
        if self.columns.is_empty() {
            return;
        }
        for column in &mut self.columns {
            for choice in &column.declared.choices {
                match choice {
                    Choice::Required if !column.value.is_truthy() => {
                        self.clear();
                        return;
                    }
                    Choice::List => column.value = column.list.clone().into(),
                    _ => {}
                }
            }
        }
        let is_nothing = |value: &Value| match value {
            Value::Null => true,
            Value::List(items) => items.is_empty(),
            _ => false,
        };
        if self.columns.iter().all(|column| is_nothing(&column.value)) {
            return;
        }
        let cells = self.columns.iter().map(|column| match &column.value {
            Value::Null => Value::from(""),
            value => value.clone(),
        });
        rows.push(cells.collect());
        self.clear();
    }

    /// Begins a new record; `Filldown` keeps what it has.
    pub(super) fn clear(&mut self) {
        for column in &mut self.columns {
            let fills = column.declared.choices.contains(&Choice::Filldown);
            column.value = if fills { column.kept.clone() } else { Value::Null };
            if !fills {
                column.list.clear();
            }
        }
    }

    /// Begins a new record and keeps nothing.
    pub(super) fn clear_all(&mut self) {
        for column in &mut self.columns {
            (column.value, column.kept) = (Value::Null, Value::Null);
            column.list.clear();
        }
    }
}

impl Column<'_> {
    /// Returns an item for a list: the named groups inside of the Value's expression, or the text.
    fn item(&self, text: Option<&str>) -> Result<Value, String> {
        let Some(text) = text else { return Ok(Value::Null) };
        let pattern = &self.declared.pattern;
        if pattern.groups() > 1 && !pattern.names().is_empty() {
            let mut found = LineMatch::default();
            if pattern.find(text, &mut found)? {
                let group = |number| found.group(text, number).map_or(Value::Null, Value::from);
                let entries = pattern.names().iter().map(|(name, number)| (name.as_str(), group(*number)));
                return Ok(Value::Map(std::sync::Arc::new(entries.collect::<Map>())));
            }
        }
        Ok(text.into())
    }
}
