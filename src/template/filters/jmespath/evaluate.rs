//! What an expression finds in a value.

use super::functions::call;
use crate::value::{Map, Value};
use jmespath::Variable;
use jmespath::ast::{Ast, Comparator};

/// How deep an expression may be evaluated.
const MAX_DEPTH: usize = 300;

/// The most items that a query may give.
const MAX_ITEMS: usize = 1_000_000;

/// Evaluates an expression on a value.
pub(super) fn evaluate(ast: &Ast, value: &Value, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err("query is nested too deep".into());
    }
    let on = |ast: &Ast, value: &Value| evaluate(ast, value, depth + 1);
    match ast {
        Ast::Identity { .. } => Ok(value.clone()),
        Ast::Field { name, .. } => Ok(value.get(name).cloned().unwrap_or(Value::Null)),
        Ast::Subexpr { lhs, rhs, .. } => on(rhs, &on(lhs, value)?),
        Ast::Index { idx, .. } => Ok(item(value, *idx)),
        Ast::Literal { value, .. } => Ok(literal(value)),
        Ast::Or { lhs, rhs, .. } => {
            let left = on(lhs, value)?;
            if is_true(&left) { Ok(left) } else { on(rhs, value) }
        }
        Ast::And { lhs, rhs, .. } => {
            let left = on(lhs, value)?;
            if is_true(&left) { on(rhs, value) } else { Ok(left) }
        }
        Ast::Not { node, .. } => on(node, value).map(|inner| Value::Bool(!is_true(&inner))),
        Ast::Comparison { comparator, lhs, rhs, .. } => compare(comparator, &on(lhs, value)?, &on(rhs, value)?),
        Ast::Condition { predicate, then, .. } => {
            if is_true(&on(predicate, value)?) {
                on(then, value)
            } else {
                Ok(Value::Null)
            }
        }
        Ast::Flatten { node, .. } => match on(node, value)? {
            Value::List(items) => flat(&items),
            _ => Ok(Value::Null),
        },
        Ast::ObjectValues { node, .. } => match on(node, value)? {
            Value::Map(map) => Ok(map.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>().into()),
            _ => Ok(Value::Null),
        },
        Ast::Projection { lhs, rhs, .. } => match on(lhs, value)? {
            Value::List(items) => {
                let mut found = Vec::new();
                for item in items.iter() {
                    match on(rhs, item)? {
                        Value::Null => {}
                        value => found.push(value),
                    }
                }
                Ok(found.into())
            }
            _ => Ok(Value::Null),
        },
        Ast::Slice { start, stop, step, .. } => slice(value, *start, *stop, *step),
        Ast::MultiList { .. } | Ast::MultiHash { .. } if *value == Value::Null => Ok(Value::Null),
        Ast::MultiList { elements, .. } => {
            elements.iter().map(|ast| on(ast, value)).collect::<Result<Vec<_>, _>>().map(Value::from)
        }
        Ast::MultiHash { elements, .. } => {
            let mut map = Map::new();
            for pair in elements {
                map.insert(pair.key.as_str(), on(&pair.value, value)?);
            }
            Ok(map.into())
        }
        Ast::Function { name, args, .. } => call(name, args, value, depth + 1),
        Ast::Expref { .. } => Err("`&` makes an argument for functions such as `sort_by()`, not a value".into()),
    }
}

/// Claims what JMESPath takes for true: everything but empty things, null and false.
pub(super) fn is_true(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Float(_)) || value.is_truthy()
}

fn literal(value: &Variable) -> Value {
    match serde_json::to_value(value) {
        Ok(json) => Value::from(json),
        Err(_) => Value::Null,
    }
}

fn item(value: &Value, index: i32) -> Value {
    let Value::List(items) = value else { return Value::Null };
    let at = if index < 0 { index as i64 + items.len() as i64 } else { index.into() };
    usize::try_from(at).ok().and_then(|at| items.get(at)).cloned().unwrap_or(Value::Null)
}

fn flat(items: &[Value]) -> Result<Value, String> {
    let mut found = Vec::new();
    for item in items {
        match item {
            Value::List(inner) => found.extend(inner.iter().cloned()),
            other => found.push(other.clone()),
        }
        if found.len() > MAX_ITEMS {
            return Err(format!("query gives more than {MAX_ITEMS} items"));
        }
    }
    Ok(found.into())
}

fn slice(value: &Value, start: Option<i32>, stop: Option<i32>, step: i32) -> Result<Value, String> {
    let Value::List(items) = value else { return Ok(Value::Null) };
    if step == 0 {
        return Err("step of a slice is 0".into());
    }
    let bound = |at: Option<i32>| at.map(i128::from);
    let places = crate::template::sequence::positions(items.len(), bound(start), bound(stop), step.into());
    Ok(places.map(|at| items[at].clone()).collect::<Vec<_>>().into())
}

fn compare(by: &Comparator, left: &Value, right: &Value) -> Result<Value, String> {
    let is_number = |value: &Value| matches!(value, Value::Int(_) | Value::Float(_));
    let is_text = |value: &Value| value.as_str().is_some();
    if !matches!(by, Comparator::Equal | Comparator::NotEqual)
        && (is_number(left) && is_text(right) || is_text(left) && is_number(right))
    {
        return Err(format!("cannot compare a {} with a {}", left.kind(), right.kind()));
    }
    let order = || match (left, right) {
        (Value::Bool(_), _) | (_, Value::Bool(_)) => None,
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) | (Value::Str(_), Value::Str(_)) => {
            crate::template::filters::python::order(left, right)
        }
        _ => None,
    };
    let holds = match by {
        Comparator::Equal => Some(equal(left, right)),
        Comparator::NotEqual => Some(!equal(left, right)),
        Comparator::LessThan => order().map(|order| order.is_lt()),
        Comparator::LessThanEqual => order().map(|order| order.is_le()),
        Comparator::GreaterThan => order().map(|order| order.is_gt()),
        Comparator::GreaterThanEqual => order().map(|order| order.is_ge()),
    };
    Ok(holds.into())
}

/// Claims that two values are equal; numbers are never equal to booleans.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Bool(_), _) | (_, Value::Bool(_)) => false,
        _ => crate::template::filters::python::equal(left, right),
    }
}
