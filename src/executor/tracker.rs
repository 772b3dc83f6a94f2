//! Which step may start: counters per node and host, fed with what ran and what is settled. Knows no tasks and does no
//! I/O; everything about order is in the graph's edges.

use super::random::Random;
use crate::graph::{Edge, Graph, NodeId, Scope, Until};
use std::collections::VecDeque;
use std::sync::Arc;

/// A host's number in its batch.
pub(super) type HostIndex = u32;

/// How far a node is on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Something must happen before.
    Waiting,
    /// In the queue.
    Queued,
    /// Taken from the queue.
    Running,
    /// Its work is over; its outcome does not count yet.
    Ran,
    /// Over.
    Settled,
}

/// The counters.
pub(super) struct Tracker {
    hosts: usize,
    nodes: Vec<Track>,
    queue: VecDeque<(NodeId, HostIndex)>,
    /// Which of those in the queue comes next; the first, when nothing decides.
    chance: Option<Random>,
    /// Per host, how many nodes are not settled.
    left: Vec<usize>,
    /// Per host, whether nothing starts on it yet; empty when all are in.
    kept_out: Vec<bool>,
    /// Per host, how many of them may send something to it.
    sending: Vec<usize>,
}

/// A node's counters, for the hosts that run it.
#[derive(Debug)]
struct Track {
    /// The hosts that run it, in order; `None` for all. For the others it is settled. What an include brings to a few
    /// of ten thousand hosts costs as much as those few.
    only: Option<Arc<[HostIndex]>>,
    /// It may send something, or bring what does.
    may_send: bool,
    /// Edges with scope `All` that are not met.
    unmet_all: u32,
    /// Edges with scope `Host` that are not met, per host.
    unmet: Vec<u32>,
    state: Vec<State>,
    ran: usize,
    settled: usize,
    /// Who waits for this node.
    followers: Vec<(NodeId, Scope, Until)>,
    settles_after: Option<NodeId>,
    /// Whose outcome counts after this one's.
    settle_followers: Vec<NodeId>,
}

impl Track {
    /// Returns where a host's counters are.
    fn slot(&self, host: HostIndex) -> Option<usize> {
        match &self.only {
            None => Some(host as usize),
            Some(only) => only.binary_search(&host).ok(),
        }
    }

    fn host(&self, slot: usize) -> HostIndex {
        self.only.as_ref().map_or(slot as HostIndex, |only| only[slot])
    }

    fn state(&self, host: HostIndex) -> State {
        self.slot(host).map_or(State::Settled, |slot| self.state[slot])
    }
}

impl Tracker {
    /// Makes the counters of a graph for so many hosts.
    pub(super) fn new(graph: &Graph, hosts: usize, chance: Option<Random>) -> Tracker {
        let (nodes, queue) = (Vec::new(), VecDeque::new());
        let mut tracker = Tracker {
            hosts,
            nodes,
            queue,
            chance,
            left: vec![0; hosts],
            sending: vec![0; hosts],
            kept_out: Vec::new(),
        };
        tracker.add(graph, 0..graph.nodes.len(), None);
        tracker
    }

    /// Adds nodes. Where hosts are given, in their order, only they will run them; for the others they are settled.
    pub(super) fn add(&mut self, graph: &Graph, range: std::ops::Range<usize>, only: Option<&[HostIndex]>) {
        let only: Option<Arc<[HostIndex]>> = only.filter(|only| only.len() < self.hosts).map(Arc::from);
        let count = only.as_ref().map_or(self.hosts, |only| only.len());
        let sending = range.clone().filter(|index| graph.may_send(NodeId(*index as u32))).count();
        let mut note = |host: usize| {
            self.left[host] += range.len();
            self.sending[host] += sending;
        };
        match &only {
            None => (0..self.hosts).for_each(&mut note),
            Some(only) => only.iter().for_each(|host| note(*host as usize)),
        }
        for index in range.clone() {
            self.nodes.push(Track {
                only: only.clone(),
                may_send: graph.may_send(NodeId(index as u32)),
                unmet_all: 0,
                unmet: vec![0; count],
                state: vec![State::Waiting; count],
                ran: 0,
                settled: 0,
                followers: Vec::new(),
                settles_after: None,
                settle_followers: Vec::new(),
            });
        }
        for index in range.clone() {
            let id = NodeId(index as u32);
            for edge in &graph.node(id).edges {
                self.add_edge(id, edge);
            }
            if let Some(before) = graph.node(id).settles_after {
                self.nodes[index].settles_after = Some(before);
                self.nodes[before.index()].settle_followers.push(id);
            }
        }
        for index in range {
            self.queue_all(NodeId(index as u32));
        }
    }

    /// Adds an edge to a node that is there already.
    pub(super) fn add_edge(&mut self, to: NodeId, edge: &Edge) {
        self.nodes[edge.from.index()].followers.push((to, edge.scope, edge.until));
        match edge.scope {
            Scope::All => {
                if !self.all_met(edge.from, edge.until) {
                    self.nodes[to.index()].unmet_all += 1;
                }
            }
            Scope::Host => {
                for slot in 0..self.nodes[edge.from.index()].state.len() {
                    let from = &self.nodes[edge.from.index()];
                    if met(from.state[slot], edge.until) {
                        continue;
                    }
                    let host = from.host(slot);
                    let waiting = &mut self.nodes[to.index()];
                    if let Some(slot) = waiting.slot(host) {
                        waiting.unmet[slot] += 1;
                    }
                }
            }
        }
    }

    /// Lets nothing start on any host until it is let in.
    pub(super) fn keep_out_all(&mut self) {
        self.kept_out = vec![true; self.hosts];
        for (node, host) in self.queue.drain(..) {
            let track = &mut self.nodes[node.index()];
            if let Some(slot) = track.slot(host) {
                track.state[slot] = State::Waiting;
            }
        }
    }

    /// Lets steps start on a host.
    pub(super) fn let_in(&mut self, host: HostIndex) {
        if let Some(kept_out) = self.kept_out.get_mut(host as usize) {
            *kept_out = false;
            (0..self.nodes.len()).for_each(|node| self.queue_if_ready(NodeId(node as u32), host));
        }
    }

    /// Takes the next step that may start.
    pub(super) fn pop(&mut self) -> Option<(NodeId, HostIndex)> {
        while let Some((node, host)) = take_one(&mut self.queue, &mut self.chance) {
            let track = &mut self.nodes[node.index()];
            let Some(slot) = track.slot(host).filter(|slot| track.state[*slot] == State::Queued) else { continue };
            // An expansion may have put something before it since it was queued.
            if track.unmet_all > 0 || track.unmet[slot] > 0 {
                track.state[slot] = State::Waiting;
                continue;
            }
            track.state[slot] = State::Running;
            return Some((node, host));
        }
        None
    }

    /// Puts a step that was popped back: it waits again if something was put before it, else it is queued again.
    pub(super) fn put_back(&mut self, node: NodeId, host: HostIndex) {
        let track = &mut self.nodes[node.index()];
        if let Some(slot) = track.slot(host).filter(|slot| track.state[*slot] == State::Running) {
            track.state[slot] = State::Waiting;
            self.queue_if_ready(node, host);
        }
    }

    /// Puts a step back as the next one, unless chance decides.
    pub(super) fn put_first(&mut self, node: NodeId, host: HostIndex) {
        self.put_back(node, host);
        if self.chance.is_none() && self.queue.back() == Some(&(node, host)) {
            self.queue.rotate_right(1);
        }
    }

    /// Notes that a step's work is over.
    pub(super) fn ran(&mut self, node: NodeId, host: HostIndex) {
        let track = &mut self.nodes[node.index()];
        let Some(slot) = track.slot(host) else { return };
        if matches!(track.state[slot], State::Ran | State::Settled) {
            return;
        }
        track.state[slot] = State::Ran;
        track.ran += 1;
        self.meet(node, host, Until::Ran);
    }

    /// Claims that the step's outcome may count now.
    pub(super) fn may_settle(&self, node: NodeId, host: HostIndex) -> bool {
        let before = self.nodes[node.index()].settles_after;
        before.is_none_or(|before| self.state(before, host) == State::Settled)
    }

    /// Notes that a step's outcome counts.
    pub(super) fn settle(&mut self, node: NodeId, host: HostIndex) {
        self.ran(node, host);
        let track = &mut self.nodes[node.index()];
        let Some(slot) = track.slot(host).filter(|slot| track.state[*slot] != State::Settled) else { return };
        track.state[slot] = State::Settled;
        track.settled += 1;
        self.left[host as usize] -= 1;
        self.sending[host as usize] -= usize::from(track.may_send);
        self.meet(node, host, Until::Settled);
    }

    /// Returns the nodes that wait on this host for the outcome of `node`, their work being over.
    pub(super) fn held_after(&self, node: NodeId, host: HostIndex) -> Vec<NodeId> {
        let followers = &self.nodes[node.index()].settle_followers;
        followers.iter().copied().filter(|next| self.state(*next, host) == State::Ran).collect()
    }

    /// Claims that a node runs on a host.
    pub(super) fn takes_part(&self, node: NodeId, host: HostIndex) -> bool {
        self.nodes[node.index()].slot(host).is_some()
    }

    /// Returns how far a node is on a host.
    pub(super) fn state(&self, node: NodeId, host: HostIndex) -> State {
        self.nodes[node.index()].state(host)
    }

    /// Claims that this host is the only one on which the node is not settled.
    pub(super) fn is_last(&self, node: NodeId, host: HostIndex) -> bool {
        let track = &self.nodes[node.index()];
        track.settled + 1 == track.state.len() && track.state(host) != State::Settled
    }

    /// Claims that all nodes are settled on a host.
    pub(super) fn is_through(&self, host: HostIndex) -> bool {
        self.left[host as usize] == 0
    }

    /// Claims that nothing is left that may send something to a host, as far as is known.
    pub(super) fn is_quiet(&self, host: HostIndex) -> bool {
        self.sending[host as usize] == 0
    }

    /// Returns how many nodes are not settled on a host.
    #[cfg(test)]
    pub(super) fn left(&self, host: HostIndex) -> usize {
        self.left[host as usize]
    }

    /// Returns the hosts on which a node is not settled.
    pub(super) fn unsettled(&self, node: NodeId) -> impl Iterator<Item = HostIndex> + '_ {
        let track = &self.nodes[node.index()];
        let slots = (0..track.state.len()).filter(|slot| track.state[*slot] != State::Settled);
        slots.map(|slot| track.host(slot))
    }

    fn all_met(&self, node: NodeId, until: Until) -> bool {
        let track = &self.nodes[node.index()];
        let count = if until == Until::Ran { track.ran } else { track.settled };
        count == track.state.len()
    }

    /// Tells those who wait for `node` that it has come so far on `host`.
    fn meet(&mut self, node: NodeId, host: HostIndex, until: Until) {
        let all = self.all_met(node, until);
        for index in 0..self.nodes[node.index()].followers.len() {
            let (to, scope, how_far) = self.nodes[node.index()].followers[index];
            if how_far != until {
                continue;
            }
            match scope {
                Scope::Host => {
                    let track = &mut self.nodes[to.index()];
                    if let Some(slot) = track.slot(host) {
                        track.unmet[slot] = track.unmet[slot].saturating_sub(1);
                        self.queue_if_ready(to, host);
                    }
                }
                Scope::All if all => {
                    let unmet = &mut self.nodes[to.index()].unmet_all;
                    *unmet = unmet.saturating_sub(1);
                    if *unmet == 0 {
                        self.queue_all(to);
                    }
                }
                Scope::All => {}
            }
        }
    }

    fn queue_if_ready(&mut self, node: NodeId, host: HostIndex) {
        if self.kept_out.get(host as usize) == Some(&true) {
            return;
        }
        let track = &mut self.nodes[node.index()];
        let Some(slot) = track.slot(host) else { return };
        if track.unmet_all == 0 && track.unmet[slot] == 0 && track.state[slot] == State::Waiting {
            track.state[slot] = State::Queued;
            self.queue.push_back((node, host));
        }
    }

    fn queue_all(&mut self, node: NodeId) {
        let track = &self.nodes[node.index()];
        if track.unmet_all > 0 {
            return;
        }
        for slot in 0..track.state.len() {
            let host = self.nodes[node.index()].host(slot);
            self.queue_if_ready(node, host);
        }
    }
}

/// Takes the first of those that wait, or one by chance.
pub(super) fn take_one<T>(queue: &mut VecDeque<T>, chance: &mut Option<Random>) -> Option<T> {
    match chance {
        Some(random) if !queue.is_empty() => queue.swap_remove_back(random.below(queue.len())),
        _ => queue.pop_front(),
    }
}

fn met(state: State, until: Until) -> bool {
    match until {
        Until::Ran => matches!(state, State::Ran | State::Settled),
        Until::Settled => state == State::Settled,
    }
}
