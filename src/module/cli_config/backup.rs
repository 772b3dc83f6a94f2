//! `backup`: the running configuration in a file on this machine.

use super::{Action, Context, Failure, FailureKind, Work};
use crate::module::local::{LocalFile, writes_here};
use crate::value::Value;
use std::path::PathBuf;

/// Returns what writes the configuration: by default to `backup/HOST_config.DATE@TIME` in the role or beside the
/// playbook, as the network collections do.
pub(in crate::module) fn backup(context: &Context<'_>, text: &str) -> Result<Vec<Action>, Failure> {
    Ok(writes_here(&path(context)?, LocalFile::of(text.as_bytes().to_vec())))
}

/// Returns the path that a backup's actions write to.
pub(in crate::module) fn path_of(actions: &[Action]) -> Option<&str> {
    actions.iter().find_map(|action| match &action.work {
        Work::Put(put) => Some(put.path.as_str()),
        _ => None,
    })
}

fn path(context: &Context<'_>) -> Result<PathBuf, Failure> {
    let options = context.args.dict("backup_options");
    let option =
        |name: &str| options.and_then(|options| options.get(name)).filter(|value| !matches!(value, Value::Null));
    if let Some(unknown) = options.and_then(|options| {
        options.iter().map(|(key, _)| key.to_string()).find(|key| !["filename", "dir_path"].contains(&key.as_str()))
    }) {
        return Err(Failure::new(FailureKind::Argument, format!("`backup_options` has no `{unknown}`"))
            .help("it takes `filename` and `dir_path`"));
    }
    let text = |name: &str| option(name).map(Value::to_text);
    backup_path(context, text("filename").as_deref(), text("dir_path").as_deref())
}

/// Returns where a backup is written: a name and a folder that the task may say.
pub(in crate::module) fn backup_path(
    context: &Context<'_>,
    name: Option<&str>,
    folder: Option<&str>,
) -> Result<PathBuf, Failure> {
    let base = context.files.role.as_ref().unwrap_or(&context.files.playbook_dir);
    let folder = folder.map_or_else(|| base.join("backup"), |folder| base.join(crate::source::expand_home(folder)));
    let name = match name {
        Some(name) => name.to_owned(),
        None => format!("{}_config.{}", context.host, jiff::Zoned::now().strftime("%Y-%m-%d@%H:%M:%S")),
    };
    if name.contains('/') || name == ".." {
        return Err(Failure::new(FailureKind::Argument, format!("`{name}` is no name of a file"))
            .help("the folder of a backup is `dir_path`"));
    }
    Ok(folder.join(name))
}
