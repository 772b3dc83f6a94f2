//! Tests on text: patterns, URLs, versions, ciphertext.

use super::Test;
use crate::python_regex::{Anchor, Flags};
use crate::template::filters::args::{Args, add_test};
use crate::template::filters::python::{decoded, text};
use crate::template::filters::regex::{bad, pattern};
use minijinja::value::ValueKind;
use minijinja::{Error, Value};

pub(super) static TESTS: &[Test] = &[
    Test {
        name: "match",
        aliases: &[],
        doc: "Claims that the pattern matches at the start of the text.",
        add: |env, name| {
            add_test(env, name, &["pattern", "ignorecase", "multiline"], |_, args| matches(args, Anchor::Start))
        },
    },
    Test {
        name: "search",
        aliases: &[],
        doc: "Claims that the pattern matches somewhere in the text.",
        add: |env, name| {
            add_test(env, name, &["pattern", "ignorecase", "multiline"], |_, args| matches(args, Anchor::Anywhere))
        },
    },
    Test {
        name: "regex",
        aliases: &[],
        doc: "Claims that the pattern matches, as `match_type` says: `search`, `match` or `fullmatch`.",
        add: |env, name| {
            add_test(env, name, &["pattern", "ignorecase", "multiline", "match_type"], |_, args| {
                let anchor = match args.text("match_type")?.as_deref() {
                    Some("match") => Anchor::Start,
                    Some("fullmatch") => Anchor::Whole,
                    None | Some("search") => Anchor::Anywhere,
                    Some(other) => {
                        let known = "it knows `search`, `match`, `fullmatch`";
                        return Err(args.error(format!("knows no match type `{other}`; {known}")));
                    }
                };
                matches(args, anchor)
            })
        },
    },
    Test {
        name: "version",
        aliases: &["version_compare"],
        doc: "Compares versions: `is version('15.2', '>=')`; `version_type` is `loose`, `strict` or `semver`.",
        add: |env, name| {
            add_test(env, name, &["version", "operator", "strict", "version_type"], |_, args| {
                super::version::test(args)
            })
        },
    },
    Test {
        name: "uri",
        aliases: &[],
        doc: "Claims that the text is a URI, of one of the `schemes` if they are given.",
        add: |env, name| add_test(env, name, &["schemes"], |_, args| uri(args)),
    },
    Test {
        name: "url",
        aliases: &[],
        doc: "Claims that the text is a URL with a host, of one of the `schemes` if they are given.",
        add: |env, name| {
            add_test(env, name, &["schemes"], |_, args| {
                let said = text(args.input())?;
                let (scheme, rest) = split_scheme(&said);
                let host = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?', '#']).next());
                Ok(uri(args)? && (host.is_some_and(|host| !host.is_empty()) || scheme == "file"))
            })
        },
    },
    Test {
        name: "urn",
        aliases: &[],
        doc: "Claims that the text is a URN.",
        add: |env, name| {
            add_test(env, name, &[], |_, args| {
                Ok(args.input().kind() == ValueKind::String && split_scheme(&args.input_text()?).0 == "urn")
            })
        },
    },
];

fn matches(args: &Args, anchor: Anchor) -> Result<bool, Error> {
    let flags =
        Flags { ignore_case: args.flag("ignorecase", false), multiline: args.flag("multiline", false), dot_all: false };
    let (subject, by) = (decoded(args.input())?, args.shown("pattern")?.unwrap_or_default());
    pattern(args, &by, flags, anchor)?.is_match(&subject).map_err(|why| bad(args, &by, &why))
}

/// Returns the scheme in lower case and what follows its colon.
fn split_scheme(text: &str) -> (String, &str) {
    let legal = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    match text.split_once(':') {
        Some((scheme, rest)) if legal(scheme) => (scheme.to_ascii_lowercase(), rest),
        _ => (String::new(), text),
    }
}

fn uri(args: &Args) -> Result<bool, Error> {
    if args.input().kind() != ValueKind::String {
        crate::template::filters::data(args.input())?;
        // Python takes whatever is empty for the empty URL, which is a reference too.
        return Ok(!args.input().is_true() && !args.given("schemes").is_some_and(Value::is_true));
    }
    let text = args.input_text()?;
    let (scheme, _) = split_scheme(&text);
    match args.given("schemes") {
        Some(schemes) if schemes.is_true() => {
            Ok(args.items_of(schemes)?.iter().any(|known| known.as_str() == Some(&scheme)))
        }
        // Any text is a (relative) reference.
        _ => Ok(true),
    }
}
