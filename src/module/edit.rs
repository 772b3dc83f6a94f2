//! Editing a text file of the host: what `lineinfile`, `blockinfile` and `replace` share.

use super::attributes::Attributes;
use super::local::LocalFile;
use super::place::{NewFile, attributes_diff, check_status, will_be};
use super::remote::{FileKind, Look, Me, Stat, look, path_word, path_word_literal, write_action};
use super::slurp::content;
use super::write::{backup_path, check_validations, make_folders, put_of, write_actions};
use super::{Arg, ArgKind, Change, Context, Finished, Output, TextDiff};
use crate::failure::{Failure, FailureKind};
use crate::python_regex::{Anchor, Flags, Regex, compile};
use crate::value::{Map, Value};
use std::sync::Arc;

/// The file, by all the names that Ansible gives it.
pub(super) const EDITED: Arg =
    Arg::new("path", ArgKind::Path, "The file on the host.").aliases(&["dest", "destfile", "name"]).required();

/// The largest file that is edited; it goes through memory.
const LIMIT_BYTES: u64 = 64 << 20;

/// A file of the host and its text.
pub(super) struct Opened {
    /// What is there; symbolic links are followed.
    pub(super) target: Stat,
    /// What stands under the path itself: the file, or the link to it.
    pub(super) named: Stat,
    me: Me,
    /// The text; empty when there is no file.
    pub(super) text: String,
}

/// Reads the file that `path` of the arguments names.
pub(super) async fn open(context: &Context<'_>) -> Result<Opened, Failure> {
    open_at(context, context.args.text("path").unwrap_or_default()).await
}

/// Reads a file of the host.
pub(super) async fn open_at(context: &Context<'_>, path: &str) -> Result<Opened, Failure> {
    open_link(context, path, true).await
}

/// Reads a file of the host; a symbolic link is followed when the file is written, or replaced by a file.
pub(super) async fn open_link(context: &Context<'_>, path: &str, follow: bool) -> Result<Opened, Failure> {
    let nothing = || Failure::new(FailureKind::Internal, "nothing was seen of a path");
    let mut seen = look(context.probe, &[path_word(path)], Look::default()).await?;
    let named = seen.stats.first().cloned().ok_or_else(nothing)?;
    if let Some(source) = &named.source {
        seen = look(context.probe, &[path_word_literal(source)], Look::default()).await?;
    }
    let mut target = seen.stats.pop().ok_or_else(nothing)?;
    if target.is_dir() {
        let mut result = Map::new();
        result.insert("rc", 256);
        return Err(Failure::new(FailureKind::File, format!("Path {path} is a directory !")).with_result(result));
    }
    let bytes = match target.kind {
        FileKind::Absent => Vec::new(),
        _ => content(context.probe, &target.path, LIMIT_BYTES).await?,
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::new(FailureKind::File, format!("`{}` is not UTF-8 text", target.path)))?;
    if !follow {
        target.path.clone_from(&named.path);
    }
    Ok(Opened { target, named, me: seen.me, text })
}

impl Opened {
    /// Plans that the file has this text. `message` says what is different; attributes are set besides.
    pub(super) fn save(self, context: &Context<'_>, text: Option<String>, message: &str) -> Result<Change, Failure> {
        let Opened { target, me, text: before, .. } = self;
        let attributes = Attributes::of(context.args)?;
        let commands = if target.exists() { attributes.commands(&target, me.umask) } else { Vec::new() };
        let mut said = message.to_owned();
        if !commands.is_empty() {
            said.push_str(if said.is_empty() { "" } else { " and " });
            said.push_str("ownership, perms or SE linux context changed");
        }
        let mut change = Change::nothing(Map::new()).field("msg", said);
        if !commands.is_empty() {
            change.diff.push(attributes_diff(&attributes, &target, me.umask));
        }
        let Some(text) = text else {
            change.changed = !commands.is_empty();
            if change.changed {
                change.actions.push(write_action(commands.join(" &&\n")));
                change.finish = Some(Box::new(end_of_edit));
            }
            return Ok(change);
        };
        change.changed = true;
        let header = format!("{} (content)", target.path);
        change
            .diff
            .insert(0, TextDiff { before_header: header.clone(), after_header: header, before, after: text.clone() });
        let backup = (context.args.flag("backup") && target.exists()).then(|| backup_path(&target.path));
        if let Some(backup) = &backup {
            change.result.insert("backup_file", backup.as_str());
        }
        if let (false, Some((folder, _))) = (target.parent_exists, target.path.rsplit_once('/')) {
            let folders = make_folders(&[folder.to_owned()], None, &Attributes::default(), me.umask);
            change.actions.push(write_action(folders));
        }
        let file = LocalFile::of(text.into_bytes());
        let new = NewFile { file, path: "".into(), src: String::new(), basename: None, attributes };
        change.actions.extend(write_actions(context, put_of(new, &will_be(&target, &me), &me), backup)?);
        change.finish = Some(Box::new(end_of_edit));
        Ok(change)
    }
}

/// Fails where a step of an edit failed.
pub(super) fn end_of_edit(outputs: Vec<Output>, result: Map) -> Result<Finished, Failure> {
    check_validations(&outputs)?;
    for output in &outputs {
        if let Output::Exec(output) = output {
            check_status(output)?;
        }
    }
    Ok(Finished::new(result, true))
}

/// Makes a pattern of the argument of that name.
pub(super) fn pattern(context: &Context<'_>, name: &str) -> Result<Option<Arc<Regex>>, Failure> {
    let Some(text) = context.args.text(name) else { return Ok(None) };
    compile(text, Flags::default(), Anchor::Anywhere)
        .map(Some)
        .map_err(|why| Failure::new(FailureKind::Argument, format!("the pattern `{text}` of `{name}` {why}")))
}

/// Claims that a pattern matches a line.
pub(super) fn is_match(regex: &Regex, line: &str) -> Result<bool, Failure> {
    regex.is_match(line).map_err(|why| Failure::new(FailureKind::Argument, format!("the pattern {why}")))
}

/// Returns the lines of a text with their ends.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.split_inclusive('\n').map(str::to_owned).collect()
}

/// Moves the backup's path to where `lineinfile` tells it.
pub(super) fn backup_field(change: &mut Change) {
    let backup = change.result.remove("backup_file").unwrap_or_else(|| Value::from(""));
    change.result.insert("backup", backup);
}
