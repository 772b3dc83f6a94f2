//! Hosts and groups, where they are written, and the patterns that choose among them.
//!
//! The flow: [`load()`] reads every source (`load.rs`) in its format (`ini.rs`, `yaml.rs`, host lists) through one
//! `Builder`, which puts the rules of Ansible's inventory into force (`all`, `ungrouped`, no cycles); then variables of
//! `group_vars/` and `host_vars/` are added (`folders.rs`). Afterwards an [`Inventory`] answers: which groups, which
//! variables in which order of precedence ([`Inventory::layers_of`]), which hosts a pattern means
//! ([`Inventory::select`]).
//!
//! Traps:
//! - Precedence among groups is by depth, priority and name; a layer's [`Origin`] does not know it. Take layers in the
//!   order that [`Inventory::layers_of`] gives, never sorted.
//! - Variables and groups are public for reading. After changing them by hand, what was computed from them before
//!   (depths, shared layers) is stale; [`Inventory::add_host`] and [`Inventory::group_by`] see to it themselves.

mod address;
mod builder;
mod change;
mod constructed;
mod folders;
mod generator;
mod glob;
mod graph;
mod ini;
mod listing;
mod load;
mod matcher;
mod parts;
mod pattern;
mod plugins;
mod python_json;
mod range;
mod script;
mod tables;
#[cfg(test)]
mod tests;
mod toml_text;
mod views;
mod words;
mod yaml;
mod yaml_text;

pub use folders::Newcomers;
pub use listing::Listing;
pub use load::{LoadOptions, load, load_with, read_text};
pub use pattern::{LimitError, PatternError, Selection, Unmatched};
pub use python_json::python_json;
pub use views::{Shadowed, VariableReport, graph_text, host_report};
pub use yaml_text::yaml_text;

use crate::vars::{Layer, Origin, Vars};
use indexmap::{IndexMap, IndexSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Hosts and groups as the sources give them. `all` and `ungrouped` always exist.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Hosts in the order first named.
    pub hosts: IndexMap<Arc<str>, Host>,
    /// Groups in the order first named.
    pub groups: IndexMap<Arc<str>, Group>,
    /// The folder of the first source, for `inventory_dir`.
    pub dir: Option<PathBuf>,
    /// The first source, for `inventory_file`.
    pub file: Option<PathBuf>,
    /// What the implicit localhost has under each of its names: `host_vars/` only, it stands in no source.
    pub(crate) implicit: IndexMap<Arc<str>, Vec<FolderLayer>>,
    /// Where files of variables are looked for.
    pub(crate) folders: folders::Folders,
    /// What follows from the groups' children; made when first asked for.
    pub(crate) index: OnceLock<Arc<graph::Index>>,
}

/// A host.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// The groups that name it themselves.
    pub groups: IndexSet<Arc<str>>,
    /// Variables written beside it in inventory sources.
    pub vars: Vars,
    /// Variables of `host_vars/` folders, in order of precedence.
    pub layers: Vec<FolderLayer>,
    /// These have been looked for.
    pub(crate) is_read: bool,
    /// The source that names it first: a file, or a host list as given.
    pub source: Option<Arc<Path>>,
    /// `vars` as a shared layer; made when first asked for.
    pub(crate) own: OnceLock<Arc<Layer>>,
}

/// A group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Hosts that it names itself.
    pub hosts: IndexSet<Arc<str>>,
    /// Groups that it names as children.
    pub children: IndexSet<Arc<str>>,
    /// Variables written beside it in inventory sources.
    pub vars: Vars,
    /// `ansible_group_priority`, 1 when nobody says.
    pub priority: i64,
    /// Variables of `group_vars/` folders, in order of precedence.
    pub layers: Vec<FolderLayer>,
    /// These have been looked for.
    pub(crate) is_read: bool,
    /// `vars` as a shared layer; made when first asked for.
    pub(crate) own: OnceLock<Arc<Layer>>,
}

/// The variables of one file in a `group_vars/` or `host_vars/` folder.
#[derive(Clone, Debug)]
pub struct FolderLayer {
    /// The number of the folder, in order of precedence: folders beside inventory sources first, the playbook's last.
    pub folder: usize,
    /// Claims that the folder stands beside the playbook.
    pub beside_playbook: bool,
    /// The variables.
    pub layer: Arc<Layer>,
}

/// The names under which a host that no source names is this machine.
pub const LOCALHOST: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The group of every host.
pub const ALL: &str = "all";

/// The group of hosts that no other group names.
pub const UNGROUPED: &str = "ungrouped";

/// Returns the inventory as the sources so far have it, with nothing computed that later sources could make untrue.
fn inventory_of_sources(inventory: &Inventory) -> Inventory {
    Inventory { index: OnceLock::new(), ..inventory.clone() }
}

impl Default for Group {
    fn default() -> Group {
        Group {
            hosts: IndexSet::new(),
            children: IndexSet::new(),
            vars: Vars::default(),
            priority: 1,
            layers: Vec::new(),
            is_read: false,
            own: OnceLock::new(),
        }
    }
}

impl Group {
    /// Returns the variables written beside it as a layer that is shared by all who ask.
    fn own_layer(&self, name: &Arc<str>) -> Option<&Arc<Layer>> {
        if self.vars.is_empty() {
            return None;
        }
        let make = || Arc::new(Layer { origin: Origin::InventoryGroup(Arc::clone(name)), vars: self.vars.clone() });
        Some(self.own.get_or_init(make))
    }
}

impl Host {
    /// Returns the variables written beside it as a layer that is shared by all who ask.
    fn own_layer(&self) -> Option<&Arc<Layer>> {
        if self.vars.is_empty() {
            return None;
        }
        Some(self.own.get_or_init(|| Arc::new(Layer { origin: Origin::InventoryHost, vars: self.vars.clone() })))
    }

    /// Returns the folder of the source that names it first, for `inventory_dir`.
    pub fn source_dir(&self) -> Option<&Path> {
        self.source.as_deref().filter(|source| source.is_absolute()).and_then(Path::parent)
    }
}
