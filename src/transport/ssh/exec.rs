use super::job::Step;
use super::watch::AGAIN;
use crate::failure::{Failure, FailureKind};
use crate::module::ExecOutput;
use crate::transport::elevate::{Gate, GateStep};
use crate::value::Map;
use ssh2::{Channel, PtyModeOpcode, PtyModes};
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How much is read in one turn before other channels get theirs.
const TURN_READS: usize = 16;

/// What libssh2 puts into one packet.
const CHUNK_BYTES: usize = 32 * 1024;

/// A command to run.
pub(super) struct Request {
    pub(super) command: String,
    /// The same for a kept shell, where the command may run in one.
    pub(super) kept_line: Option<String>,
    pub(super) stdin: Input,
    /// The dialogue that comes before the command, and whether it needs a terminal.
    pub(super) gate: Option<Gate>,
    pub(super) terminal: bool,
    /// Give up when there is more output.
    pub(super) most_bytes: usize,
}

/// Where standard input comes from.
pub(super) enum Input {
    Bytes(Arc<[u8]>),
    /// So many bytes of a file.
    File(File, u64),
}

/// A command on its way: channel requests, then both streams in turns until the server has closed them.
pub(super) struct Exec {
    request: Request,
    phase: Phase,
    input: Feed,
    pub(super) output: ExecOutput,
    reply: Option<oneshot::Sender<Answer>>,
    since: Instant,
    /// How long it took to hand everything over, once it is.
    sent: Option<Duration>,
}

/// What came of a command.
pub(super) struct Answer {
    pub(super) said: Result<ExecOutput, Failure>,
    /// How long it took to hand it over, its input included.
    pub(super) sent: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Terminal,
    Start,
    Flow,
    AwaitClose,
    Close,
}

/// Standard input as it is being written.
struct Feed {
    chunk: Vec<u8>,
    written: usize,
    /// Bytes of the request's input that have been taken into chunks.
    taken: usize,
    /// The password that goes first.
    ended: bool,
}

impl Exec {
    pub(super) fn new(request: Request, reply: oneshot::Sender<Answer>) -> Exec {
        let phase = if request.terminal { Phase::Terminal } else { Phase::Start };
        let input = Feed { chunk: Vec::new(), written: 0, taken: 0, ended: false };
        Exec {
            request,
            phase,
            input,
            output: ExecOutput::default(),
            reply: Some(reply),
            since: Instant::now(),
            sent: None,
        }
    }

    pub(super) fn drive(&mut self, channel: &mut Channel, scratch: &mut [u8]) -> Step {
        loop {
            let before = self.phase;
            let step = match self.phase {
                Phase::Terminal => self.ask_terminal(channel),
                Phase::Start => self.start(channel),
                Phase::Flow => self.flow(channel, scratch),
                Phase::AwaitClose => self.await_close(channel),
                Phase::Close => self.close(channel),
            };
            // A finished phase goes on to the next at once.
            if self.phase == before || !matches!(step, Step::Moved) {
                return step;
            }
        }
    }

    /// Answers with a failure and what has been read.
    pub(super) fn fail(&mut self, failure: Failure) {
        let mut result = Map::new();
        result.insert("stdout", String::from_utf8_lossy(&self.output.stdout).into_owned());
        result.insert("stderr", String::from_utf8_lossy(&self.output.stderr).into_owned());
        self.answer(Err(failure.with_result(result)));
    }

    /// Answers with the output as it is.
    pub(super) fn finish(&mut self) {
        let output = std::mem::take(&mut self.output);
        self.answer(Ok(output));
    }

    /// Returns the line for a kept shell; `None` when the command needs a session of its own.
    pub(super) fn kept_line(&self) -> Option<&str> {
        self.request.kept_line.as_deref()
    }

    /// Claims that there is more output than is allowed, and fails for it.
    pub(super) fn writes_too_much(&mut self) -> bool {
        let too_much = self.output.stdout.len() + self.output.stderr.len() > self.request.most_bytes;
        if too_much {
            let message = format!("the command wrote more than {} bytes", self.request.most_bytes);
            self.fail(Failure::new(FailureKind::Command, message));
        }
        too_much
    }

    fn answer(&mut self, answer: Result<ExecOutput, Failure>) {
        if let Some(reply) = self.reply.take() {
            // Nobody listens any more when the caller was cancelled.
            let _ = reply.send(Answer { said: answer, sent: self.sent.unwrap_or_default() });
        }
    }

    /// Takes note that all of it is with the server.
    pub(super) fn handed_over(&mut self) {
        self.sent = self.sent.or_else(|| Some(self.since.elapsed()));
    }

    /// A terminal that changes nothing: no echo (of a password), no carriage returns.
    fn ask_terminal(&mut self, channel: &mut Channel) -> Step {
        let mut modes = PtyModes::new();
        for mode in [PtyModeOpcode::ECHO, PtyModeOpcode::OPOST, PtyModeOpcode::ONLCR] {
            modes.set_boolean(mode, false);
        }
        self.then(channel.request_pty("dumb", Some(modes), None), Phase::Start, "a terminal")
    }

    fn start(&mut self, channel: &mut Channel) -> Step {
        let started = channel.exec(&self.request.command);
        self.then(started, Phase::Flow, "to run a command")
    }

    fn then(&mut self, result: Result<(), ssh2::Error>, next: Phase, what: &str) -> Step {
        match result {
            Ok(()) => {
                self.phase = next;
                Step::Moved
            }
            Err(error) if error.code() == AGAIN => Step::Waits,
            // The request was denied; the connection is all right.
            Err(error) if error.code() == ssh2::ErrorCode::Session(-22) => {
                self.fail(Failure::new(FailureKind::Command, format!("the server refused {what}")));
                Step::Done
            }
            Err(error) => Step::Lost(error.message().to_owned()),
        }
    }

    /// Both streams in turns: a command that fills one of them while the other is read to its end would hang.
    fn flow(&mut self, channel: &mut Channel, scratch: &mut [u8]) -> Step {
        let mut moved = false;
        for (stream, into) in [(0, &mut self.output.stdout), (1, &mut self.output.stderr)] {
            match read_some(channel, stream, into, scratch) {
                Ok(read) => moved |= read > 0,
                Err(error) => return Step::Lost(error.to_string()),
            }
        }
        if self.writes_too_much() {
            return Step::Done;
        }
        if moved && let Some(step) = self.look_at_gate() {
            return step;
        }
        match self.feed(channel) {
            Ok(fed) => moved |= fed,
            Err(step) => return step,
        }
        if channel.eof() {
            if let Some(gate) = &self.request.gate {
                let said = if self.request.terminal { &self.output.stdout } else { &self.output.stderr };
                let failure = gate.ended(said);
                self.fail(failure);
                return Step::Done;
            }
            self.phase = Phase::AwaitClose;
            return Step::Moved;
        }
        if moved { Step::Moved } else { Step::Waits }
    }

    fn look_at_gate(&mut self) -> Option<Step> {
        let gate = self.request.gate.as_mut()?;
        let said = if self.request.terminal { &mut self.output.stdout } else { &mut self.output.stderr };
        match gate.look(said) {
            GateStep::Wait => {}
            GateStep::Answer(line) => self.input.chunk.extend_from_slice(line.expose().as_bytes()),
            GateStep::Open => self.request.gate = None,
            GateStep::Refused(failure) => {
                self.fail(failure);
                return Some(Step::Done);
            }
        }
        None
    }

    /// Writes input as far as the server takes it, then its end.
    fn feed(&mut self, channel: &mut Channel) -> Result<bool, Step> {
        let mut moved = false;
        while !self.input.ended {
            if self.input.written == self.input.chunk.len() {
                // Until the command runs there is only the password to send.
                if self.request.gate.is_some() {
                    break;
                }
                if let Err(error) = self.input.refill(&mut self.request.stdin) {
                    self.fail(Failure::new(FailureKind::File, format!("cannot read the file to send: {error}")));
                    return Err(Step::Done);
                }
            }
            if self.input.chunk.is_empty() {
                match channel.send_eof() {
                    Err(error) if error.code() == AGAIN => break,
                    // Nobody reads it; how the command ends says what that means.
                    _ => self.input.ended = true,
                }
                moved = true;
                continue;
            }
            match channel.write(&self.input.chunk[self.input.written..]) {
                Ok(0) => break,
                Ok(n) => {
                    self.input.written += n;
                    moved = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => self.input.ended = true,
            }
        }
        if self.input.ended {
            self.handed_over();
        }
        Ok(moved)
    }

    /// Only the server's close makes the exit status certain: a command may close its output long before it ends.
    fn await_close(&mut self, channel: &mut Channel) -> Step {
        let closed = channel.wait_close().and_then(|()| {
            self.output.signal = channel.exit_signal()?.exit_signal;
            self.output.status = channel.exit_status()?;
            Ok(())
        });
        if self.output.signal.is_some() {
            self.output.status = -1;
        }
        self.then(closed, Phase::Close, "to close a channel")
    }

    fn close(&mut self, channel: &mut Channel) -> Step {
        match channel.close() {
            Err(error) if error.code() == AGAIN => Step::Waits,
            // The command has ended well or badly, and that is known; an error shows at the next use.
            _ => {
                self.finish();
                Step::Done
            }
        }
    }
}

impl Feed {
    /// Takes the next chunk; an empty one is the end.
    fn refill(&mut self, input: &mut Input) -> io::Result<()> {
        // The last chunk may have been a password.
        zeroize::Zeroize::zeroize(&mut self.chunk);
        self.written = 0;
        match input {
            Input::Bytes(bytes) => {
                let end = bytes.len().min(self.taken + CHUNK_BYTES);
                self.chunk.extend_from_slice(&bytes[self.taken..end]);
                self.taken = end;
            }
            Input::File(file, left) => {
                let most = (*left).min(CHUNK_BYTES as u64);
                let read = file.take(most).read_to_end(&mut self.chunk)?;
                *left -= read as u64;
            }
        }
        Ok(())
    }
}

/// Reads what there is of a stream, up to a turn's worth.
pub(super) fn read_some(channel: &Channel, stream: i32, into: &mut Vec<u8>, scratch: &mut [u8]) -> io::Result<usize> {
    let mut stream = channel.stream(stream);
    let mut total = 0;
    for _ in 0..TURN_READS {
        match stream.read(scratch) {
            Ok(0) => break,
            Ok(n) => {
                into.extend_from_slice(&scratch[..n]);
                total += n;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(total)
}
