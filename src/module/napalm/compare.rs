//! Compares what a device says with what is wanted of it, as NAPALM's validations write that.
//!
//! A dictionary wants its keys, and with `_mode: strict` no others; `list: [...]` wants each of its items somewhere in a list.
//! A text is a regular expression, or a bound of numbers: `<15`, `>=3`, `10<->20`, `10%40` (40, give or take ten percent).
//! Anything else wants to be equal.

use crate::python_regex::{Anchor, Flags, compile};
use crate::value::{Key, Map, Value};

/// What a comparison finds: whether a value is as wanted, or of a dictionary or list a report of what is.
pub(super) enum Found {
    Plain(bool),
    Report(Map),
}

impl Found {
    pub(super) fn complies(&self) -> bool {
        match self {
            Found::Plain(complies) => *complies,
            Found::Report(report) => matches!(report.get("complies"), Some(Value::Bool(true))),
        }
    }
}

/// How deep what is wanted may be nested.
const MAX_DEPTH: usize = 100;

/// Compares.
///
/// # Errors
/// Says what in the wish is none: a mode or an expression that is not known, a bound for what is no number.
pub(super) fn compare(wanted: &Value, there: &Value) -> Result<Found, String> {
    at_depth(wanted, there, 0)
}

fn at_depth(wanted: &Value, there: &Value, depth: usize) -> Result<Found, String> {
    if depth > MAX_DEPTH {
        return Err(format!("what is wanted is nested deeper than {MAX_DEPTH} levels"));
    }
    Ok(match (wanted, there) {
        (Value::Map(wanted), there) => {
            let is_strict = is_strict(wanted)?;
            match (wanted.get("list"), there) {
                (Some(items), Value::List(there)) => Found::Report(list(items, there, is_strict, depth)?),
                (None, Value::Map(there)) => Found::Report(dictionary(wanted, there, is_strict, depth)?),
                _ => Found::Plain(false),
            }
        }
        (Value::Str(wanted), there) => Found::Plain(is_as_text(wanted, there)?),
        (Value::List(wanted), Value::List(there)) => Found::Plain(pairs_match(wanted, there)?),
        (wanted, there) => Found::Plain(is_equal(wanted, there)),
    })
}

/// Compares as Python does: `1` is `1.0`, and `true` is `1`.
fn is_equal(wanted: &Value, there: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Int(whole) => Some(*whole as f64),
        Value::Float(number) => Some(*number),
        Value::Bool(is) => Some(f64::from(u8::from(*is))),
        _ => None,
    };
    match (number(wanted), number(there)) {
        (Some(wanted), Some(there)) => wanted == there,
        _ => wanted == there,
    }
}

/// Reads `_mode`.
fn is_strict(wanted: &Map) -> Result<bool, String> {
    let mode = wanted.get("_mode").map(Value::to_text).unwrap_or_default();
    match mode.split_whitespace().find(|word| *word != "strict") {
        Some(word) => Err(format!("mode '{word}' not recognized")),
        None => Ok(!mode.trim().is_empty()),
    }
}

fn dictionary(wanted: &Map, there: &Map, is_strict: bool, depth: usize) -> Result<Map, String> {
    let mut complies = true;
    let mut present = Map::new();
    let mut missing: Vec<Value> = Vec::new();
    let said = |key: &Key| key.to_value();
    for (key, value) in wanted.iter().filter(|(key, _)| key.as_str() != Some("_mode")) {
        let Some(actual) = there.get_key(key) else {
            complies = false;
            missing.push(said(key));
            continue;
        };
        let found = at_depth(value, actual, depth + 1)?;
        let is_well = found.complies();
        complies &= is_well;
        let mut about = Map::new();
        about.insert("complies", is_well);
        about.insert("nested", matches!(found, Found::Report(_)));
        match found {
            _ if is_well => {}
            Found::Report(report) => about.insert("diff", report),
            Found::Plain(_) => {
                about.insert("expected_value", value.clone());
                about.insert("actual_value", actual.clone());
            }
        }
        present.insert(key.clone(), about);
    }
    let extra: Vec<Value> = match is_strict {
        true => there.iter().map(|(key, _)| key).filter(|key| wanted.get_key(key).is_none()).map(said).collect(),
        false => Vec::new(),
    };
    complies &= extra.is_empty();
    Ok(report(complies, present.into(), missing, extra))
}

/// Takes each item wanted for the first that is as it wants and was not taken yet.
fn list(wanted: &Value, there: &[Value], is_strict: bool, depth: usize) -> Result<Map, String> {
    let Some(wanted) = wanted.as_list() else { return Err("`list` of what is wanted is no list".into()) };
    let mut left: Vec<&Value> = there.iter().collect();
    let (mut present, mut missing) = (Vec::new(), Vec::new());
    for item in wanted {
        let mut at = None;
        for (number, there) in left.iter().enumerate() {
            if at_depth(item, there, depth + 1)?.complies() {
                at = Some(number);
                break;
            }
        }
        match at {
            Some(number) => {
                left.remove(number);
                present.push(without_mode(item));
            }
            None => missing.push(without_mode(item)),
        }
    }
    let extra: Vec<Value> = if is_strict { left.into_iter().cloned().collect() } else { Vec::new() };
    let complies = missing.is_empty() && extra.is_empty();
    Ok(report(complies, present.into(), missing, extra))
}

/// Returns what is wanted without the word on how it is compared.
fn without_mode(wanted: &Value) -> Value {
    match wanted {
        Value::Map(map) => {
            let rest = map.iter().filter(|(key, _)| key.as_str() != Some("_mode"));
            rest.map(|(key, value)| (key.clone(), value.clone())).collect::<Map>().into()
        }
        other => other.clone(),
    }
}

fn report(complies: bool, present: Value, missing: Vec<Value>, extra: Vec<Value>) -> Map {
    let mut report = Map::new();
    report.insert("complies", complies);
    report.insert("present", present);
    report.insert("missing", missing);
    report.insert("extra", extra);
    report
}

fn is_as_text(wanted: &str, there: &Value) -> Result<bool, String> {
    if wanted.starts_with(['<', '>']) {
        return bound(wanted, number(there)?);
    }
    if let Some((low, high)) = wanted.split_once("<->").filter(|(_, high)| !high.contains("<->")) {
        let there = number(there)?;
        return Ok(number_of(low)? <= there && there <= number_of(high)?);
    }
    if let Some((percent, middle)) = tolerance(wanted) {
        let there = number(there)?;
        return Ok((there - middle).abs() <= (middle * percent / 100.0).max(1e-9 * there.abs().max(middle.abs())));
    }
    Ok(is_found(wanted, &there.to_text())? || there.as_str() == Some(wanted))
}

fn is_found(expression: &str, text: &str) -> Result<bool, String> {
    let regex =
        compile(expression, Flags::default(), Anchor::Anywhere).map_err(|why| format!("`{expression}` {why}"))?;
    regex.is_match(text).map_err(|why| format!("`{expression}` {why}"))
}

/// Compares with `<15`, `<=15`, `>15`, `>=15`.
fn bound(wanted: &str, there: f64) -> Result<bool, String> {
    let (sign, rest) = match wanted.strip_prefix("<=").or_else(|| wanted.strip_prefix(">=")) {
        Some(rest) => (&wanted[..2], rest),
        None => (&wanted[..1], &wanted[1..]),
    };
    let is_number = |text: &str| {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        [whole, part].iter().all(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let Some(limit) = rest.parse::<f64>().ok().filter(|_| is_number(rest)) else {
        return Err(format!("Failed numeric comparison. Collected: {there:?}. Expected: {wanted}"));
    };
    Ok(match sign {
        "<" => there < limit,
        ">" => there > limit,
        "<=" => there <= limit,
        _ => there >= limit,
    })
}

/// Reads `10%40`: how many percent, of which number.
fn tolerance(wanted: &str) -> Option<(f64, f64)> {
    let (percent, middle) = wanted.split_once('%')?;
    let digits =
        |text: &str| (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse());
    Some((digits(percent)?.ok()?, digits(middle)?.ok()?))
}

fn number(value: &Value) -> Result<f64, String> {
    match value {
        Value::Bool(is) => Ok(f64::from(u8::from(*is))),
        other => number_of(&other.to_text()),
    }
}

fn number_of(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| format!("could not convert string to float: '{text}'"))
}

/// Compares lists item by item: dictionaries whose values are expressions.
fn pairs_match(wanted: &[Value], there: &[Value]) -> Result<bool, String> {
    for (wanted, there) in wanted.iter().zip(there).filter(|(wanted, there)| wanted != there) {
        let (Some(wanted), Some(there)) = (wanted.as_map(), there.as_map()) else { return Ok(false) };
        for (key, value) in wanted.iter() {
            let Some(there) = there.get_key(key) else { return Ok(false) };
            if !is_found(&value.to_text(), &there.to_text())? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What NAPALM itself makes of such wishes, recorded by `tests/module/napalm/record.py`.
    #[test]
    fn wishes_are_judged_as_napalm_judges_them() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/module/napalm/comparisons.json");
        let cases: Vec<serde_json::Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        assert!(cases.len() > 40, "{} cases", cases.len());
        for case in cases {
            let found = compare(&Value::from(case["wanted"].clone()), &Value::from(case["there"].clone()));
            let seen = match found {
                Ok(Found::Plain(complies)) => serde_json::Value::Bool(complies),
                Ok(Found::Report(report)) => Value::from(report).to_json(),
                Err(why) => serde_json::json!({"error": why}),
            };
            match &case["found"]["error"] {
                // The words of an error in Python are its own.
                serde_json::Value::String(_) => assert!(seen.get("error").is_some(), "{case}: {seen}"),
                _ => assert_eq!(seen, case["found"], "{case}"),
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_is_there_complies_with_itself(text in "[a-z0-9 ]{0,8}", number in any::<i32>()) {
            let there = Value::map([("a", Value::list([Value::from(text.as_str())])), ("b", Value::from(i128::from(number)))]);
            prop_assert!(compare(&there, &there).unwrap().complies());
        }

        #[test]
        fn any_wish_is_judged_or_said_to_be_none(wanted in "[<>=%0-9.a-z(\\[*-]{0,10}", there in "[0-9.a-z-]{0,6}") {
            let _ = compare(&wanted.as_str().into(), &there.as_str().into());
        }
    }
}
