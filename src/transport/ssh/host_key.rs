use super::certificate::{self, HostCertificate};
use super::known_hosts::{HostKey, KnownHostsCache, Place, Verdict};
use super::route::Hop;
use crate::failure::{Failure, FailureKind};
use crate::transport::HostKeyPolicy;
use ssh2::Session;
use std::time::{SystemTime, UNIX_EPOCH};

/// Checks the key that a server showed in the handshake.
pub(super) fn check(hop: &Hop, session: &Session, known_hosts: &KnownHostsCache) -> Result<(), Failure> {
    if hop.host_key == HostKeyPolicy::Off {
        return Ok(());
    }
    let shown = session.host_key().and_then(|(blob, _)| HostKey::from_blob(blob));
    let Some(key) = shown else {
        return Err(Failure::new(FailureKind::HostKey, format!("`{}` showed no host key", hop.label())));
    };
    if certificate::is_certificate(&key.kind) {
        return check_certificate(hop, &key, known_hosts);
    }
    let verdict = known_hosts.judge(&hop.known_hosts, &hop.known_as, hop.known_without_port.as_deref(), &key);
    match (verdict, hop.host_key) {
        (Verdict::Known, _) => Ok(()),
        (Verdict::Unknown, HostKeyPolicy::AcceptNew) => remember(hop, &key, known_hosts),
        (Verdict::Unknown, _) => Err(unknown(hop, &key)),
        (Verdict::Changed(place), _) => {
            let message = format!(
                "the host key of `{}` has changed: it shows {} {}, but {}:{} has {} {}",
                hop.label(),
                key.kind,
                key.fingerprint(),
                place.file.display(),
                place.line,
                place.kind,
                place.fingerprint,
            );
            let help = format!(
                "somebody may be in between; if the key was changed on purpose, remove the old one: ssh-keygen -f {} -R '{}'",
                place.file.display(),
                hop.known_as,
            );
            Err(Failure::new(FailureKind::HostKey, message).help(help))
        }
        (Verdict::Revoked(place), _) => Err(revoked(hop, "host key", &key, &place)),
    }
}

fn revoked(hop: &Hop, what: &str, key: &HostKey, place: &Place) -> Failure {
    let message = format!(
        "the {what} of `{}` ({} {}) is revoked in {}:{}",
        hop.label(),
        key.kind,
        key.fingerprint(),
        place.file.display(),
        place.line,
    );
    Failure::new(FailureKind::HostKey, message)
}

/// Checks a certificate: that an authority of the known hosts has signed it for this host, and that neither its key nor
/// the authority's has been revoked.
fn check_certificate(hop: &Hop, shown: &HostKey, known_hosts: &KnownHostsCache) -> Result<(), Failure> {
    let without_port = hop.known_without_port.as_deref();
    let wrong = |why: String| {
        Failure::new(FailureKind::HostKey, format!("the certificate of `{}` {why}", hop.label()))
            .help("it is wanted because `@cert-authority` lines of the known hosts match the host")
    };
    let certificate = HostCertificate::read(&shown.blob).map_err(wrong)?;
    for key in certificate.keys() {
        if let Verdict::Revoked(place) = known_hosts.judge(&hop.known_hosts, &hop.known_as, without_port, &key) {
            return Err(revoked(hop, "host certificate's key", &key, &place));
        }
    }
    let authorities = known_hosts.authorities(&hop.known_hosts, &hop.known_as, without_port);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    certificate.check(without_port.unwrap_or(&hop.known_as), &authorities, now).map_err(wrong)
}

fn unknown(hop: &Hop, key: &HostKey) -> Failure {
    let message = format!("the host key of `{}` is not known: {} {}", hop.label(), key.kind, key.fingerprint());
    let file = hop.known_hosts.first().map(|file| file.display().to_string()).unwrap_or_default();
    let port = if hop.port == 22 { String::new() } else { format!("-p {} ", hop.port) };
    let help = format!(
        "compare it, then add it (ssh-keyscan {port}{} >> {file}), or let netplay write new keys down: \
         `ansible_host_key_checking: accept-new`",
        hop.host,
    );
    Failure::new(FailureKind::HostKey, message).help(help)
}

fn remember(hop: &Hop, key: &HostKey, known_hosts: &KnownHostsCache) -> Result<(), Failure> {
    let Some(file) = hop.known_hosts.first() else {
        let message = format!("there is no file to write the new host key of `{}` down in", hop.label());
        return Err(Failure::new(FailureKind::HostKey, message));
    };
    known_hosts.remember(file, &hop.known_as, key).map_err(|error| {
        let message = format!(
            "cannot write the new host key of `{}` down in {}: {}",
            hop.label(),
            file.display(),
            super::link::plain(&error)
        );
        Failure::new(FailureKind::HostKey, message)
    })
}
