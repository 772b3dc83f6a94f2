//! What hosts know: inventory, facts and registered results, and the scope in which a step's templates are rendered.

use super::arrivals::{Arrivals, Reload};
use super::facts::{FactKeeper, FactSettings, fact_name, is_internal};
use crate::inventory::Inventory;
use crate::playbook::{Play, Role, Task};
use crate::source::absolute;
use crate::value::{Map, Value};
use crate::vars::{Layer, Scope, Var};
use indexmap::{IndexMap, IndexSet};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

/// Variables of a host that come into being in the run. Shared with steps; the dispatcher alone replaces it.
#[derive(Clone, Debug, Default)]
pub struct HostVars {
    /// Gathered facts (also under `ansible_facts`).
    pub facts: IndexMap<Arc<str>, Var>,
    /// `include_vars`.
    pub included: IndexMap<Arc<str>, Var>,
    /// `set_fact` and `register`.
    pub set: IndexMap<Arc<str>, Var>,
    /// Registered names whose value is not known, because check mode withheld the task.
    pub unknown: IndexSet<Arc<str>>,
}

/// Where a variable that a step sets is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// Facts.
    Facts,
    /// Included variables.
    Included,
    /// Set and registered ones.
    Set,
}

impl HostVars {
    /// Returns a shelf for changing it.
    pub fn shelf(&mut self, shelf: Shelf) -> &mut IndexMap<Arc<str>, Var> {
        match shelf {
            Shelf::Facts => &mut self.facts,
            Shelf::Included => &mut self.included,
            Shelf::Set => &mut self.set,
        }
    }
}

/// Layers, lowest precedence first.
type Layers = Arc<[Arc<Layer>]>;

/// What all steps of a run share.
pub struct World {
    inventory: RwLock<Arc<Inventory>>,
    hosts: RwLock<HashMap<Arc<str>, Arc<HostVars>>>,
    layers: RwLock<HashMap<Arc<str>, Layers>>,
    /// `groups`, made when asked for.
    groups: RwLock<Option<Value>>,
    pub(super) extra: Arc<Layer>,
    run: Arc<Layer>,
    /// A dictionary is merged into a weaker one instead of taking its place.
    merges: bool,
    /// Facts are variables of their own, not only in `ansible_facts`.
    inject_facts: bool,
    /// Keeps facts beyond the run.
    keeper: Option<FactKeeper>,
    /// What reads the inventory again.
    pub(super) reload: Option<Reload>,
    pub(super) arrivals: Arrivals,
}

impl World {
    /// Makes the world of an inventory, extra variables, and magic variables that are the same everywhere.
    pub fn new(inventory: Inventory, extra: Arc<Layer>, run: Layer) -> World {
        World {
            inventory: RwLock::new(Arc::new(inventory)),
            hosts: RwLock::default(),
            layers: RwLock::default(),
            groups: RwLock::default(),
            extra,
            run: Arc::new(run),
            merges: false,
            inject_facts: true,
            keeper: None,
            reload: None,
            arrivals: Arrivals::default(),
        }
    }

    /// Makes it one whose inventory can be read again.
    pub fn with_reload(mut self, reload: Reload) -> World {
        self.reload = Some(reload);
        self
    }

    /// Makes it one where facts go as these settings say.
    pub fn with_facts(mut self, settings: &FactSettings) -> World {
        self.inject_facts = settings.inject;
        self.keeper = settings.cache.clone().map(FactKeeper::new);
        self
    }

    /// Returns what keeps facts beyond the run, if anything does.
    pub(super) fn keeper(&self) -> Option<&FactKeeper> {
        self.keeper.as_ref()
    }

    /// Forgets the facts of a host, in this run and beyond.
    pub(super) fn forget_facts(&self, host: &Arc<str>) {
        self.change_host(host, |vars| vars.facts.clear());
        if let Some(keeper) = &self.keeper {
            keeper.forget(host);
        }
    }

    /// Makes it one where dictionaries are merged into weaker ones (`hash_behaviour`).
    pub fn merging(mut self, merges: bool) -> World {
        self.merges = merges;
        self
    }

    /// Claims that facts are variables of their own.
    pub(super) fn injects_facts(&self) -> bool {
        self.inject_facts
    }

    /// Claims that dictionaries are merged into weaker ones.
    pub(super) fn merges_dictionaries(&self) -> bool {
        self.merges
    }

    /// Returns the inventory as it is now.
    pub fn inventory(&self) -> Arc<Inventory> {
        Arc::clone(&read(&self.inventory))
    }

    /// Changes the inventory (`add_host`, `group_by`).
    pub fn change_inventory<T>(&self, change: impl FnOnce(&mut Inventory) -> T) -> T {
        let mut inventory = write(&self.inventory);
        let said = change(Arc::make_mut(&mut inventory));
        write(&self.layers).clear();
        *write(&self.groups) = None;
        said
    }

    /// Returns a host's own variables as they are now.
    pub fn host_vars(&self, host: &str) -> Arc<HostVars> {
        read(&self.hosts).get(host).cloned().unwrap_or_default()
    }

    /// Changes a host's own variables.
    pub fn change_host<T>(&self, host: &Arc<str>, change: impl FnOnce(&mut HostVars) -> T) -> T {
        let mut hosts = write(&self.hosts);
        change(Arc::make_mut(hosts.entry(Arc::clone(host)).or_default()))
    }

    /// Returns a host's inventory layers, lowest precedence first.
    pub fn layers(&self, host: &str) -> Layers {
        if let Some(layers) = read(&self.layers).get(host) {
            return Arc::clone(layers);
        }
        let layers: Layers = self.inventory().layers_of(host).into();
        write(&self.layers).insert(host.into(), Arc::clone(&layers));
        layers
    }

    fn groups(&self) -> Value {
        if let Some(groups) = &*read(&self.groups) {
            return groups.clone();
        }
        let inventory = self.inventory();
        let value = Value::map(
            inventory
                .groups
                .keys()
                .map(|group| (Arc::clone(group), Value::list(inventory.hosts_of(group).into_iter().map(Value::Str)))),
        );
        *write(&self.groups) = Some(value.clone());
        value
    }
}

pub(super) fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// What steps of one batch of a play share.
pub struct PlayView {
    /// The play.
    pub play: Arc<Play>,
    /// Hosts of the play, those that fell out included.
    pub all_hosts: Vec<Arc<str>>,
    /// Hosts of the play that had not fallen out when the batch began.
    pub play_hosts: Vec<Arc<str>>,
    /// Hosts of the batch.
    pub batch: Vec<Arc<str>>,
    /// Which hosts of the batch are out; the dispatcher alone changes it.
    pub out: Vec<AtomicBool>,
    /// `vars_files` that were read when the hosts were known, per host where they differ.
    pub late_vars: HashMap<Arc<str>, Vec<Arc<Layer>>>,
    /// Defaults and variables of roles that were included with `public: true`, in that order.
    pub exports: RwLock<Vec<Arc<Layer>>>,
}

impl PlayView {
    /// Notes that a host of the batch is out, or in again.
    pub fn set_out(&self, host: usize, out: bool) {
        self.out[host].store(out, Ordering::Relaxed);
    }

    /// Makes a role's defaults and variables the play's from now on.
    pub fn export(&self, role: &Role) {
        write(&self.exports).extend(role.defaults.iter().chain(&role.vars).cloned());
    }

    /// Returns the hosts of the play that are in, those of other batches included.
    pub fn active_in_play(&self) -> Vec<Arc<str>> {
        let out = |host: &Arc<str>| {
            let place = self.batch.iter().position(|other| other == host);
            place.and_then(|place| self.out.get(place)).is_some_and(|out| out.load(Ordering::Relaxed))
        };
        self.play_hosts.iter().filter(|host| !out(host)).cloned().collect()
    }

    /// Returns the hosts of the batch that are in.
    pub fn active(&self) -> Vec<Arc<str>> {
        let hosts = self.batch.iter().zip(&self.out).filter(|(_, out)| !out.load(Ordering::Relaxed));
        hosts.map(|(host, _)| Arc::clone(host)).collect()
    }
}

/// What names mean for one step.
#[derive(Clone)]
pub struct StepScope {
    /// The world.
    pub world: Arc<World>,
    /// The host.
    pub host: Arc<str>,
    /// Its own variables when the step began, with what the step itself has set since.
    pub own: Arc<HostVars>,
    /// Its inventory layers.
    pub layers: Layers,
    /// The play; `None` outside of one.
    pub play: Option<Arc<PlayView>>,
    /// The task; `None` outside of one.
    pub task: Option<Arc<Task>>,
    /// Whether connection variables that nobody has set are known by their defaults.
    pub connection_defaults: bool,
    /// What the step itself defines, above everything: loop variables, the result under its register name.
    pub overlay: Map,
}

impl StepScope {
    /// Makes the scope of a host, with or without play and task.
    pub fn new(
        world: &Arc<World>,
        host: &Arc<str>,
        play: Option<&Arc<PlayView>>,
        task: Option<&Arc<Task>>,
    ) -> StepScope {
        StepScope {
            world: Arc::clone(world),
            host: Arc::clone(host),
            own: world.host_vars(host),
            layers: world.layers(host),
            play: play.cloned(),
            task: task.cloned(),
            connection_defaults: task.is_some(),
            overlay: Map::new(),
        }
    }

    /// Connection variables that a task may use although nobody has set them, as in Ansible. Other hosts' are not known
    /// through `hostvars`.
    fn connection_default(&self, name: &str) -> Option<Value> {
        let task = self.task.as_deref().filter(|_| self.connection_defaults)?;
        match name {
            "ansible_host" => Some(Value::Str(Arc::clone(&self.host))),
            "ansible_connection" => match &task.settings.connection {
                Some(node) => node.is_static().then(|| node.to_value()),
                None if is_localhost(&self.host) => Some("local".into()),
                None => Some("ssh".into()),
            },
            _ => None,
        }
    }

    fn magic(&self, name: &str) -> Option<Value> {
        let texts = |names: &[Arc<str>]| Value::list(names.iter().map(|name| Value::Str(Arc::clone(name))));
        // `order` says in which order hosts run, not in which they are told.
        let hosts = |names: Vec<Arc<str>>| match self.play.as_deref() {
            Some(view) if view.play.order.is_some() => texts(&self.world.inventory().in_order(names)),
            _ => texts(&names),
        };
        let path = |path: &std::path::Path| Value::from(absolute(path).display().to_string());
        let view = self.play.as_deref();
        let role = self.task.as_deref().and_then(|task| task.role.as_deref());
        Some(match name {
            "inventory_hostname" => Value::Str(Arc::clone(&self.host)),
            "inventory_hostname_short" => self.host.split('.').next().unwrap_or_default().into(),
            "group_names" => texts(&self.world.inventory().groups_of(&self.host)),
            "groups" => self.world.groups(),
            "inventory_dir" => path(self.world.inventory().hosts.get(&self.host)?.source_dir()?),
            "inventory_file" => path(self.world.inventory().hosts.get(&self.host)?.source.as_deref()?),
            "playbook_dir" => path(&view?.play.dir),
            "ansible_play_hosts_all" => hosts(view?.all_hosts.clone()),
            "ansible_play_batch" => hosts(view?.active()),
            "ansible_play_hosts" | "play_hosts" => hosts(view?.active_in_play()),
            "ansible_role_name" => Value::Str(Arc::clone(&role?.name)),
            "role_name" => role?.name.rsplit('.').next().unwrap_or_default().into(),
            "ansible_collection_name" => match role?.name.rsplit_once('.') {
                Some((collection, _)) => collection.into(),
                None => return None,
            },
            "ansible_role_names" => each_once(role_names(&view?.play, |_| true)),
            "ansible_play_role_names" => texts(&role_names(&view?.play, |depended| !depended)),
            "ansible_dependent_role_names" => each_once(role_names(&view?.play, |depended| depended)),
            "role_path" => path(&role?.path),
            "ansible_parent_role_names" => texts(&role?.parents),
            "ansible_search_path" => {
                let files = &self.task.as_deref()?.files;
                let places = files.role.iter().chain([&files.task_dir, &files.playbook_dir]);
                Value::list(places.map(|place| path(place)))
            }
            "ansible_facts" => Value::map(self.own.facts.iter().filter_map(|(name, var)| match var {
                Var::Data(_) if is_internal(name) => None,
                Var::Data(value) => Some((fact_name(name), value.clone())),
                Var::Author(_) => None,
            })),
            _ => return None,
        })
    }
}

/// Returns the names of a play's roles: of those that others depend on, of the others, or of all.
fn role_names(play: &Play, wanted: fn(bool) -> bool) -> Vec<Arc<str>> {
    let names = play.role_names.iter().filter(|(_, depended)| wanted(*depended)).map(|(name, _)| name);
    names.cloned().collect()
}

fn each_once(names: Vec<Arc<str>>) -> Value {
    let names: IndexSet<Arc<str>> = names.into_iter().collect();
    Value::list(names.into_iter().map(Value::Str))
}

/// The names that [`StepScope::magic`] answers, for suggestions.
const MAGIC: [&str; 21] = [
    "ansible_dependent_role_names",
    "ansible_facts",
    "ansible_parent_role_names",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_name",
    "ansible_play_role_names",
    "ansible_role_name",
    "ansible_role_names",
    "ansible_search_path",
    "group_names",
    "groups",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "play_hosts",
    "playbook_dir",
    "role_name",
    "role_path",
];

impl Scope for StepScope {
    fn var(&self, name: &str) -> Option<Var> {
        if let Some(value) = self.overlay.get(name) {
            return Some(Var::Data(value.clone()));
        }
        if let Some(value) = self.magic(name) {
            return Some(Var::Data(value));
        }
        if let ("ansible_play_name", Some(view)) = (name, self.play.as_deref()) {
            let name = view.play.name.as_ref().unwrap_or(&view.play.hosts);
            return Some(match name.as_seq() {
                _ if !name.is_static() => Var::Author(name.clone()),
                Some(hosts) => {
                    let hosts: Vec<String> = hosts.iter().map(|host| host.to_value().to_text()).collect();
                    Var::Data(hosts.join(",").into())
                }
                None => Var::Data(name.to_value().to_text().into()),
            });
        }
        if let Some(var) = self.world.run.vars.get(name) {
            return Some(var.clone());
        }
        self.lookup(name).or_else(|| self.connection_default(name).map(Var::Data))
    }

    fn names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = Vec::new();
        let mut layers: Vec<&Arc<Layer>> = vec![&self.world.extra, &self.world.run];
        layers.extend(self.layers.iter());
        if let Some(task) = self.task.as_deref() {
            layers.extend(&task.vars);
            if let Some(role) = task.role.as_deref() {
                layers.extend(role.defaults.iter().chain(&role.vars).chain(&role.params));
            }
        }
        if let Some(view) = self.play.as_deref() {
            layers.extend(view.play.vars.iter().chain(&view.play.role_layers));
            layers.extend(view.late_vars.get(&self.host).into_iter().flatten());
        }
        names.extend(layers.into_iter().flat_map(|layer| layer.vars.keys().cloned()));
        let facts = Some(&self.own.facts).filter(|_| self.world.inject_facts);
        for shelf in [&self.own.set, &self.own.included].into_iter().chain(facts) {
            names.extend(shelf.keys().filter(|name| !is_internal(name)).cloned());
        }
        names.extend(self.overlay.iter().filter_map(|(key, _)| key.as_str().map(Arc::from)));
        names.extend(MAGIC.iter().filter(|name| self.magic(name).is_some()).map(|name| Arc::from(*name)));
        names.sort();
        names.dedup();
        names
    }

    fn host(&self, name: &str) -> Option<Arc<dyn Scope>> {
        // `hostvars` knows what is about hosts, and nothing of plays.
        if name == &*self.host {
            return Some(Arc::new(StepScope { overlay: Map::new(), task: None, play: None, ..self.clone() }));
        }
        let known = self.world.inventory().hosts.get_key_value(name).map(|(name, _)| Arc::clone(name));
        let host = known.or_else(|| is_localhost(name).then(|| Arc::from(name)))?;
        Some(Arc::new(StepScope::new(&self.world, &host, None, None)))
    }

    fn hosts(&self) -> Vec<Arc<str>> {
        self.world.inventory().hosts.keys().cloned().collect()
    }
}

/// Claims that the name means this machine although no inventory names it.
pub fn is_localhost(name: &str) -> bool {
    matches!(name, "localhost" | "127.0.0.1" | "::1")
}
