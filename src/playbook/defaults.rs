//! `module_defaults`: arguments of modules by their names, and by the groups of modules that collections on disk define.

use super::action::{check_defaults, defaults_in};
use super::collection::qualified;
use super::load::Loader;
use super::words::check_dictionaries;
use super::{Inherited, Settings};
use crate::module::{self, Module};
use crate::source::{Diagnostic, Diagnostics, did_you_mean};
use crate::yaml::Node;

/// The groups that ansible-core itself names. All their modules are in collections that are written in Python.
const BUILTIN_GROUPS: [&str; 10] = ["acme", "aws", "azure", "cpm", "docker", "gcp", "k8s", "os", "ovirt", "vmware"];

/// How deep groups may name each other: far above what anybody writes.
const MAX_DEPTH: usize = 20;

impl Settings {
    /// Returns the defaults that concern a module, the weakest first: those of its groups, and those of its names. Of
    /// several for the same name the last counts alone; `entries` are in the order from the play to the task.
    pub fn defaults_of<T>(&self, module: &Module, entries: impl Iterator<Item = (String, T)>) -> Vec<T> {
        let (mut of_groups, mut own): (Vec<(String, T)>, Option<T>) = (Vec::new(), None);
        for (name, value) in entries {
            match name.strip_prefix("group/") {
                Some(group) => {
                    let members = self.module_groups.get(group).map(Vec::as_slice).unwrap_or_default();
                    if members.contains(&module.name) {
                        of_groups.retain(|(known, _)| *known != name);
                        of_groups.push((name, value));
                    }
                }
                None if module::find(&name).is_some_and(|(found, _)| found.name == module.name) => own = Some(value),
                None => {}
            }
        }
        of_groups.into_iter().map(|(_, value)| value).chain(own).collect()
    }
}

impl Loader {
    /// Checks `module_defaults`, and finds out which modules are in the groups that are named there.
    pub(super) fn learn_defaults(&self, node: Option<&Node>, inherited: &mut Inherited, found: &mut Diagnostics) {
        check_dictionaries(node, "module_defaults", found);
        let parts = node.into_iter().flat_map(|node| node.as_seq().unwrap_or(std::slice::from_ref(node)));
        for part in parts.filter(|part| part.as_str().is_some() && !part.is_static()) {
            let message = "`module_defaults` must be a dictionary of names that are written out, not one template";
            let help = "the arguments may be a template: `module_defaults: {MODULE: \"{{ … }}\"}`";
            found.push(Diagnostic::error("E0606", message).at(part.span).help(help));
        }
        check_defaults(node, found);
        for (key, key_node, _) in defaults_in(node) {
            let name = key.to_string();
            let Some(group) = name.strip_prefix("group/") else { continue };
            if inherited.settings.module_groups.contains_key(group) {
                continue;
            }
            let mut modules = Vec::new();
            let is_known = self.group_modules(group, inherited, &mut modules, 0, found);
            if !is_known {
                found.push(
                    Diagnostic::error("E0614", format!("no group of modules `{group}`"))
                        .at(key_node.span)
                        .maybe_help(did_you_mean(group, BUILTIN_GROUPS)),
                );
            } else if modules.is_empty() {
                let message =
                    format!("defaults of `{name}` have no effect: no module here is known to be in that group");
                found.push(Diagnostic::warning("W0614", message).at(key_node.span).help(
                    "groups are read from `meta/runtime.yml` of collections on disk: `group/NAMESPACE.COLLECTION.NAME`",
                ));
            }
            inherited.settings.module_groups.insert(group.into(), modules);
        }
    }

    /// Collects the modules of a group, and of those that it extends. Returns false when there is no such group; of a
    /// collection that is not on disk nobody knows.
    fn group_modules(
        &self,
        group: &str,
        inherited: &Inherited,
        modules: &mut Vec<&'static str>,
        depth: usize,
        found: &mut Diagnostics,
    ) -> bool {
        let Some((namespace, collection, short)) = qualified(group).filter(|_| depth < MAX_DEPTH) else {
            return BUILTIN_GROUPS.contains(&group) || depth >= MAX_DEPTH;
        };
        let folders = self.collection_folders(namespace, collection, &inherited.files.playbook_dir);
        if !folders.iter().any(|folder| folder.is_dir()) {
            return true;
        }
        let mut files = folders.iter().map(|folder| folder.join("meta/runtime.yml"));
        let Some(runtime) = files.find(|file| file.is_file()).and_then(|file| self.read(&file, None, found)) else {
            return false;
        };
        let members = runtime.as_map().and_then(|map| map.get("action_groups")?.as_map()?.get(short)?.as_seq());
        let whole = |name: &str, dots: usize| match name.matches('.').count() >= dots {
            true => name.to_owned(),
            false => format!("{namespace}.{collection}.{name}"),
        };
        let Some(members) = members else { return false };
        for member in members {
            if let Some(name) = member.as_str() {
                let known = module::find(&whole(name, 1)).map(|(module, _)| module.name);
                modules.extend(known.filter(|name| !modules.contains(name)));
            }
            let extended = member.as_map().and_then(|map| map.get("metadata")?.as_map()?.get("extend_group"));
            let extended = extended.map(|node| node.as_seq().unwrap_or(std::slice::from_ref(node))).unwrap_or_default();
            for name in extended.iter().filter_map(Node::as_str) {
                self.group_modules(&whole(name, 2), inherited, modules, depth + 1, found);
            }
        }
        true
    }
}
