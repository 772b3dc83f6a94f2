//! Changes that a simulated device takes back by itself unless they are confirmed in time.
//!
//! No timer runs: what is overdue is taken back when somebody next looks at the device's state, which nobody can tell
//! from the outside.

use super::device::State;
use super::statements::Config;
use super::tree::Tree;
use std::time::{Duration, Instant};

/// A change that waits to be confirmed, and what was there before.
pub(super) struct Held {
    until: Instant,
    /// How long it waits, as it was asked for.
    pub(super) minutes: u64,
    running: Tree,
    active: Config,
}

impl State {
    /// Keeps what is there now for the case that nobody confirms in time.
    pub(super) fn hold(&mut self, minutes: u64, time: Duration) {
        let held = Held {
            until: Instant::now() + time,
            minutes,
            running: self.running.clone(),
            active: Config { active: self.junos.active.clone(), ..Config::default() },
        };
        self.held = Some(held);
    }

    /// What is taken back is what was saved, as on devices that take a change back by a restart.
    pub(super) fn hold_startup(&mut self) {
        if let Some(held) = &mut self.held {
            held.running = self.startup.clone();
        }
    }

    /// Keeps the change; claims that there was one.
    pub(super) fn confirm(&mut self) -> bool {
        self.held.take().is_some()
    }

    /// Takes the change back; claims that there was one.
    pub(super) fn revert(&mut self) -> bool {
        let Some(held) = self.held.take() else { return false };
        self.running = held.running;
        self.commits += 1;
        self.junos.candidate = held.active.active.clone();
        self.junos.active = held.active.active;
        true
    }

    /// Takes back what is overdue.
    pub(super) fn look_at_the_clock(&mut self) {
        self.netconf.look_at_the_clock();
        if self.held.as_ref().is_some_and(|held| held.until <= Instant::now()) {
            self.revert();
        }
    }
}
