//! The task graph: what must happen before what, per task, with the reason of every edge.
//!
//! A [`Graph`] knows tasks, not hosts: an edge holds on each host for itself ([`Scope::Host`]) or for all hosts of the
//! batch together ([`Scope::All`]). Order is edges and nothing else; the executor's queue knows nothing of playbooks.
//!
//! Two things can be waited for. A step *ran* when its work is over; it is *settled* when everything before it in the
//! file is settled too and its outcome counts. Reads run early and settle in file order: if an earlier step of the host
//! turns out to have failed, the outcome of the read is dropped as if it had never run. So overlap is never seen in
//! statuses or variables, only on the clock.

mod data;
mod explain;
mod host_by_host;
mod lower;
mod needed;
mod needs;
mod plan;
mod plays;
mod reads;
#[cfg(test)]
mod tests;
mod view;

pub use data::{Defines, Knowledge};
pub use explain::explain;
pub use host_by_host::{Obstacle, Side, host_by_host, may_go_host_by_host, refuse_host_by_host};
pub use lower::{Lowering, lower_handlers, lower_play};
pub use needed::check_needs;
pub use plan::{TagFilter, keep_tagged};
pub use plays::{Passage, PlayEdge, PlayReason, order_plays};
pub use reads::Reads;
pub use view::{Format, PlayGraph, view};

use crate::effect::Effect;
use crate::playbook::{RoleKey, Strategy, Task};
use crate::source::Span;
use crate::template::Names;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The number of a node in its graph. Numbers follow the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl NodeId {
    /// Returns the number as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The number of a section: the root, or a part of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SectionId(pub u32);

impl SectionId {
    /// What is in no block.
    pub const ROOT: SectionId = SectionId(0);

    /// Returns the number as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A part of a block, or the root.
#[derive(Clone, Debug)]
pub struct Section {
    /// The section in which the block stands; `None` for the root.
    pub parent: Option<SectionId>,
    /// Which part it is.
    pub part: Part,
    /// The body of the same block (itself, for a body).
    pub body: SectionId,
    /// The rescue section of the same block, if it has one.
    pub rescue: Option<SectionId>,
    /// The always section of the same block, if it has one.
    pub always: Option<SectionId>,
}

/// Which part of a block a section is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// No block.
    Root,
    /// `block`
    Body,
    /// `rescue`
    Rescue,
    /// `always`
    Always,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Work {
    /// A task.
    Task(Arc<Task>),
    /// A handler, on the hosts that were notified.
    Handler(Arc<Task>),
    /// The point where notified handlers run.
    Flush,
    /// A point that things wait for.
    Join(Join),
}

/// What a join is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// The end of a block: here a failure inside becomes one of the block, or is rescued.
    BlockEnd(SectionId),
    /// The border between the parts of a block.
    PartEnd,
    /// The start of tasks without order among themselves.
    ParallelStart,
    /// Their end: here a failure of one becomes one of what is around them.
    ParallelEnd {
        /// The section of the first of them.
        first: SectionId,
        /// How many there are; their sections follow each other.
        count: u32,
    },
    /// The end of what a runtime include brings, or of a handler flush.
    ExpansionEnd(NodeId),
    /// The end of a role: from here on it has run.
    RoleEnd(RoleKey),
}

/// A node of the graph.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub work: Work,
    /// Where it stands.
    pub section: SectionId,
    /// What it may do.
    pub effect: Effect,
    /// What must happen before.
    pub edges: Vec<Edge>,
    /// The node of the file before which its outcome does not count; `None` when nothing orders it.
    pub settles_after: Option<NodeId>,
    /// The names that it uses and defines.
    pub names: Arc<NodeNames>,
}

/// The names that a node uses and defines.
#[derive(Clone, Debug, Default)]
pub struct NodeNames {
    /// What it uses, variables inside variables included.
    pub uses: Names,
    /// What it defines.
    pub defines: Defines,
}

/// Something that must happen before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// What.
    pub from: NodeId,
    /// On which hosts.
    pub scope: Scope,
    /// How far it must have come.
    pub until: Until,
    /// Why.
    pub reason: Reason,
}

/// On which hosts an edge holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// On each host for itself.
    Host,
    /// On all hosts of the batch.
    All,
}

/// How far the earlier node must have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Until {
    /// Its work is over.
    Ran,
    /// Its outcome counts.
    Settled,
}

/// Why an edge is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A task that writes waits for what stands before it in the file.
    BeforeWrite,
    /// What stands after a task that writes waits for it.
    AfterWrite,
    /// What concerns all hosts at once (it may end the play for all, or changes the run) waits for what stands before it.
    BeforeBarrier,
    /// What stands after something that concerns all hosts at once waits for it.
    AfterBarrier,
    /// A check (`assert`, `fail`) holds up what stands after it.
    Guard,
    /// It uses a variable that the other sets.
    Uses(Arc<str>),
    /// It uses names that are known only at run time.
    UsesAnything,
    /// It sets a variable that the other uses or sets.
    Sets(Arc<str>),
    /// It uses variables of other hosts.
    OtherHosts,
    /// `needs`.
    Needs,
    /// The parts of a block follow each other.
    BlockOrder,
    /// Whether its role has run already is known when the other use of it is over.
    RoleAgain,
    /// A role is over when its tasks are.
    RoleEnd,
    /// `parallel:` starts and ends together.
    Parallel,
    /// It is brought by an include, or it waits for what an include brings.
    Include,
    /// Handlers run where they are flushed, in their order.
    Handlers,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::BeforeWrite => f.write_str("it writes, so everything before it is done first"),
            Reason::AfterWrite => f.write_str("the other writes and stands before it"),
            Reason::BeforeBarrier => f.write_str("it may concern all hosts, so everything before it is done first"),
            Reason::AfterBarrier => f.write_str("the other may concern all hosts and stands before it"),
            Reason::Guard => f.write_str("the other is a check and stands before it"),
            Reason::Uses(name) => write!(f, "it uses `{name}`"),
            Reason::UsesAnything => f.write_str("it uses names known only at run time"),
            Reason::Sets(name) => write!(f, "it sets `{name}`, which the other uses or sets"),
            Reason::OtherHosts => f.write_str("it uses variables of other hosts"),
            Reason::Needs => f.write_str("`needs` says so"),
            Reason::BlockOrder => f.write_str("the parts of a block follow each other"),
            Reason::RoleEnd => f.write_str("a role is over when its tasks are"),
            Reason::RoleAgain => f.write_str("it belongs to a role that may have run when the other is over"),
            Reason::Parallel => f.write_str("`parallel` starts and ends together"),
            Reason::Include => f.write_str("an include brings it or is waited for"),
            Reason::Handlers => f.write_str("handlers run where they are flushed, in their order"),
        }
    }
}

/// The graph of one play.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The nodes in the order of the file; runtime includes add at the end.
    pub nodes: Vec<Node>,
    /// The sections; the root is the first.
    pub sections: Vec<Section>,
    /// How hosts go through it.
    pub strategy: Strategy,
    /// Names of tasks that tags leave out: who needs them has nothing to wait for.
    pub left_out: BTreeSet<Arc<str>>,
}

impl Graph {
    /// Makes an empty graph.
    pub fn new(strategy: Strategy) -> Graph {
        let root = Section { parent: None, part: Part::Root, body: SectionId::ROOT, rescue: None, always: None };
        Graph { nodes: Vec::new(), sections: vec![root], strategy, left_out: BTreeSet::new() }
    }

    /// Returns a node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Claims that a node may send something to its host, or bring what does.
    pub fn may_send(&self, id: NodeId) -> bool {
        let node = self.node(id);
        match &node.work {
            Work::Task(_) | Work::Handler(_) => node.effect != Effect::Pure,
            // What an include brings may do anything. Of a flush it is known which hosts have handlers to run.
            Work::Join(Join::ExpansionEnd(start)) => !matches!(self.node(*start).work, Work::Flush),
            Work::Join(_) | Work::Flush => false,
        }
    }

    /// Claims that a failure in this section will be rescued.
    pub fn is_rescued(&self, section: SectionId) -> bool {
        let mut at = &self.sections[section.index()];
        loop {
            if at.part == Part::Body && at.rescue.is_some() {
                return true;
            }
            match at.parent {
                Some(parent) => at = &self.sections[parent.index()],
                None => return false,
            }
        }
    }

    /// Returns the number of nodes that are tasks.
    pub fn tasks(&self) -> usize {
        self.nodes.iter().filter(|node| node.task().is_some()).count()
    }
}

impl Node {
    /// Returns the task of a task or handler.
    pub fn task(&self) -> Option<&Arc<Task>> {
        match &self.work {
            Work::Task(task) | Work::Handler(task) => Some(task),
            _ => None,
        }
    }

    /// Returns what a person reads.
    pub fn title(&self) -> String {
        match &self.work {
            Work::Task(task) | Work::Handler(task) => task.title(),
            Work::Flush => "flush handlers".into(),
            Work::Join(Join::BlockEnd(_)) => "end of block".into(),
            Work::Join(Join::PartEnd) => "end of a part of the block".into(),
            Work::Join(Join::ParallelStart) => "start of parallel".into(),
            Work::Join(Join::ParallelEnd { .. }) => "end of parallel".into(),
            Work::Join(Join::ExpansionEnd(_)) => "end of include".into(),
            Work::Join(Join::RoleEnd(_)) => "end of role".into(),
        }
    }

    /// Returns where it is written.
    pub fn span(&self) -> Option<Span> {
        self.task().map(|task| task.span)
    }
}
