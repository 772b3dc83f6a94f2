//! `update_fact`: gives values inside of variables new ones, and returns the variables so.

use super::{Arg, ArgKind, Change, Context, Module, Needs};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Key, Map, Value};

/// `update_fact`
pub static MODULE: Module = Module {
    name: "update_fact",
    collections: &["ansible.utils"],
    aliases: &[],
    summary: "Returns variables with new values at paths inside of them; the variables themselves stay.",
    args: &[Arg::new("updates", ArgKind::List, "What is new: `path`, as `sites[0].name`, and `value`.").required()],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Nothing,
    changes_run: false,
    once: false,
    // Which variables it reads stands in text, not in templates: what stands before it must be over.
    effect: |_| Effect::Write,
    plan: |context| Box::pin(async move { plan(&context) }),
};

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let mut result = Map::new();
    let mut changed = false;
    for (number, update) in context.args.list("updates").iter().enumerate() {
        let part = |name: &str| update.as_map().and_then(|map| map.get(name));
        let (Some(path), Some(value)) = (part("path").and_then(Value::as_str), part("value")) else {
            return Err(wrong(format!("`updates[{number}]` needs `path` and `value`")));
        };
        let steps = steps(path).ok_or_else(|| wrong(format!("`{path}` is no path into a variable")))?;
        let Some((Key::Str(name), inside)) = steps.split_first() else {
            return Err(wrong(format!("`{path}` begins with no variable")));
        };
        let there = match result.get(name) {
            Some(there) => there.clone(),
            None => context.templar.var(name)?.ok_or_else(|| wrong(format!("there is no variable `{name}`")))?,
        };
        let new = with(&there, inside, value).map_err(|step| wrong(format!("`{path}`: there is no `{step}`")))?;
        changed |= new != there;
        result.insert(name.to_string(), new);
    }
    let mut change = Change::nothing(result);
    change.changed = changed;
    Ok(change)
}

fn wrong(message: String) -> Failure {
    Failure::new(FailureKind::Argument, message)
}

/// Reads a path: names after dots, numbers and quoted names in brackets.
fn steps(path: &str) -> Option<Vec<Key>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let (step, after) = match rest.strip_prefix('[') {
            Some(inside) => inside.split_once(']')?,
            None => {
                let name = rest.strip_prefix('.').unwrap_or(rest);
                name.split_at(name.find(['.', '[']).unwrap_or(name.len()))
            }
        };
        let bare = step.trim_matches(['"', '\'']);
        if bare.is_empty() {
            return None;
        }
        steps.push(match step.parse::<i128>() {
            Ok(number) if !steps.is_empty() => Key::Int(number),
            _ => Key::from(bare),
        });
        rest = after;
    }
    Some(steps)
}

/// Returns a value with another at a path; fails with the step that leads nowhere.
fn with(there: &Value, path: &[Key], value: &Value) -> Result<Value, String> {
    let Some((step, rest)) = path.split_first() else { return Ok(value.clone()) };
    match (there, step) {
        (Value::Map(map), step) => {
            let inner = match map.get_key(step) {
                Some(inner) => with(inner, rest, value)?,
                None if rest.is_empty() => value.clone(),
                None => return Err(step.to_string()),
            };
            let mut map = map.as_ref().clone();
            map.insert(step.clone(), inner);
            Ok(map.into())
        }
        (Value::List(items), Key::Int(number)) => {
            let mut items = items.to_vec();
            match usize::try_from(*number).ok() {
                Some(place) if place < items.len() => items[place] = with(&items[place], rest, value)?,
                // One behind the last is a new item.
                Some(place) if place == items.len() && rest.is_empty() => items.push(value.clone()),
                _ => return Err(step.to_string()),
            }
            Ok(Value::list(items))
        }
        _ => Err(step.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updated(there: serde_json::Value, path: &str, value: serde_json::Value) -> Result<serde_json::Value, String> {
        let steps = steps(path).ok_or("no path")?;
        with(&there.into(), &steps[1..], &value.into()).map(|value| value.to_json())
    }

    #[test]
    fn a_value_is_new_where_its_path_leads() {
        use serde_json::json;
        let there = || json!({"a": [{"b-c": 1}, 2], "d": {"e": 3}});
        assert_eq!(updated(there(), "v.a[0]['b-c']", json!(9)), Ok(json!({"a": [{"b-c": 9}, 2], "d": {"e": 3}})));
        assert_eq!(updated(there(), "v.a.1", json!("x")), Ok(json!({"a": [{"b-c": 1}, "x"], "d": {"e": 3}})));
        assert_eq!(updated(there(), "v.d.f", json!(4)), Ok(json!({"a": [{"b-c": 1}, 2], "d": {"e": 3, "f": 4}})));
        assert_eq!(updated(there(), "v.a[2]", json!(4)), Ok(json!({"a": [{"b-c": 1}, 2, 4], "d": {"e": 3}})));
        assert_eq!(updated(there(), "v.x.y", json!(4)), Err("x".into()));
        assert_eq!(updated(there(), "v.a[7]", json!(4)), Err("7".into()));
        assert!(steps("v[").is_none() && steps("v..a").is_none());
    }
}
