//! `diff_against`: what `--diff` shows the configuration against.

use super::compare::Comparison;
use super::{Change, Context, Failure, FailureKind, Section, TextDiff, parse, print, read_text, without};
use crate::platform::Platform;

/// Adds the diff that `diff_against` asks for, under `--diff`; what is looked at shows as a change then, as in Ansible.
pub(super) async fn add(
    context: &Context<'_>,
    platform: &Platform,
    after: &[Section],
    how: &Comparison,
    change: &mut Change,
) -> Result<(), Failure> {
    let shown = |sections: &[Section]| print(&without(sections, &how.ignored));
    let running = ("running-config".to_owned(), shown(after));
    let pair = match context.args.text("diff_against") {
        Some("startup") => {
            let show = platform.show_startup.as_deref().ok_or_else(|| {
                let message = format!("platform `{}` has no startup configuration to compare with", platform.name);
                Failure::new(FailureKind::Argument, message)
            })?;
            let startup = parse(&read_text(context.probe, show).await?, &platform.text);
            (("startup-config".to_owned(), shown(&startup)), running)
        }
        Some("intended") => {
            let intended = parse(context.args.text("intended_config").unwrap_or_default(), &platform.text);
            (running, ("intended-config".to_owned(), shown(&intended)))
        }
        _ => return Ok(()),
    };
    let ((before_header, before), (after_header, after)) = pair;
    if before != after {
        change.changed = true;
        change.result.insert("diff_found", true);
        change.diff.push(TextDiff { before_header, after_header, before, after });
    }
    Ok(())
}
