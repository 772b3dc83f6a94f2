//! The order of plays: after which others each begins, and why.
//!
//! A play without `needs` begins when everything before it in the file is over, as in Ansible. `needs` replaces that: it
//! begins when the plays that it names are over, and with `needs: []` at once. Only plays that stand before it can be
//! named, so there are no circles.

use crate::playbook::Play;
use crate::source::{Diagnostic, Diagnostics, Span, did_you_mean};
use crate::yaml::Node;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Another play that must be over before a play begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayEdge {
    /// Its place among the plays of the run.
    pub from: usize,
    /// Why.
    pub reason: PlayReason,
    /// How hosts pass from the one to the other.
    pub passage: Passage,
}

/// How hosts pass from a play to one that waits for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Passage {
    /// All together, when the earlier play is over.
    #[default]
    Together,
    /// All together, although both plays let hosts run free, for this reason.
    Held(String),
    /// Each host when it is through the earlier play.
    HostByHost,
}

impl std::fmt::Display for Passage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Passage::Together => Ok(()),
            Passage::Held(why) => write!(f, "; hosts wait for each other, because {why}"),
            Passage::HostByHost => f.write_str("; each host begins when it is through"),
        }
    }
}

impl PlayEdge {
    fn new(from: usize, reason: PlayReason) -> PlayEdge {
        PlayEdge { from, reason, passage: Passage::default() }
    }

    /// Returns why it is there, and how hosts pass.
    pub fn words(&self) -> String {
        format!("{}{}", self.reason, self.passage)
    }
}

/// Why a play waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayReason {
    /// It stands before it in the file.
    FileOrder,
    /// `needs`.
    Needs,
}

impl std::fmt::Display for PlayReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            PlayReason::FileOrder => "plays run in the order of the file",
            PlayReason::Needs => "`needs` says so",
        })
    }
}

/// Returns for each play what it waits for. Of the plays before it only those are named that are not waited for by
/// others of them.
pub fn order_plays(plays: &[Arc<Play>], found: &mut Diagnostics) -> Vec<Vec<PlayEdge>> {
    let names: Vec<Option<&str>> = plays.iter().map(|play| play.name.as_ref().and_then(Node::as_str)).collect();
    let mut order: Vec<Vec<PlayEdge>> = Vec::with_capacity(plays.len());
    // The plays that nothing before the current one waits for.
    let mut last: BTreeSet<usize> = BTreeSet::new();
    for (index, play) in plays.iter().enumerate() {
        let edges: Vec<PlayEdge> = match &play.needs {
            None => last.iter().map(|from| PlayEdge::new(*from, PlayReason::FileOrder)).collect(),
            Some(needs) => needs.iter().flat_map(|need| needed(plays, &names, index, need, found)).collect(),
        };
        for edge in &edges {
            last.remove(&edge.from);
        }
        last.insert(index);
        order.push(edges);
    }
    order
}

/// Returns an edge for each play of a name; several may bear it.
fn needed(
    plays: &[Arc<Play>],
    names: &[Option<&str>],
    index: usize,
    (need, span): &(Arc<str>, Span),
    found: &mut Diagnostics,
) -> Vec<PlayEdge> {
    let bears = |at: &usize| names[*at] == Some(need);
    let edges: Vec<PlayEdge> = (0..index).filter(bears).map(|from| PlayEdge::new(from, PlayReason::Needs)).collect();
    if !edges.is_empty() {
        return edges;
    }
    let error = match (index..plays.len()).find(bears) {
        Some(at) if at == index => Diagnostic::error("E0703", format!("the play `{need}` needs itself")).at(*span),
        Some(at) => later(plays, names, index, at, *span),
        None => no_play(plays, names, index, need, *span),
    };
    found.push(error);
    Vec::new()
}

/// Complains of a name that no play bears; perhaps a task does.
fn no_play(plays: &[Arc<Play>], names: &[Option<&str>], index: usize, need: &str, span: Span) -> Diagnostic {
    let error = Diagnostic::error("E0703", format!("`needs` names no play `{need}`")).at(span);
    let mut task = None;
    for item in plays.iter().flat_map(|play| play.sections.iter().flatten()) {
        item.each_task(&mut |other| {
            if other.plain_name() == Some(need) {
                task = task.or(Some(other.span));
            }
        });
    }
    match (did_you_mean(need, names[..index].iter().flatten().copied()), task) {
        (Some(suggestion), _) => error.help(suggestion),
        (None, Some(task)) => error
            .also(task, "this is a task")
            .help("a play needs plays: put `needs` on the task that has to wait for it"),
        (None, None) => error,
    }
}

/// Complains of a play that needs one which comes later, and says so if they wait for each other.
fn later(plays: &[Arc<Play>], names: &[Option<&str>], index: usize, at: usize, span: Span) -> Diagnostic {
    let need = names[at].unwrap_or_default();
    let waits_back = match &plays[at].needs {
        None => Some((plays[at].hosts.span, "comes after everything before it, because it has no `needs`")),
        Some(needs) => needs
            .iter()
            .find(|(name, _)| names[index] == Some(&**name))
            .map(|(_, span)| (*span, "and needs this one in turn")),
    };
    let error = Diagnostic::error("E0703", format!("the play `{need}` does not come before this one"));
    let error = match waits_back {
        Some((back, why)) if plays[at].needs.is_some() => error.at_with(span, "needed here").also(back, why),
        Some((back, why)) => error.at(span).also(back, why),
        None => error.at(span),
    };
    error.help("a play can need those that stand before it in the file: move it up")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::{Loader, load};
    use crate::source::{SourceMap, Style, render};
    use crate::vars::{Layer, Origin};

    fn order(text: &str) -> (Vec<Vec<(usize, PlayReason)>>, String) {
        let sources = Arc::new(SourceMap::new());
        let loader = Loader::new(Arc::clone(&sources), Arc::new(Layer::new(Origin::ExtraVars)));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.yml");
        std::fs::write(&path, text).unwrap();
        let mut found = Diagnostics::new();
        let plays = load(&loader, &path, &mut found);
        let edges = order_plays(&plays, &mut found);
        let drawn: Vec<String> = found.iter().map(|found| render(found, &sources, Style::Plain)).collect();
        let edges = edges.into_iter().map(|edges| edges.into_iter().map(|edge| (edge.from, edge.reason)).collect());
        (edges.collect(), drawn.join("\n"))
    }

    #[test]
    fn a_play_waits_for_all_before_it_unless_it_says_what_it_needs() {
        use PlayReason::{FileOrder, Needs};
        let (edges, complaints) = order(
            "- {name: a, hosts: all}\n\
             - {name: b, hosts: all}\n\
             - {name: c, hosts: all, needs: [a]}\n\
             - {name: d, hosts: all, needs: []}\n\
             - {name: e, hosts: all}\n\
             - {name: f, hosts: all, needs: [d, b]}\n",
        );
        assert_eq!(complaints, "");
        let wanted = [
            vec![],
            vec![(0, FileOrder)],
            vec![(0, Needs)],
            vec![],
            vec![(1, FileOrder), (2, FileOrder), (3, FileOrder)],
            vec![(3, Needs), (1, Needs)],
        ];
        assert_eq!(edges, wanted);
    }

    #[test]
    fn every_play_of_a_name_is_needed() {
        let (edges, _) =
            order("- {name: a, hosts: all}\n- {name: a, hosts: all, needs: []}\n- {name: b, hosts: all, needs: [a]}\n");
        assert_eq!(edges[2], [(0, PlayReason::Needs), (1, PlayReason::Needs)]);
    }

    #[test]
    fn names_that_cannot_be_needed_are_shown_with_their_place() {
        let cases = [
            ("- {name: lab, hosts: all}\n- {name: b, hosts: all, needs: [lap]}\n", "no play `lap`", "p.yml:2:33"),
            ("- {name: a, hosts: all, needs: [a]}\n", "`a` needs itself", "p.yml:1:33"),
            (
                "- {name: lab, hosts: all, tasks: [{name: write, command: x}]}\n- {name: b, hosts: all, needs: [write]}\n",
                "this is a task",
                "p.yml:2:33",
            ),
            ("- {name: a, hosts: all, needs: [b]}\n- {name: b, hosts: all, needs: []}\n", "move it up", "p.yml:1:33"),
            ("- {name: a, hosts: all, needs: [b]}\n- {name: b, hosts: all}\n", "has no `needs`", "p.yml:1:33"),
            (
                "- {name: a, hosts: all, needs: [b]}\n- {name: b, hosts: all, needs: [a]}\n",
                "needs this one in turn",
                "p.yml:1:33",
            ),
        ];
        for (text, part, place) in cases {
            let (_, complaints) = order(text);
            assert!(complaints.contains(part) && complaints.contains(place), "{text}\n{complaints}");
        }
    }
}
