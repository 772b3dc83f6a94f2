//! `netplay runs critical-path`: what made a run as long as it was.

use super::look::{Form, written};
use super::runs::timeline;
use super::say;
use crate::report::CriticalPath;
use clap::Args;
use std::path::Path;

/// Options of `netplay runs critical-path`.
#[derive(Args)]
pub(super) struct CriticalPathArgs {
    /// The run: its name, the beginning of it, `last`, or a file of events
    #[arg(default_value = "last")]
    pub(super) run: String,

    /// How to write it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Form,
}

/// Shows the critical path of a file of events.
pub(super) fn show(file: &Path, args: &CriticalPathArgs) -> Result<(), String> {
    let timeline = timeline(file)?;
    match (CriticalPath::of(&timeline), args.format) {
        (None, Form::Text) => say("the run had no steps\n"),
        (Some(path), Form::Text) => say(&path.text()),
        (path, Form::Json) => say(&written(&path)),
    }
    Ok(())
}
