//! How hosts pass from play to play: together, or each when it is through.

use super::prepare::{graph_of, handlers_of};
use super::{Context, Planned};
use crate::graph::{Obstacle, Passage, PlayEdge, Side, host_by_host, may_go_host_by_host, refuse_host_by_host};
use crate::playbook::Strategy;
use crate::source::Diagnostics;

/// Says whether a host that is through the first play begins the second while others are not, or what keeps it.
pub(super) fn passage(context: &Context, before: &Planned, after: &Planned) -> Result<(), Obstacle> {
    // Most plays are done with here, and no graph is made of them.
    may_go_host_by_host(&before.play, &after.play)?;
    // What is wrong with them is shown elsewhere.
    let mut found = Diagnostics::new();
    let graphs = [before, after].map(|play| {
        let handlers = handlers_of(context, play, &mut found);
        (graph_of(context, play, &mut found), handlers)
    });
    let [before, after] = [(before, &graphs[0]), (after, &graphs[1])].map(|(planned, (graph, handlers))| Side {
        play: &planned.play,
        graph,
        handlers,
    });
    host_by_host(before, after)
}

/// Notes on the edges between plays how hosts pass, and finds what an author has asked for and cannot have.
pub fn passages(context: &Context, planned: &[Planned], order: &mut [Vec<PlayEdge>], found: &mut Diagnostics) {
    for (after, edges) in planned.iter().zip(order) {
        let mut obstacles = Vec::new();
        for edge in edges.iter_mut() {
            let before = &planned[edge.from];
            let free = [before, after].iter().all(|play| play.play.strategy != Strategy::Linear);
            edge.passage = match passage(context, before, after) {
                Ok(()) => Passage::HostByHost,
                Err(obstacle) => {
                    let words = obstacle.words();
                    obstacles.push(obstacle);
                    if free { Passage::Held(words) } else { Passage::Together }
                }
            };
        }
        // One way that hosts may take each for itself is what was asked for: they do when the other plays are over.
        if let Some(obstacle) = obstacles.first().filter(|_| obstacles.len() == edges.len())
            && let Some(error) = refuse_host_by_host(&after.play, obstacle)
        {
            found.push(error);
        }
    }
}
