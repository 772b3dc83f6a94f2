//! `getent`: reads the host's databases of users, groups, hosts and services into facts.

use super::remote::exec_output;
use super::tool::{command, reading};
use super::{Arg, ArgKind, Change, Context, KeepFacts, Module, Needs};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Key, Map, Value};

/// `getent`
pub static MODULE: Module = Module {
    name: "getent",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Reads the host's databases of users, groups, hosts and services into facts.",
    args: &[
        Arg::new("database", ArgKind::Str, "The database: `passwd`, `group`, `hosts`, `services`.").required(),
        Arg::new("key", ArgKind::Str, "The entry; all when not given."),
        Arg::new("service", ArgKind::Str, "The service to ask instead of those of /etc/nsswitch.conf."),
        Arg::new("split", ArgKind::Str, "What stands between the fields; blanks, or a colon in `passwd` and its like."),
        Arg::new("fail_key", ArgKind::Bool, "Fail when there is no such entry.").default("true"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let database = args.text("database").unwrap_or_default();
    let key = args.text("key");
    let mut words = vec!["getent", database];
    words.extend(key);
    words.extend(args.text("service").into_iter().flat_map(|service| ["-s", service]));
    let output = exec_output(context.probe.read(reading(&command(&words))).await?)?;
    let colons = ["passwd", "shadow", "group", "gshadow"].contains(&database);
    let split = args.text("split").or(colons.then_some(":"));
    let mut entries = Map::new();
    let mut message = None;
    let missing = "One or more supplied key could not be found in the database.";
    let wrong = |why: &str| Err(Failure::new(FailureKind::Command, why));
    match output.status {
        0 => add_entries(&mut entries, &String::from_utf8_lossy(&output.stdout), split),
        1 => return wrong("Missing arguments, or database unknown."),
        2 if args.flag("fail_key") => return wrong(missing),
        2 => {
            entries.insert(key.unwrap_or_default(), Value::Null);
            message = Some(missing);
        }
        3 => return wrong("Enumeration not supported on this database."),
        127 => return wrong("the host has no `getent`"),
        _ => return wrong("Unexpected failure!"),
    }
    let fact = format!("getent_{database}");
    let facts: Map = [(fact.as_str(), Value::from(entries))].into_iter().collect();
    let mut change = Change::nothing(Map::new()).field("ansible_facts", facts.clone());
    if let Some(message) = message {
        change = change.field("msg", message);
    }
    change.facts = facts;
    change.keep = KeepFacts::AsFacts;
    Ok(change)
}

/// Adds the entries of an answer. Several of one key become a list of them.
pub(super) fn add_entries(entries: &mut Map, text: &str, split: Option<&str>) {
    let mut seen: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = match split {
            Some(split) => line.split(split).collect(),
            None => line.split_whitespace().collect(),
        };
        let Some((key, rest)) = fields.split_first() else { continue };
        let rest = Value::list(rest.iter().copied());
        let count = seen.entry((*key).to_owned()).or_default();
        *count += 1;
        let value = match (*count, entries.get(key)) {
            (2, Some(first)) => Value::list([first.clone(), rest]),
            (3.., Some(Value::List(all))) => Value::list(all.iter().cloned().chain([rest])),
            _ => rest,
        };
        entries.insert(Key::from(*key), value);
    }
}
