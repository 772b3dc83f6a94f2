//! What a run leaves on disk: its events, one a line, written as they happen.
//!
//! [`Runs`] is the folder in which each run has a folder of its own; [`EventFile`] reads events back. During a run all
//! events go through a [`Feed`]:
//!
//! ```text
//!             ┌──▶ waiting to be shown ───▶ reporters
//! events ──▶ feed        ▲ read back, when reporters are behind
//!             └──▶ waiting to be written ──▶ file
//! ```
//!
//! Neither a slow disk nor a slow reader of the output ever makes the run wait, and neither makes memory grow without bound:
//! reporters that fall behind read what they missed from the file, and a disk that falls behind leaves a gap of which the
//! file tells. The file survives the end of the process by any signal up to the last event; it is not forced to the disk,
//! so it may lose its end when the power fails.

mod feed;
mod read;
mod runs;
mod weight;
mod writer;

pub use feed::Feed;
pub use read::{EventFile, Unreadable};
pub use runs::{End, Run, RunFolder, Runs, default_folder};

/// The name of the file of events in a run's folder.
pub const EVENTS: &str = "events.jsonl";
