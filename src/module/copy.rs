//! `copy`: puts files of this machine (or of the host itself) where they belong.

mod on_host;
mod tree;

use super::args::args_with;
use super::attributes::{Attributes, BACKUP, FILE, Mode, VALIDATE};
use super::local::{LocalFile, cannot_read, find};
use super::place::{NewFile, place};
use super::{Arg, ArgKind, Change, Context, Module, Needs, Rule};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Value;
use std::path::Path;

/// `copy`
pub static MODULE: Module = Module {
    name: "copy",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Copies files and folders to the host.",
    args: args_with![FILE;
        Arg::new("src", ArgKind::Path, "The file or folder; a folder with `/` at its end gives what is in it."),
        Arg::new("content", ArgKind::Raw, "The content itself; lists and dictionaries become JSON."),
        Arg::new("dest", ArgKind::Path, "Where it goes on the host.").required(),
        Arg::new("directory_mode", ArgKind::Raw, "Permissions of folders that are made on the way."),
        BACKUP,
        Arg::new("force", ArgKind::Bool, "Replace a file that is there and differs.").default("true"),
        Arg::new("remote_src", ArgKind::Bool, "The source is on the host.").default("false"),
        Arg::new("follow", ArgKind::Bool, "Write to what a symbolic link at `dest` points to.").default("false"),
        Arg::new("local_follow", ArgKind::Bool, "Copy what symbolic links in the source point to.").default("true"),
        VALIDATE,
        Arg::new("checksum", ArgKind::Str, "The SHA-1 that the source must have."),
        Arg::new("decrypt", ArgKind::Bool, "Open a vault-encrypted source first.").default("true"),
    ],
    rules: &[Rule::OneOf(&["src", "content"]), Rule::Exclusive(&["src", "content"])],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let mut attributes = Attributes::of(args)?;
    if let Some(content) = args.get("content") {
        let text = match content {
            Value::List(_) | Value::Map(_) => python_json(&content.to_json()),
            other => other.to_text(),
        };
        if attributes.mode == Some(Mode::Preserve) {
            attributes.mode = None;
        }
        let file = LocalFile::of(text.into_bytes());
        check_sum(args.text("checksum"), &file)?;
        let src = args.text("dest").unwrap_or_default().to_owned();
        return place(&context, NewFile { file, path: "".into(), src, basename: None, attributes }).await;
    }
    let src = args.text("src").unwrap_or_default();
    if args.flag("remote_src") {
        return on_host::plan(&context, src, attributes).await;
    }
    let path = find(context.files, "files", src)?;
    let about = tokio::fs::metadata(&path).await.map_err(|error| cannot_read(&path, &error))?;
    if about.is_dir() {
        return tree::plan(&context, &path, src.ends_with('/'), attributes).await;
    }
    let file = LocalFile::read(&path, args.flag("decrypt"), context.run).await?;
    check_sum(args.text("checksum"), &file)?;
    preserve(&mut attributes, &path).await?;
    let basename = Some(file_name(&path));
    place(&context, NewFile { file, src: path.display().to_string(), path, basename, attributes }).await
}

fn check_sum(expected: Option<&str>, file: &LocalFile) -> Result<(), Failure> {
    match expected {
        Some(expected) if expected != file.sha1 => {
            let mut result = crate::value::Map::new();
            result.insert("checksum", file.sha1.as_str());
            result.insert("expected_checksum", expected);
            Err(Failure::new(FailureKind::Module, "Copied file does not match the expected checksum. Transfer failed.")
                .with_result(result))
        }
        _ => Ok(()),
    }
}

/// Replaces `preserve` by the bits of a file here.
pub(super) async fn preserve(attributes: &mut Attributes, path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    if attributes.mode == Some(Mode::Preserve) {
        let about = tokio::fs::metadata(path).await.map_err(|error| cannot_read(path, &error))?;
        attributes.mode = Some(Mode::Bits(about.permissions().mode() & 0o7777));
    }
    Ok(())
}

/// Returns the last part of a path.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| "file".into(), |name| name.to_string_lossy().into_owned())
}

/// Returns JSON as Python's `json.dumps` writes it: a blank after each comma and colon, no letters beyond ASCII.
fn python_json(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Array(items) => {
            format!("[{}]", items.iter().map(python_json).collect::<Vec<_>>().join(", "))
        }
        serde_json::Value::Object(entries) => {
            let entry = |(key, value): (&String, &serde_json::Value)| {
                format!("{}: {}", ascii(&serde_json::Value::from(key.as_str()).to_string()), python_json(value))
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        scalar => ascii(&scalar.to_string()),
    }
}

fn ascii(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}
