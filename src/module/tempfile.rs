//! `tempfile`: makes a temporary file or folder on the host.

use super::place::check_status;
use super::remote::{exec_output, expanded, quote, write_action};
use super::{Arg, ArgKind, Change, Context, Finished, Module, Needs, Withheld};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;

/// `tempfile`
pub static MODULE: Module = Module {
    name: "tempfile",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Makes a temporary file or folder on the host.",
    args: &[
        Arg::new("state", ArgKind::Str, "What to make.").choices(&["directory", "file"]).default("file"),
        Arg::new("path", ArgKind::Path, "The folder to make it in; the host's own for such things when not given."),
        Arg::new("prefix", ArgKind::Str, "How its name begins.").default("ansible."),
        Arg::new("suffix", ArgKind::Str, "How its name ends.").default(""),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    for name in ["prefix", "suffix"] {
        let text = args.text(name).unwrap_or_default();
        if text.contains('/') {
            return Err(Failure::new(
                FailureKind::Argument,
                format!("{name} must be a valid file name component, got '{text}'"),
            ));
        }
    }
    let folder = match args.text("path") {
        Some(path) => quote(&expanded(context.probe, path).await?),
        None => "\"${TMPDIR:-/tmp}\"".into(),
    };
    let (prefix, suffix) = (args.text("prefix").unwrap_or_default(), args.text("suffix").unwrap_or_default());
    // Busybox and BSD know no suffix, so the name is made here; `mkdir` and `set -C` fail when somebody was faster.
    let name = &uuid::Uuid::new_v4().simple().to_string()[..12];
    let make = if args.text("state") == Some("directory") { "mkdir \"$p\"" } else { "set -C && : >\"$p\"" };
    let program = format!(
        "umask 077; d={folder}; p=${{d%/}}/{} && {make} && printf %s \"$p\"",
        quote(&format!("{prefix}{name}{suffix}"))
    );
    let mut change = Change::act(write_action(program), |output, _| {
        let output = exec_output(output)?;
        check_status(&output)?;
        let mut result = Map::new();
        result.insert("path", String::from_utf8_lossy(&output.stdout).into_owned());
        Ok(Finished::new(result, true))
    });
    change.changed = true;
    change.withheld = Withheld::Skipped("the path of a temporary file is not known in check mode");
    Ok(change)
}
