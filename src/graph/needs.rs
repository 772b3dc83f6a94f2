//! `needs`: names into edges, and the circles that they can make.

use super::{Graph, NodeId, Reason, Scope, Until};
use crate::source::{Diagnostic, Diagnostics, did_you_mean};
use std::collections::HashMap;
use std::sync::Arc;

/// Connects the nodes from `first` on whose tasks say `needs`, and looks for circles among them.
pub(super) fn connect(graph: &mut Graph, first: usize, found: &mut Diagnostics) {
    let mut by_name: HashMap<Arc<str>, Vec<NodeId>> = HashMap::new();
    for (index, node) in graph.nodes.iter().enumerate() {
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
                found.push(
                    Diagnostic::error("E0701", format!("`needs` names no task `{name}` of this play"))
                        .at(*span)
                        .maybe_help(did_you_mean(name, by_name.keys().map(|name| &**name))),
                );
                continue;
            };
            for from in nodes.clone() {
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
    let names: Vec<String> = circle
        .iter()
        .filter(|id| graph.node(**id).task().is_some())
        .map(|id| format!("`{}`", graph.node(*id).title()))
        .collect();
    let mut error = Diagnostic::error("E0702", format!("these tasks wait for each other: {}", names.join(" → ")))
        .help("`needs` can only name tasks that do not wait for this one; a task that writes waits for all before it");
    if let Some(task) = graph.node(*culprit).task() {
        let span = task.needs.iter().flatten().next().map_or(task.span, |(_, span)| *span);
        error = error.at_with(span, "needed here");
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
            let before: Vec<usize> = waits_for(graph, *node);
            let Some(next) = before.get(*walked).copied() else {
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
                    let mut circle: Vec<NodeId> = path[from..].iter().map(|(node, _)| NodeId(*node as u32)).collect();
                    circle.reverse();
                    return Some(circle);
                }
            }
        }
    }
    None
}

fn waits_for(graph: &Graph, node: usize) -> Vec<usize> {
    let node = &graph.nodes[node];
    node.edges.iter().map(|edge| edge.from.index()).chain(node.settles_after.map(NodeId::index)).collect()
}
