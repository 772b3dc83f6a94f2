//! Says what a configuration will be.

use super::Section;
use super::compare::{is_inside, is_whole, place_of};
use super::grown;
use super::members::apart;
use super::spelled::said;
use crate::platform::{ConfigStyle, ConfigText};
use std::collections::HashMap;

/// Returns `running` as it will be with the lines in, as far as text can tell: `no x` takes `x` out, and a line of which a
/// section has one takes the place of the old one.
pub fn merge(running: Vec<Section>, added: &[Section], style: &ConfigText) -> Vec<Section> {
    merge_in(running, added, None, style)
}

fn merge_in(mut running: Vec<Section>, added: &[Section], within: Option<&str>, style: &ConfigText) -> Vec<Section> {
    let added = &apart(added, style);
    let places = |running: &[Section]| -> HashMap<String, usize> {
        running.iter().enumerate().rev().map(|(place, section)| (said(&section.line, style), place)).collect()
    };
    let mut there = places(&running);
    for section in added {
        let negated = section.line.strip_prefix(style.negate.as_str()).filter(|_| !style.negate.is_empty());
        if let Some(what) = negated {
            let what = if style.style == ConfigStyle::Set { format!("{}{what}", style.set) } else { what.to_owned() };
            let what = said(&what, style);
            let before = running.len();
            running.retain(|other| !is_inside(&said(&other.line, style), &what));
            if running.len() < before {
                there = places(&running);
            }
            if running.len() < before || style.style == ConfigStyle::Set {
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
                if overwrite(&mut running, &line, &new, within, style) {
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
