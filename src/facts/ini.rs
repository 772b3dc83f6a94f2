//! INI as Python's `configparser` reads it: sections, `name = value` or `name: value`, `[DEFAULT]`, continued lines,
//! `%(name)s`.

use crate::value::{Map, Value};
use indexmap::IndexMap;

/// What is wrong with a text.
#[derive(Debug, PartialEq)]
pub(super) enum Wrong {
    /// It is no INI.
    Text,
    /// A value refers to what is not there.
    Value(String),
}

/// How deep values may refer to each other, as in Python.
const MAX_DEPTH: usize = 10;

type Section = IndexMap<String, String>;

/// Reads sections as dictionaries of texts.
pub(super) fn read(text: &str) -> Result<Value, Wrong> {
    let mut defaults = Section::new();
    let mut sections: IndexMap<String, Section> = IndexMap::new();
    let mut name: Option<String> = None;
    // The option whose value may go on in the next line, and how far it is indented.
    let mut open: Option<(String, usize)> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        let indent = line.len() - line.trim_start().len();
        if trimmed.starts_with(['#', ';']) {
            continue;
        }
        if trimmed.is_empty() {
            // An empty line may be part of a value, but ends one that nothing follows; it changes nothing here.
            continue;
        }
        let section = match &name {
            Some(name) => sections.get_mut(name),
            None => None,
        };
        let section = match (section, name.as_deref()) {
            (Some(section), _) => Some(section),
            (None, Some("DEFAULT")) => Some(&mut defaults),
            _ => None,
        };
        if let (Some((option, at)), Some(section)) = (&open, section)
            && indent > *at
        {
            if let Some(value) = section.get_mut(option) {
                value.push('\n');
                value.push_str(trimmed);
            }
            continue;
        }
        if let Some(inner) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(inner, _)| inner) {
            if inner.is_empty() || (inner != "DEFAULT" && sections.contains_key(inner)) {
                return Err(Wrong::Text);
            }
            if inner != "DEFAULT" {
                sections.insert(inner.to_owned(), Section::new());
            }
            (name, open) = (Some(inner.to_owned()), None);
            continue;
        }
        let at = trimmed.find(['=', ':']).ok_or(Wrong::Text)?;
        let option = trimmed[..at].trim().to_lowercase();
        let value = trimmed[at + 1..].trim().to_owned();
        let section = match name.as_deref() {
            Some("DEFAULT") => &mut defaults,
            Some(name) => sections.get_mut(name).ok_or(Wrong::Text)?,
            None => return Err(Wrong::Text),
        };
        if option.is_empty() || section.contains_key(&option) {
            return Err(Wrong::Text);
        }
        section.insert(option.clone(), value);
        open = Some((option, indent));
    }
    let mut out = Map::new();
    for (name, section) in sections {
        let mut all = section.clone();
        for (option, value) in &defaults {
            all.entry(option.clone()).or_insert_with(|| value.clone());
        }
        let mut options = Map::new();
        for (option, value) in &all {
            options.insert(option.as_str(), filled(value, &all, 0)?);
        }
        out.insert(name, options);
    }
    Ok(out.into())
}

/// Returns a value with what it refers to put in.
fn filled(value: &str, all: &Section, depth: usize) -> Result<String, Wrong> {
    if depth > MAX_DEPTH {
        return Err(Wrong::Value("values refer to each other without end".into()));
    }
    let mut text = String::new();
    let mut rest = value;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix('%') {
            text.push('%');
            rest = after;
            continue;
        }
        let Some((name, after)) = after.strip_prefix('(').and_then(|inner| inner.split_once(")s")) else {
            return Err(Wrong::Value("'%' must be followed by '%' or '('".into()));
        };
        let named = all.get(&name.to_lowercase());
        let named = named.ok_or_else(|| Wrong::Value(format!("there is no option `{name}`")))?;
        text.push_str(&filled(named, all, depth + 1)?);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_become_dictionaries() {
        let text = "# c\n[DEFAULT]\nbase=/srv\n[web]\nPort = 80\npath: %(base)s/www\nlong = a\n  b\n[empty]\n";
        let read = read(text).unwrap().to_text();
        let expected =
            "{'web': {'port': '80', 'path': '/srv/www', 'long': 'a\\nb', 'base': '/srv'}, 'empty': {'base': '/srv'}}";
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_no_ini_is_told_apart() {
        assert_eq!(read("just words"), Err(Wrong::Text));
        assert_eq!(read("a=1\n"), Err(Wrong::Text), "an option needs a section");
        assert_eq!(read("[a]\nx=1\nx=2\n"), Err(Wrong::Text), "an option comes once");
        assert!(matches!(read("[a]\nx=50%\n"), Err(Wrong::Value(_))));
        assert!(matches!(read("[a]\nx=%(x)s\n"), Err(Wrong::Value(_))));
        assert_eq!(read("").unwrap().to_text(), "{}");
    }
}
