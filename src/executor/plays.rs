//! Which play begins when: each when those are over that it waits for, or, where hosts pass one by one, when the first
//! host is through. Plays that wait for nothing of each other run at the same time.

use super::Context;
use super::batch::{Arrival, Through};
use super::facts;
use super::passage::passage;
use super::plan::{Planned, plan};
use super::random::Random;
use super::run::{Interrupt, Left, RunEnd, prepared, run_play};
use super::share::Share;
use crate::event::After;
use crate::graph::{PlayEdge, order_plays};
use crate::playbook::Play;
use crate::source::Diagnostics;
use std::collections::{HashMap, HashSet};
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
    /// Which of those that are ready begins, if chance decides. Then they follow each other: with one slot there is one
    /// order.
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

/// How far hosts are in a play that has begun.
struct Way {
    hosts: HashSet<Arc<str>>,
    /// Hosts that fell out before it began.
    out: HashSet<Arc<str>>,
    /// The hosts that are through, whether they are in, and what ended their way.
    through: HashMap<Arc<str>, (bool, Option<After>)>,
    /// One of its own hosts is through and in. Until then it may come to have no host left, which ends what follows it
    /// for hosts that it does not have, too.
    is_sure: bool,
    /// The plays that hosts go on to.
    followers: Vec<Follower>,
    /// Where its hosts come in, if they come one by one, and who has yet to.
    door: Option<(UnboundedSender<Arrival>, HashSet<Arc<str>>)>,
}

/// A play to which hosts go on.
#[derive(Clone)]
struct Follower {
    play: usize,
    hosts: Arc<HashSet<Arc<str>>>,
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
                Some(_) if !self.under_way.is_empty() => return,
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

    /// Returns the hosts that have fallen out so far on the way to a play.
    fn out_so_far(&self, play: usize) -> HashSet<Arc<str>> {
        let mut out = HashSet::new();
        for edge in &self.order[play] {
            let Some(way) = self.begun.get(&edge.from) else { continue };
            out.extend(way.out.iter().cloned());
            out.extend(way.through.iter().filter(|(_, (is_in, _))| !is_in).map(|(host, _)| Arc::clone(host)));
        }
        out
    }

    /// Begins a play: when all is over that it waits for, or (`early`) when the first host is through.
    fn begin(&mut self, play: usize, early: bool) {
        self.waiting.retain(|other| *other != play);
        let left = match early {
            true => Left { out: self.out_so_far(play), ..Left::default() },
            false => self.brought(play).unwrap_or_default(),
        };
        let number = play as u32 + 1;
        let mut begun = match prepared(self.context, &self.plays[play], number, left, &mut self.found) {
            Ok(begun) => begun,
            Err(left) => {
                self.ended.insert(play, left);
                return self.close_ended();
            }
        };
        let hosts: HashSet<Arc<str>> = begun.planned.hosts.iter().cloned().collect();
        let followers = self.followers(play, &begun.planned);
        begun.exit = (!followers.is_empty()).then(|| self.through.0.clone());
        let mut way = Way {
            hosts: hosts.clone(),
            out: begun.left.out.clone(),
            through: HashMap::new(),
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

    /// Returns the plays to which hosts go on from a play that begins.
    fn followers(&self, play: usize, planned: &Planned) -> Vec<Follower> {
        if self.chance.is_some() {
            return Vec::new();
        }
        let waits = |after: &usize| matches!(&self.order[*after][..], [edge] if edge.from == play);
        let mut followers = Vec::new();
        for after in self.waiting.iter().copied().filter(waits) {
            // What is wrong with it is said when it begins.
            let next = plan(self.context, &self.plays[after], &mut Diagnostics::new());
            if passage(self.context, planned, &next).is_ok() {
                followers.push(Follower { play: after, hosts: Arc::new(next.hosts.into_iter().collect()) });
            }
        }
        followers
    }

    /// Takes note that a host is through a play, and lets it go on.
    fn passed(&mut self, through: Through) {
        let Some(way) = self.begun.get_mut(&through.play) else { return };
        let (host, is_in) = (Arc::clone(&through.host), through.is_in);
        if way.through.insert(Arc::clone(&host), (is_in, through.after.clone())).is_some() {
            return;
        }
        if !way.is_sure && is_in && way.hosts.contains(&host) {
            way.is_sure = true;
            for (host, (is_in, after)) in way.through.clone() {
                self.go_on(Through { play: through.play, host, is_in, after });
            }
        } else if way.is_sure || way.hosts.contains(&host) {
            self.go_on(through);
        }
    }

    /// Lets a host that is through a play into those after it.
    fn go_on(&mut self, through: Through) {
        let Through { play, host, is_in, after } = through;
        let followers = self.begun.get(&play).map(|way| way.followers.clone()).unwrap_or_default();
        for follower in followers {
            let next = follower.play;
            if !follower.hosts.contains(&host) {
                // It has nothing to do there, and is as far as when it is through.
                let after = after.clone();
                self.passed(Through { play: next, host: Arc::clone(&host), is_in, after });
            } else if let Some(way) = self.begun.get_mut(&next) {
                way.arrive(&host, is_in, after.clone());
            } else if is_in && self.may_begin() && self.waiting.contains(&next) {
                self.begin(next, true);
            }
        }
    }

    /// Lets those into a play that has just begun who are through what it waits for.
    fn let_in_known(&mut self, play: usize) {
        let Some(hosts) = self.begun.get(&play).map(|way| way.hosts.clone()) else { return };
        let before: Vec<usize> = self.order[play].iter().map(|edge| edge.from).collect();
        for host in &hosts {
            let known = before.iter().map(|before| self.is_through(*before, host));
            let is_in = known.reduce(|a, b| Some(a? && b?)).flatten();
            let after = before.iter().find_map(|before| self.begun.get(before)?.through.get(host)?.1.clone());
            if let (Some(is_in), Some(way)) = (is_in, self.begun.get_mut(&play)) {
                way.arrive(host, is_in, after);
            }
        }
        // Hosts that it does not have may be awaited further on.
        let elsewhere: Vec<Through> = before
            .iter()
            .filter_map(|before| self.begun.get(before))
            .flat_map(|way| way.through.iter().filter(|(host, _)| !hosts.contains(*host)))
            .map(|(host, (is_in, after))| Through { play, host: Arc::clone(host), is_in: *is_in, after: after.clone() })
            .collect();
        elsewhere.into_iter().for_each(|through| self.passed(through));
    }

    /// Says whether a host is through a play and in; nothing while it is on its way.
    fn is_through(&self, play: usize, host: &Arc<str>) -> Option<bool> {
        if let Some(left) = &self.over[play] {
            return Some(!left.out.contains(host));
        }
        let way = self.begun.get(&play)?;
        if way.hosts.contains(host) {
            return way.through.get(host).map(|(is_in, _)| *is_in);
        }
        if !way.is_sure {
            return None;
        }
        if let Some((is_in, _)) = way.through.get(host) {
            return Some(*is_in);
        }
        match way.door {
            // All before it is over.
            None => Some(!way.out.contains(host)),
            Some(_) => {
                let mut known = self.order[play].iter().map(|edge| self.is_through(edge.from, host));
                known.try_fold(true, |a, b| Some(a && b?))
            }
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
            left.out.extend(before.out);
            left.stopped |= before.stopped;
            self.over[play] = Some(left);
            self.let_in_rest(play);
        }
    }

    /// Lets those into the plays after one that is over whom it did not have.
    fn let_in_rest(&mut self, play: usize) {
        let followers = self.begun.get(&play).map(|way| way.followers.clone()).unwrap_or_default();
        for follower in followers {
            self.let_in_known(follower.play);
        }
    }
}

impl Way {
    /// Lets a host in that stands outside.
    fn arrive(&mut self, host: &Arc<str>, is_in: bool, after: Option<After>) {
        if let Some((door, awaited)) = &mut self.door
            && awaited.remove(host)
        {
            // A play that is over lets nobody in.
            let _ = door.send(Arrival { host: Arc::clone(host), is_in, after });
        }
    }
}
