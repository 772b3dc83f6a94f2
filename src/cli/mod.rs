//! The command line: one file a subcommand. The only reader of arguments and environment.

mod ask;
mod config;
mod critical;
mod doc;
mod exec;
mod exit;
mod explain;
mod fetch;
mod graph;
mod inventory;
mod lab;
mod look;
mod parse;
mod platforms;
mod report;
mod rows;
mod run;
mod runs;
mod setup;
mod signals;
mod table;
mod templates;
mod vault;

pub use exit::Exit;

use clap::{ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

/// Runs Ansible-style playbooks against network devices, servers and HTTP APIs.
#[derive(Parser)]
#[command(name = "netplay", version, about, max_term_width = 100, after_help = exit::HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

#[derive(Subcommand)]
enum Command {
    /// Run playbooks
    Run(Box<run::RunArgs>),
    /// Run commands on many hosts at the same time, without a playbook
    Exec(Box<exec::ExecArgs>),
    /// List past runs, show one again, find out what took its time
    Runs(runs::RunsArgs),
    /// Write reports on past runs, join the runs of shards
    Report(report::ReportArgs),
    /// Show the task graph of playbooks, with the reason of every edge
    Graph(graph::GraphArgs),
    /// Show hosts, groups and variables, and where each value comes from
    Inventory(inventory::InventoryArgs),
    /// Show every place that says a variable of a host, and why which counts
    Explain(explain::ExplainArgs),
    /// Show settings, their values, and where each was said
    Config(config::show::ConfigArgs),
    /// Explain modules, keywords, filters, tests, lookups and platforms
    Doc(doc::DocArgs),
    /// List the device types, or show the definition of one
    Platforms(platforms::PlatformsArgs),
    /// Make rows of what a command printed, by a TextFSM template
    Parse(parse::ParseArgs),
    /// Encrypt and decrypt files and values as ansible-vault does
    Vault(vault::VaultArgs),
    /// Serve a lab of simulated devices and APIs on loopback until Ctrl-C
    Lab(lab::LabArgs),
}

/// Runs the command line and returns the exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    quiet_panics();
    crate::transport::raise_open_files();
    crate::textfsm::set_places(templates::places);
    crate::template::set_fetcher(fetch::fetch);
    crate::template::set_settings(config::constant::value);
    let matches = Cli::command().try_get_matches_from(args);
    let cli = match matches.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches))) {
        Ok((mut cli, matches)) => {
            if let (Command::Run(args), Some((_, matches))) = (&mut cli.command, matches.subcommand()) {
                args.given = given(matches);
            }
            cli
        }
        Err(error) => {
            // `--help` and `--version` come this way too; they are no mistake.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            // A closed output changes nothing about the exit code.
            let _ = error.print();
            return exit.into();
        }
    };
    let colour = match cli.color {
        ColorChoice::Always => Some(true),
        ColorChoice::Never => Some(false),
        ColorChoice::Auto => std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()).then_some(false),
    };
    match cli.command {
        Command::Run(args) => run::main(*args, colour),
        Command::Exec(args) => exec::main(*args, colour),
        Command::Report(args) => report::main(&args, colour),
        Command::Runs(args) => runs::main(&args, colour),
        Command::Graph(args) => graph::main(args, colour),
        Command::Inventory(args) => inventory::main(args, colour),
        Command::Explain(args) => explain::main(&args, colour),
        Command::Config(args) => config::show::main(&args, colour),
        Command::Doc(args) => doc::main(&args),
        Command::Platforms(args) => platforms::main(&args, colour),
        Command::Parse(args) => parse::main(&args, colour),
        Command::Vault(args) => vault::main(args),
        Command::Lab(args) => lab::main(args, colour),
    }
    .into()
}

/// Returns the names of the options that stand on the command line.
fn given(matches: &clap::ArgMatches) -> BTreeSet<String> {
    let said = |id: &str| matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine);
    matches.ids().map(|id| id.as_str()).filter(|id| said(id)).map(str::to_owned).collect()
}

/// Makes a panic say where it happened and nothing else: its message might hold a secret, and would pass redaction by.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_else(|| "an unknown place".into());
        say_error(&format!("netplay: internal error at {place}: please report it\n"));
    }));
}

/// Writes to standard output; a reader that has gone away (`| head`) is no error.
fn say(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// Writes to standard error.
fn say_error(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Writes to standard error, unless nobody takes it: that must not keep the process from its end.
fn say_error_without_waiting(text: &'static str) {
    let (said, done) = std::sync::mpsc::channel();
    let say = std::thread::Builder::new().spawn(move || {
        say_error(text);
        let _ = said.send(());
    });
    if say.is_ok() {
        let _ = done.recv_timeout(Duration::from_millis(200));
    }
}

/// How long a helper of the event loop stays when there is nothing to do: as long as any run.
const HELPERS_STAY: Duration = Duration::from_secs(365 * 86_400);

/// Makes the event loop. Two threads: blocking work has threads of its own, and waiting needs none.
fn event_loop() -> std::io::Result<tokio::runtime::Runtime> {
    started(tokio::runtime::Builder::new_multi_thread().worker_threads(2))
}

/// Makes an event loop on which what has been begun goes on in one order: it has one thread, and hears of what happens
/// outside only when there is nothing left to do.
fn orderly_event_loop() -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    started(builder.worker_threads(1).event_interval(u32::MAX).global_queue_interval(u32::MAX))
}

fn started(builder: &mut tokio::runtime::Builder) -> std::io::Result<tokio::runtime::Runtime> {
    let runtime = builder
        .max_blocking_threads(crate::transport::most_helpers())
        .thread_keep_alive(HELPERS_STAY)
        .enable_all()
        .build()?;
    // One is there from the beginning: where the system gives no more threads, what blocks would wait for ever without.
    drop(runtime.spawn_blocking(|| {}));
    Ok(runtime)
}
