//! Hosts and groups, where they are written, and the patterns that choose among them.

use crate::vars::{Layer, Var};
use indexmap::{IndexMap, IndexSet};
use std::sync::Arc;

/// Hosts and groups as the sources give them. `all` and `ungrouped` always exist.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Hosts in the order first named.
    pub hosts: IndexMap<Arc<str>, Host>,
    /// Groups in the order first named.
    pub groups: IndexMap<Arc<str>, Group>,
    /// The folder of the first source, for `inventory_dir`.
    pub dir: Option<std::path::PathBuf>,
    /// The first source, for `inventory_file`.
    pub file: Option<std::path::PathBuf>,
}

/// A host.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// The groups that name it themselves.
    pub groups: IndexSet<Arc<str>>,
    /// Variables written beside it in inventory sources.
    pub vars: IndexMap<Arc<str>, Var>,
    /// Variables of `host_vars/` folders, in order of precedence.
    pub layers: Vec<Arc<Layer>>,
}

/// A group.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Hosts that it names itself.
    pub hosts: IndexSet<Arc<str>>,
    /// Groups that it names as children.
    pub children: IndexSet<Arc<str>>,
    /// Variables written beside it in inventory sources.
    pub vars: IndexMap<Arc<str>, Var>,
    /// `ansible_group_priority`, 1 when nobody says.
    pub priority: i64,
    /// Variables of `group_vars/` folders, in order of precedence.
    pub layers: Vec<Arc<Layer>>,
}
