//! `ansible.cfg`: sections of `key = value`, read as Python's parser of such files reads them.

use super::table::{self, Setting};
use super::unused::{is_unused, is_unused_section};
use super::{Config, Said, Whence};
use crate::source::{Diagnostic, Diagnostics, SourceMap, Span, did_you_mean};
use std::path::Path;

/// A value and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) section: String,
    pub(super) key: String,
    pub(super) value: String,
    /// Key and first line of the value, in bytes.
    pub(super) at: std::ops::Range<usize>,
}

/// A line that says nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) why: &'static str,
    pub(super) at: std::ops::Range<usize>,
}

/// Reads the file into the settings.
pub(super) fn read(path: &Path, sources: &SourceMap, config: &mut Config, found: &mut Diagnostics) {
    let Some(id) = found.keep(sources.load(path)) else { return };
    let (entries, wrong) = entries(&sources.get(id).text);
    for Wrong { why, at } in wrong {
        found.push(Diagnostic::error("E0512", why).at(Span::new(id, at.start, at.end)));
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut unknown_sections: Vec<&str> = Vec::new();
    for entry in &entries {
        let span = Span::new(id, entry.at.start, entry.at.end);
        match table::of_ini(&entry.section, &entry.key) {
            Some(setting) => take(setting, entry, span, dir, config, found),
            None if is_unused(&entry.section, &entry.key) => {
                config.unused.push((format!("{} in [{}]", entry.key, entry.section), span));
            }
            None if !table::is_section(&entry.section) && !is_unused_section(&entry.section) => {
                if !unknown_sections.contains(&&*entry.section) {
                    unknown_sections.push(&entry.section);
                    let message = format!("`ansible.cfg` has no section `[{}]`", entry.section);
                    let help = did_you_mean(&entry.section, table::sections());
                    found.push(Diagnostic::warning("W0510", message).at(span).maybe_help(help));
                }
            }
            None => {
                let message = format!("`ansible.cfg` knows no `{}` in `[{}]`", entry.key, entry.section);
                let help = elsewhere(entry).or_else(|| did_you_mean(&entry.key, table::ini_keys(&entry.section)));
                found.push(Diagnostic::warning("W0510", message).at(span).maybe_help(help));
            }
        }
    }
}

fn take(
    setting: &'static Setting,
    entry: &Entry,
    span: Span,
    dir: &Path,
    config: &mut Config,
    found: &mut Diagnostics,
) {
    // `key =` says nothing, as in Ansible.
    if entry.value.is_empty() {
        return;
    }
    let items = setting.kind.split(&entry.value);
    config.take(setting, Said { items, whence: Whence::File(span), dir: dir.to_owned() }, found);
}

/// Says where a key belongs that stands in the wrong section.
fn elsewhere(entry: &Entry) -> Option<String> {
    let (section, _) = table::TABLE.iter().flat_map(|setting| setting.ini).find(|(_, key)| *key == entry.key)?;
    Some(format!("it belongs in `[{section}]`"))
}

/// Returns the entries of a text, and the lines that are none.
pub(super) fn entries(text: &str) -> (Vec<Entry>, Vec<Wrong>) {
    let (mut entries, mut wrong): (Vec<Entry>, Vec<Wrong>) = (Vec::new(), Vec::new());
    let mut section: Option<String> = None;
    let mut start = 0;
    for whole in text.split_inclusive('\n') {
        let line_start = start;
        start += whole.len();
        let trimmed = whole.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        let indent = whole.len() - whole.trim_start().len();
        let line = without_comment(whole).trim_end();
        let at = line_start + indent..line_start + line.len().max(indent);
        let line = line.trim_start();
        if indent > 0
            && let Some(last) = entries.last_mut().filter(|last| section.as_ref() == Some(&last.section))
        {
            // A line that is further in goes on with the value before it.
            last.value.push('\n');
            last.value.push_str(line);
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.split_once(']')).map(|(name, _)| name) {
            section = Some(name.to_owned());
            continue;
        }
        let Some(section) = &section else {
            wrong.push(Wrong { why: "this line stands before the first section", at });
            continue;
        };
        match line.find(['=', ':']) {
            Some(split) if split > 0 => entries.push(Entry {
                section: section.clone(),
                key: line[..split].trim().to_lowercase(),
                value: line[split + 1..].trim().to_owned(),
                at,
            }),
            _ => wrong.push(Wrong { why: "this line is no `key = value`", at }),
        }
    }
    (entries, wrong)
}

/// Cuts a comment off that stands behind a value: from a semicolon after a blank.
fn without_comment(line: &str) -> &str {
    let semicolons = line.match_indices(';').map(|(at, _)| at);
    let comment = semicolons.into_iter().find(|at| line[..*at].ends_with(char::is_whitespace));
    comment.map_or(line, |at| &line[..at])
}
