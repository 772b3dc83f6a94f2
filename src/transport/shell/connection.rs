//! A session in a task of its own: works come by a channel and are done one after the other, those that only read
//! together where the device takes them so (`together.rs`).

use super::login::Logins;
use super::session::Session;
use super::slow::Slow;
use super::typed::Typed;
use super::until::{Patience, Until};
use crate::failure::{Failure, FailureKind};
use crate::module::{Action, Boxed, Cli, Output, Work};
use crate::platform::{self, Platform};
use crate::transport::{Connection, Limits, Target, Wire};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A deadline for those who set none: far enough to mean nothing, near enough for every clock.
const NO_DEADLINE: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// Works that wait for their turn. Arbitrary: a host has one step at a time, or a few that read.
const QUEUE: usize = 64;

/// Opens a session with a device over a terminal: waits for its prompt, takes rights if the target says so, prepares
/// the terminal.
pub async fn connect(target: &Target, limits: &Limits, wire: Box<dyn Wire>) -> Result<Box<dyn Connection>, Failure> {
    connect_with(target, limits, wire, Patience::default()).await
}

/// Returns the wire as the host wants it: typed on slowly, written down.
///
/// # Errors
/// When it cannot be written down.
pub async fn dressed(target: &Target, mut wire: Box<dyn Wire>) -> Result<Box<dyn Wire>, Failure> {
    if let Some(rate) = target.terminal.typing_rate {
        wire = Box::new(Slow { wire, pause: Duration::from_secs_f64(1.0 / rate) });
    }
    match &target.terminal.log {
        Some(log) => log.listen(&target.host, wire).await,
        None => Ok(wire),
    }
}

pub(super) async fn connect_with(
    target: &Target,
    limits: &Limits,
    mut wire: Box<dyn Wire>,
    patience: Patience,
) -> Result<Box<dyn Connection>, Failure> {
    let Some(platform) = target.platform else {
        wire.close().await;
        return Err(Failure::new(FailureKind::Argument, format!("the platform of `{}` is not known", target.host))
            .help("set `ansible_network_os`"));
    };
    let until = until(limits).within(target.ssh.connect_timeout.max(platform.timeout));
    let session = Session::open(wire, platform, logins(target), patience, &until).await?;
    Ok(started(session, target))
}

/// Finds out which platform the device is of. The session goes on as one of it, unless its logins are others.
pub async fn detect(
    target: &Target,
    limits: &Limits,
    wire: Box<dyn Wire>,
) -> Result<(&'static Platform, Option<Box<dyn Connection>>), Failure> {
    let unknown = platform::find(platform::AUTO).expect("it is always there");
    let until = until(limits).within(target.ssh.connect_timeout.max(unknown.timeout));
    let mut session = Session::new(wire, unknown, logins(target), Patience::default());
    let found = async {
        let platform = session.detect(&until).await?;
        let stays = platform.username_suffix.is_none();
        if stays {
            session.become_one_of(platform, &until).await?;
        }
        Ok::<_, Failure>((platform, stays))
    }
    .await;
    match found {
        Ok((platform, true)) => Ok((platform, Some(started(session, target)))),
        Ok((platform, false)) => {
            session.close().await;
            Ok((platform, None))
        }
        Err(failure) => {
            session.close().await;
            Err(failure)
        }
    }
}

fn logins(target: &Target) -> Logins {
    let enable = target.elevate.as_ref().filter(|elevate| elevate.method == "enable");
    Logins {
        user: target.ssh.user.clone(),
        password: target.ssh.password.clone(),
        enable: enable.is_some(),
        enable_password: enable.and_then(|elevate| elevate.password.clone()),
        dialogue: target.terminal.dialogue.clone(),
    }
}

/// Puts a session into a task of its own.
fn started(mut session: Session, target: &Target) -> Box<dyn Connection> {
    session.types_ahead &= target.terminal.types_ahead;
    let (jobs, queue) = mpsc::channel(QUEUE);
    let is_open = Arc::new(AtomicBool::new(true));
    let stop = CancellationToken::new();
    tokio::spawn(serve(session, queue, Arc::clone(&is_open), stop.clone()));
    Box::new(Shell { jobs, is_open, stop, line_timeout: target.command_timeout })
}

/// How long closing waits for a work that runs, and then for the wire. Arbitrary; a command is cut in its midst after it.
const GRACE: Duration = Duration::from_secs(2);

/// How far the deadlines of works may be apart that are done together: those of tasks that begin at the same time are.
const SAME_TIME: Duration = Duration::from_secs(1);

/// What others hold of a session.
struct Shell {
    jobs: mpsc::Sender<Job>,
    is_open: Arc<AtomicBool>,
    /// Cuts the work that runs.
    stop: CancellationToken,
    line_timeout: Option<Duration>,
}

/// Something to do in the session.
struct Job {
    task: Task,
    until: Until,
    reply: oneshot::Sender<Result<Output, Failure>>,
}

enum Task {
    Cli(Cli),
    Ping,
    Close,
}

impl Shell {
    async fn ask(&self, task: Task, until: Until) -> Result<Output, Failure> {
        let closed = || Failure::new(FailureKind::Unreachable, "the session with the device is closed");
        let (reply, answer) = oneshot::channel();
        let cancel = until.cancel.clone();
        self.jobs.send(Job { task, until, reply }).await.map_err(|_| closed())?;
        // A work that waits behind another one is cancelled here; one that runs says more about it by itself.
        tokio::select! {
            biased;
            answer = answer => answer.unwrap_or_else(|_| Err(closed())),
            () = wait_after(cancel) => Err(Failure::new(FailureKind::Cancelled, "interrupted while waiting for its turn")),
        }
    }
}

/// Ends a moment after the cancel, so that the session, which hears of it as well, can say what it was doing.
async fn wait_after(cancel: CancellationToken) {
    cancel.cancelled().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
}

impl Connection for Shell {
    fn perform<'a>(&'a self, action: &'a Action, limits: &'a Limits) -> Boxed<'a, Result<Output, Failure>> {
        Box::pin(async move {
            let task = match &action.work {
                Work::Cli(cli) => {
                    let line_timeout = cli.line_timeout.or(self.line_timeout);
                    Task::Cli(Cli { line_timeout, ..cli.clone() })
                }
                Work::Ping => Task::Ping,
                Work::Reset => Task::Close,
                other => return Err(unsuited(other)),
            };
            self.ask(task, until(limits)).await
        })
    }

    fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire) && !self.jobs.is_closed()
    }

    fn close(&self) -> Boxed<'_, ()> {
        Box::pin(async move {
            let until = until(&Limits { timeout: Some(GRACE * 2), cancel: self.stop.clone() });
            // A session that is closed already says so; that is what is wanted.
            let polite = self.ask(Task::Close, until);
            if tokio::time::timeout(GRACE, polite).await.is_err() {
                self.stop.cancel();
                let _ = tokio::time::timeout(GRACE, self.jobs.closed()).await;
            }
        })
    }
}

/// Does the works of a session until it is closed, the device hangs up, or nobody can send any more.
async fn serve(
    mut session: Session,
    mut queue: mpsc::Receiver<Job>,
    is_open: Arc<AtomicBool>,
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
        if turn(&mut session, jobs, &is_open, &stop).await {
            break;
        }
    }
    is_open.store(false, Ordering::Release);
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
async fn turn(session: &mut Session, jobs: Vec<Job>, is_open: &AtomicBool, stop: &CancellationToken) -> bool {
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
        is_open.store(false, Ordering::Release);
    }
    for (reply, done) in waiting.into_iter().zip(done.into_iter().flatten()) {
        // The receiver may be gone; the work is done all the same.
        let _ = reply.send(done);
    }
    over
}

/// Ends when nobody waits for any of the answers.
async fn all_closed(replies: &mut [oneshot::Sender<Result<Output, Failure>>]) {
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

fn until(limits: &Limits) -> Until {
    let deadline = Instant::now() + limits.timeout.unwrap_or(NO_DEADLINE).min(NO_DEADLINE);
    Until { deadline, cancel: limits.cancel.clone() }
}

fn unsuited(work: &Work) -> Failure {
    let what = match work {
        Work::Exec(_) => "programs",
        Work::Put(_) | Work::Get(_) => "files",
        Work::Http(_) => "HTTP calls",
        _ => "this",
    };
    Failure::new(
        FailureKind::Internal,
        format!("a network CLI takes commands, not {what}: the module needs another connection"),
    )
    .help("use `connection: ssh` for hosts that run programs, `cli_command` for network devices")
}
