//! The *Jinja* tests (`{{ value is name(arguments) }}`), each a row of a table, one file a theme. Nothing here tests
//! netplay: that is what `#[cfg(test)]` modules do.

mod compare;
mod content;
mod file;
mod network;
mod result;
mod text;
mod vault;
mod version;

pub(crate) use version::loose_parts as loose_version;

use minijinja::Environment;

/// A Jinja test: what stands behind `is`.
pub(crate) struct Test {
    /// The name it goes by.
    pub name: &'static str,
    /// Its other names. The qualified `ansible.builtin.name` of every name is made by the caller.
    pub aliases: &'static [&'static str],
    /// What it claims, in one sentence.
    pub doc: &'static str,
    /// Adds it to an environment under the given name.
    pub add: fn(&mut Environment<'static>, &'static str),
}

/// All tests, one slice a theme.
pub(crate) static TABLE: &[&[Test]] =
    &[compare::TESTS, content::TESTS, file::TESTS, network::TESTS, result::TESTS, text::TESTS, vault::TESTS];
