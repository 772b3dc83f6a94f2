//! The files that a template includes, imports or extends: where they are found, and whether they have changed since.

use super::apart;
use super::compile::parsed_pieces;
use super::emit::{Emitted, Options, Parsed, emit_template};
use super::names::assigned;
use super::scope::scoped;
use super::syntax::{Delimiters, Expr, ExprKind, Piece, Statement, SyntaxError};
use crate::source::SearchPath;
use minijinja::{Environment, Error, ErrorKind};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

/// A file that was changed less than this before it was read may be changed again without anybody seeing it: clocks of
/// file systems go in steps.
const SETTLED: Duration = Duration::from_secs(2);

/// How many files are looked at to know whether one of them changes lists in place. Arbitrary: above any template seen.
const LOOKED_AT: usize = 200;

/// What is known of a file of a template.
#[derive(Clone)]
pub(super) struct Loaded {
    pub(super) text: Arc<str>,
    pub(super) emitted: Emitted,
    pub(super) locals: Vec<String>,
}

/// What tells one state of a file from another.
#[derive(PartialEq)]
struct Stamp {
    modified: SystemTime,
    bytes: u64,
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Stamp> {
        let found = path.metadata().ok()?;
        Some(Stamp { modified: found.modified().ok()?, bytes: found.len(), inode: found.ino() })
    }

    fn is_settled(&self) -> bool {
        self.modified.elapsed().is_ok_and(|age| age > SETTLED)
    }
}

/// The files of a template by the names that the engine gives them, the main one among them.
#[derive(Default)]
pub(super) struct Files {
    loaded: Mutex<HashMap<String, Loaded>>,
    /// The files that were read; none for one that may have changed since without a trace.
    stamps: Mutex<HashMap<PathBuf, Option<Stamp>>>,
    /// Where the names were found that each file has: looking for them again takes longer than what is rendered.
    found: Mutex<HashMap<String, HashMap<String, PathBuf>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Files {
    pub(super) fn add(&self, name: String, loaded: Loaded) {
        lock(&self.loaded).insert(name, loaded);
    }

    pub(super) fn get(&self, name: &str) -> Option<Loaded> {
        lock(&self.loaded).get(name).cloned()
    }

    /// Reads a file, and remembers in which state it was.
    fn read(&self, path: &Path) -> std::io::Result<String> {
        // Before it is read: a change in between must not pass for what was read.
        let stamp = Stamp::of(path).filter(Stamp::is_settled);
        lock(&self.stamps).insert(path.to_owned(), stamp);
        std::fs::read_to_string(path)
    }

    /// Claims that every file that was read is as it was then, and that each name would be found where it was.
    pub(super) fn are_current(&self, search: &SearchPath) -> bool {
        let is_same = |parent: &str, name: &str, path: &Path| find(name, parent, search).is_some_and(|now| now == path);
        lock(&self.stamps).iter().all(|(path, stamp)| stamp.is_some() && *stamp == Stamp::of(path))
            && lock(&self.found)
                .iter()
                .all(|(parent, names)| names.iter().all(|(name, path)| is_same(parent, name, path)))
    }

    /// Finds a file that a template names, as it was found before.
    fn find(&self, name: &str, parent: &str, search: &SearchPath) -> Option<PathBuf> {
        let mut found = lock(&self.found);
        if let Some(path) = found.get(parent).and_then(|names| names.get(name)) {
            return Some(path.clone());
        }
        let path = find(name, parent, search)?;
        found.entry(parent.to_owned()).or_default().insert(name.to_owned(), path.clone());
        Some(path)
    }
}

/// Returns the names of other files that a statement has.
fn named(parsed: &Parsed) -> Option<&Expr> {
    match parsed {
        Parsed::Statement(
            Statement::Include { template, .. }
            | Statement::Import { template, .. }
            | Statement::From { template, .. }
            | Statement::Extends(template),
        ) => Some(template),
        _ => None,
    }
}

/// Claims that a template needs no other file.
pub(super) fn is_alone(pieces: &[(Piece, Parsed)]) -> bool {
    pieces.iter().all(|(_, parsed)| named(parsed).is_none())
}

/// How the files of a template are found and read.
#[derive(Clone)]
pub(super) struct Reading {
    pub(super) how: Delimiters,
    pub(super) search: SearchPath,
    pub(super) files: Arc<Files>,
}

impl Reading {
    /// Claims something of a file which a template names, or one that such a file names. Of a file whose name is known only
    /// when the template runs it may be so.
    pub(super) fn any(&self, pieces: &[(Piece, Parsed)], parent: &str, claim: fn(&[(Piece, Parsed)]) -> bool) -> bool {
        self.any_of(pieces, parent, claim, &mut HashSet::new())
    }

    fn any_of(
        &self,
        pieces: &[(Piece, Parsed)],
        parent: &str,
        claim: fn(&[(Piece, Parsed)]) -> bool,
        seen: &mut HashSet<PathBuf>,
    ) -> bool {
        pieces.iter().filter_map(|(_, parsed)| named(parsed)).any(|template| {
            let ExprKind::Str(name) = &template.kind else { return true };
            let Some(path) = find(name, parent, &self.search) else { return true };
            if !seen.insert(path.clone()) {
                return false;
            }
            let Ok(text) = self.files.read(&path) else { return true };
            let Ok(pieces) = parsed_pieces(self.how.without_last_newline(&text), &self.how) else { return true };
            seen.len() > LOOKED_AT || claim(&pieces) || self.any_of(&pieces, &path.display().to_string(), claim, seen)
        })
    }

    /// Teaches an environment to find the files that a template names.
    pub(super) fn teach(self, env: &mut Environment<'static>, options: Options) {
        let (search, files) = (self.search.clone(), Arc::clone(&self.files));
        env.set_path_join_callback(move |name, parent| {
            let (parent, depth) = apart::file_and_depth(parent);
            let (name, is_apart) = apart::named(name);
            match files.find(name, parent, &search) {
                Some(path) => Cow::Owned(apart::file_name(&path.display().to_string(), depth + usize::from(is_apart))),
                None => Cow::Borrowed(name),
            }
        });
        env.set_loader(move |engine_name| {
            let (name, depth) = apart::file_and_depth(engine_name);
            let path = Path::new(name);
            if !path.is_file() {
                return Ok(None);
            }
            let text = self.files.read(path).map_err(|error| {
                let why = crate::source::plain_io_error(&error);
                Error::new(ErrorKind::TemplateNotFound, format!("cannot read template `{name}`: {why}"))
            })?;
            let wrong = |error: SyntaxError| {
                let line = text[..error.at.start.min(text.len())].matches('\n').count() + 1;
                Error::new(ErrorKind::SyntaxError, format!("syntax error: {} ({name}, line {line})", error.message))
            };
            let pieces = parsed_pieces(self.how.without_last_newline(&text), &self.how).map_err(wrong)?;
            let locals = assigned(&pieces);
            let emitted = emit_template(&scoped(pieces, depth, false).pieces, Options { depth, ..options });
            let source = emitted.text.clone();
            let loaded = Loaded { locals, text: Arc::from(text.as_str()), emitted };
            self.files.add(engine_name.to_owned(), loaded);
            Ok(Some(source))
        });
    }
}

/// Finds a file that a template names: beside it, then on the search path.
fn find(name: &str, parent: &str, search: &SearchPath) -> Option<PathBuf> {
    let beside = Path::new(parent).parent().map(|folder| folder.join(name)).filter(|path| path.is_file());
    beside.or_else(|| search.find("templates", name)).filter(|path| path.is_file())
}
