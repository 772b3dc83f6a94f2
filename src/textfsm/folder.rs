//! A folder of templates with its index, and where such folders are.

use super::index::Index;
use super::table::Table;
use super::template::{Template, Wrong, load};
use crate::failure::{Failure, FailureKind};
use crate::source::{Diagnostic, SourceMap};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::time::SystemTime;

/// A folder of templates with a file `index`.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    index: Index,
    /// Lines of the index that were left out, until somebody has said so.
    warnings: Mutex<Vec<String>>,
}

type Known = (Option<SystemTime>, Arc<Folder>);
static KNOWN: LazyLock<Mutex<HashMap<PathBuf, Known>>> = LazyLock::new(Mutex::default);
static PLACES: OnceLock<fn() -> Vec<PathBuf>> = OnceLock::new();

/// Says how to find where folders of templates may be when nobody names one, best first. Only the first call counts.
pub fn set_places(places: fn() -> Vec<PathBuf>) {
    // A second call has nothing new to say.
    let _ = PLACES.set(places);
}

impl Folder {
    /// Opens a folder; its index is read once, and again when the file has changed.
    ///
    /// # Errors
    /// Returns what is wrong with the index.
    pub fn open(path: &Path) -> Result<Arc<Folder>, Wrong> {
        let file = path.join("index");
        let changed = std::fs::metadata(&file).and_then(|about| about.modified()).ok();
        let lock = || KNOWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((then, folder)) = lock().get(path)
            && *then == changed
        {
            return Ok(Arc::clone(folder));
        }
        let sources = SourceMap::new();
        let id = match sources.load(&file) {
            Ok(id) => id,
            Err(diagnostic) => return Err(Wrong::new(sources, diagnostic)),
        };
        let (index, found) = match Index::read(id, &sources.get(id).text) {
            Ok(read) => read,
            Err(found) => return Err(Wrong::new(sources, found)),
        };
        let line = |one: &Diagnostic| match &one.primary {
            Some(label) => format!("{}: {}", sources.place(label.span), one.message),
            None => one.message.clone(),
        };
        let warnings = Mutex::new(found.iter().map(line).collect());
        let folder = Arc::new(Folder { path: path.to_owned(), index, warnings });
        lock().insert(path.to_owned(), (changed, Arc::clone(&folder)));
        Ok(folder)
    }

    /// Opens the folder that is named, or the first that is found where they may be.
    ///
    /// # Errors
    /// When none is named and none is found, and when an index is wrong.
    pub fn find(named: Option<&Path>) -> Result<Arc<Folder>, Failure> {
        let places = || PLACES.get().map(|places| places()).unwrap_or_default();
        let found = match named {
            Some(path) => Some(path.to_owned()),
            None => places().into_iter().find(|path| path.join("index").is_file()),
        };
        let Some(path) = found else {
            return Err(Failure::new(FailureKind::File, "no folder of TextFSM templates is known")
                .help("set `textfsm_templates` or NTC_TEMPLATES_DIR, or `pip install ntc-templates`"));
        };
        Folder::open(&path).map_err(|wrong| Failure::new(FailureKind::File, wrong.line()))
    }

    /// Returns what is to be said of the index; the second time nothing, for it has been said.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// Returns the names of the templates for a command of a platform.
    pub fn templates(&self, platform: &str, command: &str) -> Option<&[String]> {
        self.index.templates(platform, command)
    }

    /// Makes rows of a command's output; every cell is a text or a list of texts.
    ///
    /// # Errors
    /// When there is no template for the command, or it cannot be read, or it fails.
    pub fn parse(&self, platform: &str, command: &str, output: &str) -> Result<Table, Failure> {
        let Some(names) = self.templates(platform, command) else {
            let message = format!("no template in {} is for `{command}` of `{platform}`", self.path.display());
            return Err(Failure::new(FailureKind::Argument, message));
        };
        let mut table: Option<(Table, Vec<Arc<str>>)> = None;
        for name in names {
            let template = self.template(name)?;
            let next = template.run(output)?.into_texts();
            table = Some(match table {
                None => (next, template.keys()),
                Some((mut first, keys)) => {
                    let keys = if keys.is_empty() { template.keys() } else { keys };
                    first.extend(&next, &keys).map_err(|key| {
                        let message = format!("`{}` cannot be joined: one has no Value `{key}`", names.join(":"));
                        Failure::new(FailureKind::Module, message)
                    })?;
                    (first, keys)
                }
            });
        }
        Ok(table.map(|(table, _)| table).unwrap_or_default())
    }

    fn template(&self, name: &str) -> Result<Arc<Template>, Failure> {
        load(&self.path.join(name)).map_err(|wrong| Failure::new(FailureKind::File, wrong.line()))
    }
}
