//! From what happened to events: the one place where text becomes clean and gets a time.

use crate::event::{Event, What};
use crate::redact::{Clean, Redactor};
use std::sync::Arc;
use std::time::Instant;

/// Publishes events. Cheap to clone.
#[derive(Clone)]
pub struct Publisher {
    redactor: Arc<Redactor>,
    started: Instant,
    send: Arc<dyn Fn(Event) + Send + Sync>,
}

impl Publisher {
    /// Makes a publisher that hands events to `send`, which must not block.
    pub fn new(redactor: Arc<Redactor>, send: Arc<dyn Fn(Event) + Send + Sync>) -> Publisher {
        Publisher { redactor, started: Instant::now(), send }
    }

    /// Publishes.
    pub fn publish(&self, what: What) {
        (self.send)(Event { t_ms: self.elapsed_ms(), what });
    }

    /// Tells the user something that has no place in what an author wrote.
    pub fn warn(&self, message: &str) {
        self.publish(What::Warning { message: self.clean(message), place: None });
    }

    /// Returns how long the run has been going on.
    pub fn elapsed_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    /// Returns what knows the secrets.
    pub fn redactor(&self) -> &Arc<Redactor> {
        &self.redactor
    }

    /// Returns text without secrets.
    pub fn clean(&self, text: impl AsRef<str>) -> Clean {
        self.redactor.clean_text(text)
    }
}
