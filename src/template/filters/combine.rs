//! Merging dictionaries as Ansible's `combine` does.

use super::args::Args;
use super::python::equal;
use super::{data, to_engine};
use crate::value::{Map, Value as Data};
use minijinja::value::ValueKind;
use minijinja::{Error, State, Value};

/// What becomes of two lists under one key.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum ListMerge {
    Replace,
    Keep,
    Append,
    Prepend,
    AppendNew,
    PrependNew,
}

/// Merges the input and all arguments (dictionaries, or lists of them).
pub(super) fn combine(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let mut recursive = false;
    let mut list_merge = ListMerge::Replace;
    for (name, value) in &args.named {
        match &name[..] {
            "recursive" => recursive = value.is_true(),
            "list_merge" => list_merge = read_list_merge(args, value)?,
            other => return Err(args.error(format!("has no argument `{other}`; it takes `recursive`, `list_merge`"))),
        }
    }
    let mut maps = Vec::new();
    for value in std::iter::once(args.input()).chain(args.rest) {
        flatten(args, value, 0, &mut maps)?;
    }
    let mut merged = Map::new();
    for map in maps {
        merged = merge(merged, &map, recursive, list_merge);
    }
    Ok(to_engine(&Data::from(merged)))
}

pub(super) fn read_list_merge(args: &Args, value: &Value) -> Result<ListMerge, Error> {
    Ok(match value.as_str() {
        Some("replace") => ListMerge::Replace,
        Some("keep") => ListMerge::Keep,
        Some("append") => ListMerge::Append,
        Some("prepend") => ListMerge::Prepend,
        Some("append_rp") => ListMerge::AppendNew,
        Some("prepend_rp") => ListMerge::PrependNew,
        _ => {
            let known = "`replace`, `keep`, `append`, `prepend`, `append_rp`, `prepend_rp`";
            return Err(args.error(format!("`list_merge` is one of {known}, not `{value}`")));
        }
    })
}

/// Takes one list apart; lists in it are an error.
fn flatten(args: &Args, value: &Value, depth: usize, out: &mut Vec<Map>) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable if depth < 1 => {
            args.items_of(value)?.iter().try_for_each(|item| flatten(args, item, depth + 1, out))
        }
        _ => match data(value)? {
            Data::Map(map) => {
                out.push((*map).clone());
                Ok(())
            }
            Data::Null => Ok(()),
            _ => Err(args.wrong("dictionaries", value)),
        },
    }
}

pub(super) fn merge(mut base: Map, over: &Map, recursive: bool, lists: ListMerge) -> Map {
    for (key, new) in over.iter() {
        let merged = match (base.get_key(key), new) {
            (Some(Data::Map(old)), Data::Map(new)) if recursive => {
                Data::from(merge((**old).clone(), new, recursive, lists))
            }
            (Some(Data::List(old)), Data::List(new)) => merge_lists(old, new, lists),
            _ => new.clone(),
        };
        base.insert(key.clone(), merged);
    }
    base
}

fn merge_lists(old: &[Data], new: &[Data], how: ListMerge) -> Data {
    let without = |list: &[Data], other: &[Data]| -> Vec<Data> {
        list.iter().filter(|item| !other.iter().any(|known| equal(item, known))).cloned().collect()
    };
    Data::from(match how {
        ListMerge::Replace => new.to_vec(),
        ListMerge::Keep => old.to_vec(),
        ListMerge::Append => [old, new].concat(),
        ListMerge::Prepend => [new, old].concat(),
        // "_rp": what both have stands where the new list has it.
        ListMerge::AppendNew => [&without(old, new), new].concat(),
        ListMerge::PrependNew => [new, &without(old, new)].concat(),
    })
}
