//! What may be said on the command line of a run.

use crate::cli::setup::InventoryOptions;
use clap::{ArgAction, Args, ValueEnum};
use std::path::PathBuf;

/// Options of `netplay run`.
#[derive(Args)]
pub(in crate::cli) struct RunArgs {
    /// The playbooks, run one after the other
    #[arg(required = true, value_name = "PLAYBOOK")]
    pub(super) playbooks: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) hosts: InventoryOptions,

    /// Start the lab of this file, add its devices to the inventory, and stop it at the end
    #[cfg(feature = "lab")]
    #[arg(long, value_name = "FILE")]
    pub(super) lab: Option<PathBuf>,

    /// Only tasks with these tags
    #[arg(short, long, value_delimiter = ',')]
    pub(super) tags: Vec<String>,

    /// No tasks with these tags
    #[arg(long, value_delimiter = ',')]
    pub(super) skip_tags: Vec<String>,

    /// Change nothing; say what would change
    #[arg(short = 'C', long)]
    pub(super) check: bool,

    /// Show what changes in files and configurations
    #[arg(short = 'D', long)]
    pub(super) diff: bool,

    /// How many steps may be under way at once
    #[arg(short, long, default_value_t = DEFAULT_FORKS, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) forks: u32,

    /// The user to log in as
    #[arg(short, long, value_name = "USER")]
    pub(super) user: Option<String>,

    /// The private key to log in with
    #[arg(long, visible_alias = "key-file", value_name = "FILE")]
    pub(super) private_key: Option<PathBuf>,

    /// How to reach hosts that do not say: ssh, network_cli or local
    #[arg(short, long)]
    pub(super) connection: Option<String>,

    /// Ask for the login password
    #[arg(short = 'k', long)]
    pub(super) ask_pass: bool,

    /// Take other rights on hosts
    #[arg(short = 'b', long = "become")]
    pub(super) elevate: bool,

    /// Whose rights to take
    #[arg(long, value_name = "USER")]
    pub(super) become_user: Option<String>,

    /// How to take them: sudo, su, doas or enable
    #[arg(long, value_name = "METHOD")]
    pub(super) become_method: Option<String>,

    /// Ask for the password that gives them
    #[arg(short = 'K', long)]
    pub(super) ask_become_pass: bool,

    /// Seconds that connecting may take
    #[arg(short = 'T', long, value_name = "SECONDS")]
    pub(super) timeout: Option<u64>,

    /// What to do about host keys that are not known
    #[arg(long, value_name = "POLICY", default_value = "strict")]
    pub(super) host_key_checking: HostKeys,

    /// For tests: choose among ready steps in an order that this number decides; with `--forks 1` the same number gives
    /// the same order
    #[arg(long, value_name = "NUMBER")]
    pub(super) seed: Option<u64>,

    /// Run handlers even on hosts that failed
    #[arg(long)]
    pub(super) force_handlers: bool,

    /// Show more; up to four times
    #[arg(short, long, action = ArgAction::Count)]
    pub(super) verbose: u8,

    /// Show failures and the recap only
    #[arg(short, long)]
    pub(super) quiet: bool,

    /// How to show what happens
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(super) output: OutputFormat,

    /// Check the playbooks and stop
    #[arg(long, group = "instead")]
    pub(super) syntax_check: bool,

    /// List the hosts of each play and stop
    #[arg(long, group = "instead")]
    pub(super) list_hosts: bool,

    /// List the tasks of each play and stop
    #[arg(long, group = "instead")]
    pub(super) list_tasks: bool,
}

/// How many steps are under way at once when nobody says. Far above Ansible's 5, because a step that waits costs one
/// thread of 256 KiB at most; logins are limited apart from it.
const DEFAULT_FORKS: u32 = 500;

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum HostKeys {
    /// Refuse unknown keys
    Strict,
    /// Write unknown keys down
    AcceptNew,
    /// Check nothing
    Off,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// Bars on a terminal, lines elsewhere
    Auto,
    /// Lines
    Plain,
    /// One JSON event a line
    Jsonl,
}
