//! Ctrl-C and SIGTERM: the first drains, the second cuts, the third ends the process.

use super::{Exit, say_error};
use crate::event::What;
use crate::executor::{Interrupt, Publisher};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Watches for signals until the run is over.
pub(super) async fn watch(interrupt: Interrupt, cut: CancellationToken, publisher: Publisher) {
    let (Ok(mut interrupts), Ok(mut terminations)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    for count in 1.. {
        tokio::select! {
            _ = interrupts.recv() => {}
            _ = terminations.recv() => {}
        }
        match count {
            1 => {
                publisher.publish(What::Interrupted { how: "drain" });
                interrupt.drain.cancel();
            }
            2 => {
                publisher.publish(What::Interrupted { how: "cut" });
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
