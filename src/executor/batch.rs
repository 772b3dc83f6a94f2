//! The dispatcher of one play on one batch of hosts: owns all state, starts what is ready, and lets outcomes count in
//! the order of the file.
//!
//! A step goes through: ready (all edges met) → running → ran (its work is over, its variables are visible) → settled
//! (its outcome counts). Reads that overlap may have run before an earlier step of the host failed; then they are
//! dropped: their variables are taken back and nothing is said of them.

use super::Context;
use super::item::number;
use super::step::{self, Inclusion, Job, Outcome, VarWrite};
use super::tracker::{HostIndex, Tracker};
use super::world::{PlayView, Shelf, StepScope};
use crate::effect::Effect;
use crate::event::{FailureReport, Status, StepDone, TaskNumber, What};
use crate::failure::{Failure, FailureKind};
use crate::graph::{Graph, Join, Knowledge, NodeId, Part, SectionId, Work};
use crate::module::Boxed;
use crate::platform::Platform;
use crate::playbook::{Action, Item, Meta, Role, Strategy, Task};
use crate::source::{Diagnostic, Style, render};
use crate::template::Templar;
use crate::value::{Map, Value};
use crate::vars::Var;
use crate::yaml::Node;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

/// How a host stands in its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// In.
    In,
    /// Failed, and nobody rescued it.
    Failed,
    /// Not reachable.
    Unreachable,
    /// Out without a failure (`meta: end_host`).
    Ended,
}

/// What a batch left.
pub(super) struct BatchEnd {
    pub(super) standing: Vec<Standing>,
    /// The play ends for all further batches (`end_play`, too many failures).
    pub(super) stop_play: bool,
    /// All hosts are out because one failed under `any_errors_fatal`, or too many failed.
    pub(super) fatal: bool,
}

/// What carries out a step; tests put a model in its place.
pub(super) type Runner = Arc<dyn Fn(Job) -> Boxed<'static, Outcome> + Send + Sync>;

pub(super) struct Batch {
    runner: Runner,
    pub(super) context: Arc<Context>,
    pub(super) view: Arc<PlayView>,
    pub(super) graph: Graph,
    pub(super) tracker: Tracker,
    pub(super) knowledge: Knowledge,
    pub(super) platforms: Vec<&'static Platform>,
    pub(super) hosts: Vec<Arc<str>>,
    pub(super) standing: Vec<Standing>,
    /// Per section, the hosts on which it failed; empty until it fails on one.
    failed: Vec<Vec<bool>>,
    /// Outcomes of steps that ran and are not settled.
    held: HashMap<(NodeId, HostIndex), Held>,
    /// Per host, how many of its held outcomes are failures.
    held_failures: Vec<u32>,
    /// Per host, steps that wait until a held failure is settled one way or the other.
    deferred: Vec<Vec<NodeId>>,
    /// How variables are taken back that steps have set whose outcomes do not count yet, in the order set.
    undo: HashMap<Place, Vec<Undo>>,
    /// Steps under way that hold one of the run's slots (`--forks`); pure ones need none.
    busy: usize,
    /// Steps that wait for a slot, in their order.
    slots: VecDeque<(NodeId, HostIndex)>,
    /// Steps that wait for others of their task (`throttle`).
    throttled: HashMap<NodeId, VecDeque<HostIndex>>,
    /// Steps that wait for the host on which their task runs once.
    onlookers: HashMap<NodeId, BTreeSet<HostIndex>>,
    /// Steps of hosts that wait for a place among those under way (`host_pinned`).
    unpinned: VecDeque<(NodeId, HostIndex)>,
    running_of: HashMap<NodeId, usize>,
    once: HashMap<NodeId, Once>,
    running: JoinSet<Outcome>,
    under_way: HashMap<Id, UnderWay>,
    /// Per host, how many steps are under way.
    running_on: Vec<u32>,
    pub(super) handlers: Vec<Item>,
    /// By the handler's place in `handlers`, the hosts that were notified.
    pub(super) notified: BTreeMap<usize, HashSet<HostIndex>>,
    pub(super) inclusions: HashMap<NodeId, Vec<(HostIndex, Vec<Inclusion>)>>,
    /// The includes that were put into the graph, on a host or (`None`) on all.
    pub(super) expanded: HashSet<(NodeId, Option<HostIndex>)>,
    /// Hosts on which a handler failed: no other follows there, `force_handlers` or not.
    failed_handlers: HashSet<HostIndex>,
    /// Flushes with a condition, and the hosts on which it holds.
    pub(super) asked_to_flush: HashSet<(NodeId, HostIndex)>,
    /// Per flush and host, the last handler that it ran.
    pub(super) flushed: HashMap<(NodeId, HostIndex), usize>,
    /// Roles that are over for a host (`meta: end_role`).
    ended_roles: Vec<(HostIndex, Arc<Role>)>,
    announced: HashSet<NodeId>,
    first_number: TaskNumber,
    max_fail_percentage: Option<f64>,
    fatal_nodes: HashSet<NodeId>,
    stop_play: bool,
    fatal: bool,
    passed: usize,
    pinned: HashSet<HostIndex>,
}

/// What came of a step, until it counts.
struct Held {
    outcome: Outcome,
    started: Instant,
    /// The variables that it has set.
    set: Vec<Place>,
    /// It ran once for all, on another host, and failed there: this is what is known of the failure.
    shared_failure: Option<Map>,
}

/// Where a variable is kept: its host, shelf and name.
type Place = (Arc<str>, u8, Arc<str>);

/// How to take a variable back.
struct Undo {
    /// The step that set it.
    by: (NodeId, HostIndex),
    shelf: Shelf,
    before: Option<Var>,
    was_unknown: bool,
}

struct UnderWay {
    node: NodeId,
    host: HostIndex,
    started: Instant,
    cancel: CancellationToken,
    /// It holds a slot.
    slot: bool,
}

/// A task that runs once for all hosts.
enum Once {
    /// On this host.
    On(HostIndex),
    /// Done, with these variables for everybody, and with what is known of its failure if it failed.
    Done { writes: Vec<VarWrite>, failure: Option<Map> },
}

/// What `Batch::new` is made of.
pub(super) struct BatchStart {
    pub(super) context: Arc<Context>,
    pub(super) view: Arc<PlayView>,
    pub(super) graph: Graph,
    pub(super) knowledge: Knowledge,
    pub(super) platforms: Vec<&'static Platform>,
    pub(super) first_number: TaskNumber,
    pub(super) max_fail_percentage: Option<f64>,
}

impl Batch {
    pub(super) fn new(start: BatchStart) -> Batch {
        let hosts = start.view.batch.clone();
        let count = hosts.len();
        let tracker = Tracker::new(&start.graph, count);
        Batch {
            runner: Arc::new(|job| Box::pin(step::run(job))),
            handlers: start.view.play.handlers.clone(),
            failed: vec![Vec::new(); start.graph.sections.len()],
            standing: vec![Standing::In; count],
            held: HashMap::new(),
            held_failures: vec![0; count],
            deferred: vec![Vec::new(); count],
            undo: HashMap::new(),
            busy: 0,
            slots: VecDeque::new(),
            throttled: HashMap::new(),
            onlookers: HashMap::new(),
            unpinned: VecDeque::new(),
            running_of: HashMap::new(),
            once: HashMap::new(),
            running: JoinSet::new(),
            under_way: HashMap::new(),
            running_on: vec![0; count],
            notified: BTreeMap::new(),
            inclusions: HashMap::new(),
            expanded: HashSet::new(),
            failed_handlers: HashSet::new(),
            asked_to_flush: HashSet::new(),
            flushed: HashMap::new(),
            ended_roles: Vec::new(),
            announced: HashSet::new(),
            fatal_nodes: HashSet::new(),
            stop_play: false,
            fatal: false,
            passed: 0,
            pinned: HashSet::new(),
            context: start.context,
            view: start.view,
            graph: start.graph,
            tracker,
            knowledge: start.knowledge,
            platforms: start.platforms,
            hosts,
            first_number: start.first_number,
            max_fail_percentage: start.max_fail_percentage,
        }
    }

    /// Puts another in the place of what carries out steps.
    #[cfg(test)]
    pub(super) fn with_runner(mut self, runner: Runner) -> Batch {
        self.runner = runner;
        self
    }

    /// Returns how many steps are not settled.
    #[cfg(test)]
    pub(super) fn unsettled(&self) -> usize {
        (0..self.hosts.len()).map(|host| self.tracker.left(host as HostIndex)).sum()
    }

    /// Runs the batch to its end.
    pub(super) async fn run(mut self, drain: &CancellationToken) -> (BatchEnd, TaskNumber) {
        self.dispatch(drain).await;
        let numbers = self.graph.nodes.len() as TaskNumber;
        (BatchEnd { standing: self.standing, stop_play: self.stop_play, fatal: self.fatal }, numbers)
    }

    /// Brings every step to its end. Only messages are waited for.
    pub(super) async fn dispatch(&mut self, drain: &CancellationToken) {
        loop {
            self.start_ready(drain.is_cancelled());
            self.tell_passed();
            if self.under_way.is_empty() {
                break;
            }
            tokio::select! {
                biased;
                Some(joined) = self.running.join_next_with_id() => self.joined(joined),
                () = drain.cancelled(), if !drain.is_cancelled() => {}
            }
        }
    }

    /// Starts everything that is ready.
    fn start_ready(&mut self, draining: bool) {
        loop {
            while let Some((node, host)) = self.tracker.pop() {
                self.start(node, host, draining);
            }
            // A slot is given away only here, one at a time: who gets it may turn out to need it no more.
            let next = if self.busy < self.context.settings.forks { self.slots.pop_front() } else { None };
            match next {
                Some((node, host)) => self.tracker.put_back(node, host),
                None if draining && self.call_all() => {}
                None => break,
            }
        }
    }

    /// Lets everything try again that waits for something other than an edge; claims that there was something.
    fn call_all(&mut self) -> bool {
        let mut all: Vec<(NodeId, HostIndex)> = self.slots.drain(..).chain(self.unpinned.drain(..)).collect();
        all.extend(self.throttled.drain().flat_map(|(node, hosts)| hosts.into_iter().map(move |host| (node, host))));
        all.extend(self.onlookers.drain().flat_map(|(node, hosts)| hosts.into_iter().map(move |host| (node, host))));
        for (host, nodes) in self.deferred.iter_mut().enumerate() {
            all.extend(nodes.drain(..).map(|node| (node, host as HostIndex)));
        }
        all.iter().for_each(|(node, host)| self.tracker.put_back(*node, *host));
        !all.is_empty()
    }

    /// Starts what is ready. In a drain nothing new begins: what is left is not reached.
    fn start(&mut self, node: NodeId, host: HostIndex, draining: bool) {
        let section = self.graph.node(node).section;
        match self.graph.node(node).work.clone() {
            Work::Join(Join::BlockEnd(body)) => self.end_block(node, host, body),
            Work::Join(Join::ParallelEnd { first, count }) => self.end_parallel(node, host, first, count),
            _ if draining => self.pass(node, host),
            Work::Join(Join::ExpansionEnd(start)) => self.end_expansion(node, host, start),
            Work::Join(_) | Work::Flush => self.pass(node, host),
            Work::Handler(task) => {
                if self.is_live(section, host) || self.is_forced(host) {
                    self.start_task(node, host, &task);
                } else {
                    self.pass(node, host);
                }
            }
            Work::Task(task) => {
                if !self.is_live(section, host) || self.has_ended_role(&task, host) {
                    return self.pass(node, host);
                }
                let must_wait = self.held_failures[host as usize] > 0 && !self.tracker.may_settle(node, host);
                if must_wait {
                    // An earlier step of this host has failed and its outcome is not settled: this one may be moot.
                    self.deferred[host as usize].push(node);
                    self.wake_throttled(node);
                    return;
                }
                self.start_task(node, host, &task);
            }
        }
    }

    fn start_task(&mut self, node: NodeId, host: HostIndex, task: &Arc<Task>) {
        if self.runs_once(task, host) && !self.is_chosen(node, host) {
            return;
        }
        if self.has_to_wait(node, host, task) {
            return;
        }
        if let Action::Meta(Meta::ResetConnection) = task.action {
            let (context, name) = (Arc::clone(&self.context), Arc::clone(&self.hosts[host as usize]));
            tokio::spawn(async move { context.pool.reset(&name).await });
        }
        self.announce(node, task, host);
        *self.running_of.entry(node).or_default() += 1;
        self.running_on[host as usize] += 1;
        let slot = self.graph.node(node).effect != Effect::Pure;
        self.busy += usize::from(slot);
        let cancel = self.context.cut.child_token();
        let job = Job {
            context: Arc::clone(&self.context),
            view: Arc::clone(&self.view),
            task: Arc::clone(task),
            number: self.number(node),
            host: Arc::clone(&self.hosts[host as usize]),
            cancel: cancel.clone(),
        };
        let handle = self.running.spawn((self.runner)(job));
        self.under_way.insert(handle.id(), UnderWay { node, host, started: Instant::now(), cancel, slot });
    }

    /// Claims that a task that runs once runs on this host; otherwise the host waits for the one that is chosen, or gets
    /// what came of it.
    fn is_chosen(&mut self, node: NodeId, host: HostIndex) -> bool {
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
    fn choose_again(&mut self, node: NodeId, host: HostIndex) {
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

    /// Says that a task begins, once, and that a step does.
    fn announce(&mut self, node: NodeId, task: &Task, host: HostIndex) {
        let publisher = &self.context.publisher;
        if matches!(task.action, Action::Meta(_)) {
            return;
        }
        let number = self.number(node);
        if self.announced.insert(node) {
            let place = self.context.loader.sources.place(task.span);
            publisher.publish(What::TaskStarted {
                task: number,
                name: publisher.clean(task.title()),
                module: task.action_name(),
                place: publisher.clean(place),
                handler: matches!(self.graph.node(node).work, Work::Handler(_)),
            });
        }
        publisher.publish(What::StepStarted { task: number, host: publisher.clean(&self.hosts[host as usize]) });
    }

    /// Returns a setting as it is on a host; nothing when it cannot be rendered.
    fn rendered(&self, node: &Node, task: &Arc<Task>, host: HostIndex) -> Value {
        if node.is_static() {
            return node.to_value();
        }
        let host = &self.hosts[host as usize];
        let scope = StepScope::new(&self.context.world, host, Some(&self.view), Some(task));
        let sources = Arc::clone(&self.context.loader.sources);
        Templar::new(Arc::new(scope), task.files.clone(), sources).node(node).unwrap_or(Value::Omit)
    }

    fn runs_once(&self, task: &Arc<Task>, host: HostIndex) -> bool {
        let module_once = match task.action {
            Action::Module { module, .. } => module.once,
            // As in Ansible, the condition of what is about all hosts is asked of the first.
            Action::Meta(Meta::EndPlay | Meta::EndBatch | Meta::ClearFacts | Meta::ClearHostErrors) => {
                self.graph.strategy == Strategy::Linear
            }
            _ => false,
        };
        module_once
            || task.settings.run_once.as_ref().is_some_and(|node| {
                // What cannot be said is taken as true, because running too often could do harm.
                super::item::boolean(&self.rendered(node, task, host)).unwrap_or(true)
            })
    }

    /// Parks a step that has to wait for a slot: of the run (`--forks`), of the hosts under way, of its task
    /// (`throttle`).
    fn has_to_wait(&mut self, node: NodeId, host: HostIndex, task: &Arc<Task>) -> bool {
        let forks = self.context.settings.forks;
        if self.graph.node(node).effect != Effect::Pure && self.busy >= forks {
            self.slots.push_back((node, host));
            return true;
        }
        if self.graph.strategy == Strategy::HostPinned && !self.pinned.contains(&host) {
            if self.pinned.len() >= forks {
                self.unpinned.push_back((node, host));
                return true;
            }
            self.pinned.insert(host);
        }
        // Groups, and facts that several hosts give to one, come to be in the order of hosts.
        let in_turn = matches!(task.action, Action::Module { module, .. } if module.changes_run)
            || (task.settings.delegate_facts.is_some() && self.graph.node(node).effect == Effect::Pure);
        let throttle = task.settings.throttle.as_ref().map(|node| self.rendered(node, task, host));
        let limit = throttle.and_then(|value| number(&value)).filter(|limit| *limit >= 1.0);
        let limit = if in_turn { 1 } else { limit.map_or(usize::MAX, |limit| limit as usize) };
        if self.running_of.get(&node).copied().unwrap_or(0) >= limit {
            self.throttled.entry(node).or_default().push_back(host);
            return true;
        }
        false
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
        self.busy -= usize::from(slot);
        self.running_on[host as usize] -= 1;
        if let Some(count) = self.running_of.get_mut(&node) {
            *count -= 1;
        }
        self.ran(node, host, outcome, started);
        self.wake_throttled(node);
    }

    /// Lets the next step of a task try that others of it held up. Whoever was let try and does not run passes it on.
    fn wake_throttled(&mut self, node: NodeId) {
        if let Some(host) = self.throttled.get_mut(&node).and_then(VecDeque::pop_front) {
            self.tracker.put_back(node, host);
        }
    }

    /// Takes note that a step's work is over, and lets its outcome count if nothing stands before it.
    fn ran(&mut self, node: NodeId, host: HostIndex, outcome: Outcome, started: Instant) {
        let set = self.write(node, host, &outcome);
        self.hold(node, host, Held { outcome, started, set, shared_failure: None });
    }

    fn hold(&mut self, node: NodeId, host: HostIndex, held: Held) {
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
    fn write(&mut self, node: NodeId, host: HostIndex, outcome: &Outcome) -> Vec<Place> {
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
    fn settle_from(&mut self, node: NodeId, host: HostIndex) {
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
                    self.report_dropped(node, host, held.started);
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
    fn may_drop(&self, node: NodeId) -> bool {
        let node = self.graph.node(node);
        node.effect != Effect::Write && node.settles_after.is_some() && !matches!(node.work, Work::Handler(_))
    }

    /// Lets the variables of a step stay.
    fn keep(&mut self, node: NodeId, host: HostIndex, held: &Held) {
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
    fn take_back(&mut self, node: NodeId, host: HostIndex, held: &Held) {
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
    fn settle(&mut self, node: NodeId, host: HostIndex, held: Held) {
        let Held { mut outcome, started, .. } = held;
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
            if !outcome.run.is_empty() && !self.apply_run_changes(host, &outcome) {
                outcome.nothing_changed();
            }
            self.report(node, host, task, &outcome, started);
            if outcome.status == Status::Rescued {
                self.remember_failure(section, host, &failure_facts(task, &outcome));
            }
        }
        for name in &outcome.notify {
            self.notify(name, host, task.as_deref());
        }
        if !outcome.inclusions.is_empty() {
            self.inclusions.entry(node).or_default().push((host, std::mem::take(&mut outcome.inclusions)));
        }
        match outcome.status {
            Status::Failed | Status::Rescued => {
                if matches!(self.graph.node(node).work, Work::Handler(_)) {
                    self.failed_handlers.insert(host);
                }
                self.fail(section, host, Standing::Failed);
                if outcome.fatal {
                    self.fatal_nodes.insert(node);
                }
            }
            Status::Unreachable => {
                self.drop_host(host, Standing::Unreachable);
                if outcome.fatal {
                    self.fatal_nodes.insert(node);
                }
            }
            _ => {}
        }
        if matches!(self.once.get(&node), Some(Once::On(chosen)) if *chosen == host) {
            self.share_with_all(node, &outcome);
        }
        self.finish_node(node, host, section);
    }

    /// Lets a host know of a failure that is rescued, for its rescue section and what comes after.
    fn remember_failure(&self, section: SectionId, host: HostIndex, facts: &Map) {
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
    fn finish_node(&mut self, node: NodeId, host: HostIndex, section: SectionId) {
        // The verdict on all hosts is passed before those who wait for the node may start.
        if self.tracker.is_last(node, host) && self.graph.node(node).task().is_some() {
            self.judge_batch(node, section);
        }
        self.tracker.settle(node, host);
        if self.graph.strategy == Strategy::HostPinned && self.tracker.is_through(host) {
            self.unpin(host);
        }
    }

    /// Gives the place of a host that is through to one that waits.
    fn unpin(&mut self, host: HostIndex) {
        if self.pinned.remove(&host) {
            for (node, host) in std::mem::take(&mut self.unpinned) {
                self.tracker.put_back(node, host);
            }
        }
    }

    fn judge_batch(&mut self, node: NodeId, section: SectionId) {
        let total = self.hosts.len();
        let out = self.standing.iter().filter(|s| matches!(s, Standing::Failed | Standing::Unreachable)).count();
        let too_many =
            self.max_fail_percentage.is_some_and(|limit| out > 0 && out as f64 / total as f64 * 100.0 > limit);
        if self.fatal_nodes.contains(&node) || too_many {
            for host in 0..total as HostIndex {
                if self.is_live(section, host) {
                    self.fail(section, host, Standing::Failed);
                }
            }
            self.fatal |= section == SectionId::ROOT || self.standing.iter().all(|standing| *standing != Standing::In);
        }
    }

    /// Ends running steps of a host whose outcome can no longer count.
    fn cancel_moot(&self, host: HostIndex) {
        if self.running_on[host as usize] == 0 {
            return;
        }
        for under_way in self.under_way.values().filter(|under_way| under_way.host == host) {
            if self.may_drop(under_way.node) && !self.is_live(self.graph.node(under_way.node).section, host) {
                under_way.cancel.cancel();
            }
        }
    }

    /// Lets all hosts that wait have the result of a task that ran once.
    fn share_with_all(&mut self, node: NodeId, outcome: &Outcome) {
        // As in Ansible: a failure of what runs once for all is one for all.
        let failed = matches!(outcome.status, Status::Failed | Status::Rescued | Status::Unreachable);
        let task = self.graph.node(node).task().filter(|_| failed);
        let failure = task.map(|task| failure_facts(task, outcome));
        self.once.insert(node, Once::Done { writes: outcome.writes.clone(), failure });
        for host in self.onlookers.remove(&node).unwrap_or_default() {
            self.tracker.put_back(node, host);
        }
    }

    /// Gives one host what a task that ran once on another has set, and its failure. It counts where it stands in the
    /// file, as what a host has done itself does.
    fn share(&mut self, node: NodeId, host: HostIndex, writes: Vec<VarWrite>, shared_failure: Option<Map>) {
        self.passed += 1;
        let outcome = Outcome { writes, ..Outcome::empty(Status::NotReached, String::new()) };
        let set = self.write(node, host, &outcome);
        self.hold(node, host, Held { outcome, started: Instant::now(), set, shared_failure });
    }

    /// Settles a node that has nothing to do on a host.
    pub(super) fn pass(&mut self, node: NodeId, host: HostIndex) {
        if self.graph.node(node).task().is_some() {
            self.passed += 1;
        }
        self.choose_again(node, host);
        self.wake_throttled(node);
        // It stands in the order of the file like any other: if something before it is not settled, it waits.
        let outcome = Outcome::empty(Status::NotReached, String::new());
        self.hold(node, host, Held { outcome, started: Instant::now(), set: Vec::new(), shared_failure: None });
    }

    /// Says how many steps came to nothing since it was last said, so that totals stay true.
    fn tell_passed(&mut self) {
        let steps = std::mem::take(&mut self.passed);
        if steps > 0 {
            self.context.publisher.publish(What::StepsPassed { steps });
        }
    }

    /// Claims that tasks of this section run on the host.
    pub(super) fn is_live(&self, section: SectionId, host: HostIndex) -> bool {
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
    pub(super) fn is_forced(&self, host: HostIndex) -> bool {
        let forces = self.view.play.force_handlers || self.context.settings.force_handlers;
        forces && self.standing[host as usize] == Standing::Failed && !self.failed_handlers.contains(&host)
    }

    /// Claims that the task belongs to a role that is over for the host.
    fn has_ended_role(&self, task: &Task, host: HostIndex) -> bool {
        let over = |role| self.ended_roles.iter().any(|(other, ended)| *other == host && Arc::ptr_eq(ended, role));
        task.role.as_ref().is_some_and(over)
    }

    /// Marks a section as failed on a host; outside of blocks the host is out.
    fn fail(&mut self, section: SectionId, host: HostIndex, standing: Standing) {
        if section == SectionId::ROOT {
            self.drop_host(host, standing);
        } else {
            let count = self.hosts.len();
            let hosts = &mut self.failed[section.index()];
            hosts.resize(count, false);
            hosts[host as usize] = true;
            self.cancel_moot(host);
        }
    }

    fn drop_host(&mut self, host: HostIndex, standing: Standing) {
        if self.standing[host as usize] == Standing::In {
            self.standing[host as usize] = standing;
            self.view.set_out(host as usize, true);
            self.unpin(host);
            self.cancel_moot(host);
        }
    }

    /// Ends a block on a host: what failed in it and was not rescued is a failure of what is around it.
    fn end_block(&mut self, node: NodeId, host: HostIndex, body: SectionId) {
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
    fn end_parallel(&mut self, node: NodeId, host: HostIndex, first: SectionId, count: u32) {
        let around = self.graph.node(node).section;
        let mut children = (first.0..first.0 + count).map(SectionId);
        if children.any(|child| self.failed_in(child, host)) && self.is_live(around, host) {
            self.fail(around, host, Standing::Failed);
        }
        self.pass(node, host);
    }

    fn failed_in(&self, section: SectionId, host: HostIndex) -> bool {
        self.failed.get(section.index()).and_then(|hosts| hosts.get(host as usize)).copied().unwrap_or(false)
    }

    /// Fails what stands at a node's place on a host.
    pub(super) fn fail_at(&mut self, node: NodeId, host: HostIndex) {
        self.fail(self.graph.node(node).section, host, Standing::Failed);
    }

    /// Claims that a failure on some hosts may end the play for all.
    pub(super) fn fails_together(&self) -> bool {
        self.max_fail_percentage.is_some()
    }

    /// Adds room for the sections that an expansion brought.
    pub(super) fn grow_sections(&mut self) {
        self.failed.resize(self.graph.sections.len(), Vec::new());
    }

    fn meta(&mut self, meta: Meta, node: NodeId, host: HostIndex) {
        match meta {
            Meta::Noop | Meta::ResetConnection => {}
            Meta::FlushHandlers => {
                self.asked_to_flush.insert((node, host));
            }
            Meta::EndRole => {
                let role = self.graph.node(node).task().and_then(|task| task.role.clone());
                self.ended_roles.extend(role.map(|role| (host, role)));
            }
            Meta::EndHost => self.drop_host(host, Standing::Ended),
            Meta::EndPlay | Meta::EndBatch => {
                self.stop_play |= meta == Meta::EndPlay;
                for host in 0..self.hosts.len() as HostIndex {
                    self.drop_host(host, Standing::Ended);
                }
            }
            Meta::ClearFacts => {
                let hosts = match self.graph.strategy {
                    Strategy::Linear => self.view.all_hosts.clone(),
                    Strategy::Free | Strategy::HostPinned => vec![Arc::clone(&self.hosts[host as usize])],
                };
                for name in &hosts {
                    self.context.world.change_host(name, |vars| vars.facts.clear());
                }
            }
            Meta::ClearHostErrors => {
                // As in Ansible: they stay out of this play, and are in the next.
                for standing in &mut self.standing {
                    if matches!(standing, Standing::Failed | Standing::Unreachable) {
                        *standing = Standing::Ended;
                    }
                }
            }
        }
    }

    /// Changes the inventory; claims that it is another one now.
    fn apply_run_changes(&self, host: HostIndex, outcome: &Outcome) -> bool {
        use crate::module::RunChange;
        let own = &self.hosts[host as usize];
        let mut changed = false;
        for change in &outcome.run {
            changed |= self.context.world.change_inventory(|inventory| match change {
                RunChange::AddHost { name, groups, vars } => {
                    let groups: Vec<&str> = groups.iter().map(|group| &**group).collect();
                    let vars = vars.iter().map(|(key, value)| (Arc::from(key.to_string()), Var::Data(value.clone())));
                    inventory.add_host(name, &groups, vars)
                }
                RunChange::GroupBy { group, parents } => {
                    let parents: Vec<&str> = parents.iter().map(|parent| &**parent).collect();
                    inventory.group_by(own, group, &parents)
                }
            });
        }
        changed
    }

    /// Publishes what came of a step.
    fn report(&self, node: NodeId, host: HostIndex, task: &Task, outcome: &Outcome, started: Instant) {
        let publisher = &self.context.publisher;
        for message in &outcome.warnings {
            let place = Some(publisher.clean(self.context.loader.sources.place(task.span)));
            publisher.publish(What::Warning { message: publisher.clean(message), place });
        }
        if matches!(task.action, Action::Meta(_)) && matches!(outcome.status, Status::Ok | Status::Skipped) {
            return;
        }
        let number = self.number(node);
        let host_name = publisher.clean(&self.hosts[host as usize]);
        let redactor = publisher.redactor();
        let shown = |result: &Value| (!outcome.no_log).then(|| redactor.clean_value(result));
        for item in &outcome.items {
            let label = if outcome.no_log { "(hidden)" } else { &item.label };
            publisher.publish(What::ItemDone {
                task: number,
                host: host_name.clone(),
                item: publisher.clean(label),
                status: item.status,
                result: shown(&item.result),
            });
        }
        let diff = if outcome.no_log || !self.context.settings.diff {
            Vec::new()
        } else {
            outcome.diff.iter().map(|diff| clean_diff(publisher, diff)).collect()
        };
        // A loop of includes is as many steps as it includes files, as in Ansible's recap.
        let inclusions = outcome.inclusions.len().max(1);
        if inclusions > 1 {
            publisher.publish(What::StepsAdded { steps: inclusions - 1 });
        }
        let done = StepDone {
            task: number,
            name: publisher.clean(if outcome.name.is_empty() { task.title() } else { outcome.name.clone() }),
            host: host_name,
            delegated_to: outcome.delegated_to.as_ref().map(|name| publisher.clean(name)),
            status: outcome.status,
            elapsed_ms: started.elapsed().as_millis() as u64,
            result: if outcome.status == Status::Skipped { None } else { shown(&outcome.result) },
            diff,
            failure: outcome.failure.as_ref().map(|failure| self.failure_report(task, failure, outcome.no_log)),
            skip_reason: outcome.skip_reason.as_ref().map(|reason| publisher.clean(reason)),
        };
        for _ in 0..inclusions {
            publisher.publish(What::StepDone(Box::new(done.clone())));
        }
    }

    /// Publishes that a step which had begun counts for nothing, because an earlier one of its host failed.
    fn report_dropped(&self, node: NodeId, host: HostIndex, started: Instant) {
        let publisher = &self.context.publisher;
        let Some(task) = self.graph.node(node).task() else { return };
        publisher.publish(What::StepDone(Box::new(StepDone {
            task: self.number(node),
            name: publisher.clean(task.title()),
            host: publisher.clean(&self.hosts[host as usize]),
            delegated_to: None,
            status: Status::NotReached,
            elapsed_ms: started.elapsed().as_millis() as u64,
            result: None,
            diff: Vec::new(),
            failure: None,
            skip_reason: Some(publisher.clean("an earlier step of the host failed")),
        })));
    }

    fn failure_report(&self, task: &Task, failure: &Failure, no_log: bool) -> FailureReport {
        let publisher = &self.context.publisher;
        let sources = &self.context.loader.sources;
        let span = failure.place.unwrap_or(task.span);
        let message = if no_log { "hidden, because the task has `no_log: true`" } else { failure.message.expose() };
        let mut diagnostic = Diagnostic::error("", message).at(span);
        if span != task.span && span.source != task.span.source {
            diagnostic = diagnostic.also(task.span, "in this task");
        }
        FailureReport {
            kind: failure.kind,
            message: publisher.clean(message),
            place: publisher.clean(sources.place(span)),
            help: failure.help.as_ref().filter(|_| !no_log).map(|help| publisher.redactor().clean(help)),
            drawn: publisher.clean(render(&diagnostic, sources, Style::Plain)),
        }
    }

    /// Returns the number of a node's task in the run.
    pub(super) fn number(&self, node: NodeId) -> TaskNumber {
        self.first_number + node.0
    }
}

impl Held {
    /// Claims that it may turn out to end the host's way.
    fn fails(&self) -> bool {
        matches!(self.outcome.status, Status::Failed | Status::Unreachable) || self.shared_failure.is_some()
    }
}

fn clean_diff(publisher: &super::Publisher, diff: &crate::module::TextDiff) -> crate::event::Diff {
    crate::event::Diff {
        before_header: publisher.clean(&diff.before_header),
        after_header: publisher.clean(&diff.after_header),
        before: publisher.clean(&diff.before),
        after: publisher.clean(&diff.after),
    }
}

/// Returns what a rescue section knows of the failure.
fn failure_facts(task: &Task, outcome: &Outcome) -> Map {
    let described = Value::map([
        ("name", Value::from(failed_task_name(task, outcome))),
        ("action", Value::from(task.action_name())),
    ]);
    [("ansible_failed_task", described), ("ansible_failed_result", outcome.result.clone())].into_iter().collect()
}

/// Returns the task's own name, without that of its role; nothing when it has none.
fn failed_task_name(task: &Task, outcome: &Outcome) -> String {
    if task.name.is_none() {
        return String::new();
    }
    let title = if outcome.name.is_empty() { task.title() } else { outcome.name.clone() };
    let prefix = task.role.as_ref().map(|role| format!("{} : ", role.name)).unwrap_or_default();
    title.strip_prefix(&prefix).map_or(title.clone(), str::to_owned)
}
