//! Where things were written: sources, spans, and diagnostics that point at them.
//!
//! Everything an author writes (playbook, inventory, variables, templates) is loaded into a [`SourceMap`] once; from
//! then on a place is a [`Span`] of twelve bytes. What is wrong with it is a [`Diagnostic`], drawn the way rustc does.

mod diagnostic;
mod render;
mod search;
mod suggest;

pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub use render::{Style, render};
pub use search::{SearchPath, absolute, expand_home};
pub use suggest::{did_you_mean, nearest};

use crate::vault::{Keyring, VaultError, is_vault};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, RwLock};

/// The number of a source in its [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A place in a source: byte offsets, the end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The source that the offsets count in.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

impl Span {
    /// Returns the span of the bytes `start..end` of `source`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Span {
        // A source is bounded well below 4 GiB by the loader, so saturation never happens in practice.
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span { source, start: narrow(start), end: narrow(end.max(start)) }
    }

    /// Returns the smallest span that covers this one and `other`; this one alone when they lie in two sources.
    pub fn to(self, other: Span) -> Span {
        if self.source != other.source {
            return self;
        }
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Returns the part `start..end` (relative to this span's start), cut at this span's end.
    pub fn part(self, start: usize, end: usize) -> Span {
        let at = |n: usize| self.start.saturating_add(u32::try_from(n).unwrap_or(u32::MAX)).min(self.end);
        Span { source: self.source, start: at(start), end: at(end.max(start)) }
    }
}

/// A text somebody wrote, with the name under which messages show it.
#[derive(Debug)]
pub struct Source {
    /// The name in messages: the path as the user gave it, or `<extra vars>` and the like.
    pub name: String,
    /// The file it was read from, if it was.
    pub path: Option<PathBuf>,
    /// The text itself.
    pub text: Arc<str>,
    /// Whether it came out of a vault: no message shows a line of it.
    pub is_sealed: bool,
    line_starts: Vec<u32>,
}

/// A line and column, both counted from one; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Source {
    /// Makes a source of `text`.
    pub fn new(name: impl Into<String>, path: Option<PathBuf>, text: impl Into<Arc<str>>) -> Source {
        let text = text.into();
        let mut line_starts = vec![0];
        line_starts.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1));
        Source { name: name.into(), path, text, is_sealed: false, line_starts }
    }

    /// Returns line and column of the byte at `offset`.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.line_starts.partition_point(|start| *start as usize <= offset).max(1);
        let start = self.line_starts[line - 1] as usize;
        let column = self.text.as_bytes()[start..offset].iter().filter(|b| (**b as i8) >= -0x40).count() + 1;
        Position { line, column }
    }

    /// Returns the byte offset at which `line` (from 1) starts, or the end of the text when there is no such line.
    pub fn line_start(&self, line: usize) -> usize {
        self.line_starts.get(line.saturating_sub(1)).map_or(self.text.len(), |start| *start as usize)
    }

    /// Returns the text of a span of this source; empty when the offsets do not fit it.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..(span.end as usize).min(self.text.len())).unwrap_or("")
    }
}

/// All sources of a run. Shared: sources are added while a run goes on (included files), never removed or changed.
#[derive(Debug, Default)]
pub struct SourceMap {
    sources: RwLock<Vec<Arc<Source>>>,
    keyring: Arc<Keyring>,
    repeated_keys: OnceLock<RepeatedKeys>,
}

/// What to say of a key that stands twice in a dictionary of YAML.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RepeatedKeys {
    /// A warning.
    #[default]
    Warn,
    /// An error.
    Error,
    /// Nothing.
    Ignore,
}

impl SourceMap {
    /// Makes an empty map.
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Makes an empty map that opens encrypted files with the passwords of a keyring.
    pub fn with_keyring(keyring: Arc<Keyring>) -> SourceMap {
        SourceMap { keyring, ..SourceMap::default() }
    }

    /// Says what to say of keys that stand twice; only the first time counts.
    pub fn set_repeated_keys(&self, say: RepeatedKeys) {
        self.repeated_keys.get_or_init(|| say);
    }

    /// Returns what to say of keys that stand twice.
    pub fn repeated_keys(&self) -> RepeatedKeys {
        self.repeated_keys.get().copied().unwrap_or_default()
    }

    /// Returns what opens encrypted files and values.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Adds a source and returns its number.
    pub fn add(&self, source: Source) -> SourceId {
        let mut sources = self.sources.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        sources.push(Arc::new(source));
        SourceId(sources.len() as u32 - 1)
    }

    /// Adds a source unless one with this path and this text is there already; returns its number either way.
    pub fn add_once(&self, source: Source) -> SourceId {
        let known = {
            let sources = self.sources.read().unwrap_or_else(|poisoned| poisoned.into_inner());
            // What many steps ask for was added lately.
            sources.iter().rposition(|known| known.path == source.path && known.text == source.text)
        };
        known.map_or_else(|| self.add(source), |index| SourceId(index as u32))
    }

    /// Returns the source of that number.
    ///
    /// # Panics
    /// When the number came from another map: a bug, not an input.
    pub fn get(&self, id: SourceId) -> Arc<Source> {
        let sources = self.sources.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        Arc::clone(&sources[id.0 as usize])
    }

    /// Returns `name:line:column` of a span's start, as messages and editors write it.
    pub fn place(&self, span: Span) -> String {
        let source = self.get(span.source);
        let at = source.position(span.start as usize);
        format!("{}:{}:{}", source.name, at.line, at.column)
    }

    /// Reads a text file into the map under the name by which the user knows it. An encrypted file is opened.
    ///
    /// A missing file, a directory, a file over [`MAX_SOURCE_BYTES`] and bytes that are not UTF-8 are diagnostics.
    pub fn load(&self, path: &Path) -> Result<SourceId, Diagnostic> {
        let name = path.display().to_string();
        let cannot = |why: String| Diagnostic::error("E0001", format!("cannot read `{name}`: {why}"));
        let size = std::fs::metadata(path).map_err(|e| cannot(plain_io_error(&e)))?;
        if size.is_dir() {
            return Err(cannot("it is a directory".into()));
        }
        if size.len() > MAX_SOURCE_BYTES {
            return Err(cannot(format!("it is larger than {} MiB", MAX_SOURCE_BYTES >> 20)));
        }
        let bytes = std::fs::read(path).map_err(|e| cannot(plain_io_error(&e)))?;
        if is_vault(&bytes) {
            return self.load_vault(path, &bytes);
        }
        let text = String::from_utf8(bytes).map_err(|e| {
            cannot(format!("not UTF-8 text (first bad byte at offset {})", e.utf8_error().valid_up_to()))
        })?;
        // A byte order mark is no part of the text; editors on Windows write it.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(self.add(Source::new(name, Some(path.to_owned()), text)))
    }

    /// Opens an encrypted file; what it holds is a source whose lines are never shown.
    fn load_vault(&self, path: &Path, bytes: &[u8]) -> Result<SourceId, Diagnostic> {
        let name = path.display().to_string();
        let opened = self.keyring.open_file(bytes);
        let text = opened.and_then(|plain| String::from_utf8(plain.to_vec()).map_err(|_| VaultError::NotText));
        match text {
            Ok(text) => Ok(self.add(Source { is_sealed: true, ..Source::new(name, Some(path.to_owned()), text) })),
            Err(error) => {
                let text = String::from_utf8_lossy(bytes);
                let header = text.lines().next().map_or(0, str::len);
                let id = self.add(Source::new(name.clone(), Some(path.to_owned()), &*text));
                Err(Diagnostic::error("E0800", format!("cannot read `{name}`: {error}"))
                    .at(Span::new(id, 0, header))
                    .help(error.help()))
            }
        }
    }
}

/// The largest file read as a source. Arbitrary, but far above any inventory seen (15 MB) and far below `u32` offsets.
pub const MAX_SOURCE_BYTES: u64 = 256 << 20;

/// Returns an I/O error as a person says it, without the `(os error 2)` that helps nobody.
pub fn plain_io_error(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().collect::<String>() + letters.as_str(),
        None => "unknown error".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let source = Source::new("t", None, "aä\nüb\n");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(3), Position { line: 1, column: 3 });
        assert_eq!(source.position(4), Position { line: 2, column: 1 });
        assert_eq!(source.position(6), Position { line: 2, column: 2 });
        assert_eq!(source.position(99), Position { line: 3, column: 1 });
    }

    #[test]
    fn a_missing_file_is_a_diagnostic() {
        let error = SourceMap::new().load(Path::new("no/such/file.yml")).unwrap_err();
        assert_eq!(error.message, "cannot read `no/such/file.yml`: no such file or directory");
    }
}
