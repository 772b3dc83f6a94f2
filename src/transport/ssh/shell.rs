use super::handle::Handle;
use super::open::open;
use super::pipe::{End, Ending, Pty};
use crate::failure::{Failure, FailureKind};
use crate::module::Boxed;
use crate::transport::sys::watched;
use crate::transport::{Limits, Shared, Target, Wire};
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::PoisonError;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

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
        .and_then(|()| watched(stream, Interest::READABLE))
        .map_err(|error| Failure::new(FailureKind::Internal, format!("cannot wait for a socket: {error}")))?;
    Ok(Box::new(Shell { handle, stream, ending: pipe.ending }))
}

/// How many bytes are read at once.
const MOST_AT_ONCE: usize = 16 * 1024;

struct Shell {
    handle: Handle,
    /// Waited for only when it is to be read: each taking of our bytes by the other side would wake us too.
    stream: AsyncFd<UnixStream>,
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
            let sent = write_all(self.stream.get_ref(), bytes).await;
            sent.map_err(|_| {
                self.end().unwrap_or_else(|| {
                    Failure::new(FailureKind::Unreachable, format!("`{}` has ended the session", self.handle.label))
                })
            })
        })
    }

    fn receive(&mut self) -> Boxed<'_, Result<Vec<u8>, Failure>> {
        Box::pin(async move {
            // An error of the socket pair is its end as well.
            let bytes = read(&self.stream).await.unwrap_or_default();
            match bytes.is_empty().then(|| self.end()).flatten() {
                Some(failure) => Err(failure),
                None => Ok(bytes),
            }
        })
    }

    fn close(&mut self) -> Boxed<'_, ()> {
        Box::pin(async move {
            // The worker reads the end of the socket and closes the channel; then the connection goes.
            let _ = self.stream.get_ref().shutdown(Shutdown::Write);
            self.handle.close().await;
        })
    }
}

/// Returns what is there to read, once there is something; nothing at the end. Who waits takes no memory for it.
async fn read(stream: &AsyncFd<UnixStream>) -> io::Result<Vec<u8>> {
    loop {
        let mut ready = stream.readable().await?;
        let mut bytes = vec![0; MOST_AT_ONCE];
        match stream.get_ref().read(&mut bytes) {
            Ok(count) => {
                // It has no more: the next bytes are an event of their own.
                if count < bytes.len() {
                    ready.clear_ready();
                }
                bytes.truncate(count);
                return Ok(bytes);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Writes all; what is typed to a device nearly always fits at once.
async fn write_all(stream: &UnixStream, bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    let mut waited: Option<AsyncFd<UnixStream>> = None;
    while !rest.is_empty() {
        let written = match &waited {
            None => (&*stream).write(rest),
            Some(stream) => stream.async_io(Interest::WRITABLE, |mut stream| stream.write(rest)).await,
        };
        match written {
            Ok(count) => rest = &rest[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                waited = Some(watched(stream.try_clone()?, Interest::WRITABLE)?);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_than_a_socket_holds_arrives_whole_and_ends() {
        let (here, there) = UnixStream::pair().unwrap();
        here.set_nonblocking(true).unwrap();
        there.set_nonblocking(true).unwrap();
        let (here, there) = (watched(here, Interest::READABLE).unwrap(), watched(there, Interest::READABLE).unwrap());
        let sent: Vec<u8> = (0..4_000_000_u32).map(|number| (number % 251) as u8).collect();
        let sending = async {
            write_all(here.get_ref(), &sent).await.unwrap();
            here.get_ref().shutdown(Shutdown::Write).unwrap();
        };
        let receiving = async {
            let mut received = Vec::new();
            loop {
                match read(&there).await.unwrap() {
                    some if some.is_empty() => return received,
                    some => received.extend(some),
                }
            }
        };
        let ((), received) = tokio::join!(sending, receiving);
        assert!(received == sent, "{} bytes", received.len());
    }
}
