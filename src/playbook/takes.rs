//! What the value of a keyword may be. What is written is checked before the run, what a template yields when it is
//! known; the rules are those of Ansible's own fields (strict booleans, whole numbers, texts).

use crate::value::Value;

/// The kind of value that a keyword takes. Nothing at all (`null`) is always taken: the keyword is then not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Whatever its own reader makes of it.
    Anything,
    /// True or false, also as the words and numbers that stand for them.
    Flag,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// A number, also with a `%`.
    Percent,
    /// One text; numbers are taken as such.
    Text,
}

impl Takes {
    /// Claims that a value is one of these.
    pub fn accepts(self, value: &Value) -> bool {
        match self {
            _ if matches!(value, Value::Null | Value::Omit) => true,
            Takes::Anything => true,
            Takes::Flag => flag(value).is_some(),
            Takes::Whole => match value {
                Value::Int(_) | Value::Bool(_) => true,
                Value::Float(number) => number.fract() == 0.0,
                Value::Str(text) => text.trim().parse::<f64>().is_ok_and(|number| number.fract() == 0.0),
                _ => false,
            },
            Takes::Number => match value {
                Value::Int(_) | Value::Bool(_) | Value::Float(_) => true,
                Value::Str(text) => text.trim().parse::<f64>().is_ok(),
                _ => false,
            },
            Takes::Percent => percent(value).is_some(),
            Takes::Text => !matches!(value, Value::List(_) | Value::Map(_)),
        }
    }

    /// Claims that one text is taken.
    pub fn is_text(self) -> bool {
        self == Takes::Text
    }

    /// Returns what is taken, in words that follow "must be".
    pub fn words(self) -> &'static str {
        match self {
            Takes::Anything => "a value",
            Takes::Flag => "true or false",
            Takes::Whole => "a whole number",
            Takes::Number => "a number",
            Takes::Percent => "a percentage",
            Takes::Text => "one text",
        }
    }

    /// Returns the sentence about a value that is not taken.
    pub fn complaint(self, keyword: &str, value: &Value) -> String {
        format!("`{keyword}` must be {}, not {}", self.words(), given(value))
    }
}

/// Returns a value that is not taken in words that follow "not": a short one as it is, of others what they are.
pub fn given(value: &Value) -> String {
    match value {
        Value::Str(text) if text.is_empty() => "an empty text".to_owned(),
        Value::Str(text) if text.chars().count() <= 40 => format!("`{text}`"),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) => format!("`{}`", value.to_text()),
        other => format!("a {}", other.kind()),
    }
}

/// Returns the number of a percentage.
pub fn percent(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Int(number) => *number as f64,
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::Float(number) => *number,
        Value::Str(text) => text.replace('%', "").trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// Returns the truth that a value stands for; nothing for texts and numbers that are no booleans.
pub fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Null => Some(false),
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        Value::Float(number) if *number == 0.0 => Some(false),
        Value::Float(number) if *number == 1.0 => Some(true),
        Value::Str(text) => match text.to_lowercase().trim() {
            "yes" | "on" | "1" | "true" | "y" | "t" => Some(true),
            "no" | "off" | "0" | "false" | "n" | "f" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::takes;

    /// What Ansible's own tasks take (`tests/module/options.py` records it).
    #[test]
    fn keywords_take_the_values_that_ansible_takes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/module/values.json");
        let recorded: Vec<serde_json::Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let taken = |line: &serde_json::Value| -> Vec<String> {
            let names = line["taken"].as_array().expect("a list of keywords");
            names.iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
        };
        // The first value is taken by all of them.
        let keywords = taken(&recorded[0]);
        let mut wrong = Vec::new();
        for line in &recorded {
            let (value, names) = (Value::from(line["value"].clone()), taken(line));
            for keyword in &keywords {
                if takes(keyword).accepts(&value) != names.contains(keyword) {
                    wrong.push(format!("{keyword}: {}", line["value"]));
                }
            }
        }
        assert!(recorded.len() > 20 && keywords.len() > 20, "little is recorded");
        assert!(wrong.is_empty(), "taken here or there only: {}", wrong.join(", "));
    }
}
