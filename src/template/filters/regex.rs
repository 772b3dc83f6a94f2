//! The `regex_*` filters.

use super::args::{Args, add_filter};
use super::python::{decoded, text};
use super::{Filter, to_engine};
use crate::python_regex::{Anchor, Flags, Regex, Replacement, compile};
use crate::value::Value as Data;
use minijinja::value::Tuple;
use minijinja::{Error, State, Value};
use std::sync::Arc;

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "regex_replace",
        aliases: &[],
        doc: "Replaces what `pattern` matches by `replacement`, which may use groups (`\\1`, `\\g<name>`).",
        add: |env, name| {
            let params = &["pattern", "replacement", "ignorecase", "multiline", "count", "mandatory_count"];
            add_filter(env, name, params, regex_replace)
        },
    },
    Filter {
        name: "regex_search",
        aliases: &[],
        doc: "Returns the first match of `regex`, or a list of the groups named in further arguments.",
        add: |env, name| add_filter(env, name, &["regex", "*", "**"], regex_search),
    },
    Filter {
        name: "regex_findall",
        aliases: &[],
        doc: "Returns all matches of `regex` as a list: the text, its one group, or lists of its groups.",
        add: |env, name| add_filter(env, name, &["regex", "multiline", "ignorecase"], regex_findall),
    },
    Filter {
        name: "regex_escape",
        aliases: &[],
        doc: "Escapes what has a meaning in patterns; `re_type` is `python` or `posix_basic`.",
        add: |env, name| add_filter(env, name, &["re_type"], regex_escape),
    },
];

/// Compiles a pattern for a filter or test.
pub(crate) fn pattern(args: &Args, pattern: &str, flags: Flags, anchor: Anchor) -> Result<Arc<Regex>, Error> {
    compile(pattern, flags, anchor).map_err(|why| bad(args, pattern, &why))
}

/// Makes the error about a pattern.
pub(crate) fn bad(args: &Args, pattern: &str, why: &str) -> Error {
    args.error(format!("pattern `{pattern}` {why}"))
}

fn regex_replace(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let (subject, by) = (decoded(args.input())?, args.shown("pattern")?.unwrap_or_default());
    let flags = flags(args);
    let regex = pattern(args, &by, flags, Anchor::Anywhere)?;
    let with = args.shown("replacement")?.unwrap_or_default();
    let with = Replacement::parse(&with, &regex).map_err(|why| bad(args, &by, &why))?;
    let count = args.count("count", 0, usize::MAX)?;
    let (out, replaced) = regex.replace(&subject, &with, count).map_err(|why| bad(args, &by, &why))?;
    let wanted = args.count("mandatory_count", 0, usize::MAX)?;
    if wanted > 0 && wanted != replaced {
        return Err(args.error(format!("`{by}` matches {replaced} times, not {wanted}")));
    }
    Ok(out.into())
}

fn flags(args: &Args) -> Flags {
    Flags { ignore_case: args.flag("ignorecase", false), multiline: args.flag("multiline", false), dot_all: false }
}

fn regex_search(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let mut flags = Flags::default();
    for (name, value) in &args.named {
        match &name[..] {
            "ignorecase" => flags.ignore_case = value.is_true(),
            "multiline" => flags.multiline = value.is_true(),
            other => return Err(args.error(format!("has no argument `{other}`; it takes `ignorecase`, `multiline`"))),
        }
    }
    let (subject, by) = (decoded(args.input())?, text(args.need("regex")?)?);
    let regex = pattern(args, &by, flags, Anchor::Anywhere)?;
    let mut wanted = Vec::new();
    for group in args.rest {
        let group = group.as_str().ok_or_else(|| args.wrong("a group such as `'\\\\1'`", group))?;
        wanted.push(group_number(args, &by, &regex, group)?);
    }
    let Some(found) = regex.find(&subject).map_err(|why| bad(args, &by, &why))? else {
        return Ok(Value::from(()));
    };
    if wanted.is_empty() {
        return Ok(found.group(&subject, 0).unwrap_or_default().into());
    }
    let groups = wanted.into_iter().map(|group| Data::from(found.group(&subject, group)));
    Ok(to_engine(&Data::from(groups.collect::<Vec<_>>())))
}

/// Reads `\1`, `\g<1>` or `\g<name>`.
fn group_number(args: &Args, by: &str, regex: &Regex, said: &str) -> Result<usize, Error> {
    let inner = said.strip_prefix("\\g<").and_then(|rest| rest.split('>').next());
    let number = match (inner, said.strip_prefix('\\')) {
        (Some(name), _) => name.parse().ok().or_else(|| regex.group_named(name)),
        (None, Some(digits)) => {
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            digits[..end].parse().ok()
        }
        _ => return Err(args.error(format!("does not know the group `{said}`; write `'\\\\1'` or `'\\\\g<name>'`"))),
    };
    match number {
        Some(number) if number <= regex.groups() => Ok(number),
        _ => Err(bad(args, by, &format!("has no group `{said}`"))),
    }
}

fn regex_findall(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let (subject, by) = (decoded(args.input())?, text(args.need("regex")?)?);
    let regex = pattern(args, &by, flags(args), Anchor::Anywhere)?;
    let found = regex.find_all(&subject, usize::MAX).map_err(|why| bad(args, &by, &why))?;
    let group = |found: &crate::python_regex::Match, n| Value::from(found.group(&subject, n).unwrap_or_default());
    let rows: Vec<Value> = match regex.groups() {
        0 => found.iter().map(|found| group(found, 0)).collect(),
        1 => found.iter().map(|found| group(found, 1)).collect(),
        n => found.iter().map(|found| Tuple::new((1..=n).map(|i| group(found, i)).collect()).into()).collect(),
    };
    Ok(rows.into())
}

fn regex_escape(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let special = match args.text("re_type")?.as_deref() {
        None | Some("python") => "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}",
        Some("posix_basic") => "$^.*[]\\",
        Some("posix_extended") => return Err(args.error("does not know `posix_extended`")),
        Some(other) => return Err(args.error(format!("knows no `{other}`; it knows `python`, `posix_basic`"))),
    };
    let mut out = String::new();
    for c in decoded(args.input())?.chars() {
        if special.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    Ok(out.into())
}
