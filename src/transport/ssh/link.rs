use crate::failure::{Failure, FailureKind};
use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::linux::net::TcpStreamExt as _;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// How the bytes of a session get to the server.
#[derive(Debug)]
pub(super) enum Path {
    /// A TCP connection that stands.
    Tcp(TcpStream),
    /// A stream that somebody else pumps: a tunnel through a jump host.
    Stream(UnixStream),
    /// The standard input and output of a program (`ProxyCommand`).
    Program(String),
}

/// The open way to a server, non-blocking. Cloned handles share it; it is closed with the last.
#[derive(Clone, Debug)]
pub(super) struct Link(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    Tcp(TcpStream),
    Stream(UnixStream),
    Program(UnixStream, Mutex<Child>),
}

impl Link {
    /// Opens the way.
    pub(super) fn open(path: Path) -> Result<Link, Failure> {
        let kind = match path {
            Path::Tcp(stream) => Kind::Tcp(stream),
            Path::Stream(stream) => {
                stream.set_nonblocking(true).map_err(|error| unreachable_because("cannot use the tunnel", &error))?;
                Kind::Stream(stream)
            }
            Path::Program(command) => {
                let (stream, child) = spawn(&command)
                    .map_err(|error| unreachable_because(&format!("cannot run ProxyCommand `{command}`"), &error))?;
                Kind::Program(stream, Mutex::new(child))
            }
        };
        Ok(Link(Arc::new(kind)))
    }

    /// Asks the kernel to acknowledge at once for a while. sshd holds its answer to the first channel until what it
    /// sent before is acknowledged, and a delayed acknowledgement costs 40 ms.
    pub(super) fn acknowledge_at_once(&self) {
        if let Kind::Tcp(stream) = &*self.0 {
            // Only the speed depends on it.
            let _ = stream.set_quickack(true);
        }
    }

    /// Ends both directions; every call on the socket returns from now on.
    pub(super) fn shut_down(&self) {
        // An error means that it is down already.
        let _ = match &*self.0 {
            Kind::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Kind::Stream(stream) | Kind::Program(stream, _) => stream.shutdown(Shutdown::Both),
        };
    }
}

impl AsRawFd for Link {
    fn as_raw_fd(&self) -> RawFd {
        match &*self.0 {
            Kind::Tcp(stream) => stream.as_raw_fd(),
            Kind::Stream(stream) | Kind::Program(stream, _) => stream.as_raw_fd(),
        }
    }
}

impl Drop for Kind {
    fn drop(&mut self) {
        if let Kind::Program(stream, child) = self {
            let _ = stream.shutdown(Shutdown::Both);
            let child = child.get_mut().unwrap_or_else(PoisonError::into_inner);
            // It has lost its standard input; the kill is for programs that do not mind.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn spawn(command: &str) -> io::Result<(UnixStream, Child)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let input: OwnedFd = theirs.try_clone()?.into();
    let output: OwnedFd = theirs.into();
    let child = Command::new("/bin/sh")
        .args(["-c", &format!("exec {command}")])
        .stdin(Stdio::from(input))
        .stdout(Stdio::from(output))
        .stderr(Stdio::null())
        .spawn()?;
    Ok((ours, child))
}

/// Makes a failure of an error.
pub(super) fn unreachable_because(what: &str, error: &io::Error) -> Failure {
    Failure::new(FailureKind::Unreachable, format!("{what}: {}", plain(error)))
}

/// Returns an error's text without Rust's `(os error N)`.
pub(in crate::transport) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text.trim_start_matches("failed to lookup address information: ").to_lowercase(),
    }
}
