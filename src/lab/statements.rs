//! Junos configurations: read and written in braces and as `set` commands, compared.
//!
//! A configuration is kept as the words of `set` commands. Statements, containers and values are told apart by a short
//! list of containers, which is enough for what labs write; a real Junos has a schema.

use std::sync::Weak;

/// How many former configurations `rollback` knows.
const KEPT: usize = 50;

/// The statements at the top.
pub(super) const TOP: &[&str] = &[
    "access",
    "applications",
    "apply-groups",
    "chassis",
    "class-of-service",
    "event-options",
    "firewall",
    "forwarding-options",
    "groups",
    "interfaces",
    "policy-options",
    "protocols",
    "routing-instances",
    "routing-options",
    "security",
    "snmp",
    "switch-options",
    "system",
    "version",
    "vlans",
];

/// Words that stand before others in braces and take no name.
pub(super) const CONTAINERS: &[&str] = &[
    "authentication",
    "bgp",
    "family",
    "from",
    "inet",
    "inet6",
    "isis",
    "iso",
    "lldp",
    "login",
    "mpls",
    "netconf",
    "ntp",
    "ospf",
    "services",
    "ssh",
    "static",
    "syslog",
    "then",
];

/// Words that stand before others in braces together with a name.
pub(super) const NAMED: &[&str] = &[
    "area",
    "class",
    "family",
    "file",
    "filter",
    "group",
    "host",
    "instance",
    "interface",
    "neighbor",
    "policy-statement",
    "prefix-list",
    "term",
    "unit",
    "user",
    "vlan",
];

pub(super) type Statement = Vec<String>;

/// The configurations of a device.
#[derive(Default)]
pub(super) struct Config {
    pub(super) active: Vec<Statement>,
    pub(super) candidate: Vec<Statement>,
    pub(super) former: Vec<Vec<Statement>>,
    /// Held by the session that configures exclusively, for as long as it lives.
    pub(super) lock: Weak<()>,
}

impl Config {
    /// Reads a configuration in braces or as `set` commands.
    pub(super) fn read(text: &str, name: &str) -> Config {
        let is_set = text.lines().any(|line| line.trim_start().starts_with("set "));
        let mut active = if is_set { read_set(text) } else { read_braces(text) };
        if value(&active, &["system", "host-name"]).is_none() {
            active.insert(0, ["system", "host-name", name].map(String::from).into());
        }
        Config { candidate: active.clone(), active, ..Config::default() }
    }

    /// Makes the candidate the active configuration.
    pub(super) fn commit(&mut self) {
        if self.active != self.candidate {
            self.former.insert(0, std::mem::replace(&mut self.active, self.candidate.clone()));
            self.former.truncate(KEPT);
        }
    }
}

pub(super) fn value<'a>(statements: &'a [Statement], path: &[&str]) -> Option<&'a str> {
    let found =
        statements.iter().find(|words| words.len() > path.len() && words.iter().zip(path).all(|(a, b)| a == b))?;
    found.get(path.len()).map(String::as_str)
}

/// Splits into words; what stands in quotes stays together, quotes included.
pub(super) fn words(text: &str) -> Statement {
    let mut out: Statement = Vec::new();
    let (mut word, mut quoted) = (String::new(), false);
    for c in text.chars() {
        if c == '"' {
            quoted = !quoted;
        }
        if c.is_whitespace() && !quoted {
            if !word.is_empty() {
                out.push(std::mem::take(&mut word));
            }
        } else {
            word.push(c);
        }
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

fn read_set(text: &str) -> Vec<Statement> {
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("set "));
    let mut out = Vec::new();
    lines.for_each(|line| set(&mut out, words(line)));
    out
}

/// Reads statements in braces.
pub(super) fn read_braces(text: &str) -> Vec<Statement> {
    let mut out = Vec::new();
    let mut path: Vec<Statement> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') || line.starts_with("/*") {
            continue;
        }
        if let Some(head) = line.strip_suffix('{') {
            path.push(words(head));
        } else if line == "}" {
            path.pop();
        } else {
            let line = line.split(" ## ").next().unwrap_or_default().trim_end_matches(';');
            let mut all: Statement = path.concat();
            match line.split_once(" [") {
                None => {
                    all.extend(words(line));
                    set(&mut out, all);
                }
                Some((front, list)) => {
                    all.extend(words(front));
                    for item in words(list.trim_end_matches(']')) {
                        set(&mut out, [all.clone(), vec![item]].concat());
                    }
                }
            }
        }
    }
    out
}

/// Adds a statement; one that has a single value takes the place of the old.
pub(super) fn set(statements: &mut Vec<Statement>, new: Statement) {
    const SINGLE: &[&str] =
        &["host-name", "description", "domain-name", "mtu", "router-id", "peer-as", "local-address", "speed"];
    let single = new.len() >= 2 && new.get(new.len() - 2).is_some_and(|word| SINGLE.contains(&word.as_str()));
    if single {
        let stem = &new[..new.len() - 1];
        if let Some(old) = statements.iter_mut().find(|old| old.len() == new.len() && old.starts_with(stem)) {
            *old = new;
            return;
        }
    }
    if !statements.contains(&new) {
        statements.push(new);
    }
}

/// Moves a statement and what stands in it: `policy-options policy-statement P term B after term A`. Claims that both are there.
pub(super) fn insert(statements: &mut Vec<Statement>, words: &[String]) -> bool {
    let Some(side) = words.iter().rposition(|word| word == "before" || word == "after") else { return false };
    let (moved, other) = (&words[..side], &words[side + 1..]);
    let around = &moved[..moved.len().saturating_sub(other.len())];
    let other = [around, other].concat();
    let is_there = |path: &[String]| statements.iter().any(|statement| statement.starts_with(path));
    if moved == other || !is_there(moved) || !is_there(&other) {
        return false;
    }
    let (block, rest): (Vec<_>, Vec<_>) = statements.drain(..).partition(|statement| statement.starts_with(moved));
    *statements = rest;
    let at = match words[side].as_str() {
        "before" => statements.iter().position(|statement| statement.starts_with(&other)),
        _ => statements.iter().rposition(|statement| statement.starts_with(&other)).map(|at| at + 1),
    };
    let at = at.unwrap_or(statements.len());
    statements.splice(at..at, block);
    true
}

/// Writes statements with braces.
pub(super) fn braces(statements: &[Statement], depth: usize, out: &mut Vec<String>) {
    let pad = " ".repeat(depth * 4);
    let mut done: Vec<&[String]> = Vec::new();
    for statement in statements.iter().filter(|s| !s.is_empty()) {
        let width = head(statement, depth);
        let (key, rest) = statement.split_at(width);
        if rest.is_empty() {
            out.push(format!("{pad}{};", key.join(" ")));
            continue;
        }
        if done.contains(&key) {
            continue;
        }
        done.push(key);
        let under: Vec<Statement> =
            statements.iter().filter(|s| s.starts_with(key) && s.len() > width).map(|s| s[width..].to_vec()).collect();
        out.push(format!("{pad}{} {{", key.join(" ")));
        braces(&under, depth + 1, out);
        out.push(format!("{pad}}}"));
    }
}

/// Returns how many words stand before the brace (all of them for a statement that ends in `;`).
fn head(statement: &[String], depth: usize) -> usize {
    let Some(first) = statement.first() else { return 0 };
    let named = NAMED.contains(&first.as_str()) && statement.len() > 2;
    let container = depth == 0 || CONTAINERS.contains(&first.as_str());
    match statement.len() {
        1 => 1,
        _ if named => 2,
        _ if container => 1,
        2 => 2,
        // A name that something stands under: `ge-0/0/0`, `route 10.0.0.0/8`.
        _ if first.contains(['/', '.', ':']) || first.ends_with(|c: char| c.is_ascii_digit()) => 1,
        3 if first == "route" || first == "address" || first == "server" => 2,
        _ => statement.len(),
    }
}

/// Returns what differs, as `show | compare` shows it.
pub(super) fn compare(before: &[Statement], after: &[Statement]) -> String {
    let mut out: Vec<String> = Vec::new();
    let gone = before.iter().filter(|s| !after.contains(s)).map(|s| ('-', s));
    let new = after.iter().filter(|s| !before.contains(s)).map(|s| ('+', s));
    let mut all: Vec<(char, &Statement)> = gone.chain(new).collect();
    let split = |statement: &Statement| statement.len().saturating_sub(2).max(1).min(statement.len());
    // What stands at the same place stands together, what goes before what comes.
    all.sort_by_key(|(_, statement)| statement[..split(statement)].to_vec());
    let mut place = Vec::new();
    for (sign, statement) in all {
        let (at, rest) = statement.split_at(split(statement));
        if place != at {
            place = at.to_vec();
            out.push(format!("[edit {}]", at.join(" ")));
        }
        out.push(format!("{sign}  {};", rest.join(" ")));
    }
    let is_same = |(a, b): (&Statement, &Statement)| a == b;
    if let Some((_, moved)) = before.iter().zip(after).find(|pair| out.is_empty() && !is_same(*pair)) {
        let (at, rest) = moved.split_at(split(moved));
        out.extend([format!("[edit {}]", at.join(" ")), format!("!  {} {{ ... }}", rest.join(" "))]);
    }
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRACES: &str = "system {
    host-name r1;
    services {
        ssh;
    }
}
interfaces {
    ge-0/0/0 {
        description \"to r2\";
        unit 0 {
            family inet {
                address 10.0.0.1/24;
            }
        }
    }
}
protocols {
    bgp {
        group ibgp {
            peer-as 65000;
            neighbor 10.0.0.2;
        }
    }
}";

    #[test]
    fn braces_read_are_braces_written() {
        let config = Config::read(BRACES, "x");
        assert_eq!(config.active[0], ["system", "host-name", "r1"]);
        let mut lines = Vec::new();
        braces(&config.active, 0, &mut lines);
        assert_eq!(lines.join("\n"), BRACES);
        let set: Vec<String> = config.active.iter().map(|words| format!("set {}", words.join(" "))).collect();
        assert_eq!(Config::read(&set.join("\n"), "x").active, config.active);
    }

    #[test]
    fn lists_are_several_statements() {
        let found = read_braces("policy-options {\n  community c members [ 1:1 2:2 ];\n}");
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].join(" "), "policy-options community c members 2:2");
    }

    #[test]
    fn what_is_inserted_moves_with_what_stands_in_it() {
        let mut config = read_set("set a p term A x\nset a p term A y\nset a p term B z\nset a q");
        assert!(insert(&mut config, &words("a p term B before term A")));
        let shown: Vec<String> = config.iter().map(|words| words.join(" ")).collect();
        assert_eq!(shown, ["a p term B z", "a p term A x", "a p term A y", "a q"]);
        let before = config.clone();
        assert!(insert(&mut config, &words("a p term B after term A")));
        assert_eq!(compare(&before, &config), "[edit a p term]\n!  A x { ... }");
        assert!(!insert(&mut config, &words("a p term C after term A")));
        assert!(!insert(&mut config, &words("a p term B")));
    }

    #[test]
    fn differences_stand_at_their_place() {
        let before = read_set("set system host-name a\nset system services ssh");
        let after = read_set("set system host-name b\nset system services ssh\nset system services netconf ssh");
        assert_eq!(
            compare(&before, &after),
            "[edit system]\n-  host-name a;\n+  host-name b;\n[edit system services]\n+  netconf ssh;"
        );
    }
}
