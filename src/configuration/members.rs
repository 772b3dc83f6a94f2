//! Lines that name several things at once: `interface range gi0/1 - 4`, `vlan 10,20-22`. A device shows each apart, or
//! others together with them, so they are compared thing by thing.

use super::Section;
use super::compare::is_inside;
use super::notation::numbers;
use super::spelled::{interface, said};
use crate::platform::{ConfigText, Spelling};

/// The most things that a line is taken apart into: VLANs go up to 4094.
const MOST: u32 = 4096;

/// Returns what a line says for each of the things that it names; most lines name one.
pub(super) fn members(line: &str, text: &ConfigText) -> Vec<String> {
    let line = said(line, text);
    match several(&line, text) {
        Some(lines) => lines,
        None => vec![line],
    }
}

fn several(line: &str, text: &ConfigText) -> Option<Vec<String>> {
    let is_of = |list: &&String| line.strip_prefix(list.as_str()).is_some_and(|rest| rest.starts_with(' '));
    let first = text.lists.iter().find(is_of)?.as_str();
    let rest = line[first.len()..].trim_start();
    // `line vty 0 4`
    if first.contains(' ') {
        let (from, to) = rest.split_once(' ')?;
        return Some(numbers(&format!("{from}-{to}"))?.iter().map(|number| format!("{first} {number}")).collect());
    }
    let range = rest.strip_prefix("range ");
    let rest = range.unwrap_or(rest);
    // `Port-channel1` and `Bundle-Ether1` are no ranges.
    let at = rest.find(|c: char| c.is_ascii_digit())?;
    if range.is_none() && !rest[at..].contains([',', '-']) {
        return None;
    }
    let list: String = rest.split_whitespace().collect();
    if first == "interface" {
        let names = interfaces(&list, &text.spelling)?;
        return Some(names.iter().map(|name| format!("{first} {name}")).collect());
    }
    Some(numbers(&list)?.iter().map(|number| format!("{first} {number}")).collect())
}

/// Returns the names of `gi0/1-4,gi0/7`, as they are shown. A part without letters has those of the part before.
fn interfaces(list: &str, spelling: &Spelling) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut letters = "";
    for part in list.split(',') {
        let at = part.find(|c: char| c.is_ascii_digit())?;
        if at > 0 {
            letters = &part[..at];
        }
        let (begin, end) = part[at..].split_once('-').unwrap_or((&part[at..], ""));
        let (outer, first) =
            begin.rsplit_once('/').map_or(("", begin), |(outer, first)| (&begin[..=outer.len()], first));
        // `gi0/1 - gi0/4` ends in the same place as `gi0/1 - 4`.
        let last = end.rsplit('/').next().unwrap_or_default().trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let first: u32 = first.parse().ok()?;
        let last: u32 = if end.is_empty() { first } else { last.parse().ok()? };
        if last < first || last - first >= MOST || found.len() > MOST as usize {
            return None;
        }
        for number in first..=last {
            let name = format!("{letters}{outer}{number}");
            found.push(interface(spelling, &name, None).map_or(name, |(name, _)| name));
        }
    }
    Some(found)
}

/// Joins sections that follow each other in number and have the same lines: `line vty 0` to `line vty 4` are typed as one.
pub(super) fn together(sections: Vec<Section>, text: &ConfigText) -> Vec<Section> {
    let numbered = |line: &str| {
        let list = text.lists.iter().find(|list| list.contains(' ') && is_inside(line, list))?;
        let rest = line[list.len()..].trim_start();
        let (from, to) = rest.split_once(' ').unwrap_or((rest, rest));
        Some((list, from.parse::<u32>().ok()?, to.parse::<u32>().ok()?))
    };
    let mut found: Vec<Section> = Vec::with_capacity(sections.len());
    for section in sections {
        if let (Some(last), Some((list, from, to))) = (found.last_mut(), numbered(&section.line)) {
            let before = numbered(&last.line).filter(|(other, _, end)| *other == list && end + 1 == from);
            if let Some((_, begin, _)) = before.filter(|_| last.children == section.children) {
                last.line = format!("{list} {begin} {to}");
                continue;
            }
        }
        found.push(section);
    }
    found
}

/// Returns sections of which each names one thing, those of the same thing as one.
pub(super) fn apart(sections: &[Section], text: &ConfigText) -> Vec<Section> {
    apart_of(sections, &text.lists.iter().collect::<Vec<_>>(), text)
}

/// Does so for what begins as one of these lists.
pub(super) fn apart_of(sections: &[Section], lists: &[&String], text: &ConfigText) -> Vec<Section> {
    if lists.is_empty() {
        return sections.to_vec();
    }
    let mut found: Vec<Section> = Vec::with_capacity(sections.len());
    let mut places = std::collections::HashMap::new();
    for section in sections {
        let line = said(&section.line, text);
        if !lists.iter().any(|list| is_inside(&line, list)) {
            found.push(section.clone());
            continue;
        }
        let lines = several(&line, text).unwrap_or_else(|| vec![line]);
        let is_one = lines.len() == 1;
        for line in lines {
            let at = *places.entry(line.clone()).or_insert_with(|| {
                let line = if is_one { section.line.clone() } else { line };
                found.push(Section { line, children: Vec::new() });
                found.len() - 1
            });
            found[at].children.extend(section.children.iter().cloned());
        }
    }
    found
}
