//! Rows under a header.

use crate::value::{Map, Value};
use std::sync::Arc;

/// What a template makes of an output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The names of the columns.
    pub header: Vec<Arc<str>>,
    /// The cells: text, or lists of texts (or of dictionaries, where a list's expression has named groups).
    pub rows: Vec<Vec<Value>>,
}

impl Table {
    /// Returns one dictionary a row, under the names as the template has them.
    pub fn dictionaries(&self) -> Value {
        self.to_value(Arc::clone)
    }

    /// Returns one dictionary a row, under lower-case names, as ntc-templates gives them.
    pub fn lower_case_dictionaries(&self) -> Value {
        self.to_value(|name| name.to_lowercase().into())
    }

    fn to_value(&self, name: impl Fn(&Arc<str>) -> Arc<str>) -> Value {
        let names: Vec<Arc<str>> = self.header.iter().map(name).collect();
        let row = |cells: &Vec<Value>| -> Value {
            Value::Map(Arc::new(names.iter().cloned().zip(cells.iter().cloned()).collect::<Map>()))
        };
        Value::List(Arc::new(self.rows.iter().map(row).collect()))
    }

    /// Makes every cell a text or a list of texts, as tables of several templates have them.
    pub(super) fn into_texts(mut self) -> Table {
        for cell in self.rows.iter_mut().flatten() {
            if let Value::List(items) = cell {
                *cell = Value::list(items.iter().map(Value::to_text));
            }
        }
        self
    }

    /// Adds the columns that another table has and this one has not: row by row, or where the keys are the same.
    ///
    /// # Errors
    /// Returns a key that one of the tables does not have.
    pub(super) fn extend(&mut self, other: &Table, keys: &[Arc<str>]) -> Result<(), Arc<str>> {
        let place = |table: &Table, name: &Arc<str>| table.header.iter().position(|column| column == name);
        let new: Vec<usize> =
            (0..other.header.len()).filter(|column| !self.header.contains(&other.header[*column])).collect();
        let pairs = keys.iter().map(|key| match (place(self, key), place(other, key)) {
            (Some(here), Some(there)) => Ok((here, there)),
            _ => Err(Arc::clone(key)),
        });
        let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
        for (number, row) in self.rows.iter_mut().enumerate() {
            let same = |there: &&Vec<Value>| pairs.iter().all(|(mine, its)| row[*mine] == there[*its]);
            let found = match pairs.is_empty() {
                true => other.rows.get(number),
                false => other.rows.iter().find(same),
            };
            let cells: Vec<Value> =
                new.iter().map(|column| found.map_or(Value::from(""), |row| row[*column].clone())).collect();
            row.extend(cells);
        }
        self.header.extend(new.iter().map(|column| Arc::clone(&other.header[*column])));
        Ok(())
    }
}
