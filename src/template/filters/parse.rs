//! Command output to data, by templates and outlines in files.

use super::args::{Args, add_filter};
use super::{Filter, to_engine};
use crate::failure::Failure;
use crate::source::{SourceMap, expand_home};
use crate::template::Outline;
use crate::template::convert::carry;
use crate::template::lazy::Core;
use crate::value::Value as Data;
use minijinja::{Error, State, Value};
use std::path::PathBuf;
use std::sync::Arc;

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "parse_cli_textfsm",
        aliases: &["ansible.netcommon.parse_cli_textfsm"],
        doc: "Makes rows of a command's output by the TextFSM template in the file named.",
        add: |env, name| add_filter(env, name, &["template"], parse_cli_textfsm),
    },
    Filter {
        name: "parse_cli",
        aliases: &["ansible.netcommon.parse_cli"],
        doc: "Makes data of a command's output by the outline in the file named: expressions, and templates for what they find.",
        add: |env, name| add_filter(env, name, &["tmpl"], |state, args| outlined(state, args, Outline::parse_cli)),
    },
    Filter {
        name: "parse_xml",
        aliases: &["ansible.netcommon.parse_xml"],
        doc: "Makes data of XML by the outline in the file named: paths, and templates for what stands there.",
        add: |env, name| add_filter(env, name, &["tmpl"], |state, args| outlined(state, args, Outline::parse_xml)),
    },
];

/// Finds a file as it is named, from the current folder, or else on the search path.
fn find(state: &State<'_, '_>, name: &str) -> PathBuf {
    let path = expand_home(name);
    let elsewhere = || Core::of(state).and_then(|core| core.files.find("templates", name));
    if path.exists() { path } else { elsewhere().unwrap_or(path) }
}

fn parse_cli_textfsm(state: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let text = args.input_text()?;
    let path = find(state, &args.need_text("template")?);
    let template = crate::textfsm::load(&path).map_err(|wrong| args.error(wrong.line()))?;
    let table = template.run(&text).map_err(|failure| args.error(failure.message.expose()))?;
    Ok(to_engine(&table.dictionaries()))
}

fn outlined(
    state: &mut State<'_, '_>,
    args: &Args,
    parse: fn(&Outline, &str) -> Result<Data, Failure>,
) -> Result<Value, Error> {
    let text = args.input_text()?;
    let path = find(state, &args.need_text("tmpl")?);
    let sources = Core::of(state).map_or_else(|| Arc::new(SourceMap::new()), |core| Arc::clone(&core.sources));
    let outline = Outline::load(&path, &sources).map_err(carry)?;
    parse(&outline, &text).map(|data| to_engine(&data)).map_err(carry)
}
