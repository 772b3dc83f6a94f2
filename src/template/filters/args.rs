//! The arguments of filters and tests, bound to parameter names as Python binds them.
//!
//! A row of a table lists its parameters; [`add_filter`] and [`add_test`] bind positional and keyword arguments to them
//! and refuse what is too many, unknown or given twice, so that a body only asks for values. A parameter list may end
//! in `*` (further positional arguments) and `**` (any keywords).

use super::python::{kind, text};
use crate::template::convert::{defined, going_on};
use minijinja::value::{ArgType, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value};
use std::slice::from_ref;

/// The body of a filter.
pub(crate) type FilterBody = fn(&mut State<'_, '_>, &Args<'_>) -> Result<Value, Error>;
/// The body of a test.
pub(crate) type TestBody = fn(&mut State<'_, '_>, &Args<'_>) -> Result<bool, Error>;

/// Everything that a call is given, as it lies on the engine's stack: keyword arguments are the last value.
///
/// The engine's own ways to ask for any number of arguments copy them to the heap, which took longer than most filters.
pub(crate) struct Given<'a>(pub &'a [Value]);

impl<'a> ArgType<'a> for Given<'_> {
    type Output = Given<'a>;

    fn from_value(value: Option<&'a Value>) -> Result<Given<'a>, Error> {
        Ok(Given(value.map(from_ref).unwrap_or_default()))
    }

    fn from_state_and_values(
        _: Option<&'a State<'_, '_>>,
        values: &'a [Value],
        offset: usize,
    ) -> Result<(Given<'a>, usize), Error> {
        Given::from_state_and_values_mut(None, values, offset)
    }

    fn from_state_and_values_mut(
        _: Option<&State<'_, '_>>,
        values: &'a [Value],
        offset: usize,
    ) -> Result<(Given<'a>, usize), Error> {
        let given = values.get(offset..).unwrap_or_default();
        Ok((Given(given), given.len()))
    }
}

impl<'a> Given<'a> {
    /// Returns the positional arguments and the keyword arguments.
    pub(crate) fn parts(self) -> (&'a [Value], Option<&'a Value>) {
        match self.0 {
            [positional @ .., last] if last.is_kwargs() => (positional, Some(last)),
            positional => (positional, None),
        }
    }
}

/// What a filter or test is given.
pub(crate) struct Args<'a> {
    what: &'static str,
    name: &'static str,
    input: &'a Value,
    params: &'static [&'static str],
    /// What stands for the parameters, by position.
    positional: &'a [Value],
    /// What stands for them by name, with the position of the parameter.
    keywords: Vec<(usize, Value)>,
    /// Positional arguments beyond the parameters.
    pub rest: &'a [Value],
    /// Keyword arguments that no parameter names.
    pub named: Vec<(String, Value)>,
}

/// Adds a filter with the given parameters (the input is not among them).
pub(crate) fn add_filter(
    env: &mut Environment<'static>,
    name: &'static str,
    params: &'static [&'static str],
    body: FilterBody,
) {
    env.add_filter(name, move |state: &mut State<'_, '_>, given: Given<'_>| {
        body(state, &Args::bind("filter", name, params, given)?)
    });
}

/// Adds a Jinja test with the given parameters (the input is not among them).
pub(crate) fn add_test(
    env: &mut Environment<'static>,
    name: &'static str,
    params: &'static [&'static str],
    body: TestBody,
) {
    env.add_test(name, move |state: &mut State<'_, '_>, given: Given<'_>| {
        body(state, &Args::bind("test", name, params, given)?)
    });
}

impl<'a> Args<'a> {
    fn bind(
        what: &'static str,
        name: &'static str,
        params: &'static [&'static str],
        given: Given<'a>,
    ) -> Result<Args<'a>, Error> {
        going_on()?;
        let (values, named) = given.parts();
        let (input, values) = values.split_first().unwrap_or((&NO_INPUT, &[]));
        defined(input)?;
        let open_named = params.last() == Some(&"**");
        let params = if open_named { &params[..params.len() - 1] } else { params };
        let open_rest = params.last() == Some(&"*");
        let params = if open_rest { &params[..params.len() - 1] } else { params };
        let (positional, rest) = values.split_at(values.len().min(params.len()));
        let mut args = Args { what, name, input, params, positional, keywords: vec![], rest, named: vec![] };
        if !rest.is_empty() && !open_rest {
            return Err(args.error(format!("takes at most {} arguments", params.len())));
        }
        if let Some(named) = named {
            for key in named.try_iter()? {
                let value = named.get_item(&key)?;
                let key = key.to_string();
                match params.iter().position(|param| *param == key) {
                    Some(i) if i < positional.len() => {
                        return Err(args.error(format!("argument `{key}` is given twice")));
                    }
                    Some(i) => args.keywords.push((i, value)),
                    None if open_named => args.named.push((key, value)),
                    None => return Err(args.unknown(&key)),
                }
            }
        }
        Ok(args)
    }

    fn unknown(&self, key: &str) -> Error {
        let known = match self.params {
            [] => "it takes none".into(),
            params => format!("it takes `{}`", params.join("`, `")),
        };
        self.error(format!("has no argument `{key}`; {known}"))
    }

    /// Makes the error that names the filter or test.
    pub(crate) fn error(&self, why: impl std::fmt::Display) -> Error {
        let mut message = format!("{} `{}`: {why}", self.what, self.name);
        if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
            message.truncate(end);
            message.push('…');
        }
        Error::new(ErrorKind::InvalidOperation, message)
    }

    /// Makes the error that says what was wanted and what was there. A value that carries an error of its own (an
    /// undefined variable) reports that one.
    pub(crate) fn wrong(&self, wanted: &str, got: &Value) -> Error {
        match super::data(got) {
            Err(own) => own,
            Ok(_) => self.error(format!("wants {wanted}, not {}", kind(got))),
        }
    }

    /// Returns what stands before the bar or `is`.
    pub(crate) fn input(&self) -> &'a Value {
        self.input
    }

    /// Returns an argument, if it was given.
    pub(crate) fn get(&self, param: &str) -> Option<&Value> {
        let i = self.params.iter().position(|p| *p == param);
        debug_assert!(i.is_some(), "{} asks for {param}, which is not in its row", self.name);
        let i = i?;
        let by_name = || self.keywords.iter().find(|(at, _)| *at == i).map(|(_, value)| value);
        self.positional.get(i).or_else(by_name)
    }

    /// Returns an argument that was given and is not none.
    pub(crate) fn given(&self, param: &str) -> Option<&Value> {
        self.get(param).filter(|value| !value.is_none())
    }

    /// Returns an argument that must be given.
    pub(crate) fn need(&self, param: &str) -> Result<&Value, Error> {
        self.get(param).ok_or_else(|| self.error(format!("wants the argument `{param}`")))
    }

    /// Returns a text argument.
    pub(crate) fn text(&self, param: &str) -> Result<Option<String>, Error> {
        match self.given(param) {
            None => Ok(None),
            Some(value) if value.kind() == ValueKind::String => Ok(value.as_str().map(str::to_owned)),
            Some(value) => Err(self.wrong(&format!("text as `{param}`"), value)),
        }
    }

    /// Returns a text argument that must be given.
    pub(crate) fn need_text(&self, param: &str) -> Result<String, Error> {
        self.need(param)?;
        self.text(param)?.ok_or_else(|| self.error(format!("wants text as `{param}`, not none")))
    }

    /// Returns an argument as Python's `str()` gives it.
    pub(crate) fn shown(&self, param: &str) -> Result<Option<String>, Error> {
        self.given(param).map(text).transpose()
    }

    /// Returns a whole-number argument.
    pub(crate) fn int(&self, param: &str) -> Result<Option<i128>, Error> {
        match self.given(param) {
            None => Ok(None),
            Some(value) if value.is_integer() || value.kind() == ValueKind::Bool => {
                i128::try_from(value.clone()).map(Some)
            }
            Some(value) => Err(self.wrong(&format!("a whole number as `{param}`"), value)),
        }
    }

    /// Returns an argument that counts something: at least 0 and at most `most`.
    pub(crate) fn count(&self, param: &str, default: usize, most: usize) -> Result<usize, Error> {
        match self.int(param)? {
            None => Ok(default),
            Some(n) => match usize::try_from(n.max(0)) {
                Ok(n) if n <= most => Ok(n),
                _ => Err(self.error(format!("`{param}` is {n}, which is more than {most}"))),
            },
        }
    }

    /// Returns whether an argument is truthy.
    pub(crate) fn flag(&self, param: &str, default: bool) -> bool {
        self.get(param).map_or(default, Value::is_true)
    }

    /// Returns the input as text; other than text is an error.
    pub(crate) fn input_text(&self) -> Result<String, Error> {
        self.text_of(self.input)
    }

    /// Returns an item as text; other than text is an error.
    pub(crate) fn text_of(&self, value: &Value) -> Result<String, Error> {
        match value.kind() {
            ValueKind::String => Ok(value.as_str().unwrap_or_default().to_owned()),
            _ => Err(self.wrong("text", value)),
        }
    }

    /// Returns the input's items as Python iterates: characters of text, keys of dictionaries.
    pub(crate) fn items(&self) -> Result<Vec<Value>, Error> {
        self.items_of(self.input)
    }

    /// Returns the same of a filter that looks at them all: one that is undefined makes all of it undefined.
    pub(crate) fn defined_items(&self) -> Result<Vec<Value>, Error> {
        let items = self.items()?;
        items.iter().try_for_each(defined)?;
        Ok(items)
    }

    /// Goes through the input's items without making a list of them.
    pub(crate) fn iter(&self) -> Result<impl Iterator<Item = Value>, Error> {
        match self.input.kind() {
            ValueKind::String | ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => self.input.try_iter(),
            _ => Err(self.wrong("a list", self.input)),
        }
    }

    /// Returns the items of an argument or part.
    pub(crate) fn items_of(&self, value: &Value) -> Result<Vec<Value>, Error> {
        match value.kind() {
            ValueKind::String | ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {}
            _ => return Err(self.wrong("a list", value)),
        }
        let mut items = Vec::with_capacity(value.len().unwrap_or(0).min(1 << 10));
        for item in value.try_iter()? {
            if items.len() >= MAX_ITEMS {
                return Err(self.error(format!("the list has more than {MAX_ITEMS} items")));
            }
            items.push(item);
        }
        Ok(items)
    }

    /// Returns the items of an input that must be a list: neither text nor a dictionary.
    pub(crate) fn list(&self) -> Result<Vec<Value>, Error> {
        match self.input.kind() {
            ValueKind::Seq | ValueKind::Iterable => self.items_of(self.input),
            _ => Err(self.wrong("a list", self.input)),
        }
    }

    /// Refuses to make a text longer than any template needs.
    pub(crate) fn bounded(&self, bytes: usize) -> Result<(), Error> {
        if bytes > MAX_TEXT {
            return Err(self.error(format!("would make a text of {bytes} bytes (at most {MAX_TEXT})")));
        }
        Ok(())
    }
}

/// What a filter without an input is given.
static NO_INPUT: Value = Value::UNDEFINED;
/// The longest message of a filter, in characters: it may quote a text, which may be long.
const MAX_MESSAGE: usize = 500;
/// The most items a filter goes through. Arbitrary: a hundred times the largest inventory seen.
pub(crate) const MAX_ITEMS: usize = 1_000_000;
/// The longest text a filter makes, in bytes. Arbitrary: above any device configuration, below what hurts.
pub(crate) const MAX_TEXT: usize = 64 << 20;
