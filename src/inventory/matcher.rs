//! What one part of a host pattern matches: a name, a shell pattern, a regular expression after `~`.

use super::glob::Glob;
use fancy_regex::Regex;
use indexmap::IndexMap;
use std::sync::Arc;

/// How a part matches names.
pub(super) enum Matcher<'a> {
    Name(&'a str),
    Glob(Glob),
    Regex(Box<Regex>),
}

impl<'a> Matcher<'a> {
    /// Reads the text of a part without its subscript.
    pub(super) fn new(name: &'a str) -> Result<Matcher<'a>, String> {
        if let Some(expression) = name.strip_prefix('~') {
            let expression = literal_classes(expression);
            // Alone first: with the brackets around it `a)(b` would do.
            let regex = Regex::new(&expression).and_then(|_| Regex::new(&format!(r"\A(?:{expression})")));
            return match regex {
                Ok(regex) => Ok(Matcher::Regex(Box::new(regex))),
                Err(error) => Err(format!("not a regular expression: {error}")),
            };
        }
        Ok(if name.contains(['*', '?', '[']) { Matcher::Glob(Glob::new(name)) } else { Matcher::Name(name) })
    }

    /// Returns the keys that match, in their order.
    pub(super) fn filter<'m, V>(&self, map: &'m IndexMap<Arc<str>, V>) -> Result<Vec<&'m Arc<str>>, String> {
        match self {
            Matcher::Name(name) => Ok(map.get_key_value(*name).map(|(name, _)| name).into_iter().collect()),
            Matcher::Glob(glob) => Ok(map.keys().filter(|name| glob.matches(name)).collect()),
            Matcher::Regex(regex) => {
                let mut found = Vec::new();
                for name in map.keys() {
                    let matches =
                        regex.is_match(&**name).map_err(|error| format!("it takes too long on `{name}`: {error}"))?;
                    if matches {
                        found.push(name);
                    }
                }
                Ok(found)
            }
        }
    }
}

/// Escapes what Python takes literally inside `[…]` and the regex crate does not: sets in sets, `&&`, `~~`.
fn literal_classes(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut in_class = false;
    let mut letters = expression.char_indices().peekable();
    while let Some((at, c)) = letters.next() {
        match (c, in_class) {
            ('\\', _) => {
                out.push(c);
                out.extend(letters.next().map(|(_, escaped)| escaped));
                continue;
            }
            ('[', false) => {
                // A closing bracket right after the opening one, or after `^`, is a letter of the set.
                let after = letters.next_if(|(_, c)| *c == '^').map_or(at, |(at, _)| at);
                out.push_str(&expression[at..=after]);
                if letters.next_if(|(_, c)| *c == ']').is_some() {
                    out.push_str("\\]");
                }
                in_class = true;
                continue;
            }
            ('[' | '&' | '~', true) => out.push('\\'),
            (']', true) => in_class = false,
            _ => {}
        }
        out.push(c);
    }
    out
}
