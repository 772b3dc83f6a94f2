//! The arguments of a resource's module, and what a task wants by them.

use super::shape::{Inside, with_inside};
use crate::module::{Arg, ArgKind, Args};
use crate::resource::{Definition, Form, Kind, Opt, State, joined};
use crate::value::{Map, Value};

/// The states of `config`.
const STATES: &[&str] = &["merged", "replaced", "overridden", "deleted", "gathered", "rendered", "parsed"];
const STATES_WITH_PURGED: &[&str] =
    &["merged", "replaced", "overridden", "deleted", "purged", "gathered", "rendered", "parsed"];

/// The states of resources.
pub(in crate::module) struct States;

impl States {
    /// Those that every resource knows.
    pub(in crate::module) const ALL: &'static [&'static str] = STATES;
}

/// What a task wants.
pub(super) struct Wish {
    pub(super) what: What,
    /// What it says, as a tree.
    pub(super) tree: Map,
}

pub(super) enum What {
    /// The device is brought to it.
    Bring(State),
    /// What is there is read.
    Gather,
    /// A text is read.
    Parse(String),
}

/// Returns a module's arguments.
pub(super) fn arguments(definition: &'static Definition) -> Vec<Arg> {
    match definition.form {
        Form::List | Form::Dict => configured(definition),
        Form::Entries | Form::Single => plain(definition),
    }
}

fn inside(definition: &'static Definition, is_partial: bool) -> Inside {
    let refused = definition.refused.as_slice();
    Inside { options: &definition.options, platform: &definition.platform.name, is_partial, refused }
}

fn configured(definition: &'static Definition) -> Vec<Arg> {
    let kind = if definition.form == Form::List { ArgKind::List } else { ArgKind::Dict };
    let states = if definition.has_purged { STATES_WITH_PURGED } else { STATES };
    vec![
        with_inside(Arg::new("config", kind, "What is wanted."), inside(definition, false)),
        Arg::new("running_config", ArgKind::Str, "With `state: parsed`, the text to read; nothing is asked then."),
        Arg::new(
            "state",
            ArgKind::Str,
            "What is done: `merged` adds, `replaced` makes the entries named just so, `overridden` everything, `deleted` \
             takes away, `gathered` reads the device, `rendered` shows the commands, `parsed` reads a text.",
        )
        .choices(states)
        .default("merged"),
    ]
}

fn plain(definition: &'static Definition) -> Vec<Arg> {
    let mut args: Vec<Arg> = definition.options.all.iter().map(|option| argument(definition, option)).collect();
    if definition.form == Form::Entries {
        let aggregate = Arg::new(
            "aggregate",
            ArgKind::List,
            "Several entries; what they do not say is taken from the arguments beside.",
        );
        args.push(with_inside(aggregate, inside(definition, true)));
        args.push(Arg::new("purge", ArgKind::Bool, "Remove the entries that are not named.").default("false"));
    }
    // Where nothing can be taken away, `state` is an option like others, or is not there.
    if definition.present.is_empty() {
        return args;
    }
    let mut state = Arg::new("state", ArgKind::Str, "Whether it is there.");
    let words = definition.present.iter().chain(&definition.absent).map(String::as_str);
    state.choices = words.collect::<Vec<_>>().leak();
    state.default = definition.present.first().map(String::as_str);
    args.push(state);
    args
}

fn argument(definition: &'static Definition, option: &'static Opt) -> Arg {
    let kind = match &option.kind {
        Kind::Text | Kind::Block | Kind::Interface | Kind::Port => ArgKind::Str,
        Kind::Secret => ArgKind::Secret,
        Kind::Int => ArgKind::Int,
        Kind::Bool => ArgKind::Bool,
        Kind::Ranges | Kind::Texts | Kind::Ints | Kind::Interfaces | Kind::List(_) => ArgKind::List,
        Kind::Dict(_) => ArgKind::Dict,
    };
    let mut arg = Arg::new(&option.name, kind, &option.doc);
    // With `aggregate` it is the entries that must have it.
    arg.required = option.required && definition.form == Form::Single;
    arg.default = option.default.as_deref();
    if !option.choices.is_empty() {
        arg.choices = option.choices.iter().map(String::as_str).collect::<Vec<_>>().leak();
    }
    match &option.kind {
        Kind::Dict(options) | Kind::List(options) => {
            with_inside(arg, Inside { options, platform: &definition.platform.name, is_partial: false, refused: &[] })
        }
        _ => arg,
    }
}

impl Wish {
    /// Reads a task's arguments.
    ///
    /// # Errors
    /// Says which is wrong.
    pub(super) fn of(definition: &Definition, args: &Args) -> Result<Wish, String> {
        match definition.form {
            Form::List | Form::Dict => Wish::configured(definition, args),
            Form::Entries | Form::Single => Wish::plain(definition, args),
        }
    }

    fn configured(definition: &Definition, args: &Args) -> Result<Wish, String> {
        let state = args.text("state").unwrap_or("merged");
        let brings = match state {
            "gathered" => return Ok(Wish { what: What::Gather, tree: Map::new() }),
            "parsed" => {
                let text = args.text("running_config").filter(|text| !text.trim().is_empty());
                let text = text.ok_or("`running_config` must not be empty for state `parsed`")?;
                return Ok(Wish { what: What::Parse(text.to_owned()), tree: Map::new() });
            }
            "replaced" => State::Replaced,
            "overridden" => State::Overridden,
            "deleted" => State::Deleted,
            "purged" => State::Purged,
            "rendered" => State::Rendered,
            _ => State::Merged,
        };
        let takes_away = matches!(brings, State::Deleted | State::Purged);
        let tree = match definition.form {
            Form::List => tree(definition, args.list("config"), "config", !takes_away)?,
            _ => {
                let config = args.dict("config").cloned().unwrap_or_default();
                // All goes, unless a part of it has a name.
                match takes_away {
                    true if definition.named.is_empty() || config.is_empty() => Map::new(),
                    true => definition.options.coerce(&definition.platform.name, "config", &config, false)?,
                    false => coerced(definition, &config, "config")?,
                }
            }
        };
        if tree.is_empty() && !takes_away {
            return Err(format!("`config` must not be empty for state `{state}`"));
        }
        Ok(Wish { what: What::Bring(brings), tree })
    }

    fn plain(definition: &Definition, args: &Args) -> Result<Wish, String> {
        let is_absent = args.text("state").is_some_and(|state| definition.absent.iter().any(|word| word == state));
        let own: Map = definition
            .options
            .all
            .iter()
            .filter_map(|option| Some((option.name.as_str(), args.get(&option.name)?.clone())))
            .collect();
        if definition.form == Form::Single {
            let state = if is_absent { State::Deleted } else { State::Given { purge: false } };
            let tree = coerced(definition, &own, "")?;
            return Ok(Wish { what: What::Bring(state), tree });
        }
        let given = args.list("aggregate");
        let entries: Vec<Value> = match given {
            [] => vec![own.into()],
            items => items.iter().map(|item| with_own(item, &own)).collect(),
        };
        let tree = tree(definition, &entries, if given.is_empty() { "" } else { "aggregate" }, !is_absent)?;
        let state = match (is_absent, args.flag("purge")) {
            (true, _) => State::Deleted,
            (false, purge) => State::Given { purge },
        };
        Ok(Wish { what: What::Bring(state), tree })
    }
}

/// Returns an entry of `aggregate` with the arguments beside it; an entry that is no dictionary stays, to be refused.
fn with_own(item: &Value, own: &Map) -> Value {
    let Some(entry) = item.as_map() else { return item.clone() };
    let mut all = own.clone();
    entry.iter().for_each(|(key, value)| all.insert(key.clone(), value.clone()));
    all.into()
}

fn coerced(definition: &Definition, map: &Map, at: &str) -> Result<Map, String> {
    definition.options.coerce(&definition.platform.name, at, map, true)
}

/// Returns the tree of entries.
fn tree(definition: &Definition, entries: &[Value], at: &str, with_defaults: bool) -> Result<Map, String> {
    let entry = |(number, entry): (usize, &Value)| {
        let at = if at.is_empty() { String::new() } else { format!("{at}[{number}]") };
        let map = entry.as_map().ok_or_else(|| format!("`{at}` must be a dictionary, not a {}", entry.kind()))?;
        definition.options.coerce(&definition.platform.name, &at, map, with_defaults).map(Value::from)
    };
    let entries: Vec<Value> = entries.iter().enumerate().map(entry).collect::<Result<_, _>>()?;
    if entries.is_empty() {
        return Ok(Map::new());
    }
    // Entries of one name are one: what is said last counts.
    Ok([("config", Value::list(joined(&definition.options, &entries)))].into_iter().collect())
}
