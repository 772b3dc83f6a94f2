//! What others wrote that a login reads, by itself: files of known hosts and configurations, certificates of servers, the
//! stream of a kept shell. Whatever it is, it is read to its end; `fuzz/` and `tests/fuzz` hand over anything.

use super::certificate::HostCertificate;
use super::config::Config;
use super::known_hosts::{HostKey, KnownHosts, Verdict, judge};
use super::marks::{Ending, Seeker};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;
use std::sync::Arc;

const HOST: &str = "r1.example.org";

/// Reads a file of known hosts: a key that is added at its end is known, unless the file has revoked it.
pub fn known_hosts(text: &str) {
    let key = HostKey { kind: "ssh-ed25519".into(), blob: b"\0\0\0\x0bssh-ed25519key".to_vec() };
    let line = format!("{HOST} {} {}", key.kind, STANDARD.encode(&key.blob));
    let known = Arc::new(KnownHosts::parse(&format!("{text}\n{line}\n")));
    let files = [(Path::new("known_hosts"), known)];
    let verdict = judge(&files, HOST, Some("r1"), &key);
    assert!(matches!(verdict, Verdict::Known | Verdict::Revoked(_)), "{verdict:?}");
    let other = HostKey { blob: b"another".to_vec(), ..key };
    let verdict = judge(&files, HOST, None, &other);
    assert!(verdict != Verdict::Unknown, "a key is written down for the host");
}

/// Reads a user's configuration: what it says first counts, whatever comes after it.
pub fn config(text: &str) {
    let read = |text: &str| Config::of_text(text, None).lookup(HOST, None, "me");
    let (first, longer) =
        (read(text), read(&format!("{text}\nHost *\n  User other\n  Port 1\n  HostName elsewhere\n")));
    for (said, then) in [(&first.user, &longer.user), (&first.host_name, &longer.host_name)] {
        assert!(said.is_none() || said == then, "{said:?} {then:?}");
    }
    assert!(first.port.is_none() || first.port == longer.port);
}

/// Judges a certificate that a server shows, as its bytes.
pub fn host_certificate(blob: &[u8]) {
    if let Ok(certificate) = HostCertificate::read(blob) {
        let authorities = certificate.keys();
        // Nobody has signed what comes from nowhere.
        let _ = certificate.check(HOST, &authorities, 1_700_000_000);
    }
}

/// Looks for a mark in what a kept shell says, in pieces and whole, and reads what follows it.
pub fn kept_shell(stream: &[u8]) {
    const MARK: &[u8] = b"np-1";
    let mut whole = Seeker::default();
    whole.seek(stream, MARK);
    for size in [1, 3, 7] {
        let mut pieces = Seeker::default();
        for end in (0..=stream.len()).step_by(size).chain([stream.len()]) {
            pieces.seek(&stream[..end], MARK);
        }
        assert_eq!(pieces.at, whole.at);
    }
    let rest = whole.at.map_or(stream, |at| &stream[at + MARK.len()..]);
    if let Ok(Some(ending)) = Ending::read(rest) {
        assert!(ending.len <= rest.len());
    }
}
