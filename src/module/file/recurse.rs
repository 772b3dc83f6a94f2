//! Attributes of everything in a folder.

use super::super::Context;
use super::super::attributes::Attributes;
use super::super::remote::{Stat, look_below};
use crate::failure::{Failure, FailureKind};

/// The most paths that one task sets. Arbitrary; each is a line of what the host answers.
const ENTRIES: usize = 100_000;

/// Returns the commands for all that is not as wanted below a folder.
pub(super) async fn commands(
    context: &Context<'_>,
    folder: &Stat,
    attributes: &Attributes,
    umask: u32,
) -> Result<Vec<String>, Failure> {
    let below = look_below(context.probe, &folder.path).await?;
    if below.len() > ENTRIES {
        return Err(Failure::new(FailureKind::File, format!("`{}` holds more than {ENTRIES} files", folder.path)));
    }
    let others = below.iter().filter(|stat| stat.path != folder.path);
    Ok(others.flat_map(|stat| attributes.commands(stat, umask)).collect())
}
