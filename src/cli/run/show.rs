//! Who shows a run: the reporters that the options ask for.

use super::options::{OutputFormat, RunArgs};
use crate::cli::look::look;
use crate::report::{Jsonl, Look, Output, Plain, Progress, Reporter};

pub(super) fn reporters(args: &RunArgs, colour: Option<bool>, output: &Output) -> Vec<Box<dyn Reporter>> {
    if args.only_looks() {
        return Vec::new();
    }
    if let Some(make) = &args.shown_by {
        return vec![make(output.clone())];
    }
    let look = Look {
        skipped: !args.hides_skipped,
        unchanged: !args.hides_unchanged,
        ..look(args.verbose, args.quiet, colour)
    };
    let is_terminal = console::Term::stdout().is_term();
    let output = output.clone();
    vec![match args.output {
        OutputFormat::Jsonl => Box::new(Jsonl::new(output)),
        OutputFormat::Auto if is_terminal && !args.quiet => Box::new(Progress::stdout(look, output)),
        _ => Box::new(Plain::new(look, output)),
    }]
}
