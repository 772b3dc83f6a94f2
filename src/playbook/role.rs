//! Roles: finding them, reading their parts, and using them (`roles:`, `import_role`, `include_role`).

mod again;
mod parts;

use again::written;
pub use again::{RoleKey, RoleUses, UseOfRole};
pub(super) use parts::part_file;

use super::action::refuse;
use super::keyword::{self, Level};
use super::load::Loader;
use super::takes::flag;
use super::words::{conditions, split_tags};
use super::{Inherited, Item};
use crate::source::{Diagnostic, Diagnostics, Span};
use crate::vars::{Layer, Origin, Var};
use crate::yaml::{Kind, Mapping, Node, has_template};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A role as one use of it sees it.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its name: as the use of it says, so with the folders before it; of a collection's role the whole one.
    pub name: Arc<str>,
    /// The collection that it belongs to.
    pub collection: Option<Arc<str>>,
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
    /// Which use of it in its play this is; the same one may stand at several places.
    pub key: RoleKey,
    /// `allow_duplicates`: it runs on a host also where the same use has run.
    pub repeats: bool,
}

impl Role {
    /// Returns its name without the collection.
    pub fn short_name(&self) -> &str {
        let short = self.collection.as_deref().and_then(|collection| self.name.strip_prefix(collection));
        short.map_or(&*self.name, |short| short.trim_start_matches('.'))
    }
}

/// What a use of a role may say.
#[derive(Clone, Debug, Default, PartialEq)]
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
    /// `allow_duplicates`, where the use itself says: nothing happens on a host where the role has run, if it is false.
    pub repeats: Option<bool>,
    /// The variables that stand at the use: with others it is another one.
    pub given: UseOfRole,
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

/// Roles that give their defaults and variables to the play because they were imported, in the order in which they were
/// read; shared by all that is read at the same time.
#[derive(Clone, Debug, Default)]
pub struct RoleExports(Arc<Mutex<Exports>>);

#[derive(Clone, Debug, Default)]
struct Exports {
    /// Those whose variables count, the weakest first.
    given: Vec<Arc<Role>>,
    /// Those whose handlers count: a role after those that it imports.
    read: Vec<Arc<Role>>,
    /// The names of all of them, also of those that do not run again.
    named: Vec<RoleName>,
}

impl RoleExports {
    /// Returns what was imported so far, and forgets it.
    pub fn take(&self) -> Vec<Arc<Role>> {
        std::mem::take(&mut self.lock().given)
    }

    /// Returns the roles whose handlers came by being imported, in the order in which they were read to their ends.
    pub fn take_read(&self) -> Vec<Arc<Role>> {
        std::mem::take(&mut self.lock().read)
    }

    /// Returns the names of the roles that were imported or included so far, and forgets them.
    pub fn take_named(&self) -> Vec<RoleName> {
        std::mem::take(&mut self.lock().named)
    }

    /// Notes the name of a role that is imported or included, and of those that it depends on.
    pub(super) fn note_named(&self, depended: &RolesUsed, role: &Role) {
        let own = RoleName { name: Arc::clone(&role.name), depended: false };
        self.lock()
            .named
            .extend(std::iter::once(own).chain(depended.names().map(|named| RoleName { depended: true, ..named })));
    }

    /// Notes a role, after those that it imports and those that it depends on: what they give is weaker.
    pub(super) fn note(&self, depended: &RolesUsed, role: &Arc<Role>) {
        self.lock().given.extend(depended.all(role));
    }

    /// Notes that an imported role has been read to its end.
    pub(super) fn note_read(&self, depended: &RolesUsed, role: &Arc<Role>) {
        self.lock().read.extend(depended.all(role));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Exports> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The name of a role that a play uses.
#[derive(Clone, Debug)]
pub struct RoleName {
    /// The name, with its collection.
    pub name: Arc<str>,
    /// Only another role asks for it.
    pub depended: bool,
}

/// The roles that a play names under `roles:`.
#[derive(Default)]
pub(super) struct RolesUsed {
    /// All of them in their order, also where one does not run again; and whether another one depends on it.
    pub(super) roles: Vec<(Arc<Role>, bool)>,
}

impl RolesUsed {
    /// Returns their names.
    pub(super) fn names(&self) -> impl Iterator<Item = RoleName> {
        self.roles.iter().map(|(role, depended)| RoleName { name: Arc::clone(&role.name), depended: *depended })
    }

    /// Returns what a role depends on, and then the role.
    fn all(&self, role: &Arc<Role>) -> Vec<Arc<Role>> {
        self.roles.iter().map(|(role, _)| role).chain([role]).cloned().collect()
    }
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
        let name = name.and_then(|name| match has_template(&name) {
            false => Some(name),
            true => {
                let node = Node { kind: Kind::Str(name), ..entry.clone() };
                let vars: Vec<_> = base.play_vars.iter().chain(&base.vars).cloned().collect();
                self.early_text(&node, &base.files, &vars, "the name of a role", found).map(Arc::from)
            }
        });
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
        // `vars:` here is as strong as a block's; only what stands beside it is a parameter.
        let mut inherited = self.inherit(map, base, Origin::BlockVars, found);
        // `notify` is no keyword of a role: it is a parameter like any other.
        inherited.notify.clone_from(&base.notify);
        let params = (!params.vars.is_empty()).then(|| Arc::new(params));
        let Some((role, meta)) = self.role(
            &name,
            &RoleUse { given: entry_said(map), ..RoleUse::default() },
            params.clone(),
            entry.span,
            &inherited,
            depth,
            found,
        ) else {
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
        // Its parameters are also those of the roles that it depends on, imports and includes.
        inherited.vars.extend(params);
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
    pub(super) fn dependencies(
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

    /// Reads the tasks of a role, and of those that it depends on, as `include_role` does at run time; returns them with all
    /// these roles, the role itself last. `None` when it cannot be read. A `public` one is noted among the exports.
    pub fn include_role(
        &self,
        name: &str,
        how: &RoleUse,
        public: bool,
        named_at: Span,
        inherited: &Arc<Inherited>,
        found: &mut Diagnostics,
    ) -> Option<(Vec<Arc<Role>>, Vec<Item>)> {
        let mut inherited = (**inherited).clone();
        let (role, meta) = self.role(name, how, None, named_at, &inherited, 0, found)?;
        let (mut items, mut used) = (Vec::new(), RolesUsed::default());
        // As deep as the includes around it, so that roles which include each other come to an end.
        let depth = inherited.includes.min(super::task::MAX_DEPTH);
        self.dependencies(&role, meta.as_ref(), &inherited, &mut used, &mut items, depth, found);
        enter_role(&mut inherited, &role);
        let inherited = Arc::new(inherited);
        items.extend(self.role_tasks(&role, how, meta.as_ref(), &inherited, named_at, 0, found));
        if public {
            inherited.exports.note(&used, &role);
        }
        inherited.exports.note_named(&used, &role);
        Some((used.all(&role), items))
    }
}

/// Returns what an entry of `roles:` says that makes it another use of its role: parameters, variables, conditions, tags.
fn entry_said(map: &Mapping) -> UseOfRole {
    let mut said = UseOfRole::default();
    for (key, _, value) in map.iter() {
        let key = key.to_string();
        match &*key {
            "when" => said.add("when", conditions(value).iter().map(written).collect::<Vec<_>>()),
            "tags" => {
                let tags =
                    value.as_seq().unwrap_or(std::slice::from_ref(value)).iter().map(|tag| tag.to_value().to_text());
                said.add("tags", tags.flat_map(|tags| split_tags(&tags)).collect::<Vec<_>>());
            }
            "vars" => said.add("vars", written(value)),
            _ if keyword::find(&key, Level::ROLE).is_none() => said.add(&format!("parameter {key}"), written(value)),
            _ => {}
        }
    }
    said
}

/// Makes what stands inside a role look for files in the role first.
pub(super) fn enter_role(inherited: &mut Inherited, role: &Arc<Role>) {
    inherited.role = Some(Arc::clone(role));
    inherited.dependents.clear();
    inherited.files.role = Some(role.path.clone());
    inherited.files.task_dir = role.path.join("tasks");
}

/// Returns the arguments of a use of a role, each made text by `text`.
pub(crate) fn role_use(map: &Mapping, text: impl Fn(&Node) -> Option<String>) -> RoleUse {
    let part = |name: &str| map.get(name).and_then(&text);
    let truth = |name: &str| part(name).and_then(|said| flag(&said.into()));
    RoleUse {
        tasks_from: part("tasks_from"),
        vars_from: part("vars_from"),
        defaults_from: part("defaults_from"),
        handlers_from: part("handlers_from"),
        unchecked: truth("rolespec_validate") == Some(false),
        repeats: Some(truth("allow_duplicates").unwrap_or(true)),
        given: UseOfRole::default(),
    }
}
