//! Compares lines by what they say and where they stand.

use super::Section;
use super::defaults::holds;
use super::gather::anew;
use super::grown::joined;
use super::members::members;
use super::resets::Resets;
use super::spelled::said;
use crate::platform::{ConfigText, Numbered};
use regex::Regex;
use std::collections::HashMap;

/// How lines wanted are compared with those that are there (`match`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Match {
    /// A line is there when its section has it.
    #[default]
    Line,
    /// And at the same place in its section: the order counts (access lists).
    Strict,
    /// A section has these lines in this order and no others, or all of its lines are sent.
    Exact,
    /// Nothing is compared.
    None,
}

/// Returns what of `wanted` is to be sent, under its parents.
///
/// `by_block` sends a section whole when one of its lines is missing (`replace: block`). Lines that match one of
/// `ignored` are never missing.
pub fn difference(
    wanted: &[Section],
    running: &[Section],
    how: Match,
    by_block: bool,
    ignored: &[Regex],
    text: &ConfigText,
) -> Vec<Section> {
    let wanted = &without(wanted, ignored);
    let lines = match how {
        Match::None => return wanted.clone(),
        Match::Line => missing_in(wanted, &index(running, None, text), None, text),
        Match::Strict => misplaced(wanted, running, text),
        Match::Exact => unequal(wanted, &without(running, ignored), text),
    };
    anew(if by_block { whole_blocks(wanted, &lines) } else { lines }, running, text)
}

/// Returns sections without the lines that match one of `ignored`, and without what stands in those.
pub fn without(sections: &[Section], ignored: &[Regex]) -> Vec<Section> {
    let keeps = |section: &&Section| !ignored.iter().any(|ignored| ignored.is_match(&section.line));
    let keep =
        |section: &Section| Section { line: section.line.clone(), children: without(&section.children, ignored) };
    sections.iter().filter(keeps).map(keep).collect()
}

/// Sections by what their line says, for each thing that it names. A section that stands there twice is one.
pub(super) type Index<'a> = HashMap<String, Vec<&'a Section>>;

/// Indexes what stands in a section. A line that the device has numbered is found without its number, too.
pub(super) fn index<'a>(
    sections: impl IntoIterator<Item = &'a Section>,
    within: Option<&str>,
    text: &ConfigText,
) -> Index<'a> {
    let sections: Vec<&Section> = sections.into_iter().collect();
    let mut index = Index::new();
    for section in sections.iter().copied() {
        for line in members(&section.line, text) {
            if let Some(bare) = without_number(&line, within, text) {
                index.entry(bare).or_default().push(section);
            }
            index.entry(line).or_default().push(section);
        }
    }
    if !text.grows.is_empty() {
        for line in joined(sections.iter().map(|section| said(&section.line, text)), text) {
            index.entry(line).or_default();
        }
    }
    index
}

/// Returns a line without the number that a device gives it; `None` where it has none.
pub(super) fn without_number(line: &str, within: Option<&str>, text: &ConfigText) -> Option<String> {
    let stands = |numbered: &&Numbered| match (&numbered.within, within) {
        (Some(pattern), Some(within)) => pattern.is_match(within),
        (Some(_), None) => false,
        (None, within) => within.is_none(),
    };
    let numbered = text.numbered.iter().filter(stands).find(|numbered| numbered.line.is_match(line))?;
    Some(numbered.line.replace(line, &numbered.without))
}

/// Returns what of `wanted` is not in `running`, under its parents.
pub fn missing(wanted: &[Section], running: &[Section], text: &ConfigText) -> Vec<Section> {
    anew(missing_in(wanted, &index(running, None, text), None, text), running, text)
}

fn missing_in(wanted: &[Section], running: &Index<'_>, within: Option<&str>, text: &ConfigText) -> Vec<Section> {
    let resets = Resets::of(wanted, |line| !running.contains_key(line), std::iter::empty(), (within, text));
    let of = |section: &Section| match missing_of(section, running, (within, wanted), text) {
        None if resets.take(&said(&section.line, text)) => Some(section.clone()),
        missing => missing,
    };
    wanted.iter().filter_map(of).collect()
}

/// Returns what of a section is missing that stands `within` another one, `beside` others: where it names several things, what one of
/// them misses.
fn missing_of(
    section: &Section,
    running: &Index<'_>,
    (within, beside): (Option<&str>, &[Section]),
    text: &ConfigText,
) -> Option<Section> {
    let of_one = |line: &String| match running.get(line) {
        None if holds(&section.line, within, running, beside, text) => None,
        None => Some(section.clone()),
        Some(there) if is_whole(&section.line, text) => section.unless_same(there),
        Some(_) if section.children.is_empty() => None,
        Some(there) => {
            let inside = index(there.iter().flat_map(|section| &section.children), Some(line), text);
            section.with(missing_in(&section.children, &inside, Some(line), text))
        }
    };
    let lines = members(&section.line, text);
    let mut parts = lines.iter().filter_map(of_one);
    let first = parts.next()?;
    if lines.len() == 1 || section.children.is_empty() {
        return Some(first);
    }
    let rest: Vec<Section> = parts.collect();
    let is_missing = |child: &&Section| {
        std::iter::once(&first).chain(&rest).any(|part| part.children.iter().any(|other| other.line == child.line))
    };
    section.with(section.children.iter().filter(is_missing).cloned().collect())
}

/// Claims that a line that is there is the one that is wanted.
fn is_same_line(wanted: &str, there: &str, within: Option<&str>, text: &ConfigText) -> bool {
    let (wanted, there) = (said(wanted, text), said(there, text));
    wanted == there || without_number(&there, within, text).is_some_and(|bare| bare == wanted)
}

/// Returns the lines that do not stand at the same place of the same section. The order of outermost lines does not
/// count: a device shows them in an order of its own.
fn misplaced(wanted: &[Section], running: &[Section], text: &ConfigText) -> Vec<Section> {
    fn in_section(wanted: &[Section], there: &[&Section], within: &str, text: &ConfigText) -> Vec<Section> {
        let mut found = Vec::new();
        for (place, section) in wanted.iter().enumerate() {
            let same = |there: &&&Section| is_same_line(&section.line, &there.line, Some(within), text);
            match there.get(place).filter(same) {
                None => found.push(section.clone()),
                Some(there) if is_whole(&section.line, text) => found.extend(section.unless_same(&[there])),
                Some(there) => {
                    let inside: Vec<&Section> = there.children.iter().collect();
                    let line = said(&section.line, text);
                    found.extend(section.with(in_section(&section.children, &inside, &line, text)));
                }
            }
        }
        found
    }
    by_outermost(wanted, running, text, &|section, line, there| {
        let inside: Vec<&Section> = there.iter().flat_map(|section| &section.children).collect();
        section.with(in_section(&section.children, &inside, line, text))
    })
}

/// Compares what stands in a section with what the sections of that line have.
type Inside<'a> = &'a dyn Fn(&Section, &str, &[&Section]) -> Option<Section>;

/// Compares what stands in outermost sections that are there on both sides by `inside`.
fn by_outermost(wanted: &[Section], running: &[Section], text: &ConfigText, inside: Inside<'_>) -> Vec<Section> {
    let running = index(running, None, text);
    let mut found = Vec::new();
    for section in wanted {
        // Where one of the things that the line names differs, all of its section is sent.
        let differs = |line: &String| match running.get(line) {
            None if holds(&section.line, None, &running, wanted, text) => None,
            None => Some(section.clone()),
            Some(there) if is_whole(&section.line, text) => section.unless_same(there),
            Some(there) => inside(section, line, there),
        };
        let lines = members(&section.line, text);
        let parts: Vec<Section> = lines.iter().filter_map(differs).collect();
        match (lines.len(), parts.into_iter().next()) {
            (_, None) => {}
            (1, Some(part)) => found.push(part),
            (_, Some(_)) => found.push(section.clone()),
        }
    }
    found
}

/// Returns the innermost sections that do not have just the lines wanted, with all their lines.
fn unequal(wanted: &[Section], running: &[Section], text: &ConfigText) -> Vec<Section> {
    by_outermost(wanted, running, text, &|section, line, there| {
        if section.children.is_empty() {
            return None;
        }
        let inside: Vec<Section> = there.iter().flat_map(|section| section.children.clone()).collect();
        // A section that only leads to another one (`router bgp` to its address family) may have more.
        let leads = section.children.len() == 1 && !section.children[0].children.is_empty();
        if leads {
            return section.with(unequal(&section.children, &inside, text));
        }
        (!is_same(&section.children, &inside, line, text)).then(|| section.clone())
    })
}

/// Claims that a section is entered as one text.
pub(super) fn is_whole(line: &str, text: &ConfigText) -> bool {
    text.whole.iter().any(|whole| whole.is_match(line))
}

fn is_same(wanted: &[Section], there: &[Section], within: &str, text: &ConfigText) -> bool {
    wanted.len() == there.len()
        && wanted.iter().zip(there).all(|(wanted, there)| {
            is_same_line(&wanted.line, &there.line, Some(within), text)
                && is_same(&wanted.children, &there.children, &said(&wanted.line, text), text)
        })
}

/// Returns the sections of `wanted` of which a line is among `lines`, whole.
fn whole_blocks(wanted: &[Section], lines: &[Section]) -> Vec<Section> {
    let mut found = Vec::new();
    for section in wanted {
        let Some(line) = lines.iter().find(|line| line.line == section.line) else { continue };
        let has_leaf = line.children.iter().any(|child| child.children.is_empty());
        if has_leaf || line.children.is_empty() {
            found.push(section.clone());
        } else {
            found.extend(section.with(whole_blocks(&section.children, &line.children)));
        }
    }
    found
}

/// Returns what a line of the section `within` sets, for lines of which a section has one only ([`ConfigText::single`]).
pub(super) fn place_of(line: &str, within: Option<&str>, text: &ConfigText) -> Option<String> {
    text.place(&said(line, text), within)
}

/// Claims that a line is `outer` or goes on from it.
pub(super) fn is_inside(line: &str, outer: &str) -> bool {
    line.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}
