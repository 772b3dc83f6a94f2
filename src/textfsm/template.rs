//! A template, and where it is kept once it was read.

use super::declare::Declaration;
use super::read;
use super::rule::Rule;
use crate::python_regex::{LinePattern, LineSet};
use crate::source::{Diagnostics, Source, SourceId, SourceMap, Style, render};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::time::SystemTime;

/// A template, ready to run. It may run in several threads at the same time.
#[derive(Debug)]
pub struct Template {
    /// The name that messages give it.
    pub(super) name: String,
    pub(super) values: Vec<Declaration>,
    pub(super) states: Vec<State>,
    /// The number of the state `Start`.
    pub(super) start: usize,
    /// A state `EOF` is written: no record is made at the end.
    pub(super) has_eof: bool,
}

/// A state.
#[derive(Debug)]
pub(super) struct State {
    pub(super) name: String,
    pub(super) rules: Vec<Rule>,
    /// Sets of the rules from each one on; only those that are asked are made.
    sets: Vec<OnceLock<LineSet>>,
}

impl State {
    pub(super) fn new(name: String, rules: Vec<Rule>) -> State {
        let sets = rules.iter().map(|_| OnceLock::new()).collect();
        State { name, rules, sets }
    }

    /// Returns the set of the rules from this one on.
    pub(super) fn set(&self, from: usize) -> &LineSet {
        let patterns = |rules: &[Rule]| -> LineSet {
            let patterns: Vec<&LinePattern> = rules.iter().map(|rule| &rule.pattern).collect();
            LineSet::new(patterns)
        };
        self.sets[from].get_or_init(|| patterns(&self.rules[from..]))
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Returns all that is wrong with it.
    pub fn read(source: SourceId, name: &str, text: &str) -> Result<Template, Diagnostics> {
        read::read(source, name, text)
    }

    /// Returns the names of the columns that are keys.
    pub fn keys(&self) -> Vec<Arc<str>> {
        let is_key = |value: &&Declaration| value.choices.contains(&super::declare::Choice::Key);
        self.values.iter().filter(is_key).map(|value| Arc::clone(&value.name)).collect()
    }
}

/// What is wrong with a file of templates, with the text that the places point into.
#[derive(Debug)]
pub struct Wrong {
    sources: SourceMap,
    found: Diagnostics,
}

impl Wrong {
    pub(super) fn new(sources: SourceMap, found: impl Into<Diagnostics>) -> Wrong {
        Wrong { sources, found: found.into() }
    }

    /// Returns everything as it is drawn for people.
    pub fn drawn(&self, style: Style) -> String {
        self.found.iter().map(|one| render(one, &self.sources, style) + "\n\n").collect()
    }

    /// Returns the first mistake in one line, with its place.
    pub fn line(&self) -> String {
        let Some(first) = self.found.iter().find(|one| one.is_error()) else { return String::new() };
        let help = first.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
        match &first.primary {
            Some(label) => format!("{}: {}{help}", self.sources.place(label.span), first.message),
            None => format!("{}{help}", first.message),
        }
    }
}

type Known = (Option<SystemTime>, u64, Arc<Template>);
static KNOWN: LazyLock<Mutex<HashMap<PathBuf, Known>>> = LazyLock::new(Mutex::default);

/// How many templates are kept; a run uses some dozens.
const MAX_KEPT: usize = 2000;

/// Returns the template of a file; read once, and again when the file has changed.
///
/// # Errors
/// Returns all that is wrong with it.
pub fn load(path: &Path) -> Result<Arc<Template>, Wrong> {
    let lock = || KNOWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (changed, size) = std::fs::metadata(path).map_or((None, 0), |about| (about.modified().ok(), about.len()));
    if let Some((then, long, template)) = lock().get(path)
        && (*then, *long) == (changed, size)
    {
        return Ok(Arc::clone(template));
    }
    let template = Arc::new(read_file(path)?);
    let mut known = lock();
    if known.len() >= MAX_KEPT {
        known.clear();
    }
    known.insert(path.to_owned(), (changed, size, Arc::clone(&template)));
    Ok(template)
}

fn read_file(path: &Path) -> Result<Template, Wrong> {
    let sources = SourceMap::new();
    let id = match sources.load(path) {
        Ok(id) => id,
        Err(diagnostic) => return Err(Wrong::new(sources, diagnostic)),
    };
    let source: Arc<Source> = sources.get(id);
    Template::read(id, &source.name, &source.text).map_err(|found| Wrong::new(sources, found))
}
