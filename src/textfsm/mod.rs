//! TextFSM: command output to rows, by templates as Python's `textfsm` reads them.
//!
//! A template declares Values (the columns, each an expression with options) and states of rules (an expression, and what
//! to do when a line matches it). `read` makes a [`Template`] of the text and reports all that is wrong, with places;
//! `machine` runs it over the lines; `columns` holds what has been matched so far, with the options' effects. An
//! [`Index`] says which template fits a platform's command, as ntc-templates has it, and a [`Folder`] is such an index
//! with its templates.
//!
//! Expressions are checked when a template is read and compiled when they are first asked. A state asks all its rules at
//! once ([`crate::python_regex::LineSet`]); only the rule that matched is asked for its groups.
//!
//! Traps, all as in Python: an option acts in the order written (`Required,List` and `List,Required` differ); a group
//! that took no part assigns nothing, which is not the same as no assignment; a record that `Required` drops is cleared,
//! one that is wholly empty is not; lines end at form feeds and vertical tabs too.

mod columns;
mod declare;
mod folder;
mod index;
mod lines;
mod machine;
mod read;
mod rule;
mod table;
mod template;
#[cfg(test)]
mod tests;

pub use folder::{Folder, set_places};
pub use index::Index;
pub use table::Table;
pub use template::{Template, Wrong, load};
