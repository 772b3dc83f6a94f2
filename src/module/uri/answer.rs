//! An answer to a result.

use crate::failure::{Failure, FailureKind};
use crate::module::{Args, HttpAnswer};
use crate::value::{Map, Value};

/// The status codes that are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    ranges: Vec<(u16, u16)>,
    /// As messages show them: `[200, 404]`.
    shown: String,
}

impl Expected {
    /// Reads `status_code`.
    pub(super) fn of(args: &Args) -> Result<Expected, Failure> {
        let mut ranges = Vec::new();
        let mut shown = Vec::new();
        for item in args.list("status_code") {
            let text = item.to_text();
            let Some(range) = range(text.trim()) else {
                let message = format!("`{text}` is no status code: write `200`, `2xx` or `200-299`");
                let failure = Failure::new(FailureKind::Argument, message);
                return Err(match args.span("status_code") {
                    Some(span) => failure.at(span),
                    None => failure,
                });
            };
            ranges.push(range);
            shown.push(text.trim().parse::<i64>().map_or(item.clone(), Value::from));
        }
        Ok(Expected { ranges, shown: Value::list(shown).to_text() })
    }

    /// Claims that a status is right.
    pub(super) fn holds(&self, status: u16) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&status))
    }
}

fn range(text: &str) -> Option<(u16, u16)> {
    let code = |text: &str| text.trim().parse::<u16>().ok().filter(|code| (100..=999).contains(code));
    if let Some(class) = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX")) {
        let class: u16 = class.parse().ok().filter(|class| (1..=9).contains(class))?;
        return Some((class * 100, class * 100 + 99));
    }
    match text.split_once('-') {
        Some((first, last)) => Some((code(first)?, code(last)?)).filter(|(first, last)| first <= last),
        None => code(text).map(|code| (code, code)),
    }
}

/// Makes the result of an answer; a failure, with the same fields, when the status is not right.
pub(super) fn result(answer: HttpAnswer, expected: &Expected, content_wanted: bool) -> Result<Map, Failure> {
    let right = expected.holds(answer.status);
    let field = |name: &str| answer.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let (media, charset) = media(field("content-type").unwrap_or_default());
    let message = match answer.status {
        // What Python's urllib takes for an answer, and what for an error.
        200..=299 => format!("OK ({} bytes)", field("content-length").unwrap_or("unknown")),
        status => format!("HTTP Error {status}: {}", answer.reason),
    };
    let text = decoded(&answer.body, &charset);
    let mut result = header_fields(&answer);
    result.insert("cookies", Value::map(answer.cookies.iter().map(|(k, v)| (k.as_str(), v.as_str()))));
    let pairs: Vec<String> = answer.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    result.insert("cookies_string", pairs.join("; "));
    result.insert("status", i64::from(answer.status));
    result.insert("url", answer.url.as_str());
    result.insert("redirected", answer.redirected);
    result.insert("elapsed", answer.elapsed.as_secs());
    result.insert("elapsed_ms", u64::try_from(answer.elapsed.as_millis()).unwrap_or(u64::MAX));
    result.insert("changed", false);
    if is_json(&media) && !answer.body.is_empty() {
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(json) => result.insert("json", json),
            Err(error) => result.insert("json_error", error.to_string()),
        }
    }
    if content_wanted || !right {
        result.insert("content", text);
    }
    if right {
        result.insert("msg", message);
        return Ok(result);
    }
    let message = format!("Status code was {} and not {}: {message}", answer.status, expected.shown);
    result.insert("msg", message.as_str());
    Err(Failure::new(FailureKind::Module, message).with_result(result))
}

/// How many fields a result has beside those of the header, at most.
const MOST_OTHER_FIELDS: usize = 12;

/// Returns the header fields as Ansible names them; those that come twice are joined.
fn header_fields(answer: &HttpAnswer) -> Map {
    let mut fields = Map::with_capacity(answer.headers.len() + MOST_OTHER_FIELDS);
    for (name, value) in &answer.headers {
        let name = name.to_ascii_lowercase().replace('-', "_");
        let value = match fields.get(&name).and_then(Value::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value.clone(),
        };
        fields.insert(name, value);
    }
    if let Some(location) = fields.get("location").and_then(Value::as_str) {
        let whole = joined(&answer.url, location);
        fields.insert("location", whole);
    }
    fields
}

/// Returns media type and charset of a `Content-Type` field, in lower case.
fn media(field: &str) -> (String, String) {
    let mut parts = field.split(';').map(|part| part.trim().to_ascii_lowercase());
    let media = parts.next().unwrap_or_default();
    let charset = parts.find_map(|part| part.strip_prefix("charset=").map(|name| name.trim_matches('"').to_owned()));
    (media, charset.unwrap_or_else(|| "utf-8".into()))
}

/// Claims that a media type is JSON: `application/json`, `application/yang-data+json`, `text/javascript`.
fn is_json(media: &str) -> bool {
    let Some((_, sub)) = media.split_once('/') else { return false };
    matches!(sub.rsplit_once('+').map_or(sub, |(_, suffix)| suffix), "json" | "javascript")
}

/// Returns a body as text. What is not valid in its charset becomes U+FFFD; the bytes themselves go to `dest`.
fn decoded(body: &[u8], charset: &str) -> String {
    match charset {
        "iso-8859-1" | "latin-1" | "latin1" | "iso8859-1" => body.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)).into_owned(),
    }
}

/// Returns a `Location` made whole by the URL that it came from.
fn joined(base: &str, location: &str) -> String {
    if location.contains("://") {
        return location.to_owned();
    }
    let Some((scheme, rest)) = base.split_once("://") else { return location.to_owned() };
    if let Some(host) = location.strip_prefix("//") {
        return format!("{scheme}://{host}");
    }
    let (host, path) = match rest.find(['/', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    if location.starts_with('/') {
        return format!("{scheme}://{host}{location}");
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{scheme}://{host}{folder}/{location}")
}

/// Returns the name for a file in a folder: what the server says, else the URL's last part, else `index.html`.
///
/// Only the last part of a path counts, so that a server cannot choose another folder.
pub(super) fn file_name(disposition: Option<&str>, url: &str) -> String {
    let said = disposition.and_then(|field| {
        field.split(';').find_map(|part| part.trim().strip_prefix("filename=").map(|name| name.trim_matches('"')))
    });
    let path = url.split_once("://").map_or(url, |(_, rest)| rest).split(['?', '#']).next().unwrap_or_default();
    let last = path.split_once('/').map_or("", |(_, path)| path);
    let name = said.unwrap_or(last).rsplit(['/', '\\']).next().unwrap_or_default();
    match name {
        "" | "." | ".." => "index.html".into(),
        name => name.to_owned(),
    }
}

/// Returns a time as HTTP writes it; `None` for one that has no such form.
pub(super) fn http_date(seconds: i64) -> Option<String> {
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    Some(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_are_single_or_ranges() {
        let cases = [
            ("200", Some((200, 200))),
            ("2xx", Some((200, 299))),
            ("200-204", Some((200, 204))),
            ("204-200", None),
            ("0xx", None),
            ("20", None),
            ("ok", None),
        ];
        for (text, expected) in cases {
            assert_eq!(range(text), expected, "{text}");
        }
    }

    #[test]
    fn json_is_known_by_its_type() {
        let cases = [
            ("application/json", true),
            ("application/yang-data+json; charset=utf-8", true),
            ("text/javascript", true),
            ("application/problem+xml", false),
            ("text/plain", false),
            ("", false),
        ];
        for (field, expected) in cases {
            assert_eq!(is_json(&media(field).0), expected, "{field}");
        }
    }

    #[test]
    fn files_are_named_without_leaving_their_folder() {
        let cases = [
            (None, "http://h/a/b.cfg?x=1", "b.cfg"),
            (None, "http://h", "index.html"),
            (None, "http://h/a/", "index.html"),
            (None, "http://h/..", "index.html"),
            (Some("attachment; filename=\"../../etc/passwd\""), "http://h/x", "passwd"),
            (Some("inline"), "http://h/x", "x"),
        ];
        for (disposition, url, name) in cases {
            assert_eq!(file_name(disposition, url), name, "{disposition:?} {url}");
        }
    }

    #[test]
    fn locations_become_whole() {
        let cases =
            [("/x", "http://h:1/x"), ("x", "http://h:1/a/x"), ("//o/x", "http://o/x"), ("https://o/", "https://o/")];
        for (location, whole) in cases {
            assert_eq!(joined("http://h:1/a/b?c", location), whole);
        }
    }

    #[test]
    fn dates_are_those_of_http() {
        assert_eq!(http_date(784_111_777).as_deref(), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    }
}
