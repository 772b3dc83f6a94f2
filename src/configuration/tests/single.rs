//! Lines of which a section has one: another value is sent, the old one is not undone first, and a second run sends nothing.
//! And lines that look like such and stand beside each other.

use super::super::*;
use super::spelled::texts;
use crate::platform::ConfigText;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A section, and two lines of it.
type Case = (String, String, String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// The second line takes the place of the first.
    instead: Vec<Case>,
    /// None takes the place of the other.
    beside: Vec<Case>,
}

/// The cases of each platform of whose lines such are known.
fn all() -> Vec<(&'static str, &'static ConfigText, Cases)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/platforms");
    let read = |name: &str| -> Cases {
        let file = folder.join(name).join("single.yaml");
        let text = std::fs::read_to_string(&file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
        serde_yaml::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", file.display()))
    };
    texts().filter(|(_, text)| !text.single.is_empty()).map(|(name, text)| (name, text, read(name))).collect()
}

/// Returns a configuration in which lines stand in a section.
fn with(section: &str, lines: &[&str], text: &ConfigText) -> Vec<Section> {
    let depth = if section.is_empty() { 0 } else { section.lines().count() };
    let mut written = String::new();
    if depth > 0 {
        written.push_str(section);
        written.push('\n');
    }
    for line in lines {
        // A banner's text is no section's.
        let indent = if line.starts_with("banner") { 0 } else { depth };
        written.push_str(&format!("{}{line}\n", " ".repeat(indent)));
    }
    parse(&written, text)
}

/// Returns the lines of a plan without those that lead into sections and out of them.
fn changed(plan: &[Section]) -> Vec<String> {
    let of = |section: &Section| match section.children.is_empty() {
        true => vec![section.line.clone()],
        false => changed(&section.children),
    };
    plan.iter().flat_map(of).collect()
}

#[test]
fn another_value_is_sent_without_undoing_the_old_one() {
    for (name, text, cases) in all() {
        let mut seen = BTreeSet::new();
        for (section, from, to) in &cases.instead {
            let (running, wanted) = (with(section, &[from], text), with(section, &[to], text));
            let plan = remedy(&wanted, &running, text);
            assert_eq!(changed(&plan), [to.trim()], "{name}: {section}: {from} to {to}");
            for plan in [plan, missing(&wanted, &running, text)] {
                let after = merge(running.clone(), &plan, text);
                assert_eq!(print(&after), print(&wanted), "{name}: {from} to {to}");
                assert_eq!(print(&remedy(&wanted, &after, text)), "", "{name}: a second run after {to}");
            }
            let within = section.lines().last().map(|line| spelled::said(line, text));
            let place = text.place(&spelled::said(from, text), within.as_deref());
            seen.extend(place.and_then(|place| place.split(' ').next()?.parse::<usize>().ok()));
        }
        let unseen: Vec<_> =
            (0..text.single.len()).filter(|at| !seen.contains(at)).map(|at| &text.single[at]).collect();
        assert!(unseen.is_empty(), "{name}: no case in tests/platforms/{name}/single.yaml: {unseen:#?}");
    }
}

#[test]
fn lines_that_stand_beside_each_other_go_and_come_by_themselves() {
    for (name, text, cases) in all() {
        for (section, one, other) in &cases.beside {
            let both = with(section, &[one, other], text);
            for kept in [one, other] {
                let wanted = with(section, &[kept], text);
                let after = merge(both.clone(), &remedy(&wanted, &both, text), text);
                assert_eq!(print(&after), print(&wanted), "{name}: {kept} of {one} and {other}");
                let after = merge(wanted.clone(), &remedy(&both, &wanted, text), text);
                let lacks = missing(&both, &after, text);
                assert_eq!(print(&lacks), "", "{name}: {one} and {other}, after {kept}");
            }
        }
    }
}

#[test]
fn what_an_undoing_takes_along_is_sent_again() {
    let ios = &crate::platform::find("ios").unwrap().text;
    let cases: [(&str, &str, &[&str]); 4] = [
        // It goes before what begins as it does.
        (
            "snmp-server enable traps",
            "snmp-server enable traps bgp",
            &["no snmp-server enable traps", "snmp-server enable traps bgp"],
        ),
        (
            "ip name-server 10.0.0.1 10.0.0.2",
            "ip name-server 10.0.0.1",
            &["no ip name-server 10.0.0.1 10.0.0.2", "ip name-server 10.0.0.1"],
        ),
        (
            "snmp-server enable traps\nsnmp-server enable traps bgp",
            "snmp-server enable traps bgp",
            &["no snmp-server enable traps", "snmp-server enable traps bgp"],
        ),
        // What has nothing to do with it goes last.
        (
            "ip access-list standard A\n permit any",
            "ip access-list standard B\n permit any",
            &["permit any", "no ip access-list standard A"],
        ),
    ];
    for (running, wanted, lines) in cases {
        let (running, wanted) = (parse(running, ios), parse(wanted, ios));
        let plan = remedy(&wanted, &running, ios);
        assert_eq!(changed(&plan), lines, "{plan:#?}");
        assert_eq!(print(&merge(running, &plan, ios)), print(&wanted));
    }
}
