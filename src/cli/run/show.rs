//! Who shows a run: the reporter that the options ask for.

use super::options::{OutputFormat, RunArgs};
use crate::report::{Jsonl, Look, Output, Plain, Progress, Reporter};

pub(super) fn reporter(args: &RunArgs, colour: Option<bool>) -> Box<dyn Reporter> {
    let terminal = console::Term::stdout();
    let is_terminal = terminal.is_term();
    let look = Look {
        colour: colour.unwrap_or(is_terminal),
        unicode: locale_is_utf8(),
        verbosity: args.verbose,
        quiet: args.quiet,
        skipped: !args.hides_skipped,
        unchanged: !args.hides_unchanged,
        width: if is_terminal { usize::from(terminal.size().1) } else { 80 },
    };
    match args.output {
        OutputFormat::Jsonl => Box::new(Jsonl::new(Output::stdout())),
        OutputFormat::Auto if is_terminal && !args.quiet => Box::new(Progress::stdout(look, Output::stdout())),
        _ => Box::new(Plain::new(look, Output::stdout())),
    }
}

fn locale_is_utf8() -> bool {
    let said =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    said.is_none_or(|value| value.to_uppercase().replace('-', "").contains("UTF8"))
}
