//! Symbolic and hard links.

use super::super::attributes::add_fields;
use super::super::place::{check_folder, finish_with_attributes};
use super::super::remote::{FileKind, Look, Stat, look, look_action, path_word, path_word_literal, write_action};
use super::super::{Change, Context};
use super::{Job, state_diff, wrong};
use crate::failure::Failure;
use crate::value::{Map, Value};

/// Plans a symbolic link.
pub(super) async fn symbolic(context: &Context<'_>, job: Job<'_>) -> Result<Change, Failure> {
    let (args, now) = (job.args, &job.now);
    let force = args.flag("force");
    let Some(src) = args.text("src").map(str::to_owned).or_else(|| now.target.clone()) else {
        return Err(wrong("src is required for creating new symlinks", now));
    };
    let is_right = now.kind == FileKind::Link && now.target.as_deref() == Some(&src);
    if !force && args.text("src").is_some() {
        let folder = if now.is_dir() { &now.path } else { now.path.rsplit_once('/').map_or(".", |(folder, _)| folder) };
        let whole = if src.starts_with(['/', '~']) { src.clone() } else { format!("{folder}/{src}") };
        let (source, _) =
            look(context.probe, &[path_word(&whole)], Look { follow: true, ..Look::default() }).await?.one()?;
        if !source.exists() {
            return Err(wrong(
                format!("src file does not exist, use 'force=yes' if you really want to create the link: {whole}"),
                now,
            ));
        }
    }
    if !matches!(now.kind, FileKind::Link | FileKind::Absent) && !force {
        return Err(wrong(format!("refusing to convert from {} to symlink for {}", now.state(), now.path), now));
    }
    let known = if now.exists() && now.kind == FileKind::Link { now.clone() } else { fresh(&job) };
    let mut change = linked(&job, &src, "link", &known);
    change.result.insert("size", src.len() as i128);
    if is_right {
        return Ok(with_owner(&job, change));
    }
    check_folder(now)?;
    let (to, at) = (path_word_literal(&src), path_word_literal(&now.path));
    let program = match now.kind {
        // Fails when the folder is not empty, and says so.
        FileKind::Directory => format!("rmdir {at} && ln -s {to} {at}"),
        FileKind::Absent => format!("ln -s {to} {at}"),
        // Without -n the link would be made inside the folder that the old one leads to.
        _ => format!("ln -sfn {to} {at}"),
    };
    change.diff.push(match now.kind {
        FileKind::Link => super::TextDiff {
            before: format!("src: {}\n", now.target.clone().unwrap_or_default()),
            after: format!("src: {src}\n"),
            ..state_diff(now, "link")
        },
        _ => state_diff(now, "link"),
    });
    change.result.insert("state", "link");
    Ok(acting(&job, change, program))
}

/// Plans a hard link.
pub(super) async fn hard(context: &Context<'_>, job: Job<'_>) -> Result<Change, Failure> {
    let (args, now) = (job.args, &job.now);
    let Some(src) = args.text("src") else {
        if now.kind == FileKind::File && now.nlink > 1 {
            let commands = job.attributes.commands(now, job.me.umask);
            return Ok(job.with_commands(commands));
        }
        return Err(wrong("src is required for creating new hardlinks", now));
    };
    let (source, _) = look(context.probe, &[path_word(src)], Look::default()).await?.one()?;
    if !source.exists() {
        return Err(wrong("src does not exist", now));
    }
    let change = linked(&job, &source.path, "hard", &source);
    if now.exists() && (now.inode, now.dev) == (source.inode, source.dev) {
        return Ok(with_owner(&job, change));
    }
    if now.is_dir() {
        return Err(wrong(format!("{} is a directory", now.path), now));
    }
    if now.exists() && !args.flag("force") {
        let what = if now.nlink > 1 { "different hard link" } else { now.state() };
        return Err(wrong(format!("Cannot link, {what} exists at destination"), now));
    }
    check_folder(now)?;
    let program = format!("ln -f {} {}", path_word_literal(&source.path), path_word_literal(&now.path));
    let mut change = change;
    change.diff.push(state_diff(now, "hard"));
    change.result.insert("state", "hard");
    Ok(acting(&job, change, program))
}

/// Returns the change without actions, with the fields that every link has.
fn linked(job: &Job<'_>, src: &str, state: &str, known: &Stat) -> Change {
    let mut result = Map::new();
    result.insert("dest", job.now.path.as_str());
    result.insert("src", src);
    add_fields(&mut result, known);
    result.insert("state", Value::from(state));
    Change::nothing(result)
}

fn fresh(job: &Job<'_>) -> Stat {
    Stat {
        kind: FileKind::Link,
        mode: 0o777,
        uid: job.me.uid,
        gid: job.me.gid,
        owner: Some(job.me.user.clone()),
        group: Some(job.me.group.clone()),
        ..Stat::default()
    }
}

/// Adds a change of owner and group, when the link is right and they are not.
fn with_owner(job: &Job<'_>, mut change: Change) -> Change {
    let commands = job.attributes.commands(&job.now, job.me.umask);
    if !commands.is_empty() {
        change = acting(job, change, commands.join(" &&\n"));
    }
    change
}

fn acting(job: &Job<'_>, mut change: Change, program: String) -> Change {
    change.changed = true;
    change.actions = vec![write_action(program), look_action(&job.now.path)];
    change.finish = Some(Box::new(finish_with_attributes));
    change
}
