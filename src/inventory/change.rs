//! Hosts and groups that come at run time: `add_host`, `group_by`.

use super::builder::settle_ungrouped;
use super::{ALL, Group, Host, Inventory};
use crate::vars::Var;
use std::sync::{Arc, OnceLock};

impl Inventory {
    /// Gives a group variables, over those that it has.
    pub fn set_group_vars(&mut self, group: &str, vars: impl IntoIterator<Item = (Arc<str>, Var)>) {
        self.ensure_group(group);
        if let Some(group) = self.groups.get_mut(group) {
            group.vars.extend(vars);
            group.own = Default::default();
        }
    }

    /// Adds a host, or gives one that is there more groups and variables. Says whether anything is new.
    ///
    /// A new host also belongs to `all` itself, so that it comes before those that sources name, as in Ansible.
    pub fn add_host(&mut self, name: &str, groups: &[&str], vars: impl IntoIterator<Item = (Arc<str>, Var)>) -> bool {
        let mut changed = false;
        let name: Arc<str> = match self.hosts.get_key_value(name) {
            Some((name, _)) => Arc::clone(name),
            None => {
                let name: Arc<str> = name.into();
                self.hosts.insert(Arc::clone(&name), Host::default());
                self.put_into(&name, ALL);
                changed = true;
                name
            }
        };
        for group in groups {
            self.ensure_group(group);
            changed |= self.put_into(&name, group);
        }
        if let Some(host) = self.hosts.get_mut(&name) {
            for (key, var) in vars {
                changed |= host.vars.insert(key, var.clone()) != Some(var);
            }
            host.own = OnceLock::new();
        }
        if changed {
            self.settle();
        }
        changed
    }

    /// Puts a host into a group that may be new and that stands in the `parents` given. Says whether anything is new;
    /// a link that would make a cycle is left out.
    pub fn group_by(&mut self, host: &str, group: &str, parents: &[&str]) -> bool {
        let Some((host, _)) = self.hosts.get_key_value(host) else { return false };
        let host = Arc::clone(host);
        let mut changed = self.ensure_group(group);
        for parent in parents {
            changed |= self.ensure_group(parent);
            let leads_back = self.groups_under(group).contains(*parent);
            let child = self.groups.get_key_value(group).map(|(name, _)| Arc::clone(name));
            if let (Some(child), Some(parent), false) = (child, self.groups.get_mut(*parent), leads_back) {
                changed |= parent.children.insert(child);
            }
        }
        changed |= self.put_into(&host, group);
        if changed {
            self.settle();
        }
        changed
    }

    /// Makes a group; says whether it is new.
    fn ensure_group(&mut self, name: &str) -> bool {
        let new = !self.groups.contains_key(name);
        if new {
            self.groups.insert(name.into(), Group::default());
        }
        new
    }

    /// Puts a host into a group; says whether it was not there.
    fn put_into(&mut self, host: &Arc<str>, group: &str) -> bool {
        self.ensure_group(group);
        let Some((name, _)) = self.groups.get_key_value(group) else { return false };
        let name = Arc::clone(name);
        if let Some(host) = self.hosts.get_mut(host) {
            host.groups.insert(Arc::clone(&name));
        }
        self.groups.get_mut(&name).is_some_and(|group| group.hosts.insert(Arc::clone(host)))
    }

    /// Puts the rules of an inventory into force again: every group is inside `all`, hosts without one in `ungrouped`.
    fn settle(&mut self) {
        self.index = OnceLock::new();
        let contained: std::collections::HashSet<Arc<str>> =
            self.groups.values().flat_map(|group| group.children.iter().cloned()).collect();
        let orphans: Vec<Arc<str>> =
            self.groups.keys().filter(|name| &***name != ALL && !contained.contains(*name)).cloned().collect();
        if let Some(all) = self.groups.get_mut(ALL) {
            all.children.extend(orphans);
        }
        settle_ungrouped(self);
    }
}
