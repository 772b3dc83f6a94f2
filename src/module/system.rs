//! What modules share that look after a host by its own programs (`useradd`, `systemctl`, …): they ask, compare, and plan
//! one program that makes the difference, so that check mode knows what would change.

use super::place::check_status;
use super::remote::{exec_output, write_action};
use super::{Action, Change, Context, Exec, ExecOutput, Finished, Program, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;

/// Runs a program that only reads; whatever its status.
pub(super) async fn ask(context: &Context<'_>, text: String) -> Result<ExecOutput, Failure> {
    exec_output(context.probe.read(question(text)).await?)
}

/// Returns the action that [`ask`] performs, for the end of a change.
pub(super) fn question(text: String) -> Action {
    let program = Program::Shell { text: format!("LC_ALL=C; export LC_ALL\n{text}"), executable: None };
    Action::on_host(Effect::Read, Work::Exec(Exec { program, elevate: true, ..Exec::default() }))
}

/// Plans the commands that make a difference; none is no change. `result` is what will be told.
pub(super) fn make(commands: Vec<String>, result: Map) -> Change {
    let mut change = Change::nothing(result);
    if commands.is_empty() {
        return change;
    }
    change.changed = true;
    change.actions = vec![write_action(commands.join(" &&\n"))];
    change.finish = Some(Box::new(|outputs, result| {
        for output in outputs {
            let output = exec_output(output)?;
            check_status(&output).map_err(|failure| {
                let mut told = Map::new();
                told.insert("rc", i64::from(output.status));
                Failure { kind: FailureKind::Command, ..failure }.with_result(told)
            })?;
        }
        Ok(Finished::new(result, true))
    }));
    change
}

/// Returns what a program said, without newlines at its end.
pub(super) fn said(output: &ExecOutput) -> String {
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}
