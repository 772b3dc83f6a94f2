//! `net_put`: copies a file from here to a network device, over SCP.

use super::{Arg, ArgKind, Change, Context, Failure, Finished, Module, Needs, Output, local, scp};
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
        scp::PROTOCOL,
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
    if there(&context, &dest).await?.as_deref() == Some(bytes.as_slice()) {
        return Ok(change);
    }
    change.changed = true;
    change.actions.push(scp::put(&dest, &bytes)?);
    change.finish = Some(Box::new(move |outputs, result| match outputs.first() {
        Some(Output::Exec(output)) => scp::was_put(output, &dest).map(|()| Finished::new(result, true)),
        _ => Err(Failure::new(FailureKind::Internal, "a file was copied and something else answered")),
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
async fn there(context: &Context<'_>, path: &str) -> Result<Option<Vec<u8>>, Failure> {
    match context.probe.read(scp::get(path)?).await? {
        Output::Exec(output) => Ok(scp::file(&output, path).ok()),
        _ => Ok(None),
    }
}
