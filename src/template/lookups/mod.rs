//! The lookups: `lookup('name', …)`, `query('name', …)` and `with_name:`, each a row of a table, one file a theme.
//!
//! A lookup gets terms and options and gives a list. `lookup` makes one value of it: the only item, or all of them joined
//! by commas when they are texts.

mod config;
mod data;
mod files;
mod password;
mod pipe;
mod random;
mod records;
mod structure;
mod url;
mod variables;

pub use config::{Settings, set_settings};
pub use url::{Fetch, Fetcher, set_fetcher};

use super::convert::{carry, defined, from_engine, to_engine};
use super::emit::plain_name;
use super::lazy::Core;
use super::{ReferenceKind, refused};
use crate::failure::{Failure, FailureKind};
use crate::source::did_you_mean;
use crate::value::{Map, Value};
use minijinja::value::Kwargs;
use minijinja::{Error, State};
use std::sync::Arc;

/// A lookup.
pub(crate) struct Lookup {
    /// The name it goes by.
    pub name: &'static str,
    /// What it gives, in one sentence.
    pub doc: &'static str,
    /// Its options; others are refused.
    pub options: &'static [&'static str],
    /// Runs it.
    pub run: fn(&Call<'_>) -> Result<Vec<Value>, Failure>,
}

/// All lookups, one slice a theme.
pub(crate) static TABLE: &[&[Lookup]] = &[
    config::LOOKUPS,
    data::LOOKUPS,
    files::LOOKUPS,
    password::LOOKUPS,
    pipe::LOOKUPS,
    random::LOOKUPS,
    records::LOOKUPS,
    structure::LOOKUPS,
    url::LOOKUPS,
    variables::LOOKUPS,
];

/// Returns the names of all lookups.
pub fn lookup_names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().flat_map(|theme| theme.iter()).map(|lookup| lookup.name)
}

/// Claims that there is a lookup of a name, qualified or not.
pub fn is_lookup(name: &str) -> bool {
    find(name).is_some()
}

/// Lookups that have their name in a collection too.
const OF_COMMUNITY: [&str; 2] = ["cartesian", "flattened"];

/// What a lookup is called with.
pub(crate) struct Call<'a> {
    pub core: &'a Arc<Core>,
    pub terms: Vec<Value>,
    pub options: Map,
}

impl Call<'_> {
    fn option(&self, name: &str) -> Option<&Value> {
        self.options.get(name).filter(|value| **value != Value::Null)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.option(name).map(Value::to_text)
    }

    fn flag(&self, name: &str, default: bool) -> bool {
        match self.option(name) {
            None => default,
            Some(Value::Str(text)) => matches!(text.to_lowercase().as_str(), "true" | "yes" | "on" | "1" | "y" | "t"),
            Some(value) => value.is_truthy(),
        }
    }
}

/// Makes the failure of a lookup that got something wrong.
fn argument(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Argument, message.into())
}

/// Returns the lookup of a name, qualified or not.
pub(crate) fn find(name: &str) -> Option<&'static Lookup> {
    let name = plain_name(name);
    let name = name.strip_prefix("community.general.").filter(|plain| OF_COMMUNITY.contains(plain)).unwrap_or(name);
    TABLE.iter().copied().flatten().find(|lookup| lookup.name == name)
}

/// Returns what to say about a name that no lookup has.
pub(crate) fn unknown(name: &str) -> (String, Option<String>) {
    let plain = plain_name(name);
    if let Some(refused) = refused::find(ReferenceKind::Lookup, plain) {
        return (format!("lookup `{name}` is not supported"), Some(refused.why.to_owned()));
    }
    let names = TABLE.iter().copied().flatten().map(|lookup| lookup.name);
    (format!("unknown lookup `{name}`"), did_you_mean(plain, names))
}

/// Runs a lookup.
pub(crate) fn run(core: &Arc<Core>, name: &str, terms: Vec<Value>, options: Map) -> Result<Vec<Value>, Failure> {
    let Some(lookup) = find(name) else {
        let (message, help) = unknown(name);
        let failure = Failure::new(FailureKind::Template, message);
        return Err(match help {
            Some(help) => failure.help(help),
            None => failure,
        });
    };
    for (key, _) in options.iter() {
        let key = key.to_string();
        if !lookup.options.contains(&key.as_str()) {
            let failure = argument(format!("lookup `{name}` has no option `{key}`"));
            return Err(match did_you_mean(&key, lookup.options.iter().copied()) {
                Some(help) => failure.help(help),
                None => failure,
            });
        }
    }
    (lookup.run)(&Call { core, terms, options })
}

/// Runs `lookup(…)` and, with `as_list`, `query(…)`.
pub(crate) fn call(
    state: &mut State<'_, '_>,
    positional: &[minijinja::Value],
    named: &Kwargs,
    as_list: bool,
) -> Result<minijinja::Value, Error> {
    let Some(core) = Core::of(state) else { return Err(carry(argument("lookups need variables"))) };
    let Some((name, terms)) = positional.split_first() else {
        return Err(carry(argument("`lookup()` wants the name of a lookup")));
    };
    defined(name)?;
    let name = name.as_str().ok_or_else(|| carry(argument("the name of a lookup is text")))?;
    let mut as_list = as_list;
    let mut errors = "strict".to_owned();
    let mut options = Map::new();
    for key in named.args() {
        let value = named.get::<minijinja::Value>(key)?;
        match key {
            "wantlist" => as_list = value.is_true(),
            "errors" => errors = value.to_string(),
            _ => {
                // As in Ansible: what is undefined makes the whole lookup undefined.
                if super::convert::is_undefined(&value) {
                    return Ok(value);
                }
                options.insert(key, from_engine(&value)?);
            }
        }
    }
    let mut known = Vec::with_capacity(terms.len());
    for term in terms {
        if super::convert::is_undefined(term) {
            return Ok(term.clone());
        }
        known.push(from_engine(term)?);
    }
    let found = match run(&core, name, known, options) {
        Ok(found) => found,
        Err(_) if find(name).is_some() && (errors == "ignore" || errors == "warn") => {
            return Ok(if as_list { to_engine(&Value::list(Vec::<Value>::new())) } else { minijinja::Value::from(()) });
        }
        Err(failure) if failure.kind == FailureKind::Undefined => {
            return Ok(minijinja::Value::from_object(super::convert::Undefined(failure)));
        }
        Err(failure) => return Err(carry(failure)),
    };
    Ok(to_engine(&if as_list { Value::list(found) } else { joined(found) }))
}

/// Makes one value of a lookup's result.
fn joined(mut found: Vec<Value>) -> Value {
    if found.len() == 1 {
        return found.remove(0);
    }
    if found.is_empty() {
        return Value::list(found);
    }
    let texts: Option<Vec<&str>> = found.iter().map(Value::as_str).collect();
    match texts {
        Some(texts) => Value::from(texts.join(",")),
        None => Value::list(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lookup_has_its_own_name_and_a_sentence() {
        let mut names: Vec<&str> = TABLE.iter().copied().flatten().map(|lookup| lookup.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "two lookups of one name");
        for lookup in TABLE.iter().copied().flatten() {
            assert!(lookup.doc.ends_with('.'), "{}", lookup.name);
        }
    }
}
