//! What a session does, one work after the other; those that only read together, where the device takes them so.

use super::session::Session;
use super::typed::Typed;
use super::until::Until;
use crate::failure::Failure;
use crate::module::{Cli, Output};
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
    let (mut works, mut waiting) = (Vec::new(), Vec::new());
    for job in jobs {
        works.push((job.task, job.until));
        waiting.push(job.reply);
    }
    let is_last = matches!(works.as_slice(), [(Task::Close, _)]);
    let done = tokio::select! {
        done = perform_all(session, works) => Some(done),
        // Nobody waits for an answer any more: the work was dropped in its midst.
        () = all_closed(&mut waiting) => None,
        () = stop.cancelled() => None,
    };
    if done.is_none() {
        session.give_up();
    }
    let over = is_last || !session.is_open();
    if over {
        // Before the answer, so that whoever gets it finds the connection closed.
        state.is_open.store(false, Ordering::Release);
    }
    state.holds_change.store(session.holds_change(), Ordering::Release);
    let typing = session.take_typing();
    for (reply, result) in waiting.into_iter().zip(done.into_iter().flatten()) {
        // The receiver may be gone; the work is done all the same.
        let _ = reply.send(Done { result, typing });
    }
    over
}

/// Ends when nobody waits for any of the answers.
async fn all_closed(replies: &mut [oneshot::Sender<Done>]) {
    for reply in replies {
        reply.closed().await;
    }
}

async fn perform_all(session: &mut Session, works: Vec<(Task, Until)>) -> Vec<Result<Output, Failure>> {
    if works.len() > 1
        && let Some(answers) = perform_together(session, &works).await
    {
        return answers;
    }
    let mut answers = Vec::with_capacity(works.len());
    for (task, until) in works {
        answers.push(perform(session, task, &until).await);
    }
    answers
}

/// Does works together; `None` where they are to be done one by one.
async fn perform_together(session: &mut Session, works: &[(Task, Until)]) -> Option<Vec<Result<Output, Failure>>> {
    let mut all = Vec::with_capacity(works.len());
    for (task, _) in works {
        let Task::Cli(cli) = task else { return None };
        all.push(cli);
    }
    let deadline = works.iter().map(|(_, until)| until.deadline).min()?;
    // One that is cancelled is not waited for; the others want their answers all the same.
    let cancel = CancellationToken::new();
    let until = Until { deadline, cancel: cancel.clone() };
    let cancelled = async {
        for (_, until) in works {
            until.cancel.cancelled().await;
        }
        cancel.cancel();
        std::future::pending::<()>().await;
    };
    let answers = tokio::select! {
        answers = session.run_together(&all, &until) => answers?,
        () = cancelled => return None,
    };
    Some(answers.into_iter().map(|answer| answer.map(Output::Cli)).collect())
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
