//! `net_get`: copies a file from a network device to here, over SCP or SFTP.

use super::device_file::{DeviceFile, PROTOCOL};
use super::local::{LocalFile, writes_here};
use super::{Arg, ArgKind, Change, Context, Failure, Module, Needs, local};
use crate::effect::Effect;
use crate::value::Map;

/// `net_get`
pub static MODULE: Module = Module {
    name: "net_get",
    collections: &["ansible.netcommon"],
    aliases: &[],
    summary: "Copies a file from a network device to here.",
    args: &[
        Arg::new("src", ArgKind::Str, "The file on the device.").required(),
        Arg::new("dest", ArgKind::Path, "Where it goes here; a folder, or the file's own name beside the playbook."),
        PROTOCOL,
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
    let file = DeviceFile::new(src, context.args);
    let bytes = file.bytes(context.probe.read(file.get()?).await?)?;
    let name = src.rsplit(['/', ':', '\\']).next().unwrap_or(src);
    let base = &context.files.playbook_dir;
    let dest =
        context.args.text("dest").map_or_else(|| base.join(name), |dest| base.join(crate::source::expand_home(dest)));
    let dest = if dest.is_dir() { dest.join(name) } else { dest };
    let mut change = Change::nothing(Map::new()).field("dest", dest.display().to_string());
    match std::fs::read(&dest) {
        Ok(there) if there == bytes => return Ok(change),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(local::cannot_read(&dest, &error)),
    }
    change.changed = true;
    change.actions = writes_here(&dest, LocalFile::of(bytes));
    Ok(change)
}
