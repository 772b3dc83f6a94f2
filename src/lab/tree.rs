//! The configuration of an IOS-like device: lines under lines, by indentation.

/// A configuration, or what stands under one of its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    line: String,
    under: Tree,
}

/// Lines of which there is one: the new one takes the place of the old. Found by their first words.
const SINGLE: &[&str] = &[
    "hostname",
    "sysname",
    "system host-name",
    "system name",
    "banner motd",
    "banner login",
    "banner exec",
    "description",
    "ip address",
    "mtu",
    "bandwidth",
    "switchport mode",
    "switchport access vlan",
    "ip default-gateway",
    "ip domain-name",
    "ip domain name",
    "bgp router-id",
    "router-id",
    "speed",
    "duplex",
    "name",
    "encapsulation",
];

/// How deep lines stand under lines. Real ones stay under ten; a bound keeps recursion harmless.
const DEEPEST: usize = 32;

fn starts_with_words(line: &str, words: &str) -> bool {
    line.strip_prefix(words).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n']))
}

impl Tree {
    /// Reads a configuration's text. Comments (`!`), `end` and section ends are no lines of their own.
    pub(super) fn parse(text: &str) -> Tree {
        let mut root = Tree::default();
        let mut path: Vec<(usize, String)> = Vec::new();
        for written in text.lines() {
            let line = written.trim();
            let indent = written.len() - written.trim_start().len();
            if line.is_empty() || line.starts_with('!') || line == "end" || line.starts_with("exit") {
                continue;
            }
            while path.last().is_some_and(|(outer, _)| *outer >= indent) || path.len() >= DEEPEST {
                path.pop();
            }
            let parents: Vec<String> = path.iter().map(|(_, line)| line.clone()).collect();
            root.insert(&parents, line);
            path.push((indent, line.to_owned()));
        }
        root
    }

    /// Adds a line under its parents, which are added where they are missing. A line that is there stays where it is.
    pub(super) fn insert(&mut self, parents: &[String], line: &str) {
        let place = self.open(parents);
        if place.entries.iter().any(|entry| entry.line == line) {
            return;
        }
        let single = SINGLE.iter().find(|words| starts_with_words(line, words) && !line.ends_with(" secondary"));
        let old = single.and_then(|words| {
            place.entries.iter_mut().find(|e| starts_with_words(&e.line, words) && !e.line.ends_with(" secondary"))
        });
        match old {
            Some(entry) => entry.line = line.to_owned(),
            None => {
                // The name stands before everything else, as devices write it.
                let at = if starts_with_words(line, "hostname") { 0 } else { place.entries.len() };
                place.entries.insert(at, Entry { line: line.to_owned(), under: Tree::default() });
            }
        }
    }

    fn open(&mut self, parents: &[String]) -> &mut Tree {
        let Some((first, rest)) = parents.split_first() else { return self };
        let at = match self.entries.iter().position(|entry| entry.line == *first) {
            Some(at) => at,
            None => {
                self.entries.push(Entry { line: first.clone(), under: Tree::default() });
                self.entries.len() - 1
            }
        };
        self.entries[at].under.open(rest)
    }

    /// Removes a line (or all that begin with its words) under its parents, with what stands under it.
    pub(super) fn remove(&mut self, parents: &[String], line: &str) {
        let mut place = self;
        for parent in parents {
            let Some(entry) = place.entries.iter_mut().find(|entry| entry.line == *parent) else { return };
            place = &mut entry.under;
        }
        place.entries.retain(|entry| !starts_with_words(&entry.line, line));
    }

    /// Claims that a line that begins with these words stands under its parents.
    pub(super) fn has(&self, parents: &[&str], words: &str) -> bool {
        match parents.split_first() {
            None => self.entries.iter().any(|entry| starts_with_words(&entry.line, words)),
            Some((first, rest)) => {
                self.entries.iter().filter(|entry| entry.line == *first).any(|entry| entry.under.has(rest, words))
            }
        }
    }

    /// Returns what stands under a line.
    pub(super) fn under(&self, line: &str) -> Option<&Tree> {
        self.entries.iter().find(|entry| entry.line == line).map(|entry| &entry.under)
    }

    /// Returns the rest of the first top-level line that begins with these words.
    pub(super) fn value(&self, words: &str) -> Option<&str> {
        self.entries
            .iter()
            .find_map(|entry| entry.line.strip_prefix(words).map(str::trim).filter(|rest| !rest.is_empty()))
    }

    /// Returns the first words of every line at any depth: the vocabulary of this configuration.
    pub(super) fn first_words(&self, into: &mut std::collections::BTreeSet<String>) {
        for entry in &self.entries {
            into.extend(entry.line.split(' ').next().filter(|word| *word != "no").map(str::to_owned));
            entry.under.first_words(into);
        }
    }

    /// Writes it; `after` is what ends a section with lines under it at the top.
    pub(super) fn render(&self, indent: usize, after: &[&str]) -> Vec<String> {
        let mut out = Vec::new();
        for entry in &self.entries {
            entry.render(0, indent, &mut out);
            if !entry.under.entries.is_empty() {
                out.extend(after.iter().map(|line| (*line).to_owned()));
            }
        }
        out
    }
}

impl Entry {
    fn render(&self, depth: usize, indent: usize, out: &mut Vec<String>) {
        out.push(format!("{}{}", " ".repeat(depth * indent), self.line));
        for entry in &self.under.entries {
            entry.render(depth + 1, indent, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "hostname r1\n!\ninterface lo\n description a\n ip address 10.0.0.1/32\n!\nrouter bgp 1\n neighbor x\n  \
                        timers 1 2\n!\nend\n";

    #[test]
    fn text_read_is_text_written() {
        let tree = Tree::parse(TEXT);
        let lines = tree.render(1, &["!"]).join("\n");
        assert_eq!(
            lines,
            "hostname r1\ninterface lo\n description a\n ip address 10.0.0.1/32\n!\nrouter bgp 1\n neighbor x\n  timers 1 2\n!"
        );
        assert_eq!(Tree::parse(&lines), tree);
    }

    #[test]
    fn lines_are_added_replaced_and_removed() {
        let lo = ["interface lo".to_owned()];
        let mut tree = Tree::parse(TEXT);
        tree.insert(&lo, "description b");
        tree.insert(&lo, "shutdown");
        tree.insert(&lo, "shutdown");
        tree.remove(&lo, "ip address");
        tree.remove(&[], "router bgp 1");
        tree.insert(&[], "hostname r2");
        assert_eq!(tree.render(1, &[]), ["hostname r2", "interface lo", " description b", " shutdown"]);
        assert_eq!(tree.value("hostname"), Some("r2"));
        tree.remove(&["none".to_owned()], "x");
        tree.remove(&[], "interface");
        assert_eq!(tree.render(1, &[]), ["hostname r2"]);
    }
}
