//! Basic (RFC 7617) and digest (RFC 7616) authentication.

use crate::redact::Secret;
use base64::Engine as _;
use md5::{Digest as _, Md5};
use sha2::Sha256;

/// What a server asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Digest(Digest),
}

/// The parameters of a digest challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Digest {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    session: bool,
    /// `qop=auth` is offered. `auth-int` alone is not answered.
    qop: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Algorithm {
    #[default]
    Md5,
    Sha256,
}

/// Returns the strongest challenge of the `WWW-Authenticate` fields that can be answered.
pub(super) fn strongest<'a>(fields: impl IntoIterator<Item = &'a str>) -> Option<Challenge> {
    let all: Vec<Challenge> = fields.into_iter().flat_map(challenges).collect();
    let digest = all.iter().filter_map(|challenge| match challenge {
        Challenge::Digest(digest) => Some(digest),
        Challenge::Basic => None,
    });
    match digest.max_by_key(|digest| digest.algorithm) {
        Some(digest) => Some(Challenge::Digest(digest.clone())),
        None => all.into_iter().next(),
    }
}

/// Returns the `Authorization` field of basic authentication.
pub(super) fn basic(user: &str, password: &Secret) -> Secret {
    let pair = zeroize::Zeroizing::new(format!("{user}:{}", password.expose()));
    Secret::new(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair.as_bytes())))
}

/// Returns the `Authorization` field that answers a digest challenge; `uri` is path and query as sent.
pub(super) fn digest(
    asked: &Digest,
    (user, password): (&str, &Secret),
    (method, uri): (&str, &str),
    cnonce: &str,
) -> Secret {
    let hash = |text: &str| match asked.algorithm {
        Algorithm::Md5 => hex(&Md5::digest(text.as_bytes())),
        Algorithm::Sha256 => hex(&Sha256::digest(text.as_bytes())),
    };
    let Digest { realm, nonce, .. } = asked;
    let mut first = hash(&format!("{user}:{realm}:{}", password.expose()));
    if asked.session {
        first = hash(&format!("{first}:{nonce}:{cnonce}"));
    }
    let second = hash(&format!("{method}:{uri}"));
    let response = if asked.qop {
        hash(&format!("{first}:{nonce}:00000001:{cnonce}:auth:{second}"))
    } else {
        hash(&format!("{first}:{nonce}:{second}"))
    };
    let algorithm = match (asked.algorithm, asked.session) {
        (Algorithm::Md5, false) => "MD5",
        (Algorithm::Md5, true) => "MD5-sess",
        (Algorithm::Sha256, false) => "SHA-256",
        (Algorithm::Sha256, true) => "SHA-256-sess",
    };
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let mut out = format!(
        "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{response}\", algorithm={algorithm}",
        quoted(user),
        quoted(realm),
        quoted(nonce)
    );
    if let Some(opaque) = &asked.opaque {
        out.push_str(&format!(", opaque=\"{}\"", quoted(opaque)));
    }
    if asked.qop {
        out.push_str(&format!(", qop=auth, nc=00000001, cnonce=\"{cnonce}\""));
    } else if asked.session {
        out.push_str(&format!(", cnonce=\"{cnonce}\""));
    }
    Secret::new(out)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads one field, which may hold several challenges. Those that cannot be answered are left out.
fn challenges(field: &str) -> Vec<Challenge> {
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for item in split_quoted(field) {
        let (front, value) = match item.split_once('=') {
            Some((front, value)) => (front.trim_end(), Some(unquoted(value.trim()))),
            None => (item.as_str(), None),
        };
        // `Digest realm` starts a challenge, `realm` alone goes on with the last one.
        let (scheme, key) = match front.split_once(' ') {
            Some((scheme, key)) => (Some(scheme), key.trim()),
            None if value.is_none() => (Some(front), ""),
            None => (None, front),
        };
        if let Some(scheme) = scheme {
            found.push((scheme.to_ascii_lowercase(), Vec::new()));
        }
        if let (Some(value), Some((_, pairs))) = (value, found.last_mut()) {
            pairs.push((key.to_ascii_lowercase(), value));
        }
    }
    found.into_iter().filter_map(|(scheme, pairs)| challenge(&scheme, &pairs)).collect()
}

fn challenge(scheme: &str, pairs: &[(String, String)]) -> Option<Challenge> {
    let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    match scheme {
        "basic" => Some(Challenge::Basic),
        "digest" => {
            let name = get("algorithm").unwrap_or_else(|| "MD5".into()).to_ascii_lowercase();
            let (name, session) = match name.strip_suffix("-sess") {
                Some(name) => (name, true),
                None => (name.as_str(), false),
            };
            let algorithm = match name {
                "md5" => Algorithm::Md5,
                "sha-256" => Algorithm::Sha256,
                _ => return None,
            };
            let offered = get("qop");
            let qop = offered.as_ref().is_some_and(|q| q.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")));
            if offered.is_some() && !qop {
                return None;
            }
            Some(Challenge::Digest(Digest {
                realm: get("realm").unwrap_or_default(),
                nonce: get("nonce")?,
                opaque: get("opaque"),
                algorithm,
                session,
                qop,
            }))
        }
        _ => None,
    }
}

/// Splits at commas outside quotes.
fn split_quoted(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        match c {
            ',' if !quoted => {
                items.push(String::new());
                continue;
            }
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        if let Some(last) = items.last_mut() {
            last.push(c);
        }
    }
    items.into_iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 7616, section 3.9.1.
    #[test]
    fn digests_are_those_of_the_standard() {
        let field = |algorithm: &str| {
            format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            )
        };
        let cases = [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ];
        for (algorithm, response) in cases {
            let Some(Challenge::Digest(asked)) = strongest([field(algorithm).as_str()]) else {
                panic!("{algorithm} is a digest");
            };
            let password = Secret::new("Circle of Life");
            let line = digest(
                &asked,
                ("Mufasa", &password),
                ("GET", "/dir/index.html"),
                "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            );
            assert!(line.expose().contains(&format!("response=\"{response}\"")), "{}", line.expose());
        }
    }

    #[test]
    fn the_strongest_challenge_is_answered() {
        let cases: [(&[&str], Option<&str>); 7] = [
            (&["Basic realm=\"a, b\""], Some("basic")),
            (&["Basic realm=x, Digest realm=y, nonce=n"], Some("md5")),
            (&["Digest nonce=n, algorithm=MD5", "Digest nonce=n, algorithm=SHA-256"], Some("sha256")),
            (&["Digest realm=y"], None),
            (&["Digest nonce=n, qop=\"auth-int\""], None),
            (&["Negotiate", "Bearer realm=\"x\""], None),
            (&["Negotiate, Basic"], Some("basic")),
        ];
        for (fields, expected) in cases {
            let found = strongest(fields.iter().copied()).map(|challenge| match challenge {
                Challenge::Basic => "basic",
                Challenge::Digest(d) if d.algorithm == Algorithm::Md5 => "md5",
                Challenge::Digest(_) => "sha256",
            });
            assert_eq!(found, expected, "{fields:?}");
        }
    }
}
