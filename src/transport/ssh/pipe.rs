use super::job::Step;
use super::watch::AGAIN;
use crate::failure::{Failure, FailureKind};
use ssh2::Channel;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// The terminal of a shell.
#[derive(Clone, Debug)]
pub struct Pty {
    /// The kind of terminal: `vt100`.
    pub term: String,
    /// Its width in characters. Wide ones keep devices from folding long lines.
    pub cols: u32,
    /// Its height in lines.
    pub rows: u32,
}

/// What is at the other end.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// A port that the server connects to.
    Port { host: String, port: u16 },
    /// A login shell on a terminal.
    Shell(Pty),
    /// A subsystem of the server.
    Subsystem(&'static str),
}

/// Why a pipe was not opened.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) failure: Failure,
    /// The server may not forward, which says nothing about the port.
    pub(super) is_prohibited: bool,
}

/// Why a pipe ended, when that was not the other side's wish.
pub(super) type Ending = Arc<Mutex<Option<Failure>>>;

/// A channel whose bytes go to and from a socket here. Neither side is read faster than the other takes it.
pub(super) struct Pipe {
    pub(super) end: End,
    local: UnixStream,
    /// Bytes from the server for the socket, and from the socket for the server.
    inward: Flow,
    outward: Flow,
    phase: Phase,
    ready: Option<oneshot::Sender<Result<(), Closed>>>,
    ending: Ending,
}

#[derive(Default)]
struct Flow {
    bytes: Vec<u8>,
    done: usize,
    ended: bool,
}

impl Flow {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.done..]
    }

    fn fill(&mut self, bytes: &[u8]) {
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        self.done = 0;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Terminal,
    Shell,
    Flow,
    Close,
}

impl Pipe {
    pub(super) fn new(
        end: End,
        local: UnixStream,
        ready: oneshot::Sender<Result<(), Closed>>,
        ending: Ending,
    ) -> io::Result<Pipe> {
        local.set_nonblocking(true)?;
        let phase = match end {
            End::Shell(_) => Phase::Terminal,
            End::Subsystem(_) => Phase::Shell,
            End::Port { .. } => Phase::Flow,
        };
        let (inward, outward) = Default::default();
        Ok(Pipe { end, local, inward, outward, phase, ready: Some(ready), ending })
    }

    /// Ends it for a reason that its user gets to know.
    pub(super) fn fail(&mut self, failure: Failure, is_prohibited: bool) {
        match self.ready.take() {
            // A receiver that is gone has been cancelled.
            Some(ready) => drop(ready.send(Err(Closed { failure, is_prohibited }))),
            None => *self.ending.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure),
        }
    }

    /// Returns the socket here and what it is waited for.
    pub(super) fn interest(&self) -> (RawFd, i16) {
        let reading = if self.phase == Phase::Flow && self.outward.rest().is_empty() { libc::POLLIN } else { 0 };
        let writing = if self.inward.rest().is_empty() { 0 } else { libc::POLLOUT };
        (self.local.as_raw_fd(), reading | writing)
    }

    pub(super) fn drive(&mut self, channel: &mut Channel, scratch: &mut [u8]) -> Step {
        match self.phase {
            Phase::Terminal => {
                let End::Shell(pty) = &self.end else { return self.next(Phase::Flow) };
                let size = (pty.cols, pty.rows, 0, 0);
                let asked = channel.request_pty(&pty.term, None, Some(size));
                self.after(asked, Phase::Shell, "a terminal")
            }
            Phase::Shell => match self.end {
                End::Subsystem(name) => {
                    let asked = channel.subsystem(name);
                    self.after(asked, Phase::Flow, &format!("its `{name}` subsystem"))
                }
                _ => {
                    let asked = channel.shell();
                    self.after(asked, Phase::Flow, "a shell")
                }
            },
            Phase::Flow => self.flow(channel, scratch),
            Phase::Close => match channel.close() {
                Err(error) if error.code() == AGAIN => Step::Waits,
                _ => Step::Done,
            },
        }
    }

    fn next(&mut self, phase: Phase) -> Step {
        self.phase = phase;
        Step::Moved
    }

    fn after(&mut self, result: Result<(), ssh2::Error>, phase: Phase, what: &str) -> Step {
        match result {
            Ok(()) => self.next(phase),
            Err(error) if error.code() == AGAIN => Step::Waits,
            Err(error) if error.code() == ssh2::ErrorCode::Session(-22) => {
                self.fail(Failure::new(FailureKind::Command, format!("the server refused {what}")), false);
                self.next(Phase::Close)
            }
            Err(error) => Step::Lost(error.message().to_owned()),
        }
    }

    fn flow(&mut self, channel: &mut Channel, scratch: &mut [u8]) -> Step {
        if let Some(ready) = self.ready.take()
            && ready.send(Ok(())).is_err()
        {
            return self.next(Phase::Close);
        }
        let inward = match self.flow_inward(channel, scratch) {
            Ok(moved) => moved,
            Err(error) => return Step::Lost(error.to_string()),
        };
        let outward = self.flow_outward(channel, scratch);
        let told_all = self.inward.rest().is_empty();
        // Whoever ends first ends both: neither a login through a tunnel nor a terminal goes on half-open.
        if self.outward.ended || (self.inward.ended && told_all) {
            return self.next(Phase::Close);
        }
        if inward || outward { Step::Moved } else { Step::Waits }
    }

    fn flow_inward(&mut self, channel: &mut Channel, scratch: &mut [u8]) -> io::Result<bool> {
        let mut moved = false;
        loop {
            if !self.inward.rest().is_empty() {
                match (&self.local).write(self.inward.rest()) {
                    Ok(n) => self.inward.done += n,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        // The server's packets are taken in all the same (as many as the window allows), or the
                        // connection could do nothing else and would be waited for in vain.
                        return match channel.wait_eof() {
                            Err(error) if error.code() != AGAIN => Err(error.into()),
                            _ => Ok(moved),
                        };
                    }
                    Err(_) => self.outward.ended = true,
                }
                moved = true;
                if self.outward.ended {
                    return Ok(moved);
                }
                continue;
            }
            match read_from(channel, &self.end, scratch) {
                Ok(0) => {
                    self.inward.ended = channel.eof();
                    return Ok(moved);
                }
                Ok(n) => self.inward.fill(&scratch[..n]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(moved),
                Err(error) => return Err(error),
            }
        }
    }

    fn flow_outward(&mut self, channel: &mut Channel, scratch: &mut [u8]) -> bool {
        let mut moved = false;
        while !self.outward.ended {
            if self.outward.rest().is_empty() {
                match (&self.local).read(scratch) {
                    Ok(n) if n > 0 => self.outward.fill(&scratch[..n]),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    _ => self.outward.ended = true,
                }
                moved = true;
                continue;
            }
            match channel.write(self.outward.rest()) {
                Ok(0) => break,
                Ok(n) => {
                    self.outward.done += n;
                    moved = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => self.outward.ended = true,
            }
        }
        moved
    }
}

/// Reads from the main stream, or, where that has nothing, from the one for errors. What a subsystem says there is for
/// people, and would stand in the middle of its protocol: it is read and left out.
fn read_from(channel: &Channel, end: &End, scratch: &mut [u8]) -> io::Result<usize> {
    let is_empty = |said: &io::Result<usize>| match said {
        Ok(count) => *count == 0,
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    };
    let said = channel.stream(0).read(scratch);
    if !is_empty(&said) {
        return said;
    }
    if !matches!(end, End::Subsystem(_)) {
        return channel.stream(1).read(scratch);
    }
    loop {
        let errors = channel.stream(1).read(scratch);
        match errors {
            Ok(count) if count > 0 => {}
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            // Packets of the main stream may have been taken in meanwhile.
            _ => return channel.stream(0).read(scratch),
        }
    }
}
