//! What plays that run at the same time share: the slots of the run, the numbers of tasks, what carries out steps.

use super::batch::Runner;
use super::limit::Limits;
use super::random::Random;
use super::step;
use super::uses::Uses;
use crate::event::TaskNumber;
use crate::graph::Reads;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The slots (`--forks`), the counter of tasks, and what carries out the steps of a run.
#[derive(Clone)]
pub(super) struct Share {
    /// What carries out steps; tests put a model in its place.
    pub(super) runner: Runner,
    /// What limits hosts and groups apart from the slots.
    pub(super) limits: Limits,
    /// The registered results that are kept.
    pub(super) reads: Arc<Reads>,
    /// Which hosts are needed still.
    pub(super) uses: Arc<Uses>,
    seed: Option<u64>,
    /// What decides which of several plays gets a slot, if chance does.
    turns: Option<Arc<Mutex<Random>>>,
    slots: Arc<Semaphore>,
    tasks: Arc<AtomicU32>,
}

/// A slot; it is free again when this is dropped.
pub(super) type Slot = OwnedSemaphorePermit;

impl Share {
    /// Makes the share of a run with so many slots, in which chance decides if there is a seed.
    pub(super) fn new(forks: usize, seed: Option<u64>) -> Share {
        Share {
            runner: Arc::new(|job| Box::pin(step::run(job))),
            limits: Limits::default(),
            reads: Arc::new(Reads::Anything),
            uses: Arc::default(),
            seed,
            turns: seed.map(|seed| Arc::new(Mutex::new(Random::new(!seed)))),
            slots: Arc::new(Semaphore::new(forks.min(Semaphore::MAX_PERMITS))),
            tasks: Arc::default(),
        }
    }

    /// Returns what decides in one part of the run, if chance does.
    pub(super) fn chance(&self, part: u32) -> Option<Random> {
        self.seed.map(|seed| Random::new(seed ^ u64::from(part) << 32))
    }

    /// Takes a slot if one is free.
    pub(super) fn try_slot(&self) -> Option<Slot> {
        Arc::clone(&self.slots).try_acquire_owned().ok()
    }

    /// Waits for a slot. Plays that wait get one in turn; where chance decides, one may leave it to the next.
    pub(super) async fn slot(&self) -> Slot {
        loop {
            let slot = Arc::clone(&self.slots).acquire_owned().await.expect("nobody closes the slots");
            if self.keeps_turn() {
                return slot;
            }
        }
    }

    fn keeps_turn(&self) -> bool {
        let Some(turns) = &self.turns else { return true };
        turns.lock().unwrap_or_else(PoisonError::into_inner).below(2) == 0
    }

    /// Returns the next numbers for so many tasks.
    pub(super) fn numbers(&self, count: usize) -> Range<TaskNumber> {
        let count = count as TaskNumber;
        let first = self.tasks.fetch_add(count, Ordering::Relaxed);
        first..first + count
    }
}
