//! `slurp`: reads a whole file of the host into a variable.

use super::remote::{FileKind, Look, Stat, look_at};
use super::{Action, Arg, ArgKind, Change, Context, Get, Module, Needs, Output, Probe, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;
use base64::Engine as _;

/// `slurp`
pub static MODULE: Module = Module {
    name: "slurp",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Reads a file of the host into a variable, in base64.",
    args: &[Arg::new("src", ArgKind::Path, "The file on the host.").aliases(&["path"]).required()],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(plan(context)),
};

/// The largest file that is taken into a variable. Arbitrary: results are kept for the whole run, and sent on in base64.
const LIMIT_BYTES: u64 = 64 << 20;

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let what = Look { follow: true, ..Look::default() };
    let seen = look_at(context.probe, context.args.text("src").unwrap_or_default(), what).await?;
    let why = match &seen {
        Stat { kind: FileKind::Absent, error: Some(_), .. } | Stat { readable: false, kind: FileKind::File, .. } => {
            Some(format!("File is not readable: {}", seen.path))
        }
        Stat { kind: FileKind::Absent, .. } => Some(format!("File not found: {}", seen.path)),
        Stat { kind: FileKind::Directory, .. } => {
            Some(format!("Source is a directory and must be a file: {}", seen.path))
        }
        _ => None,
    };
    if let Some(why) = why {
        return Err(Failure::new(FailureKind::File, why));
    }
    let bytes = content(context.probe, &seen.path, LIMIT_BYTES).await?;
    Ok(Change::nothing(Map::new())
        .field("content", base64::engine::general_purpose::STANDARD.encode(bytes))
        .field("encoding", "base64")
        .field("source", seen.path))
}

/// Reads a file of the host.
pub(super) async fn content(probe: &dyn Probe, path: &str, limit_bytes: u64) -> Result<Vec<u8>, Failure> {
    let get = Get { path: path.to_owned(), limit_bytes: Some(limit_bytes) };
    match probe.read(Action::on_host(Effect::Read, Work::Get(get))).await? {
        Output::File(bytes) => Ok(bytes),
        _ => Err(Failure::new(FailureKind::Internal, "the connection answered a read with something else")),
    }
}
