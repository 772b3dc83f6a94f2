use super::{Clean, CleanValue, Raw, Secret};
use crate::value::{Key, Map, Value};
use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use std::collections::HashSet;
use std::sync::{Arc, RwLock};

/// What stands where a secret stood.
pub const MASK: &str = "********";

/// The shortest secret that is masked. Shorter ones ("a", "12") would tear ordinary output to pieces and protect nothing.
const SHORTEST: usize = 4;

/// Knows every secret of a run and takes it out of text.
#[derive(Debug, Default)]
pub struct Redactor {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    forms: HashSet<String>,
    matcher: Option<Arc<AhoCorasick>>,
}

impl Redactor {
    /// Makes a redactor that knows no secret yet.
    pub fn new() -> Redactor {
        Redactor::default()
    }

    /// Remembers a secret in all its written forms. Text of several lines is also masked line by line, because
    /// that is how a key or certificate shows up in output.
    pub fn learn(&self, secret: &Secret) {
        let mut forms = HashSet::new();
        let text = secret.expose();
        for part in std::iter::once(text).chain(text.lines().filter(|_| text.contains('\n'))) {
            let part = part.trim_matches(['\r', '\n']);
            if part.trim().len() >= SHORTEST {
                forms.extend(written_forms(part));
            }
        }
        {
            let known = self.known.read().unwrap_or_else(|poisoned| poisoned.into_inner());
            if forms.is_subset(&known.forms) {
                return;
            }
        }
        let mut known = self.known.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.forms.extend(forms);
        known.matcher = None;
    }

    /// Returns text without secrets.
    pub fn clean(&self, raw: &Raw) -> Clean {
        Clean(self.mask(raw.expose()))
    }

    /// Returns text without secrets; for text that was put together inside the process.
    pub fn clean_text(&self, text: impl AsRef<str>) -> Clean {
        Clean(self.mask(text.as_ref()))
    }

    /// Returns a value with every text in it, keys included, free of secrets.
    pub fn clean_value(&self, value: &Value) -> CleanValue {
        match self.matcher() {
            Some(matcher) => CleanValue(mask_value(&matcher, value)),
            None => CleanValue(value.clone()),
        }
    }

    /// Returns how many bytes at the end of a text may be the beginning of a secret. Those of a secret that has come
    /// whole are not counted, unless it may be the beginning of a longer one.
    pub fn secret_begun(&self, text: &[u8]) -> usize {
        let Some(matcher) = self.matcher() else { return 0 };
        let whole: Vec<_> = matcher.find_iter(text).map(|found| found.range()).collect();
        let is_whole = |at: usize| whole.iter().any(|found| found.start < at && at < found.end);
        let known = self.known.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        let begun = known.forms.iter().flat_map(|form| {
            let form = form.as_bytes();
            (1..form.len().min(text.len() + 1)).filter(|length| text.ends_with(&form[..*length]))
        });
        begun.filter(|length| !is_whole(text.len() - length)).max().unwrap_or(0)
    }

    fn mask(&self, text: &str) -> Arc<str> {
        match self.matcher() {
            Some(matcher) => mask_text(&matcher, text).into(),
            None => text.into(),
        }
    }

    fn matcher(&self) -> Option<Arc<AhoCorasick>> {
        {
            let known = self.known.read().unwrap_or_else(|poisoned| poisoned.into_inner());
            if known.forms.is_empty() {
                return None;
            }
            if let Some(matcher) = &known.matcher {
                return Some(Arc::clone(matcher));
            }
        }
        let mut known = self.known.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        let built = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&known.forms)
            .expect("a set of passwords is far below the matcher's size limit");
        let built = Arc::new(built);
        known.matcher = Some(Arc::clone(&built));
        Some(built)
    }
}

/// Returns a secret in every form in which it may be written.
fn written_forms(secret: &str) -> HashSet<String> {
    let mut forms = HashSet::from([secret.to_owned()]);
    // As our own shell quoting writes a quote inside a quoted word, and as a careful user's might.
    forms.insert(secret.replace('\'', "'\\''"));
    forms.insert(secret.replace('\'', "'\"'\"'"));
    let json = serde_json::Value::from(secret).to_string();
    forms.insert(json[1..json.len() - 1].to_owned());
    // JSON inside JSON, as in a registered `stdout` of a JSON API.
    let twice = serde_json::Value::from(&json[1..json.len() - 1]).to_string();
    forms.insert(twice[1..twice.len() - 1].to_owned());
    forms.insert(percent_encoded(secret, b"-._~", false));
    forms.insert(percent_encoded(secret, b"-._~/", false));
    forms.insert(percent_encoded(secret, b"*-._", true));
    let python = Value::list([secret]).to_text();
    forms.insert(python[2..python.len() - 2].to_owned());
    for engine in [&base64::engine::general_purpose::STANDARD, &base64::engine::general_purpose::URL_SAFE] {
        forms.insert(engine.encode(secret));
        forms.insert(engine.encode(secret).trim_end_matches('=').to_owned());
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

fn percent_encoded(text: &str, safe: &[u8], plus: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' if plus => out.push('+'),
            b if b.is_ascii_alphanumeric() || safe.contains(&b) => out.push(b as char),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

fn mask_text(matcher: &AhoCorasick, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for found in matcher.find_iter(text) {
        out.push_str(&text[from..found.start()]);
        out.push_str(MASK);
        from = found.end();
    }
    out.push_str(&text[from..]);
    out
}

fn is_whole_secret(matcher: &AhoCorasick, text: &str) -> bool {
    matcher.find(text).is_some_and(|found| found.len() == text.len())
}

fn mask_value(matcher: &AhoCorasick, value: &Value) -> Value {
    match value {
        Value::Str(text) if matcher.is_match(&**text) => Value::from(mask_text(matcher, text)),
        // A number is a secret as a whole or not at all: a part of one says nothing.
        Value::Int(n) if is_whole_secret(matcher, &n.to_string()) => Value::from(MASK),
        Value::List(items) => Value::list(items.iter().map(|item| mask_value(matcher, item))),
        Value::Map(map) => Value::from(
            map.iter()
                .map(|(key, item)| {
                    let key = match key {
                        Key::Str(text) => Key::from(mask_text(matcher, text)),
                        other => other.clone(),
                    };
                    (key, mask_value(matcher, item))
                })
                .collect::<Map>(),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowing(secret: &str) -> Redactor {
        let redactor = Redactor::new();
        redactor.learn(&Secret::new(secret));
        redactor
    }

    #[test]
    fn every_written_form_of_a_secret_is_masked() {
        let secret = "p'ss \"w\\rd&/ü";
        let redactor = knowing(secret);
        let forms = [
            secret.to_owned(),
            "p'\\''ss \"w\\rd&/ü".to_owned(),
            serde_json::Value::from(secret).to_string(),
            "p%27ss%20%22w%5Crd%26%2F%C3%BC".to_owned(),
            "p%27ss+%22w%5Crd%26%2F%C3%BC".to_owned(),
            base64::engine::general_purpose::STANDARD.encode(secret),
        ];
        for form in forms {
            let clean = redactor.clean_text(format!("before {form} after"));
            assert!(clean.as_str().contains(MASK), "not masked: {form}");
            assert!(!clean.as_str().contains("ss"), "left over: {clean}");
        }
    }

    #[test]
    fn a_secret_is_masked_inside_values_and_keys() {
        let redactor = knowing("hunter22");
        let value = Value::map([("a hunter22", Value::list(["xhunter22x"]))]);
        assert_eq!(redactor.clean_value(&value).value().to_text(), "{'a ********': ['x********x']}");
    }

    #[test]
    fn a_key_of_several_lines_is_masked_line_by_line() {
        let redactor = knowing("BEGIN KEY\nabcdefgh\nEND KEY\n");
        assert_eq!(redactor.clean_text("> abcdefgh <").as_str(), "> ******** <");
    }

    #[test]
    fn raw_text_and_secrets_do_not_show_in_debug() {
        assert_eq!(
            format!("{:?} {:?}", Raw::new("hunter22"), Secret::new("hunter22")),
            "Raw(8 bytes) Secret(********)"
        );
    }
}
