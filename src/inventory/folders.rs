//! `group_vars/` and `host_vars/` beside inventory sources and beside the playbook.

use super::{ALL, FolderLayer, Inventory, LOCALHOST};
use crate::source::{Diagnostic, Diagnostics, SourceMap, plain_io_error};
use crate::vars::{Layer, Origin, VARS_EXTENSIONS, Var, load_vars_file, vars_files_in};
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Adds the variables of all folders: those beside the sources in their order, the playbook's last. Only files of
/// groups and hosts that exist are read; those of names that come later are read then ([`Inventory::read_files_of`]).
pub(super) fn add(
    inventory: &mut Inventory,
    beside_sources: &[PathBuf],
    playbook_dir: Option<&Path>,
    sources: &Arc<SourceMap>,
    found: &mut Diagnostics,
) {
    inventory.folders = Folders { places: places(beside_sources, playbook_dir).into(), sources: Arc::clone(sources) };
    let Folders { places, sources } = inventory.folders.clone();
    for (number, place) in places.iter().enumerate() {
        let mut folder = Folder { number, beside_playbook: place.beside_playbook, sources: &sources, found };
        folder.add_groups(inventory, &place.path.join(GROUPS));
        folder.add_hosts(inventory, &place.path.join(HOSTS));
    }
    inventory.groups.values_mut().for_each(|group| group.is_read = true);
    inventory.hosts.values_mut().for_each(|host| host.is_read = true);
}

const GROUPS: &str = "group_vars";
const HOSTS: &str = "host_vars";

/// The folders in which an inventory looks for files of variables, in order of precedence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folders {
    places: Arc<[Place]>,
    sources: Arc<SourceMap>,
}

/// Names of hosts and groups that come to an inventory.
#[derive(Clone, Debug, Default)]
pub struct Newcomers {
    /// Hosts.
    pub hosts: Vec<Arc<str>>,
    /// Groups.
    pub groups: Vec<Arc<str>>,
}

impl Inventory {
    /// Reads the files of variables of hosts and groups that are there now, and were not when files were read.
    pub fn read_files_of(&mut self, newcomers: &Newcomers, found: &mut Diagnostics) {
        for name in &newcomers.groups {
            if self.groups.get(name).is_some_and(|group| !group.is_read) {
                let layers = self.folders.of_group(name, found);
                if let Some(group) = self.groups.get_mut(name) {
                    group.layers.extend(layers);
                    group.is_read = true;
                }
            }
        }
        for name in &newcomers.hosts {
            if self.hosts.get(name).is_some_and(|host| !host.is_read) {
                let layers = self.folders.of_host(name, found);
                if let Some(host) = self.hosts.get_mut(name) {
                    host.layers.extend(layers);
                    host.is_read = true;
                }
            }
        }
    }

    /// Says what is wrong with the files of names that are to come; nothing about those that are there.
    pub fn check_files_of(&self, newcomers: &Newcomers, found: &mut Diagnostics) {
        for name in newcomers.groups.iter().filter(|name| !self.groups.contains_key(*name)) {
            self.folders.of_group(name, found);
        }
        for name in newcomers.hosts.iter().filter(|name| !self.hosts.contains_key(*name)) {
            self.folders.of_host(name, found);
        }
    }

    /// Returns the variables of files whose names are of no host and no group so far: what a run may bring. Those that
    /// cannot be read are left out.
    pub fn layers_to_come(&self) -> Vec<Arc<Layer>> {
        let Folders { places, sources } = &self.folders;
        let mut layers = Vec::new();
        for place in places.iter() {
            let mut found = Diagnostics::new();
            let mut folder = Folder { number: 0, beside_playbook: place.beside_playbook, sources, found: &mut found };
            for (dir, origin) in [(GROUPS, Origin::PlaybookGroupVarsAll), (HOSTS, Origin::PlaybookHostVars)] {
                let dir = place.path.join(dir);
                let Some(entries) = folder.entries(&dir) else { continue };
                let names: HashSet<&str> = entries.iter().filter_map(|entry| entry.to_str().map(bare)).collect();
                let is_there = |name: &str| {
                    if dir.ends_with(GROUPS) { self.groups.contains_key(name) } else { self.hosts.contains_key(name) }
                };
                for name in names.into_iter().filter(|name| !name.starts_with('.') && !is_there(name)) {
                    let of_name = folder.layers(&dir, |file| entries.contains(file), name, &origin);
                    layers.extend(of_name.into_iter().map(|folder| folder.layer));
                }
            }
        }
        layers
    }
}

/// Returns the name of a host or group that a file of variables is about.
fn bare(entry: &str) -> &str {
    let extensions = VARS_EXTENSIONS.iter().filter(|extension| !extension.is_empty());
    extensions.into_iter().find_map(|extension| entry.strip_suffix(extension)).unwrap_or(entry)
}

impl Folders {
    fn of_group(&self, name: &Arc<str>, found: &mut Diagnostics) -> Vec<FolderLayer> {
        self.of(GROUPS, found, |folder, dir| {
            let layers = folder.layers(dir, |file| dir.join(file).exists(), name, &folder.origin_of_group(name));
            layers.iter().for_each(|layer| folder.warn_about_priority(&layer.layer));
            layers
        })
    }

    fn of_host(&self, name: &Arc<str>, found: &mut Diagnostics) -> Vec<FolderLayer> {
        self.of(HOSTS, found, |folder, dir| {
            folder.layers(dir, |file| dir.join(file).exists(), name, &folder.origin_of_host())
        })
    }

    fn of(
        &self,
        kind: &str,
        found: &mut Diagnostics,
        read: impl Fn(&mut Folder<'_>, &Path) -> Vec<FolderLayer>,
    ) -> Vec<FolderLayer> {
        let mut layers = Vec::new();
        for (number, place) in self.places.iter().enumerate() {
            let mut folder = Folder { number, beside_playbook: place.beside_playbook, sources: &self.sources, found };
            layers.extend(read(&mut folder, &place.path.join(kind)));
        }
        layers
    }
}

/// A folder in which `group_vars/` and `host_vars/` may stand.
#[derive(Clone, Debug)]
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
            let origin = self.origin_of_group(name);
            for layer in self.layers(dir, |file| entries.contains(file), name, &origin) {
                self.warn_about_priority(&layer.layer);
                group.layers.push(layer);
            }
        }
    }

    fn add_hosts(&mut self, inventory: &mut Inventory, dir: &Path) {
        let Some(entries) = self.entries(dir) else { return };
        let origin = self.origin_of_host();
        let is_there = |file: &OsString| entries.contains(file);
        for (name, host) in &mut inventory.hosts {
            host.layers.extend(self.layers(dir, is_there, name, &origin));
        }
        for name in LOCALHOST.into_iter().filter(|name| !inventory.hosts.contains_key(*name)) {
            let layers = self.layers(dir, is_there, name, &origin);
            if !layers.is_empty() {
                inventory.implicit.entry(name.into()).or_default().extend(layers);
            }
        }
    }

    fn origin_of_group(&self, name: &Arc<str>) -> Origin {
        match (self.beside_playbook, &**name) {
            (false, ALL) => Origin::InventoryGroupVarsAll,
            (true, ALL) => Origin::PlaybookGroupVarsAll,
            (false, _) => Origin::InventoryGroupVars(Arc::clone(name)),
            (true, _) => Origin::PlaybookGroupVars(Arc::clone(name)),
        }
    }

    fn origin_of_host(&self) -> Origin {
        match self.beside_playbook {
            false => Origin::InventoryHostVars,
            true => Origin::PlaybookHostVars,
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
    fn layers(
        &mut self,
        dir: &Path,
        is_there: impl Fn(&OsString) -> bool,
        name: &str,
        origin: &Origin,
    ) -> Vec<FolderLayer> {
        // A name with a slash is a path (of a chroot, say), and none inside this folder.
        if name.contains('/') {
            return Vec::new();
        }
        let mut names = VARS_EXTENSIONS.iter().map(|extension| OsString::from(format!("{name}{extension}")));
        let Some(first) = names.find(|name| is_there(name)) else { return Vec::new() };
        let mut layers = Vec::new();
        for file in vars_files_in(&dir.join(first)) {
            let vars = load_vars_file(&file, self.sources, self.found);
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
