//! Connections: one per host and way of reaching it, opened when first needed, kept until no play needs the host any
//! more.

use super::publish::Publisher;
mod detect;
mod single;

use super::room::{Place, Room, User};
use super::ssh_args::Known;
use crate::event::What;
use crate::failure::{Failure, FailureKind};
use crate::module::{Action, HttpAnswer, HttpCall, Output, Work};
use crate::phase::{self, Phase};
use crate::transport::{self, Connection, HttpClients, Kind, Limits, Shared, Target};
use detect::Detected;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio_util::task::TaskTracker;

/// The connections of a run.
pub struct Pool {
    shared: Shared,
    http: HttpClients,
    open: Mutex<Connections>,
    /// By host: connections that changes hang on, while others are verified over fresh ones.
    held: Mutex<HashMap<String, Vec<Arc<Slot>>>>,
    room: Room,
    /// Platforms that were found out.
    detected: Mutex<HashMap<String, Detected>>,
    /// For hosts that take one session at a time: who may use theirs.
    single: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// Where it is said that hosts wait for each other.
    publisher: Option<Publisher>,
    has_said: AtomicBool,
    /// Connections that are being closed while the run goes on.
    closing: TaskTracker,
    /// Options of the OpenSSH client that hosts have.
    pub(super) ssh_args: Known,
}

/// By host, and by how it is reached: two tasks that differ in that need connections of their own.
type Connections = HashMap<String, HashMap<String, Arc<Slot>>>;

/// What tells connections apart.
#[derive(Clone)]
struct Key {
    host: String,
    /// Everything else about the target.
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

    fn is_unused(&self) -> bool {
        self.users.load(Ordering::Acquire) == 0
    }

    fn is_idle(&self) -> bool {
        self.is_unused() && self.open.get().is_some_and(|open| open.may_close)
    }
}

/// How long closing all connections may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

impl Pool {
    /// Makes an empty pool.
    pub fn new(shared: Shared, http: HttpClients) -> Pool {
        let room = Room::new(transport::most_connections());
        let (publisher, has_said) = (None, AtomicBool::new(false));
        Pool {
            shared,
            http,
            open: Mutex::default(),
            held: Mutex::default(),
            room,
            publisher,
            has_said,
            closing: TaskTracker::new(),
            ssh_args: Known::default(),
            single: Mutex::default(),
            detected: Mutex::default(),
        }
    }

    /// Makes it one that says when hosts have to wait for each other.
    pub fn with_publisher(mut self, publisher: Publisher) -> Pool {
        self.publisher = Some(publisher);
        self
    }

    /// Returns how many connections may be open at once.
    pub(super) fn most(&self) -> usize {
        self.room.most()
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
        single::check_hold(target, action)?;
        self.put_holding_aside(&key.host);
        if let Some(held) = self.take_held(&key.host, action) {
            let done = held.perform(action, limits).await;
            held.close().await;
            return done;
        }
        let _turn = self.only_session(&key, target).await;
        let (connection, _user) = self.connection(&key, target, limits).await?;
        match shares_rights(target).then(|| connection.for_task(target)).flatten() {
            Some(view) => view.perform(action, limits).await,
            None => connection.perform(action, limits).await,
        }
    }

    /// Opens the connection to a target if there is none, and sends nothing.
    pub(super) async fn reach(&self, target: &Arc<Target>, limits: &Limits) -> Result<(), Failure> {
        let key = key(target);
        self.put_holding_aside(&key.host);
        let _turn = self.only_session(&key, target).await;
        self.connection(&key, target, limits).await.map(|_| ())
    }

    /// Closes the connections to a host; the next action opens a new one. Those that a change hangs on are put aside.
    pub async fn reset(&self, host: &str) {
        let slots = self.lock().remove(host).unwrap_or_default();
        for slot in slots.into_values() {
            self.put_away(host, slot).await;
        }
    }

    /// Closes a connection, or puts it aside when a change hangs on it.
    async fn put_away(&self, host: &str, slot: Arc<Slot>) {
        let Some(connection) = slot.connection() else { return };
        match connection.holds_change() {
            true => self.held().entry(host.to_owned()).or_default().push(slot),
            false => connection.close().await,
        }
    }

    /// Puts connections aside that a change hangs on: what else is to be done is done over others.
    fn put_holding_aside(&self, host: &str) {
        let holding: Vec<Arc<Slot>> = {
            let mut open = self.lock();
            let Some(slots) = open.get_mut(host) else { return };
            let holds = |slot: &Slot| slot.connection().is_some_and(|connection| connection.holds_change());
            slots.extract_if(|_, slot| holds(slot)).map(|(_, slot)| slot).collect()
        };
        if !holding.is_empty() {
            self.held().entry(host.to_owned()).or_default().extend(holding);
        }
    }

    /// Returns the connection on which the change hangs that an action concludes, if there is one.
    fn take_held(&self, host: &str, action: &Action) -> Option<Arc<dyn Connection>> {
        let Work::Cli(cli) = &action.work else { return None };
        let slots = cli.commit.concludes.then(|| self.held().remove(host)).flatten()?;
        slots.iter().filter_map(|slot| slot.connection()).next_back().map(Arc::clone)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<Arc<Slot>>>> {
        self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Closes the connections to a host that nobody uses, beside what goes on: nothing is left for it.
    pub fn release(&self, host: &str) {
        let unused: Vec<Arc<Slot>> = {
            let mut open = self.lock();
            let Some(slots) = open.get_mut(host) else { return };
            // Under the lock nobody comes to use one. Without any, a slot may be one that is being opened.
            let unused = slots.extract_if(|_, slot| slot.is_unused() && slot.connection().is_some());
            let unused = unused.map(|(_, slot)| slot);
            let unused = unused.chain(self.held().remove(host).unwrap_or_default()).collect();
            if slots.is_empty() {
                open.remove(host);
            }
            unused
        };
        for slot in unused {
            self.closing.spawn(async move {
                if let Some(connection) = slot.connection() {
                    connection.close().await;
                }
            });
        }
    }

    /// Closes all connections; bounded in time.
    pub async fn close(&self) {
        let mut slots: Vec<Arc<Slot>> = self.lock().drain().flat_map(|(_, slots)| slots.into_values()).collect();
        slots.extend(self.held().drain().flat_map(|(_, slots)| slots));
        let closing = slots.iter().filter_map(|slot| slot.connection()).map(|connection| connection.close());
        let mut set = Vec::new();
        closing.for_each(|close| set.push(close));
        let all = async {
            for close in set {
                close.await;
            }
            self.closing.close();
            self.closing.wait().await;
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
                let slot = slot(&mut open, key);
                // Under the lock, as who looks for idle connections holds it too.
                let user = self.room.user(&slot.users);
                (slot, user)
            };
            let opened = slot.open.get_or_try_init(|| Box::pin(self.open(target, limits)));
            let connection = &phase::rest(Phase::Connect, opened).await?.connection;
            if connection.is_open() {
                return Ok((Arc::clone(connection), user));
            }
            // It broke since it was last used: forget it, unless somebody has replaced it already.
            let mut open = self.lock();
            if let Some(slots) = open.get_mut(&key.host)
                && slots.get(&key.how).is_some_and(|known| Arc::ptr_eq(known, &slot))
            {
                slots.remove(&key.how);
            }
        }
        Err(Failure::new(FailureKind::Unreachable, format!("`{}` closes every connection at once", target.host)))
    }

    async fn open(&self, target: &Arc<Target>, limits: &Limits) -> Result<Open, Failure> {
        let place = self.place(target, limits).await?;
        let connection = transport::connect(target, &self.shared, limits).await?.into();
        Ok(Open { connection, may_close: target.kind == Kind::Ssh, _place: place })
    }

    /// Waits for a place for the connection of a target; `None` where it takes no open files.
    async fn place(&self, target: &Target, limits: &Limits) -> Result<Option<Place>, Failure> {
        match target.kind {
            Kind::Local => Ok(None),
            Kind::Ssh | Kind::NetworkCli | Kind::Netconf => tokio::select! {
                place = self.enter() => Ok(Some(place)),
                () = limits.cancel.cancelled() => {
                    let message = format!("interrupted while `{}` waited for a free connection", target.host);
                    Err(Failure::new(FailureKind::Cancelled, message))
                }
            },
        }
    }

    /// Waits for a place for a connection.
    async fn enter(&self) -> Place {
        let publisher = self.publisher.as_ref().filter(|_| self.room.is_full());
        if let Some(publisher) = publisher.filter(|_| !self.has_said.swap(true, Ordering::Relaxed)) {
            let message = format!(
                "no more than {} connections may be open at once, by this machine's limits of open files and threads \
                 (`ulimit -n`, `pids.max`): hosts wait for each other",
                self.room.most()
            );
            publisher.publish(What::Warning { message: publisher.clean(message), place: None });
        }
        self.room.enter(|| self.close_idle()).await
    }

    /// Closes a connection that nobody uses; false when there is none.
    async fn close_idle(&self) -> bool {
        let slot = {
            let mut open = self.lock();
            open.values_mut().find_map(|slots| slots.extract_if(|_, slot| slot.is_idle()).next())
        };
        let slot = slot.map(|(_, slot)| slot);
        match slot.as_ref().and_then(|slot| slot.connection()) {
            Some(connection) => {
                connection.close().await;
                true
            }
            None => false,
        }
    }

    async fn drop_connection(&self, key: &Key) {
        let slot = self.lock().get_mut(&key.host).and_then(|slots| slots.remove(&key.how));
        if let Some(slot) = slot {
            self.put_away(&key.host, slot).await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Connections> {
        self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Returns the slot of a connection, a new one when there is none.
fn slot(open: &mut Connections, key: &Key) -> Arc<Slot> {
    if let Some(known) = open.get(&key.host).and_then(|slots| slots.get(&key.how)) {
        return Arc::clone(known);
    }
    Arc::clone(open.entry(key.host.clone()).or_default().entry(key.how.clone()).or_default())
}

/// Claims that tasks with and without `become` use one connection.
fn shares_rights(target: &Target) -> bool {
    matches!(target.kind, Kind::Ssh | Kind::Netconf)
}

fn key(target: &Target) -> Key {
    use std::fmt::Write as _;
    let mut how = String::new();
    let ssh = &target.ssh;
    // Writing to a `String` cannot fail. Secrets have no part in it: the same login with another password is the same.
    let _ = write!(
        how,
        "{:?} {:?} {} {:?} {:?} {:?} {:?} {} {:?}",
        target.kind,
        target.terminal.over,
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
