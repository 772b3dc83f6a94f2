//! What follows from which group contains which: hosts of a group, groups of a host, the order of their variables.

use super::{ALL, FolderLayer, Group, Inventory, LOCALHOST, UNGROUPED};
use crate::value::Value;
use crate::vars::{Layer, Origin, Var};
use indexmap::IndexSet;
use std::sync::Arc;

/// What follows from the children of all groups. Groups are known by their place in [`Inventory::groups`].
#[derive(Debug)]
pub(crate) struct Index {
    /// The length of the longest way from `all`.
    pub depth: Vec<usize>,
    /// The groups that name it as a child.
    parents: Vec<Vec<usize>>,
    /// The place in the order of precedence: by depth, priority, name.
    rank: Vec<usize>,
}

impl Index {
    fn new(inventory: &Inventory) -> Index {
        let groups = &inventory.groups;
        let mut parents: Vec<Vec<usize>> = vec![Vec::new(); groups.len()];
        for (at, group) in groups.values().enumerate() {
            for child in group.children.iter().filter_map(|child| groups.get_index_of(child)) {
                parents[child].push(at);
            }
        }
        let mut index = Index { depth: vec![0; groups.len()], rank: vec![0; groups.len()], parents };
        for at in parents_first(&index.parents) {
            let is_all = groups.get_index(at).is_some_and(|(name, _)| &**name == ALL);
            let above = index.parents[at].iter().map(|parent| index.depth[*parent]).max().unwrap_or(0);
            index.depth[at] = if is_all { 0 } else { above + 1 };
        }
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by_key(|at| {
            let (name, priority) = groups.get_index(*at).map_or(("", 1), |(name, group)| (&**name, group.priority));
            (index.depth[*at], priority, name)
        });
        for (rank, at) in order.into_iter().enumerate() {
            index.rank[at] = rank;
        }
        index
    }
}

/// Returns all groups so that parents come before their children. Groups in a cycle come last; sources with cycles are
/// refused, so that this concerns only inventories put together by hand.
fn parents_first(parents: &[Vec<usize>]) -> Vec<usize> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); parents.len()];
    for (at, above) in parents.iter().enumerate() {
        above.iter().for_each(|parent| children[*parent].push(at));
    }
    let mut waits: Vec<usize> = parents.iter().map(Vec::len).collect();
    let mut order: Vec<usize> = (0..parents.len()).filter(|at| waits[*at] == 0).collect();
    let mut next = 0;
    while let Some(&at) = order.get(next) {
        next += 1;
        for child in &children[at] {
            waits[*child] -= 1;
            if waits[*child] == 0 {
                order.push(*child);
            }
        }
    }
    order.extend((0..parents.len()).filter(|at| waits[*at] > 0));
    order
}

impl Inventory {
    fn index(&self) -> &Index {
        self.index.get_or_init(|| Arc::new(Index::new(self)))
    }

    /// Returns the length of the longest way from `all` to the group.
    pub fn depth_of(&self, group: &str) -> Option<usize> {
        self.groups.get_index_of(group).map(|at| self.index().depth[at])
    }

    /// Returns the places of a host's groups and all that contain them, without `all`, in no order.
    fn lineage_of(&self, host: &str) -> Vec<usize> {
        let index = self.index();
        let direct = self.hosts.get(host).into_iter().flat_map(|host| &host.groups);
        let mut todo: Vec<usize> = direct.filter_map(|group| self.groups.get_index_of(group)).collect();
        let mut seen: IndexSet<usize> = IndexSet::new();
        while let Some(at) = todo.pop() {
            if seen.insert(at) {
                todo.extend(&index.parents[at]);
            }
        }
        if let Some(all) = self.groups.get_index_of(ALL) {
            seen.swap_remove(&all);
        }
        seen.into_iter().collect()
    }

    /// Returns the names of a host's groups for `group_names`: with the groups that contain them, without `all`, sorted.
    /// Empty for the implicit localhost.
    pub fn groups_of(&self, host: &str) -> Vec<Arc<str>> {
        let places = self.lineage_of(host);
        let mut names: Vec<Arc<str>> =
            places.into_iter().filter_map(|at| self.groups.get_index(at)).map(|(name, _)| Arc::clone(name)).collect();
        names.sort();
        names
    }

    /// Returns a host's groups in the order of precedence of their variables, lowest first, without `all`.
    fn ranked_groups(&self, host: &str) -> Vec<(&Arc<str>, &Group)> {
        let rank = &self.index().rank;
        let mut places = self.lineage_of(host);
        places.sort_by_key(|at| rank[*at]);
        places.into_iter().filter_map(|at| self.groups.get_index(at)).collect()
    }

    /// Returns the hosts of a group and of those inside it, in inventory order: its own, its children's, then those
    /// further down, level by level. Empty when there is no such group.
    pub fn hosts_of(&self, group: &str) -> Vec<Arc<str>> {
        let mut hosts: IndexSet<Arc<str>> = IndexSet::new();
        for name in self.groups_under(group) {
            if let Some(group) = self.groups.get(&name) {
                hosts.extend(group.hosts.iter().cloned());
            }
        }
        hosts.into_iter().collect()
    }

    /// Returns a group and all inside it, level by level.
    pub(super) fn groups_under(&self, group: &str) -> IndexSet<Arc<str>> {
        let mut reached: IndexSet<Arc<str>> =
            self.groups.get_key_value(group).map(|(name, _)| Arc::clone(name)).into_iter().collect();
        let mut next = 0;
        while let Some(name) = reached.get_index(next).cloned() {
            next += 1;
            if let Some(group) = self.groups.get(&name) {
                reached.extend(group.children.iter().cloned());
            }
        }
        reached
    }

    /// Returns hosts in the order in which `all` has them.
    pub fn in_order(&self, mut hosts: Vec<Arc<str>>) -> Vec<Arc<str>> {
        let all: IndexSet<Arc<str>> = self.hosts_of("all").into_iter().collect();
        hosts.sort_by_key(|host| all.get_index_of(host).unwrap_or(usize::MAX));
        hosts
    }

    /// Returns the layers of a host's variables in Ansible's order, lowest precedence first: variables of its groups in
    /// the sources, `group_vars/` (first of `all`, then of the other groups; beside the inventory before beside the
    /// playbook), the host's own in the sources, `host_vars/`.
    ///
    /// Layers of groups are shared between hosts. A name of this machine that no source knows is the implicit
    /// localhost; any other unknown name has no layers.
    pub fn layers_of(&self, host: &str) -> Vec<Arc<Layer>> {
        let known = self.hosts.get(host);
        if known.is_none() && !LOCALHOST.contains(&host) {
            return Vec::new();
        }
        let all: Vec<(&Arc<str>, &Group)> = self.groups.get_key_value(ALL).into_iter().collect();
        let groups = self.ranked_groups(host);
        let mut layers: Vec<Arc<Layer>> = Vec::new();
        for (name, group) in all.iter().chain(&groups) {
            layers.extend(group.own_layer(name).cloned());
        }
        for beside_playbook in [false, true] {
            layers.extend(by_folder(&all, beside_playbook));
        }
        for beside_playbook in [false, true] {
            layers.extend(by_folder(&groups, beside_playbook));
        }
        match known {
            Some(host) => {
                layers.extend(host.own_layer().cloned());
                layers.extend(host.layers.iter().map(|folder| Arc::clone(&folder.layer)));
            }
            None => {
                layers.push(implicit_localhost());
                let found = self.implicit.get(host).into_iter().flatten();
                layers.extend(found.map(|folder| Arc::clone(&folder.layer)));
            }
        }
        layers
    }

    /// Returns the names for the magic variable `groups`: every group with its hosts.
    pub fn groups_with_hosts(&self) -> Vec<(Arc<str>, Vec<Arc<str>>)> {
        self.groups.keys().map(|name| (Arc::clone(name), self.hosts_of(name))).collect()
    }
}

/// Returns the groups' layers of `group_vars/` folders, one folder after the other and inside of it one group after the
/// other: a folder of a later source wins over deeper groups of an earlier one.
fn by_folder(groups: &[(&Arc<str>, &Group)], beside_playbook: bool) -> Vec<Arc<Layer>> {
    let mut found: Vec<&FolderLayer> = groups
        .iter()
        .flat_map(|(_, group)| &group.layers)
        .filter(|folder| folder.beside_playbook == beside_playbook)
        .collect();
    // Stable: groups, and files of one group, keep their order.
    found.sort_by_key(|folder| folder.folder);
    found.into_iter().map(|folder| Arc::clone(&folder.layer)).collect()
}

/// Returns what the implicit localhost has of its own.
fn implicit_localhost() -> Arc<Layer> {
    let mut layer = Layer::new(Origin::InventoryHost);
    layer.vars.insert("ansible_connection".into(), Var::Data(Value::from("local")));
    Arc::new(layer)
}

/// Claims that a host's own groups leave it ungrouped.
pub(super) fn is_ungrouped<'a>(mut groups: impl Iterator<Item = &'a Arc<str>>) -> bool {
    groups.all(|group| matches!(&**group, ALL | UNGROUPED))
}
