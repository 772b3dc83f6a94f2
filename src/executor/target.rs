//! From variables and keywords to a [`Target`]: where and how the step's host is reached.

mod bounds;
mod provider;
mod terminal;
mod way;

use super::item::{boolean, number};
use super::ssh_args::{SshArgs, Texts, UNDERSTOOD};
use super::step::Job;
use super::world::{StepScope, is_localhost};
use crate::failure::{Failure, FailureKind};
use crate::module::Needs;
use crate::platform::{self, Platform};
use crate::playbook::{Takes, Task, flag};
use crate::redact::Secret;
use crate::source::expand_home;
use crate::template::Templar;
use crate::transport::{Bounds, Elevate, HostKeyPolicy, Kind, SshTarget, Target, Terminal};
use crate::value::{Map, Value};
use crate::vars::Scope;
use crate::yaml::Node;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What the command line says about connections; variables override it.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// `-u`
    pub user: Option<String>,
    /// `--private-key`
    pub private_key: Option<PathBuf>,
    /// `-c`
    pub connection: Option<String>,
    /// `-k`
    pub password: Option<Secret>,
    /// `-b`
    pub elevate: bool,
    /// `--become-user`
    pub become_user: Option<String>,
    /// `--become-method`
    pub become_method: Option<String>,
    /// The setting `become_exe`.
    pub become_exe: Option<String>,
    /// The setting `become_flags`.
    pub become_flags: Option<String>,
    /// `-K`
    pub become_password: Option<Secret>,
    /// `--timeout`
    pub connect_timeout: Option<Duration>,
    /// The port when nobody says.
    pub port: Option<u16>,
    /// How long a command on a device may take when nobody says.
    pub command_timeout: Option<Duration>,
    /// `ssh_args`, `--ssh-common-args`, `--ssh-extra-args`: what counts where the variables of a host do not say.
    pub ssh_args: [Option<String>; 3],
    /// `--session-log`
    pub session_log: Option<PathBuf>,
    /// `--host-key-checking`
    pub host_key: HostKeyPolicy,
    /// Files of known hosts to use instead of the user's.
    pub known_hosts: Vec<PathBuf>,
}

/// Where NETCONF listens (RFC 6242, section 4.1).
const NETCONF_PORT: u16 = 830;

/// How long connecting may take when nobody says: Ansible's default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A question for a target.
pub(super) struct Request<'a> {
    pub(super) job: &'a Job,
    pub(super) task: &'a Arc<Task>,
    /// The scope of the host that is reached: the delegated one's.
    pub(super) scope: &'a StepScope,
    pub(super) templar: &'a Templar,
    pub(super) needs: Needs,
    /// The argument for which a module of a CLI needs NETCONF.
    pub(super) argument: Option<&'static str>,
    /// The platform that the module's name implies.
    pub(super) implied: Option<&'static str>,
    /// What the task itself says of the way to the device.
    pub(super) provider: Option<&'a Map>,
}

impl Request<'_> {
    /// Returns where and how the host is reached.
    pub(super) fn target(&self) -> Result<Arc<Target>, Failure> {
        if self.needs == Needs::Http {
            return Ok(Arc::new(self.nowhere(self.vars().bounds()?)));
        }
        if self.needs == Needs::Nothing {
            return Ok(Arc::new(self.nowhere(Bounds::default())));
        }
        let vars = self.vars();
        let vars = Vars { provided: self.provided(&vars)?, ..vars };
        let said = self.said(&vars)?;
        let platform = self.platform(&vars, said.is_netconf() || self.needs == Needs::Netconf)?;
        let kind = self.kind(&said, platform)?;
        let kept_shell = vars.flag("netplay_kept_shell", &self.scope.host)?.unwrap_or(true);
        let command_timeout =
            vars.seconds("ansible_command_timeout")?.or(self.job.context.settings.defaults.command_timeout);
        let elevate = self.elevate(&vars)?;
        let mut ssh = match kind {
            Kind::Local => self.plain_login(String::new()),
            Kind::Ssh | Kind::NetworkCli => self.login(&vars)?,
            Kind::Netconf => {
                let login = self.login(&vars)?;
                SshTarget { port: login.port.or(Some(NETCONF_PORT)), ..login }
            }
        };
        ssh.bounds = vars.bounds()?;
        for secret in
            [&ssh.password, &ssh.passphrase, &elevate.as_ref().and_then(|e| e.password.clone())].into_iter().flatten()
        {
            self.job.context.publisher.redactor().learn(secret);
        }
        let host = self.scope.host.to_string();
        let is_dialogue = matches!(kind, Kind::NetworkCli | Kind::Netconf);
        let platform = platform.filter(|platform| is_dialogue || platform.is_host);
        if kind == Kind::NetworkCli && platform.is_none() {
            return Err(Failure::new(FailureKind::Argument, format!("the platform of `{host}` is not known"))
                .help("set `ansible_network_os`, for example to `cisco.ios.ios`"));
        }
        if let (Kind::NetworkCli, Some(user), Some(suffix)) = (kind, &mut ssh.user, suffix(platform))
            && !user.ends_with(suffix)
        {
            user.push_str(suffix);
        }
        let terminal = match kind {
            Kind::NetworkCli | Kind::Netconf => terminal::terminal(&vars, &host, said.is_telnet(), &self.job.context)?,
            Kind::Local | Kind::Ssh => Terminal::default(),
        };
        Ok(Arc::new(Target { host, kind, ssh, platform, elevate, command_timeout, kept_shell, terminal }))
    }

    /// Returns the target of what needs no host.
    fn nowhere(&self, bounds: Bounds) -> Target {
        Target {
            host: self.scope.host.to_string(),
            kind: Kind::Local,
            ssh: SshTarget { bounds, ..self.plain_login(String::new()) },
            platform: None,
            elevate: None,
            command_timeout: None,
            kept_shell: false,
            terminal: Terminal::default(),
        }
    }

    fn vars(&self) -> Vars {
        Vars {
            templar: Templar::new(
                // What nobody has set is decided here, not taken from its default.
                Arc::new(StepScope { connection_defaults: false, ..self.scope.clone() }),
                self.task.files.clone(),
                Arc::clone(&self.job.context.loader.sources),
            ),
            provided: Map::new(),
        }
    }

    /// Returns the device type. NETCONF is the same on all, so that one which is not known is none there.
    fn platform(&self, vars: &Vars, is_netconf: bool) -> Result<Option<&'static Platform>, Failure> {
        if let Some(implied) = self.implied {
            return Ok(platform::find(implied));
        }
        let Some(name) = vars.text("ansible_network_os")? else { return Ok(None) };
        match platform::find(&name) {
            Some(platform) => Ok(Some(platform).filter(|platform| !is_netconf || platform.name != platform::AUTO)),
            None if is_netconf => Ok(None),
            None => Err(Failure::new(
                FailureKind::Argument,
                format!("no platform `{name}` (`ansible_network_os` of `{}`)", self.scope.host),
            )
            .help(format!(
                "known platforms: {}",
                platform::all().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ")
            ))),
        }
    }

    fn elevate(&self, vars: &Vars) -> Result<Option<Elevate>, Failure> {
        let defaults = &self.job.context.settings.defaults;
        let keyword = |node: &Option<Node>| -> Result<Option<Value>, Failure> {
            node.as_ref().map(|node| self.templar.node(node)).transpose()
        };
        let settings = &self.task.settings;
        let written = keyword(&settings.elevate)?.filter(|value| *value != Value::Omit);
        let wanted = match vars.value("ansible_become")?.or(written) {
            Some(value) => flag(&value)
                .ok_or_else(|| Failure::new(FailureKind::Argument, Takes::Flag.complaint("become", &value)))?,
            None => defaults.elevate,
        };
        if !wanted {
            return Ok(None);
        }
        let text = |name: &str, node: &Option<Node>, default: &Option<String>, last: &str| -> Result<String, Failure> {
            let said = vars.text(name)?.or(keyword(node)?.map(|value| value.to_text()));
            Ok(said.or_else(|| default.clone()).unwrap_or_else(|| last.into()))
        };
        let method = text("ansible_become_method", &settings.become_method, &defaults.become_method, "sudo")?;
        let user = text("ansible_become_user", &settings.become_user, &defaults.become_user, "root")?;
        let password = vars
            .first(&["ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"])?
            .map(Secret::new)
            .or_else(|| defaults.become_password.clone());
        let method = method.rsplit_once('.').map_or(method.clone(), |(_, short)| short.to_owned());
        // Nothing said as an empty text is nothing said, as in Ansible.
        let more = |names: &[&str], node: &Option<Node>, default: &Option<String>| -> Result<Option<String>, Failure> {
            let said = vars.first(names)?.or(keyword(node)?.map(|value| value.to_text()));
            Ok(said.or_else(|| default.clone()).filter(|text| !text.is_empty()))
        };
        let of_method = [format!("ansible_{method}_exe"), format!("ansible_{method}_flags")];
        let exe = more(&["ansible_become_exe", &of_method[0]], &settings.become_exe, &defaults.become_exe)?;
        let flags = more(&["ansible_become_flags", &of_method[1]], &settings.become_flags, &defaults.become_flags)?;
        Ok(Some(Elevate { method, user, exe, flags, password }))
    }

    fn plain_login(&self, address: String) -> SshTarget {
        let defaults = &self.job.context.settings.defaults;
        SshTarget {
            address,
            port: None,
            user: None,
            password: None,
            private_key: None,
            passphrase: None,
            host_key: defaults.host_key,
            known_hosts: defaults.known_hosts.clone(),
            config_file: None,
            jump: None,
            proxy_command: None,
            legacy: false,
            connect_timeout: CONNECT_TIMEOUT,
            keepalive: None,
            use_agent: true,
            bounds: Bounds::default(),
        }
    }

    fn login(&self, vars: &Vars) -> Result<SshTarget, Failure> {
        let defaults = &self.job.context.settings.defaults;
        let settings = &self.task.settings;
        let keyword = |node: &Option<Node>| -> Result<Option<String>, Failure> {
            Ok(node.as_ref().map(|node| self.templar.node(node)).transpose()?.map(|value| value.to_text()))
        };
        let address = vars.first(&["ansible_host", "ansible_ssh_host"])?.unwrap_or_else(|| self.scope.host.to_string());
        let mut login = self.plain_login(address);
        let args = self.ssh_args(vars)?;
        args.apply(&mut login);
        let port = vars.value("ansible_port")?.or(vars.value("ansible_ssh_port")?);
        let port = port.or(keyword(&settings.port)?.map(Value::from));
        login.port = match port {
            None => defaults.port.or(args.port),
            Some(value) => {
                Some(number(&value).filter(|n| (1.0..=65535.0).contains(n)).map(|n| n as u16).ok_or_else(|| {
                    Failure::new(
                        FailureKind::Argument,
                        format!("the port of `{}` must be a number from 1 to 65535", self.scope.host),
                    )
                })?)
            }
        };
        login.user = vars
            .first(&["ansible_user", "ansible_ssh_user"])?
            .or(keyword(&settings.remote_user)?)
            .or_else(|| defaults.user.clone())
            .or_else(|| args.user.clone());
        login.password = vars
            .first(&["ansible_password", "ansible_ssh_password", "ansible_ssh_pass"])?
            .map(Secret::new)
            .or_else(|| defaults.password.clone());
        login.private_key = vars
            .first(&["ansible_private_key_file", "ansible_ssh_private_key_file"])?
            .map(|path| expand_home(&path))
            .or_else(|| defaults.private_key.clone())
            .or_else(|| args.private_key.clone());
        login.passphrase = vars.text("ansible_ssh_private_key_passphrase")?.map(Secret::new);
        login.host_key = args.host_key.unwrap_or(login.host_key);
        if let Some(checked) = vars.first(&["ansible_host_key_checking", "ansible_ssh_host_key_checking"])? {
            login.host_key = host_key_policy(&checked).ok_or_else(|| {
                Failure::new(FailureKind::Argument, format!("`ansible_host_key_checking` knows no `{checked}`"))
                    .help("it knows `strict` (or true), `accept-new` and `off` (or false)")
            })?;
        }
        login.legacy =
            vars.value("ssh_legacy")?.or(vars.value("ansible_ssh_legacy")?).as_ref().and_then(boolean).unwrap_or(false);
        login.connect_timeout = match vars.seconds("ansible_connect_timeout")?.or(vars.seconds("ansible_timeout")?) {
            Some(timeout) => timeout,
            None => defaults.connect_timeout.or(args.connect_timeout).unwrap_or(CONNECT_TIMEOUT),
        };
        login.keepalive = vars.seconds("ansible_ssh_keepalive")?.or(login.keepalive);
        if let Some(jump) = vars.text("ansible_ssh_jump")? {
            login.jump = Some(jump.split(',').map(|hop| hop.trim().to_owned()).filter(|hop| !hop.is_empty()).collect());
        }
        Ok(login)
    }
}

impl Request<'_> {
    /// Returns what options of the OpenSSH client say: the variables of the host, or the settings.
    fn ssh_args(&self, vars: &Vars) -> Result<Arc<SshArgs>, Failure> {
        let names = ["ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"];
        let mut texts = Texts::default();
        let defaults = &self.job.context.settings.defaults.ssh_args;
        for ((text, name), default) in texts.iter_mut().zip(names).zip(defaults) {
            *text = vars.text(name)?.or_else(|| default.clone());
        }
        self.job.context.pool.ssh_args.read(texts).map_err(|(place, what)| {
            let message = format!("`{}` of `{}`: {what}", names[place], self.scope.host);
            Failure::new(FailureKind::Argument, message).help(UNDERSTOOD)
        })
    }
}

/// Returns the policy that a word means: ours, Ansible's booleans, and OpenSSH's.
pub(super) fn host_key_policy(word: &str) -> Option<HostKeyPolicy> {
    match word.to_lowercase().as_str() {
        "strict" | "true" | "yes" | "1" => Some(HostKeyPolicy::Strict),
        "accept-new" | "accept_new" => Some(HostKeyPolicy::AcceptNew),
        "off" | "false" | "no" | "0" => Some(HostKeyPolicy::Off),
        _ => None,
    }
}

/// Connection variables, rendered when asked for.
struct Vars {
    templar: Templar,
    /// Variables that the task itself says.
    provided: Map,
}

impl Vars {
    fn value(&self, name: &str) -> Result<Option<Value>, Failure> {
        if let Some(value) = self.provided.get(name) {
            return Ok(Some(value.clone()));
        }
        Ok(self.templar.var(name)?.filter(|value| !matches!(value, Value::Null | Value::Omit)))
    }

    fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.value(name)?.map(|value| value.to_text()).filter(|text| !text.is_empty()))
    }

    fn first(&self, names: &[&str]) -> Result<Option<String>, Failure> {
        for name in names {
            if let Some(text) = self.text(name)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    fn seconds(&self, name: &str) -> Result<Option<Duration>, Failure> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        match number(&value).filter(|n| *n >= 0.0 && *n < 1e9) {
            Some(0.0) => Ok(None),
            Some(seconds) => Ok(Some(Duration::from_secs_f64(seconds))),
            None => Err(Failure::new(FailureKind::Argument, format!("`{name}` must be a number of seconds"))),
        }
    }
}

/// Returns what a platform wants behind the user's name.
fn suffix(platform: Option<&'static Platform>) -> Option<&'static str> {
    platform?.username_suffix.as_deref()
}

/// Returns the platform of a host as far as variables say; for the graph, before the run.
pub(super) fn platform_of(scope: StepScope, templar: impl Fn(StepScope) -> Templar) -> Option<&'static Platform> {
    scope.var("ansible_network_os")?;
    let value = templar(scope).var("ansible_network_os").ok()??;
    // What is not found out yet is not known before the run.
    platform::find(&value.to_text()).filter(|platform| platform.name != platform::AUTO)
}
