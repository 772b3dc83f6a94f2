//! Says what a configuration will be.

use super::Section;
use super::compare::{is_inside, is_whole, place_of, without_number};
use super::grown;
use super::members::{apart, apart_of};
use super::moves::moved;
use super::order;
use super::spelled::said;
use super::undo::{gone, is_undone_by, undoes};
use crate::platform::{ConfigStyle, ConfigText};
use std::collections::{HashMap, HashSet};

/// Returns `running` as it will be with the lines in, as far as text can tell: `no x` takes `x` out, and a line of which a
/// section has one takes the place of the old one.
pub fn merge(running: Vec<Section>, added: &[Section], style: &ConfigText) -> Vec<Section> {
    merge_in(running, added, None, style)
}

fn merge_in(mut running: Vec<Section>, added: &[Section], within: Option<&str>, style: &ConfigText) -> Vec<Section> {
    // A thing that goes may be shown together with others.
    let goes =
        |list: &&String| added.iter().any(|section| gone(section, style).is_some_and(|gone| is_inside(&gone, list)));
    running = joined(apart_of(&running, &style.lists.iter().filter(goes).collect::<Vec<_>>(), style), added, style);
    let added = &apart_unless_shown(added, &running, style);
    let places = |running: &[Section]| -> HashMap<String, usize> {
        running.iter().enumerate().rev().map(|(place, section)| (said(&section.line, style), place)).collect()
    };
    let mut there = places(&running);
    for section in added {
        if reset(&mut running, section, within, style) {
            there = places(&running);
        }
        if moved(&section.line, &mut running, style) {
            there = places(&running);
            continue;
        }
        if section.children.is_empty() && undoes(&section.line, style) {
            let (before, line) = (running.len(), said(&section.line, style));
            let what = gone(section, style);
            running.retain(|other| {
                let is_gone = what.as_ref().is_some_and(|what| is_inside(&said(&other.line, style), what));
                !is_gone && !is_undone_by(&other.line, &line, style)
            });
            if running.len() < before {
                there = places(&running);
            }
            if running.len() < before || style.style == ConfigStyle::Set || style.quotes_lines {
                continue;
            }
        }
        let line = said(&section.line, style);
        match there.get(&line) {
            Some(place) if is_whole(&section.line, style) => {
                running[*place].children = section.children.clone();
            }
            Some(place) => {
                let children = std::mem::take(&mut running[*place].children);
                running[*place].children = merge_in(children, &section.children, Some(&line), style);
            }
            None => {
                let children = merge_in(Vec::new(), &section.children, Some(&line), style);
                let new = Section { children, ..section.clone() };
                if lift(&mut running, &line, &new, style) || overwrite(&mut running, &line, &new, within, style) {
                    there = places(&running);
                } else if let Some(at) = place_by_number(&running, &line, within, style) {
                    running.insert(at, new);
                    there = places(&running);
                } else {
                    there.insert(line, running.len());
                    running.push(new);
                }
            }
        }
    }
    running
}

/// Returns a configuration in which a section that changes and is shown several times is one.
fn joined(running: Vec<Section>, added: &[Section], style: &ConfigText) -> Vec<Section> {
    let changed: HashSet<String> =
        added.iter().filter(|section| !section.children.is_empty()).map(|section| said(&section.line, style)).collect();
    let mut places = HashMap::new();
    let mut found: Vec<Section> = Vec::with_capacity(running.len());
    for section in running {
        let line = said(&section.line, style);
        match places.get(&line).filter(|_| changed.contains(&line) && !is_whole(&section.line, style)) {
            Some(at) => {
                let first: &mut Section = &mut found[*at];
                first.children.extend(section.children);
            }
            None => {
                places.insert(line, found.len());
                found.push(section);
            }
        }
    }
    found
}

/// Returns sections of which each names one thing, but for those that are shown just so.
fn apart_unless_shown(added: &[Section], running: &[Section], style: &ConfigText) -> Vec<Section> {
    let is_shown = |section: &Section| {
        let line = said(&section.line, style);
        running.iter().any(|other| said(&other.line, style) == line)
    };
    if style.lists.is_empty() || added.iter().all(is_shown) {
        return added.to_vec();
    }
    added
        .iter()
        .flat_map(|one| if is_shown(one) { vec![one.clone()] } else { apart(std::slice::from_ref(one), style) })
        .collect()
}

/// Puts a line in the place of the one that it overwrites; says whether there is such a line.
fn overwrite(running: &mut Vec<Section>, line: &str, new: &Section, within: Option<&str>, style: &ConfigText) -> bool {
    let Some(place) = style.place(line, within).filter(|_| !grown::changes(line, style)) else { return false };
    let is_old = |section: &Section| place_of(&section.line, within, style).as_ref() == Some(&place);
    let Some(first) = running.iter().position(is_old) else { return false };
    running[first] = new.clone();
    let mut number = 0;
    running.retain(|section| {
        number += 1;
        number <= first + 1 || !is_old(section)
    });
    true
}

/// Puts a line in the place of the one that says that it is not so (`no ip address`); says whether there is such a line.
fn lift(running: &mut [Section], line: &str, new: &Section, style: &ConfigText) -> bool {
    let says_not = |section: &Section| {
        let other = said(&section.line, style);
        let what = other.strip_prefix(style.negate.as_str()).filter(|_| style.style == ConfigStyle::Indent);
        let is_kept = || style.keep.iter().any(|keep| keep.is_match(&section.line));
        what.is_some_and(|what| what == line || (is_kept() && is_inside(line, what)))
    };
    let place = running.iter().position(says_not).filter(|_| !style.negate.is_empty());
    place.map(|place| running[place] = new.clone()).is_some()
}

/// Returns where a line with a number comes to stand among others.
fn place_by_number(running: &[Section], line: &str, within: Option<&str>, style: &ConfigText) -> Option<usize> {
    let number = |line: &str| {
        let bare = without_number(line, within, style)?;
        order::number(line, &bare)
    };
    let own = within.and_then(|_| number(line))?;
    running.iter().position(|other| number(&said(&other.line, style)).is_some_and(|number| number > own))
}

/// Takes out what goes along with a line that changes; says whether anything did.
fn reset(running: &mut Vec<Section>, changed: &Section, within: Option<&str>, style: &ConfigText) -> bool {
    let line = said(&changed.line, style);
    let what = gone(changed, style).unwrap_or(line);
    let before = running.len();
    for reset in style.resets.iter().filter(|reset| within.is_some() && reset.line.is_match(&what)) {
        running.retain(|section| !reset.takes.is_match(&said(&section.line, style)));
    }
    running.len() < before
}
