//! The text of a configuration: lines in sections, compared by what they say and where.

use super::ConfigStyle;
use crate::platform::ConfigText;
use std::collections::HashMap;

/// A line with the lines that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// The line, without blanks around it; of a banner all its lines.
    pub(super) line: String,
    /// What stands in it.
    pub(super) children: Vec<Section>,
}

impl Section {
    fn of(line: &str) -> Section {
        Section { line: line.trim().to_owned(), children: Vec::new() }
    }
}

/// Reads a configuration. Comments, ends of sections and lines that mean nothing are left out.
pub(super) fn parse(text: &str, style: &ConfigText) -> Vec<Section> {
    let mut root: Vec<Section> = Vec::new();
    // Where each open section is indented, outermost first.
    let mut open: Vec<usize> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if is_nothing(line, style) {
            continue;
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        let line = match banner_end(line.trim()) {
            Some(end) => with_banner(line.trim(), end, &mut lines),
            None => line.trim().to_owned(),
        };
        if style.style == ConfigStyle::Set {
            root.push(Section { line, children: Vec::new() });
            continue;
        }
        while open.last().is_some_and(|outer| indent <= *outer) {
            open.pop();
        }
        let mut place = &mut root;
        for _ in 0..open.len() {
            place = &mut place.last_mut().expect("an open section has a line").children;
        }
        place.push(Section { line, children: Vec::new() });
        open.push(indent);
    }
    root
}

/// Makes sections of lines under their parents; what the lines are indented by counts below the parents.
pub(super) fn parse_lines(parents: &[String], lines: &[String], style: &ConfigText) -> Vec<Section> {
    let mut sections = parse(&lines.join("\n"), style);
    for parent in parents.iter().rev() {
        sections = vec![Section { children: sections, ..Section::of(parent) }];
    }
    sections
}

fn is_nothing(line: &str, style: &ConfigText) -> bool {
    let trimmed = line.trim();
    trimmed.is_empty()
        || style.comments.iter().any(|comment| trimmed.starts_with(comment.as_str()))
        || style.section_end.iter().any(|end| trimmed == end)
        || style.volatile.iter().any(|volatile| volatile.is_match(line))
}

/// Returns what ends a banner that begins on this line and does not end on it: IOS takes any character (`^C` is shown
/// for one that cannot be printed), EOS a line `EOF`.
fn banner_end(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("banner ")?.trim_start();
    let Some((_, rest)) = rest.split_once(' ') else { return Some("EOF") };
    let rest = rest.trim_start();
    let first = rest.chars().next()?;
    let end = if rest.starts_with("^C") { "^C" } else { &rest[..first.len_utf8()] };
    // A word that is no delimiter: `banner motd file:x`.
    let is_delimiter = !first.is_alphanumeric();
    (is_delimiter && !rest[end.len()..].contains(end)).then_some(end)
}

/// What a banner says and how it is written.
struct Banner<'a> {
    kind: &'a str,
    delimiter: &'a str,
    body: &'a str,
}

/// Reads a banner; `None` for any other line.
fn banner(line: &str) -> Option<Banner<'_>> {
    let rest = line.strip_prefix("banner ")?.trim_start();
    let (kind, rest) = rest.split_at(rest.find(char::is_whitespace)?);
    if rest.starts_with('\n') {
        let body = rest.trim_end().strip_suffix("EOF").unwrap_or(rest);
        return Some(Banner { kind, delimiter: "EOF", body });
    }
    let rest = rest.trim_start();
    let first = rest.chars().next().filter(|first| !first.is_alphanumeric())?;
    let delimiter = if rest.starts_with("^C") { "^C" } else { &rest[..first.len_utf8()] };
    let body = &rest[delimiter.len()..];
    Some(Banner { kind, delimiter, body: body.split(delimiter).next().unwrap_or(body) })
}

/// Returns a line as it is typed. A banner whose delimiter is shown as `^C` (it cannot be printed) gets another one:
/// typed, `^C` would be `^` and a letter of the text.
fn typed(line: &str) -> String {
    match banner(line).filter(|banner| banner.delimiter == "^C") {
        None => line.to_owned(),
        Some(Banner { kind, body, .. }) => {
            let delimiter =
                ['@', '~', '%', '&', '+', '=', '|'].into_iter().find(|c| !body.contains(*c)).unwrap_or('\x03');
            format!("banner {kind} {delimiter}{body}{delimiter}")
        }
    }
}

fn with_banner<'a>(first: &str, end: &str, lines: &mut impl Iterator<Item = &'a str>) -> String {
    let mut banner = first.to_owned();
    for line in lines {
        banner.push('\n');
        banner.push_str(line.trim_end());
        if line.contains(end) {
            break;
        }
    }
    banner
}

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
pub(super) fn missing(wanted: &[Section], running: &[Section], style: &ConfigText) -> Vec<Section> {
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
fn said(line: &str) -> String {
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

/// Returns the lines to send, in order, each section entered by its own line.
///
/// A line outside stands after as many `exit` as lead to where it belongs: a section would take it for one of its own
/// where both know it. The line of another outermost section needs none.
pub(super) fn to_send(sections: &[Section], style: ConfigStyle) -> Vec<String> {
    let mut lines = Vec::new();
    let mut depth = 0;
    for section in sections {
        if depth > 0 && section.children.is_empty() && style == ConfigStyle::Indent {
            lines.extend(std::iter::repeat_n("exit".to_owned(), depth));
            depth = 0;
        }
        lines.push(typed(&section.line));
        if !section.children.is_empty() {
            depth = 1 + send_children(&section.children, &mut lines);
        }
    }
    lines
}

/// Adds the lines of a section; returns how many sections below it are open at the end.
fn send_children(children: &[Section], lines: &mut Vec<String>) -> usize {
    let mut depth = 0;
    for child in children {
        lines.extend(std::iter::repeat_n("exit".to_owned(), depth));
        lines.push(child.line.clone());
        depth = if child.children.is_empty() { 0 } else { 1 + send_children(&child.children, lines) };
    }
    depth
}

/// Claims that a line is `outer` or goes on from it.
fn is_inside(line: &str, outer: &str) -> bool {
    line.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// Returns `running` as it will be with the lines in, as far as text can tell: `no x` takes `x` out.
pub(super) fn merge(mut running: Vec<Section>, added: &[Section], style: &ConfigText) -> Vec<Section> {
    let places = |running: &[Section]| -> HashMap<String, usize> {
        running.iter().enumerate().rev().map(|(place, section)| (said(&section.line), place)).collect()
    };
    let mut there = places(&running);
    for section in added {
        let negated = section.line.strip_prefix(style.negate.as_str()).filter(|_| !style.negate.is_empty());
        if let Some(what) = negated {
            let what = said(&if style.style == ConfigStyle::Set { format!("set {what}") } else { what.to_owned() });
            let before = running.len();
            running.retain(|other| !is_inside(&said(&other.line), &what));
            if running.len() < before {
                there = places(&running);
            }
            if running.len() < before || style.style == ConfigStyle::Set {
                continue;
            }
        }
        match there.get(&said(&section.line)) {
            Some(place) => {
                let children = std::mem::take(&mut running[*place].children);
                running[*place].children = merge(children, &section.children, style);
            }
            None => {
                there.insert(said(&section.line), running.len());
                running.push(Section { children: merge(Vec::new(), &section.children, style), ..section.clone() });
            }
        }
    }
    running
}

/// Returns sections as text, a blank deeper each.
pub(super) fn print(sections: &[Section]) -> String {
    fn write(sections: &[Section], depth: usize, out: &mut String) {
        for section in sections {
            out.extend(std::iter::repeat_n(' ', depth));
            out.push_str(&section.line);
            out.push('\n');
            write(&section.children, depth + 1, out);
        }
    }
    let mut out = String::new();
    write(sections, 0, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform;
    use proptest::prelude::*;

    fn ios() -> &'static ConfigText {
        &platform::find("ios").unwrap().text
    }

    /// Returns the lines to send for `wanted` on `running`.
    fn sent(wanted: &str, running: &str, style: &ConfigText) -> Vec<String> {
        to_send(&missing(&parse(wanted, style), &parse(running, style), style), style.style)
    }

    const RUNNING: &str = "Building configuration...\n\nCurrent configuration : 1000 bytes\n!\nhostname r1\n!\n\
        interface Gi0/1\n description x\n ip address 10.0.0.1 255.255.255.0\n!\ninterface Gi0/2\n shutdown\n!\n\
        router bgp 1\n bgp log-neighbor-changes\n !\n address-family ipv4\n  neighbor 10.0.0.2 activate\n \
        exit-address-family\n!\nend\n";

    #[test]
    fn only_what_is_missing_is_sent() {
        let cases: [(&str, &[&str]); 10] = [
            ("hostname r1", &[]),
            ("hostname r2", &["hostname r2"]),
            ("interface Gi0/1\n description x\n", &[]),
            ("interface Gi0/1\n  description   x\n!\nend\n", &[]),
            ("interface Gi0/1\n description y\n mtu 9000", &["interface Gi0/1", "description y", "mtu 9000"]),
            ("interface Gi0/3\n description x", &["interface Gi0/3", "description x"]),
            // The same line under another parent is another line.
            ("interface Gi0/2\n description x", &["interface Gi0/2", "description x"]),
            // `no shutdown` is never shown: nothing to do where it is not shut down.
            ("interface Gi0/1\n no shutdown\ninterface Gi0/2\n no shutdown", &["interface Gi0/2", "no shutdown"]),
            ("no ip domain lookup", &["no ip domain lookup"]),
            ("description x", &["description x"]),
        ];
        for (wanted, lines) in cases {
            assert_eq!(sent(wanted, RUNNING, ios()), lines, "{wanted:?}");
        }
    }

    #[test]
    fn sections_are_left_where_a_line_belongs_outside() {
        let wanted = "interface Gi0/1\n mtu 9000\ninterface Gi0/2\n mtu 9000\nip routing\nrouter bgp 1\n \
                      address-family ipv4\n  network 10.0.0.0\n address-family ipv6\n  network 2001::\n timers bgp 1 3\n\
                      hostname r2\n";
        let lines = [
            "interface Gi0/1",
            "mtu 9000",
            "interface Gi0/2",
            "mtu 9000",
            "exit",
            "ip routing",
            "router bgp 1",
            "address-family ipv4",
            "network 10.0.0.0",
            "exit",
            "address-family ipv6",
            "network 2001::",
            "exit",
            "timers bgp 1 3",
            "exit",
            "hostname r2",
        ];
        assert_eq!(sent(wanted, RUNNING, ios()), lines);
    }

    #[test]
    fn banners_are_one_line_with_all_their_text() {
        let running = "banner motd ^C\n# keep out\n end\n^C\nhostname r1\n";
        assert_eq!(sent(running, running, ios()), [""; 0]);
        let wanted = "banner motd @\nwelcome\n!\n@\nhostname r1\n";
        assert_eq!(sent(wanted, running, ios()), ["banner motd @\nwelcome\n!\n@"]);
        assert_eq!(sent("banner motd @\n# keep out\n end\n@", running, ios()), [""; 0], "another delimiter");
        assert_eq!(sent(running, "", ios()), ["banner motd @\n# keep out\n end\n@", "hostname r1"], "it can be typed");
        assert_eq!(sent("banner motd @one line@", running, ios()), ["banner motd @one line@"]);
        let eos = &platform::find("eos").unwrap().text;
        assert_eq!(sent("banner login\nhi\nEOF\nhostname x", "hostname x", eos), ["banner login\nhi\nEOF"]);
    }

    #[test]
    fn set_lines_are_whole_commands() {
        let junos = &platform::find("junos").unwrap().text;
        let running = "## Last changed: now\nset version 20.4\nset system host-name mx1\n\
                       set interfaces ge-0/0/0 description \"core\"\n";
        let cases: [(&str, &[&str]); 5] = [
            ("set system host-name mx1", &[]),
            ("set interfaces ge-0/0/0 description core", &[]),
            ("delete interfaces ge-0/0/0", &["delete interfaces ge-0/0/0"]),
            ("delete interfaces ge-0/0/1", &[]),
            ("set a\n  set b", &["set a", "set b"]),
        ];
        for (wanted, lines) in cases {
            assert_eq!(sent(wanted, running, junos), lines, "{wanted:?}");
        }
    }

    /// Sections as nested as devices nest them.
    fn sections() -> impl Strategy<Value = Vec<Section>> {
        let leaf = "[a-d]{1,2}".prop_map(|line| Section::of(&line));
        let nested = leaf.prop_recursive(3, 24, 4, |inner| {
            ("[e-h]{1,2}", proptest::collection::vec(inner, 0..4))
                .prop_map(|(line, children)| Section { line, children })
        });
        proptest::collection::vec(nested, 0..6)
    }

    proptest! {
        #[test]
        fn what_was_merged_is_not_missing_any_more(wanted in sections(), running in sections()) {
            let after = merge(running.clone(), &missing(&wanted, &running, ios()), ios());
            prop_assert_eq!(missing(&wanted, &after, ios()), vec![]);
            prop_assert_eq!(missing(&wanted, &parse(&print(&after), ios()), ios()), vec![], "printing keeps it");
        }

        #[test]
        fn any_text_is_read(text in "(banner [a-z ^@]{0,6}|[ a-z!@^\"]{0,8}|\n){0,40}") {
            let sections = parse(&text, ios());
            prop_assert_eq!(missing(&sections, &sections, ios()).len(), 0);
        }
    }
}
