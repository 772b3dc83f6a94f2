//! Plain lines, for when output is not a terminal.

use super::lines::Lines;
use super::waiting::waits_for;
use super::{Look, Output, Reporter};
use crate::event::{Event, TaskNumber, What};
use crate::redact::Clean;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long nothing is written before the reader is told whom the run waits for. The next time it is twice as long.
const SILENCE: Duration = Duration::from_secs(20);

/// Writes lines as they come.
pub struct Plain {
    lines: Lines,
    output: Output,
    is_quiet: bool,
    running: BTreeSet<(TaskNumber, Clean)>,
    written: Instant,
    silence: Duration,
}

impl Plain {
    /// Makes a reporter of lines.
    pub fn new(look: Look, output: Output) -> Plain {
        Plain {
            is_quiet: look.quiet,
            lines: Lines::new(look, false),
            output,
            running: BTreeSet::new(),
            written: Instant::now(),
            silence: SILENCE,
        }
    }

    /// Makes one that speaks after so much silence.
    #[cfg(test)]
    pub(super) fn patient(look: Look, output: Output, silence: Duration) -> Plain {
        Plain { silence, ..Plain::new(look, output) }
    }
}

impl Reporter for Plain {
    fn handle(&mut self, event: &Event) {
        match &event.what {
            What::StepStarted { task, host, .. } => {
                self.running.insert((*task, host.clone()));
            }
            What::StepRan { task, host } => {
                self.running.remove(&(*task, host.clone()));
            }
            What::StepDone(done) => {
                self.running.remove(&(done.task, done.host.clone()));
            }
            _ => {}
        }
        let text = self.lines.of(event);
        if !text.is_empty() {
            (self.written, self.silence) = (Instant::now(), SILENCE.min(self.silence));
        }
        self.output.write(&text);
    }

    fn tick(&mut self) {
        if self.is_quiet || self.running.is_empty() || self.written.elapsed() < self.silence {
            return;
        }
        let running = self.running.iter().map(|(task, host)| (*task, host));
        let text: String = waits_for(running, &self.lines).into_iter().map(|line| line + "\n").collect();
        self.output.write(&text);
        (self.written, self.silence) = (Instant::now(), self.silence * 2);
    }

    fn finish(&mut self) {}
}
