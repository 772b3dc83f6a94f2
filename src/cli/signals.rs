//! Ctrl-C and SIGTERM: the first drains, the second cuts, the third ends the process.

use super::{Exit, say_error};
use crate::event::What;
use crate::executor::{Interrupt, Publisher};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signals that a run hears. One that comes before they are made ends the process as if nobody listened: make them
/// before the first step, not in the task that waits for them.
pub(super) struct Signals {
    interrupts: Signal,
    terminations: Signal,
}

impl Signals {
    /// Begins to listen. Must be called within a tokio runtime.
    pub(super) fn new() -> std::io::Result<Signals> {
        Ok(Signals { interrupts: signal(SignalKind::interrupt())?, terminations: signal(SignalKind::terminate())? })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupts.recv() => {}
            _ = self.terminations.recv() => {}
        }
    }
}

/// Watches for signals until the run is over.
pub(super) async fn watch(mut signals: Signals, interrupt: Interrupt, cut: CancellationToken, publisher: Publisher) {
    for count in 1.. {
        signals.next().await;
        match count {
            1 => {
                publisher.publish(What::Interrupted { how: "drain".into() });
                interrupt.drain.cancel();
            }
            2 => {
                publisher.publish(What::Interrupted { how: "cut".into() });
                interrupt.drain.cancel();
                cut.cancel();
            }
            _ => {
                say_error("netplay: ended at once\n");
                std::process::exit(i32::from(Exit::Interrupted.code()));
            }
        }
    }
}
