//! Where reporters write.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// A place to write to that may be closed by its reader (`netplay … | head`). From then on it swallows everything: the run
/// goes on, since half a change is worse than an unread line, and the command line asks [`Output::is_closed`] at the end.
#[derive(Clone)]
pub struct Output {
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    closed: Arc<AtomicBool>,
    taken_bytes: Arc<AtomicU64>,
}

/// The most that is written at once, so that a reader who takes little by little is seen to do so. What a pipe takes
/// whole or not at all.
const CHUNK_BYTES: usize = 4096;

impl Output {
    /// Returns the process's standard output.
    pub fn stdout() -> Output {
        Output::to(io::stdout())
    }

    /// Returns an output to anything.
    pub fn to(writer: impl Write + Send + 'static) -> Output {
        Output { writer: Arc::new(Mutex::new(Box::new(writer))), closed: Arc::default(), taken_bytes: Arc::default() }
    }

    /// Writes text and flushes it, so that who reads along sees it at once.
    pub fn write(&self, text: &str) {
        if text.is_empty() || self.is_closed() {
            return;
        }
        let mut writer = self.writer.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let written = text.as_bytes().chunks(CHUNK_BYTES).try_for_each(|chunk| {
            writer.write_all(chunk).and_then(|()| writer.flush())?;
            self.taken_bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            Ok::<(), io::Error>(())
        });
        // A full disk or a terminal that is gone is no different for us: nothing can be shown there any more.
        if written.is_err() {
            self.closed.store(true, Ordering::Relaxed);
        }
    }

    /// Returns how much the reader has taken so far.
    pub fn taken_bytes(&self) -> u64 {
        self.taken_bytes.load(Ordering::Relaxed)
    }

    /// Claims that the reader has gone, or that writing failed for another reason.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
impl Output {
    /// Returns an output into memory, and what was written there.
    pub(super) fn memory() -> (Output, Arc<Mutex<Vec<u8>>>) {
        let written = Arc::new(Mutex::new(Vec::new()));
        (Output::to(Memory(Arc::clone(&written))), written)
    }
}

#[cfg(test)]
struct Memory(Arc<Mutex<Vec<u8>>>);

#[cfg(test)]
impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_noted_and_not_written_to_again() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let output = Output::to(writer);
        output.write("seen\n");
        assert!(!output.is_closed());
        drop(reader);
        output.write("lost\n");
        output.write("lost too\n");
        assert!(output.is_closed() && output.clone().is_closed());
    }
}
