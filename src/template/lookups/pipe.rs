//! Lookups that run a program on the machine that runs netplay.

use super::{Call, Lookup};
use crate::failure::{Failure, FailureKind};
use crate::halt::{self, is_halted};
use crate::source::plain_io_error;
use crate::value::Value;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a program may run: a template is no place for work. Arbitrary.
const DEADLINE: Duration = Duration::from_secs(60);

/// How often it is looked at whether the run is cut.
const LOOK: Duration = Duration::from_millis(50);

/// The most that a program may write.
const MAX_BYTES: u64 = 16 << 20;

pub(super) static LOOKUPS: &[Lookup] = &[
    Lookup {
        name: "pipe",
        doc: "Gives what shell commands write.",
        options: &[],
        run: |call| {
            call.terms.iter().map(|term| run(call, &term.to_text()).map(|text| Value::from(text.trim_end()))).collect()
        },
    },
    Lookup {
        name: "lines",
        doc: "Gives the lines that shell commands write.",
        options: &[],
        run: |call| {
            let mut found = Vec::new();
            for term in &call.terms {
                found.extend(run(call, &term.to_text())?.lines().map(Value::from));
            }
            Ok(found)
        },
    },
];

/// Does what takes long. On a worker of the event loop the others go on meanwhile: the worker hands its work over first.
pub(super) fn aside<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

fn run(call: &Call<'_>, command: &str) -> Result<String, Failure> {
    aside(|| run_here(call, command))
}

fn run_here(call: &Call<'_>, command: &str) -> Result<String, Failure> {
    let failed = |kind, why: String| Failure::new(kind, format!("`{command}` {why}"));
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    if call.core.files.playbook_dir.is_dir() {
        shell.current_dir(&call.core.files.playbook_dir);
    }
    let mut child = shell
        .spawn()
        .map_err(|error| failed(FailureKind::Command, format!("cannot run: {}", plain_io_error(&error))))?;
    let Some(output) = child.stdout.take() else {
        return Err(failed(FailureKind::Internal, "has no output".into()));
    };
    // Read in a thread of its own, so that a program that neither writes nor ends can be given up.
    let (send, receive) = mpsc::channel();
    let reader = std::thread::Builder::new().name("pipe lookup".into()).spawn(move || {
        let mut bytes = Vec::new();
        let result = output.take(MAX_BYTES + 1).read_to_end(&mut bytes).map(|_| bytes);
        // The receiver is gone when the deadline has passed: then nobody wants it.
        let _ = send.send(result);
    });
    if reader.is_err() {
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed(FailureKind::Internal, "cannot be read: no thread".into()));
    }
    let start = Instant::now();
    let outcome = loop {
        match receive.recv_timeout(LOOK) {
            Err(mpsc::RecvTimeoutError::Timeout) if start.elapsed() < DEADLINE && !is_halted() => {}
            outcome => break outcome,
        }
    };
    let too_long = matches!(&outcome, Ok(Ok(bytes)) if bytes.len() as u64 > MAX_BYTES);
    if outcome.is_err() || too_long {
        let _ = child.kill();
    }
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) if start.elapsed() > DEADLINE || is_halted() => {
                let _ = child.kill();
                break child.wait();
            }
            // It has closed its output, so that it ends at once or is put to an end above.
            Ok(None) => std::thread::sleep(Duration::from_millis(1)),
            Err(error) => break Err(error),
        }
    };
    let bytes = match outcome {
        Ok(Ok(bytes)) if !too_long => bytes,
        Ok(Ok(_)) => return Err(failed(FailureKind::Command, format!("writes more than {} MiB", MAX_BYTES >> 20))),
        Ok(Err(error)) => {
            return Err(failed(FailureKind::Command, format!("cannot be read: {}", plain_io_error(&error))));
        }
        Err(_) if is_halted() => return Err(failed(FailureKind::Cancelled, halt::MESSAGE.into())),
        Err(_) => return Err(failed(FailureKind::Timeout, format!("has not ended within {} s", DEADLINE.as_secs()))),
    };
    match status {
        Ok(status) if status.success() => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Ok(status) => Err(failed(FailureKind::Command, format!("failed: {status}"))),
        Err(error) => Err(failed(FailureKind::Command, format!("failed: {}", plain_io_error(&error)))),
    }
}
