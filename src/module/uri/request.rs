//! Arguments to a call.

use super::Ground;
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::module::{Action, Args, Content, Get, HttpBody, HttpCall, HttpPart, Output, Redirects, Work};
use crate::redact::Secret;
use crate::source::expand_home;
use crate::value::{Map, Value};
use std::time::Duration;

/// The longest time that `timeout` can ask for; more is a slip of the keyboard.
const LONGEST_SECONDS: f64 = 7.0 * 24.0 * 3600.0;

/// A file on the host is read up to this size into memory; the largest body that comes back is as large.
const MAX_REMOTE_BYTES: u64 = 256 << 20;

fn wrong(args: &Args, name: &str, message: impl Into<String>) -> Failure {
    let failure = Failure::new(FailureKind::Argument, message.into());
    match args.span(name) {
        Some(span) => failure.at(span),
        None => failure,
    }
}

/// Makes the call that the arguments describe.
pub(super) async fn call(ground: &Ground<'_>) -> Result<HttpCall, Failure> {
    let args = ground.args;
    let method = args.text("method").unwrap_or("GET").to_ascii_uppercase();
    if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(wrong(args, "method", "`method` must be one word such as GET or POST"));
    }
    let mut headers = headers(args)?;
    let body = body(ground, &mut headers).await?;
    let has = |headers: &[(String, String)], name: &str| headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    if !has(&headers, "user-agent") {
        headers.push(("User-Agent".into(), args.text("http_agent").unwrap_or("netplay").into()));
    }
    if args.flag("force") && !has(&headers, "cache-control") {
        headers.push(("Cache-Control".into(), "no-cache".into()));
    }
    let path = |name: &str| args.text(name).map(expand_home);
    let login = args
        .text("url_username")
        .map(|user| (user.to_owned(), Secret::new(args.text("url_password").unwrap_or_default())));
    Ok(HttpCall {
        method,
        url: args.text("url").unwrap_or_default().to_owned(),
        headers,
        body,
        timeout: Some(timeout(args)?),
        redirects: match args.text("follow_redirects").unwrap_or("safe") {
            "all" | "yes" | "True" => Redirects::All,
            "none" | "no" | "False" => Redirects::None,
            "urllib2" => Redirects::Urllib2,
            _ => Redirects::Safe,
        },
        login,
        force_basic: args.flag("force_basic_auth"),
        use_netrc: args.flag("use_netrc"),
        validate_certs: args.flag("validate_certs"),
        ca_path: path("ca_path"),
        client_cert: path("client_cert").map(|cert| (cert, path("client_key"))),
        ciphers: args.texts("ciphers"),
        use_proxy: args.flag("use_proxy"),
        unix_socket: path("unix_socket"),
        unredirected_headers: args.texts("unredirected_headers"),
        decompress: args.flag("decompress"),
        most_per_origin: None,
    })
}

fn timeout(args: &Args) -> Result<Duration, Failure> {
    match args.number("timeout").unwrap_or(30.0) {
        seconds if seconds > 0.0 && seconds <= LONGEST_SECONDS => Ok(Duration::from_secs_f64(seconds)),
        other => Err(wrong(args, "timeout", format!("`timeout` must be between 0 and 604800 seconds, not {other}"))),
    }
}

fn headers(args: &Args) -> Result<Vec<(String, String)>, Failure> {
    let Some(map) = args.dict("headers") else { return Ok(Vec::new()) };
    let pairs = map.iter().filter(|(_, value)| !matches!(value, Value::Omit));
    pairs
        .map(|(name, value)| match value {
            Value::Null => Ok((name.to_string(), String::new())),
            Value::List(_) | Value::Map(_) => {
                let message = format!("the header field `{name}` must be text, not a {}", value.kind());
                Err(wrong(args, "headers", message))
            }
            value => Ok((name.to_string(), value.to_text())),
        })
        .collect()
}

async fn body(ground: &Ground<'_>, headers: &mut Vec<(String, String)>) -> Result<HttpBody, Failure> {
    let args = ground.args;
    if let Some(src) = args.text("src") {
        return Ok(match file(ground, "src", src).await? {
            Content::File(path) => HttpBody::File(path),
            Content::Bytes(bytes) => HttpBody::Bytes(bytes.to_vec()),
        });
    }
    let Some(body) = args.get("body") else { return Ok(HttpBody::Empty) };
    let mut kind = |name: &str| {
        if !headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("content-type")) {
            headers.push(("Content-Type".into(), name.into()));
        }
    };
    match args.text("body_format").unwrap_or("raw") {
        "json" => {
            kind("application/json");
            let text = match body {
                // Text is JSON already, as in Ansible.
                Value::Str(text) => text.to_string(),
                other => other.to_json().to_string(),
            };
            Ok(HttpBody::Bytes(text.into_bytes()))
        }
        "form-urlencoded" => {
            kind("application/x-www-form-urlencoded");
            let text = match body {
                Value::Str(text) => text.to_string(),
                other => urlencoded(other)
                    .ok_or_else(|| wrong(args, "body", "a form body must be a dictionary or a list of pairs"))?,
            };
            Ok(HttpBody::Bytes(text.into_bytes()))
        }
        "form-multipart" => {
            let Value::Map(fields) = body else {
                let message = format!("a multipart body must be a dictionary, not a {}", body.kind());
                return Err(wrong(args, "body", message));
            };
            // The type carries the boundary, which only who writes the body knows.
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            multipart(ground, fields).await.map(HttpBody::Multipart)
        }
        _ => match body {
            Value::List(_) | Value::Map(_) => {
                Err(wrong(args, "body", format!("`body` is a {} and nothing says how it is written", body.kind()))
                    .help("add `body_format: json`"))
            }
            text => Ok(HttpBody::Bytes(text.to_text().into_bytes())),
        },
    }
}

/// Finds a file to send: here by the search path, or on the host under `remote_src`.
async fn file(ground: &Ground<'_>, name: &str, path: &str) -> Result<Content, Failure> {
    if ground.args.flag("remote_src") {
        let get = Get { path: path.to_owned(), limit_bytes: Some(MAX_REMOTE_BYTES) };
        let action = Action { effect: Effect::Read, place: ground.place, work: Work::Get(get) };
        return match ground.probe.read(action).await? {
            Output::File(bytes) => Ok(Content::Bytes(bytes.into())),
            _ => Err(Failure::new(FailureKind::Internal, "reading a file brought something else than its bytes")),
        };
    }
    ground.files.find("files", path).map(Content::File).ok_or_else(|| {
        let looked = ground.files.candidates("files", path);
        let looked = looked.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
        let failure =
            Failure::new(FailureKind::File, format!("there is no file `{path}`")).help(format!("looked at {looked}"));
        match ground.args.span(name) {
            Some(span) => failure.at(span),
            None => failure,
        }
    })
}

/// Writes a form as browsers do; `None` when it is no form.
fn urlencoded(body: &Value) -> Option<String> {
    let pairs: Vec<(String, &Value)> = match body {
        Value::Map(map) => map.iter().map(|(key, value)| (key.to_string(), value)).collect(),
        Value::List(items) => items
            .iter()
            .map(|item| match item.as_list() {
                Some([key, value]) => Some((key.to_text(), value)),
                _ => None,
            })
            .collect::<Option<_>>()?,
        _ => return None,
    };
    let mut out = Vec::new();
    for (key, value) in pairs {
        let values = match value {
            Value::List(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        for value in values.iter().filter(|value| !matches!(value, Value::Null | Value::Omit)) {
            out.push(format!("{}={}", form_quoted(&key), form_quoted(&value.to_text())));
        }
    }
    Some(out.join("&"))
}

fn form_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => out.push(char::from(b)),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// Makes the parts of a multipart form, in the order of their names as Ansible sends them.
async fn multipart(ground: &Ground<'_>, fields: &Map) -> Result<Vec<HttpPart>, Failure> {
    let mut sorted: Vec<(String, &Value)> = fields.iter().map(|(key, value)| (key.to_string(), value)).collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let mut parts = Vec::new();
    for (name, value) in sorted {
        let entry = match value {
            Value::Map(entry) => entry,
            Value::List(_) | Value::Null => {
                let message = format!("the form field `{name}` must be text or a dictionary, not a {}", value.kind());
                return Err(wrong(ground.args, "body", message));
            }
            text => {
                let content = Content::Bytes(text.to_text().into_bytes().into());
                parts.push(HttpPart { name, filename: None, mime_type: Some("text/plain".into()), content });
                continue;
            }
        };
        let text = |key: &str| entry.get(key).filter(|v| v.is_truthy()).map(Value::to_text);
        if let Some(encoding) = text("multipart_encoding").filter(|encoding| encoding != "7or8bit") {
            let message = format!(
                "the form field `{name}`: parts are sent as they are (`multipart_encoding: 7or8bit`), not as {encoding}"
            );
            return Err(wrong(ground.args, "body", message));
        }
        let path = text("filename");
        let content = match (text("content"), &path) {
            (Some(content), _) => Content::Bytes(content.into_bytes().into()),
            (None, Some(path)) => file(ground, "body", path).await?,
            (None, None) => {
                let message = format!("the form field `{name}` needs `filename` or `content`");
                return Err(wrong(ground.args, "body", message));
            }
        };
        let filename = path.map(|path| path.rsplit('/').next().unwrap_or_default().to_owned());
        let mime_type = text("mime_type").or_else(|| Some(guessed(filename.as_deref()).into()));
        parts.push(HttpPart { name, filename, mime_type, content });
    }
    Ok(parts)
}

/// Returns the media type for a file name's ending, of those that APIs ask for.
fn guessed(name: Option<&str>) -> &'static str {
    let ending = name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref().unwrap_or_default() {
        "txt" | "cfg" | "conf" | "log" | "text" => "text/plain",
        "json" => "application/json",
        "xml" => "text/xml",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "yaml" | "yml" => "application/yaml",
        "zip" => "application/zip",
        "gz" | "tgz" => "application/gzip",
        "tar" => "application/x-tar",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "pem" | "crt" | "cer" => "application/x-x509-ca-cert",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_written_as_python_writes_them() {
        let form = Value::map([
            ("a b", Value::from("ä&=~")),
            ("list", vec!["1", "2"].into()),
            ("none", Value::Null),
            ("yes", true.into()),
        ]);
        assert_eq!(urlencoded(&form).as_deref(), Some("a+b=%C3%A4%26%3D~&list=1&list=2&yes=True"));
        let pairs: Value = vec![Value::from(vec!["k", "1"]), Value::from(vec!["k", "2"])].into();
        assert_eq!(urlencoded(&pairs).as_deref(), Some("k=1&k=2"));
        assert_eq!(urlencoded(&Value::from(vec!["k"])), None);
    }
}
