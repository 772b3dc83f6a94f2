//! `backup`: the running configuration in a file on this machine.

use super::{Action, Context, Failure, FailureKind, Work};
use crate::module::local::{LocalFile, writes_here};
use crate::value::Value;
use std::path::PathBuf;

/// Returns what writes the configuration: by default to `backup/HOST_config.DATE@TIME` in the role or beside the
/// playbook, as the network collections do.
pub(super) fn backup(context: &Context<'_>, text: &str) -> Result<Vec<Action>, Failure> {
    Ok(writes_here(&path(context)?, LocalFile::of(text.as_bytes().to_vec())))
}

/// Returns the path that a backup's actions write to.
pub(super) fn path_of(actions: &[Action]) -> Option<&str> {
    actions.iter().find_map(|action| match &action.work {
        Work::Put(put) => Some(put.path.as_str()),
        _ => None,
    })
}

fn path(context: &Context<'_>) -> Result<PathBuf, Failure> {
    let base = context.files.role.as_ref().unwrap_or(&context.files.playbook_dir);
    let options = context.args.dict("backup_options");
    let option =
        |name: &str| options.and_then(|options| options.get(name)).filter(|value| !matches!(value, Value::Null));
    if let Some(unknown) = options.and_then(|options| {
        options.iter().map(|(key, _)| key.to_string()).find(|key| !["filename", "dir_path"].contains(&key.as_str()))
    }) {
        return Err(Failure::new(FailureKind::Argument, format!("`backup_options` has no `{unknown}`"))
            .help("it takes `filename` and `dir_path`"));
    }
    let folder = match option("dir_path") {
        Some(folder) => base.join(crate::source::expand_home(&folder.to_text())),
        None => base.join("backup"),
    };
    let name = match option("filename") {
        Some(name) => name.to_text(),
        None => format!("{}_config.{}", context.host, jiff::Zoned::now().strftime("%Y-%m-%d@%H:%M:%S")),
    };
    if name.contains('/') || name == ".." {
        return Err(Failure::new(FailureKind::Argument, format!("`{name}` is no name of a file"))
            .help("the folder of a backup is `dir_path`"));
    }
    Ok(folder.join(name))
}
