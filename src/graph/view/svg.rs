//! The graph as a picture: a frame for each play, a box for each task, a line for each edge. What there is no room for
//! (whole names, places, reasons) comes up under the mouse.

use super::layout::{BOX_WIDTH, Layout, height, layout};
use super::{PlayGraph, effect_word, scope_words};
use crate::graph::{Graph, Passage, Scope};
use crate::source::SourceMap;
use std::fmt::Write as _;

/// How many characters of a name fit into a box.
const NAME_ROOM: usize = 33;
const MARGIN: f64 = 20.0;
const HEAD: f64 = 34.0;
const FRAME_GAP: f64 = 44.0;

const STYLE: &str = "\
text { font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; font-size: 11px; fill: #1f2328; }
.title { font-size: 13px; font-weight: bold; }
.small { font-size: 9.5px; fill: #59636e; }
.frame { fill: #f6f8fa; stroke: #d1d9e0; }
.task { stroke-width: 1.2; }
.pure { fill: #ffffff; stroke: #818b98; }
.read { fill: #ddf4ff; stroke: #0969da; }
.write { fill: #fff1e5; stroke: #bc4c00; }
.join { fill: #ffffff; stroke: #818b98; stroke-dasharray: 3 2; }
.line { fill: none; stroke: #59636e; stroke-width: 1.2; }
.all { stroke-width: 2.4; }
.play { stroke: #8250df; stroke-width: 3; }
.each { stroke-width: 1.2; }
.line:hover { stroke: #cf222e; }
";

/// A play's frame in the picture.
struct Frame {
    layout: Layout,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// Returns the picture.
pub(super) fn svg(plays: &[PlayGraph], sources: &SourceMap) -> String {
    let frames = frames(plays);
    let width = frames.iter().map(|frame| frame.x + frame.width).fold(0.0, f64::max) + MARGIN;
    let legend = frames.iter().map(|frame| frame.y + frame.height).fold(0.0, f64::max) + MARGIN;
    let (width, height) = (width.max(600.0), legend + 36.0);
    let mut out = String::new();
    // Writing to a `String` cannot fail, here and below.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n\
         <style>\n{STYLE}</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#59636e\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>"
    );
    for (play, frame) in plays.iter().zip(&frames) {
        draw_play(play, frame, sources, &mut out);
    }
    for (number, play) in plays.iter().enumerate() {
        for edge in &play.after {
            let title = format!("play {} waits for play {}: {}", play.name, plays[edge.from].name, edge.words());
            let class = if edge.passage == Passage::HostByHost { "line play each" } else { "line play" };
            line(&between(&frames[edge.from], &frames[number]), class, &title, &mut out);
        }
    }
    draw_legend(legend, &mut out);
    out.push_str("</svg>\n");
    out
}

/// Lays plays out: those that wait below those that they wait for, the others side by side.
fn frames(plays: &[PlayGraph]) -> Vec<Frame> {
    let mut rows: Vec<usize> = Vec::new();
    for play in plays {
        rows.push(play.after.iter().map(|edge| rows[edge.from] + 1).max().unwrap_or(0));
    }
    let mut frames: Vec<Frame> = plays
        .iter()
        .map(|play| {
            let layout = layout(&play.graph);
            let least = (play.name.chars().count() as f64 + 6.0) * 8.0 + 24.0;
            let width = (layout.width + 2.0 * MARGIN).max(least);
            let height = layout.height + HEAD + MARGIN;
            Frame { layout, x: 0.0, y: 0.0, width, height }
        })
        .collect();
    let mut y = MARGIN;
    for row in 0..=rows.iter().copied().max().unwrap_or(0) {
        let (mut x, mut lowest) = (MARGIN, y);
        for (frame, _) in frames.iter_mut().zip(&rows).filter(|(_, of)| **of == row) {
            (frame.x, frame.y) = (x, y);
            x += frame.width + FRAME_GAP;
            lowest = f64::max(lowest, y + frame.height);
        }
        y = lowest + FRAME_GAP;
    }
    frames
}

/// Returns the way from one frame to another below it; it leads past frames in between on the left.
fn between(from: &Frame, to: &Frame) -> Vec<(f64, f64)> {
    let (start, end) = ((from.x + 40.0, from.y + from.height), (to.x + 40.0, to.y));
    if end.1 - start.1 <= FRAME_GAP * 1.5 {
        return vec![start, end];
    }
    let side = MARGIN / 2.0;
    vec![start, (side, start.1 + FRAME_GAP / 2.0), (side, end.1 - FRAME_GAP / 2.0), end]
}

fn draw_play(play: &PlayGraph, frame: &Frame, sources: &SourceMap, out: &mut String) {
    let (x, y) = (frame.x, frame.y);
    let _ = writeln!(
        out,
        "<rect class=\"frame\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"8\"/>\n\
         <text class=\"title\" x=\"{:.1}\" y=\"{:.1}\">play {}</text>\n<g transform=\"translate({:.1} {:.1})\">",
        frame.width,
        frame.height,
        x + 12.0,
        y + 21.0,
        escaped(&play.name),
        x + (frame.width - frame.layout.width) / 2.0,
        y + HEAD,
    );
    for drawn in &frame.layout.lines {
        let edge = &play.graph.nodes[drawn.to].edges[drawn.edge];
        let (to, from) = (play.graph.nodes[drawn.to].title(), play.graph.node(edge.from).title());
        let title = format!("{to} waits for {from} {}: {}", scope_words(edge), edge.reason);
        let class = if edge.scope == Scope::All { "line all" } else { "line" };
        line(&drawn.points, class, &title, out);
    }
    for node in 0..play.graph.nodes.len() {
        draw_node(&play.graph, node, frame.layout.tops[node], sources, out);
    }
    out.push_str("</g>\n");
}

fn draw_node(graph: &Graph, number: usize, (middle, y): (f64, f64), sources: &SourceMap, out: &mut String) {
    let node = &graph.nodes[number];
    let (x, height) = (middle - BOX_WIDTH / 2.0, height(graph, number));
    let place = node.span().map(|span| sources.place(span)).unwrap_or_default();
    let mut tooltip = format!("{number} {}\n{}", node.title(), place);
    for edge in &node.edges {
        let from = graph.node(edge.from).title();
        let _ = write!(tooltip, "\nwaits for {} {from} {}: {}", edge.from.0, scope_words(edge), edge.reason);
    }
    let (class, round) = if node.task().is_some() { (node.effect.word(), 4.0) } else { ("join", height / 2.0) };
    let _ = write!(
        out,
        "<g><title>{}</title><rect class=\"task {class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{BOX_WIDTH}\" height=\"{height}\" rx=\"{round}\"/>",
        escaped(&tooltip)
    );
    let name = escaped(&cut(&node.title(), NAME_ROOM));
    match node.task() {
        Some(task) => {
            let (text_x, first, second) = (x + 8.0, y + 17.0, y + 33.0);
            let below = escaped(&cut(&format!("{number} · {} · {}", task.action_name(), effect_word(node)), 38));
            let _ = write!(
                out,
                "<text x=\"{text_x:.1}\" y=\"{first:.1}\">{name}</text><text class=\"small\" x=\"{text_x:.1}\" y=\"{second:.1}\">{below}</text>"
            );
        }
        None => {
            let base = y + height / 2.0 + 3.5;
            let _ = write!(
                out,
                "<text class=\"small\" x=\"{middle:.1}\" y=\"{base:.1}\" text-anchor=\"middle\">{name}</text>"
            );
        }
    }
    out.push_str("</g>\n");
}

/// Draws a line through points, with a tip at its end and what it means under the mouse.
fn line(points: &[(f64, f64)], class: &str, title: &str, out: &mut String) {
    let mut path = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        match at.checked_sub(1).map(|before| points[before]) {
            None => {
                let _ = write!(path, "M{x:.1} {y:.1}");
            }
            Some((before_x, before_y)) => {
                let half = (before_y + y) / 2.0;
                let _ = write!(path, "C{before_x:.1} {half:.1} {x:.1} {half:.1} {x:.1} {y:.1}");
            }
        }
    }
    let title = escaped(title);
    let _ =
        writeln!(out, "<path class=\"{class}\" d=\"{path}\" marker-end=\"url(#tip)\"><title>{title}</title></path>");
}

fn draw_legend(y: f64, out: &mut String) {
    let mut x = MARGIN;
    for (class, word) in [("pure", "pure"), ("read", "only reads"), ("write", "writes"), ("join", "join")] {
        let _ = writeln!(
            out,
            "<rect class=\"task {class}\" x=\"{x}\" y=\"{y:.1}\" width=\"18\" height=\"12\" rx=\"3\"/>\
             <text class=\"small\" x=\"{:.1}\" y=\"{:.1}\">{word}</text>",
            x + 24.0,
            y + 10.0
        );
        x += 100.0;
    }
    let base = y + 26.0;
    let _ = writeln!(
        out,
        "<text class=\"small\" x=\"{MARGIN}\" y=\"{base:.1}\">thin line: on each host; thick line: on all hosts; point at a line or a box for the reason</text>"
    );
}

/// Cuts text to so many characters.
fn cut(text: &str, room: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() <= room {
        return text;
    }
    text.chars().take(room - 1).chain(['…']).collect()
}

/// Writes text for XML, which has no control characters but line breaks.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            // Nor what the standard leaves out.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
