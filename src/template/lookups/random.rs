//! The lookup that makes random texts up.

use super::password::random;
use super::{Call, Lookup, argument};
use crate::failure::Failure;
use crate::value::Value;
use base64::Engine as _;

pub(super) static LOOKUPS: &[Lookup] = &[Lookup {
    name: "community.general.random_string",
    doc: "Gives a random text of `length` letters of the kinds that are not switched off.",
    options: &[
        "length",
        "upper",
        "lower",
        "numbers",
        "special",
        "min_upper",
        "min_lower",
        "min_numeric",
        "min_special",
        "override_special",
        "override_all",
        "ignore_similar_chars",
        "similar_chars",
        "base64",
    ],
    run: |call| random_string(call).map(|text| vec![Value::from(text)]),
}];

/// The longest text.
const MAX_LENGTH: usize = 1 << 16;

fn count(call: &Call<'_>, name: &str, default: usize) -> Result<usize, Failure> {
    match call.option(name) {
        None => Ok(default),
        Some(value) => match value.to_text().parse() {
            Ok(count) if count <= MAX_LENGTH => Ok(count),
            _ => Err(argument(format!("`{name}` of lookup `random_string` is a number up to {MAX_LENGTH}"))),
        },
    }
}

fn random_string(call: &Call<'_>) -> Result<String, Failure> {
    let length = count(call, "length", 8)?;
    let special = call.text("override_special").unwrap_or_else(|| "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".into());
    let similar = match call.flag("ignore_similar_chars", false) {
        true => call.text("similar_chars").unwrap_or_else(|| "il1LoO0".into()),
        false => String::new(),
    };
    let usable = |letters: String| letters.chars().filter(|c| !similar.contains(*c)).collect::<Vec<char>>();
    let kinds = [
        ("upper", "min_upper", usable(('A'..='Z').collect())),
        ("lower", "min_lower", usable(('a'..='z').collect())),
        ("numbers", "min_numeric", usable(('0'..='9').collect())),
        ("special", "min_special", usable(special)),
    ];
    let mut text = Vec::new();
    let mut all = Vec::new();
    for (name, least, letters) in &kinds {
        if call.flag(name, true) {
            all.extend(letters.iter().copied());
        }
        for _ in 0..count(call, least, 0)? {
            text.push(picked(letters)?);
        }
    }
    if let Some(own) = call.text("override_all") {
        all = usable(own);
    }
    if text.len() > length {
        return Err(argument(format!("lookup `random_string` wants {} letters in a text of {length}", text.len())));
    }
    while text.len() < length {
        text.push(picked(&all)?);
    }
    for at in (1..text.len()).rev() {
        text.swap(at, random(at + 1)?);
    }
    let text: String = text.into_iter().collect();
    Ok(if call.flag("base64", false) { base64::engine::general_purpose::STANDARD.encode(text) } else { text })
}

fn picked(letters: &[char]) -> Result<char, Failure> {
    match letters {
        [] => Err(argument("lookup `random_string` has no letters to take")),
        letters => random(letters.len()).map(|at| letters[at]),
    }
}

#[cfg(test)]
mod tests {
    use crate::template::recorded::{recorded_vars, templar, text_node};
    use std::sync::Arc;

    #[test]
    fn texts_have_the_letters_that_were_asked_for() {
        let templar = templar(Arc::new(recorded_vars()));
        let made = |options: &str| {
            let text = format!("{{{{ lookup('community.general.random_string', {options}) }}}}");
            templar.clone().node(&text_node(&text)).map(|value| value.to_text())
        };
        let text = made("length=40, special=false, upper=false, min_numeric=5").unwrap();
        assert_eq!(text.len(), 40);
        assert!(text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{text}");
        assert!(text.chars().filter(char::is_ascii_digit).count() >= 5, "{text}");
        assert_eq!(made("length=3, override_all='x'").unwrap(), "xxx");
        assert_eq!(made("length=3, override_all='x', base64=true").unwrap(), "eHh4");
        assert!(made("length=2, min_upper=3").is_err());
        assert!(made("length=2, override_all='l', ignore_similar_chars=true").is_err());
    }
}
