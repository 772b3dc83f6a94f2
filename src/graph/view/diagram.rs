//! The graph in the languages of Mermaid and Graphviz.

use super::PlayGraph;
use crate::graph::{Passage, Scope};
use std::fmt::Write as _;

pub(super) fn mermaid(plays: &[PlayGraph]) -> String {
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
        let arrow = if edge.passage == Passage::HostByHost { "-->" } else { "==>" };
        let _ = writeln!(out, "  p{} {arrow}|\"{}\"| p{number}", edge.from, quoted(&edge.words()));
    }
    out
}

pub(super) fn dot(plays: &[PlayGraph]) -> String {
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
            let reason = escaped(&edge.words());
            let style = if edge.passage == Passage::HostByHost { "" } else { " style=bold" };
            let ends = format!("ltail=cluster_{} lhead=cluster_{number}", edge.from);
            let _ = writeln!(out, "  p{} -> p{number} [label=\"{reason}\"{style} {ends}];", edge.from);
        }
    }
    out.push_str("}\n");
    out
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
