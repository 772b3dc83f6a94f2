use reqwest::Url;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many calls may be under way to one origin when nobody says. Web servers take some hundreds at once by default.
pub(super) const MOST_PER_ORIGIN: usize = 100;

/// Bounds the calls under way to one origin (scheme, host and port). The others wait their turn.
#[derive(Debug)]
pub(super) struct Origins {
    most: usize,
    known: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Default for Origins {
    fn default() -> Origins {
        Origins::new(MOST_PER_ORIGIN)
    }
}

impl Origins {
    /// Makes bounds of so many calls; at least one.
    pub(super) fn new(most: usize) -> Origins {
        Origins { most: most.clamp(1, Semaphore::MAX_PERMITS), known: Mutex::default() }
    }

    /// Waits for the right to call; it is held until the answer has been read.
    pub(super) async fn admit(&self, url: &Url) -> OwnedSemaphorePermit {
        let origin = url.origin().ascii_serialization();
        let own = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(origin).or_insert_with(|| Arc::new(Semaphore::new(self.most))))
        };
        own.acquire_owned().await.expect("nobody closes these semaphores")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn at_once(origins: &Origins, url: &str) -> Option<OwnedSemaphorePermit> {
        match pin!(origins.admit(&url.parse().unwrap())).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(permit) => Some(permit),
            Poll::Pending => None,
        }
    }

    #[test]
    fn calls_are_bounded_for_each_origin() {
        let origins = Origins::new(2);
        let first = at_once(&origins, "http://a/x");
        let second = at_once(&origins, "http://a:80/y?z");
        assert!(first.is_some() && second.is_some());
        assert!(at_once(&origins, "http://a/").is_none(), "the usual port is the same origin");
        assert!(at_once(&origins, "https://a/").is_some() && at_once(&origins, "http://a:81/").is_some());
        drop(first);
        assert!(at_once(&origins, "http://a/").is_some());
    }
}
