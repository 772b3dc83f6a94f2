//! How long is waited, and when it is given up.

use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long silence must last before it is believed. None of these is waited for when a device behaves as expected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a prompt with a name that is not the learned one. Several times what one answer of a device pauses.
    pub(super) confirm: Duration,
    /// For a prompt, when the echo of the line has not come. Long: the answer of a slow device begins with the echo.
    pub(super) without_echo: Duration,
    /// For an answer behind which the next line's echo stands: one that shows a recording of the same commands goes on.
    /// Longer than one answer of a device pauses.
    pub(super) next_echo: Duration,
    /// For a question that nobody answers.
    pub(super) question: Duration,
    /// For a device that says nothing after login, before a line end is sent. Slow devices take two seconds.
    pub(super) wake: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            confirm: Duration::from_millis(200),
            without_echo: Duration::from_secs(3),
            next_echo: Duration::from_millis(50),
            question: Duration::from_secs(1),
            wake: Duration::from_secs(5),
        }
    }
}

/// When to give up.
#[derive(Clone, Debug)]
pub(super) struct Until {
    /// At this time at the latest.
    pub(super) deadline: Instant,
    /// When this is cancelled.
    pub(super) cancel: CancellationToken,
}

impl Until {
    /// Returns the same with a deadline `after` from now, if that is earlier.
    pub(super) fn within(&self, after: Duration) -> Until {
        // A deadline so far away that it cannot be told is none.
        let deadline = Instant::now().checked_add(after).map_or(self.deadline, |then| then.min(self.deadline));
        Until { deadline, cancel: self.cancel.clone() }
    }
}
