//! What a task can do: one file a module (or a family), and one line each in [`TABLE`].
//!
//! A module plans; the executor acts. Its `plan` gets checked arguments and a probe that can only read, and returns a
//! [`Change`]: actions, texts for the diff, and how outputs become the result. No module has a check-mode branch, draws
//! a diff, or touches a socket. Adding one: a file with a `pub static MODULE: Module`, its `mod` line, its table line.
//!
//! What several modules share: `remote` looks at paths of a host with POSIX sh alone, `attributes` compares mode, owner
//! and group, `place` and `write` put one file where it belongs, `edit` changes the text of one, `program` runs what a
//! task says, `background` lets a host go on with it alone, `local` reads files of this machine, `tool` asks the host's
//! administration tools, `scp` copies to and from devices,
//! `netconf` speaks of what a NETCONF server can do and answers, `waiting` of changes that wait to be confirmed. Results have the fields that Ansible's have; `tests/module`
//! holds them to it.
//!
//! Traps: `chdir`, `creates` and paths may begin with `~` or hold `$NAME`, which the host expands, not this machine; a
//! change's `result` must have every field that its end will have, as it is all that check mode has.

mod action;
mod args;
mod argument_spec;
mod attributes;
mod change;
mod device_file;
mod edit;
mod local;
mod netconf;
mod place;
mod program;
mod remote;
mod scp;
mod structured;
mod tool;
mod waiting;
mod write;

pub mod background;

pub mod add_host;
pub mod apt;
pub mod apt_key;
pub mod apt_repository;
pub mod assemble;
pub mod assert;
pub mod async_status;
pub mod authorized_key;
pub mod blockinfile;
pub mod cli_backup;
pub mod cli_command;
pub mod cli_config;
pub mod cli_confirm;
pub mod cli_facts;
pub mod cli_parse;
pub mod cli_restore;
pub mod command;
pub mod copy;
pub mod cron;
pub mod debconf;
pub mod debug;
pub mod dnf;
pub mod expect;
pub mod fail;
pub mod fetch;
pub mod file;
pub mod find;
pub mod gather_facts;
pub mod get_url;
pub mod getent;
pub mod git;
pub mod group;
pub mod group_by;
pub mod hostname;
pub mod include_vars;
pub mod ini_file;
pub mod iptables;
pub mod junos_rpc;
pub mod known_hosts;
pub mod lineinfile;
mod listings;
pub mod mount;
pub mod napalm;
pub mod net_get;
pub mod net_ping;
pub mod net_put;
pub mod netconf_config;
pub mod netconf_confirm;
pub mod netconf_get;
pub mod netconf_rpc;
pub mod network_resource;
pub mod package;
pub mod package_facts;
pub mod pause;
pub mod ping;
pub mod pip;
pub mod raw;
pub mod read_csv;
pub mod reboot;
mod refused;
pub mod replace;
pub mod resource;
pub mod script;
pub mod service;
pub mod service_facts;
pub mod set_fact;
pub mod set_stats;
pub mod setup;
pub mod shell;
pub mod slurp;
pub mod stat;
pub mod sysctl;
pub mod tempfile;
pub mod template;
pub mod ufw;
pub mod unarchive;
pub mod update_fact;
pub mod uri;
pub mod user;
pub mod validate_argument_spec;
pub mod wait_for;
pub mod wait_for_connection;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

pub use action::*;
pub use args::{
    Arg, ArgKind, Args, OverNetconf, Rule, Shape, check_args, check_on_platform, coerce_args, split_free_form,
    split_key_value,
};
pub use change::{Actor, Change, Dialogue, Finish, Finished, KeepFacts, RunChange, TextDiff, Then, Withheld};
pub use listings::LISTINGS;
pub use refused::{REFUSED, RefusedModule, refused};

use crate::effect::Effect;
use crate::failure::Failure;
use crate::platform::Platform;
use crate::source::{SearchPath, SourceId};
use crate::template::Templar;
use crate::vars::Vars;
use crate::yaml::Mapping;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;

/// A future that can be sent between threads.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A module: what it is called, what it takes, what it may do, and how it plans.
pub struct Module {
    /// The short name: `command`.
    pub name: &'static str,
    /// The collections in which it is known under its short name: `ansible.builtin`.
    pub collections: &'static [&'static str],
    /// Other names, whole: `cisco.ios.ios_command`, `ios_command`.
    pub aliases: &'static [Alias],
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// What it takes.
    pub args: &'static [Arg],
    /// How arguments depend on each other.
    pub rules: &'static [Rule],
    /// The argument that free-form text goes to (`command: uptime`).
    pub free_form: Option<&'static str>,
    /// Arguments with any name are taken (`set_fact`).
    pub any_args: bool,
    /// What it needs.
    pub needs: Needs,
    /// It changes the run itself (hosts, groups), so that nothing after it may start before it is done, although it
    /// sends nothing.
    pub changes_run: bool,
    /// It runs once for all hosts of the batch, with the first one's variables (`add_host`, `pause`).
    pub once: bool,
    /// What it may do with these arguments; `Write` when that cannot be known.
    pub effect: fn(&Call<'_>) -> Effect,
    /// Works out what is to be done.
    pub plan: for<'a> fn(Context<'a>) -> Boxed<'a, Result<Change, Failure>>,
}

/// Another name of a module, with the platform that the name implies.
#[derive(Clone, Copy, Debug)]
pub struct Alias {
    /// The name.
    pub name: &'static str,
    /// The platform that it implies.
    pub platform: Option<&'static str>,
}

impl Module {
    /// Returns the argument for which a module of a CLI needs NETCONF, if there is one; `said` returns the text of those that are
    /// given, `platform` is the one that the module's name says.
    pub fn over_netconf(&self, platform: Option<&str>, said: impl Fn(&Arg) -> Option<String>) -> Option<&'static str> {
        let is_such = |arg: &&Arg| {
            let over_netconf = arg.over_netconf.zip(said(arg));
            over_netconf.is_some_and(|(over_netconf, text)| match over_netconf {
                OverNetconf::Values(values) => values.is_empty() || values.contains(&text.as_str()),
                // Other platforms type such a text.
                OverNetconf::Text(is_such) => platform.is_none_or(|name| name == "juniper_junos") && is_such(&text),
            })
        };
        self.args.iter().filter(|_| self.needs == Needs::Cli).find(is_such).map(|arg| arg.name)
    }

    /// Returns that argument of those that are written; `read` returns the text of a file.
    pub fn over_netconf_as_written(
        &self,
        platform: Option<&str>,
        args: &Mapping,
        read: impl Fn(&str) -> Option<String>,
    ) -> Option<&'static str> {
        self.over_netconf(platform, |arg| {
            let node = std::iter::once(&arg.name).chain(arg.aliases).find_map(|name| args.get(name))?;
            // What a template yields is known in the run.
            let text = node.is_static().then(|| node.as_str().unwrap_or_default());
            match (arg.kind, text) {
                (ArgKind::Path, text) => text.and_then(&read),
                (_, text) => Some(text.unwrap_or_default().to_owned()),
            }
        })
    }
}

/// What a module needs to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing but this process.
    Nothing,
    /// A host that runs programs and has files (ssh, local).
    Host,
    /// A network CLI.
    Cli,
    /// A NETCONF server.
    Netconf,
    /// A network device's files, over SSH beside its CLI.
    DeviceFiles,
    /// HTTP, from this machine.
    Http,
    /// Any connection (`ping`, `wait_for_connection`).
    Connection,
    /// A host that runs programs; on what is none it has nothing to do (`gather_facts`).
    HostIfAny,
}

/// A use of a module as far as it is known before the run: its arguments as written.
pub struct Call<'a> {
    /// The arguments as written; values may hold templates.
    pub args: &'a Mapping,
    /// The platforms of the hosts it will run on, as far as known; empty when unknown.
    pub platforms: &'a [&'static Platform],
}

impl Call<'_> {
    /// Returns an argument's text when it is written without templates.
    pub fn literal(&self, name: &str) -> Option<&str> {
        self.args.get(name).filter(|node| node.is_static()).and_then(|node| node.as_str())
    }
}

/// What a module has while it plans.
pub struct Context<'a> {
    /// The arguments: rendered, checked, with defaults.
    pub args: &'a Args,
    /// Renders expressions and template files with the step's variables.
    pub templar: &'a Templar,
    /// Reads on the host.
    pub probe: &'a dyn Probe,
    /// Where files are looked for.
    pub files: &'a SearchPath,
    /// The host.
    pub host: &'a str,
    /// The host's platform, when it has one.
    pub platform: Option<&'static Platform>,
    /// Whether somebody wants to see what differs, so that texts are worth reading for the diff alone.
    pub diff: bool,
    /// What the run knows and a module may ask.
    pub run: &'a dyn Run,
    /// The module itself, for those that plan for several.
    pub module: &'static Module,
}

/// What a module may ask of the run around it.
pub trait Run: Send + Sync {
    /// Returns how often `-v` was given.
    fn verbosity(&self) -> u8;

    /// Reads a file of variables, by way of the vault where it is encrypted. They are an author's: rendered when used.
    fn load_vars(&self, path: &Path) -> Result<Vars, Failure>;

    /// Returns the source of a text that was read from a file, for places in messages. The same file with the same text
    /// is the same source, however many steps ask.
    fn source(&self, path: &Path, text: &str) -> SourceId;

    /// Returns what a vault-encrypted file (`$ANSIBLE_VAULT;…`) holds.
    fn open_vault(&self, text: &[u8]) -> Result<Vec<u8>, Failure>;
}

/// Reads on a host while a module plans; refuses writes.
pub trait Probe: Send + Sync {
    /// Performs one reading action.
    fn read(&self, action: Action) -> Boxed<'_, Result<Output, Failure>>;

    /// Claims that the host is this machine itself.
    fn is_here(&self) -> bool {
        false
    }
}

/// Every module but those of resources ([`all`]). Sorted by name.
pub static TABLE: &[&Module] = &[
    &add_host::MODULE,
    &apt::MODULE,
    &apt_key::MODULE,
    &apt_repository::MODULE,
    &assemble::MODULE,
    &assert::MODULE,
    &async_status::MODULE,
    &authorized_key::MODULE,
    &blockinfile::MODULE,
    &cli_backup::MODULE,
    &cli_command::MODULE,
    &cli_config::MODULE,
    &cli_confirm::MODULE,
    &cli_facts::MODULE,
    &cli_parse::MODULE,
    &cli_restore::MODULE,
    &command::MODULE,
    &copy::MODULE,
    &cron::MODULE,
    &debconf::MODULE,
    &debug::MODULE,
    &dnf::MODULE,
    &expect::MODULE,
    &fail::MODULE,
    &fetch::MODULE,
    &file::MODULE,
    &find::MODULE,
    &gather_facts::MODULE,
    &get_url::MODULE,
    &getent::MODULE,
    &git::MODULE,
    &group::MODULE,
    &group_by::MODULE,
    &hostname::MODULE,
    &include_vars::MODULE,
    &ini_file::MODULE,
    &iptables::MODULE,
    &junos_rpc::MODULE,
    &known_hosts::MODULE,
    &lineinfile::MODULE,
    &mount::MODULE,
    &napalm::CLI,
    &napalm::GET,
    &napalm::INSTALL,
    &napalm::PING,
    &napalm::VALIDATE,
    &net_get::MODULE,
    &net_ping::MODULE,
    &net_put::MODULE,
    &netconf_config::MODULE,
    &netconf_confirm::MODULE,
    &netconf_get::MODULE,
    &netconf_rpc::MODULE,
    &network_resource::MODULE,
    &package::MODULE,
    &package_facts::MODULE,
    &pause::MODULE,
    &ping::MODULE,
    &pip::MODULE,
    &raw::MODULE,
    &read_csv::MODULE,
    &reboot::MODULE,
    &replace::MODULE,
    &script::MODULE,
    &service::MODULE,
    &service_facts::MODULE,
    &set_fact::MODULE,
    &set_stats::MODULE,
    &setup::MODULE,
    &shell::MODULE,
    &slurp::MODULE,
    &stat::MODULE,
    &sysctl::MODULE,
    &service::SYSTEMD,
    &tempfile::MODULE,
    &template::MODULE,
    &ufw::MODULE,
    &unarchive::MODULE,
    &update_fact::MODULE,
    &uri::MODULE,
    &user::MODULE,
    &validate_argument_spec::MODULE,
    &wait_for::MODULE,
    &wait_for_connection::MODULE,
];

/// Returns the module of that name (short, with its collection, or an alias) and the platform that the name implies.
pub fn find(name: &str) -> Option<(&'static Module, Option<&'static str>)> {
    let found = TABLE.iter().copied().find_map(|module| {
        if let Some(alias) = module.aliases.iter().find(|alias| alias.name == name) {
            return Some((module, alias.platform));
        }
        let short = match name.rsplit_once('.') {
            None => name,
            Some((collection, short)) => {
                let legacy = collection == "ansible.legacy" && module.collections.contains(&"ansible.builtin");
                if !legacy && !module.collections.contains(&collection) {
                    return None;
                }
                short
            }
        };
        (module.name == short).then_some((module, None))
    });
    found.or_else(|| resource::find(name)).or_else(|| find(&whole_name(name)?))
}

/// Returns the name of a network module that is called without what its name begins with: `cisco.nxos.config` is
/// `cisco.nxos.nxos_config`, as the collections have it.
fn whole_name(name: &str) -> Option<String> {
    const STARTS: &[(&str, &str)] = &[
        ("arista.eos", "eos"),
        ("cisco.asa", "asa"),
        ("cisco.ios", "ios"),
        ("cisco.iosxr", "iosxr"),
        ("cisco.nxos", "nxos"),
        ("junipernetworks.junos", "junos"),
        ("vyos.vyos", "vyos"),
    ];
    let (collection, short) = name.rsplit_once('.')?;
    let (_, start) = STARTS.iter().find(|(known, _)| *known == collection)?;
    let has_it = short.strip_prefix(start).is_some_and(|rest| rest.starts_with('_'));
    (!has_it).then(|| format!("{collection}.{start}_{short}"))
}

/// Returns every module: those of [`TABLE`] and those of resources.
pub fn all() -> impl Iterator<Item = &'static Module> {
    TABLE.iter().copied().chain(resource::all())
}

/// Returns every name under which a module can be called, for "did you mean".
pub fn names() -> impl Iterator<Item = String> {
    let others = TABLE.iter().flat_map(|module| {
        // A name of its own that implies a platform stands among the aliases.
        let is_alias = module.aliases.iter().any(|alias| alias.name == module.name);
        let own = (!is_alias).then(|| module.name.to_owned()).into_iter();
        let qualified = module.collections.iter().map(move |collection| format!("{collection}.{}", module.name));
        own.chain(qualified).chain(module.aliases.iter().map(|alias| alias.name.to_owned()))
    });
    let of_resources =
        crate::resource::TABLE.iter().flat_map(|row| [row.name.to_owned(), format!("{}.{}", row.collection, row.name)]);
    others.chain(of_resources).chain(resource::names_for_any_platform())
}
