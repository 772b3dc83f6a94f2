//! The graph for people and programs: text, Mermaid, DOT, JSON; every edge with its reason.

use super::{Edge, Graph, Node, NodeId, PlayEdge, Scope, Until};
use crate::source::SourceMap;
use serde_json::json;
use std::fmt::Write as _;

/// How a graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Indented text.
    Text,
    /// Mermaid, for Markdown pages.
    Mermaid,
    /// Graphviz.
    Dot,
    /// JSON.
    Json,
}

/// A play to be shown.
#[derive(Clone, Debug)]
pub struct PlayGraph {
    /// Its name.
    pub name: String,
    /// The order of its tasks.
    pub graph: Graph,
    /// What it waits for.
    pub after: Vec<PlayEdge>,
}

/// Returns the graphs of a playbook's plays.
pub fn view(plays: &[PlayGraph], sources: &SourceMap, format: Format) -> String {
    match format {
        Format::Text => text(plays, sources),
        Format::Mermaid => mermaid(plays),
        Format::Dot => dot(plays),
        Format::Json => json(plays, sources),
    }
}

fn text(plays: &[PlayGraph], sources: &SourceMap) -> String {
    let mut out = String::new();
    for PlayGraph { name, graph, after } in plays {
        // Writing to a `String` cannot fail, here and below.
        let _ = writeln!(out, "play {name}");
        for edge in after {
            let _ = writeln!(out, "    after play {}: {}", plays[edge.from].name, edge.reason);
        }
        for (index, node) in graph.nodes.iter().enumerate() {
            let place = node.span().map(|span| format!("  {}", sources.place(span))).unwrap_or_default();
            let _ = writeln!(out, "  {index:>3} {:<5} {}{place}", effect_word(node), node.title());
            for edge in &node.edges {
                let _ = writeln!(out, "            after {} {}: {}", edge.from.0, scope_words(edge), edge.reason);
            }
            if let Some(before) =
                node.settles_after.filter(|before| !node.edges.iter().any(|edge| edge.from == *before))
            {
                let _ = writeln!(out, "            overlaps with {}; its outcome counts after that one's", before.0);
            }
        }
    }
    out
}

fn effect_word(node: &Node) -> &'static str {
    if node.task().is_some() { node.effect.word() } else { "join" }
}

fn scope_words(edge: &Edge) -> &'static str {
    match (edge.scope, edge.until) {
        (Scope::Host, Until::Ran) => "on this host (when it ran)",
        (Scope::Host, Until::Settled) => "on this host",
        (Scope::All, Until::Ran) => "on all hosts (when it ran)",
        (Scope::All, Until::Settled) => "on all hosts",
    }
}

fn mermaid(plays: &[PlayGraph]) -> String {
    let mut out = String::from("flowchart TD\n");
    for (number, PlayGraph { name, graph, .. }) in plays.iter().enumerate() {
        let _ = writeln!(out, "  subgraph p{number}[\"{}\"]", quoted(name));
        for (index, node) in graph.nodes.iter().enumerate() {
            let (open, close) = if node.task().is_some() { ("[", "]") } else { ("([", "])") };
            let _ = writeln!(out, "    p{number}n{index}{open}\"{}\"{close}", quoted(&node.title()));
        }
        for (index, node) in graph.nodes.iter().enumerate() {
            for edge in &node.edges {
                let arrow = if edge.scope == Scope::All { "==>" } else { "-->" };
                let reason = quoted(&edge.reason.to_string());
                let _ = writeln!(out, "    p{number}n{} {arrow}|\"{reason}\"| p{number}n{index}", edge.from.0);
            }
        }
        out.push_str("  end\n");
    }
    for (number, edge) in
        plays.iter().enumerate().flat_map(|(number, play)| play.after.iter().map(move |e| (number, e)))
    {
        let _ = writeln!(out, "  p{} ==>|\"{}\"| p{number}", edge.from, quoted(&edge.reason.to_string()));
    }
    out
}

fn dot(plays: &[PlayGraph]) -> String {
    let mut out = String::from("digraph playbook {\n  compound=true;\n  node [shape=box];\n");
    for (number, PlayGraph { name, graph, .. }) in plays.iter().enumerate() {
        let _ = writeln!(out, "  subgraph cluster_{number} {{\n    label=\"{}\";", escaped(name));
        for (index, node) in graph.nodes.iter().enumerate() {
            let shape = if node.task().is_some() { "" } else { " shape=ellipse" };
            let _ = writeln!(out, "    p{number}n{index} [label=\"{}\"{shape}];", escaped(&node.title()));
        }
        for (index, node) in graph.nodes.iter().enumerate() {
            for edge in &node.edges {
                let style = if edge.scope == Scope::All { " style=bold" } else { "" };
                let reason = escaped(&edge.reason.to_string());
                let _ =
                    writeln!(out, "    p{number}n{} -> p{number}n{index} [label=\"{reason}\"{style}];", edge.from.0);
            }
        }
        // Edges of plays hang on a point of their own, because a play may have no tasks.
        let _ = writeln!(out, "    p{number} [shape=point];\n  }}");
    }
    for (number, play) in plays.iter().enumerate() {
        for edge in &play.after {
            let reason = escaped(&edge.reason.to_string());
            let ends = format!("ltail=cluster_{} lhead=cluster_{number}", edge.from);
            let _ = writeln!(out, "  p{} -> p{number} [label=\"{reason}\" style=bold {ends}];", edge.from);
        }
    }
    out.push_str("}\n");
    out
}

fn json(plays: &[PlayGraph], sources: &SourceMap) -> String {
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
            let after: Vec<_> =
                after.iter().map(|edge| json!({ "play": edge.from, "reason": edge.reason.to_string() })).collect();
            json!({ "play": name, "after": after, "nodes": nodes })
        })
        .collect();
    format!("{:#}\n", json!({ "plays": plays }))
}

/// Writes text for a Mermaid label: there quotes end it, backticks begin Markdown, and `#` begins a character's name.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("#quot;"),
            '#' | '`' | '<' | '>' | '&' | ';' | '\\' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Writes text for a quoted string of DOT, in which a backslash begins an escape.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
