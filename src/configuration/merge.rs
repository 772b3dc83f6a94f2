//! Says what a configuration will be.

use super::Section;
use super::compare::{is_inside, is_whole};
use super::members::apart;
use super::spelled::said;
use crate::platform::{ConfigStyle, ConfigText};
use std::collections::HashMap;

/// Returns `running` as it will be with the lines in, as far as text can tell: `no x` takes `x` out.
pub fn merge(mut running: Vec<Section>, added: &[Section], style: &ConfigText) -> Vec<Section> {
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
        match there.get(&said(&section.line, style)) {
            Some(place) if is_whole(&section.line, style) => {
                running[*place].children = section.children.clone();
            }
            Some(place) => {
                let children = std::mem::take(&mut running[*place].children);
                running[*place].children = merge(children, &section.children, style);
            }
            None => {
                there.insert(said(&section.line, style), running.len());
                running.push(Section { children: merge(Vec::new(), &section.children, style), ..section.clone() });
            }
        }
    }
    running
}
