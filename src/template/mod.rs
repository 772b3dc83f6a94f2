//! Jinja templates with Ansible's meaning. The only user of the template engine crate.
//!
//! Only text that an author wrote is rendered: [`crate::yaml::Node`]s and template files. A [`Templar`] renders for one
//! step: it asks its [`Scope`] for names, renders authors' variables lazily when they are used, and remembers them.

mod convert;
mod filters;
mod regex;
mod syntax;
mod tests;

use crate::source::{SearchPath, SourceId};
use crate::vars::Scope;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Renders with one step's variables.
pub struct Templar {
    pub(crate) scope: Arc<dyn Scope>,
    pub(crate) files: SearchPath,
}

/// The names that a text uses, as far as they are known without running it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Variables of the step's own host.
    pub own: BTreeSet<Arc<str>>,
    /// It may use any variable of its own host: `vars[name]`, `lookup('vars', …)`, a file known only at run time.
    pub everything: bool,
    /// It may use variables of other hosts: `hostvars`.
    pub other_hosts: bool,
}

impl Names {
    /// Adds what `other` uses.
    pub fn extend(&mut self, other: Names) {
        self.own.extend(other.own);
        self.everything |= other.everything;
        self.other_hosts |= other.other_hosts;
    }
}

/// How a template file is read (`template:` options, and the `#jinja2:` header that overrides them).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// Remove the first newline after a block tag.
    pub trim_blocks: bool,
    /// Remove blanks before a block tag.
    pub lstrip_blocks: bool,
    /// What newlines become.
    pub newline_sequence: String,
    /// `{{`, `}}`, `{%`, `%}`, `{#`, `#}` in this order.
    pub delimiters: [String; 6],
    /// The source, when it is among the sources (for places in errors).
    pub source: Option<SourceId>,
}

impl Default for FileOptions {
    fn default() -> FileOptions {
        FileOptions {
            trim_blocks: true,
            lstrip_blocks: false,
            newline_sequence: "\n".into(),
            delimiters: ["{{", "}}", "{%", "%}", "{#", "#}"].map(String::from),
            source: None,
        }
    }
}
