//! `fetch`: brings a file of the host to this machine.

use super::local::{LocalFile, writes_here};
use super::remote::{FileKind, Look, look_at};
use super::slurp::content;
use super::{Arg, ArgKind, Change, Context, Finished, Module, Needs, Output};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::source::expand_home;
use crate::value::{Map, Value};
use std::path::{Component, Path, PathBuf};

/// `fetch`
///
/// It reads the host and writes here, so it writes.
pub static MODULE: Module = Module {
    name: "fetch",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Brings a file of the host to this machine.",
    args: &[
        Arg::new("src", ArgKind::Path, "The file on the host.").required(),
        Arg::new("dest", ArgKind::Path, "The folder here; the file goes to `dest/HOST/src`.").required(),
        Arg::new("flat", ArgKind::Bool, "Write to `dest` itself, or into it when it ends with `/`.").default("false"),
        Arg::new("fail_on_missing", ArgKind::Bool, "Fail when there is no such file.").default("true"),
        Arg::new("validate_checksum", ArgKind::Bool, "Compare what came with the host's checksum.").default("true"),
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

/// The largest file that is fetched: it goes through memory.
const LIMIT_BYTES: u64 = 1 << 30;

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let what = Look { follow: true, ..Look::FILE };
    let seen = look_at(context.probe, args.text("src").unwrap_or_default(), what).await?;
    let missing = args.flag("fail_on_missing");
    let why = match seen.kind {
        FileKind::Absent => Some("the remote file does not exist, not transferring"),
        FileKind::Directory => Some("remote file is a directory, fetch cannot work on directories"),
        _ if !seen.readable => Some("the remote file is not readable, not transferring"),
        _ => None,
    };
    if let Some(why) = why {
        if missing {
            return Err(Failure::new(FailureKind::File, why).help(format!("`{}` on the host", seen.path)));
        }
        return Ok(Change::nothing(Map::new()).field("file", seen.path).field("msg", format!("{why}, ignored")));
    }
    let dest = destination(&context, &seen.path)?;
    let here = match LocalFile::read(&dest, false, context.run).await {
        Ok(file) => Some(file),
        Err(_) if !dest.exists() => None,
        Err(failure) => return Err(failure),
    };
    let unchanged = |file: &LocalFile| {
        Change::nothing(Map::new())
            .field("checksum", file.sha1.as_str())
            .field("dest", dest.display().to_string())
            .field("file", seen.path.as_str())
            .field("md5sum", file.md5.as_str())
    };
    if let Some(here) = here.as_ref().filter(|file| seen.checksum.as_ref() == Some(&file.sha1)) {
        return Ok(unchanged(here));
    }
    let bytes = content(context.probe, &seen.path, LIMIT_BYTES).await?;
    let came = LocalFile::of(bytes);
    if let Some(here) = here.as_ref().filter(|file| file.sha1 == came.sha1) {
        return Ok(unchanged(here));
    }
    let expected = seen.checksum.clone().unwrap_or_else(|| came.sha1.clone());
    let mut result = Map::new();
    result.insert("checksum", came.sha1.as_str());
    result.insert("dest", dest.display().to_string());
    result.insert("md5sum", came.md5.as_str());
    result.insert("remote_checksum", expected.as_str());
    result.insert("remote_md5sum", Value::Null);
    if args.flag("validate_checksum") && expected != came.sha1 {
        result.insert("file", seen.path);
        return Err(Failure::new(FailureKind::File, "checksum mismatch").with_result(result));
    }
    let mut change = Change::nothing(result);
    change.changed = true;
    change.actions = writes_here(&dest, came);
    change.finish = Some(Box::new(finish));
    Ok(change)
}

/// Returns where the file goes here, folders resolved.
fn destination(context: &Context<'_>, source: &str) -> Result<PathBuf, Failure> {
    let refuse = |message: String| Err(Failure::new(FailureKind::Argument, message));
    let written = context.args.text("dest").unwrap_or_default();
    // A path that a task writes is relative to the playbook, not to where netplay was started.
    let base = context.files.playbook_dir.join(expand_home(written));
    if !context.args.flag("flat") {
        let host = context.host;
        let inside = normal(&base.join(host).join(source.trim_start_matches('/')));
        // `src: ../../etc/x` and hosts named `..` stay below `dest`.
        return if inside.starts_with(normal(&base)) && host != ".." {
            Ok(inside)
        } else {
            refuse(format!(
                "Detected directory traversal, expected to be contained in '{written}' but got '{}'",
                inside.display()
            ))
        };
    }
    if !written.ends_with('/') {
        if base.is_dir() {
            return refuse(
                "dest is an existing directory, use a trailing slash if you want to fetch src into that directory"
                    .into(),
            );
        }
        return Ok(normal(&base));
    }
    let name = source.rsplit('/').next().unwrap_or_default();
    let inside = normal(&base.join(name));
    if inside.is_dir() {
        return refuse(format!(
            "calculated dest '{}' is an existing directory, use another path that does not point to an existing \
             directory",
            inside.display()
        ));
    }
    Ok(inside)
}

/// Returns a path without `.` and `..`, by its words alone.
fn normal(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts
}

fn finish(outputs: Vec<Output>, result: Map) -> Result<Finished, Failure> {
    for output in &outputs {
        if let Output::Exec(output) = output {
            super::place::check_status(output)?;
        }
    }
    Ok(Finished::new(result, true))
}
