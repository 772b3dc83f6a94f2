//! The result while it grows.

use crate::value::{Map, Value};
use indexmap::IndexMap;

/// Data that is being put together.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Branch {
    Map(Fields),
    List(Vec<Branch>),
    Leaf(Value),
}

/// A dictionary that is being put together.
pub(super) type Fields = IndexMap<String, Branch>;

/// A step of a path, and the stars behind it: one makes a list, two keep it a dictionary.
pub(super) type Step = (String, usize);

impl Branch {
    pub(super) fn into_value(self) -> Value {
        match self {
            Branch::Map(fields) => {
                fields.into_iter().map(|(key, branch)| (key, branch.into_value())).collect::<Map>().into()
            }
            Branch::List(items) => items.into_iter().map(Branch::into_value).collect::<Vec<_>>().into(),
            Branch::Leaf(value) => value,
        }
    }

    /// Makes a branch of data.
    pub(super) fn of(value: &Value) -> Branch {
        match value {
            Value::Map(map) => {
                Branch::Map(map.iter().map(|(key, value)| (key.to_string(), Branch::of(value))).collect())
            }
            Value::List(items) => Branch::List(items.iter().map(Branch::of).collect()),
            other => Branch::Leaf(other.clone()),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Branch::Map(fields) => fields.is_empty(),
            Branch::List(items) => items.is_empty(),
            Branch::Leaf(value) => !value.is_truthy(),
        }
    }
}

/// Returns what stands at a path, made where it is not there; `None` where a value is in the way.
pub(super) fn at<'t>(root: &'t mut Branch, path: &[Step]) -> Option<&'t mut Branch> {
    let mut branch = root;
    let mut steps = path.iter().filter(|(name, _)| name != "_").peekable();
    while let Some((name, stars)) = steps.next() {
        // The last item of a list is what goes on.
        while let Branch::List(_) = branch {
            let Branch::List(items) = branch else { return None };
            if items.is_empty() {
                items.push(Branch::Map(Fields::new()));
            }
            branch = items.last_mut()?;
        }
        let Branch::Map(fields) = branch else { return None };
        let is_last = steps.peek().is_none();
        branch = fields.entry(name.clone()).or_insert_with(|| match (stars, is_last) {
            (1, true) => Branch::List(Vec::new()),
            (1, false) => Branch::List(vec![Branch::Map(Fields::new())]),
            _ => Branch::Map(Fields::new()),
        });
    }
    Some(branch)
}

/// Puts the result of a group where it belongs. `goes_on` says that it belongs to the one that is there.
pub(super) fn save(root: &mut Branch, path: &[Step], result: Branch, goes_on: bool) {
    let Some(there) = at(root, path) else { return };
    let (ends_in_itself, stars) = path.last().map_or((true, 0), |(name, stars)| (name == "_", *stars));
    match (there, result) {
        (Branch::List(items), result) if !result.is_empty() => match (goes_on, items.last_mut()) {
            (true, Some(Branch::Map(last))) => {
                if let Branch::Map(result) = result {
                    merge(last, result);
                }
            }
            _ if ends_in_itself => {
                if let (Some(Branch::Map(last)), Branch::Map(result)) = (items.last_mut(), result) {
                    last.extend(result);
                }
            }
            _ => items.push(result),
        },
        (Branch::Map(fields), Branch::Map(result)) if goes_on => merge(fields, result),
        (Branch::Map(fields), Branch::Map(result)) if stars == 2 => {
            for (key, value) in result {
                fields.entry(key).or_insert(value);
            }
        }
        (Branch::Map(fields), Branch::Map(result)) if fields.is_empty() || ends_in_itself => fields.extend(result),
        (there @ Branch::Map(_), result) => {
            let first = std::mem::replace(there, Branch::List(Vec::new()));
            *there = Branch::List(vec![first, result]);
        }
        _ => {}
    }
}

fn merge(into: &mut Fields, from: Fields) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Branch::Map(old)), Branch::Map(new)) if !old.is_empty() => merge(old, new),
            (_, value) => drop(into.insert(key, value)),
        }
    }
}
