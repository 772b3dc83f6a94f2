//! Running compiled texts, and what their results and errors become.

use super::compile::{Compiled, MAIN, Mode, Part, Template, Unit, compiled};
use super::convert::{OmitObject, carried, carry, defined, going_on, is_undefined, result};
use super::emit::Emitted;
use super::engine::plain_failure;
use super::explain::undefined;
use super::lazy::{Core, Root};
use super::nodes::Written;
use super::text::shown;
use crate::failure::{Failure, FailureKind};
use crate::source::Span;
use crate::value::Value as Data;
use crate::yaml::Node;
use minijinja::value::Value;
use minijinja::{Error, ErrorKind, Output};
use std::ops::Range;
use std::sync::Arc;

/// The longest text that a rendering may write.
pub(crate) const MAX_OUTPUT: usize = 64 << 20;

/// Where a text stands, for places in failures.
pub(crate) struct Origin<'a> {
    /// The text that was compiled.
    pub text: &'a str,
    /// Returns the place of some bytes of it.
    pub place: &'a dyn Fn(Range<usize>) -> Option<Span>,
}

impl Core {
    /// Renders text that stands in a node.
    pub(crate) fn render(self: &Arc<Self>, text: &Arc<str>, node: &Node) -> Result<Value, Failure> {
        self.run(text, Mode::Text, &|at| Some(node.place_of(&self.sources, at.start, at.end)))
    }

    /// Renders or evaluates a text. What comes back is defined.
    pub(crate) fn run(
        self: &Arc<Self>,
        text: &Arc<str>,
        mode: Mode,
        place: &dyn Fn(Range<usize>) -> Option<Span>,
    ) -> Result<Value, Failure> {
        let compiled = compiled(text, mode);
        let origin = Origin { text, place };
        let value = match &*compiled {
            Compiled::Wrong(error) => {
                let mut failure = Failure::new(FailureKind::Template, format!("syntax error: {}", error.message));
                failure.place = place(error.at.clone());
                failure.help = error.help.clone().map(Into::into);
                return Err(failure);
            }
            Compiled::Parts { parts, mutable } => self.run_parts(parts, *mutable, &origin)?,
            Compiled::Template(template) => self.run_template(template, &origin)?,
        };
        match mode {
            Mode::Text => Ok(with_last_newlines(text, value, "\n")),
            _ => Ok(value),
        }
    }

    fn run_parts(self: &Arc<Self>, parts: &[Part], mutable: bool, origin: &Origin<'_>) -> Result<Value, Failure> {
        let root = Root::value(self, mutable, false);
        if let [part] = parts {
            return match part {
                Part::Text(text) => Ok(Value::from(text.as_str())),
                Part::Expression(unit) => self.run_unit(unit, root, origin),
            };
        }
        let mut nodes = Vec::with_capacity(parts.len());
        let mut size = 0;
        for part in parts {
            let value = match part {
                Part::Text(text) => Value::from(text.as_str()),
                Part::Expression(unit) => {
                    let value = self.run_unit(unit, root.clone(), origin)?;
                    if value.is_none() {
                        continue;
                    }
                    value
                }
            };
            nodes.push((part, value));
        }
        match nodes.as_slice() {
            [] => return Ok(Value::from(())),
            [(_, value)] => return Ok(value.clone()),
            _ => {}
        }
        let mut text = String::new();
        for (part, value) in &nodes {
            if value.downcast_object_ref::<OmitObject>().is_some() {
                continue;
            }
            match shown(value) {
                Ok(more) => text.push_str(&more),
                Err(error) => {
                    let Part::Expression(unit) = part else { return Err(plain_failure(&error)) };
                    return Err(self.failure(&error, &unit.emitted, unit.at.clone(), &[], origin));
                }
            }
            size += text.len();
            if text.len() > MAX_OUTPUT || size > MAX_OUTPUT * 16 {
                return Err(Failure::new(FailureKind::Template, "template writes more than 64 MiB"));
            }
        }
        Ok(Value::from(text))
    }

    fn run_unit(self: &Arc<Self>, unit: &Unit, root: Value, origin: &Origin<'_>) -> Result<Value, Failure> {
        if let Some(value) = unit.looked_up(&root) {
            return Ok(value);
        }
        let result = unit.expression.eval(root).and_then(|value| defined(&value).map(|()| value));
        result.map_err(|error| self.failure(&error, &unit.emitted, unit.at.clone(), &[], origin))
    }

    fn run_template(self: &Arc<Self>, template: &Template, origin: &Origin<'_>) -> Result<Value, Failure> {
        let whole = 0..origin.text.len();
        let fail = |error: &Error| self.failure(error, &template.emitted, whole.clone(), &template.locals, origin);
        let main = template.environment.get_template(MAIN).map_err(|error| fail(&error))?;
        let mut writer = Limited::default();
        let root = Root::value(self, template.mutable, template.is_renamed);
        let captured = main.render_captured_to(root, &mut writer).map_err(|error| fail(&error))?;
        let written = Written::of(captured.state());
        drop(captured);
        written.value(writer.text()).map_err(|error| fail(&error))
    }

    /// Returns the failure of an error that running a text gave.
    pub(crate) fn failure(
        self: &Arc<Self>,
        error: &Error,
        emitted: &Emitted,
        whole: Range<usize>,
        locals: &[String],
        origin: &Origin<'_>,
    ) -> Failure {
        let mut at = error.range().and_then(|range| emitted.place(range)).unwrap_or(whole);
        let mut failure = match carried(error) {
            Some(failure) => failure.clone(),
            None if error.kind() == ErrorKind::UnknownMethod => {
                Failure::new(FailureKind::Undefined, error.detail().unwrap_or("method is undefined").to_owned())
            }
            None if matches!(error.kind(), ErrorKind::UndefinedError | ErrorKind::UnknownFunction) => {
                let (failure, part) = undefined(self, origin.text.get(at.clone()).unwrap_or_default(), locals);
                at = at.start + part.start..at.start + part.end;
                failure
            }
            None => plain_failure(error),
        };
        if failure.place.is_none() {
            failure.place = (origin.place)(at);
        }
        failure
    }

    /// Returns an engine value as data, a failure with the place of the whole text.
    pub(crate) fn data(self: &Arc<Self>, value: &Value, origin: &Origin<'_>) -> Result<Data, Failure> {
        result(value).map_err(|error| self.failure(&error, &Emitted::default(), 0..origin.text.len(), &[], origin))
    }

    /// Renders a literal of a condition that is itself a template.
    pub(crate) fn render_literal(self: &Arc<Self>, text: &Value) -> Result<Value, Error> {
        match text.to_str() {
            Some(text) => self.run(&text, Mode::Text, &|_| None).map_err(carry),
            None => Ok(text.clone()),
        }
    }

    /// Evaluates an expression of which only the value matters; `None` when it fails or is undefined.
    pub(crate) fn try_expression(self: &Arc<Self>, text: &str) -> Option<Value> {
        let value = self.run(&text.into(), Mode::Expression, &|_| None).ok()?;
        (!is_undefined(&value)).then_some(value)
    }
}

/// Puts back the newlines at the end of a text that the template language drops.
pub(crate) fn with_last_newlines(text: &str, value: Value, newline: &str) -> Value {
    let Some(result) = value.as_str() else { return value };
    let newlines = |text: &str| text.len() - text.trim_end_matches('\n').len();
    let missing = newlines(text).saturating_sub(newlines(result));
    if missing == 0 { value } else { Value::from(format!("{result}{}", newline.repeat(missing))) }
}

/// Writes a value into a template's output: the engine's formatter where there is text beside it.
pub(crate) fn emit(value: &Value, out: &mut Output<'_>) -> Result<(), Error> {
    going_on()?;
    if let Some(text) = value.as_str() {
        return out.write_str(text).map_err(Error::from);
    }
    match value.as_i64().filter(|_| value.is_integer()) {
        Some(number) => write!(out, "{number}").map_err(Error::from),
        None if is_nothing(value)? => Ok(()),
        None => out.write_str(&shown(value)?).map_err(Error::from),
    }
}

/// Claims that nothing is written for a value: none, and what is omitted. Refuses what is undefined.
pub(crate) fn is_nothing(value: &Value) -> Result<bool, Error> {
    defined(value)?;
    Ok(value.is_none() || value.downcast_object_ref::<OmitObject>().is_some())
}

/// A buffer that refuses to grow without end.
#[derive(Default)]
pub(crate) struct Limited(Vec<u8>);

impl Limited {
    /// Makes a buffer for a text of about that size.
    pub(crate) fn with_capacity(bytes: usize) -> Limited {
        Limited(Vec::with_capacity(bytes))
    }

    pub(crate) fn text(self) -> String {
        String::from_utf8(self.0).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

impl std::io::Write for Limited {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUTPUT {
            return Err(std::io::Error::other("template writes more than 64 MiB"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.write(bytes).map(drop)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Makes the failure that a text is not a condition.
pub(crate) fn broken_condition(value: &Data) -> Failure {
    let help = match value {
        Data::Str(_) => "compare it, or write `name | bool` or `name | length > 0`",
        Data::List(_) | Data::Map(_) => "write `name | length > 0`",
        Data::Null => "write `name is not none`",
        Data::Int(_) | Data::Float(_) => "compare it: `name != 0`, or write `name | bool`",
        _ => "write a comparison or a test",
    };
    let kind = value.kind();
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    Failure::new(FailureKind::Template, format!("condition gives {article} {kind}, not true or false")).help(help)
}
