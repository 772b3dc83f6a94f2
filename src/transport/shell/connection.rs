//! A session in a task of its own: works come to it by a channel (`turns.rs`).

use super::login::Logins;
use super::session::Session;
use super::slow::Slow;
use super::turns::{Done, Job, State, Task, serve};
use super::until::{Patience, Until};
use crate::failure::{Failure, FailureKind};
use crate::module::{Action, Boxed, Cli, Output, Work};
use crate::phase::{self, Phase};
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
    // What was typed to open it is time of the opening.
    session.take_typing();
    session.types_ahead &= target.terminal.types_ahead;
    let (jobs, queue) = mpsc::channel(QUEUE);
    let state = Arc::new(State { is_open: AtomicBool::new(true), holds_change: AtomicBool::new(false) });
    let stop = CancellationToken::new();
    tokio::spawn(serve(session, queue, Arc::clone(&state), stop.clone()));
    Box::new(Shell { jobs, state, stop, line_timeout: target.command_timeout })
}

/// How long closing waits for a work that runs, and then for the wire. Arbitrary; a command is cut in its midst after it.
const GRACE: Duration = Duration::from_secs(2);

/// What others hold of a session.
struct Shell {
    jobs: mpsc::Sender<Job>,
    state: Arc<State>,
    /// Cuts the work that runs.
    stop: CancellationToken,
    line_timeout: Option<Duration>,
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
            answer = answer => {
                let Done { result, typing } = answer.map_err(|_| closed())?;
                phase::add(Phase::Send, typing);
                result
            }
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
            let mut limits = limits.clone();
            let task = match &action.work {
                Work::Cli(cli) if cli.load.is_some() => {
                    let message = "a configuration that the device reads itself is sent over NETCONF alone";
                    return Err(Failure::new(FailureKind::Argument, message).help(
                        "set `ansible_connection: ansible.netcommon.netconf` for the task (`vars:`), and its port",
                    ));
                }
                Work::Cli(cli) => {
                    let line_timeout = cli.line_timeout.or(self.line_timeout);
                    // The time is that of a command. A bound for all of them would cut a long configuration in its midst.
                    limits.timeout = limits.timeout.filter(|_| line_timeout.is_none());
                    Task::Cli(Cli { line_timeout, ..cli.clone() })
                }
                Work::Ping => Task::Ping,
                Work::Reset => Task::Close,
                other => return Err(unsuited(other)),
            };
            self.ask(task, until(&limits)).await
        })
    }

    fn holds_change(&self) -> bool {
        self.state.holds_change.load(Ordering::Acquire)
    }

    fn is_open(&self) -> bool {
        self.state.is_open.load(Ordering::Acquire) && !self.jobs.is_closed()
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

fn until(limits: &Limits) -> Until {
    let deadline = Instant::now() + limits.timeout.unwrap_or(NO_DEADLINE).min(NO_DEADLINE);
    Until { deadline, cancel: limits.cancel.clone() }
}

fn unsuited(work: &Work) -> Failure {
    let what = match work {
        Work::Exec(_) => "programs",
        Work::Put(_) | Work::Get(_) | Work::Sftp(_) => "files",
        Work::Http(_) => "HTTP calls",
        _ => "this",
    };
    Failure::new(
        FailureKind::Internal,
        format!("a network CLI takes commands, not {what}: the module needs another connection"),
    )
    .help("use `connection: ssh` for hosts that run programs, `cli_command` for network devices")
}
