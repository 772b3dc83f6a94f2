//! What the modules that use the host's own administration tools share: questions in one round trip, and commands whose
//! failure is the step's.

use super::program::add_text;
use super::remote::{exec_output, quote, sh, write_action};
use super::{Action, Arg, Boxed, Change, Context, ExecOutput, Module, Needs, Output, Probe};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;

/// Returns a module that works on hosts which run programs, and may write there. What is otherwise is said beside it:
/// `Module { aliases: …, ..on_host(…) }`.
pub(super) const fn on_host(
    name: &'static str,
    collections: &'static [&'static str],
    summary: &'static str,
    args: &'static [Arg],
    plan: for<'a> fn(Context<'a>) -> Boxed<'a, Result<Change, Failure>>,
) -> Module {
    Module {
        name,
        collections,
        aliases: &[],
        summary,
        args,
        rules: &[],
        free_form: None,
        any_args: false,
        needs: Needs::Host,
        changes_run: false,
        once: false,
        effect: |_| Effect::Write,
        plan,
    }
}

/// Where administration tools are; the path of users who are not root often lacks the last ones.
pub(super) const TOOLS: &str = "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH\n";

/// Runs several reading programs in one round trip and returns what each wrote to its standard output, whatever their
/// status.
pub(super) async fn ask<const N: usize>(probe: &dyn Probe, programs: [String; N]) -> Result<[String; N], Failure> {
    let mark = uuid::Uuid::new_v4().simple().to_string();
    let mut text = format!("{TOOLS}export LC_ALL=C\n");
    for program in &programs {
        text.push_str(&format!("{{ {program}\n}} 2>/dev/null </dev/null\nprintf '%s' {mark}\n"));
    }
    text.push_str("exit 0");
    let output = sh(probe, text).await?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut answers = said.split(&mark).map(str::to_owned);
    Ok(std::array::from_fn(|_| answers.next().unwrap_or_default()))
}

/// Returns the entry of a name in one of the host's databases (`passwd`, `group`), field by field.
pub(super) fn entry(answer: &str, name: &str) -> Option<Vec<String>> {
    let fields = answer.lines().map(|line| line.split(':').map(str::to_owned).collect::<Vec<_>>());
    // A name of digits is taken for a number by `getent`.
    fields.filter(|fields| fields.len() > 2).find(|fields| fields[0] == name)
}

/// Returns the program that asks for an entry.
pub(super) fn entry_program(database: &str, name: &str) -> String {
    format!("getent {database} {} || cat /etc/{database}", quote(name))
}

/// Returns words as a command line of sh.
pub(super) fn command(words: &[impl AsRef<str>]) -> String {
    words.iter().map(|word| quote(word.as_ref())).collect::<Vec<_>>().join(" ")
}

/// Returns an action that runs a program of administration tools.
pub(super) fn act(program: &str) -> Action {
    write_action(format!("{TOOLS}{program}"))
}

/// Returns an action that reads with administration tools.
pub(super) fn reading(program: &str) -> Action {
    let mut action = act(program);
    action.effect = Effect::Read;
    action
}

/// Returns what a command left; its failure when it ended badly, with `rc` and what it said.
pub(super) fn well_ended(output: Output) -> Result<ExecOutput, Failure> {
    let output = exec_output(output)?;
    if output.status == 0 && output.signal.is_none() {
        return Ok(output);
    }
    Err(failed(&output, |said| said.to_owned()))
}

/// Returns the failure of a command that ended badly.
pub(super) fn failed(output: &ExecOutput, message: impl FnOnce(&str) -> String) -> Failure {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    let said = if stderr.trim().is_empty() { stdout.trim() } else { stderr.trim() };
    let said = if said.is_empty() { format!("the command ended with status {}", output.status) } else { said.into() };
    let mut result = Map::new();
    result.insert("rc", i128::from(output.status));
    add_text(&mut result, "stdout", stdout.trim_end_matches('\n'));
    add_text(&mut result, "stderr", stderr.trim_end_matches('\n'));
    Failure::new(FailureKind::Command, message(&said)).with_result(result)
}

/// Adds what a command said, where it said something.
pub(super) fn add_said(result: &mut Map, output: &ExecOutput) {
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        if !bytes.is_empty() {
            add_text(result, name, &String::from_utf8_lossy(bytes));
        }
    }
}
