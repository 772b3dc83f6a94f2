//! `to_yaml` and its kin, writing what Ansible writes for the same data, to the character.

mod emit;
mod scalar;

use super::args::{Args, add_filter};
use super::{Filter, data, to_engine};
use crate::value::Value as Data;
use emit::{Emitter, Style};
use minijinja::{Error, State, Value};

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "to_yaml",
        aliases: &[],
        doc: "Writes the value as YAML, the innermost lists and dictionaries on one line.",
        add: |env, name| add_filter(env, name, PARAMS, |state, args| to_yaml(state, args, 2, None)),
    },
    Filter {
        name: "to_nice_yaml",
        aliases: &[],
        doc: "Writes the value as YAML over several lines, indented by `indent` (4).",
        add: |env, name| add_filter(env, name, PARAMS, |state, args| to_yaml(state, args, 4, Some(false))),
    },
];

const PARAMS: &[&str] = &[
    "indent",
    "width",
    "sort_keys",
    "default_flow_style",
    "default_style",
    "explicit_start",
    "explicit_end",
    "allow_unicode",
    "line_break",
];

fn to_yaml(_: &mut State<'_, '_>, args: &Args, indent: usize, flow: Option<bool>) -> Result<Value, Error> {
    let value = data(args.input())?;
    let indent = match args.int("indent")? {
        // The writer that Ansible uses takes other numbers for 2.
        Some(n) => usize::try_from(n).ok().filter(|n| (2..10).contains(n)).unwrap_or(2),
        None => indent,
    };
    let width = match args.given("width") {
        None => 80,
        Some(width) if width.is_integer() => match args.int("width")?.unwrap_or(80) {
            n if n < 0 => usize::MAX,
            n => usize::try_from(n).ok().filter(|n| *n > indent * 2).unwrap_or(80),
        },
        // `width=inf` is how authors ask for no folding.
        Some(width) => match f64::try_from(width.clone()) {
            Ok(f) if f.is_infinite() => usize::MAX,
            _ => return Err(args.wrong("a whole number as `width`", width)),
        },
    };
    let style = match args.text("default_style")?.as_deref() {
        None | Some("") => Style::Plain,
        Some("'") => Style::Single,
        Some("\"") => Style::Double,
        Some("|") => Style::Literal,
        Some(other) => return Err(args.error(format!("does not support `default_style` `{other}`"))),
    };
    if args.get("line_break").is_some() || args.flag("explicit_end", false) || !args.flag("allow_unicode", true) {
        return Err(args.error("does not support `line_break`, `explicit_end` and `allow_unicode=false`"));
    }
    let flow = args.given("default_flow_style").map_or(flow, |given| Some(given.is_true()));
    let mut emitter = Emitter::new(indent, width, args.flag("sort_keys", true), flow, style);
    if args.flag("explicit_start", false) {
        emitter.start_document();
    }
    emitter.document(&value).map_err(|why| args.error(why))?;
    Ok(to_engine(&Data::from(emitter.finish())))
}
