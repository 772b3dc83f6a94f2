//! Parts of a definition in their short forms, and the parts that they stand for.
//!
//! `words: PATH` with a `line` is a line for each option inside of a dictionary (`words.rs`).
//!
//! `prefix: TEXT` with `lines` are these lines with that text in front of each, for each item of `each`: all that
//! `neighbor 10.0.0.1` may go on with. An empty text makes a group of lines, to be named in several places.

use super::definition::Gone;
use super::options::Options;
use super::words::of_words;
use crate::platform::ConfigStyle;
use indexmap::IndexMap;
use serde::Deserialize;

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenNode {
    pub(super) words: Option<String>,
    pub(super) prefix: Option<String>,
    #[serde(default)]
    pub(super) spelled: IndexMap<String, String>,
    #[serde(default)]
    pub(super) without: Vec<String>,
    #[serde(default)]
    pub(super) marks: Vec<String>,
    pub(super) line: Option<String>,
    pub(super) choice: Option<String>,
    pub(super) section: Option<String>,
    pub(super) each: Option<String>,
    #[serde(default)]
    pub(super) reads: Vec<String>,
    pub(super) undo: Option<String>,
    pub(super) undo_whole: Option<String>,
    #[serde(default)]
    pub(super) replace: bool,
    #[serde(default)]
    pub(super) write_only: bool,
    #[serde(default)]
    pub(super) when: IndexMap<String, serde_yaml::Value>,
    #[serde(default)]
    pub(super) around: IndexMap<String, serde_yaml::Value>,
    #[serde(default)]
    pub(super) except: IndexMap<String, serde_yaml::Value>,
    #[serde(default)]
    pub(super) none: IndexMap<String, serde_yaml::Value>,
    #[serde(default)]
    pub(super) through: Vec<String>,
    #[serde(default)]
    pub(super) single: bool,
    #[serde(default)]
    pub(super) in_turn: bool,
    #[serde(default)]
    pub(super) falls: bool,
    #[serde(default)]
    pub(super) unless: IndexMap<String, serde_yaml::Value>,
    pub(super) add: Option<String>,
    pub(super) remove: Option<String>,
    #[serde(default)]
    pub(super) values: IndexMap<String, String>,
    pub(super) unset: Option<String>,
    pub(super) deleted: Option<String>,
    #[serde(default)]
    pub(super) stays: bool,
    #[serde(default)]
    pub(super) lines: Vec<WrittenNode>,
    #[serde(default)]
    pub(super) on_overridden: Gone,
    #[serde(default)]
    pub(super) on_deleted: Gone,
    #[serde(default)]
    pub(super) creates: bool,
}

/// Returns parts with those in short forms written out.
///
/// # Errors
/// Says what is wrong with one.
pub(super) fn expanded(
    nodes: Vec<WrittenNode>,
    options: &Options,
    style: ConfigStyle,
) -> Result<Vec<WrittenNode>, String> {
    let mut all = Vec::new();
    for node in nodes {
        if let Some(path) = node.words.clone() {
            all.extend(of_words(&node, &path, options, style)?);
        } else if let Some(prefix) = node.prefix.clone() {
            let lines = node.lines.clone().into_iter().map(|line| prefixed(line, &prefix, &node)).collect();
            all.extend(expanded(lines, options, style)?);
        } else {
            all.push(node);
        }
    }
    Ok(all)
}

/// Puts a text in front of a line.
fn prefixed(mut line: WrittenNode, prefix: &str, around: &WrittenNode) -> WrittenNode {
    let behind = |text: String| match (prefix.is_empty(), text.is_empty()) {
        (true, _) => text,
        (false, true) => prefix.to_owned(),
        (false, false) => format!("{prefix} {text}"),
    };
    // A line that is a flag alone would be written for its prefix.
    if let Some((path, words)) = line.line.as_deref().and_then(lone_flag) {
        line.when.insert(path, true.into());
        line.line = Some(words);
    }
    line.line = line.line.map(behind);
    line.section = line.section.map(behind);
    line.undo = line.undo.map(behind);
    line.reads = line.reads.into_iter().map(behind).collect();
    line.each = line.each.or_else(|| around.each.clone());
    line.through = if line.through.is_empty() { around.through.clone() } else { line.through };
    line.when.extend(around.when.clone());
    line
}

/// Returns the path and the words of `{?path:words}`.
fn lone_flag(line: &str) -> Option<(String, String)> {
    let (path, words) = line.strip_prefix("{?")?.strip_suffix('}')?.split_once(':')?;
    (!words.contains('{') && !words.is_empty()).then(|| (path.to_owned(), words.to_owned()))
}
