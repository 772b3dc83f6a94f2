//! Which sections of blocks a host is in: where tasks run, and where a failure goes.

use super::{Batch, Standing};
use crate::event::Status;
use crate::executor::step::Outcome;
use crate::executor::tracker::HostIndex;
use crate::graph::{NodeId, Part, SectionId};
use crate::playbook::{Action, Task};
use std::sync::Arc;

impl Batch {
    /// Claims that tasks of this section run on the host.
    pub(in crate::executor) fn is_live(&self, section: SectionId, host: HostIndex) -> bool {
        if self.standing[host as usize] != Standing::In {
            return false;
        }
        let mut at = section;
        loop {
            let info = &self.graph.sections[at.index()];
            let failed = |section: SectionId| self.failed_in(section, host);
            let live = match info.part {
                Part::Root => true,
                Part::Body | Part::Always => !failed(at),
                Part::Rescue => failed(info.body) && !failed(at),
            };
            if !live {
                return false;
            }
            match info.parent {
                Some(parent) => at = parent,
                None => return true,
            }
        }
    }

    /// Claims that handlers run on the host although it failed (`force_handlers`).
    pub(in crate::executor) fn is_forced(&self, host: HostIndex) -> bool {
        let forces = self.view.play.force_handlers.unwrap_or(self.context.settings.force_handlers);
        forces && self.standing[host as usize] == Standing::Failed && !self.failed_handlers.contains(&host)
    }

    /// Claims that the task belongs to a role that is over for the host.
    pub(super) fn has_ended_role(&self, task: &Task, host: HostIndex) -> bool {
        let over = |role| self.ended_roles.iter().any(|(other, ended)| *other == host && Arc::ptr_eq(ended, role));
        task.role.as_ref().is_some_and(over)
    }

    /// Claims that the task belongs to a role that has run on the host and does not run again.
    pub(super) fn has_run_role(&self, task: &Task, host: HostIndex) -> bool {
        task.role.as_ref().is_some_and(|role| !role.repeats && self.roles_done.contains(&(host, role.key)))
    }

    /// Takes note that a task of a role came to something on a host: what is only skipped, or not reached, has not run.
    pub(super) fn note_role(&mut self, task: &Task, host: HostIndex, outcome: &Outcome) {
        let unreachable = outcome.failure.as_ref().is_some_and(|failure| failure.kind.is_unreachable());
        let ran = outcome.status != Status::Skipped && !unreachable && !matches!(task.action, Action::Meta(_));
        if let Some(role) = task.role.as_ref().filter(|_| ran) {
            self.roles_begun.insert((host, role.key));
        }
    }

    /// Marks a section as failed on a host; outside of blocks the host is out.
    pub(super) fn fail(&mut self, section: SectionId, host: HostIndex, standing: Standing) {
        if section == SectionId::ROOT {
            self.drop_host(host, standing);
        } else {
            let count = self.hosts.len();
            let hosts = &mut self.failed[section.index()];
            hosts.resize(count, false);
            hosts[host as usize] = true;
            if self.leads_out(section, host) {
                self.condemned.insert(host);
            }
            self.cancel_moot(host);
        }
    }

    /// Claims that a host which failed in a section comes to no other part of a block any more: it counts as failed then.
    fn leads_out(&self, section: SectionId, host: HostIndex) -> bool {
        let is_to_come = |part: Option<SectionId>| part.is_some_and(|part| !self.failed_in(part, host));
        let mut at = section;
        loop {
            let info = &self.graph.sections[at.index()];
            let goes_on = match info.part {
                Part::Root | Part::Always => false,
                // A part of a `parallel` block has no others, and counts when all are done.
                Part::Body => {
                    is_to_come(info.rescue) || is_to_come(info.always) || info.rescue.or(info.always).is_none()
                }
                Part::Rescue => is_to_come(self.graph.sections[info.body.index()].always),
            };
            match info.parent {
                _ if goes_on => return false,
                Some(parent) => at = parent,
                None => return true,
            }
        }
    }

    /// Returns how a host ends that has nothing more to do: as failed where it failed, had only the ends of its blocks to
    /// come (`always`), and nothing would have rescued it.
    pub(super) fn end_of(&self, host: HostIndex) -> Standing {
        let sections = (0..self.graph.sections.len() as u32).map(SectionId);
        let mut failed = sections.filter(|section| self.failed_in(*section, host));
        match failed.any(|section| !self.is_rescued_around(section, host)) {
            true => Standing::Failed,
            false => Standing::Ended,
        }
    }

    /// Claims that what failed in a section on a host is, was or would be rescued.
    fn is_rescued_around(&self, section: SectionId, host: HostIndex) -> bool {
        let mut at = Some(section);
        while let Some(section) = at {
            let info = &self.graph.sections[section.index()];
            if info.part == Part::Body && info.rescue.is_some_and(|rescue| !self.failed_in(rescue, host)) {
                return true;
            }
            at = info.parent;
        }
        false
    }

    pub(super) fn drop_host(&mut self, host: HostIndex, standing: Standing) {
        if self.standing[host as usize] == Standing::In {
            self.standing[host as usize] = standing;
            self.view.set_out(host as usize, true);
            self.unpin(host);
            self.cancel_moot(host);
        }
    }

    /// Ends a block on a host: what failed in it and was not rescued is a failure of what is around it.
    pub(super) fn end_block(&mut self, node: NodeId, host: HostIndex, body: SectionId) {
        let info = self.graph.sections[body.index()].clone();
        let failed = |section: Option<SectionId>| section.is_some_and(|section| self.failed_in(section, host));
        let body_failed = failed(Some(body));
        let rescued = body_failed && info.rescue.is_some() && !failed(info.rescue);
        let fails = (body_failed && !rescued) || failed(info.always);
        if fails {
            let parent = info.parent.unwrap_or(SectionId::ROOT);
            if self.is_live(parent, host) {
                self.fail(parent, host, Standing::Failed);
            }
        }
        self.pass(node, host);
    }

    /// Ends a block of tasks without order on a host: a failure of one is one of what is around them.
    pub(super) fn end_parallel(&mut self, node: NodeId, host: HostIndex, first: SectionId, count: u32) {
        let around = self.graph.node(node).section;
        let mut children = (first.0..first.0 + count).map(SectionId);
        if children.any(|child| self.failed_in(child, host)) && self.is_live(around, host) {
            self.fail(around, host, Standing::Failed);
        }
        self.pass(node, host);
    }

    pub(super) fn failed_in(&self, section: SectionId, host: HostIndex) -> bool {
        self.failed.get(section.index()).and_then(|hosts| hosts.get(host as usize)).copied().unwrap_or(false)
    }

    /// Fails what stands at a node's place on a host.
    pub(in crate::executor) fn fail_at(&mut self, node: NodeId, host: HostIndex) {
        self.fail(self.graph.node(node).section, host, Standing::Failed);
    }

    /// Claims that a failure on some hosts may end the play for all.
    pub(in crate::executor) fn fails_together(&self) -> bool {
        self.max_fail_percentage.is_some()
    }

    /// Adds room for the sections and nodes that an expansion brought.
    pub(in crate::executor) fn grow_tables(&mut self) {
        self.failed.resize(self.graph.sections.len(), Vec::new());
        self.numbers.extend(self.share.numbers(self.graph.nodes.len() - self.numbers.len()));
    }
}
