//! `str.maketrans` and `str.translate`: text letter by letter through a table.

use super::Args;
use crate::template::filters::args::MAX_TEXT;
use crate::template::mutable::Dict;
use crate::template::operate::{type_name, wrong};
use crate::value::Key;
use indexmap::IndexMap;
use minijinja::Error;
use minijinja::value::{Value, ValueKind};

/// Returns the table that `maketrans()` makes: from codes of letters to codes, texts or nothing.
pub(super) fn translation(args: &Args<'_>) -> Result<Value, Error> {
    let code = |c: char| Key::Int(u32::from(c).into());
    if args.positional.len() == 1 {
        // As in Python, which takes a dictionary of its own alone, and no template has one.
        return Err(wrong("`maketrans()` wants two texts; `translate()` takes a dictionary as it is"));
    }
    let mut table = IndexMap::new();
    let (from, to) = (args.text(0, "x")?, args.text(1, "y")?);
    if from.chars().count() != to.chars().count() {
        return Err(wrong("`maketrans()` wants two texts of one length"));
    }
    for (from, to) in from.chars().zip(to.chars()) {
        table.insert(code(from), Value::from(u32::from(to)));
    }
    for gone in args.maybe_text(2, "z")?.unwrap_or_default().chars() {
        table.insert(code(gone), Value::from(()));
    }
    Ok(Dict::value(table))
}

/// Replaces each letter by what a table has for its code, and keeps those that the table lacks.
pub(super) fn translate(text: &str, table: &Value) -> Result<Value, Error> {
    if !matches!(table.kind(), ValueKind::Map | ValueKind::Seq | ValueKind::Iterable | ValueKind::String) {
        return Err(wrong(format!("`translate()` wants a table of letters, not a {}", type_name(table))));
    }
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let found = table.get_item(&Value::from(u32::from(letter)))?;
        if found.is_undefined() {
            out.push(letter);
        } else if let Some(text) = found.as_str() {
            out.push_str(text);
        } else if !found.is_none() {
            let code = if found.is_integer() { u32::try_from(found).ok().and_then(char::from_u32) } else { None };
            out.push(code.ok_or_else(|| wrong("a table of letters holds codes, texts and none"))?);
        }
        if out.len() > MAX_TEXT {
            return Err(wrong("text is longer than 64 MiB"));
        }
    }
    Ok(Value::from(out))
}
