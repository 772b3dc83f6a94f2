//! Who has to wait for something other than an edge: a slot of the run, a place among the hosts under way, a turn among
//! the steps of a task, the host on which a task runs once.

use super::told::failure_facts;
use super::{Batch, Once, Standing};
use crate::effect::Effect;
use crate::event::Status;
use crate::executor::item::{number, rendered};
use crate::executor::limit::Held;
use crate::executor::step::{Outcome, VarWrite};
use crate::executor::tracker::HostIndex;
use crate::executor::world::StepScope;
use crate::failure::Failure;
use crate::graph::NodeId;
use crate::playbook::{Action, Meta, Strategy, Task};
use crate::template::Templar;
use crate::value::{Map, Value};
use crate::yaml::Node;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::Id;

impl Batch {
    /// Lets everything try again that waits for something other than an edge; claims that there was something.
    pub(super) fn call_all(&mut self) -> bool {
        let mut all: Vec<(NodeId, HostIndex)> = self.slots.drain(..).chain(self.unpinned.drain(..)).collect();
        all.extend(self.throttled.drain().flat_map(|(node, hosts)| hosts.into_iter().map(move |host| (node, host))));
        all.extend(self.onlookers.drain().flat_map(|(node, hosts)| hosts.into_iter().map(move |host| (node, host))));
        all.extend(self.take_waiting());
        self.granting.abort_all();
        all.extend(self.limited.drain().map(|(_, step)| step));
        for (host, nodes) in self.deferred.iter_mut().enumerate() {
            all.extend(nodes.drain(..).map(|node| (node, host as HostIndex)));
        }
        all.iter().for_each(|(node, host)| self.tracker.put_back(*node, *host));
        let opened = self.open_door(true);
        opened || !all.is_empty()
    }

    /// Claims that a task that runs once runs on this host; otherwise the host waits for the one that is chosen, or gets
    /// what came of it.
    pub(super) fn is_chosen(&mut self, node: NodeId, host: HostIndex) -> bool {
        match self.once.get(&node) {
            Some(Once::Done { writes, failure }) => {
                let (writes, failure) = (writes.clone(), failure.clone());
                self.share(node, host, writes, failure);
                return false;
            }
            Some(Once::On(chosen)) if *chosen == host => return true,
            Some(Once::On(_)) => {}
            None => {
                let section = self.graph.node(node).section;
                let first = self.tracker.unsettled(node).find(|other| self.is_live(section, *other));
                if first.is_none_or(|first| first == host) {
                    self.once.insert(node, Once::On(host));
                    return true;
                }
            }
        }
        self.onlookers.entry(node).or_default().insert(host);
        false
    }

    /// Lets another host be chosen for a task that runs once, because this one does not run it after all.
    pub(super) fn choose_again(&mut self, node: NodeId, host: HostIndex) {
        match self.once.get(&node) {
            Some(Once::On(chosen)) if *chosen == host => drop(self.once.remove(&node)),
            Some(_) => return,
            None => {}
        }
        // The first of those who wait is the next choice, unless one before it is still on its way.
        let first = self.onlookers.get_mut(&node).and_then(BTreeSet::pop_first);
        if let Some(first) = first {
            self.tracker.put_back(node, first);
        }
    }

    /// Lets all hosts that wait have the result of a task that ran once.
    pub(super) fn share_with_all(&mut self, node: NodeId, outcome: &Outcome) {
        // As in Ansible: a failure of what runs once for all is one for all.
        let failed = matches!(outcome.status, Status::Failed | Status::Rescued | Status::Unreachable);
        let task = self.graph.node(node).task().filter(|_| failed);
        // Nobody knows of a failure of what was not reached.
        let is_lost = outcome.status == Status::Unreachable;
        let failure = task.map(|task| if is_lost { Map::new() } else { failure_facts(task, outcome) });
        self.once.insert(node, Once::Done { writes: outcome.writes.clone(), failure });
        self.give_elsewhere(node, outcome);
        for host in self.onlookers.remove(&node).unwrap_or_default() {
            self.tracker.put_back(node, host);
        }
    }

    /// Gives what a task that ran once has set to the hosts of the batch that do not come to it, as Ansible does: those
    /// that do not include it, are in another part of a block, or are out, unless they could not be reached.
    fn give_elsewhere(&mut self, node: NodeId, outcome: &Outcome) {
        let section = self.graph.node(node).section;
        for host in 0..self.hosts.len() as HostIndex {
            let comes = self.tracker.takes_part(node, host) && self.is_live(section, host);
            let is_lost = self.standing[host as usize] == Standing::Unreachable;
            if comes || is_lost || self.graph.strategy != Strategy::Linear {
                continue;
            }
            let given = Outcome { writes: outcome.writes.clone(), ..Outcome::empty(Status::NotReached, String::new()) };
            let set = self.write(node, host, &given);
            self.keep(node, host, &super::Held { outcome: given, took: Duration::ZERO, set, shared_failure: None });
        }
    }

    /// Gives one host what a task that ran once on another has set, and its failure. It counts where it stands in the
    /// file, as what a host has done itself does.
    pub(super) fn share(&mut self, node: NodeId, host: HostIndex, writes: Vec<VarWrite>, shared_failure: Option<Map>) {
        self.passed += 1;
        let outcome = Outcome { writes, ..Outcome::empty(Status::NotReached, String::new()) };
        let set = self.write(node, host, &outcome);
        self.hold(node, host, super::Held { outcome, took: Duration::ZERO, set, shared_failure });
    }

    /// Returns what a keyword comes to on a host; nothing when it cannot be rendered. A template is rendered once for a
    /// step, however often that has to wait.
    fn rendered(
        &mut self,
        place: (NodeId, HostIndex),
        keyword: &'static str,
        setting: &Node,
        task: &Arc<Task>,
    ) -> Value {
        if setting.is_static() {
            return setting.to_value();
        }
        let said = self.said.get(&place).and_then(|said| said.iter().find(|(known, _)| *known == keyword));
        if let Some((_, value)) = said {
            return value.clone();
        }
        let host = &self.hosts[place.1 as usize];
        let scope = StepScope::new(&self.context.world, host, Some(&self.view), Some(task));
        let templar = Templar::new(Arc::new(scope), task.files.clone(), Arc::clone(&self.context.loader.sources));
        let render = |node: &Node| templar.node(node);
        let value = rendered(keyword, setting, &task.settings.outer, render).unwrap_or(Value::Omit);
        self.said.entry(place).or_default().push((keyword, value.clone()));
        value
    }

    /// Returns what has been rendered for a step that begins. Each item of a loop has its own.
    pub(super) fn take_said(&mut self, node: NodeId, host: HostIndex, task: &Task) -> Vec<(&'static str, Value)> {
        let mut said = self.said.remove(&(node, host)).unwrap_or_default();
        // What cannot be rendered fails where the step's own failures are.
        said.retain(|(_, value)| *value != Value::Omit && task.repeat.is_none());
        said
    }

    pub(super) fn runs_once(&mut self, node: NodeId, task: &Arc<Task>, host: HostIndex) -> bool {
        let module_once = match task.action {
            Action::Module { module, .. } => module.once,
            // As in Ansible, the condition of what is about all hosts is asked of the first.
            Action::Meta(
                Meta::EndPlay | Meta::EndBatch | Meta::ClearFacts | Meta::ClearHostErrors | Meta::RefreshInventory,
            ) => self.graph.strategy == Strategy::Linear,
            _ => false,
        };
        module_once
            || task.settings.run_once.as_ref().is_some_and(|setting| {
                // What cannot be said is taken as true, because running too often could do harm.
                crate::playbook::flag(&self.rendered((node, host), "run_once", setting, task)).unwrap_or(true)
            })
    }

    /// Parks a step that has to wait for a place among the hosts under way (`host_pinned`), or for others of its task
    /// (`throttle`).
    pub(super) fn has_to_wait(&mut self, node: NodeId, host: HostIndex, task: &Arc<Task>) -> bool {
        let forks = self.context.settings.forks;
        if self.graph.strategy == Strategy::HostPinned && !self.pinned.contains(&host) {
            if self.pinned.len() >= forks {
                self.unpinned.push_back((node, host));
                self.park(node, host, "as many hosts were under way as `--forks` allows (`host_pinned`)");
                return true;
            }
            self.pinned.insert(host);
        }
        // Groups, and facts that several hosts give to one, come to be in the order of hosts.
        let in_turn = matches!(task.action, Action::Module { module, .. } if module.changes_run)
            || (task.settings.delegate_facts.is_some() && self.graph.node(node).effect == Effect::Pure);
        let throttle = task.settings.throttle.as_ref();
        let throttle = throttle.map(|setting| self.rendered((node, host), "throttle", setting, task));
        let limit = throttle.and_then(|value| number(&value)).filter(|limit| *limit >= 1.0);
        let limit = if in_turn { 1 } else { limit.map_or(usize::MAX, |limit| limit as usize) };
        // Who comes first is known only where all hosts have come to the task together.
        let in_order = in_turn && self.graph.strategy == Strategy::Linear;
        let is_next = !in_order || self.tracker.unsettled(node).next() == Some(host);
        if !is_next || self.running_of.get(&node).copied().unwrap_or(0) >= limit {
            self.throttled.entry(node).or_default().insert(host);
            self.park(node, host, "only so many steps of its task run at once (`throttle`)");
            return true;
        }
        false
    }

    /// Takes a place within the limits of the host that a step works on, or lets the step wait for one (nothing).
    pub(super) fn within_limits(
        &mut self,
        node: NodeId,
        host: HostIndex,
        task: &Arc<Task>,
    ) -> Result<Option<Held>, Failure> {
        if let Some(held) = self.in_hand.take() {
            return Ok(Some(held));
        }
        if self.graph.node(node).effect == Effect::Pure {
            return Ok(Some(Held::new()));
        }
        let delegate = task.settings.delegate_to.as_ref();
        let delegate = delegate.map(|setting| self.rendered((node, host), "delegate_to", setting, task));
        let name = match delegate {
            Some(Value::Str(name)) if !name.is_empty() => name,
            _ => Arc::clone(&self.hosts[host as usize]),
        };
        let limits = match self.limits.get(&name) {
            Some(limits) => limits.clone(),
            None => {
                let scope = StepScope::new(&self.context.world, &name, Some(&self.view), None);
                let sources = Arc::clone(&self.context.loader.sources);
                let templar = Templar::new(Arc::new(scope.clone()), task.files.clone(), sources);
                let limits = self.share.limits.of(&scope, &templar)?;
                self.limits.insert(name, limits.clone());
                limits
            }
        };
        if limits.is_empty() {
            return Ok(Some(Held::new()));
        }
        let held = limits.try_take();
        if held.is_none() {
            let waiting = self.granting.spawn(limits.take());
            self.limited.insert(waiting.id(), (node, host));
            self.park(node, host, "as many steps were at work on its host, or a group of it, as the limit allows");
        }
        Ok(held)
    }

    /// Lets a step try again that has got its place.
    pub(super) fn grant(&mut self, id: Id, held: Held) {
        if let Some((node, host)) = self.limited.remove(&id) {
            self.granted.insert((node, host), held);
            self.tracker.put_back(node, host);
        }
    }

    /// Fails a step that cannot begin.
    pub(super) fn refused(&mut self, node: NodeId, host: HostIndex, failure: Failure) {
        if let Some(task) = self.graph.node(node).task().cloned() {
            self.announce(node, &task, host, None);
        }
        self.ran(node, host, Outcome::failed(failure, String::new()), Duration::ZERO);
        self.wake_throttled(node);
    }

    /// Lets the next step of a task try that others of it held up. Whoever was let try and does not run passes it on.
    pub(super) fn wake_throttled(&mut self, node: NodeId) {
        if let Some(host) = self.throttled.get_mut(&node).and_then(BTreeSet::pop_first) {
            self.tracker.put_back(node, host);
        }
    }

    /// Gives the place of a host that is through to one that waits.
    pub(super) fn unpin(&mut self, host: HostIndex) {
        if self.pinned.remove(&host) {
            for (node, host) in std::mem::take(&mut self.unpinned) {
                self.tracker.put_back(node, host);
            }
        }
    }
}
