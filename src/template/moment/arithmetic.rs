//! What operators do with moments and spans of time.

use super::{DAY, Elapsed, elapsed, moment};
use crate::template::operate::wrong;
use crate::template::syntax::Operator;
use crate::value::{Moment, Part};
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};
use minijinja::Error;
use minijinja::value::{Value, ValueKind};
use std::cmp::Ordering;

/// The longest span of time that Python has: a thousand million days.
const LONGEST: i64 = 999_999_999;

/// Returns the number of a day, counted from the first day of the year 1 as 1.
pub(super) fn ordinal(date: Date) -> i64 {
    let first = Date::constant(1, 1, 1);
    date.duration_since(first).as_hours() / 24 + 1
}

fn span(micros: Option<i64>) -> Result<Value, Error> {
    match micros.filter(|micros| (micros / DAY).abs() <= LONGEST) {
        Some(micros) => Ok(Elapsed(micros).value()),
        None => Err(wrong("a span of time is too long")),
    }
}

/// Rounds to the nearest whole number, halves to the even one, as Python does.
fn rounded(micros: f64) -> Option<i64> {
    let whole = micros.round_ties_even();
    (whole.is_finite() && whole.abs() < 9e18).then_some(whole as i64)
}

fn moved(at: &Moment, by: i64) -> Result<Value, Error> {
    let moved = match at.part {
        // Of a date whole days count.
        Part::Date => at.at.checked_add(SignedDuration::from_hours(by.div_euclid(DAY) * 24)),
        _ => at.at.checked_add(SignedDuration::from_micros(by)),
    };
    match moved {
        // Python has the years 1 to 9999.
        Ok(moved) if moved >= DateTime::constant(1, 1, 1, 0, 0, 0, 0) => Ok(Moment { at: moved, ..*at }.value()),
        _ => Err(wrong("the date is out of range")),
    }
}

fn between(left: &Moment, right: &Moment) -> Result<Value, Error> {
    if left.part != right.part {
        return Err(wrong("a moment and a date have no span of time between them: take the `date()` of both"));
    }
    match (left.offset, right.offset) {
        (None, None) => span(i64::try_from(left.at.duration_since(right.at).as_micros()).ok()),
        (Some(_), Some(_)) => span(Some(left.timestamp()?.as_microsecond() - right.timestamp()?.as_microsecond())),
        _ => Err(wrong("a moment with an offset from UTC and one without have no span of time between them")),
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value.kind() {
        ValueKind::Number if value.is_integer() => i64::try_from(value.clone()).ok(),
        ValueKind::Bool => Some(value.is_true().into()),
        _ => None,
    }
}

fn scaled(operator: Operator, by: Elapsed, number: &Value) -> Option<Result<Value, Error>> {
    let zero = || Err(wrong("division by zero"));
    if let Some(n) = whole(number) {
        return Some(match operator {
            Operator::Multiply => span(by.0.checked_mul(n)),
            Operator::Divide | Operator::FloorDivide if n == 0 => zero(),
            Operator::Divide => span(exact_quotient(by.0, n)),
            Operator::FloorDivide => span(Some(floored(by.0, n).0)),
            _ => return None,
        });
    }
    let factor = (number.kind() == ValueKind::Number).then(|| f64::try_from(number.clone()).ok())??;
    Some(match operator {
        Operator::Multiply => span(rounded(by.0 as f64 * factor)),
        Operator::Divide if factor == 0.0 => zero(),
        Operator::Divide => span(rounded(by.0 as f64 / factor)),
        _ => return None,
    })
}

/// Divides whole numbers, and rounds a half to the even neighbour.
fn exact_quotient(a: i64, b: i64) -> Option<i64> {
    let (a, b) = if b < 0 { (-i128::from(a), -i128::from(b)) } else { (i128::from(a), i128::from(b)) };
    let (quotient, rest) = (a.div_euclid(b), a.rem_euclid(b));
    let up = match (rest * 2).cmp(&b) {
        Ordering::Less => false,
        Ordering::Equal => quotient % 2 != 0,
        Ordering::Greater => true,
    };
    i64::try_from(quotient + i128::from(up)).ok()
}

fn of_spans(operator: Operator, left: Elapsed, right: Elapsed) -> Option<Result<Value, Error>> {
    let (a, b) = (left.0, right.0);
    Some(match operator {
        Operator::Add => span(a.checked_add(b)),
        Operator::Subtract => span(a.checked_sub(b)),
        Operator::Divide | Operator::FloorDivide | Operator::Modulo if b == 0 => Err(wrong("division by zero")),
        Operator::Divide => Ok(Value::from(a as f64 / b as f64)),
        Operator::FloorDivide => Ok(Value::from(floored(a, b).0)),
        Operator::Modulo => span(Some(floored(a, b).1)),
        _ => return None,
    })
}

/// Returns the quotient rounded down, and what is left.
fn floored(a: i64, b: i64) -> (i64, i64) {
    let (quotient, rest) = (a / b, a % b);
    if rest != 0 && (rest < 0) != (b < 0) { (quotient - 1, rest + b) } else { (quotient, rest) }
}

/// Computes `left operator right` where one of them is a moment or a span of time, and they have that operator.
pub(crate) fn binary(operator: Operator, left: &Value, right: &Value) -> Option<Result<Value, Error>> {
    // A time of day alone has no arithmetic.
    let dated = |value| moment(value).filter(|moment| moment.part != Part::Time);
    match (dated(left), dated(right), elapsed(left), elapsed(right)) {
        (Some(a), Some(b), ..) if operator == Operator::Subtract => Some(between(a, b)),
        (Some(at), _, _, Some(by)) if operator == Operator::Add => Some(moved(at, by.0)),
        (Some(at), _, _, Some(by)) if operator == Operator::Subtract => Some(moved(at, -by.0)),
        (_, Some(at), Some(by), _) if operator == Operator::Add => Some(moved(at, by.0)),
        (.., Some(a), Some(b)) => of_spans(operator, a, b),
        (None, None, Some(by), None) => scaled(operator, by, right),
        (None, None, None, Some(by)) if operator == Operator::Multiply => scaled(operator, by, left),
        _ => None,
    }
}

/// Returns the order of two moments or two spans of time; none where they are something else, or cannot be compared.
pub(crate) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (elapsed(left), elapsed(right)) {
        return Some(a.cmp(&b));
    }
    moment(left)?.order(moment(right)?)
}

/// Returns a span of time turned around.
pub(crate) fn negative(value: &Value) -> Option<Value> {
    elapsed(value).map(|by| Elapsed(-by.0).value())
}

/// Returns a span of time without its sign.
pub(crate) fn absolute(value: &Value) -> Option<Value> {
    elapsed(value).map(|by| Elapsed(by.0.abs()).value())
}
