//! Roles: finding them, reading their parts, and using them (`roles:`, `import_role`, `include_role`).

use super::action::refuse;
use super::keyword::{self, Level};
use super::load::Loader;
use super::play::shown;
use super::task::Place;
use super::{Inherited, Item};
use crate::source::{Diagnostic, Diagnostics, Span, did_you_mean, expand_home};
use crate::vars::{Layer, Origin, Var};
use crate::yaml::{Kind, Mapping, Node};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// The roles that a play names under `roles:`.
#[derive(Default)]
pub(super) struct RolesUsed {
    /// Those that run, with the parameters that they got.
    ran: Vec<(Arc<str>, Params)>,
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
        let again = used.ran.iter().any(|(known, how)| *known == name && *how == signature);
        // `vars:` here is as strong as a block's; only what stands beside it is a parameter.
        let mut inherited = self.inherit(map, base, Origin::BlockVars, found);
        let params = (!params.vars.is_empty()).then(|| Arc::new(params));
        let Some((role, meta)) = self.role(&name, &RoleUse::default(), params, entry.span, &inherited, depth, found)
        else {
            return;
        };
        used.roles.push((Arc::clone(&role), depth > 0));
        let duplicates = meta.as_ref().and_then(|meta| meta.as_map()?.get("allow_duplicates").cloned());
        if again && !matches!(duplicates.map(|node| node.kind), Some(Kind::Bool(true))) {
            return;
        }
        used.ran.push((Arc::clone(&name), signature));
        if let Some(dependencies) = meta.as_ref().and_then(|meta| meta.as_map()?.get("dependencies")?.as_seq()) {
            let place = used.roles.len() - 1;
            let parent = Arc::new(Inherited { role_dir: role.path.parent().map(Path::to_owned), ..inherited.clone() });
            for dependency in dependencies {
                self.role_entry(dependency, &parent, used, items, depth + 1, found);
            }
            // What a role gives to the play is stronger than what those that it depends on give.
            used.roles[place..].rotate_left(1);
        }
        enter_role(&mut inherited, &role);
        items.extend(self.role_tasks(&role, &RoleUse::default(), &Arc::new(inherited), entry.span, depth, found));
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
        if short == "import_tasks" {
            let name = match &args.kind {
                Kind::Map(map) => map.get("file"),
                _ => Some(args),
            };
            let Some(name) = name else {
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
        let empty = Mapping::default();
        let map = args.as_map().unwrap_or(&empty);
        self.check_role_args(map, short, node.span, found);
        let Some(name) =
            map.get("name").and_then(|name| self.early_text(name, &files, &vars, "the name of the role", found))
        else {
            return Vec::new();
        };
        let how = role_use(map, |node| node.as_str().map(str::to_owned));
        let Some((role, _)) = self.role(&name, &how, None, args.span, &inherited, at.depth, found) else {
            return Vec::new();
        };
        enter_role(&mut inherited, &role);
        self.role_tasks(&role, &how, &place(inherited), args.span, at.depth, found)
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

    /// Reads the tasks of a role as `include_role` does at run time; its handlers are in the returned role.
    pub fn include_role(
        &self,
        name: &str,
        how: &RoleUse,
        named_at: Span,
        inherited: &Arc<Inherited>,
        found: &mut Diagnostics,
    ) -> Option<(Arc<Role>, Vec<Item>)> {
        let mut inherited = (**inherited).clone();
        let (role, _) = self.role(name, how, None, named_at, &inherited, 0, found)?;
        enter_role(&mut inherited, &role);
        let items = self.role_tasks(&role, how, &Arc::new(inherited), named_at, 0, found);
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
        let Some(path) = places.iter().find(|place| place.is_dir()).cloned() else {
            let near: Vec<String> = places.iter().filter_map(|place| place.parent()).flat_map(folders).collect();
            found.push(
                Diagnostic::error("E0619", format!("no role `{name}`")).at(named_at).help(
                    did_you_mean(name, near.iter().map(String::as_str))
                        .unwrap_or_else(|| format!("looked in {}", shown(&places))),
                ),
            );
            return None;
        };
        let name: Arc<str> = path.file_name().map_or_else(|| name.into(), |name| name.to_string_lossy().into());
        let part =
            |folder: &str, from: &Option<String>| part_file(&path.join(folder), from.as_deref().unwrap_or("main"));
        let mut layer = |folder: &str, from: &Option<String>, origin: Origin| {
            let file = part(folder, from);
            if file.is_none() && from.is_some() {
                found.push(missing_part(&name, folder, from, named_at));
            }
            file.and_then(|file| self.vars_file(&file, Some(named_at), origin, found))
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

    fn role_tasks(
        &self,
        role: &Arc<Role>,
        how: &RoleUse,
        inherited: &Arc<Inherited>,
        named_at: Span,
        depth: usize,
        found: &mut Diagnostics,
    ) -> Vec<Item> {
        let Some(file) = part_file(&role.path.join("tasks"), how.tasks_from.as_deref().unwrap_or("main")) else {
            if how.tasks_from.is_some() {
                found.push(missing_part(&role.name, "tasks", &how.tasks_from, named_at));
            }
            return Vec::new();
        };
        let Some(node) = self.read(&file, Some(named_at), found) else { return Vec::new() };
        self.items(&node, Place { inherited, level: Level::TASK, depth: depth + 1 }, found)
    }
}

/// Makes what stands inside a role look for files in the role first.
fn enter_role(inherited: &mut Inherited, role: &Arc<Role>) {
    inherited.role = Some(Arc::clone(role));
    inherited.files.role = Some(role.path.clone());
    inherited.files.task_dir = role.path.join("tasks");
}

/// Returns the arguments of a use of a role, each made text by `text`.
pub(crate) fn role_use(map: &Mapping, text: impl Fn(&Node) -> Option<String>) -> RoleUse {
    let part = |name: &str| map.get(name).and_then(&text);
    RoleUse {
        tasks_from: part("tasks_from"),
        vars_from: part("vars_from"),
        defaults_from: part("defaults_from"),
        handlers_from: part("handlers_from"),
    }
}

/// Returns the file of a role's part: `main`, `main.yml`, `main.yaml` or `main.json`.
fn part_file(dir: &Path, name: &str) -> Option<PathBuf> {
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
