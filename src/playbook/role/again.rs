//! Which uses of roles in a play are the same: by it is known on which hosts a role has run (`allow_duplicates`).

use super::RoleUse;
use crate::value::{Map, Value};
use crate::vars::{Layer, Var};
use crate::yaml::Node;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A use of a role in its play. Uses that say the same are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RoleKey(u32);

/// What a use of a role says that makes it another one than others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UseOfRole(Vec<(String, Value)>);

impl UseOfRole {
    /// Adds something that is said.
    pub(in crate::playbook) fn add(&mut self, what: &str, value: impl Into<Value>) {
        self.0.push((what.to_owned(), value.into()));
    }

    /// Returns what layers of variables say, as it is written.
    pub(crate) fn of_layers<'a>(layers: impl IntoIterator<Item = &'a Arc<Layer>>) -> UseOfRole {
        let said = |var: &Var| match var {
            Var::Author(node) => written(node),
            Var::Data(value) => value.clone(),
        };
        let vars = layers.into_iter().flat_map(|layer| &layer.vars);
        UseOfRole(vars.map(|(name, var)| (name.to_string(), said(var))).collect())
    }

    /// Returns it as one text: what is written differently gives another one.
    fn text(&self) -> String {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        Value::from(all.into_iter().map(|(name, value)| (name.as_str(), value.clone())).collect::<Map>()).to_text()
    }
}

/// Returns a node as it is written, templates unrendered.
pub(in crate::playbook) fn written(node: &Node) -> Value {
    node.to_value()
}

/// The uses of roles in a play with their numbers; shared by all that is read for it, also in the run.
#[derive(Clone, Debug, Default)]
pub struct RoleUses(Arc<Mutex<HashMap<String, RoleKey>>>);

impl RoleUses {
    /// Returns the key of a use. `given` of the use counts, the name, the folder and the parts that it names.
    pub(in crate::playbook) fn key(&self, name: &str, path: &Path, how: &RoleUse) -> RoleKey {
        let parts = [&how.tasks_from, &how.vars_from, &how.defaults_from, &how.handlers_from];
        // What tasks include or import is not what `roles:` names or what another role depends on.
        let of_task = how.repeats.is_some();
        let said = format!("{name} {} {of_task} {parts:?} {}", path.display(), how.given.text());
        let mut keys = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let next = RoleKey(keys.len() as u32);
        *keys.entry(said).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_that_say_the_same_are_the_same() {
        let uses = RoleUses::default();
        let how = |pairs: &[(&str, Value)]| {
            let mut given = UseOfRole::default();
            pairs.iter().for_each(|(name, value)| given.add(name, value.clone()));
            RoleUse { given, ..RoleUse::default() }
        };
        let key = |how: &RoleUse| uses.key("r", Path::new("roles/r"), how);
        let (a, b): (Value, Value) = (1.into(), "1".into());
        let first = key(&how(&[("x", a.clone()), ("y", b.clone())]));
        assert_eq!(key(&how(&[("y", b.clone()), ("x", a.clone())])), first, "in another order");
        assert_ne!(key(&how(&[("x", b.clone()), ("y", b.clone())])), first, "a text is no number");
        assert_ne!(key(&how(&[("x", a.clone())])), first);
        assert_ne!(key(&RoleUse { tasks_from: Some("other".into()), ..how(&[]) }), key(&how(&[])));
        assert_ne!(
            key(&RoleUse { repeats: Some(false), ..how(&[]) }),
            key(&how(&[])),
            "one of a task, one of `roles:`"
        );
        assert_ne!(uses.key("r", Path::new("other/r"), &how(&[])), key(&how(&[])));
    }
}
