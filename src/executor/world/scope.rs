//! What names mean for one step: magic variables, layers, and what its host has come to know.

use super::{HostVars, Layers, PlayView, World, is_localhost};
use crate::executor::facts::{fact_name, is_internal};
use crate::playbook::Task;
use crate::source::absolute;
use crate::value::{Map, Value};
use crate::vars::{Layer, Scope, Var};
use indexmap::IndexSet;
use std::sync::Arc;

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
    fn connection_default(&self, name: &str) -> Option<Var> {
        let task = self.task.as_deref().filter(|_| self.connection_defaults)?;
        let value = match name {
            "ansible_host" => Some(Value::Str(Arc::clone(&self.host))),
            "ansible_connection" => match &task.settings.connection {
                Some(node) => node.is_static().then(|| node.to_value()),
                None if self.world.said.connection.is_some() => self.world.said.connection.clone().map(Value::from),
                None if is_localhost(&self.host) => Some("local".into()),
                None => Some("ssh".into()),
            },
            "ansible_user" => return self.user("ansible_ssh_user", task),
            "ansible_ssh_user" => return self.user("ansible_user", task),
            _ => None,
        };
        value.map(Var::Data)
    }

    /// Returns the user to log in as: by the other name of the variable, by the keyword, or by the command line.
    fn user(&self, other: &str, task: &Task) -> Option<Var> {
        if let Some(var) = self.lookup(other) {
            return Some(var);
        }
        let value = match &task.settings.remote_user {
            Some(node) => node.is_static().then(|| node.to_value()),
            None => self.world.said.user.clone().map(Value::from),
        };
        value.map(Var::Data)
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
            "ansible_play_hosts_all" => hosts(view?.hosts_of_play()),
            "ansible_play_batch" | "play_hosts" => hosts(view?.active()),
            "ansible_play_hosts" => hosts(view?.active_in_play()),
            "ansible_role_name" => Value::Str(Arc::clone(&role?.name)),
            "role_name" => role?.short_name().into(),
            "ansible_collection_name" => Value::Str(role?.collection.clone()?),
            "ansible_role_names" => each_once(view?.role_names(|_| true)),
            "ansible_play_role_names" | "role_names" => texts(&view?.role_names(|named| !named.depended)),
            "ansible_dependent_role_names" => each_once(view?.role_names(|named| named.depended)),
            "role_path" => path(&role?.path),
            "ansible_parent_role_names" => texts(Some(&role?.parents).filter(|parents| !parents.is_empty())?),
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

fn each_once(names: Vec<Arc<str>>) -> Value {
    let names: IndexSet<Arc<str>> = names.into_iter().collect();
    Value::list(names.into_iter().map(Value::Str))
}

/// The names that [`StepScope::magic`] answers, for suggestions.
const MAGIC: [&str; 22] = [
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
    "role_names",
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
        self.lookup(name).or_else(|| self.connection_default(name))
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
