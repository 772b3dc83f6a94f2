//! What commands mean on Junos, as far as the lab goes: a candidate configuration that all sessions share, `set`,
//! `delete`, `show | compare`, `commit`, `rollback`.

use super::device::{Device, Said};
use super::statements::{Config, Statement, TOP, braces, compare, insert, set, value, words};
use std::sync::Arc;

const PAGE: usize = 24;

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
        if exclusive && state.junos.candidate != state.junos.active {
            return Said::text("error: configuration database modified");
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
            ["show", "configuration", part @ ..] => {
                self.shown(|config| &config.active, part, filter).unwrap_or_else(|| wrong(line))
            }
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
            ["insert", path @ ..] => {
                let words: Vec<String> = path.iter().map(|word| (*word).to_owned()).collect();
                match insert(&mut device.state().junos.candidate, &words) {
                    true => Said::default(),
                    false => Said::text("warning: statement not found"),
                }
            }
            ["show"] if filter == Some("compare") => {
                let state = device.state();
                Said::text(compare(&state.junos.active, &state.junos.candidate))
            }
            ["show"] => self.shown(|config| &config.candidate, &[], filter).unwrap_or_else(|| wrong(line)),
            ["commit", "check"] => Said::text("configuration check succeeds"),
            ["commit"] | ["commit", "comment", _] => {
                let mut state = device.state();
                // A commit confirms the one before it.
                state.confirm();
                state.junos.commit();
                Said::text("commit complete")
            }
            ["commit", "confirmed", minutes] => match minutes.parse::<u64>() {
                Ok(minutes @ 1..=65535) => {
                    let mut state = device.state();
                    state.hold(minutes, device.minutes(minutes));
                    state.junos.commit();
                    Said::text(format!(
                        "commit confirmed will be automatically rolled back in {minutes} minutes unless confirmed\ncommit \
                         complete"
                    ))
                }
                _ => wrong(line),
            },
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

    /// Shows a configuration, or what stands below these words of it; `None` for a filter that is not known.
    fn shown(&self, which: impl Fn(&Config) -> &Vec<Statement>, part: &[&str], filter: Option<&str>) -> Option<Said> {
        let state = self.device.state();
        let is_below = |words: &&Statement| words.len() >= part.len() && words.iter().zip(part).all(|(a, b)| a == b);
        let statements: Vec<Statement> = which(&state.junos).iter().filter(is_below).cloned().collect();
        let inside: Vec<Statement> =
            statements.iter().map(|words| words[part.len()..].to_vec()).filter(|words| !words.is_empty()).collect();
        let mut lines = Vec::new();
        braces(&inside, 0, &mut lines);
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
