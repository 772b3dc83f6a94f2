//! What failures on some hosts mean for the others: `any_errors_fatal`, `max_fail_percentage`, and how a batch ends.
//!
//! The verdict is passed when a task is over on all hosts. As in Ansible, whom it takes along counts as failed from then
//! on, even where a block rescues it: for the next percentage, and for the plays that follow.

use super::{Batch, BatchEnd, Standing};
use crate::executor::tracker::HostIndex;
use crate::graph::{NodeId, Part, SectionId};
use std::collections::HashSet;

/// What went wrong in a task.
#[derive(Default)]
pub(super) struct Failures {
    /// It is to end the play for all.
    fatal: bool,
    /// Where it failed.
    hosts: HashSet<HostIndex>,
    /// Which hosts it did not reach.
    lost: HashSet<HostIndex>,
}

impl Batch {
    /// Notes that a task failed on a host, or did not reach it.
    pub(super) fn note_failure(&mut self, node: NodeId, host: HostIndex, reached: bool, fatal: bool) {
        let failures = self.failures.entry(node).or_default();
        failures.fatal |= fatal;
        let hosts = if reached { &mut failures.hosts } else { &mut failures.lost };
        hosts.insert(host);
    }

    /// Passes the verdict on all hosts when a task is over on the last of them.
    pub(super) fn judge_batch(&mut self, node: NodeId, section: SectionId) {
        let failures = self.failures.remove(&node).unwrap_or_default();
        let taken = if failures.fatal { self.condemn(section, &failures) } else { Vec::new() };
        // A task that began nowhere has no results, and changes nothing.
        if self.announced.contains(&node) && self.are_too_many() {
            self.condemn(section, &failures);
            // Whom both verdicts take along is not rescued.
            for host in taken {
                self.fail_where_it_is(section, host);
            }
            self.broken = true;
        }
        let total = self.hosts.len();
        let unreachable = self.standing.iter().filter(|standing| **standing == Standing::Unreachable).count();
        if self.broken && self.failed_hosts() >= total - unreachable {
            for host in 0..total as HostIndex {
                self.drop_host(host, Standing::Failed);
            }
        }
        let all_out = self.standing.iter().all(|standing| *standing != Standing::In);
        self.fatal |= (failures.fatal || self.broken) && (section == SectionId::ROOT || all_out);
    }

    /// How many hosts count as failed.
    fn failed_hosts(&self) -> usize {
        let counts =
            |host: &usize| self.standing[*host] == Standing::Failed || self.condemned.contains(&(*host as HostIndex));
        (0..self.hosts.len()).filter(counts).count()
    }

    fn are_too_many(&self) -> bool {
        let Some(limit) = self.max_fail_percentage else { return false };
        self.failed_hosts() as f64 / self.hosts.len() as f64 * 100.0 > limit
    }

    /// Fails the hosts that are where the task is and on which it did not fail; returns them. Hosts that are elsewhere
    /// count as failed, and go on.
    fn condemn(&mut self, section: SectionId, failures: &Failures) -> Vec<HostIndex> {
        let mut taken = Vec::new();
        for host in (0..self.hosts.len() as HostIndex).filter(|host| !failures.hosts.contains(host)) {
            // As in Ansible: whom the failure of others takes along is told as out, whoever rescues it.
            self.view.set_out(host as usize, true);
            match self.standing[host as usize] {
                Standing::In => {
                    self.condemned.insert(host);
                    if self.is_live(section, host) {
                        self.fail(section, host, Standing::Failed);
                        taken.push(host);
                    }
                }
                // Ansible counts one that could not be reached by this task once more, as failed.
                Standing::Unreachable if failures.lost.contains(&host) => {
                    self.condemned.insert(host);
                }
                _ => {}
            }
        }
        taken
    }

    /// Fails a host in that part of a block in which it is: the task's own, or, when that has failed before, the one
    /// that would have rescued it.
    fn fail_where_it_is(&mut self, section: SectionId, host: HostIndex) {
        let mut at = section;
        loop {
            let info = self.graph.sections[at.index()].clone();
            let block = match info.part {
                Part::Root | Part::Body => info.clone(),
                Part::Rescue | Part::Always => self.graph.sections[info.body.index()].clone(),
            };
            let parts = [Some(at), block.rescue, block.always];
            if let Some(part) = parts.into_iter().flatten().find(|part| self.is_live(*part, host)) {
                return self.fail(part, host, Standing::Failed);
            }
            match info.parent {
                Some(parent) => at = parent,
                None => return,
            }
        }
    }

    /// Returns what the batch leaves.
    pub(super) fn end(mut self) -> BatchEnd {
        let unreachable = self.standing.iter().filter(|standing| **standing == Standing::Unreachable).count();
        let counted = self.failed_hosts() + unreachable;
        let condemned = std::mem::take(&mut self.condemned);
        let rescued = condemned.iter().any(|host| self.standing[*host as usize] == Standing::In);
        for host in condemned {
            self.drop_host(host, Standing::Failed);
        }
        BatchEnd {
            stops_run: self.broken || counted == self.hosts.len(),
            broken: self.broken,
            condemned: rescued,
            cleared: self.cleared,
            stop_play: self.stop_play,
            fatal: self.fatal,
            standing: self.standing,
        }
    }
}
