//! Conditions of `wait_for`: `result[0] contains up`, `result[1]['vlans'][10] eq active`, `result[0] not matches ^x`.

use crate::value::{Key, Value};
use regex::Regex;

/// A condition on the outputs of commands.
#[derive(Debug)]
pub(super) struct Condition {
    text: String,
    /// The number of the command, then the way into its output.
    command: usize,
    path: Vec<Key>,
    negated: bool,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Equal(String),
    Unequal(String),
    Greater(f64),
    GreaterOrEqual(f64),
    Less(f64),
    LessOrEqual(f64),
    Contains(String),
    Matches(Regex),
}

impl Condition {
    /// Reads a condition, or says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Condition, String> {
        let wrong = |why: &str| format!("condition `{text}` {why}");
        let (subject, rest) = split_subject(text.trim()).ok_or_else(|| wrong("needs `result[N] OPERATOR VALUE`"))?;
        let (command, path) = path(subject).ok_or_else(|| wrong("must begin with `result[N]`"))?;
        let (negated, rest) = match rest.strip_prefix("not ") {
            Some(rest) => (true, rest.trim_start()),
            None => (false, rest),
        };
        let (operator, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let value = unquoted(value.trim());
        let number = || value.parse::<f64>().map_err(|_| wrong("needs a number after its operator"));
        let test = match operator {
            "eq" | "==" => Test::Equal(value.to_owned()),
            "neq" | "ne" | "!=" => Test::Unequal(value.to_owned()),
            "gt" | ">" => Test::Greater(number()?),
            "ge" | ">=" => Test::GreaterOrEqual(number()?),
            "lt" | "<" => Test::Less(number()?),
            "le" | "<=" => Test::LessOrEqual(number()?),
            "contains" => Test::Contains(value.to_owned()),
            "matches" => {
                Test::Matches(Regex::new(&format!("(?m){value}")).map_err(|_| wrong("has no regular expression"))?)
            }
            _ => return Err(wrong("has an unknown operator: eq, neq, gt, ge, lt, le, contains, matches")),
        };
        Ok(Condition { text: text.to_owned(), command, path, negated, test })
    }

    /// Returns the condition as written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Claims that it holds for the outputs. What is not there fulfils nothing but a negation.
    pub(super) fn holds(&self, outputs: &[Value]) -> bool {
        let found = outputs.get(self.command).and_then(|output| {
            self.path.iter().try_fold(output.clone(), |value, key| match (&value, key) {
                (Value::Map(map), key) => map.get_key(key).or_else(|| map.get(&key.to_string())).cloned(),
                (Value::List(items), Key::Int(n)) => usize::try_from(*n).ok().and_then(|n| items.get(n).cloned()),
                _ => None,
            })
        });
        found.is_some_and(|value| self.test.passes(&value)) != self.negated
    }
}

impl Test {
    fn passes(&self, value: &Value) -> bool {
        let text = value.to_text();
        let number = || text.trim().parse::<f64>().ok();
        let same = |expected: &str| match (number(), expected.parse::<f64>()) {
            (Some(a), Ok(b)) => a == b,
            _ => text.trim() == expected || matches!(value, Value::Bool(_)) && text.eq_ignore_ascii_case(expected),
        };
        match self {
            Test::Equal(expected) => same(expected),
            Test::Unequal(expected) => !same(expected),
            Test::Greater(limit) => number().is_some_and(|n| n > *limit),
            Test::GreaterOrEqual(limit) => number().is_some_and(|n| n >= *limit),
            Test::Less(limit) => number().is_some_and(|n| n < *limit),
            Test::LessOrEqual(limit) => number().is_some_and(|n| n <= *limit),
            Test::Contains(part) => match value {
                Value::List(items) => items.iter().any(|item| item.to_text() == *part),
                _ => text.contains(part.as_str()),
            },
            Test::Matches(regex) => regex.is_match(&text),
        }
    }
}

/// Splits `result[0]['a b'].c contains x` behind its subject: at the first blank outside brackets.
fn split_subject(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0i32;
    let end = text.char_indices().find_map(|(at, c)| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        (c.is_whitespace() && depth <= 0).then_some(at)
    })?;
    Some((&text[..end], text[end..].trim_start()))
}

/// Reads `result[0]['a'].b[1]`.
fn path(subject: &str) -> Option<(usize, Vec<Key>)> {
    let mut rest = subject.strip_prefix("result")?;
    let mut keys = Vec::new();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']')?;
            let key = inner[..end].trim();
            keys.push(match key.parse::<i128>() {
                Ok(n) => Key::Int(n),
                Err(_) => Key::from(unquoted(key)),
            });
            rest = &inner[end + 1..];
        } else {
            let inner = rest.strip_prefix('.')?;
            let end = inner.find(['.', '[']).unwrap_or(inner.len());
            keys.push(Key::from(&inner[..end]));
            rest = &inner[end..];
        }
    }
    match keys.first()? {
        Key::Int(n) => Some((usize::try_from(*n).ok()?, keys.split_off(1))),
        _ => None,
    }
}

fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_hold_for_the_outputs_they_describe() {
        let json: Value = serde_json::json!({"vlans": {"10": "active"}, "ports": [1, 2], "up": true}).into();
        let outputs = [Value::from("Vlan10 is up\nmtu 1500"), json, Value::from(" 7 ")];
        let cases = [
            ("result[0] contains up", true),
            ("result[0] contains 'is up'", true),
            ("result[0] not contains up", false),
            ("result[0] matches ^mtu", true),
            ("result[0] contains down", false),
            ("result[1]['vlans'][10] eq active", true),
            ("result[1].vlans['10'] == \"active\"", true),
            ("result[1].ports[1] ge 2", true),
            ("result[1].ports[1] gt 2", false),
            ("result[1].up eq true", true),
            ("result[1].nothing eq x", false),
            ("result[1].nothing not eq x", true),
            ("result[2] eq 7", true),
            ("result[2] lt 8", true),
            ("result[2] neq 7.0", false),
            ("result[9] contains x", false),
        ];
        for (text, holds) in cases {
            assert_eq!(Condition::parse(text).map(|c| c.holds(&outputs)), Ok(holds), "{text}");
        }
    }

    #[test]
    fn what_is_no_condition_is_said() {
        let cases = [
            ("up", "needs `result[N] OPERATOR VALUE`"),
            ("stdout[0] contains x", "must begin with `result[N]`"),
            ("result contains x", "must begin with `result[N]`"),
            ("result[0] has x", "unknown operator"),
            ("result[0] gt many", "needs a number"),
            ("result[0] matches (", "no regular expression"),
        ];
        for (text, why) in cases {
            let error = Condition::parse(text).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
