//! From nothing to a logged-in session: connect, handshake, the host's key, authentication. Runs on the thread of the
//! connection; every wait ends with its [`Watch`].

use super::algorithms;
use super::auth;
use super::host_key;
use super::keys::KeyCache;
use super::known_hosts::KnownHostsCache;
use super::link::{Link, Path};
use super::route::Hop;
use super::watch::Watch;
use crate::failure::{Failure, FailureKind};
use crate::transport::sys::{count_bytes_in, notice_silence};
use ssh2::{ErrorCode, Session};
use std::os::fd::AsRawFd as _;
use std::time::Instant;

/// Why a login failed, and whether it is worth another try.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) failure: Failure,
    /// The server hung up before it said anything: it has too many logins at once (`MaxStartups`).
    pub(super) is_busy: bool,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Refusal {
        Refusal { failure, is_busy: false }
    }
}

/// What logins share.
#[derive(Clone, Copy)]
pub(super) struct Caches<'a> {
    pub(super) keys: &'a KeyCache,
    pub(super) known_hosts: &'a KnownHostsCache,
}

/// Logs in.
pub(super) fn log_in(hop: &Hop, path: Path, caches: Caches<'_>, watch: &Watch) -> Result<(Session, Link), Refusal> {
    let link = Link::open(path)?;
    notice_silence(link.as_raw_fd());
    let session = start(hop, &link, caches)?;
    let done = shake_hands(hop, &session, &link, watch).and_then(|()| {
        host_key::check(hop, &session, caches.known_hosts)?;
        let since = Instant::now();
        auth::authenticate(hop, &session, &link, caches.keys, watch)?;
        watch.note_auth(since.elapsed());
        Ok(())
    });
    match done {
        Ok(()) => Ok((session, link)),
        Err(refusal) => {
            // Freeing a session says goodbye to the server first; a socket that is down keeps it from waiting.
            link.shut_down();
            Err(refusal)
        }
    }
}

fn start(hop: &Hop, link: &Link, caches: Caches<'_>) -> Result<Session, Failure> {
    let broken = |error: ssh2::Error| Failure::new(FailureKind::Internal, format!("libssh2: {}", error.message()));
    let mut session = Session::new().map_err(broken)?;
    session.set_tcp_stream(link.clone());
    session.set_blocking(false);
    count_bytes_in(&session);
    let known_kinds = caches.known_hosts.kinds(&hop.known_hosts, &hop.known_as);
    let names = (hop.known_as.as_str(), hop.known_without_port.as_deref());
    let certified = !caches.known_hosts.authorities(&hop.known_hosts, names.0, names.1).is_empty();
    algorithms::offer(&session, hop.legacy, &known_kinds, certified).map_err(broken)?;
    Ok(session)
}

fn shake_hands(hop: &Hop, session: &Session, link: &Link, watch: &Watch) -> Result<(), Refusal> {
    let mut handle = session.clone();
    match watch.drive(session, link, "waiting for its SSH greeting and key exchange", || handle.handshake()) {
        Err(failure) if failure.kind == FailureKind::Unreachable => {
            let phase = if !has_greeted(session) { "SSH greeting" } else { "end of the key exchange" };
            let message =
                format!("`{}` accepted the connection, but no {phase} came within {}", hop.label(), watch.allowed());
            Err(Failure::new(FailureKind::Unreachable, message)
                .help("check that the port is that of an SSH server")
                .into())
        }
        Err(failure) => Err(failure.into()),
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(handshake_refusal(hop, session, &error)),
    }
}

/// Claims that the greeting has come. Until then libssh2 gives as banner whatever else the server said.
fn has_greeted(session: &Session) -> bool {
    session.banner().is_some_and(|banner| banner.starts_with("SSH-"))
}

fn handshake_refusal(hop: &Hop, session: &Session, error: &ssh2::Error) -> Refusal {
    let label = hop.label();
    // Socket errors of libssh2: none, banner, disconnect, receive.
    let hung_up = matches!(error.code(), ErrorCode::Session(-1 | -2 | -13 | -43));
    if hung_up && !has_greeted(session) {
        // A busy sshd says so in a line of its own.
        let said = session.banner().unwrap_or("").trim();
        let said = if said.is_empty() { String::new() } else { format!(", saying `{said}`") };
        let message = format!("`{label}` closed the connection before its SSH greeting{said}");
        let help =
            "the server may be refusing logins (`MaxStartups`, a block list), or the port is not an SSH server's";
        return Refusal { failure: Failure::new(FailureKind::Unreachable, message).help(help), is_busy: true };
    }
    let failure = match error.code() {
        // Key exchange failure, no common method.
        ErrorCode::Session(-5 | -8 | -33) => {
            let message = format!("`{label}` and netplay found no common algorithms: {}", error.message());
            let failure = Failure::new(FailureKind::Unreachable, message);
            if hop.legacy { failure } else { failure.help("for old gear set `ssh_legacy: true` for the host") }
        }
        _ if hung_up => {
            Failure::new(FailureKind::Unreachable, format!("`{label}` closed the connection during the key exchange"))
        }
        _ => Failure::new(FailureKind::Unreachable, format!("SSH handshake with `{label}`: {}", error.message())),
    };
    failure.into()
}
