//! `--step`: the questions on the terminal.

use super::records::Records;
use crate::cli::ask;
use crate::executor::{Answer, Stepper};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a question waits for the lines before it. What is not read by then is read later.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it looks whether they are there.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Returns who asks whether tasks run: below the results so far. Without an answer, at the end of the input, nothing more
/// runs.
pub(super) fn stepper(records: &Records) -> Stepper {
    let is_shown = records.is_shown();
    Stepper::new(Arc::new(move |question| {
        let since = Instant::now();
        while !is_shown() && since.elapsed() < PATIENCE {
            std::thread::sleep(LOOK_EVERY);
        }
        match ask::text(question) {
            Ok(answer) => meant(&answer),
            Err(_) => Answer::No,
        }
    }))
}

/// Returns what a word means; what is no yes is a no, as in Ansible.
fn meant(answer: &str) -> Answer {
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Answer::Yes,
        "c" | "continue" => Answer::Continue,
        _ => Answer::No,
    }
}
