//! Resources of network devices as data: how a tree of values and the lines of a configuration stand for each other.
//!
//! A resource (interfaces, VLANs, users, …) of a platform is one file `definitions/NAME.yaml` and its line in `TABLE`: the
//! options that a task may give ([`Options`]), the commands that show what is there, and patterns of lines, each of which
//! reads and writes (`pattern.rs`). From there on all resources are the same:
//!
//! - `read.rs` makes a tree of what a device shows;
//! - `piece.rs` makes the lines that a tree stands for, each with what undoes it and what tells it from its siblings;
//! - `state.rs` compares the pieces of two trees as a state (`merged`, `replaced`, …) asks for it.
//!
//! `written.rs`, `written_options.rs`, `short_nodes.rs` and `words.rs` read definitions, `given.rs` what a task says, `unwritten.rs` finds what would have no effect, `merge.rs` adds what is wanted to what is
//! there, and `places.rs` is about lists whose lines have places. All of it is pure. Since what is wanted and what is there are compared as lines in the device's own words, a second
//! run finds nothing to send.
//!
//! Traps: an expression of a pattern sees lines without indentation; on platforms of `set` lines a section is a prefix of
//! its lines; the order of `lines:` in a definition is the order in which commands are sent.

mod condition;
mod definition;
mod given;
mod hole;
mod interface;
mod merge;
mod numbers;
mod options;
mod pattern;
mod piece;
mod places;
mod ports;
mod ranges;
mod read;
mod short_nodes;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod tree;
mod unwritten;
mod words;
mod written;
mod written_options;

pub use definition::{Definition, Form, Refused};
pub use merge::joined;
pub use options::{Kind, Opt, Options};
pub use read::read;
pub use state::{State, commands, conflict};
pub use table::{Row, TABLE, find};
pub use unwritten::unwritten;
