//! Where the boxes and lines of a play stand in a picture.
//!
//! A node stands one row below the lowest of those that it waits for. Lines that pass rows go through bends there, so that
//! they lead around boxes; within a row, boxes and bends are ordered by where their neighbours stand. Edges that others
//! imply are left out, unless they say something of their own (a variable, `needs`).

use crate::graph::{Edge, Graph, Reason};

/// Width of a box, in pixels.
pub(super) const BOX_WIDTH: f64 = 236.0;
/// Height of the box of a task.
pub(super) const BOX_HEIGHT: f64 = 42.0;
/// Height of the box of a join.
pub(super) const JOIN_HEIGHT: f64 = 22.0;
const ROW_GAP: f64 = 34.0;
const COLUMN_GAP: f64 = 18.0;
const BEND_WIDTH: f64 = 12.0;
/// How often rows are put in order by their neighbours; more changes little.
const SWEEPS: usize = 6;

/// A picture's measures.
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// By node, the middle of its upper side.
    pub(super) tops: Vec<(f64, f64)>,
    pub(super) lines: Vec<Line>,
}

/// A line from one box to another.
pub(super) struct Line {
    pub(super) to: usize,
    /// Its place among the edges of `to`.
    pub(super) edge: usize,
    /// From the lower side of one box to the upper side of the other.
    pub(super) points: Vec<(f64, f64)>,
}

/// Returns the height of a node's box.
pub(super) fn height(graph: &Graph, node: usize) -> f64 {
    if graph.nodes[node].task().is_some() { BOX_HEIGHT } else { JOIN_HEIGHT }
}

/// What stands in a row: a box, or a line that passes.
struct Slot {
    width: f64,
    x: f64,
    above: Vec<usize>,
    below: Vec<usize>,
}

/// Lays out a play.
pub(super) fn layout(graph: &Graph) -> Layout {
    let order = topological(graph);
    let rows = rows(graph, &order);
    let kept = kept_edges(graph, &order);
    let count = graph.nodes.len();
    let mut slots: Vec<Slot> = (0..count).map(|_| Slot::new(BOX_WIDTH)).collect();
    let depth = rows.iter().max().map_or(0, |row| row + 1);
    let mut grid: Vec<Vec<usize>> = vec![Vec::new(); depth];
    (0..count).for_each(|node| grid[rows[node]].push(node));
    let mut ways: Vec<(usize, usize, Vec<usize>)> = Vec::new();
    for (to, edge) in kept {
        let from = graph.nodes[to].edges[edge].from.index();
        let mut way = vec![from];
        for row in grid.iter_mut().take(rows[to]).skip(rows[from] + 1) {
            slots.push(Slot::new(BEND_WIDTH));
            row.push(slots.len() - 1);
            way.push(slots.len() - 1);
        }
        way.push(to);
        for pair in way.windows(2) {
            slots[pair[0]].below.push(pair[1]);
            slots[pair[1]].above.push(pair[0]);
        }
        ways.push((to, edge, way));
    }
    sort_rows(&mut grid, &mut slots);
    let width = place_rows(&grid, &mut slots);
    let high: Vec<f64> = grid.iter().map(|row| highest(graph, row, count)).collect();
    let (tops, height) = heights(&high);
    let lines = ways.into_iter().map(|(to, edge, way)| {
        let first_row = rows[way[0]];
        let mut points = Vec::new();
        for (at, slot) in way.iter().enumerate() {
            let (x, row) = (slots[*slot].x, first_row + at);
            if at > 0 {
                points.push((x, tops[row]));
            }
            // Straight through the row, whatever stands beside.
            if at + 1 < way.len() {
                points.push((x, tops[row] + if *slot < count { self::height(graph, *slot) } else { high[row] }));
            }
        }
        Line { to, edge, points }
    });
    let lines = lines.collect();
    let tops = (0..count).map(|node| (slots[node].x, tops[rows[node]])).collect();
    Layout { width, height, tops, lines }
}

impl Slot {
    fn new(width: f64) -> Slot {
        Slot { width, x: 0.0, above: Vec::new(), below: Vec::new() }
    }
}

/// Returns the nodes so that each comes after those that it waits for.
fn topological(graph: &Graph) -> Vec<usize> {
    let mut unmet: Vec<usize> = graph.nodes.iter().map(|node| node.edges.len()).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    for (to, node) in graph.nodes.iter().enumerate() {
        node.edges.iter().for_each(|edge| followers[edge.from.index()].push(to));
    }
    let mut order: Vec<usize> = (0..graph.nodes.len()).filter(|node| unmet[*node] == 0).collect();
    let mut at = 0;
    while at < order.len() {
        for next in &followers[order[at]] {
            unmet[*next] -= 1;
            if unmet[*next] == 0 {
                order.push(*next);
            }
        }
        at += 1;
    }
    order
}

fn rows(graph: &Graph, order: &[usize]) -> Vec<usize> {
    let mut rows = vec![0; graph.nodes.len()];
    for node in order {
        let edges = &graph.nodes[*node].edges;
        rows[*node] = edges.iter().map(|edge| rows[edge.from.index()] + 1).max().unwrap_or(0);
    }
    rows
}

/// Returns the edges to draw: the node that waits, and the place among its edges.
fn kept_edges(graph: &Graph, order: &[usize]) -> Vec<(usize, usize)> {
    let words = graph.nodes.len().div_ceil(64);
    let mut before: Vec<Vec<u64>> = vec![Vec::new(); graph.nodes.len()];
    let mut kept = Vec::new();
    let has = |set: &[u64], node: usize| set.get(node / 64).is_some_and(|word| word >> (node % 64) & 1 == 1);
    for node in order {
        let edges = &graph.nodes[*node].edges;
        let mut all = vec![0_u64; words];
        for edge in edges {
            before[edge.from.index()].iter().zip(&mut all).for_each(|(word, all)| *all |= word);
        }
        let shown = |edge: &Edge| speaks(edge) || !has(&all, edge.from.index());
        kept.extend(edges.iter().enumerate().filter(|(_, edge)| shown(edge)).map(|(at, _)| (*node, at)));
        edges.iter().for_each(|edge| all[edge.from.index() / 64] |= 1 << (edge.from.index() % 64));
        before[*node] = all;
    }
    kept
}

/// Claims that the edge says something that others do not imply.
fn speaks(edge: &Edge) -> bool {
    matches!(edge.reason, Reason::Uses(_) | Reason::Needs)
}

/// Orders each row by where the neighbours stand, downwards and upwards in turn.
fn sort_rows(grid: &mut [Vec<usize>], slots: &mut [Slot]) {
    let mut place = vec![0.0; slots.len()];
    let number = |row: &[usize], place: &mut [f64]| {
        row.iter().enumerate().for_each(|(at, slot)| place[*slot] = at as f64 - row.len() as f64 / 2.0);
    };
    grid.iter().for_each(|row| number(row, &mut place));
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        let indices: Vec<usize> = if down { (0..grid.len()).collect() } else { (0..grid.len()).rev().collect() };
        for index in indices {
            let middle = |slot: &usize| {
                let neighbours = if down { &slots[*slot].above } else { &slots[*slot].below };
                mean(neighbours.iter().map(|other| place[*other])).unwrap_or(place[*slot])
            };
            let mut keyed: Vec<(f64, usize)> = grid[index].iter().map(|slot| (middle(slot), *slot)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            grid[index] = keyed.into_iter().map(|(_, slot)| slot).collect();
            number(&grid[index], &mut place);
        }
    }
}

/// Gives every slot its place from left to right; returns the width of the whole.
fn place_rows(grid: &[Vec<usize>], slots: &mut [Slot]) -> f64 {
    for row in grid {
        let mut x = 0.0;
        for slot in row {
            slots[*slot].x = x + slots[*slot].width / 2.0;
            x += slots[*slot].width + COLUMN_GAP;
        }
        row.iter().for_each(|slot| slots[*slot].x -= (x - COLUMN_GAP) / 2.0);
    }
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        let indices: Vec<usize> = if down { (0..grid.len()).collect() } else { (0..grid.len()).rev().collect() };
        for index in indices {
            align(&grid[index], slots, down);
        }
    }
    let left = slots.iter().map(|slot| slot.x - slot.width / 2.0).fold(0.0, f64::min);
    slots.iter_mut().for_each(|slot| slot.x -= left);
    slots.iter().map(|slot| slot.x + slot.width / 2.0).fold(0.0, f64::max)
}

/// Moves what stands in a row towards its neighbours above or below, as far as the row has room.
fn align(row: &[usize], slots: &mut [Slot], down: bool) {
    let wanted: Vec<f64> = row
        .iter()
        .map(|slot| {
            let neighbours = if down { &slots[*slot].above } else { &slots[*slot].below };
            mean(neighbours.iter().map(|other| slots[*other].x)).unwrap_or(slots[*slot].x)
        })
        .collect();
    let mut least = f64::NEG_INFINITY;
    let mut moved = 0.0;
    for (slot, wanted) in row.iter().zip(&wanted) {
        let half = slots[*slot].width / 2.0;
        let x = wanted.max(least + half);
        moved += x - wanted;
        slots[*slot].x = x;
        least = x + half + COLUMN_GAP;
    }
    // What had to give way went to the right: the row as a whole goes back by as much on average.
    let back = moved / row.len().max(1) as f64;
    row.iter().for_each(|slot| slots[*slot].x -= back);
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// Returns the height of the highest box of a row. `nodes` is how many slots are boxes.
fn highest(graph: &Graph, row: &[usize], nodes: usize) -> f64 {
    row.iter().filter(|slot| **slot < nodes).map(|slot| height(graph, *slot)).fold(0.0, f64::max)
}

/// Returns where each row begins, and where the last one ends.
fn heights(high: &[f64]) -> (Vec<f64>, f64) {
    let mut tops = Vec::with_capacity(high.len());
    let mut y = 0.0;
    for height in high {
        tops.push(y);
        y += height + ROW_GAP;
    }
    (tops, (y - ROW_GAP).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::Effect;
    use crate::graph::{Node, NodeId, Scope, SectionId, Until, Work};
    use crate::playbook::Strategy;
    use proptest::prelude::*;
    use std::sync::Arc;

    /// A graph in which each node waits for some of those before it.
    fn graph(waits: &[Vec<usize>]) -> Graph {
        let mut graph = Graph::new(Strategy::Linear);
        for (at, froms) in waits.iter().enumerate() {
            let edge = |from: &usize| Edge {
                from: NodeId((from % at) as u32),
                scope: Scope::Host,
                until: Until::Settled,
                reason: Reason::BeforeWrite,
            };
            let edges = if at == 0 { Vec::new() } else { froms.iter().map(edge).collect() };
            graph.nodes.push(Node {
                work: Work::Flush,
                section: SectionId::ROOT,
                effect: Effect::Pure,
                edges,
                settles_after: None,
                names: Arc::default(),
            });
        }
        graph
    }

    proptest! {
        #[test]
        fn boxes_do_not_overlap_and_lines_lead_down(waits in prop::collection::vec(prop::collection::vec(0..30_usize, 0..4), 1..30)) {
            let graph = graph(&waits);
            let drawn = layout(&graph);
            for (at, (x, y)) in drawn.tops.iter().enumerate() {
                prop_assert!(*x >= BOX_WIDTH / 2.0 - 0.1 && *x <= drawn.width - BOX_WIDTH / 2.0 + 0.1);
                prop_assert!(*y >= 0.0 && y + height(&graph, at) <= drawn.height + 0.1);
                for (other_x, other_y) in &drawn.tops[..at] {
                    prop_assert!((other_y - y).abs() >= height(&graph, at) || (other_x - x).abs() >= BOX_WIDTH);
                }
            }
            for line in &drawn.lines {
                prop_assert!(line.points.windows(2).all(|pair| pair[0].1 < pair[1].1));
                // No bend stands inside of a box.
                for (x, y) in &line.points[1..line.points.len() - 1] {
                    let inside = |(at, (left, top)): (usize, &(f64, f64))| {
                        (left - x).abs() < BOX_WIDTH / 2.0 && *top <= *y && *y <= top + height(&graph, at)
                    };
                    prop_assert!(!drawn.tops.iter().enumerate().any(inside));
                }
            }
            // Whatever waits is drawn as waiting for something.
            for (at, node) in graph.nodes.iter().enumerate() {
                prop_assert_eq!(node.edges.is_empty(), !drawn.lines.iter().any(|line| line.to == at));
            }
        }
    }

    #[test]
    fn what_others_imply_is_not_drawn() {
        let drawn = layout(&graph(&[vec![], vec![0], vec![0, 1]]));
        let ends: Vec<(usize, usize)> = drawn.lines.iter().map(|line| (line.to, line.edge)).collect();
        assert_eq!(ends, [(1, 0), (2, 1)]);
    }
}
