//! Which step may start: counters per node and host, fed with what ran and what is settled. Knows no tasks and does no
//! I/O; everything about order is in the graph's edges.

use crate::graph::{Edge, Graph, NodeId, Scope, Until};
use std::collections::VecDeque;

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
    /// Per host, how many nodes are not settled.
    left: Vec<usize>,
}

#[derive(Debug)]
struct Track {
    /// Edges with scope `All` that are not met.
    unmet_all: u32,
    /// Edges with scope `Host` that are not met, per host.
    unmet: Vec<u16>,
    state: Vec<State>,
    ran: usize,
    settled: usize,
    /// Who waits for this node.
    followers: Vec<(NodeId, Scope, Until)>,
    settles_after: Option<NodeId>,
    /// Whose outcome counts after this one's.
    settle_followers: Vec<NodeId>,
}

impl Tracker {
    /// Makes the counters of a graph for so many hosts.
    pub(super) fn new(graph: &Graph, hosts: usize) -> Tracker {
        let mut tracker = Tracker { hosts, nodes: Vec::new(), queue: VecDeque::new(), left: vec![0; hosts] };
        tracker.add(graph, 0..graph.nodes.len(), None);
        tracker
    }

    /// Adds nodes; with a mask, only the hosts that it holds will run them, for the others they are settled.
    pub(super) fn add(&mut self, graph: &Graph, range: std::ops::Range<usize>, mask: Option<&[bool]>) {
        for _ in range.clone() {
            let state: Vec<State> = match mask {
                None => vec![State::Waiting; self.hosts],
                Some(mask) => mask.iter().map(|take| if *take { State::Waiting } else { State::Settled }).collect(),
            };
            let settled = state.iter().filter(|state| **state == State::Settled).count();
            for (left, state) in self.left.iter_mut().zip(&state) {
                *left += usize::from(*state != State::Settled);
            }
            self.nodes.push(Track {
                unmet_all: 0,
                unmet: vec![0; self.hosts],
                state,
                ran: settled,
                settled,
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
            for host in 0..self.hosts {
                self.queue_if_ready(NodeId(index as u32), host as HostIndex);
            }
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
                for host in 0..self.hosts {
                    if !met(self.nodes[edge.from.index()].state[host], edge.until) {
                        self.nodes[to.index()].unmet[host] += 1;
                    }
                }
            }
        }
    }

    /// Takes the next step that may start.
    pub(super) fn pop(&mut self) -> Option<(NodeId, HostIndex)> {
        while let Some((node, host)) = self.queue.pop_front() {
            let track = &mut self.nodes[node.index()];
            let state = &mut track.state[host as usize];
            if *state != State::Queued {
                continue;
            }
            // An expansion may have put something before it since it was queued.
            if track.unmet_all > 0 || track.unmet[host as usize] > 0 {
                *state = State::Waiting;
                continue;
            }
            *state = State::Running;
            return Some((node, host));
        }
        None
    }

    /// Puts a step that was popped back: it waits again if something was put before it, else it is queued again.
    pub(super) fn put_back(&mut self, node: NodeId, host: HostIndex) {
        self.nodes[node.index()].state[host as usize] = State::Waiting;
        self.queue_if_ready(node, host);
    }

    /// Notes that a step's work is over.
    pub(super) fn ran(&mut self, node: NodeId, host: HostIndex) {
        let track = &mut self.nodes[node.index()];
        if matches!(track.state[host as usize], State::Ran | State::Settled) {
            return;
        }
        track.state[host as usize] = State::Ran;
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
        if track.state[host as usize] == State::Settled {
            return;
        }
        track.state[host as usize] = State::Settled;
        track.settled += 1;
        self.left[host as usize] -= 1;
        self.meet(node, host, Until::Settled);
    }

    /// Returns the nodes that wait on this host for the outcome of `node`, their work being over.
    pub(super) fn held_after(&self, node: NodeId, host: HostIndex) -> Vec<NodeId> {
        let followers = &self.nodes[node.index()].settle_followers;
        followers.iter().copied().filter(|next| self.state(*next, host) == State::Ran).collect()
    }

    /// Returns how far a node is on a host.
    pub(super) fn state(&self, node: NodeId, host: HostIndex) -> State {
        self.nodes[node.index()].state[host as usize]
    }

    /// Claims that this host is the only one on which the node is not settled.
    pub(super) fn is_last(&self, node: NodeId, host: HostIndex) -> bool {
        self.nodes[node.index()].settled + 1 == self.hosts && self.state(node, host) != State::Settled
    }

    /// Claims that all nodes are settled on a host.
    pub(super) fn is_through(&self, host: HostIndex) -> bool {
        self.left[host as usize] == 0
    }

    /// Returns the hosts on which a node is not settled.
    pub(super) fn unsettled(&self, node: NodeId) -> impl Iterator<Item = HostIndex> + '_ {
        let states = self.nodes[node.index()].state.iter().enumerate();
        states.filter(|(_, state)| **state != State::Settled).map(|(host, _)| host as HostIndex)
    }

    fn all_met(&self, node: NodeId, until: Until) -> bool {
        let track = &self.nodes[node.index()];
        let count = if until == Until::Ran { track.ran } else { track.settled };
        count == self.hosts
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
                    let unmet = &mut self.nodes[to.index()].unmet[host as usize];
                    *unmet = unmet.saturating_sub(1);
                    self.queue_if_ready(to, host);
                }
                Scope::All if all => {
                    let unmet = &mut self.nodes[to.index()].unmet_all;
                    *unmet = unmet.saturating_sub(1);
                    if *unmet == 0 {
                        for host in 0..self.hosts {
                            self.queue_if_ready(to, host as HostIndex);
                        }
                    }
                }
                Scope::All => {}
            }
        }
    }

    fn queue_if_ready(&mut self, node: NodeId, host: HostIndex) {
        let track = &mut self.nodes[node.index()];
        let ready = track.unmet_all == 0 && track.unmet[host as usize] == 0;
        if ready && track.state[host as usize] == State::Waiting {
            track.state[host as usize] = State::Queued;
            self.queue.push_back((node, host));
        }
    }
}

fn met(state: State, until: Until) -> bool {
    match until {
        Until::Ran => matches!(state, State::Ran | State::Settled),
        Until::Settled => state == State::Settled,
    }
}
