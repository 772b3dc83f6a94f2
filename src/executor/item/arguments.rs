//! What a module is called with: its arguments, and the environment of its programs.

use crate::executor::step::Job;
use crate::failure::{Failure, FailureKind};
use crate::module::{self, ArgKind, Module, coerce_args};
use crate::playbook::given;
use crate::template::Templar;
use crate::value::{Map, Value};

/// Returns the module's arguments: defaults of `module_defaults`, templates rendered, types coerced.
pub(super) fn arguments(job: &Job, templar: &Templar, module: &'static Module) -> Result<module::Args, Failure> {
    let task = &job.task;
    let mut rendered = Map::new();
    let mut defaults = Vec::new();
    for node in &task.settings.module_defaults {
        if let Value::Map(by_module) = templar.node(node)? {
            defaults.extend(by_module.iter().map(|(name, args)| (name.to_string(), args.clone())));
        }
    }
    for args in task.settings.defaults_of(module, defaults.into_iter()) {
        let args = args.as_map().into_iter().flat_map(Map::iter);
        args.for_each(|(key, value)| rendered.insert(key.clone(), value.clone()));
    }
    if let Some(whole) = &task.args_template {
        let value = templar.node(whole)?;
        match &value {
            Value::Map(args) => args.iter().for_each(|(key, value)| rendered.insert(key.clone(), value.clone())),
            Value::Omit => {}
            other => {
                let message = format!("`args` must come to a dictionary, not {}", given(other));
                return Err(Failure::new(FailureKind::Argument, message).at(whole.span));
            }
        }
    }
    for (key, key_node, value) in task.args.iter() {
        let name = key.to_string();
        let arg = module.args.iter().find(|arg| arg.name == name || arg.aliases.contains(&&*name));
        if arg.is_some_and(|arg| arg.kind == ArgKind::Expression) {
            continue;
        }
        // The name of a fact may itself be a template.
        let key = if key_node.is_static() { key.clone() } else { templar.node(key_node)?.to_text().into() };
        rendered.insert(key, templar.node(value)?);
    }
    coerce_args(module, &task.called, &task.args, rendered)
}

/// The variables of the environment of a program.
pub(super) type Environment = Vec<(String, String)>;

/// Returns the environment for programs, merged from play to task; and what is said of parts that are no dictionaries,
/// which are left out as in Ansible.
pub(super) fn environment(job: &Job, templar: &Templar) -> Result<(Environment, Vec<String>), Failure> {
    let mut merged = Map::new();
    let mut left_out = Vec::new();
    for node in &job.task.settings.environment {
        match templar.node(node)? {
            Value::Map(map) => map.iter().for_each(|(key, value)| merged.insert(key.clone(), value.clone())),
            Value::Null | Value::Omit => {}
            other => left_out.push(format!("`environment` must be a dictionary, and {} is left out", given(&other))),
        }
    }
    Ok((merged.iter().map(|(key, value)| (key.to_string(), value.to_text())).collect(), left_out))
}
