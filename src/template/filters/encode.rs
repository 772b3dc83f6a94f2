//! Filters that encode, decode and hash.

use super::args::{Args, add_filter};
use super::python::{decoded, kind, text, text_ref};
use super::{Filter, to_engine};
use crate::template::bytes::Bytes;
use crate::template::encoding::{Encoding, KNOWN, Unfit};
use crate::value::{Map, Value as Data};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use minijinja::value::ValueKind;
use minijinja::{Error, State, Value};
use sha2::Digest as _;
use std::borrow::Cow;

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "b64encode",
        aliases: &[],
        doc: "Encodes text as base64, after encoding it as `encoding` (`utf-8`).",
        add: |env, name| add_filter(env, name, &["encoding", "urlsafe"], b64encode),
    },
    Filter {
        name: "b64decode",
        aliases: &[],
        doc: "Decodes base64 to text in `encoding` (`utf-8`).",
        add: |env, name| add_filter(env, name, &["encoding", "urlsafe"], b64decode),
    },
    Filter {
        name: "hash",
        aliases: &[],
        doc: "Returns the hash of the text: `md5`, `sha1` (unless said otherwise), `sha224`, `sha256`, `sha384`, `sha512`.",
        add: |env, name| {
            add_filter(env, name, &["hashtype"], |_, args| {
                hash(args, &args.text("hashtype")?.unwrap_or_else(|| "sha1".into()))
            })
        },
    },
    Filter {
        name: "md5",
        aliases: &[],
        doc: "Returns the MD5 hash of the text.",
        add: |env, name| add_filter(env, name, &[], |_, args| hash(args, "md5")),
    },
    Filter {
        name: "sha1",
        aliases: &["checksum"],
        doc: "Returns the SHA-1 hash of the text.",
        add: |env, name| add_filter(env, name, &[], |_, args| hash(args, "sha1")),
    },
    Filter {
        name: "to_uuid",
        aliases: &[],
        doc: "Returns a UUID (version 5) made of the text and a `namespace`.",
        add: |env, name| add_filter(env, name, &["namespace"], to_uuid),
    },
    Filter {
        name: "urlencode",
        aliases: &[],
        doc: "Escapes text for a URL, or makes a query of a dictionary or list of pairs.",
        add: |env, name| add_filter(env, name, &[], urlencode),
    },
    Filter {
        name: "urldecode",
        aliases: &[],
        doc: "Undoes the escapes of a URL; `+` becomes a blank.",
        add: |env, name| {
            add_filter(env, name, &[], |_, args| Ok(unquote(&args.input_text()?.replace('+', " ")).into()))
        },
    },
    Filter {
        name: "urlsplit",
        aliases: &[],
        doc: "Splits a URL into its parts, or returns the one named by `query`.",
        add: |env, name| add_filter(env, name, &["query"], urlsplit),
    },
];

/// Decodes what Python decodes: padding must be right where it counts, and what is no base64 was filtered out before.
fn codec(urlsafe: bool) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    GeneralPurpose::new(if urlsafe { &alphabet::URL_SAFE } else { &alphabet::STANDARD }, config)
}

fn encoding(args: &Args) -> Result<Encoding, Error> {
    let said = args.text("encoding")?.unwrap_or_else(|| "utf-8".into());
    Encoding::named(&said).ok_or_else(|| args.error(format!("knows no encoding `{said}`; it knows {KNOWN}")))
}

/// Returns what an input is in bytes: its own, or those of its text.
fn bytes(value: &Value) -> Result<Cow<'_, [u8]>, Error> {
    match value.downcast_object_ref::<Bytes>() {
        Some(bytes) => Ok(Cow::Borrowed(&bytes.0)),
        None => Ok(match text_ref(value)? {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }),
    }
}

fn b64encode(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let encoding = encoding(args)?;
    let codec = codec(args.flag("urlsafe", false));
    if encoding == Encoding::Utf8 || args.input().downcast_object_ref::<Bytes>().is_some() {
        return Ok(codec.encode(bytes(args.input())?).into());
    }
    let beyond = || args.error(format!("the text has characters that {} lacks", encoding.name()));
    let encoded = encoding.encode(&text_ref(args.input())?, Unfit::Refused).ok_or_else(beyond)?;
    Ok(codec.encode(encoded).into())
}

fn b64decode(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let urlsafe = args.flag("urlsafe", false);
    let special = if urlsafe { ['-', '_', '='] } else { ['+', '/', '='] };
    let encoded = decoded(args.input())?;
    let clean: String = encoded.chars().filter(|c| c.is_ascii_alphanumeric() || special.contains(c)).collect();
    let bytes = codec(urlsafe).decode(clean).map_err(|error| args.error(format!("the text is no base64: {error}")))?;
    let encoding = encoding(args)?;
    let text = encoding.decode(&bytes, Unfit::Refused);
    text.map(Value::from).ok_or_else(|| args.error(format!("what was encoded is no {} text", encoding.name())))
}

fn hash(args: &Args, kind: &str) -> Result<Value, Error> {
    let text = bytes(args.input())?;
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    Ok(match kind {
        "md5" => hex(&md5::Md5::digest(text)),
        "sha1" => hex(&sha1::Sha1::digest(text)),
        "sha224" => hex(&sha2::Sha224::digest(text)),
        "sha256" => hex(&sha2::Sha256::digest(text)),
        "sha384" => hex(&sha2::Sha384::digest(text)),
        "sha512" => hex(&sha2::Sha512::digest(text)),
        other => {
            let known = "it knows `md5`, `sha1`, `sha224`, `sha256`, `sha384`, `sha512`";
            return Err(args.error(format!("knows no hash `{other}`; {known}")));
        }
    }
    .into())
}

/// The namespace in which Ansible makes UUIDs, so that the same text gives the same UUID.
const NAMESPACE: uuid::Uuid = uuid::Uuid::from_u128(0x361e6d51_faec_444a_9079_341386da8e2e);

fn to_uuid(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let namespace = match args.text("namespace")? {
        None => NAMESPACE,
        Some(said) => said.parse().map_err(|_| args.error(format!("`{said}` is no UUID for a namespace")))?,
    };
    Ok(uuid::Uuid::new_v5(&namespace, &bytes(args.input())?).to_string().into())
}

/// Escapes every byte that is neither plain nor in `safe`.
fn quote(text: &str, safe: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        let c = char::from(b);
        if c.is_ascii_alphanumeric() || "_.-~".contains(c) || (b.is_ascii() && safe.contains(c)) {
            out.push(c);
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

fn urlencode(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let input = args.input();
    let in_query = |value: &Value| Ok::<_, Error>(quote(&text(value)?, "").replace("%20", "+"));
    let mut pairs = Vec::new();
    match input.kind() {
        ValueKind::Map => {
            for key in args.items()? {
                pairs.push(format!("{}={}", in_query(&key)?, in_query(&input.get_item(&key)?)?));
            }
        }
        ValueKind::Seq | ValueKind::Iterable => {
            for pair in args.items()? {
                match &args.items_of(&pair)?[..] {
                    [key, value] => pairs.push(format!("{}={}", in_query(key)?, in_query(value)?)),
                    _ => return Err(args.error(format!("wants pairs in its list, not {}", kind(&pair)))),
                }
            }
        }
        _ => return Ok(quote(&text(input)?, "/").into()),
    }
    Ok(pairs.join("&").into())
}

fn unquote(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn urlsplit(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let input = args.input();
    let is_empty = matches!(input.kind(), ValueKind::None | ValueKind::Bool | ValueKind::Number) && !input.is_true();
    // Python takes what is empty for empty bytes, and gives the texts among its parts as such.
    let url = if is_empty && args.given("query").is_some() { String::new() } else { args.input_text()? };
    let parts = split_url(&url).map_err(|why| args.error(why))?;
    match args.text("query")? {
        None => Ok(to_engine(&Data::from(parts))),
        Some(name) => match parts.get(&name) {
            Some(part) => Ok(to_engine(part)),
            None => {
                let known: Vec<String> = parts.iter().map(|(key, _)| format!("`{key}`")).collect();
                Err(args.error(format!("knows no part `{name}`; it knows {}", known.join(", "))))
            }
        },
    }
}

fn split_url(url: &str) -> Result<Map, String> {
    let legal = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    // Python drops what cannot be part of a URL.
    let url = url.trim_start_matches(|c: char| c <= ' ').replace(['\t', '\n', '\r'], "");
    let url = url.as_str();
    let (scheme, rest) = match url.split_once(':') {
        Some((scheme, rest)) if legal(scheme) => (scheme.to_ascii_lowercase(), rest),
        _ => (String::new(), url),
    };
    let (netloc, rest) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (login, host) = netloc.rsplit_once('@').map_or((None, netloc), |(login, host)| (Some(login), host));
    let (username, password) =
        match login.map(|login| login.split_once(':').map_or((login, None), |(u, p)| (u, Some(p)))) {
            Some((username, password)) => (Some(username), password),
            None => (None, None),
        };
    let (hostname, port) = match host.strip_prefix('[') {
        Some(inner) => {
            let (address, rest) = inner.split_once(']').ok_or("the URL has a `[` that is not closed")?;
            (address, rest.strip_prefix(':'))
        }
        None => host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port))),
    };
    let port = match port.filter(|port| !port.is_empty()) {
        None => None,
        Some(port) => match port.parse::<u16>() {
            Ok(port) => Some(i64::from(port)),
            Err(_) => return Err(format!("`{port}` is no port")),
        },
    };
    let hostname = Some(hostname.to_lowercase()).filter(|hostname| !hostname.is_empty());
    let entries: [(&str, Data); 9] = [
        ("fragment", fragment.into()),
        ("hostname", hostname.into()),
        ("netloc", netloc.into()),
        ("password", password.into()),
        ("path", path.into()),
        ("port", port.into()),
        ("query", query.into()),
        ("scheme", scheme.into()),
        ("username", username.into()),
    ];
    Ok(entries.into_iter().collect())
}
