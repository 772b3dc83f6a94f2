//! `netplay report`: reports on runs that are over, and the runs of shards as one.

use super::look::{ViewOptions, shown};
use super::runs::{JournalOptions, find, timeline};
use super::{Exit, say, say_error};
use crate::event::Event;
use crate::journal::{EventFile, Unreadable};
use crate::report::{Jsonl, Merge, Output, Reporter, Survey, disagreements, html, junit, missing_shards};
use clap::{Args, Subcommand};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Options of `netplay report`.
#[derive(Args)]
pub(super) struct ReportArgs {
    #[command(subcommand)]
    command: ReportCommand,
}

#[derive(Subcommand)]
enum ReportCommand {
    /// Join the events of shards into one report with one exit code
    Merge(MergeArgs),
    /// Write a page about a run that needs nothing but itself
    Html(FileArgs),
    /// Write a run as JUnit XML
    Junit(FileArgs),
}

#[derive(Args)]
struct FileArgs {
    /// The run: its name, the beginning of it, `last`, or a file of events
    #[arg(default_value = "last")]
    run: String,

    /// The file to write; standard output when none is named
    #[arg(short, long, value_name = "FILE")]
    output_file: Option<PathBuf>,

    #[command(flatten)]
    journal: JournalOptions,
}

#[derive(Args)]
struct MergeArgs {
    /// The files of events, one a shard
    #[arg(required = true, value_name = "EVENTS")]
    files: Vec<PathBuf>,

    /// Also write the joined events to a file
    #[arg(short, long, value_name = "FILE")]
    output_file: Option<PathBuf>,

    /// Report on what is there although shards are missing; the exit code is never 0 then
    #[arg(long)]
    partial: bool,

    #[command(flatten)]
    view: ViewOptions,
}

pub(super) fn main(args: &ReportArgs, colour: Option<bool>) -> Exit {
    let done = match &args.command {
        ReportCommand::Merge(args) => merge(args, colour),
        ReportCommand::Html(args) => page(args, html),
        ReportCommand::Junit(args) => page(args, junit),
    };
    done.unwrap_or_else(|message| {
        say_error(&format!("netplay: {message}\n"));
        Exit::Input
    })
}

fn page(args: &FileArgs, write: fn(&crate::report::Timeline) -> String) -> Result<Exit, String> {
    let file = find(&args.journal, &args.run)?;
    let text = write(&timeline(&file)?);
    match &args.output_file {
        None => say(&text),
        Some(path) => write_file(path, text.as_bytes())?,
    }
    Ok(Exit::Ok)
}

/// Writes a file as a whole or not at all.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let mut file = beside(path)?;
    file.write_all(bytes).map_err(|error| unwritable(path, &error))?;
    put(file, path)
}

/// Begins a file that will be put where `path` says.
fn beside(path: &Path) -> Result<tempfile::NamedTempFile, String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::NamedTempFile::new_in(folder).map_err(|error| unwritable(path, &error))
}

fn put(file: tempfile::NamedTempFile, path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    // As any file that a program writes, and not as a temporary one.
    let mode = fs::metadata(path).map_or(0o644, |known| known.permissions().mode());
    let readable = file.as_file().set_permissions(fs::Permissions::from_mode(mode));
    readable.map_err(|error| unwritable(path, &error))?;
    file.persist(path).map(|_| ()).map_err(|error| unwritable(path, &error.error))
}

fn unwritable(path: &Path, error: &io::Error) -> String {
    format!("cannot write `{}`: {error}", path.display())
}

fn merge(args: &MergeArgs, colour: Option<bool>) -> Result<Exit, String> {
    let mut parts = Vec::new();
    let mut wrong = Vec::new();
    for file in &args.files {
        match survey(file) {
            Ok(survey) => parts.push((file.display().to_string(), survey)),
            Err(error) => wrong.push(format!("`{}`: {error}", file.display())),
        }
    }
    wrong.extend(disagreements(&parts));
    let missing = missing_shards(&parts);
    if !args.partial {
        wrong.extend(
            missing.iter().map(|shard| format!("shard {shard} is missing (`--partial` reports on the others)")),
        );
    }
    if let Some(out) = args.output_file.as_ref().filter(|out| args.files.iter().any(|file| is_same(file, out))) {
        wrong.push(format!("`{}` is both read and written", out.display()));
    }
    if !wrong.is_empty() {
        return Err(wrong.join("\nnetplay: "));
    }
    for (name, _) in parts.iter().filter(|(_, survey)| !survey.has_end()) {
        say_error(&format!("netplay: `{name}` has no end: the shard was cut off\n"));
    }
    for shard in &missing {
        say_error(&format!("netplay: shard {shard} is missing\n"));
    }
    let streams = args.files.iter().zip(parts).map(|(file, (_, survey))| {
        let events = EventFile::open(file).map_err(|error| format!("cannot read `{}`: {error}", file.display()))?;
        Ok((survey, events.filter_map(Result::ok)))
    });
    let merge = Merge::new(streams.collect::<Result<Vec<_>, String>>()?, missing.is_empty());
    let code = merge.exit_code();
    show(merge, args, colour)?;
    Ok(Exit::Run(code))
}

fn show(events: impl Iterator<Item = Event>, args: &MergeArgs, colour: Option<bool>) -> Result<(), String> {
    let mut reporters = vec![shown(&args.view, colour)];
    let mut written = None;
    if let Some(path) = &args.output_file {
        let file = beside(path)?;
        let again = file.reopen().map_err(|error| unwritable(path, &error))?;
        let output = Output::to(io::BufWriter::new(again));
        reporters.push(Box::new(Jsonl::new(output.clone())) as Box<dyn Reporter>);
        written = Some((file, output, path));
    }
    for event in events {
        reporters.iter_mut().for_each(|reporter| reporter.handle(&event));
    }
    reporters.iter_mut().for_each(|reporter| reporter.finish());
    match written {
        Some((_, output, path)) if output.is_closed() => Err(format!("cannot write `{}`", path.display())),
        Some((file, _, path)) => put(file, path),
        None => Ok(()),
    }
}

/// Looks at what is in a file; one that ends in the middle of a line is one of a shard that was cut off.
fn survey(file: &Path) -> Result<Survey, Unreadable> {
    let clock = |text: &str| text.parse::<jiff::Timestamp>().map_or(0, |at| at.as_millisecond());
    let mut survey = Survey::default();
    for event in EventFile::open(file)? {
        match event {
            Ok(event) => survey.add(&event, clock),
            Err(Unreadable::Torn(_)) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(survey)
}

fn is_same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    real(a).is_some_and(|a| real(b) == Some(a))
}
