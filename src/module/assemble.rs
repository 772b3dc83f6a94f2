//! `assemble`: makes one file of the fragments in a folder, in the order of their names.

use super::args::{args_with, unescaped};
use super::attributes::{Attributes, BACKUP, FILE, VALIDATE};
use super::edit::{is_match, pattern};
use super::local::{LocalFile, cannot_read, find};
use super::place::{NewFile, place};
use super::remote::{FileKind, Look, look, look_at, path_word_literal, sh};
use super::slurp::content;
use super::{Arg, ArgKind, Change, Context, Module, Needs};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use std::path::Path;

/// `assemble`
pub static MODULE: Module = Module {
    name: "assemble",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Makes one file of the fragments in a folder.",
    args: args_with![FILE;
        Arg::new("src", ArgKind::Path, "The folder of the fragments.").required(),
        Arg::new("dest", ArgKind::Path, "The file to make, on the host.").required(),
        Arg::new("remote_src", ArgKind::Bool, "The folder is on the host, not here.").default("true"),
        Arg::new("regexp", ArgKind::Str, "Take only fragments whose names match."),
        Arg::new("delimiter", ArgKind::Str, "What stands between fragments; `\\n` and its like are understood."),
        Arg::new("ignore_hidden", ArgKind::Bool, "Leave names out that begin with a dot.").default("false"),
        Arg::new("follow", ArgKind::Bool, "Write to what a symbolic link at `dest` points to.").default("false"),
        Arg::new("decrypt", ArgKind::Bool, "Open vault-encrypted fragments of this machine first.").default("true"),
        BACKUP,
        VALIDATE,
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

/// The largest fragment; all of them go through memory.
const FRAGMENT_BYTES: u64 = 64 << 20;

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let on_host = args.flag("remote_src");
    let fragments = if on_host { fragments_there(&context).await? } else { fragments_here(&context).await? };
    let delimiter = args.text("delimiter").filter(|text| !text.is_empty()).map(unescaped).map(|text| {
        // Of fragments of this machine Ansible puts a newline after the delimiter even where there is one.
        if text.ends_with('\n') && on_host { text } else { text + "\n" }
    });
    let file = LocalFile::of(joined(&fragments, delimiter.as_deref()));
    let (sha1, md5) = (file.sha1.clone(), file.md5.clone());
    let dest = args.text("dest").unwrap_or_default().to_owned();
    let new = NewFile { file, path: "".into(), src: dest, basename: None, attributes: Attributes::of(args)? };
    let mut change = place(&context, new).await?;
    change.result.remove("path");
    change = change.field("checksum", sha1).field("md5sum", md5);
    Ok(match on_host {
        true => change.field("src", args.text("src").unwrap_or_default()).field("msg", "OK"),
        false => change.field("src", args.text("dest").unwrap_or_default()),
    })
}

/// Returns the fragments one after the other: each on lines of its own, with the delimiter between them.
fn joined(fragments: &[Vec<u8>], delimiter: Option<&str>) -> Vec<u8> {
    let mut whole = Vec::new();
    let mut open_line = false;
    for (at, fragment) in fragments.iter().enumerate() {
        if open_line {
            whole.push(b'\n');
        }
        if let Some(delimiter) = delimiter.filter(|_| at > 0) {
            whole.extend_from_slice(delimiter.as_bytes());
        }
        whole.extend_from_slice(fragment);
        open_line = !fragment.ends_with(b"\n");
    }
    whole
}

/// Claims that a name is one of those asked for.
fn is_wanted(context: &Context<'_>, name: &str) -> Result<bool, Failure> {
    if context.args.flag("ignore_hidden") && name.starts_with('.') {
        return Ok(false);
    }
    pattern(context, "regexp")?.map_or(Ok(true), |regex| is_match(&regex, name))
}

async fn fragments_there(context: &Context<'_>) -> Result<Vec<Vec<u8>>, Failure> {
    let src = context.args.text("src").unwrap_or_default();
    let folder = look_at(context.probe, src, Look { follow: true, ..Look::default() }).await?;
    if !folder.exists() || !folder.is_dir() {
        let what = if folder.exists() { "is not a directory" } else { "does not exist" };
        return Err(Failure::new(FailureKind::File, format!("Source ({src}) {what}")));
    }
    let list = format!("cd {} && ls -A", path_word_literal(&folder.path));
    let listed = sh(context.probe, list).await?.stdout;
    let mut names = Vec::new();
    for name in String::from_utf8_lossy(&listed).lines() {
        if is_wanted(context, name)? {
            names.push(name.to_owned());
        }
    }
    names.sort();
    let base = folder.path.trim_end_matches('/');
    let words: Vec<String> = names.iter().map(|name| path_word_literal(&format!("{base}/{name}"))).collect();
    let mut fragments = Vec::new();
    for stat in look(context.probe, &words, Look { follow: true, ..Look::default() }).await?.stats {
        if stat.kind == FileKind::File {
            fragments.push(content(context.probe, &stat.path, FRAGMENT_BYTES).await?);
        }
    }
    Ok(fragments)
}

async fn fragments_here(context: &Context<'_>) -> Result<Vec<Vec<u8>>, Failure> {
    let src = context.args.text("src").unwrap_or_default();
    let folder = find(context.files, "files", src)?;
    if !folder.is_dir() {
        return Err(Failure::new(FailureKind::File, format!("Source ({}) is not a directory", folder.display())));
    }
    let cannot = |error: std::io::Error| cannot_read(&folder, &error);
    let mut entries = tokio::fs::read_dir(&folder).await.map_err(cannot)?;
    let mut names = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(cannot)? {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_file() && is_wanted(context, &name)? {
            names.push(name);
        }
    }
    names.sort();
    let mut fragments = Vec::new();
    for name in names {
        fragments.push(fragment_here(context, &folder.join(name)).await?);
    }
    Ok(fragments)
}

async fn fragment_here(context: &Context<'_>, path: &Path) -> Result<Vec<u8>, Failure> {
    let file = LocalFile::read(path, context.args.flag("decrypt"), context.run).await?;
    file.bytes.ok_or_else(|| Failure::new(FailureKind::File, format!("the fragment `{}` is too large", path.display())))
}
