//! What every source goes through on its way into the inventory, and the rules that hold when all are read.

use super::graph::is_ungrouped;
use super::load::LoadOptions;
use super::{ALL, Group, Host, Inventory, UNGROUPED};
use crate::python_regex::Regex;
use crate::source::{Diagnostic, Diagnostics, SourceMap, Span};
use crate::value::Value;
use crate::vars::Var;
use crate::yaml::{Kind, Node};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// After so many cycles no more are looked for: an author who sees these knows enough.
const MAX_CYCLES: usize = 20;

/// Puts an inventory together from its sources, in their order.
pub(super) struct Builder<'a> {
    pub inventory: Inventory,
    pub sources: &'a Arc<SourceMap>,
    pub options: &'a LoadOptions,
    /// Names in folders that are no sources.
    pub ignored_patterns: Vec<Arc<Regex>>,
    /// The folders of the sources so far.
    pub folders: Vec<PathBuf>,
    pub found: &'a mut Diagnostics,
    /// The source that is being read.
    pub current: Option<Arc<Path>>,
    /// Where each child is named.
    edges: HashMap<(Arc<str>, Arc<str>), Span>,
    /// Names of variables: the same few on thousands of hosts.
    names: HashSet<Arc<str>>,
    /// Names that were warned about: once each, not for every host.
    odd_names: HashSet<String>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        sources: &'a Arc<SourceMap>,
        options: &'a LoadOptions,
        found: &'a mut Diagnostics,
    ) -> Builder<'a> {
        let mut inventory = Inventory::default();
        inventory.groups.insert(ALL.into(), Group::default());
        inventory.groups.insert(UNGROUPED.into(), Group::default());
        let mut builder = Builder {
            inventory,
            sources,
            options,
            ignored_patterns: Vec::new(),
            folders: Vec::new(),
            found,
            current: None,
            edges: HashMap::new(),
            names: HashSet::new(),
            odd_names: HashSet::new(),
        };
        builder.link(&ALL.into(), &UNGROUPED.into());
        builder
    }

    /// Returns the group of that name, made if it is new.
    pub(super) fn group(&mut self, name: &str) -> Arc<str> {
        if let Some((name, _)) = self.inventory.groups.get_key_value(name) {
            return Arc::clone(name);
        }
        let name: Arc<str> = name.into();
        self.inventory.groups.insert(Arc::clone(&name), Group::default());
        name
    }

    /// Puts a host into a group; makes it if it is new, with the port written behind its name.
    pub(super) fn host(&mut self, name: &str, group: &Arc<str>, port: Option<(u64, Span)>) -> Arc<str> {
        let known = self.inventory.hosts.get_key_value(name).map(|(name, _)| Arc::clone(name));
        let name = known.unwrap_or_else(|| {
            let name: Arc<str> = name.into();
            let mut host = Host { source: self.current.clone(), ..Host::default() };
            if let Some((port, span)) = port {
                let node = Node::new(Kind::Int(port.into()), span);
                host.vars.insert(self.intern("ansible_port"), Var::Author(node));
            }
            self.inventory.hosts.insert(Arc::clone(&name), host);
            name
        });
        if let Some(group) = self.inventory.groups.get_mut(group) {
            group.hosts.insert(Arc::clone(&name));
        }
        if let Some(host) = self.inventory.hosts.get_mut(&name) {
            host.groups.insert(Arc::clone(group));
        }
        name
    }

    /// Returns the sources for those who keep them.
    pub(super) fn shared_sources(&self) -> Arc<SourceMap> {
        Arc::clone(self.sources)
    }

    /// Sets a variable of a host to what an expression came to: data, which is never rendered again.
    pub(super) fn set_host_data(&mut self, host: &str, name: &str, value: Value) {
        if self.inventory.groups.contains_key(host) {
            return self.set_group_data(host, name, value);
        }
        let name = self.intern(name);
        if let Some(host) = self.inventory.hosts.get_mut(host) {
            host.vars.insert(name, Var::Data(value));
        }
    }

    /// Sets a variable of a group to what an expression came to.
    pub(super) fn set_group_data(&mut self, group: &str, name: &str, value: Value) {
        let name = self.intern(name);
        if let Some(group) = self.inventory.groups.get_mut(group) {
            group.vars.insert(name, Var::Data(value));
        }
    }

    /// Sets a variable of a host. Where a group has the same name the group gets it, as in Ansible.
    pub(super) fn set_host_var(&mut self, host: &str, name: &str, value: Node) {
        if self.inventory.groups.contains_key(host) {
            return self.set_group_var(host, name, value);
        }
        let name = self.intern(name);
        if let Some(host) = self.inventory.hosts.get_mut(host) {
            host.vars.insert(name, Var::Author(value));
        }
    }

    /// Sets a variable of a group, or its priority.
    pub(super) fn set_group_var(&mut self, group: &str, name: &str, value: Node) {
        if name == "ansible_group_priority" {
            let priority = match &value.kind {
                Kind::Int(n) => i64::try_from(*n).ok(),
                Kind::Bool(b) => Some(i64::from(*b)),
                Kind::Str(text) => text.trim().parse().ok(),
                _ => None,
            };
            match (priority, self.inventory.groups.get_mut(group)) {
                (Some(priority), Some(group)) => group.priority = priority,
                _ => self.found.push(
                    Diagnostic::error("E0433", "`ansible_group_priority` is not a whole number")
                        .at_with(value.span, format!("this is a {}", value.kind_name())),
                ),
            }
            return;
        }
        let name = self.intern(name);
        if let Some(group) = self.inventory.groups.get_mut(group) {
            group.vars.insert(name, Var::Author(value));
        }
    }

    /// Puts a group into another one, both of which exist; `span` is where the child is named.
    pub(super) fn child(&mut self, parent: &Arc<str>, child: &Arc<str>, span: Span) {
        if parent == child {
            self.found.push(
                Diagnostic::error("E0430", format!("group `{child}` is its own child"))
                    .at(span)
                    .help("remove the line"),
            );
        } else if &**child == ALL {
            self.found.push(
                Diagnostic::error("E0431", format!("`all` cannot be a child of `{parent}`"))
                    .at(span)
                    .help("`all` contains every group; name the groups that you mean"),
            );
        } else if self.link(parent, child) {
            self.edges.insert((Arc::clone(parent), Arc::clone(child)), span);
        }
    }

    fn link(&mut self, parent: &Arc<str>, child: &Arc<str>) -> bool {
        self.inventory.groups.get_mut(parent).is_some_and(|parent| parent.children.insert(Arc::clone(child)))
    }

    /// Returns one shared copy of a variable's name.
    fn intern(&mut self, name: &str) -> Arc<str> {
        if let Some(name) = self.names.get(name) {
            return Arc::clone(name);
        }
        let name: Arc<str> = name.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    /// Warns about a name that no template can use.
    pub(super) fn check_variable_name(&mut self, name: &str, span: Span) {
        if !is_variable_name(name) && self.odd_names.insert(name.to_string()) {
            let better: String = name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
            let help = is_variable_name(&better).then(|| format!("did you mean `{better}`?"));
            self.found.push(
                Diagnostic::warning("W0443", format!("`{name}` is not a name that templates can use"))
                    .at(span)
                    .maybe_help(help),
            );
        }
    }

    /// Puts the rules into force that hold when all sources are read, and gives the inventory away.
    pub(super) fn finish(mut self) -> Inventory {
        self.refuse_cycles();
        self.adopt_orphans();
        settle_ungrouped(&mut self.inventory);
        let groups = &self.inventory.groups;
        for name in self.inventory.hosts.keys().filter(|name| groups.contains_key(*name)) {
            self.found.push(
                Diagnostic::warning("W0432", format!("`{name}` is the name of a host and of a group"))
                    .note("variables written beside the host count for the whole group, as in Ansible")
                    .help("rename one of them"),
            );
        }
        self.inventory
    }

    /// Puts every group that no other one contains into `all`.
    fn adopt_orphans(&mut self) {
        let groups = &mut self.inventory.groups;
        let contained: HashSet<Arc<str>> = groups.values().flat_map(|group| group.children.iter().cloned()).collect();
        let orphans: Vec<Arc<str>> =
            groups.keys().filter(|name| &***name != ALL && !contained.contains(*name)).cloned().collect();
        if let Some(all) = groups.get_mut(ALL) {
            all.children.extend(orphans);
        }
    }

    /// Reports every cycle once, with the places of its links, and opens it.
    fn refuse_cycles(&mut self) {
        for _ in 0..MAX_CYCLES {
            let Some(cycle) = find_cycle(&self.inventory.groups) else { return };
            let names: Vec<&str> = cycle.iter().map(|name| &**name).collect();
            let mut links = Vec::new();
            for (at, parent) in cycle.iter().enumerate() {
                let child = &cycle[(at + 1) % cycle.len()];
                let span = self.edges.get(&(Arc::clone(parent), Arc::clone(child))).copied();
                links.extend(span.map(|span| (span, format!("`{parent}` contains `{child}`"))));
            }
            let message = format!("groups contain each other: `{}` → `{}`", names.join("` → `"), names[0]);
            let mut diagnostic = Diagnostic::error("E0430", message).help("remove one of these links");
            // The link that closes the cycle was written last.
            if let Some((span, text)) = links.pop() {
                diagnostic = diagnostic.at_with(span, text);
            }
            for (span, text) in links {
                diagnostic = diagnostic.also(span, text);
            }
            self.found.push(diagnostic);
            if let Some(last) = cycle.last().and_then(|last| self.inventory.groups.get_mut(last)) {
                last.children.shift_remove(&cycle[0]);
            }
        }
    }
}

/// Claims that a template can use the name.
fn is_variable_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|c| c.is_alphabetic() || c == '_') && letters.all(|c| c.is_alphanumeric() || c == '_')
}

/// Returns the groups of a cycle, each containing the next, the last the first.
fn find_cycle(groups: &IndexMap<Arc<str>, Group>) -> Option<Vec<Arc<str>>> {
    let mut done: HashSet<usize> = HashSet::new();
    for start in 0..groups.len() {
        if done.contains(&start) {
            continue;
        }
        // The way from the start to the group being looked at, with how many of its children are through. No recursion:
        // a chain of groups may be longer than the stack is deep.
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        let mut on_way: HashSet<usize> = HashSet::from([start]);
        while let Some((at, through)) = way.last_mut() {
            let at = *at;
            let child = groups[at].children.get_index(*through).and_then(|child| groups.get_index_of(child));
            let more = *through < groups[at].children.len();
            *through += 1;
            match child {
                Some(child) if on_way.contains(&child) => {
                    let from = way.iter().position(|(at, _)| *at == child).unwrap_or(0);
                    let names = way[from..].iter().filter_map(|(at, _)| groups.get_index(*at));
                    return Some(names.map(|(name, _)| Arc::clone(name)).collect());
                }
                Some(child) if !done.contains(&child) => {
                    way.push((child, 0));
                    on_way.insert(child);
                }
                _ if more => {}
                _ => {
                    way.pop();
                    on_way.remove(&at);
                    done.insert(at);
                }
            }
        }
    }
    None
}

/// Takes hosts that are in another group out of `ungrouped` and puts those in that are in none.
pub(super) fn settle_ungrouped(inventory: &mut Inventory) {
    let Some(mut ungrouped) = inventory.groups.get_mut(UNGROUPED).map(|group| std::mem::take(&mut group.hosts)) else {
        return;
    };
    let hosts = &mut inventory.hosts;
    ungrouped.retain(|name| hosts.get(name).is_some_and(|host| is_ungrouped(host.groups.iter())));
    for (name, host) in hosts {
        if is_ungrouped(host.groups.iter()) {
            ungrouped.insert(Arc::clone(name));
            host.groups.insert(UNGROUPED.into());
        } else {
            host.groups.shift_remove(UNGROUPED);
        }
    }
    if let Some(group) = inventory.groups.get_mut(UNGROUPED) {
        group.hosts = ungrouped;
    }
}
