//! Who shows what happens: each reporter is a function of the event stream and knows nothing else.
//!
//! [`spawn`] gives the reporters a thread of their own, because they block (on a terminal that was stopped, on a pipe that
//! nobody reads) and the executor must never. For people there are [`Plain`] lines and, on a terminal, [`Progress`] bars
//! with the same lines scrolling above; for machines [`Jsonl`]. What the lines say is decided in `lines.rs`, what stands at
//! the end in `summary.rs`; counts and exit code come from [`Tally`].
//!
//! Adding a reporter: a file here with a type that implements [`Reporter`], its `pub use` below, and a choice in the
//! command line that makes one.

mod at_end;
mod by_host;
mod critical;
mod diff;
mod html;
mod jsonl;
mod junit;
mod lines;
mod look;
mod merge;
mod output;
mod plain;
mod progress;
mod stats;
mod summary;
mod tally;
mod text;
mod timeline;
mod trace;
mod waiting;

pub use at_end::AtEnd;
pub use by_host::{ByHost, HostAnswer, HostAnswers};
pub use critical::CriticalPath;
pub use html::html;
pub use jsonl::Jsonl;
pub use junit::junit;
pub use look::Look;
pub use merge::{Merge, Survey, disagreements, missing_shards};
pub use output::Output;
pub use plain::Plain;
pub use progress::Progress;
pub use tally::Tally;
pub use text::duration;
pub use timeline::Timeline;
pub use trace::Trace;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use crate::event::Event;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Shows events as they come.
pub trait Reporter: Send {
    /// Shows an event.
    fn handle(&mut self, event: &Event);

    /// Says that time has passed; for what moves by itself, and for writing what was held back a moment.
    fn tick(&mut self) {}

    /// Ends; no event comes after this.
    fn finish(&mut self);
}

/// How often reporters tick. Ten times a second looks alive, and drawing more often costs more than it shows.
const TICK: Duration = Duration::from_millis(100);

/// Starts a thread that owns the reporters and shows them every event that `next` gives. It ends when `next` says that no
/// more will come; join it before the process exits, or the last lines are lost.
pub fn spawn(
    mut reporters: Vec<Box<dyn Reporter>>,
    mut next_event: impl FnMut(Duration) -> Result<Arc<Event>, RecvTimeoutError> + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("report".into()).spawn(move || {
        let mut next = Instant::now() + TICK;
        loop {
            match next_event(next.saturating_duration_since(Instant::now())) {
                Ok(event) => reporters.iter_mut().for_each(|reporter| reporter.handle(&event)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let now = Instant::now();
            if now >= next {
                reporters.iter_mut().for_each(|reporter| reporter.tick());
                next = now + TICK;
            }
        }
        reporters.iter_mut().for_each(|reporter| reporter.finish());
    })
}
