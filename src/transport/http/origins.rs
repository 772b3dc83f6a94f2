use crate::transport::each::{Admitted, Each};
use reqwest::Url;

/// How many calls may be under way to one origin when nobody says. Web servers take some hundreds at once by default.
pub(super) const MOST_PER_ORIGIN: usize = 100;

/// Bounds the calls under way to one origin (scheme, host and port). The others wait their turn.
#[derive(Debug)]
pub(super) struct Origins(Each);

impl Default for Origins {
    fn default() -> Origins {
        Origins::new(MOST_PER_ORIGIN)
    }
}

impl Origins {
    /// Makes bounds of so many calls; at least one.
    pub(super) fn new(most: usize) -> Origins {
        Origins(Each::new(most))
    }

    /// Waits for the right to call, within a bound that is not the usual one if anybody gave one; it is held until the
    /// answer has been read.
    pub(super) async fn admit(&self, url: &Url, most: Option<usize>) -> Admitted {
        self.0.admit(origin(url), most).await
    }
}

/// Returns scheme, host and port of a URL without user and password, as they stand at its beginning. A port that is the
/// usual one has been left out by who read the URL.
fn origin(url: &Url) -> &str {
    let text = url.as_str();
    let host = text.find("://").map_or(0, |at| at + 3);
    let end = text[host..].find(['/', '?', '#']).map_or(text.len(), |end| host + end);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn at_once(origins: &Origins, url: &str) -> Option<Admitted> {
        within(origins, url, None)
    }

    fn within(origins: &Origins, url: &str, most: Option<usize>) -> Option<Admitted> {
        match pin!(origins.admit(&url.parse().unwrap(), most)).poll(&mut Context::from_waker(Waker::noop())) {
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

    #[test]
    fn an_origin_is_what_stands_before_the_path() {
        let cases = [
            ("http://H:80/a/b?c=http://x/", "http://h"),
            ("https://[::1]:8443", "https://[::1]:8443"),
            ("http://a?q", "http://a"),
        ];
        for (url, expected) in cases {
            assert_eq!(origin(&url.parse().unwrap()), expected);
        }
    }

    #[test]
    fn a_caller_may_have_a_bound_of_its_own() {
        let origins = Origins::new(2);
        let only = within(&origins, "http://a/", Some(1));
        assert!(only.is_some() && within(&origins, "http://a/x", Some(1)).is_none());
        assert!(at_once(&origins, "http://a/").is_none(), "it counts for all");
        drop(only);
        assert!(at_once(&origins, "http://a/").is_some());
    }
}
