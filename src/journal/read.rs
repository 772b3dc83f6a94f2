//! Events read back from a file, line by line.

use crate::event::Event;
use serde::Deserialize;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// The longest line that is read: the recap of a hundred thousand hosts, or a device's whole answer, are far shorter.
const LONGEST_LINE_BYTES: u64 = 256 << 20;

/// The events of a file in their order. What a later version of netplay has added is passed over.
pub struct EventFile {
    reader: Box<dyn BufRead + Send>,
    line: Vec<u8>,
    number: usize,
    ended: bool,
}

/// Why there are no more events.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The file ends in the middle of a line, as when the machine lost its power.
    #[error("line {0} has no end")]
    Torn(usize),
    /// A line is no event.
    #[error("line {line} is no event: {why}")]
    Rubbish {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl EventFile {
    /// Opens a file.
    pub fn open(path: &Path) -> io::Result<EventFile> {
        Ok(EventFile::of(BufReader::new(File::open(path)?)))
    }

    /// Reads events from anything.
    pub fn of(reader: impl BufRead + Send + 'static) -> EventFile {
        EventFile { reader: Box::new(reader), line: Vec::new(), number: 0, ended: false }
    }

    /// Reads from somewhere in a file that is still being written.
    pub(super) fn at(file: File, offset: u64) -> EventFile {
        EventFile::of(BufReader::new(From { file, offset }))
    }

    fn read(&mut self) -> Result<Option<Event>, Unreadable> {
        loop {
            self.line.clear();
            let read = self.reader.by_ref().take(LONGEST_LINE_BYTES).read_until(b'\n', &mut self.line)?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.line.last() != Some(&b'\n') {
                return Err(Unreadable::Torn(self.number));
            }
            if self.line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice(&self.line) {
                Ok(event) => return Ok(Some(event)),
                Err(_) if is_of_a_later_version(&self.line) => {}
                Err(error) => return Err(Unreadable::Rubbish { line: self.number, why: error.to_string() }),
            }
        }
    }
}

impl Iterator for EventFile {
    type Item = Result<Event, Unreadable>;

    fn next(&mut self) -> Option<Result<Event, Unreadable>> {
        if self.ended {
            return None;
        }
        let next = self.read().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// A file from somewhere on. It has a position of its own, which the handle's is not: that is the writer's.
struct From {
    file: File,
    offset: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

/// Claims that a line is an event of a kind that is not known here.
fn is_of_a_later_version(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "t_ms")]
        _t_ms: u64,
        event: String,
    }
    let known = [
        "run_started",
        "play_started",
        "steps_added",
        "steps_passed",
        "task_started",
        "step_started",
        "item_done",
        "retry",
        "step_done",
        "warning",
        "play_ended",
        "interrupted",
        "run_ended",
    ];
    serde_json::from_slice::<Named>(line).is_ok_and(|named| !known.contains(&named.event.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::What;
    use std::io::Cursor;

    fn read(text: &str) -> Vec<Result<Event, Unreadable>> {
        EventFile::of(Cursor::new(text.to_owned())).collect()
    }

    #[test]
    fn lines_become_events_and_later_kinds_are_passed_over() {
        let text = "{\"t_ms\":1,\"event\":\"steps_added\",\"steps\":2,\"later\":[]}\n\n\
                    {\"t_ms\":2,\"event\":\"moon_landing\",\"craft\":11}\n\
                    {\"t_ms\":3,\"event\":\"play_ended\",\"play\":\"p\",\"number\":1}\n";
        let events: Vec<Event> = read(text).into_iter().map(|event| event.expect("an event")).collect();
        assert_eq!(events.len(), 2);
        assert!(matches!(events[0].what, What::StepsAdded { steps: 2 }));
        assert!(matches!(&events[1].what, What::PlayEnded { play, .. } if play.as_str() == "p"));
    }

    #[test]
    fn rubbish_and_torn_lines_are_named_and_end_it() {
        let good = "{\"t_ms\":1,\"event\":\"steps_added\",\"steps\":2}\n";
        let found = read(&format!("{good}{{\"t_ms\":2,\"event\":\"steps_added\"}}\n{good}"));
        assert!(matches!(&found[..], [Ok(_), Err(Unreadable::Rubbish { line: 2, .. })]), "{found:?}");
        let found = read(&format!("{good}{{\"t_ms\":2,\"ev"));
        assert!(matches!(&found[..], [Ok(_), Err(Unreadable::Torn(2))]), "{found:?}");
        let found = read("PK\u{3}\u{4}\n");
        assert!(matches!(&found[..], [Err(Unreadable::Rubbish { line: 1, .. })]), "{found:?}");
        assert!(read("").is_empty());
    }
}
