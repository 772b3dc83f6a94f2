//! The filters and tests that take what is undefined: everything else refuses it.

use super::convert::{Undefined, is_undefined};
use super::filters::args::Given;
use super::filters::{self, Filter};
use super::operate::{type_name, wrong};
use super::range::listed;
use super::tests::{self, Test};
use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error};

static FILTERS: &[Filter] = &[
    Filter {
        name: "default",
        aliases: &["d"],
        doc: "Gives `default_value` for what is undefined, and with `boolean` for everything that counts as false.",
        add: |env, name| env.add_filter(name, default),
    },
    Filter {
        name: "mandatory",
        aliases: &[],
        doc: "Gives the value; fails with `msg` when it is undefined.",
        add: |env, name| env.add_filter(name, mandatory),
    },
    Filter {
        name: "type_debug",
        aliases: &[],
        doc: "Gives the name of the value's type as Python has it.",
        add: |env, name| {
            env.add_filter(
                name,
                |value: Value| {
                    if is_undefined(&value) { "UndefinedMarker" } else { type_name(&value) }
                },
            )
        },
    },
];

static TESTS: &[Test] = &[
    Test {
        name: "defined",
        aliases: &[],
        doc: "Holds for every value there is.",
        add: |env, name| env.add_test(name, |value: Value| !is_undefined(&value)),
    },
    Test {
        name: "undefined",
        aliases: &[],
        doc: "Holds for a variable or an element that there is not.",
        add: |env, name| env.add_test(name, |value: Value| is_undefined(&value)),
    },
];

/// Returns all filters there are.
pub(crate) fn all_filters() -> impl Iterator<Item = &'static Filter> {
    filters::TABLE.iter().copied().flatten().chain(FILTERS)
}

/// Returns all tests there are.
pub(crate) fn all_tests() -> impl Iterator<Item = &'static Test> {
    tests::TABLE.iter().copied().flatten().chain(TESTS)
}

/// Adds all filters and tests to an environment, plain and qualified.
pub(crate) fn add(env: &mut Environment<'static>) {
    for filter in all_filters() {
        for name in std::iter::once(&filter.name).chain(filter.aliases) {
            (filter.add)(env, name);
            (filter.add)(env, qualified(name));
        }
    }
    for test in all_tests() {
        for name in std::iter::once(&test.name).chain(test.aliases) {
            (test.add)(env, name);
            (test.add)(env, qualified(name));
        }
    }
}

/// Returns `ansible.builtin.name`. Made once per name and process.
fn qualified(name: &'static str) -> &'static str {
    Box::leak(format!("ansible.builtin.{name}").into_boxed_str())
}

fn default(given: Given<'_>) -> Result<Value, Error> {
    let (values, named) = given.parts();
    let refused = || wrong("`default` takes `default_value` and `boolean`");
    if values.len() > 3 {
        return Err(refused());
    }
    let value = values.first().unwrap_or(&Value::UNDEFINED);
    let (mut default, mut boolean) = (values.get(1).cloned(), values.get(2).cloned());
    if let Some(named) = named {
        for key in named.try_iter()? {
            let slot = match key.as_str() {
                Some("default_value") => &mut default,
                Some("boolean") => &mut boolean,
                _ => return Err(refused()),
            };
            if slot.replace(named.get_item(&key)?).is_some() {
                return Err(refused());
            }
        }
    }
    let is_missing = is_undefined(value) || (boolean.is_some_and(|boolean| boolean.is_true()) && !value.is_true());
    Ok(if is_missing { default.unwrap_or_else(|| Value::from("")) } else { listed(value) })
}

fn mandatory(value: Value, message: Option<Value>, named: Kwargs) -> Result<Value, Error> {
    let message = match message {
        Some(message) => Some(message),
        None => named.get::<Option<Value>>("msg")?,
    };
    if !is_undefined(&value) {
        return Ok(listed(&value));
    }
    Err(wrong(match (message.as_ref().and_then(Value::as_str), value.downcast_object_ref::<Undefined>()) {
        (Some(message), _) => message.to_owned(),
        (None, Some(inner)) => format!("mandatory value is not defined: {}", inner.0.message.expose()),
        (None, None) => "mandatory value is not defined".to_owned(),
    }))
}

#[cfg(test)]
mod tests_of_the_tables {
    use super::*;

    #[test]
    fn every_name_stands_for_one_thing_only() {
        let filters = all_filters().flat_map(|row| std::iter::once(row.name).chain(row.aliases.iter().copied()));
        let tests = all_tests().flat_map(|row| std::iter::once(row.name).chain(row.aliases.iter().copied()));
        for mut names in [filters.collect::<Vec<_>>(), tests.collect::<Vec<_>>()] {
            names.sort_unstable();
            let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
            assert!(twice.is_empty(), "{twice:?}");
        }
    }
}
