//! The counters against a naive look at the edges, on random graphs that grow while they run.

use super::super::random::Random;
use super::super::tracker::{HostIndex, State, Tracker};
use crate::effect::Effect;
use crate::graph::{Edge, Graph, Join, Node, NodeId, Reason, Scope, SectionId, Until, Work};
use crate::playbook::Strategy;
use std::collections::HashSet;
use std::sync::Arc;

/// A run through a graph.
struct Walk {
    random: Random,
    graph: Graph,
    hosts: usize,
    /// By node, the hosts that run it.
    only: Vec<Vec<HostIndex>>,
    tracker: Tracker,
    started: HashSet<(NodeId, HostIndex)>,
    running: Vec<(NodeId, HostIndex)>,
    ran: HashSet<(NodeId, HostIndex)>,
    settled: HashSet<(NodeId, HostIndex)>,
}

fn random_node(random: &mut Random, id: usize) -> Node {
    let mut edges: Vec<Edge> = Vec::new();
    for from in (0..id).rev().take(12) {
        if random.percent(20) {
            let scope = if random.percent(30) { Scope::All } else { Scope::Host };
            let until = if random.percent(50) { Until::Ran } else { Until::Settled };
            edges.push(Edge { from: NodeId(from as u32), scope, until, reason: Reason::BeforeWrite });
        }
    }
    let settles_after = (id > 0 && random.percent(60)).then(|| NodeId(random.below(id) as u32));
    // The end of what the first node brings may send something, as that one is no flush.
    let sends = id > 0 && random.percent(40);
    let work = if sends { Work::Join(Join::ExpansionEnd(NodeId(0))) } else { Work::Join(Join::PartEnd) };
    Node { work, section: SectionId::ROOT, effect: Effect::Read, edges, settles_after, names: Arc::default() }
}

impl Walk {
    fn new(seed: u64) -> Walk {
        let mut random = Random::new(seed);
        let mut graph = Graph::new(Strategy::Linear);
        let hosts = 1 + random.below(4);
        for id in 0..1 + random.below(12) {
            let node = random_node(&mut random, id);
            graph.nodes.push(node);
        }
        let all: Vec<HostIndex> = (0..hosts as HostIndex).collect();
        let only = vec![all; graph.nodes.len()];
        let tracker = Tracker::new(&graph, hosts, random.percent(50).then(|| random.clone()));
        let (started, ran, settled) = (HashSet::new(), HashSet::new(), HashSet::new());
        Walk { random, graph, hosts, only, tracker, started, running: Vec::new(), ran, settled }
    }

    fn takes_part(&self, node: NodeId, host: HostIndex) -> bool {
        self.only[node.index()].contains(&host)
    }

    /// Claims that an edge is met, by looking at every step that it concerns.
    fn is_met(&self, edge: &Edge, host: HostIndex) -> bool {
        let done = |host: HostIndex| {
            let set = if edge.until == Until::Ran { &self.ran } else { &self.settled };
            !self.takes_part(edge.from, host) || set.contains(&(edge.from, host))
        };
        match edge.scope {
            Scope::Host => done(host),
            Scope::All => (0..self.hosts as HostIndex).all(done),
        }
    }

    fn start_all(&mut self) {
        while let Some((node, host)) = self.tracker.pop() {
            let met = self.graph.node(node).edges.iter().all(|edge| self.is_met(edge, host));
            assert!(met, "{node:?} on {host} begins before its time");
            assert!(self.takes_part(node, host), "{node:?} is not for {host}");
            if self.random.percent(10) {
                self.tracker.put_back(node, host);
                continue;
            }
            assert!(self.started.insert((node, host)), "{node:?} on {host} begins twice");
            self.running.push((node, host));
        }
    }

    fn end_one(&mut self) {
        let (node, host) = self.running.swap_remove(self.random.below(self.running.len()));
        self.tracker.ran(node, host);
        self.ran.insert((node, host));
        let mut todo = vec![node];
        while let Some(node) = todo.pop() {
            let before = self.graph.node(node).settles_after;
            let may =
                before.is_none_or(|before| !self.takes_part(before, host) || self.settled.contains(&(before, host)));
            assert_eq!(self.tracker.may_settle(node, host), may, "{node:?} on {host}");
            if !may || !self.ran.contains(&(node, host)) {
                continue;
            }
            let unsettled = self.only[node.index()].iter().filter(|host| !self.settled.contains(&(node, **host)));
            assert_eq!(self.tracker.is_last(node, host), unsettled.count() == 1);
            self.tracker.settle(node, host);
            self.settled.insert((node, host));
            todo.extend(self.tracker.held_after(node, host));
        }
        let sends = |id: usize| {
            let id = NodeId(id as u32);
            self.graph.may_send(id) && self.takes_part(id, host) && !self.settled.contains(&(id, host))
        };
        assert_eq!(self.tracker.is_quiet(host), !(0..self.graph.nodes.len()).any(sends), "{host}");
    }

    /// Adds nodes for some hosts, and puts the last of them before a node that nobody has begun.
    fn grow(&mut self) {
        let first = self.graph.nodes.len();
        let mut only: Vec<HostIndex> = (0..self.hosts as HostIndex).collect();
        only.retain(|_| self.random.percent(60));
        for id in first..first + 1 + self.random.below(3) {
            let mut node = random_node(&mut self.random, id);
            // The end that waits for it must not be among those that it waits for: it stays outside of the new part.
            node.edges.retain(|edge| edge.from.index() >= first);
            node.settles_after = node.settles_after.filter(|before| before.index() >= first);
            self.graph.nodes.push(node);
            self.only.push(only.clone());
        }
        let range = first..self.graph.nodes.len();
        self.tracker.add(&self.graph, range, Some(&only));
        let untouched = |node: &usize| {
            self.only[*node]
                .iter()
                .all(|host| matches!(self.tracker.state(NodeId(*node as u32), *host), State::Waiting | State::Queued))
        };
        if let Some(end) = (0..first).find(untouched) {
            let scope = if self.random.percent(50) { Scope::All } else { Scope::Host };
            let from = NodeId(self.graph.nodes.len() as u32 - 1);
            let edge = Edge { from, scope, until: Until::Settled, reason: Reason::Include };
            self.tracker.add_edge(NodeId(end as u32), &edge);
            self.graph.nodes[end].edges.push(edge);
        }
    }
}

#[test]
fn steps_begin_when_their_edges_are_met_and_none_is_lost() {
    for seed in 0..3000 {
        let mut walk = Walk::new(seed);
        let mut growths = 3;
        walk.start_all();
        while !walk.running.is_empty() {
            if growths > 0 && walk.random.percent(15) {
                growths -= 1;
                walk.grow();
            }
            walk.end_one();
            walk.start_all();
        }
        let expected: usize = walk.only.iter().map(Vec::len).sum();
        assert_eq!(walk.settled.len(), expected, "seed {seed}: everything ends");
        (0..walk.hosts as HostIndex).for_each(|host| assert!(walk.tracker.is_through(host), "seed {seed}"));
    }
}
