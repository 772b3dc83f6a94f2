//! What plays that run at the same time share: the slots of the run, and the numbers of tasks.

use crate::event::TaskNumber;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The slots (`--forks`) and the counter of tasks of a run.
#[derive(Clone)]
pub(super) struct Share {
    slots: Arc<Semaphore>,
    tasks: Arc<AtomicU32>,
}

/// A slot; it is free again when this is dropped.
pub(super) type Slot = OwnedSemaphorePermit;

impl Share {
    /// Makes the share of a run with so many slots.
    pub(super) fn new(forks: usize) -> Share {
        Share { slots: Arc::new(Semaphore::new(forks.min(Semaphore::MAX_PERMITS))), tasks: Arc::default() }
    }

    /// Takes a slot if one is free.
    pub(super) fn try_slot(&self) -> Option<Slot> {
        Arc::clone(&self.slots).try_acquire_owned().ok()
    }

    /// Waits for a slot. Plays that wait get one in turn.
    pub(super) async fn slot(&self) -> Slot {
        Arc::clone(&self.slots).acquire_owned().await.expect("nobody closes the slots")
    }

    /// Returns the next numbers for so many tasks.
    pub(super) fn numbers(&self, count: usize) -> Range<TaskNumber> {
        let count = count as TaskNumber;
        let first = self.tasks.fetch_add(count, Ordering::Relaxed);
        first..first + count
    }
}
