//! Files into playbooks: the loader that imports and includes go through.

use super::keyword::Level;
use super::sealed::learn_tasks;
use super::task::Place;
use super::{Inherited, Item, Play, Prompts};
use crate::source::{Diagnostic, Diagnostics, SearchPath, Source, SourceMap, Span, absolute, expand_home};
use crate::template::Templar;
use crate::value::Value;
use crate::vars::{Layer, Origin, Scope, Var};
use crate::yaml::{self, Mapping, Node};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads playbooks, task files, roles and variable files.
pub struct Loader {
    /// Where sources are kept.
    pub sources: Arc<SourceMap>,
    /// Folders of roles besides `roles/` beside the playbook.
    pub roles_path: Vec<PathBuf>,
    /// Folders of collections besides `collections/` beside the playbook.
    pub collections_path: Vec<PathBuf>,
    /// Keywords of plays that do not say otherwise.
    pub play_defaults: Mapping,
    /// What plays ask, and the answers.
    pub prompts: Prompts,
    /// Whether notifying a handler that is not there is an error, or a warning.
    pub missing_handler_is_error: bool,
    /// `-e`: what imports and play headers may use before there is a host.
    pub extra_vars: Arc<Layer>,
}

/// Reads a playbook and all that it imports.
///
/// Returns what could be read; the caller stops when `found` has errors.
pub fn load(loader: &Loader, path: &Path, found: &mut Diagnostics) -> Vec<Arc<Play>> {
    loader.playbook(path, None, 0, found)
}

/// Loads a playbook that is a text and no file; what it names is looked for in the working folder.
pub fn load_text(loader: &Loader, name: &str, text: &str, found: &mut Diagnostics) -> Vec<Arc<Play>> {
    let id = loader.sources.add(Source::new(name, None, text));
    let Some(node) = yaml::parse(id, &loader.sources, found) else { return Vec::new() };
    loader.plays(&node, Path::new(name), None, 0, found)
}

impl Loader {
    /// Makes a loader with the folders in which Ansible looks for roles.
    pub fn new(sources: Arc<SourceMap>, extra_vars: Arc<Layer>) -> Loader {
        let roles_path =
            ["~/.ansible/roles", "/usr/share/ansible/roles", "/etc/ansible/roles"].map(expand_home).to_vec();
        let collections_path = ["~/.ansible/collections", "/usr/share/ansible/collections"].map(expand_home).to_vec();
        let (play_defaults, prompts) = (Mapping::default(), Prompts::default());
        Loader {
            sources,
            roles_path,
            collections_path,
            play_defaults,
            prompts,
            missing_handler_is_error: true,
            extra_vars,
        }
    }

    pub(super) fn playbook(
        &self,
        path: &Path,
        import: Option<(&Mapping, Span)>,
        depth: usize,
        found: &mut Diagnostics,
    ) -> Vec<Arc<Play>> {
        if depth > super::task::MAX_DEPTH {
            let mut error = Diagnostic::error("E0610", format!("`{}` imports itself", path.display()));
            if let Some((_, span)) = import {
                error = error.at(span);
            }
            found.push(error);
            return Vec::new();
        }
        let Some(node) = self.read(path, import.map(|(_, span)| span), found) else { return Vec::new() };
        self.plays(&node, path, import, depth, found)
    }

    /// Reads the list of plays that a playbook is.
    fn plays(
        &self,
        node: &Node,
        path: &Path,
        import: Option<(&Mapping, Span)>,
        depth: usize,
        found: &mut Diagnostics,
    ) -> Vec<Arc<Play>> {
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        let Some(plays) = node.as_seq() else {
            let what = if node.is_null() { "empty".to_owned() } else { format!("a {}", node.kind_name()) };
            found.push(
                Diagnostic::error("E0600", format!("a playbook is a list of plays, `{}` is {what}", path.display()))
                    .at(node.span)
                    .help("begin every play with `- hosts: …`"),
            );
            return Vec::new();
        };
        plays.iter().flat_map(|play| self.play_or_import(play, &dir, import, depth, found)).collect()
    }

    /// Reads a YAML file; the error of a missing one points at the place that names it.
    pub(super) fn read(&self, path: &Path, named_at: Option<Span>, found: &mut Diagnostics) -> Option<Node> {
        let id = match self.sources.load(path) {
            Ok(id) => id,
            Err(mut error) => {
                if let (None, Some(span)) = (&error.primary, named_at) {
                    error = error.at(span);
                }
                found.push(error);
                return None;
            }
        };
        let root = yaml::parse(id, &self.sources, found);
        if let Some(root) = root.as_ref().filter(|_| self.sources.get(id).is_sealed) {
            learn_tasks(root, self.sources.keyring());
        }
        root
    }

    /// Reads a file of variables into a layer.
    pub fn vars_file(
        &self,
        path: &Path,
        named_at: Option<Span>,
        origin: Origin,
        found: &mut Diagnostics,
    ) -> Option<Arc<Layer>> {
        let node = self.read(path, named_at, found)?;
        self.layer(&node, origin, found)
    }

    /// Returns the text of a node after rendering it with what is known before there is a host.
    pub(super) fn early_text(
        &self,
        node: &Node,
        files: &SearchPath,
        vars: &[Arc<Layer>],
        what: &str,
        found: &mut Diagnostics,
    ) -> Option<String> {
        match self.early_value(node, files, vars, found)? {
            Value::Str(text) => Some(text.to_string()),
            other => {
                let message = format!("{what} must be text, not a {}", other.kind());
                found.push(Diagnostic::error("E0606", message).at(node.span));
                None
            }
        }
    }

    /// Returns a node rendered with what is known before there is a host: extra variables, the folders, and the variables
    /// that are written around it, the strongest last. `None` (with a diagnostic) when it needs more.
    pub fn early_value(
        &self,
        node: &Node,
        files: &SearchPath,
        vars: &[Arc<Layer>],
        found: &mut Diagnostics,
    ) -> Option<Value> {
        if node.is_static() {
            return Some(node.to_value());
        }
        let scope = EarlyScope { extra: Arc::clone(&self.extra_vars), vars: vars.to_vec(), files: files.clone() };
        let templar = Templar::new(Arc::new(scope), files.clone(), Arc::clone(&self.sources));
        match templar.node(node) {
            Ok(value) => Some(value),
            Err(failure) => {
                let message = format!("this must be known before the run: {}", failure.message.expose());
                found.push(
                    Diagnostic::error("E0613", message)
                        .at(failure.place.unwrap_or(node.span))
                        .help("known here are extra variables (-e), the play's, and those that stand around this"),
                );
                None
            }
        }
    }

    /// Returns what tasks inherit when `apply` of an include is added to what stands around it.
    pub fn apply(&self, apply: &Mapping, around: &Inherited, found: &mut Diagnostics) -> Inherited {
        self.inherit(apply, around, Origin::BlockVars, found)
    }

    /// Reads a file of tasks as `include_tasks` does at run time.
    pub fn include_file(
        &self,
        path: &Path,
        inherited: &Arc<Inherited>,
        handler: bool,
        found: &mut Diagnostics,
    ) -> Vec<Item> {
        let mut inherited = (**inherited).clone();
        inherited.files.task_dir = path.parent().map(Path::to_owned).unwrap_or_default();
        let Some(node) = self.read(path, None, found) else { return Vec::new() };
        let level = if handler { Level::HANDLER } else { Level::TASK };
        self.items(&node, Place { inherited: &Arc::new(inherited), level, depth: 0 }, found)
    }
}

/// What is known before there is a host.
struct EarlyScope {
    extra: Arc<Layer>,
    vars: Vec<Arc<Layer>>,
    files: SearchPath,
}

impl Scope for EarlyScope {
    fn var(&self, name: &str) -> Option<Var> {
        if let Some(var) = self.extra.vars.get(name) {
            return Some(var.clone());
        }
        if let Some(var) = self.vars.iter().rev().find_map(|layer| layer.vars.get(name)) {
            return Some(var.clone());
        }
        let path = match name {
            "playbook_dir" => Some(&self.files.playbook_dir),
            "role_path" => self.files.role.as_ref(),
            _ => None,
        };
        path.map(|path| Var::Data(absolute(path).display().to_string().into()))
    }

    fn names(&self) -> Vec<Arc<str>> {
        let layers = self.vars.iter().chain([&self.extra]);
        layers.flat_map(|layer| layer.vars.keys().cloned()).chain(["playbook_dir".into()]).collect()
    }

    fn host(&self, _: &str) -> Option<Arc<dyn Scope>> {
        None
    }

    fn hosts(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
}
