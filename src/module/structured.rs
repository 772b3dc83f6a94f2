//! A command's output as data, by TextFSM, JSON or an expression with named groups.

use super::Context;
use crate::failure::{Failure, FailureKind};
use crate::platform::{self, Platform};
use crate::python_regex::{Anchor, Flags, Regex, compile};
use crate::source::expand_home;
use crate::template::Native;
use crate::textfsm::{self, Folder, Template};
use crate::ttp;
use crate::value::{Map, Value};
use std::path::PathBuf;
use std::sync::Arc;

/// What some devices (NX-OS) put behind XML: the end of a NETCONF message.
const NETCONF_END: &str = "]]>]]>";

/// What makes data of an output.
pub(super) enum Parser {
    /// This template.
    Template(Arc<Template>),
    /// The template that a folder has for the command.
    Index {
        /// The folder.
        folder: Arc<Folder>,
        /// The platform, as the folder's index knows it.
        platform: String,
    },
    /// The output is JSON.
    Json,
    /// The output is XML: nested dictionaries as `from_xml` makes them. On NX-OS a last line may close the message.
    Xml,
    /// A file of entries: an expression for a line, and what to add.
    Native(Arc<Native>),
    /// A TTP template, the variables that it gets, and the shape of what it gives.
    Ttp(Arc<ttp::Template>, Map, Shape),
    /// One dictionary a match, of the expression's named groups.
    Groups(Arc<Regex>),
}

/// What the results of a TTP template stand in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shape {
    /// In a list for the template, and in one for the input.
    #[default]
    Nested,
    /// In one list.
    Flat,
}

impl Parser {
    /// Makes a parser of a template's file, looked for as the templates of `template` are.
    pub(super) fn of_template(context: &Context<'_>, path: &str) -> Result<Parser, Failure> {
        let Some(file) = context.files.find("templates", path) else {
            return Err(Failure::new(FailureKind::File, format!("there is no TextFSM template `{path}`")));
        };
        let template = textfsm::load(&file).map_err(|wrong| Failure::new(FailureKind::File, wrong.line()))?;
        Ok(Parser::Template(template))
    }

    /// Makes a parser of a native parser's file, looked for as templates are.
    pub(super) fn of_native(context: &Context<'_>, path: &str) -> Result<Parser, Failure> {
        let Some(file) = context.files.find("templates", path) else {
            return Err(Failure::new(FailureKind::File, format!("there is no file `{path}` of a native parser")));
        };
        Native::load(&file, context.templar.sources()).map(|native| Parser::Native(Arc::new(native)))
    }

    /// Makes a parser of a TTP template's file, looked for as templates are.
    pub(super) fn of_ttp(context: &Context<'_>, path: &str, variables: Map, shape: Shape) -> Result<Parser, Failure> {
        let Some(file) = context.files.find("templates", path) else {
            return Err(Failure::new(FailureKind::File, format!("there is no TTP template `{path}`")));
        };
        let template = ttp::Template::load(&file, context.templar.sources())?;
        Ok(Parser::Ttp(Arc::new(template), variables, shape))
    }

    /// Returns what is to be said of the folder of templates, once in a run.
    pub(super) fn warnings(&self) -> Vec<String> {
        match self {
            Parser::Index { folder, .. } => folder.take_warnings(),
            _ => Vec::new(),
        }
    }

    /// Makes a parser that finds the template by the command. `os` is the platform's name in the index; when it is not
    /// given, the host's platform says it.
    pub(super) fn of_index(context: &Context<'_>, os: Option<&str>) -> Result<Parser, Failure> {
        let platform = match os {
            Some(os) => os.to_owned(),
            None => host_platform(context)?.map(|platform| platform.textfsm.clone()).ok_or_else(|| {
                Failure::new(FailureKind::Argument, "the platform whose templates are wanted is not known")
                    .help("set `ansible_network_os`, or name the `os` of the parser")
            })?,
        };
        Ok(Parser::Index { folder: folder(context)?, platform })
    }

    /// Makes a parser of an expression, read as Python's `re` reads it, with `^` and `$` at every line.
    pub(super) fn of_expression(text: &str) -> Result<Parser, Failure> {
        let wrong = |why: &str| Failure::new(FailureKind::Argument, format!("the expression `{text}` {why}"));
        let flags = Flags { multiline: true, ..Flags::default() };
        let regex = compile(text, flags, Anchor::Anywhere).map_err(|why| wrong(&why))?;
        let is_named = regex.names().next().is_some();
        match is_named {
            true => Ok(Parser::Groups(regex)),
            false => Err(wrong("has no named groups").help("name what is wanted: `(?P<name>…)`")),
        }
    }

    /// Makes data of a command's output.
    pub(super) fn parse(&self, command: &str, output: &str) -> Result<Value, Failure> {
        match self {
            Parser::Template(template) => template.run(output).map(|table| table.dictionaries()),
            Parser::Index { folder, platform } => {
                folder.parse(platform, command, output).map(|table| table.lower_case_dictionaries())
            }
            Parser::Json => match serde_json::from_str::<serde_json::Value>(output) {
                Ok(json) => Ok(json.into()),
                Err(error) => Err(Failure::new(FailureKind::Module, format!("the output is no JSON: {error}"))),
            },
            Parser::Xml => crate::template::xml_data(output.trim_end().trim_end_matches(NETCONF_END))
                .map_err(|why| Failure::new(FailureKind::Module, format!("the output is no XML: {why}"))),
            Parser::Native(native) => native.parse(output),
            Parser::Ttp(template, variables, shape) => {
                let found = template.parse(output, variables)?;
                Ok(if *shape == Shape::Flat { flat(&found) } else { found })
            }
            Parser::Groups(regex) => {
                let failed = |why: String| Failure::new(FailureKind::Module, format!("the expression {why}"));
                let names: Vec<(&str, usize)> = regex.names().collect();
                let matches = regex.find_all(output, usize::MAX).map_err(failed)?;
                let row = |found: &crate::python_regex::Match| -> Value {
                    let group = |number| found.group(output, number).map_or(Value::Null, Value::from);
                    Value::Map(Arc::new(names.iter().map(|(name, number)| (*name, group(*number))).collect::<Map>()))
                };
                Ok(Value::List(Arc::new(matches.iter().map(row).collect())))
            }
        }
    }
}

/// Returns the results of a template in one list.
fn flat(found: &Value) -> Value {
    let mut all = Vec::new();
    for template in found.as_list().unwrap_or_default() {
        for item in template.as_list().unwrap_or(std::slice::from_ref(template)) {
            match item {
                Value::List(items) => all.extend(items.iter().cloned()),
                other => all.push(other.clone()),
            }
        }
    }
    all.into()
}

/// Returns the host's platform, also where its connection needs none.
pub(super) fn host_platform(context: &Context<'_>) -> Result<Option<&'static Platform>, Failure> {
    if context.platform.is_some() {
        return Ok(context.platform);
    }
    Ok(context.templar.var("ansible_network_os")?.and_then(|name| platform::find(&name.to_text())))
}

/// Returns the folder of templates that the host's `textfsm_templates` names, or the one that is found.
fn folder(context: &Context<'_>) -> Result<Arc<Folder>, Failure> {
    let named = context.templar.var("textfsm_templates")?.map(|name| name.to_text()).filter(|name| !name.is_empty());
    let path = named.map(|name| -> PathBuf { context.files.find("templates", &name).unwrap_or(expand_home(&name)) });
    Folder::find(path.as_deref())
}
