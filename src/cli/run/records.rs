//! What a run leaves and who watches it: the journal, the reporters, and how long they are waited for at the end.

use super::options::RunArgs;
use super::show::{log, reporters};
use crate::cli::report::write_file;
use crate::cli::runs::JournalOptions;
use crate::cli::say_error;
use crate::cli::say_error_without_waiting;
use crate::event::Event;
use crate::journal::Feed;
use crate::report::{self, AtEnd, Output, Reporter, Trace, junit};
use clap::Args;
use std::io::{self, BufWriter};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Options about what a run leaves.
#[derive(Args)]
pub(in crate::cli) struct RecordOptions {
    #[command(flatten)]
    journal: JournalOptions,

    /// Leave no journal
    #[arg(long, conflicts_with = "journal")]
    no_journal: bool,

    /// How many runs to keep in the folder of journals; older ones are removed
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    keep_runs: u32,

    /// Write a trace for Perfetto or Chrome: what each host did when, phase by phase
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,

    /// Write the run as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Seconds to wait, when all is done, for a reader who takes nothing of the output any more
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    output_timeout: u64,
}

impl RecordOptions {
    /// Returns the reporters that write files. That these can be written is known before anything runs.
    fn file_reporters(&self) -> Result<Vec<Box<dyn Reporter>>, String> {
        let create = |path: &PathBuf| {
            std::fs::File::create(path).map_err(|error| format!("cannot write `{}`: {error}", path.display()))
        };
        let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
        if let Some(path) = &self.trace {
            reporters.push(Box::new(Trace::new(BufWriter::new(create(path)?))));
        }
        if let Some(path) = self.junit.clone() {
            create(&path)?;
            reporters.push(Box::new(AtEnd::new(move |timeline| {
                if let Err(error) = write_file(&path, junit(timeline).as_bytes()) {
                    say_error(&format!("netplay: {error}\n"));
                }
            })));
        }
        Ok(reporters)
    }
}

/// How often the end looks whether reporters are through.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How long the disk may take nothing at the end.
const DISK_TIMEOUT: Duration = Duration::from_secs(10);

/// Who records a run.
pub(super) struct Records {
    feed: Arc<Feed>,
    writer: JoinHandle<()>,
    reports: JoinHandle<()>,
    output: Output,
    output_timeout: Duration,
}

/// The journal of a run that begins.
#[derive(Default)]
pub(super) struct Begun {
    /// The name of the run; nothing without a journal.
    pub(super) name: String,
    /// What the user should know.
    pub(super) warning: Option<String>,
}

impl Records {
    /// Starts the threads of the reporters and of the journal.
    pub(super) fn start(args: &RunArgs, colour: Option<bool>) -> Result<Records, String> {
        let no_thread = |error: io::Error| format!("cannot start threads: {error}");
        let output = Output::stdout();
        let mut all = reporters(args, colour, &output);
        if !args.only_looks() {
            all.extend(args.records.file_reporters()?);
            all.extend(log(args)?);
        }
        let (feed, writer) = Feed::start().map_err(no_thread)?;
        let next = Arc::clone(&feed);
        let reports = report::spawn(all, move |patience| next.next(patience)).map_err(no_thread)?;
        let output_timeout = Duration::from_secs(args.records.output_timeout);
        Ok(Records { feed, writer, reports, output, output_timeout })
    }

    /// Returns where events go.
    pub(super) fn sender(&self) -> Arc<dyn Fn(Event) + Send + Sync> {
        let feed = Arc::clone(&self.feed);
        Arc::new(move |event| feed.send(event))
    }

    /// Returns what says whether all that happened so far is shown.
    pub(super) fn is_shown(&self) -> Arc<dyn Fn() -> bool + Send + Sync> {
        let feed = Arc::clone(&self.feed);
        Arc::new(move || feed.is_shown())
    }

    /// Begins the journal of the run; what cannot be written is no reason not to run.
    pub(super) fn begin(&self, options: &RecordOptions) -> Begun {
        if options.no_journal {
            return Begun::default();
        }
        let Some(runs) = options.journal.runs() else {
            let warning = "no journal: neither HOME nor XDG_STATE_HOME says where; name a folder with `--journal`";
            return Begun { warning: Some(warning.into()), ..Begun::default() };
        };
        let now = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S-%3f").to_string();
        let unwritable =
            |error: io::Error| format!("no journal: cannot write to `{}`: {error}", runs.folder().display());
        let begun = match runs.begin(&now) {
            Ok(run) => {
                self.feed.keep(run.events);
                Begun { name: run.name, warning: None }
            }
            Err(error) => return Begun { warning: Some(unwritable(error)), ..Begun::default() },
        };
        let removed = runs.keep_newest(options.keep_runs as usize);
        let warning = removed.err().map(|error| format!("old runs cannot be removed: {error}"));
        Begun { warning, ..begun }
    }

    /// Waits until everything is shown and written; not longer than somebody takes what is shown.
    pub(super) async fn end(self) {
        self.feed.end();
        let progress = || self.output.taken_bytes();
        if !ended(&self.reports, self.output_timeout, progress).await {
            say_error_without_waiting(
                "netplay: nobody reads the output; what it has not taken is not shown (`netplay runs show last` shows it)\n",
            );
        }
        if !ended(&self.writer, DISK_TIMEOUT, || self.feed.written_bytes()).await {
            say_error_without_waiting("netplay: the disk takes no more; the journal has no end\n");
        }
    }
}

/// Waits for the end of a thread; gives up when it has made no progress for some time.
async fn ended(thread: &JoinHandle<()>, patience: Duration, progress: impl Fn() -> u64) -> bool {
    let (mut last, mut since) = (progress(), Instant::now());
    // Most runs have nothing left to show or write but a moment's worth.
    let mut pause = Duration::from_millis(1);
    while !thread.is_finished() {
        if progress() != last {
            (last, since) = (progress(), Instant::now());
        }
        if since.elapsed() > patience {
            return false;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LOOK_EVERY);
    }
    true
}
