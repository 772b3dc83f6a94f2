//! `service_facts`: the services of a host and their states, as facts.

use super::tool::{ask, on_host};
use super::{Change, Context, KeepFacts, Module};
use crate::effect::Effect;
use crate::failure::Failure;
use crate::value::{Key, Map, Value};

/// `service_facts`
pub static MODULE: Module = Module {
    effect: |_| Effect::Read,
    ..on_host(
        "service_facts",
        &["ansible.builtin"],
        "Reads the services of a host and their states into `ansible_facts.services`.",
        &[],
        |context| Box::pin(plan(context)),
    )
};

/// Lists what the scripts of System V say, where there is no other way to ask.
const SYSV: &str = "if command -v service >/dev/null && ! command -v chkconfig >/dev/null && ! command -v rc-status >/dev/null; \
    then service --status-all; fi";

/// Lists what OpenRC says: states, a line, and runlevels.
const OPENRC: &str = "if command -v rc-status >/dev/null && command -v rc-update >/dev/null; then \
    rc-status -a -s -m | grep '^ ' | tr -d '[]'; echo ==; rc-update show -v | grep '|'; fi";

/// Whether systemd runs, and what it says of units and of their files.
const UNITS: &str = "for d in /run/systemd/system /dev/.run/systemd /dev/.systemd; do if [ -e $d ]; then \
    systemctl list-units --no-pager --type service --all --plain; break; fi; done";
const FILES: &str = "for d in /run/systemd/system /dev/.run/systemd /dev/.systemd; do if [ -e $d ]; then \
    systemctl list-unit-files --no-pager --type service --all; break; fi; done";

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let programs = [SYSV, OPENRC, UNITS, FILES].map(str::to_owned);
    let [sysv, openrc, units, files] = ask(context.probe, programs).await?;
    let mut services = Services::default();
    services.add_sysv(&sysv);
    services.add_openrc(&openrc);
    services.add_units(&units);
    let unknown = services.add_unit_files(&files);
    if !unknown.is_empty() {
        let each = unknown.iter().map(|(name, _)| super::remote::quote(name)).collect::<Vec<_>>().join(" ");
        let program =
            format!("for u in {each}; do printf '%s ' \"$u\"; systemctl show \"$u\" --property=ActiveState; done");
        let [states] = ask(context.probe, [program]).await?;
        services.add_inactive(&unknown, &states);
    }
    let mut change = Change::nothing(Map::new());
    if services.0.is_empty() {
        change.result.insert("skipped", true);
        change.result.insert(
            "msg",
            "Failed to find any services. This can be due to privileges or some other configuration issue.",
        );
        return Ok(change);
    }
    let facts: Map = [("services", Value::from(services.0))].into_iter().collect();
    change.result.insert("ansible_facts", facts.clone());
    change.facts = facts;
    change.keep = KeepFacts::AsFacts;
    Ok(change)
}

/// States that count more than what stands in the file of a unit.
const BAD: [&str; 3] = ["not-found", "masked", "failed"];

#[derive(Default)]
struct Services(Map);

impl Services {
    fn add(&mut self, name: &str, fields: &[(&str, &str)]) {
        let mut about: Map = [("name", Value::from(name))].into_iter().collect();
        for (field, value) in fields {
            about.insert(*field, *value);
        }
        self.0.insert(Key::from(name), Value::from(about));
    }

    fn add_sysv(&mut self, said: &str) {
        for line in said.lines() {
            let line = line.trim_start();
            for (sign, state) in [("[ + ]", "running"), ("[ - ]", "stopped")] {
                if let Some(name) = line.strip_prefix(sign).map(str::trim_start).filter(|name| !name.is_empty()) {
                    self.add(name, &[("state", state), ("source", "sysv")]);
                }
            }
        }
    }

    fn add_openrc(&mut self, said: &str) {
        let (states, levels) = said.split_once("==\n").unwrap_or((said, ""));
        let levels: std::collections::HashMap<&str, Vec<&str>> = levels
            .lines()
            .filter_map(|line| line.split_once('|'))
            .map(|(name, levels)| (name.trim(), levels.split_whitespace().collect()))
            .collect();
        for line in states.lines() {
            let mut words = line.split_whitespace();
            let (Some(name), Some(state)) = (words.next(), words.next()) else { continue };
            let Some(levels) = levels.get(name).filter(|_| name != "*") else { continue };
            self.add(name, &[("state", state), ("source", "openrc")]);
            let levels = if levels.is_empty() { Value::Null } else { Value::list(levels.iter().copied()) };
            self.set(name, "runlevels", levels);
        }
    }

    fn set(&mut self, name: &str, field: &str, value: impl Into<Value>) {
        let Some(Value::Map(about)) = self.0.get(name) else { return };
        let mut about = Map::clone(about);
        about.insert(field, value);
        self.0.insert(Key::from(name), Value::from(about));
    }

    fn status(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_map()?.get("status")?.as_str()
    }

    fn add_units(&mut self, said: &str) {
        for line in said.lines().filter(|line| line.contains(".service")) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [name, .., _] = fields[..] else { continue };
            let states = &fields[..fields.len() - 1];
            let status = BAD.iter().find(|bad| states.contains(*bad)).copied();
            let status = status.or(fields.get(2).copied()).unwrap_or("unknown");
            let state = if fields.get(3) == Some(&"running") { "running" } else { "stopped" };
            self.add(name, &[("state", state), ("status", status), ("source", "systemd")]);
        }
    }

    /// Adds what the files of units say. Returns those that systemd has not loaded, with what their files say.
    fn add_unit_files(&mut self, said: &str) -> Vec<(String, String)> {
        let mut unknown = Vec::new();
        for line in said.lines().filter(|line| line.contains(".service")) {
            let mut words = line.split_whitespace();
            let (Some(name), Some(status)) = (words.next(), words.next()) else { continue };
            match self.status(name) {
                None => unknown.push((name.to_owned(), status.to_owned())),
                Some(known) if BAD.contains(&known) => {}
                Some(_) => self.set(name, "status", status),
            }
        }
        unknown
    }

    fn add_inactive(&mut self, unknown: &[(String, String)], states: &str) {
        let states: std::collections::HashMap<&str, &str> =
            states.lines().filter_map(|line| line.split_once(' ')).collect();
        for (name, status) in unknown {
            let state = states.get(name.as_str()).and_then(|state| state.strip_prefix("ActiveState="));
            self.add(name, &[("state", state.unwrap_or("unknown")), ("status", status), ("source", "systemd")]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_come_from_units_and_their_files() {
        let mut services = Services::default();
        services.add_units("UNIT LOAD ACTIVE SUB DESCRIPTION\na.service loaded active running A one\nb.service not-found inactive dead b.service\n");
        let unknown =
            services.add_unit_files("a.service enabled enabled\nb.service static -\nc@.service disabled enabled\n");
        assert_eq!(unknown, [("c@.service".to_owned(), "disabled".to_owned())]);
        services.add_inactive(&unknown, "c@.service ActiveState=inactive\n");
        let status: Vec<_> = ["a.service", "b.service", "c@.service"].map(|name| services.status(name).unwrap()).into();
        assert_eq!(status, ["enabled", "not-found", "disabled"]);
    }

    #[test]
    fn openrc_and_system_v_are_read() {
        let mut services = Services::default();
        services.add_openrc("  sshd started\n  crond  stopped\n==\n  sshd | default boot\n  crond |\n");
        services.add_sysv(" [ + ]  ssh\n [ - ]  cron\n [ ? ]  hwclock.sh\n");
        assert_eq!(services.0.len(), 4);
    }
}
