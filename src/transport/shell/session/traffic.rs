//! Bytes to and from the device, each way with a deadline; what came last is kept for messages.

use super::{Failure, FailureKind, Instant, Session, Until};
use std::task::Poll;
use std::time::Duration;

/// How many bytes of what came last a message shows.
const LAST_BYTES: usize = 300;

impl Session {
    /// Types bytes: until the way to the device has taken them.
    pub(in crate::transport::shell) async fn send(&mut self, bytes: &[u8], until: &Until) -> Result<(), Failure> {
        let since = Instant::now();
        self.typed_at = since;
        let sent = tokio::select! {
            // Where the way is free and the time is over, it is the answer that is missing, and not the device's ear.
            biased;
            () = until.cancel.cancelled() => Err(cancelled()),
            sent = self.wire.send(bytes) => sent,
            () = tokio::time::sleep_until(until.deadline) => {
                Err(Failure::new(FailureKind::Timeout, "the device takes no more input"))
            }
        };
        self.is_open &= sent.is_ok();
        self.typing += since.elapsed();
        sent
    }

    /// Returns how long typing has taken since it was last taken.
    pub(in crate::transport::shell) fn typing(&self) -> Duration {
        self.typing
    }

    /// Returns how long typing has taken since this was asked before.
    pub(in crate::transport::shell) fn take_typing(&mut self) -> Duration {
        std::mem::take(&mut self.typing)
    }

    /// Waits for bytes; false when none came for `pause`.
    pub(in crate::transport::shell) async fn receive(
        &mut self,
        pause: Option<Duration>,
        until: &Until,
        waiting: &str,
    ) -> Result<bool, Failure> {
        let silence = pause.and_then(|pause| Instant::now().checked_add(pause)).unwrap_or(until.deadline);
        let received = tokio::select! {
            biased;
            received = self.wire.receive() => received,
            () = until.cancel.cancelled() => Err(cancelled()),
            () = tokio::time::sleep_until(silence.min(until.deadline)) => {
                if silence < until.deadline {
                    return Ok(false);
                }
                return Err(self.lost(FailureKind::Timeout, "no answer in time", waiting));
            }
        };
        self.received(received, waiting)
    }

    /// Takes what has arrived already; false when nothing has. A line that only begins like a prompt is told so where a
    /// read ended in its midst.
    pub(in crate::transport::shell) async fn more_is_here(&mut self, waiting: &str) -> Result<bool, Failure> {
        let received = {
            let mut receive = self.wire.receive();
            std::future::poll_fn(|context| Poll::Ready(receive.as_mut().poll(context))).await
        };
        match received {
            Poll::Pending => Ok(false),
            // A device may hang up behind its prompt; the next line will say so.
            Poll::Ready(Ok(bytes)) if bytes.is_empty() => Ok(false),
            Poll::Ready(received) => self.received(received, waiting),
        }
    }

    fn received(&mut self, received: Result<Vec<u8>, Failure>, waiting: &str) -> Result<bool, Failure> {
        match received {
            Ok(bytes) if bytes.is_empty() => {
                Err(self.lost(FailureKind::Unreachable, "the device closed the session", waiting))
            }
            Ok(bytes) => {
                self.cleaner.feed(&bytes);
                self.last.extend_from_slice(&bytes);
                let surplus = self.last.len().saturating_sub(LAST_BYTES);
                self.last.drain(..surplus);
                Ok(true)
            }
            Err(failure) => {
                self.is_open = false;
                Err(failure)
            }
        }
    }

    /// Makes a failure after which nobody knows where in the stream the session stands, and gives the session up.
    pub(in crate::transport::shell) fn lost(&mut self, kind: FailureKind, what: &str, waiting: &str) -> Failure {
        self.is_open = false;
        let last = match self.last.is_empty() {
            true => "nothing came".to_owned(),
            false => format!("what came last: `{}`", as_written(&self.last)),
        };
        let host = self.prompts.host().map(|host| format!(" of `{host}`")).unwrap_or_default();
        let state = match kind {
            FailureKind::Timeout => {
                format!("; given up after {}, and the session closed", seconds(self.typed_at.elapsed()))
            }
            // The device has closed it.
            FailureKind::Unreachable => String::new(),
            _ => "; the session was closed".to_owned(),
        };
        Failure::new(kind, format!("{what}: waited for {waiting}{host}; {last}{state}"))
    }
}

/// Writes what a terminal does not show as in source code; quotes stand for themselves.
fn as_written(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\'' | '"' => written.push(c),
            c => written.extend(c.escape_debug()),
        }
    }
    written
}

/// Writes a time with the digits that matter: `0.3 s`, `30 s`.
fn seconds(time: Duration) -> String {
    let digits = usize::from(time < Duration::from_secs(10));
    format!("{:.digits$} s", time.as_secs_f64())
}

fn cancelled() -> Failure {
    Failure::new(FailureKind::Cancelled, "interrupted while the device was answering")
}
