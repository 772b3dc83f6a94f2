//! Filters on paths. They work on the text alone, but for `realpath`, `fileglob` and the `expand…` ones.

use super::args::{Args, add_filter};
use super::{Filter, to_engine};
use crate::value::Value as Data;
use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, State, Value};
use std::path::{Path, PathBuf};

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "basename",
        aliases: &[],
        doc: "Returns the last part of a path.",
        add: |env, name| {
            add_filter(env, name, &[], |_, args| {
                let path = args.input_text()?;
                Ok(path.rsplit('/').next().unwrap_or_default().into())
            })
        },
    },
    Filter {
        name: "dirname",
        aliases: &[],
        doc: "Returns a path without its last part.",
        add: |env, name| {
            add_filter(env, name, &[], |_, args| {
                let path = args.input_text()?;
                let head = path.rfind('/').map_or("", |at| &path[..=at]);
                Ok(if head.chars().all(|c| c == '/') { head } else { head.trim_end_matches('/') }.into())
            })
        },
    },
    Filter {
        name: "splitext",
        aliases: &[],
        doc: "Splits a path before its file extension.",
        add: |env, name| {
            add_filter(env, name, &[], |_, args| {
                let path = args.input_text()?;
                let (root, extension) = path.split_at(extension_start(&path));
                Ok(pair(root, extension))
            })
        },
    },
    Filter {
        name: "path_join",
        aliases: &[],
        doc: "Joins the parts of a path; an absolute part starts anew.",
        add: |env, name| add_filter(env, name, &[], path_join),
    },
    Filter {
        name: "normpath",
        aliases: &[],
        doc: "Removes `.`, `..` and doubled slashes from a path.",
        add: |env, name| add_filter(env, name, &[], |_, args| Ok(normal(&args.input_text()?).into())),
    },
    Filter {
        name: "relpath",
        aliases: &[],
        doc: "Returns the path as seen from `start` (the current directory).",
        add: |env, name| add_filter(env, name, &["start"], relpath),
    },
    Filter {
        name: "commonpath",
        aliases: &[],
        doc: "Returns the longest path that all paths of the list have in common.",
        add: |env, name| add_filter(env, name, &[], commonpath),
    },
    Filter {
        name: "realpath",
        aliases: &[],
        doc: "Returns the absolute path with symbolic links followed.",
        add: |env, name| {
            add_filter(env, name, &[], |_, args| {
                let path = absolute(&args.input_text()?);
                Ok(real(Path::new(&path)).display().to_string().into())
            })
        },
    },
    Filter {
        name: "expanduser",
        aliases: &[],
        doc: "Replaces a leading `~` by the home directory.",
        add: |env, name| {
            add_filter(env, name, &[], |_, args| {
                let path = args.input_text()?;
                Ok(crate::source::expand_home(&path).display().to_string().into())
            })
        },
    },
    Filter {
        name: "expandvars",
        aliases: &[],
        doc: "Replaces `$NAME` and `${NAME}` by variables of netplay's environment.",
        add: |env, name| add_filter(env, name, &[], |_, args| Ok(expand_variables(&args.input_text()?).into())),
    },
    Filter {
        name: "fileglob",
        aliases: &[],
        doc: "Returns the files here that match a shell pattern.",
        add: |env, name| add_filter(env, name, &[], fileglob),
    },
    Filter {
        name: "win_basename",
        aliases: &[],
        doc: "Returns the last part of a Windows path.",
        add: |env, name| {
            add_filter(env, name, &[], |_, args| {
                let path = args.input_text()?;
                let (_, rest) = split_drive(&path);
                Ok(rest.rsplit(['\\', '/']).next().unwrap_or_default().into())
            })
        },
    },
    Filter {
        name: "win_dirname",
        aliases: &[],
        doc: "Returns a Windows path without its last part.",
        add: |env, name| {
            add_filter(env, name, &[], |_, args| {
                let path = args.input_text()?;
                let (drive, rest) = split_drive(&path);
                let head = rest.rfind(['\\', '/']).map_or("", |at| &rest[..=at]);
                let bare = head.trim_end_matches(['\\', '/']);
                Ok(format!("{drive}{}", if bare.is_empty() { head } else { bare }).into())
            })
        },
    },
    Filter {
        name: "win_splitdrive",
        aliases: &[],
        doc: "Splits a Windows path after its drive.",
        add: |env, name| {
            add_filter(env, name, &[], |_, args| {
                let path = args.input_text()?;
                let (drive, rest) = split_drive(&path);
                Ok(pair(drive, rest))
            })
        },
    },
];

fn pair(first: &str, second: &str) -> Value {
    Value::from(Tuple::from([first, second].map(Value::from)))
}

/// Returns a path as it is looked for on disk.
pub(crate) fn on_disk(path: &str) -> PathBuf {
    crate::source::expand_home(path)
}

fn extension_start(path: &str) -> usize {
    let name_start = path.rfind('/').map_or(0, |at| at + 1);
    let name = &path[name_start..];
    // Dots at the start of the name begin no extension.
    let first = name.len() - name.trim_start_matches('.').len();
    name[first..].rfind('.').map_or(path.len(), |at| name_start + first + at)
}

fn path_join(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let parts = match args.input().as_str() {
        Some(one) => vec![one.to_owned()],
        None if args.input().kind() == ValueKind::Map => return Err(args.wrong("a list of parts", args.input())),
        None => args.items()?.iter().map(|part| args.text_of(part)).collect::<Result<Vec<_>, _>>()?,
    };
    let Some((first, rest)) = parts.split_first() else { return Err(args.error("the list of parts is empty")) };
    let mut path = first.clone();
    for part in rest {
        if part.starts_with('/') {
            path.clear();
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(part);
    }
    Ok(path.into())
}

/// Returns a path as Python's `normpath` gives it.
fn normal(path: &str) -> String {
    if path.is_empty() {
        return ".".into();
    }
    // POSIX leaves the meaning of exactly two leading slashes open, so they stay.
    let slashes = match path.len() - path.trim_start_matches('/').len() {
        2 => 2,
        n => n.min(1),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if slashes > 0 => {}
            part => parts.push(part),
        }
    }
    let normal = "/".repeat(slashes) + &parts.join("/");
    if normal.is_empty() { ".".into() } else { normal }
}

fn absolute(path: &str) -> String {
    if path.starts_with('/') {
        return normal(path);
    }
    let here = std::env::current_dir().map(|here| here.display().to_string()).unwrap_or_default();
    normal(&format!("{here}/{path}"))
}

fn relpath(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let path = args.input_text()?;
    if path.is_empty() {
        return Err(args.error("the path is empty"));
    }
    let (path, start) = (absolute(&path), absolute(&args.text("start")?.unwrap_or_default()));
    let parts = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (path, start) = (parts(&path), parts(&start));
    let common = path.iter().zip(&start).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", start.len() - common);
    let relative: Vec<&str> = up.chain(path[common..].iter().map(String::as_str)).collect();
    Ok(if relative.is_empty() { ".".into() } else { relative.join("/").into() })
}

fn commonpath(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    if args.input().kind() != ValueKind::Seq {
        return Err(args.wrong("a list of paths", args.input()));
    }
    let paths = args.items()?.iter().map(|part| args.text_of(part)).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = paths.first() else { return Err(args.error("the list is empty")) };
    let rooted = first.starts_with('/');
    if paths.iter().any(|path| path.starts_with('/') != rooted) {
        return Err(args.error("the list mixes absolute and relative paths"));
    }
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    let mut common = parts(first);
    for path in &paths[1..] {
        let other = parts(path);
        let same = common.iter().zip(&other).take_while(|(a, b)| a == b).count();
        common.truncate(same);
    }
    Ok(format!("{}{}", if rooted { "/" } else { "" }, common.join("/")).into())
}

/// Follows links as far as the path exists, and leaves the rest as it is.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => real(parent).join(name),
        _ => path.to_owned(),
    }
}

fn expand_variables(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (name, long) = match rest[1..].strip_prefix('{') {
            Some(inner) => inner.find('}').map_or(("", 1), |end| (&inner[..end], end + 3)),
            None => {
                let end = rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len() - 1);
                (&rest[1..=end], end + 1)
            }
        };
        match std::env::var(name) {
            Ok(value) if !name.is_empty() => out.push_str(&value),
            // An unknown variable stays as it is written.
            _ => out.push_str(&rest[..long]),
        }
        rest = &rest[long..];
    }
    out + rest
}

fn split_drive(path: &str) -> (&str, &str) {
    let bytes = path.as_bytes();
    if bytes.len() >= 2 && bytes[1] == b':' && bytes[0].is_ascii() {
        return path.split_at(2);
    }
    let slash = |c: char| c == '\\' || c == '/';
    if path.starts_with(slash) && path[1..].starts_with(slash) && !path[2..].starts_with(slash) {
        // \\host\share
        let share = path[2..].find(slash).map(|at| at + 3);
        let end = share.and_then(|from| path[from..].find(slash).map(|at| at + from));
        return match (share, end) {
            (Some(_), Some(end)) => path.split_at(end),
            _ => (path, ""),
        };
    }
    ("", path)
}

/// The most directory entries that `fileglob` looks at.
const MAX_ENTRIES: usize = 100_000;

fn fileglob(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let pattern = args.input_text()?;
    let rooted = pattern.starts_with('/');
    let mut found = vec![PathBuf::from(if rooted { "/" } else { "" })];
    let mut looked_at = 0;
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if !part.contains(['*', '?', '[']) {
            found = found.into_iter().map(|path| path.join(part)).filter(|path| path.exists()).collect();
            continue;
        }
        let regex = crate::python_regex::compile(
            &glob_pattern(part),
            crate::python_regex::Flags { dot_all: true, ..Default::default() },
            crate::python_regex::Anchor::Whole,
        )
        .map_err(|why| args.error(format!("pattern `{part}` {why}")))?;
        let mut next = Vec::new();
        for folder in found {
            let folder_or_here = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
            let mut names: Vec<String> = std::fs::read_dir(folder_or_here)
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|entry| entry.file_name().into_string().ok())
                .collect();
            looked_at += names.len();
            if looked_at > MAX_ENTRIES {
                return Err(args.error(format!("`{pattern}` looks at more than {MAX_ENTRIES} files")));
            }
            names.sort();
            for name in names {
                let hidden = name.starts_with('.') && !part.starts_with('.');
                if !hidden && regex.is_match(&name).map_err(|why| args.error(why))? {
                    next.push(folder.join(name));
                }
            }
        }
        found = next;
    }
    let files = found.into_iter().filter(|path| path.is_file()).map(|path| Data::from(path.display().to_string()));
    Ok(to_engine(&Data::from(files.collect::<Vec<_>>())))
}

/// Returns the pattern of one part of a shell pattern.
fn glob_pattern(part: &str) -> String {
    let mut out = String::new();
    let mut rest = part;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => match rest.char_indices().skip(1).find(|(_, c)| *c == ']') {
                Some((end, _)) => {
                    let inner = &rest[..end];
                    let inner = inner.strip_prefix('!').map_or(inner.to_owned(), |inner| format!("^{inner}"));
                    out.push_str(&format!("[{}]", inner.replace('\\', "\\\\")));
                    rest = &rest[end + 1..];
                }
                None => out.push_str("\\["),
            },
            c if c.is_ascii_punctuation() => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
