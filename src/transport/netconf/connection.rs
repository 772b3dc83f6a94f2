//! A session that the tasks of a host share, one at a time.

use super::junos;
use super::message::name;
use super::session::{Session, Until};
use crate::failure::{Failure, FailureKind};
use crate::module::{Action, Boxed, Netconf, NetconfAnswer, Output, Rpc, RpcReply, Work};
use crate::platform::Platform;
use crate::transport::ssh::open_subsystem;
use crate::transport::{Connection, Limits, Shared, Target, Wire};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;

/// How long an answer may take when nobody says: as long as the slowest commit of a CLI.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long closing waits for an operation that runs.
const GRACE: Duration = Duration::from_secs(2);

/// What every server answers without much ado.
const NOTHING: &str =
    "<nc:get-config><nc:source><nc:running/></nc:source><nc:filter type=\"subtree\"/></nc:get-config>";

/// Opens a session with a NETCONF server.
pub(in crate::transport) async fn connect(
    target: &Target,
    shared: &Shared,
    limits: &Limits,
) -> Result<Box<dyn Connection>, Failure> {
    let wire = open_subsystem(target, shared, limits, "netconf").await.map_err(|failure| match failure.kind {
        // The server is there, but NETCONF is not.
        FailureKind::Command => Failure { kind: FailureKind::Unreachable, ..failure }
            .help("NETCONF must be enabled on the device; its port is 830 unless `ansible_port` says another"),
        _ => failure,
    })?;
    let wire = match &target.terminal.log {
        Some(log) => log.listen(&target.host, wire).await?,
        None => wire,
    };
    over(target, wire, limits).await
}

/// Opens a session over a wire.
pub(super) async fn over(
    target: &Target,
    wire: Box<dyn Wire>,
    limits: &Limits,
) -> Result<Box<dyn Connection>, Failure> {
    let until = Until { patience: target.ssh.connect_timeout, cancel: &limits.cancel };
    let session = Session::open(wire, &target.host, &until).await?;
    Ok(Box::new(Client {
        host: target.host.clone(),
        platform: target.platform,
        session: Mutex::new(Some(session)),
        is_open: AtomicBool::new(true),
        stop: CancellationToken::new(),
    }))
}

/// What others hold of a session.
struct Client {
    host: String,
    platform: Option<&'static Platform>,
    /// None when it is closed.
    session: Mutex<Option<Session>>,
    is_open: AtomicBool,
    /// Cuts the operation that runs.
    stop: CancellationToken,
}

/// A session in use. Whoever leaves in the middle of a call leaves it unusable: its answer may still come.
struct Turn<'a> {
    slot: MutexGuard<'a, Option<Session>>,
    session: Option<Session>,
    is_open: &'a AtomicBool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.slot = self.session.take().filter(|session| !session.is_broken);
        if self.slot.is_none() {
            self.is_open.store(false, Ordering::Release);
        }
    }
}

impl Client {
    fn closed(&self) -> Failure {
        Failure::new(FailureKind::Unreachable, format!("the NETCONF session with `{}` is closed", self.host))
    }

    /// Waits for the session.
    async fn turn(&self, limits: &Limits) -> Result<Turn<'_>, Failure> {
        let mut slot = tokio::select! {
            slot = self.session.lock() => slot,
            () = limits.cancel.cancelled() => {
                return Err(Failure::new(FailureKind::Cancelled, "interrupted while waiting for its turn"));
            }
        };
        let session = slot.take().ok_or_else(|| self.closed())?;
        Ok(Turn { slot, session: Some(session), is_open: &self.is_open })
    }

    async fn act(&self, work: &Work, limits: &Limits) -> Result<Output, Failure> {
        let patience = limits.timeout.or(self.platform.map(|platform| platform.timeout)).unwrap_or(PATIENCE);
        let mut turn = self.turn(limits).await?;
        let session = turn.session.as_mut().ok_or_else(|| self.closed())?;
        let until = Until { patience, cancel: &limits.cancel };
        let done = async {
            match (work, self.platform) {
                (Work::Netconf(work), _) => operations(session, work, &until).await,
                (Work::Cli(cli), Some(platform)) if junos::is_spoken_by(platform) => {
                    junos::run(session, cli, platform, &until).await.map(Output::Cli)
                }
                (Work::Ping, _) => session.call(NOTHING, &until).await.map(|_| Output::Done),
                (other, _) => Err(unsuited(other)),
            }
        };
        tokio::select! {
            done = done => done,
            () = self.stop.cancelled() => Err(self.closed()),
        }
    }
}

impl Connection for Client {
    fn perform<'a>(&'a self, action: &'a Action, limits: &'a Limits) -> Boxed<'a, Result<Output, Failure>> {
        Box::pin(async move {
            if matches!(action.work, Work::Reset) {
                self.close().await;
                return Ok(Output::Done);
            }
            self.act(&action.work, limits).await
        })
    }

    fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    fn close(&self) -> Boxed<'_, ()> {
        Box::pin(async move {
            self.is_open.store(false, Ordering::Release);
            let mut slot = match tokio::time::timeout(GRACE, self.session.lock()).await {
                Ok(slot) => slot,
                Err(_) => {
                    self.stop.cancel();
                    self.session.lock().await
                }
            };
            if let Some(session) = slot.take() {
                session.close().await;
            }
        })
    }
}

/// Calls operations up to the first that is refused; then what they took is given back, the last first, and undone when
/// one was refused or all came to nothing.
async fn operations(session: &mut Session, work: &Netconf, until: &Until<'_>) -> Result<Output, Failure> {
    let calls = &work.calls;
    let mut replies: Vec<RpcReply> = Vec::with_capacity(calls.len());
    for (number, rpc) in calls.iter().enumerate() {
        let reply = session.call(&rpc.xml, until).await.map_err(|failure| broken_at(failure, number, calls))?;
        let is_refused = reply.refusal().is_some();
        replies.push(reply);
        if is_refused {
            break;
        }
    }
    let refused = replies.iter().position(|reply| reply.refusal().is_some());
    let undoes = refused.is_some() || work.is_lost.is_some_and(|is_lost| is_lost(calls, &replies));
    for (number, rpc) in calls[..replies.len()].iter().enumerate().rev() {
        let undo = rpc.undo.as_ref().filter(|_| undoes);
        let after = rpc.after.as_ref().filter(|_| refused != Some(number));
        for operation in undo.into_iter().chain(after) {
            // What is refused here was not there to be given back.
            session.call(operation, until).await.map_err(|failure| broken_at(failure, number, calls))?;
        }
    }
    let (capabilities, session_id) = (session.hello.capabilities.clone(), session.hello.session_id);
    Ok(Output::Netconf(Box::new(NetconfAnswer { capabilities, session_id, replies })))
}

/// Says in which of several operations the session broke, and what is not known then.
fn broken_at(mut failure: Failure, number: usize, calls: &[Rpc]) -> Failure {
    let operation = name(&calls[number].xml);
    let unknown = if operation == "commit" { "; whether the commit took effect is not known" } else { "" };
    let place = match calls.len() {
        1 => String::new(),
        count => format!("operation {} of {count}: ", number + 1),
    };
    failure.message = format!("{place}{}{unknown}", failure.message.expose()).into();
    failure
}

fn unsuited(work: &Work) -> Failure {
    let what = match work {
        Work::Cli(_) => "commands of this platform",
        Work::Exec(_) => "programs",
        Work::Put(_) | Work::Get(_) | Work::Sftp(_) => "files",
        _ => "this",
    };
    let message = format!("a NETCONF session takes operations, not {what}: the module needs another connection");
    Failure::new(FailureKind::Internal, message).help("use `connection: network_cli` for commands")
}
