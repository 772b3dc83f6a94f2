//! Placing one file on the host: what `copy` and `template` share once they have the bytes.
//!
//! The flow: look at the destination (and at the file inside it, should it be a directory) in one round trip; compare
//! checksum, mode, owner and group; plan nothing, a change of attributes, or a new file. A new file goes to a temporary
//! path beside its destination, is validated there if asked for, and is renamed.

use super::attributes::{Attributes, add_fields, mode_arg};
use super::local::LocalFile;
use super::remote::{
    FileKind, Look, Me, Stat, look, look_action, path_word, path_word_literal, seen_after, write_action,
};
use super::slurp::content;
use super::write::{backup_path, check_validations, make_folders, put_of, write_actions};
use super::{Change, Context, ExecOutput, Finished, Output, TextDiff};
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use std::path::PathBuf;

/// A file to be placed.
pub(super) struct NewFile {
    /// What is known of it.
    pub(super) file: LocalFile,
    /// Where it is here, for large files that are streamed.
    pub(super) path: PathBuf,
    /// The `src` field of the result.
    pub(super) src: String,
    /// Its name when the destination is a directory; `None` when that is a mistake (`content`).
    pub(super) basename: Option<String>,
    /// What its mode, owner and group should be; `preserve` is replaced by the source's bits.
    pub(super) attributes: Attributes,
}

/// Up to this size texts are read for the diff, as in Ansible.
pub(super) const DIFF_BYTES: i128 = 104_448;

/// Plans how the file gets to `dest` of the arguments.
pub(super) async fn place(context: &Context<'_>, new: NewFile) -> Result<Change, Failure> {
    let args = context.args;
    let dest = args.text("dest").unwrap_or_default();
    let (target, me, new_folder) = destination(context, dest, new.basename.as_deref()).await?;
    if target.exists() && matches!(args.get("force"), Some(Value::Bool(false))) {
        return Ok(Change::nothing(Map::new()).field("dest", target.path.as_str()).field("src", new.src));
    }
    if target.leads_to_dir {
        return Err(Failure::new(FailureKind::File, format!("`{}` is a directory", target.path)));
    }
    if new_folder.is_none() {
        check_folder(&target).map_err(|failure| with_checksum(failure, &new.file.sha1))?;
    }
    if has_content(context, &target, &new.file).await? {
        return Ok(attributes_only(&new.attributes, &target, me.umask, &new.file.sha1));
    }
    let mut change = Change::nothing(predicted(&new, &target, &me));
    change.changed = true;
    change.diff.extend(diff(context, &target, &new).await?);
    if let Some(folder) = new_folder {
        let mode = mode_arg(args, "directory_mode")?;
        change.actions.push(write_action(make_folders(&[folder], mode.as_ref(), &new.attributes, me.umask)));
    }
    write(context, &mut change, new, &target, &me)?;
    Ok(change)
}

/// Finds out which path is meant: the destination, or the file's name inside it. Returns what is there, who asks, and
/// the folder that must be made first.
async fn destination(
    context: &Context<'_>,
    dest: &str,
    basename: Option<&str>,
) -> Result<(Stat, Me, Option<String>), Failure> {
    let is_folder = dest.ends_with('/');
    let Some(basename) = basename else {
        let (target, me) = look(context.probe, &[path_word(dest)], Look::FILE).await?.one()?;
        if is_folder || target.leads_to_dir {
            return Err(Failure::new(FailureKind::Argument, "can not use content with a dir as dest"));
        }
        return followed(context, target, me).await;
    };
    let inside = format!("{}/{basename}", dest.trim_end_matches('/'));
    let mut seen = look(context.probe, &[path_word(dest), path_word(&inside)], Look::FILE).await?;
    let inside = seen.stats.pop();
    let (outside, me) = seen.one()?;
    if !outside.leads_to_dir && !is_folder {
        return followed(context, outside, me).await;
    }
    let folder = (!outside.leads_to_dir).then(|| outside.path.trim_end_matches('/').to_owned());
    let inside = inside.ok_or_else(|| Failure::new(FailureKind::Internal, "nothing was seen of a path"))?;
    let (target, me, _) = followed(context, inside, me).await?;
    Ok((target, me, folder))
}

/// With `follow`, goes on to what a symbolic link leads to.
async fn followed(context: &Context<'_>, target: Stat, me: Me) -> Result<(Stat, Me, Option<String>), Failure> {
    match &target.source {
        Some(source) if context.args.flag("follow") && target.kind == FileKind::Link => {
            let (target, me) = look(context.probe, &[path_word_literal(source)], Look::FILE).await?.one()?;
            Ok((target, me, None))
        }
        _ => Ok((target, me, None)),
    }
}

/// Fails when the folder of a path is not there or not to be written.
pub(super) fn check_folder(target: &Stat) -> Result<(), Failure> {
    let folder = target.path.rsplit_once('/').map_or(".", |(folder, _)| if folder.is_empty() { "/" } else { folder });
    let wrong = if !target.parent_exists {
        format!("Destination directory {folder} does not exist")
    } else if !target.parent_writable {
        format!("Destination {folder} not writable")
    } else {
        return Ok(());
    };
    Err(Failure::new(FailureKind::File, wrong))
}

fn with_checksum(mut failure: Failure, sha1: &str) -> Failure {
    failure.result.insert("checksum", sha1);
    failure
}

/// Claims that the content that is wanted is there already.
pub(super) async fn has_content(context: &Context<'_>, target: &Stat, file: &LocalFile) -> Result<bool, Failure> {
    if target.kind != FileKind::File || target.size != i128::from(file.size) {
        return Ok(false);
    }
    match &target.checksum {
        Some(checksum) => Ok(*checksum == file.sha1),
        // A host without any tool for checksums: the bytes themselves tell.
        None if target.readable => {
            let bytes = content(context.probe, &target.path, file.size + 1).await?;
            Ok(LocalFile::of(bytes).sha1 == file.sha1)
        }
        None => Ok(false),
    }
}

/// Returns the change of a file whose content is right.
fn attributes_only(attributes: &Attributes, target: &Stat, umask: u32, sha1: &str) -> Change {
    let mut result = Map::new();
    result.insert("checksum", sha1);
    result.insert("dest", target.path.as_str());
    add_fields(&mut result, target);
    result.insert("path", target.path.as_str());
    let commands = attributes.commands(target, umask);
    let mut change = Change::nothing(result);
    if commands.is_empty() {
        return change;
    }
    change.changed = true;
    predict_attributes(&mut change.result, attributes, target, umask);
    change.diff.push(attributes_diff(attributes, target, umask));
    change.actions = vec![write_action(commands.join(" &&\n")), look_action(&target.path)];
    change.finish = Some(Box::new(finish_with_attributes));
    change
}

/// Makes the result of a change whose last action looks at the file; earlier commands must have ended well.
pub(super) fn finish_with_attributes(outputs: Vec<Output>, mut result: Map) -> Result<Finished, Failure> {
    let last = outputs.len().saturating_sub(1);
    for output in &outputs[..last] {
        if let Output::Exec(output) = output {
            check_status(output)?;
        }
    }
    if let Some(now) = outputs.last().and_then(seen_after).filter(Stat::exists) {
        add_fields(&mut result, &now);
    }
    Ok(Finished::new(result, true))
}

/// Fails with what a program of a module's own said.
pub(super) fn check_status(output: &ExecOutput) -> Result<(), Failure> {
    if output.status == 0 {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let said = text.trim();
    let said = if said.is_empty() { format!("the host's sh ended with status {}", output.status) } else { said.into() };
    Err(Failure::new(FailureKind::File, said))
}

/// Puts into a result what mode, owner and group will be.
pub(super) fn predict_attributes(result: &mut Map, attributes: &Attributes, now: &Stat, umask: u32) {
    result.insert("mode", format!("{:04o}", attributes.mode_for(now, now.mode, umask)));
    for (wanted, name, number) in [(&attributes.owner, "owner", "uid"), (&attributes.group, "group", "gid")] {
        let Some(wanted) = wanted else { continue };
        result.insert(name, wanted.as_str());
        match wanted.parse::<i128>() {
            Ok(wanted) => result.insert(number, wanted),
            // What number a name has is known to the host alone.
            Err(_) => drop(result.remove(number)),
        }
    }
}

/// Returns what differs in mode, owner and group, a line each.
pub(super) fn attributes_diff(attributes: &Attributes, now: &Stat, umask: u32) -> TextDiff {
    let (mut before, mut after) = (String::new(), String::new());
    let mode = attributes.mode_for(now, now.mode, umask);
    if mode != now.mode {
        before.push_str(&format!("mode: {:04o}\n", now.mode));
        after.push_str(&format!("mode: {mode:04o}\n"));
    }
    let ids = [("owner", &attributes.owner, &now.owner, now.uid), ("group", &attributes.group, &now.group, now.gid)];
    for (name, wanted, is, number) in ids {
        let is = is.clone().unwrap_or_else(|| number.to_string());
        if let Some(wanted) = wanted.as_ref().filter(|wanted| **wanted != is && **wanted != number.to_string()) {
            before.push_str(&format!("{name}: {is}\n"));
            after.push_str(&format!("{name}: {wanted}\n"));
        }
    }
    TextDiff { before_header: now.path.clone(), after_header: now.path.clone(), before, after }
}

/// Returns the result as it will be, as far as that is known.
fn predicted(new: &NewFile, target: &Stat, me: &Me) -> Map {
    let mut result = Map::new();
    result.insert("checksum", new.file.sha1.as_str());
    result.insert("dest", target.path.as_str());
    result.insert("md5sum", new.file.md5.as_str());
    result.insert("src", new.src.as_str());
    let now = will_be(target, me);
    add_fields(&mut result, &now);
    predict_attributes(&mut result, &new.attributes, &now, me.umask);
    result.insert("size", i128::from(new.file.size));
    result
}

/// Returns what a new file's attributes are before anything is said about them.
pub(super) fn will_be(target: &Stat, me: &Me) -> Stat {
    if target.kind == FileKind::File {
        return Stat { nlink: 1, ..target.clone() };
    }
    Stat {
        path: target.path.clone(),
        kind: FileKind::File,
        mode: 0o666 & !me.umask,
        uid: me.uid,
        gid: me.gid,
        owner: Some(me.user.clone()),
        group: Some(me.group.clone()),
        ..Stat::default()
    }
}

async fn diff(context: &Context<'_>, target: &Stat, new: &NewFile) -> Result<Option<TextDiff>, Failure> {
    let Some(bytes) = new.file.bytes.as_ref().filter(|_| context.diff) else { return Ok(None) };
    if target.size > DIFF_BYTES || bytes.len() as i128 > DIFF_BYTES {
        return Ok(None);
    }
    let before = match target.kind {
        FileKind::File if target.readable => content(context.probe, &target.path, DIFF_BYTES as u64).await?,
        _ => Vec::new(),
    };
    if before.contains(&0) || bytes.contains(&0) {
        return Ok(None);
    }
    Ok(Some(TextDiff {
        before_header: target.path.clone(),
        after_header: new.src.clone(),
        before: String::from_utf8_lossy(&before).into_owned(),
        after: String::from_utf8_lossy(bytes).into_owned(),
    }))
}

/// Adds the actions that write the file, and what makes the result of them.
fn write(context: &Context<'_>, change: &mut Change, new: NewFile, target: &Stat, me: &Me) -> Result<(), Failure> {
    let backup = (context.args.flag("backup") && target.exists()).then(|| backup_path(&target.path));
    if let Some(backup) = &backup {
        change.result.insert("backup_file", backup.as_str());
    }
    let sha1 = new.file.sha1.clone();
    change.actions.extend(write_actions(context, put_of(new, &will_be(target, me), me), backup)?);
    change.actions.push(look_action(&target.path));
    change.finish = Some(Box::new(move |outputs, result| {
        check_validations(&outputs).map_err(|failure| with_checksum(failure, &sha1))?;
        finish_with_attributes(outputs, result)
    }));
    Ok(())
}
