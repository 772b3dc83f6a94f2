//! Finding a role, and reading its parts.

use super::{Role, RoleUse, enter_role};
use crate::playbook::collection::qualified;
use crate::playbook::keyword::Level;
use crate::playbook::load::Loader;
use crate::playbook::play::shown;
use crate::playbook::takes::flag;
use crate::playbook::task::Place;
use crate::playbook::{Inherited, Item, RoleTasks, arguments};
use crate::source::{Diagnostic, Diagnostics, Span, did_you_mean, expand_home};
use crate::vars::{Layer, Origin, vars_files_in};
use crate::yaml::Node;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Loader {
    #[expect(clippy::too_many_arguments, reason = "the parts of one use of a role")]
    pub(in crate::playbook) fn role(
        &self,
        name: &str,
        how: &RoleUse,
        params: Option<Arc<Layer>>,
        named_at: Span,
        inherited: &Inherited,
        depth: usize,
        found: &mut Diagnostics,
    ) -> Option<(Arc<Role>, Option<Node>)> {
        let mut places = Vec::new();
        let given = expand_home(name);
        if given.is_absolute() || name.starts_with("./") || name.starts_with("../") {
            places.push(inherited.files.task_dir.join(&given));
        }
        places.push(inherited.files.playbook_dir.join("roles").join(&given));
        let beside = inherited.files.role.as_deref().and_then(Path::parent).or(inherited.role_dir.as_deref());
        places.extend(beside.map(|dir| dir.join(&given)));
        places.extend(self.roles_path.iter().map(|dir| dir.join(&given)));
        places.push(inherited.files.playbook_dir.join(&given));
        let of_collections = self.collection_roles(name, inherited);
        let in_collection = of_collections.iter().find(|(_, place)| place.is_dir());
        places.extend(of_collections.iter().map(|(_, place)| place.clone()));
        let found_at = match in_collection {
            // A role's own collection, and those that are named, come first.
            Some((_, place)) => Some(place.clone()),
            None => places.iter().find(|place| place.is_dir()).cloned(),
        };
        let Some(path) = found_at else {
            let near: Vec<String> = places.iter().filter_map(|place| place.parent()).flat_map(folders).collect();
            found.push(
                Diagnostic::error("E0619", format!("no role `{name}`")).at(named_at).help(
                    did_you_mean(name, near.iter().map(String::as_str))
                        .unwrap_or_else(|| format!("looked in {}", shown(&places))),
                ),
            );
            return None;
        };
        let collection = in_collection.and_then(|(whole, _)| Some(Arc::from(whole.rsplit_once('.')?.0)));
        let name: Arc<str> = match (in_collection, path.file_name()) {
            (Some((whole, _)), _) => whole.as_str().into(),
            // As in Ansible, which has looked everywhere else before it thinks of the home folder.
            (None, Some(last)) if name.starts_with('~') => last.to_string_lossy().into(),
            _ => name.into(),
        };
        let part =
            |folder: &str, from: &Option<String>| part_file(&path.join(folder), from.as_deref().unwrap_or("main"));
        let mut layer = |folder: &str, from: &Option<String>, origin: Origin| {
            let files = vars_parts(&path.join(folder), from.as_deref().unwrap_or("main"));
            if files.is_empty() && from.is_some() {
                found.push(missing_part(&name, folder, from, named_at));
            }
            let mut whole: Option<Layer> = None;
            for file in files {
                let Some(layer) = self.vars_file(&file, Some(named_at), origin.clone(), found) else { continue };
                let vars = layer.vars.iter().map(|(name, var)| (Arc::clone(name), var.clone()));
                whole.get_or_insert_with(|| Layer::new(origin.clone())).vars.extend(vars);
            }
            whole.map(Arc::new)
        };
        let defaults = layer("defaults", &how.defaults_from, Origin::RoleDefaults(Arc::clone(&name)));
        let vars = layer("vars", &how.vars_from, Origin::RoleVars(Arc::clone(&name)));
        let meta = part("meta", &None).and_then(|file| self.read(&file, Some(named_at), found));
        let mut parents: Vec<Arc<str>> = inherited.role.iter().flat_map(|role| role.parents.iter().cloned()).collect();
        parents.extend(inherited.role.iter().map(|role| Arc::clone(&role.name)));
        let key = inherited.uses.key(&name, &path, how);
        let own = || meta.as_ref().and_then(|meta| flag(&meta.as_map()?.get("allow_duplicates")?.to_value()));
        let repeats = how.repeats.unwrap_or_else(|| own().unwrap_or(false));
        let handlers = Vec::new();
        let mut role = Role { name, collection, path, defaults, vars, params, handlers, parents, key, repeats };
        role.handlers = self.role_handlers(&role, how, named_at, inherited, depth, found);
        Some((Arc::new(role), meta))
    }

    /// Returns where collections may have a role: its whole name, and its folder.
    fn collection_roles(&self, name: &str, inherited: &Inherited) -> Vec<(String, PathBuf)> {
        let own = inherited.role.as_ref().and_then(|role| role.collection.as_deref()).map(str::to_owned);
        let wholes: Vec<String> = match (qualified(name), name.contains(['.', '/'])) {
            (Some(_), _) => vec![name.to_owned()],
            (None, true) => Vec::new(),
            (None, false) => own
                .into_iter()
                .chain(inherited.collections.iter().map(ToString::to_string))
                .map(|collection| format!("{collection}.{name}"))
                .collect(),
        };
        let mut places = Vec::new();
        for whole in wholes {
            let Some((namespace, collection, short)) = qualified(&whole) else { continue };
            for folder in self.collection_folders(namespace, collection, &inherited.files.playbook_dir) {
                places.push((whole.clone(), folder.join("roles").join(short)));
            }
        }
        places
    }

    /// Reads a role's handlers. They see the role as it is without them.
    fn role_handlers(
        &self,
        role: &Role,
        how: &RoleUse,
        named_at: Span,
        inherited: &Inherited,
        depth: usize,
        found: &mut Diagnostics,
    ) -> Vec<Item> {
        let from = how.handlers_from.as_deref().unwrap_or("main");
        let Some(file) = part_file(&role.path.join("handlers"), from) else { return Vec::new() };
        let Some(node) = self.read(&file, Some(named_at), found) else { return Vec::new() };
        // As its tasks, they are under the conditions and have the variables of what uses the role.
        let mut inside = Inherited {
            settings: inherited.settings.clone(),
            when: inherited.when.clone(),
            vars: inherited.vars.clone(),
            ..Inherited::default()
        };
        inside.files = inherited.files.clone();
        enter_role(&mut inside, &Arc::new(role.clone()));
        inside.files.task_dir = file.parent().map(Path::to_owned).unwrap_or_default();
        self.items(&node, Place { inherited: &Arc::new(inside), level: Level::HANDLER, depth: depth + 1 }, found)
    }

    /// Reads the tasks of a role; nothing when it has none.
    #[expect(clippy::too_many_arguments, reason = "the parts of one use of a role")]
    pub(in crate::playbook) fn role_tasks(
        &self,
        role: &Arc<Role>,
        how: &RoleUse,
        meta: Option<&Node>,
        inherited: &Arc<Inherited>,
        named_at: Span,
        depth: usize,
        found: &mut Diagnostics,
    ) -> Option<Item> {
        let items = self.tasks_of_role(role, how, meta, inherited, named_at, depth, found);
        (!items.is_empty()).then(|| Item::Role(Arc::new(RoleTasks { role: Arc::clone(role), items })))
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one use of a role")]
    fn tasks_of_role(
        &self,
        role: &Arc<Role>,
        how: &RoleUse,
        meta: Option<&Node>,
        inherited: &Arc<Inherited>,
        named_at: Span,
        depth: usize,
        found: &mut Diagnostics,
    ) -> Vec<Item> {
        let entry_point = how.tasks_from.as_deref().unwrap_or("main");
        let place = Place { inherited, level: Level::TASK, depth: depth + 1 };
        let mut items = Vec::new();
        if !how.unchecked
            && let Some(task) = arguments::validation(self, role, meta, entry_point, named_at, found)
        {
            items.extend(self.item(&task, place, found));
        }
        let Some(file) = part_file(&role.path.join("tasks"), how.tasks_from.as_deref().unwrap_or("main")) else {
            if how.tasks_from.is_some() {
                found.push(missing_part(&role.name, "tasks", &how.tasks_from, named_at));
            }
            return items;
        };
        let Some(node) = self.read(&file, Some(named_at), found) else { return items };
        items.extend(self.items(&node, place, found));
        items
    }
}

/// Returns the files of a role's variables: those of the folder of that name, or the file.
fn vars_parts(dir: &Path, name: &str) -> Vec<PathBuf> {
    let folder = dir.join(name);
    match folder.is_dir() {
        true => vars_files_in(&folder),
        false => part_file(dir, name).into_iter().collect(),
    }
}

/// Returns the file of a role's part: `main`, `main.yml`, `main.yaml` or `main.json`.
pub(in crate::playbook) fn part_file(dir: &Path, name: &str) -> Option<PathBuf> {
    ["yml", "yaml", "json"]
        .iter()
        .map(|ending| dir.join(format!("{name}.{ending}")))
        .chain([dir.join(name)])
        .find(|path| path.is_file())
}

fn folders(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn missing_part(role: &str, folder: &str, from: &Option<String>, at: Span) -> Diagnostic {
    let name = from.as_deref().unwrap_or("main");
    Diagnostic::error("E0620", format!("role `{role}` has no `{folder}/{name}`")).at(at)
}
