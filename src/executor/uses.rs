//! Which hosts no play needs any more: their connections are closed while others go on, so that not all of a large run are
//! open at its end.

use super::Context;
use super::plan::plan;
use crate::playbook::Play;
use crate::source::Diagnostics;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many plays have each host that are not through with it.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// `None` where there is one play only.
    plays: Option<Mutex<HashMap<Arc<str>, usize>>>,
}

impl Uses {
    /// Counts the plays of each host. What is found out too late, as by patterns of hosts that are not there yet, costs
    /// no more than opening a connection again.
    pub(super) fn of(context: &Context, plays: &[Arc<Play>]) -> Uses {
        if plays.len() < 2 {
            return Uses::default();
        }
        let mut counts: HashMap<Arc<str>, usize> = HashMap::new();
        for play in plays {
            // What is wrong with a play was shown before the run.
            for host in plan(context, play, &mut Diagnostics::new()).hosts {
                *counts.entry(host).or_default() += 1;
            }
        }
        Uses { plays: Some(Mutex::new(counts)) }
    }

    /// Notes that a play is through with a host; claims that no other has it.
    pub(super) fn end(&self, host: &str) -> bool {
        let Some(plays) = &self.plays else { return true };
        let mut plays = plays.lock().unwrap_or_else(PoisonError::into_inner);
        // Hosts that came to be in the run are not known here, so neither is who needs them.
        let Some(left) = plays.get_mut(host) else { return false };
        *left = left.saturating_sub(1);
        *left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_let_go_by_the_last_play_that_has_it() {
        let counts = HashMap::from([("a".into(), 2), ("b".into(), 1)]);
        let uses = Uses { plays: Some(Mutex::new(counts)) };
        assert_eq!(["a", "b", "new", "a"].map(|host| uses.end(host)), [false, true, false, true]);
        assert!(Uses::default().end("any"), "there is one play only");
    }
}
