use super::super::elevate::{Gate, GateStep};
use super::super::sys::signal_group;
use super::super::{Limits, ssh};
use crate::failure::{Failure, FailureKind};
use crate::module::ExecOutput;
use crate::value::Map;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};

/// The most that a program may write: everything is kept in memory.
const MOST_OUTPUT_BYTES: usize = 256 * 1024 * 1024;

/// How long programs get to end by themselves before they are killed.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long output may be silent after a program has ended, while something it started keeps the output open.
const SILENCE: Duration = Duration::from_millis(200);

/// Where standard input comes from.
pub(super) enum Source {
    Bytes(Vec<u8>),
    File(tokio::fs::File),
}

/// A program that runs, as the leader of a group of processes, so that whatever it starts can be ended with it.
pub(super) struct Running {
    child: Child,
    group: Group,
    source: Source,
    gate: Option<Gate>,
    output: ExecOutput,
}

impl Running {
    /// Starts a program.
    pub(super) fn start(
        words: &[String],
        env: &[(String, String)],
        folder: Option<&str>,
        source: Source,
        gate: Option<Gate>,
    ) -> Result<Running, Failure> {
        let Some((program, args)) = words.split_first() else {
            return Err(Failure::new(FailureKind::Argument, "there is no program to run"));
        };
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command.envs(env.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = folder {
            let folder = crate::source::expand_home(folder);
            // Otherwise the error would be taken for one of the program.
            let is_folder = std::fs::metadata(&folder).and_then(|meta| match meta.is_dir() {
                true => Ok(()),
                false => Err(std::io::ErrorKind::NotADirectory.into()),
            });
            if let Err(error) = is_folder {
                let message = format!("cannot change to the folder `{}`: {}", folder.display(), ssh::plain(&error));
                return Err(Failure::new(FailureKind::File, message));
            }
            command.current_dir(folder);
        }
        let sending = crate::phase::time(crate::phase::Phase::Send);
        let child = command.spawn().map_err(|error| {
            let message = format!("cannot run `{program}`: {}", ssh::plain(&error));
            Failure::new(FailureKind::Command, message)
        })?;
        drop(sending);
        let group = Group(child.id());
        Ok(Running { child, group, source, gate, output: ExecOutput::default() })
    }

    /// Runs it to its end, or ends it when the time is up.
    pub(super) async fn finish_within(mut self, limits: &Limits) -> Result<ExecOutput, Failure> {
        let deadline = limits.timeout.map(|timeout| tokio::time::Instant::now() + timeout);
        let too_late = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let failure = tokio::select! {
            done = self.run() => match done {
                Ok(status) => {
                    self.group.0 = None;
                    return Ok(self.finish(status));
                }
                Err(failure) => failure,
            },
            () = too_late => {
                let allowed = ssh::in_words(limits.timeout.unwrap_or_default());
                Failure::new(FailureKind::Timeout, format!("no end of the command within {allowed}"))
            }
            () = limits.cancel.cancelled() => Failure::new(FailureKind::Cancelled, "interrupted"),
        };
        self.end().await;
        let mut result = Map::new();
        result.insert("stdout", String::from_utf8_lossy(&self.output.stdout).into_owned());
        result.insert("stderr", String::from_utf8_lossy(&self.output.stderr).into_owned());
        Err(failure.with_result(result))
    }

    fn finish(mut self, status: ExitStatus) -> ExecOutput {
        self.output.status = status.code().unwrap_or(-1);
        self.output.signal = status.signal().map(signal_name);
        self.output
    }

    async fn run(&mut self) -> Result<ExitStatus, Failure> {
        let internal = |error: std::io::Error| Failure::new(FailureKind::Internal, format!("cannot wait: {error}"));
        let mut stdin = self.child.stdin.take();
        let mut stdout = self.child.stdout.take();
        let mut stderr = self.child.stderr.take();
        let mut feed = Feed::default();
        let mut status = None;
        while stdout.is_some() || stderr.is_some() || status.is_none() {
            let gated = self.gate.is_some();
            tokio::select! {
                open = read_into(&mut stdout, &mut self.output.stdout), if stdout.is_some() => if !open { stdout = None },
                open = read_into(&mut stderr, &mut self.output.stderr), if stderr.is_some() => if !open { stderr = None },
                done = feed.write(&mut stdin, &mut self.source, gated), if stdin.is_some() && feed.has_work(gated) => {
                    if done? { stdin = None }
                }
                ended = self.child.wait(), if status.is_none() => status = Some(ended.map_err(internal)?),
                () = tokio::time::sleep(SILENCE), if status.is_some() => break,
            }
            if let Some(gate) = &mut self.gate {
                match gate.look(&mut self.output.stderr) {
                    GateStep::Wait => {}
                    GateStep::Answer(line) => feed.chunk.extend_from_slice(line.expose().as_bytes()),
                    GateStep::Open => self.gate = None,
                    GateStep::Refused(failure) => return Err(failure),
                }
            }
            if self.output.stdout.len() + self.output.stderr.len() > MOST_OUTPUT_BYTES {
                let message = format!("the command wrote more than {MOST_OUTPUT_BYTES} bytes");
                return Err(Failure::new(FailureKind::Command, message));
            }
        }
        match (&self.gate, status) {
            (Some(gate), _) => Err(gate.ended(&self.output.stderr)),
            (None, Some(status)) => Ok(status),
            (None, None) => self.child.wait().await.map_err(internal),
        }
    }

    /// Ends the whole group, politely at first.
    async fn end(&mut self) {
        if let Some(leader) = self.child.id() {
            signal_group(leader, libc::SIGTERM);
            if tokio::time::timeout(PATIENCE, self.child.wait()).await.is_err() {
                signal_group(leader, libc::SIGKILL);
                let _ = self.child.wait().await;
            }
            self.group.0 = None;
        }
    }
}

/// Kills the group when its caller goes away.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            signal_group(leader, libc::SIGKILL);
        }
    }
}

/// Standard input as it is being written.
#[derive(Default)]
struct Feed {
    chunk: Vec<u8>,
    written: usize,
    taken: bool,
}

impl Feed {
    /// Before the command runs there is only the password to write.
    fn has_work(&self, gated: bool) -> bool {
        !gated || self.written < self.chunk.len()
    }

    /// Writes the next piece; true when standard input is through or nobody reads it.
    async fn write(
        &mut self,
        stdin: &mut Option<ChildStdin>,
        source: &mut Source,
        gated: bool,
    ) -> Result<bool, Failure> {
        let Some(stdin) = stdin else { return Ok(true) };
        if self.written == self.chunk.len() {
            if gated {
                return Ok(false);
            }
            zeroize::Zeroize::zeroize(&mut self.chunk);
            self.written = 0;
            match source {
                Source::Bytes(bytes) if !self.taken => self.chunk = std::mem::take(bytes),
                Source::Bytes(_) => {}
                Source::File(file) => {
                    let read = file.take(64 * 1024).read_to_end(&mut self.chunk).await;
                    read.map_err(|error| {
                        Failure::new(FailureKind::File, format!("cannot read the file to send: {error}"))
                    })?;
                }
            }
            self.taken = true;
            if self.chunk.is_empty() {
                return Ok(true);
            }
        }
        match stdin.write(&self.chunk[self.written..]).await {
            Ok(n) if n > 0 => {
                self.written += n;
                Ok(false)
            }
            _ => Ok(true),
        }
    }
}

/// Reads a piece; false at the end.
async fn read_into(stream: &mut Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) -> bool {
    match stream {
        Some(stream) => matches!(stream.read_buf(into).await, Ok(1..)),
        None => false,
    }
}

/// Returns the name of a signal without `SIG`, as SSH servers give it.
fn signal_name(signal: i32) -> String {
    let names = [
        (libc::SIGHUP, "HUP"),
        (libc::SIGINT, "INT"),
        (libc::SIGQUIT, "QUIT"),
        (libc::SIGILL, "ILL"),
        (libc::SIGABRT, "ABRT"),
        (libc::SIGFPE, "FPE"),
        (libc::SIGKILL, "KILL"),
        (libc::SIGUSR1, "USR1"),
        (libc::SIGSEGV, "SEGV"),
        (libc::SIGUSR2, "USR2"),
        (libc::SIGPIPE, "PIPE"),
        (libc::SIGALRM, "ALRM"),
        (libc::SIGTERM, "TERM"),
    ];
    names
        .iter()
        .find(|(number, _)| *number == signal)
        .map_or_else(|| signal.to_string(), |(_, name)| (*name).to_owned())
}
