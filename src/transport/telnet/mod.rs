//! Telnet (RFC 854): the way to devices that have no SSH. Nothing is encrypted, so it is used only where a host says so.
//!
//! [`open`] connects; logging in is the session's business (`shell/login.rs`), since Telnet knows no users. What the two
//! sides agree on is in `negotiation.rs`.

mod negotiation;
#[cfg(test)]
mod tests;

pub use negotiation::Negotiation;

use super::{Limits, Target, Wire};
use crate::failure::{Failure, FailureKind};
use crate::module::Boxed;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The port when nobody says.
const PORT: u16 = 23;

/// How long closing waits for the other side to take what is left.
const GRACE: Duration = Duration::from_secs(1);

/// Connects to a host.
///
/// # Errors
/// Of kind unreachable when it cannot be reached in time, of kind argument when the target cannot be met.
pub async fn open(target: &Target, limits: &Limits) -> Result<Box<dyn Wire>, Failure> {
    let address = &target.ssh.address;
    if target.ssh.jump.as_ref().is_some_and(|hops| !hops.is_empty()) || target.ssh.proxy_command.is_some() {
        let message = format!("`{}` is reached by Telnet, which goes through no jump host", target.host);
        return Err(Failure::new(FailureKind::Argument, message).help("forward a port over SSH, and connect to that"));
    }
    let port = target.ssh.port.unwrap_or(PORT);
    let unreachable = |why: String| {
        Failure::new(FailureKind::Unreachable, format!("cannot connect to {address}:{port} by Telnet: {why}"))
    };
    let timeout = target.ssh.connect_timeout;
    let stream = tokio::select! {
        stream = TcpStream::connect((address.as_str(), port)) => stream.map_err(|error| unreachable(plainly(&error)))?,
        () = tokio::time::sleep(timeout) => return Err(unreachable(format!("no answer within {} s", timeout.as_secs_f32()))),
        () = limits.cancel.cancelled() => {
            return Err(Failure::new(FailureKind::Cancelled, format!("interrupted on `{}`", target.host)));
        }
    };
    // What is typed is short and waited for.
    stream.set_nodelay(true).map_err(|error| unreachable(plainly(&error)))?;
    let negotiation = Negotiation::new(target.terminal.width, target.terminal.length);
    Ok(Box::new(Telnet { stream, negotiation, unsent: Vec::new() }))
}

fn plainly(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".into(),
        _ => error.to_string().to_lowercase(),
    }
}

struct Telnet {
    stream: TcpStream,
    negotiation: Negotiation,
    /// Answers to the other side that it has not taken yet.
    unsent: Vec<u8>,
}

impl Telnet {
    /// Writes what is left of answers. May be dropped in its midst: what was written is taken off at once.
    async fn answer(&mut self) -> std::io::Result<()> {
        while !self.unsent.is_empty() {
            let written = self.stream.write(&self.unsent).await?;
            self.unsent.drain(..written);
        }
        Ok(())
    }
}

fn lost(error: &std::io::Error) -> Failure {
    Failure::new(FailureKind::Unreachable, format!("lost the Telnet connection: {}", plainly(error)))
}

impl Wire for Telnet {
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.answer().await.map_err(|error| lost(&error))?;
            self.stream.write_all(&negotiation::typed(bytes)).await.map_err(|error| lost(&error))
        })
    }

    fn receive(&mut self) -> Boxed<'_, Result<Vec<u8>, Failure>> {
        Box::pin(async move {
            let mut bytes = vec![0; 16 * 1024];
            loop {
                self.answer().await.map_err(|error| lost(&error))?;
                let read = self.stream.read(&mut bytes).await.map_err(|error| lost(&error))?;
                if read == 0 {
                    return Ok(Vec::new());
                }
                let heard = self.negotiation.hear(&bytes[..read]);
                self.unsent.extend(heard.answer);
                // An answer that cannot be written at once is written before the next read.
                if !self.unsent.is_empty()
                    && let Ok(written) = self.stream.try_write(&self.unsent)
                {
                    self.unsent.drain(..written);
                }
                if !heard.data.is_empty() {
                    return Ok(heard.data);
                }
            }
        })
    }

    fn close(&mut self) -> Boxed<'_, ()> {
        Box::pin(async move {
            // It goes either way.
            let _ = tokio::time::timeout(GRACE, self.stream.shutdown()).await;
        })
    }
}
