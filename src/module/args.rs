//! Arguments of modules: declared in tables, checked before the run as far as they are literal, rendered and coerced
//! in the run.

mod check;
mod coerce;
mod free_form;

pub use check::{check_args, check_on_platform};
pub use coerce::coerce_args;
pub(super) use free_form::unescaped;
pub use free_form::{split_free_form, split_key_value};

use crate::platform::Platform;
use crate::source::{Diagnostic, Diagnostics, Span};
use crate::value::{Map, Value};
use crate::yaml::{Mapping, Node};
use coerce::default_value;
use std::sync::Arc;

/// An argument that a module takes.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// Its name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// What it is.
    pub kind: ArgKind,
    /// Whether it must be given.
    pub required: bool,
    /// The value when it is not given, written as in YAML.
    pub default: Option<&'static str>,
    /// The only values it may have; empty when any.
    pub choices: &'static [&'static str],
    /// Why it can only have a value that asks for nothing (`false`, empty, its default): Ansible knows it, netplay does
    /// not do it.
    pub refused: Option<&'static str>,
    /// The values for which a module of a CLI needs NETCONF.
    pub over_netconf: Option<OverNetconf>,
    /// What it means, in one sentence.
    pub doc: &'static str,
    /// What is inside of a list or a dictionary, where that is known.
    pub shape: Option<&'static dyn Shape>,
}

/// Values for which a module of a CLI needs NETCONF.
#[derive(Clone, Copy, Debug)]
pub enum OverNetconf {
    /// These; any when there are none.
    Values(&'static [&'static str]),
    /// Texts, or files with such texts, of which this is claimed.
    Text(fn(&str) -> bool),
}

/// What is inside of an argument that is a list or a dictionary.
pub trait Shape: Sync + std::fmt::Debug {
    /// Finds what is wrong with a value as written.
    fn check(&self, called: &str, node: &Node, found: &mut Diagnostics);

    /// Returns the secrets in a value.
    fn secrets(&self, value: &Value) -> Vec<String>;

    /// Writes what is inside, indented so many times by two, for `netplay doc`.
    fn describe(&self, depth: usize, out: &mut String);
}

/// What an argument is. Coercion follows Ansible's: `"5"` is an integer where one is asked for, `yes` a boolean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// Text; numbers and booleans become text.
    Str,
    /// A path on the host or here; like text.
    Path,
    /// A boolean.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// A list; text is split at commas, anything else becomes a list of one.
    List,
    /// A dictionary; `key=value` text and JSON text are read.
    Dict,
    /// Anything.
    Raw,
    /// A bare Jinja expression or a list of them: not rendered before the module gets it.
    Expression,
    /// A secret: text that is masked wherever it appears.
    Secret,
}

/// How arguments depend on each other.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// At most one of them.
    Exclusive(&'static [&'static str]),
    /// At least one of them.
    OneOf(&'static [&'static str]),
    /// All or none of them.
    Together(&'static [&'static str]),
    /// If the first is given, or has the value, so must the others be.
    RequiredIf(&'static str, &'static str, &'static [&'static str]),
    /// What is written of the argument passes the check, as far as it can be told before the run.
    Passes(&'static str, fn(&Node) -> Option<Diagnostic>),
    /// The platform that the module's name says can follow the arguments as written.
    OnPlatform(fn(&Mapping, &Platform) -> Diagnostics),
}

impl Arg {
    /// Makes an optional argument.
    pub const fn new(name: &'static str, kind: ArgKind, doc: &'static str) -> Arg {
        Arg {
            name,
            aliases: &[],
            kind,
            required: false,
            default: None,
            choices: &[],
            refused: None,
            over_netconf: None,
            doc,
            shape: None,
        }
    }

    /// Makes it required.
    pub const fn required(mut self) -> Arg {
        self.required = true;
        self
    }

    /// Gives it other names.
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Arg {
        self.aliases = aliases;
        self
    }

    /// Gives it a default, written as in YAML.
    pub const fn default(mut self, default: &'static str) -> Arg {
        self.default = Some(default);
        self
    }

    /// Limits its values.
    pub const fn choices(mut self, choices: &'static [&'static str]) -> Arg {
        self.choices = choices;
        self
    }

    /// Says that netplay does not do what it asks for, and why.
    pub const fn refused(mut self, why: &'static str) -> Arg {
        self.refused = Some(why);
        self
    }

    /// Says with which values a module of a CLI needs NETCONF; with none, that it does with any.
    pub const fn over_netconf(mut self, values: &'static [&'static str]) -> Arg {
        self.over_netconf = Some(OverNetconf::Values(values));
        self
    }

    /// Says with which texts (or files) a module of a CLI needs NETCONF.
    pub const fn texts_over_netconf(mut self, is_such: fn(&str) -> bool) -> Arg {
        self.over_netconf = Some(OverNetconf::Text(is_such));
        self
    }

    /// Returns why a value cannot be had, if it asks for something that netplay does not do.
    fn refuses(&self, value: &Value) -> Option<&'static str> {
        let asks = match value {
            Value::Null | Value::Bool(false) => false,
            Value::Str(text) => !text.is_empty(),
            Value::List(items) => !items.is_empty(),
            _ => true,
        };
        let is_default = self.default.is_some_and(|default| default_value(default) == *value);
        self.refused.filter(|_| asks && !is_default)
    }

    fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// Joins two lists of arguments; `args_with!` calls it.
pub(super) const fn joined<const N: usize>(own: &[Arg], shared: &[Arg]) -> [Arg; N] {
    let mut all = [Arg::new("", ArgKind::Raw, ""); N];
    let mut at = 0;
    while at < N {
        all[at] = if at < own.len() { own[at] } else { shared[at - own.len()] };
        at += 1;
    }
    all
}

/// Makes the arguments of a module of a shared list and its own: `args_with![FILE; Arg::new(…), …]`.
macro_rules! args_with {
    ($shared:expr; $($own:expr),* $(,)?) => {{
        const OWN: &[$crate::module::Arg] = &[$($own),*];
        const ALL: [$crate::module::Arg; OWN.len() + $shared.len()] = $crate::module::args::joined(OWN, $shared);
        &ALL
    }};
}
pub(super) use args_with;

/// A step's arguments: rendered, checked, with defaults. Keys are the declared names, never aliases.
#[derive(Clone, Debug, Default)]
pub struct Args {
    map: Map,
    spans: Vec<(Arc<str>, Span)>,
    expressions: Vec<(Arc<str>, Node)>,
}

impl Args {
    /// Makes arguments of a map; for tests and for modules that call each other.
    pub fn of(map: Map) -> Args {
        Args { map, ..Args::default() }
    }

    /// Returns an argument's value; `None` when it is not given and has no default.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.map.get(name).filter(|value| !matches!(value, Value::Null))
    }

    /// Returns an argument's text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// Returns a boolean argument; false when it is not given.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Value::Bool(true)))
    }

    /// Returns a whole number.
    pub fn int(&self, name: &str) -> Option<i128> {
        self.get(name).and_then(Value::as_int)
    }

    /// Returns a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Value::Int(n) => Some(*n as f64),
            Value::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// Returns a list's items; empty when it is not given.
    pub fn list(&self, name: &str) -> &[Value] {
        self.get(name).and_then(Value::as_list).unwrap_or_default()
    }

    /// Returns a list's items as text.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.list(name).iter().map(Value::to_text).collect()
    }

    /// Returns a dictionary.
    pub fn dict(&self, name: &str) -> Option<&Map> {
        self.get(name).and_then(Value::as_map)
    }

    /// Returns an [`ArgKind::Expression`] argument as written.
    pub fn expression(&self, name: &str) -> Option<&Node> {
        self.expressions.iter().find(|(n, _)| **n == *name).map(|(_, node)| node)
    }

    /// Returns where an argument was written.
    pub fn span(&self, name: &str) -> Option<Span> {
        self.spans.iter().find(|(n, _)| **n == *name).map(|(_, span)| *span)
    }

    /// Returns all arguments, defaults included, for `invocation` and for modules that take any.
    pub fn all(&self) -> &Map {
        &self.map
    }
}
