//! TCP to a name or address, on the event loop: of a large run that reaches nobody all hosts wait here, and need no
//! threads for it.

use super::link::unreachable_because;
use super::login::Refusal;
use super::open::is_exhausted;
use super::watch::in_words;
use crate::failure::{Failure, FailureKind};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How the message of a host begins from which nothing has come at all.
pub const NO_ANSWER: &str = "no answer from ";

/// How many names are looked up at once: each has a thread meanwhile, and name servers are small.
const MOST_LOOKUPS: usize = 32;

/// The room for name lookups.
#[derive(Debug)]
pub(super) struct Lookups(Semaphore);

impl Default for Lookups {
    fn default() -> Lookups {
        Lookups(Semaphore::new(MOST_LOOKUPS))
    }
}

/// How long connecting may take: what was allowed, for messages, and until when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    pub(super) allowed: Duration,
    pub(super) until: Instant,
}

/// Connects to the first address that answers. Each gets an even share of the time that is left, so that one that
/// swallows packets does not use up that of the others.
pub(super) async fn dial(host: &str, port: u16, term: Term, lookups: &Lookups) -> Result<TcpStream, Refusal> {
    let addresses = addresses(host, port, term, lookups).await?;
    let mut last = None;
    for (tried, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = term.until.saturating_duration_since(Instant::now()) / left;
        match connect(address, share).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some((address, error)),
        }
    }
    let Some((address, error)) = last else {
        return Err(Failure::new(FailureKind::Unreachable, format!("`{host}` has no address")).into());
    };
    if error.kind() == io::ErrorKind::TimedOut {
        let message = format!("{NO_ANSWER}`{host}` ({address}) within {}", in_words(term.allowed));
        return Err(Failure::new(FailureKind::Unreachable, message).into());
    }
    // What this machine lacks for now is worth another try.
    let is_busy = is_exhausted(&error);
    Err(Refusal { failure: unreachable_because(&format!("cannot connect to `{host}` ({address})"), &error), is_busy })
}

async fn addresses(host: &str, port: u16, term: Term, lookups: &Lookups) -> Result<Vec<SocketAddr>, Failure> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = async {
        let _turn = lookups.0.acquire().await;
        tokio::net::lookup_host((bare, port)).await
    };
    let found = match tokio::time::timeout_at(term.until.into(), found).await {
        Ok(found) => found,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    };
    let found = found.map_err(|error| {
        let failure = unreachable_because(&format!("cannot find the address of `{host}`"), &error);
        failure.help("check `ansible_host`, or the name service")
    })?;
    Ok(found.collect())
}

async fn connect(address: &SocketAddr, share: Duration) -> io::Result<TcpStream> {
    let stream = tokio::time::timeout(share, tokio::net::TcpStream::connect(address)).await??;
    // Without it every command after the first waits 40 ms for an acknowledgement.
    stream.set_nodelay(true)?;
    stream.into_std()
}
