//! Lowering: tasks and blocks into nodes and edges. The ordering rules of tasks are here, in the files below and in
//! `needs.rs`, and nowhere else.

mod blocks;
mod hazard;
mod roles;

use super::{
    Defines, Edge, Graph, Join, Knowledge, Node, NodeId, NodeNames, Part, Reason, Scope, Section, SectionId, Until,
    Work, needs,
};
use crate::effect::Effect;
use crate::module::Call;
use crate::platform::{self, Platform};
use crate::playbook::{Action, Item, Meta, Play, Strategy, Task};
use crate::source::Diagnostics;
use crate::template::Names;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What lowering knows besides the items.
pub struct Lowering<'a> {
    /// Which names are used inside which variables.
    pub knowledge: &'a Knowledge,
    /// The platforms of the hosts; empty when they are not known.
    pub platforms: &'a [&'static Platform],
    /// The play ends for everybody when too many fail: every task is a barrier.
    pub fail_together: bool,
    /// Handlers run at the end of each section.
    pub flushes: bool,
}

/// Lowers a play: its sections, each followed by a flush of handlers if the play has any.
pub fn lower_play(play: &Play, sections: &[Vec<Item>], how: &Lowering<'_>, found: &mut Diagnostics) -> Graph {
    let mut graph = Graph::new(play.strategy);
    let mut order = Order::default();
    let has_handlers = how.flushes && (!play.handlers.is_empty() || includes_roles(sections));
    for section in sections {
        graph.lower_items(section, SectionId::ROOT, &mut order, how);
        // Also after a section without tasks: what handlers before it notified backwards runs there.
        if has_handlers && !graph.nodes.is_empty() {
            graph.lower_flush(SectionId::ROOT, &mut order);
        }
    }
    graph.left_out = left_out(&graph, play);
    needs::connect(&mut graph, 0, found);
    graph
}

/// Returns the names of a play's tasks that are not in its graph.
fn left_out(graph: &Graph, play: &Play) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    for item in play.sections.iter().flatten() {
        item.each_task(&mut |task| names.extend(task.plain_name().map(Arc::from)));
    }
    for task in graph.nodes.iter().filter_map(Node::task) {
        if let Some(name) = task.plain_name() {
            names.remove(name);
        }
    }
    names
}

/// Lowers the handlers of a play as if they were tasks, so that what they may do can be looked at.
pub fn lower_handlers(play: &Play, how: &Lowering<'_>) -> Graph {
    let mut graph = Graph::new(play.strategy);
    graph.lower_items(&play.handlers, SectionId::ROOT, &mut Order::default(), how);
    graph
}

fn includes_roles(sections: &[Vec<Item>]) -> bool {
    let mut found = false;
    for item in sections.iter().flatten() {
        item.each_task(&mut |task| found |= matches!(task.action, Action::IncludeRole));
    }
    found
}

/// What the next node has to wait for, as the file is walked.
#[derive(Clone, Default)]
struct Order {
    /// Where the part of a block begins in which this stands, if hosts have to be let in there.
    entry: Option<NodeId>,
    /// The last node that nothing may pass, and on which hosts it is waited for.
    barrier: Option<(NodeId, Scope)>,
    /// The nodes since then.
    open: Vec<NodeId>,
    /// The checks among them.
    guards: Vec<NodeId>,
    /// What a host may have passed while others have not.
    behind: Behind,
    /// The last node whose outcome counts in the order of the file.
    last: Option<NodeId>,
}

/// Nodes that stand before a point which each host passes for itself: for other hosts they may be yet to come.
#[derive(Clone, Default)]
struct Behind {
    /// Those that set something.
    define: Vec<NodeId>,
    /// Those that use variables of other hosts.
    look_across: Vec<NodeId>,
}

impl Graph {
    /// Adds what a runtime include (or a flush of handlers) brings, between `start` and its end join. Returns the new
    /// nodes, the last of which is a join that all of them come before; `end` gets one more edge, from that join.
    pub fn expand(
        &mut self,
        start: NodeId,
        end: NodeId,
        items: &[Item],
        handlers: bool,
        how: &Lowering<'_>,
        found: &mut Diagnostics,
    ) -> (std::ops::Range<usize>, NodeId) {
        let (first, sections) = (self.nodes.len(), self.sections.len());
        let section = self.node(start).section;
        let mut order = Order { barrier: Some((start, self.barrier_scope())), ..Order::default() };
        if handlers {
            for item in items {
                match item {
                    Item::Task(task) => self.lower_handler(task, section, &mut order, how),
                    Item::Block(_) | Item::Role(_) => {
                        self.lower_items(std::slice::from_ref(item), section, &mut order, how);
                    }
                }
            }
        } else {
            self.lower_items(items, section, &mut order, how);
        }
        let reason = if handlers { Reason::Handlers } else { Reason::Include };
        let last = self.add(Work::Join(Join::PartEnd), section, Effect::Pure, Arc::default());
        self.close_with(last, &mut order, &reason);
        let scope = self.barrier_scope();
        self.nodes[end.index()].edges.push(Edge { from: last, scope, until: Until::Settled, reason });
        let before = found.has_errors();
        needs::connect(self, first, found);
        if found.has_errors() && !before {
            // What is wrong leaves no trace: the graph is as it was.
            self.nodes[end.index()].edges.pop();
            self.nodes.truncate(first);
            self.sections.truncate(sections);
        }
        (first..self.nodes.len(), last)
    }

    fn lower_items(&mut self, items: &[Item], section: SectionId, order: &mut Order, how: &Lowering<'_>) {
        for item in items {
            match item {
                Item::Task(task) => self.lower_task(task, section, order, how),
                Item::Block(block) if block.parallel => self.lower_parallel(block, section, order, how),
                Item::Block(block) => self.lower_block(block, section, order, how),
                Item::Role(used) => {
                    self.lower_items(&used.items, section, order, how);
                    self.end_role(used.role.key, section, order);
                }
            }
        }
    }

    fn lower_task(&mut self, task: &Arc<Task>, section: SectionId, order: &mut Order, how: &Lowering<'_>) {
        // A flush with a condition is a task that says on which hosts.
        let expands =
            matches!(task.action, Action::IncludeTasks | Action::IncludeRole | Action::Meta(Meta::FlushHandlers));
        match task.action {
            Action::Meta(Meta::Noop) => return,
            Action::Meta(Meta::FlushHandlers) if task.when.is_empty() => return self.lower_flush(section, order),
            _ => {}
        }
        let effect = effect(task, how.platforms);
        let names = Arc::new(how.knowledge.of_task(task));
        let id = self.add(Work::Task(Arc::clone(task)), section, effect, names);
        if let (Some(entry), true) = (order.entry, runs_once(task) && self.strategy != Strategy::HostPinned) {
            // Which host is the first in a rescue section is known when all have come to it.
            self.edge(id, entry, Scope::All, Until::Settled, Reason::BlockOrder);
        }
        if task.needs.is_some() {
            return self.add_needing(id, expands, order);
        }
        let names = &self.nodes[id.index()].names;
        // What it sets, all hosts get, wherever they are.
        let gives_all = runs_once(task) && self.strategy == Strategy::Linear && !names.defines.is_empty();
        if is_barrier(task, effect, how) || gives_all || asks_who_is_in(&names.uses) {
            let reason = if effect == Effect::Write { Reason::BeforeWrite } else { Reason::BeforeBarrier };
            self.close_with(id, order, &reason);
        } else {
            self.add_read(id, task, order);
        }
        if expands {
            self.end_expansion(id, order, Reason::Include);
        }
    }

    /// Lets a task wait for its data and for its part of the block only; what it needs comes when all names are known.
    fn add_needing(&mut self, id: NodeId, expands: bool, order: &mut Order) {
        if let Some(entry) = order.entry {
            self.edge(id, entry, Scope::Host, Until::Settled, Reason::BlockOrder);
        }
        for from in (0..id.0).map(NodeId) {
            if let Some((scope, until, reason)) = self.hazard(from, id) {
                self.edge(id, from, scope, until, reason);
            }
        }
        let mut last = id;
        if expands {
            let section = self.node(id).section;
            last = self.add(Work::Join(Join::ExpansionEnd(id)), section, Effect::Pure, anything());
            self.edge(last, id, self.barrier_scope(), Until::Settled, Reason::Include);
        }
        order.open.push(last);
    }

    /// Adds the end of what a node brings at run time.
    fn end_expansion(&mut self, start: NodeId, order: &mut Order, reason: Reason) {
        let section = self.node(start).section;
        let end = self.add(Work::Join(Join::ExpansionEnd(start)), section, Effect::Pure, anything());
        let scope = self.barrier_scope();
        self.edge(end, start, scope, Until::Settled, reason);
        if scope == Scope::Host {
            self.note_behind(end, order);
        }
        order.barrier = Some((end, scope));
        order.last = Some(end);
    }

    /// Lets a node wait for everything that is open, and everything after wait for it.
    fn close_with(&mut self, id: NodeId, order: &mut Order, reason: &Reason) {
        let scope = self.barrier_scope();
        self.leave_behind(scope, order);
        for from in std::mem::take(&mut order.open) {
            self.edge(id, from, scope, Until::Settled, reason.clone());
        }
        self.look_behind(id, order);
        if scope == Scope::Host {
            self.note_behind(id, order);
        }
        if let Some((barrier, _)) = order.barrier {
            self.edge(id, barrier, scope, Until::Settled, self.after(barrier));
        }
        order.guards.clear();
        order.barrier = Some((id, scope));
        self.nodes[id.index()].settles_after = order.last;
        order.last = Some(id);
    }

    /// Lets a task that only reads wait for the last barrier and for the data that it uses.
    fn add_read(&mut self, id: NodeId, task: &Task, order: &mut Order) {
        if let Some((barrier, scope)) = order.barrier {
            self.edge(id, barrier, scope, Until::Settled, self.after(barrier));
        }
        for from in order.guards.clone() {
            self.edge(id, from, Scope::Host, Until::Ran, Reason::Guard);
        }
        self.look_behind(id, order);
        for from in order.open.clone() {
            if let Some((scope, until, reason)) = self.hazard(from, id) {
                self.edge(id, from, scope, until, reason);
            }
            if self.decides(from, task) {
                self.edge(id, from, Scope::Host, Until::Settled, Reason::RoleAgain);
            }
        }
        self.nodes[id.index()].settles_after = order.last;
        order.last = Some(id);
        order.open.push(id);
        if is_guard(task) {
            order.guards.push(id);
        }
    }

    fn lower_flush(&mut self, section: SectionId, order: &mut Order) {
        let id = self.add(Work::Flush, section, Effect::Write, Arc::default());
        self.close_with(id, order, &Reason::Handlers);
        self.end_expansion(id, order, Reason::Handlers);
    }

    fn lower_handler(&mut self, task: &Arc<Task>, section: SectionId, order: &mut Order, how: &Lowering<'_>) {
        let effect = effect(task, how.platforms);
        let names = Arc::new(how.knowledge.of_task(task));
        let id = self.add(Work::Handler(Arc::clone(task)), section, effect, names);
        self.close_with(id, order, &Reason::Handlers);
        if matches!(task.action, Action::IncludeTasks | Action::IncludeRole) {
            self.end_expansion(id, order, Reason::Include);
        }
    }

    fn add(&mut self, work: Work, section: SectionId, effect: Effect, names: Arc<NodeNames>) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(Node { work, section, effect, edges: Vec::new(), settles_after: None, names });
        id
    }

    fn add_section(&mut self, parent: SectionId, part: Part) -> SectionId {
        let id = SectionId(self.sections.len() as u32);
        self.sections.push(Section { parent: Some(parent), part, body: id, rescue: None, always: None });
        id
    }

    /// Adds an edge; a second one between the same two is kept only if it asks for more.
    pub(super) fn edge(&mut self, to: NodeId, from: NodeId, scope: Scope, until: Until, reason: Reason) {
        let edges = &mut self.nodes[to.index()].edges;
        match edges.iter_mut().find(|edge| edge.from == from && edge.scope == scope) {
            Some(edge) if edge.until == Until::Ran && until == Until::Settled => {
                edge.until = until;
                edge.reason = reason;
            }
            Some(_) => {}
            None => edges.push(Edge { from, scope, until, reason }),
        }
    }

    fn barrier_scope(&self) -> Scope {
        match self.strategy {
            Strategy::Linear => Scope::All,
            Strategy::Free | Strategy::HostPinned => Scope::Host,
        }
    }

    /// Returns why things wait for a barrier that stands before them; for a join it is also why it waits itself.
    fn after(&self, barrier: NodeId) -> Reason {
        let node = self.node(barrier);
        match node.work {
            Work::Join(Join::PartEnd | Join::BlockEnd(_)) => Reason::BlockOrder,
            Work::Join(Join::RoleEnd(_)) => Reason::RoleEnd,
            Work::Join(Join::ParallelStart | Join::ParallelEnd { .. }) => Reason::Parallel,
            Work::Join(Join::ExpansionEnd(start)) if matches!(self.node(start).work, Work::Flush) => Reason::Handlers,
            Work::Join(Join::ExpansionEnd(_)) => Reason::Include,
            Work::Flush | Work::Handler(_) => Reason::Handlers,
            Work::Task(ref task) if matches!(task.action, Action::IncludeTasks | Action::IncludeRole) => {
                Reason::Include
            }
            Work::Task(_) if node.effect == Effect::Write => Reason::AfterWrite,
            Work::Task(_) => Reason::AfterBarrier,
        }
    }
}

/// Returns what is known of tasks that come at run time: they may set and use any variable of their host.
fn anything() -> Arc<NodeNames> {
    let uses = Names { everything: true, ..Names::default() };
    Arc::new(NodeNames { uses, defines: Defines { everything: true, ..Defines::default() } })
}

/// Claims that nothing may pass this task, before or after.
fn is_barrier(task: &Task, effect: Effect, how: &Lowering<'_>) -> bool {
    let changes_run = matches!(task.action, Action::Module { module, .. } if module.changes_run);
    let graph_action = !matches!(task.action, Action::Module { .. });
    effect == Effect::Write
        || changes_run
        || graph_action
        || how.fail_together
        || task.settings.any_errors_fatal.is_some()
        || task.settings.delegate_facts.is_some()
}

/// Claims that a task asks which hosts are in: what was before it must have failed, or not, everywhere.
fn asks_who_is_in(uses: &Names) -> bool {
    ["ansible_play_batch", "ansible_play_hosts", "play_hosts"].iter().any(|name| uses.own.contains(*name))
}

/// Claims that the task may run once for all hosts.
fn runs_once(task: &Task) -> bool {
    task.settings.run_once.is_some() || matches!(task.action, Action::Module { module, .. } if module.once)
}

/// Claims that the task is a check that stands before others to stop them.
fn is_guard(task: &Task) -> bool {
    const CHECKS: [&str; 6] = ["assert", "async_status", "fail", "pause", "wait_for", "wait_for_connection"];
    matches!(task.action, Action::Module { module, .. } if CHECKS.contains(&module.name))
}

/// Returns what a task may do, as far as it is known before the run.
fn effect(task: &Task, platforms: &[&'static Platform]) -> Effect {
    let Action::Module { module, platform } = task.action else { return Effect::Write };
    match task.read_only {
        Some(true) => return Effect::Read,
        Some(false) => return Effect::Write,
        None => {}
    }
    let implied: Vec<&'static Platform> = platform.and_then(platform::find).into_iter().collect();
    let platforms = match (implied.is_empty(), task.settings.delegate_to.is_some()) {
        (false, _) => &implied,
        // The delegated host's platform may be another one.
        (true, true) => &[][..],
        (true, false) => platforms,
    };
    (module.effect)(&Call { args: &task.args, platforms })
}
