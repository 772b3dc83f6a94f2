//! `raw`: sends text to the login shell just as it is; for hosts that have next to nothing.

use super::program::add_text;
use super::remote::exec_output;
use super::{Action, Arg, ArgKind, Change, Context, Exec, Finished, Module, Needs, Program, Withheld, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;

/// `raw`
pub static MODULE: Module = Module {
    name: "raw",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Sends text to the host's login shell as it is.",
    args: &[
        Arg::new("cmd", ArgKind::Str, "The text.").aliases(&["_raw_params"]).required(),
        Arg::new("executable", ArgKind::Path, "A shell that is given the text instead of the login shell."),
    ],
    rules: &[],
    free_form: Some("cmd"),
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(async move { plan(&context) }),
};

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let text = context.args.text("cmd").unwrap_or_default().to_owned();
    let program = match context.args.text("executable") {
        None => Program::Raw(text),
        Some(executable) => Program::Shell { text, executable: Some(executable.to_owned()) },
    };
    let exec = Exec { program, elevate: true, ..Exec::default() };
    let mut change = Change::act(Action::on_host(Effect::Write, Work::Exec(exec)), |output, _| {
        let output = exec_output(output)?;
        let mut result = Map::new();
        result.insert("rc", i128::from(output.status));
        // Nothing is taken off: what a device prints may end in anything.
        add_text(&mut result, "stderr", &String::from_utf8_lossy(&output.stderr));
        add_text(&mut result, "stdout", &String::from_utf8_lossy(&output.stdout));
        if output.status == 0 && output.signal.is_none() {
            return Ok(Finished::new(result, true));
        }
        result.insert("msg", "non-zero return code");
        result.insert("changed", true);
        Err(Failure::new(FailureKind::Command, "non-zero return code").with_result(result))
    });
    change.changed = true;
    change.withheld = Withheld::Skipped("raw commands do not run in check mode");
    change.unseen = true;
    Ok(change)
}
