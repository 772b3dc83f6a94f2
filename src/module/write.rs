//! Writing a file of the host: what is sent, by way of `validate` where it is asked for, and the folders above it.

use super::attributes::{Attributes, Mode, chmod_bits};
use super::place::NewFile;
use super::remote::{Me, Stat, path_word_literal, quote, write_action};
use super::{Action, Content, Context, ExecOutput, Output, Put, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use std::sync::Arc;

/// Returns what writes a file: at once, or by way of a temporary file that `validate` of the arguments agrees to.
pub(super) fn write_actions(context: &Context<'_>, put: Put, backup: Option<String>) -> Result<Vec<Action>, Failure> {
    let write = |put: Put| Action::on_host(Effect::Write, Work::Put(put));
    let Some(command) = context.args.text("validate") else { return Ok(vec![write(Put { backup, ..put })]) };
    let temporary = temporary_path(&put.path);
    let program = validated(command, &temporary, &put.path, backup.as_deref())?;
    Ok(vec![write(Put { path: temporary, ..put }), write_action(program)])
}

/// Fails when a validator refused the file.
pub(super) fn check_validations(outputs: &[Output]) -> Result<(), Failure> {
    outputs.iter().try_for_each(|output| match output {
        Output::Exec(output) => check_validation(output),
        _ => Ok(()),
    })
}

/// Returns the write of a file: its attributes are those it has, changed as wanted.
pub(super) fn put_of(new: NewFile, now: &Stat, me: &Me) -> Put {
    // Only root can give a file back to the one who owned it.
    let keep = |id: i128, mine: i128| (me.uid == 0 && id != mine).then(|| id.to_string());
    Put {
        path: now.path.clone(),
        mode: Some(format!("{:04o}", new.attributes.mode_for(now, now.mode, me.umask))),
        owner: new.attributes.owner.clone().or_else(|| keep(now.uid, me.uid)),
        group: new.attributes.group.clone().or_else(|| keep(now.gid, me.gid)),
        backup: None,
        content: match new.file.bytes {
            Some(bytes) => Content::Bytes(Arc::from(bytes)),
            None => Content::File(new.path),
        },
    }
}

/// Returns where a copy of a file is kept: `/etc/x.4711.2026-11-23@08:49:18~`.
pub(super) fn backup_path(path: &str) -> String {
    format!("{path}.{}.{}~", std::process::id(), jiff::Zoned::now().strftime("%Y-%m-%d@%H:%M:%S"))
}

/// Returns a fresh path beside `path` with the same suffix, as some validators look at it.
pub(super) fn temporary_path(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').map_or((String::new(), path), |(f, name)| (format!("{f}/"), name));
    let suffix = name.rfind('.').filter(|at| *at > 0).map_or("", |at| &name[at..]);
    format!("{folder}.netplay-{}{suffix}", uuid::Uuid::new_v4().simple())
}

/// The status of the program that validates when the validator refuses the file; no tool in it ends so.
const REFUSED: i32 = 77;

/// Returns the program that validates a temporary file and renames it, or removes it. The validator runs without a
/// shell's meaning, so its words are quoted.
fn validated(command: &str, temporary: &str, path: &str, backup: Option<&str>) -> Result<String, Failure> {
    if !command.contains("%s") {
        return Err(Failure::new(FailureKind::Argument, format!("validate must contain %s: {command}")));
    }
    let words = super::program::words(&command.replace("%s", temporary))?;
    let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
    let (temporary, path) = (path_word_literal(temporary), path_word_literal(path));
    let keep = backup.map(|backup| format!("cp -p {path} {} &&\n", path_word_literal(backup))).unwrap_or_default();
    Ok(format!(
        "{} </dev/null; s=$?\nif [ $s -ne 0 ]; then rm -f {temporary}; printf '\\0%s' $s; exit {REFUSED}; fi\n\
         {keep}mv -f {temporary} {path} || {{ rm -f {temporary}; exit 1; }}\n",
        words.join(" ")
    ))
}

fn check_validation(output: &ExecOutput) -> Result<(), Failure> {
    if output.status != REFUSED {
        return Ok(());
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    let (stdout, status) = stdout.rsplit_once('\0').unwrap_or((&stdout, ""));
    let mut result = Map::new();
    result.insert("exit_status", status.parse::<i128>().map_or(Value::Null, Value::from));
    super::program::add_text(&mut result, "stdout", stdout);
    super::program::add_text(&mut result, "stderr", &String::from_utf8_lossy(&output.stderr));
    Err(Failure::new(FailureKind::Command, "failed to validate").with_result(result))
}

/// Returns the program that makes folders with all that are above them; new ones get mode, owner and group.
pub(super) fn make_folders(paths: &[String], mode: Option<&Mode>, attributes: &Attributes, umask: u32) -> String {
    let mut each = String::from("mkdir \"$1\" || [ -d \"$1\" ] || exit 1\n");
    if let Some(owner) = &attributes.owner {
        each.push_str(&format!("  chown {} \"$1\" || exit 1\n", quote(owner)));
    }
    if let Some(group) = &attributes.group {
        each.push_str(&format!("  chgrp {} \"$1\" || exit 1\n", quote(group)));
    }
    if let Some(mode) = mode {
        let bits = mode.applied_to(0o777 & !umask, true, umask);
        each.push_str(&format!("  chmod {} \"$1\" || exit 1\n", chmod_bits(bits)));
    }
    let mut program = format!(
        "make() {{\n  [ -z \"$1\" ] || [ -d \"$1\" ] && return\n  case $1 in */*) make \"${{1%/*}}\";; esac\n  {each}}}\n"
    );
    for path in paths {
        program.push_str(&format!("make {}\n", path_word_literal(path.trim_end_matches('/'))));
    }
    program
}
