//! `template`: renders a template of this machine and places the text on the host.

use super::args::args_with;
use super::attributes::{Attributes, BACKUP, FILE, VALIDATE};
use super::copy::{file_name, preserve};
use super::local::{LocalFile, find};
use super::place::{NewFile, place};
use super::{Arg, ArgKind, Args, Change, Context, Module, Needs};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::template::FileOptions;
use crate::value::{Map, Value};
use std::path::Path;

/// `template`
pub static MODULE: Module = Module {
    name: "template",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Renders a template and places the text on the host.",
    args: args_with![FILE;
        Arg::new("src", ArgKind::Path, "The template, looked for in `templates` folders.").required(),
        Arg::new("dest", ArgKind::Path, "Where the text goes on the host.").required(),
        Arg::new("directory_mode", ArgKind::Raw, "Permissions of folders that are made on the way."),
        BACKUP,
        Arg::new("force", ArgKind::Bool, "Replace a file that is there and differs.").default("true"),
        Arg::new("follow", ArgKind::Bool, "Write to what a symbolic link at `dest` points to.").default("false"),
        VALIDATE,
        Arg::new("newline_sequence", ArgKind::Str, "What ends a line.")
            .choices(&["\\n", "\\r", "\\r\\n", "\n", "\r", "\r\n"])
            .default("\n"),
        Arg::new("trim_blocks", ArgKind::Bool, "Remove the newline after a block tag.").default("true"),
        Arg::new("lstrip_blocks", ArgKind::Bool, "Remove blanks before a block tag.").default("false"),
        Arg::new("variable_start_string", ArgKind::Str, "What begins an expression.").default("{{"),
        Arg::new("variable_end_string", ArgKind::Str, "What ends an expression.").default("}}"),
        Arg::new("block_start_string", ArgKind::Str, "What begins a statement.").default("{%"),
        Arg::new("block_end_string", ArgKind::Str, "What ends a statement.").default("%}"),
        Arg::new("comment_start_string", ArgKind::Str, "What begins a comment.").default("{#"),
        Arg::new("comment_end_string", ArgKind::Str, "What ends a comment.").default("#}"),
        Arg::new("output_encoding", ArgKind::Str, "How the text is encoded: UTF-8, ASCII or Latin-1.").default("utf-8"),
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

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let src = args.text("src").unwrap_or_default();
    let path = find(context.files, "templates", src)?;
    let source = LocalFile::read(&path, true, context.run).await?;
    let bytes = source
        .bytes
        .ok_or_else(|| Failure::new(FailureKind::File, format!("`{}` is too large for a template", path.display())))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(FailureKind::File, format!("`{}` is not UTF-8 text", path.display()))
            .help("`copy` takes files that are no text")
    })?;
    let mut attributes = Attributes::of(args)?;
    preserve(&mut attributes, &path).await?;
    let options = FileOptions { source: Some(context.run.source(&path, &text)), ..options(args) };
    let about = about_template(&context, src, &path).await;
    let rendered = context.templar.with(about).file(&text, &options, Some(&path))?;
    let bytes = encoded(&rendered, args.text("output_encoding").unwrap_or_default())?;
    let new = NewFile {
        file: LocalFile::of(bytes),
        src: path.display().to_string(),
        basename: Some(file_name(&path)),
        path,
        attributes,
    };
    place(&context, new).await
}

fn options(args: &Args) -> FileOptions {
    let text = |name: &str| args.text(name).unwrap_or_default().to_owned();
    FileOptions {
        trim_blocks: args.flag("trim_blocks"),
        lstrip_blocks: args.flag("lstrip_blocks"),
        newline_sequence: text("newline_sequence").replace("\\r", "\r").replace("\\n", "\n"),
        delimiters: [
            text("variable_start_string"),
            text("variable_end_string"),
            text("block_start_string"),
            text("block_end_string"),
            text("comment_start_string"),
            text("comment_end_string"),
        ],
        source: None,
    }
}

/// Returns the variables that a template has about itself.
async fn about_template(context: &Context<'_>, src: &str, path: &Path) -> Map {
    use std::os::unix::fs::MetadataExt as _;
    let about = tokio::fs::metadata(path).await.ok();
    let time = |moment: jiff::Timestamp| super::program::clock(&moment.to_zoned(jiff::tz::TimeZone::system()));
    let changed =
        about.as_ref().and_then(|about| about.modified().ok()).and_then(|t| jiff::Timestamp::try_from(t).ok());
    let mut vars = Map::new();
    if context.templar.scope().var("ansible_managed").is_none() {
        vars.insert("ansible_managed", "Ansible managed");
    }
    vars.insert("template_host", std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim());
    vars.insert("template_uid", about.as_ref().map(|about| i128::from(about.uid())));
    vars.insert("template_path", src);
    vars.insert("template_fullpath", path.display().to_string());
    vars.insert("template_destpath", context.args.text("dest").unwrap_or_default());
    vars.insert("template_mtime", changed.map_or(Value::Null, |moment| time(moment).into()));
    vars.insert("template_run_date", time(jiff::Timestamp::now()));
    vars
}

fn encoded(text: &str, encoding: &str) -> Result<Vec<u8>, Failure> {
    let name = encoding.to_ascii_lowercase().replace('_', "-");
    let last = match name.as_str() {
        "utf-8" | "utf8" | "" => return Ok(text.as_bytes().to_vec()),
        "ascii" | "us-ascii" => 0x7f,
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => 0xff,
        _ => {
            return Err(Failure::new(FailureKind::Argument, format!("`output_encoding: {encoding}` is not supported"))
                .help("UTF-8, ASCII and Latin-1 are"));
        }
    };
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).ok().filter(|byte| *byte <= last))
        .collect::<Option<Vec<u8>>>()
        .ok_or_else(|| Failure::new(FailureKind::Template, format!("the text has letters that {encoding} has not")))
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn text_is_encoded_or_refused() {
        assert_eq!(encoded("ä", "utf-8").unwrap(), "ä".as_bytes());
        assert_eq!(encoded("ä", "ISO_8859-1").unwrap(), [0xe4]);
        assert!(encoded("ä", "ascii").is_err());
        assert!(encoded("€", "latin-1").is_err());
        assert!(encoded("a", "utf-16").is_err());
    }
}
