//! `netplay lab`: serves a lab until Ctrl-C.

use super::Exit;
use clap::Args;
use std::path::PathBuf;

/// Options of `netplay lab`.
#[derive(Args)]
pub(super) struct LabArgs {
    /// The lab's file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[cfg(feature = "lab")]
pub(super) fn main(args: LabArgs, colour: Option<bool>) -> Exit {
    use super::signals::Signals;
    use super::{event_loop, say, say_error};
    use crate::lab::{Lab, LabFile};
    use crate::source::{SourceMap, Style, render};
    let sources = SourceMap::new();
    let file = match LabFile::load(&sources, &args.file) {
        Ok(file) => file,
        Err(found) => {
            let style =
                if colour.unwrap_or_else(console::colors_enabled_stderr) { Style::Coloured } else { Style::Plain };
            found.iter().for_each(|diagnostic| say_error(&(render(diagnostic, &sources, style) + "\n\n")));
            return Exit::Input;
        }
    };
    let Ok(runtime) = event_loop() else {
        say_error("netplay: cannot start threads\n");
        return Exit::Internal;
    };
    runtime.block_on(async {
        let lab = match Lab::start(file).await {
            Ok(lab) => lab,
            Err(failure) => {
                say_error(&format!("netplay: the lab cannot start: {}\n", failure.message.expose()));
                return Exit::Internal;
            }
        };
        let Ok(mut signals) = Signals::new() else {
            say_error("netplay: cannot listen to signals\n");
            return Exit::Internal;
        };
        say(&(lab.describe().join("\n") + "\nCtrl-C stops the lab\n"));
        signals.next().await;
        lab.stop().await;
        Exit::Ok
    })
}

#[cfg(not(feature = "lab"))]
pub(super) fn main(args: LabArgs, _colour: Option<bool>) -> Exit {
    super::say_error(&format!("netplay: this build has no lab (`{}` is not served)\n", args.file.display()));
    Exit::Usage
}
