//! What a device made of lines that it took, for messages to people.

use super::Section;
use super::compare::is_inside;
use super::spelled::said;
use crate::platform::ConfigText;

/// Returns the lines of the section under `parents` that `before` does not have there.
pub fn new_lines<'a>(parents: &[&str], before: &[Section], after: &'a [Section], text: &ConfigText) -> Vec<&'a str> {
    let before = inside(parents, before, text).unwrap_or_default();
    let after = inside(parents, after, text).unwrap_or_default();
    after.iter().filter(|line| before.iter().all(|old| old.line != line.line)).map(|line| line.line.as_str()).collect()
}

/// Claims that a line undoes one that the section under `parents` has all the same.
pub fn is_undone_in_vain(line: &str, parents: &[&str], after: &[Section], text: &ConfigText) -> bool {
    let line = said(line, text);
    let what = line.strip_prefix(text.negate.as_str()).filter(|_| !text.negate.is_empty());
    let there = inside(parents, after, text).unwrap_or_default();
    what.is_some_and(|what| there.iter().any(|other| is_inside(&said(&other.line, text), what)))
}

fn inside<'a>(parents: &[&str], sections: &'a [Section], text: &ConfigText) -> Option<&'a [Section]> {
    let mut place = sections;
    for parent in parents {
        let parent = said(parent, text);
        place = &place.iter().find(|section| said(&section.line, text) == parent)?.children;
    }
    Some(place)
}
