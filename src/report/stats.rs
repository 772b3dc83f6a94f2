//! What `set_stats` has set in a run, put together as Ansible does.

use crate::event::{Status, StepDone};
use crate::redact::CleanValue;
use crate::value::{Map, Value};
use indexmap::IndexMap;

/// What statistics of the run as a whole are called.
const RUN: &str = "run";

/// Statistics of the run and of hosts.
#[derive(Default)]
pub(super) struct Stats {
    of: IndexMap<String, Map>,
}

impl Stats {
    /// Takes what a step has set, item by item.
    pub(super) fn add(&mut self, done: &StepDone) {
        if !matches!(done.status, Status::Ok | Status::Changed) {
            return;
        }
        let Some(result) = done.result.as_ref().map(CleanValue::value) else { return };
        let host = done.delegated_to.as_ref().unwrap_or(&done.host).as_str();
        match result.get("results").and_then(Value::as_list) {
            Some(items) => items.iter().for_each(|item| self.take(item, host)),
            None => self.take(result, host),
        }
    }

    fn take(&mut self, result: &Value, host: &str) {
        let Some(set) = result.get("ansible_stats") else { return };
        let says = |name: &str| set.get(name).is_some_and(Value::is_truthy);
        let Some(Value::Map(data)) = set.get("data") else { return };
        let of = if says("per_host") { host } else { RUN };
        let stats = self.of.entry(of.to_owned()).or_default();
        for (name, value) in data.iter() {
            let value = match stats.get_key(name).filter(|_| says("aggregate")) {
                None => Some(value.clone()),
                Some(before) => sum(before, value),
            };
            // What cannot be added to what is there is left out.
            if let Some(value) = value {
                stats.insert(name.clone(), value);
            }
        }
    }

    /// Claims that nothing was set.
    pub(super) fn is_empty(&self) -> bool {
        self.of.values().all(Map::is_empty)
    }

    /// Returns whose statistics there are, the run's last.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Map)> {
        let of_run = |(name, _): &(&String, &Map)| *name == RUN;
        let hosts = self.of.iter().filter(move |entry| !of_run(entry));
        hosts.chain(self.of.iter().filter(of_run)).map(|(name, map)| (name.as_str(), map))
    }
}

/// Returns two statistics as one: numbers are added, texts and lists joined, dictionaries merged.
fn sum(before: &Value, more: &Value) -> Option<Value> {
    Some(match (before, more) {
        (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_add(*b)?),
        (Value::Float(a), Value::Float(b)) => Value::Float(a + b),
        (Value::Str(a), Value::Str(b)) => Value::from(format!("{a}{b}")),
        (Value::List(a), Value::List(b)) => Value::list(a.iter().chain(b.iter()).cloned()),
        (Value::Map(a), Value::Map(b)) => {
            let mut all = (**a).clone();
            b.iter().for_each(|(key, value)| {
                all.insert(key.clone(), value.clone());
            });
            all.into()
        }
        _ => return None,
    })
}
