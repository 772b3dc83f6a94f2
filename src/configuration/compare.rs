//! Compares lines by what they say and where they stand.

use super::Section;
use super::banner::banner;
use crate::platform::{ConfigStyle, ConfigText};
use std::collections::HashMap;

/// Sections by what their line says. A section that stands there twice is one.
type Index<'a> = HashMap<String, Vec<&'a Section>>;

fn index<'a>(sections: impl IntoIterator<Item = &'a Section>) -> Index<'a> {
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
            Some(_) if section.children.is_empty() => {}
            Some(there) => {
                let inside = index(there.iter().flat_map(|section| &section.children));
                let children = missing_in(&section.children, &inside, style);
                if !children.is_empty() {
                    found.push(Section { line: section.line.clone(), children });
                }
            }
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
        out.push_str(word.trim_matches('"'));
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
            let set = said(&format!("set {what}"));
            !running.keys().any(|other| is_inside(other, &set))
        }
    }
}

/// Claims that a line is `outer` or goes on from it.
pub(super) fn is_inside(line: &str, outer: &str) -> bool {
    line.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}
