//! What others wrote that a call reads, by itself: fields of an answer, a file of passwords. Whatever it is, it is read to
//! its end, and a cookie or a password goes to nobody it is not for; `fuzz/` and `tests/fuzz` hand over anything.

use super::auth::{Challenge, digest, strongest};
use super::cookies::Jar;
use super::netrc;
use crate::redact::Secret;
use reqwest::Url;

/// Reads every line as a `Set-Cookie` field of a server.
pub fn cookies(fields: &str) {
    let url = |text: &str| Url::parse(text).expect("it is one");
    let from = url("https://api.example.org/a/b?c");
    let mut jar = Jar::default();
    fields.lines().for_each(|field| jar.store(field, &from));
    for stranger in
        ["https://example.com/a/b", "https://org/a/b", "https://notexample.org/a/b", "https://127.0.0.1/a/b"]
    {
        assert_eq!(jar.field(&url(stranger)), None, "a cookie of another server");
    }
    // What comes of it goes into a header's field: that takes no line end.
    assert!(!jar.field(&from).unwrap_or_default().contains('\n'));
}

/// Reads every line as a `WWW-Authenticate` field, and answers the strongest challenge.
pub fn challenges(fields: &str) {
    if let Some(Challenge::Digest(asked)) = strongest(fields.lines()) {
        let answer = digest(&asked, ("me", &Secret::new("secret-word")), ("GET", "/a"), "c0ffee");
        assert!(!answer.expose().contains("secret-word"));
    }
}

/// Reads a `.netrc`: an entry of a host that comes first counts, and another host gets none of it.
pub fn netrc(text: &str) {
    let first = format!("machine r1 login me password first-word\nmachine r0\n{text}");
    let found = netrc::find(&first, "r1").map(|(user, password)| (user, password.expose().to_owned()));
    assert!(found.is_some(), "there is an entry for it");
    if !text.contains("first-word") {
        let other = netrc::find(&first, "r2");
        assert!(other.is_none_or(|(_, password)| password.expose() != "first-word"));
    }
}
