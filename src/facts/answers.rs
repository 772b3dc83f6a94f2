//! What a host answers: texts by name, small files by path, links, paths that are there.

use std::collections::{HashMap, HashSet};

/// The answers of a host.
#[derive(Debug, Default)]
pub(super) struct Answers {
    texts: Vec<(String, String)>,
    /// Files by path, in the order in which they came.
    files: indexmap::IndexMap<String, String>,
    /// Where links lead, by path, in the order in which they came.
    links: indexmap::IndexMap<String, String>,
    there: HashSet<String>,
}

impl Answers {
    /// Reads pairs of name and text, each ended by a NUL byte. What is cut off at the end is left out.
    pub(super) fn read(output: &[u8]) -> Answers {
        let mut answers = Answers::default();
        let mut parts: Vec<&[u8]> = output.split(|byte| *byte == 0).collect();
        parts.pop();
        for pair in parts.chunks_exact(2) {
            let (name, text) = (String::from_utf8_lossy(pair[0]), String::from_utf8_lossy(pair[1]));
            match &*name {
                "files" => answers.add_files(&text),
                "links" => answers.add_links(&text),
                "exists" => drop(answers.there.insert(text.into_owned())),
                _ => answers.texts.push((name.into_owned(), text.into_owned())),
            }
        }
        answers
    }

    /// Reads `path:line` lines, as `grep` prints them. No file may be matched by two patterns: it would come twice.
    fn add_files(&mut self, text: &str) {
        for line in text.split('\n').filter(|line| line.starts_with('/')) {
            let Some((path, line)) = line.split_once(':') else { continue };
            match self.files.get_mut(path) {
                Some(content) => {
                    content.push('\n');
                    content.push_str(line);
                }
                None => drop(self.files.insert(path.to_owned(), line.to_owned())),
            }
        }
    }

    /// Reads the lines of `ls -l` that are of links.
    fn add_links(&mut self, text: &str) {
        for line in text.lines().filter(|line| line.starts_with('l')) {
            let named = line.find(" /").map(|at| &line[at + 1..]);
            if let Some((path, target)) = named.and_then(|named| named.split_once(" -> ")) {
                self.links.insert(path.to_owned(), target.to_owned());
            }
        }
    }

    /// Returns the text of that name, the first if there are several.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// Returns all texts in order.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Returns a file's content without blanks around it; `None` when it is not there, not readable or empty.
    pub(super) fn file(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// Returns the files of one folder whose names end so: what stands for `*`, and the content.
    pub(super) fn files_in<'a>(&'a self, before: &'a str, after: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let between = |(path, text): (&'a String, &'a String)| Some((between(path, before, after)?, text.trim()));
        self.files.iter().filter_map(between)
    }

    /// Returns where a link leads.
    pub(super) fn link(&self, path: &str) -> Option<&str> {
        self.links.get(path).map(String::as_str)
    }

    /// Returns the links of one folder whose names end so: what stands for `*`, and where they lead.
    pub(super) fn links_in<'a>(&'a self, before: &'a str, after: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let between = |(path, to): (&'a String, &'a String)| Some((between(path, before, after)?, to.as_str()));
        self.links.iter().filter_map(between)
    }

    /// Claims that a path that was asked about is there.
    pub(super) fn is_there(&self, path: &str) -> bool {
        self.there.contains(path)
    }
}

/// Returns what stands between two texts, if it is one name.
fn between<'a>(path: &'a str, before: &str, after: &str) -> Option<&'a str> {
    path.strip_prefix(before)?.strip_suffix(after).filter(|name| !name.contains('/') && !name.is_empty())
}

/// Returns the last part of a path.
pub(super) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns `NAME=value` lines as a table, quotes taken off; of a name that comes twice the last counts.
pub(super) fn assignments(text: &str) -> HashMap<&str, &str> {
    let pairs = text.lines().filter_map(|line| line.trim().split_once('='));
    pairs.map(|(name, value)| (name.trim(), unquoted(value.trim()))).collect()
}

/// Takes a pair of quotes off.
pub(super) fn unquoted(text: &str) -> &str {
    let without = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    without('"').or_else(|| without('\'')).unwrap_or(text)
}
