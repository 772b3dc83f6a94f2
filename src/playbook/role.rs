//! Roles: finding them, reading their parts, and using them (`roles:`, `import_role`, `include_role`).

use super::action::refuse;
use super::collection::qualified;
use super::keyword::{self, Level};
use super::load::Loader;
use super::play::shown;
use super::task::Place;
use super::{Inherited, Item};
use crate::source::{Diagnostic, Diagnostics, Span, did_you_mean, expand_home};
use crate::vars::{Layer, Origin, Var, vars_files_in};
use crate::yaml::{Kind, Mapping, Node};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A role as one use of it sees it.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its name.
    pub name: Arc<str>,
    /// Its folder.
    pub path: PathBuf,
    /// `defaults/`.
    pub defaults: Option<Arc<Layer>>,
    /// `vars/`.
    pub vars: Option<Arc<Layer>>,
    /// Parameters given where it is used.
    pub params: Option<Arc<Layer>>,
    /// Its handlers.
    pub handlers: Vec<Item>,
    /// The names of the roles that led to it.
    pub parents: Vec<Arc<str>>,
}

/// What a use of a role may say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleUse {
    /// `tasks_from`, `vars_from`, `defaults_from`, `handlers_from`; `main` when nobody says.
    pub tasks_from: Option<String>,
    /// See `tasks_from`.
    pub vars_from: Option<String>,
    /// See `tasks_from`.
    pub defaults_from: Option<String>,
    /// See `tasks_from`.
    pub handlers_from: Option<String>,
    /// `rolespec_validate: false`: arguments are not checked.
    pub unchecked: bool,
    /// `allow_duplicates: false`: nothing happens when it has run.
    pub once: bool,
}

/// Arguments of `include_role` and `import_role`; the first is required.
pub(super) const INCLUDE_ARGS: [&str; 9] = [
    "name",
    "tasks_from",
    "vars_from",
    "defaults_from",
    "handlers_from",
    "public",
    "apply",
    "allow_duplicates",
    "rolespec_validate",
];

/// Parameters of a role as they are written.
type Params = Vec<(String, String)>;

/// A role that has run, with the parameters that it got.
type Ran = (Arc<str>, Params);

/// The roles that have run, with the parameters that they got; shared by all that stands in a play.
#[derive(Clone, Debug, Default)]
pub struct RolesRan(Arc<Mutex<Vec<Ran>>>);

impl RolesRan {
    /// Returns a list of its own with the same roles.
    pub fn fork(&self) -> RolesRan {
        RolesRan(Arc::new(Mutex::new(self.lock().clone())))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Ran>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Notes that a role runs; returns whether it has run before.
    fn note(&self, name: Arc<str>, params: Params) -> bool {
        let mut ran = self.lock();
        let again = ran.iter().any(|(known, how)| *known == name && *how == params);
        if !again {
            ran.push((name, params));
        }
        again
    }
}

/// Roles that give their defaults and variables to the play because they were imported, in the order in which they were
/// read; shared by all that is read at the same time.
#[derive(Clone, Debug, Default)]
pub struct RoleExports(Arc<Mutex<Vec<Arc<Role>>>>);

impl RoleExports {
    /// Returns what was imported so far, and forgets it.
    pub fn take(&self) -> Vec<Arc<Role>> {
        std::mem::take(&mut *self.lock())
    }

    /// Notes a role, after those that it depends on: what they give is weaker.
    fn note(&self, depended: &RolesUsed, role: &Arc<Role>) {
        self.lock().extend(depended.roles.iter().map(|(role, _)| role).chain([role]).cloned());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Role>>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The roles that a play names under `roles:`.
#[derive(Default)]
pub(super) struct RolesUsed {
    /// All of them in their order, also where one does not run again; and whether another one depends on it.
    pub(super) roles: Vec<(Arc<Role>, bool)>,
}

impl Loader {
    /// Reads `roles:`; every role with the roles that it depends on before it. Returns the tasks, and what is used.
    pub(super) fn roles(&self, list: &Node, base: &Arc<Inherited>, found: &mut Diagnostics) -> (Vec<Item>, RolesUsed) {
        let Some(entries) = list.as_seq() else {
            if !list.is_null() {
                found.push(Diagnostic::error("E0606", "`roles` must be a list").at(list.span));
            }
            return Default::default();
        };
        let mut items = Vec::new();
        let mut used = RolesUsed::default();
        for entry in entries {
            self.role_entry(entry, base, &mut used, &mut items, 0, found);
        }
        (items, used)
    }

    fn role_entry(
        &self,
        entry: &Node,
        base: &Arc<Inherited>,
        used: &mut RolesUsed,
        items: &mut Vec<Item>,
        depth: usize,
        found: &mut Diagnostics,
    ) {
        if depth > super::task::MAX_DEPTH {
            found.push(Diagnostic::error("E0610", "roles depend on each other in a circle").at(entry.span));
            return;
        }
        let empty = Mapping::default();
        let (name, map) = match &entry.kind {
            Kind::Str(name) => (Some(Arc::clone(name)), &empty),
            Kind::Map(map) => {
                let name = ["role", "name"].iter().find_map(|key| map.get(key)).and_then(Node::as_str);
                (name.map(Arc::from), &**map)
            }
            _ => (None, &empty),
        };
        let Some(name) = name else {
            found.push(Diagnostic::error("E0606", "a role is a name, or a dictionary with `role`").at(entry.span));
            return;
        };
        let mut params = Layer::new(Origin::RoleParams);
        for (key, key_node, value) in map.iter() {
            let key = key.to_string();
            match keyword::find(&key, Level::ROLE) {
                Some(keyword) => refuse(keyword, key_node, value, found),
                None => {
                    self.check_variable_name(&key, key_node.span, found);
                    params.vars.insert(key.into(), Var::Author(value.clone()));
                }
            }
        }
        // The same role with the same parameters runs once in a play.
        let written = |node: &Node| node.to_value().to_text();
        let signature: Params = map
            .iter()
            .filter(|(key, _, _)| {
                key.as_str() == Some("vars") || keyword::find(&key.to_string(), Level::ROLE).is_none()
            })
            .map(|(key, _, value)| (key.to_string(), written(value)))
            .collect();
        let again = base.ran.note(Arc::clone(&name), signature);
        // `vars:` here is as strong as a block's; only what stands beside it is a parameter.
        let mut inherited = self.inherit(map, base, Origin::BlockVars, found);
        let params = (!params.vars.is_empty()).then(|| Arc::new(params));
        let Some((role, meta)) = self.role(&name, &RoleUse::default(), params, entry.span, &inherited, depth, found)
        else {
            return;
        };
        if base.dependents.contains(&role.path) {
            let message = format!("role `{}` depends on itself", role.name);
            let roles = base.dependents.iter().chain([&role.path]).filter_map(|path| path.file_name());
            let circle: Vec<_> = roles.map(|name| name.to_string_lossy()).collect();
            found.push(Diagnostic::error("E0610", message).at(entry.span).help(circle.join(" → ")));
            return;
        }
        used.roles.push((Arc::clone(&role), depth > 0));
        let duplicates = meta.as_ref().and_then(|meta| meta.as_map()?.get("allow_duplicates").cloned());
        if again && !matches!(duplicates.map(|node| node.kind), Some(Kind::Bool(true))) {
            return;
        }
        let place = used.roles.len() - 1;
        self.dependencies(&role, meta.as_ref(), &inherited, used, items, depth, found);
        // What a role gives to the play is stronger than what those that it depends on give.
        used.roles[place..].rotate_left(1);
        enter_role(&mut inherited, &role);
        let (how, inherited) = (RoleUse::default(), Arc::new(inherited));
        items.extend(self.role_tasks(&role, &how, meta.as_ref(), &inherited, entry.span, depth, found));
    }

    /// Reads the roles that a role depends on.
    #[expect(clippy::too_many_arguments, reason = "the parts of one use of a role")]
    fn dependencies(
        &self,
        role: &Arc<Role>,
        meta: Option<&Node>,
        inherited: &Inherited,
        used: &mut RolesUsed,
        items: &mut Vec<Item>,
        depth: usize,
        found: &mut Diagnostics,
    ) {
        let listed = meta.and_then(|meta| meta.as_map()?.get("dependencies")?.as_seq());
        let Some(dependencies) = listed.filter(|list| !list.is_empty()) else { return };
        let dependents = inherited.dependents.iter().chain([&role.path]).cloned().collect();
        let role_dir = role.path.parent().map(Path::to_owned);
        let parent = Arc::new(Inherited { role_dir, dependents, ..inherited.clone() });
        for dependency in dependencies {
            self.role_entry(dependency, &parent, used, items, depth + 1, found);
        }
    }

    /// Handles `import_tasks` and `import_role`: their tasks stand in for them.
    pub(super) fn static_import(
        &self,
        short: &str,
        node: &Node,
        map: &Mapping,
        args: &Node,
        at: Place<'_>,
        found: &mut Diagnostics,
    ) -> Vec<Item> {
        for (key, key_node, _) in map.iter() {
            let key = key.to_string();
            if key == "loop" || key.starts_with("with_") {
                found.push(
                    Diagnostic::error("E0618", format!("`{short}` cannot loop: it is read before the run"))
                        .at(key_node.span)
                        .help(format!("use `include_{}`", &short["import_".len()..])),
                );
                return Vec::new();
            }
        }
        let mut inherited = self.inherit(map, at.inherited, Origin::TaskVars, found);
        let files = inherited.files.clone();
        let vars: Vec<_> = inherited.play_vars.iter().chain(&inherited.vars).cloned().collect();
        let place = |inherited: Inherited| Arc::new(inherited);
        let args_at = args.span;
        let (args, whole) = self.arguments(short, args, map, found);
        if let Some(whole) = whole {
            let message = format!("the arguments of `{short}` must be written out: it is read before the run");
            found.push(Diagnostic::error("E0613", message).at(whole.span));
            return Vec::new();
        }
        if short == "import_tasks" {
            self.check_import_args(&args, found);
            let Some(name) = args.get("file") else {
                found.push(Diagnostic::error("E0303", "`import_tasks` needs the argument `file`").at(node.span));
                return Vec::new();
            };
            let Some(text) = self.early_text(name, &files, &vars, "the file of `import_tasks`", found) else {
                return Vec::new();
            };
            let Some(path) = files.find("tasks", &text) else {
                found.push(missing_tasks(&text, name.span, &files.candidates("tasks", &text)));
                return Vec::new();
            };
            inherited.files.task_dir = path.parent().map(Path::to_owned).unwrap_or_default();
            let Some(tasks) = self.read(&path, Some(name.span), found) else { return Vec::new() };
            let inside = Place { inherited: &place(inherited), level: at.level, depth: at.depth + 1 };
            return self.items(&tasks, inside, found);
        }
        let map = &args;
        self.check_role_args(map, short, node.span, found);
        let Some(name) =
            map.get("name").and_then(|name| self.early_text(name, &files, &vars, "the name of the role", found))
        else {
            return Vec::new();
        };
        let how = role_use(map, |node| Some(node.to_value().to_text()));
        if has_run(&name, &how, &inherited) {
            return Vec::new();
        }
        let Some((role, meta)) = self.role(&name, &how, None, args_at, &inherited, at.depth, found) else {
            return Vec::new();
        };
        let (mut items, mut used) = (Vec::new(), RolesUsed::default());
        self.dependencies(&role, meta.as_ref(), &inherited, &mut used, &mut items, at.depth, found);
        inherited.exports.note(&used, &role);
        enter_role(&mut inherited, &role);
        items.extend(self.role_tasks(&role, &how, meta.as_ref(), &place(inherited), args_at, at.depth, found));
        items
    }

    fn check_import_args(&self, args: &Mapping, found: &mut Diagnostics) {
        for (key, key_node, _) in args.iter().filter(|(key, _, _)| key.as_str() != Some("file")) {
            found.push(
                Diagnostic::error("E0302", format!("`import_tasks` has no argument `{key}`"))
                    .at(key_node.span)
                    .help("variables go under `vars:`"),
            );
        }
    }

    fn check_role_args(&self, map: &Mapping, called: &str, span: Span, found: &mut Diagnostics) {
        for (key, key_node, _) in map.iter() {
            let key = key.to_string();
            if !INCLUDE_ARGS.contains(&&*key) {
                found.push(
                    Diagnostic::error("E0302", format!("`{called}` has no argument `{key}`"))
                        .at(key_node.span)
                        .maybe_help(did_you_mean(&key, INCLUDE_ARGS)),
                );
            }
        }
        if map.get("name").is_none() {
            found.push(Diagnostic::error("E0303", format!("`{called}` needs the argument `name`")).at(span));
        }
    }

    /// Reads the tasks of a role, and of those that it depends on, as `include_role` does at run time; its handlers are in
    /// the returned role. `None` when it is not to run again, or cannot be read. A `public` one is noted among the exports.
    pub fn include_role(
        &self,
        name: &str,
        how: &RoleUse,
        public: bool,
        named_at: Span,
        inherited: &Arc<Inherited>,
        found: &mut Diagnostics,
    ) -> Option<(Arc<Role>, Vec<Item>)> {
        if has_run(name, how, inherited) {
            return None;
        }
        let mut inherited = (**inherited).clone();
        let (role, meta) = self.role(name, how, None, named_at, &inherited, 0, found)?;
        let (mut items, mut used) = (Vec::new(), RolesUsed::default());
        // As deep as the includes around it, so that roles which include each other come to an end.
        let depth = inherited.includes.min(super::task::MAX_DEPTH);
        self.dependencies(&role, meta.as_ref(), &inherited, &mut used, &mut items, depth, found);
        if public {
            inherited.exports.note(&used, &role);
        }
        enter_role(&mut inherited, &role);
        items.extend(self.role_tasks(&role, how, meta.as_ref(), &Arc::new(inherited), named_at, 0, found));
        Some((role, items))
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one use of a role")]
    fn role(
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
        let name: Arc<str> = match in_collection {
            Some((whole, _)) => whole.as_str().into(),
            None => path.file_name().map_or_else(|| name.into(), |name| name.to_string_lossy().into()),
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
        let mut role = Role { name, path, defaults, vars, params, handlers: Vec::new(), parents };
        role.handlers = self.role_handlers(&role, how, named_at, inherited, depth, found);
        Some((Arc::new(role), meta))
    }

    /// Returns where collections may have a role: its whole name, and its folder.
    fn collection_roles(&self, name: &str, inherited: &Inherited) -> Vec<(String, PathBuf)> {
        let own = inherited.role.as_ref().and_then(|role| role.name.rsplit_once('.').map(|(own, _)| own.to_owned()));
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
        let mut inside = Inherited { settings: inherited.settings.clone(), ..Inherited::default() };
        inside.files = inherited.files.clone();
        enter_role(&mut inside, &Arc::new(role.clone()));
        inside.files.task_dir = file.parent().map(Path::to_owned).unwrap_or_default();
        self.items(&node, Place { inherited: &Arc::new(inside), level: Level::HANDLER, depth: depth + 1 }, found)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one use of a role")]
    fn role_tasks(
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
            && let Some(task) = super::arguments::validation(self, role, meta, entry_point, named_at, found)
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

/// Notes that a role is included; claims that it has run and is not to run again.
fn has_run(name: &str, how: &RoleUse, inherited: &Inherited) -> bool {
    let from = how.tasks_from.iter().map(|from| ("tasks_from".to_owned(), from.clone()));
    inherited.ran.note(format!("include_role {name}").into(), from.collect()) && how.once
}

/// Makes what stands inside a role look for files in the role first.
fn enter_role(inherited: &mut Inherited, role: &Arc<Role>) {
    inherited.role = Some(Arc::clone(role));
    inherited.dependents.clear();
    inherited.files.role = Some(role.path.clone());
    inherited.files.task_dir = role.path.join("tasks");
}

/// Returns the arguments of a use of a role, each made text by `text`.
pub(crate) fn role_use(map: &Mapping, text: impl Fn(&Node) -> Option<String>) -> RoleUse {
    let part = |name: &str| map.get(name).and_then(&text);
    let off = |name: &str| {
        part(name).is_some_and(|said| matches!(said.to_lowercase().as_str(), "false" | "no" | "off" | "0"))
    };
    RoleUse {
        tasks_from: part("tasks_from"),
        vars_from: part("vars_from"),
        defaults_from: part("defaults_from"),
        handlers_from: part("handlers_from"),
        unchecked: off("rolespec_validate"),
        once: off("allow_duplicates"),
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
pub(super) fn part_file(dir: &Path, name: &str) -> Option<PathBuf> {
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

pub(super) fn missing_tasks(name: &str, at: Span, places: &[PathBuf]) -> Diagnostic {
    Diagnostic::error("E0001", format!("cannot read `{name}`: no such file or directory"))
        .at(at)
        .help(format!("looked in {}", shown(places)))
}
