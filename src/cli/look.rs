//! How events are shown to people and programs, as options say it.

use crate::report::{Jsonl, Look, Output, Plain, Reporter};
use clap::{ArgAction, Args, ValueEnum};

/// Options about showing events of a run that is over.
#[derive(Args, Clone, Debug)]
pub(super) struct ViewOptions {
    /// Show more; up to four times
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,

    /// Show failures and the recap only
    #[arg(short, long)]
    quiet: bool,

    /// How to show it
    #[arg(long, value_name = "FORMAT", default_value = "plain")]
    output: ViewFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ViewFormat {
    /// Lines
    Plain,
    /// One JSON event a line
    Jsonl,
}

/// How something is written that programs may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Returns data as JSON, with a line end.
pub(super) fn written(data: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(data).expect("plain data with text keys") + "\n"
}

/// Returns the reporter that options ask for.
pub(super) fn shown(view: &ViewOptions, colour: Option<bool>) -> Box<dyn Reporter> {
    match view.output {
        ViewFormat::Jsonl => Box::new(Jsonl::new(Output::stdout())),
        ViewFormat::Plain => Box::new(Plain::new(look(view.verbose, view.quiet, colour), Output::stdout())),
    }
}

/// Returns how lines look on what standard output is.
pub(super) fn look(verbosity: u8, quiet: bool, colour: Option<bool>) -> Look {
    let terminal = console::Term::stdout();
    let is_terminal = terminal.is_term();
    Look {
        colour: colour.unwrap_or(is_terminal),
        unicode: locale_is_utf8(),
        verbosity,
        quiet,
        width: if is_terminal { usize::from(terminal.size().1) } else { 80 },
        ..Look::default()
    }
}

fn locale_is_utf8() -> bool {
    let said =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    said.is_none_or(|value| value.to_uppercase().replace('-', "").contains("UTF8"))
}
