//! The thread that writes events down.

use super::feed::{Feed, Waiting, warning};
use super::read::EventFile;
use crate::event::Event;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::atomic::Ordering;

/// Where events are written.
pub(super) struct Journal {
    file: File,
    /// Where the next event goes.
    offset: u64,
    buffer: Vec<u8>,
}

/// How much is written at once, at most.
const BUFFER_BYTES: usize = 1 << 20;

/// Writes what waits until no more comes.
pub(super) fn run(feed: &Feed) {
    let mut journal: Option<Journal> = None;
    let mut t_ms = 0;
    while let Some(mut state) = feed.wait_to_write() {
        let file = state.file.take();
        let batch = state.write.take();
        // Reporters may fall behind while this is being written; none of it is what they miss then.
        let is_behind = state.behind.is_some();
        drop(state);
        if let Some(file) = file {
            journal = Some(Journal::new(file));
        }
        // Nobody is kept waiting by the disk: the lock is free meanwhile.
        let written = write(&mut journal, &batch, is_behind);
        t_ms = batch.back().map_or(t_ms, |last| last.event.t_ms);
        let mut state = feed.lock();
        state.write.done(&batch);
        if let Some(journal) = &journal {
            feed.written_bytes.store(journal.offset, Ordering::Relaxed);
        }
        match (written, &mut state.behind) {
            (Ok(back), Some(behind)) => {
                behind.sent += back.gaps;
                behind.written += back.count + back.gaps;
                if let Some(file) = back.file {
                    behind.file = Some(file);
                }
            }
            (Ok(_), None) => {}
            (Err(error), _) => state.fail(&error),
        }
        drop(state);
        feed.wake_reporters();
    }
    let missing = feed.lock().lost;
    if let (Some(journal), 1..) = (&mut journal, missing) {
        // If not even that can be written, there is nobody left to tell.
        let _ = journal.add(&gap(t_ms, missing)).and_then(|()| journal.flush());
    }
}

fn gap(t_ms: u64, missing: u64) -> Event {
    warning(t_ms, format!("{missing} events are missing here: the disk was too slow"))
}

/// What of a batch is there to be read back: all of it, or what comes after reporters fell behind.
#[derive(Default)]
pub(super) struct Back {
    /// How many events.
    pub(super) count: u64,
    /// How many lines about missing ones.
    gaps: u64,
    /// The file at the first of them, when it was in this batch that reporters fell behind.
    file: Option<EventFile>,
}

pub(super) fn write(journal: &mut Option<Journal>, batch: &VecDeque<Waiting>, is_behind: bool) -> io::Result<Back> {
    let journal = match journal {
        Some(journal) => journal,
        None => journal.insert(Journal::new(tempfile::tempfile()?)),
    };
    let mut back = Back::default();
    let mut counts = is_behind && !batch.iter().any(|waiting| waiting.first_behind);
    for waiting in batch {
        if waiting.missing_before > 0 {
            journal.add(&gap(waiting.event.t_ms, waiting.missing_before))?;
            back.gaps += u64::from(counts);
        }
        if waiting.first_behind {
            counts = true;
            back = Back { count: 0, gaps: 0, file: Some(EventFile::at(journal.file.try_clone()?, journal.position())) };
        }
        back.count += u64::from(counts);
        journal.add(&waiting.event)?;
    }
    journal.flush()?;
    Ok(back)
}

impl Journal {
    fn new(file: File) -> Journal {
        Journal { file, offset: 0, buffer: Vec::new() }
    }

    /// Returns where the next event will be.
    fn position(&self) -> u64 {
        self.offset + self.buffer.len() as u64
    }

    fn add(&mut self, event: &Event) -> io::Result<()> {
        serde_json::to_writer(&mut self.buffer, event)?;
        self.buffer.push(b'\n');
        if self.buffer.len() > BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.file.write_all(&self.buffer);
        self.offset += self.buffer.len() as u64;
        self.buffer.clear();
        written
    }
}
