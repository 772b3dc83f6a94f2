//! `shell`: runs text in a shell.

use super::command::{exec, is_guarded};
use super::program::{Run, guard};
use super::{Arg, ArgKind, Change, Context, Module, Needs, Program};
use crate::effect::Effect;
use crate::failure::Failure;

/// `shell`
pub static MODULE: Module = Module {
    name: "shell",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Runs text in a shell on the host.",
    args: &[
        Arg::new("cmd", ArgKind::Str, "The text for the shell.").aliases(&["_raw_params"]).required(),
        Arg::new("executable", ArgKind::Path, "The shell; `/bin/sh` when nobody says."),
        Arg::new("chdir", ArgKind::Path, "The folder to run in."),
        Arg::new("creates", ArgKind::Path, "Do not run when this path (a pattern) exists."),
        Arg::new("removes", ArgKind::Path, "Do not run when this path (a pattern) does not exist."),
        Arg::new("stdin", ArgKind::Str, "What the shell reads from its standard input."),
        Arg::new("stdin_add_newline", ArgKind::Bool, "Add a newline to `stdin`.").default("true"),
        Arg::new("strip_empty_ends", ArgKind::Bool, "Take newlines off the ends of the output.").default("true"),
    ],
    rules: &[],
    free_form: Some("cmd"),
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let text = args.text("cmd").unwrap_or_default().to_owned();
    if let Some(guard) = guard(&context).await? {
        return Ok(guard.change(text.into()));
    }
    let executable = args.text("executable").map(str::to_owned);
    let program = Program::Shell { text: text.clone(), executable };
    let exec = exec(&context, program).await?;
    Ok(Run { exec, cmd: text.into(), strip: args.flag("strip_empty_ends"), guarded: is_guarded(&context) }.change())
}
