//! Lookups that read files on the machine that runs netplay.

use super::{Call, Lookup, argument};
use crate::failure::{Failure, FailureKind};
use crate::source::{SourceMap, absolute, expand_home, plain_io_error};
use crate::template::{FileOptions, Templar};
use crate::value::{Map, Value};
use crate::vault::{VaultError, is_vault};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The largest file that a lookup reads.
const MAX_BYTES: u64 = 64 << 20;

pub(super) static LOOKUPS: &[Lookup] = &[
    Lookup {
        name: "file",
        doc: "Gives the text of files.",
        options: &["rstrip", "lstrip"],
        run: |call| {
            call.terms
                .iter()
                .map(|term| {
                    let text = read(call, "files", &term.to_text())?.1;
                    let text = if call.flag("rstrip", true) { text.trim_end() } else { &text };
                    Ok(Value::from(if call.flag("lstrip", false) { text.trim_start() } else { text }))
                })
                .collect()
        },
    },
    Lookup {
        name: "unvault",
        doc: "Gives the text of files, decrypted where they are encrypted.",
        options: &[],
        run: |call| call.terms.iter().map(|term| Ok(Value::from(read(call, "files", &term.to_text())?.1))).collect(),
    },
    Lookup {
        name: "template",
        doc: "Gives the text that template files render to.",
        options: &[
            "template_vars",
            "convert_data",
            "trim_blocks",
            "lstrip_blocks",
            "variable_start_string",
            "variable_end_string",
            "comment_start_string",
            "comment_end_string",
            "block_start_string",
            "block_end_string",
            "jinja2_native",
        ],
        run: template,
    },
    Lookup {
        name: "fileglob",
        doc: "Gives the paths of files whose names match a pattern.",
        options: &[],
        run: |call| {
            let mut found = Vec::new();
            for term in &call.terms {
                let Value::Str(pattern) = term else {
                    return Err(argument(format!("lookup `fileglob` wants patterns, not a {}", term.kind())));
                };
                found.extend(matching(call, pattern));
            }
            Ok(found)
        },
    },
    Lookup {
        name: "first_found",
        doc: "Gives the path of the first file that exists.",
        options: &["files", "paths", "skip"],
        run: first_found,
    },
];

/// Finds and reads a file as text; an encrypted one is opened.
pub(super) fn read(call: &Call<'_>, kind: &str, name: &str) -> Result<(PathBuf, String), Failure> {
    let file = |message: String| Failure::new(FailureKind::File, message);
    let path = call.core.files.find(kind, name).ok_or_else(|| {
        let places: Vec<String> =
            call.core.files.candidates(kind, name).iter().map(|path| format!("`{}`", path.display())).collect();
        file(format!("cannot find the file `{name}`")).help(format!("looked at {}", places.join(", ")))
    })?;
    let cannot = |error: &std::io::Error| file(format!("cannot read `{}`: {}", path.display(), plain_io_error(error)));
    let size = std::fs::metadata(&path).map_err(|error| cannot(&error))?;
    if size.is_dir() {
        return Err(file(format!("cannot read `{}`: it is a directory", path.display())));
    }
    if size.len() > MAX_BYTES {
        return Err(file(format!("cannot read `{}`: it is larger than {} MiB", path.display(), MAX_BYTES >> 20)));
    }
    let mut bytes = std::fs::read(&path).map_err(|error| cannot(&error))?;
    if is_vault(&bytes) {
        let opened = call.core.sources.keyring().open(&bytes);
        let why = |error: VaultError| file(format!("cannot read `{}`: {error}", path.display())).help(error.help());
        bytes = opened.map_err(why)?.to_vec();
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((path, text)),
        Err(_) => Err(file(format!("cannot read `{}`: it is not UTF-8 text", path.display()))),
    }
}

fn template(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let mut options = FileOptions {
        trim_blocks: call.flag("trim_blocks", true),
        lstrip_blocks: call.flag("lstrip_blocks", false),
        ..FileOptions::default()
    };
    let names = [
        "variable_start_string",
        "variable_end_string",
        "block_start_string",
        "block_end_string",
        "comment_start_string",
        "comment_end_string",
    ];
    for (at, name) in names.iter().enumerate() {
        if let Some(text) = call.text(name) {
            options.delimiters[at] = text;
        }
    }
    let extra = match call.option("template_vars") {
        None => Map::new(),
        Some(Value::Map(map)) => (**map).clone(),
        Some(other) => return Err(argument(format!("`template_vars` is a dictionary, not a {}", other.kind()))),
    };
    let core = call.core;
    let sources: Arc<SourceMap> = Arc::clone(&core.sources);
    let templar = Templar::new(Arc::clone(&core.scope), core.files.clone(), Arc::clone(&sources));
    let mut all = core.extra.as_deref().cloned().unwrap_or_default();
    extra.into_iter().for_each(|(key, value)| all.insert(key, value));
    let templar = templar.with(all);
    let mut found = Vec::new();
    for term in &call.terms {
        let (path, text) = read(call, "templates", &term.to_text())?;
        let source = crate::source::Source::new(path.display().to_string(), Some(path.clone()), text.as_str());
        let options = FileOptions { source: Some(sources.add(source)), ..options.clone() };
        let _depth = Depth::enter(&path)?;
        found.push(templar.file_value(&text, &options, Some(&path))?);
    }
    Ok(found)
}

/// How deep template lookups may nest: a template that looks itself up has no end.
const MAX_DEPTH: usize = 8;

thread_local! {
    static DEPTH: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

struct Depth;

impl Depth {
    fn enter(path: &Path) -> Result<Depth, Failure> {
        let depth = DEPTH.get();
        if depth >= MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} template lookups inside each other, at `{}`", path.display());
            return Err(Failure::new(FailureKind::Template, message));
        }
        DEPTH.set(depth + 1);
        Ok(Depth)
    }
}

impl Drop for Depth {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// Returns the files that match a pattern in the first folder that has some.
fn matching(call: &Call<'_>, pattern: &str) -> Vec<Value> {
    let path = expand_home(pattern);
    let file_pattern = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let parent = path.parent().map(|parent| parent.display().to_string()).unwrap_or_default();
    let folders = if parent.is_empty() {
        call.core.files.candidates("files", ".")
    } else {
        call.core.files.candidates("files", &parent)
    };
    for folder in folders {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        let mut found: Vec<String> = entries
            .flatten()
            .filter(|entry| wildcard(&file_pattern, &entry.file_name().to_string_lossy()) && entry.path().is_file())
            .map(|entry| absolute(&folder).join(entry.file_name()).display().to_string())
            .collect();
        if !found.is_empty() {
            found.sort();
            return found.into_iter().map(Value::from).collect();
        }
    }
    Vec::new()
}

/// Claims that a name matches a shell pattern; a leading dot wants a dot.
pub(super) fn wildcard(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, n));
                p += 1;
                continue;
            }
            Some('?') => Some(p + 1),
            Some('[') => class(&pattern, p, name[n]),
            Some(c) if *c == name[n] => Some(p + 1),
            _ => None,
        };
        match (step, star) {
            (Some(next), _) => {
                p = next;
                n += 1;
            }
            (None, Some((back, at))) => {
                p = back;
                n = at + 1;
                star = Some((back, at + 1));
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Returns the place behind `[…]` when the letter is in it.
fn class(pattern: &[char], start: usize, letter: char) -> Option<usize> {
    let mut at = start + 1;
    let negated = matches!(pattern.get(at), Some('!' | '^'));
    at += usize::from(negated);
    let first = at;
    let mut found = false;
    loop {
        match pattern.get(at) {
            None => return (letter == '[').then_some(start + 1),
            Some(']') if at > first => return (found != negated).then_some(at + 1),
            Some(low) => {
                if pattern.get(at + 1) == Some(&'-') && pattern.get(at + 2).is_some_and(|high| *high != ']') {
                    found |= (*low..=pattern[at + 2]).contains(&letter);
                    at += 3;
                } else {
                    found |= *low == letter;
                    at += 1;
                }
            }
        }
    }
}

fn first_found(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let mut tried = Vec::new();
    let mut skip = call.flag("skip", false);
    let own = Value::list(words(call.option("files"), FILES_SPLIT).into_iter().map(Value::from));
    let terms = if call.terms.is_empty() { std::slice::from_ref(&own) } else { &call.terms[..] };
    searched(terms, &words(call.option("paths"), PATHS_SPLIT), &mut skip, &mut tried)?;
    for path in &tried {
        for kind in ["files", "templates", "tasks", "vars"] {
            if let Some(found) = call.core.files.find(kind, path) {
                return Ok(vec![Value::from(absolute(&found).display().to_string())]);
            }
        }
    }
    if skip {
        return Ok(Vec::new());
    }
    let tried: Vec<String> = tried.iter().map(|path| format!("`{path}`")).collect();
    Err(Failure::new(FailureKind::File, "none of the files exists".to_owned())
        .help(format!("looked for {}; `skip=True` makes it no mistake", tried.join(", "))))
}

/// What stands between names of files, and of folders, in one text.
const FILES_SPLIT: &[char] = &[',', ';'];
const PATHS_SPLIT: &[char] = &[',', ';', ':'];

/// Collects the paths that are looked for, in order. As in Ansible the folders that a dictionary says stay for the terms
/// that follow it.
fn searched(terms: &[Value], paths: &[String], skip: &mut bool, into: &mut Vec<String>) -> Result<(), Failure> {
    let mut paths = paths.to_vec();
    for term in terms {
        let files = match term {
            Value::List(items) => {
                searched(items, &paths, skip, into)?;
                continue;
            }
            Value::Map(map) => {
                paths = words(map.get("paths"), PATHS_SPLIT);
                *skip = map.get("skip").is_some_and(Value::is_truthy);
                words(map.get("files"), FILES_SPLIT)
            }
            Value::Str(_) => words(Some(term), FILES_SPLIT),
            other => {
                let kind = other.kind();
                return Err(argument(format!(
                    "lookup `first_found` wants names of files or dictionaries, not a {kind}"
                )));
            }
        };
        match paths.is_empty() {
            true => into.extend(files),
            false => {
                into.extend(paths.iter().flat_map(|folder| {
                    files.iter().map(move |file| Path::new(folder).join(file).display().to_string())
                }))
            }
        }
    }
    Ok(())
}

fn words(value: Option<&Value>, split: &[char]) -> Vec<String> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(items)) => items.iter().flat_map(|item| words(Some(item), split)).collect(),
        Some(other) => {
            other.to_text().split(split).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_patterns_match_as_in_a_shell() {
        let cases = [
            ("*.cfg", "a.cfg", true),
            ("*.cfg", ".cfg", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("[", "[", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(wildcard(pattern, name), expected, "{pattern} {name}");
        }
    }
}
