//! `needs`: names into edges, and the circles that they can make.

use super::{Graph, Join, NodeId, Reason, Scope, Until, Work};
use crate::source::{Diagnostic, Diagnostics, did_you_mean};
use std::collections::HashMap;
use std::sync::Arc;

/// Connects the nodes from `first` on whose tasks say `needs`, and looks for circles among them.
pub(super) fn connect(graph: &mut Graph, first: usize, found: &mut Diagnostics) {
    let mut by_name: HashMap<Arc<str>, Vec<NodeId>> = HashMap::new();
    // What needs an include needs what that brings.
    let mut ends: HashMap<NodeId, NodeId> = HashMap::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        if let Work::Join(Join::ExpansionEnd(start)) = node.work {
            ends.insert(start, NodeId(index as u32));
        }
        if let Some(name) = node.task().and_then(|task| task.plain_name()) {
            by_name.entry(name.into()).or_default().push(NodeId(index as u32));
        }
    }
    let mut any = false;
    for index in first..graph.nodes.len() {
        let to = NodeId(index as u32);
        let Some(task) = graph.node(to).task().cloned() else { continue };
        for (name, span) in task.needs.iter().flatten() {
            any = true;
            let Some(nodes) = by_name.get(name) else {
                if graph.left_out.contains(name) {
                    continue;
                }
                found.push(
                    Diagnostic::error("E0701", format!("`needs` names no task `{name}` of this play"))
                        .at(*span)
                        .maybe_help(did_you_mean(name, by_name.keys().map(|name| &**name))),
                );
                continue;
            };
            for from in nodes.iter().map(|from| ends.get(from).copied().unwrap_or(*from)) {
                graph.edge(to, from, Scope::Host, Until::Settled, Reason::Needs);
            }
        }
    }
    if any {
        report_circle(graph, found);
    }
}

/// Finds a circle, if there is one: it can only come from `needs` on something later.
fn report_circle(graph: &Graph, found: &mut Diagnostics) {
    let Some(circle) = circle(graph) else { return };
    let Some(culprit) = circle.iter().find(|id| graph.node(**id).task().is_some_and(|task| task.needs.is_some()))
    else {
        return;
    };
    let tasks: Vec<_> = circle.iter().filter_map(|id| graph.node(*id).task()).collect();
    // Each waits for the next, the last for the first.
    let mut names: Vec<String> = tasks.iter().map(|task| format!("`{}`", task.title())).collect();
    names.extend(names.first().cloned());
    let message = format!("these tasks wait for each other: {}", names.join(" waits for "));
    let mut error = Diagnostic::error("E0702", message)
        .help("`needs` can only name tasks that do not wait for this one; a task that writes waits for all before it");
    if let Some(task) = graph.node(*culprit).task() {
        let span = task.needs.iter().flatten().next().map_or(task.span, |(_, span)| *span);
        error = error.at_with(span, "needed here");
        for (number, other) in tasks.iter().enumerate().filter(|(_, other)| !Arc::ptr_eq(other, task)) {
            error = error.also(other.span, format!("waits for {}", names[number + 1]));
        }
    }
    found.push(error);
}

fn circle(graph: &Graph) -> Option<Vec<NodeId>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Open,
        Done,
    }
    let mut seen = vec![Seen::Not; graph.nodes.len()];
    for start in 0..graph.nodes.len() {
        // Each entry: a node and how many of its edges are walked. No recursion: a play may have 100,000 tasks.
        let mut path: Vec<(usize, usize)> = Vec::new();
        if seen[start] == Seen::Not {
            seen[start] = Seen::Open;
            path.push((start, 0));
        }
        while let Some((node, walked)) = path.last_mut() {
            let Some(next) = waits_for(graph, *node, *walked) else {
                seen[*node] = Seen::Done;
                path.pop();
                continue;
            };
            *walked += 1;
            match seen[next] {
                Seen::Done => {}
                Seen::Not => {
                    seen[next] = Seen::Open;
                    path.push((next, 0));
                }
                Seen::Open => {
                    let from = path.iter().position(|(node, _)| *node == next).unwrap_or(0);
                    return Some(path[from..].iter().map(|(node, _)| NodeId(*node as u32)).collect());
                }
            }
        }
    }
    None
}

/// Returns the node that comes so many places down the list of those that a node waits for.
fn waits_for(graph: &Graph, node: usize, place: usize) -> Option<usize> {
    let node = &graph.nodes[node];
    match node.edges.get(place) {
        Some(edge) => Some(edge.from.index()),
        None => node.settles_after.filter(|_| place == node.edges.len()).map(NodeId::index),
    }
}
