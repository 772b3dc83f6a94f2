//! `net_put`: copies a file from here to a network device, over SCP or SFTP.

use super::device_file::{DeviceFile, PROTOCOL};
use super::{Arg, ArgKind, Change, Context, Failure, Finished, Module, Needs, local};
use crate::effect::Effect;
use crate::failure::FailureKind;
use crate::template::FileOptions;
use crate::value::Map;
use std::path::Path;

/// `net_put`
pub static MODULE: Module = Module {
    name: "net_put",
    collections: &["ansible.netcommon"],
    aliases: &[],
    summary: "Copies a file from here to a network device.",
    args: &[
        Arg::new("src", ArgKind::Path, "The file here.").required(),
        Arg::new("dest", ArgKind::Str, "Where it goes on the device; the file's own name when not given."),
        PROTOCOL,
        Arg::new(
            "mode",
            ArgKind::Str,
            "Whether the file goes as it is (`binary`) or its templates are rendered (`text`).",
        )
        .choices(&["binary", "text"])
        .default("binary"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::DeviceFiles,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let src = context.args.text("src").unwrap_or_default();
    let path = local::find(context.files, "files", src)?;
    let bytes = bytes(&context, &path)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let dest = context.args.text("dest").map_or(name, str::to_owned);
    let mut change = Change::nothing(Map::new()).field("dest", dest.as_str());
    let file = DeviceFile::new(&dest, context.args);
    if there(&context, &file).await?.as_deref() == Some(bytes.as_slice()) {
        return Ok(change);
    }
    change.changed = true;
    change.actions.push(file.put(&bytes)?);
    let args = context.args.clone();
    change.finish = Some(Box::new(move |outputs, result| {
        DeviceFile::new(&dest, &args).was_put(outputs.first()).map(|()| Finished::new(result, true))
    }));
    Ok(change)
}

fn bytes(context: &Context<'_>, path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = std::fs::read(path).map_err(|error| local::cannot_read(path, &error))?;
    if context.args.text("mode") != Some("text") {
        return Ok(bytes);
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::new(FailureKind::File, format!("`{}` is not UTF-8 text", path.display())))?;
    let options = FileOptions { source: Some(context.run.source(path, &text)), ..FileOptions::default() };
    context.templar.file(&text, &options, Some(path)).map(String::into_bytes)
}

/// Returns the file that is there; nothing where the device gives none.
async fn there(context: &Context<'_>, file: &DeviceFile<'_>) -> Result<Option<Vec<u8>>, Failure> {
    match context.probe.read(file.get()?).await {
        Ok(output) => Ok(file.bytes(output).ok()),
        // The server says that there is none.
        Err(failure) if failure.kind == FailureKind::File => Ok(None),
        Err(failure) => Err(failure),
    }
}
