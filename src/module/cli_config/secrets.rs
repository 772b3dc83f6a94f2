//! Secrets that are wanted in plain where the device shows a hash: the hash says whether it is the same.

use crate::configuration::{Hashed, Section, hashed, put};
use crate::failure::{Failure, FailureKind};
use crate::platform::ConfigText;
use crate::template::is_of_secret;

/// Returns what is wanted, with the lines that the device shows in the place of those that mean the same secret.
///
/// Hashes are slow on purpose (type 9 some 50 ms), so they are made beside the event loop, and only for lines with a secret that
/// is typed in plain.
pub(super) async fn settled(
    mut wanted: Vec<Section>,
    running: &[Section],
    text: &ConfigText,
) -> Result<Vec<Section>, Failure> {
    let found = hashed(&wanted, running, text);
    if found.is_empty() {
        return Ok(wanted);
    }
    let work = move || -> Vec<Hashed> {
        found.into_iter().filter(|one| is_of_secret(&one.plain, &one.kind, &one.hash) == Some(true)).collect()
    };
    let same = tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Failure::new(FailureKind::Internal, "the hash of a secret could not be made"))?;
    put(&mut wanted, &same);
    Ok(wanted)
}
