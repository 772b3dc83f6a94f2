use super::job::{Job, JobId, Step, Task};
use super::kept::{Kept, KeptStep};
use ssh2::Channel;
use std::collections::VecDeque;
use std::time::Instant;

/// How many shells a connection may lose, to commands that leave processes behind or end them, before it keeps none.
const MOST_LOST: u32 = 3;

/// Whether a connection keeps a shell, and the one that it keeps.
pub(super) struct Keeper {
    shell: Option<Kept>,
    /// More than one command is to be expected.
    expects_more: bool,
    /// The host has no such shell, or lost too many.
    has_none: bool,
    lost: u32,
}

impl Keeper {
    /// Makes a keeper. One that expects several commands keeps a shell from the first on, others from the second: to
    /// start it costs more than a single command.
    pub(super) fn new(expects_more: bool) -> Keeper {
        Keeper { shell: None, expects_more, has_none: false, lost: 0 }
    }

    /// Claims that a channel should be opened for a shell.
    pub(super) fn wants_channel(&self) -> bool {
        self.shell.is_none() && self.expects_more && !self.has_none
    }

    /// Starts a shell on a channel.
    pub(super) fn start(&mut self, channel: Channel) {
        self.shell = Some(Kept::new(channel));
    }

    /// Keeps no shell from now on.
    pub(super) fn give_up(&mut self) {
        self.shell = None;
        self.has_none = true;
    }

    /// Ends the shell with its command.
    pub(super) fn cut(&mut self) {
        self.shell = None;
    }

    /// Gives up an idle shell, for a server that has no room for other sessions. False when there was none.
    pub(super) fn makes_room(&mut self) -> bool {
        let is_idle = self.shell.as_ref().is_some_and(Kept::is_idle);
        if is_idle {
            self.give_up();
        }
        is_idle
    }

    /// Claims that a shell has a channel open.
    pub(super) fn is_open(&self) -> bool {
        self.shell.is_some()
    }

    /// Returns when something has to have happened.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.shell.as_ref().and_then(Kept::deadline)
    }

    /// Gives a command to a shell that is free. Not the one for which a channel is being opened.
    pub(super) fn take(&mut self, jobs: &mut VecDeque<Job>, opening: Option<JobId>) {
        if !self.shell.as_ref().is_some_and(Kept::is_free) || jobs.iter().any(|job| job.is_kept) {
            return;
        }
        let waiting = jobs.iter_mut().find(|job| job.is_plain() && !job.is_placed() && opening != Some(job.id));
        if let Some(job) = waiting {
            job.is_kept = true;
        }
    }

    /// Notes that a command is through: others may follow.
    pub(super) fn note_done(&mut self, job: &Job) {
        self.expects_more |= job.is_plain();
    }

    /// Drives the shell and its command.
    pub(super) fn drive(&mut self, jobs: &mut VecDeque<Job>, scratch: &mut [u8]) -> Step {
        let Some(shell) = &mut self.shell else { return Step::Waits };
        let at = jobs.iter().position(|job| job.is_kept);
        let command = match at.map(|at| &mut jobs[at].task) {
            Some(Task::Exec(exec)) => Some(exec),
            Some(Task::Pipe(_)) | None => None,
        };
        match shell.drive(command, scratch) {
            KeptStep::Waits => return Step::Waits,
            KeptStep::Moved => return Step::Moved,
            KeptStep::Lost(why) => return Step::Lost(why),
            KeptStep::Done => {}
            KeptStep::Ended => self.lose(),
            KeptStep::Lapsed => {
                self.lose();
                return send_back(jobs, at);
            }
            KeptStep::Unsuited => {
                self.give_up();
                return send_back(jobs, at);
            }
        }
        if let Some(at) = at {
            jobs.remove(at);
            return Step::Done;
        }
        Step::Moved
    }

    fn lose(&mut self) {
        self.shell = None;
        self.lost += 1;
        self.has_none |= self.lost >= MOST_LOST;
    }
}

/// Lets a command, which has not been sent yet, go another way.
fn send_back(jobs: &mut VecDeque<Job>, at: Option<usize>) -> Step {
    if let Some(at) = at {
        jobs[at].is_kept = false;
    }
    Step::Moved
}
