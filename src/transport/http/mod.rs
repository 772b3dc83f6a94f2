//! HTTP calls. The only user of the HTTP client crate.
//!
//! [`HttpClients`] is shared by a run. It keeps one pooled client for each combination of settings that a client is
//! built with (trust, client certificate, proxies, Unix socket, decompression); everything else belongs to the call.
//! Redirects, cookies and authentication are done here and not by the client, because Ansible's `uri` has rules of its
//! own for them and because what goes to another origin must be decided in one place.
//!
//! Traps: the client crate removes `content-encoding` and `content-length` when it decompresses, so nothing compressed
//! is asked for unless the author does (Ansible's `uri` does the same); its errors print the URL with user and password,
//! so no error text leaves here that has not been through `failure.rs`.

mod auth;
mod body;
mod client;
mod cookies;
mod exchange;
mod failure;
mod keys;
mod netrc;
mod origins;
pub mod reads;
mod redirect;
#[cfg(all(test, feature = "lab"))]
pub(crate) mod server;
#[cfg(all(test, feature = "lab"))]
mod tests;

use super::Limits;
use crate::failure::Failure;
use crate::module::{HttpAnswer, HttpCall};
use std::time::Instant;

pub use client::HttpClients;

/// The largest body that is kept in memory. Arbitrary; far above any API's answer, far below a machine's memory.
pub const MAX_BODY_BYTES: u64 = 256 << 20;

impl HttpClients {
    /// Makes a call and returns its answer, whatever the status. Every failure carries `status: -1`, the URL and the
    /// time in its result, as Ansible's `uri` does, so that `until: r.status == 200` can wait for a service.
    pub async fn call(&self, call: &HttpCall, limits: &Limits) -> Result<HttpAnswer, Failure> {
        let started = Instant::now();
        let timeout = [call.timeout, limits.timeout].into_iter().flatten().min();
        // Boxed, as the wrappers below would hold it several times over.
        let exchange = Box::pin(exchange::exchange(self, call, started));
        let work = async {
            let Some(timeout) = timeout else { return exchange.await };
            match tokio::time::timeout(timeout, exchange).await {
                Ok(outcome) => outcome,
                Err(_) => Err(failure::timeout(&call.url, timeout)),
            }
        };
        let outcome = tokio::select! {
            biased;
            () = limits.cancel.cancelled() => Err(failure::cancelled(&call.url)),
            outcome = work => outcome,
        };
        outcome.map_err(|failure| failure::with_call(failure, &call.url, started.elapsed()))
    }
}
