//! What a task wants: `config`, `lines` under `parents`, or a file.

use super::{Args, Context, Failure, FailureKind, Section};
use crate::configuration::{parse, parse_lines};
use crate::module::local;
use crate::platform::Platform;
use crate::source::plain_io_error;
use crate::template::FileOptions;

/// Returns the text of `config` or `src`, if there is one.
pub(super) fn text(context: &Context<'_>) -> Result<Option<String>, Failure> {
    let text = match (context.args.text("config"), context.args.text("src")) {
        (Some(config), _) => Some(config.to_owned()),
        (None, Some(src)) => Some(file(context, src)?),
        (None, None) => None,
    };
    text.iter().try_for_each(|text| rendered(text))?;
    Ok(text)
}

/// Returns what is wanted, as sections: of a text, or of `lines`.
pub(super) fn wanted(
    args: &Args,
    text: Option<String>,
    platform: &Platform,
    is_whole: bool,
) -> Result<Vec<Section>, Failure> {
    let Some(text) = text else {
        let lines = args.texts("lines");
        lines.iter().chain(&args.texts("parents")).try_for_each(|line| rendered(line))?;
        return Ok(parse_lines(&args.texts("parents"), &lines, &platform.text));
    };
    if let Some(format) = args.text("src_format") {
        is_written(format, &text)?;
    }
    let sections = parse(&text, &platform.text);
    if sections.is_empty() {
        let message = "the configuration wanted has no lines";
        let help = if is_whole { "`replace: config` would undo everything" } else { "the template yields nothing" };
        return Err(Failure::new(FailureKind::Argument, message).help(help));
    }
    Ok(sections)
}

fn is_written(format: &str, text: &str) -> Result<(), Failure> {
    let refuse = |message: String| Failure::new(FailureKind::Argument, message);
    let has_braces = text.lines().any(|line| line.trim_end().ends_with('{'));
    let has_commands = text.lines().any(|line| line.trim_start().starts_with("set "));
    match format {
        "set" if has_braces => Err(refuse("`src_format` is `set`, and the configuration is in braces".into())),
        "text" if has_commands && !has_braces => {
            Err(refuse("`src_format` is `text`, and the configuration is made of `set` lines".into()))
        }
        _ => Ok(()),
    }
}

/// Refuses text in which a template is left: it would be typed into the device as it stands.
fn rendered(text: &str) -> Result<(), Failure> {
    let left = text.lines().enumerate().find(|(_, line)| line.contains("{{") || line.contains("{%"));
    match left {
        None => Ok(()),
        Some((number, line)) => Err(Failure::new(
            FailureKind::Argument,
            format!("line {} of the configuration wanted has a template left in it: `{}`", number + 1, line.trim()),
        )
        .help("values from devices and files are data and are not rendered; nothing was sent")),
    }
}

fn file(context: &Context<'_>, name: &str) -> Result<String, Failure> {
    let fail = |message: String| Failure::new(FailureKind::File, message);
    let path = match context.files.find("templates", name) {
        Some(path) => path,
        None => local::find(context.files, "files", name)?,
    };
    let bytes =
        std::fs::read(&path).map_err(|error| fail(format!("cannot read `{name}`: {}", plain_io_error(&error))))?;
    let bytes = if bytes.starts_with(b"$ANSIBLE_VAULT;") { context.run.open_vault(&bytes)? } else { bytes };
    let text = String::from_utf8(bytes).map_err(|_| fail(format!("`{name}` is not UTF-8 text")))?;
    let options =
        FileOptions { trim_blocks: true, source: Some(context.run.source(&path, &text)), ..FileOptions::default() };
    context.templar.file(&text, &options, Some(&path))
}
