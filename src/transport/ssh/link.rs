use super::login::Refusal;
use super::open::is_exhausted;
use super::watch::Watch;
use crate::failure::{Failure, FailureKind};
use crate::transport::sys::{interest, poll, start_connect};
use std::io;
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::linux::net::TcpStreamExt as _;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// How the bytes of a session get to the server.
#[derive(Debug)]
pub(super) enum Path {
    /// TCP to a name or address.
    Tcp { host: String, port: u16 },
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
    /// Opens the way. Blocks its thread for name lookup only; the rest ends with the watch.
    pub(super) fn open(path: Path, watch: &Watch) -> Result<Link, Refusal> {
        let kind = match path {
            Path::Tcp { host, port } => Kind::Tcp(dial(&host, port, watch)?),
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

/// Connects to the first address that answers. Each gets an even share of the time that is left, so that one that
/// swallows packets does not use up that of the others.
fn dial(host: &str, port: u16, watch: &Watch) -> Result<TcpStream, Refusal> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<_> = (bare, port)
        .to_socket_addrs()
        .map_err(|error| {
            let failure = unreachable_because(&format!("cannot find the address of `{host}`"), &error);
            failure.help("check `ansible_host`, or the name service")
        })?
        .collect();
    let mut last = None;
    for (tried, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = Instant::now() + watch.time_left() / left;
        match dial_address(address, share, watch)? {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some((address, error)),
        }
    }
    let Some((address, error)) = last else {
        return Err(Failure::new(FailureKind::Unreachable, format!("`{host}` has no address")).into());
    };
    if error.kind() == io::ErrorKind::TimedOut {
        let message = format!("no answer from `{host}` ({address}) within {}", watch.allowed());
        return Err(Failure::new(FailureKind::Unreachable, message).into());
    }
    // What this machine lacks for now is worth another try.
    let is_busy = is_exhausted(&error);
    Err(Refusal { failure: unreachable_because(&format!("cannot connect to `{host}` ({address})"), &error), is_busy })
}

fn dial_address(
    address: &std::net::SocketAddr,
    until: Instant,
    watch: &Watch,
) -> Result<io::Result<TcpStream>, Failure> {
    let stream = match start_connect(address) {
        Ok(stream) => stream,
        Err(error) => return Ok(Err(error)),
    };
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Err(io::ErrorKind::TimedOut.into()));
        }
        let mut fds = [interest(stream.as_raw_fd(), libc::POLLOUT), interest(watch.fd(), libc::POLLIN)];
        if let Err(error) = poll(&mut fds, Some(left)) {
            return Ok(Err(error));
        }
        watch.check_cancelled()?;
        if fds[0].revents != 0 {
            break;
        }
    }
    Ok(match stream.take_error() {
        Ok(None) => {
            // Without it every command after the first waits 40 ms for an acknowledgement.
            stream.set_nodelay(true).map(|()| stream)
        }
        Ok(Some(error)) | Err(error) => Err(error),
    })
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

fn unreachable_because(what: &str, error: &io::Error) -> Failure {
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
