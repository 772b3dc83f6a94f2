//! The graph for people and programs: text, Mermaid, DOT, JSON, SVG; every edge with its reason.

mod diagram;
mod json;
mod layout;
mod svg;
mod text;

use super::{Edge, Graph, Node, PlayEdge, Scope, Until};
use crate::source::SourceMap;

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
    /// A picture.
    Svg,
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
        Format::Text => text::text(plays, sources),
        Format::Mermaid => diagram::mermaid(plays),
        Format::Dot => diagram::dot(plays),
        Format::Json => json::json(plays, sources),
        Format::Svg => svg::svg(plays, sources),
    }
}

fn effect_word(node: &Node) -> &'static str {
    if node.task().is_some() { node.effect.word() } else { "join" }
}

pub(super) fn scope_words(edge: &Edge) -> &'static str {
    match (edge.scope, edge.until) {
        (Scope::Host, Until::Ran) => "on this host (when it ran)",
        (Scope::Host, Until::Settled) => "on this host",
        (Scope::All, Until::Ran) => "on all hosts (when it ran)",
        (Scope::All, Until::Settled) => "on all hosts",
    }
}
