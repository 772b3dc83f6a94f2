//! Bytes, as Python's `bytes`: what `encode()` gives. As data they are the text that they stand for, as Ansible shows them.

use super::encoding::{Encoding, KNOWN, Unfit};
use super::filters::args::Given;
use super::operate::wrong;
use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};
use std::fmt;
use std::sync::Arc;

/// A sequence of bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

/// Reads the arguments `encoding` and `errors` of `encode()` and `decode()`.
pub(crate) fn encoding(method: &str, encoding: Option<&str>, errors: Option<&str>) -> Result<(Encoding, Unfit), Error> {
    let name = encoding.unwrap_or("utf-8");
    let known = Encoding::named(name)
        .ok_or_else(|| wrong(format!("`{method}()` knows no encoding `{name}`; it knows {KNOWN}")))?;
    // As in Python, whose handlers are looked up when there is something to handle: an unknown one handles nothing.
    Ok((known, errors.and_then(Unfit::named).unwrap_or(Unfit::Refused)))
}

impl Bytes {
    fn decode(&self, args: &[Value]) -> Result<Value, Error> {
        let (positional, named) = Given(args).parts();
        let argument = |at: usize, name: &str| -> Result<Option<Value>, Error> {
            match (positional.get(at), named) {
                (Some(value), _) => Ok(Some(value.clone())),
                (None, Some(named)) => named.get_item(&Value::from(name)).map(Some),
                (None, None) => Ok(None),
            }
        };
        let (name, errors) = (argument(0, "encoding")?, argument(1, "errors")?);
        let text = |value: &'_ Option<Value>| value.as_ref().and_then(|value| value.as_str().map(str::to_owned));
        let (encoding, unfit) = encoding("decode", text(&name).as_deref(), text(&errors).as_deref())?;
        match encoding.decode(&self.0, unfit) {
            Some(text) => Ok(Value::from(text)),
            None => Err(wrong(format!("the bytes are no {} text", encoding.name()))),
        }
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = if self.0.contains(&b'\'') && !self.0.contains(&b'"') { '"' } else { '\'' };
        write!(f, "b{quote}")?;
        for byte in &self.0 {
            match byte {
                b'\\' => f.write_str("\\\\")?,
                b'\t' => f.write_str("\\t")?,
                b'\n' => f.write_str("\\n")?,
                b'\r' => f.write_str("\\r")?,
                b'\'' if quote == '\'' => f.write_str("\\'")?,
                b' '..=b'~' => write!(f, "{}", char::from(*byte))?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        write!(f, "{quote}")
    }
}

impl Object for Bytes {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_usize()?).map(|byte| Value::from(*byte))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match (method, args) {
            ("decode", _) => self.decode(args),
            ("hex", []) => Ok(self.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()),
            ("upper", []) => Ok(Value::from_object(Bytes(self.0.to_ascii_uppercase()))),
            ("lower", []) => Ok(Value::from_object(Bytes(self.0.to_ascii_lowercase()))),
            ("hex" | "upper" | "lower", _) => {
                Err(wrong(format!("wrong number of arguments for `{method}()` of bytes")))
            }
            // What else Python's bytes can do is done with their text.
            _ => Err(Error::new(
                ErrorKind::UnknownMethod,
                format!("bytes have no method `{method}`; `decode()` makes text of them"),
            )),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
