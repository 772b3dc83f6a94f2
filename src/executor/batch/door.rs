//! The door of a play into which hosts come one by one, and the word that a host is through.

use super::{Batch, Standing};
use crate::event::After;
use crate::executor::tracker::HostIndex;
use crate::redact::Clean;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// A host that is through a play.
pub(in crate::executor) struct Through {
    /// The place of the play in the run.
    pub(in crate::executor) play: usize,
    pub(in crate::executor) host: Arc<str>,
    /// It did not fall out.
    pub(in crate::executor) is_in: bool,
    /// The step that ended its way through the play.
    pub(in crate::executor) after: Option<After>,
}

/// A host that comes to the door of a play.
pub(in crate::executor) struct Arrival {
    pub(in crate::executor) host: Arc<str>,
    /// It did not fall out on its way.
    pub(in crate::executor) is_in: bool,
    /// What it came from.
    pub(in crate::executor) after: Option<After>,
}

/// The door: hosts whose number is known stay outside until they arrive.
pub(super) struct Door {
    arrivals: UnboundedReceiver<Arrival>,
    awaited: HashMap<Arc<str>, HostIndex>,
}

impl Door {
    pub(super) fn new(arrivals: UnboundedReceiver<Arrival>, hosts: &[Arc<str>]) -> Door {
        let awaited = hosts.iter().enumerate().map(|(number, host)| (Arc::clone(host), number as HostIndex));
        Door { arrivals, awaited: awaited.collect() }
    }
}

/// Waits for the next host; nothing when no other will come.
pub(super) async fn next_arrival(door: &mut Option<Door>) -> Option<Arrival> {
    match door {
        Some(door) => door.arrivals.recv().await,
        None => std::future::pending().await,
    }
}

impl Batch {
    /// Claims that hosts have yet to arrive.
    pub(super) fn awaits_hosts(&self) -> bool {
        self.door.as_ref().is_some_and(|door| !door.awaited.is_empty())
    }

    /// Lets a host in, or takes note that it fell out on its way.
    pub(super) fn arrived(&mut self, arrival: Option<Arrival>) {
        let Some(arrival) = arrival else {
            self.open_door(false);
            return;
        };
        let Some(host) = self.door.as_mut().and_then(|door| door.awaited.remove(&arrival.host)) else { return };
        if !arrival.is_in {
            self.drop_host(host, Standing::Failed);
        }
        self.came_after = arrival.after;
        self.tracker.let_in(host);
    }

    /// Waits for no host any longer; claims that one was missing.
    pub(super) fn open_door(&mut self, are_in: bool) -> bool {
        let Some(door) = &mut self.door else { return false };
        let missing: Vec<HostIndex> = door.awaited.drain().map(|(_, host)| host).collect();
        for host in &missing {
            if !are_in {
                self.drop_host(*host, Standing::Failed);
            }
            self.tracker.let_in(*host);
        }
        !missing.is_empty()
    }

    /// Says that a host is through, if anybody waits for it.
    pub(super) fn tell_through(&self, host: HostIndex) {
        let Some(exit) = &self.exit else { return };
        if !self.tracker.is_through(host) {
            return;
        }
        let after = self.last.map(|(node, host)| After {
            task: self.number(node),
            host: self.context.publisher.clean(&self.hosts[host as usize]),
            why: Clean::literal("its host was through the play before"),
        });
        let is_in = matches!(self.standing[host as usize], Standing::In | Standing::Ended);
        let through =
            Through { play: self.play as usize - 1, host: Arc::clone(&self.hosts[host as usize]), is_in, after };
        // Whoever asked is gone when the run is over.
        let _ = exit.send(through);
    }
}

/// Where a batch says who is through.
pub(in crate::executor) type Exit = UnboundedSender<Through>;
