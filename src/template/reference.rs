//! What templates can use, from the tables that run it: for `netplay doc`.

use super::{filters, lookups, tests};

/// A filter, a Jinja test or a lookup, as a reader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `filter`, `test` or `lookup`.
    pub kind: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its other names.
    pub aliases: &'static [&'static str],
    /// What it does, in one sentence.
    pub doc: &'static str,
}

/// Returns everything that templates can use, kind by kind, sorted by name.
pub fn reference() -> Vec<Entry> {
    let filters = filters::TABLE.iter().copied().flatten();
    let tests = tests::TABLE.iter().copied().flatten();
    let lookups = lookups::TABLE.iter().copied().flatten();
    let mut entries: Vec<Entry> = filters
        .map(|row| Entry { kind: "filter", name: row.name, aliases: row.aliases, doc: row.doc })
        .chain(tests.map(|row| Entry { kind: "test", name: row.name, aliases: row.aliases, doc: row.doc }))
        .chain(lookups.map(|row| Entry { kind: "lookup", name: row.name, aliases: &[], doc: row.doc }))
        .collect();
    entries.sort_by_key(|entry| (entry.kind, entry.name));
    entries
}
