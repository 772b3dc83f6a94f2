//! What came of a step, from the moment its work is over until it counts or is dropped.

use super::reasons::is_told;
use super::told::failure_facts;
use super::{Batch, Held, Once, Place, Standing, Undo};
use crate::effect::Effect;
use crate::event::{Status, What};
use crate::executor::step::Outcome;
use crate::executor::tracker::HostIndex;
use crate::executor::world::Shelf;
use crate::graph::{NodeId, SectionId, Work};
use crate::module::RunChange;
use crate::playbook::{Action, Meta, Strategy};
use crate::value::Map;
use crate::vars::Var;
use std::sync::Arc;
use std::time::Duration;

impl Batch {
    /// Takes note that a step's work is over, and lets its outcome count if nothing stands before it.
    pub(super) fn ran(&mut self, node: NodeId, host: HostIndex, outcome: Outcome, took: Duration) {
        let set = self.write(node, host, &outcome);
        self.hold(node, host, Held { outcome, took, set, shared_failure: None });
        if is_told(&self.graph, node) && self.held.contains_key(&(node, host)) {
            let host = self.context.publisher.clean(&self.hosts[host as usize]);
            self.context.publisher.publish(What::StepRan { task: self.number(node), host });
        }
    }

    pub(super) fn hold(&mut self, node: NodeId, host: HostIndex, held: Held) {
        if held.fails() {
            self.held_failures[host as usize] += 1;
        }
        self.held.insert((node, host), held);
        self.tracker.ran(node, host);
        if self.tracker.may_settle(node, host) {
            self.settle_from(node, host);
        }
    }

    /// Writes a step's variables; returns where.
    pub(super) fn write(&mut self, node: NodeId, host: HostIndex, outcome: &Outcome) -> Vec<Place> {
        let own = Arc::clone(&self.hosts[host as usize]);
        let mut places = Vec::with_capacity(outcome.writes.len());
        for write in &outcome.writes {
            let owner = write.host.as_ref().unwrap_or(&own);
            let (before, was_unknown) = self.context.world.change_host(owner, |vars| {
                let was_unknown = write.shelf == Shelf::Set && vars.unknown.contains(&write.name);
                if write.shelf == Shelf::Set {
                    if outcome.unknown {
                        vars.unknown.insert(Arc::clone(&write.name));
                    } else {
                        vars.unknown.shift_remove(&write.name);
                    }
                }
                (vars.shelf(write.shelf).insert(Arc::clone(&write.name), write.var.clone()), was_unknown)
            });
            let place: Place = (Arc::clone(owner), write.shelf as u8, Arc::clone(&write.name));
            let undo = Undo { by: (node, host), shelf: write.shelf, before, was_unknown };
            self.undo.entry(place.clone()).or_default().push(undo);
            places.push(place);
        }
        places
    }

    /// Lets the outcome of a step count, and then those that waited for it.
    pub(super) fn settle_from(&mut self, node: NodeId, host: HostIndex) {
        let mut todo = vec![node];
        while let Some(node) = todo.pop() {
            let Some(held) = self.held.remove(&(node, host)) else { continue };
            if held.fails() {
                self.held_failures[host as usize] -= 1;
            }
            let section = self.graph.node(node).section;
            let live = self.is_live(section, host);
            if !live && (held.outcome.status == Status::NotReached || self.may_drop(node)) {
                if held.outcome.status != Status::NotReached {
                    self.report_dropped(node, host, &held);
                }
                self.take_back(node, host, &held);
                self.finish_node(node, host, section);
                self.choose_again(node, host);
            } else {
                self.keep(node, host, &held);
                match (held.outcome.status, held.shared_failure) {
                    (Status::NotReached, None) => self.finish_node(node, host, section),
                    (Status::NotReached, Some(facts)) => {
                        self.remember_failure(section, host, &facts);
                        self.fail(section, host, Standing::Failed);
                        self.finish_node(node, host, section);
                    }
                    (_, shared_failure) => self.settle(node, host, Held { shared_failure, ..held }),
                }
            }
            todo.extend(self.tracker.held_after(node, host));
        }
        for node in std::mem::take(&mut self.deferred[host as usize]) {
            self.tracker.put_back(node, host);
        }
    }

    /// Claims that what came of a step is dropped when its host turns out to be out before it: it only reads, and ran
    /// ahead. What has written is told in any case, and so is what the author let run in no order.
    pub(super) fn may_drop(&self, node: NodeId) -> bool {
        let node = self.graph.node(node);
        node.effect != Effect::Write && node.settles_after.is_some() && !matches!(node.work, Work::Handler(_))
    }

    /// Lets the variables of a step stay.
    pub(super) fn keep(&mut self, node: NodeId, host: HostIndex, held: &Held) {
        for place in &held.set {
            let Some(list) = self.undo.get_mut(place) else { continue };
            // What was set before it is over anyway.
            if let Some(last) = list.iter().rposition(|undo| undo.by == (node, host)) {
                list.drain(..=last);
            }
            if list.is_empty() {
                self.undo.remove(place);
            }
        }
    }

    /// Takes back the variables of a step that counts for nothing. Where another has set one since, that other would now
    /// take it back to what was there before.
    pub(super) fn take_back(&mut self, node: NodeId, host: HostIndex, held: &Held) {
        for place in held.set.iter().rev() {
            let Some(list) = self.undo.get_mut(place) else { continue };
            let Some(at) = list.iter().rposition(|undo| undo.by == (node, host)) else { continue };
            let undo = list.remove(at);
            if let Some(next) = list.get_mut(at) {
                (next.before, next.was_unknown) = (undo.before, undo.was_unknown);
                continue;
            }
            if list.is_empty() {
                self.undo.remove(place);
            }
            let (owner, _, name) = place;
            self.context.world.change_host(owner, |vars| {
                match undo.before {
                    Some(before) => vars.shelf(undo.shelf).insert(Arc::clone(name), before),
                    None => vars.shelf(undo.shelf).shift_remove(name),
                };
                if undo.shelf == Shelf::Set {
                    if undo.was_unknown {
                        vars.unknown.insert(Arc::clone(name));
                    } else {
                        vars.unknown.shift_remove(name);
                    }
                }
            });
        }
    }

    /// Lets an outcome count.
    pub(super) fn settle(&mut self, node: NodeId, host: HostIndex, held: Held) {
        let Held { mut outcome, took, .. } = held;
        let task = self.graph.node(node).task().cloned();
        let section = self.graph.node(node).section;
        if outcome.status == Status::Failed && self.graph.is_rescued(section) {
            outcome.status = Status::Rescued;
        }
        if let Some(task) = &task {
            if let Action::Meta(meta) = task.action
                && outcome.status == Status::Ok
            {
                self.meta(meta, node, host);
            }
            self.note_role(task, host, &outcome);
            if !outcome.run.is_empty() {
                // As in Ansible: what is only known here notifies nobody.
                outcome.notify.clear();
                if !self.apply_run_changes(host, &outcome) {
                    outcome.nothing_changed();
                }
            }
            self.report(node, host, task, &outcome, took);
            if outcome.status == Status::Rescued {
                self.remember_failure(section, host, &failure_facts(task, &outcome));
            }
        }
        self.context.world.keep_facts(&self.hosts[host as usize], &outcome.writes);
        for name in &outcome.notify {
            self.notify(name, host, node);
        }
        if !outcome.inclusions.is_empty() {
            self.inclusions.entry(node).or_default().push((host, std::mem::take(&mut outcome.inclusions)));
        }
        match outcome.status {
            Status::Failed | Status::Rescued => {
                if matches!(self.graph.node(node).work, Work::Handler(_)) {
                    self.failed_handlers.insert(host);
                }
                if outcome.status == Status::Failed {
                    // As in Ansible: nobody rescues it any more, although the ends of blocks (`always`) are to come.
                    self.view.set_out(host as usize, true);
                }
                self.fail(section, host, Standing::Failed);
                self.note_failure(node, host, true, outcome.fatal);
            }
            Status::Unreachable => {
                self.tell_bound(host, &outcome, took);
                self.drop_host(host, Standing::Unreachable);
                self.note_failure(node, host, false, outcome.fatal);
            }
            // As in Ansible: that the host goes on is its own matter, the others end all the same where it could not be
            // reached; and where it failed, it is not taken along by others.
            Status::Ignored => {
                let is_lost = outcome.failure.as_ref().is_some_and(|failure| failure.kind.is_unreachable());
                self.note_failure(node, host, !is_lost, is_lost && outcome.fatal);
            }
            _ => {}
        }
        if matches!(self.once.get(&node), Some(Once::On(chosen)) if *chosen == host) {
            self.share_with_all(node, &outcome);
        }
        self.finish_node(node, host, section);
    }

    /// Lets a host know of a failure that is rescued, for its rescue section and what comes after.
    pub(super) fn remember_failure(&self, section: SectionId, host: HostIndex, facts: &Map) {
        if !self.graph.is_rescued(section) {
            return;
        }
        self.context.world.change_host(&self.hosts[host as usize], |vars| {
            for (name, value) in facts.iter() {
                vars.set.insert(name.to_string().into(), Var::Data(value.clone()));
            }
        });
    }

    /// Settles a step in the tracker and looks whether the play is over for everybody.
    pub(super) fn finish_node(&mut self, node: NodeId, host: HostIndex, section: SectionId) {
        // The verdict on all hosts is passed before those who wait for the node may start.
        if self.tracker.is_last(node, host) && self.graph.node(node).task().is_some() {
            self.judge_batch(node, section);
        }
        self.tracker.settle(node, host);
        if self.graph.strategy == Strategy::HostPinned && self.tracker.is_through(host) {
            self.unpin(host);
        }
        self.tell_through(host);
        if self.tracker.is_quiet(host) && !self.notified.concerns(host) {
            self.release(host);
        }
    }

    /// Lets go of the connections to a host that no play needs any more. Should it be needed after all (others delegate
    /// to it), they are opened again.
    fn release(&mut self, host: HostIndex) {
        let name = &self.hosts[host as usize];
        let was_through = std::mem::replace(&mut self.through[host as usize], true);
        if !was_through && self.share.uses.end(name) {
            self.context.pool.release(name);
        }
    }

    /// Ends running steps of a host whose outcome can no longer count.
    pub(super) fn cancel_moot(&self, host: HostIndex) {
        if self.running_on[host as usize] == 0 {
            return;
        }
        for under_way in self.under_way.values().filter(|under_way| under_way.host == host) {
            if self.may_drop(under_way.node) && !self.is_live(self.graph.node(under_way.node).section, host) {
                under_way.cancel.cancel();
            }
        }
    }

    /// Settles a node that has nothing to do on a host.
    pub(in crate::executor) fn pass(&mut self, node: NodeId, host: HostIndex) {
        if self.graph.node(node).task().is_some() {
            self.passed += 1;
        }
        self.choose_again(node, host);
        self.wake_throttled(node);
        // It stands in the order of the file like any other: if something before it is not settled, it waits.
        let outcome = Outcome::empty(Status::NotReached, String::new());
        self.hold(node, host, Held { outcome, took: Duration::ZERO, set: Vec::new(), shared_failure: None });
    }

    /// Says how many steps came to nothing since it was last said, so that totals stay true.
    pub(super) fn tell_passed(&mut self) {
        let steps = std::mem::take(&mut self.passed);
        if steps > 0 {
            self.context.publisher.publish(What::StepsPassed { steps });
        }
    }

    /// Changes the inventory; claims that it is another one now.
    pub(super) fn apply_run_changes(&self, host: HostIndex, outcome: &Outcome) -> bool {
        let own = &self.hosts[host as usize];
        let mut changed = false;
        for change in &outcome.run {
            let is_new = self.context.world.take_in(own, change);
            if let RunChange::AddHost { name, .. } = change
                && is_new
            {
                self.view.note_newcomer(name);
            }
            changed |= is_new;
        }
        changed
    }

    pub(super) fn meta(&mut self, meta: Meta, node: NodeId, host: HostIndex) {
        match meta {
            Meta::Noop | Meta::ResetConnection | Meta::RefreshInventory => {}
            Meta::FlushHandlers => {
                self.asked_to_flush.insert((node, host));
            }
            Meta::EndRole => {
                let role = self.graph.node(node).task().and_then(|task| task.role.clone());
                self.ended_roles.extend(role.map(|role| (host, role)));
            }
            Meta::EndHost => self.drop_host(host, self.end_of(host)),
            Meta::EndPlay | Meta::EndBatch => {
                self.stop_play |= meta == Meta::EndPlay;
                for host in 0..self.hosts.len() as HostIndex {
                    self.drop_host(host, self.end_of(host));
                }
            }
            Meta::ClearFacts => {
                let hosts = match self.graph.strategy {
                    Strategy::Linear => self.view.all_hosts.clone(),
                    Strategy::Free | Strategy::HostPinned => vec![Arc::clone(&self.hosts[host as usize])],
                };
                for name in &hosts {
                    self.context.world.forget_facts(name);
                }
            }
            Meta::ClearHostErrors => {
                // As in Ansible: they stay out of this play, and are in the next, like those of earlier plays.
                for standing in &mut self.standing {
                    if matches!(standing, Standing::Failed | Standing::Unreachable) {
                        *standing = Standing::Ended;
                    }
                }
                self.condemned.clear();
                self.cleared = true;
                let publisher = &self.context.publisher;
                let hosts = self.view.all_hosts.iter().map(|host| publisher.clean(host)).collect();
                publisher.publish(What::ErrorsCleared { hosts });
            }
        }
    }
}

impl Held {
    /// Claims that it may turn out to end the host's way.
    fn fails(&self) -> bool {
        matches!(self.outcome.status, Status::Failed | Status::Unreachable) || self.shared_failure.is_some()
    }
}
