//! The lab file: which devices and APIs there are, and how they answer.

use crate::redact::Secret;
use crate::source::{Diagnostic, Diagnostics, Source, SourceId, SourceMap, Span, nearest};
use regex::Regex;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::Duration;

/// A lab as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabFile {
    /// Routers, switches and hosts, over SSH.
    #[serde(default)]
    pub devices: Vec<DeviceSpec>,
    /// Web services, over HTTP.
    #[serde(default)]
    pub apis: Vec<ApiSpec>,
}

/// A device.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceSpec {
    /// Its name in the inventory.
    pub name: String,
    /// What it is.
    pub platform: Model,
    /// Its groups in the inventory.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Variables to give it in the inventory.
    #[serde(default)]
    pub vars: BTreeMap<String, serde_json::Value>,
    /// The name it goes by itself; its name in the inventory when left out.
    pub hostname: Option<String>,
    /// The user who may log in; `lab` when left out.
    #[serde(default = "lab")]
    pub user: String,
    /// The password; a new one for every run when left out.
    #[serde(default, deserialize_with = "secret")]
    pub password: Option<Secret>,
    /// The password of `enable`; when left out, a login is privileged at once.
    #[serde(default, deserialize_with = "secret")]
    pub enable: Option<Secret>,
    /// How long every command takes.
    #[serde(default, rename = "delay_seconds", deserialize_with = "seconds")]
    pub delay: Duration,
    /// How long its minutes are, for timers that take changes back; 60 when left out.
    #[serde(default = "minute", rename = "minute_seconds", deserialize_with = "seconds")]
    pub minute: Duration,
    /// The configuration it starts with.
    #[serde(default)]
    pub running_config: String,
    /// Files that a host starts with: path to text.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// What goes wrong with every connection: it is closed at once, or accepted and never answered.
    pub fault: Option<Fault>,
    /// What it answers to certain commands, or how; the first that fits counts.
    #[serde(default)]
    pub answers: Vec<Answer>,
}

/// What a device simulates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// A router with Cisco IOS.
    CiscoIos,
    /// A switch with Arista EOS.
    AristaEos,
    /// A router with Junos.
    JuniperJunos,
    /// A router with Cisco IOS XR.
    CiscoIosxr,
    /// A router with VyOS.
    Vyos,
    /// A router with Nokia SR OS, model-driven.
    NokiaSros,
    /// A switch with Huawei VRP 8.
    #[serde(rename = "huawei_vrpv8")]
    HuaweiVrpv8,
    /// A switch with Aruba AOS-CX.
    ArubaAoscx,
    /// A switch with HPE or H3C Comware.
    HpComware,
    /// A firewall with FortiOS.
    FortinetFortios,
    /// A router with MikroTik RouterOS.
    MikrotikRouteros,
    /// A host with FRR's vtysh as its login shell.
    Frr,
    /// A server that speaks NETCONF alone and keeps any XML.
    Netconf,
    /// A host with a shell of a few commands.
    Linux,
}

/// What a device answers to a command.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The command, word for word.
    pub command: Option<String>,
    /// Or a regular expression that matches in it.
    #[serde(default, deserialize_with = "pattern")]
    pub matches: Option<Regex>,
    /// The answer; the device's own when left out.
    pub output: Option<String>,
    /// The line that it is short for: it is performed, and understood, in its place.
    #[serde(rename = "as")]
    pub short_for: Option<String>,
    /// The exit status, on a host.
    #[serde(default)]
    pub status: u8,
    /// How long it takes, instead of the device's delay.
    #[serde(default, rename = "delay_seconds", deserialize_with = "maybe_seconds")]
    pub delay: Option<Duration>,
    /// It comes when this line has been typed, in whatever session: what happens between sessions has an order.
    pub after: Option<String>,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

/// What goes wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection is closed: in the middle of the answer, or before a first word.
    Close,
    /// No answer ever comes.
    Silence,
}

/// A web service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSpec {
    /// Its name; `NAME_url` is the variable that says where it is.
    pub name: String,
    /// How long every answer takes.
    #[serde(default, rename = "delay_seconds", deserialize_with = "seconds")]
    pub delay: Duration,
    /// The user of basic authentication, if it asks for one.
    pub user: Option<String>,
    /// The password of basic authentication.
    #[serde(default, deserialize_with = "secret")]
    pub password: Option<Secret>,
    /// What it answers.
    #[serde(default)]
    pub routes: Vec<Route>,
}

/// What a web service answers on a path.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The path; a part in braces (`/devices/{name}`) stands for any one part.
    pub path: String,
    /// The method; any when left out.
    pub method: Option<String>,
    /// The status.
    #[serde(default = "ok")]
    pub status: u16,
    /// Header fields.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body as JSON.
    pub json: Option<serde_json::Value>,
    /// The body as text.
    pub body: Option<String>,
    /// How long it takes, instead of the service's delay.
    #[serde(default, rename = "delay_seconds", deserialize_with = "maybe_seconds")]
    pub delay: Option<Duration>,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

/// The longest delay. Arbitrary; longer is a slip of the keyboard.
const LONGEST_SECONDS: f64 = 86_400.0;

fn lab() -> String {
    "lab".into()
}

fn minute() -> Duration {
    Duration::from_secs(60)
}

fn ok() -> u16 {
    200
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    if (0.0..=LONGEST_SECONDS).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(D::Error::custom(format!("a delay must be between 0 and {LONGEST_SECONDS} seconds, not {seconds}")))
    }
}

fn maybe_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    seconds(deserializer).map(Some)
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(Some(Secret::new(String::deserialize(deserializer)?)))
}

fn pattern<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Regex>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Regex::new(&text).map(Some).map_err(|_| D::Error::custom(format!("`{text}` is no regular expression")))
}

impl Answer {
    /// Claims that it is for a command.
    pub(super) fn fits(&self, command: &str) -> bool {
        self.command.as_deref().is_some_and(|c| c == command)
            || self.matches.as_ref().is_some_and(|pattern| pattern.is_match(command))
    }
}

impl LabFile {
    /// Reads a lab file; returns all that is wrong with it.
    pub fn load(sources: &SourceMap, path: &Path) -> Result<LabFile, Diagnostics> {
        let id = sources.load(path)?;
        LabFile::parse(&sources.get(id), id)
    }

    /// Reads a lab from text.
    pub fn parse(source: &Source, id: SourceId) -> Result<LabFile, Diagnostics> {
        if source.text.trim().is_empty() {
            let empty = Diagnostic::error("E0901", "the lab file is empty").at(Span::new(id, 0, 0));
            return Err(empty.help("it needs `devices:` or `apis:`").into());
        }
        let lab: LabFile = serde_yaml::from_str(&source.text).map_err(|e| typed(&e, source, id))?;
        let found = lab.check(source, id);
        if found.has_errors() { Err(found) } else { Ok(lab) }
    }

    /// Finds what types alone do not show.
    fn check(&self, source: &Source, id: SourceId) -> Diagnostics {
        let mut found = Diagnostics::new();
        let mut names = HashSet::new();
        let mut wrong = |message: String, key: &str, value: &str, last: bool, help: &str| {
            let mut diagnostic = Diagnostic::error("E0902", message).help(help);
            if let Some(span) = place(source, id, key, value, last) {
                diagnostic = diagnostic.at(span);
            }
            found.push(diagnostic);
        };
        for name in self.devices.iter().map(|d| &d.name).chain(self.apis.iter().map(|a| &a.name)) {
            if !names.insert(name) {
                wrong(
                    format!("there are two `{name}` in the lab"),
                    "name",
                    name,
                    true,
                    "give one of them another name",
                );
            }
            if name.is_empty() || name.contains(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))) {
                let help = "use letters, digits, `.`, `_` and `-`";
                wrong(format!("`{name}` cannot be a name in the lab"), "name", name, false, help);
            }
        }
        for answer in self.devices.iter().flat_map(|device| &device.answers) {
            if answer.command.is_some() == answer.matches.is_some() {
                let (key, value) = match (&answer.command, &answer.matches) {
                    (Some(command), _) => ("command", command.as_str()),
                    _ => ("answers", ""),
                };
                wrong("an answer needs either `command` or `matches`".into(), key, value, false, "keep one of them");
            }
        }
        for route in self.apis.iter().flat_map(|api| &api.routes) {
            let path = &route.path;
            if !path.starts_with('/') {
                wrong(format!("the path `{path}` must begin with `/`"), "path", path, false, "paths are without host");
            }
            if !(200..=599).contains(&route.status) {
                let status = route.status.to_string();
                let message = format!("`{status}` cannot be the status of an answer");
                wrong(message, "status", &status, false, "use 200 to 599");
            }
            if route.json.is_some() && route.body.is_some() {
                let message = format!("the route `{path}` has both `json` and `body`");
                wrong(message, "path", path, false, "keep one of them");
            }
        }
        found
    }
}

/// Makes a diagnostic of an error of the YAML reader.
fn typed(error: &serde_yaml::Error, source: &Source, id: SourceId) -> Diagnostics {
    let text = error.to_string();
    // The place is shown by the diagnostic itself; the reader also writes it into its text.
    let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
    let mut diagnostic = Diagnostic::error("E0903", format!("cannot read the lab: {message}"));
    if let Some(at) = error.location() {
        let line = source.line_start(at.line());
        let rest = source.text.get(line..).unwrap_or_default();
        let start = rest.char_indices().nth(at.column().saturating_sub(1)).map_or(0, |(offset, _)| offset);
        let end = rest.get(start..).and_then(|r| r.find('\n')).map_or(rest.len(), |n| start + n);
        diagnostic = diagnostic.at(Span::new(id, line + start, line + end));
    }
    // "unknown field `devces`, expected `devices` or `apis`": the nearest of those named is what was meant.
    let mut quoted = message.split('`').skip(1).step_by(2);
    if let (true, Some(written)) = (message.contains("unknown "), quoted.next()) {
        diagnostic = diagnostic.maybe_help(nearest(written, quoted).map(|name| format!("did you mean `{name}`?")));
    }
    diagnostic.into()
}

/// Finds the first (or last) line `key: value`. The typed reader keeps no places; this finds them again.
fn place(source: &Source, id: SourceId, key: &str, value: &str, last: bool) -> Option<Span> {
    let mut offset = 0;
    let mut found = None;
    for line in source.text.split_inclusive('\n') {
        let entry = line.trim().trim_start_matches("- ").trim_start_matches("{ ").trim_start_matches('{');
        let here = entry.split_once(':').filter(|(k, _)| k.trim() == key).is_some_and(|(_, rest)| {
            let rest = rest.split(',').next().unwrap_or_default();
            rest.trim().trim_matches(['"', '\'', '}']) == value
        });
        if here && (last || found.is_none()) {
            let start = offset + (line.len() - line.trim_start().len());
            found = Some(Span::new(id, start, offset + line.trim_end().len()));
        }
        offset += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Style, render};

    fn wrong(text: &str) -> String {
        let sources = SourceMap::new();
        let id = sources.add(Source::new("lab.yml", None, text));
        let found = LabFile::parse(&sources.get(id), id).expect_err("it is wrong");
        let shown: Vec<String> = found.iter().map(|one| render(one, &sources, Style::Plain)).collect();
        shown.join("\n")
    }

    #[test]
    fn mistakes_are_shown_at_their_line() {
        // Text, what the message says, where.
        let cases = [
            ("", "the lab file is empty", "lab.yml:1:1"),
            ("devces: []", "did you mean `devices`?", "lab.yml:1:1"),
            ("devices:\n- name: r1\n  platform: cisco_iox\n", "did you mean `cisco_ios`?", "lab.yml:3"),
            ("devices:\n- name: r1\n", "missing field `platform`", "lab.yml:2"),
            (
                "devices:\n- {name: r1, platform: frr, delay_seconds: -1}\n",
                "a delay must be between 0 and 86400",
                "lab.yml:2",
            ),
            ("devices:\n- name: r1\n  platform: frr\n- name: r1\n  platform: frr\n", "two `r1`", "lab.yml:4"),
            ("devices:\n- name: a b\n  platform: frr\n", "cannot be a name", "lab.yml:2"),
            (
                "devices:\n- name: r\n  platform: frr\n  answers:\n  - matches: '('\n",
                "is no regular expression",
                "lab.yml:5",
            ),
            (
                "devices:\n- name: r\n  platform: frr\n  answers:\n  - output: x\n",
                "either `command` or `matches`",
                "lab.yml:4",
            ),
            ("apis:\n- name: a\n  routes:\n  - path: x\n", "must begin with `/`", "lab.yml:4"),
            ("apis:\n- name: a\n  routes:\n  - path: /x\n    status: 99\n", "cannot be the status", "lab.yml:5"),
            ("apis: [\n", "cannot read the lab", "lab.yml:1"),
            ("- a\n", "cannot read the lab", "lab.yml:1"),
        ];
        for (text, says, place) in cases {
            let shown = wrong(text);
            assert!(shown.contains(says) && shown.contains(place), "{text:?}:\n{shown}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let text = "devices: [{name: r1, platform: linux, password: hunter22}]";
        let source = Source::new("lab.yml", None, text);
        let lab = LabFile::parse(&source, SourceId(0)).expect("it is right");
        assert!(!format!("{lab:?}").contains("hunter22"));
    }
}
