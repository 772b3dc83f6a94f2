//! What a template writes besides its text: how many values, and the first of them.
//!
//! The language makes text of all that is written, but for one value alone, which stays what it is, and for nothing at
//! all, which is none. That holds for a whole template, and for each part of it whose text is kept instead of written: what
//! a macro gives, a `set` block, what a filter block filters, `caller()`, and `super()` in an expression. The engine keeps
//! text only. So [`super::emit`] puts [`open`] and [`close`] around such a part where it may be one value, and the engine's
//! formatter counts.
//!
//! Lists and dictionaries of variables are written at the very end of the part that they stand in: what is appended to one
//! after it was written is seen. In texts that change things in place the formatter writes a mark for them, which `close` replaces.

use super::mutable;
use super::render::{MAX_OUTPUT, emit, is_nothing};
use super::text::shown;
use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind, Output, State};
use std::hash::{BuildHasher, RandomState};

/// What was written in a part so far.
#[derive(Clone, Default)]
struct Seen {
    count: usize,
    first: Option<Value>,
}

/// What was written in a rendering so far: extends the engine's state.
#[derive(Clone, Default)]
struct Nodes {
    whole: Seen,
    /// The parts that are open, the innermost last.
    parts: Vec<Seen>,
    late: Option<Late>,
}

/// Values that are still to be written.
#[derive(Clone)]
struct Late {
    values: Vec<Value>,
    /// What stands before and behind a value's number in its mark. Nobody can know it: no text may pass for a mark.
    mark: String,
}

impl Default for Late {
    fn default() -> Late {
        Late { values: Vec::new(), mark: format!("\u{1}{:016x}\u{1}", RandomState::new().hash_one(())) }
    }
}

impl Late {
    /// Returns a text with all values written where their marks are.
    fn written(&self, text: &str) -> Result<String, Error> {
        let mut out = String::with_capacity(text.len());
        for (at, part) in text.split(self.mark.as_str()).enumerate() {
            // Marks come in pairs, a number between them.
            match part.parse::<usize>().ok().and_then(|number| self.values.get(number)).filter(|_| at % 2 == 1) {
                Some(value) => out.push_str(&shown(value)?),
                None => out.push_str(part),
            }
            if out.len() > MAX_OUTPUT {
                return Err(Error::new(ErrorKind::WriteFailure, "template writes more than 64 MiB"));
            }
        }
        Ok(out)
    }
}

impl Nodes {
    fn innermost(&mut self) -> &mut Seen {
        self.parts.last_mut().unwrap_or(&mut self.whole)
    }

    /// Returns what a part gives that wrote `text`.
    fn value(&self, seen: Seen, text: Value) -> Result<Value, Error> {
        let text = match (&self.late, text.as_str()) {
            (Some(late), Some(marked)) if marked.contains(late.mark.as_str()) => late.written(marked)?.into(),
            _ => text,
        };
        let written = text.as_str().unwrap_or_default();
        Ok(match seen {
            Seen { count: 0, .. } if written.is_empty() => Value::from(()),
            // There may be text beside it, which is not counted.
            Seen { count: 1, first: Some(value) } if shown(&value).is_ok_and(|shown| shown == written) => value,
            _ => text,
        })
    }
}

/// Begins a part. Returns how many were open before.
pub(super) fn open(state: &mut State<'_, '_>) -> usize {
    let nodes = state.get_or_insert_extension_with(Nodes::default);
    nodes.parts.push(Seen::default());
    nodes.parts.len() - 1
}

/// Ends the innermost part, which wrote `text`, and returns what it gives.
pub(super) fn close(state: &mut State<'_, '_>, text: Value) -> Result<Value, Error> {
    let Some(nodes) = state.get_extension_mut::<Nodes>() else { return Ok(text) };
    let seen = nodes.parts.pop().unwrap_or_default();
    nodes.value(seen, text)
}

/// Ends a part as [`close`] does, and those that were opened in it and never ended, because it failed.
pub(super) fn close_all(state: &mut State<'_, '_>, before: usize, text: Result<Value, Error>) -> Result<Value, Error> {
    if let Some(nodes) = state.get_extension_mut::<Nodes>() {
        nodes.parts.truncate(before + 1);
    }
    match text {
        Ok(text) => close(state, text),
        Err(error) => {
            if let Some(nodes) = state.get_extension_mut::<Nodes>() {
                nodes.parts.pop();
            }
            Err(error)
        }
    }
}

/// What a rendering has written besides its text.
pub(super) struct Written(Nodes);

impl Written {
    pub(super) fn of(state: &State<'_, '_>) -> Written {
        Written(state.get_extension::<Nodes>().cloned().unwrap_or_default())
    }

    /// Returns what the rendering gives that wrote `text`.
    pub(super) fn value(mut self, text: String) -> Result<Value, Error> {
        let whole = std::mem::take(&mut self.0.whole);
        self.0.value(whole, text.into())
    }
}

/// Writes a value into a template's output, and counts it: the engine's formatter where one value alone would keep its type.
pub(super) fn emit_counted(state: &mut State<'_, '_>, value: &Value, out: &mut Output<'_>) -> Result<(), Error> {
    if !is_nothing(value)? {
        let seen = state.get_or_insert_extension_with(Nodes::default).innermost();
        seen.count += 1;
        if seen.count == 1 {
            seen.first = Some(value.clone());
        }
    }
    emit(value, out)
}

/// Does the same where lists and dictionaries may change later: the engine's formatter where a text changes some.
pub(super) fn emit_late(state: &mut State<'_, '_>, value: &Value, out: &mut Output<'_>) -> Result<(), Error> {
    if !matches!(value.kind(), ValueKind::Seq | ValueKind::Map) {
        return emit_counted(state, value, out);
    }
    let nodes = state.get_or_insert_extension_with(Nodes::default);
    let late = nodes.late.get_or_insert_with(Late::default);
    late.values.push(mutable::written(value));
    write!(out, "{}{}{}", late.mark, late.values.len() - 1, late.mark)?;
    let seen = nodes.innermost();
    seen.count += 1;
    if seen.count == 1 {
        seen.first = Some(mutable::written(value));
    }
    Ok(())
}
