//! `map`, `select` and their kin: filters that apply other filters and tests to every item.

use super::Filter;
use super::args::{Args, add_filter};
use super::python::lookup;
use crate::template::convert::{defined, is_undefined};
use minijinja::value::Kwargs;
use minijinja::{Error, State, Value};

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "map",
        aliases: &[],
        doc: "Takes the `attribute` (or `default`) of every item, or applies the named filter to it.",
        add: |env, name| add_filter(env, name, &["*", "**"], map),
    },
    Filter {
        name: "select",
        aliases: &[],
        doc: "Keeps the items that pass the named test, or that are true.",
        add: |env, name| add_filter(env, name, &["*", "**"], |state, args| pick(state, args, false, true)),
    },
    Filter {
        name: "reject",
        aliases: &[],
        doc: "Drops the items that pass the named test, or that are true.",
        add: |env, name| add_filter(env, name, &["*", "**"], |state, args| pick(state, args, false, false)),
    },
    Filter {
        name: "selectattr",
        aliases: &[],
        doc: "Keeps the items whose attribute passes the named test, or is true.",
        add: |env, name| add_filter(env, name, &["*", "**"], |state, args| pick(state, args, true, true)),
    },
    Filter {
        name: "rejectattr",
        aliases: &[],
        doc: "Drops the items whose attribute passes the named test, or is true.",
        add: |env, name| add_filter(env, name, &["*", "**"], |state, args| pick(state, args, true, false)),
    },
];

/// Returns the arguments for a filter or test on `item`.
fn arguments(item: Value, rest: &[Value], args: &Args) -> Vec<Value> {
    let mut all = Vec::with_capacity(rest.len() + 2);
    all.push(item);
    all.extend_from_slice(rest);
    if !args.named.is_empty() {
        all.push(args.named.iter().cloned().collect::<Kwargs>().into());
    }
    all
}

/// Returns the input's items; everything that counts as false has none.
fn items(args: &Args) -> Result<Vec<Value>, Error> {
    defined(args.input())?;
    if args.input().is_true() { args.items() } else { Ok(Vec::new()) }
}

fn map(state: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let items = items(args)?;
    let mut out = Vec::with_capacity(items.len());
    if args.rest.is_empty() {
        let mut attribute = None;
        let mut default = None;
        for (name, value) in &args.named {
            match &name[..] {
                "attribute" => attribute = Some(value),
                "default" => default = Some(value),
                other => return Err(args.error(format!("has no argument `{other}`; it takes `attribute`, `default`"))),
            }
        }
        let attribute = attribute.ok_or_else(|| args.error("wants the name of a filter, or `attribute=`"))?;
        for item in items {
            let value = lookup(&item, attribute)?;
            out.push(match default {
                Some(default) if is_undefined(&value) => default.clone(),
                _ => value,
            });
        }
        return Ok(out.into());
    }
    let filter = args.rest[0].as_str().ok_or_else(|| args.wrong("the name of a filter", &args.rest[0]))?;
    for item in items {
        out.push(state.apply_filter(filter, &arguments(item, &args.rest[1..], args))?);
    }
    Ok(out.into())
}

fn pick(state: &mut State<'_, '_>, args: &Args, by_attribute: bool, keep: bool) -> Result<Value, Error> {
    let (attribute, rest) = match (by_attribute, args.rest) {
        (true, [attribute, rest @ ..]) => (Some(attribute), rest),
        (true, []) => return Err(args.error("wants the name of an attribute")),
        (false, rest) => (None, rest),
    };
    let test = match rest.first() {
        Some(name) => Some(name.as_str().ok_or_else(|| args.wrong("the name of a test", name))?),
        None => None,
    };
    let mut out = Vec::new();
    for item in items(args)? {
        let tested = match attribute {
            Some(attribute) => lookup(&item, attribute)?,
            None => item.clone(),
        };
        let passes = match test {
            Some(test) => state.perform_test(test, &arguments(tested, &rest[1..], args))?,
            None => {
                defined(&tested)?;
                tested.is_true()
            }
        };
        if passes == keep {
            out.push(item);
        }
    }
    Ok(out.into())
}
