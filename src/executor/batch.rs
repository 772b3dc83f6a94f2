//! The dispatcher of one play on one batch of hosts: owns all state, starts what is ready, and lets outcomes count in
//! the order of the file.
//!
//! A step goes through: ready (all edges met) → running → ran (its work is over, its variables are visible) → settled
//! (its outcome counts). Reads that overlap may have run before an earlier step of the host failed; then they are
//! dropped: their variables are taken back and nothing is said of them.

mod dispatch;
mod door;
mod reasons;
mod sections;
mod settle;
mod told;
mod turns;
mod verdict;

use verdict::Failures;

use door::Door;
pub(super) use door::{Arrival, Exit, Through};

use super::Context;
use super::handlers::Notified;
use super::limit::{self, HostLimits};
use super::random::Random;
use super::share::{Share, Slot};
use super::step::{Inclusion, Job, Outcome, VarWrite};
use super::stepping::Asked;
use super::tracker::{HostIndex, Tracker};
use super::world::{PlayView, Shelf};
use crate::event::{After, TaskNumber};
use crate::graph::{Graph, Knowledge, NodeId};
use crate::module::Boxed;
use crate::platform::Platform;
use crate::playbook::{Item, Role, RoleKey};
use crate::redact::Clean;
use crate::value::{Map, Value};
use crate::vars::Var;
use foldhash::{HashMap, HashMapExt};
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

/// How many steps without a slot are under way at once, as long as they end quickly: more would only lie in memory.
const MOST_PURE: usize = 1024;

/// How many steps wait for a slot one by one. Where more are ready, the rest stays in the tracker, which needs two bytes
/// for each; a step that waits here takes some three hundred. So few in tests that their random playbooks come to it.
const MOST_WAITING: usize = if cfg!(test) { 3 } else { 20_000 };

/// How long the dispatcher waits for one of them to end before it begins as many more (they may all be pausing).
const PATIENCE: Duration = Duration::from_millis(5);

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
    /// No play follows: nobody is left, or too many failed.
    pub(super) stops_run: bool,
    /// Too many failed.
    pub(super) broken: bool,
    /// Hosts failed because others did, and were rescued: they are out of what follows, and are failures there.
    pub(super) condemned: bool,
    /// What went wrong on the hosts of the play until then counts no more.
    pub(super) cleared: bool,
}

/// What carries out a step; tests put a model in its place.
pub(super) type Runner = Arc<dyn Fn(Job) -> Boxed<'static, Outcome> + Send + Sync>;

pub(super) struct Batch {
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
    share: Share,
    /// What decides who gets a slot; the first, when nothing does.
    chance: Option<Random>,
    /// How many steps are under way that hold no slot.
    pure: usize,
    /// How many of them there may be at the moment.
    most_pure: usize,
    /// A slot for the step that is tried next.
    spare: Option<Slot>,
    /// Steps that wait for one of the run's slots (`--forks`), in their order; pure ones need none.
    slots: VecDeque<(NodeId, HostIndex)>,
    /// What limits hosts, by name, as far as it was asked for.
    limits: HashMap<Arc<str>, HostLimits>,
    /// Steps that wait for a place within the limits of their host.
    limited: HashMap<Id, (NodeId, HostIndex)>,
    granting: JoinSet<limit::Held>,
    /// Places that steps got which have yet to begin.
    granted: HashMap<(NodeId, HostIndex), limit::Held>,
    /// That of the step which is tried at the moment.
    in_hand: Option<limit::Held>,
    /// Steps that wait for others of their task (`throttle`).
    throttled: HashMap<NodeId, BTreeSet<HostIndex>>,
    /// Steps that wait for the host on which their task runs once.
    onlookers: HashMap<NodeId, BTreeSet<HostIndex>>,
    /// Steps of hosts that wait for a place among those under way (`host_pinned`).
    unpinned: VecDeque<(NodeId, HostIndex)>,
    running_of: HashMap<NodeId, usize>,
    /// What templates of keywords yield for steps that have yet to begin.
    said: HashMap<(NodeId, HostIndex), Vec<(&'static str, Value)>>,
    once: HashMap<NodeId, Once>,
    running: JoinSet<Outcome>,
    under_way: HashMap<Id, UnderWay>,
    /// The step that ended last. The dispatcher starts all that may start whenever one ends, so what starts was held
    /// up by this one.
    last: Option<(NodeId, HostIndex)>,
    /// Where hosts come in, if they come one by one.
    door: Option<Door>,
    /// Where it is said that a host is through, if anybody waits for that.
    exit: Option<Exit>,
    /// What the host came from that arrived last; what starts now was held up by that.
    came_after: Option<After>,
    /// Since when steps have waited for something other than an edge, and for what.
    parked: HashMap<(NodeId, HostIndex), (Instant, &'static str)>,
    /// Why a node waits for another, as told.
    reasons: HashMap<(NodeId, NodeId), Clean>,
    /// Per host, how many steps are under way.
    running_on: Vec<u32>,
    pub(super) handlers: Vec<Item>,
    /// What was notified and has not run yet.
    pub(super) notified: Notified,
    pub(super) inclusions: HashMap<NodeId, Vec<(HostIndex, Vec<Inclusion>)>>,
    /// The includes that were put into the graph, on a host or (`None`) on all.
    pub(super) expanded: HashSet<(NodeId, Option<HostIndex>)>,
    /// Hosts on which a handler failed: no other follows there, `force_handlers` or not.
    failed_handlers: HashSet<HostIndex>,
    /// Flushes with a condition, and the hosts on which it holds.
    pub(super) asked_to_flush: HashSet<(NodeId, HostIndex)>,
    /// Per flush and host, the last handler that it ran.
    pub(super) flushed: HashMap<(NodeId, HostIndex), usize>,
    /// Roles of which a task has run on a host.
    pub(super) roles_begun: HashSet<(HostIndex, RoleKey)>,
    /// Roles that have run on a host.
    pub(super) roles_done: HashSet<(HostIndex, RoleKey)>,
    /// Roles that are over for a host (`meta: end_role`).
    ended_roles: Vec<(HostIndex, Arc<Role>)>,
    announced: HashSet<NodeId>,
    /// The warnings that were published.
    warned: HashSet<(NodeId, String)>,
    /// The number of the play in the run, from 1.
    play: u32,
    /// By node, the number of its task in the run.
    numbers: Vec<TaskNumber>,
    max_fail_percentage: Option<f64>,
    /// What came of tasks that are not over on all hosts.
    failures: HashMap<NodeId, Failures>,
    /// Hosts that failed because others did, and those that nothing rescues any more: they count as failed.
    condemned: HashSet<HostIndex>,
    /// Too many hosts have failed: the play is over once all are among them.
    broken: bool,
    /// What was asked under `--step`.
    pub(super) asked: Asked,
    /// `meta: clear_host_errors` has been met.
    cleared: bool,
    stop_play: bool,
    fatal: bool,
    passed: usize,
    pinned: HashSet<HostIndex>,
    /// Hosts for which this batch has nothing left to send, as far as was known then.
    through: Vec<bool>,
    /// It has been said how long it may take until no host can be reached.
    has_told_bound: bool,
}

/// What came of a step, until it counts.
struct Held {
    outcome: Outcome,
    /// How long its work took.
    took: Duration,
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
    slot: Option<Slot>,
    _limits: limit::Held,
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
    pub(super) share: Share,
    pub(super) play: u32,
    pub(super) max_fail_percentage: Option<f64>,
    /// Hosts that come one by one; all are there when there is none.
    pub(super) arrivals: Option<UnboundedReceiver<Arrival>>,
    pub(super) exit: Option<Exit>,
}

impl Batch {
    pub(super) fn new(start: BatchStart) -> Batch {
        let hosts = start.view.batch.clone();
        let count = hosts.len();
        let mut tracker = Tracker::new(&start.graph, count, start.share.chance(2 * start.play));
        let door = start.arrivals.map(|arrivals| Door::new(arrivals, &hosts));
        if door.is_some() {
            tracker.keep_out_all();
        }
        Batch {
            handlers: start.view.play.handlers.clone(),
            failed: vec![Vec::new(); start.graph.sections.len()],
            standing: vec![Standing::In; count],
            held: HashMap::new(),
            held_failures: vec![0; count],
            deferred: vec![Vec::new(); count],
            undo: HashMap::new(),
            chance: start.share.chance(2 * start.play + 1),
            pure: 0,
            most_pure: MOST_PURE,
            spare: None,
            slots: VecDeque::new(),
            limits: HashMap::new(),
            limited: HashMap::new(),
            granting: JoinSet::new(),
            granted: HashMap::new(),
            in_hand: None,
            throttled: HashMap::new(),
            onlookers: HashMap::new(),
            unpinned: VecDeque::new(),
            running_of: HashMap::new(),
            said: HashMap::new(),
            once: HashMap::new(),
            running: JoinSet::new(),
            under_way: HashMap::new(),
            last: None,
            door,
            exit: start.exit,
            came_after: None,
            parked: HashMap::new(),
            reasons: HashMap::new(),
            running_on: vec![0; count],
            notified: Notified::default(),
            inclusions: HashMap::new(),
            expanded: HashSet::new(),
            failed_handlers: HashSet::new(),
            asked_to_flush: HashSet::new(),
            flushed: HashMap::new(),
            ended_roles: Vec::new(),
            roles_begun: HashSet::new(),
            roles_done: HashSet::new(),
            announced: HashSet::new(),
            warned: HashSet::new(),
            failures: HashMap::new(),
            condemned: HashSet::new(),
            broken: false,
            asked: Asked::default(),
            cleared: false,
            stop_play: false,
            fatal: false,
            passed: 0,
            pinned: HashSet::new(),
            through: vec![false; count],
            has_told_bound: false,
            numbers: start.share.numbers(start.graph.nodes.len()).collect(),
            share: start.share,
            play: start.play,
            context: start.context,
            view: start.view,
            graph: start.graph,
            tracker,
            knowledge: start.knowledge,
            platforms: start.platforms,
            hosts,
            max_fail_percentage: start.max_fail_percentage,
        }
    }

    /// Puts another in the place of what carries out steps.
    #[cfg(test)]
    pub(super) fn with_runner(mut self, runner: Runner) -> Batch {
        self.share.runner = runner;
        self
    }

    /// Returns how many steps are not settled.
    #[cfg(test)]
    pub(super) fn unsettled(&self) -> usize {
        (0..self.hosts.len()).map(|host| self.tracker.left(host as HostIndex)).sum()
    }

    /// Runs the batch to its end.
    pub(super) async fn run(mut self, drain: &CancellationToken) -> BatchEnd {
        self.dispatch(drain).await;
        self.end()
    }
}
