//! The cookies of one call: collected over redirects, sent back where they belong.

use reqwest::Url;

/// The most cookies one call keeps; a hostile server could send them without end over redirects.
const MOST: usize = 300;

#[derive(Debug, Default)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
}

#[derive(Debug)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    /// Only for the very host that set it.
    host_only: bool,
    path: String,
    secure: bool,
}

impl Jar {
    /// Takes a `Set-Cookie` field that came from `url`.
    pub(super) fn store(&mut self, field: &str, url: &Url) {
        let mut parts = field.split(';');
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let mut cookie = Cookie {
            name: name.trim().into(),
            value: value.trim().into(),
            domain: host.clone(),
            host_only: true,
            path: default_path(url),
            secure: false,
        };
        let mut dead = false;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "domain" if !value.is_empty() => {
                    let domain = value.trim_start_matches('.').to_ascii_lowercase();
                    // A server may widen a cookie to a domain that it lies in, and to no other; never to a bare name.
                    if host != domain && !(under(&host, &domain) && domain.contains('.')) {
                        return;
                    }
                    cookie.host_only = host == domain && !domain.contains('.');
                    cookie.domain = domain;
                }
                "path" if value.starts_with('/') => cookie.path = value.into(),
                "secure" => cookie.secure = true,
                "max-age" => dead |= value.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
                // Servers delete a cookie by a date long ago; any other date outlives the call.
                "expires" => dead |= value.contains("1970") || value.contains("-70 "),
                _ => {}
            }
        }
        if cookie.name.is_empty() {
            return;
        }
        self.cookies.retain(|old| (&old.name, &old.domain, &old.path) != (&cookie.name, &cookie.domain, &cookie.path));
        if !dead && self.cookies.len() < MOST {
            self.cookies.push(cookie);
        }
    }

    /// Returns the `Cookie` field for a request, if there is something to send.
    pub(super) fn field(&self, url: &Url) -> Option<String> {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let fits = |cookie: &&Cookie| {
            let domain = host == cookie.domain || (!cookie.host_only && under(&host, &cookie.domain));
            let path = url.path() == cookie.path
                || url
                    .path()
                    .strip_prefix(cookie.path.as_str())
                    .is_some_and(|rest| cookie.path.ends_with('/') || rest.starts_with('/'));
            domain && path && (!cookie.secure || url.scheme() == "https")
        };
        let pairs: Vec<String> =
            self.cookies.iter().filter(fits).map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Returns every cookie, name and value, in the order set.
    pub(super) fn into_pairs(self) -> Vec<(String, String)> {
        self.cookies.into_iter().map(|cookie| (cookie.name, cookie.value)).collect()
    }
}

/// Claims that a host lies under a domain.
fn under(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|front| front.ends_with('.')) && host.parse::<std::net::IpAddr>().is_err()
}

/// Returns the folder of a URL's path, as RFC 6265 has it.
fn default_path(url: &Url) -> String {
    match url.path().rsplit_once('/') {
        Some(("", _)) | None => "/".into(),
        Some((folder, _)) => folder.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_go_where_they_belong() {
        let url = |text: &str| Url::parse(text).expect("a URL written here");
        // Set by, field, asked for, sent.
        let cases = [
            ("http://h/a/b", "k=v", "http://h/a/c", Some("k=v")),
            ("http://h/a/b", "k=v", "http://h/x", None),
            ("http://h/a/b", "k=v; Path=/", "http://h/x", Some("k=v")),
            ("http://h/", "k=v", "http://other/", None),
            ("http://a.ex.org/", "k=v; Domain=ex.org", "http://b.ex.org/", Some("k=v")),
            ("http://a.ex.org/", "k=v; Domain=evil.org", "http://evil.org/", None),
            ("http://a.org/", "k=v; Domain=org", "http://b.org/", None),
            ("https://h/", "k=v; Secure; HttpOnly", "http://h/", None),
            ("https://h/", "k=v; Secure", "https://h/", Some("k=v")),
            ("http://h/", "k=; Max-Age=0", "http://h/", None),
            ("http://h/", "no pair", "http://h/", None),
            ("http://h/ab", "k=v; Path=/ab", "http://h/abc", None),
        ];
        for (from, field, to, sent) in cases {
            let mut jar = Jar::default();
            jar.store(field, &url(from));
            assert_eq!(jar.field(&url(to)).as_deref(), sent, "{from} {field} {to}");
        }
    }

    #[test]
    fn a_cookie_set_again_has_the_new_value() {
        let url = Url::parse("http://h/").expect("a URL written here");
        let mut jar = Jar::default();
        for field in ["a=1", "b=2", "a=3"] {
            jar.store(field, &url);
        }
        assert_eq!(jar.into_pairs(), [("b".into(), "2".into()), ("a".into(), "3".into())]);
    }
}
