//! Gets what the lookup `url` asks for.

use crate::failure::{Failure, FailureKind};
use crate::module::{HttpBody, HttpCall, Redirects};
use crate::redact::Secret;
use crate::source::plain_io_error;
use crate::template::Fetch;
use crate::transport::{HttpClients, Limits};
use tokio_util::sync::CancellationToken;

/// Gets what is at a URL, in a thread with an event loop of its own: templates wait for it.
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
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| fault(&plain_io_error(&error)))?;
        let limits = Limits { timeout: None, cancel: CancellationToken::new() };
        runtime.block_on(HttpClients::new().call(&call, &limits))
    };
    let answer = std::thread::scope(|scope| match std::thread::Builder::new().spawn_scoped(scope, work) {
        Ok(thread) => thread.join().unwrap_or_else(|_| Err(fault("a fault in the client"))),
        Err(error) => Err(fault(&plain_io_error(&error))),
    })?;
    if answer.status >= 400 {
        let message = format!("`{}` answers {} {}", wanted.url, answer.status, answer.reason);
        return Err(Failure::new(FailureKind::Http, message));
    }
    Ok(answer.body)
}
