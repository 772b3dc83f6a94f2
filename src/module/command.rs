//! `command`: runs a program with words, without a shell.

use super::program::{Run, guard, words};
use super::remote::{expanded, path_word, quote, variables_expanded};
use super::{Arg, ArgKind, Change, Context, Exec, Module, Needs, Program, Rule};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Value;

/// `command`
pub static MODULE: Module = Module {
    name: "command",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Runs a program on the host, without a shell.",
    args: &[
        Arg::new("cmd", ArgKind::Str, "The command, split into words as a shell would.").aliases(&["_raw_params"]),
        Arg::new("argv", ArgKind::List, "The command as a list of words."),
        Arg::new("chdir", ArgKind::Path, "The folder to run in."),
        Arg::new("creates", ArgKind::Path, "Do not run when this path (a pattern) exists."),
        Arg::new("removes", ArgKind::Path, "Do not run when this path (a pattern) does not exist."),
        Arg::new("stdin", ArgKind::Str, "What the program reads from its standard input."),
        Arg::new("stdin_add_newline", ArgKind::Bool, "Add a newline to `stdin`.").default("true"),
        Arg::new("strip_empty_ends", ArgKind::Bool, "Take newlines off the ends of the output.").default("true"),
        Arg::new("expand_argument_vars", ArgKind::Bool, "Expand `~` and `$NAME` in the words.").default("true"),
    ],
    rules: &[Rule::OneOf(&["cmd", "argv"]), Rule::Exclusive(&["cmd", "argv"])],
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
    let argv_given = args.get("argv").is_some();
    let words = if argv_given { args.texts("argv") } else { words(args.text("cmd").unwrap_or_default())? };
    if words.is_empty() || words[0].is_empty() {
        return Err(Failure::new(FailureKind::Argument, "no command given"));
    }
    let cmd = Value::list(words.iter().map(String::as_str));
    if let Some(guard) = guard(&context).await? {
        return Ok(guard.change(cmd));
    }
    let program = program(words, args.flag("expand_argument_vars"));
    let exec = exec(&context, program).await?;
    Ok(Run { exec, cmd, strip: args.flag("strip_empty_ends"), guarded: is_guarded(&context) }.change())
}

/// Returns the program of words; the host's shell expands `~` and variables where there are any.
fn program(words: Vec<String>, expand: bool) -> Program {
    let expandable = |word: &String| word.starts_with('~') || word.contains('$');
    if !expand || !words.iter().any(expandable) {
        return Program::Argv(words);
    }
    let word = |word: &String| match word.as_bytes().first() {
        Some(b'~') => path_word(word),
        Some(_) => variables_expanded(word),
        None => quote(word),
    };
    Program::Shell { text: format!("exec {}", words.iter().map(word).collect::<Vec<_>>().join(" ")), executable: None }
}

/// Returns what `command` and `shell` run, with folder and standard input.
pub(super) async fn exec(context: &Context<'_>, program: Program) -> Result<Exec, Failure> {
    let args = context.args;
    let stdin = args.text("stdin").map(|text| {
        let newline = if args.flag("stdin_add_newline") { "\n" } else { "" };
        format!("{text}{newline}").into_bytes()
    });
    let chdir = match args.text("chdir") {
        Some(dir) => Some(expanded(context.probe, dir).await?),
        None => None,
    };
    Ok(Exec { program, stdin, chdir, elevate: true, ..Exec::default() })
}

/// Claims that check mode knows whether the program would run.
pub(super) fn is_guarded(context: &Context<'_>) -> bool {
    context.args.get("creates").is_some() || context.args.get("removes").is_some()
}
