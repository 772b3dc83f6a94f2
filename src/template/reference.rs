//! What users read about filters, tests and lookups, from the tables that run them.

use super::undefined::{all_filters, all_tests};
use super::{globals, lookups};

/// What kind of thing a [`Reference`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReferenceKind {
    /// `{{ value | name }}`
    Filter,
    /// `{{ value is name }}`
    Test,
    /// `lookup('name')`, `with_name`
    Lookup,
    /// `name(…)`
    Global,
}

/// A row of the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What it is.
    pub kind: ReferenceKind,
    /// Its name; `ansible.builtin.NAME` is the same.
    pub name: &'static str,
    /// Its other names.
    pub aliases: &'static [&'static str],
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// The named options, of a lookup.
    pub options: &'static [&'static str],
}

/// Returns all filters, tests, lookups and globals, sorted by kind and name.
pub fn reference() -> Vec<Reference> {
    let row = |kind, name: &'static str, aliases: &'static [&'static str], doc: &'static str| Reference {
        kind,
        name,
        aliases,
        doc,
        options: &[],
    };
    let filters = all_filters().map(|f| row(ReferenceKind::Filter, f.name, f.aliases, f.doc));
    let tests = all_tests().map(|t| row(ReferenceKind::Test, t.name, t.aliases, t.doc));
    let lookups = lookups::TABLE.iter().copied().flatten().map(|lookup| Reference {
        kind: ReferenceKind::Lookup,
        name: lookup.name,
        aliases: &[],
        doc: lookup.doc,
        options: lookup.options,
    });
    let globals = globals::NAMES.iter().map(|(name, doc)| row(ReferenceKind::Global, name, &[], doc));
    let mut rows: Vec<Reference> = filters.chain(tests).chain(lookups).chain(globals).collect();
    rows.sort_by_key(|row| (row.kind, row.name));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_says_what_it_does_in_a_sentence() {
        let rows = reference();
        for row in &rows {
            assert!(row.doc.ends_with('.') && row.doc.starts_with(char::is_uppercase), "{}: {}", row.name, row.doc);
        }
        for pair in rows.windows(2) {
            assert!((pair[0].kind, pair[0].name) != (pair[1].kind, pair[1].name), "{} stands twice", pair[0].name);
        }
    }
}
