//! A template's text as groups.

use super::call::Call;
use super::line::{self, Action, Read};
use super::markup::{self, Element};
use super::{Group, Id, Template, judge};
use crate::failure::{Failure, FailureKind};
use crate::source::{Diagnostics, Source, SourceMap, Span, plain_io_error};
use crate::value::{Map, Value};
use crate::yaml::{parse, read_literal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Values of variables that Python's ttp works out itself.
const WORKED_OUT: [&str; 8] = [
    "gethostname",
    "getfilename",
    "get_time",
    "get_date",
    "get_timestamp",
    "get_timestamp_ms",
    "get_timestamp_iso",
    "get_time_ns",
];

pub(super) fn load(path: &Path, sources: &Arc<SourceMap>) -> Result<Template, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let why = plain_io_error(&error);
        Failure::new(FailureKind::File, format!("cannot read `{}`: {why}", path.display()))
    })?;
    read(&path.display().to_string(), Some(path.to_owned()), &text, sources)
}

pub(super) fn read(
    name: &str,
    path: Option<PathBuf>,
    text: &str,
    sources: &Arc<SourceMap>,
) -> Result<Template, Failure> {
    let source = sources.add_once(Source::new(name, path, text));
    let whole = Span::new(source, 0, text.len().min(1));
    let root = markup::read(text)
        .map_err(|why| Failure::new(FailureKind::File, format!("the template's tags are wrong: {why}")).at(whole))?;
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1))
        .collect();
    let mut reader = Reader {
        text,
        sources,
        starts,
        whole,
        template: Template { groups: vec![], variables: Map::new(), shown: vec![], per_template: false },
    };
    // A template may be its own root.
    match &root.children[..] {
        [only] if only.tag == "template" && root.text.trim().is_empty() => reader.template(only)?,
        _ => reader.template(&root)?,
    }
    Ok(reader.template)
}

struct Reader<'a> {
    text: &'a str,
    sources: &'a Arc<SourceMap>,
    /// Where each line begins.
    starts: Vec<usize>,
    whole: Span,
    template: Template,
}

impl Reader<'_> {
    fn wrong(&self, line: usize, why: impl Into<String>) -> Failure {
        let start = self.starts.get(line).copied().unwrap_or(self.whole.start as usize);
        let end = self.text[start..].find('\n').map_or(self.text.len(), |long| start + long);
        Failure::new(FailureKind::File, why.into()).at(Span::new(self.whole.source, start, end))
    }

    fn template(&mut self, element: &Element) -> Result<(), Failure> {
        for (name, value) in &element.attributes {
            match (name.as_str(), value.as_str()) {
                ("name", _) | ("results", "per_input") => {}
                ("results", "per_template") => self.template.per_template = true,
                (name, value) => {
                    return Err(
                        self.wrong(element.line, format!("the template's `{name}=\"{value}\"` is not supported"))
                    );
                }
            }
        }
        if element.children.is_empty() {
            let mut group = Group::new(vec!["_anonymous_".into()], ("_anonymous_".into(), 0), None);
            self.lines(&mut group, &element.text, element.line, false, false, None)?;
            group.finish();
            self.template.groups.push(group);
            return Ok(());
        }
        self.refuse_lines(&element.text, element.line)?;
        for child in element.children.iter().filter(|child| child.tag == "vars") {
            self.variables(child)?;
        }
        let mut place = 0;
        for child in &element.children {
            match child.tag.as_str() {
                "group" | "g" | "grp" => {
                    let group = self.group(child, &[], None, place)?;
                    self.template.groups.push(group);
                    place += 1;
                }
                "vars" | "doc" => {}
                tag @ ("v" | "input" | "i" | "in" | "output" | "o" | "out" | "lookup" | "macro" | "extend"
                | "template") => {
                    return Err(self.wrong(child.line, format!("`<{tag}>` is not supported")));
                }
                tag => return Err(self.wrong(child.line, format!("`<{tag}>` is no tag of a template"))),
            }
            self.refuse_lines(&child.tail, child.tail_line)?;
        }
        Ok(())
    }

    /// Refuses lines that no group has: they would never be looked for.
    fn refuse_lines(&self, text: &str, line: usize) -> Result<(), Failure> {
        let stray = text.lines().position(|line| line.contains("{{") && !line.trim_start().starts_with("##"));
        stray.map_or(Ok(()), |at| Err(self.wrong(line + at, "the line stands outside of a group")))
    }

    fn variables(&mut self, element: &Element) -> Result<(), Failure> {
        let wrong = |why: &str| self.wrong(element.line, why);
        let made: Map = match element.attribute("load").unwrap_or("python") {
            "python" => {
                assignments(&element.text).ok_or_else(|| wrong("the variables are no assignments of literals"))?
            }
            "json" => match serde_json::from_str::<serde_json::Value>(&element.text).map(Value::from) {
                Ok(Value::Map(map)) => (*map).clone(),
                _ => return Err(wrong("the variables are no dictionary in JSON")),
            },
            "yaml" => {
                let id = self.sources.add_once(Source::new("variables", None, element.text.as_str()));
                match parse(id, self.sources, &mut Diagnostics::new()).map(|node| node.to_value()) {
                    Some(Value::Map(map)) => (*map).clone(),
                    _ => return Err(wrong("the variables are no dictionary in YAML")),
                }
            }
            other => return Err(wrong(&format!("variables as `{other}` are not supported"))),
        };
        for (name, value) in made.iter() {
            if value.as_str().is_some_and(|text| WORKED_OUT.contains(&text)) {
                return Err(wrong(&format!(
                    "the variable `{name}` is worked out by `{}`, which is not supported",
                    value.to_text()
                )));
            }
        }
        if let Some(path) = element.attribute("name") {
            self.template.shown.push((path.to_owned(), made.iter().map(|(name, _)| name.to_string()).collect()));
        }
        for (name, value) in made {
            self.template.variables.insert(name, value);
        }
        Ok(())
    }

    fn group(&self, element: &Element, path: &[String], parent: Option<&Id>, place: usize) -> Result<Group, Failure> {
        let is_top = parent.is_none();
        let mut group = Group::new(path.to_vec(), (String::new(), place), parent.cloned());
        let mut default = None;
        let mut is_table = false;
        let wrong = |why: String| self.wrong(element.line, why);
        for (name, value) in &element.attributes {
            let function = |text: &str| -> Result<Call, Failure> { judge::read(text).map_err(&wrong) };
            match name.to_lowercase().as_str() {
                "name" => {
                    let steps = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
                    match value.strip_prefix('/') {
                        None => group.path.extend(steps(value)),
                        Some("") => group.path = vec!["_anonymous_*".into()],
                        Some(_) if path.iter().any(|step| step == "_anonymous_") => {
                            group.path = [vec!["_anonymous_*".into()], steps(value.trim_start_matches('/'))].concat();
                        }
                        Some(_) => group.path = steps(value.trim_start_matches('/')),
                    }
                    group.id.0 = group.path.join(".");
                }
                "method" => match value.trim().to_lowercase().as_str() {
                    "group" => {}
                    "table" => is_table = true,
                    other => return Err(wrong(format!("groups have no method `{other}`"))),
                },
                "default" => {
                    default = Some(self.template.variables.get(value).cloned().unwrap_or(value.as_str().into()));
                }
                "functions" | "chain" => {
                    for part in value.split('|').map(str::trim).filter(|part| !part.is_empty()) {
                        group.functions.push(function(part)?);
                    }
                }
                "input" | "output" => return Err(wrong(format!("a group's `{name}` is not supported"))),
                _ => group.functions.push(function(&format!("{name}({value})"))?),
            }
        }
        if group.id.0.is_empty() {
            if is_top {
                group.path = vec!["_anonymous_*".into()];
            }
            group.id.0 = format!("{}._anonymous_", group.path.join("."));
        }
        self.lines(&mut group, &element.text, element.line, false, is_table, default.as_ref())?;
        for (place, child) in element.children.iter().enumerate() {
            if !matches!(child.tag.as_str(), "group" | "g" | "grp") {
                return Err(self.wrong(child.line, format!("`<{}>` in a group is not supported", child.tag)));
            }
            let inner = self.group(child, &group.path, Some(&group.id), place)?;
            group.children.push(inner);
            self.lines(&mut group, &child.tail, child.tail_line, true, is_table, default.as_ref())?;
        }
        if let Some(Value::Map(map)) = &default {
            for (name, value) in map.iter() {
                group.defaults.insert(name.clone(), value.clone());
            }
            group.is_always |= group.starts.is_empty();
        }
        group.finish();
        Ok(group)
    }

    fn lines(
        &self,
        group: &mut Group,
        text: &str,
        first: usize,
        is_tail: bool,
        is_table: bool,
        default: Option<&Value>,
    ) -> Result<(), Failure> {
        let default = default.filter(|default| default.as_str().is_some());
        let mut is_first = true;
        for (at, text) in text.lines().enumerate() {
            if text.trim().is_empty() || text.trim_start().starts_with("##") {
                continue;
            }
            if !text.contains("{{") {
                // As in Python's ttp, where it is a warning: it would never be looked for.
                return Err(self
                    .wrong(first + at, "the line has no variable")
                    .help("end it with `{{ _start_ }}`, or begin it with `##`"));
            }
            let read = line::read(text, &self.template.variables, default, &mut group.defaults)
                .map_err(|why| self.wrong(first + at, format!("the line {why}")))?;
            let Read::Line(mut line) = read else { continue };
            let starts = matches!(line.action, Action::Start | Action::StartEmpty);
            match line.action {
                Action::End => group.ends.push(line),
                _ if is_tail => group.lines.push(line),
                _ if is_first || is_table || starts => {
                    if !starts {
                        line.action = Action::Start;
                    }
                    group.starts.push(line);
                }
                _ => group.lines.push(line),
            }
            is_first = false;
        }
        Ok(())
    }
}

impl Group {
    fn new(path: Vec<String>, id: Id, parent: Option<Id>) -> Group {
        Group {
            path,
            id,
            parent,
            defaults: Map::new(),
            starts: vec![],
            ends: vec![],
            lines: vec![],
            functions: vec![],
            children: vec![],
            is_always: false,
        }
    }

    /// Works out whether the group is there without a start.
    fn finish(&mut self) {
        let mut names = self.starts.iter().flat_map(|line| &line.variables);
        self.is_always |= names.any(|variable| self.defaults.contains(&variable.name));
    }
}

/// Reads Python's assignments of literals: `name = value`, a value over several lines where brackets are open.
fn assignments(text: &str) -> Option<Map> {
    let mut made = Map::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        if let Some((_, value)) = &mut open {
            value.push(' ');
            value.push_str(line.trim());
        } else if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        } else {
            let (name, value) = line.split_once('=')?;
            let name = name.trim();
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            open = Some((is_name.then(|| name.to_owned())?, value.to_owned()));
        }
        let (name, value) = open.take()?;
        let nowhere = Span::new(crate::source::SourceId(0), 0, 0);
        let text = value.trim();
        let node = read_literal(text, &|_, _| nowhere);
        // What is no literal comes back as the text that it is.
        match node.to_value() {
            Value::Str(same) if *same == *text => open = Some((name, value)),
            value => made.insert(name, value),
        }
    }
    open.is_none().then_some(made)
}
