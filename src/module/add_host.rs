//! `add_host`: adds a host to the inventory of the run.

use super::set_fact::check_name;
use super::{Arg, ArgKind, Change, Context, Module, Needs, RunChange};
use crate::effect::Effect;
use crate::failure::Failure;
use crate::value::{Map, Value};
use std::sync::Arc;

/// `add_host`
///
/// It sends nothing, so it is pure; what it changes is the run (`changes_run`). Whether the step counts as changed is
/// known to the inventory alone: a host that was there with the same groups and variables is no change.
pub static MODULE: Module = Module {
    name: "add_host",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Adds a host to the inventory for the rest of the run.",
    args: &[
        Arg::new("name", ArgKind::Str, "The host; `name:port` sets the port.")
            .aliases(&["hostname", "host"])
            .required(),
        Arg::new("groups", ArgKind::List, "Its groups; new ones are made.").aliases(&["group", "groupname"]),
    ],
    rules: &[],
    free_form: None,
    any_args: true,
    needs: Needs::Nothing,
    changes_run: true,
    once: true,
    effect: |_| Effect::Pure,
    plan: |context| Box::pin(async move { plan(&context) }),
};

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let (name, port) = name_and_port(context.args.text("name").unwrap_or_default());
    let mut vars = Map::new();
    for (key, value) in context.args.all().iter() {
        if !matches!(key.as_str(), Some("name" | "groups")) {
            check_name(key)?;
            vars.insert(key.clone(), value.clone());
        }
    }
    if let Some(port) = port {
        vars.insert("ansible_ssh_port", i128::from(port));
    }
    let mut groups: Vec<Arc<str>> = Vec::new();
    for group in context.args.texts("groups") {
        let group = group.trim();
        if !group.is_empty() && !groups.iter().any(|g| **g == *group) {
            groups.push(group.into());
        }
    }
    let about = Value::map([
        ("host_name", Value::from(name)),
        ("groups", Value::list(groups.iter().cloned())),
        ("host_vars", Value::from(vars.clone())),
    ]);
    let mut change = Change::nothing(Map::new()).field("add_host", about);
    // The inventory says otherwise if all of it was there.
    change.changed = true;
    change.run.push(RunChange::AddHost { name: name.into(), groups, vars });
    Ok(change)
}

/// Splits `host:22`, `[::1]:22` and `[::1]`. A bare IPv6 address has colons and no port.
fn name_and_port(text: &str) -> (&str, Option<u16>) {
    if let Some((inside, after)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return match after.strip_prefix(':').map(str::parse) {
            Some(Ok(port)) => (inside, Some(port)),
            None if after.is_empty() => (inside, None),
            _ => (text, None),
        };
    }
    match text.split_once(':') {
        Some((name, port)) if !name.is_empty() => port.parse().map_or((text, None), |port| (name, Some(port))),
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::name_and_port;

    #[test]
    fn a_port_follows_one_colon() {
        let cases = [
            ("r1", ("r1", None)),
            ("r1:2222", ("r1", Some(2222))),
            ("fe80::1", ("fe80::1", None)),
            ("[fe80::1]:22", ("fe80::1", Some(22))),
            ("[fe80::1]", ("fe80::1", None)),
            ("r1:x", ("r1:x", None)),
            ("r1:99999", ("r1:99999", None)),
        ];
        for (text, expected) in cases {
            assert_eq!(name_and_port(text), expected, "{text}");
        }
    }
}
