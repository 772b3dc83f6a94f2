//! The filters: Jinja's own and Ansible's, each a row of a table, one file a theme.
//!
//! A row has the name, the other names, one sentence of documentation and the function that adds it to an environment.
//! Adding a filter is one function and one row in the file of its theme; `netplay doc` and the templates read the row.

pub(crate) mod args;
mod combine;
mod dict;
mod encode;
mod html;
mod json;
mod natural;
mod net;
pub(crate) mod number;
pub(crate) mod path;
mod percent;
mod pprint;
pub(crate) mod python;
mod random;
#[cfg(test)]
mod recorded;
pub(crate) mod regex;
#[cfg(test)]
mod rows;
mod select;
mod sequence;
mod sets;
mod text;
mod time;
mod vault;
mod wrap;
mod yaml;

pub(crate) use crate::template::convert::{from_engine as data, to_engine};
use minijinja::Environment;

/// A filter: what stands behind the bar in `{{ value | name(arguments) }}`.
pub(crate) struct Filter {
    /// The name it goes by.
    pub name: &'static str,
    /// Its other names. The qualified `ansible.builtin.name` of every name is made by the caller.
    pub aliases: &'static [&'static str],
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// Adds it to an environment under the given name.
    pub add: fn(&mut Environment<'static>, &'static str),
}

/// All filters, one slice a theme.
pub(crate) static TABLE: &[&[Filter]] = &[
    dict::FILTERS,
    encode::FILTERS,
    html::FILTERS,
    json::FILTERS,
    natural::FILTERS,
    net::FILTERS,
    number::FILTERS,
    path::FILTERS,
    pprint::FILTERS,
    random::FILTERS,
    regex::FILTERS,
    select::FILTERS,
    sequence::FILTERS,
    sets::FILTERS,
    text::FILTERS,
    time::FILTERS,
    vault::FILTERS,
    yaml::FILTERS,
];
