//! This machine: programs as child processes, files through the file system; with `become`, both through the same
//! programs as over SSH.

mod files;
mod process;
#[cfg(test)]
mod tests;

use super::{Connection, Elevate, Limits, Target, elevate, posix};
use crate::failure::{Failure, FailureKind};
use crate::module::{Action, Boxed, Content, Exec, ExecOutput, Get, Output, Program, Put, TcpTry, Work};
use process::{Running, Source};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;

/// Returns the connection to this machine.
pub(super) fn connect(target: &Target) -> Box<dyn Connection> {
    Box::new(Local {
        elevate: target.elevate.clone(),
        command_timeout: target.command_timeout,
        open: AtomicBool::new(true),
    })
}

struct Local {
    elevate: Option<Elevate>,
    command_timeout: Option<Duration>,
    open: AtomicBool,
}

impl Connection for Local {
    fn perform<'a>(&'a self, action: &'a Action, limits: &'a Limits) -> Boxed<'a, Result<Output, Failure>> {
        let timeout = limits.timeout.or(self.command_timeout);
        let limits = Limits { timeout, cancel: limits.cancel.clone() };
        Box::pin(async move {
            match &action.work {
                Work::Exec(exec) => self.exec(exec, &limits).await.map(Output::Exec),
                Work::Put(put) => self.put(put, &limits).await.map(|()| Output::Done),
                Work::Get(get) => self.get(get, &limits).await.map(Output::File),
                Work::Ping => Ok(Output::Done),
                Work::Connect(tcp) => connect_to(tcp, &limits).await.map(Output::Connected),
                Work::Reset => {
                    self.open.store(false, Ordering::Release);
                    Ok(Output::Done)
                }
                Work::Cli(_) | Work::Netconf(_) | Work::Sftp(_) | Work::Http(_) | Work::Sleep(_) => {
                    Err(Failure::new(FailureKind::Internal, "the local connection was given work of another transport"))
                }
            }
        })
    }

    fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    fn close(&self) -> Boxed<'_, ()> {
        self.open.store(false, Ordering::Release);
        Box::pin(async {})
    }
}

impl Local {
    async fn exec(&self, exec: &Exec, limits: &Limits) -> Result<ExecOutput, Failure> {
        let source = Source::Bytes(exec.stdin.clone().unwrap_or_default());
        if let Some(elevate) = self.elevate.as_ref().filter(|_| exec.elevate) {
            let script = posix::exec_script(exec)?;
            let output = elevated(elevate, &script.text, source, limits).await?;
            return posix::exec_output(exec, output);
        }
        // No shell comes between where none is asked for, and environment and folder need none.
        let words: Vec<String> = match &exec.program {
            Program::Argv(words) => words.clone(),
            Program::Shell { text, executable } => {
                vec![executable.clone().unwrap_or_else(|| "/bin/sh".into()), "-c".into(), text.clone()]
            }
            Program::Raw(text) => vec!["/bin/sh".into(), "-c".into(), text.clone()],
        };
        Running::start(&words, &exec.env, exec.chdir.as_deref(), source, None)?.finish_within(limits).await
    }

    async fn put(&self, put: &Put, limits: &Limits) -> Result<(), Failure> {
        let Some(elevate) = &self.elevate else { return files::put(put.clone(), limits).await };
        let (source, size) = match &put.content {
            Content::Bytes(bytes) => (Source::Bytes(bytes.to_vec()), bytes.len() as u64),
            Content::File(path) => {
                let unreadable = |error| files::failure("read", &path.display().to_string(), &error);
                let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
                let size = file.metadata().await.map_err(unreadable)?.len();
                (Source::File(file), size)
            }
        };
        let output = elevated(elevate, &posix::put_script(put, size)?, source, limits).await?;
        posix::file_failure("write", &put.path, &output).map_or(Ok(()), Err)
    }

    async fn get(&self, get: &Get, limits: &Limits) -> Result<Vec<u8>, Failure> {
        let Some(elevate) = &self.elevate else { return files::get(get.clone(), limits).await };
        let output = elevated(elevate, &posix::get_script(get)?, Source::Bytes(Vec::new()), limits).await?;
        posix::file_failure("read", &get.path, &output).map_or(Ok(output.stdout), Err)
    }
}

async fn elevated(elevate: &Elevate, script: &str, source: Source, limits: &Limits) -> Result<ExecOutput, Failure> {
    let wrapped = elevate::wrap(elevate, script)?;
    if wrapped.needs_terminal {
        let message =
            format!("`{}` with a password needs a terminal, and there is none on this machine", elevate.method);
        return Err(Failure::new(FailureKind::Command, message).help("let it work without a password"));
    }
    let words = ["/bin/sh".to_owned(), "-c".to_owned(), wrapped.command];
    Running::start(&words, &[], None, source, Some(wrapped.gate))?.finish_within(limits).await
}

/// Tries a port from here; that it does not answer is a failure of kind `Command`.
async fn connect_to(tcp: &TcpTry, limits: &Limits) -> Result<Vec<u8>, Failure> {
    let failed = |why: String| {
        let message = format!("cannot connect to {}:{}: {why}", tcp.host, tcp.port);
        Failure::new(FailureKind::Command, message)
    };
    let timeout = limits.timeout.map_or(tcp.timeout, |limit| limit.min(tcp.timeout));
    let deadline = tokio::time::Instant::now() + timeout;
    let host = tcp.host.trim_start_matches('[').trim_end_matches(']');
    let mut stream = tokio::select! {
        stream = tokio::net::TcpStream::connect((host, tcp.port)) => stream.map_err(|error| failed(super::ssh::plain(&error)))?,
        () = tokio::time::sleep_until(deadline) => return Err(failed(format!("no answer within {}", super::ssh::in_words(timeout)))),
        () = limits.cancel.cancelled() => return Err(Failure::new(FailureKind::Cancelled, "interrupted")),
    };
    let mut bytes = Vec::new();
    let read = async {
        let mut limited = (&mut stream).take(tcp.read_bytes as u64);
        while let Ok(1..) = limited.read_buf(&mut bytes).await {}
    };
    tokio::select! {
        () = read => {}
        () = tokio::time::sleep_until(deadline) => {}
        () = limits.cancel.cancelled() => return Err(Failure::new(FailureKind::Cancelled, "interrupted")),
    }
    Ok(bytes)
}
