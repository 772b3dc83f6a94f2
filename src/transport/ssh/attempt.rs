//! Attempts to log in to one host: when it may be called, when it may log in, and again while it is busy.

use super::dial::{Term, dial};
use super::handle::Handle;
use super::link::Path;
use super::login::Refusal;
use super::open::spawn;
use super::pipe::End;
use super::route::Hop;
use crate::failure::{Failure, FailureKind};
use crate::transport::{Limits, Shared};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The first wait after a server was busy, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// How long a host that is called keeps its place among those who are: most answer within one round trip.
const SOON: Duration = Duration::from_millis(250);

/// Logs in to one host, again and again while it is busy. The time for that starts when the host may be called.
pub(super) async fn open_hop(
    hop: &Hop,
    via: Option<Arc<Handle>>,
    shared: &Shared,
    limits: &Limits,
) -> Result<Handle, Failure> {
    let address = format!("{}:{}", hop.host, hop.port);
    let _turn = tokio::select! {
        turn = shared.logins().admit(&address, via.as_deref().map(|jump| jump.label.as_str()), hop.bounds) => turn,
        () = limits.cancel.cancelled() => return Err(interrupted(hop)),
    };
    let allowed = limits.timeout.map_or(hop.connect_timeout, |timeout| timeout.min(hop.connect_timeout));
    let mut term = Term { allowed, until: Instant::now() + allowed };
    let mut pause = BACK_OFF.0;
    loop {
        let refusal = match attempt(hop, via.as_ref(), shared, limits, &mut term).await {
            Ok(handle) => return Ok(handle),
            Err(refusal) => refusal,
        };
        let wait = jittered(pause);
        if !refusal.is_busy || Instant::now() + wait >= term.until {
            return Err(refusal.failure);
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = limits.cancel.cancelled() => return Err(interrupted(hop)),
        }
        pause = (pause * 2).min(BACK_OFF.1);
    }
}

/// Returns half to one and a half of a pause, so that those who were refused together do not come back together.
fn jittered(pause: Duration) -> Duration {
    use std::hash::{BuildHasher as _, RandomState};
    // A new state has new keys: noise enough, without a crate for it.
    let noise = RandomState::new().hash_one(0) % 1024;
    pause / 2 + pause * u32::try_from(noise).unwrap_or(0) / 1024
}

/// Finds a way to the host and logs in. Before the one and the other it waits for its turn, and that is no part of its
/// time; hosts that do not answer take no room from those that do.
async fn attempt(
    hop: &Hop,
    via: Option<&Arc<Handle>>,
    shared: &Shared,
    limits: &Limits,
    term: &mut Term,
) -> Result<Handle, Refusal> {
    let near = turn(hop, limits, term, shared.logins().approach()).await?;
    let (path, near) = tokio::select! {
        found = while_near(near, path(hop, via, shared, limits, *term)) => found,
        () = limits.cancel.cancelled() => return Err(interrupted(hop).into()),
    };
    let path = path?;
    let _permit = turn(hop, limits, term, shared.logins().begin()).await?;
    drop(near);
    spawn(hop, path, via.cloned(), shared, limits, *term).await
}

/// Waits for a turn, and moves the term by as long as that takes.
async fn turn<T>(hop: &Hop, limits: &Limits, term: &mut Term, turn: impl Future<Output = T>) -> Result<T, Failure> {
    let asked = Instant::now();
    let turn = tokio::select! {
        turn = turn => turn,
        () = limits.cancel.cancelled() => return Err(interrupted(hop)),
    };
    term.until += asked.elapsed();
    Ok(turn)
}

/// Looks for a way, and gives the place among those who are called back when none is found soon.
async fn while_near<T, P>(near: P, path: impl Future<Output = T>) -> (T, Option<P>) {
    let mut path = std::pin::pin!(path);
    match tokio::time::timeout(SOON, &mut path).await {
        Ok(found) => (found, Some(near)),
        Err(_) => {
            drop(near);
            (path.await, None)
        }
    }
}

async fn path(
    hop: &Hop,
    via: Option<&Arc<Handle>>,
    shared: &Shared,
    limits: &Limits,
    term: Term,
) -> Result<Path, Refusal> {
    match (via, &hop.proxy_command) {
        (Some(via), _) => {
            let end = End::Port { host: hop.host.clone(), port: hop.port };
            let left = term.until.saturating_duration_since(Instant::now());
            let limits = Limits { timeout: Some(left), cancel: limits.cancel.clone() };
            let pipe = via.pipe(end, &limits).await.map_err(|closed| {
                let mut failure = closed.failure;
                if failure.kind == FailureKind::Timeout {
                    failure.kind = FailureKind::Unreachable;
                }
                failure
            })?;
            Ok(Path::Stream(pipe.stream))
        }
        (None, Some(command)) => Ok(Path::Program(command.clone())),
        (None, None) => Ok(Path::Tcp(dial(&hop.host, hop.port, term, &shared.ssh().lookups).await?)),
    }
}

pub(super) fn interrupted(hop: &Hop) -> Failure {
    Failure::new(FailureKind::Cancelled, format!("interrupted while connecting to `{}`", hop.label()))
}
