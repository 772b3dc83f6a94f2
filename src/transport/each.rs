//! A bound for each of several names: of logins to an address, of logins through a jump host, of calls to a server.
//!
//! A name has one count. Those who come may say a number, and the smallest that anybody has said so far counts for all of
//! them, also for those who say nothing; the usual one counts as long as nobody has said any.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bounds by name.
#[derive(Debug)]
pub(super) struct Each {
    usual: usize,
    known: Mutex<HashMap<String, Arc<Count>>>,
}

/// The count of a name.
#[derive(Debug)]
struct Count {
    places: Arc<Semaphore>,
    size: Mutex<Size>,
}

/// How many places there are, and how many of those that are taken are to go when they become free.
#[derive(Debug)]
struct Size {
    said: Option<usize>,
    most: usize,
    surplus: usize,
}

/// The place of somebody who was admitted, until it is dropped.
#[derive(Debug)]
pub(super) struct Admitted {
    count: Arc<Count>,
    place: Option<OwnedSemaphorePermit>,
}

impl Each {
    /// Makes bounds of so many where nobody says otherwise; at least one.
    pub(super) fn new(usual: usize) -> Each {
        Each { usual: within_reason(usual), known: Mutex::default() }
    }

    /// Waits for a place of a name; it is held until what is returned is dropped. `most` is what the caller says.
    pub(super) async fn admit(&self, name: &str, most: Option<usize>) -> Admitted {
        let count = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            match known.get(name) {
                Some(count) => Arc::clone(count),
                None => Arc::clone(known.entry(name.to_owned()).or_insert_with(|| Arc::new(Count::new(self.usual)))),
            }
        };
        if let Some(most) = most {
            count.say(within_reason(most));
        }
        let place = Arc::clone(&count.places).acquire_owned().await.expect("nobody closes these semaphores");
        Admitted { count, place: Some(place) }
    }
}

fn within_reason(most: usize) -> usize {
    most.clamp(1, Semaphore::MAX_PERMITS)
}

impl Count {
    fn new(most: usize) -> Count {
        let size = Size { said: None, most, surplus: 0 };
        Count { places: Arc::new(Semaphore::new(most)), size: Mutex::new(size) }
    }

    /// Takes a number that somebody says.
    fn say(&self, number: usize) {
        let mut size = self.size();
        let smallest = size.said.map_or(number, |said| said.min(number));
        if size.said == Some(smallest) {
            return;
        }
        size.said = Some(smallest);
        if smallest < size.most {
            let fewer = size.most - smallest;
            // Places that are taken go when they are given back.
            size.surplus += fewer - self.places.forget_permits(fewer);
        } else {
            self.places.add_permits(smallest - size.most);
        }
        size.most = smallest;
    }

    fn size(&self) -> MutexGuard<'_, Size> {
        self.size.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut size = self.count.size();
        if let Some(place) = self.place.take().filter(|_| size.surplus > 0) {
            size.surplus -= 1;
            place.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn at_once(each: &Each, name: &str, most: Option<usize>) -> Option<Admitted> {
        match pin!(each.admit(name, most)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(admitted) => Some(admitted),
            Poll::Pending => None,
        }
    }

    /// Admits as many as it goes.
    fn all(each: &Each, most: Option<usize>) -> Vec<Admitted> {
        std::iter::from_fn(|| at_once(each, "n", most)).take(50).collect()
    }

    #[test]
    fn a_name_has_one_count_and_the_smallest_number_that_was_said() {
        // What those who come say, and how many there is room for in the end.
        let cases: [(&[Option<usize>], usize); 7] = [
            (&[None], 4),
            (&[Some(2)], 2),
            (&[Some(9)], 9),
            (&[Some(9), None, Some(3)], 3),
            (&[Some(3), Some(9)], 3),
            (&[None, Some(1), None], 1),
            (&[Some(0)], 1),
        ];
        for (said, room) in cases {
            let each = Each::new(4);
            for most in said {
                drop(at_once(&each, "n", *most));
            }
            assert_eq!(all(&each, None).len(), room, "{said:?}");
            assert!(at_once(&each, "another", None).is_some(), "other names have their own");
        }
    }

    #[test]
    fn places_that_are_taken_go_when_they_are_given_back() {
        let each = Each::new(4);
        let mut taken = all(&each, None);
        assert_eq!(taken.len(), 4);
        assert!(at_once(&each, "n", Some(2)).is_none());
        for left in [3, 2] {
            taken.pop();
            assert!(at_once(&each, "n", None).is_none(), "{left} of two are under way");
        }
        taken.pop();
        let one = at_once(&each, "n", None);
        assert!(one.is_some() && at_once(&each, "n", None).is_none());
        drop((one, taken));
        assert_eq!(all(&each, None).len(), 2, "and no more than two from then on");
    }
}
