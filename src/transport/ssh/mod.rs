//! SSH through libssh2: one thread a connection, which owns session and channels (`worker`).
//!
//! The way to a connection: `route` puts target and `~/.ssh/config` together, `open` goes through the jump hosts;
//! `attempt` asks for the rights to connect (`dial`) and to log in, a new thread logs in (`login`) and then serves
//! (`worker`). What the async side holds is a `Handle`: it sends orders and awaits answers, and nothing of it blocks.
//!
//! Traps: a connection must not be dropped while libssh2 could wait for the server (the worker shuts the socket down
//! first); what the server offers is not asked before it matters; `exit_status` means nothing before the close.

mod agent;
mod algorithms;
mod attempt;
mod auth;
mod certificate;
mod config;
mod dial;
mod exec;
mod handle;
mod host_key;
mod job;
mod keeper;
mod kept;
mod keys;
mod known_hosts;
mod link;
mod login;
mod marks;
mod open;
mod pattern;
mod pipe;
pub mod reads;
mod route;
mod sftp;
mod shell;
mod threads;
mod watch;
mod worker;

mod connection;
#[cfg(test)]
mod tests;

pub(in crate::transport) use connection::connect;
pub use dial::NO_ANSWER;
pub(super) use link::plain;
pub(super) use open::SshShared;
pub use pipe::Pty;
pub use shell::open_shell;
pub(super) use shell::open_subsystem;
pub(super) use watch::in_words;
