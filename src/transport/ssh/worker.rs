//! The thread of a connection: it owns session and channels, and nobody else touches them.
//!
//! ```text
//! loop { take orders → drive every job as far as it goes → poll(socket, waker, sockets of pipes; next deadline) }
//! ```
//!
//! The session never blocks. Orders come by a channel and a wake; answers go by oneshots. Traps of libssh2 that the
//! shape of the loop comes from:
//! - Any call may take in packets of other channels, or of the other stream of its own, and the socket is then not
//!   readable for them. So the jobs are driven until none of them gets on *and* no call has taken anything off the socket
//!   meanwhile; only then is there a wait.
//! - Opening a channel keeps its state in the session: one at a time, and once begun it must be driven to its end even
//!   when its job has gone.
//! - While no channel is open nothing can be read, not even a server's question whether we are alive. The loop then opens
//!   a channel of a kind that does not exist: the refusal is an answer, and what else has come is read on the way. Our
//!   own keepalive is the same, as it shows whether the server answers.
//! - Freeing a channel or session waits for the server unless the socket is down; so the socket is shut down first.

use super::job::{Job, JobId, Order, Step, Task};
use super::keeper::Keeper;
use super::link::Link;
use super::pipe::End;
use super::watch::{AGAIN, in_words};
use crate::failure::{Failure, FailureKind};
use crate::transport::sys::{Waker, bytes_in, interest, poll};
use ssh2::{BlockDirections, Channel, ErrorCode, Session};
use std::collections::VecDeque;
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

/// A kind of channel that no server has.
const NO_SUCH_CHANNEL: &str = "keepalive@netplay";

/// How long something unread may lie in the socket of an idle connection. Servers ask every 15 s or more.
const UNREAD_AT_MOST: Duration = Duration::from_secs(5);

/// How long a server may take to answer a keepalive.
const KEEPALIVE_PATIENCE: Duration = Duration::from_secs(15);

/// What is read in one call. Every connection has its own, so it is small; a server's packet may take several.
const SCRATCH_BYTES: usize = 8 * 1024;

/// How often in a row a server may refuse a session while none of ours is open.
const MOST_LONELY_REFUSALS: u32 = 20;

/// How long to wait after it has refused one, growing up to tenfold: while others run, whose end comes as an event, and
/// while none runs.
const BUSY_PAUSE: Duration = Duration::from_millis(20);
const LONELY_PAUSE: Duration = Duration::from_millis(5);

/// A live connection's state.
pub(super) struct Worker {
    pub(super) label: String,
    pub(super) session: Session,
    pub(super) link: Link,
    pub(super) waker: Arc<Waker>,
    pub(super) orders: Receiver<Order>,
    /// Told to the handle: no more jobs are taken.
    pub(super) open: Arc<AtomicBool>,
    /// How many commands may run at once.
    pub(super) most_commands: usize,
    pub(super) keepalive: Option<Duration>,
    /// Several commands are to be expected.
    pub(super) expects_more: bool,
}

/// An open of a channel under way.
struct Opening {
    kind: OpeningKind,
    /// Whose it is; `None` when that job is gone.
    job: Option<JobId>,
    since: Instant,
}

enum OpeningKind {
    Session,
    /// A session for a shell that is kept.
    Kept,
    Port(String, u16),
    Nothing,
}

enum Ending {
    /// Nobody needs the connection any more.
    Closed,
    /// It is gone.
    Lost(String),
}

struct Loop {
    worker: Worker,
    jobs: VecDeque<Job>,
    opening: Option<Opening>,
    keeper: Keeper,
    /// A job timed out or was cancelled: those that run may end, no more are taken.
    draining: bool,
    last_news: Instant,
    unread_since: Option<Instant>,
    /// How often in a row the server has refused a session, and when the next is asked for.
    refusals: u32,
    retry_at: Option<Instant>,
    /// A job has been through, so the server's first, slow answer is behind us.
    warm: bool,
    /// The socket must be writable before something can go on.
    blocked_outward: bool,
}

impl Worker {
    /// Serves until the connection is closed, lost, or has failed a job.
    pub(super) fn run(self) {
        let mut state = Loop {
            keeper: Keeper::new(self.expects_more),
            worker: self,
            jobs: VecDeque::new(),
            opening: None,
            draining: false,
            last_news: Instant::now(),
            unread_since: None,
            refusals: 0,
            retry_at: None,
            warm: false,
            blocked_outward: false,
        };
        let end = state.serve();
        state.finish(&end);
    }
}

impl Loop {
    fn serve(&mut self) -> Ending {
        let mut scratch = vec![0; SCRATCH_BYTES];
        loop {
            if self.take_orders() {
                return Ending::Closed;
            }
            self.blocked_outward = false;
            let mut seen;
            loop {
                seen = bytes_in();
                match self.drive_all(&mut scratch) {
                    Step::Waits if seen == bytes_in() => break,
                    Step::Waits => {}
                    Step::Lost(why) => return Ending::Lost(why),
                    Step::Moved | Step::Done => self.last_news = Instant::now(),
                }
            }
            self.drop_late_jobs();
            if self.draining && self.jobs.is_empty() {
                return Ending::Closed;
            }
            if let Err(why) = self.keep_alive() {
                return Ending::Lost(why);
            }
            // The keepalive and the end of a job may have taken in what another waits for.
            if seen != bytes_in() {
                continue;
            }
            if let Err(why) = self.wait() {
                return Ending::Lost(why);
            }
        }
    }

    /// Takes what has been ordered; true when the connection is to end.
    fn take_orders(&mut self) -> bool {
        loop {
            match self.worker.orders.try_recv() {
                Ok(Order::Run(mut job)) if self.draining => job.fail(self.closing_failure()),
                Ok(Order::Run(job)) => self.jobs.push_back(*job),
                Ok(Order::Cancel(id)) => self.cancel(id),
                Ok(Order::Close) | Err(TryRecvError::Disconnected) => return true,
                Err(TryRecvError::Empty) => return false,
            }
        }
    }

    fn cancel(&mut self, id: JobId) {
        if let Some(at) = self.jobs.iter().position(|job| job.id == id) {
            let failure = Failure::new(FailureKind::Cancelled, format!("interrupted on `{}`", self.worker.label));
            // A pipe whose user has gone ends by itself, and says nothing about the others.
            if matches!(self.jobs[at].task, Task::Exec(_)) {
                self.stop_taking();
            }
            self.remove(at, failure);
        }
    }

    fn remove(&mut self, at: usize, failure: Failure) {
        if let Some(mut job) = self.jobs.remove(at) {
            job.fail(failure);
            if job.is_kept {
                self.keeper.cut();
            }
            if let Some(opening) = self.opening.as_mut().filter(|opening| opening.job == Some(job.id)) {
                opening.job = None;
            }
        }
    }

    fn stop_taking(&mut self) {
        self.draining = true;
        self.worker.open.store(false, Ordering::Release);
    }

    fn closing_failure(&self) -> Failure {
        Failure::new(FailureKind::Unreachable, format!("the connection to `{}` is closing", self.worker.label))
    }

    fn drop_late_jobs(&mut self) {
        while let Some((at, failure)) =
            self.jobs.iter().enumerate().find_map(|(at, job)| Some((at, job.timed_out(&self.worker.label)?)))
        {
            self.stop_taking();
            self.remove(at, failure);
        }
    }

    /// Drives the opening of a channel and every job once.
    fn drive_all(&mut self, scratch: &mut [u8]) -> Step {
        // A shell that is free comes before a new channel.
        let opening = self.opening.as_ref().and_then(|opening| opening.job);
        self.keeper.take(&mut self.jobs, opening);
        let mut moved = match self.drive_opening() {
            Step::Lost(why) => return Step::Lost(why),
            Step::Waits => false,
            Step::Moved | Step::Done => true,
        };
        match self.keeper.drive(&mut self.jobs, scratch) {
            Step::Lost(why) => return Step::Lost(why),
            Step::Waits => {}
            Step::Moved => moved = true,
            Step::Done => {
                self.note_done();
                moved = true;
            }
        }
        self.note_blocked();
        let mut at = 0;
        while at < self.jobs.len() {
            let step = self.jobs[at].drive(scratch);
            self.note_blocked();
            match step {
                Step::Waits => {}
                Step::Moved => moved = true,
                Step::Lost(why) => return Step::Lost(why),
                Step::Done => {
                    // Dropping it frees the channel.
                    if let Some(job) = self.jobs.remove(at) {
                        self.keeper.note_done(&job);
                    }
                    self.note_done();
                    moved = true;
                    continue;
                }
            }
            at += 1;
        }
        if moved { Step::Moved } else { Step::Waits }
    }

    fn note_done(&mut self) {
        self.warm = true;
        // It may have made room for another.
        (self.refusals, self.retry_at) = (0, None);
    }

    /// Remembers that libssh2 could not write; its own note is overwritten by the next call.
    fn note_blocked(&mut self) {
        let outward =
            matches!(self.worker.session.block_directions(), BlockDirections::Outbound | BlockDirections::Both);
        self.blocked_outward |= outward;
    }

    fn drive_opening(&mut self) -> Step {
        self.retry_at = self.retry_at.filter(|at| *at > Instant::now());
        if self.opening.is_none() {
            self.opening = self.next_opening();
        }
        let Some(opening) = &self.opening else { return Step::Waits };
        let result = match &opening.kind {
            OpeningKind::Session | OpeningKind::Kept => self.worker.session.channel_session(),
            OpeningKind::Port(host, port) => self.worker.session.channel_direct_tcpip(host, *port, None),
            OpeningKind::Nothing => self.worker.session.channel_open(NO_SUCH_CHANNEL, 32 * 1024, 32 * 1024, None),
        };
        if matches!(&result, Err(error) if error.code() == AGAIN) {
            self.note_blocked();
            return Step::Waits;
        }
        let opening = self.opening.take();
        let is_kept = opening.as_ref().is_some_and(|opening| matches!(opening.kind, OpeningKind::Kept));
        let job = opening.and_then(|opening| opening.job);
        let job = job.and_then(|id| self.jobs.iter().position(|job| job.id == id));
        match (result, job) {
            (Ok(channel), _) if is_kept => self.keeper.start(channel),
            (Err(error), _) if is_kept && error.code() == ErrorCode::Session(-21) => self.keeper.give_up(),
            (Ok(channel), Some(at)) => {
                self.refusals = 0;
                self.jobs[at].channel = Some(channel);
            }
            // Freeing it closes it.
            (Ok(channel), None) => drop::<Channel>(channel),
            (Err(error), at) if error.code() == ErrorCode::Session(-21) => {
                if let Some(at) = at {
                    self.refused(at, &error);
                }
            }
            (Err(error), _) => return Step::Lost(error.message().to_owned()),
        }
        Step::Moved
    }

    /// Returns the next channel to open: for the first job that has none and may have one.
    fn next_opening(&self) -> Option<Opening> {
        let now = Instant::now();
        let commands =
            self.jobs.iter().filter(|job| job.channel.is_some() && matches!(job.task, Task::Exec(_))).count();
        let may_open = |job: &&Job| {
            let is_port = matches!(&job.task, Task::Pipe(pipe) if matches!(pipe.end, End::Port { .. }));
            let room = commands < self.worker.most_commands || !matches!(job.task, Task::Exec(_));
            !job.is_placed() && room && (is_port || self.retry_at.is_none_or(|at| at <= now))
        };
        let job = self.jobs.iter().find(may_open)?;
        if job.is_plain() && self.keeper.wants_channel() {
            return Some(Opening { kind: OpeningKind::Kept, job: None, since: now });
        }
        let kind = match &job.task {
            Task::Exec(_) => OpeningKind::Session,
            Task::Pipe(pipe) => match &pipe.end {
                End::Shell(_) | End::Subsystem(_) => OpeningKind::Session,
                End::Port { host, port } => OpeningKind::Port(host.clone(), *port),
            },
        };
        Some(Opening { kind, job: Some(job.id), since: now })
    }

    /// A session beyond the server's `MaxSessions` waits for one of the others to end; a port is refused for good.
    fn refused(&mut self, at: usize, error: &ssh2::Error) {
        let others = self.jobs.iter().any(Job::is_placed);
        if let Task::Pipe(pipe) = &mut self.jobs[at].task
            && let End::Port { host, port } = &pipe.end
        {
            let is_prohibited = error.message().contains("prohibited") || error.message().contains("unknown channel");
            let why = error.message().trim_start_matches("Channel open failure (").trim_end_matches(')').to_lowercase();
            let message = format!("`{}` cannot connect to {host}:{port}: {why}", self.worker.label);
            pipe.fail(Failure::new(FailureKind::Unreachable, message), is_prohibited);
            self.jobs.remove(at);
            return;
        }
        // Not one that has just been given a command.
        let is_taken = self.jobs.iter().any(|job| job.is_kept);
        if !is_taken && self.keeper.makes_room() {
            self.retry_at = Some(Instant::now() + LONELY_PAUSE);
            return;
        }
        self.refusals += 1;
        if !others && self.refusals > MOST_LONELY_REFUSALS {
            let message = format!("`{}` opens no session: {}", self.worker.label, error.message().to_lowercase());
            let failure = Failure::new(FailureKind::Unreachable, message).help("see `MaxSessions` of the server");
            self.stop_taking();
            self.remove(at, failure);
            return;
        }
        // The server lets go of a closed channel a moment after its close, so there is no event to wait for.
        let pause = if others { BUSY_PAUSE } else { LONELY_PAUSE };
        self.retry_at = Some(Instant::now() + pause * self.refusals.min(10));
    }

    fn is_reading(&self) -> bool {
        self.opening.is_some() || self.keeper.is_open() || self.jobs.iter().any(|job| job.channel.is_some())
    }

    /// Asks for an answer when one is due, and gives the connection up when none comes.
    fn keep_alive(&mut self) -> Result<(), String> {
        let now = Instant::now();
        if let Some(opening) = self.opening.as_ref().filter(|opening| matches!(opening.kind, OpeningKind::Nothing)) {
            let waited = now.duration_since(opening.since);
            return match waited > KEEPALIVE_PATIENCE {
                true => Err(format!("no answer to a keepalive within {}", in_words(KEEPALIVE_PATIENCE))),
                false => Ok(()),
            };
        }
        let has_shell =
            self.jobs.iter().any(|job| matches!(&job.task, Task::Pipe(pipe) if matches!(pipe.end, End::Shell(_))));
        let due = self.next_keepalive().is_some_and(|at| at <= now);
        if !due || self.opening.is_some() {
            return Ok(());
        }
        self.last_news = now;
        self.unread_since = None;
        if has_shell {
            // Devices may not take a channel of an unknown kind well; they get the usual message, answer or not.
            self.worker.session.set_keepalive(true, 2);
            return match self.worker.session.keepalive_send() {
                Err(error) if error.code() != AGAIN => Err(error.message().to_owned()),
                _ => Ok(()),
            };
        }
        self.opening = Some(Opening { kind: OpeningKind::Nothing, job: None, since: now });
        match self.drive_opening() {
            Step::Lost(why) => Err(why),
            _ => Ok(()),
        }
    }

    fn next_keepalive(&self) -> Option<Instant> {
        let silent = self.worker.keepalive.map(|interval| self.last_news + interval);
        let unread = self.unread_since.map(|since| since + UNREAD_AT_MOST);
        silent.into_iter().chain(unread).min()
    }

    /// Waits for whatever comes first.
    fn wait(&mut self) -> Result<(), String> {
        let reading = self.is_reading();
        let socket_events = match (reading, self.unread_since) {
            (true, _) => libc::POLLIN | if self.blocked_outward { libc::POLLOUT } else { 0 },
            (false, None) => libc::POLLIN | libc::POLLRDHUP,
            (false, Some(_)) => libc::POLLRDHUP,
        };
        let mut fds =
            vec![interest(self.worker.link.as_raw_fd(), socket_events), interest(self.worker.waker.fd(), libc::POLLIN)];
        fds.extend(self.jobs.iter().filter(|job| job.channel.is_some()).filter_map(|job| match &job.task {
            Task::Pipe(pipe) => {
                let (fd, events) = pipe.interest();
                Some(interest(fd, events))
            }
            Task::Exec(_) => None,
        }));
        poll(&mut fds, self.next_event().map(|at| at.saturating_duration_since(Instant::now())))
            .map_err(|error| error.to_string())?;
        if fds[1].revents != 0 {
            self.worker.waker.drain();
        }
        if !self.warm {
            self.worker.link.acknowledge_at_once();
        }
        if !reading && fds[0].revents & (libc::POLLRDHUP | libc::POLLHUP | libc::POLLERR) != 0 {
            return Err("the server closed it".into());
        }
        if !reading && fds[0].revents & libc::POLLIN != 0 {
            self.unread_since = Some(Instant::now());
        }
        if reading {
            self.unread_since = None;
        }
        Ok(())
    }

    fn next_event(&self) -> Option<Instant> {
        let deadlines = self.jobs.iter().filter_map(|job| job.deadline.map(|(at, _)| at));
        let waiting = self.jobs.iter().any(|job| !job.is_placed());
        let retries = self.retry_at.filter(|_| waiting);
        let keepalive = match &self.opening {
            Some(opening) if matches!(opening.kind, OpeningKind::Nothing) => Some(opening.since + KEEPALIVE_PATIENCE),
            Some(_) => None,
            None => self.next_keepalive(),
        };
        deadlines.chain(retries).chain(keepalive).chain(self.keeper.deadline()).min()
    }

    fn finish(mut self, end: &Ending) {
        self.worker.open.store(false, Ordering::Release);
        match end {
            // One attempt to say goodbye.
            Ending::Closed => drop(self.worker.session.disconnect(None, "bye", None)),
            Ending::Lost(_) => {}
        }
        self.worker.link.shut_down();
        let label = &self.worker.label;
        let failure = match end {
            Ending::Closed => self.closing_failure(),
            Ending::Lost(why) => {
                let message = format!("lost the connection to `{label}`: {}", plainly(why));
                Failure::new(FailureKind::Unreachable, message)
            }
        };
        for job in &mut self.jobs {
            job.fail(failure.clone());
        }
        // Orders that came too late get an answer as well.
        while let Ok(order) = self.worker.orders.try_recv() {
            if let Order::Run(mut job) = order {
                job.fail(failure.clone());
            }
        }
    }
}

/// Puts libssh2's words for a connection that has ended ("transport read", "socket disconnect") plainly.
fn plainly(why: &str) -> String {
    let why = why.to_lowercase();
    if ["transport read", "socket disconnect"].iter().any(|words| why.contains(words)) {
        return "the other side closed it".into();
    }
    why
}
