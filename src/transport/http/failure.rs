//! Errors of the HTTP client as failures that a person can act on, free of user names, passwords and query strings.

use crate::failure::{Failure, FailureKind};
use crate::source::plain_io_error;
use crate::value::Map;
use reqwest::Url;
use std::error::Error;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Returns a URL without user and password, as results show it.
pub(super) fn without_userinfo(url: &str) -> String {
    if !url.contains('@') {
        return url.to_owned();
    }
    match Url::parse(url) {
        Ok(mut parsed) if !parsed.username().is_empty() || parsed.password().is_some() => {
            // Both fail only for URLs that cannot have a user.
            let _ = parsed.set_username("");
            let _ = parsed.set_password(None);
            parsed.into()
        }
        Ok(_) => url.to_owned(),
        // Not a URL: whatever stands before an `@` may be a password.
        Err(_) => url.rsplit_once('@').map_or(url, |(_, rest)| rest).to_owned(),
    }
}

/// Returns a URL as messages show it: keys are sent in query strings too, so it ends before them.
pub(super) fn shown(url: &str) -> String {
    let plain = without_userinfo(url);
    plain.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// Makes a failure of an argument.
pub(super) fn argument(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Argument, message.into())
}

/// Makes a failure of a file that an argument names.
pub(super) fn file(argument: &str, path: &Path, error: &io::Error) -> Failure {
    let why = plain_io_error(error);
    Failure::new(FailureKind::File, format!("cannot read `{argument}` {}: {why}", path.display()))
}

/// Makes the failure of a call that took too long.
pub(super) fn timeout(url: &str, limit: Duration) -> Failure {
    let seconds = limit.as_secs_f64();
    Failure::new(FailureKind::Timeout, format!("no whole answer from `{}` within {seconds} s", shown(url)))
        .help("`timeout` says how long a call may take")
}

/// Makes the failure of a call that was cut off.
pub(super) fn cancelled(url: &str) -> Failure {
    Failure::new(FailureKind::Cancelled, format!("the call to `{}` was interrupted", shown(url)))
}

/// Adds what a result always has, as Ansible's `uri` gives it when there was no answer.
pub(super) fn with_call(failure: Failure, url: &str, elapsed: Duration) -> Failure {
    let mut result = Map::new();
    result.insert("status", -1);
    result.insert("url", without_userinfo(url));
    result.insert("redirected", false);
    result.insert("elapsed", elapsed.as_secs());
    result.insert("elapsed_ms", elapsed.as_millis() as u64);
    failure.with_result(result)
}

/// Makes a failure of an error of the client.
pub(super) fn of_call(error: reqwest::Error, url: &str) -> Failure {
    let error = error.without_url();
    let (kind, why, help) = cause(&error, url);
    let failure = Failure::new(kind, format!("cannot get an answer from `{}`: {why}", shown(url)));
    match help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// Returns the text of the innermost cause.
pub(super) fn last_cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(|e| e.to_string()).unwrap_or_default()
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    // Bounded, so that an error which is its own cause cannot hang a run.
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    })
    .take(32)
}

const TRUST: &str = "trust it by `ca_path: FILE`, or leave the check out by `validate_certs: false`";

/// What TLS says (OpenSSL's wording), what that means, what to do. The first that fits counts.
const TLS: &[(&str, &str, Option<&str>)] = &[
    ("certificate has expired", "the server's certificate has expired", Some(TRUST)),
    ("certificate is not yet valid", "the server's certificate is not valid yet; is the clock right?", None),
    (
        "self-signed certificate in certificate chain",
        "the server's certificate ends in an unknown authority",
        Some(TRUST),
    ),
    ("self-signed certificate", "the server's certificate is self-signed", Some(TRUST)),
    ("self signed certificate", "the server's certificate is self-signed", Some(TRUST)),
    ("unable to get local issuer", "the server's certificate is from an unknown authority", Some(TRUST)),
    ("unable to verify the first", "the server's certificate is from an unknown authority", Some(TRUST)),
    ("hostname mismatch", "the server's certificate is for another name", Some(TRUST)),
    ("ip address mismatch", "the server's certificate is for another address", Some(TRUST)),
    ("certificate verify failed", "the server's certificate is not trusted", Some(TRUST)),
    ("certificate required", "the server asks for a client certificate", Some("give `client_cert` and `client_key`")),
    ("wrong version number", "the server does not speak TLS there", Some("is it an `http://` URL?")),
    ("packet length too long", "the server does not speak TLS there", Some("is it an `http://` URL?")),
    ("http request", "the server does not speak TLS there", Some("is it an `http://` URL?")),
    ("unsupported protocol", "the server speaks only versions of TLS that are out of use", None),
    ("handshake failure", "the server and this client have no TLS parameters in common", None),
];

fn cause(error: &reqwest::Error, url: &str) -> (FailureKind, String, Option<&'static str>) {
    let texts: Vec<String> = causes(error).map(|e| e.to_string()).collect();
    let all = texts.join(": ").to_lowercase();
    let place = Url::parse(url).ok();
    let host = place.as_ref().and_then(|url| url.host_str()).unwrap_or("the host").to_owned();
    if all.contains("dns error") || all.contains("failed to lookup address") {
        return (FailureKind::Http, format!("no address is known for `{host}`"), None);
    }
    if let Some((_, why, help)) = TLS.iter().find(|(text, ..)| all.contains(text)) {
        return (FailureKind::Http, (*why).to_owned(), *help);
    }
    if error.is_timeout() {
        return (FailureKind::Timeout, "it took too long".into(), None);
    }
    let io = causes(error).filter_map(|e| e.downcast_ref::<io::Error>()).last();
    if let Some(io) = io {
        let port = place.as_ref().and_then(|url| url.port_or_known_default()).unwrap_or_default();
        match io.kind() {
            io::ErrorKind::ConnectionRefused => {
                return (FailureKind::Http, format!("port {port} of `{host}` refuses connections"), None);
            }
            io::ErrorKind::TimedOut => {
                return (FailureKind::Timeout, format!("`{host}` does not answer"), None);
            }
            io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => {
                return (FailureKind::Http, "the server closed the connection before it had answered".into(), None);
            }
            _ if io.raw_os_error().is_some() => return (FailureKind::Http, plain_io_error(io), None),
            _ => {}
        }
    }
    if all.contains("connection closed before message completed") || all.contains("end of file before message length") {
        return (FailureKind::Http, "the server closed the connection before it had answered".into(), None);
    }
    if all.contains("invalid http") || all.contains("http/0.9") || all.contains("invalid http version parsed") {
        return (FailureKind::Http, "what came back is not HTTP".into(), None);
    }
    let why = texts.last().cloned().unwrap_or_else(|| "unknown cause".into());
    (FailureKind::Http, why, None)
}
