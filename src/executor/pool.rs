//! Connections: one per host and way of reaching it, opened when first needed, kept to the end of the run.

use crate::failure::{Failure, FailureKind};
use crate::module::{Action, HttpAnswer, HttpCall, Output, Work};
use crate::phase::{self, Phase};
use crate::transport::{self, Connection, HttpClients, Kind, Limits, Shared, Target};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::OnceCell;

/// The connections of a run.
pub struct Pool {
    shared: Shared,
    http: HttpClients,
    open: Mutex<HashMap<Key, Slot>>,
}

/// What tells connections apart.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    host: String,
    /// Everything else about the target; two tasks that differ in it need connections of their own.
    how: String,
}

type Slot = Arc<OnceCell<Arc<dyn Connection>>>;

/// How long closing all connections may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

impl Pool {
    /// Makes an empty pool.
    pub fn new(shared: Shared, http: HttpClients) -> Pool {
        Pool { shared, http, open: Mutex::default() }
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
        let connection = self.connection(&key, target, limits).await?;
        match shares_rights(target).then(|| connection.with_rights(target.elevate.clone())).flatten() {
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
        let slots: Vec<Slot> = self.lock().drain().map(|(_, slot)| slot).collect();
        let closing = slots.iter().filter_map(|slot| slot.get()).map(|connection| connection.close());
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
    ) -> Result<Arc<dyn Connection>, Failure> {
        for _ in 0..3 {
            let slot = Arc::clone(self.lock().entry(key.clone()).or_default());
            let opened = slot
                .get_or_try_init(|| async { transport::connect(target, &self.shared, limits).await.map(Arc::from) });
            let connection: &Arc<dyn Connection> = phase::rest(Phase::Connect, opened).await?;
            if connection.is_open() {
                return Ok(Arc::clone(connection));
            }
            // It broke since it was last used: forget it, unless somebody has replaced it already.
            let mut open = self.lock();
            if open.get(key).is_some_and(|known| Arc::ptr_eq(known, &slot)) {
                open.remove(key);
            }
        }
        Err(Failure::new(FailureKind::Unreachable, format!("`{}` closes every connection at once", target.host)))
    }

    async fn drop_connection(&self, key: &Key) {
        let slot = self.lock().remove(key);
        if let Some(connection) = slot.as_ref().and_then(|slot| slot.get()) {
            connection.close().await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Slot>> {
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
        let _ = write!(how, " {} {}", elevate.method, elevate.user);
    }
    Key { host: target.host.clone(), how }
}
