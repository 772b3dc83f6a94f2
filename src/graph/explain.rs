//! Why one task waits for another: the chain of edges with their reasons, or why there is none.

use super::view::scope_words;
use super::{Edge, Graph, Join, NodeId, PlayGraph, SectionId, Work};
use crate::effect::Effect;
use crate::playbook::Strategy;
use crate::source::{SourceMap, did_you_mean};
use std::collections::VecDeque;
use std::fmt::Write as _;

/// A task of a run: the place of its play, and its node there.
type At = (usize, NodeId);

/// Says why `second` waits for `first`, or why it does not. Both are names of tasks, or numbers as the graph shows them,
/// with the number of the play before a dot if there are several.
///
/// An error says what is wrong with the names.
pub fn explain(plays: &[PlayGraph], sources: &SourceMap, first: &str, second: &str) -> Result<String, String> {
    let (firsts, seconds) = (named(plays, first)?, named(plays, second)?);
    let pairs = || firsts.iter().flat_map(|a| seconds.iter().map(move |b| (*a, *b))).filter(|(a, b)| a != b);
    // Of several of a name those that wait are told first, and those that stand in one play before others.
    let waits = |pair: &(At, At)| chain_between(plays, pair.0, pair.1).is_some();
    let near = |pair: &(At, At)| pair.0.0 == pair.1.0;
    let chosen = pairs().find(|pair| near(pair) && waits(pair)).or_else(|| pairs().find(waits));
    let Some((a, b)) = chosen.or_else(|| pairs().find(near)).or_else(|| pairs().next()) else {
        return Err(format!("`{first}` and `{second}` are the same task"));
    };
    let mut out = String::new();
    for (name, all) in [(first, &firsts), (second, &seconds)] {
        if all.len() > 1 {
            let places: Vec<String> = all.iter().map(|at| number(plays, *at)).collect();
            // Writing to a `String` cannot fail, here and below.
            let _ = writeln!(out, "several tasks are called `{name}`: {}", places.join(", "));
        }
    }
    let said = match chain_between(plays, a, b) {
        Some(chain) => waits_text(plays, sources, a, b, &chain),
        None => apart_text(plays, sources, a, b),
    };
    Ok(out + &said)
}

/// A step of a chain: what waits, and why.
enum Link<'a> {
    Node(usize, NodeId, &'a Edge),
    Play(usize, &'a super::PlayEdge),
}

/// Finds the tasks of a name.
fn named(plays: &[PlayGraph], name: &str) -> Result<Vec<At>, String> {
    let all = || {
        plays.iter().enumerate().flat_map(|(play, shown)| {
            let nodes = shown.graph.nodes.iter().enumerate();
            nodes.map(move |(node, of)| ((play, NodeId(node as u32)), of))
        })
    };
    let tasks = || all().filter_map(|(at, node)| Some((at, node.task()?)));
    let found: Vec<At> =
        tasks().filter(|(_, task)| task.title() == name || task.plain_name() == Some(name)).map(|(at, _)| at).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let (play, node) = match name.split_once('.') {
        Some((play, node)) => (play.parse::<usize>().ok().and_then(|play| play.checked_sub(1)), node),
        None => (Some(0).filter(|_| plays.len() == 1), name),
    };
    let by_number = play
        .zip(node.parse::<u32>().ok())
        .filter(|(play, node)| plays.get(*play).is_some_and(|shown| (*node as usize) < shown.graph.nodes.len()));
    if let Some((play, node)) = by_number {
        return Ok(vec![(play, NodeId(node))]);
    }
    let titles: Vec<String> = tasks().map(|(_, task)| task.title()).collect();
    let help = did_you_mean(name, titles.iter().map(String::as_str)).map(|help| format!("; {help}"));
    Err(format!("no task is called `{name}`{}", help.unwrap_or_default()))
}

/// Returns the shortest chain from what waits back to what it waits for; plays are links like tasks.
fn chain_between(plays: &[PlayGraph], first: At, second: At) -> Option<Vec<Link<'_>>> {
    if first.0 == second.0 {
        let play = first.0;
        let chain = chain(&plays[play].graph, first.1, second.1)?;
        return Some(chain.into_iter().map(|(node, edge)| Link::Node(play, node, edge)).collect());
    }
    let mut came: Vec<Option<(usize, &super::PlayEdge)>> = vec![None; plays.len()];
    let mut queue = VecDeque::from([second.0]);
    while let Some(play) = queue.pop_front() {
        for edge in &plays[play].after {
            if came[edge.from].is_none() && edge.from != second.0 {
                came[edge.from] = Some((play, edge));
                queue.push_back(edge.from);
            }
        }
    }
    let mut at = first.0;
    let mut links = Vec::new();
    while at != second.0 {
        let (play, edge) = came[at]?;
        links.push(Link::Play(play, edge));
        at = play;
    }
    links.reverse();
    Some(links)
}

/// Returns the shortest chain of edges by which `second` waits for `first`, the last one first.
fn chain(graph: &Graph, first: NodeId, second: NodeId) -> Option<Vec<(NodeId, &Edge)>> {
    let mut came: Vec<Option<(NodeId, &Edge)>> = vec![None; graph.nodes.len()];
    let mut queue = VecDeque::from([second]);
    while let Some(node) = queue.pop_front() {
        if node == first {
            break;
        }
        for edge in &graph.node(node).edges {
            if came[edge.from.index()].is_none() && edge.from != second {
                came[edge.from.index()] = Some((node, edge));
                queue.push_back(edge.from);
            }
        }
    }
    let mut at = first;
    let mut links = Vec::new();
    while at != second {
        let link = came[at.index()]?;
        links.push(link);
        at = link.0;
    }
    links.reverse();
    Some(links)
}

/// Returns the number of a task as it can be given.
fn number(plays: &[PlayGraph], (play, node): At) -> String {
    if plays.len() == 1 { node.0.to_string() } else { format!("{}.{}", play + 1, node.0) }
}

fn title(plays: &[PlayGraph], at: At) -> String {
    let node = plays[at.0].graph.node(at.1);
    format!("{} `{}`", number(plays, at), node.title())
}

fn head(plays: &[PlayGraph], sources: &SourceMap, at: At) -> String {
    let place = plays[at.0].graph.node(at.1).span().map(|span| format!(" ({})", sources.place(span)));
    title(plays, at) + &place.unwrap_or_default()
}

fn waits_text(plays: &[PlayGraph], sources: &SourceMap, a: At, b: At, chain: &[Link<'_>]) -> String {
    let mut out = format!("{}\nwaits for {}:\n", head(plays, sources, b), head(plays, sources, a));
    for link in chain {
        let _ = match link {
            Link::Node(play, node, edge) => {
                let (to, from) = (title(plays, (*play, *node)), title(plays, (*play, edge.from)));
                writeln!(out, "  {to} waits for {from} {}: {}", scope_words(edge), edge.reason)
            }
            Link::Play(play, edge) => {
                writeln!(out, "  play {} waits for play {}: {}", plays[*play].name, plays[edge.from].name, edge.words())
            }
        };
    }
    out
}

fn apart_text(plays: &[PlayGraph], sources: &SourceMap, a: At, b: At) -> String {
    let mut out = format!("{}\ndoes not wait for {}:\n", head(plays, sources, b), head(plays, sources, a));
    if let Some(back) = chain_between(plays, b, a) {
        out += "  it is the other way round.\n";
        return out + &waits_text(plays, sources, b, a, &back);
    }
    if a.0 != b.0 {
        let (first, second) = (&plays[a.0].name, &plays[b.0].name);
        let _ = writeln!(out, "  they stand in plays that need nothing of each other ({first}; {second})");
        return out;
    }
    let graph = &plays[a.0].graph;
    for reason in apart(graph, a.1, b.1) {
        let _ = writeln!(out, "  {reason}");
    }
    if let Some(first) = counts_after(graph, a.1, b.1) {
        let _ = writeln!(out, "  they may overlap; the outcome of {} counts first", title(plays, (a.0, first)));
    }
    out
}

/// Says why no chain leads from one task of a play to another.
fn apart(graph: &Graph, a: NodeId, b: NodeId) -> Vec<String> {
    let mut reasons = Vec::new();
    let task = |id: NodeId| graph.node(id).task();
    let writes = |id: NodeId| graph.node(id).effect == Effect::Write;
    if in_parallel(graph, a, b) {
        reasons.push("both stand in a `parallel:` block, whose tasks have no order among themselves".to_owned());
    }
    for (id, which) in [(b, "its"), (a, "the other's")] {
        if task(id).is_some_and(|task| task.needs.is_some()) {
            reasons.push(format!("{which} `needs` replaces the order of the file, and does not lead there"));
        }
    }
    if !writes(a) && !writes(b) {
        reasons.push("neither writes, and neither uses a variable that the other sets".to_owned());
    }
    if graph.strategy != Strategy::Linear {
        reasons.push("hosts do not wait for each other under this strategy".to_owned());
    }
    if reasons.is_empty() {
        reasons.push("no rule puts them in an order".to_owned());
    }
    reasons
}

/// Claims that two nodes are, or stand in, different tasks of one `parallel:` block.
fn in_parallel(graph: &Graph, a: NodeId, b: NodeId) -> bool {
    let around = |id: NodeId| {
        let mut sections = vec![graph.node(id).section];
        while let Some(parent) = sections.last().and_then(|last| graph.sections[last.index()].parent) {
            sections.push(parent);
        }
        sections
    };
    let (a, b) = (around(a), around(b));
    graph.nodes.iter().any(|node| {
        let Work::Join(Join::ParallelEnd { first, count }) = node.work else { return false };
        let child =
            |sections: &[SectionId]| sections.iter().find(|id| (first.0..first.0 + count).contains(&id.0)).copied();
        matches!((child(&a), child(&b)), (Some(a), Some(b)) if a != b)
    })
}

/// Returns which of two nodes counts first, where the outcomes of both stand in the order of the file.
fn counts_after(graph: &Graph, a: NodeId, b: NodeId) -> Option<NodeId> {
    let after = |mut at: NodeId, wanted: NodeId| {
        while let Some(before) = graph.node(at).settles_after {
            if before == wanted {
                return true;
            }
            at = before;
        }
        false
    };
    if after(b, a) {
        return Some(a);
    }
    after(a, b).then_some(b)
}
