//! The run: plays one after the other, each in its batches.

use super::Context;
use super::batch::{Batch, BatchStart, Standing};
use super::item::number;
use super::plan::{Planned, batches, plan, play_name};
use super::prepare::{knowledge, platforms, view};
use super::target::Defaults;
use crate::event::{TaskNumber, What};
use crate::graph::{Lowering, TagFilter, lower_play};
use crate::playbook::Play;
use crate::source::Diagnostics;
use std::collections::HashSet;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// How a run was asked for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Writes are withheld.
    pub check: bool,
    /// Differences are shown.
    pub diff: bool,
    /// How often `-v` was given.
    pub verbosity: u8,
    /// How many steps may be under way at once.
    pub forks: usize,
    /// Which tasks run.
    pub tags: TagFilter,
    /// Which hosts run.
    pub limit: Option<String>,
    /// `--force-handlers`.
    pub force_handlers: bool,
    /// What the command line says about connections.
    pub defaults: Defaults,
}

/// What ends a run early.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    /// Running steps end, nothing new begins.
    pub drain: CancellationToken,
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunEnd {
    /// It was drained or cut.
    pub interrupted: bool,
    /// A play ended for all hosts because of one's failure, although the others did not fail themselves.
    pub fatal: bool,
}

/// Runs plays to their end.
///
/// What is wrong with them that can be known only now (`vars_files` that depend on a host) is returned as diagnostics.
pub async fn run(context: &Arc<Context>, plays: &[Arc<Play>], interrupt: &Interrupt) -> Result<RunEnd, Diagnostics> {
    let mut end = RunEnd::default();
    let mut out: HashSet<Arc<str>> = HashSet::new();
    let mut first_number: TaskNumber = 0;
    for play in plays {
        let mut found = Diagnostics::new();
        let planned = plan(context, play, &mut found);
        if found.has_errors() {
            return Err(found);
        }
        let hosts: Vec<Arc<str>> = planned.hosts.iter().filter(|host| !out.contains(*host)).cloned().collect();
        if hosts.is_empty() {
            if !planned.hosts.is_empty() {
                break;
            }
            say_empty(context, play);
            continue;
        }
        let all = planned.hosts.clone();
        let planned = Planned { hosts, ..planned };
        let stopped = run_play(context, &planned, &all, &mut first_number, &mut out, &mut end, interrupt).await?;
        if interrupt.drain.is_cancelled() || context.cut.is_cancelled() {
            end.interrupted = true;
            break;
        }
        if stopped {
            break;
        }
    }
    Ok(end)
}

/// Runs the batches of a play; claims that the run is over. `all` are its hosts before any fell out.
async fn run_play(
    context: &Arc<Context>,
    planned: &Planned,
    all: &[Arc<str>],
    first_number: &mut TaskNumber,
    out: &mut HashSet<Arc<str>>,
    end: &mut RunEnd,
    interrupt: &Interrupt,
) -> Result<bool, Diagnostics> {
    let name = play_name(&planned.play);
    let publisher = &context.publisher;
    let batches = batches(&planned.hosts, &planned.batches);
    let count = batches.len();
    let mut stopped = false;
    for (index, hosts) in batches.into_iter().enumerate() {
        let mut found = Diagnostics::new();
        let live: Vec<Arc<str>> = planned.hosts.iter().filter(|host| !out.contains(*host)).cloned().collect();
        let view = view(context, &planned.play, [all, &live, &hosts], &mut found);
        let knowledge = knowledge(context, &view);
        let platforms = platforms(context, &hosts);
        let max_fail_percentage = planned.play.max_fail_percentage.as_ref().and_then(|node| number(&node.to_value()));
        let how = Lowering {
            knowledge: &knowledge,
            platforms: &platforms,
            fail_together: max_fail_percentage.is_some() || planned.play.any_errors_fatal.is_some(),
        };
        let graph = lower_play(&planned.play, &planned.sections, &how, &mut found);
        if found.has_errors() {
            return Err(found);
        }
        publisher.publish(What::PlayStarted {
            play: publisher.clean(&name),
            place: publisher.clean(context.loader.sources.place(planned.play.span)),
            hosts: hosts.iter().map(|host| publisher.clean(host)).collect(),
            batch: index + 1,
            batches: count,
            steps: graph.tasks() * hosts.len(),
        });
        let start = BatchStart {
            context: Arc::clone(context),
            view,
            graph,
            knowledge,
            platforms,
            first_number: *first_number,
            max_fail_percentage,
        };
        let (batch_end, numbers) = Batch::new(start).run(&interrupt.drain).await;
        *first_number += numbers;
        let mut all_out = true;
        for (host, standing) in hosts.iter().zip(&batch_end.standing) {
            match standing {
                Standing::In | Standing::Ended => all_out = false,
                Standing::Failed | Standing::Unreachable => {
                    out.insert(Arc::clone(host));
                }
            }
        }
        end.fatal |= batch_end.fatal;
        stopped = all_out;
        if all_out || batch_end.stop_play || interrupt.drain.is_cancelled() {
            break;
        }
    }
    publisher.publish(What::PlayEnded { play: publisher.clean(&name) });
    Ok(stopped)
}

/// Publishes a play that has no hosts, so that nobody looks for its tasks.
fn say_empty(context: &Context, play: &Play) {
    let publisher = &context.publisher;
    let name = publisher.clean(play_name(play));
    let place = publisher.clean(context.loader.sources.place(play.hosts.span));
    let what = What::PlayStarted { play: name.clone(), place, hosts: Vec::new(), batch: 1, batches: 1, steps: 0 };
    publisher.publish(what);
    publisher.publish(What::PlayEnded { play: name });
}
