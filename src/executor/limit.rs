//! How many steps may be at work on one host, and on the hosts of a group together, whatever the run's slots allow.
//!
//! `netplay_max_commands` is a number, for a host; `netplay_group_limits` a dictionary of groups and numbers. Plays that
//! run at the same time share the counts.

use super::world::StepScope;
use crate::failure::{Failure, FailureKind};
use crate::template::Templar;
use crate::value::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The variable that limits a host.
pub(super) const HOST_LIMIT: &str = "netplay_max_commands";

/// The variable that limits groups.
pub(super) const GROUP_LIMITS: &str = "netplay_group_limits";

/// What is limited (a host, a group), and how much of it there is.
type Named = (String, usize);

/// The counts of a run, by host or group and limit.
#[derive(Clone, Default)]
pub(super) struct Limits {
    counts: Arc<Mutex<HashMap<Named, Arc<Semaphore>>>>,
}

/// What a step holds of limits while it is at work.
pub(super) type Held = Vec<OwnedSemaphorePermit>;

/// The limits of a host, in the order in which they are taken.
#[derive(Clone, Default)]
pub(super) struct HostLimits(Vec<Arc<Semaphore>>);

impl Limits {
    /// Returns what limits a host, as its variables say.
    pub(super) fn of(&self, scope: &StepScope, templar: &Templar) -> Result<HostLimits, Failure> {
        let mut named: Vec<Named> = Vec::new();
        if let Some(value) = templar.var(HOST_LIMIT)?.filter(is_said) {
            named.push((format!("host {}", scope.host), limit(&value, HOST_LIMIT)?));
        }
        if let Some(value) = templar.var(GROUP_LIMITS)?.filter(is_said) {
            let Value::Map(groups) = &value else {
                let message = format!("`{GROUP_LIMITS}` must be a dictionary of groups and numbers");
                return Err(Failure::new(FailureKind::Argument, message));
            };
            let of_host = scope.world.inventory().groups_of(&scope.host);
            for (group, value) in groups.iter() {
                let group = group.to_string();
                if group == "all" || of_host.iter().any(|name| **name == *group) {
                    named.push((format!("group {group}"), limit(value, GROUP_LIMITS)?));
                }
            }
        }
        // In one order everywhere: two that wait for each other would wait for ever.
        named.sort();
        let mut counts = self.counts.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let count = |(name, limit): (String, usize)| {
            Arc::clone(counts.entry((name, limit)).or_insert_with(|| Arc::new(Semaphore::new(limit))))
        };
        Ok(HostLimits(named.into_iter().map(count).collect()))
    }
}

impl HostLimits {
    /// Claims that nothing is limited.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a place in each, if there is one.
    pub(super) fn try_take(&self) -> Option<Held> {
        self.0.iter().map(|count| Arc::clone(count).try_acquire_owned().ok()).collect()
    }

    /// Waits for a place in each.
    pub(super) async fn take(self) -> Held {
        let mut held = Held::new();
        for count in self.0 {
            held.push(count.acquire_owned().await.expect("nobody closes the counts"));
        }
        held
    }
}

fn is_said(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Omit)
}

/// Returns a limit that a variable says.
pub(super) fn limit(value: &Value, name: &str) -> Result<usize, Failure> {
    let number = super::item::number(value).filter(|number| *number >= 1.0 && number.fract() == 0.0);
    number.map(|number| (number as usize).min(Semaphore::MAX_PERMITS)).ok_or_else(|| {
        Failure::new(
            FailureKind::Argument,
            format!("`{name}` takes whole numbers from 1 on, not `{}`", value.to_text()),
        )
    })
}
