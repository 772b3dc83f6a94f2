//! `group_vars/` and `host_vars/` beside inventory sources and beside the playbook.

use super::{ALL, FolderLayer, Inventory, LOCALHOST};
use crate::source::{Diagnostic, Diagnostics, SourceMap, plain_io_error};
use crate::vars::{Layer, Origin, VARS_EXTENSIONS, Var, load_vars_file, vars_files_in};
use indexmap::IndexMap;
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Adds the variables of all folders: those beside the sources in their order, the playbook's last. Only files of
/// groups and hosts that exist are read.
pub(super) fn add(
    inventory: &mut Inventory,
    beside_sources: &[PathBuf],
    playbook_dir: Option<&Path>,
    sources: &SourceMap,
    found: &mut Diagnostics,
) {
    for (number, place) in places(beside_sources, playbook_dir).into_iter().enumerate() {
        let mut folder = Folder { number, beside_playbook: place.beside_playbook, sources, found };
        folder.add_groups(inventory, &place.path.join("group_vars"));
        folder.add_hosts(inventory, &place.path.join("host_vars"));
    }
}

/// A folder in which `group_vars/` and `host_vars/` may stand.
struct Place {
    path: PathBuf,
    beside_playbook: bool,
}

/// Returns the places in order of precedence. One that is given more than once counts where it comes last, which
/// changes no value: it would only be covered by itself.
fn places(beside_sources: &[PathBuf], playbook_dir: Option<&Path>) -> Vec<Place> {
    let real = |path: &Path| {
        // The folder of a bare file name is written as nothing, and nothing cannot be resolved.
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        path.canonicalize().unwrap_or_else(|_| path.to_owned())
    };
    let mut seen = HashSet::new();
    let mut places: Vec<Place> = Vec::new();
    let playbook = playbook_dir.map(|path| Place { path: path.to_owned(), beside_playbook: true });
    let others = beside_sources.iter().rev().map(|path| Place { path: path.clone(), beside_playbook: false });
    for place in playbook.into_iter().chain(others) {
        if seen.insert(real(&place.path)) {
            places.push(place);
        }
    }
    places.reverse();
    places
}

struct Folder<'a> {
    number: usize,
    beside_playbook: bool,
    sources: &'a SourceMap,
    found: &'a mut Diagnostics,
}

impl Folder<'_> {
    fn add_groups(&mut self, inventory: &mut Inventory, dir: &Path) {
        let Some(entries) = self.entries(dir) else { return };
        for (name, group) in &mut inventory.groups {
            let origin = match (self.beside_playbook, &**name) {
                (false, ALL) => Origin::InventoryGroupVarsAll,
                (true, ALL) => Origin::PlaybookGroupVarsAll,
                (false, _) => Origin::InventoryGroupVars(Arc::clone(name)),
                (true, _) => Origin::PlaybookGroupVars(Arc::clone(name)),
            };
            for layer in self.layers(dir, &entries, name, &origin) {
                self.warn_about_priority(&layer.layer);
                group.layers.push(layer);
            }
        }
    }

    fn add_hosts(&mut self, inventory: &mut Inventory, dir: &Path) {
        let Some(entries) = self.entries(dir) else { return };
        let origin = match self.beside_playbook {
            false => Origin::InventoryHostVars,
            true => Origin::PlaybookHostVars,
        };
        for (name, host) in &mut inventory.hosts {
            host.layers.extend(self.layers(dir, &entries, name, &origin));
        }
        for name in LOCALHOST.into_iter().filter(|name| !inventory.hosts.contains_key(*name)) {
            let layers = self.layers(dir, &entries, name, &origin);
            if !layers.is_empty() {
                inventory.implicit.entry(name.into()).or_default().extend(layers);
            }
        }
    }

    /// Returns the names in a folder, so that thousands of hosts need no look at the disk each. `None` when there is no
    /// such folder.
    fn entries(&mut self, dir: &Path) -> Option<HashSet<OsString>> {
        if !dir.exists() {
            return None;
        }
        if !dir.is_dir() {
            let message = format!("`{}` is not a folder", dir.display());
            self.found.push(Diagnostic::warning("W0444", message).help("it is skipped"));
            return None;
        }
        let entries = std::fs::read_dir(dir).and_then(|entries| entries.map(|e| e.map(|e| e.file_name())).collect());
        entries
            .map_err(|error| {
                let message = format!("cannot read `{}`: {}", dir.display(), plain_io_error(&error));
                self.found.push(Diagnostic::error("E0001", message));
            })
            .ok()
    }

    /// Reads the files of one group or host: a layer for each.
    fn layers(&mut self, dir: &Path, entries: &HashSet<OsString>, name: &str, origin: &Origin) -> Vec<FolderLayer> {
        // A name with a slash is a path (of a chroot, say), and none inside this folder.
        if name.contains('/') {
            return Vec::new();
        }
        let names = VARS_EXTENSIONS.iter().map(|extension| OsString::from(format!("{name}{extension}")));
        let Some(first) = names.into_iter().find(|name| entries.contains(name)) else { return Vec::new() };
        let mut layers = Vec::new();
        for file in vars_files_in(&dir.join(first)) {
            let vars: IndexMap<Arc<str>, Var> = load_vars_file(&file, self.sources, self.found);
            if !vars.is_empty() {
                let layer = Arc::new(Layer { origin: origin.clone(), vars });
                layers.push(FolderLayer { folder: self.number, beside_playbook: self.beside_playbook, layer });
            }
        }
        layers
    }

    /// The priority has to be known before variables are, so that only the sources can set it.
    fn warn_about_priority(&mut self, layer: &Layer) {
        if let Some(Var::Author(node)) = layer.vars.get("ansible_group_priority") {
            self.found.push(
                Diagnostic::warning("W0442", "`ansible_group_priority` has no effect in `group_vars`")
                    .at(node.span)
                    .help("set it where the inventory declares the group"),
            );
        }
    }
}
