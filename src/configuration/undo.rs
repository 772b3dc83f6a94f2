//! Lines that undo others, and what they take out.
//!
//! Devices undo by the beginning of a line: `no ntp server 10.0.0.1` takes `ntp server 10.0.0.1 prefer` out as well.

use super::Section;
use super::compare::is_inside;
use super::spelled::said;
use crate::platform::{ConfigStyle, ConfigText};
use std::collections::HashSet;

/// Returns the line that undoes a line.
pub(super) fn undo(line: &str, style: &ConfigText) -> String {
    let first = line.lines().next().unwrap_or_default();
    if let Some((pattern, send)) = style.undo_as.iter().find(|(pattern, _)| pattern.is_match(first)) {
        return pattern.replace(first, send);
    }
    match (style.style, first.strip_prefix(style.negate.as_str())) {
        (ConfigStyle::Set, _) => format!("{}{}", style.negate, first.strip_prefix(style.set.as_str()).unwrap_or(first)),
        (ConfigStyle::Indent, Some(line)) if !style.negate.is_empty() => line.to_owned(),
        (ConfigStyle::Indent, _) => format!("{}{first}", style.negate),
    }
}

/// Claims that a line begins as one that undoes others does: with `no`, or with a word that stands in its place.
pub(super) fn undoes(line: &str, style: &ConfigText) -> bool {
    let words = style.undo_as.iter().map(|(_, send)| send.as_str()).chain([style.negate.as_str()]);
    let first = line.split(' ').next().unwrap_or_default();
    !first.is_empty() && words.filter_map(|words| words.split(' ').next()).any(|word| word == first)
}

/// Claims that a line (as it is said) is what undoes another one.
pub(super) fn is_undone_by(other: &str, line: &str, style: &ConfigText) -> bool {
    said(&undo(other, style), style) == line
}

/// Returns how the lines begin that a line takes out; `None` when it takes none out.
pub(super) fn gone(section: &Section, style: &ConfigText) -> Option<String> {
    let negate = style.negate.as_str();
    let what = section.line.strip_prefix(negate).filter(|_| !negate.is_empty() && section.children.is_empty())?;
    Some(match style.style {
        ConfigStyle::Set => said(&format!("{}{what}", style.set), style),
        ConfigStyle::Indent => said(what, style),
    })
}

/// Returns the beginnings of the lines that these lines take out.
pub(super) fn taken_out(going: &[Section], style: &ConfigText) -> HashSet<String> {
    going.iter().filter_map(|section| gone(section, style)).collect()
}

/// Claims that a line takes another one out.
pub(super) fn takes_out(undoing: &Section, line: &str, style: &ConfigText) -> bool {
    gone(undoing, style).is_some_and(|gone| is_inside(line, &gone))
}

/// Returns the beginnings of a line that end with a word, the line among them.
pub(super) fn beginnings(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices(' ').map(|(at, _)| &line[..at]).chain(std::iter::once(line))
}
