//! The operations of Junos: commands, loading `set` lines, comparing, committing.

use super::structure::{Given, edit, elements, of_json};
use super::{Came, Refusal, Server, bad_element, datastore};
use crate::lab::file::Model;
use crate::lab::junos::Junos;
use crate::lab::statements::{TOP, braces, compare, insert, set, words};
use crate::xml::{Element, Node, escaped};
use std::sync::Arc;

impl Server {
    pub(super) fn junos(&mut self, operation: &Element) -> Came {
        debug_assert_eq!(self.device.spec.platform, Model::JuniperJunos);
        let device = Arc::clone(&self.device);
        let ok = || Ok("<ok/>".to_owned());
        let no_database = || Refusal::new("operation-failed", "the configuration database is locked by another user");
        match operation.local() {
            "command" => self.command(operation),
            "get-software-information" => Ok(format!(
                "<software-information><host-name>{}</host-name><product-model>vmx</product-model><junos-version>21.4R1.12\
                 </junos-version></software-information>",
                escaped(device.name())
            )),
            "get-configuration" => self.configuration(operation),
            "get" => Ok("<data/>".to_owned()),
            "get-config" => {
                let state = device.state();
                let source = datastore(operation, "source")?;
                let config = if source == "candidate" { &state.junos.candidate } else { &state.junos.active };
                let is_empty = operation.child("filter").is_some_and(|filter| filter.children().next().is_none());
                let nodes = if is_empty { Vec::new() } else { vec![Node::Element(elements(config))] };
                Ok(Element { nodes, ..Element::new("data") }.to_string())
            }
            "lock" | "lock-configuration" => {
                let mut state = device.state();
                if state.junos.lock.strong_count() > 0 {
                    return Err(Refusal {
                        info: format!("<session-id>{}</session-id>", self.id),
                        ..Refusal::new("lock-denied", "configuration database locked by another session")
                    });
                }
                if state.junos.candidate != state.junos.active {
                    return Err(Refusal::new("lock-denied", "configuration database modified"));
                }
                let lock = Arc::new(());
                state.junos.lock = Arc::downgrade(&lock);
                self.junos_lock = Some(lock);
                ok()
            }
            "unlock" | "unlock-configuration" => match self.junos_lock.take() {
                Some(_) => ok(),
                None => Err(Refusal::new("operation-failed", "the configuration is not locked by this session")),
            },
            _ if device.state().junos.lock.strong_count() > 0 && self.junos_lock.is_none() => Err(no_database()),
            "edit-config" => {
                let config = operation.child("config").and_then(|config| config.child("configuration"));
                let Some(config) = config else {
                    return Err(bad_element("missing-element", "no configuration", "config"));
                };
                edit(&mut device.state().junos.candidate, config);
                ok()
            }
            "load-configuration" => self.load(operation),
            "validate" => ok(),
            "discard-changes" => {
                let mut state = device.state();
                state.junos.candidate = state.junos.active.clone();
                ok()
            }
            "commit" | "commit-configuration" => self.commit(operation),
            other => Err(bad_element("operation-not-supported", "syntax error", other)),
        }
    }

    fn command(&self, operation: &Element) -> Came {
        let line = operation.text();
        let format = operation.attribute("format").unwrap_or("text");
        let command = match format {
            "text" => line.clone(),
            other => format!("{line} | display {other}"),
        };
        let prescribed = self.device.prescribed(&command).and_then(|answer| answer.output.clone());
        let said = prescribed.unwrap_or_else(|| Junos::new(Arc::clone(&self.device)).run(&command).output);
        if let Some(refused) =
            ["unknown command.", "syntax error."].iter().find(|text| said.trim_end().ends_with(**text))
        {
            return Err(bad_element("unknown-element", *refused, line.split(' ').next().unwrap_or_default()));
        }
        Ok(match format {
            "text" if line.starts_with("show configuration") => {
                format!(
                    "<configuration-information><configuration-output>\n{}\n</configuration-output></configuration-information>",
                    escaped(&said)
                )
            }
            "text" => format!("<output>\n{}\n</output>", escaped(&said)),
            // Data is prescribed as it is.
            "xml" => said,
            _ => escaped(&said),
        })
    }

    fn configuration(&self, operation: &Element) -> Came {
        let state = self.device.state();
        if operation.attribute("compare") == Some("rollback") {
            let number = operation.attribute("rollback").and_then(|number| number.parse::<usize>().ok()).unwrap_or(0);
            let before = match number.checked_sub(1) {
                None => Some(&state.junos.active),
                Some(at) => state.junos.former.get(at),
            };
            let Some(before) = before else { return Err(Refusal::new("operation-failed", "no such configuration")) };
            let text = compare(before, &state.junos.candidate);
            return Ok(format!(
                "<configuration-information><configuration-output>\n{}\n</configuration-output></configuration-information>",
                escaped(&text)
            ));
        }
        let is_committed = operation.attribute("database") == Some("committed");
        let config = if is_committed { &state.junos.active } else { &state.junos.candidate };
        let lines = |lines: Vec<String>| escaped(&lines.join("\n"));
        Ok(match operation.attribute("format") {
            Some("set") => {
                let set = config.iter().map(|words| format!("set {}", words.join(" "))).collect();
                format!("<configuration-set>\n{}\n</configuration-set>", lines(set))
            }
            Some("text") => {
                let mut text = Vec::new();
                braces(config, 0, &mut text);
                format!("<configuration-text>\n{}\n</configuration-text>", lines(text))
            }
            _ => elements(config).to_string(),
        })
    }

    fn load(&self, operation: &Element) -> Came {
        let mut state = self.device.state();
        let loaded = "<load-configuration-results><ok/></load-configuration-results>".to_owned();
        if let Some(number) = operation.attribute("rollback") {
            let former = match number.parse::<usize>() {
                Ok(0) => Some(state.junos.active.clone()),
                Ok(number) => state.junos.former.get(number - 1).cloned(),
                Err(_) => None,
            };
            let former = former
                .ok_or_else(|| Refusal::new("invalid-value", format!("rollback {number}: no such configuration")))?;
            state.junos.candidate = former;
            return Ok(loaded);
        }
        let Some(lines) = operation.child("configuration-set").map(Element::own_text) else {
            let action = operation.attribute("action").unwrap_or("merge");
            let given = given(operation)?;
            match action {
                "override" | "update" => state.junos.candidate = given.statements(),
                "merge" | "replace" => given.put(&mut state.junos.candidate, action == "replace"),
                other => return Err(bad_element("invalid-value", "syntax error", other)),
            }
            return Ok(loaded);
        };
        let mut said = String::new();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let line = words(line);
            let wrong = |element: &str| bad_element("operation-failed", "syntax error", element).xml();
            match line.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["set", top, _, ..] if TOP.contains(&top) => set(&mut state.junos.candidate, line[1..].to_vec()),
                ["delete", _, ..] => {
                    let path = &line[1..];
                    let before = state.junos.candidate.len();
                    state
                        .junos
                        .candidate
                        .retain(|words| !(words.len() >= path.len() && words.iter().zip(path).all(|(a, b)| a == b)));
                    if state.junos.candidate.len() == before {
                        let missing =
                            Refusal { is_warning: true, ..Refusal::new("operation-failed", "statement not found") };
                        said.push_str(&missing.xml());
                    }
                }
                ["insert", _, ..] if insert(&mut state.junos.candidate, &line[1..]) => {}
                ["set", top, ..] => said.push_str(&wrong(top)),
                [first, ..] => said.push_str(&wrong(first)),
                [] => {}
            }
        }
        match said.is_empty() {
            true => Ok(loaded),
            false => Ok(format!("<load-configuration-results>{said}</load-configuration-results>")),
        }
    }

    fn commit(&self, operation: &Element) -> Came {
        let mut state = self.device.state();
        let results =
            "<commit-results><routing-engine><name>re0</name><commit-success/></routing-engine></commit-results>";
        if operation.child("check").is_some() {
            return Ok(results.replace("commit-success", "commit-check-success"));
        }
        if operation.child("confirmed").is_some() {
            let time = operation.child("confirm-timeout").map_or(Ok(10), |timeout| timeout.text().parse::<u64>());
            let time = time.map_err(|_| bad_element("invalid-value", "no number", "confirm-timeout"))?;
            // Junos counts minutes, and seconds where the protocol's own operation is used.
            let minutes = if operation.local() == "commit" { time.div_ceil(60) } else { time };
            state.hold(minutes, self.device.minutes(minutes));
        } else {
            state.confirm();
        }
        state.junos.commit();
        Ok(if operation.local() == "commit" { "<ok/>" } else { results }.to_owned())
    }
}

/// Returns the configuration that is to be loaded.
fn given(operation: &Element) -> Result<Given, Refusal> {
    let nothing = || bad_element("missing-element", "nothing to load", "load-configuration");
    let wrong = || bad_element("operation-failed", "syntax error", "configuration");
    if let Some(text) = operation.child("configuration-text") {
        return Ok(Given::Text(text.own_text()));
    }
    let config = match operation.child("configuration-json") {
        Some(json) => of_json(&json.own_text()).ok_or_else(wrong)?,
        None => operation.child("configuration").ok_or_else(nothing)?.clone(),
    };
    let unknown = config.children().find(|part| !TOP.contains(&part.local())).map(|part| part.local().to_owned());
    match unknown {
        Some(unknown) => Err(bad_element("operation-failed", "syntax error", &unknown)),
        None => Ok(Given::Elements(config)),
    }
}
