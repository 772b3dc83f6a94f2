//! Methods of `int`, `bool` and `float`.

use super::Args;
use crate::template::convert::from_int;
use crate::template::operate::wrong;
use minijinja::Error;
use minijinja::value::{Tuple, Value, ValueKind};

/// Calls a method; `None` when a number of that kind has none of that name.
pub(super) fn call(value: &Value, method: &str, args: &Args<'_>) -> Option<Result<Value, Error>> {
    let is_float = value.kind() == ValueKind::Number && !value.is_integer();
    let known: &[&str] = match is_float {
        true => &["as_integer_ratio", "conjugate", "hex", "is_integer"],
        false => &["as_integer_ratio", "bit_count", "bit_length", "conjugate"],
    };
    known.contains(&method).then(|| {
        args.at_most(0)?;
        if is_float { of_float(f64::try_from(value.clone())?, method) } else { of_int(whole(value)?, method) }
    })
}

fn whole(value: &Value) -> Result<i128, Error> {
    match value.kind() {
        ValueKind::Bool => Ok(i128::from(value.is_true())),
        _ => i128::try_from(value.clone()),
    }
}

fn of_int(number: i128, method: &str) -> Result<Value, Error> {
    let size = number.unsigned_abs();
    Ok(match method {
        "bit_length" => Value::from(u128::BITS - size.leading_zeros()),
        "bit_count" => Value::from(size.count_ones()),
        "as_integer_ratio" => Value::from(Tuple::from([from_int(number), Value::from(1)])),
        _ => from_int(number),
    })
}

fn of_float(number: f64, method: &str) -> Result<Value, Error> {
    Ok(match method {
        "is_integer" => Value::from(number.is_finite() && number.fract() == 0.0),
        "hex" => Value::from(hex(number)),
        "as_integer_ratio" => ratio(number)?,
        _ => Value::from(number),
    })
}

/// Returns the sign, the bits behind the point and the exponent, as they are stored.
fn parts(number: f64) -> (bool, u64, i32) {
    let bits = number.to_bits();
    (number.is_sign_negative(), bits & ((1 << 52) - 1), ((bits >> 52) & 0x7ff) as i32)
}

fn hex(number: f64) -> String {
    if !number.is_finite() {
        return crate::value::python_float(number);
    }
    let (is_negative, fraction, exponent) = parts(number);
    let sign = if is_negative { "-" } else { "" };
    match (fraction, exponent) {
        (0, 0) => format!("{sign}0x0.0p+0"),
        (fraction, 0) => format!("{sign}0x0.{fraction:013x}p-1022"),
        (fraction, exponent) => format!("{sign}0x1.{fraction:013x}p{:+}", exponent - 1023),
    }
}

/// Returns the two whole numbers of which a float is the exact quotient.
fn ratio(number: f64) -> Result<Value, Error> {
    if !number.is_finite() {
        return Err(wrong(format!("{} is no quotient of whole numbers", crate::value::python_float(number))));
    }
    let (is_negative, fraction, exponent) = parts(number);
    let (mut digits, mut power) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    if digits == 0 {
        return Ok(Value::from(Tuple::from([Value::from(0), Value::from(1)])));
    }
    let even = digits.trailing_zeros();
    digits >>= even;
    power += even as i32;
    let scaled = |number: i128, by: i32| {
        let by = by.unsigned_abs();
        (by < number.leading_zeros()).then(|| number << by).ok_or_else(|| wrong("result is larger than 128 bits"))
    };
    let digits = if is_negative { -i128::from(digits) } else { i128::from(digits) };
    let (above, below) = match power {
        0.. if digits < 0 => (-scaled(-digits, power)?, 1),
        0.. => (scaled(digits, power)?, 1),
        _ => (digits, scaled(1, power)?),
    };
    Ok(Value::from(Tuple::from([from_int(above), from_int(below)])))
}
