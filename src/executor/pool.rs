//! Connections: one per host and way of reaching it, opened when first needed, kept to the end of the run.

use super::room::{Place, Room, User};
use crate::failure::{Failure, FailureKind};
use crate::module::{Action, HttpAnswer, HttpCall, Output, Work};
use crate::phase::{self, Phase};
use crate::transport::{self, Connection, HttpClients, Kind, Limits, Shared, Target};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::OnceCell;

/// The connections of a run.
pub struct Pool {
    shared: Shared,
    http: HttpClients,
    open: Mutex<HashMap<Key, Arc<Slot>>>,
    room: Room,
}

/// What tells connections apart.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    host: String,
    /// Everything else about the target; two tasks that differ in it need connections of their own.
    how: String,
}

/// A connection, once somebody has opened it, and how many use it.
#[derive(Default)]
struct Slot {
    open: OnceCell<Open>,
    users: Arc<AtomicUsize>,
}

struct Open {
    connection: Arc<dyn Connection>,
    /// It may be closed between two actions: nothing of the host's state hangs on it.
    may_close: bool,
    /// None where it takes no open files.
    _place: Option<Place>,
}

impl Slot {
    fn connection(&self) -> Option<&Arc<dyn Connection>> {
        self.open.get().map(|open| &open.connection)
    }

    fn is_idle(&self) -> bool {
        self.users.load(Ordering::Acquire) == 0 && self.open.get().is_some_and(|open| open.may_close)
    }
}

/// How long closing all connections may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

impl Pool {
    /// Makes an empty pool.
    pub fn new(shared: Shared, http: HttpClients) -> Pool {
        Pool { shared, http, open: Mutex::default(), room: Room::new(transport::most_connections()) }
    }

    /// Says whether the hosts get several commands each.
    pub fn expect_several_commands(&self, several: bool) {
        self.shared.expect_several_commands(several);
    }

    /// Makes an HTTP call.
    pub async fn http(&self, call: &HttpCall, limits: &Limits) -> Result<HttpAnswer, Failure> {
        self.http.call(call, limits).await
    }

    /// Performs an action on a target, opening the connection if there is none.
    pub async fn perform(&self, target: &Arc<Target>, action: &Action, limits: &Limits) -> Result<Output, Failure> {
        let key = key(target);
        if matches!(action.work, Work::Reset) {
            self.drop_connection(&key).await;
            return Ok(Output::Done);
        }
        let (connection, _user) = self.connection(&key, target, limits).await?;
        match shares_rights(target).then(|| connection.for_task(target)).flatten() {
            Some(view) => view.perform(action, limits).await,
            None => connection.perform(action, limits).await,
        }
    }

    /// Closes the connections to a host; the next action opens a new one.
    pub async fn reset(&self, host: &str) {
        let keys: Vec<Key> = self.lock().keys().filter(|key| key.host == host).cloned().collect();
        for key in keys {
            self.drop_connection(&key).await;
        }
    }

    /// Closes all connections; bounded in time.
    pub async fn close(&self) {
        let slots: Vec<Arc<Slot>> = self.lock().drain().map(|(_, slot)| slot).collect();
        let closing = slots.iter().filter_map(|slot| slot.connection()).map(|connection| connection.close());
        let mut set = Vec::new();
        closing.for_each(|close| set.push(close));
        let all = async {
            for close in set {
                close.await;
            }
        };
        // What does not close in time is closed by the end of the process.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, all).await;
    }

    async fn connection(
        &self,
        key: &Key,
        target: &Arc<Target>,
        limits: &Limits,
    ) -> Result<(Arc<dyn Connection>, User), Failure> {
        for _ in 0..3 {
            let (slot, user) = {
                let mut open = self.lock();
                let slot = Arc::clone(open.entry(key.clone()).or_default());
                // Under the lock, as who looks for idle connections holds it too.
                let user = self.room.user(&slot.users);
                (slot, user)
            };
            let opened = slot.open.get_or_try_init(|| self.open(target, limits));
            let connection = &phase::rest(Phase::Connect, opened).await?.connection;
            if connection.is_open() {
                return Ok((Arc::clone(connection), user));
            }
            // It broke since it was last used: forget it, unless somebody has replaced it already.
            let mut open = self.lock();
            if open.get(key).is_some_and(|known| Arc::ptr_eq(known, &slot)) {
                open.remove(key);
            }
        }
        Err(Failure::new(FailureKind::Unreachable, format!("`{}` closes every connection at once", target.host)))
    }

    async fn open(&self, target: &Arc<Target>, limits: &Limits) -> Result<Open, Failure> {
        let place = match target.kind {
            Kind::Local => None,
            Kind::Ssh | Kind::NetworkCli => Some(tokio::select! {
                place = self.room.enter(|| self.close_idle()) => place,
                () = limits.cancel.cancelled() => {
                    let message = format!("interrupted while `{}` waited for a free connection", target.host);
                    return Err(Failure::new(FailureKind::Cancelled, message));
                }
            }),
        };
        let connection = transport::connect(target, &self.shared, limits).await?.into();
        Ok(Open { connection, may_close: target.kind == Kind::Ssh, _place: place })
    }

    /// Closes a connection that nobody uses; false when there is none.
    async fn close_idle(&self) -> bool {
        let slot = {
            let mut open = self.lock();
            let key = open.iter().find(|(_, slot)| slot.is_idle()).map(|(key, _)| key.clone());
            key.and_then(|key| open.remove(&key))
        };
        match slot.as_ref().and_then(|slot| slot.connection()) {
            Some(connection) => {
                connection.close().await;
                true
            }
            None => false,
        }
    }

    async fn drop_connection(&self, key: &Key) {
        let slot = self.lock().remove(key);
        if let Some(connection) = slot.as_ref().and_then(|slot| slot.connection()) {
            connection.close().await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Arc<Slot>>> {
        self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Claims that tasks with and without `become` use one connection.
fn shares_rights(target: &Target) -> bool {
    target.kind == Kind::Ssh
}

fn key(target: &Target) -> Key {
    use std::fmt::Write as _;
    let mut how = String::new();
    let ssh = &target.ssh;
    // Writing to a `String` cannot fail. Secrets have no part in it: the same login with another password is the same.
    let _ = write!(
        how,
        "{:?} {} {:?} {:?} {:?} {:?} {} {:?}",
        target.kind,
        ssh.address,
        ssh.port,
        ssh.user,
        ssh.private_key,
        ssh.jump,
        ssh.legacy,
        target.platform.map(|platform| &platform.name)
    );
    if let (Some(elevate), false) = (&target.elevate, shares_rights(target)) {
        let _ = write!(how, " {} {} {:?} {:?}", elevate.method, elevate.user, elevate.exe, elevate.flags);
    }
    Key { host: target.host.clone(), how }
}
