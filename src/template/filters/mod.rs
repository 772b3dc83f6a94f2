//! The filters: Jinja's own and Ansible's, each a row of a table, one file a theme.
//!
//! A row has the name, the other names, one sentence of documentation and the function that adds it to an environment.
//! Adding a filter is one function and one row in the file of its theme; `netplay doc` and the templates read the row.

pub(crate) mod args;
mod change;
mod combine;
mod dict;
mod duration;
mod encode;
mod general;
mod html;
mod jmespath;
mod json;
mod keys;
mod natural;
pub(crate) mod net;
pub(crate) mod number;
mod parse;
mod password;
pub(crate) mod path;
pub(crate) mod paths;
mod percent;
mod pprint;
pub(crate) mod python;
pub(crate) mod random;
#[cfg(test)]
mod recorded;
pub(crate) mod regex;
#[cfg(test)]
mod rows;
mod select;
mod sequence;
mod set_order;
mod sets;
mod tables;
mod text;
mod time;
mod urlize;
mod vault;
mod vlan;
mod wrap;
pub(crate) mod xml;
mod yaml;

pub(crate) use crate::template::convert::{from_engine as data, to_engine};
use minijinja::Environment;
pub(crate) use sequence::Group;

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
    change::FILTERS,
    dict::FILTERS,
    duration::FILTERS,
    encode::FILTERS,
    general::FILTERS,
    html::FILTERS,
    jmespath::FILTERS,
    json::FILTERS,
    keys::FILTERS,
    natural::FILTERS,
    net::FILTERS,
    number::FILTERS,
    parse::FILTERS,
    path::FILTERS,
    password::FILTERS,
    paths::FILTERS,
    pprint::FILTERS,
    random::FILTERS,
    regex::FILTERS,
    select::FILTERS,
    sequence::FILTERS,
    sets::FILTERS,
    tables::FILTERS,
    text::FILTERS,
    time::FILTERS,
    vlan::FILTERS,
    urlize::FILTERS,
    xml::FILTERS,
    vault::FILTERS,
    yaml::FILTERS,
];
