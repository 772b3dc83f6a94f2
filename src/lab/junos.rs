//! What commands mean on Junos, as far as the lab goes: a candidate configuration that all sessions share, `set`,
//! `delete`, `show | compare`, `commit`, `rollback`.
//!
//! A configuration is kept as the words of `set` commands. Statements, containers and values are told apart by a short
//! list of containers, which is enough for what labs write; a real Junos has a schema.

use super::device::{Device, Said};
use std::sync::{Arc, Weak};

const PAGE: usize = 24;

/// How many former configurations `rollback` knows.
const KEPT: usize = 50;

/// The statements at the top.
const TOP: &[&str] = &[
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
const CONTAINERS: &[&str] = &[
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
const NAMED: &[&str] = &[
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

type Statement = Vec<String>;

/// The configurations of a device.
#[derive(Default)]
pub(super) struct Config {
    active: Vec<Statement>,
    candidate: Vec<Statement>,
    former: Vec<Vec<Statement>>,
    /// Held by the session that configures exclusively, for as long as it lives.
    lock: Weak<()>,
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

    fn commit(&mut self) {
        if self.active != self.candidate {
            self.former.insert(0, std::mem::replace(&mut self.active, self.candidate.clone()));
            self.former.truncate(KEPT);
        }
    }
}

fn value<'a>(statements: &'a [Statement], path: &[&str]) -> Option<&'a str> {
    let found =
        statements.iter().find(|words| words.len() > path.len() && words.iter().zip(path).all(|(a, b)| a == b))?;
    found.get(path.len()).map(String::as_str)
}

/// Splits into words; what stands in quotes stays together, quotes included.
fn words(text: &str) -> Statement {
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

fn read_braces(text: &str) -> Vec<Statement> {
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
fn set(statements: &mut Vec<Statement>, new: Statement) {
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

/// Writes statements with braces.
fn braces(statements: &[Statement], depth: usize, out: &mut Vec<String>) {
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
fn compare(before: &[Statement], after: &[Statement]) -> String {
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
    out.join("\n")
}

pub(super) struct Junos {
    device: Arc<Device>,
    configuring: bool,
    page: usize,
    asked_to_leave: bool,
    /// The exclusive right to configure.
    lock: Option<Arc<()>>,
}

impl Drop for Junos {
    fn drop(&mut self) {
        self.unlock();
    }
}

impl Junos {
    pub(super) fn new(device: Arc<Device>) -> Junos {
        Junos { device, configuring: false, page: PAGE, asked_to_leave: false, lock: None }
    }

    /// Gives the exclusive right back; what was not committed under it is lost.
    fn unlock(&mut self) {
        if self.lock.take().is_some() {
            let mut state = self.device.state();
            state.junos.candidate = state.junos.active.clone();
        }
    }

    fn enter(&mut self, exclusive: bool) -> Said {
        let mut state = self.device.state();
        if state.junos.lock.strong_count() > 0 {
            return Said::text(format!(
                "error: configuration database locked by:\n  {} terminal p0",
                self.device.spec.user
            ));
        }
        if exclusive {
            let lock = Arc::new(());
            state.junos.lock = Arc::downgrade(&lock);
            self.lock = Some(lock);
        }
        drop(state);
        self.configuring = true;
        Said::text("Entering configuration mode")
    }

    fn leave(&mut self, before: &str) -> Said {
        self.unlock();
        self.configuring = false;
        Said::text(format!("{before}Exiting configuration mode"))
    }

    pub(super) fn page(&self) -> Option<usize> {
        (self.page > 0).then_some(self.page)
    }

    pub(super) fn prompt(&self) -> String {
        let state = self.device.state();
        let name = value(&state.junos.active, &["system", "host-name"]).unwrap_or(self.device.name()).to_owned();
        let user = &self.device.spec.user;
        match self.configuring {
            true => format!("[edit]\r\n{user}@{name}# "),
            false => format!("{user}@{name}> "),
        }
    }

    pub(super) fn run(&mut self, line: &str) -> Said {
        if line.is_empty() {
            return Said::default();
        }
        let (command, filter) = match line.split_once('|') {
            Some((command, filter)) => (command.trim(), Some(filter.trim())),
            None => (line, None),
        };
        let command = words(command);
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        if self.configuring { self.configure(line, &command, filter) } else { self.operate(line, &command, filter) }
    }

    pub(super) fn answer(&mut self, line: &str) -> Said {
        let leave = std::mem::take(&mut self.asked_to_leave) && !line.trim().eq_ignore_ascii_case("no");
        if leave { self.leave("") } else { Said::default() }
    }

    fn operate(&mut self, line: &str, command: &[&str], filter: Option<&str>) -> Said {
        match command {
            ["show", "configuration"] => self.shown(|config| &config.active, filter).unwrap_or_else(|| wrong(line)),
            ["show", "version"] => {
                Said::text(format!("Hostname: {}\nModel: vmx\nJunos: 21.4R1.12", self.device.name()))
            }
            ["configure" | "edit"] | ["configure", "private"] => self.enter(false),
            ["configure", "exclusive"] => self.enter(true),
            ["set", "cli", "screen-length", lines] => match lines.parse::<usize>() {
                Ok(lines) => {
                    self.page = lines;
                    Said::text(format!("Screen length set to {lines}"))
                }
                Err(_) => wrong(line),
            },
            ["set", "cli", "screen-width", width] => Said::text(format!("Screen width set to {width}")),
            ["set", "cli", "timestamp", "disable"] => Said::text("CLI timestamp disabled"),
            ["set", "cli", "complete-on-space", "off"] => Said::text("Disabling complete-on-space"),
            ["exit" | "quit"] if !self.configuring => Said::end(),
            _ => Said::text(format!("{}^\nunknown command.", " ".repeat(self.prompt().len()))),
        }
    }

    fn configure(&mut self, line: &str, command: &[&str], filter: Option<&str>) -> Said {
        let device = Arc::clone(&self.device);
        match command {
            ["set", top, _, ..] if TOP.contains(top) => {
                set(&mut device.state().junos.candidate, command[1..].iter().map(|w| (*w).to_owned()).collect());
                Said::default()
            }
            ["delete", path @ ..] if !path.is_empty() => {
                let mut state = device.state();
                let before = state.junos.candidate.len();
                state.junos.candidate.retain(|s| !(s.len() >= path.len() && s.iter().zip(path).all(|(a, b)| a == b)));
                Said::text(if state.junos.candidate.len() == before { "warning: statement not found" } else { "" })
            }
            ["show"] if filter == Some("compare") => {
                let state = device.state();
                Said::text(compare(&state.junos.active, &state.junos.candidate))
            }
            ["show"] => self.shown(|config| &config.candidate, filter).unwrap_or_else(|| wrong(line)),
            ["commit", "check"] => Said::text("configuration check succeeds"),
            ["commit"] | ["commit", "comment", _] => {
                device.state().junos.commit();
                Said::text("commit complete")
            }
            ["commit", "and-quit"] => {
                device.state().junos.commit();
                self.leave("commit complete\n")
            }
            ["rollback"] | ["rollback", "0"] => {
                let mut state = device.state();
                state.junos.candidate = state.junos.active.clone();
                Said::text("load complete")
            }
            ["rollback", number] => {
                let mut state = device.state();
                let former =
                    number.parse::<usize>().ok().and_then(|n| state.junos.former.get(n.checked_sub(1)?)).cloned();
                match former {
                    Some(former) => {
                        state.junos.candidate = former;
                        Said::text("load complete")
                    }
                    None => Said::text(format!("error: rollback {number}: no such configuration")),
                }
            }
            ["run", rest @ ..] => self.operate(line, rest, filter),
            ["top" | "up"] => Said::default(),
            ["exit" | "quit"] | ["exit", "configuration-mode"] => {
                let state = device.state();
                if state.junos.active != state.junos.candidate {
                    self.asked_to_leave = true;
                    return Said::ask(
                        "The configuration has been changed but not committed\r\nExit with uncommitted changes? [yes,no] (yes) ",
                        true,
                    );
                }
                drop(state);
                self.leave("")
            }
            _ => wrong(line),
        }
    }

    /// Shows a configuration; `None` for a filter that is not known.
    fn shown(&self, which: impl Fn(&Config) -> &Vec<Statement>, filter: Option<&str>) -> Option<Said> {
        let state = self.device.state();
        let statements = which(&state.junos);
        let mut lines = Vec::new();
        braces(statements, 0, &mut lines);
        let mut head = vec!["## Last commit: 2024-01-01 00:00:00 UTC by lab".to_owned()];
        for part in filter.unwrap_or("no-more").split('|').map(str::trim) {
            match part.split_once(' ') {
                None if part == "no-more" => {}
                Some(("display", "set")) => {
                    head.clear();
                    lines = statements.iter().map(|words| format!("set {}", words.join(" "))).collect();
                }
                Some(("match", text)) => lines.retain(|line| line.contains(text.trim_matches('"'))),
                Some(("except", text)) => lines.retain(|line| !line.contains(text.trim_matches('"'))),
                _ => return None,
            }
        }
        Some(Said::text([head, lines].concat().join("\n")))
    }
}

fn wrong(line: &str) -> Said {
    Said::text(format!("{}^\nsyntax error.", " ".repeat(line.len().min(200))))
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
    fn differences_stand_at_their_place() {
        let before = read_set("set system host-name a\nset system services ssh");
        let after = read_set("set system host-name b\nset system services ssh\nset system services netconf ssh");
        assert_eq!(
            compare(&before, &after),
            "[edit system]\n-  host-name a;\n+  host-name b;\n[edit system services]\n+  netconf ssh;"
        );
    }
}
