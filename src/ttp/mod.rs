//! TTP: command output to data, by templates that look like the output, as Python's `ttp` reads them.
//!
//! A template is lines of output with `{{ names }}` in place of what is wanted, in groups that say where in the result it
//! goes. `markup` reads the tags, `line` makes an expression of a line, `call` reads `name(arguments)`, `function` has what
//! may be done with a match and `judge` with a whole group. `search` finds all matches of all lines; `results` goes
//! through them in the order of the text and puts the groups together.
//!
//! Traps, as in Python: a line's match begins with the line end before it, so lines that follow each other do not share
//! one; the first line of a group starts it; what belongs to a group is told by the order of matches alone; a match
//! function that refuses a start line ends the group until it starts again.
//!
//! Macros, lookups, inputs, outputs and columns by headers are refused when the template is read.

mod call;
mod function;
mod judge;
mod line;
mod markup;
mod read;
#[cfg(test)]
mod recorded;
mod results;
mod search;
mod tree;

use crate::failure::Failure;
use crate::source::SourceMap;
use crate::value::{Map, Value};
use line::Line;
use std::path::Path;
use std::sync::Arc;
use tree::Branch;

/// A template, ready to run.
pub struct Template {
    groups: Vec<Group>,
    variables: Map,
    /// Variables that stand in the result too, by their path.
    shown: Vec<(String, Vec<String>)>,
    /// The result of the only input stands alone, not in a list.
    per_template: bool,
}

/// A group of lines.
struct Group {
    /// Its path in the result.
    path: Vec<String>,
    id: Id,
    parent: Option<Id>,
    /// What variables are where nothing was found.
    defaults: Map,
    starts: Vec<Line>,
    ends: Vec<Line>,
    lines: Vec<Line>,
    functions: Vec<call::Call>,
    children: Vec<Group>,
    /// It is there also where nothing starts it.
    is_always: bool,
}

/// What a group is known by: its path, and its place among its siblings.
type Id = (String, usize);

impl Template {
    /// Reads a template's file.
    ///
    /// # Errors
    /// When it cannot be read, or has something that there is not.
    pub fn load(path: &Path, sources: &Arc<SourceMap>) -> Result<Template, Failure> {
        read::load(path, sources)
    }

    /// Reads a template's text.
    ///
    /// # Errors
    /// When it has something that there is not.
    pub fn read(name: &str, text: &str, sources: &Arc<SourceMap>) -> Result<Template, Failure> {
        read::read(name, None, text, sources)
    }

    /// Makes data of an output: a list with the results of the template in it. `variables` are put on those of the
    /// template.
    ///
    /// # Errors
    /// When an expression runs away.
    pub fn parse(&self, output: &str, variables: &Map) -> Result<Value, Failure> {
        let mut all = self.variables.clone();
        for (name, value) in variables.iter() {
            all.insert(name.clone(), value.clone());
        }
        let text = format!("\n{output}\n");
        let found: Vec<search::Found<'_>> =
            self.groups.iter().map(|group| search::search(group, &text, &mut all)).collect::<Result<_, _>>()?;
        let mut result = results::gather(&self.shown, found, all);
        let data = match result.shift_remove("_anonymous_") {
            None => Branch::Map(result),
            Some(anonymous) if result.is_empty() => anonymous,
            Some(Branch::List(mut items)) => {
                items.push(Branch::Map(result));
                Branch::List(items)
            }
            Some(other) => Branch::List(vec![other, Branch::Map(result)]),
        };
        let data = data.into_value();
        Ok(Value::list([if self.per_template { data } else { Value::list([data]) }]))
    }
}
