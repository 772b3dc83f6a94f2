//! Statements of `set` configurations whose order counts: what is new comes last, and is then moved to where it belongs
//! (`insert policy-options policy-statement P term B after term A`).

use super::Section;
use super::compare::is_inside;
use super::spelled::said;
use crate::platform::{ConfigStyle, ConfigText};

/// Things in their order, and the path on which they stand.
type Row = (String, Vec<String>);

/// Returns the lines that move things of the configuration wanted to their places, once all of them are there.
pub(super) fn moves(wanted: &[Section], running: &[Section], text: &ConfigText) -> Vec<Section> {
    if text.ordered.is_empty() || text.style != ConfigStyle::Set {
        return Vec::new();
    }
    let there = rows(running, text);
    let mut lines = Vec::new();
    for (path, wanted) in rows(wanted, text) {
        let there =
            there.iter().find(|(other, _)| *other == path).map(|(_, there)| there.as_slice()).unwrap_or_default();
        let mut now: Vec<&String> = there.iter().filter(|thing| wanted.contains(thing)).collect();
        now.extend(wanted.iter().filter(|thing| !there.contains(thing)));
        let path = path.strip_prefix(text.set.as_str()).unwrap_or(&path);
        for (place, thing) in wanted.iter().enumerate() {
            if now[place] == thing {
                continue;
            }
            let (side, other) = match place.checked_sub(1) {
                Some(before) => ("after", &wanted[before]),
                None => ("before", now[0]),
            };
            lines.push(Section::of(&format!("insert {path} {thing} {side} {other}")));
            let from = now.iter().position(|other| *other == thing).expect("all of them are there");
            let moved = now.remove(from);
            now.insert(place, moved);
        }
    }
    lines
}

pub(super) fn rows(sections: &[Section], text: &ConfigText) -> Vec<Row> {
    let mut found: Vec<Row> = Vec::new();
    for section in sections {
        let line = said(&section.line, text);
        let parts = text.ordered.iter().find_map(|ordered| ordered.line.parts(&line));
        let Some([path, thing]) = parts.as_deref() else { continue };
        let at = found.iter().position(|(known, _)| known == path).unwrap_or_else(|| {
            found.push(((*path).to_owned(), Vec::new()));
            found.len() - 1
        });
        if found[at].1.iter().all(|known| known != thing) {
            found[at].1.push((*thing).to_owned());
        }
    }
    found
}

/// Moves lines of a configuration as a line says that is typed; claims that it says so.
pub(super) fn moved(line: &str, running: &mut Vec<Section>, text: &ConfigText) -> bool {
    let Some(rest) = line.strip_prefix("insert ").filter(|_| text.style == ConfigStyle::Set) else { return false };
    let found = [" before ", " after "].iter().find_map(|side| rest.rsplit_once(side).map(|parts| (*side, parts)));
    let Some((side, (thing, other))) = found else { return false };
    let thing = format!("{}{thing}", text.set);
    // The other is named by as many words as the thing that is moved.
    let words: Vec<&str> = thing.split(' ').collect();
    let path = words[..words.len().saturating_sub(other.split(' ').count())].join(" ");
    let other = format!("{path} {other}");
    let is = |section: &Section, what: &str| is_inside(&said(&section.line, text), what);
    let (block, rest): (Vec<Section>, Vec<Section>) = running.drain(..).partition(|section| is(section, &thing));
    *running = rest;
    let at = running.iter().position(|section| is(section, &other)).map(|first| match side {
        " before " => first,
        // What was added to the other stands further down: it counts where that began.
        _ => {
            let is_next = |section: &Section| is(section, &path) && !is(section, &other);
            let next = running[first..].iter().position(is_next).map(|next| first + next);
            next.unwrap_or_else(|| {
                running.iter().rposition(|section| is(section, &other)).map_or(first, |last| last + 1)
            })
        }
    });
    let at = at.unwrap_or(running.len());
    running.splice(at..at, block);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::{merge, parse, print, remedy};
    use crate::platform;

    #[test]
    fn terms_come_to_stand_where_they_are_wanted() {
        let junos = &platform::find("junos").unwrap().text;
        let terms = |names: &str| -> Vec<Section> {
            let line = |name: char| format!("set policy-options policy-statement P term {name} then accept\n");
            parse(&names.chars().map(line).collect::<String>(), junos)
        };
        let path = "insert policy-options policy-statement P";
        let cases: [(&str, &str, &[&str]); 6] = [
            ("AB", "AB", &[]),
            ("AC", "ABC", &["term B after term A"]),
            ("AB", "XAB", &["term X before term A"]),
            ("ABC", "CAB", &["term C before term A"]),
            ("ABC", "CB", &["term C before term B"]),
            ("", "BA", &[]),
        ];
        for (from, to, inserts) in cases {
            let plan = remedy(&terms(to), &terms(from), junos);
            let moves: Vec<&str> = plan.iter().filter_map(|line| line.line.strip_prefix(path)).map(str::trim).collect();
            assert_eq!(moves, inserts, "{from} to {to}: {plan:#?}");
            let after = merge(terms(from), &plan, junos);
            assert_eq!(print(&after), print(&terms(to)), "{from} to {to}");
            assert_eq!(print(&remedy(&terms(to), &after, junos)), "", "{from} to {to}, once more");
        }
    }
}
