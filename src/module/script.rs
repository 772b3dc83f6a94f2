//! `script`: runs a script of this machine on the host.
//!
//! One round trip: the script goes through standard input into a temporary folder of the user it runs as, so that
//! `become` needs no file that others can read, and the folder goes away however the script ends. The script itself
//! reads nothing.

use super::local::{LocalFile, find};
use super::program::{Guard, add_output, checked, first_word, guard, words};
use super::remote::{exec_output, quote};
use super::{Action, Arg, ArgKind, Change, Context, Exec, Module, Needs, Program, Withheld, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;

/// `script`
pub static MODULE: Module = Module {
    name: "script",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Runs a script of this machine on the host.",
    args: &[
        Arg::new("cmd", ArgKind::Str, "The script's path here, and its arguments.")
            .aliases(&["_raw_params"])
            .required(),
        Arg::new("chdir", ArgKind::Path, "The folder to run in; absolute."),
        Arg::new("creates", ArgKind::Path, "Do not run when this path exists."),
        Arg::new("removes", ArgKind::Path, "Do not run when this path does not exist."),
        Arg::new("executable", ArgKind::Str, "The program that runs the script, with options."),
        Arg::new("decrypt", ArgKind::Bool, "Open a vault-encrypted script first.").default("true"),
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

/// Returns the program that puts standard input into a file of a fresh folder and runs it. The arguments are shell text,
/// as the author wrote them.
fn runner(name: &str, executable: &str, arguments: &str) -> String {
    format!(
        r#"umask 077
dir=$(mktemp -d "${{TMPDIR:-/tmp}}/netplay.XXXXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
script=$dir/{name}
cat >"$script" && chmod 700 "$script" || exit 1
{executable} "$script" {arguments} </dev/null
"#,
        name = quote(name)
    )
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    match guard(&context).await? {
        Some(Guard::Exists(path)) => {
            return Ok(Change::skip(format!("{path} exists, matching creates option")));
        }
        Some(Guard::Missing(path)) => {
            return Ok(Change::skip(format!("{path} does not exist, matching removes option")));
        }
        None => {}
    }
    let chdir = args.text("chdir").map(str::to_owned);
    if let Some(dir) = chdir.as_deref().filter(|dir| !dir.starts_with('/')) {
        return Err(Failure::new(
            FailureKind::Argument,
            format!("chdir {dir} must be an absolute path for a Unix-aware remote node"),
        ));
    }
    let line = args.text("cmd").unwrap_or_default().trim();
    let (source, arguments) =
        first_word(line)?.ok_or_else(|| Failure::new(FailureKind::Argument, "no script given"))?;
    let path = find(context.files, "files", &source)?;
    let file = LocalFile::read(&path, args.flag("decrypt"), context.run).await?;
    let bytes = file
        .bytes
        .ok_or_else(|| Failure::new(FailureKind::File, format!("`{}` is too large for a script", path.display())))?;
    let name = path.file_name().map_or_else(|| "script".into(), |name| name.to_string_lossy().into_owned());
    let executable = words(args.text("executable").unwrap_or_default())?;
    let executable = executable.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
    let exec = Exec {
        program: Program::Shell { text: runner(&name, &executable, arguments), executable: None },
        stdin: Some(bytes),
        chdir,
        elevate: true,
        ..Exec::default()
    };
    let mut change = Change::act(Action::on_host(Effect::Write, Work::Exec(exec)), move |output, _| {
        let output = exec_output(output)?;
        let mut result = Map::new();
        add_output(&mut result, &output, false);
        let mut finished = checked(result, &output)?;
        finished.result.remove("msg");
        Ok(finished)
    });
    change.changed = true;
    if !super::command::is_guarded(&context) {
        change.withheld = Withheld::Skipped("Check mode is not supported for this task.");
    }
    Ok(change)
}
