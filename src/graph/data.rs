//! Which names a task uses and defines, found without running it.

use super::NodeNames;
use crate::module::ArgKind;
use crate::playbook::{Action, Task, settings_nodes};
use crate::template::{self, Names};
use crate::vars::{Layer, Var};
use crate::yaml::Node;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What a task defines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defines {
    /// Variables of its host.
    pub names: BTreeSet<Arc<str>>,
    /// It may define anything (`include_vars`).
    pub everything: bool,
    /// It defines facts: any name that begins with `ansible_`, but none of a connection.
    pub facts: bool,
}

impl Defines {
    /// Claims that some of it are facts.
    pub(super) fn sets_facts(&self) -> bool {
        self.facts || self.names.contains("ansible_facts")
    }

    /// Claims that it defines nothing.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && !self.everything && !self.facts
    }
}

/// What is known of variables before the run: which names are used inside which.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    inside: HashMap<Arc<str>, Names>,
}

/// Variables that a connection to a host takes its settings from, whatever the task says.
const CONNECTION_NAMES: [&str; 16] = [
    "ansible_become",
    "ansible_become_password",
    "ansible_become_user",
    "ansible_connection",
    "ansible_host",
    "ansible_network_os",
    "ansible_password",
    "ansible_port",
    "ansible_private_key_file",
    "ansible_ssh_common_args",
    "ansible_ssh_host",
    "ansible_ssh_pass",
    "ansible_ssh_port",
    "ansible_ssh_private_key_file",
    "ansible_ssh_user",
    "ansible_user",
];

/// Claims that a connection takes a setting from the name.
pub(super) fn is_connection_name(name: &str) -> bool {
    CONNECTION_NAMES.contains(&name)
}

/// Claims that gathering facts may define the name.
pub(super) fn may_be_fact(name: &str) -> bool {
    name.starts_with("ansible_") && !is_connection_name(name)
}

impl Knowledge {
    /// Takes note of what a layer's variables use. Of several definitions of a name all are noted.
    pub fn learn(&mut self, layer: &Layer) {
        for (name, var) in &layer.vars {
            self.learn_var(name, var);
        }
    }

    /// Takes note of what one variable uses.
    pub fn learn_var(&mut self, name: &Arc<str>, var: &Var) {
        let Var::Author(node) = var else { return };
        if node.is_static() {
            return;
        }
        self.inside.entry(Arc::clone(name)).or_default().extend(template::names(node));
    }

    /// Returns the names that are used inside of variables for which connections and limits ask by name.
    pub(super) fn used_by_settings(&self) -> Names {
        let asked_for = |name: &str| ["ansible_", "netplay_"].iter().any(|begin| name.starts_with(begin));
        let mut names = Names::default();
        for (_, inside) in self.inside.iter().filter(|(name, _)| asked_for(name)) {
            names.extend(inside.clone());
        }
        self.close(&mut names);
        names
    }

    /// Adds to `names` what the variables in it use in turn.
    pub fn close(&self, names: &mut Names) {
        let mut todo: Vec<Arc<str>> = names.own.iter().cloned().collect();
        while let Some(name) = todo.pop() {
            let Some(inside) = self.inside.get(&name) else { continue };
            names.everything |= inside.everything;
            names.other_hosts |= inside.other_hosts;
            for next in &inside.own {
                if names.own.insert(Arc::clone(next)) {
                    todo.push(Arc::clone(next));
                }
            }
        }
    }

    /// Returns what a task uses and defines.
    pub fn of_task(&self, task: &Task) -> NodeNames {
        let mut local = Knowledge::default();
        task.vars.iter().chain(role_layers(task)).for_each(|layer| local.learn(layer));
        let mut uses = direct_uses(task);
        // Variables of the task may use those of the inventory and the other way round.
        loop {
            let before = uses.own.len();
            local.close(&mut uses);
            self.close(&mut uses);
            if uses.own.len() == before {
                break;
            }
        }
        NodeNames { uses, defines: defines(task) }
    }
}

fn role_layers(task: &Task) -> impl Iterator<Item = &Arc<Layer>> {
    task.role.iter().flat_map(|role| role.defaults.iter().chain(&role.vars).chain(&role.params))
}

fn direct_uses(task: &Task) -> Names {
    let mut uses = Names::default();
    let mut texts: Vec<&Node> = task.name.iter().chain(&task.args_template).chain(&task.notify).collect();
    let mut expressions: Vec<&Node> = task.when.iter().collect();
    let module = match task.action {
        Action::Module { module, .. } => Some(module),
        _ => None,
    };
    for (key, _, value) in task.args.iter() {
        let name = key.to_string();
        let arg = module.and_then(|m| m.args.iter().find(|arg| arg.name == name || arg.aliases.contains(&&*name)));
        match arg.map(|arg| arg.kind) {
            Some(ArgKind::Expression) => match value.as_seq() {
                Some(items) => expressions.extend(items),
                None => expressions.push(value),
            },
            _ => texts.push(value),
        }
    }
    if let Some(repeat) = &task.repeat {
        // A bare name is allowed after `with_`.
        match (&repeat.lookup, repeat.over.as_str()) {
            (Some(_), Some(text)) if repeat.over.is_static() => uses.extend(template::names_of_expression(text)),
            _ => texts.push(&repeat.over),
        }
        texts.extend(repeat.label.iter().chain(&repeat.pause).chain(&repeat.extended).chain(&repeat.parallel));
        expressions.extend(&repeat.break_when);
    }
    if let Some(until) = &task.until {
        expressions.extend(&until.conditions);
        texts.extend(until.retries.iter().chain(&until.delay));
    }
    texts.extend(task.background.iter().flat_map(|background| background.poll.iter().chain(&background.limit)));
    expressions.extend(task.changed_when.iter().flatten().chain(task.failed_when.iter().flatten()));
    texts.extend(settings_nodes(&task.settings).chain(&task.settings.module_defaults));
    for node in texts {
        uses.extend(template::names(node));
    }
    for node in expressions {
        match node.as_str() {
            Some(text) => uses.extend(template::names_of_expression(text)),
            None => uses.extend(template::names(node)),
        }
    }
    if let Some(module) = module {
        uses.own.extend(CONNECTION_NAMES.iter().map(|name| Arc::from(*name)));
        uses.extend(file_uses(module.name, task));
    }
    // What the task itself gives a value to is not waited for.
    if let Some(repeat) = &task.repeat {
        uses.own.remove(&repeat.var);
    }
    uses
}

/// Returns what the template file of a `template` task uses; everything when it is known only at run time.
fn file_uses(module: &str, task: &Task) -> Names {
    if module != "template" {
        return Names::default();
    }
    let unknown = Names { everything: true, other_hosts: true, ..Names::default() };
    let Some(src) = task.args.get("src").filter(|node| node.is_static()).and_then(Node::as_str) else { return unknown };
    let Some(path) = task.files.find("templates", src) else { return unknown };
    match std::fs::read_to_string(path) {
        Ok(text) => template::names_of_file(&text, &template::FileOptions::default()),
        Err(_) => unknown,
    }
}

fn defines(task: &Task) -> Defines {
    let mut defines = Defines::default();
    defines.names.extend(task.register.clone());
    let Action::Module { module, .. } = task.action else { return defines };
    match module.name {
        "set_fact" => {
            for (key, key_node, _) in task.args.iter() {
                match key.as_str() {
                    // They are kept as facts as well.
                    Some("cacheable") => defines.names.extend(["ansible_facts".into()]),
                    Some(name) if key_node.is_static() => {
                        defines.names.insert(name.into());
                    }
                    _ => defines.everything = true,
                }
            }
            defines.everything |= task.args_template.is_some();
        }
        "include_vars" => defines.everything = true,
        "cli_parse" => match task.args.get("set_fact") {
            Some(name) if name.is_static() => defines.names.extend(name.as_str().map(Into::into)),
            Some(_) => defines.everything = true,
            None => {}
        },
        "gather_facts" | "hostname" | "setup" => defines.facts = true,
        "getent" => match task.args.get("database").filter(|node| node.is_static()).and_then(Node::as_str) {
            Some(name) => defines.names.extend(["ansible_facts".into(), format!("getent_{name}").into()]),
            None => defines.everything = true,
        },
        name if name.ends_with("facts") => defines.everything = true,
        _ => {}
    }
    defines
}
