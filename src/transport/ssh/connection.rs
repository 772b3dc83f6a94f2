use super::exec::{Input, Request};
use super::handle::Handle;
use super::kept;
use super::open::open;
use super::pipe::End;
use super::sftp;
use crate::failure::{Failure, FailureKind};
use crate::module::{Action, Boxed, Content, Exec, ExecOutput, Get, Output, Program, Put, Sftp, TcpTry, Work};
use crate::transport::posix::{self, Script};
use crate::transport::{Connection, Elevate, Limits, Shared, Target, elevate};
use std::sync::Arc;
use tokio::io::AsyncReadExt as _;

/// The most that a command may write, or a file may hold that is read: everything is kept in memory.
const MOST_OUTPUT_BYTES: usize = 256 * 1024 * 1024;

/// How long copying may take when nobody says. Arbitrary; so far away that it means nothing.
const MOST_TIME: std::time::Duration = std::time::Duration::from_secs(60 * 60 * 24);

/// Opens a connection to a host that runs programs and has files.
pub(in crate::transport) async fn connect(
    target: &Target,
    shared: &Shared,
    limits: &Limits,
) -> Result<Box<dyn Connection>, Failure> {
    let handle = open(&target.ssh, shared, limits).await?;
    Ok(Box::new(Ssh::new(Arc::new(handle), target)))
}

struct Ssh {
    handle: Arc<Handle>,
    elevate: Option<Elevate>,
    command_timeout: Option<std::time::Duration>,
    kept_shell: bool,
}

impl Connection for Ssh {
    fn perform<'a>(&'a self, action: &'a Action, limits: &'a Limits) -> Boxed<'a, Result<Output, Failure>> {
        let timeout = limits.timeout.or(self.command_timeout);
        let limits = Limits { timeout, cancel: limits.cancel.clone() };
        Box::pin(async move {
            match &action.work {
                Work::Exec(exec) => self.exec(exec, &limits).await.map(Output::Exec),
                Work::Put(put) => self.put(put, &limits).await.map(|()| Output::Done),
                Work::Get(get) => self.get(get, &limits).await.map(Output::File),
                Work::Sftp(file) => self.sftp(file, &limits).await,
                Work::Ping => self.ping(&limits).await.map(|()| Output::Done),
                Work::Connect(tcp) => self.connect(tcp, &limits).await.map(Output::Connected),
                Work::Reset => {
                    self.handle.close().await;
                    Ok(Output::Done)
                }
                Work::Cli(_) | Work::Netconf(_) | Work::Http(_) | Work::Sleep(_) => {
                    Err(Failure::new(FailureKind::Internal, "an SSH connection was given work of another transport"))
                }
            }
        })
    }

    fn for_task(&self, target: &Target) -> Option<Box<dyn Connection>> {
        Some(Box::new(Ssh::new(Arc::clone(&self.handle), target)))
    }

    fn is_open(&self) -> bool {
        self.handle.is_open()
    }

    fn close(&self) -> Boxed<'_, ()> {
        Box::pin(self.handle.close())
    }
}

impl Ssh {
    fn new(handle: Arc<Handle>, target: &Target) -> Ssh {
        let (elevate, command_timeout) = (target.elevate.clone(), target.command_timeout);
        Ssh { handle, elevate, command_timeout, kept_shell: target.kept_shell }
    }

    async fn exec(&self, exec: &Exec, limits: &Limits) -> Result<ExecOutput, Failure> {
        let script = posix::exec_script(exec)?;
        let elevate = self.elevate.as_ref().filter(|_| exec.elevate);
        let stdin = Input::Bytes(exec.stdin.as_deref().unwrap_or_default().into());
        let has_input = exec.stdin.as_ref().is_some_and(|bytes| !bytes.is_empty());
        let output = self.run(script, elevate, stdin, has_input, MOST_OUTPUT_BYTES, limits).await?;
        posix::exec_output(exec, output)
    }

    /// Runs a command, with other rights where they are asked for.
    async fn run(
        &self,
        script: Script,
        elevate: Option<&Elevate>,
        stdin: Input,
        has_input: bool,
        most_bytes: usize,
        limits: &Limits,
    ) -> Result<ExecOutput, Failure> {
        let request = match elevate {
            None => {
                let words = script.words().filter(|_| self.kept_shell && !has_input);
                let kept_line = words.and_then(|words| kept::line(&words));
                let command = script.for_login_shell();
                Request { command, kept_line, stdin, gate: None, terminal: false, most_bytes }
            }
            Some(elevate) => {
                let wrapped = elevate::wrap(elevate, &script.text)?;
                if wrapped.needs_terminal && has_input {
                    let message =
                        format!("`{}` with a password needs a terminal, and cannot pass input on", elevate.method);
                    return Err(Failure::new(FailureKind::Command, message).help("let it work without a password"));
                }
                let command = Script::posix(wrapped.command).for_login_shell();
                // A terminal's input has no end; the command gets none.
                let (gate, terminal) = (Some(wrapped.gate), wrapped.needs_terminal);
                Request { command, kept_line: None, stdin, gate, terminal, most_bytes }
            }
        };
        self.handle.exec(request, limits).await
    }

    async fn put(&self, put: &Put, limits: &Limits) -> Result<(), Failure> {
        let (stdin, size) = match &put.content {
            Content::Bytes(bytes) => (Input::Bytes(Arc::clone(bytes)), bytes.len() as u64),
            Content::File(path) => {
                let unreadable = |error: std::io::Error| {
                    let why = super::plain(&error);
                    Failure::new(FailureKind::File, format!("cannot read `{}` here: {why}", path.display()))
                };
                let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
                let size = file.metadata().await.map_err(unreadable)?.len();
                (Input::File(file.into_std().await, size), size)
            }
        };
        let script = Script::posix(posix::put_script(put, size)?);
        let output = self.run(script, self.elevate.as_ref(), stdin, true, MOST_OUTPUT_BYTES, limits).await?;
        posix::file_failure("write", &put.path, &output).map_or(Ok(()), Err)
    }

    async fn get(&self, get: &Get, limits: &Limits) -> Result<Vec<u8>, Failure> {
        let script = Script::posix(posix::get_script(get)?);
        let limit = get.limit_bytes.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(MOST_OUTPUT_BYTES);
        // Room for what the program says when it fails.
        let most = limit.min(MOST_OUTPUT_BYTES) + 4096;
        let stdin = Input::Bytes(Arc::default());
        let output =
            self.run(script, self.elevate.as_ref(), stdin, false, most, limits).await.map_err(
                |failure| match failure.kind {
                    FailureKind::Command if failure.message.expose().contains("wrote more than") => Failure::new(
                        FailureKind::File,
                        format!("cannot read `{}`: it is larger than {limit} bytes", get.path),
                    ),
                    _ => failure,
                },
            )?;
        match posix::file_failure("read", &get.path, &output) {
            Some(failure) => Err(failure),
            None if output.stdout.len() > limit => Err(Failure::new(
                FailureKind::File,
                format!("cannot read `{}`: it is larger than {limit} bytes", get.path),
            )),
            None => Ok(output.stdout),
        }
    }

    /// Copies a file of a device. What comes of errors is said of the file, not of the host.
    async fn sftp(&self, file: &Sftp, limits: &Limits) -> Result<Output, Failure> {
        let pipe = self.handle.pipe(End::Subsystem("sftp"), limits).await.map_err(|closed| {
            closed.failure.help("SFTP must be allowed on the device; `protocol: scp` is the other way")
        })?;
        let stream = pipe.stream.set_nonblocking(true);
        let stream = stream.and_then(|()| tokio::net::UnixStream::from_std(pipe.stream));
        let stream = stream
            .map_err(|error| Failure::new(FailureKind::Internal, format!("cannot wait for a socket: {error}")))?;
        let copied = async {
            let mut client = sftp::Sftp::begin(stream, &file.path).await?;
            match &file.bytes {
                Some(bytes) => client.write(bytes).await.map(|()| Output::Done),
                None => client.read(MOST_OUTPUT_BYTES).await.map(Output::File),
            }
        };
        let patience = limits.timeout.unwrap_or(MOST_TIME);
        tokio::select! {
            copied = tokio::time::timeout(patience, copied) => copied.unwrap_or_else(|_| {
                let message = format!("`{}` was not copied within {}", file.path, super::in_words(patience));
                Err(Failure::new(FailureKind::Timeout, message))
            }),
            () = limits.cancel.cancelled() => {
                Err(Failure::new(FailureKind::Cancelled, format!("interrupted while `{}` was copied", file.path)))
            }
        }
    }

    async fn ping(&self, limits: &Limits) -> Result<(), Failure> {
        let script = Script { text: "true".into(), is_posix: false, is_raw: true };
        let output = self.run(script, None, Input::Bytes(Arc::default()), false, MOST_OUTPUT_BYTES, limits).await?;
        match (output.status, &output.signal) {
            (0, None) => Ok(()),
            (status, _) => {
                let message = format!("`{}` answers, but `true` ended with status {status}", self.handle.label);
                Err(Failure::new(FailureKind::Command, message))
            }
        }
    }

    /// Tries a port from the host: through the server's forwarding, or, where that is not allowed, by a program there.
    /// A port that does not answer is a failure of kind `Command`: the host itself was reached.
    async fn connect(&self, tcp: &TcpTry, limits: &Limits) -> Result<Vec<u8>, Failure> {
        let timeout = limits.timeout.map_or(tcp.timeout, |limit| limit.min(tcp.timeout));
        let limits = Limits { timeout: Some(timeout), cancel: limits.cancel.clone() };
        let deadline = tokio::time::Instant::now() + timeout;
        let end = End::Port { host: tcp.host.clone(), port: tcp.port };
        match self.handle.pipe(end, &limits).await {
            Ok(pipe) => {
                let stream = pipe.stream.set_nonblocking(true);
                let stream = stream.and_then(|()| tokio::net::UnixStream::from_std(pipe.stream));
                let mut stream = stream.map_err(|error| {
                    Failure::new(FailureKind::Internal, format!("cannot wait for a socket: {error}"))
                })?;
                Ok(read_up_to(&mut stream, tcp.read_bytes, deadline, &limits).await)
            }
            Err(closed) if closed.is_prohibited => self.connect_by_program(tcp, &limits).await,
            Err(closed) => Err(match closed.failure.kind {
                FailureKind::Unreachable | FailureKind::Timeout if self.is_open() => {
                    Failure { kind: FailureKind::Command, ..closed.failure }
                }
                _ => closed.failure,
            }),
        }
    }

    async fn connect_by_program(&self, tcp: &TcpTry, limits: &Limits) -> Result<Vec<u8>, Failure> {
        let (host, port, count) = (posix::quote(&tcp.host), tcp.port, tcp.read_bytes);
        let seconds = tcp.timeout.as_secs().max(1);
        let read = if count > 0 { format!("timeout {seconds} head -c {count} <&3") } else { "true".to_owned() };
        let bash = posix::quote(&format!("exec 3<>\"/dev/tcp/$0/{port}\" && {{ {read}; true; }}"));
        let text = format!(
            "if command -v bash >/dev/null; then timeout {seconds} bash -c {bash} {host}\n\
             else nc -w {seconds} {host} {port} </dev/null | head -c {count}; fi"
        );
        let exec = Exec { program: Program::Shell { text, executable: None }, ..Exec::default() };
        let output = self.exec(&exec, limits).await?;
        if output.status == 0 {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let why = if said.contains("refused") { "connection refused" } else { "no connection" };
        let message = format!("`{}` cannot connect to {}:{port}: {why}", self.handle.label, tcp.host);
        Err(Failure::new(FailureKind::Command, message))
    }
}

/// Reads the first bytes that come before the deadline; what has come by then is the answer.
async fn read_up_to(
    stream: &mut (impl tokio::io::AsyncRead + Unpin),
    count: usize,
    deadline: tokio::time::Instant,
    limits: &Limits,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = async {
        let mut chunk = vec![0; 4096];
        while bytes.len() < count {
            let room = chunk.len().min(count - bytes.len());
            match stream.read(&mut chunk[..room]).await {
                Ok(n) if n > 0 => bytes.extend_from_slice(&chunk[..n]),
                _ => break,
            }
        }
    };
    tokio::select! {
        () = read => {}
        () = tokio::time::sleep_until(deadline) => {}
        () = limits.cancel.cancelled() => {}
    }
    bytes
}
