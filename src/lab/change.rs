//! How IOS and EOS change a configuration safely, as far as the lab goes: `configure terminal revert timer` on IOS,
//! configuration sessions on EOS.

use super::device::Said;
use super::file::Model;
use super::ios::{Ios, Mode, after, is};
use similar::TextDiff;
use std::time::Duration;

impl Ios {
    /// Performs a command of these; `None` when it is none.
    pub(super) fn change(&mut self, command: &str) -> Option<Said> {
        match self.device.spec.platform {
            Model::CiscoIos => self.revert_timer(command),
            Model::AristaEos => self.pending_session(command),
            _ => None,
        }
    }

    fn revert_timer(&mut self, command: &str) -> Option<Said> {
        let has_archive = || self.device.state().running.has(&["archive"], "path");
        if is(command, "show archive") {
            return Some(Said::text(match has_archive() {
                true => {
                    "The maximum archive configurations allowed is 10.\nThere are currently 1 archive configurations saved."
                }
                false => "Archive feature not enabled",
            }));
        }
        if is(command, "show archive config rollback timer") {
            let state = self.device.state();
            return Some(Said::text(match &state.held {
                Some(held) => format!("Time configured(in minutes): {}", held.minutes),
                None => "%No Rollback Confirmed Change pending".to_owned(),
            }));
        }
        if let Some(minutes) = after(command, "configure terminal revert timer") {
            let Ok(minutes @ 1..=120) = minutes.parse::<u64>() else { return None };
            if !has_archive() {
                return Some(Said::text("%ERROR: Archive feature not enabled. Cannot rollback."));
            }
            let mut state = self.device.state();
            if state.held.is_some() {
                return Some(Said::text("%ERROR: A Rollback Confirmed Change is already pending"));
            }
            state.hold(minutes, self.device.minutes(minutes));
            drop(state);
            self.mode = Mode::Config(Vec::new());
            return Some(Said::text(format!(
                "Rollback Confirmed Change: Backing up current running config\n\nRollback Confirmed Change: Rollback will \
                 begin in {minutes} minute.\nEnter \"configure confirm\" if you wish to keep what you've configured\n\nEnter \
                 configuration commands, one per line.  End with CNTL/Z."
            )));
        }
        let none = "%No Rollback Confirmed Change pending";
        if is(command, "configure confirm") {
            let held = self.device.state().confirm();
            return Some(Said::text(if held { "" } else { none }));
        }
        if is(command, "configure revert now") {
            let held = self.device.state().revert();
            return Some(Said::text(if held { "Rollback Confirmed Change: rolling back now" } else { none }));
        }
        None
    }

    fn pending_session(&mut self, command: &str) -> Option<Said> {
        let rest = after(command, "configure session")?;
        let (name, what) = rest.split_once(' ').unwrap_or((rest, ""));
        let mut state = self.device.state();
        match what {
            "" => {
                let base = state.running.clone();
                state.sessions.entry(name.to_owned()).or_insert(base);
                drop(state);
                self.session = Some(name.to_owned());
                self.mode = Mode::Config(Vec::new());
                Some(Said::default())
            }
            // Of a session that was committed with a timer; one that is still edited is committed from inside.
            "commit" => Some(Said::text(if state.confirm() { "" } else { "% Cannot commit session" })),
            "abort" => {
                let held = state.revert();
                let edited = state.sessions.remove(name).is_some();
                Some(Said::text(if held || edited { "" } else { "% Session does not exist" }))
            }
            _ => None,
        }
    }

    /// Performs a line inside of a configuration session; `None` when it is one of the configuration.
    pub(super) fn in_session(&mut self, line: &str) -> Option<Said> {
        let name = self.session.clone()?;
        let device = std::sync::Arc::clone(&self.device);
        let mut state = device.state();
        if is(line, "show session-config diffs") {
            let edited = state.sessions.get(&name)?;
            let (before, after) = (state.running.render(3, &[]).join("\n"), edited.render(3, &[]).join("\n"));
            let diff = TextDiff::from_lines(&before, &after);
            let diff = diff.unified_diff().header("system:/running-config", "session:/session-config").to_string();
            return Some(Said::text(diff.trim_end()));
        }
        let timer = after(line, "commit timer").map(str::to_owned);
        if is(line, "commit") || timer.is_some() {
            let edited = state.sessions.remove(&name)?;
            if let Some(time) = timer {
                let Some(time) = seconds(&time) else { return Some(Said::text("% Invalid input")) };
                state.hold(time / 60, self.device.minutes(1).mul_f64(time as f64 / 60.0));
            }
            state.running = edited;
        } else if is(line, "abort") {
            state.sessions.remove(&name);
        } else {
            return None;
        }
        self.session = None;
        self.mode = Mode::Enable;
        Some(Said::default())
    }
}

/// Reads `hh:mm:ss`.
fn seconds(text: &str) -> Option<u64> {
    let parts: Option<Vec<u64>> = text.split(':').map(|part| part.parse().ok()).collect();
    match parts?.as_slice() {
        [hours, minutes, seconds] => {
            hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(*seconds)
        }
        _ => None,
    }
}

impl super::device::Device {
    /// Returns how long so many of the device's minutes take.
    pub(super) fn minutes(&self, minutes: u64) -> Duration {
        self.spec.minute.mul_f64(minutes as f64)
    }
}
