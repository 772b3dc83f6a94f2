//! The run, and one play of it in its batches. Which play begins when is in `plays.rs`; a host that fell out of one is
//! out of those that wait for it.

use super::Context;
use super::batch::{Arrival, Batch, BatchStart, Exit, Standing};
use super::facts::{self, FactSettings};
use super::plan::{Planned, batches, newcomers, plan, play_name};
use super::plays::run_with;
use super::prepare::{knowledge, knowledge_of_all, platforms, view};
use super::share::Share;
use super::target::Defaults;
use super::uses::Uses;
use crate::effect::Effect;
use crate::event::{Shard, What};
use crate::graph::{Lowering, Reads, TagFilter, lower_play};
use crate::playbook::Play;
use crate::source::Diagnostics;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedReceiver;
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
    /// Decides by chance which ready step comes next (`--seed`), so that tests can look at other orders.
    pub seed: Option<u64>,
    /// Which tasks run.
    pub tags: TagFilter,
    /// Which hosts run.
    pub limit: Option<String>,
    /// Which part of these hosts run.
    pub shard: Option<Shard>,
    /// `--force-handlers`.
    pub force_handlers: bool,
    /// What the command line says about connections.
    pub defaults: Defaults,
    /// When facts are gathered, and where they go.
    pub facts: FactSettings,
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
    /// Too many hosts of a play failed: that is how the run ended, whatever came of single hosts.
    pub broken: bool,
}

/// What a play left for those that wait for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Left {
    /// Hosts that fell out in it, or before it in one that it waited for.
    pub(super) out: HashSet<Arc<str>>,
    /// Hosts whose errors were cleared in it: they are in again for those that wait for it.
    pub(super) cleared: HashSet<Arc<str>>,
    /// No host is left: those that wait for it do not run.
    pub(super) stopped: bool,
    /// It ended for all hosts because of one's failure.
    pub(super) fatal: bool,
    /// Too many hosts failed.
    pub(super) broken: bool,
    /// Hosts that it rescued are out all the same; in what follows they are failures.
    pub(super) condemned: bool,
}

/// A play that begins.
pub(super) struct Begun {
    context: Arc<Context>,
    /// Its number in the run, from 1.
    number: u32,
    pub(super) planned: Planned,
    /// Its hosts before any fell out.
    all: Vec<Arc<str>>,
    pub(super) left: Left,
    /// Its hosts, if they come one by one.
    pub(super) arrivals: Option<UnboundedReceiver<Arrival>>,
    /// Where it is said that a host is through.
    pub(super) exit: Option<Exit>,
}

/// Runs plays to their end: each when those are over that it waits for.
///
/// What is wrong with them that can be known only now (`vars_files` that depend on a host) is returned as diagnostics.
pub async fn run(context: &Arc<Context>, plays: &[Arc<Play>], interrupt: &Interrupt) -> Result<RunEnd, Diagnostics> {
    facts::recall(context).await;
    let mut share = Share::new(context.settings.forks, context.settings.seed);
    share.reads = Arc::new(Reads::of(plays, &knowledge_of_all(context, plays)));
    share.uses = Arc::new(Uses::of(context, plays));
    run_with(context, plays, share, interrupt).await
}

/// Begins a play; one that is over at once, because it has no hosts, leaves what it found.
pub(super) fn prepared(
    context: &Arc<Context>,
    play: &Arc<Play>,
    number: u32,
    mut left: Left,
    found: &mut Diagnostics,
) -> Result<Begun, Left> {
    if left.stopped {
        return Err(left);
    }
    let mut planned = plan(context, play, found);
    let all = std::mem::take(&mut planned.hosts);
    planned.hosts = all.iter().filter(|host| !left.out.contains(*host)).cloned().collect();
    if all.is_empty() {
        say_empty(context, play, number);
    }
    if planned.hosts.is_empty() || found.has_errors() {
        left.stopped = !all.is_empty();
        return Err(left);
    }
    Ok(Begun { context: Arc::clone(context), number, planned, all, left, arrivals: None, exit: None })
}

/// Runs the batches of a play.
pub(super) async fn run_play(begun: Begun, share: Share, interrupt: Interrupt) -> Result<Left, Diagnostics> {
    let Begun { context, number, planned, mut all, mut left, mut arrivals, exit } = begun;
    let name = play_name(&planned.play);
    let publisher = &context.publisher;
    let batches = batches(&planned.hosts, &planned.batches);
    let count = batches.len();
    for (index, hosts) in batches.into_iter().enumerate() {
        let mut found = Diagnostics::new();
        let came = if index == 0 { Vec::new() } else { newcomers(&context, &planned, &all) };
        all.extend(came);
        let live: Vec<Arc<str>> = all.iter().filter(|host| !left.out.contains(*host)).cloned().collect();
        let view = view(&context, &planned.play, [&all, &live, &hosts], &mut found);
        let knowledge = knowledge(&context, &view);
        let platforms = platforms(&context, &hosts);
        let max_fail_percentage = planned.play.max_fail_percentage.map(|(limit, _)| limit);
        let how = Lowering {
            knowledge: &knowledge,
            platforms: &platforms,
            fail_together: max_fail_percentage.is_some() || planned.play.any_errors_fatal.is_some(),
            flushes: context.settings.tags.flushes(&planned.play.tags),
        };
        let graph = lower_play(&planned.play, &planned.sections, &how, &mut found);
        if found.has_errors() {
            return Err(found);
        }
        let sending = graph.nodes.iter().filter(|node| node.effect != Effect::Pure).count();
        context.pool.expect_several_commands(sending > 1);
        publisher.publish(What::PlayStarted {
            play: publisher.clean(&name),
            number,
            place: publisher.clean(context.loader.sources.place(planned.play.span)),
            hosts: hosts.iter().map(|host| publisher.clean(host)).collect(),
            batch: index + 1,
            batches: count,
            steps: graph.tasks() * hosts.len(),
        });
        let start = BatchStart {
            context: Arc::clone(&context),
            view,
            graph,
            knowledge,
            platforms,
            share: share.clone(),
            play: number,
            max_fail_percentage,
            // Those who go host by host have one batch.
            arrivals: arrivals.take(),
            exit: exit.clone(),
        };
        let end = Batch::new(start).run(&interrupt.drain).await;
        if end.cleared {
            left.out.retain(|host| !all.contains(host));
            left.cleared.extend(all.iter().cloned());
        }
        left.fatal |= left.condemned;
        left.condemned |= end.condemned;
        left.stopped = end.stops_run;
        left.broken |= end.broken;
        let out = hosts
            .iter()
            .zip(&end.standing)
            .filter(|(_, standing)| matches!(standing, Standing::Failed | Standing::Unreachable));
        left.out.extend(out.map(|(host, _)| Arc::clone(host)));
        left.fatal |= end.fatal;
        if left.stopped || end.stop_play || interrupt.drain.is_cancelled() {
            break;
        }
    }
    publisher.publish(What::PlayEnded { play: publisher.clean(&name), number });
    Ok(left)
}

/// Publishes a play that has no hosts, so that nobody looks for its tasks.
fn say_empty(context: &Context, play: &Play, number: u32) {
    let publisher = &context.publisher;
    let name = publisher.clean(play_name(play));
    let place = publisher.clean(context.loader.sources.place(play.hosts.span));
    let (hosts, play) = (Vec::new(), name.clone());
    publisher.publish(What::PlayStarted { play, number, place, hosts, batch: 1, batches: 1, steps: 0 });
    publisher.publish(What::PlayEnded { play: name, number });
}
