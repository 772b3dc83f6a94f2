//! What a session does, one work after the other; those that only read together, where the device takes them so.

use super::session::Session;
use super::typed::Typed;
use super::until::Until;
use crate::failure::Failure;
use crate::module::{Cli, CliResponse, Output};
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// How far the deadlines of works may be apart that are done together: those of tasks that begin at the same time are.
const SAME_TIME: Duration = Duration::from_secs(1);

/// What others see of a session.
pub(super) struct State {
    pub(super) is_open: AtomicBool,
    pub(super) holds_change: AtomicBool,
}

/// Something to do in the session.
pub(super) struct Job {
    pub(super) task: Task,
    pub(super) until: Until,
    pub(super) reply: oneshot::Sender<Done>,
}

/// What came of a work, and how long typing took of it.
pub(super) struct Done {
    pub(super) result: Result<Output, Failure>,
    pub(super) typing: Duration,
}

/// What a session does.
pub(super) enum Task {
    /// Lines.
    Cli(Cli),
    /// Asks for the prompt.
    Ping,
    /// Takes leave.
    Close,
}

/// Does the works of a session until it is closed, the device hangs up, or nobody can send any more.
pub(super) async fn serve(
    mut session: Session,
    mut queue: mpsc::Receiver<Job>,
    state: Arc<State>,
    stop: CancellationToken,
) {
    let mut set_aside = None;
    loop {
        let job = match set_aside.take() {
            Some(job) => Some(job),
            None => tokio::select! {
                biased;
                job = queue.recv() => job,
                () = session.idle() => None,
            },
        };
        let Some(job) = job else { break };
        if job.reply.is_closed() {
            continue;
        }
        let mut jobs = vec![job];
        set_aside = gather(&mut session, &mut jobs, &mut queue).await;
        if turn(&mut session, jobs, &state, &stop).await {
            break;
        }
    }
    state.is_open.store(false, Ordering::Release);
    session.close().await;
}

/// Adds the works that wait behind the first and can be done together with it; returns the one that cannot.
async fn gather(session: &mut Session, jobs: &mut Vec<Job>, queue: &mut mpsc::Receiver<Job>) -> Option<Job> {
    if !fit(session, jobs) {
        return None;
    }
    // Tasks that begin at the same time are a step of the event loop apart.
    tokio::task::yield_now().await;
    while let Ok(job) = queue.try_recv() {
        jobs.push(job);
        if !fit(session, jobs) || !have_the_same_time(jobs) {
            return jobs.pop();
        }
    }
    None
}

fn fit(session: &Session, jobs: &[Job]) -> bool {
    works(jobs).is_some_and(|works| session.fit_together(&works))
}

/// Returns the works on the CLI that jobs are; `None` when one is something else.
fn works(jobs: &[Job]) -> Option<Vec<&Cli>> {
    let mut works = Vec::with_capacity(jobs.len());
    for job in jobs {
        match &job.task {
            Task::Cli(cli) => works.push(cli),
            Task::Ping | Task::Close => return None,
        }
    }
    Some(works)
}

/// Claims that the last work has about as much time as the first, so that one deadline does for both.
fn have_the_same_time(jobs: &[Job]) -> bool {
    let [first, .., last] = jobs else { return true };
    let (earlier, later) =
        (first.until.deadline.min(last.until.deadline), first.until.deadline.max(last.until.deadline));
    later - earlier < SAME_TIME
}

/// Does one work, or several that only read; says whether the session is over.
async fn turn(session: &mut Session, jobs: Vec<Job>, state: &State, stop: &CancellationToken) -> bool {
    let (mut works, mut waiting) = (Vec::new(), VecDeque::new());
    for job in jobs {
        works.push((job.task, job.until));
        waiting.push_back(job.reply);
    }
    let (sender, mut ready) = mpsc::unbounded_channel();
    let was_dropped = {
        let mut performing = pin!(perform_all(session, works, Outcomes { state, sender }));
        loop {
            tokio::select! {
                biased;
                Some(done) = ready.recv() => answer(&mut waiting, done),
                () = &mut performing => break false,
                // Nobody waits for an answer any more: the work was dropped in its midst.
                () = all_closed(&mut waiting), if !waiting.is_empty() => break true,
                () = stop.cancelled() => break true,
            }
        }
    };
    while let Ok(done) = ready.try_recv() {
        answer(&mut waiting, done);
    }
    if was_dropped {
        session.give_up();
    }
    session.take_typing();
    let over = !session.is_open();
    if over {
        // Before those who wait hear that there is no answer.
        state.is_open.store(false, Ordering::Release);
    }
    over
}

/// Gives the first that waits its answer.
fn answer(waiting: &mut VecDeque<oneshot::Sender<Done>>, done: Done) {
    if let Some(reply) = waiting.pop_front() {
        // The receiver may be gone; the work is done all the same.
        let _ = reply.send(done);
    }
}

/// Ends when nobody waits for any of the answers.
async fn all_closed(replies: &mut VecDeque<oneshot::Sender<Done>>) {
    for reply in replies {
        reply.closed().await;
    }
}

/// Where what comes of works goes, in their order.
struct Outcomes<'a> {
    state: &'a State,
    sender: mpsc::UnboundedSender<Done>,
}

impl Outcomes<'_> {
    /// Says what came of the next work.
    fn give(&self, session: &Session, result: Result<Output, Failure>) {
        if !session.is_open() {
            // Before the answer, so that whoever gets it finds the connection closed.
            self.state.is_open.store(false, Ordering::Release);
        }
        self.state.holds_change.store(session.holds_change(), Ordering::Release);
        // The turn may have been given up.
        let _ = self.sender.send(Done { result, typing: session.typing() });
    }
}

async fn perform_all(session: &mut Session, works: Vec<(Task, Until)>, outcomes: Outcomes<'_>) {
    let done = match works.len() {
        0 | 1 => 0,
        _ => perform_together(session, &works, &outcomes).await,
    };
    for (task, until) in works.into_iter().skip(done) {
        let result = perform(session, task, &until).await;
        outcomes.give(session, result);
    }
}

/// Does works together; returns how many are done, and those after them are to be done one by one.
async fn perform_together(session: &mut Session, works: &[(Task, Until)], outcomes: &Outcomes<'_>) -> usize {
    let mut all = Vec::with_capacity(works.len());
    for (task, _) in works {
        let Task::Cli(cli) = task else { return 0 };
        all.push(cli);
    }
    let Some(deadline) = works.iter().map(|(_, until)| until.deadline).min() else { return 0 };
    // One that is cancelled, or has its answer, is not waited for; the others want their answers all the same.
    let settled: Vec<CancellationToken> = works.iter().map(|(_, until)| until.cancel.child_token()).collect();
    let cancel = CancellationToken::new();
    let until = Until { deadline, cancel: cancel.clone() };
    let cancelled = async {
        for settled in &settled {
            settled.cancelled().await;
        }
        cancel.cancel();
        std::future::pending::<()>().await;
    };
    let mut given = settled.iter();
    let mut give = |session: &Session, result: Result<Vec<CliResponse>, Failure>| {
        outcomes.give(session, result.map(Output::Cli));
        if let Some(settled) = given.next() {
            settled.cancel();
        }
    };
    tokio::select! {
        biased;
        done = session.run_together(&all, &until, &mut give) => done,
        () = cancelled => 0,
    }
}

async fn perform(session: &mut Session, task: Task, until: &Until) -> Result<Output, Failure> {
    match task {
        Task::Cli(cli) => session.run(&cli, until).await.map(Output::Cli),
        Task::Ping => {
            let until = until.within(session.platform.timeout);
            session.exchange(Typed::line(""), &until).await.map(|_| Output::Done)
        }
        Task::Close => {
            session.close().await;
            Ok(Output::Done)
        }
    }
}
