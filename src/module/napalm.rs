//! NAPALM's modules, as its playbooks write them: what a device says of itself in NAPALM's shape (`get.rs`), whether that is
//! what a file wants (`validate.rs`, `compare.rs`), commands (`cli.rs`), pings (`ping.rs`) and configurations (`install.rs`).
//! They are ours under other names: one connection a host and run, whatever each task says of it.
//!
//! A task may say how the device is reached (`hostname`, `username`, `password`, `dev_os`, `provider`): [`way`] reads it.

mod cli;
mod compare;
mod get;
mod install;
mod ping;
mod validate;

use super::{Arg, ArgKind, Args, Context, Module, local};
use crate::failure::{Failure, FailureKind};
use crate::platform::{self, Platform};
use crate::source::Diagnostic;
use crate::value::{Map, Value};
use crate::yaml::Node;
pub(super) use cli::MODULE as CLI;
pub(super) use get::MODULE as GET;
pub(super) use install::MODULE as INSTALL;
pub(super) use ping::MODULE as PING;
pub(super) use validate::MODULE as VALIDATE;

/// What all of them take.
const REACHED: &[Arg] = &[
    Arg::new("hostname", ArgKind::Str, "The device's address, where the inventory says no connection to it.")
        .aliases(&["host"]),
    Arg::new("username", ArgKind::Str, "The user's name there."),
    Arg::new("password", ArgKind::Secret, "The user's password there."),
    Arg::new(
        "dev_os",
        ArgKind::Str,
        "Its platform: `ios`, `eos`, `junos`, `nxos_ssh`, …; the host's own when left out.",
    ),
    Arg::new("timeout", ArgKind::Int, "How many seconds an answer may take."),
    Arg::new("optional_args", ArgKind::Dict, "`port`, and `secret`: the password of `enable`."),
];

/// How a task of these modules reaches its device, as `provider` says it, and the platform.
#[derive(Debug)]
pub struct Way {
    /// What is said, by the names of `provider`.
    pub provider: Map,
    /// The platform's name.
    pub platform: Option<&'static str>,
}

/// The drivers whose names are no platform's.
const DRIVERS: &[(&str, &str)] = &[
    ("nxos_ssh", "cisco_nxos"),
    ("iosxr_netconf", "cisco_iosxr"),
    ("ros", "mikrotik_routeros"),
    ("ce", "huawei_vrpv8"),
];

/// Returns how a task of NAPALM says that its device is reached; `None` for other modules.
///
/// # Errors
/// Fails when there is no such platform.
pub fn way(module: &Module, args: &Args) -> Result<Option<Way>, Failure> {
    if !module.collections.contains(&COLLECTION) {
        return Ok(None);
    }
    let said = |name: &str| {
        let own = args.get(name).cloned();
        own.or_else(|| args.dict("provider").and_then(|provider| provider.get(name).cloned()))
    };
    let mut provider = Map::new();
    let names = [
        ("hostname", "host"),
        ("host", "host"),
        ("username", "username"),
        ("password", "password"),
        ("timeout", "timeout"),
    ];
    for (name, as_said) in names {
        if let Some(value) = said(name) {
            provider.insert(as_said, value);
        }
    }
    let options = said("optional_args");
    let option = |name: &str| options.as_ref().and_then(Value::as_map).and_then(|options| options.get(name).cloned());
    if let Some(port) = option("port") {
        provider.insert("port", port);
    }
    if let Some(secret) = option("secret") {
        provider.insert("authorize", true);
        provider.insert("auth_pass", secret);
    }
    let platform = said("dev_os").map(|name| driver(&name.to_text())).transpose()?;
    Ok(Some(Way { provider, platform }))
}

fn driver(name: &str) -> Result<&'static str, Failure> {
    let known = DRIVERS.iter().find(|(driver, _)| *driver == name).map_or(name, |(_, platform)| *platform);
    let failure = || {
        let failure = Failure::new(FailureKind::Argument, format!("no platform `{name}` (`dev_os`)"));
        crate::source::did_you_mean(name, platform::names()).into_iter().fold(failure, Failure::help)
    };
    platform::find(known).map(|platform| platform.name.as_str()).ok_or_else(failure)
}

const COLLECTION: &str = "napalm.napalm";

/// Refuses options of a driver that have no meaning here.
fn check_options(node: &Node) -> Option<Diagnostic> {
    let options = node.as_map()?;
    let (key, node, _) = options.iter().find(|(key, _, _)| !["port", "secret"].contains(&key.to_string().as_str()))?;
    let message = format!("`optional_args` has `{key}`, which tells a driver of NAPALM how to work");
    Some(
        Diagnostic::error("E0307", message)
            .at(node.span)
            .help("`port` and `secret` have a meaning here; leave others out"),
    )
}

fn platform_of(context: &Context<'_>) -> Result<&'static Platform, Failure> {
    context.platform.ok_or_else(|| {
        Failure::new(FailureKind::Argument, "the platform of the host is not known")
            .help("set `dev_os`, or `ansible_network_os` for the host")
    })
}

/// Returns the text of a file here, as it stands.
fn text_of(context: &Context<'_>, name: &str) -> Result<String, Failure> {
    let path = local::find(context.files, "files", name)?;
    let bytes = std::fs::read(&path).map_err(|error| local::cannot_read(&path, &error))?;
    let bytes = if bytes.starts_with(b"$ANSIBLE_VAULT;") { context.run.open_vault(&bytes)? } else { bytes };
    String::from_utf8(bytes).map_err(|_| Failure::new(FailureKind::File, format!("`{name}` is not UTF-8 text")))
}
