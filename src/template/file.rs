//! Template files: their options, what they include, and places in them.

use super::compile::{MAIN, parsed_pieces, set_formatter, syntax_error};
use super::emit::{Emitted, Options, emit_template, keeps_values};
use super::engine::{environment, plain_failure};
use super::header::{HEADER, delimiters};
use super::included::{Files, Loaded, Reading, is_alone};
use super::lazy::{Core, Root};
use super::names::assigned;
use super::nodes::Written;
use super::render::{Limited, Origin, with_last_newlines};
use super::scope::{Scoped, scoped};
use super::survey::{always_writes_text, changes};
use super::syntax::{Delimiters, SyntaxError};
use super::text::shown;
use super::{FileOptions, Templar, apart};
use crate::failure::{Failure, FailureKind};
use crate::source::{SearchPath, Span};
use crate::value::Value;
use crate::vars::NoVariables;
use minijinja::{Environment, Error};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, RwLock};

/// Compiled template files that are kept, and the longest text of one.
const CACHED: usize = 1_000;
const CACHED_BYTES: usize = 4 << 20;

/// Of one text that needs other files: for how many folders it is kept. Arbitrary: a text that is the same in several roles.
const CACHED_PLACES: usize = 16;

/// A template file, compiled with everything it includes.
struct Compiled {
    environment: Environment<'static>,
    files: Arc<Files>,
    main: String,
    body: usize,
    mutable: bool,
    /// Some names in it are not those of the variables (see [`super::scope`]).
    is_renamed: bool,
    /// Where the other files are looked for that it needs; none if it needs none.
    search: Option<SearchPath>,
}

impl Compiled {
    /// Claims that it is what compiling its text for a file of that name would make now.
    fn fits(&self, main: &str, search: &SearchPath) -> bool {
        self.search.as_ref().is_none_or(|own| own == search && self.main == main && self.files.are_current(search))
    }
}

impl Templar {
    /// Renders a template file's text. `path` is where it was read: what it includes is looked for beside it, and then on
    /// the search path.
    pub fn file(&self, text: &str, options: &FileOptions, path: Option<&Path>) -> Result<String, Failure> {
        let core = self.core();
        let place = |at: Range<usize>| place_in(options, at);
        let origin = Origin { text, place: &place };
        let value = self.rendered_file(text, options, path)?;
        // A file of nothing but statements that write nothing is empty; what is no text is written as Python does.
        if value.is_none() {
            return Ok(String::new());
        }
        match value.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => shown(&value)
                .map(Cow::into_owned)
                .map_err(|error| core.failure(&error, &Emitted::default(), 0..text.len(), &[], &origin)),
        }
    }

    /// Renders a template file's text to a value: that of its only expression where there is no text beside it.
    pub fn file_value(&self, text: &str, options: &FileOptions, path: Option<&Path>) -> Result<Value, Failure> {
        let place = |at: Range<usize>| place_in(options, at);
        let value = self.rendered_file(text, options, path)?;
        self.core().data(&value, &Origin { text, place: &place })
    }

    fn rendered_file(
        &self,
        text: &str,
        options: &FileOptions,
        path: Option<&Path>,
    ) -> Result<minijinja::Value, Failure> {
        let starts = options.delimiters.iter().step_by(2);
        if !text.starts_with(HEADER) && !starts.into_iter().any(|start| text.contains(start.as_str())) {
            return Ok(text.into());
        }
        let core = self.core();
        let compiled = compiled(text, options, path, core)?;
        let main = compiled.environment.get_template(&compiled.main);
        let mut writer = Limited::with_capacity(text.len());
        let result = main.and_then(|main| {
            let captured =
                main.render_captured_to(Root::value(core, compiled.mutable, compiled.is_renamed), &mut writer)?;
            Ok(Written::of(captured.state()))
        });
        let written = result.map_err(|error| failure(core, &error, &compiled, options))?;
        let value = written.value(writer.text()).map_err(|error| failure(core, &error, &compiled, options))?;
        Ok(with_last_newlines(text, value, &options.newline_sequence))
    }
}

fn place_in(options: &FileOptions, at: Range<usize>) -> Option<Span> {
    options.source.map(|source| Span::new(source, at.start, at.end))
}

fn compiled(
    text: &str,
    options: &FileOptions,
    path: Option<&Path>,
    core: &Arc<Core>,
) -> Result<Arc<Compiled>, Failure> {
    type Cache = RwLock<HashMap<(Arc<str>, Delimiters), Vec<Arc<Compiled>>>>;
    static CACHE: OnceLock<Cache> = OnceLock::new();
    let wrong = |error: SyntaxError, shift: usize| {
        let mut failure = Failure::new(FailureKind::Template, format!("syntax error: {}", error.message));
        failure.place = place_in(options, error.at.start + shift..error.at.end + shift);
        failure.help = error.help.map(Into::into);
        failure
    };
    let (body, how) = delimiters(text, options).map_err(|error| wrong(error, 0))?;
    let main = path.map_or(Cow::Borrowed(MAIN), |path| path.to_string_lossy());
    let cache = CACHE.get_or_init(RwLock::default);
    let key = (Arc::from(text), how);
    if let Some(kept) = cache.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&key)
        && let Some(found) = kept.iter().find(|kept| kept.fits(&main, &core.files))
    {
        return Ok(Arc::clone(found));
    }
    let made = Arc::new(compile(text, body, &key.1, &main, core).map_err(|error| wrong(error, body))?);
    if text.len() <= CACHED_BYTES {
        let mut cache = cache.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if cache.len() >= CACHED {
            cache.clear();
        }
        let kept = cache.entry(key).or_default();
        kept.retain(|old| old.main != made.main || old.search != made.search);
        if kept.len() >= CACHED_PLACES {
            kept.clear();
        }
        kept.push(Arc::clone(&made));
    }
    Ok(made)
}

fn compile(text: &str, body: usize, how: &Delimiters, main: &str, core: &Arc<Core>) -> Result<Compiled, SyntaxError> {
    let pieces = parsed_pieces(how.without_last_newline(&text[body..]), how)?;
    let files = Arc::new(Files::default());
    let reading = Reading { how: how.clone(), search: core.files.clone(), files: Arc::clone(&files) };
    // A file that is included may change what the including one made, so that it all can change then.
    let mutable = changes(&pieces) || reading.any(&pieces, main, changes);
    let counts = !always_writes_text(&pieces);
    // Where everything is counted anyway, what the other files keep makes no difference.
    let keeps = counts || mutable || keeps_values(&pieces) || reading.any(&pieces, main, keeps_values);
    let options = Options { mutable, counts, ..Options::default() };
    let locals = assigned(&pieces);
    let is_alone = is_alone(&pieces);
    let Scoped { pieces, is_renamed } = scoped(pieces, 0, is_alone);
    let emitted = emit_template(&pieces, options);
    let mut env = environment().clone();
    set_formatter(&mut env, options, keeps);
    let loaded = Loaded { text: Arc::from(&text[body..]), emitted: emitted.clone(), locals };
    files.add(main.to_owned(), loaded);
    let search = (!is_alone).then(|| core.files.clone());
    if search.is_some() {
        reading.teach(&mut env, options);
    }
    let whole = 0..text.len() - body;
    env.add_template_owned(main.to_owned(), emitted.text.clone())
        .map_err(|error| syntax_error(&error, &emitted, &whole))?;
    Ok(Compiled { environment: env, files, main: main.to_owned(), body, mutable, is_renamed, search })
}

/// Returns the failure of an error, with its place in the file where it happened.
fn failure(core: &Arc<Core>, error: &Error, compiled: &Compiled, options: &FileOptions) -> Failure {
    // The innermost error knows the file; those around it only say that an include failed.
    let mut inner = error;
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        if let Some(error) = source.downcast_ref::<Error>() {
            inner = error;
        }
        next = source.source();
    }
    let name = inner.name().unwrap_or(&compiled.main).to_owned();
    let Some(loaded) = compiled.files.get(&name) else { return plain_failure(inner) };
    let (path, depth) = apart::file_and_depth(&name);
    let is_main = name == compiled.main;
    let wrong = Cell::new(None);
    let place = |at: Range<usize>| {
        wrong.set(loaded.text.get(at.clone()));
        if is_main {
            return place_in(options, at.start + compiled.body..at.end + compiled.body);
        }
        let source = crate::source::Source::new(path.to_owned(), Some(PathBuf::from(path)), Arc::clone(&loaded.text));
        Some(Span::new(core.sources.add(source), at.start, at.end))
    };
    let origin = Origin { text: &loaded.text, place: &place };
    if depth == 0 {
        return core.failure(inner, &loaded.emitted, 0..loaded.text.len(), &loaded.locals, &origin);
    }
    // What is undefined there is told by what is seen from there.
    let apart = Core::new(Arc::new(NoVariables), core.files.clone(), Arc::clone(&core.sources), None);
    let failure = apart.failure(inner, &loaded.emitted, 0..loaded.text.len(), &loaded.locals, &origin);
    match wrong.get() {
        Some(name) if failure.kind == FailureKind::Undefined && core.variable(name).is_some() => {
            failure.help(format!("`{name}` is not seen there: include or import the file `with context`"))
        }
        _ => failure,
    }
}
