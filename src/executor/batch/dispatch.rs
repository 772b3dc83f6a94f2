//! The loop of the dispatcher: what is ready begins, and what ended makes room for more.

use super::door::next_arrival;
use super::reasons::is_told;
use super::{Batch, MOST_PURE, MOST_WAITING, PATIENCE, UnderWay};
use crate::effect::Effect;
use crate::executor::step::{Job, Outcome};
use crate::executor::stepping::Turn;
use crate::executor::tracker::{HostIndex, take_one};
use crate::failure::{Failure, FailureKind};
use crate::graph::{Join, NodeId, Work};
use crate::playbook::{Action, Meta, Task};
use std::sync::Arc;
use std::time::Instant;
use tokio::task::Id;
use tokio_util::sync::CancellationToken;

impl Batch {
    /// Brings every step to its end. Only messages are waited for.
    pub(in crate::executor) async fn dispatch(&mut self, drain: &CancellationToken) {
        loop {
            self.start_ready(drain.is_cancelled());
            self.tell_passed();
            let awaits = self.awaits_hosts();
            if self.under_way.is_empty() && self.slots.is_empty() && self.limited.is_empty() {
                if self.has_questions() && !drain.is_cancelled() {
                    tokio::select! {
                        () = self.ask() => {}
                        () = drain.cancelled() => {}
                    }
                    continue;
                }
                if !awaits {
                    break;
                }
            }
            let crowded = self.pure >= self.most_pure;
            tokio::select! {
                biased;
                Some(joined) = self.running.join_next_with_id() => self.joined(joined),
                Some(Ok((id, held))) = self.granting.join_next_with_id() => self.grant(id, held),
                arrival = next_arrival(&mut self.door), if awaits => self.arrived(arrival),
                slot = self.share.slot(), if !self.slots.is_empty() => self.spare = Some(slot),
                () = drain.cancelled(), if !drain.is_cancelled() => {}
                // Lazily: a timer that nobody waits for costs all the same.
                () = async { tokio::time::sleep(PATIENCE).await }, if crowded => self.most_pure += MOST_PURE,
            }
        }
    }

    /// Starts everything that is ready.
    fn start_ready(&mut self, draining: bool) {
        loop {
            while self.pure < self.most_pure
                && self.slots.len() < MOST_WAITING
                && let Some((node, host)) = self.tracker.pop()
            {
                // Who does not begin after all gives its place back.
                self.in_hand = self.granted.remove(&(node, host));
                self.start(node, host, draining);
                self.in_hand = None;
            }
            // A slot is given away only here, one at a time: who gets it may turn out to need it no more.
            if !self.slots.is_empty() && self.spare.is_none() {
                self.spare = self.share.try_slot();
            }
            match self.spare.as_ref().and_then(|_| take_one(&mut self.slots, &mut self.chance)) {
                Some((node, host)) => self.tracker.put_first(node, host),
                None if draining && self.call_all() => {}
                None => break,
            }
        }
        self.spare = None;
    }

    /// Starts what is ready. In a drain nothing new begins: what is left is not reached.
    fn start(&mut self, node: NodeId, host: HostIndex, draining: bool) {
        let section = self.graph.node(node).section;
        match self.graph.node(node).work.clone() {
            Work::Join(Join::BlockEnd(body)) => self.end_block(node, host, body),
            Work::Join(Join::ParallelEnd { first, count }) => self.end_parallel(node, host, first, count),
            _ if draining => self.pass(node, host),
            Work::Join(Join::ExpansionEnd(start)) => self.end_expansion(node, host, start),
            Work::Join(Join::RoleEnd(role)) => {
                if self.is_live(section, host) && self.roles_begun.contains(&(host, role)) {
                    self.roles_done.insert((host, role));
                }
                self.pass(node, host);
            }
            Work::Join(_) | Work::Flush => self.pass(node, host),
            Work::Handler(task) => {
                if self.is_live(section, host) || self.is_forced(host) {
                    self.start_task(node, host, &task);
                } else {
                    self.pass(node, host);
                }
            }
            Work::Task(task) => {
                if !self.is_live(section, host) || self.has_ended_role(&task, host) || self.has_run_role(&task, host) {
                    return self.pass(node, host);
                }
                if self.view.play.gather.is(&task) && self.context.knows_facts(&self.hosts[host as usize]) {
                    return self.pass(node, host);
                }
                let must_wait = self.held_failures[host as usize] > 0 && !self.tracker.may_settle(node, host);
                if must_wait {
                    // An earlier step of this host has failed and its outcome is not settled: this one may be moot.
                    self.deferred[host as usize].push(node);
                    self.park(node, host, "an earlier step of its host had failed, and might have been the last");
                    self.wake_throttled(node);
                    return;
                }
                self.start_task(node, host, &task);
            }
        }
    }

    fn start_task(&mut self, node: NodeId, host: HostIndex, task: &Arc<Task>) {
        match self.turn(node, host, task) {
            Turn::Begins => {}
            Turn::Skipped => return self.pass(node, host),
            Turn::Waits => return,
        }
        if self.runs_once(node, task, host) && !self.is_chosen(node, host) {
            return;
        }
        if self.has_to_wait(node, host, task) {
            return;
        }
        let limits = match self.within_limits(node, host, task) {
            Ok(Some(held)) => held,
            Ok(None) => return,
            Err(failure) => return self.refused(node, host, failure),
        };
        // Where chance decides, all that is at work counts: with one slot there is one order.
        let wants_slot = self.graph.node(node).effect != Effect::Pure || self.chance.is_some();
        let slot = if wants_slot { self.spare.take().or_else(|| self.share.try_slot()) } else { None };
        if slot.is_none() && wants_slot {
            self.granted.insert((node, host), limits);
            self.slots.push_back((node, host));
            self.park(node, host, "as many steps were under way as `--forks` allows");
            return;
        }
        self.pure += usize::from(!wants_slot);
        if let Action::Meta(Meta::ResetConnection) = task.action {
            let (context, name) = (Arc::clone(&self.context), Arc::clone(&self.hosts[host as usize]));
            tokio::spawn(async move { context.pool.reset(&name).await });
        }
        let parked = self.parked.remove(&(node, host));
        let after = self.after(node, parked.map(|(_, why)| why));
        self.announce(node, task, host, after);
        *self.running_of.entry(node).or_default() += 1;
        self.running_on[host as usize] += 1;
        let cancel = self.context.cut.child_token();
        let job = Job {
            context: Arc::clone(&self.context),
            view: Arc::clone(&self.view),
            task: Arc::clone(task),
            number: self.number(node),
            host: Arc::clone(&self.hosts[host as usize]),
            ready: parked.map_or_else(Instant::now, |(since, _)| since),
            cancel: cancel.clone(),
            said: self.take_said(node, host, task),
            keeps_result: task.register.as_ref().is_some_and(|name| self.share.reads.may_read(name)),
        };
        let handle = self.running.spawn((self.share.runner)(job));
        self.under_way
            .insert(handle.id(), UnderWay { node, host, started: Instant::now(), cancel, slot, _limits: limits });
    }

    fn joined(&mut self, joined: Result<(Id, Outcome), tokio::task::JoinError>) {
        let (id, outcome) = match joined {
            Ok((id, outcome)) => (id, outcome),
            Err(error) => {
                let failure =
                    Failure::new(FailureKind::Internal, "the step crashed: a fault in netplay, please report it");
                (error.id(), Outcome::failed(failure, String::new()))
            }
        };
        let Some(UnderWay { node, host, started, slot, .. }) = self.under_way.remove(&id) else { return };
        self.came_after = None;
        self.pure -= usize::from(slot.is_none());
        if self.pure < MOST_PURE / 2 {
            self.most_pure = MOST_PURE;
        }
        drop(slot);
        self.running_on[host as usize] -= 1;
        if let Some(count) = self.running_of.get_mut(&node) {
            *count -= 1;
        }
        if is_told(&self.graph, node) {
            self.last = Some((node, host));
        }
        self.ran(node, host, outcome, started.elapsed());
        self.wake_throttled(node);
    }
}
