//! A configuration's text as a tree of lines: read, compared, and turned into what is to be typed.
//!
//! From text to commands: [`parse`] makes sections of a device's text, [`missing`] finds what of the lines wanted is not
//! there ([`difference`] in all the ways in which modules ask for it, [`remedy()`] for a configuration that is wanted whole),
//! [`to_send`] orders it with the lines that lead into each section, and [`merge()`] says what the configuration will
//! be. All of it is pure; what differs between devices is data ([`ConfigText`](crate::platform::ConfigText)).

mod banner;
mod compare;
mod curly;
mod defaults;
mod gather;
mod grown;
mod members;
mod merge;
mod moves;
mod notation;
mod order;
mod paths;
mod prune;
mod read;
mod remedy;
mod resets;
mod secret;
mod send;
mod shown;
mod spelled;
#[cfg(test)]
mod tests;
mod undo;

pub use compare::{Match, difference, missing, without};
pub use merge::merge;
pub use read::{parse, parse_lines};
pub use remedy::remedy;
pub use secret::{Hashed, hashed, put, without_secret};
pub use send::to_send;
pub use shown::{is_undone_in_vain, new_lines};

/// A line with the lines that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The line, without blanks around it; of a banner all its lines.
    pub line: String,
    /// What stands in it.
    pub children: Vec<Section>,
}

impl Section {
    pub(crate) fn of(line: &str) -> Section {
        Section { line: line.trim().to_owned(), children: Vec::new() }
    }

    /// Returns the section, unless one of those that are there has the same lines in the same order, however they are
    /// indented.
    fn unless_same(&self, there: &[&Section]) -> Option<Section> {
        let is_there = there.iter().any(|there| there.text() == self.text());
        (!is_there).then(|| self.clone())
    }

    /// Returns what its lines say, one after the other.
    fn text(&self) -> Vec<String> {
        self.children.iter().flat_map(|child| std::iter::once(plain(&child.line)).chain(child.text())).collect()
    }

    /// Returns the section with these lines in it; nothing when there are none.
    fn with(&self, children: Vec<Section>) -> Option<Section> {
        (!children.is_empty()).then(|| Section { line: self.line.clone(), children })
    }
}

/// Returns a line with one blank between its words.
fn plain(line: &str) -> String {
    spelled::words(line).collect::<Vec<_>>().join(" ")
}

/// Returns sections as text, a blank deeper each.
pub fn print(sections: &[Section]) -> String {
    fn write(sections: &[Section], depth: usize, out: &mut String) {
        for section in sections {
            out.extend(std::iter::repeat_n(' ', depth));
            out.push_str(&section.line);
            out.push('\n');
            write(&section.children, depth + 1, out);
        }
    }
    let mut out = String::new();
    write(sections, 0, &mut out);
    out
}
