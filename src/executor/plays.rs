//! Which play begins when: each when those are over that it waits for, or, where hosts pass one by one, when the first
//! host is through. Plays that wait for nothing of each other run at the same time.

mod hosts;

use super::Context;
use super::batch::Through;
use super::facts;
use super::random::Random;
use super::run::{Interrupt, Left, RunEnd, prepared, run_play};
use super::share::Share;
use crate::graph::{PlayEdge, order_plays};
use crate::playbook::Play;
use crate::source::Diagnostics;
use hosts::Way;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinError, JoinSet};

/// Runs plays whose steps are carried out as the share says.
pub(super) async fn run_with(
    context: &Arc<Context>,
    plays: &[Arc<Play>],
    share: Share,
    interrupt: &Interrupt,
) -> Result<RunEnd, Diagnostics> {
    let mut course = Course::new(context, plays, share, interrupt);
    course.run().await;
    facts::kept(context).await;
    if course.found.has_errors() { Err(course.found) } else { Ok(course.end) }
}

/// The plays of a run.
struct Course<'a> {
    context: &'a Arc<Context>,
    plays: &'a [Arc<Play>],
    share: Share,
    interrupt: &'a Interrupt,
    /// What each play waits for.
    order: Vec<Vec<PlayEdge>>,
    /// Which of those that are ready begins first, if chance decides.
    chance: Option<Random>,
    waiting: Vec<usize>,
    begun: HashMap<usize, Way>,
    /// What plays left whose batches are over.
    ended: HashMap<usize, Left>,
    /// What plays left that are over, and so are those that they wait for.
    over: Vec<Option<Left>>,
    under_way: JoinSet<(usize, Result<Left, Diagnostics>)>,
    through: (UnboundedSender<Through>, UnboundedReceiver<Through>),
    found: Diagnostics,
    end: RunEnd,
}

impl<'a> Course<'a> {
    fn new(context: &'a Arc<Context>, plays: &'a [Arc<Play>], share: Share, interrupt: &'a Interrupt) -> Course<'a> {
        Course {
            context,
            plays,
            // What is wrong with the order was shown when the plays were read.
            order: order_plays(plays, &mut Diagnostics::new()),
            chance: share.chance(0),
            share,
            interrupt,
            waiting: (0..plays.len()).collect(),
            begun: HashMap::new(),
            ended: HashMap::new(),
            over: vec![None; plays.len()],
            under_way: JoinSet::new(),
            through: unbounded_channel(),
            found: Diagnostics::new(),
            end: RunEnd::default(),
        }
    }

    async fn run(&mut self) {
        loop {
            self.end.interrupted |= self.interrupt.drain.is_cancelled() || self.context.cut.is_cancelled();
            self.begin_ready();
            if self.under_way.is_empty() {
                break;
            }
            tokio::select! {
                biased;
                Some(through) = self.through.1.recv() => self.passed(through),
                Some(joined) = self.under_way.join_next() => self.joined(joined),
            }
        }
    }

    fn may_begin(&self) -> bool {
        !self.end.interrupted && !self.found.has_errors()
    }

    /// Begins the plays for which those are over that they wait for.
    fn begin_ready(&mut self) {
        while self.may_begin() {
            let ready: Vec<usize> = self.waiting.iter().copied().filter(|play| self.brought(*play).is_some()).collect();
            match &mut self.chance {
                _ if ready.is_empty() => return,
                Some(chance) => {
                    let chosen = ready[chance.below(ready.len())];
                    self.begin(chosen, false);
                }
                None => ready.into_iter().for_each(|play| self.begin(play, false)),
            }
        }
    }

    /// Returns what a play finds when it begins; nothing while one that it waits for is not over.
    fn brought(&self, play: usize) -> Option<Left> {
        let mut left = Left::default();
        for edge in &self.order[play] {
            let before = self.over[edge.from].as_ref()?;
            left.out.extend(before.out.iter().cloned());
            left.stopped |= before.stopped;
            left.fatal |= before.condemned;
        }
        Some(left)
    }

    /// Returns what a play finds that begins while others that it waits for are under way.
    fn brought_so_far(&self, play: usize) -> Left {
        let mut left = Left::default();
        for edge in &self.order[play] {
            if let Some(before) = &self.over[edge.from] {
                left.out.extend(before.out.iter().cloned());
                left.fatal |= before.condemned;
            } else if let Some(way) = self.begun.get(&edge.from) {
                left.out.extend(way.out.iter().cloned());
                left.out.extend(way.through.iter().filter(|(_, (is_in, _))| !is_in).map(|(host, _)| Arc::clone(host)));
            }
        }
        left
    }

    /// Begins a play: when all is over that it waits for, or (`early`) when the first host is through.
    fn begin(&mut self, play: usize, early: bool) {
        self.waiting.retain(|other| *other != play);
        let left = if early { self.brought_so_far(play) } else { self.brought(play).unwrap_or_default() };
        let number = play as u32 + 1;
        let mut begun = match prepared(self.context, &self.plays[play], number, left, &mut self.found) {
            Ok(begun) => begun,
            Err(left) => {
                self.ended.insert(play, left);
                return self.close_ended();
            }
        };
        let hosts: BTreeSet<Arc<str>> = begun.planned.hosts.iter().cloned().collect();
        let followers = self.followers(play, &begun.planned);
        begun.exit = (!followers.is_empty()).then(|| self.through.0.clone());
        let mut way = Way {
            hosts: hosts.clone(),
            out: begun.left.out.clone(),
            through: BTreeMap::new(),
            is_sure: false,
            followers,
            door: None,
        };
        if early {
            let (door, arrivals) = unbounded_channel();
            begun.arrivals = Some(arrivals);
            way.door = Some((door, hosts));
        }
        self.begun.insert(play, way);
        let (share, interrupt) = (self.share.clone(), self.interrupt.clone());
        self.under_way.spawn(async move { (play, run_play(begun, share, interrupt).await) });
        if early {
            self.let_in_known(play);
        }
    }

    fn joined(&mut self, joined: Result<(usize, Result<Left, Diagnostics>), JoinError>) {
        match joined {
            Ok((play, Ok(left))) => {
                self.end.fatal |= left.fatal;
                self.end.broken |= left.broken;
                // What it said last of hosts comes before its end.
                while let Ok(through) = self.through.1.try_recv() {
                    self.passed(through);
                }
                self.ended.insert(play, left);
                self.close_ended();
            }
            Ok((_, Err(wrong))) => self.found.extend(wrong),
            // A fault in the dispatcher ends the process as it would have without other plays beside it.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Counts those plays as over whose batches are, where all that they wait for is over too.
    fn close_ended(&mut self) {
        for play in 0..self.plays.len() {
            if self.over[play].is_some() || !self.ended.contains_key(&play) {
                continue;
            }
            let Some(before) = self.brought(play) else { continue };
            let Some(mut left) = self.ended.remove(&play) else { continue };
            let cleared = std::mem::take(&mut left.cleared);
            left.out.extend(before.out.into_iter().filter(|host| !cleared.contains(host)));
            left.stopped |= before.stopped;
            self.over[play] = Some(left);
            self.let_in_rest(play);
        }
    }
}
