//! Plain lines, for when output is not a terminal.

use super::lines::Lines;
use super::text::printable;
use super::{Look, Output, Reporter};
use crate::event::{Event, TaskNumber, What};
use crate::redact::Clean;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long nothing is written before the reader is told whom the run waits for. The next time it is twice as long.
const SILENCE: Duration = Duration::from_secs(20);

/// How many hosts are named.
const MOST_HOSTS: usize = 5;

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

    /// Returns whom the run waits for: the hosts at work, by task.
    fn waits_for(&self) -> String {
        let mut out = String::new();
        let mut rest: Vec<&(TaskNumber, Clean)> = self.running.iter().collect();
        while let Some((task, _)) = rest.first().copied() {
            let (of_task, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(other, _)| other == task);
            let names: Vec<&str> = of_task.iter().take(MOST_HOSTS).map(|(_, host)| host.as_str()).collect();
            let more = of_task.len().saturating_sub(MOST_HOSTS);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let name = printable(self.lines.task_name(*task));
            out.push_str(&format!("waiting for {}{more} (task {name})\n", printable(&names.join(", "))));
            rest = others;
        }
        out
    }
}

impl Reporter for Plain {
    fn handle(&mut self, event: &Event) {
        match &event.what {
            What::StepStarted { task, host, .. } => {
                self.running.insert((*task, host.clone()));
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
        let text = self.waits_for();
        self.output.write(&text);
        (self.written, self.silence) = (Instant::now(), self.silence * 2);
    }

    fn finish(&mut self) {}
}
