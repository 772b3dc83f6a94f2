//! Handlers of a batch: who answers to a name, and what a flush puts into the graph.
//!
//! What tasks notify is kept by its name until the flush: roles that are included in between may bring the handler that
//! answers. A handler that notifies others names them at once.

use super::batch::Batch;
use super::tracker::HostIndex;
use super::world::StepScope;
use crate::event::What;
use crate::graph::{NodeId, Work};
use crate::playbook::{Item, Task};
use crate::template::Templar;
use crate::yaml::Node;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// What was notified and has not run yet.
#[derive(Default)]
pub(super) struct Notified {
    /// By the host, the names that its tasks notified since its last flush.
    names: HashMap<HostIndex, BTreeSet<Arc<str>>>,
    /// By the place of a handler among those of the batch, the hosts on which it is to run.
    handlers: BTreeMap<usize, HashSet<HostIndex>>,
}

impl Notified {
    /// Claims that something is to run on the host.
    pub(super) fn concerns(&self, host: HostIndex) -> bool {
        self.names.contains_key(&host) || self.handlers.values().any(|hosts| hosts.contains(&host))
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.handlers.is_empty()
    }

    /// Notes that handlers are to run on a host.
    fn add(&mut self, handlers: &[usize], host: HostIndex) {
        for index in handlers {
            self.handlers.entry(*index).or_default().insert(host);
        }
    }
}

impl Batch {
    /// Puts the next handler that was notified before the end of a flush. Who cannot run it here (it is on its way to a
    /// rescue section) keeps it for the next flush.
    ///
    /// A flush goes through the handlers once, in their order: one that is notified by a later one waits for the next.
    /// With `asked` only those hosts take part on which the flush's condition holds.
    pub(super) fn expand_handlers(&mut self, start: NodeId, end: NodeId, only: Option<HostIndex>, asked: bool) -> bool {
        if self.notified.is_empty() {
            return false;
        }
        let handlers = self.handler_tasks();
        let named = self.notified.names.keys().copied();
        let named: Vec<HostIndex> = named.filter(|host| self.flushes(start, only, asked, *host)).collect();
        for host in named {
            for name in self.notified.names.remove(&host).unwrap_or_default() {
                let answering = self.answering(&handlers, &name, host);
                self.notified.add(&answering, host);
            }
        }
        let waiting: Vec<usize> = self.notified.handlers.keys().copied().collect();
        for index in waiting {
            let (Some(notified), Some(task)) = (self.notified.handlers.get(&index), handlers.get(index)) else {
                continue;
            };
            let passed = |host: &HostIndex| self.flushed.get(&(start, *host)).is_some_and(|last| *last >= index);
            let flushes = |host: &HostIndex| self.flushes(start, only, asked, *host);
            let mut take: Vec<HostIndex> =
                notified.iter().copied().filter(flushes).filter(|host| !passed(host)).collect();
            take.sort_unstable();
            if take.is_empty() {
                continue;
            }
            if let Some(notified) = self.notified.handlers.get_mut(&index) {
                notified.retain(|host| take.binary_search(host).is_err());
            }
            take.iter().for_each(|host| {
                self.flushed.insert((start, *host), index);
            });
            self.notified.handlers.retain(|_, hosts| !hosts.is_empty());
            let items = [Item::Task(Arc::clone(task))];
            if self.grow(start, end, &items, true, &take).is_ok() {
                return true;
            }
        }
        false
    }

    /// Claims that a host runs its handlers in a flush.
    fn flushes(&self, start: NodeId, only: Option<HostIndex>, asked: bool, host: HostIndex) -> bool {
        let section = self.graph.node(start).section;
        only.is_none_or(|only| only == host)
            && self.tracker.takes_part(start, host)
            && (!asked || self.asked_to_flush.contains(&(start, host)))
            && (self.is_live(section, host) || self.is_forced(host))
    }

    /// Takes a handler as the one that was read last, of those that are written the same: it has what stands around the
    /// latest use of its role.
    pub(super) fn learn_handler(&mut self, handler: &Item) {
        let count = |items: &[Item]| items.iter().map(tasks_in).sum::<usize>();
        if let Some(place) = self.handlers.iter().position(|known| handler.is_written_as(known)) {
            let (from, all) = (count(&self.handlers[..place]), count(&self.handlers));
            let gone = tasks_in(&self.handlers[place]);
            self.handlers.remove(place);
            let moved = |index: usize| match index {
                before if before < from => before,
                own if own < from + gone => own - from + (all - gone),
                after => after - gone,
            };
            let waiting = std::mem::take(&mut self.notified.handlers);
            self.notified.handlers = waiting.into_iter().map(|(index, hosts)| (moved(index), hosts)).collect();
            // Who has run it goes on with those after its former place.
            self.flushed.retain(|_, last| {
                let before = match *last {
                    before if before < from => Some(before),
                    own if own < from + gone => from.checked_sub(1),
                    after => Some(after - gone),
                };
                *last = before.unwrap_or_default();
                before.is_some()
            });
        }
        self.handlers.push(handler.clone());
    }

    /// Returns the handlers one by one, in the order in which they run.
    fn handler_tasks(&self) -> Vec<Arc<Task>> {
        let mut tasks = Vec::new();
        for item in &self.handlers {
            item.each_task(&mut |task| tasks.push(Arc::clone(task)));
        }
        tasks
    }

    /// Notes that a node notified handlers by a name on a host.
    pub(super) fn notify(&mut self, name: &Arc<str>, host: HostIndex, node: NodeId) {
        let handlers = self.handler_tasks();
        let answering = self.answering(&handlers, name, host);
        if answering.is_empty() {
            let publisher = &self.context.publisher;
            let task = self.graph.node(node).task();
            let place = task.map(|task| publisher.clean(self.context.loader.sources.place(task.span)));
            publisher.publish(What::Warning { message: publisher.clean(format!("no handler `{name}`")), place });
        } else if matches!(self.graph.node(node).work, Work::Handler(_)) {
            self.notified.add(&answering, host);
        } else {
            self.notified.names.entry(host).or_default().insert(Arc::clone(name));
        }
    }

    /// Returns the handlers that answer to a name: the one that has it, and all that listen to it.
    fn answering(&self, handlers: &[Arc<Task>], name: &str, host: HostIndex) -> Vec<usize> {
        let mut answering: Vec<usize> = self.named(handlers, name, host).into_iter().collect();
        let mut seen: Vec<&Node> = Vec::new();
        for index in last_group_first(handlers) {
            let handler = &handlers[index];
            if !handler.listen.iter().any(|topic| **topic == *name) {
                continue;
            }
            // Of several of the same name the one that was read last listens.
            if let Some(name) = &handler.name {
                if seen.iter().any(|other| other.kind == name.kind) {
                    continue;
                }
                seen.push(name);
            }
            answering.push(index);
        }
        answering
    }

    /// Returns the handler of that name: the first in the role, or the play, that was read last.
    fn named(&self, handlers: &[Arc<Task>], name: &str, host: HostIndex) -> Option<usize> {
        last_group_first(handlers).into_iter().find(|index| self.is_called(&handlers[*index], name, host))
    }

    fn is_called(&self, handler: &Arc<Task>, name: &str, host: HostIndex) -> bool {
        let Some(written) = &handler.name else { return false };
        if written.is_static() {
            return handler.plain_name() == Some(name) || handler.title() == name;
        }
        let scope = StepScope::new(&self.context.world, &self.hosts[host as usize], Some(&self.view), Some(handler));
        let templar = Templar::new(Arc::new(scope), handler.files.clone(), Arc::clone(&self.context.loader.sources));
        templar.node(written).is_ok_and(|value| {
            let called = value.to_text();
            called == name || handler.role.as_ref().is_some_and(|role| format!("{} : {called}", role.name) == name)
        })
    }
}

/// Returns how many tasks there are in a handler: a block holds several.
fn tasks_in(item: &Item) -> usize {
    let mut count = 0;
    item.each_task(&mut |_| count += 1);
    count
}

/// Returns the places of handlers, those of the role (or the play) that was read last first; in each as written.
fn last_group_first(handlers: &[Arc<Task>]) -> Vec<usize> {
    let role = |index: &usize| handlers[*index].role.as_ref().map(Arc::as_ptr);
    let places: Vec<usize> = (0..handlers.len()).collect();
    places.chunk_by(|a, b| role(a) == role(b)).rev().flatten().copied().collect()
}
