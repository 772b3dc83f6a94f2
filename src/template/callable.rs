//! Macros as templates call them.
//!
//! The engine's own macros give text, and take the arguments that they name. A [`Callable`] stands around one that may give
//! a value (see [`super::nodes`]) or that looks at `varargs` or `kwargs`: those are its last two parameters then.

use super::convert::to_key;
use super::mutable::Dict;
use super::nodes;
use indexmap::IndexMap;
use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr, Rest, Tuple, Value, from_args};
use minijinja::{Error, ErrorKind, State};
use std::fmt;
use std::sync::Arc;

/// What the macro's parameters for further arguments are called.
pub(super) const POSITIONAL: &str = "varargs";
pub(super) const NAMED: &str = "kwargs";

#[derive(Debug)]
struct Callable {
    /// As the author calls it.
    name: String,
    /// The names of the parameters, without those for further arguments.
    params: Vec<String>,
    takes_more: bool,
    takes_named: bool,
    takes_caller: bool,
    inner: Value,
}

/// Returns a macro of the engine's as one that gives values.
pub(super) fn callable(inner: &Value, name: String, takes_more: bool, takes_named: bool) -> Result<Value, Error> {
    let names = inner.get_attr("arguments")?.try_iter()?.map(|name| name.to_string());
    let mut params: Vec<String> = names.collect();
    params.truncate(params.len() - usize::from(takes_more) - usize::from(takes_named));
    let takes_caller = inner.get_attr("caller")?.is_true();
    Ok(Value::from_object(Callable { name, params, takes_more, takes_named, takes_caller, inner: inner.clone() }))
}

impl Callable {
    fn wrong(&self, what: String) -> Error {
        Error::new(ErrorKind::TooManyArguments, format!("macro `{}` {what}", self.name))
    }

    /// Returns the arguments that the engine's macro gets: each parameter's own, and the further ones.
    fn packed(&self, args: &[Value]) -> Result<Vec<Value>, Error> {
        let (positional, named): (Rest<Value>, Kwargs) = from_args(args)?;
        let mut packed = Vec::with_capacity(self.params.len() + 3);
        let mut twice = Vec::new();
        for (at, param) in self.params.iter().enumerate() {
            packed.push(match (positional.get(at), named.has(param)) {
                // The one by its place counts, and the other is a further one.
                (Some(value), true) if self.takes_named => {
                    twice.push(param.as_str());
                    value.clone()
                }
                (Some(_), true) => return Err(self.wrong(format!("has two values for `{param}`"))),
                (Some(value), false) => value.clone(),
                (None, true) => named.get(param)?,
                (None, false) => Value::UNDEFINED,
            });
        }
        let more = positional.get(self.params.len()..).unwrap_or_default();
        if self.takes_more {
            packed.push(Value::from(Tuple::from(more)));
        } else if !more.is_empty() {
            return Err(self.wrong(format!("takes {} arguments, not {}", self.params.len(), positional.len())));
        }
        let is_further = |name: &&str| {
            let is_own = self.params.iter().any(|param| param == name) && !twice.contains(name);
            !(is_own || self.takes_caller && *name == "caller")
        };
        let further: Vec<&str> = named.args().filter(is_further).collect();
        if self.takes_named {
            let mut entries = IndexMap::new();
            for name in further {
                entries.insert(to_key(&Value::from(name))?, named.get::<Value>(name)?);
            }
            packed.push(Dict::value(entries));
        } else if let Some(name) = further.first() {
            return Err(self.wrong(format!("takes no argument `{name}`")));
        }
        if self.takes_caller && named.has("caller") {
            packed.push(Kwargs::from_iter([("caller", named.get::<Value>("caller")?)]).into());
        }
        Ok(packed)
    }
}

impl Object for Callable {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "name" => self.name.as_str().into(),
            "arguments" => self.params.iter().map(String::as_str).map(Value::from).collect::<Vec<_>>().into(),
            "catch_varargs" => self.takes_more.into(),
            "catch_kwargs" => self.takes_named.into(),
            "caller" => self.takes_caller.into(),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let packed = match self.takes_more || self.takes_named {
            true => Some(self.packed(args)?),
            false => None,
        };
        let before = nodes::open(state);
        let text = self.inner.call(state, packed.as_deref().unwrap_or(args));
        nodes::close_all(state, before, text)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<macro {}>", self.name)
    }
}
