//! How far hosts are, and who may begin which play before the others are there.
//!
//! A play into which hosts come one by one begins with the first of them that is through all that it waits for. What is
//! over is no matter of hosts any more; of each of the others hosts must be allowed to go on.

use super::Course;
use crate::event::After;
use crate::executor::batch::{Arrival, Through};
use crate::executor::passage::passage;
use crate::executor::plan::{Planned, plan};
use crate::source::Diagnostics;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;

/// How far hosts are in a play that has begun.
pub(super) struct Way {
    pub(super) hosts: BTreeSet<Arc<str>>,
    /// Hosts that fell out before it began.
    pub(super) out: HashSet<Arc<str>>,
    /// The hosts that are through, whether they are in, and what ended their way.
    pub(super) through: BTreeMap<Arc<str>, (bool, Option<After>)>,
    /// One of its own hosts is through and in. Until then it may come to have no host left, which ends what follows it
    /// for hosts that it does not have, too.
    pub(super) is_sure: bool,
    /// The plays that hosts go on to.
    pub(super) followers: Vec<Follower>,
    /// Where its hosts come in, if they come one by one, and who has yet to.
    pub(super) door: Option<(UnboundedSender<Arrival>, BTreeSet<Arc<str>>)>,
}

/// A play to which hosts go on.
#[derive(Clone)]
pub(super) struct Follower {
    pub(super) play: usize,
    pub(super) hosts: Arc<BTreeSet<Arc<str>>>,
}

impl Course<'_> {
    /// Returns the plays to which hosts may go on from a play that begins, as far as the two are concerned.
    pub(super) fn followers(&self, play: usize, planned: &Planned) -> Vec<Follower> {
        let waits = |after: &usize| self.order[*after].iter().any(|edge| edge.from == play);
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

    /// Claims that nothing that a play waits for keeps its hosts together any more.
    fn lets_hosts_in(&self, play: usize) -> bool {
        self.order[play].iter().all(|edge| {
            let goes_on = |way: &Way| way.followers.iter().any(|follower| follower.play == play);
            self.over[edge.from].is_some() || self.begun.get(&edge.from).is_some_and(goes_on)
        })
    }

    /// Takes note that a host is through a play, and lets it go on.
    pub(super) fn passed(&mut self, through: Through) {
        let Through { play, host, is_in, after } = through;
        let Some(way) = self.begun.get_mut(&play) else { return };
        if way.through.insert(Arc::clone(&host), (is_in, after)).is_some() {
            return;
        }
        if !way.is_sure && is_in && way.hosts.contains(&host) {
            way.is_sure = true;
            self.let_on(play);
        } else if way.is_sure || way.hosts.contains(&host) {
            self.go_on(play, &host);
        }
    }

    /// Lets all hosts go on that are through a play.
    fn let_on(&mut self, play: usize) {
        let Some(way) = self.begun.get(&play).filter(|way| way.is_sure) else { return };
        // Hosts that it does not have are through it as well, as soon as it is sure.
        let further = way.followers.iter().flat_map(|follower| follower.hosts.iter());
        let hosts: BTreeSet<Arc<str>> = way.through.keys().chain(further).cloned().collect();
        for host in hosts {
            self.go_on(play, &host);
        }
    }

    /// Lets a host into the plays after one, where it is through all that they wait for.
    fn go_on(&mut self, play: usize, host: &Arc<str>) {
        let followers = self.begun.get(&play).map(|way| way.followers.clone()).unwrap_or_default();
        for follower in followers {
            let next = follower.play;
            let Some((is_in, after)) = self.through_all_before(next, host) else { continue };
            if !follower.hosts.contains(host) {
                // It has nothing to do there, and is as far as when it is through.
                self.passed(Through { play: next, host: Arc::clone(host), is_in, after });
            } else if let Some(way) = self.begun.get_mut(&next) {
                way.arrive(host, is_in, after);
            } else if is_in && self.may_begin() && self.waiting.contains(&next) && self.lets_hosts_in(next) {
                self.begin(next, true);
            }
        }
    }

    /// Lets those into a play that has just begun who are through what it waits for.
    pub(super) fn let_in_known(&mut self, play: usize) {
        let Some(hosts) = self.begun.get(&play).map(|way| way.hosts.clone()) else { return };
        for host in &hosts {
            if let Some((is_in, after)) = self.through_all_before(play, host)
                && let Some(way) = self.begun.get_mut(&play)
            {
                way.arrive(host, is_in, after);
            }
        }
        // Hosts that it does not have may be awaited further on.
        let ways = self.order[play].iter().filter_map(|edge| self.begun.get(&edge.from));
        let elsewhere: BTreeSet<Arc<str>> =
            ways.flat_map(|way| way.through.keys()).filter(|host| !hosts.contains(*host)).cloned().collect();
        for host in elsewhere {
            if let Some((is_in, after)) = self.through_all_before(play, &host) {
                self.passed(Through { play, host, is_in, after });
            }
        }
    }

    /// Says whether a host is in when it is through all that a play waits for, and what it came from last; nothing while
    /// it is on its way.
    fn through_all_before(&self, play: usize, host: &Arc<str>) -> Option<(bool, Option<After>)> {
        let mut is_in = true;
        let mut after = None;
        for edge in &self.order[play] {
            is_in &= self.is_through(edge.from, host)?;
            let way = self.begun.get(&edge.from);
            after = way.and_then(|way| way.through.get(host)?.1.clone()).or(after);
        }
        Some((is_in, after))
    }

    /// Says whether a host is through a play and in; nothing while it is on its way.
    fn is_through(&self, play: usize, host: &Arc<str>) -> Option<bool> {
        if let Some(left) = &self.over[play] {
            return Some(!left.stopped && !left.out.contains(host));
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
            Some(_) => self.through_all_before(play, host).map(|(is_in, _)| is_in),
        }
    }

    /// Lets those into the plays after one that is over whom it did not have.
    pub(super) fn let_in_rest(&mut self, play: usize) {
        let followers = self.begun.get(&play).map(|way| way.followers.clone()).unwrap_or_default();
        for follower in followers {
            self.let_in_known(follower.play);
        }
        // What waited for this one as a whole may begin now with those who are through the others.
        let waits = |next: &&usize| self.order[**next].iter().any(|edge| edge.from == play);
        let next: Vec<usize> = self.waiting.iter().filter(waits).copied().collect();
        let others: Vec<usize> = next.iter().flat_map(|next| self.order[*next].iter().map(|edge| edge.from)).collect();
        for other in others.into_iter().filter(|other| *other != play) {
            self.let_on(other);
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
