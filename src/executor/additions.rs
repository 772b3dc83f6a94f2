//! What comes to the inventory in the course of a run: hosts and groups of `add_host` and `group_by`, and the sources read
//! again (`meta: refresh_inventory`).

use super::world::World;
use crate::failure::{Failure, FailureKind};
use crate::inventory::{Inventory, Newcomers};
use crate::module::RunChange;
use crate::source::Diagnostics;
use crate::vars::Var;
use std::sync::{Arc, Mutex, PoisonError};

/// Reads the sources of the inventory again; it may run programs, and blocks.
pub type Reload = Arc<dyn Fn() -> Result<Inventory, Failure> + Send + Sync>;

/// What came in the run, in its order, each with the host whose step brought it.
#[derive(Default)]
pub(super) struct Additions(Mutex<Vec<(Arc<str>, RunChange)>>);

impl World {
    /// Takes a change that a step of a host brings; claims that the inventory is another one now.
    pub(super) fn take_in(&self, host: &Arc<str>, change: &RunChange) -> bool {
        let mut came = self.additions.0.lock().unwrap_or_else(PoisonError::into_inner);
        came.push((Arc::clone(host), change.clone()));
        self.change_inventory(|inventory| enter(inventory, host, change))
    }

    /// Reads the files of variables of hosts and groups that a change brings, and fails where they are wrong.
    pub(super) fn check_files(&self, changes: &[RunChange]) -> Result<(), Failure> {
        let mut found = Diagnostics::new();
        let inventory = self.inventory();
        changes.iter().for_each(|change| inventory.check_files_of(&newcomers(change), &mut found));
        match found.iter().find(|diagnostic| diagnostic.is_error()) {
            None => Ok(()),
            Some(error) => {
                let failure = Failure::new(FailureKind::File, error.message.clone());
                Err(error.primary.iter().fold(failure, |failure, label| failure.at(label.span)))
            }
        }
    }

    /// Reads the sources again. What came in the run stays.
    pub(super) async fn refresh(&self) -> Result<(), Failure> {
        let Some(reload) = self.reload.clone() else { return Ok(()) };
        let crashed = |_| Failure::new(FailureKind::Internal, "reading the inventory again crashed");
        let mut fresh = tokio::task::spawn_blocking(move || reload()).await.map_err(crashed)??;
        let came = self.additions.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (host, change) in came.iter() {
            enter(&mut fresh, host, change);
        }
        self.change_inventory(|inventory| *inventory = fresh);
        Ok(())
    }
}

fn enter(inventory: &mut Inventory, host: &str, change: &RunChange) -> bool {
    let changed = put(inventory, host, change);
    if changed {
        // What is wrong with the files was said by the step that brought the names.
        inventory.read_files_of(&newcomers(change), &mut Diagnostics::new());
    }
    changed
}

fn put(inventory: &mut Inventory, host: &str, change: &RunChange) -> bool {
    match change {
        RunChange::AddHost { name, groups, vars } => {
            let groups: Vec<&str> = groups.iter().map(|group| &**group).collect();
            let vars = vars.iter().map(|(key, value)| (Arc::from(key.to_string()), Var::Data(value.clone())));
            inventory.add_host(name, &groups, vars)
        }
        RunChange::GroupBy { group, parents } => {
            let parents: Vec<&str> = parents.iter().map(|parent| &**parent).collect();
            inventory.group_by(host, group, &parents)
        }
    }
}

/// Returns the hosts and groups that a change names.
fn newcomers(change: &RunChange) -> Newcomers {
    match change {
        RunChange::AddHost { name, groups, .. } => Newcomers { hosts: vec![Arc::clone(name)], groups: groups.clone() },
        RunChange::GroupBy { group, parents } => {
            Newcomers { hosts: Vec::new(), groups: std::iter::once(group).chain(parents).cloned().collect() }
        }
    }
}
