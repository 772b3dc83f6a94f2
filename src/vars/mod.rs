//! Variables: where they come from, and which of several wins.
//!
//! A [`Var`] is either what an author wrote (rendered lazily, each time it is used) or data (never rendered). Variables
//! live in [`Layer`]s, each with its origin; layers are shared between hosts. A [`Scope`] answers what a name means for
//! one host at one moment.

mod files;
mod layer;

pub use files::{VARS_EXTENSIONS, load_vars_file, vars_files_in};
pub use layer::{Layer, Origin};

use crate::value::Value;
use crate::yaml::Node;
use indexmap::IndexMap;
use std::sync::Arc;

/// Variables by name, in the order written. Asked for with every step, so that they are hashed fast.
pub type Vars = IndexMap<Arc<str>, Var, foldhash::fast::RandomState>;

/// A variable.
#[derive(Clone, Debug, PartialEq)]
pub enum Var {
    /// What an author wrote; may use other variables.
    Author(Node),
    /// Data: registered results, facts, magic variables. Never rendered, whatever it looks like.
    Data(Value),
}

impl From<Value> for Var {
    fn from(value: Value) -> Var {
        Var::Data(value)
    }
}

impl From<Node> for Var {
    fn from(node: Node) -> Var {
        Var::Author(node)
    }
}

/// What names mean for one host at one moment.
pub trait Scope: Send + Sync {
    /// Returns the variable of that name, by precedence.
    fn var(&self, name: &str) -> Option<Var>;

    /// Returns every name that `var` would answer, in no order; for "did you mean" and `vars`.
    fn names(&self) -> Vec<Arc<str>>;

    /// Returns another host's scope, for `hostvars[name]`; `None` when there is no such host.
    fn host(&self, name: &str) -> Option<Arc<dyn Scope>>;

    /// Returns the names that `hostvars` iterates over.
    fn hosts(&self) -> Vec<Arc<str>>;
}

/// No variables, and no hosts.
#[derive(Clone, Copy, Debug)]
pub struct NoVariables;

impl Scope for NoVariables {
    fn var(&self, _: &str) -> Option<Var> {
        None
    }

    fn names(&self) -> Vec<Arc<str>> {
        Vec::new()
    }

    fn host(&self, _: &str) -> Option<Arc<dyn Scope>> {
        None
    }

    fn hosts(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
}
