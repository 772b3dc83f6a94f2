//! A device as far as its configuration goes: what its text is after lines were typed.

use crate::configuration::{Section, parse, print};
use crate::platform::{ConfigStyle, ConfigText, Platform};

/// Returns the text after these lines.
pub(super) fn after(text: &str, lines: &[String], platform: &Platform) -> String {
    let style = &platform.text;
    let mut running = parse(text, style);
    match style.style {
        ConfigStyle::Set => {
            for line in lines {
                typed(&mut running, line, style);
            }
        }
        ConfigStyle::Indent => indented(&mut running, lines, style),
    }
    match style.style {
        ConfigStyle::Set => running.iter().map(|section| section.line.clone() + "\n").collect(),
        ConfigStyle::Indent => print(&running),
    }
}

/// Types lines of a CLI with sections: a line that is a section's leads into it.
fn indented(running: &mut Vec<Section>, lines: &[String], style: &ConfigText) {
    let mut path: Vec<String> = Vec::new();
    for line in lines {
        if line == "exit" {
            path.pop();
            continue;
        }
        if is_outermost(line) {
            path.clear();
        }
        let mut place = &mut *running;
        for header in &path {
            let at = place.iter().position(|section| section.line == *header).unwrap();
            place = &mut place[at].children;
        }
        typed(place, line, style);
        if leads(line) {
            path.push(line.clone());
        }
    }
}

const SECTIONS: &[&str] = &[
    "interface ",
    "vlan ",
    "router ",
    "ip access-list ",
    "ipv6 access-list ",
    "vrf ",
    "line ",
    "route-map ",
    "address-family ",
    "object-group ",
    "class-map ",
    "policy-map ",
    "vpc domain ",
];

fn leads(line: &str) -> bool {
    // On EOS a prefix list is a section, elsewhere each of its lines is whole.
    let is_list = line.contains("prefix-list ") && line.split(' ').count() == 3;
    (is_list || SECTIONS.iter().any(|start| line.starts_with(start)))
        && !line.starts_with("vrf forwarding")
        && !line.starts_with("vrf member")
        && !line.starts_with("vrf context default")
}

pub(super) fn is_outermost(line: &str) -> bool {
    let line = line.strip_prefix("no ").unwrap_or(line);
    leads(line) && !line.starts_with("address-family ") && !line.starts_with("vlan configuration x")
}

fn typed(place: &mut Vec<Section>, line: &str, style: &ConfigText) {
    let is_set = style.style == ConfigStyle::Set;
    if let Some(what) = line.strip_prefix(style.negate.as_str()) {
        let what = if is_set { format!("set {what}") } else { what.to_owned() };
        let before = place.len();
        place.retain(|section| !inside(&section.line, &what));
        // What is a default is shown when it is undone.
        if place.len() == before && !is_set && is_shown_negated(&what) {
            place.push(Section { line: line.to_owned(), children: Vec::new() });
        }
        return;
    }
    if DEFAULTS.contains(&line) {
        let (word, _) = line.rsplit_once(' ').unwrap();
        place.retain(|section| !inside(&section.line, word));
        return;
    }
    let negated = format!("{}{line}", style.negate);
    place.retain(|section| section.line != negated);
    if is_shown_negated(line) {
        return;
    }
    let single = style.single.iter().find_map(|single| single.find(line)).map(str::to_owned);
    let there = place.iter().position(|section| {
        section.line == line || single.as_ref().is_some_and(|single| section.line.starts_with(single.as_str()))
    });
    let section = Section { line: line.to_owned(), children: Vec::new() };
    match there {
        Some(at) if place[at].line == line => {}
        Some(at) => place[at] = section,
        None => place.push(section),
    }
}

/// Lines that a device never shows: what they say holds without them.
const DEFAULTS: &[&str] = &["speed auto", "state active"];

/// Lines that a device shows with `no` and never without.
const SHOWN_NEGATED: &[&str] = &[
    "switchport",
    "autostate",
    "ip redirects",
    "ip domain lookup",
    "ip domain-lookup",
    "lldp transmit",
    "lldp receive",
];

fn is_shown_negated(line: &str) -> bool {
    SHOWN_NEGATED.contains(&line) || line.starts_with("lldp tlv")
}

fn inside(line: &str, what: &str) -> bool {
    let (line, what) = (line.replace(['"', '\''], ""), what.replace(['"', '\''], ""));
    line.strip_prefix(&what).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n']))
}
