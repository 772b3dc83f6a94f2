use super::exec::Exec;
use super::pipe::Pipe;
use crate::failure::{Failure, FailureKind};
use crate::transport::ssh::watch::in_words;
use ssh2::Channel;
use std::time::{Duration, Instant};

/// The number of a job on its connection.
pub(super) type JobId = u64;

/// What the thread of a connection is told.
pub(super) enum Order {
    /// Do this.
    Run(Box<Job>),
    /// Nobody waits for it any more.
    Cancel(JobId),
    /// End the connection.
    Close,
}

/// A channel's worth of work.
pub(super) struct Job {
    pub(super) id: JobId,
    pub(super) task: Task,
    /// When to give up, and how long that was.
    pub(super) deadline: Option<(Instant, Duration)>,
    /// The channel, once it is open.
    pub(super) channel: Option<Channel>,
    /// The kept shell runs it; it has no channel of its own.
    pub(super) is_kept: bool,
}

/// What is done on a channel.
#[expect(clippy::large_enum_variant, reason = "a job is in a box of its own")]
pub(super) enum Task {
    /// A command.
    Exec(Exec),
    /// A stream of bytes between a socket here and a shell or port there.
    Pipe(Pipe),
}

/// What came of driving a job as far as it went without waiting.
pub(super) enum Step {
    /// It waits.
    Waits,
    /// It got on; others may as well now.
    Moved,
    /// It is done and has answered.
    Done,
    /// The connection is lost.
    Lost(String),
}

impl Job {
    pub(super) fn new(id: JobId, task: Task, timeout: Option<Duration>) -> Job {
        let deadline = timeout.map(|timeout| (Instant::now() + timeout, timeout));
        Job { id, task, deadline, channel: None, is_kept: false }
    }

    /// Gets on as far as it goes. The channel must be open.
    pub(super) fn drive(&mut self, scratch: &mut [u8]) -> Step {
        match (&mut self.channel, &mut self.task) {
            (None, _) => Step::Waits,
            (Some(channel), Task::Exec(exec)) => exec.drive(channel, scratch),
            (Some(channel), Task::Pipe(pipe)) => pipe.drive(channel, scratch),
        }
    }

    /// Claims that it has a channel to run on, or the kept shell.
    pub(super) fn is_placed(&self) -> bool {
        self.is_kept || self.channel.is_some()
    }

    /// Claims that a kept shell could run it.
    pub(super) fn is_plain(&self) -> bool {
        matches!(&self.task, Task::Exec(exec) if exec.kept_line().is_some())
    }

    /// Answers with a failure, with what was read so far in its result.
    pub(super) fn fail(&mut self, failure: Failure) {
        match &mut self.task {
            Task::Exec(exec) => exec.fail(failure),
            Task::Pipe(pipe) => pipe.fail(failure, false),
        }
    }

    /// Returns the failure of a job whose time is up.
    pub(super) fn timed_out(&self, label: &str) -> Option<Failure> {
        let (deadline, allowed) = self.deadline?;
        (deadline <= Instant::now()).then(|| {
            let what = if self.is_placed() { "no end of the command" } else { "no free channel" };
            Failure::new(FailureKind::Timeout, format!("{what} on `{label}` within {}", in_words(allowed)))
        })
    }
}
