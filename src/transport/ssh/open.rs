use super::attempt::{interrupted, open_hop};
use super::config::Config;
use super::dial::{Lookups, Term};
use super::handle::Handle;
use super::keys::KeyCache;
use super::known_hosts::KnownHostsCache;
use super::link::{Path, plain};
use super::login::{Caches, Refusal, log_in};
use super::route::{Hop, Route};
use super::threads::Threads;
use super::watch::{Watch, in_words};
use super::worker::Worker;
use crate::failure::{Failure, FailureKind};
use crate::transport::sys::Waker;
use crate::transport::{Limits, Shared, SshTarget};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};
use tokio::sync::{OnceCell, oneshot, watch};

/// What a thread gets beyond the deadline that it keeps itself, before it is left behind: the agent cannot be
/// interrupted.
const THREAD_GRACE: Duration = Duration::from_millis(500);

/// What the SSH connections of a run share.
#[derive(Debug, Default)]
pub(in crate::transport) struct SshShared {
    keys: KeyCache,
    known_hosts: KnownHostsCache,
    configs: Mutex<HashMap<Option<PathBuf>, ConfigCell>>,
    jumps: Mutex<HashMap<String, JumpSlot>>,
    /// Hosts get several commands, as far as can be told beforehand.
    expects_more: AtomicBool,
    threads: Threads,
    /// Bounds name lookups.
    pub(super) lookups: Lookups,
}

impl SshShared {
    /// Says whether the hosts whose connections are opened from now on get several commands.
    pub(in crate::transport) fn expect_more(&self, more: bool) {
        self.expects_more.store(more, Ordering::Relaxed);
    }
}

/// A configuration, once somebody has read it.
type ConfigCell = Arc<OnceCell<Config>>;

/// The connection to a jump host, once somebody has opened it.
type JumpSlot = Arc<tokio::sync::Mutex<Jump>>;

/// What came of the last attempt to reach a jump host.
#[derive(Debug, Default)]
enum Jump {
    #[default]
    Untried,
    Open(Arc<Handle>),
    Failed(Failure, Instant),
}

/// Opens the connection to a target, through its jump hosts.
pub(super) async fn open(target: &SshTarget, shared: &Shared, limits: &Limits) -> Result<Handle, Failure> {
    let route = plan(target, shared).await?;
    let mut via: Option<Arc<Handle>> = None;
    let mut way = String::new();
    for (i, hop) in route.jumps.iter().enumerate() {
        way.push_str(&hop.key());
        way.push('\n');
        let before = via.take();
        let jump = jump(hop, before, &way, shared, limits).await.map_err(|mut failure| {
            let message = format!(
                "jump host {} of {} on the way to `{}`: {}",
                i + 1,
                route.jumps.len(),
                route.last.name,
                failure.message.expose()
            );
            failure.message = message.into();
            failure
        })?;
        via = Some(jump);
    }
    open_hop(&route.last, via, shared, limits).await
}

async fn plan(target: &SshTarget, shared: &Shared) -> Result<Route, Failure> {
    let cell = {
        let mut configs = shared.ssh().configs.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(configs.entry(target.config_file.clone()).or_default())
    };
    let home = shared.settings().home.clone();
    let file = target.config_file.clone();
    let config = cell.get_or_init(|| async {
        let read = tokio::task::spawn_blocking(move || {
            let files = match (file, &home) {
                (Some(file), _) => vec![file],
                (None, Some(home)) => vec![home.join(".ssh/config"), "/etc/ssh/ssh_config".into()],
                (None, None) => vec!["/etc/ssh/ssh_config".into()],
            };
            Config::read(&files, home.as_deref())
        });
        // It only fails when the runtime is going down.
        read.await.unwrap_or_default()
    });
    Route::plan(target, config.await, shared.settings())
}

/// Returns the shared connection to a jump host. Those who want the same one wait for the first of them, and share its
/// failure as well: hundreds behind a host that is down must not try it one after the other.
async fn jump(
    hop: &Hop,
    via: Option<Arc<Handle>>,
    way: &str,
    shared: &Shared,
    limits: &Limits,
) -> Result<Arc<Handle>, Failure> {
    let asked = Instant::now();
    let slot = {
        let mut jumps = shared.ssh().jumps.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(jumps.entry(way.to_owned()).or_default())
    };
    let mut slot = tokio::select! {
        slot = slot.lock() => slot,
        () = limits.cancel.cancelled() => return Err(interrupted(hop)),
    };
    match &*slot {
        Jump::Open(jump) if jump.is_open() => return Ok(Arc::clone(jump)),
        Jump::Failed(failure, at) if *at >= asked => return Err(failure.clone()),
        _ => {}
    }
    match open_hop(hop, via, shared, limits).await {
        Ok(handle) => {
            let handle = Arc::new(handle);
            *slot = Jump::Open(Arc::clone(&handle));
            Ok(handle)
        }
        Err(failure) => {
            // That one was interrupted says nothing about the host.
            if failure.kind != FailureKind::Cancelled {
                *slot = Jump::Failed(failure.clone(), Instant::now());
            }
            Err(failure)
        }
    }
}

/// Starts the thread of a connection and waits for its login.
pub(super) async fn spawn(
    hop: &Hop,
    path: Path,
    via: Option<Arc<Handle>>,
    shared: &Shared,
    limits: &Limits,
    term: Term,
) -> Result<Handle, Refusal> {
    let fault = |what: &str, error: std::io::Error| {
        let is_busy = is_exhausted(&error);
        let message = format!("cannot {what} for `{}`: {}", hop.label(), plain(&error));
        let failure = Failure::new(FailureKind::Internal, message);
        let help = "this machine's limits (`ulimit -n`, `ulimit -u`) allow no more connections";
        Refusal { failure: if is_busy { failure.help(help) } else { failure }, is_busy }
    };
    let waker = Arc::new(Waker::new().map_err(|error| fault("make an eventfd", error))?);
    let watch = GiveUpOnDrop(Some(Watch::new(Arc::clone(&waker), term)));
    let (orders, inbox) = mpsc::channel();
    let (ready, answer) = oneshot::channel();
    let (alive, ended) = watch::channel(());
    let open = Arc::new(AtomicBool::new(true));
    let handle = Handle {
        label: hop.label(),
        orders,
        waker: Arc::clone(&waker),
        open: Arc::clone(&open),
        ended,
        next_job: AtomicU64::new(0),
        _via: via,
    };
    let life = {
        let (hop, shared) = (hop.clone(), shared.clone());
        let watch = watch.0.clone().expect("it was just put there");
        let end = SayEnd { open: Arc::clone(&open), _alive: alive };
        move || {
            let _end = end;
            let caches = Caches { keys: &shared.ssh().keys, known_hosts: &shared.ssh().known_hosts };
            match log_in(&hop, path, caches, &watch) {
                Err(refusal) => drop(ready.send(Err(refusal))),
                Ok((session, link)) => {
                    let usual = shared.settings().commands_per_connection;
                    let most_commands = hop.bounds.commands_per_connection.unwrap_or(usual).max(1);
                    let expects_more = shared.ssh().expects_more.load(Ordering::Relaxed);
                    // A thread that kept it would keep the connections to jump hosts alive that it holds.
                    drop(shared);
                    let (label, keepalive) = (hop.label(), hop.keepalive);
                    let orders = inbox;
                    let worker =
                        Worker { label, session, link, waker, orders, open, most_commands, keepalive, expects_more };
                    // Where nobody waits any more the handle is gone too, and the worker ends at once.
                    let _ = ready.send(Ok(()));
                    worker.run();
                }
            }
        }
    };
    let started = shared.ssh().threads.run(format!("ssh {}", hop.name), Box::new(life));
    started.map_err(|error| fault("start a thread", error))?;
    let answered = tokio::select! {
        answered = answer => answered,
        () = limits.cancel.cancelled() => return Err(interrupted(hop).into()),
        () = tokio::time::sleep_until((term.until + THREAD_GRACE).into()) => {
            let allowed = in_words(hop.connect_timeout);
            let message = format!("no connection to `{}` within {allowed}", hop.label());
            return Err(Failure::new(FailureKind::Unreachable, message).into());
        }
    };
    match answered {
        Ok(Ok(())) => {
            watch.keep();
            Ok(handle)
        }
        Ok(Err(refusal)) => Err(refusal),
        Err(_) => {
            let message = format!("the thread of the connection to `{}` failed", hop.label());
            Err(Failure::new(FailureKind::Internal, message).into())
        }
    }
}

/// Claims that this machine has no more threads or open files for now: what others let go of makes room.
pub(super) fn is_exhausted(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::EAGAIN | libc::ENOMEM))
}

/// Tells the handle that the thread has ended, however that came.
struct SayEnd {
    open: Arc<AtomicBool>,
    _alive: watch::Sender<()>,
}

impl Drop for SayEnd {
    fn drop(&mut self) {
        self.open.store(false, Ordering::Release);
    }
}

/// Ends a login that nobody waits for any more.
struct GiveUpOnDrop(Option<Watch>);

impl GiveUpOnDrop {
    fn keep(mut self) {
        if let Some(watch) = self.0.take() {
            crate::phase::add(crate::phase::Phase::Auth, watch.auth());
        }
    }
}

impl Drop for GiveUpOnDrop {
    fn drop(&mut self) {
        if let Some(watch) = &self.0 {
            watch.give_up();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_room_is_told_from_a_fault() {
        let cases = [(libc::EMFILE, true), (libc::ENFILE, true), (libc::EAGAIN, true), (libc::EINVAL, false)];
        for (code, expected) in cases {
            assert_eq!(is_exhausted(&std::io::Error::from_raw_os_error(code)), expected, "{code}");
        }
    }
}
