use super::ssh::SshShared;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What connections of a run take from the user's surroundings, and how much they may do at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The user's home folder, for `~/.ssh`.
    pub home: Option<PathBuf>,
    /// The local user's name.
    pub user: Option<String>,
    /// The socket of the SSH agent.
    pub agent_socket: Option<PathBuf>,
    /// How many logins may be in flight.
    pub logins: usize,
    /// How many of them may go to one address.
    pub logins_per_address: usize,
    /// How many may go through one jump host.
    pub logins_per_jump: usize,
    /// How many commands may run on one connection.
    pub commands_per_connection: usize,
}

impl Default for Settings {
    /// Settings that know nothing of the user.
    fn default() -> Settings {
        Settings {
            home: None,
            user: None,
            agent_socket: None,
            // 32 to 64 saturate a server machine; more only wait longer for each other.
            logins: 48,
            // sshd begins to refuse at ten that have not logged in yet (`MaxStartups 10:30:100`).
            logins_per_address: 8,
            // Each is a connection that the jump host opens, and often a question to a RADIUS server.
            logins_per_jump: 16,
            // Below sshd's `MaxSessions 10`.
            commands_per_connection: 8,
        }
    }
}

impl Settings {
    /// Takes what the environment says. Only the command line calls it.
    pub fn from_environment() -> Settings {
        let path = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Settings {
            home: path("HOME"),
            user: text("USER").or_else(|| text("LOGNAME")).or_else(user_of_process),
            agent_socket: path("SSH_AUTH_SOCK"),
            ..Settings::default()
        }
    }
}

/// Returns the name that the password file has for the user of this process.
fn user_of_process() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let uid = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}

/// What the connections of a run share: settings, limits, decrypted keys, known hosts, jump hosts. Clones are the same.
#[derive(Clone, Debug)]
pub struct Shared(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    logins: Logins,
    ssh: SshShared,
}

impl Shared {
    /// Makes what a run's connections share.
    pub fn new(settings: Settings) -> Shared {
        let logins = Logins::new(settings.logins, settings.logins_per_address, settings.logins_per_jump);
        Shared(Arc::new(Inner { settings, logins, ssh: SshShared::default() }))
    }

    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Says whether hosts get several commands each, so that it pays to keep a shell from the first on.
    pub fn expect_several_commands(&self, several: bool) {
        self.ssh().expect_more(several);
    }

    pub(super) fn ssh(&self) -> &SshShared {
        &self.0.ssh
    }

    pub(super) fn logins(&self) -> &Logins {
        &self.0.logins
    }
}

/// Bounds the logins in flight: overall, to one address, through one jump host.
#[derive(Debug)]
pub(super) struct Logins {
    all: Arc<Semaphore>,
    addresses: Each,
    jumps: Each,
}

/// A bound for each of several names.
#[derive(Debug)]
struct Each {
    most: usize,
    known: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Each {
    fn new(most: usize) -> Each {
        Each { most: most.clamp(1, Semaphore::MAX_PERMITS), known: Mutex::default() }
    }

    async fn admit(&self, name: &str) -> OwnedSemaphorePermit {
        let own = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(name.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.most))))
        };
        own.acquire_owned().await.expect(NEVER_CLOSED)
    }
}

const NEVER_CLOSED: &str = "nobody closes these semaphores";

/// The right to log in, until it is dropped.
#[derive(Debug)]
pub(super) struct LoginPermit {
    _address: OwnedSemaphorePermit,
    _jump: Option<OwnedSemaphorePermit>,
    _all: OwnedSemaphorePermit,
}

impl Logins {
    fn new(all: usize, per_address: usize, per_jump: usize) -> Logins {
        let all = Arc::new(Semaphore::new(all.clamp(1, Semaphore::MAX_PERMITS)));
        Logins { all, addresses: Each::new(per_address), jumps: Each::new(per_jump) }
    }

    /// Waits for the right to log in to an address, behind a jump host or not.
    pub(super) async fn admit(&self, address: &str, jump: Option<&str>) -> LoginPermit {
        // The narrow ones first: those who wait for a crowded place must not take room from others.
        let address = self.addresses.admit(address).await;
        let jump = match jump {
            Some(jump) => Some(self.jumps.admit(jump).await),
            None => None,
        };
        let all = Arc::clone(&self.all).acquire_owned().await.expect(NEVER_CLOSED);
        LoginPermit { _address: address, _jump: jump, _all: all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// Returns a permit that is to be had without waiting.
    fn at_once(logins: &Logins, address: &str) -> Option<LoginPermit> {
        through(logins, address, None)
    }

    fn through(logins: &Logins, address: &str, jump: Option<&str>) -> Option<LoginPermit> {
        match pin!(logins.admit(address, jump)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(permit) => Some(permit),
            Poll::Pending => None,
        }
    }

    #[test]
    fn logins_are_bounded_overall_and_to_one_address() {
        let logins = Logins::new(3, 2, 1);
        let (a1, a2) = (at_once(&logins, "a"), at_once(&logins, "a"));
        assert!(a1.is_some() && a2.is_some());
        assert!(at_once(&logins, "a").is_none(), "two at most to one address");
        let b = at_once(&logins, "b");
        assert!(b.is_some());
        assert!(at_once(&logins, "c").is_none(), "three at most overall");
        drop(a1);
        assert!(at_once(&logins, "c").is_some());
    }

    #[test]
    fn logins_through_one_jump_host_are_bounded() {
        let logins = Logins::new(9, 9, 2);
        let first = through(&logins, "a", Some("j"));
        let second = through(&logins, "b", Some("j"));
        assert!(first.is_some() && second.is_some());
        assert!(through(&logins, "c", Some("j")).is_none());
        assert!(through(&logins, "c", Some("k")).is_some() && at_once(&logins, "c").is_some());
        drop(first);
        assert!(through(&logins, "c", Some("j")).is_some());
    }
}
