//! Copying a folder with everything in it.

use super::super::attributes::{Attributes, Mode, mode_arg};
use super::super::local::{LocalFile, cannot_read};
use super::super::place::{NewFile, check_status, has_content};
use super::super::remote::{Look, Stat, expanded, look, path_word_literal, write_action};
use super::super::write::{backup_path, make_folders, put_of};
use super::super::{Action, Change, Context, Finished, Output, Put, Work};
use super::{file_name, preserve};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;
use std::path::{Path, PathBuf};

/// The deepest folder that is followed; symbolic links may lead around in circles.
const DEPTH: usize = 64;

/// The most files and folders that one task copies. Arbitrary; each costs a little memory and its share of a look.
const ENTRIES: usize = 100_000;

/// What is in a folder here, with paths relative to it.
#[derive(Default)]
struct Tree {
    folders: Vec<String>,
    files: Vec<(PathBuf, String)>,
    links: Vec<(String, String)>,
}

/// Plans the copy of a folder. With a slash at its end its content goes to `dest`, else the folder itself does.
pub(super) async fn plan(
    context: &Context<'_>,
    source: &Path,
    content_only: bool,
    attributes: Attributes,
) -> Result<Change, Failure> {
    let args = context.args;
    let follow = args.flag("local_follow");
    let root = source.to_owned();
    let tree = tokio::task::spawn_blocking(move || walk(&root, follow))
        .await
        .map_err(|_| Failure::new(FailureKind::Internal, "reading a folder panicked"))??;
    let dest = expanded(context.probe, args.text("dest").unwrap_or_default()).await?;
    let dest = dest.trim_end_matches('/');
    let base = if content_only { dest.to_owned() } else { format!("{dest}/{}", file_name(source)) };
    let at = |relative: &str| if relative.is_empty() { base.clone() } else { format!("{base}/{relative}") };

    let folders: Vec<String> = std::iter::once("").chain(tree.folders.iter().map(String::as_str)).map(at).collect();
    let words: Vec<String> = folders
        .iter()
        .cloned()
        .chain(tree.files.iter().map(|(_, relative)| at(relative)))
        .chain(tree.links.iter().map(|(relative, _)| at(relative)))
        .map(|path| path_word_literal(&path))
        .collect();
    let seen = look(context.probe, &words, Look::FILE).await?;
    let mut stats = seen.stats.into_iter();
    let mut next = || stats.next().ok_or_else(|| Failure::new(FailureKind::Internal, "nothing was seen of a path"));

    let mut change = Change::nothing(Map::new());
    let mut missing = Vec::new();
    for path in folders {
        if !next()?.leads_to_dir {
            missing.push(path);
        }
    }
    if !missing.is_empty() {
        let mode = mode_arg(args, "directory_mode")?;
        change.actions.push(write_action(make_folders(&missing, mode.as_ref(), &attributes, seen.me.umask)));
    }
    let mut commands = Vec::new();
    for (path, _) in &tree.files {
        let target = next()?;
        if let Some(put) = file(context, path, target, &attributes, &seen.me, &mut commands).await? {
            change.actions.push(Action::on_host(Effect::Write, Work::Put(put)));
        }
    }
    for (_, to) in &tree.links {
        let target = next()?;
        if target.target.as_deref() != Some(to) {
            let (to, at) = (path_word_literal(to), path_word_literal(&target.path));
            commands.push(format!("rm -f {at} && ln -s {to} {at}"));
        }
    }
    if !commands.is_empty() {
        change.actions.push(write_action(commands.join(" &&\n")));
    }
    change.changed = !change.actions.is_empty();
    change = change.field("dest", format!("{dest}/")).field("src", source.display().to_string());
    change.finish = Some(Box::new(finish));
    if !change.changed {
        change.finish = None;
    }
    Ok(change)
}

fn finish(outputs: Vec<Output>, result: Map) -> Result<Finished, Failure> {
    for output in &outputs {
        if let Output::Exec(output) = output {
            check_status(output)?;
        }
    }
    Ok(Finished::new(result, true))
}

/// Plans one file: a write, or commands that change its attributes.
async fn file(
    context: &Context<'_>,
    path: &Path,
    target: Stat,
    attributes: &Attributes,
    me: &super::super::remote::Me,
    commands: &mut Vec<String>,
) -> Result<Option<Put>, Failure> {
    let args = context.args;
    if target.exists() && !args.flag("force") {
        return Ok(None);
    }
    if target.is_dir() {
        return Err(Failure::new(FailureKind::File, format!("`{}` is a directory", target.path)));
    }
    let mut attributes = attributes.clone();
    preserve(&mut attributes, path).await?;
    let file = LocalFile::read(path, args.flag("decrypt"), context.run).await?;
    if has_content(context, &target, &file).await? {
        commands.extend(attributes.commands(&target, me.umask));
        return Ok(None);
    }
    let backup = (args.flag("backup") && target.exists()).then(|| backup_path(&target.path));
    let fresh = Stat { mode: 0o666 & !me.umask, uid: me.uid, gid: me.gid, ..Stat::default() };
    let now = if target.exists() { target } else { Stat { path: target.path, ..fresh } };
    let fresh_mode = attributes.mode_for(&now, now.mode, me.umask);
    attributes.mode = Some(Mode::Bits(fresh_mode));
    let new = NewFile { file, path: path.to_owned(), src: String::new(), basename: None, attributes };
    Ok(Some(Put { backup, ..put_of(new, &now, me) }))
}

/// Reads a folder here: sorted, so that two runs do the same.
fn walk(root: &Path, follow: bool) -> Result<Tree, Failure> {
    let mut tree = Tree::default();
    let mut open = vec![(root.to_owned(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = open.pop() {
        if depth > DEPTH {
            return Err(Failure::new(
                FailureKind::File,
                format!("`{}` is more than {DEPTH} folders deep", root.display()),
            )
            .help("a symbolic link may lead back to a folder above; `local_follow: false` copies links as links"));
        }
        let entries = std::fs::read_dir(&folder).map_err(|error| cannot_read(&folder, &error))?;
        let mut paths = Vec::new();
        for entry in entries {
            paths.push(entry.map_err(|error| cannot_read(&folder, &error))?.path());
        }
        paths.sort();
        for path in paths {
            let relative = format!("{prefix}{}", file_name(&path));
            let about = if follow { std::fs::metadata(&path) } else { std::fs::symlink_metadata(&path) };
            let about = match about {
                // A link that leads nowhere is copied as it is.
                Err(error) if follow && error.kind() == std::io::ErrorKind::NotFound => {
                    std::fs::symlink_metadata(&path)
                }
                other => other,
            }
            .map_err(|error| cannot_read(&path, &error))?;
            if about.is_dir() {
                tree.folders.push(relative.clone());
                open.push((path, format!("{relative}/"), depth + 1));
            } else if about.is_symlink() {
                let to = std::fs::read_link(&path).map_err(|error| cannot_read(&path, &error))?;
                tree.links.push((relative, to.to_string_lossy().into_owned()));
            } else {
                tree.files.push((path, relative));
            }
            if tree.folders.len() + tree.files.len() + tree.links.len() > ENTRIES {
                return Err(Failure::new(
                    FailureKind::File,
                    format!("`{}` holds more than {ENTRIES} files", root.display()),
                ));
            }
        }
    }
    tree.folders.sort();
    tree.files.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(tree)
}
