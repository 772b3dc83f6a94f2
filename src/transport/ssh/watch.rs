use super::dial::Term;
use super::link::Link;
use crate::failure::{Failure, FailureKind};
use crate::transport::sys::{Waker, interest, poll};
use ssh2::{BlockDirections, ErrorCode, Session};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// libssh2's "would block".
pub(super) const AGAIN: ErrorCode = ErrorCode::Session(-37);

/// What ends a wait early while a connection is being made: a deadline, or somebody who does not want it any more.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    waker: Arc<Waker>,
    given_up: Arc<AtomicBool>,
    term: Term,
    auth_us: Arc<AtomicU64>,
}

impl Watch {
    /// Makes a watch whose waits end with a term.
    pub(super) fn new(waker: Arc<Waker>, term: Term) -> Watch {
        Watch { waker, given_up: Arc::default(), term, auth_us: Arc::default() }
    }

    /// Ends all waits.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Notes how long logging in took.
    pub(super) fn note_auth(&self, took: Duration) {
        self.auth_us.store(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// Returns how long logging in took.
    pub(super) fn auth(&self) -> Duration {
        Duration::from_micros(self.auth_us.load(Ordering::Acquire))
    }

    /// Returns the time until the deadline.
    pub(super) fn time_left(&self) -> Duration {
        self.term.until.saturating_duration_since(Instant::now())
    }

    /// Returns the time that was allowed, for messages.
    pub(super) fn allowed(&self) -> String {
        in_words(self.term.allowed)
    }

    /// Returns the failure of somebody having given up.
    pub(super) fn check_cancelled(&self) -> Result<(), Failure> {
        if self.given_up.load(Ordering::Acquire) {
            return Err(Failure::new(FailureKind::Cancelled, "connecting was interrupted"));
        }
        Ok(())
    }

    /// Repeats a call of libssh2 until it is through. The outer error is the watch's, the inner one libssh2's.
    pub(super) fn drive<T>(
        &self,
        session: &Session,
        link: &Link,
        doing: &str,
        mut call: impl FnMut() -> Result<T, ssh2::Error>,
    ) -> Result<Result<T, ssh2::Error>, Failure> {
        loop {
            match call() {
                Err(error) if error.code() == AGAIN => {}
                done => return Ok(done),
            }
            self.check_cancelled()?;
            let left = self.time_left();
            if left.is_zero() {
                let message = format!("no answer within {} while {doing}", self.allowed());
                return Err(Failure::new(FailureKind::Unreachable, message));
            }
            let events = wanted_events(session);
            let mut fds = [interest(link.as_raw_fd(), events), interest(self.waker.fd(), libc::POLLIN)];
            poll(&mut fds, Some(left))
                .map_err(|error| Failure::new(FailureKind::Internal, format!("cannot wait for the socket: {error}")))?;
        }
    }
}

/// Returns what libssh2 waits for after it has said "would block".
pub(super) fn wanted_events(session: &Session) -> i16 {
    match session.block_directions() {
        BlockDirections::Outbound => libc::POLLOUT,
        BlockDirections::Both => libc::POLLIN | libc::POLLOUT,
        BlockDirections::Inbound | BlockDirections::None => libc::POLLIN,
    }
}

/// Returns a time as people write it: `10 s`, `1.5 s`, `200 ms`.
pub(in crate::transport) fn in_words(time: Duration) -> String {
    // A hundredth of a second is lost between taking the time and computing with it.
    let ms = (time.as_millis() + 5) / 10 * 10;
    match ms {
        0..1000 => format!("{ms} ms"),
        _ if ms % 1000 < 100 => format!("{} s", ms / 1000),
        _ => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_do() {
        let cases = [(199, "200 ms"), (999, "1 s"), (10_001, "10 s"), (1500, "1.5 s")];
        for (ms, words) in cases {
            assert_eq!(in_words(Duration::from_millis(ms)), words);
        }
    }
}
