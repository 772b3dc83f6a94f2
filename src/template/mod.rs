//! Jinja templates with Ansible's meaning. The only user of the template engine crate.
//!
//! Only text that an author wrote is rendered: [`crate::yaml::Node`]s and template files. A [`Templar`] renders for one
//! step: it asks its [`Scope`] for names, renders authors' variables lazily when they are used, and remembers them.
//!
//! The flow: `syntax` reads a text into expressions and statements with places; `emit` writes them for the engine, with
//! filters of our own (`operate`) in place of the engine's operators, so that what is undefined is refused where a value
//! is needed, and nowhere else; `compile` has the `engine` compile that once for the process; `render` runs it against
//! the `lazy` variables and turns errors into failures with places (`explain`). `names` and `check` look at the same
//! expressions without running them, `survey` at what a text does. `scope` gives names their meaning where the engine would find another,
//! `apart` keeps files apart that are included or imported without context. `nodes` counts what a part of a text writes, as
//! one value alone stays what it is, and `callable` makes macros with `varargs` of the engine's. The tables: `filters/`, `tests/` (Jinja's, not ours),
//! `lookups/`, `methods/`.
//!
//! Traps: what comes out of a variable may be the engine's undefined (a name or an entry that there is not) or an
//! `convert::Undefined` (a variable that uses one); ask `convert::is_undefined`. Lists and dictionaries of the engine
//! never change; a text that calls `append` or `update` gets copies that do (`mutable`).

mod apart;
mod bytes;
mod callable;
mod check;
mod compile;
mod convert;
mod crypt;
pub(crate) mod csv;
#[cfg(test)]
mod differences;
mod emit;
mod encoding;
mod engine;
mod explain;
mod file;
mod filters;
mod format;
mod globals;
mod header;
mod included;
#[cfg(test)]
mod large;
mod lazy;
mod lookups;
#[cfg(test)]
mod messages;
mod methods;
mod moment;
mod mutable;
mod names;
mod nodes;
mod operate;
mod outline;
#[cfg(test)]
mod property;
mod range;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod recorded_files;
mod reference;
mod refused;
mod render;
mod scope;
mod sequence;
mod survey;
mod syntax;
mod tests;
mod text;
mod undefined;

pub use check::{check, check_condition, check_expression, check_file};
pub(crate) use crypt::is_of as is_of_secret;
pub use lookups::{Fetch, Fetcher, Settings, is_lookup, lookup_names, set_fetcher, set_settings};
pub use names::{names, names_of_expression, names_of_file};
pub use outline::{Native, Outline};
pub use reference::{Reference, ReferenceKind, reference};
pub use refused::{REFUSED, Refused};

use crate::failure::{Failure, FailureKind};
use crate::source::{SearchPath, SourceId, SourceMap, Span};
use crate::value::{Map, Value};
use crate::vars::{Scope, Var};
use crate::yaml::{Kind, Node, has_template};
use compile::Mode;
use lazy::Core;
use render::{Origin, broken_condition};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// Renders with one step's variables. Cheap to make and to clone: compiled templates are shared by the process, variables
/// that were rendered by the clones of one templar.
#[derive(Clone)]
pub struct Templar {
    owner: Arc<Owner>,
}

/// Keeps the lazy values of a templar alive as long as it lives, and no longer.
struct Owner(Arc<Core>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.forget();
    }
}

impl Templar {
    /// Makes a templar for what `scope` knows; files are looked for on `files`, places are those of `sources`.
    pub fn new(scope: Arc<dyn Scope>, files: SearchPath, sources: Arc<SourceMap>) -> Templar {
        Templar { owner: Arc::new(Owner(Core::new(scope, files, sources, None))) }
    }

    /// Returns a templar that knows `extra` variables on top; of two of one name the extra one counts.
    pub fn with(&self, extra: Map) -> Templar {
        let core = self.core();
        let mut all = core.extra.as_deref().cloned().unwrap_or_default();
        for (key, value) in extra {
            all.insert(key, value);
        }
        let core =
            Core::new(Arc::clone(&core.scope), core.files.clone(), Arc::clone(&core.sources), Some(Arc::new(all)));
        Templar { owner: Arc::new(Owner(core)) }
    }

    fn core(&self) -> &Arc<Core> {
        &self.owner.0
    }

    /// Returns the variables that it renders with.
    pub fn scope(&self) -> &Arc<dyn Scope> {
        &self.core().scope
    }

    /// Returns the sources that places are of.
    pub fn sources(&self) -> &Arc<SourceMap> {
        &self.core().sources
    }

    /// Returns where it looks for files.
    pub fn files(&self) -> &SearchPath {
        &self.core().files
    }

    /// Renders every text in a node. Text that is one expression keeps the type of its value; entries that are `omit` are
    /// left out; keys stay as they are written, as in Ansible.
    pub fn node(&self, node: &Node) -> Result<Value, Failure> {
        match &node.kind {
            Kind::Str(text) if has_template(text) => {
                let core = self.core();
                let value = core.render(text, node)?;
                core.data(&value, &Origin { text, place: &|at| self.place(node, at) })
            }
            Kind::Vault(text) => self.core().opened(text, node).map(Value::Str),
            Kind::Seq(items) => {
                let mut rendered = Vec::with_capacity(items.len());
                for item in items.iter() {
                    match self.node(item)? {
                        Value::Omit => {}
                        value => rendered.push(value),
                    }
                }
                Ok(Value::List(Arc::new(rendered)))
            }
            Kind::Map(map) => {
                let mut rendered = Map::new();
                for (key, _, item) in map.iter() {
                    match self.node(item)? {
                        Value::Omit => {}
                        value => rendered.insert(key.clone(), value),
                    }
                }
                Ok(Value::from(rendered))
            }
            _ => Ok(node.to_value()),
        }
    }

    /// Renders a node as [`Templar::node`] does, without the items and entries that are undefined.
    pub fn defined_part(&self, node: &Node) -> Result<Value, Failure> {
        let part = |node: &Node| match self.defined_part(node) {
            Err(failure) if failure.kind == FailureKind::Undefined => Ok(None),
            other => other.map(|value| Some(value).filter(|value| *value != Value::Omit)),
        };
        match &node.kind {
            Kind::Seq(items) => {
                let items = items.iter().map(part).collect::<Result<Vec<_>, _>>()?;
                Ok(Value::list(items.into_iter().flatten()))
            }
            Kind::Map(map) => {
                let mut rendered = Map::new();
                for (key, _, item) in map.iter() {
                    if let Some(value) = part(item)? {
                        rendered.insert(key.clone(), value);
                    }
                }
                Ok(Value::from(rendered))
            }
            _ => self.node(node),
        }
    }

    fn place(&self, node: &Node, at: Range<usize>) -> Option<Span> {
        Some(node.place_of(&self.core().sources, at.start, at.end))
    }

    /// Evaluates a condition: `when`, `changed_when`, `failed_when`, `until`, an assertion. A list is the caller's.
    ///
    /// As in Ansible the result must be true or false: text and numbers are no conditions. A condition that is a template
    /// as a whole is rendered; where that gives text from an author's variable, the text is the condition.
    pub fn condition(&self, node: &Node) -> Result<bool, Failure> {
        let broken = |value: &Value| Err(broken_condition(value).at(node.span));
        match &node.kind {
            Kind::Bool(b) => Ok(*b),
            Kind::Str(text) => {
                let trimmed = text.trim();
                if trimmed.is_empty() {
                    return Err(Failure::new(FailureKind::Template, "condition is empty").at(node.span));
                }
                if is_all_template(trimmed) {
                    return self.templated_condition(node, trimmed);
                }
                match self.evaluate(text, node, Mode::Condition)? {
                    Value::Bool(b) => Ok(b),
                    other => broken(&other),
                }
            }
            Kind::Null => Err(Failure::new(FailureKind::Template, "condition is empty").at(node.span)),
            _ => broken(&node.to_value()),
        }
    }

    fn templated_condition(&self, node: &Node, text: &str) -> Result<bool, Failure> {
        if let Some(condition) = self.indirect_condition(text) {
            return self.condition(&condition);
        }
        match self.node(node)? {
            Value::Bool(b) => Ok(b),
            other => Err(broken_condition(&other)
                .at(node.span)
                .help("a condition is an expression already: leave the braces away")),
        }
    }

    /// Returns the author's text that `{{ name }}` stands for, when it stands for one.
    fn indirect_condition(&self, text: &str) -> Option<Node> {
        let name = text.strip_prefix("{{")?.strip_suffix("}}")?.trim();
        if !name.chars().all(|c| c == '_' || c.is_alphanumeric()) {
            return None;
        }
        match self.core().scope.var(name)? {
            Var::Author(node) if matches!(&node.kind, Kind::Str(text) if !has_template(text)) => Some(node),
            _ => None,
        }
    }

    /// Evaluates what a task names instead of rendering it: `debug: var=`, `loop: name`, `with_items: name`. Text that
    /// holds templates is rendered, everything that is no text is taken as [`Templar::node`] does.
    pub fn expression(&self, node: &Node) -> Result<Value, Failure> {
        match &node.kind {
            Kind::Str(text) if !has_template(text) => self.evaluate(text, node, Mode::Expression),
            _ => self.node(node),
        }
    }

    fn evaluate(&self, text: &Arc<str>, node: &Node, mode: Mode) -> Result<Value, Failure> {
        let place = |at: Range<usize>| self.place(node, at);
        let value = self.core().run(text, mode, &place)?;
        self.core().data(&value, &Origin { text, place: &place })
    }

    /// Evaluates a bare expression that stands in no node; failures point at `span`.
    pub fn expression_text(&self, text: &str, span: Option<Span>) -> Result<Value, Failure> {
        let text: Arc<str> = text.into();
        let value = self.core().run(&text, Mode::Expression, &|_| span)?;
        self.core().data(&value, &Origin { text: &text, place: &|_| span })
    }

    /// Returns a variable, rendered in full; `None` when there is none of that name.
    pub fn var(&self, name: &str) -> Result<Option<Value>, Failure> {
        match self.core().variable(name) {
            None => Ok(None),
            Some(value) => self.core().data(&value, &Origin { text: name, place: &|_| None }).map(Some),
        }
    }

    /// Runs a lookup, as `with_NAME:` does: the items are what the loop goes through.
    pub fn lookup(&self, name: &str, terms: Vec<Value>, options: Map) -> Result<Vec<Value>, Failure> {
        lookups::run(self.core(), name, terms, options)
    }
}

/// Returns XML as nested dictionaries, in the form of the filter `from_xml`.
///
/// # Errors
/// Says why the text is no XML, as a fragment.
pub fn xml_data(text: &str) -> Result<Value, String> {
    filters::xml::read(text)
}

/// Claims that text starts and ends with the delimiters of a template.
fn is_all_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| text.starts_with(mark))
        && ["}}", "%}", "#}"].iter().any(|mark| text.ends_with(mark))
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
