//! Command output to rows.

use super::args::{Args, add_filter};
use super::{Filter, to_engine};
use crate::source::expand_home;
use minijinja::{Error, State, Value};

pub(super) static FILTERS: &[Filter] = &[Filter {
    name: "parse_cli_textfsm",
    aliases: &["ansible.netcommon.parse_cli_textfsm"],
    doc: "Makes rows of a command's output by the TextFSM template in the file named.",
    add: |env, name| add_filter(env, name, &["template"], parse_cli_textfsm),
}];

fn parse_cli_textfsm(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let text = args.input_text()?;
    let path = expand_home(&args.need_text("template")?);
    let template = crate::textfsm::load(&path).map_err(|wrong| args.error(wrong.line()))?;
    let table = template.run(&text).map_err(|failure| args.error(failure.message.expose()))?;
    Ok(to_engine(&table.dictionaries()))
}
