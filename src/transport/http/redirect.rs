//! Which redirects are followed, and as what: the rules of Ansible's `uri`.
//!
//! <https://docs.ansible.com/ansible/latest/collections/ansible/builtin/uri_module.html#parameter-follow_redirects>

use crate::module::Redirects;

/// How many redirects are followed. As many as Python's urllib.
pub(super) const MOST: usize = 10;

/// How a redirect is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Follow {
    /// The method of the next request.
    pub(super) method: String,
    /// The body and its describing fields go along.
    pub(super) keep_body: bool,
}

/// Decides about an answer with this status to a request of this method; `None` when it is the answer.
pub(super) fn follow(policy: Redirects, status: u16, method: &str) -> Option<Follow> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let reads = matches!(method, "GET" | "HEAD");
    match policy {
        Redirects::None => return None,
        Redirects::Safe if !reads => return None,
        Redirects::Safe | Redirects::All => {}
        Redirects::Urllib2 => {
            let posts = method == "POST" && matches!(status, 301..=303);
            let method = if method == "HEAD" { "HEAD" } else { "GET" };
            return (reads || posts).then(|| Follow { method: method.into(), keep_body: false });
        }
    }
    let becomes_get = match status {
        302 | 303 => method != "HEAD",
        301 => method == "POST",
        _ => false,
    };
    let method = if becomes_get { "GET" } else { method };
    Some(Follow { method: method.into(), keep_body: matches!(status, 307 | 308) })
}

/// Claims that a header field describes a body, and goes with it.
pub(super) fn describes_body(name: &str) -> bool {
    ["content-length", "content-type", "transfer-encoding"].iter().any(|n| name.eq_ignore_ascii_case(n))
}

/// Claims that a header field is a credential, which no other origin gets.
pub(super) fn is_credential(name: &str) -> bool {
    ["authorization", "cookie", "proxy-authorization"].iter().any(|n| name.eq_ignore_ascii_case(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_are_followed_as_the_policy_says() {
        use Redirects::{All, None as No, Safe, Urllib2};
        // Policy, status, method, the next method, whether the body goes along.
        let cases = [
            (No, 302, "GET", None),
            (Safe, 302, "GET", Some(("GET", false))),
            (Safe, 301, "HEAD", Some(("HEAD", false))),
            (Safe, 302, "POST", None),
            (Safe, 307, "PUT", None),
            (Safe, 308, "GET", Some(("GET", true))),
            (All, 301, "POST", Some(("GET", false))),
            (All, 301, "PUT", Some(("PUT", false))),
            (All, 302, "PUT", Some(("GET", false))),
            (All, 302, "HEAD", Some(("HEAD", false))),
            (All, 303, "POST", Some(("GET", false))),
            (All, 307, "POST", Some(("POST", true))),
            (All, 308, "DELETE", Some(("DELETE", true))),
            (All, 304, "GET", None),
            (All, 300, "GET", None),
            (All, 200, "GET", None),
            (Urllib2, 302, "POST", Some(("GET", false))),
            (Urllib2, 307, "POST", None),
            (Urllib2, 307, "GET", Some(("GET", false))),
            (Urllib2, 302, "PUT", None),
        ];
        for (policy, status, method, expected) in cases {
            let found = follow(policy, status, method);
            let found = found.as_ref().map(|f| (f.method.as_str(), f.keep_body));
            assert_eq!(found, expected, "{policy:?} {status} {method}");
        }
    }
}
