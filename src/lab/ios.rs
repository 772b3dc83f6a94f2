//! What commands mean on Cisco IOS, Arista EOS and FRR's vtysh, as far as the lab goes: modes, `enable`, showing and
//! changing the configuration, paging, filters (`| include`), saving, error texts.

use super::device::{Device, Said};
use super::file::Model;
use super::text::Text;
use super::tree::Tree;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Lines in a page before `terminal length` says otherwise.
const PAGE: usize = 24;

/// A session's mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Exec,
    Enable,
    /// Configuration, under these lines.
    Config(Vec<String>),
}

/// What the next line answers.
enum Ask {
    EnablePassword { left: u8 },
    StartupName,
}

pub(super) struct Ios {
    pub(super) device: Arc<Device>,
    pub(super) mode: Mode,
    page: usize,
    ask: Option<Ask>,
    /// The configuration session that is edited (EOS).
    pub(super) session: Option<String>,
    /// The text that is being typed.
    pub(super) text: Option<Text>,
}

/// First words of lines that open a section, and the mode that its prompt shows.
const SECTIONS: &[(&str, &str)] = &[
    ("interface", "if"),
    ("router", "router"),
    ("address-family", "router-af"),
    ("vlan", "vlan"),
    ("line", "line"),
    ("ip access-list", "ext-nacl"),
    ("ipv6 access-list", "ipv6-acl"),
    ("route-map", "route-map"),
    ("class-map", "cmap"),
    ("policy-map", "pmap"),
    ("class", "pmap-c"),
    ("vrf", "vrf"),
    ("ip vrf", "vrf"),
    ("key chain", "keychain"),
    ("management", "mgmt"),
    ("crypto isakmp policy", "isakmp"),
    ("crypto pki certificate chain", "cert-chain"),
];

/// Sections that only stand under others; all the rest stand at the top.
const NESTED: &[&str] = &["address-family", "class"];

/// First words of configuration lines that are understood, beside those in the device's own configuration.
const WORDS: &[&str] = &[
    "aaa",
    "access-list",
    "alias",
    "area",
    "arp",
    "banner",
    "bandwidth",
    "bgp",
    "boot",
    "cdp",
    "clock",
    "crypto",
    "default",
    "default-information",
    "deny",
    "description",
    "dhcp",
    "distance",
    "duplex",
    "enable",
    "encapsulation",
    "exec-timeout",
    "hostname",
    "ip",
    "ipv6",
    "isis",
    "lldp",
    "logging",
    "login",
    "mac",
    "match",
    "maximum-paths",
    "mpls",
    "mtu",
    "name",
    "neighbor",
    "network",
    "ntp",
    "passive-interface",
    "password",
    "permit",
    "priority",
    "privilege",
    "redistribute",
    "remark",
    "router-id",
    "service",
    "set",
    "shutdown",
    "snmp-server",
    "spanning-tree",
    "speed",
    "standby",
    "switchport",
    "tacacs",
    "tacacs-server",
    "timers",
    "transport",
    "username",
    "vrrp",
    "vtp",
];

fn begins(line: &str, words: &str) -> bool {
    line.strip_prefix(words).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// A line of an interface, where `vrf` at the top is a section.
const IN_A_VRF: &str = "vrf forwarding ";

fn section(line: &str) -> Option<(&'static str, &'static str)> {
    // The longest that fits: `ip access-list` before `ip`.
    SECTIONS
        .iter()
        .filter(|(words, _)| begins(line, words) && line.len() > words.len() && !line.starts_with(IN_A_VRF))
        .max_by_key(|(w, _)| w.len())
        .copied()
}

/// Claims that a line is this command, each word whole or cut short.
pub(super) fn is(line: &str, command: &str) -> bool {
    let (mut typed, mut whole) = (line.split_whitespace(), command.split(' '));
    loop {
        match (typed.next(), whole.next()) {
            (None, None) => return true,
            (Some(typed), Some(whole)) if whole.starts_with(&typed.to_lowercase()) => {}
            _ => return false,
        }
    }
}

/// Returns what follows a command's words.
pub(super) fn after<'a>(line: &'a str, command: &str) -> Option<&'a str> {
    let words = command.split(' ').count();
    let (at, _) = line.char_indices().filter(|(_, c)| *c == ' ').nth(words - 1)?;
    is(&line[..at], command).then(|| line[at..].trim())
}

impl Ios {
    pub(super) fn new(device: Arc<Device>) -> Ios {
        let mode = if device.spec.enable.is_some() { Mode::Exec } else { Mode::Enable };
        Ios { device, mode, page: PAGE, ask: None, session: None, text: None }
    }

    pub(super) fn page(&self) -> Option<usize> {
        // vtysh pages through an outside program, and only where one is configured.
        (self.page > 0 && self.device.spec.platform != Model::Frr).then_some(self.page)
    }

    pub(super) fn prompt(&self) -> String {
        let name = self.hostname();
        if let Some(prompt) = self.text_prompt(&name) {
            return prompt;
        }
        let prompt = match &self.mode {
            Mode::Exec => format!("{name}>"),
            Mode::Enable => format!("{name}#"),
            Mode::Config(path) => {
                let kind = path.last().and_then(|line| section(line)).map(|(_, kind)| format!("-{kind}"));
                // IOS cuts the name at 20 characters there.
                let cut: String = match self.device.spec.platform {
                    Model::CiscoIos => name.chars().take(20).collect(),
                    _ => name,
                };
                // EOS shows the first six characters of the session's name.
                let session =
                    self.session.as_ref().map(|name| format!("-s-{}", name.chars().take(6).collect::<String>()));
                format!("{cut}(config{}{})#", session.unwrap_or_default(), kind.unwrap_or_default())
            }
        };
        // vtysh puts a blank behind it.
        if self.device.spec.platform == Model::Frr { prompt + " " } else { prompt }
    }

    fn hostname(&self) -> String {
        let state = self.device.state();
        state.running.value("hostname").unwrap_or_else(|| self.device.name()).to_owned()
    }

    pub(super) fn run(&mut self, line: &str) -> Said {
        if self.takes_text() {
            return self.take_text(line);
        }
        if line.is_empty() || line.starts_with('!') {
            return Said::default();
        }
        match self.mode.clone() {
            Mode::Config(path) => self.configure(line, path),
            Mode::Exec | Mode::Enable => self.execute(line),
        }
    }

    pub(super) fn answer(&mut self, line: &str) -> Said {
        match self.ask.take() {
            Some(Ask::EnablePassword { left }) => {
                if self.device.spec.enable.as_ref().is_some_and(|secret| secret.expose() == line) {
                    self.mode = Mode::Enable;
                    return Said::default();
                }
                if left > 1 {
                    self.ask = Some(Ask::EnablePassword { left: left - 1 });
                    return Said::ask("Password: ", false);
                }
                Said::text("% Bad secrets\n\n")
            }
            Some(Ask::StartupName) => {
                self.save();
                Said::text("Building configuration...\n[OK]")
            }
            None => Said::default(),
        }
    }

    fn save(&self) {
        let mut state = self.device.state();
        state.startup = state.running.clone();
    }

    fn execute(&mut self, line: &str) -> Said {
        let privileged = self.mode == Mode::Enable;
        let (command, filters) = match line.split_once(" | ") {
            Some((command, filters)) => (command.trim(), Some(filters)),
            None => (line, None),
        };
        if let Some(shown) = self.show(command) {
            return match filters.map_or(Ok(shown.clone()), |filters| filtered(&shown, filters)) {
                Ok(output) => Said::text(output),
                Err(at) => self.invalid(line, &at),
            };
        }
        if let Some(lines) = after(command, "terminal length") {
            return match lines.parse::<usize>() {
                Ok(lines @ 0..=512) => {
                    self.page = lines;
                    Said::default()
                }
                _ => self.invalid(line, lines),
            };
        }
        if after(command, "terminal width").is_some_and(|width| width.parse::<u16>().is_ok())
            || is(command, "terminal monitor")
            || is(command, "terminal no monitor")
        {
            return Said::default();
        }
        if is(command, "exit") || is(command, "quit") || is(command, "logout") {
            return Said::end();
        }
        if is(command, "enable") {
            if privileged || self.device.spec.enable.is_none() {
                self.mode = Mode::Enable;
                return Said::default();
            }
            self.ask = Some(Ask::EnablePassword { left: 3 });
            return Said::ask("Password: ", false);
        }
        if !privileged {
            return self.invalid(line, command);
        }
        if is(command, "disable") && self.device.spec.platform != Model::Frr {
            self.mode = Mode::Exec;
            return Said::default();
        }
        if let Some(said) = self.change(command) {
            return said;
        }
        if is(command, "configure terminal") || command == "configure" {
            self.mode = Mode::Config(Vec::new());
            return match self.device.spec.platform {
                Model::CiscoIos => Said::text("Enter configuration commands, one per line.  End with CNTL/Z."),
                _ => Said::default(),
            };
        }
        if is(command, "write memory") || command == "write" {
            self.save();
            return Said::text("Building configuration...\n[OK]");
        }
        if is(command, "copy running-config startup-config") {
            if self.device.spec.platform == Model::CiscoIos {
                self.ask = Some(Ask::StartupName);
                return Said::ask("Destination filename [startup-config]? ", true);
            }
            self.save();
            return Said::text("Copy completed successfully.");
        }
        self.invalid(line, command)
    }

    /// Returns what a `show` command shows; `None` when it is not one that is known.
    fn show(&self, command: &str) -> Option<String> {
        let privileged = self.mode != Mode::Exec;
        if privileged && (is(command, "show running-config") || is(command, "write terminal")) {
            let state = self.device.state();
            return Some(self.configuration(&state.running));
        }
        if privileged && is(command, "show startup-config") {
            let state = self.device.state();
            return Some(self.configuration(&state.startup));
        }
        if is(command, "show privilege") {
            return Some(format!("Current privilege level is {}", if privileged { 15 } else { 1 }));
        }
        if is(command, "show version") {
            let name = self.hostname();
            return Some(match self.device.spec.platform {
                Model::AristaEos => {
                    "Arista vEOS-lab\nHardware version: \nSoftware image version: 4.30.1F\nUptime: 1 hour".into()
                }
                Model::Frr => {
                    format!("FRRouting 8.4.4 ({name}) on Linux(6.1.0).\nCopyright 1996-2005 Kunihiro Ishiguro, et al.")
                }
                _ => format!(
                    "Cisco IOS Software, Lab Software (NETPLAY-LAB), Version 15.9(3)M, RELEASE SOFTWARE (lab)\n\n\
                     {name} uptime is 1 hour, 2 minutes"
                ),
            });
        }
        None
    }

    fn configuration(&self, tree: &Tree) -> String {
        match self.device.spec.platform {
            Model::AristaEos => {
                let head = format!(
                    "! Command: show running-config\n! device: {} (vEOS-lab, EOS-4.30.1F)\n!\n",
                    self.device.name()
                );
                head + &tree.render(3, &["!"]).join("\n") + "\n!\nend"
            }
            Model::Frr => {
                let head = "Building configuration...\n\nCurrent configuration:\n!\nfrr version 8.4.4\nfrr defaults traditional\n";
                head.to_owned() + &tree.render(1, &["exit", "!"]).join("\n") + "\nend"
            }
            _ => {
                let body = tree.render(1, &["!"]).join("\n");
                format!("Building configuration...\n\nCurrent configuration : {} bytes\n!\n{body}\n!\nend", body.len())
            }
        }
    }

    fn configure(&mut self, line: &str, mut path: Vec<String>) -> Said {
        if let Some(said) = self.in_session(line) {
            return said;
        }
        if let Some(said) = self.begin_text(line, &path) {
            return said;
        }
        if line == "end" {
            // A session that is left stays and waits.
            self.session = None;
            self.mode = Mode::Enable;
            return Said::default();
        }
        if line == "exit" || line == "quit" || line.starts_with("exit-") {
            self.mode = match path.pop() {
                Some(_) => Mode::Config(path),
                None => {
                    self.session = None;
                    Mode::Enable
                }
            };
            return Said::default();
        }
        if let Some(command) = after(line, "do") {
            self.mode = Mode::Enable;
            let said = self.execute(command);
            if said.end.is_none() {
                self.mode = Mode::Config(path);
            }
            return said;
        }
        if let Some(shown) = self.show(line).filter(|_| self.device.spec.platform != Model::CiscoIos) {
            return Said::text(shown);
        }
        let (wanted, removes) = match line.strip_prefix("no ") {
            Some(rest) => (rest.trim(), true),
            None => (line, false),
        };
        let first = wanted.split(' ').next().unwrap_or_default();
        if !self.understands(first) {
            return self.invalid(line, wanted);
        }
        let needs_more = wanted == "hostname" || SECTIONS.iter().any(|(words, _)| *words == wanted);
        if needs_more && !removes {
            return Said::text(self.incomplete(line));
        }
        let opened = section(wanted);
        // A section that stands at the top closes whatever was open.
        if opened.is_some_and(|(words, _)| !NESTED.contains(&words)) {
            path.clear();
        } else if opened.is_some() {
            path.truncate(1);
        }
        let mut state = self.device.state();
        let state = &mut *state;
        let edited = match &self.session {
            Some(name) => state.sessions.entry(name.clone()).or_default(),
            None => &mut state.running,
        };
        if removes {
            edited.remove(&path, wanted);
        } else {
            edited.insert(&path, wanted);
            if opened.is_some() {
                path.push(wanted.to_owned());
            }
        }
        self.mode = Mode::Config(path);
        Said::default()
    }

    fn understands(&self, word: &str) -> bool {
        let sections = SECTIONS.iter().filter_map(|(words, _)| words.split(' ').next());
        if WORDS.contains(&word) || sections.into_iter().any(|first| first == word) || self.device.has_lines_of(word) {
            return true;
        }
        let mut own = BTreeSet::new();
        Tree::parse(&self.device.spec.running_config).first_words(&mut own);
        own.contains(word)
    }

    fn incomplete(&self, line: &str) -> String {
        match self.device.spec.platform {
            Model::Frr => format!("% Command incomplete: {line}"),
            _ => "% Incomplete command.\n\n".into(),
        }
    }

    /// Returns the error text for a line of which `part` is not understood.
    fn invalid(&self, line: &str, part: &str) -> Said {
        if matches!(line.trim(), "show" | "sh" | "copy" | "terminal") {
            return Said::text(self.incomplete(line));
        }
        Said::text(match self.device.spec.platform {
            Model::CiscoIos => {
                let at = self.prompt().len() + line.rfind(part).unwrap_or(0);
                format!("{}^\n% Invalid input detected at '^' marker.\n\n", " ".repeat(at))
            }
            Model::Frr => format!("% Unknown command: {line}"),
            _ => "% Invalid input".into(),
        })
    }
}

/// Passes text through filters: `include RE`, `exclude RE`, `begin RE`, `section RE`. An unknown one is returned.
fn filtered(text: &str, filters: &str) -> Result<String, String> {
    let mut lines: Vec<&str> = text.lines().collect();
    for filter in filters.split(" | ") {
        let filter = filter.trim();
        let (word, pattern) = filter.split_once(' ').ok_or_else(|| filter.to_owned())?;
        let pattern = Regex::new(pattern.trim()).map_err(|_| pattern.to_owned())?;
        let hit = |line: &&str| pattern.is_match(line);
        lines = match word {
            w if is(w, "include") => lines.into_iter().filter(hit).collect(),
            w if is(w, "exclude") => lines.into_iter().filter(|line| !hit(line)).collect(),
            w if is(w, "begin") => lines.into_iter().skip_while(|line| !hit(line)).collect(),
            w if is(w, "section") => {
                let mut inside = false;
                lines
                    .into_iter()
                    .filter(|line| {
                        inside = if line.starts_with(' ') { inside } else { hit(line) };
                        inside
                    })
                    .collect()
            }
            other => return Err(other.to_owned()),
        };
    }
    Ok(lines.join("\n"))
}
