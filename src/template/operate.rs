//! Python's operators on engine values: arithmetic, comparison, membership.

use super::convert::{ListObject, defined, error_inside, from_engine, from_int, going_on};
use super::methods::Bound;
use super::moment;
use super::mutable::{List, mutable_items};
use super::range::Range;
use super::sequence::{MAX_REPEATED, Sequence, fits, repeat};
use super::syntax::{Comparison, Operator};
use super::text::text_of;
use crate::value::{Map, Value as Data};
use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};
use std::cmp::Ordering;

/// The largest exponent and result of `**` for whole numbers stay within 128 bits.
fn too_large() -> Error {
    wrong("result is larger than 128 bits")
}

pub(crate) fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// Returns the name that Python gives the type of a value.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value.kind() {
        ValueKind::None => "NoneType",
        ValueKind::Bool => "bool",
        ValueKind::Number if value.is_integer() => "int",
        ValueKind::Number => "float",
        ValueKind::String => "str",
        ValueKind::Bytes => "bytes",
        ValueKind::Seq | ValueKind::Iterable => match Sequence::of(value) {
            Some(Sequence::Tuple) => "tuple",
            Some(Sequence::Range) => "range",
            Some(Sequence::Bytes) => "bytes",
            _ => "list",
        },
        ValueKind::Map => "dict",
        ValueKind::Undefined => "Undefined",
        _ if value.downcast_object_ref::<Bound>().is_some() => "builtin_function_or_method",
        _ => moment::type_name(value).unwrap_or("object"),
    }
}

#[derive(Clone, Copy)]
pub(super) enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    pub(super) fn of(value: &Value) -> Option<Number> {
        match value.kind() {
            ValueKind::Bool => Some(Number::Int(i128::from(value.is_true()))),
            ValueKind::Number if value.is_integer() => i128::try_from(value.clone()).ok().map(Number::Int),
            ValueKind::Number => f64::try_from(value.clone()).ok().map(Number::Float),
            _ => None,
        }
    }

    fn float(self) -> f64 {
        match self {
            Number::Int(n) => n as f64,
            Number::Float(f) => f,
        }
    }
}

/// Computes `left operator right`.
pub(crate) fn binary(operator: Operator, left: &Value, right: &Value) -> Result<Value, Error> {
    going_on()?;
    defined(left)?;
    defined(right)?;
    if operator == Operator::Concat {
        return joined(&text_of(left)?, &text_of(right)?);
    }
    if let (Some(left), Some(right)) = (Number::of(left), Number::of(right)) {
        return arithmetic(operator, left, right);
    }
    if let Some(result) = moment::binary(operator, left, right) {
        return result;
    }
    match operator {
        Operator::Add => match (left.as_str(), right.as_str()) {
            (Some(a), Some(b)) => joined(a, b),
            (Some(_), None) => {
                let kind = type_name(right);
                Err(wrong(format!("can only concatenate str (not \"{kind}\") to str; `~` joins anything as text")))
            }
            _ => match Sequence::of(left).filter(|kind| Sequence::of(right) == Some(*kind)) {
                Some(kind) => {
                    let mut items: Vec<Value> = left.try_iter()?.collect();
                    items.extend(right.try_iter()?);
                    if items.len() > MAX_REPEATED / 16 {
                        return Err(wrong(format!("list of {} items is too long", items.len())));
                    }
                    kind.made(items).ok_or_else(|| unsupported("+", left, right))
                }
                None => Err(unsupported("+", left, right)),
            },
        },
        Operator::Multiply => match (Number::of(left), Number::of(right)) {
            (_, Some(Number::Int(n))) => repeat(left, n).unwrap_or_else(|| Err(unsupported("*", left, right))),
            (Some(Number::Int(n)), _) => repeat(right, n).unwrap_or_else(|| Err(unsupported("*", left, right))),
            _ => Err(unsupported("*", left, right)),
        },
        Operator::Modulo => match left.as_str() {
            Some(format) => super::format::percent(format, right).map(Value::from),
            None => Err(unsupported("%", left, right)),
        },
        _ => Err(unsupported(symbol(operator), left, right)),
    }
}

fn joined(left: &str, right: &str) -> Result<Value, Error> {
    fits(left.len() + right.len())?;
    Ok(Value::from([left, right].concat()))
}

fn symbol(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::FloorDivide => "//",
        Operator::Modulo => "%",
        Operator::Power => "**",
        Operator::Concat => "~",
    }
}

fn unsupported(symbol: &str, left: &Value, right: &Value) -> Error {
    let (left, right) = (type_name(left), type_name(right));
    wrong(format!("unsupported operand types for `{symbol}`: {left} and {right}"))
}

fn arithmetic(operator: Operator, left: Number, right: Number) -> Result<Value, Error> {
    use Number::Int;
    let zero = || wrong("division by zero");
    Ok(match (operator, left, right) {
        (Operator::Add, Int(a), Int(b)) => from_int(a.checked_add(b).ok_or_else(too_large)?),
        (Operator::Subtract, Int(a), Int(b)) => from_int(a.checked_sub(b).ok_or_else(too_large)?),
        (Operator::Multiply, Int(a), Int(b)) => from_int(a.checked_mul(b).ok_or_else(too_large)?),
        (Operator::FloorDivide, Int(_), Int(0)) | (Operator::Modulo, Int(_), Int(0)) => return Err(zero()),
        (Operator::FloorDivide, Int(a), Int(b)) => {
            let quotient = a.checked_div(b).ok_or_else(too_large)?;
            let inexact = a.checked_rem(b).is_some_and(|rest| rest != 0) && ((a < 0) != (b < 0));
            from_int(quotient - i128::from(inexact))
        }
        (Operator::Modulo, Int(a), Int(b)) => {
            let rest = a.checked_rem(b).unwrap_or(0);
            from_int(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
        }
        (Operator::Power, Int(a), Int(b)) if b >= 0 => {
            let exponent = u32::try_from(b).map_err(|_| too_large());
            match (a, exponent) {
                (0 | 1, _) => from_int(if b == 0 { 1 } else { a }),
                (-1, _) => from_int(if b % 2 == 0 { 1 } else { -1 }),
                (a, exponent) => from_int(a.checked_pow(exponent?).ok_or_else(too_large)?),
            }
        }
        (operator, left, right) => {
            let (a, b) = (left.float(), right.float());
            if b == 0.0 && matches!(operator, Operator::Divide | Operator::FloorDivide | Operator::Modulo) {
                return Err(zero());
            }
            Value::from(match operator {
                Operator::Add => a + b,
                Operator::Subtract => a - b,
                Operator::Multiply => a * b,
                Operator::Divide => a / b,
                Operator::FloorDivide => (a / b).floor(),
                Operator::Modulo => a - b * (a / b).floor(),
                Operator::Power | Operator::Concat => {
                    let power = a.powf(b);
                    if a.is_finite() && b.is_finite() && !power.is_finite() {
                        return Err(wrong("result of `**` is no number, or too large"));
                    }
                    power
                }
            })
        }
    })
}

/// Computes `-value` or `+value`.
pub(crate) fn sign(value: &Value, negative: bool) -> Result<Value, Error> {
    defined(value)?;
    match Number::of(value) {
        Some(Number::Int(n)) if negative => Ok(from_int(n.checked_neg().ok_or_else(too_large)?)),
        Some(Number::Int(n)) => Ok(from_int(n)),
        Some(Number::Float(f)) => Ok(Value::from(if negative { -f } else { f })),
        None => match moment::negative(value) {
            Some(turned) => Ok(if negative { turned } else { value.clone() }),
            None => Err(wrong(format!("a {} has no sign", type_name(value)))),
        },
    }
}

/// Computes a comparison.
pub(crate) fn compare(comparison: Comparison, left: &Value, right: &Value) -> Result<Value, Error> {
    defined(left)?;
    defined(right)?;
    let holds = match comparison {
        Comparison::Equal => equal(left, right)?,
        Comparison::NotEqual => !equal(left, right)?,
        Comparison::In => contains(right, left)?,
        Comparison::NotIn => !contains(right, left)?,
        _ => {
            let symbol = match comparison {
                Comparison::Less => "<",
                Comparison::LessOrEqual => "<=",
                Comparison::Greater => ">",
                _ => ">=",
            };
            let order = order(left, right, symbol, 0)?;
            order.is_some_and(|order| match comparison {
                Comparison::Less => order.is_lt(),
                Comparison::LessOrEqual => order.is_le(),
                Comparison::Greater => order.is_gt(),
                _ => order.is_ge(),
            })
        }
    };
    Ok(Value::from(holds))
}

fn is_scalar(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::None | ValueKind::Bool | ValueKind::Number | ValueKind::String)
}

fn equal(left: &Value, right: &Value) -> Result<bool, Error> {
    if is_scalar(left) || is_scalar(right) {
        return Ok(left == right);
    }
    let kind = Sequence::of(left);
    if kind != Sequence::of(right) {
        return Ok(false);
    }
    if let (Some(left), Some(right)) = (left.downcast_object_ref::<Range>(), right.downcast_object_ref::<Range>()) {
        return Ok(left.equals(right));
    }
    if let Some(order) = moment::order(left, right) {
        return Ok(order.is_eq());
    }
    match (left.kind(), right.kind()) {
        (ValueKind::Seq | ValueKind::Iterable, _) if kind.is_some() && !(is_data(left) && is_data(right)) => {
            equal_items(left, right)
        }
        (ValueKind::Map, ValueKind::Map) if !(is_data(left) && is_data(right)) => equal_entries(left, right),
        _ => match (from_engine(left), from_engine(right)) {
            (Ok(left), Ok(right)) => Ok(same(&left, &right)),
            (Err(error), _) | (_, Err(error)) if error.kind() == ErrorKind::UndefinedError => Err(error),
            _ => Ok(left == right),
        },
    }
}

/// Claims that a container is data, which has no tuples, and nothing undefined.
fn is_data(value: &Value) -> bool {
    value.downcast_object_ref::<ListObject>().is_some() || value.downcast_object_ref::<Map>().is_some()
}

/// Compares item by item, as Python does: what stands behind the first that differs is not looked at.
fn equal_items(left: &Value, right: &Value) -> Result<bool, Error> {
    if left.len() != right.len() {
        return Ok(false);
    }
    let (mut left, mut right) = (left.try_iter()?.checked(), right.try_iter()?.checked());
    while let (Some(a), Some(b)) = (left.next(), right.next()) {
        if !equal(&present(a?)?, &present(b?)?)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_entries(left: &Value, right: &Value) -> Result<bool, Error> {
    if left.len() != right.len() {
        return Ok(false);
    }
    let pairs = left.as_object().and_then(|object| object.try_iter_pairs());
    for (key, value) in pairs.into_iter().flatten() {
        let other = right.as_object().and_then(|object| object.get_value(&key));
        let Some(other) = other else { return Ok(false) };
        if !equal(&present(value)?, &present(other)?)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns an item that can be compared; one that is undefined, or an error, fails.
fn present(value: Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Invalid => Err(error_inside(&value)),
        _ => defined(&value).map(|()| value),
    }
}

/// Compares as Python does: numbers by value whatever their type, dictionaries without order.
fn same(left: &Data, right: &Data) -> bool {
    match (left, right) {
        (Data::Int(a), Data::Float(b)) | (Data::Float(b), Data::Int(a)) => *a as f64 == *b,
        (Data::Bool(a), Data::Int(b)) | (Data::Int(b), Data::Bool(a)) => i128::from(*a) == *b,
        (Data::List(a), Data::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get_key(key).is_some_and(|b| same(a, b)))
        }
        _ => left == right,
    }
}

/// Returns the order of two values; `None` where a NaN has none.
pub(crate) fn order(left: &Value, right: &Value, symbol: &str, depth: usize) -> Result<Option<Ordering>, Error> {
    if let (Some(a), Some(b)) = (left.as_str(), right.as_str()) {
        return Ok(Some(a.cmp(b)));
    }
    match (Number::of(left), Number::of(right)) {
        (Some(Number::Int(a)), Some(Number::Int(b))) => return Ok(Some(a.cmp(&b))),
        (Some(a), Some(b)) => return Ok(a.float().partial_cmp(&b.float())),
        _ => {}
    }
    if let Some(order) = moment::order(left, right) {
        return Ok(Some(order));
    }
    let kind = Sequence::of(left).filter(|kind| *kind != Sequence::Range);
    if kind.is_some() && kind == Sequence::of(right) && depth < 50 {
        let (mut a, mut b) = (left.try_iter()?, right.try_iter()?);
        loop {
            match (a.next(), b.next()) {
                (Some(a), Some(b)) if equal(&a, &b)? => {}
                (Some(a), Some(b)) => return order(&a, &b, symbol, depth + 1),
                (a, b) => return Ok(Some(a.is_some().cmp(&b.is_some()))),
            }
        }
    }
    let (left, right) = (type_name(left), type_name(right));
    Err(wrong(format!("`{symbol}` cannot compare a {left} with a {right}")))
}

fn contains(container: &Value, item: &Value) -> Result<bool, Error> {
    if let Some(text) = container.as_str() {
        return match item.as_str() {
            Some(item) => Ok(text.contains(item)),
            None => Err(wrong(format!("`in` text needs text on its left, not a {}", type_name(item)))),
        };
    }
    match container.kind() {
        ValueKind::Map => match container.as_object() {
            Some(object) if is_scalar(item) || item.is_tuple() => Ok(object.get_value(item).is_some()),
            _ => Err(wrong(format!("a {} cannot be the key of a dictionary", type_name(item)))),
        },
        ValueKind::Seq | ValueKind::Iterable => {
            for other in container.try_iter()?.checked() {
                if equal(&other?, item)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        _ => {
            Err(wrong(format!("a {} contains nothing: `in` needs a list, a dictionary or text", type_name(container))))
        }
    }
}

/// Returns what a `for` goes through: text letter by letter, everything else item by item.
pub(crate) fn iterate(value: &Value) -> Result<Value, Error> {
    defined(value)?;
    if let Some(text) = value.as_str() {
        return Ok(Value::from(text.chars().map(Value::from).collect::<Vec<Value>>()));
    }
    if let Some(list) = value.downcast_object_ref::<List>() {
        return Ok(Value::from(mutable_items(list)));
    }
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => Ok(value.clone()),
        _ => Err(wrong(format!("cannot loop over a {}", type_name(value)))),
    }
}
