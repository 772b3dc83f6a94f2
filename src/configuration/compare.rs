//! Compares lines by what they say and where they stand.

use super::Section;
use super::banner::banner;
use crate::platform::{ConfigStyle, ConfigText};
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
    style: &ConfigText,
) -> Vec<Section> {
    let wanted = &without(wanted, ignored);
    let lines = match how {
        Match::None => return wanted.clone(),
        Match::Line => missing(wanted, running, style),
        Match::Strict => misplaced(wanted, running, style),
        Match::Exact => unequal(wanted, &without(running, ignored), style),
    };
    if by_block { whole_blocks(wanted, &lines) } else { lines }
}

/// Returns sections without the lines that match one of `ignored`, and without what stands in those.
pub fn without(sections: &[Section], ignored: &[Regex]) -> Vec<Section> {
    let keeps = |section: &&Section| !ignored.iter().any(|ignored| ignored.is_match(&section.line));
    let keep =
        |section: &Section| Section { line: section.line.clone(), children: without(&section.children, ignored) };
    sections.iter().filter(keeps).map(keep).collect()
}

/// Sections by what their line says. A section that stands there twice is one.
pub(super) type Index<'a> = HashMap<String, Vec<&'a Section>>;

pub(super) fn index<'a>(sections: impl IntoIterator<Item = &'a Section>) -> Index<'a> {
    let mut index = Index::new();
    for section in sections {
        index.entry(said(&section.line)).or_default().push(section);
    }
    index
}

/// Returns what of `wanted` is not in `running`, under its parents.
pub fn missing(wanted: &[Section], running: &[Section], style: &ConfigText) -> Vec<Section> {
    missing_in(wanted, &index(running), style)
}

fn missing_in(wanted: &[Section], running: &Index<'_>, style: &ConfigText) -> Vec<Section> {
    let mut found = Vec::new();
    for section in wanted {
        match running.get(&said(&section.line)) {
            None if is_undone(&section.line, running, style) => {}
            None => found.push(section.clone()),
            Some(there) if is_whole(&section.line, style) => found.extend(section.unless_same(there)),
            Some(_) if section.children.is_empty() => {}
            Some(there) => {
                let inside = index(there.iter().flat_map(|section| &section.children));
                found.extend(section.with(missing_in(&section.children, &inside, style)));
            }
        }
    }
    found
}

/// Returns the lines that do not stand at the same place of the same section. The order of outermost lines does not
/// count: a device shows them in an order of its own.
fn misplaced(wanted: &[Section], running: &[Section], style: &ConfigText) -> Vec<Section> {
    fn in_section(wanted: &[Section], there: &[&Section], style: &ConfigText) -> Vec<Section> {
        let mut found = Vec::new();
        for (place, section) in wanted.iter().enumerate() {
            match there.get(place).filter(|there| said(&there.line) == said(&section.line)) {
                None => found.push(section.clone()),
                Some(there) if is_whole(&section.line, style) => found.extend(section.unless_same(&[there])),
                Some(there) => {
                    let inside: Vec<&Section> = there.children.iter().collect();
                    found.extend(section.with(in_section(&section.children, &inside, style)));
                }
            }
        }
        found
    }
    let running = index(running);
    let mut found = Vec::new();
    for section in wanted {
        match running.get(&said(&section.line)) {
            None if is_undone(&section.line, &running, style) => {}
            None => found.push(section.clone()),
            Some(there) if is_whole(&section.line, style) => found.extend(section.unless_same(there)),
            Some(there) => {
                let inside: Vec<&Section> = there.iter().flat_map(|section| &section.children).collect();
                found.extend(section.with(in_section(&section.children, &inside, style)));
            }
        }
    }
    found
}

/// Returns the innermost sections that do not have just the lines wanted, with all their lines.
fn unequal(wanted: &[Section], running: &[Section], style: &ConfigText) -> Vec<Section> {
    let running = index(running);
    let mut found = Vec::new();
    for section in wanted {
        match running.get(&said(&section.line)) {
            None if is_undone(&section.line, &running, style) => {}
            None => found.push(section.clone()),
            Some(there) if is_whole(&section.line, style) => found.extend(section.unless_same(there)),
            Some(_) if section.children.is_empty() => {}
            Some(there) => {
                let inside: Vec<Section> = there.iter().flat_map(|section| section.children.clone()).collect();
                // A section that only leads to another one (`router bgp` to its address family) may have more.
                let leads = section.children.len() == 1 && !section.children[0].children.is_empty();
                if leads {
                    found.extend(section.with(unequal(&section.children, &inside, style)));
                } else if !is_same(&section.children, &inside) {
                    found.push(section.clone());
                }
            }
        }
    }
    found
}

/// Claims that a section is entered as one text.
pub(super) fn is_whole(line: &str, style: &ConfigText) -> bool {
    style.whole.iter().any(|whole| whole.is_match(line))
}

fn is_same(one: &[Section], other: &[Section]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(one, other)| said(&one.line) == said(&other.line) && is_same(&one.children, &other.children))
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

/// Returns what a line says: its words, without the quotes that devices put around them; a banner's text, whatever
/// stands around it.
pub(super) fn said(line: &str) -> String {
    if let Some(banner) = banner(line) {
        return format!("banner {}\n{}", banner.kind, banner.body.trim());
    }
    let mut out = String::with_capacity(line.len());
    for word in line.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        // VyOS shows values in single quotes, IOS and Junos some in double ones.
        out.push_str(word.trim_matches(['"', '\'']));
    }
    out
}

/// Claims that a line that undoes something finds it undone already.
///
/// That a line is not shown says so only where defaults are never hidden: in a configuration of `set` lines, and for
/// `no shutdown`, which none of the platforms shows. Elsewhere `no ip domain lookup` must be sent although
/// `ip domain lookup` is not shown: it is the default.
fn is_undone(line: &str, running: &Index<'_>, style: &ConfigText) -> bool {
    let Some(what) = line.strip_prefix(style.negate.as_str()).filter(|_| !style.negate.is_empty()) else {
        return false;
    };
    match style.style {
        ConfigStyle::Indent => what == "shutdown" && !running.contains_key("shutdown"),
        ConfigStyle::Set => {
            let set = said(&format!("{}{what}", style.set));
            !running.keys().any(|other| is_inside(other, &set))
        }
    }
}

/// Claims that a line is `outer` or goes on from it.
pub(super) fn is_inside(line: &str, outer: &str) -> bool {
    line.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}
