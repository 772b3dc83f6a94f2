//! How many connections may be open at once, and who makes room: open files are bounded, hosts are not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The room for connections.
pub(super) struct Room {
    most: usize,
    places: Arc<Semaphore>,
    /// Told when a connection has no user any more.
    left: Arc<Notify>,
}

/// A connection's place, until it is dropped.
pub(super) type Place = OwnedSemaphorePermit;

impl Room {
    /// Makes room for so many.
    pub(super) fn new(most: usize) -> Room {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        Room { most, places: Arc::new(Semaphore::new(most)), left: Arc::default() }
    }

    /// Returns for how many there is room.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Claims that who comes now has to wait.
    pub(super) fn is_full(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// Waits for a place. Where there is none `evict` is asked to close a connection that nobody uses, whenever one may
    /// have come to be so; it returns false when it finds none.
    pub(super) async fn enter<F: Future<Output = bool>>(&self, evict: impl Fn() -> F) -> Place {
        loop {
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                return place;
            }
            let left = self.left.notified();
            if evict().await {
                continue;
            }
            tokio::select! {
                place = Arc::clone(&self.places).acquire_owned() => {
                    return place.expect("nobody closes this semaphore");
                }
                () = left => {}
            }
        }
    }

    /// Counts a user of a connection until the returned guard is dropped.
    pub(super) fn user(&self, users: &Arc<AtomicUsize>) -> User {
        users.fetch_add(1, Ordering::AcqRel);
        User { users: Arc::clone(users), left: Arc::clone(&self.left) }
    }
}

/// Somebody who uses a connection.
pub(super) struct User {
    users: Arc<AtomicUsize>,
    left: Arc<Notify>,
}

impl Drop for User {
    fn drop(&mut self) {
        if self.users.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.left.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn who_finds_no_place_waits_for_one_that_can_be_had() {
        let room = Room::new(1);
        let users = Arc::default();
        let evicted = AtomicUsize::new(0);
        let kept = std::sync::Mutex::new(None);
        let evict = || async {
            let idle = users_of(&users) == 0 && kept.lock().unwrap().take().is_some();
            evicted.fetch_add(usize::from(idle), Ordering::Relaxed);
            idle
        };
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(place) = pin!(room.enter(evict)).poll(&mut context) else { panic!("there is room") };
        let user = room.user(&users);
        *kept.lock().unwrap() = Some(place);
        let mut second = pin!(room.enter(evict));
        assert!(second.as_mut().poll(&mut context).is_pending(), "the only place is in use");
        drop(user);
        let Poll::Ready(second) = second.as_mut().poll(&mut context) else { panic!("an idle connection makes room") };
        assert_eq!(evicted.load(Ordering::Relaxed), 1);
        let mut third = pin!(room.enter(evict));
        assert!(third.as_mut().poll(&mut context).is_pending());
        drop(second);
        assert!(third.as_mut().poll(&mut context).is_ready(), "one that was closed makes room as well");
    }

    fn users_of(users: &Arc<AtomicUsize>) -> usize {
        users.load(Ordering::Relaxed)
    }
}
