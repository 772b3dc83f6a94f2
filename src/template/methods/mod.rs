//! Python's methods on text, numbers, lists and dictionaries, which templates call as `name.split(',')`.
//!
//! The engine has none; it asks here when an object does not know a method.

mod bound;
mod container;
mod letters;
mod number;
mod text;

pub(crate) use bound::{Bound, OF_DICTIONARIES, member};

use super::operate::{type_name, wrong};
use minijinja::value::{Kwargs, Value, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State};

/// The arguments of a method.
pub(super) struct Args<'a> {
    method: &'a str,
    positional: &'a [Value],
    named: Kwargs,
}

impl<'a> Args<'a> {
    /// Returns the argument at a place or of a name.
    fn get(&self, at: usize, name: &str) -> Result<Option<Value>, Error> {
        match self.positional.get(at) {
            Some(value) => Ok(Some(value.clone())),
            None => self.named.get::<Option<Value>>(name),
        }
    }

    fn need(&self, at: usize, name: &str) -> Result<Value, Error> {
        self.get(at, name)?.ok_or_else(|| wrong(format!("`{}()` wants an argument `{name}`", self.method)))
    }

    fn text(&self, at: usize, name: &str) -> Result<String, Error> {
        let value = self.need(at, name)?;
        match value.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(wrong(format!("`{}()` wants text, not a {}", self.method, type_name(&value)))),
        }
    }

    /// Returns a text argument; `None` when it is not given or is `none`.
    fn maybe_text(&self, at: usize, name: &str) -> Result<Option<String>, Error> {
        match self.get(at, name)? {
            None => Ok(None),
            Some(value) if value.is_none() => Ok(None),
            Some(_) => self.text(at, name).map(Some),
        }
    }

    fn int(&self, at: usize, name: &str, default: i64) -> Result<i64, Error> {
        match self.get(at, name)? {
            None => Ok(default),
            Some(value) if value.is_none() => Ok(default),
            Some(value) => {
                let kind = type_name(&value);
                i64::try_from(value)
                    .map_err(|_| wrong(format!("`{}()` wants a whole number, not a {kind}", self.method)))
            }
        }
    }

    /// Refuses more positional arguments than `most`.
    fn at_most(&self, most: usize) -> Result<(), Error> {
        if self.positional.len() > most {
            return Err(wrong(format!("`{}()` takes {most} arguments, not {}", self.method, self.positional.len())));
        }
        Ok(())
    }
}

/// Calls a method: the engine's callback for methods that an object does not know.
pub(crate) fn call(_: &mut State<'_, '_>, value: &Value, method: &str, args: &[Value]) -> Result<Value, Error> {
    for arg in args {
        super::convert::defined(arg)?;
    }
    let (positional, named): (&[Value], Kwargs) = from_args(args)?;
    let args = Args { method, positional, named };
    let found = match value.kind() {
        ValueKind::String => text::call(value.as_str().unwrap_or_default(), method, &args),
        ValueKind::Seq | ValueKind::Iterable => container::list(value, method, &args),
        ValueKind::Map => container::dict(value, method, &args),
        ValueKind::Number | ValueKind::Bool => number::call(value, method, &args),
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        _ => None,
    };
    match found {
        Some(result) => result,
        None => Err(Error::new(ErrorKind::UnknownMethod, format!("a {} has no method `{method}`", type_name(value)))),
    }
}
