//! The thread that writes events down.

use super::feed::{Feed, Waiting, warning};
use super::read::EventFile;
use crate::event::Event;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};

/// Where events are written.
struct Journal {
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
    while let Some(mut state) = feed.wait_to_write() {
        let file = state.file.take();
        let batch = state.write.take();
        drop(state);
        if let Some(file) = file {
            journal = Some(Journal::new(file));
        }
        let written = write(&mut journal, &batch);
        let mut state = feed.lock();
        state.write.done(&batch);
        let lost = std::mem::take(&mut state.lost);
        let written = written.and_then(|back| {
            let Some(behind) = &mut state.behind else { return Ok(()) };
            behind.written += back.count;
            if let Some(file) = back.file {
                behind.file = Some(file);
            }
            Ok(())
        });
        let told = match (&mut journal, lost) {
            (Some(journal), 1..) => {
                let t_ms = batch.back().map_or(0, |last| last.event.t_ms);
                let gap = warning(t_ms, format!("{lost} events are missing here: the disk was too slow"));
                // Few bytes, where much was just written: this does not wait for long.
                let told = journal.add(&gap).and_then(|()| journal.flush());
                if let (Ok(()), Some(behind)) = (&told, &mut state.behind) {
                    behind.sent += 1;
                    behind.written += 1;
                }
                told
            }
            _ => Ok(()),
        };
        if let Err(error) = written.and(told) {
            state.fail(&error);
        }
        drop(state);
        feed.wake_reporters();
    }
}

/// What of a batch is there to be read back.
#[derive(Default)]
struct Back {
    /// How many events.
    count: u64,
    /// The file at the first of them, when it was in this batch that reporters fell behind.
    file: Option<EventFile>,
}

fn write(journal: &mut Option<Journal>, batch: &VecDeque<Waiting>) -> io::Result<Back> {
    let journal = match journal {
        Some(journal) => journal,
        None => journal.insert(Journal::new(tempfile::tempfile()?)),
    };
    let mut back = Back::default();
    for waiting in batch {
        if waiting.first_behind {
            back = Back { count: 0, file: Some(EventFile::at(journal.file.try_clone()?, journal.position())) };
        }
        back.count += 1;
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
