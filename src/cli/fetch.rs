//! Gets what the lookup `url` asks for.

use crate::failure::{Failure, FailureKind};
use crate::module::{HttpBody, HttpCall, Redirects};
use crate::redact::Secret;
use crate::source::plain_io_error;
use crate::template::Fetch;
use crate::transport::{HttpClients, Limits};
use std::sync::{LazyLock, OnceLock};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

/// What all fetches share: connections stay open, and certificates are read once.
static CLIENTS: LazyLock<HttpClients> = LazyLock::new(HttpClients::new);

/// The event loop of the fetches: templates wait for them, while the run's own goes on.
static RUNTIME: LazyLock<std::io::Result<Runtime>> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).thread_name("fetch").enable_all().build());

/// Ends what a run's templates wait for: its second interrupt.
static CUT: OnceLock<CancellationToken> = OnceLock::new();

/// Has fetches end when a run is cut. Only the first call counts.
pub(super) fn end_with(cut: &CancellationToken) {
    // A second run of one process there is in tests only.
    let _ = CUT.set(cut.clone());
}

/// Gets what is at a URL.
pub(super) fn fetch(wanted: &Fetch) -> Result<Vec<u8>, Failure> {
    let call = HttpCall {
        method: "GET".into(),
        url: wanted.url.clone(),
        headers: wanted.headers.clone(),
        body: HttpBody::Empty,
        timeout: Some(wanted.timeout),
        redirects: if wanted.follow { Redirects::Safe } else { Redirects::None },
        login: wanted.login.clone().map(|(user, password)| (user, Secret::new(password))),
        force_basic: wanted.force_basic,
        use_netrc: wanted.use_netrc,
        validate_certs: wanted.validate_certs,
        ca_path: wanted.ca_path.clone(),
        client_cert: None,
        ciphers: Vec::new(),
        use_proxy: wanted.use_proxy,
        unix_socket: wanted.unix_socket.clone(),
        unredirected_headers: wanted.unredirected_headers.clone(),
        decompress: true,
        most_per_origin: None,
    };
    let fault = |what: &str| Failure::new(FailureKind::Internal, format!("cannot get `{}`: {what}", wanted.url));
    let (answer, answered) = std::sync::mpsc::sync_channel(1);
    let runtime = RUNTIME.as_ref().map_err(|error| fault(&plain_io_error(error)))?;
    runtime.spawn(async move {
        let limits = Limits { timeout: None, cancel: CUT.get().cloned().unwrap_or_default() };
        drop(answer.send(CLIENTS.call(&call, &limits).await));
    });
    let answer = answered.recv().map_err(|_| fault("a fault in the client"))??;
    if answer.status >= 400 {
        let message = format!("`{}` answers {} {}", wanted.url, answer.status, answer.reason);
        return Err(Failure::new(FailureKind::Http, message));
    }
    Ok(answer.body)
}
