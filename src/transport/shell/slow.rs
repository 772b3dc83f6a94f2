//! Typing at the rate that a slow device or console line takes.

use crate::failure::Failure;
use crate::module::Boxed;
use crate::transport::Wire;
use std::time::Duration;

/// A wire on which every character is typed by itself.
pub(in crate::transport) struct Slow {
    pub(in crate::transport) wire: Box<dyn Wire>,
    /// Between two characters.
    pub(in crate::transport) pause: Duration,
}

impl Wire for Slow {
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(async move {
            let mut parts = bytes.chunks(1).peekable();
            while let Some(part) = parts.next() {
                self.wire.send(part).await?;
                if parts.peek().is_some() {
                    tokio::time::sleep(self.pause).await;
                }
            }
            Ok(())
        })
    }

    fn receive(&mut self) -> Boxed<'_, Result<Vec<u8>, Failure>> {
        self.wire.receive()
    }

    fn close(&mut self) -> Boxed<'_, ()> {
        self.wire.close()
    }
}
