//! What hosts know: inventory, facts and registered results. The scope in which a step's templates are rendered is in
//! `world/scope.rs`.

mod scope;

pub use scope::StepScope;

use super::additions::{Additions, Reload};
use super::facts::{FactKeeper, FactSettings};
use crate::inventory::Inventory;
use crate::playbook::{Play, Role, RoleName};
use crate::value::Value;
use crate::vars::{Layer, Vars};
use foldhash::HashMap;
use indexmap::IndexSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, RwLock};

/// Variables of a host that come into being in the run. Shared with steps; the dispatcher alone replaces it.
#[derive(Clone, Debug, Default)]
pub struct HostVars {
    /// Gathered facts (also under `ansible_facts`).
    pub facts: Vars,
    /// `include_vars`.
    pub included: Vars,
    /// `set_fact` and `register`.
    pub set: Vars,
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
    pub fn shelf(&mut self, shelf: Shelf) -> &mut Vars {
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
    /// What the command line says of connections.
    said: Said,
    /// A dictionary is merged into a weaker one instead of taking its place.
    merges: bool,
    /// Facts are variables of their own, not only in `ansible_facts`.
    inject_facts: bool,
    /// Keeps facts beyond the run.
    keeper: Option<FactKeeper>,
    /// What reads the inventory again.
    pub(super) reload: Option<Reload>,
    pub(super) additions: Additions,
    /// What files say of hosts and groups that are not there yet; read when asked for.
    to_come: OnceLock<Vec<Arc<Layer>>>,
}

/// What the command line and the settings say of connections: what tasks see where nothing else says it.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// `--connection`
    pub connection: Option<String>,
    /// `--user`
    pub user: Option<String>,
}

impl World {
    /// Lets tasks see what the command line says of connections.
    pub fn with_said(mut self, said: Said) -> World {
        self.said = said;
        self
    }

    /// Makes the world of an inventory, extra variables, and magic variables that are the same everywhere.
    pub fn new(inventory: Inventory, extra: Arc<Layer>, run: Layer) -> World {
        World {
            inventory: RwLock::new(Arc::new(inventory)),
            hosts: RwLock::default(),
            layers: RwLock::default(),
            groups: RwLock::default(),
            extra,
            run: Arc::new(run),
            said: Said::default(),
            merges: false,
            inject_facts: true,
            keeper: None,
            reload: None,
            additions: Additions::default(),
            to_come: OnceLock::new(),
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

    /// Returns what files of variables say of hosts and groups that may come in the run.
    pub(super) fn layers_to_come(&self) -> &[Arc<Layer>] {
        self.to_come.get_or_init(|| self.inventory().layers_to_come())
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
    /// Roles that were included, and what these import: the play's own stand in the play.
    pub included: RwLock<Vec<RoleName>>,
    /// Hosts that tasks of the batch have added (`add_host`). As in Ansible they count among the hosts of the play.
    pub newcomers: RwLock<Vec<Arc<str>>>,
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

    /// Notes roles that an include brought.
    pub fn include_roles(&self, named: Vec<RoleName>) {
        write(&self.included).extend(named);
    }

    /// Returns the names of the roles that the play uses so far, of those that are wanted.
    pub fn role_names(&self, wanted: fn(&RoleName) -> bool) -> Vec<Arc<str>> {
        let included = read(&self.included);
        let all = self.play.role_names.iter().chain(included.iter());
        all.filter(|named| wanted(named)).map(|named| Arc::clone(&named.name)).collect()
    }

    /// Returns the hosts of the play that are in, those of other batches included.
    pub fn active_in_play(&self) -> Vec<Arc<str>> {
        let out = |host: &Arc<str>| {
            let place = self.batch.iter().position(|other| other == host);
            place.and_then(|place| self.out.get(place)).is_some_and(|out| out.load(Ordering::Relaxed))
        };
        let newcomers = read(&self.newcomers);
        self.play_hosts.iter().filter(|host| !out(host)).chain(newcomers.iter()).cloned().collect()
    }

    /// Returns the hosts of the play, those that fell out and those that came included.
    pub fn hosts_of_play(&self) -> Vec<Arc<str>> {
        self.all_hosts.iter().chain(read(&self.newcomers).iter()).cloned().collect()
    }

    /// Notes a host that came by a task.
    pub fn note_newcomer(&self, host: &Arc<str>) {
        let mut newcomers = write(&self.newcomers);
        if !self.all_hosts.contains(host) && !newcomers.contains(host) {
            newcomers.push(Arc::clone(host));
        }
    }

    /// Returns the hosts of the batch that are in.
    pub fn active(&self) -> Vec<Arc<str>> {
        let hosts = self.batch.iter().zip(&self.out).filter(|(_, out)| !out.load(Ordering::Relaxed));
        hosts.map(|(host, _)| Arc::clone(host)).collect()
    }
}

/// Claims that the name means this machine although no inventory names it.
pub fn is_localhost(name: &str) -> bool {
    matches!(name, "localhost" | "127.0.0.1" | "::1")
}
