use super::failure::{argument, file};
use super::keys;
use super::netrc::Netrc;
use super::origins::Origins;
use crate::failure::{Failure, FailureKind};
use crate::module::HttpCall;
use crate::redact::Secret;
use crate::transport::each::Admitted;
use reqwest::{Certificate, Client, Identity, Url};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// The HTTP clients of a run; see the module. Certificates are read when a client is first needed.
#[derive(Debug, Default)]
pub struct HttpClients {
    clients: Mutex<HashMap<Settings, Arc<OnceCell<Client>>>>,
    origins: Origins,
    netrc: Netrc,
}

/// What a client is built with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Settings {
    validate_certs: bool,
    ca_path: Option<PathBuf>,
    client_cert: Option<(PathBuf, Option<PathBuf>)>,
    use_proxy: bool,
    unix_socket: Option<PathBuf>,
    decompress: bool,
}

impl HttpClients {
    /// Makes an empty set.
    pub fn new() -> HttpClients {
        HttpClients::default()
    }

    /// Makes an empty set that has at most so many calls under way to one origin.
    pub fn with_most_per_origin(most: usize) -> HttpClients {
        HttpClients { origins: Origins::new(most), ..HttpClients::default() }
    }

    /// Returns what the user's file of logins says.
    pub(super) fn netrc(&self) -> &Netrc {
        &self.netrc
    }

    /// Waits for the right to call the origin of a URL, within the call's own bound if it has one.
    pub(super) async fn admit(&self, url: &Url, most: Option<usize>) -> Admitted {
        self.origins.admit(url, most).await
    }

    /// Returns the client for a call, building it when it is the first of its kind.
    pub(super) async fn client(&self, call: &HttpCall) -> Result<Client, Failure> {
        if !call.ciphers.is_empty() {
            return Err(argument("cipher names cannot be chosen: the TLS library's own choice is used")
                .help("leave `ciphers` out; the server may be the one to restrict them"));
        }
        let settings = Settings {
            validate_certs: call.validate_certs,
            ca_path: call.ca_path.clone(),
            client_cert: call.client_cert.clone(),
            use_proxy: call.use_proxy,
            unix_socket: call.unix_socket.clone(),
            decompress: call.decompress,
        };
        let cell = {
            let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(clients.entry(settings.clone()).or_default())
        };
        // Those who come at the same time wait for the first of them: to read the system's certificates takes
        // milliseconds and megabytes. It is file access, so not for the event loop.
        let built = cell.get_or_try_init(|| async {
            tokio::task::spawn_blocking(move || build(&settings))
                .await
                .map_err(|_| Failure::new(FailureKind::Internal, "building an HTTP client panicked"))?
        });
        built.await.cloned()
    }
}

fn build(settings: &Settings) -> Result<Client, Failure> {
    let mut builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .gzip(settings.decompress)
        .tcp_nodelay(true)
        .tls_danger_accept_invalid_certs(!settings.validate_certs)
        .tls_danger_accept_invalid_hostnames(!settings.validate_certs);
    if !settings.use_proxy {
        builder = builder.no_proxy();
    }
    if let (Some(path), true) = (&settings.ca_path, settings.validate_certs) {
        builder = builder.tls_certs_only(authorities(path)?);
    }
    if let Some((cert, key)) = &settings.client_cert {
        builder = builder.identity(identity(cert, key.as_deref())?);
    }
    if let Some(path) = &settings.unix_socket {
        builder = builder.unix_socket(path.as_path());
    }
    builder.build().map_err(|e| {
        Failure::new(FailureKind::Http, format!("cannot set up an HTTP client: {}", super::failure::last_cause(&e)))
    })
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let pem = std::fs::read(path).map_err(|e| file("ca_path", path, &e))?;
    let found = Certificate::from_pem_bundle(&pem).unwrap_or_default();
    if found.is_empty() {
        return Err(argument(format!("`{}` holds no PEM certificate", path.display()))
            .help("`ca_path` is a file of certificates, each between BEGIN CERTIFICATE and END CERTIFICATE"));
    }
    Ok(found)
}

fn identity(cert: &Path, key: Option<&Path>) -> Result<Identity, Failure> {
    let certs = std::fs::read_to_string(cert).map_err(|e| file("client_cert", cert, &e))?;
    let key_path = key.unwrap_or(cert);
    let key = match key {
        Some(path) => Secret::new(std::fs::read_to_string(path).map_err(|e| file("client_key", path, &e))?),
        None => Secret::new(certs.clone()),
    };
    let key = keys::to_pkcs8(&key)
        .map_err(|why| argument(format!("cannot use the key in `{}`: {why}", key_path.display())))?;
    let chain = keys::blocks(&certs, |label| label == "CERTIFICATE");
    Identity::from_pkcs8_pem(chain.as_bytes(), key.expose().as_bytes()).map_err(|e| {
        argument(format!(
            "`{}` and its key are no usable client certificate: {}",
            cert.display(),
            super::failure::last_cause(&e)
        ))
    })
}
