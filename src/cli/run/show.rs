//! Who shows a run: the reporters that the options ask for.

use super::options::{OutputFormat, RunArgs};
use crate::cli::look::look;
use crate::report::{Jsonl, Look, Output, Plain, Progress, Reporter};

/// Returns the reporter that adds the lines of the run to the file of `log_path`, if there is one.
pub(super) fn log(args: &RunArgs) -> Result<Option<Box<dyn Reporter>>, String> {
    let Some(path) = &args.log_path else { return Ok(None) };
    let open = std::fs::OpenOptions::new().create(true).append(true).open(path);
    let file = open.map_err(|error| format!("cannot write `{}` (`log_path`): {error}", path.display()))?;
    let output = Output::to(file);
    let playbooks: Vec<String> = args.playbooks.iter().map(|path| path.display().to_string()).collect();
    output.write(&format!("\n{} netplay run {}\n", jiff::Timestamp::now(), playbooks.join(" ")));
    let look = Look { verbosity: args.verbose, stats: args.shows_stats, ..Look::default() };
    Ok(Some(Box::new(Plain::new(look, output))))
}

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
        stats: args.shows_stats,
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
