//! The functions of queries: `length(@)`, `sort_by(@, &name)`, …

use super::evaluate::evaluate;
use crate::template::filters::number::read_float;
use crate::template::filters::python::{order, sort_by_keys};
use crate::value::{Map, Value};
use jmespath::ast::Ast;

/// A function: its name, its arguments' types (`…` repeats the last one), and what it does.
struct Function {
    name: &'static str,
    takes: &'static [&'static str],
    run: fn(&Call<'_>) -> Result<Value, String>,
}

/// What a function is called with.
struct Call<'a> {
    args: Vec<Value>,
    /// The expression of an `&expression` argument.
    expression: Option<&'a Ast>,
    depth: usize,
}

impl Call<'_> {
    /// Evaluates the expression argument.
    fn on(&self, value: &Value) -> Result<Value, String> {
        match self.expression {
            Some(ast) => evaluate(ast, value, self.depth + 1),
            None => Err("an `&expression` is wanted".into()),
        }
    }

    fn text(&self, at: usize) -> &str {
        self.args.get(at).and_then(Value::as_str).unwrap_or_default()
    }

    fn list(&self, at: usize) -> &[Value] {
        self.args.get(at).and_then(Value::as_list).unwrap_or_default()
    }

    /// Returns the items with their keys, which are all numbers or all texts.
    fn keyed(&self) -> Result<Vec<(Value, Value)>, String> {
        let mut keyed = Vec::new();
        for item in self.list(0) {
            let key = self.on(item)?;
            let first = keyed.first().map_or(kind(&key), |(first, _)| kind(first));
            if !matches!(kind(&key), "number" | "string") || kind(&key) != first {
                return Err(format!("sorts by numbers or by texts, not by a {}", kind(&key)));
            }
            keyed.push((key, item.clone()));
        }
        Ok(keyed)
    }
}

static FUNCTIONS: &[Function] = &[
    Function { name: "abs", takes: &["number"], run: |call| Ok(absolute(&call.args[0])) },
    Function { name: "avg", takes: &["number[]"], run: |call| Ok(average(call.list(0))) },
    Function { name: "ceil", takes: &["number"], run: |call| Ok(rounded(&call.args[0], f64::ceil)) },
    Function { name: "contains", takes: &["array|string", "any"], run: contains },
    Function {
        name: "ends_with",
        takes: &["string", "string"],
        run: |call| Ok(call.text(0).ends_with(call.text(1)).into()),
    },
    Function { name: "floor", takes: &["number"], run: |call| Ok(rounded(&call.args[0], f64::floor)) },
    Function { name: "join", takes: &["string", "string[]"], run: join },
    Function {
        name: "keys",
        takes: &["object"],
        run: |call| Ok(entries(call).map(|(key, _)| key).collect::<Vec<_>>().into()),
    },
    Function { name: "length", takes: &["string|array|object"], run: |call| Ok(length(&call.args[0]).into()) },
    Function { name: "map", takes: &["expression", "array"], run: map },
    Function {
        name: "max",
        takes: &["number[]|string[]"],
        run: |call| Ok(extreme(call.list(0).iter().map(|v| (v, v)), true)),
    },
    Function { name: "max_by", takes: &["array", "expression"], run: |call| extreme_by(call, true) },
    Function { name: "merge", takes: &["object", "…"], run: merge },
    Function {
        name: "min",
        takes: &["number[]|string[]"],
        run: |call| Ok(extreme(call.list(0).iter().map(|v| (v, v)), false)),
    },
    Function { name: "min_by", takes: &["array", "expression"], run: |call| extreme_by(call, false) },
    Function {
        name: "not_null",
        takes: &["any", "…"],
        run: |call| Ok(call.args.iter().find(|arg| **arg != Value::Null).cloned().unwrap_or(Value::Null)),
    },
    Function { name: "reverse", takes: &["array|string"], run: |call| Ok(reversed(&call.args[0])) },
    Function {
        name: "sort",
        takes: &["number[]|string[]"],
        run: |call| sorted(call.list(0).iter().map(|v| (v.clone(), v.clone())).collect()),
    },
    Function { name: "sort_by", takes: &["array", "expression"], run: |call| sorted(call.keyed()?) },
    Function {
        name: "starts_with",
        takes: &["string", "string"],
        run: |call| Ok(call.text(0).starts_with(call.text(1)).into()),
    },
    Function { name: "sum", takes: &["number[]"], run: |call| Ok(sum(call.list(0))) },
    Function {
        name: "to_array",
        takes: &["any"],
        run: |call| {
            Ok(if call.args[0].as_list().is_some() {
                call.args[0].clone()
            } else {
                Value::list([call.args[0].clone()])
            })
        },
    },
    Function { name: "to_number", takes: &["any"], run: |call| Ok(to_number(&call.args[0])) },
    Function { name: "to_string", takes: &["any"], run: |call| to_string(&call.args[0]) },
    Function { name: "type", takes: &["any"], run: |call| Ok(kind(&call.args[0]).into()) },
    Function {
        name: "values",
        takes: &["object"],
        run: |call| Ok(entries(call).map(|(_, value)| value).collect::<Vec<_>>().into()),
    },
];

/// Calls a function on the current value.
pub(super) fn call(name: &str, args: &[Ast], value: &Value, depth: usize) -> Result<Value, String> {
    let function = FUNCTIONS.iter().find(|function| function.name == name);
    let function = function.ok_or_else(|| format!("there is no function `{name}()`"))?;
    let open = function.takes.last() == Some(&"…");
    let wanted = function.takes.len() - usize::from(open);
    if args.len() < wanted || (args.len() > wanted && !open) {
        let least = if open { "at least " } else { "" };
        return Err(format!("`{name}()` takes {least}{wanted} arguments, not {}", args.len()));
    }
    let mut call = Call { args: Vec::with_capacity(args.len()), expression: None, depth };
    for (at, arg) in args.iter().enumerate() {
        let takes = function.takes[at.min(wanted - 1)];
        match (arg, takes) {
            (Ast::Expref { ast, .. }, "expression") => {
                call.expression = Some(ast);
                call.args.push(Value::Null);
            }
            (Ast::Expref { .. }, _) | (_, "expression") => {
                return Err(format!("argument {} of `{name}()` is to be {takes}", at + 1));
            }
            _ => {
                let given = evaluate(arg, value, depth + 1)?;
                if !takes.split('|').any(|kind| is(&given, kind)) {
                    return Err(format!("argument {} of `{name}()` is to be {takes}, not {}", at + 1, kind(&given)));
                }
                call.args.push(given);
            }
        }
    }
    (function.run)(&call)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::Omit => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        Value::Moment(moment) => moment.type_name(),
    }
}

fn is(value: &Value, wanted: &str) -> bool {
    match (wanted.strip_suffix("[]"), value) {
        (Some(inner), Value::List(items)) => items.iter().all(|item| kind(item) == inner),
        (Some(_), _) => false,
        (None, _) => wanted == "any" || kind(value) == wanted,
    }
}

fn entries(call: &Call<'_>) -> impl Iterator<Item = (Value, Value)> {
    call.args[0].as_map().into_iter().flat_map(Map::iter).map(|(key, value)| (key.to_value(), value.clone()))
}

fn absolute(value: &Value) -> Value {
    match value {
        Value::Int(n) => n.checked_abs().map_or(Value::Null, Value::Int),
        Value::Float(f) => Value::Float(f.abs()),
        other => other.clone(),
    }
}

fn rounded(value: &Value, by: fn(f64) -> f64) -> Value {
    match value {
        Value::Float(f) if by(*f).abs() < 1e36 => Value::Int(by(*f) as i128),
        other => other.clone(),
    }
}

fn as_float(value: &Value) -> f64 {
    match value {
        Value::Int(n) => *n as f64,
        Value::Float(f) => *f,
        _ => 0.0,
    }
}

fn sum(items: &[Value]) -> Value {
    let whole: Option<i128> = items.iter().try_fold(0i128, |sum, item| sum.checked_add(item.as_int()?));
    whole.map_or_else(|| Value::Float(items.iter().map(as_float).sum()), Value::Int)
}

fn average(items: &[Value]) -> Value {
    match items {
        [] => Value::Null,
        items => Value::Float(as_float(&sum(items)) / items.len() as f64),
    }
}

fn contains(call: &Call<'_>) -> Result<Value, String> {
    match (&call.args[0], &call.args[1]) {
        (Value::Str(text), Value::Str(part)) => Ok(text.contains(&**part).into()),
        (Value::Str(_), other) => Err(format!("`contains()` looks for text in text, not for a {}", kind(other))),
        (_, wanted) => Ok(call.list(0).iter().any(|item| super::super::python::equal(item, wanted)).into()),
    }
}

fn join(call: &Call<'_>) -> Result<Value, String> {
    let parts: Vec<&str> = call.list(1).iter().filter_map(Value::as_str).collect();
    let size = parts.iter().map(|part| part.len() + call.text(0).len()).sum::<usize>();
    if size > crate::template::filters::args::MAX_TEXT {
        return Err(format!("`join()` would make a text of {size} bytes"));
    }
    Ok(parts.join(call.text(0)).into())
}

fn length(value: &Value) -> usize {
    match value {
        Value::Str(text) => text.chars().count(),
        Value::List(items) => items.len(),
        Value::Map(map) => map.len(),
        _ => 0,
    }
}

fn map(call: &Call<'_>) -> Result<Value, String> {
    call.list(1).iter().map(|item| call.on(item)).collect::<Result<Vec<_>, _>>().map(Value::from)
}

/// Returns the value with the least or greatest key, the first of equal ones.
fn extreme<'a>(keyed: impl Iterator<Item = (&'a Value, &'a Value)>, greatest: bool) -> Value {
    let mut best: Option<(&Value, &Value)> = None;
    for (key, value) in keyed {
        let better = best.is_none_or(|(than, _)| {
            order(key, than).is_some_and(|order| if greatest { order.is_gt() } else { order.is_lt() })
        });
        if better {
            best = Some((key, value));
        }
    }
    best.map_or(Value::Null, |(_, value)| value.clone())
}

fn extreme_by(call: &Call<'_>, greatest: bool) -> Result<Value, String> {
    let keyed = call.keyed()?;
    Ok(extreme(keyed.iter().map(|(key, value)| (key, value)), greatest))
}

fn sorted(keyed: Vec<(Value, Value)>) -> Result<Value, String> {
    let sorted = sort_by_keys(keyed, false)?;
    Ok(sorted.into_iter().map(|(_, value)| value).collect::<Vec<_>>().into())
}

fn merge(call: &Call<'_>) -> Result<Value, String> {
    let mut merged = Map::new();
    for map in call.args.iter().filter_map(Value::as_map) {
        map.iter().for_each(|(key, value)| merged.insert(key.clone(), value.clone()));
    }
    Ok(merged.into())
}

fn reversed(value: &Value) -> Value {
    match value {
        Value::Str(text) => text.chars().rev().collect::<String>().into(),
        Value::List(items) => items.iter().rev().cloned().collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

fn to_number(value: &Value) -> Value {
    match value {
        Value::Int(_) | Value::Float(_) => value.clone(),
        Value::Str(text) => match text.trim().parse::<i128>() {
            Ok(n) => Value::Int(n),
            Err(_) => read_float(text).map_or(Value::Null, Value::Float),
        },
        _ => Value::Null,
    }
}

fn to_string(value: &Value) -> Result<Value, String> {
    match value {
        Value::Str(_) => Ok(value.clone()),
        other => super::super::json::compact(other).map(Value::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_its_own_name_and_takes_known_types() {
        let names: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
        assert!(names.is_sorted() && names.windows(2).all(|pair| pair[0] != pair[1]));
        let known = ["any", "array", "expression", "number", "object", "string", "number[]", "string[]"];
        for function in FUNCTIONS {
            let mut types = function.takes.iter().filter(|takes| **takes != "…").flat_map(|takes| takes.split('|'));
            assert!(types.all(|takes| known.contains(&takes)), "{}", function.name);
        }
    }
}
