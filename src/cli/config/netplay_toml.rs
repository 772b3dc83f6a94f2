//! `netplay.toml`: the settings by their names. The only user of the TOML crate.

use super::table::TABLE;
use super::{Config, Said, Whence};
use crate::source::{Diagnostic, Diagnostics, SourceMap, Span, did_you_mean};
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// Reads the file into the settings. It is ours alone: what it says and nobody knows is an error.
pub(super) fn read(path: &Path, sources: &SourceMap, config: &mut Config, found: &mut Diagnostics) {
    let Some(id) = found.keep(sources.load(path)) else { return };
    let source = sources.get(id);
    let table = match DeTable::parse(&source.text) {
        Ok(table) => table,
        Err(error) => {
            let at = error.span().unwrap_or_default();
            let message = format!("invalid TOML: {}", error.message().trim());
            found.push(Diagnostic::error("E0513", message).at(Span::new(id, at.start, at.end)));
            return;
        }
    };
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut entries: Vec<_> = table.get_ref().iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in entries {
        let (name, at) = (key.get_ref().as_ref(), key.span());
        let Some(setting) = TABLE.iter().find(|setting| setting.name == name) else {
            let help = did_you_mean(name, TABLE.iter().map(|setting| setting.name));
            let help = help.unwrap_or_else(|| "`netplay config` lists what there is".into());
            let error = Diagnostic::error("E0511", format!("there is no setting `{name}`"));
            found.push(error.at(Span::new(id, at.start, at.end)).help(help));
            continue;
        };
        let span = Span::new(id, at.start, value.span().end);
        let items = match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| scalar(item.get_ref())).collect::<Option<Vec<_>>>(),
            // In text a list is written as everywhere else.
            DeValue::String(text) => Some(setting.kind.split(text)),
            other => scalar(other).map(|item| vec![item]),
        };
        match items {
            Some(items) => {
                config.take(setting, Said { items, whence: Whence::File(span), dir: dir.to_owned() }, found);
            }
            None => {
                let message = format!("`{name}` must be {}", setting.kind.word());
                found.push(Diagnostic::error("E0510", message).at(span).help(setting.doc));
            }
        }
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().replace('_', "")),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}
