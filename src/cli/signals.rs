//! Ctrl-C and SIGTERM: the first drains, the second cuts, the third ends the process.

use super::{Exit, say_error};
use crate::event::What;
use crate::executor::{Interrupt, Publisher};
use crate::halt;
use std::sync::mpsc;
use std::thread::JoinHandle;
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

/// What signals do to a run.
pub(super) struct Heard {
    pub(super) interrupt: Interrupt,
    pub(super) cut: CancellationToken,
    pub(super) publisher: Publisher,
}

/// Who listens to signals. It has a thread of its own: those of the event loop may be in the middle of long templates.
pub(super) struct Watch {
    begin: mpsc::Sender<Heard>,
    over: CancellationToken,
    thread: JoinHandle<()>,
}

impl Watch {
    /// Begins to listen; what comes waits until [`Watch::begin`] says what it does.
    pub(super) fn new() -> std::io::Result<Watch> {
        let (begin, heard) = mpsc::channel();
        let (made, is_made) = mpsc::channel();
        let over = CancellationToken::new();
        let end = over.clone();
        let thread = std::thread::Builder::new().name("signals".into()).spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_io().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(made.send(Err(error))),
            };
            let listening = {
                let _inside = runtime.enter();
                Signals::new()
            };
            let signals = match listening {
                Ok(signals) => signals,
                Err(error) => return drop(made.send(Err(error))),
            };
            // The other side waits for it.
            let _ = made.send(Ok(()));
            let Ok(heard) = heard.recv() else { return };
            runtime.block_on(async {
                tokio::select! {
                    () = end.cancelled() => {}
                    () = watch(signals, &heard) => {}
                }
            });
        })?;
        match is_made.recv() {
            Ok(Ok(())) => Ok(Watch { begin, over, thread }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(std::io::Error::other("the thread for them has ended")),
        }
    }

    /// Has signals do to a run what they do.
    pub(super) fn begin(&self, heard: Heard) {
        // The thread waits for it.
        let _ = self.begin.send(heard);
    }

    /// Ends it: nothing is said of a signal any more.
    pub(super) fn end(self) {
        drop(self.begin);
        self.over.cancel();
        // It has nothing left to do.
        let _ = self.thread.join();
    }
}

async fn watch(mut signals: Signals, heard: &Heard) {
    for count in 1.. {
        signals.next().await;
        match count {
            1 => {
                heard.publisher.publish(What::Interrupted { how: "drain".into() });
                heard.interrupt.drain.cancel();
            }
            2 => {
                heard.publisher.publish(What::Interrupted { how: "cut".into() });
                heard.interrupt.drain.cancel();
                heard.cut.cancel();
                halt::halt();
            }
            _ => {
                say_error("netplay: ended at once\n");
                std::process::exit(i32::from(Exit::Interrupted.code()));
            }
        }
    }
}
