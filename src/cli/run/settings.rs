//! From options to the settings and the context of a run.

use super::lab::LabPart;
use super::login::LoginOptions;
use super::options::{HostKeys, RunArgs};
use crate::cli::ask;
use crate::cli::config::{Config, table};
use crate::cli::setup::Setup;
use crate::event::Event;
use crate::executor::{Context, Defaults, FactSettings, Pool, Publisher, Said, Settings, Stepper, World};
use crate::graph::TagFilter;
use crate::redact::Secret;
use crate::transport::{self, HostKeyPolicy, HttpClients, Shared};
use crate::value::Value;
use crate::vars::{Layer, Origin, Var};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(super) fn settings(args: &RunArgs, lab: &LabPart) -> Result<Settings, String> {
    let ask = |wanted: bool, prompt: &str, file: &Option<PathBuf>| -> Result<Option<Secret>, String> {
        if !wanted {
            return LoginOptions::password(file.as_deref());
        }
        let password = ask::secret(prompt).map_err(|error| format!("cannot ask for a password: {error}"))?;
        Ok(Some(Secret::new(password.as_str())))
    };
    let password = ask(args.ask_pass, "SSH password: ", &args.login.connection_password_file)?;
    let prompt = match password {
        Some(_) => "BECOME password[defaults to SSH password]: ",
        None => "BECOME password: ",
    };
    let become_password = ask(args.ask_become_pass, prompt, &args.login.become_password_file)?
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
        seed: args.seed,
        tags: TagFilter { only: args.tags.iter().cloned().collect(), skip: args.skip_tags.iter().cloned().collect() },
        limit: args.hosts.limit.clone(),
        shard: args.sharding.shard()?,
        force_handlers: args.force_handlers,
        defaults: Defaults {
            user: args.user.clone(),
            private_key: args.private_key.clone(),
            connection: args.connection.clone(),
            password,
            elevate: args.elevate,
            become_user: args.become_user.clone(),
            become_method: args.become_method.clone(),
            become_exe: args.login.become_exe.clone(),
            become_flags: args.login.become_flags.clone(),
            become_password,
            connect_timeout: args.timeout.map(Duration::from_secs),
            port: args.login.port,
            command_timeout: args.login.command_timeout,
            ssh_args: args.login.ssh_args(),
            session_log: args.login.session_log.clone(),
            host_key,
            known_hosts,
        },
        facts: args.facts.settings(),
    })
}

/// Makes a context that runs nothing, for looking at plans and graphs.
pub(in crate::cli) fn context(
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
        seed: None,
        tags,
        limit,
        shard: None,
        force_handlers: false,
        defaults: Defaults::default(),
        facts: FactSettings::default(),
    };
    build(setup, settings, None, send)
}

pub(super) fn build(
    setup: &Setup,
    settings: Settings,
    stepper: Option<Stepper>,
    send: Arc<dyn Fn(Event) + Send + Sync>,
) -> Arc<Context> {
    let redactor = Arc::clone(setup.sources.keyring().redactor());
    for secret in [&settings.defaults.password, &settings.defaults.become_password].into_iter().flatten() {
        redactor.learn(secret);
    }
    let extra = Arc::clone(&setup.loader.extra_vars);
    let world = World::new(setup.inventory.clone(), extra, magic(setup, &settings)).with_facts(&settings.facts);
    let said = Said { connection: settings.defaults.connection.clone(), user: settings.defaults.user.clone() };
    let world = world.with_said(said);
    let world = world.with_reload(Arc::clone(&setup.reload));
    let world = world.merging(setup.config.text(&table::HASH_BEHAVIOUR).as_deref() == Some("merge"));
    let publisher = Publisher::new(redactor, send);
    Arc::new(Context {
        world: Arc::new(world),
        loader: Arc::clone(&setup.loader),
        pool: pool(&setup.config).with_publisher(publisher.clone()),
        publisher,
        settings,
        stepper,
        cut: CancellationToken::new(),
    })
}

/// Makes the pool of connections, with the limits of the settings.
fn pool(config: &Config) -> Pool {
    let from_environment = transport::Settings::from_environment();
    let limit = |setting, usual: usize| config.number(setting).and_then(|n| usize::try_from(n).ok()).unwrap_or(usual);
    let limits = transport::Settings {
        logins: limit(&table::LOGINS, from_environment.logins),
        logins_per_address: limit(&table::LOGINS_PER_ADDRESS, from_environment.logins_per_address),
        logins_per_jump: limit(&table::LOGINS_PER_JUMP, from_environment.logins_per_jump),
        commands_per_connection: limit(&table::COMMANDS_PER_CONNECTION, from_environment.commands_per_connection),
        ..from_environment
    };
    let http = match config.number(&table::HTTP_PER_ORIGIN).and_then(|n| usize::try_from(n).ok()) {
        Some(most) => HttpClients::with_most_per_origin(most),
        None => HttpClients::new(),
    };
    Pool::new(Shared::new(limits), http)
}

/// Returns the magic variables that are the same for every host.
fn magic(setup: &Setup, settings: &Settings) -> Layer {
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
        ("ansible_config_file", setup.config.ansible_cfg().map_or(Value::from(""), Value::from)),
        ("ansible_diff_mode", Value::from(settings.diff)),
        ("ansible_forks", Value::from(settings.forks)),
        ("ansible_inventory_sources", Value::list(setup.inventory_sources.iter().map(String::as_str))),
        ("ansible_limit", Value::from(settings.limit.clone())),
        ("ansible_run_tags", run_tags),
        ("ansible_skip_tags", texts(&settings.tags.skip)),
        ("ansible_verbosity", Value::from(i64::from(settings.verbosity))),
        ("ansible_version", version),
    ];
    for (name, value) in entries {
        if value == Value::Null {
            continue;
        }
        layer.vars.insert(name.into(), Var::Data(value));
    }
    layer
}
