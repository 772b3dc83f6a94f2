//! `cli_backup`: writes a device's running configuration to a file on this machine.

use super::cli_config::{backup_path, read_text};
use super::local::{LocalFile, writes_here};
use super::{Arg, ArgKind, Change, Context, Failure, Module, Needs};
use crate::effect::Effect;
use crate::failure::FailureKind;
use crate::value::Map;

/// `cli_backup`
pub static MODULE: Module = Module {
    name: "cli_backup",
    collections: &["ansible.netcommon"],
    aliases: &[],
    summary: "Writes a device's running configuration to a file here.",
    args: &[
        Arg::new("defaults", ArgKind::Bool, "The running configuration with all defaults.").default("false"),
        Arg::new("filename", ArgKind::Str, "The file's name; `HOST_config.DATE@TIME` when not given."),
        Arg::new("dir_path", ArgKind::Path, "The folder; `backup` in the role or beside the playbook when not given."),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Cli,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let all = context.args.flag("defaults");
    let platform = context.platform;
    let show =
        platform.and_then(|platform| if all { platform.show_all.as_ref() } else { platform.show_running.as_ref() });
    let show = show.ok_or_else(|| {
        let name = platform.map_or("the host", |platform| platform.name.as_str());
        let what = if all { "its configuration with defaults" } else { "a running configuration" };
        Failure::new(FailureKind::Argument, format!("`{name}` cannot show {what}"))
            .help("set `ansible_network_os` to a network platform")
    })?;
    let text = read_text(context.probe, show).await?;
    let dest = backup_path(&context, context.args.text("filename"), context.args.text("dir_path"))?;
    let mut change = Change::nothing(Map::new()).field("backup_path", dest.display().to_string());
    if std::fs::read(&dest).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(change);
    }
    change.changed = true;
    change.actions = writes_here(&dest, LocalFile::of(text.into_bytes()));
    Ok(change)
}
