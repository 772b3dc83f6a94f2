//! What was said, as lines of a log: pure text, no file.

use crate::redact::{Clean, MASK, Redactor};
use std::fmt::Write as _;
use std::sync::Arc;

/// A line that does not end is written in parts of so many bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Makes lines of what is said.
pub(super) struct Record {
    redactor: Arc<Redactor>,
    /// What came and is not written yet: a line without its end.
    open: Vec<u8>,
}

impl Record {
    pub(super) fn new(redactor: Arc<Redactor>) -> Record {
        Record { redactor, open: Vec::new() }
    }

    /// Takes what is typed.
    pub(super) fn typed(&mut self, bytes: &[u8]) -> String {
        // What came before stands before it.
        let mut lines = self.write_open(false);
        self.write('>', bytes, &mut lines);
        lines
    }

    /// Takes what came.
    pub(super) fn came(&mut self, bytes: &[u8]) -> String {
        self.open.extend_from_slice(bytes);
        let mut lines = String::new();
        if let Some(at) = self.open.iter().rposition(|byte| *byte == b'\n') {
            let rest = self.open.split_off(at + 1);
            let whole = std::mem::replace(&mut self.open, rest);
            self.write('<', &whole, &mut lines);
        }
        if self.open.len() >= MOST_BYTES {
            lines.push_str(&self.write_open(false));
        }
        lines
    }

    /// Takes the end of the session.
    pub(super) fn end(&mut self) -> String {
        self.write_open(true)
    }

    /// Writes the line that has not ended, but for what may be the beginning of a secret.
    fn write_open(&mut self, is_end: bool) -> String {
        let mut open = std::mem::take(&mut self.open);
        let tail = self.redactor.secret_begun(&open);
        let held = open.split_off(open.len() - tail);
        let mut lines = String::new();
        self.write('<', &open, &mut lines);
        match is_end {
            // The beginning of a secret is one too.
            true if !held.is_empty() => line('<', MASK, &mut lines),
            _ => self.open = held,
        }
        lines
    }

    fn write(&self, direction: char, bytes: &[u8], lines: &mut String) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let mut shown = String::new();
            for chunk in part.utf8_chunks() {
                let clean: Clean = self.redactor.clean_text(chunk.valid());
                escape(clean.as_str(), &mut shown);
                for byte in chunk.invalid() {
                    // Writing to a `String` cannot fail.
                    let _ = write!(shown, "\\x{byte:02x}");
                }
            }
            line(direction, &shown, lines);
        }
    }
}

fn line(direction: char, shown: &str, lines: &mut String) {
    let _ = writeln!(lines, "{:.3} {direction} {shown}", jiff::Timestamp::now());
}

/// Writes what a terminal does not show as in source code.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
}
