//! Runs the graph: takes ready steps from the queue, carries out what modules plan, and publishes what happened.
//!
//! [`run()`] goes through the plays; a [`batch`] dispatches one play on one batch of hosts. The dispatcher owns all state
//! and never waits for anything but messages; each step is a task of its own. Writes pass one gate (`gate.rs`).

mod additions;
mod background;
mod batch;
mod chain;
mod expand;
mod facts;
mod gate;
mod handlers;
mod item;
mod limit;
mod looped;
mod passage;
mod plan;
mod plays;
mod pool;
mod prepare;
mod publish;
mod random;
mod reach;
mod room;
mod run;
mod shard;
mod share;
mod ssh_args;
mod step;
mod stepping;
mod target;
#[cfg(test)]
mod tests;
mod tracker;
mod uses;
mod world;

pub use additions::Reload;
pub use facts::{FactSettings, GatherWhen};
pub use passage::passages;
pub use plan::{Planned, plan, play_name};
pub use pool::Pool;
pub use prepare::{graph_of, scope_of};
pub use publish::Publisher;
pub use run::{Interrupt, RunEnd, Settings, run};
pub use shard::check_shards;
pub use ssh_args::{SshArgs, UNDERSTOOD};
pub use stepping::{Answer, Ask, Stepper};
pub use target::Defaults;
pub use world::{HostVars, Said, StepScope, World, is_localhost};

use crate::playbook::Loader;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What every step of a run has at hand.
pub struct Context {
    /// The world.
    pub world: Arc<World>,
    /// Where events go.
    pub publisher: Publisher,
    /// Reads what is included.
    pub loader: Arc<Loader>,
    /// Connections.
    pub pool: Pool,
    /// How the run was asked for.
    pub settings: Settings,
    /// Who is asked before tasks begin (`--step`).
    pub stepper: Option<Stepper>,
    /// Ends everything at once.
    pub cut: CancellationToken,
}
