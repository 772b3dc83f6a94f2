//! Plain lines, for when output is not a terminal.

use super::lines::Lines;
use super::{Look, Output, Reporter};
use crate::event::Event;

/// Writes lines as they come.
pub struct Plain {
    lines: Lines,
    output: Output,
}

impl Plain {
    /// Makes a reporter of lines.
    pub fn new(look: Look, output: Output) -> Plain {
        Plain { lines: Lines::new(look, false), output }
    }
}

impl Reporter for Plain {
    fn handle(&mut self, event: &Event) {
        let text = self.lines.of(event);
        self.output.write(&text);
    }

    fn finish(&mut self) {}
}
