//! `netplay run`: from the command line to the exit code of a run.

use super::setup::{InventoryOptions, Setup};
use super::{Exit, event_loop, say, say_error, signals};
use crate::event::{Event, What};
use crate::executor::{
    self, Context, Defaults, Interrupt, Planned, Pool, Publisher, Settings, World, is_localhost, play_name,
};
use crate::graph::TagFilter;
use crate::playbook::{Item, Play};
use crate::redact::{Redactor, Secret};
use crate::report::{self, Jsonl, Look, Output, Plain, Progress, Reporter, Tally};
use crate::source::{Diagnostic, Diagnostics};
use crate::transport::{self, HostKeyPolicy, HttpClients, Shared};
use crate::value::Value;
use crate::vars::{Layer, Origin, Var};
use clap::{ArgAction, Args, ValueEnum};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Options of `netplay run`.
#[derive(Args)]
pub(super) struct RunArgs {
    /// The playbooks, run one after the other
    #[arg(required = true, value_name = "PLAYBOOK")]
    playbooks: Vec<PathBuf>,

    #[command(flatten)]
    hosts: InventoryOptions,

    /// Start the lab of this file, add its devices to the inventory, and stop it at the end
    #[cfg(feature = "lab")]
    #[arg(long, value_name = "FILE")]
    lab: Option<PathBuf>,

    /// Only tasks with these tags
    #[arg(short, long, value_delimiter = ',')]
    tags: Vec<String>,

    /// No tasks with these tags
    #[arg(long, value_delimiter = ',')]
    skip_tags: Vec<String>,

    /// Change nothing; say what would change
    #[arg(short = 'C', long)]
    check: bool,

    /// Show what changes in files and configurations
    #[arg(short = 'D', long)]
    diff: bool,

    /// How many steps may be under way at once
    #[arg(short, long, default_value_t = DEFAULT_FORKS, value_parser = clap::value_parser!(u32).range(1..))]
    forks: u32,

    /// The user to log in as
    #[arg(short, long, value_name = "USER")]
    user: Option<String>,

    /// The private key to log in with
    #[arg(long, visible_alias = "key-file", value_name = "FILE")]
    private_key: Option<PathBuf>,

    /// How to reach hosts that do not say: ssh, network_cli or local
    #[arg(short, long)]
    connection: Option<String>,

    /// Ask for the login password
    #[arg(short = 'k', long)]
    ask_pass: bool,

    /// Take other rights on hosts
    #[arg(short = 'b', long = "become")]
    elevate: bool,

    /// Whose rights to take
    #[arg(long, value_name = "USER")]
    become_user: Option<String>,

    /// How to take them: sudo, su, doas or enable
    #[arg(long, value_name = "METHOD")]
    become_method: Option<String>,

    /// Ask for the password that gives them
    #[arg(short = 'K', long)]
    ask_become_pass: bool,

    /// Seconds that connecting may take
    #[arg(short = 'T', long, value_name = "SECONDS")]
    timeout: Option<u64>,

    /// What to do about host keys that are not known
    #[arg(long, value_name = "POLICY", default_value = "strict")]
    host_key_checking: HostKeys,

    /// Run handlers even on hosts that failed
    #[arg(long)]
    force_handlers: bool,

    /// Show more; up to four times
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,

    /// Show failures and the recap only
    #[arg(short, long)]
    quiet: bool,

    /// How to show what happens
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    output: OutputFormat,

    /// Check the playbooks and stop
    #[arg(long, group = "instead")]
    syntax_check: bool,

    /// List the hosts of each play and stop
    #[arg(long, group = "instead")]
    list_hosts: bool,

    /// List the tasks of each play and stop
    #[arg(long, group = "instead")]
    list_tasks: bool,
}

/// How many steps are under way at once when nobody says. Far above Ansible's 5, because a step that waits costs one
/// thread of 256 KiB at most; logins are limited apart from it.
const DEFAULT_FORKS: u32 = 500;

#[derive(Clone, Copy, ValueEnum)]
enum HostKeys {
    /// Refuse unknown keys
    Strict,
    /// Write unknown keys down
    AcceptNew,
    /// Check nothing
    Off,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    /// Bars on a terminal, lines elsewhere
    Auto,
    /// Lines
    Plain,
    /// One JSON event a line
    Jsonl,
}

pub(super) fn main(args: RunArgs, colour: Option<bool>) -> Exit {
    let mut setup = Setup::new(&args.hosts, args.playbooks.first().map(PathBuf::as_path), colour);
    let plays = setup.playbooks(&args.playbooks);
    if let Err(exit) = setup.show_found() {
        return exit;
    }
    let Ok(runtime) = event_loop() else {
        say_error("netplay: cannot start threads\n");
        return Exit::Internal;
    };
    let exit = runtime.block_on(with_lab(args, colour, setup, plays));
    // Whatever still runs then (a name lookup that nobody can interrupt) ends with the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

#[cfg(feature = "lab")]
async fn with_lab(args: RunArgs, colour: Option<bool>, mut setup: Setup, plays: Vec<Arc<Play>>) -> Exit {
    let Some(path) = args.lab.clone() else { return run(args, colour, setup, plays, LabPart::default()).await };
    let file = match crate::lab::LabFile::load(&setup.sources, &path) {
        Ok(file) => file,
        Err(found) => {
            setup.found.extend(found);
            return setup.show_found().err().unwrap_or(Exit::Input);
        }
    };
    let lab = match crate::lab::Lab::start(file).await {
        Ok(lab) => lab,
        Err(failure) => {
            say_error(&format!("netplay: the lab cannot start: {}\n", failure.message.expose()));
            return Exit::Internal;
        }
    };
    let vars = |vars: &crate::value::Map| -> Vec<(Arc<str>, Var)> {
        vars.iter().map(|(key, value)| (Arc::from(key.to_string()), Var::Data(value.clone()))).collect()
    };
    for host in lab.hosts() {
        let groups: Vec<&str> = host.groups.iter().map(String::as_str).collect();
        setup.inventory.add_host(&host.name, &groups, vars(&host.vars));
    }
    setup.inventory.set_group_vars("all", vars(&lab.vars()));
    let known_hosts = match known_hosts_file(lab.known_hosts()) {
        Ok(file) => file,
        Err(error) => {
            say_error(&format!("netplay: cannot write the lab's host keys: {error}\n"));
            return Exit::Internal;
        }
    };
    let part = LabPart { known_hosts: Some(known_hosts.path().to_owned()), secrets: lab.secrets() };
    let exit = run(args, colour, setup, plays, part).await;
    lab.stop().await;
    exit
}

#[cfg(not(feature = "lab"))]
async fn with_lab(args: RunArgs, colour: Option<bool>, setup: Setup, plays: Vec<Arc<Play>>) -> Exit {
    run(args, colour, setup, plays, LabPart::default()).await
}

/// What a lab gives to a run.
#[derive(Default)]
struct LabPart {
    known_hosts: Option<PathBuf>,
    secrets: Vec<Secret>,
}

#[cfg(feature = "lab")]
fn known_hosts_file(text: &str) -> std::io::Result<tempfile::NamedTempFile> {
    use std::io::Write as _;
    let mut file = tempfile::Builder::new().prefix("netplay-lab-").tempfile()?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}

async fn run(args: RunArgs, colour: Option<bool>, mut setup: Setup, plays: Vec<Arc<Play>>, lab: LabPart) -> Exit {
    let settings = match settings(&args, &lab) {
        Ok(settings) => settings,
        Err(message) => {
            say_error(&format!("netplay: {message}\n"));
            return Exit::Input;
        }
    };
    let tally = Arc::new(Mutex::new(Tally::new()));
    let reporter = (!args.syntax_check && !args.list_hosts && !args.list_tasks).then(|| reporter(&args, colour));
    let Ok(reports) = report::spawn(reporter.into_iter().collect()) else {
        say_error("netplay: cannot start threads\n");
        return Exit::Internal;
    };
    let (events, thread) = reports;
    let counted = Arc::clone(&tally);
    let send = Arc::new(move |event: Event| {
        counted.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).add(&event);
        // The thread listens until the last sender is gone.
        let _ = events.send(event);
    });
    let exit = {
        let context = build(&setup, settings, send);
        lab.secrets.iter().for_each(|secret| context.publisher.redactor().learn(secret));
        setup.learn_passwords(context.publisher.redactor());
        let exit = checked_run(&args, &context, &mut setup, &plays, &tally).await;
        context.pool.close().await;
        exit
    };
    // All senders are gone now: what was published is shown to the end.
    let _ = tokio::task::spawn_blocking(move || thread.join()).await;
    exit
}

/// Runs after everything has been checked that can be checked before something is sent.
async fn checked_run(
    args: &RunArgs,
    context: &Arc<Context>,
    setup: &mut Setup,
    plays: &[Arc<Play>],
    tally: &Arc<Mutex<Tally>>,
) -> Exit {
    let planned = plan_all(context, plays, &mut setup.found);
    for play in &planned {
        // The graph is made again when the play begins; here it shows what is wrong with it.
        let _ = executor::graph_of(context, play, &mut setup.found);
    }
    if let Err(exit) = setup.show_found() {
        return exit;
    }
    if args.syntax_check {
        return Exit::Ok;
    }
    if args.list_hosts || args.list_tasks {
        say(&listing(args, &planned));
        return Exit::Ok;
    }
    if let Err(exit) = limit_leaves_hosts(context, setup) {
        return exit;
    }
    let Ok(signals) = signals::Signals::new() else {
        say_error("netplay: cannot listen to signals\n");
        return Exit::Internal;
    };
    let publisher = &context.publisher;
    publisher.publish(What::RunStarted {
        schema: 1,
        version: env!("CARGO_PKG_VERSION"),
        playbooks: args.playbooks.iter().map(|path| publisher.clean(path.display().to_string())).collect(),
        started_at: publisher.clean(jiff::Timestamp::now().to_string()),
        check: args.check,
    });
    let interrupt = Interrupt::default();
    let watcher = tokio::spawn(signals::watch(signals, interrupt.clone(), context.cut.clone(), publisher.clone()));
    let end = executor::run(context, plays, &interrupt).await;
    watcher.abort();
    // The watcher holds a way to the reporters: they end only when it is gone.
    let _ = watcher.await;
    let (end, wrong) = match end {
        Ok(end) => (end, false),
        Err(found) => {
            setup.found.extend(found);
            (executor::RunEnd::default(), true)
        }
    };
    let (recap, code) = {
        let tally = tally.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        (tally.rows(), tally.exit_code())
    };
    let exit = match (wrong, end.interrupted, end.fatal, code) {
        (true, ..) => Exit::Input,
        (_, true, ..) => Exit::Interrupted,
        (_, _, true, 0) => Exit::Failed,
        (.., code) => Exit::Run(code),
    };
    let elapsed_ms = publisher.elapsed_ms();
    publisher.publish(What::RunEnded { recap, exit_code: exit.code(), elapsed_ms });
    match setup.show_found() {
        Err(exit) => exit,
        Ok(()) => exit,
    }
}

/// Checks `--limit` against the whole inventory: a slip of the pen there must not look like a run that went well.
fn limit_leaves_hosts(context: &Context, setup: &mut Setup) -> Result<(), Exit> {
    let Some(limit) = &context.settings.limit else { return Ok(()) };
    let inventory = context.world.inventory();
    let mut all: Vec<Arc<str>> = inventory.hosts.keys().cloned().collect();
    all.extend((!inventory.hosts.contains_key("localhost")).then(|| "localhost".into()));
    let Ok(selection) = inventory.limit(&all, limit) else { return Ok(()) };
    for unmatched in &selection.unmatched {
        let message = format!("`--limit`: no host or group matches `{}`", unmatched.part);
        setup.found.push(Diagnostic::warning("W0500", message).maybe_help(unmatched.help.clone()));
    }
    if selection.hosts.is_empty() {
        setup.found.push(Diagnostic::error("E0501", format!("`--limit {limit}` leaves no host")));
    }
    setup.show_found()
}

/// Plans all plays, and warns of patterns that match nothing.
pub(super) fn plan_all(context: &Arc<Context>, plays: &[Arc<Play>], found: &mut Diagnostics) -> Vec<Planned> {
    let inventory = context.world.inventory();
    let mut adds_hosts = false;
    let mut planned = Vec::new();
    for play in plays {
        let part = executor::plan(context, play, found);
        let pattern = play.hosts.to_value().to_text();
        if play.hosts.is_static()
            && !adds_hosts
            && let Ok(selection) = inventory.selection(&[&pattern])
        {
            for unmatched in &selection.unmatched {
                if !is_localhost(&unmatched.part) {
                    found.push(
                        Diagnostic::warning("W0500", format!("no host or group matches `{}`", unmatched.part))
                            .at(play.hosts.span)
                            .maybe_help(unmatched.help.clone()),
                    );
                }
            }
        }
        for item in part.sections.iter().flatten() {
            item.each_task(&mut |task| adds_hosts |= matches!(task.action_name(), "add_host" | "group_by"));
        }
        planned.push(part);
    }
    if inventory.hosts.is_empty() && !adds_hosts && planned.iter().any(|play| play.hosts.is_empty()) {
        let message = "the inventory has no hosts; there is `localhost` only";
        found.push(Diagnostic::warning("W0501", message).help("name an inventory with `-i`"));
    }
    planned
}

fn listing(args: &RunArgs, planned: &[Planned]) -> String {
    let mut out = String::new();
    for (number, play) in planned.iter().enumerate() {
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "play #{}: {}", number + 1, play_name(&play.play));
        if args.list_hosts {
            let _ = writeln!(out, "  hosts ({}):", play.hosts.len());
            play.hosts.iter().for_each(|host| {
                let _ = writeln!(out, "    {host}");
            });
        }
        if args.list_tasks {
            let _ = writeln!(out, "  tasks:");
            for item in play.sections.iter().flatten() {
                Item::each_task(item, &mut |task| {
                    let tags: Vec<&str> = task.tags.iter().map(|tag| &**tag).collect();
                    let _ = writeln!(out, "    {}\tTAGS: [{}]", task.title(), tags.join(", "));
                });
            }
        }
    }
    out
}

fn reporter(args: &RunArgs, colour: Option<bool>) -> Box<dyn Reporter> {
    let terminal = console::Term::stdout();
    let is_terminal = terminal.is_term();
    let look = Look {
        colour: colour.unwrap_or(is_terminal),
        unicode: locale_is_utf8(),
        verbosity: args.verbose,
        quiet: args.quiet,
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

fn settings(args: &RunArgs, lab: &LabPart) -> Result<Settings, String> {
    let ask = |wanted: bool, prompt: &str| -> Result<Option<Secret>, String> {
        if !wanted {
            return Ok(None);
        }
        let password =
            rpassword::prompt_password(prompt).map_err(|error| format!("cannot ask for a password: {error}"))?;
        Ok(Some(Secret::new(password)))
    };
    let password = ask(args.ask_pass, "SSH password: ")?;
    let become_password = ask(args.ask_become_pass, "BECOME password [defaults to SSH password]: ")?
        .filter(|secret| !secret.expose().is_empty())
        .or_else(|| args.ask_become_pass.then(|| password.clone()).flatten());
    let host_key = match args.host_key_checking {
        HostKeys::Strict => HostKeyPolicy::Strict,
        HostKeys::AcceptNew => HostKeyPolicy::AcceptNew,
        HostKeys::Off => HostKeyPolicy::Off,
    };
    let mut known_hosts: Vec<PathBuf> = Vec::new();
    if let Some(file) = &lab.known_hosts {
        known_hosts.push(file.clone());
        known_hosts.push(crate::source::expand_home("~/.ssh/known_hosts"));
        known_hosts.push("/etc/ssh/ssh_known_hosts".into());
    }
    Ok(Settings {
        check: args.check,
        diff: args.diff,
        verbosity: args.verbose,
        forks: args.forks as usize,
        tags: TagFilter { only: args.tags.iter().cloned().collect(), skip: args.skip_tags.iter().cloned().collect() },
        limit: args.hosts.limit.clone(),
        force_handlers: args.force_handlers,
        defaults: Defaults {
            user: args.user.clone(),
            private_key: args.private_key.clone(),
            connection: args.connection.clone(),
            password,
            elevate: args.elevate,
            become_user: args.become_user.clone(),
            become_method: args.become_method.clone(),
            become_password,
            connect_timeout: args.timeout.map(Duration::from_secs),
            host_key,
            known_hosts,
        },
    })
}

/// Makes a context that runs nothing, for looking at plans and graphs.
pub(super) fn context(
    setup: &Setup,
    tags: TagFilter,
    limit: Option<String>,
    send: Arc<dyn Fn(Event) + Send + Sync>,
) -> Arc<Context> {
    let settings = Settings {
        check: false,
        diff: false,
        verbosity: 0,
        forks: 1,
        tags,
        limit,
        force_handlers: false,
        defaults: Defaults::default(),
    };
    build(setup, settings, send)
}

fn build(setup: &Setup, settings: Settings, send: Arc<dyn Fn(Event) + Send + Sync>) -> Arc<Context> {
    let redactor = Arc::new(Redactor::new());
    for secret in [&settings.defaults.password, &settings.defaults.become_password].into_iter().flatten() {
        redactor.learn(secret);
    }
    let extra = Arc::clone(&setup.loader.extra_vars);
    let world = World::new(setup.inventory.clone(), extra, magic(&settings));
    Arc::new(Context {
        world: Arc::new(world),
        publisher: Publisher::new(redactor, send),
        loader: Arc::clone(&setup.loader),
        pool: Pool::new(Shared::new(transport::Settings::from_environment()), HttpClients::new()),
        settings,
        cut: CancellationToken::new(),
    })
}

/// Returns the magic variables that are the same for every host.
fn magic(settings: &Settings) -> Layer {
    let mut layer = Layer::new(Origin::Magic);
    let texts = |set: &std::collections::BTreeSet<String>| Value::list(set.iter().map(String::as_str));
    // The release of ansible-core whose language this is: playbooks compare it.
    let version = Value::map([
        ("full", Value::from("2.19.0")),
        ("string", Value::from("2.19.0")),
        ("major", Value::from(2)),
        ("minor", Value::from(19)),
        ("revision", Value::from(0)),
    ]);
    let run_tags = if settings.tags.only.is_empty() { Value::list(["all"]) } else { texts(&settings.tags.only) };
    let entries = [
        ("ansible_check_mode", Value::from(settings.check)),
        ("ansible_diff_mode", Value::from(settings.diff)),
        ("ansible_forks", Value::from(settings.forks)),
        ("ansible_limit", Value::from(settings.limit.clone())),
        ("ansible_run_tags", run_tags),
        ("ansible_skip_tags", texts(&settings.tags.skip)),
        ("ansible_verbosity", Value::from(i64::from(settings.verbosity))),
        ("ansible_version", version),
    ];
    for (name, value) in entries {
        if name == "ansible_limit" && value == Value::Null {
            continue;
        }
        layer.vars.insert(name.into(), Var::Data(value));
    }
    layer
}
