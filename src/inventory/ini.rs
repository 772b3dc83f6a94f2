//! Inventories in INI format: `[group]`, `[group:vars]`, `[group:children]`, host lines.
//!
//! One pass over the lines, in which a section tells what the lines below it are. A child may be named before its group
//! is declared: the link is made when the declaration comes, which is what orders the children, as in Ansible.

use super::builder::Builder;
use super::{ALL, UNGROUPED, address, range, words};
use crate::source::{Diagnostic, SourceId, Span, did_you_mean, nearest};
use indexmap::IndexMap;
use std::ops::Range;
use std::sync::Arc;

/// After so many mistakes the rest of a file is not read: it is no inventory, or one slip caused them all.
const MAX_MISTAKES: usize = 20;

/// What the lines of a section are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Hosts,
    Vars,
    Children,
}

/// A group that is used, but not declared so far.
struct Pending {
    /// Where it is used first.
    span: Span,
    /// The groups that name it as a child, each with the place; none when only its variables have been seen.
    parents: Vec<(Arc<str>, Span)>,
}

/// Reads a source. Gives `false` when something in it is wrong.
pub(super) fn read(builder: &mut Builder<'_>, id: SourceId) -> bool {
    let text = Arc::clone(&builder.sources.get(id).text);
    let group: Arc<str> = UNGROUPED.into();
    let mut reader =
        Reader { builder, id, group, section: Section::Hosts, start: 0, pending: IndexMap::new(), mistakes: 0 };
    let mut start = 0;
    for line in text.split('\n') {
        let content = line.trim();
        reader.start = start + (line.len() - line.trim_start().len());
        start += line.len() + 1;
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        reader.line(content);
        if reader.mistakes >= MAX_MISTAKES {
            return false;
        }
    }
    reader.report_pending();
    reader.mistakes == 0
}

struct Reader<'a, 'b> {
    builder: &'a mut Builder<'b>,
    id: SourceId,
    group: Arc<str>,
    section: Section,
    /// Where the line that is being read starts, without the blanks before it.
    start: usize,
    pending: IndexMap<Arc<str>, Pending>,
    mistakes: usize,
}

impl Reader<'_, '_> {
    /// Returns the span of a part of the line.
    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.id, self.start + range.start, self.start + range.end)
    }

    fn wrong(&mut self, diagnostic: Diagnostic) {
        self.mistakes += 1;
        self.builder.found.push(diagnostic);
    }

    fn line(&mut self, line: &str) {
        if let Some(header) = header(line) {
            self.header(line, &header);
        } else if line.starts_with('[') && line.ends_with(']') {
            self.wrong(
                Diagnostic::error("E0410", format!("invalid section header `{line}`"))
                    .at(self.span(0..line.len()))
                    .help("write `[group]`, `[group:vars]` or `[group:children]`, without blanks in it"),
            );
        } else {
            match self.section {
                Section::Hosts => self.host_line(line),
                Section::Vars => self.variable(line),
                Section::Children => self.child(line),
            }
        }
    }

    fn header(&mut self, line: &str, header: &Header<'_>) {
        let known_kind = self.kind(header);
        let is_new = !self.builder.inventory.groups.contains_key(header.name);
        self.group = self.builder.group(header.name);
        if self.section == Section::Vars {
            if is_new && known_kind && !self.pending.contains_key(header.name) {
                let pending = Pending { span: self.span(0..line.len()), parents: Vec::new() };
                self.pending.insert(Arc::clone(&self.group), pending);
            }
        } else if let Some(pending) = self.pending.shift_remove(header.name) {
            for (parent, span) in pending.parents {
                self.builder.child(&parent, &self.group, span);
            }
        }
    }

    /// Takes the kind of section from a header; gives `false` for an unknown one.
    fn kind(&mut self, header: &Header<'_>) -> bool {
        let tag = header.tag.unwrap_or("hosts");
        let kinds = [("hosts", Section::Hosts), ("vars", Section::Vars), ("children", Section::Children)];
        let nearest = nearest(tag, kinds.map(|(name, _)| name));
        // What follows an unknown kind is most likely meant as the nearest one; else it is read as variables.
        let meant = nearest.unwrap_or("vars");
        self.section = kinds.iter().find(|(name, _)| *name == meant).map_or(Section::Vars, |(_, section)| *section);
        if nearest == Some(tag) {
            return true;
        }
        let at = header.name.len() + 2;
        self.wrong(
            Diagnostic::error("E0411", format!("unknown kind of section `{tag}`"))
                .at(self.span(at..at + tag.len()))
                .help("sections are `[group]`, `[group:vars]` and `[group:children]`")
                .maybe_help(did_you_mean(tag, kinds.map(|(name, _)| name))),
        );
        false
    }

    /// Reads `web[01:20]:2222 key=value …`.
    fn host_line(&mut self, line: &str) {
        let words = match words::split(line) {
            Ok(words) => words,
            Err(unbalanced) => {
                let span = self.span(unbalanced.at..line.len());
                return self.wrong(Diagnostic::error("E0416", unbalanced.message).at(span));
            }
        };
        let Some((first, rest)) = words.split_first() else { return };
        let pattern_span = self.span(first.range.clone());
        let Some((names, port)) = self.keep(expand(&first.text, pattern_span)) else { return };
        if let Some(wrong) = not_ini(&first.text, pattern_span).filter(|_| port.is_none()) {
            return self.wrong(wrong);
        }
        if names.is_empty() {
            self.builder.found.push(empty_range(&first.text, pattern_span));
        }
        let mut vars = Vec::with_capacity(rest.len());
        for word in rest {
            let Some((key, value)) = word.text.split_once('=') else {
                let mut wrong = Diagnostic::error("E0415", format!("expected `key=value`, found `{}`", word.text))
                    .at(self.span(word.range.clone()));
                if word.text.starts_with(['/', ';']) {
                    wrong = wrong.help("comments start with `#`");
                } else if line[word.range.end..].trim_start().starts_with('=') {
                    wrong = wrong.help("write no blanks around the `=`");
                } else {
                    wrong = wrong.help("one host stands on a line, with its variables; quote values that have blanks");
                }
                return self.wrong(wrong);
            };
            let raw = &line[word.range.clone()];
            let raw_value = raw.find('=').map_or(raw, |at| &raw[at + 1..]);
            let value_start = word.range.end - raw_value.len();
            let name_span = self.span(word.range.start..value_start.max(1) - 1);
            vars.push((key, name_span, self.value(value, raw_value, value_start)));
        }
        for (key, span, _) in &vars {
            self.builder.check_variable_name(key, *span);
        }
        let group = Arc::clone(&self.group);
        for name in names {
            self.builder.host(&name, &group, port.map(|port| (port, pattern_span)));
            for (key, _, value) in &vars {
                self.builder.set_host_var(&name, key, value.clone());
            }
        }
    }

    /// Reads `key = value` of a `:vars` section: the value is all the rest of the line.
    fn variable(&mut self, line: &str) {
        let Some((key, value)) = line.split_once('=') else {
            return self.wrong(
                Diagnostic::error("E0414", format!("expected `key=value`, found `{line}`"))
                    .at(self.span(0..line.len()))
                    .help(format!("hosts of the group stand under `[{}]`, its variables here", self.group)),
            );
        };
        let (key, value) = (key.trim(), value.trim());
        self.builder.check_variable_name(key, self.span(0..key.len()));
        let node = self.value(value, value, line.len() - value.len());
        let group = Arc::clone(&self.group);
        self.builder.set_group_var(&group, key, node);
    }

    /// Reads the value of a variable, which stands as `raw` at `start` in the line.
    fn value(&self, value: &str, raw: &str, start: usize) -> crate::yaml::Node {
        // Quotes of the line are no part of the value: places inside it start after the first one.
        let quote = usize::from(raw.len() == value.len() + 2 && raw.get(1..raw.len() - 1) == Some(value));
        let exact = quote == 1 || raw == value;
        crate::yaml::read_literal(value, &|from, to| match exact {
            true => self.span(start + quote + from..start + quote + to),
            false => self.span(start..start + raw.len()),
        })
    }

    /// Reads the name of a child.
    fn child(&mut self, line: &str) {
        let length = line.find(|c: char| c == ':' || c == ']' || c.is_whitespace()).unwrap_or(line.len());
        let (name, rest) = line.split_at(length);
        if name.is_empty() || !matches!(rest.trim_start().chars().next(), None | Some('#')) {
            return self.wrong(
                Diagnostic::error("E0418", format!("expected the name of a group, found `{line}`"))
                    .at(self.span(0..line.len()))
                    .help(format!("variables of the group stand under `[{}:vars]`", self.group)),
            );
        }
        let span = self.span(0..length);
        let known = self.builder.inventory.groups.get_key_value(name).map(|(name, _)| Arc::clone(name));
        match known {
            Some(child) => self.builder.child(&self.group, &child, span),
            None => {
                let pending = self.pending.entry(name.into()).or_insert_with(|| Pending { span, parents: Vec::new() });
                pending.parents.push((Arc::clone(&self.group), span));
            }
        }
    }

    fn keep<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|diagnostic| self.wrong(diagnostic)).ok()
    }

    /// Reports groups that were used and never declared.
    fn report_pending(&mut self) {
        for (name, pending) in std::mem::take(&mut self.pending) {
            let declared = self.builder.inventory.groups.keys().map(|name| &**name);
            let nearest = did_you_mean(&name, declared.filter(|known| *known != ALL && **known != *name));
            let diagnostic = match pending.parents.first() {
                None => Diagnostic::error("E0412", format!("variables for a group `{name}` that is not declared"))
                    .at(pending.span),
                Some((parent, span)) => {
                    Diagnostic::error("E0413", format!("`{parent}` has a child `{name}` that is not declared"))
                        .at(*span)
                }
            };
            self.wrong(diagnostic.help(format!("declare it by `[{name}]`")).maybe_help(nearest));
        }
    }
}

/// A section header: `[name]` or `[name:tag]`.
struct Header<'a> {
    name: &'a str,
    tag: Option<&'a str>,
}

/// Reads a section header; after it only a comment may follow.
fn header(line: &str) -> Option<Header<'_>> {
    let inner = line.strip_prefix('[')?;
    let length = inner.find(|c: char| c == ':' || c == ']' || c.is_whitespace())?;
    let (name, rest) = inner.split_at(length);
    let (tag, rest) = match rest.strip_prefix(':') {
        Some(rest) => {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
            let (tag, rest) = rest.split_at(length);
            (Some(tag).filter(|tag| !tag.is_empty()), rest)
        }
        None => (None, rest),
    };
    let has_colon = inner[length..].starts_with(':');
    let rest = rest.strip_prefix(']')?.trim_start();
    let valid = !name.is_empty() && has_colon == tag.is_some() && (rest.is_empty() || rest.starts_with('#'));
    valid.then_some(Header { name, tag })
}

/// Returns the names that a host pattern of a source stands for, and the port behind them.
pub(super) fn expand(pattern: &str, span: Span) -> Result<(Vec<String>, Option<u64>), Diagnostic> {
    let wrong = |message: String| Diagnostic::error("E0417", message).at(span);
    let (names, port) = address::split_port(pattern).unwrap_or((pattern, None));
    if pattern.is_empty() {
        return Err(wrong("the name of the host is empty".into()));
    }
    match range::expand(names) {
        Ok(names) => Ok((names, port)),
        Err(error) => {
            let offset = pattern.find(names).unwrap_or(0);
            let place = match span.end.saturating_sub(span.start) as usize == pattern.len() {
                true => span.part(offset + error.range.start, offset + error.range.end),
                false => span,
            };
            Err(wrong(error.message).at(place).maybe_help(error.help.map(String::from)))
        }
    }
}

/// Returns what to say about a host that looks like a line of YAML.
fn not_ini(name: &str, span: Span) -> Option<Diagnostic> {
    let message = match name {
        "---" => "`---` is no host".to_string(),
        name if name.ends_with(':') => format!("`{name}` ends in a colon, but no port follows"),
        _ => return None,
    };
    let help = "in an INI inventory groups are written `[group]`; a YAML inventory has the extension `.yml`";
    Some(Diagnostic::error("E0417", message).at(span).help(help))
}

/// Returns the warning about a range that runs backwards.
pub(super) fn empty_range(pattern: &str, span: Span) -> Diagnostic {
    Diagnostic::warning("W0419", format!("`{pattern}` stands for no host"))
        .at(span)
        .help("write the range from the lower to the higher number")
}
