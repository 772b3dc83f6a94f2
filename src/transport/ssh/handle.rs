use super::exec::{Answer, Exec, Request};
use super::job::{Job, JobId, Order, Task};
use super::pipe::{Closed, End, Ending, Pipe};
use crate::failure::{Failure, FailureKind};
use crate::module::ExecOutput;
use crate::transport::Limits;
use crate::transport::sys::Waker;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// How long the thread gets to answer a cancel or a close. It never blocks, so this only bounds a fault of its own.
const THREAD_PATIENCE: Duration = Duration::from_secs(2);

/// A logged-in connection. Dropping it ends its thread.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) label: String,
    pub(super) orders: Sender<Order>,
    pub(super) waker: Arc<Waker>,
    pub(super) open: Arc<AtomicBool>,
    /// Closed when the thread has ended.
    pub(super) ended: watch::Receiver<()>,
    pub(super) next_job: AtomicU64,
    /// The jump host that the connection goes through, kept alive.
    pub(super) _via: Option<Arc<Handle>>,
}

/// A pipe that is open: the end of it that is ours, and why it ended if not by the other side's wish.
pub(super) struct OpenPipe {
    pub(super) stream: UnixStream,
    pub(super) ending: Ending,
}

impl Handle {
    /// Claims that more jobs are taken.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Runs a command to its end.
    pub(super) async fn exec(&self, request: Request, limits: &Limits) -> Result<ExecOutput, Failure> {
        let (reply, answer) = oneshot::channel();
        let job = self.submit(Task::Exec(Exec::new(request, reply)), limits.timeout);
        let Answer { said, sent } = self.await_answer(job, answer, limits).await?;
        crate::phase::add(crate::phase::Phase::Send, sent);
        said
    }

    /// Opens a stream to a shell or port.
    pub(super) async fn pipe(&self, end: End, limits: &Limits) -> Result<OpenPipe, Closed> {
        let closed = |failure| Closed { failure, is_prohibited: false };
        let broken = |error: std::io::Error| {
            closed(Failure::new(FailureKind::Internal, format!("cannot make a pair of sockets: {error}")))
        };
        let (ours, theirs) = UnixStream::pair().map_err(broken)?;
        let (reply, answer) = oneshot::channel();
        let ending = Ending::default();
        let pipe = Pipe::new(end, theirs, reply, Arc::clone(&ending)).map_err(broken)?;
        // The deadline is that of the opening alone, so it is kept here.
        let job = self.submit(Task::Pipe(pipe), None);
        let opened = async {
            match limits.timeout {
                Some(timeout) => {
                    tokio::time::timeout(timeout, self.await_answer(job, answer, limits)).await.unwrap_or_else(|_| {
                        let message = format!("no answer from `{}` within {}", self.label, super::in_words(timeout));
                        Err(Failure::new(FailureKind::Timeout, message))
                    })
                }
                None => self.await_answer(job, answer, limits).await,
            }
        };
        opened.await.map_err(closed)??;
        Ok(OpenPipe { stream: ours, ending })
    }

    fn submit(&self, task: Task, timeout: Option<Duration>) -> JobId {
        let id = self.next_job.fetch_add(1, Ordering::Relaxed);
        // A thread that has ended drops the job, and with it the sender of the answer.
        let _ = self.orders.send(Order::Run(Box::new(Job::new(id, task, timeout))));
        self.waker.wake();
        id
    }

    /// Waits for an answer. A caller who is cancelled, or just goes away, cancels the job.
    async fn await_answer<T>(
        &self,
        job: JobId,
        mut answer: oneshot::Receiver<T>,
        limits: &Limits,
    ) -> Result<T, Failure> {
        let mut guard = CancelOnDrop { handle: self, job: Some(job) };
        let gone = || Failure::new(FailureKind::Unreachable, format!("the connection to `{}` is closed", self.label));
        let cancelled = || Failure::new(FailureKind::Cancelled, format!("interrupted on `{}`", self.label));
        tokio::select! {
            biased;
            answered = &mut answer => {
                guard.job = None;
                return answered.map_err(|_| gone());
            }
            () = limits.cancel.cancelled() => {}
        }
        drop(guard);
        // The answer holds what was read so far.
        match tokio::time::timeout(THREAD_PATIENCE, answer).await {
            Ok(answered) => answered.map_err(|_| cancelled()),
            Err(_) => Err(cancelled()),
        }
    }

    /// Ends the connection and waits for its thread.
    pub(super) async fn close(&self) {
        self.tell_to_close();
        let mut ended = self.ended.clone();
        let wait = async { while ended.changed().await.is_ok() {} };
        // A thread that does not end in time is left behind; it holds nothing that others wait for.
        let _ = tokio::time::timeout(THREAD_PATIENCE, wait).await;
    }

    fn tell_to_close(&self) {
        self.open.store(false, Ordering::Release);
        let _ = self.orders.send(Order::Close);
        self.waker.wake();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.tell_to_close();
    }
}

struct CancelOnDrop<'a> {
    handle: &'a Handle,
    job: Option<JobId>,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(job) = self.job {
            let _ = self.handle.orders.send(Order::Cancel(job));
            self.handle.waker.wake();
        }
    }
}
