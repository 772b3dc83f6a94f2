//! `netplay runs`: what past runs have left.

use super::critical::{self, CriticalPathArgs};
use super::look::{ViewOptions, shown};
use super::{Exit, say, say_error};
use crate::journal::{End, EventFile, Run, Runs, Unreadable, default_folder};
use crate::report::Timeline;
use clap::{Args, Subcommand};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Options of `netplay runs`.
#[derive(Args)]
pub(super) struct RunsArgs {
    #[command(subcommand)]
    command: Option<RunsCommand>,

    #[command(flatten)]
    journal: JournalOptions,
}

#[derive(Subcommand)]
enum RunsCommand {
    /// List runs, the newest last (this is what happens without a command)
    List,
    /// Show a run again
    Show(ShowArgs),
    /// Show the chain of steps that made a run as long as it was, and what they waited for
    CriticalPath(CriticalPathArgs),
}

/// Where journals are.
#[derive(Args, Clone)]
pub(super) struct JournalOptions {
    /// The folder of journals; by default netplay/runs below $XDG_STATE_HOME or ~/.local/state
    #[arg(long, value_name = "FOLDER", env = "NETPLAY_JOURNAL", global = true)]
    journal: Option<PathBuf>,
}

impl JournalOptions {
    /// Returns the folder of runs; nothing when nobody says where it is.
    pub(super) fn runs(&self) -> Option<Runs> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = || default_folder(variable("XDG_STATE_HOME"), variable("HOME"));
        self.journal.clone().or_else(folder).map(Runs::new)
    }
}

/// Options of `netplay runs show`.
#[derive(Args)]
struct ShowArgs {
    /// The run: its name, the beginning of it, `last`, or a file of events
    #[arg(default_value = "last")]
    run: String,

    #[command(flatten)]
    view: ViewOptions,
}

pub(super) fn main(args: &RunsArgs, colour: Option<bool>) -> Exit {
    let done = match &args.command {
        None | Some(RunsCommand::List) => list(&args.journal),
        Some(RunsCommand::Show(show)) => {
            find(&args.journal, &show.run).and_then(|path| replay(&path, &show.view, colour))
        }
        Some(RunsCommand::CriticalPath(path)) => {
            find(&args.journal, &path.run).and_then(|file| critical::show(&file, path))
        }
    };
    match done {
        Ok(()) => Exit::Ok,
        Err(message) => {
            say_error(&format!("netplay: {message}\n"));
            Exit::Input
        }
    }
}

/// Returns the file of events of a run.
pub(super) fn find(journal: &JournalOptions, run: &str) -> Result<PathBuf, String> {
    if run.contains(['/', '.']) {
        return Ok(PathBuf::from(run));
    }
    let runs = folder(journal)?;
    let named = runs.named(run).map_err(|error| format!("cannot read `{}`: {error}", runs.folder().display()))?;
    match &named[..] {
        [name] => Ok(runs.events(name)),
        [] if run == "last" => Err(format!("no run has left a journal in `{}`", runs.folder().display())),
        [] => Err(format!("no run `{run}` in `{}`; `netplay runs` lists them", runs.folder().display())),
        several => Err(format!("`{run}` is the beginning of several runs: {}", several.join(", "))),
    }
}

fn folder(journal: &JournalOptions) -> Result<Runs, String> {
    journal.runs().ok_or_else(|| "neither HOME nor XDG_STATE_HOME says where journals are; use `--journal`".into())
}

fn list(journal: &JournalOptions) -> Result<(), String> {
    let runs = folder(journal)?;
    let list = runs.list().map_err(|error| format!("cannot read `{}`: {error}", runs.folder().display()))?;
    if list.is_empty() {
        say(&format!("no run has left a journal in {}\n", runs.folder().display()));
        return Ok(());
    }
    let mut rows = vec![["RUN", "STARTED", "HOSTS", "TOOK", "RESULT", "PLAYBOOK"].map(String::from)];
    rows.extend(list.iter().map(row));
    let widths: Vec<usize> =
        (0..6).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            // Writing to a `String` cannot fail.
            let _ = write!(line, "{cell:<width$}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    say(&out);
    Ok(())
}

fn row(run: &Run) -> [String; 6] {
    let started = run.started_at.parse::<jiff::Timestamp>().map_or_else(
        |_| run.started_at.clone(),
        |at| at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    );
    let mut playbook = run.playbooks.join(" ");
    if run.check {
        playbook.push_str(" (check)");
    }
    if let Some(shard) = run.shard {
        let _ = write!(playbook, " (shard {shard})");
    }
    let (hosts, took, result) = match &run.end {
        End::Running => ("".into(), "".into(), "running".to_owned()),
        End::Cut => ("".into(), "".into(), "cut off".to_owned()),
        End::Done { exit_code, elapsed_ms, recap } => {
            let changed = recap.iter().filter(|row| row.changed > 0).count();
            let result = match exit_code {
                0 if changed > 0 => format!("ok, {changed} changed"),
                0 => "ok".to_owned(),
                2 => format!("failed on {}", recap.iter().filter(|row| row.failed > 0).count()),
                4 => format!("unreachable: {}", recap.iter().filter(|row| row.unreachable > 0).count()),
                130 => "interrupted".to_owned(),
                other => format!("exit code {other}"),
            };
            (recap.len().to_string(), crate::report::duration(*elapsed_ms), result)
        }
    };
    [run.name.clone(), started, hosts, took, result, playbook]
}

/// Returns the steps of a run with their times.
pub(super) fn timeline(path: &Path) -> Result<Timeline, String> {
    let events = EventFile::open(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    let mut timeline = Timeline::default();
    for event in events {
        match event {
            Ok(event) => timeline.add(&event),
            // What was cut off in the middle of a line has its steps up to then.
            Err(Unreadable::Torn(_)) => break,
            Err(error) => return Err(format!("`{}`: {error}", path.display())),
        }
    }
    Ok(timeline)
}

/// Shows the events of a file by a reporter.
fn replay(path: &Path, view: &ViewOptions, colour: Option<bool>) -> Result<(), String> {
    let events = EventFile::open(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    let mut reporter = shown(view, colour);
    let mut ended = false;
    let mut wrong = None;
    for event in events {
        match event {
            Ok(event) => {
                ended = matches!(event.what, crate::event::What::RunEnded { .. });
                reporter.handle(&event);
            }
            Err(error) => wrong = Some(error),
        }
    }
    reporter.finish();
    match wrong {
        Some(error) => Err(format!("`{}`: {error}", path.display())),
        None if !ended => {
            say_error("netplay: the run has no end: it is still under way, or something cut it off\n");
            Ok(())
        }
        None => Ok(()),
    }
}
