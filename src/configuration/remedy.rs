//! What turns a running configuration into the one wanted, whole: `replace: config`.
//!
//! Lines that are not wanted are undone, lines that are missing are added. The order: inside a section what goes is
//! undone before what comes is added, the last line first, because a line often builds on one above it; of the outermost
//! lines all that comes is added before anything goes, so that nothing is taken away while something still refers to it.
//!
//! A line that the wanted one overwrites is not undone first (`hostname`, a neighbour's `remote-as`): undoing it would
//! take what depends on it along. Which lines are so is data: [`ConfigText::single`]. What may never go
//! ([`ConfigText::keep`], [`ConfigText::permanent`]) is data too.
//!
//! Devices undo by the beginning of a line: `no ntp server 10.0.0.1` takes `ntp server 10.0.0.1 prefer` out as well. So what
//! goes and begins as something that comes goes first, everywhere; and lines that stay although such an undoing takes them
//! out are sent again after it.

use super::Section;
use super::compare::{index, is_inside, is_whole, place_of, without_number};
use super::defaults::holds;
use super::members::apart;
use super::spelled::said;
use crate::platform::{ConfigStyle, ConfigText};
use std::collections::HashSet;

/// Returns the lines that turn `running` into `wanted`, under their parents.
pub fn remedy(wanted: &[Section], running: &[Section], style: &ConfigText) -> Vec<Section> {
    let (wanted, running) = (&apart(wanted, style), &apart(running, style));
    let going = going(wanted, running, None, style);
    let coming = coming(wanted, running, None, &taken_out(&going, style), style);
    match style.style {
        // A candidate takes effect as a whole: what goes is deleted first, so that it cannot delete what comes.
        ConfigStyle::Set => going.into_iter().chain(coming).collect(),
        ConfigStyle::Indent => {
            let (first, last) = by_kinship(going, &coming, style);
            first.into_iter().chain(coming).chain(last).collect()
        }
    }
}

/// Parts what goes: that which takes out a line that comes, or part of one, and the rest.
fn by_kinship(going: Vec<Section>, coming: &[Section], style: &ConfigText) -> (Vec<Section>, Vec<Section>) {
    let coming: HashSet<String> = coming.iter().map(|section| said(&section.line, style)).collect();
    let starts: HashSet<&str> = coming.iter().flat_map(|line| beginnings(line)).collect();
    let is_akin = |section: &Section| {
        let gone = gone(section, style);
        gone.is_some_and(|gone| starts.contains(gone.as_str()) || beginnings(&gone).any(|part| coming.contains(part)))
    };
    going.into_iter().partition(is_akin)
}

/// Returns the beginnings of a line that end with a word, the line among them.
fn beginnings(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices(' ').map(|(at, _)| &line[..at]).chain(std::iter::once(line))
}

/// Returns the beginnings of the lines that these lines take out.
fn taken_out(going: &[Section], style: &ConfigText) -> HashSet<String> {
    going.iter().filter_map(|section| gone(section, style)).collect()
}

/// Returns how the lines begin that a line takes out; `None` when it takes none out.
fn gone(section: &Section, style: &ConfigText) -> Option<String> {
    let negate = style.negate.as_str();
    let what = section.line.strip_prefix(negate).filter(|_| !negate.is_empty() && section.children.is_empty())?;
    Some(match style.style {
        ConfigStyle::Set => said(&format!("{}{what}", style.set), style),
        ConfigStyle::Indent => said(what, style),
    })
}

fn inside(wanted: &[Section], running: &[Section], within: &str, style: &ConfigText) -> Vec<Section> {
    let mut lines = going(wanted, running, Some(within), style);
    let gone = taken_out(&lines, style);
    lines.extend(coming(wanted, running, Some(within), &gone, style));
    lines
}

/// Returns what undoes the lines of `running` that are not wanted, the last first.
fn going(wanted: &[Section], running: &[Section], within: Option<&str>, style: &ConfigText) -> Vec<Section> {
    let said_wanted: HashSet<String> = wanted.iter().map(|section| said(&section.line, style)).collect();
    let overwritten: HashSet<String> =
        wanted.iter().filter_map(|section| place_of(&section.line, within, style)).collect();
    let is_wanted = |line: &str| {
        let line = said(line, style);
        let bare = without_number(&line, within, style);
        said_wanted.contains(&line) || bare.is_some_and(|bare| said_wanted.contains(&bare))
    };
    let mut lines: Vec<Section> = Vec::new();
    let mut taken = HashSet::new();
    for section in running.iter().rev() {
        let is_kept = style.keep.iter().any(|keep| keep.is_match(&section.line));
        let is_overwritten = place_of(&section.line, within, style).is_some_and(|place| overwritten.contains(&place));
        if is_kept || is_overwritten || is_wanted(&section.line) {
            continue;
        }
        if style.permanent.iter().any(|permanent| permanent.is_match(&section.line)) {
            lines.extend(section.with(going(&[], &section.children, Some(&section.line), style)));
            continue;
        }
        let (line, undoing) = (said(&section.line, style), Section::of(&undo(&section.line, style)));
        let gone = gone(&undoing, style);
        // Several lines may go by one, and what takes a line along goes behind what undoes it: each undoes something.
        let at = match beginnings(&line).any(|part| taken.contains(part)) {
            true if lines.contains(&undoing) => continue,
            true => lines.iter().position(|other| takes_out(other, &line, style)),
            false => None,
        };
        taken.extend(gone);
        lines.insert(at.unwrap_or(lines.len()), undoing);
    }
    lines
}

/// Claims that a line takes another one out.
fn takes_out(undoing: &Section, line: &str, style: &ConfigText) -> bool {
    gone(undoing, style).is_some_and(|gone| is_inside(line, &gone))
}

/// Returns the lines wanted that `running` does not have, or that go with what is taken `out`, with what changes inside of
/// those that stay.
fn coming(
    wanted: &[Section],
    running: &[Section],
    within: Option<&str>,
    out: &HashSet<String>,
    style: &ConfigText,
) -> Vec<Section> {
    let running = index(running, within, style);
    let mut lines = Vec::new();
    for section in wanted {
        let line = said(&section.line, style);
        let Some(there) = running.get(&line) else {
            if !holds(&section.line, within, &running, style) {
                lines.push(section.clone());
            }
            continue;
        };
        if beginnings(&line).any(|part| out.contains(part)) {
            lines.push(section.clone());
            continue;
        }
        if is_whole(&section.line, style) {
            lines.extend(section.unless_same(there));
            continue;
        }
        let children: Vec<Section> = there.iter().flat_map(|there| there.children.clone()).collect();
        lines.extend(section.with(inside(&section.children, &children, &line, style)));
    }
    lines
}

/// Returns the line that undoes a line.
fn undo(line: &str, style: &ConfigText) -> String {
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
