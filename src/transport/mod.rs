//! How actions reach a host; the only place that does remote I/O.
//!
//! [`connect`] opens a [`Connection`] for a [`Target`]; what the connections of a run have in common (limits of logins,
//! decrypted keys, known hosts, jump hosts) is in [`Shared`]. Blocking libraries (ssh2) live on threads of their own;
//! nothing here blocks a worker of the event loop.

mod each;
mod elevate;
pub mod http;
mod limits;
mod local;
mod memory;
pub mod netconf;
mod posix;
mod shared;
pub mod shell;
pub mod ssh;
mod sys;
pub mod telnet;
mod terminal;
mod threads;
mod wire;

pub use http::HttpClients;
pub use limits::{most_connections, most_helpers, raise_open_files};
pub use memory::{bound_memory, forget_start};
pub use shared::{Settings, Shared};
pub use ssh::NO_ANSWER;
pub use terminal::{Dialogue, Over, Terminal};
pub use wire::Wire;

use crate::failure::Failure;
use crate::module::{Action, Boxed, Output};
use crate::platform::Platform;
use crate::redact::Secret;
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Where and how to reach a host: everything a connection needs, taken from variables before it is opened.
#[derive(Clone, Debug)]
pub struct Target {
    /// The host's name in the inventory.
    pub host: String,
    /// How it is reached.
    pub kind: Kind,
    /// The SSH login; unused for `Local`.
    pub ssh: SshTarget,
    /// The device type, for `NetworkCli`; for `Netconf`, where it is known.
    pub platform: Option<&'static Platform>,
    /// Rights to take before a command runs.
    pub elevate: Option<Elevate>,
    /// How long a command may take when nobody says.
    pub command_timeout: Option<Duration>,
    /// Plain commands may run in a shell that is kept (`Ssh` only).
    pub kept_shell: bool,
    /// How its CLI is used (`NetworkCli` only).
    pub terminal: Terminal,
}

/// How a host is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// This machine.
    Local,
    /// Programs and files over SSH.
    Ssh,
    /// A network CLI over SSH.
    NetworkCli,
    /// NETCONF over SSH.
    Netconf,
}

/// An SSH login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshTarget {
    /// The name or address as the user wrote it; `~/.ssh/config` is asked for it.
    pub address: String,
    /// The port; `None` lets `~/.ssh/config` say, then 22.
    pub port: Option<u16>,
    /// The user; `None` lets `~/.ssh/config` say, then the local user.
    pub user: Option<String>,
    /// The password, also for keyboard-interactive questions.
    pub password: Option<Secret>,
    /// A private key file; tried alone when given.
    pub private_key: Option<PathBuf>,
    /// The passphrase of the private key.
    pub passphrase: Option<Secret>,
    /// What to do about host keys.
    pub host_key: HostKeyPolicy,
    /// Files of known hosts; empty means `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts`.
    pub known_hosts: Vec<PathBuf>,
    /// The SSH client configuration: `None` means `~/.ssh/config`; a path that does not exist means none.
    pub config_file: Option<PathBuf>,
    /// Jump hosts, in the order passed through, each `[user@]host[:port]`; `None` lets `~/.ssh/config` say.
    pub jump: Option<Vec<String>>,
    /// A command whose input and output are the way to the host; `None` lets `~/.ssh/config` say.
    pub proxy_command: Option<String>,
    /// Offer the algorithms of old gear.
    pub legacy: bool,
    /// How long connecting and logging in may take.
    pub connect_timeout: Duration,
    /// Send a keepalive after so long without traffic.
    pub keepalive: Option<Duration>,
    /// Use the agent's keys.
    pub use_agent: bool,
    /// How much may be under way at once, as far as the host says.
    pub bounds: Bounds,
}

/// How much may be under way at once, where a host has other bounds than the run's [`Settings`]. An address, a jump host
/// and a server have one count each, for which the smallest number counts that a host has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Logins to its address.
    pub logins_per_address: Option<usize>,
    /// Logins through its jump host.
    pub logins_per_jump: Option<usize>,
    /// Commands on its connection.
    pub commands_per_connection: Option<usize>,
    /// HTTP calls to one server.
    pub http_per_origin: Option<usize>,
}

/// What to do about a host key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HostKeyPolicy {
    /// Unknown keys are refused.
    #[default]
    Strict,
    /// Unknown keys are written down; changed ones are refused.
    AcceptNew,
    /// Nothing is checked.
    Off,
}

/// Rights to take before a command runs (`become`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elevate {
    /// `sudo`, `su`, `doas`, `enable`.
    pub method: String,
    /// The user to become; root when nobody says.
    pub user: String,
    /// The program that gives the rights, where it is not the method's own; words of a shell.
    pub exe: Option<String>,
    /// Its flags, where they are not the method's own; words of a shell.
    pub flags: Option<String>,
    /// The password, if it is asked for.
    pub password: Option<Secret>,
}

/// How long an action may take and what ends it early.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Give up after so long.
    pub timeout: Option<Duration>,
    /// Give up at once when this is cancelled.
    pub cancel: CancellationToken,
}

/// Opens a connection to a host.
pub async fn connect(target: &Target, shared: &Shared, limits: &Limits) -> Result<Box<dyn Connection>, Failure> {
    match target.kind {
        Kind::Local => Ok(local::connect(target)),
        Kind::Ssh => ssh::connect(target, shared, limits).await,
        Kind::Netconf => netconf::connect(target, shared, limits).await,
        Kind::NetworkCli => {
            let wire = open_terminal(target, shared, limits).await?;
            shell::connect(target, limits, wire).await
        }
    }
}

/// Finds out which platform a device is of, and returns the connection in which that was found, where it can go on.
pub async fn detect(
    target: &Target,
    shared: &Shared,
    limits: &Limits,
) -> Result<(&'static Platform, Option<Box<dyn Connection>>), Failure> {
    let wire = open_terminal(target, shared, limits).await?;
    shell::detect(target, limits, wire).await
}

/// Opens the way to a device's CLI.
async fn open_terminal(target: &Target, shared: &Shared, limits: &Limits) -> Result<Box<dyn Wire>, Failure> {
    let terminal = &target.terminal;
    let wire = match terminal.over {
        Over::Ssh => {
            let (cols, rows) = (terminal.width.into(), terminal.length.into());
            ssh::open_shell(target, shared, limits, ssh::Pty { term: "vt100".into(), cols, rows }).await?
        }
        Over::Telnet => telnet::open(target, limits).await?,
    };
    shell::dressed(target, wire).await
}

/// An open way to a host.
pub trait Connection: Send + Sync {
    /// Performs an action. After a failure of kind unreachable or timeout the connection is closed, or closes when its
    /// other actions have ended. A port that does not answer ([`Work::Connect`](crate::module::Work::Connect)) is a
    /// failure of kind command: the host itself was reached.
    fn perform<'a>(&'a self, action: &'a Action, limits: &'a Limits) -> Boxed<'a, Result<Output, Failure>>;

    /// Returns the same connection as another task of its host wants it: rights, times, the kept shell. `None` when such
    /// things belong to the session.
    fn for_task(&self, _target: &Target) -> Option<Box<dyn Connection>> {
        None
    }

    /// Claims that a change on the device lasts as long as this connection: it is not closed when a fresh one is wanted.
    fn holds_change(&self) -> bool {
        false
    }

    /// Claims that the connection can take more actions.
    fn is_open(&self) -> bool;

    /// Closes it; bounded in time.
    fn close(&self) -> Boxed<'_, ()>;
}
