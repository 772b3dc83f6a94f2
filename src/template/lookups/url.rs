//! The lookup `url`: what a web server gives.

use super::{Call, Lookup, argument};
use crate::failure::{Failure, FailureKind};
use crate::value::Value;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

pub(super) static LOOKUPS: &[Lookup] = &[Lookup {
    name: "url",
    doc: "Gives the lines of what is at a URL, or all of it with `split_lines=false`.",
    options: &[
        "validate_certs",
        "split_lines",
        "use_proxy",
        "username",
        "password",
        "headers",
        "force",
        "timeout",
        "http_agent",
        "force_basic_auth",
        "follow_redirects",
        "use_netrc",
        "unix_socket",
        "ca_path",
        "unredirected_headers",
    ],
    run: url,
}];

/// How long a server may take when nobody says, in seconds; Ansible's.
const TIMEOUT_SECONDS: f64 = 10.0;

/// A GET that a template asks for.
#[derive(Clone, Debug, Default)]
pub struct Fetch {
    /// The URL.
    pub url: String,
    /// Header fields in order.
    pub headers: Vec<(String, String)>,
    /// User and password.
    pub login: Option<(String, String)>,
    /// Send them without being asked.
    pub force_basic: bool,
    /// Take them from `~/.netrc` where none are given.
    pub use_netrc: bool,
    /// Check the server's certificate.
    pub validate_certs: bool,
    /// Use the proxies of the environment.
    pub use_proxy: bool,
    /// Follow redirects.
    pub follow: bool,
    /// How long it may take.
    pub timeout: Duration,
    /// A Unix socket to connect to instead of the URL's host.
    pub unix_socket: Option<PathBuf>,
    /// A file of certificates to trust.
    pub ca_path: Option<PathBuf>,
    /// Header fields that are not sent on after a redirect.
    pub unredirected_headers: Vec<String>,
}

/// Gets what is at a URL; a status that is an error is a failure.
pub type Fetcher = fn(&Fetch) -> Result<Vec<u8>, Failure>;

static FETCHER: OnceLock<Fetcher> = OnceLock::new();

/// Says who gets what is at a URL: templates know no network themselves. Only the first call counts.
pub fn set_fetcher(fetcher: Fetcher) {
    // A second call has nothing new to say.
    let _ = FETCHER.set(fetcher);
}

fn url(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let Some(fetcher) = FETCHER.get() else {
        return Err(Failure::new(FailureKind::Internal, "nobody here gets what is at a URL"));
    };
    let mut headers = Vec::new();
    match call.option("headers") {
        None => {}
        Some(Value::Map(map)) => headers.extend(map.iter().map(|(name, value)| (name.to_string(), value.to_text()))),
        Some(_) => return Err(argument("`headers` of lookup `url` is a dictionary")),
    }
    let has =
        |headers: &[(String, String)], name: &str| headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    if !has(&headers, "user-agent") {
        headers.push(("User-Agent".into(), call.text("http_agent").unwrap_or("ansible-httpget".into())));
    }
    if call.flag("force", false) {
        headers.push(("Cache-Control".into(), "no-cache".into()));
    }
    let seconds = match call.text("timeout") {
        None => TIMEOUT_SECONDS,
        Some(text) => text.trim().parse().map_err(|_| argument("`timeout` of lookup `url` is a number of seconds"))?,
    };
    let timeout = Duration::try_from_secs_f64(seconds).map_err(|_| argument("`timeout` of lookup `url` is no time"))?;
    let follow = match call.text("follow_redirects").as_deref() {
        None | Some("urllib2" | "all" | "yes" | "safe" | "True" | "true") => true,
        Some("none" | "no" | "False" | "false") => false,
        Some(other) => return Err(argument(format!("`follow_redirects` of lookup `url` is no `{other}`"))),
    };
    let list = |name: &str| match call.option(name) {
        Some(Value::List(items)) => items.iter().map(Value::to_text).collect(),
        Some(one) => one.to_text().split(',').map(|part| part.trim().to_owned()).collect(),
        None => Vec::new(),
    };
    let login = call.text("username").map(|user| (user, call.text("password").unwrap_or_default()));
    let path = |name: &str| call.text(name).map(PathBuf::from);
    let mut found = Vec::new();
    for term in &call.terms {
        let fetch = Fetch {
            url: term.to_text(),
            headers: headers.clone(),
            login: login.clone(),
            force_basic: call.flag("force_basic_auth", false),
            use_netrc: call.flag("use_netrc", true),
            validate_certs: call.flag("validate_certs", true),
            use_proxy: call.flag("use_proxy", true),
            follow,
            timeout,
            unix_socket: path("unix_socket"),
            ca_path: path("ca_path"),
            unredirected_headers: list("unredirected_headers"),
        };
        let bytes = super::pipe::aside(|| fetcher(&fetch))?;
        let text = String::from_utf8_lossy(&bytes);
        match call.flag("split_lines", true) {
            true => found.extend(text.lines().map(Value::from)),
            false => found.push(Value::from(&*text)),
        }
    }
    Ok(found)
}
