//! What a step came after, and why it had to wait for it.

use super::Batch;
use crate::event::After;
use crate::executor::tracker::HostIndex;
use crate::graph::{Graph, NodeId, Until};
use crate::playbook::Action;
use crate::redact::Clean;
use std::collections::HashSet;
use std::time::Instant;

/// Claims that events tell of a node's steps.
pub(super) fn is_told(graph: &Graph, node: NodeId) -> bool {
    graph.node(node).task().is_some_and(|task| !matches!(task.action, Action::Meta(_)))
}

impl Batch {
    /// Notes that a step waits for something other than an edge.
    pub(super) fn park(&mut self, node: NodeId, host: HostIndex, why: &'static str) {
        let now = Instant::now();
        self.parked.entry((node, host)).or_insert((now, why)).1 = why;
    }

    /// Returns the step whose end lets one of `node` start now. `parked` says why that is not a matter of edges.
    pub(super) fn after(&mut self, node: NodeId, parked: Option<&'static str>) -> Option<After> {
        if let Some(came_after) = &self.came_after {
            return Some(came_after.clone());
        }
        let (before, host) = self.last?;
        let why = match parked {
            Some(why) => Clean::literal(why),
            None => self.reason(node, before),
        };
        let host = self.context.publisher.clean(&self.hosts[host as usize]);
        Some(After { task: self.number(before), host, why })
    }

    /// Returns the reason of the edge by which a node waits for another, perhaps through what no event tells of.
    fn reason(&mut self, node: NodeId, before: NodeId) -> Clean {
        if let Some(known) = self.reasons.get(&(node, before)) {
            return known.clone();
        }
        let mut seen = HashSet::new();
        let edges = &self.graph.node(node).edges;
        let direct = edges.iter().find(|edge| edge.from == before);
        let found = direct.or_else(|| edges.iter().find(|edge| leads_from(&self.graph, before, edge.from, &mut seen)));
        // A later read may have been done first: then it settles, and is waited for, when the earlier one ends.
        let held = edges.iter().find(|edge| edge.until == Until::Settled && edge.from > before);
        let why = match found.or(held) {
            Some(edge) => self.context.publisher.clean(edge.reason.to_string()),
            None => Clean::literal("outcomes count in the order of the file"),
        };
        self.reasons.insert((node, before), why.clone());
        why
    }
}

/// Claims that `from` waits for `before` through nodes of which no event tells.
fn leads_from(graph: &Graph, before: NodeId, from: NodeId, seen: &mut HashSet<NodeId>) -> bool {
    if is_told(graph, from) || !seen.insert(from) {
        return false;
    }
    let edges = &graph.node(from).edges;
    edges.iter().any(|edge| edge.from == before || leads_from(graph, before, edge.from, seen))
}
