//! What is deleted of a configuration of whole commands: the shortest path on which nothing stands that is wanted.
//!
//! `delete protocols bgp group X neighbor 10.0.0.1 description y` would leave the neighbour there, with nothing said of it.

use super::Section;
use super::spelled::said;
use super::undo::beginnings;
use crate::platform::ConfigText;
use std::collections::HashSet;

/// The paths on which something stands that stays.
pub(super) struct Wanted<'a> {
    paths: HashSet<String>,
    text: &'a ConfigText,
}

impl<'a> Wanted<'a> {
    /// Makes the paths of lines that stay.
    pub(super) fn of<'s>(stays: impl Iterator<Item = &'s Section>, text: &'a ConfigText) -> Wanted<'a> {
        let mut paths = HashSet::new();
        for section in stays {
            paths.extend(beginnings(&said(&section.line, text)).map(str::to_owned));
        }
        Wanted { paths, text }
    }

    /// Returns how much of a line is to be deleted.
    pub(super) fn to_delete(&self, line: &str) -> String {
        let ends = ends_of_words(line);
        let is_free = |end: &usize| !self.paths.contains(&said(&line[..*end], self.text));
        // The first word only says that something is set; other commands (`deactivate …`) are undone as they are.
        if !line.starts_with(self.text.set.as_str()) {
            return line.to_owned();
        }
        let Some(place) = ends.iter().skip(1).position(is_free).map(|place| place + 1) else { return line.to_owned() };
        line[..ends[self.named(line, &ends, place)]].to_owned()
    }

    /// Returns up to which word a path must go that is to end with the word at `place`: a key needs its name.
    fn named(&self, line: &str, ends: &[usize], place: usize) -> usize {
        if self.text.keys.is_empty() {
            return place;
        }
        let words: Vec<&str> = std::iter::once(0)
            .chain(ends.iter().copied())
            .zip(ends)
            .map(|(start, end)| line[start..*end].trim_start())
            .collect();
        let mut last = place;
        for (at, word) in words.iter().enumerate().take(place + 1) {
            let key = self.text.keys.iter().find(|key| key.split(' ').next() == Some(word));
            let end = key.map_or(0, |key| at + key.split(' ').count() - 1);
            last = last.max(end);
        }
        let is_name = |word: &&str| !word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        if last == place && words.get(place + 1).is_some_and(is_name) {
            last += 1;
        }
        last.min(words.len() - 1)
    }
}

/// Returns where the words of a line end; what stands in quotes is one.
fn ends_of_words(line: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    let (mut quote, mut before) = (None, ' ');
    for (at, c) in line.char_indices() {
        match quote {
            Some(open) if c == open && before != '\\' => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c.is_whitespace() && !before.is_whitespace() => ends.push(at),
            None => {}
        }
        before = c;
    }
    ends.push(line.trim_end().len());
    ends.dedup();
    ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform;

    #[test]
    fn what_is_deleted_leaves_nothing_empty_and_names_what_it_deletes() {
        let cases = [
            ("junos", "system host-name a", "protocols bgp group X neighbor 10.0.0.1 description y", "protocols"),
            (
                "junos",
                "protocols bgp group Y type internal",
                "protocols bgp group X type internal",
                "protocols bgp group X",
            ),
            (
                "junos",
                "protocols bgp group X neighbor 10.0.0.2",
                "protocols bgp group X neighbor 10.0.0.1 description \"a b\"",
                "protocols bgp group X neighbor 10.0.0.1",
            ),
            ("junos", "system services netconf ssh", "system services ssh root-login deny", "system services ssh"),
            ("junos", "system login user ann class x", "system login user bob uid 5", "system login user bob"),
            (
                "junos",
                "interfaces ge-0/0/0 unit 0 family inet",
                "interfaces ge-0/0/0 description \"a b\"",
                "interfaces ge-0/0/0 description \"a b\"",
            ),
            (
                "junos",
                "security policies from-zone A to-zone C policy p match any",
                "security policies from-zone A to-zone B policy p match any",
                "security policies from-zone A to-zone B",
            ),
            ("vyos", "firewall name A rule 10 action accept", "firewall name B rule 20 action drop", "firewall name B"),
            ("vyos", "system host-name r1", "firewall name B rule 20 action drop", "firewall"),
            (
                "vyos",
                "interfaces ethernet eth0 mtu 9000",
                "interfaces ethernet eth1 description 'a b'",
                "interfaces ethernet eth1",
            ),
        ];
        for (platform, stays, goes, deleted) in cases {
            let text = &platform::find(platform).unwrap().text;
            let stays = [Section::of(&format!("set {stays}"))];
            let found = Wanted::of(stays.iter(), text).to_delete(&format!("set {goes}"));
            assert_eq!(found, format!("set {deleted}"), "{platform}: {goes}");
        }
    }
}
