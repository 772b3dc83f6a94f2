//! The graph as indented text.

use super::{PlayGraph, effect_word, scope_words};
use crate::source::SourceMap;
use std::fmt::Write as _;

pub(super) fn text(plays: &[PlayGraph], sources: &SourceMap) -> String {
    let mut out = String::new();
    for PlayGraph { name, graph, after } in plays {
        // Writing to a `String` cannot fail, here and below.
        let _ = writeln!(out, "play {name}");
        for edge in after {
            let _ = writeln!(out, "    after play {}: {}", plays[edge.from].name, edge.words());
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
