//! `to_yaml` and its kin, writing what Ansible writes for the same data, to the character.

mod emit;
mod scalar;

use super::args::{Args, add_filter};
use super::{Filter, to_engine};
use crate::template::convert::{Taken, data_with};
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
    let value = data_with(args.input(), Taken { ranges: false, bytes: false })?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Diagnostics, Source, SourceMap};
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Data> {
        let leaf = prop_oneof![
            Just(Data::Null),
            any::<bool>().prop_map(Data::from),
            any::<i64>().prop_map(Data::from),
            "[a-z0-9 :#'\"\\\\\n\t,{}&*!?.~=<>%@`ü😀\u{85}-]{0,24}".prop_map(Data::from),
            "(yes|no|null|1e3|0x1f|12:30|2024-01-01|word ){1,30}".prop_map(Data::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Data::from),
                proptest::collection::vec(("[a-z:\n -]{0,6}", inner), 0..4).prop_map(Data::map),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(value in values(), step in 2usize..6, nice: bool, literal: bool) {
            let style = if literal { Style::Literal } else { Style::Plain };
            let mut emitter = Emitter::new(step, 40, false, nice.then_some(false), style);
            emitter.document(&value).unwrap();
            let text = emitter.finish();
            // The mark of what is no text, but written as a block, is not what this is about.
            prop_assume!(!literal || !text.contains("! "));
            let sources = SourceMap::new();
            let id = sources.add(Source::new("written", None, text.clone()));
            let read = crate::yaml::parse(id, &sources, &mut Diagnostics::new()).map(|node| node.to_value());
            prop_assert_eq!(read, Some(value), "{}", text);
        }
    }
}
