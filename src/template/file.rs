//! Template files: their options, what they include, and places in them.

use super::emit::{Emitted, Options, emit_template};
use super::engine::{self, all_captured, changes, check_macros, environment, parsed_pieces, syntax_error};
use super::lazy::{Core, Root};
use super::names::assigned;
use super::render::{Limited, Origin, Written, shown, with_last_newlines};
use super::syntax::{Delimiters, Newline, SyntaxError};
use super::{FileOptions, Templar};
use crate::failure::{Failure, FailureKind};
use crate::source::{SearchPath, Span};
use crate::value::Value;
use minijinja::{Environment, Error, ErrorKind};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, RwLock};

/// A file whose first line starts with this says there how it is read.
const HEADER: &str = "#jinja2:";

/// Compiled template files that are kept, and the longest text of one.
const CACHED: usize = 1_000;
const CACHED_BYTES: usize = 4 << 20;

/// Returns where a file's template begins, and how it is read.
pub(super) fn delimiters(text: &str, options: &FileOptions) -> Result<(usize, Delimiters), SyntaxError> {
    let [variable_open, variable_close, block_open, block_close, comment_open, comment_close] = &options.delimiters;
    let mut how = Delimiters {
        variable: (variable_open.clone(), variable_close.clone()),
        block: (block_open.clone(), block_close.clone()),
        comment: (comment_open.clone(), comment_close.clone()),
        trim_blocks: options.trim_blocks,
        lstrip_blocks: options.lstrip_blocks,
        plain_backslashes: false,
        newline: Newline::of(&options.newline_sequence).unwrap_or_default(),
        keeps_last_newline: false,
    };
    let Some(rest) = text.strip_prefix(HEADER) else { return checked(how, 0..0).map(|how| (0, how)) };
    let Some(length) = rest.find('\n') else {
        return Err(SyntaxError::new(format!("`{HEADER}` stands alone: no template follows it"), 0..text.len()));
    };
    let mut at = HEADER.len();
    for pair in rest[..length].split(',') {
        let place = at..at + pair.len();
        at = place.end + 1;
        header_pair(pair, place, &mut how)?;
    }
    checked(how, 0..HEADER.len() + length).map(|how| (HEADER.len() + length + 1, how))
}

fn checked(how: Delimiters, at: Range<usize>) -> Result<Delimiters, SyntaxError> {
    let marks = [&how.variable, &how.block, &how.comment];
    if marks.iter().any(|(open, close)| open.is_empty() || close.is_empty()) {
        return Err(SyntaxError::new("a delimiter is empty", at));
    }
    if how.variable.0 == how.block.0 || how.block.0 == how.comment.0 || how.variable.0 == how.comment.0 {
        return Err(SyntaxError::new("two kinds of tags start alike", at));
    }
    Ok(how)
}

fn header_pair(pair: &str, at: Range<usize>, how: &mut Delimiters) -> Result<(), SyntaxError> {
    let wrong = |message: String| SyntaxError::new(message, at.clone()).help("write `#jinja2: trim_blocks: False`");
    let Some((name, value)) = pair.split_once(':') else {
        return Err(wrong(format!("`{}` is no option with a value", pair.trim())));
    };
    let (name, value) = (name.trim(), value.trim());
    let flag = || match value {
        "True" | "true" | "1" => Ok(true),
        "False" | "false" | "0" => Ok(false),
        _ => Err(wrong(format!("`{name}` is true or false, not `{value}`"))),
    };
    let text = || {
        let inner = ['\'', '"'].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        inner.map(str::to_owned).ok_or_else(|| wrong(format!("the value of `{name}` wants quotes")))
    };
    match name {
        "trim_blocks" => how.trim_blocks = flag()?,
        "lstrip_blocks" => how.lstrip_blocks = flag()?,
        "variable_start_string" => how.variable.0 = text()?,
        "variable_end_string" => how.variable.1 = text()?,
        "block_start_string" => how.block.0 = text()?,
        "block_end_string" => how.block.1 = text()?,
        "comment_start_string" => how.comment.0 = text()?,
        "comment_end_string" => how.comment.1 = text()?,
        "keep_trailing_newline" => how.keeps_last_newline = flag()?,
        "newline_sequence" => {
            let sequence = text()?.replace("\\r", "\r").replace("\\n", "\n");
            how.newline = Newline::of(&sequence)
                .ok_or_else(|| wrong(format!("`{name}` is '\\n', '\\r\\n' or '\\r', not `{value}`")))?;
        }
        "line_statement_prefix" | "line_comment_prefix" => {
            let help = format!("write `{}` and `{}` around statements", how.block.0, how.block.1);
            return Err(SyntaxError::new(format!("`{name}` is not supported"), at.clone()).help(help));
        }
        _ => return Err(wrong(format!("unknown option `{name}`"))),
    }
    Ok(())
}

/// A template file, compiled with everything it includes.
struct Compiled {
    environment: Environment<'static>,
    files: Arc<Mutex<HashMap<String, Loaded>>>,
    main: String,
    body: usize,
    mutable: bool,
    is_alone: bool,
    /// Everything that it writes is captured: by `set`, a macro, a filter.
    is_captured: bool,
}

/// What is known of a file of a template.
#[derive(Clone)]
struct Loaded {
    text: Arc<str>,
    emitted: Emitted,
    locals: Vec<String>,
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
            None => {
                shown(&value).map_err(|error| core.failure(&error, &Emitted::default(), 0..text.len(), &[], &origin))
            }
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
            let captured = main.render_captured_to(Root::value(core, compiled.mutable), &mut writer)?;
            Ok(Written::of(captured.state()))
        });
        let written = result.map_err(|error| failure(core, &error, &compiled, options))?;
        let value = written.value(writer.text(), compiled.is_captured);
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
    type Key = (Arc<str>, Delimiters);
    static CACHE: OnceLock<RwLock<HashMap<Key, Arc<Compiled>>>> = OnceLock::new();
    let wrong = |error: SyntaxError, shift: usize| {
        let mut failure = Failure::new(FailureKind::Template, format!("syntax error: {}", error.message));
        failure.place = place_in(options, error.at.start + shift..error.at.end + shift);
        failure.help = error.help.map(Into::into);
        failure
    };
    let (body, how) = delimiters(text, options).map_err(|error| wrong(error, 0))?;
    let cache = CACHE.get_or_init(RwLock::default);
    let key = (Arc::from(text), how);
    if let Some(found) = cache.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&key) {
        return Ok(Arc::clone(found));
    }
    let made = Arc::new(compile(text, body, &key.1, path, core).map_err(|error| wrong(error, body))?);
    // What includes others depends on where they are looked for, and on files that may change.
    if made.is_alone && text.len() <= CACHED_BYTES {
        let mut cache = cache.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if cache.len() >= CACHED {
            cache.clear();
        }
        cache.insert(key, Arc::clone(&made));
    }
    Ok(made)
}

fn compile(
    text: &str,
    body: usize,
    how: &Delimiters,
    path: Option<&Path>,
    core: &Arc<Core>,
) -> Result<Compiled, SyntaxError> {
    let pieces = parsed_pieces(how.without_last_newline(&text[body..]), how)?;
    check_macros(&pieces)?;
    let mutable = changes(&pieces);
    let includes = |word: &str| text.contains(word);
    let is_alone = !(includes("include") || includes("import") || includes("extends"));
    // A file that is included may change what the including one made, so that it all can change then.
    let options = Options { mutable: mutable || !is_alone, render_literals: false };
    let emitted = emit_template(&pieces, options);
    let main = path.map_or_else(|| engine::MAIN.to_owned(), |path| path.display().to_string());
    let mut env = environment().clone();
    let loaded = Loaded { text: Arc::from(&text[body..]), emitted: emitted.clone(), locals: assigned(&pieces) };
    let files = Arc::new(Mutex::new(HashMap::from([(main.clone(), loaded)])));
    if !is_alone {
        load_included(&mut env, how.clone(), core.files.clone(), Arc::clone(&files), options);
    }
    let whole = 0..text.len() - body;
    env.add_template_owned(main.clone(), emitted.text.clone())
        .map_err(|error| syntax_error(&error, &emitted, &whole))?;
    let is_captured = all_captured(&pieces);
    Ok(Compiled { environment: env, files, main, body, mutable: options.mutable, is_alone, is_captured })
}

/// Teaches an environment to find the files that a template names.
fn load_included(
    env: &mut Environment<'static>,
    how: Delimiters,
    search: SearchPath,
    files: Arc<Mutex<HashMap<String, Loaded>>>,
    options: Options,
) {
    env.set_path_join_callback(move |name, parent| match find(name, parent, &search) {
        Some(path) => Cow::Owned(path.display().to_string()),
        None => Cow::Borrowed(name),
    });
    env.set_loader(move |name| {
        let path = Path::new(name);
        if !path.is_file() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(path).map_err(|error| {
            let why = crate::source::plain_io_error(&error);
            Error::new(ErrorKind::TemplateNotFound, format!("cannot read template `{name}`: {why}"))
        })?;
        let wrong = |error: SyntaxError| {
            let line = text[..error.at.start.min(text.len())].matches('\n').count() + 1;
            Error::new(ErrorKind::SyntaxError, format!("syntax error: {} ({name}, line {line})", error.message))
        };
        let pieces = parsed_pieces(how.without_last_newline(&text), &how).map_err(wrong)?;
        check_macros(&pieces).map_err(wrong)?;
        let emitted = emit_template(&pieces, options);
        let source = emitted.text.clone();
        let loaded = Loaded { locals: assigned(&pieces), text: Arc::from(text.as_str()), emitted };
        files.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(name.to_owned(), loaded);
        Ok(Some(source))
    });
}

/// Finds a file that a template names: beside it, then on the search path.
fn find(name: &str, parent: &str, search: &SearchPath) -> Option<PathBuf> {
    let beside = Path::new(parent).parent().map(|folder| folder.join(name)).filter(|path| path.is_file());
    beside.or_else(|| search.find("templates", name)).filter(|path| path.is_file())
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
    let files = compiled.files.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let Some(loaded) = files.get(&name).cloned() else { return engine::plain_failure(inner) };
    drop(files);
    let is_main = name == compiled.main;
    let place = |at: Range<usize>| match is_main {
        true => place_in(options, at.start + compiled.body..at.end + compiled.body),
        false => {
            let source = crate::source::Source::new(name.clone(), Some(PathBuf::from(&name)), Arc::clone(&loaded.text));
            Some(Span::new(core.sources.add(source), at.start, at.end))
        }
    };
    let origin = Origin { text: &loaded.text, place: &place };
    core.failure(inner, &loaded.emitted, 0..loaded.text.len(), &loaded.locals, &origin)
}
