//! Reports that can be written only when a run is over.

use super::Reporter;
use super::timeline::Timeline;
use crate::event::Event;

/// Gathers a run and hands it over at its end.
pub struct AtEnd {
    timeline: Timeline,
    write: Option<Write>,
}

/// Writes a report.
type Write = Box<dyn FnOnce(&Timeline) + Send>;

impl AtEnd {
    /// Makes a reporter that calls `write` once, when no more events come.
    pub fn new(write: impl FnOnce(&Timeline) + Send + 'static) -> AtEnd {
        AtEnd { timeline: Timeline::default(), write: Some(Box::new(write)) }
    }
}

impl Reporter for AtEnd {
    fn handle(&mut self, event: &Event) {
        self.timeline.add(event);
    }

    fn finish(&mut self) {
        if let Some(write) = self.write.take() {
            write(&self.timeline);
        }
    }
}
