use super::Bounds;
use super::each::{Admitted, Each};
use super::ssh::SshShared;
use std::path::PathBuf;
use std::sync::Arc;
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
            // As many saturate a machine: 32 logins at once took 200 hosts no longer than 48, and less memory.
            logins: 32,
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

/// Bounds the logins in flight: overall, to one address, through one jump host; and how many hosts come near to one.
#[derive(Debug)]
pub(super) struct Logins {
    all: Arc<Semaphore>,
    near: Arc<Semaphore>,
    addresses: Each,
    jumps: Each,
}

/// How many hosts may be called, or have answered and wait for their login. A server gives those who say nothing a minute
/// or two, and its kernel holds no more than about a hundred that it has yet to take; so hosts are not called long before
/// it is their turn. Twice as many as may log in, so that the next are there when one is through, and at least so many.
const LEAST_NEAR: usize = 16;

const NEVER_CLOSED: &str = "nobody closes these semaphores";

/// The right to connect to an address, behind a jump host or not, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _address: Admitted,
    _jump: Option<Admitted>,
}

impl Logins {
    fn new(all: usize, per_address: usize, per_jump: usize) -> Logins {
        let near = all.saturating_mul(2).clamp(LEAST_NEAR, Semaphore::MAX_PERMITS);
        let all = all.clamp(1, Semaphore::MAX_PERMITS);
        let [all, near] = [all, near].map(|places| Arc::new(Semaphore::new(places)));
        Logins { all, near, addresses: Each::new(per_address), jumps: Each::new(per_jump) }
    }

    /// Waits for the right to connect to an address and to log in there, once [`Logins::approach`] and [`Logins::begin`]
    /// say so.
    pub(super) async fn admit(&self, address: &str, jump: Option<&str>, bounds: Bounds) -> Turn {
        // The narrow ones first: those who wait for a crowded place must not take room from others.
        let address = self.addresses.admit(address, bounds.logins_per_address).await;
        let jump = match jump {
            Some(jump) => Some(self.jumps.admit(jump, bounds.logins_per_jump).await),
            None => None,
        };
        Turn { _address: address, _jump: jump }
    }

    /// Waits for the right to call a host, until what is returned is dropped: when it is let in, or when it does not
    /// answer soon.
    pub(super) async fn approach(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.near).acquire_owned().await.expect(NEVER_CLOSED)
    }

    /// Waits for the right to log in to a host that has answered, until what is returned is dropped.
    pub(super) async fn begin(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.all).acquire_owned().await.expect(NEVER_CLOSED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// Returns a permit that is to be had without waiting.
    fn at_once(logins: &Logins, address: &str) -> Option<Turn> {
        through(logins, address, None)
    }

    fn through(logins: &Logins, address: &str, jump: Option<&str>) -> Option<Turn> {
        within(logins, address, jump, Bounds::default())
    }

    fn within(logins: &Logins, address: &str, jump: Option<&str>, bounds: Bounds) -> Option<Turn> {
        match pin!(logins.admit(address, jump, bounds)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(permit) => Some(permit),
            Poll::Pending => None,
        }
    }

    #[test]
    fn logins_are_bounded_overall_and_to_one_address() {
        let logins = Logins::new(2, 2, 1);
        let (first, second) = (at_once(&logins, "a"), at_once(&logins, "a"));
        assert!(first.is_some() && second.is_some());
        assert!(at_once(&logins, "a").is_none(), "two at most to one address");
        assert!(at_once(&logins, "b").is_some() && at_once(&logins, "c").is_some());
        drop(first);
        assert!(at_once(&logins, "a").is_some());
        let begin = || match pin!(logins.begin()).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(permit) => Some(permit),
            Poll::Pending => None,
        };
        let (first, second) = (begin(), begin());
        assert!(first.is_some() && second.is_some() && begin().is_none(), "two at most overall");
        drop(first);
        assert!(begin().is_some());
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

    #[test]
    fn a_host_may_have_bounds_of_its_own_and_the_smallest_for_a_jump_host_counts() {
        let logins = Logins::new(9, 2, 2);
        let narrow = Bounds { logins_per_address: Some(1), logins_per_jump: Some(3), ..Bounds::default() };
        let first = within(&logins, "a", None, narrow);
        assert!(first.is_some() && within(&logins, "a", None, narrow).is_none(), "one at most to this address");
        let hosts = ["b", "c", "d", "e"];
        let through: Vec<_> = hosts.iter().map(|host| within(&logins, host, Some("j"), narrow)).collect();
        assert_eq!(through.iter().filter(|turn| turn.is_some()).count(), 3, "three at most through this jump host");
        let wide = Bounds { logins_per_jump: Some(5), ..Bounds::default() };
        assert!(within(&logins, "f", Some("j"), wide).is_none(), "another number for it is no count of its own");
        assert!(within(&logins, "f", Some("j"), Bounds::default()).is_none(), "nor is none");
        let narrower = Bounds { logins_per_jump: Some(1), ..Bounds::default() };
        assert!(within(&logins, "f", Some("j"), narrower).is_none());
        drop(through);
        let one = within(&logins, "f", Some("j"), wide);
        assert!(one.is_some() && within(&logins, "g", Some("j"), wide).is_none(), "the smallest number counts");
    }
}
