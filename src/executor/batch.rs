//! The dispatcher of one play on one batch of hosts: owns all state, starts what is ready, and lets outcomes count in
//! the order of the file.
//!
//! A step goes through: ready (all edges met) → running → ran (its work is over, its variables are visible) → settled
//! (its outcome counts). Reads that overlap may have run before an earlier step of the host failed; then they are
//! dropped: their variables are taken back and nothing is said of them.

use super::Context;
use super::step::{self, Inclusion, Job, Outcome, VarWrite};
use super::tracker::{HostIndex, State, Tracker};
use super::world::{PlayView, Shelf};
use crate::effect::Effect;
use crate::event::{FailureReport, Status, StepDone, TaskNumber, What};
use crate::failure::{Failure, FailureKind};
use crate::graph::{Graph, Join, Knowledge, NodeId, Part, SectionId, Work};
use crate::platform::Platform;
use crate::playbook::{Action, Item, Meta, Strategy, Task};
use crate::source::{Diagnostic, Style, render};
use crate::value::{Map, Value};
use crate::vars::Var;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
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

pub(super) struct Batch {
    pub(super) context: Arc<Context>,
    pub(super) view: Arc<PlayView>,
    pub(super) graph: Graph,
    pub(super) tracker: Tracker,
    pub(super) knowledge: Knowledge,
    pub(super) platforms: Vec<&'static Platform>,
    pub(super) hosts: Vec<Arc<str>>,
    pub(super) standing: Vec<Standing>,
    /// Per section, the hosts on which it failed.
    failed: Vec<Vec<bool>>,
    /// Outcomes of steps that ran and are not settled.
    held: HashMap<(NodeId, HostIndex), Held>,
    /// Per host, how many of its held outcomes are failures.
    held_failures: Vec<u32>,
    /// Per host, steps that wait until a held failure is settled one way or the other.
    deferred: Vec<Vec<NodeId>>,
    /// Steps that wait for a free slot of the run (`--forks`), in their order.
    slots: VecDeque<(NodeId, HostIndex)>,
    /// Steps that wait for a free slot of their task (`throttle`), or for the host on which it runs once.
    parked: HashMap<NodeId, Vec<HostIndex>>,
    /// Steps of hosts that wait for a place among those under way (`host_pinned`).
    unpinned: VecDeque<(NodeId, HostIndex)>,
    running_of: HashMap<NodeId, usize>,
    once: HashMap<NodeId, Once>,
    running: JoinSet<Outcome>,
    under_way: HashMap<Id, UnderWay>,
    /// Per host, what `ansible_failed_task` and `ansible_failed_result` hold.
    failure_facts: Vec<Option<Map>>,
    pub(super) handlers: Vec<Item>,
    /// By the handler's place in `handlers`, the hosts that were notified.
    pub(super) notified: BTreeMap<usize, HashSet<HostIndex>>,
    pub(super) inclusions: HashMap<NodeId, Vec<(HostIndex, Vec<Inclusion>)>>,
    pub(super) expanded: HashMap<NodeId, HashSet<HostIndex>>,
    pub(super) flush_rounds: HashMap<NodeId, u32>,
    announced: HashSet<NodeId>,
    first_number: TaskNumber,
    max_fail_percentage: Option<f64>,
    fatal_nodes: HashSet<NodeId>,
    stop_play: bool,
    fatal: bool,
    passed: usize,
    pinned: HashSet<HostIndex>,
}

struct Held {
    outcome: Outcome,
    started: Instant,
    undo: Vec<Undo>,
}

/// How to take a variable back.
struct Undo {
    host: Arc<str>,
    shelf: Shelf,
    name: Arc<str>,
    before: Option<Var>,
}

struct UnderWay {
    node: NodeId,
    host: HostIndex,
    started: Instant,
    cancel: CancellationToken,
}

/// A task that runs once for all hosts.
enum Once {
    /// On this host.
    On(HostIndex),
    /// Done, with these variables for everybody.
    Done(Vec<VarWrite>),
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
            handlers: start.view.play.handlers.clone(),
            failed: vec![vec![false; count]; start.graph.sections.len()],
            standing: vec![Standing::In; count],
            held: HashMap::new(),
            held_failures: vec![0; count],
            deferred: vec![Vec::new(); count],
            slots: VecDeque::new(),
            parked: HashMap::new(),
            unpinned: VecDeque::new(),
            running_of: HashMap::new(),
            once: HashMap::new(),
            running: JoinSet::new(),
            under_way: HashMap::new(),
            failure_facts: vec![None; count],
            notified: BTreeMap::new(),
            inclusions: HashMap::new(),
            expanded: HashMap::new(),
            flush_rounds: HashMap::new(),
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

    /// Runs the batch to its end. Only messages are waited for.
    pub(super) async fn run(mut self, drain: &CancellationToken) -> (BatchEnd, TaskNumber) {
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
        let numbers = self.graph.nodes.len() as TaskNumber;
        (BatchEnd { standing: self.standing, stop_play: self.stop_play, fatal: self.fatal }, numbers)
    }

    /// Starts everything that is ready.
    fn start_ready(&mut self, draining: bool) {
        while let Some((node, host)) = self.tracker.pop() {
            if draining {
                // Nothing new begins; what is left is not reached.
                self.pass(node, host);
                continue;
            }
            self.start(node, host);
        }
    }

    fn start(&mut self, node: NodeId, host: HostIndex) {
        let section = self.graph.node(node).section;
        match self.graph.node(node).work.clone() {
            Work::Join(Join::BlockEnd(body)) => self.end_block(node, host, body),
            Work::Join(Join::ExpansionEnd(start)) => self.end_expansion(node, host, start),
            Work::Join(_) => self.pass(node, host),
            Work::Flush => self.pass(node, host),
            Work::Handler(task) => {
                let forced = self.view.play.force_handlers && self.standing[host as usize] == Standing::Failed;
                if self.is_live(section, host) || forced {
                    self.start_task(node, host, &task);
                } else {
                    self.pass(node, host);
                }
            }
            Work::Task(task) => {
                if !self.is_live(section, host) {
                    return self.pass(node, host);
                }
                let must_wait = self.held_failures[host as usize] > 0 && !self.tracker.may_settle(node, host);
                if must_wait {
                    // An earlier step of this host has failed and its outcome is not settled: this one may be moot.
                    self.deferred[host as usize].push(node);
                    return;
                }
                self.start_task(node, host, &task);
            }
        }
    }

    fn start_task(&mut self, node: NodeId, host: HostIndex, task: &Arc<Task>) {
        if self.runs_once(task) {
            match self.once.get(&node) {
                None => {
                    let chosen = self.tracker.unsettled(node).find(|h| self.is_live(self.graph.node(node).section, *h));
                    let chosen = chosen.unwrap_or(host);
                    if chosen != host {
                        self.parked.entry(node).or_default().push(host);
                        return;
                    }
                    self.once.insert(node, Once::On(host));
                }
                Some(Once::On(_)) => {
                    self.parked.entry(node).or_default().push(host);
                    return;
                }
                Some(Once::Done(writes)) => {
                    let writes = writes.clone();
                    return self.share(node, host, writes);
                }
            }
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
        let cancel = self.context.cut.child_token();
        let job = Job {
            context: Arc::clone(&self.context),
            view: Arc::clone(&self.view),
            task: Arc::clone(task),
            number: self.number(node),
            host: Arc::clone(&self.hosts[host as usize]),
            overlay: self.overlay(node, host),
            cancel: cancel.clone(),
        };
        let handle = self.running.spawn(step::run(job));
        self.under_way.insert(handle.id(), UnderWay { node, host, started: Instant::now(), cancel });
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

    fn runs_once(&self, task: &Task) -> bool {
        let module_once = matches!(task.action, Action::Module { module, .. } if module.once);
        module_once
            || task.settings.run_once.as_ref().is_some_and(|node| {
                // A template here is rare; it is taken as true, because running too often could do harm.
                !node.is_static() || super::item::boolean(&node.to_value()).unwrap_or(true)
            })
    }

    /// Parks a step that has to wait for a slot: of the run (`--forks`), of the hosts under way, of its task
    /// (`throttle`).
    fn has_to_wait(&mut self, node: NodeId, host: HostIndex, task: &Task) -> bool {
        let forks = self.context.settings.forks;
        if self.graph.node(node).effect != Effect::Pure && self.under_way.len() >= forks {
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
        let limit = task.settings.throttle.as_ref().map(|node| match node.to_value() {
            Value::Int(n) if n > 0 => n as usize,
            _ => usize::MAX,
        });
        if limit.is_some_and(|limit| self.running_of.get(&node).copied().unwrap_or(0) >= limit) {
            self.parked.entry(node).or_default().push(host);
            return true;
        }
        false
    }

    /// Returns what the dispatcher adds to a step's scope.
    fn overlay(&self, node: NodeId, host: HostIndex) -> Map {
        let mut section = self.graph.node(node).section;
        loop {
            let info = &self.graph.sections[section.index()];
            if matches!(info.part, Part::Rescue | Part::Always) {
                return self.failure_facts[host as usize].clone().unwrap_or_default();
            }
            match info.parent {
                Some(parent) => section = parent,
                None => return Map::new(),
            }
        }
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
        let Some(UnderWay { node, host, started, .. }) = self.under_way.remove(&id) else { return };
        if let Some(count) = self.running_of.get_mut(&node) {
            *count = count.saturating_sub(1);
        }
        self.ran(node, host, outcome, started);
        self.unpark(node);
    }

    /// Lets steps try again that waited for what a finished step of `node` set free.
    fn unpark(&mut self, node: NodeId) {
        if let Some((node, host)) = self.slots.pop_front() {
            self.tracker.put_back(node, host);
        }
        for host in self.parked.remove(&node).unwrap_or_default() {
            self.tracker.put_back(node, host);
        }
    }

    /// Takes note that a step's work is over, and lets its outcome count if nothing stands before it.
    fn ran(&mut self, node: NodeId, host: HostIndex, outcome: Outcome, started: Instant) {
        let undo = self.write(host, &outcome);
        let failed = matches!(outcome.status, Status::Failed | Status::Unreachable);
        if failed {
            self.held_failures[host as usize] += 1;
        }
        self.held.insert((node, host), Held { outcome, started, undo });
        self.tracker.ran(node, host);
        if self.tracker.may_settle(node, host) {
            self.settle_from(node, host);
        }
    }

    /// Writes a step's variables; returns how to take them back.
    fn write(&self, host: HostIndex, outcome: &Outcome) -> Vec<Undo> {
        let own = &self.hosts[host as usize];
        let mut undo = Vec::new();
        for write in &outcome.writes {
            let host = write.host.as_ref().unwrap_or(own);
            let before = self.context.world.change_host(host, |vars| {
                if write.shelf == Shelf::Set {
                    if outcome.unknown {
                        vars.unknown.insert(Arc::clone(&write.name));
                    } else {
                        vars.unknown.shift_remove(&write.name);
                    }
                }
                vars.shelf(write.shelf).insert(Arc::clone(&write.name), write.var.clone())
            });
            undo.push(Undo { host: Arc::clone(host), shelf: write.shelf, name: Arc::clone(&write.name), before });
        }
        undo
    }

    /// Lets the outcome of a step count, and then those that waited for it.
    fn settle_from(&mut self, node: NodeId, host: HostIndex) {
        let mut todo = vec![node];
        let mut dropped: Vec<Held> = Vec::new();
        while let Some(node) = todo.pop() {
            let Some(held) = self.held.remove(&(node, host)) else { continue };
            if matches!(held.outcome.status, Status::Failed | Status::Unreachable) {
                self.held_failures[host as usize] -= 1;
            }
            let handler = matches!(self.graph.node(node).work, Work::Handler(_));
            let section = self.graph.node(node).section;
            if !handler && !self.is_live(section, host) {
                if held.outcome.status != Status::NotReached {
                    self.passed += 1;
                }
                dropped.push(held);
                self.finish_node(node, host, section);
            } else if held.outcome.status == Status::NotReached {
                self.finish_node(node, host, section);
            } else {
                self.settle(node, host, held);
            }
            todo.extend(self.tracker.held_after(node, host));
        }
        self.take_back(dropped);
        for node in std::mem::take(&mut self.deferred[host as usize]) {
            self.tracker.put_back(node, host);
        }
    }

    /// Takes back the variables of steps that count for nothing; the last written first.
    fn take_back(&self, mut dropped: Vec<Held>) {
        dropped.sort_by_key(|held| held.started);
        for undo in dropped.into_iter().flat_map(|held| held.undo).rev() {
            self.context.world.change_host(&undo.host, |vars| {
                let shelf = vars.shelf(undo.shelf);
                match undo.before {
                    Some(before) => shelf.insert(undo.name, before),
                    None => shelf.shift_remove(&undo.name),
                };
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
                self.meta(meta, host);
            }
            self.apply_run_changes(host, &outcome);
            self.report(node, host, task, &outcome, started);
            if matches!(outcome.status, Status::Failed | Status::Rescued | Status::Unreachable) {
                self.failure_facts[host as usize] = Some(failure_facts(task, &outcome));
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
            self.share_with_all(node, &outcome, section);
        }
        self.finish_node(node, host, section);
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
        for under_way in self.under_way.values().filter(|under_way| under_way.host == host) {
            let node = self.graph.node(under_way.node);
            if !matches!(node.work, Work::Handler(_)) && !self.is_live(node.section, host) {
                under_way.cancel.cancel();
            }
        }
    }

    /// Gives the result of a task that ran once to all hosts.
    fn share_with_all(&mut self, node: NodeId, outcome: &Outcome, section: SectionId) {
        let failed = matches!(outcome.status, Status::Failed | Status::Rescued | Status::Unreachable);
        if failed {
            // As in Ansible: a failure of what runs once for all is one for all.
            for host in 0..self.hosts.len() as HostIndex {
                if self.tracker.state(node, host) != State::Settled && self.is_live(section, host) {
                    self.fail(section, host, Standing::Failed);
                }
            }
        }
        self.once.insert(node, Once::Done(outcome.writes.clone()));
    }

    /// Gives one host what a task that ran once on another has set.
    fn share(&mut self, node: NodeId, host: HostIndex, writes: Vec<VarWrite>) {
        let outcome = Outcome { writes, ..Outcome::empty(Status::NotReached, String::new()) };
        let undo = self.write(host, &outcome);
        self.pass_with(node, host, undo);
    }

    /// Settles a node that has nothing to do on a host.
    pub(super) fn pass(&mut self, node: NodeId, host: HostIndex) {
        self.pass_with(node, host, Vec::new());
    }

    fn pass_with(&mut self, node: NodeId, host: HostIndex, undo: Vec<Undo>) {
        if self.graph.node(node).task().is_some() {
            self.passed += 1;
        }
        // It stands in the order of the file like any other: if something before it is not settled, it waits.
        let outcome = Outcome::empty(Status::NotReached, String::new());
        self.held.insert((node, host), Held { outcome, started: Instant::now(), undo });
        self.tracker.ran(node, host);
        if self.tracker.may_settle(node, host) {
            self.settle_from(node, host);
        }
    }

    /// Says how many steps came to nothing since it was last said, so that totals stay true.
    fn tell_passed(&mut self) {
        let steps = std::mem::take(&mut self.passed);
        if steps > 0 {
            self.context.publisher.publish(What::StepsPassed { steps });
        }
    }

    /// Claims that tasks of this section run on the host.
    fn is_live(&self, section: SectionId, host: HostIndex) -> bool {
        if self.standing[host as usize] != Standing::In {
            return false;
        }
        let mut at = section;
        loop {
            let info = &self.graph.sections[at.index()];
            let failed =
                |section: SectionId| self.failed.get(section.index()).is_some_and(|hosts| hosts[host as usize]);
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

    /// Marks a section as failed on a host; outside of blocks the host is out.
    fn fail(&mut self, section: SectionId, host: HostIndex, standing: Standing) {
        if section == SectionId::ROOT {
            self.drop_host(host, standing);
        } else {
            self.failed[section.index()][host as usize] = true;
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
        let failed = |section: Option<SectionId>| section.is_some_and(|s| self.failed[s.index()][host as usize]);
        let body_failed = failed(Some(body));
        let rescued = body_failed && info.rescue.is_some() && !failed(info.rescue);
        let fails = (body_failed && !rescued) || failed(info.always);
        if fails {
            let parent = info.parent.unwrap_or(SectionId::ROOT);
            if self.is_live(parent, host) {
                self.fail(parent, host, Standing::Failed);
            }
        } else if rescued {
            self.failure_facts[host as usize] = None;
        }
        self.pass(node, host);
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
        let hosts = self.hosts.len();
        self.failed.resize_with(self.graph.sections.len(), || vec![false; hosts]);
    }

    fn meta(&mut self, meta: Meta, host: HostIndex) {
        match meta {
            Meta::Noop | Meta::FlushHandlers | Meta::ResetConnection => {}
            Meta::EndHost => self.drop_host(host, Standing::Ended),
            Meta::EndPlay | Meta::EndBatch => {
                self.stop_play |= meta == Meta::EndPlay;
                for host in 0..self.hosts.len() as HostIndex {
                    self.drop_host(host, Standing::Ended);
                }
            }
            Meta::ClearFacts => {
                let name = Arc::clone(&self.hosts[host as usize]);
                self.context.world.change_host(&name, |vars| vars.facts.clear());
            }
            Meta::ClearHostErrors => {
                for (host, standing) in self.standing.iter_mut().enumerate() {
                    if matches!(standing, Standing::Failed | Standing::Unreachable) {
                        *standing = Standing::In;
                        self.view.set_out(host, false);
                    }
                }
            }
        }
    }

    fn apply_run_changes(&self, host: HostIndex, outcome: &Outcome) {
        use crate::module::RunChange;
        let own = &self.hosts[host as usize];
        for change in &outcome.run {
            self.context.world.change_inventory(|inventory| match change {
                RunChange::AddHost { name, groups, vars } => {
                    let groups: Vec<&str> = groups.iter().map(|group| &**group).collect();
                    let vars = vars.iter().map(|(key, value)| (Arc::from(key.to_string()), Var::Data(value.clone())));
                    inventory.add_host(name, &groups, vars);
                }
                RunChange::GroupBy { group, parents } => {
                    let parents: Vec<&str> = parents.iter().map(|parent| &**parent).collect();
                    inventory.group_by(own, group, &parents);
                }
            });
        }
    }

    /// Publishes what came of a step.
    fn report(&self, node: NodeId, host: HostIndex, task: &Task, outcome: &Outcome, started: Instant) {
        let publisher = &self.context.publisher;
        for message in &outcome.warnings {
            let place = Some(publisher.clean(self.context.loader.sources.place(task.span)));
            publisher.publish(What::Warning { message: publisher.clean(message), place });
        }
        if matches!(task.action, Action::Meta(_)) && outcome.status == Status::Ok {
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
        publisher.publish(What::StepDone(Box::new(StepDone {
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
        let place = sources.place(span);
        let drawn = if no_log {
            // The line itself may hold what is to be hidden.
            format!("error: {message}\n --> {place}")
        } else {
            render(&diagnostic, sources, Style::Plain)
        };
        FailureReport {
            kind: failure.kind,
            message: publisher.clean(message),
            place: publisher.clean(place),
            help: failure.help.as_ref().filter(|_| !no_log).map(|help| publisher.redactor().clean(help)),
            drawn: publisher.clean(drawn),
        }
    }

    /// Returns the number of a node's task in the run.
    pub(super) fn number(&self, node: NodeId) -> TaskNumber {
        self.first_number + node.0
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
        ("name", Value::from(if outcome.name.is_empty() { task.title() } else { outcome.name.clone() })),
        ("action", Value::from(task.action_name())),
    ]);
    [("ansible_failed_task", described), ("ansible_failed_result", outcome.result.clone())].into_iter().collect()
}
