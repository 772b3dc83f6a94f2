//! What may be said on the command line of a run.

use super::facts::FactOptions;
use super::login::LoginOptions;
use super::records::RecordOptions;
use super::shard::ShardOptions;
use crate::cli::config::{Config, table};
use crate::cli::setup::InventoryOptions;
use crate::report::{Output, Reporter};
use clap::{ArgAction, Args, ValueEnum};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Options of `netplay run`.
#[derive(Args)]
pub(in crate::cli) struct RunArgs {
    /// The playbooks, run one after the other
    #[arg(required = true, value_name = "PLAYBOOK")]
    pub(in crate::cli) playbooks: Vec<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) hosts: InventoryOptions,

    #[command(flatten)]
    pub(super) facts: FactOptions,

    /// Start the lab of this file, add its devices to the inventory, and stop it at the end
    #[cfg(feature = "lab")]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) lab: Option<PathBuf>,

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
    pub(in crate::cli) forks: u32,

    /// The user to log in as
    #[arg(short, long, value_name = "USER")]
    pub(in crate::cli) user: Option<String>,

    /// The private key to log in with
    #[arg(long, visible_alias = "key-file", value_name = "FILE")]
    pub(in crate::cli) private_key: Option<PathBuf>,

    /// How to reach hosts that do not say: ssh, network_cli or local
    #[arg(short, long)]
    pub(in crate::cli) connection: Option<String>,

    /// Ask for the login password
    #[arg(short = 'k', long)]
    pub(in crate::cli) ask_pass: bool,

    /// Take other rights on hosts
    #[arg(short = 'b', long = "become")]
    pub(in crate::cli) elevate: bool,

    /// Whose rights to take
    #[arg(long, value_name = "USER")]
    pub(in crate::cli) become_user: Option<String>,

    /// How to take them: sudo, su, doas or enable
    #[arg(long, value_name = "METHOD")]
    pub(in crate::cli) become_method: Option<String>,

    /// Ask for the password that gives them
    #[arg(short = 'K', long)]
    pub(in crate::cli) ask_become_pass: bool,

    /// Seconds that connecting may take
    #[arg(short = 'T', long, value_name = "SECONDS")]
    pub(in crate::cli) timeout: Option<u64>,

    #[command(flatten)]
    pub(in crate::cli) login: LoginOptions,

    /// What to do about host keys that are not known
    #[arg(long, value_name = "POLICY", default_value = "strict")]
    pub(in crate::cli) host_key_checking: HostKeys,

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

    #[command(flatten)]
    pub(super) sharding: ShardOptions,

    #[command(flatten)]
    pub(in crate::cli) records: RecordOptions,

    /// Check the playbooks and stop
    #[arg(long, conflicts_with_all = ["list_hosts", "list_tasks", "list_tags"])]
    pub(super) syntax_check: bool,

    /// List the hosts of each play and stop
    #[arg(long)]
    pub(super) list_hosts: bool,

    /// List the tasks of each play and stop
    #[arg(long)]
    pub(super) list_tasks: bool,

    /// List the tags of each play and stop
    #[arg(long)]
    pub(super) list_tags: bool,

    /// Start with the task of this name (`*` and `?` stand for any letters)
    #[arg(long, value_name = "NAME")]
    pub(super) start_at_task: Option<String>,

    /// Ask before each task: no, yes, or go on without asking
    #[arg(long, conflicts_with_all = ["syntax_check", "list_hosts", "list_tasks", "list_tags"])]
    pub(super) step: bool,

    /// Of the settings: what is not shown.
    #[arg(skip)]
    pub(super) hides_skipped: bool,
    #[arg(skip)]
    pub(super) hides_unchanged: bool,

    /// Of the settings: statistics are shown at the end, and the file that gets the lines.
    #[arg(skip)]
    pub(super) shows_stats: bool,
    #[arg(skip)]
    pub(super) log_path: Option<PathBuf>,

    /// Makes the reporter of a run that shows itself in its own way.
    #[arg(skip)]
    pub(in crate::cli) shown_by: Option<MakeReporter>,

    /// Options that stand on the command line, by their names in this struct.
    #[arg(skip)]
    pub(in crate::cli) given: BTreeSet<String>,
}

/// Makes a reporter that writes to an output.
pub(in crate::cli) type MakeReporter = Box<dyn Fn(Output) -> Box<dyn Reporter>>;

impl RunArgs {
    /// Claims that the playbooks are only looked at.
    pub(super) fn only_looks(&self) -> bool {
        self.syntax_check || self.list_hosts || self.list_tasks || self.list_tags
    }

    /// Takes from the settings what the command line does not say.
    pub(super) fn settle(&mut self, config: &Config) -> Result<(), String> {
        let given = std::mem::take(&mut self.given);
        let is_open = |name: &str| !given.contains(name);
        if let Some(forks) = config.number(&table::FORKS).filter(|_| is_open("forks")) {
            self.forks = u32::try_from(forks).unwrap_or(u32::MAX);
        }
        if let Some(policy) = config.text(&table::HOST_KEY_CHECKING).filter(|_| is_open("host_key_checking")) {
            self.host_key_checking = HostKeys::of(&policy);
        }
        if let Some(format) = config.text(&table::OUTPUT).filter(|_| is_open("output")) {
            let known = OutputFormat::value_variants().iter().filter_map(OutputFormat::to_possible_value);
            let known: Vec<String> = known.map(|value| value.get_name().to_owned()).collect();
            self.output = OutputFormat::from_str(&format, true)
                .map_err(|_| format!("the setting `output` must be one of {}, not `{format}`", known.join(", ")))?;
        }
        if let Some(callback) = config.text(&table::STDOUT_CALLBACK) {
            self.look_as(&callback)?;
        }
        // Bars would be drawn over the questions.
        if self.step && self.output == OutputFormat::Auto {
            self.output = OutputFormat::Plain;
        }
        if self.tags.is_empty() {
            self.tags = config.list(&table::TAGS_RUN);
        }
        if self.skip_tags.is_empty() {
            self.skip_tags = config.list(&table::TAGS_SKIP);
        }
        // Of the tags that are listed none is left out, `never` among them.
        if self.list_tags && self.tags.is_empty() && self.skip_tags.is_empty() {
            self.tags = vec!["never".into(), "all".into()];
        }
        self.user = self.user.take().or_else(|| config.text(&table::REMOTE_USER));
        self.private_key = self.private_key.take().or_else(|| config.path(&table::PRIVATE_KEY_FILE));
        self.connection = self.connection.take().or_else(|| config.text(&table::CONNECTION));
        self.become_user = self.become_user.take().or_else(|| config.text(&table::BECOME_USER));
        self.become_method = self.become_method.take().or_else(|| config.text(&table::BECOME_METHOD));
        self.timeout = self.timeout.or_else(|| config.number(&table::TIMEOUT));
        self.elevate |= config.flag(&table::BECOME).unwrap_or(false);
        self.diff |= config.flag(&table::DIFF).unwrap_or(false);
        self.quiet |= config.flag(&table::QUIET).unwrap_or(false);
        self.force_handlers |= config.flag(&table::FORCE_HANDLERS).unwrap_or(false);
        self.hides_skipped |= config.flag(&table::DISPLAY_SKIPPED_HOSTS) == Some(false);
        self.hides_unchanged = config.flag(&table::DISPLAY_OK_HOSTS) == Some(false);
        self.shows_stats = config.flag(&table::SHOW_CUSTOM_STATS).unwrap_or(false);
        self.log_path = config.path(&table::LOG_PATH);
        let verbosity = config.number(&table::VERBOSITY).and_then(|number| u8::try_from(number).ok());
        self.verbose = self.verbose.saturating_add(verbosity.unwrap_or(0));
        // A file on the command line is stronger than a question in the settings, and the other way round.
        self.ask_pass |=
            self.login.connection_password_file.is_none() && config.flag(&table::ASK_PASS).unwrap_or(false);
        self.ask_become_pass |=
            self.login.become_password_file.is_none() && config.flag(&table::BECOME_ASK_PASS).unwrap_or(false);
        self.facts.settle(config)?;
        self.login.settle(config, self.ask_pass, self.ask_become_pass)
    }
}

impl RunArgs {
    /// Takes what one of Ansible's looks asks for. Those for people stand for the lines and bars here; one that programs
    /// read cannot be imitated.
    fn look_as(&mut self, callback: &str) -> Result<(), String> {
        const FOR_PEOPLE: [&str; 6] = ["debug", "default", "dense", "unixy", "yaml", "skippy"];
        let short = callback.rsplit('.').next().unwrap_or(callback);
        match short {
            "minimal" | "oneline" if self.output == OutputFormat::Auto => self.output = OutputFormat::Plain,
            "minimal" | "oneline" => {}
            "skippy" => self.hides_skipped = true,
            _ if FOR_PEOPLE.contains(&short) => {}
            "json" | "jsonl" => {
                return Err(format!(
                    "`stdout_callback = {callback}`: the JSON of Ansible is not written here; `output = jsonl` \
                     (or `NETPLAY_OUTPUT=jsonl`) writes one event a line"
                ));
            }
            _ => {
                return Err(format!(
                    "`stdout_callback = {callback}` is a plugin written in Python, which is not run; \
                     there are default, yaml, debug, dense, unixy, skippy, minimal and oneline, and `output`"
                ));
            }
        }
        Ok(())
    }
}

/// How many steps are under way at once when nobody says. Far above Ansible's 5, because a step that waits costs one
/// thread of 256 KiB at most; logins are limited apart from it.
const DEFAULT_FORKS: u32 = 500;

#[derive(Clone, Copy, ValueEnum)]
pub(in crate::cli) enum HostKeys {
    /// Refuse unknown keys
    Strict,
    /// Write unknown keys down
    AcceptNew,
    /// Check nothing
    Off,
}

impl HostKeys {
    /// Returns what a word of a setting means; the settings have checked it.
    fn of(word: &str) -> HostKeys {
        match word.to_lowercase().as_str() {
            "accept-new" => HostKeys::AcceptNew,
            "off" | "false" | "no" | "0" => HostKeys::Off,
            _ => HostKeys::Strict,
        }
    }
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
