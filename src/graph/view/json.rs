//! The graph as JSON.

use super::PlayGraph;
use crate::graph::{NodeId, Passage, PlayEdge, Scope, Until};
use crate::source::SourceMap;
use serde_json::json;

pub(super) fn json(plays: &[PlayGraph], sources: &SourceMap) -> String {
    let plays: Vec<_> = plays
        .iter()
        .map(|PlayGraph { name, graph, after }| {
            let nodes: Vec<_> = graph
                .nodes
                .iter()
                .enumerate()
                .map(|(index, node)| {
                    json!({
                        "node": index,
                        "kind": if node.task().is_some() { "task" } else { "join" },
                        "title": node.title(),
                        "module": node.task().map(|task| task.action_name()),
                        "effect": node.effect,
                        "place": node.span().map(|span| sources.place(span)),
                        "settles_after": node.settles_after.map(|id: NodeId| id.0),
                        "after": node.edges.iter().map(|edge| json!({
                            "node": edge.from.0,
                            "scope": if edge.scope == Scope::All { "all" } else { "host" },
                            "until": if edge.until == Until::Ran { "ran" } else { "settled" },
                            "reason": edge.reason.to_string(),
                        })).collect::<Vec<_>>(),
                    })
                })
                .collect();
            let after: Vec<_> = after.iter().map(play_edge).collect();
            json!({ "play": name, "after": after, "nodes": nodes })
        })
        .collect();
    format!("{:#}\n", json!({ "plays": plays }))
}

fn play_edge(edge: &PlayEdge) -> serde_json::Value {
    let held = match &edge.passage {
        Passage::Held(why) => Some(why),
        _ => None,
    };
    json!({
        "play": edge.from,
        "scope": if edge.passage == Passage::HostByHost { "host" } else { "all" },
        "reason": edge.reason.to_string(),
        "held": held,
    })
}
