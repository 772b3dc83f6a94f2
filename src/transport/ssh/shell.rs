use super::handle::Handle;
use super::open::open;
use super::pipe::{End, Ending, Pty};
use crate::failure::{Failure, FailureKind};
use crate::module::Boxed;
use crate::transport::{Limits, Shared, Target, Wire};
use std::sync::PoisonError;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// Opens a login shell on a terminal, on a connection of its own. The limits are those of the opening.
pub async fn open_shell(target: &Target, shared: &Shared, limits: &Limits, pty: Pty) -> Result<Box<dyn Wire>, Failure> {
    opened(target, shared, limits, End::Shell(pty)).await
}

/// Opens a subsystem of the server, on a connection of its own. What it says as errors is left out.
pub(in crate::transport) async fn open_subsystem(
    target: &Target,
    shared: &Shared,
    limits: &Limits,
    name: &'static str,
) -> Result<Box<dyn Wire>, Failure> {
    opened(target, shared, limits, End::Subsystem(name)).await
}

async fn opened(target: &Target, shared: &Shared, limits: &Limits, end: End) -> Result<Box<dyn Wire>, Failure> {
    let handle = open(&target.ssh, shared, limits).await?;
    let pipe = handle.pipe(end, limits).await.map_err(|closed| closed.failure)?;
    let stream = pipe.stream;
    let stream = stream
        .set_nonblocking(true)
        .and_then(|()| UnixStream::from_std(stream))
        .map_err(|error| Failure::new(FailureKind::Internal, format!("cannot wait for a socket: {error}")))?;
    Ok(Box::new(Shell { handle, stream, ending: pipe.ending }))
}

struct Shell {
    handle: Handle,
    stream: UnixStream,
    ending: Ending,
}

impl Shell {
    fn end(&self) -> Option<Failure> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Wire for Shell {
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(async move {
            let sent = self.stream.write_all(bytes).await;
            sent.map_err(|_| {
                self.end().unwrap_or_else(|| {
                    Failure::new(FailureKind::Unreachable, format!("`{}` has ended the session", self.handle.label))
                })
            })
        })
    }

    fn receive(&mut self) -> Boxed<'_, Result<Vec<u8>, Failure>> {
        Box::pin(async move {
            let mut bytes = vec![0; 16 * 1024];
            // An error of the socket pair is its end as well.
            let read = self.stream.read(&mut bytes).await.unwrap_or(0);
            bytes.truncate(read);
            match bytes.is_empty().then(|| self.end()).flatten() {
                Some(failure) => Err(failure),
                None => Ok(bytes),
            }
        })
    }

    fn close(&mut self) -> Boxed<'_, ()> {
        Box::pin(async move {
            // The worker reads the end of the socket and closes the channel; then the connection goes.
            let _ = self.stream.shutdown().await;
            self.handle.close().await;
        })
    }
}
