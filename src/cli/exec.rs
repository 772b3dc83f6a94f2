//! `netplay exec`: commands on many hosts at the same time, with no playbook.
//!
//! It is a run of one play, so that connections, limits, passwords, redaction, the journal, Ctrl-C and exit codes are those
//! of a run. Network devices are given all commands in one session; on hosts each goes to the login shell.

use super::config::table;
use super::look::look;
use super::rows::{self, Layout};
use super::run::{self, HostKeys, LoginOptions, RecordOptions, RunArgs};
use super::setup::{InventoryOptions, Setup};
use super::{Exit, say_error};
use crate::platform;
use crate::report::{ByHost, HostAnswer, HostAnswers, Output, Reporter};
use crate::source::did_you_mean;
use crate::value::{Key, Map, Value};
use clap::{Args, Parser, ValueEnum};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

/// Options of `netplay exec`.
#[derive(Args)]
pub(super) struct ExecArgs {
    /// The hosts: a pattern of names and groups
    #[arg(value_name = "PATTERN")]
    pattern: String,

    /// The commands, one after the other on each host; each is one argument
    #[arg(value_name = "COMMAND", required = true)]
    commands: Vec<String>,

    #[command(flatten)]
    hosts: InventoryOptions,

    /// Start the lab of this file, add its devices to the inventory, and stop it at the end
    #[cfg(feature = "lab")]
    #[arg(long, value_name = "FILE")]
    lab: Option<PathBuf>,

    /// The platform of the hosts, whatever the inventory says
    #[arg(short, long, value_name = "NAME")]
    platform: Option<String>,

    /// Make data of the outputs
    #[arg(long, value_name = "HOW", value_enum)]
    parse: Option<Parse>,

    /// How answers are shown [default: plain, with --parse: table]
    #[arg(short, long, value_name = "FORMAT", value_enum)]
    output: Option<Shown>,

    /// How many hosts at the same time
    #[arg(short, long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    forks: Option<u32>,

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

    /// What to do about host keys that are not known [default: strict]
    #[arg(long, value_name = "POLICY", value_enum)]
    host_key_checking: Option<HostKeys>,

    #[command(flatten)]
    login: LoginOptions,

    #[command(flatten)]
    records: RecordOptions,
}

/// What makes data of outputs.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Parse {
    /// The TextFSM template for the command
    Textfsm,
    /// The output is JSON
    Json,
}

/// How answers are shown.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shown {
    /// Each host's output when it has come
    Plain,
    /// One dictionary, by host
    Json,
    /// Rows with the host in the first column
    Table,
    /// The same as comma-separated values
    Csv,
}

/// The options of a run, by themselves.
#[derive(Parser)]
struct Run {
    #[command(flatten)]
    args: RunArgs,
}

pub(super) fn main(mut args: ExecArgs, colour: Option<bool>) -> Exit {
    if let Some(name) = &args.platform {
        // After what the user says, so that it counts.
        args.hosts.extra_vars.push(json!({"ansible_network_os": name}).to_string());
    }
    let mut setup = Setup::new(&args.hosts, Some(Path::new(NAME)), colour);
    if let Some(name) = args.platform.as_deref().filter(|name| platform::find(name).is_none()) {
        let help = did_you_mean(name, platform::names()).map_or_else(String::new, |help| format!("; {help}"));
        say_error(&format!("netplay: no platform is called `{name}`{help}\n"));
        return Exit::Usage;
    }
    let connection = args.connection.clone().or_else(|| setup.config.text(&table::CONNECTION));
    let play = play(&args, connection.as_deref().unwrap_or("ssh"));
    let plays = setup.playbook_text(NAME, &format!("{play:#}\n"));
    match options(args, colour) {
        Ok(run) => run::start(run, colour, setup, plays),
        Err(error) => {
            // A closed output changes nothing about the exit code.
            let _ = error.print();
            Exit::Usage
        }
    }
}

/// What the play is called where a place is shown.
const NAME: &str = "<exec>";

/// Connections on which `raw` would run on this machine, and not on the host.
const DEVICE_CONNECTIONS: [&str; 3] = ["network_cli", "netconf", "httpapi"];

/// Returns the play: commands of a device CLI where the host is a device, programs where it is none.
fn play(args: &ExecArgs, connection: &str) -> Json {
    let hosts: Vec<&str> = platform::host_names().collect();
    let is_device = format!(
        "(ansible_network_os is defined and ansible_network_os not in {}) or \
         ((ansible_connection | default({})).split('.') | last) in {}",
        json!(hosts),
        json!(connection),
        json!(DEVICE_CONNECTIONS)
    );
    let mut cli = json!({"commands": args.commands});
    if let Some(parse) = args.parse {
        cli["parse"] = if parse == Parse::Textfsm { "textfsm" } else { "json" }.into();
    }
    let mut tasks = vec![json!({"name": "commands", "ansible.netcommon.cli_command": cli, "when": is_device})];
    for command in &args.commands {
        let (module, options) = match args.parse {
            None => ("ansible.builtin.raw", json!({"cmd": command})),
            Some(Parse::Json) => ("ansible.utils.cli_parse", json!({"command": command, "parser": {"name": "json"}})),
            Some(Parse::Textfsm) => {
                let os = args.platform.as_deref().and_then(platform::find).map_or("linux", |found| &found.textfsm);
                ("ansible.utils.cli_parse", json!({"command": command, "parser": {"name": "ntc_templates", "os": os}}))
            }
        };
        let when = format!("not ({is_device})");
        // A mistake in an expression is shown once, and not in the name as well.
        let name = if command.contains(['{', '}']) { module } else { command };
        tasks.push(json!({"name": name, module: options, "changed_when": false, "when": when}));
    }
    json!([{"hosts": args.pattern, "gather_facts": false, "strategy": "free", "tasks": tasks}])
}

/// Returns the options of the run.
fn options(args: ExecArgs, colour: Option<bool>) -> Result<RunArgs, clap::Error> {
    let mut run = Run::try_parse_from(["netplay", NAME])?.args;
    // So that `netplay runs` tells what was run.
    run.playbooks = vec![format!("exec {} {}", args.pattern, args.commands.join("; ")).into()];
    run.shown_by = Some(reporter(&args, colour));
    run.given.extend(args.forks.map(|_| "forks".to_owned()));
    run.given.extend(args.host_key_checking.map(|_| "host_key_checking".to_owned()));
    run.forks = args.forks.unwrap_or(run.forks);
    run.host_key_checking = args.host_key_checking.unwrap_or(run.host_key_checking);
    #[cfg(feature = "lab")]
    {
        run.lab = args.lab;
    }
    (run.hosts, run.login, run.records) = (args.hosts, args.login, args.records);
    (run.user, run.private_key, run.connection) = (args.user, args.private_key, args.connection);
    (run.become_user, run.become_method, run.elevate) = (args.become_user, args.become_method, args.elevate);
    (run.ask_pass, run.ask_become_pass, run.timeout) = (args.ask_pass, args.ask_become_pass, args.timeout);
    Ok(run)
}

/// Returns what makes the reporter.
fn reporter(args: &ExecArgs, colour: Option<bool>) -> run::MakeReporter {
    let (commands, parsed) = (args.commands.len(), args.parse.is_some());
    let shown = args.output.unwrap_or(if parsed { Shown::Table } else { Shown::Plain });
    Box::new(move |output| {
        let reporter = ByHost::new(look(0, false, colour), output, Output::to(std::io::stderr()), commands);
        let reporter = match shown {
            Shown::Plain => reporter,
            Shown::Json => reporter.at_end(move |answers| format!("{:#}\n", as_json(answers, parsed))),
            Shown::Table => reporter.at_end(move |answers| as_rows(answers, parsed, Layout::Table)),
            Shown::Csv => reporter.at_end(move |answers| as_rows(answers, parsed, Layout::Csv)),
        };
        Box::new(reporter) as Box<dyn Reporter>
    })
}

fn as_json(answers: &HostAnswers, parsed: bool) -> Json {
    let one = |answer: &HostAnswer| {
        let mut entry = json!({"status": answer.status.word(), "stdout": answer.outputs, "stderr": answer.errors});
        if parsed {
            entry["parsed"] = answer.parsed.iter().map(Value::to_json).collect();
        }
        if let Some(failure) = &answer.failure {
            entry["failure"] = failure.as_str().into();
        }
        entry
    };
    answers.iter().map(|(host, answer)| (host.to_string(), one(answer))).collect::<serde_json::Map<_, _>>().into()
}

/// Returns the data of all hosts as one table, or their outputs line by line when no data was asked for.
fn as_rows(answers: &HostAnswers, parsed: bool, layout: Layout) -> String {
    let (mut header, mut all) = (vec!["host".to_owned()], Vec::new());
    for (host, answer) in answers {
        for row in host_rows(answer, parsed) {
            for (key, _) in row.iter() {
                let name = key.to_string();
                if !header.contains(&name) {
                    header.push(name);
                }
            }
            // The first of two columns of one name counts.
            let host = [(Key::from("host"), Value::from(host.as_str()))];
            let rest = row.into_iter().filter(|(key, _)| key.as_str() != Some("host"));
            all.push(Value::from(host.into_iter().chain(rest).collect::<Map>()));
        }
    }
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    rows::shown(&header, &Value::from(all), layout)
}

/// Returns the rows of a host.
fn host_rows(answer: &HostAnswer, parsed: bool) -> Vec<Map> {
    let single = |name: &str, value: Value| [(Key::from(name), value)].into_iter().collect::<Map>();
    if !parsed {
        let lines = answer.outputs.iter().flat_map(|output| output.lines());
        return lines.map(|line| single("output", line.into())).collect();
    }
    let items = answer.parsed.iter().flat_map(|parsed| parsed.as_list().unwrap_or(std::slice::from_ref(parsed)));
    items.map(|item| item.as_map().cloned().unwrap_or_else(|| single("value", item.clone()))).collect()
}
