use super::config::{Config, HostConfig, Tokens, expand_tilde};
use super::known_hosts::name_with_port;
use crate::failure::{Failure, FailureKind};
use crate::redact::Secret;
use crate::transport::{Bounds, HostKeyPolicy, Settings, SshTarget};
use std::path::PathBuf;
use std::time::Duration;

/// The keys that OpenSSH looks for when nobody names one, the quickest kind first.
const DEFAULT_KEYS: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// How many hosts one way may lead through.
const MOST_JUMPS: usize = 8;

/// One login: everything that target and configuration say about it, put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hop {
    /// The name as the user wrote it.
    pub(super) name: String,
    /// The name or address to connect to.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    /// The name under which its key is written down.
    pub(super) known_as: String,
    /// The same without the port, when that is another.
    pub(super) known_without_port: Option<String>,
    pub(super) known_hosts: Vec<PathBuf>,
    pub(super) host_key: HostKeyPolicy,
    pub(super) keys: Vec<PathBuf>,
    /// Certificates that were named, for whichever key they were made for.
    pub(super) certificates: Vec<PathBuf>,
    /// The first key was named; that it is missing is an error.
    pub(super) key_is_explicit: bool,
    pub(super) passphrase: Option<Secret>,
    pub(super) password: Option<Secret>,
    pub(super) agent: Option<PathBuf>,
    /// Of the agent's keys, take only those that are among `keys`.
    pub(super) identities_only: bool,
    pub(super) proxy_command: Option<String>,
    pub(super) legacy: bool,
    pub(super) connect_timeout: Duration,
    pub(super) keepalive: Option<Duration>,
    /// What the target says; hosts on the way have the bounds of the run.
    pub(super) bounds: Bounds,
}

impl Hop {
    /// Returns `user@host`, with the port when it is not the usual one.
    pub(super) fn label(&self) -> String {
        let address = if self.host == self.name { String::new() } else { format!(" ({})", self.host) };
        let port = if self.port == 22 { String::new() } else { format!(":{}", self.port) };
        format!("{}@{}{port}{address}", self.user, self.name)
    }

    /// Returns what tells this login from others when connections are shared.
    pub(super) fn key(&self) -> String {
        format!("{}@{}:{} {:?} {:?}", self.user, self.host, self.port, self.keys, self.proxy_command)
    }
}

/// The way to a host: the jump hosts in order, and the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) jumps: Vec<Hop>,
    pub(super) last: Hop,
}

impl Route {
    /// Puts a way together. What the target says explicitly counts before the configuration.
    pub(super) fn plan(target: &SshTarget, config: &Config, settings: &Settings) -> Result<Route, Failure> {
        let planner = Planner { target, config, settings };
        let asked = Asked { host: &target.address, user: target.user.as_deref(), port: target.port };
        let (last, said) = planner.hop(&asked, true)?;
        // Jumps that were asked for, even none, overrule a `ProxyCommand`.
        let (names, last) = match &target.jump {
            Some(jumps) => (jumps.clone(), Hop { proxy_command: None, ..last }),
            // The command that was asked for is the whole way.
            None if target.proxy_command.is_some() => (Vec::new(), last),
            None => (said.proxy_jump.unwrap_or_default(), last),
        };
        let jumps = planner.jumps(&names, 0)?;
        Ok(Route { jumps, last })
    }
}

struct Asked<'a> {
    host: &'a str,
    user: Option<&'a str>,
    port: Option<u16>,
}

struct Planner<'a> {
    target: &'a SshTarget,
    config: &'a Config,
    settings: &'a Settings,
}

impl Planner<'_> {
    /// The first host of a chain may itself be behind others; those after it are reached from there.
    fn jumps(&self, names: &[String], depth: usize) -> Result<Vec<Hop>, Failure> {
        let mut hops = Vec::new();
        for (i, name) in names.iter().enumerate() {
            let asked = parse_jump(name)?;
            let (mut hop, said) = self.hop(&asked, false)?;
            if i == 0 {
                hops = match said.proxy_jump {
                    Some(before) if depth < MOST_JUMPS => self.jumps(&before, depth + 1)?,
                    _ => Vec::new(),
                };
            } else {
                hop.proxy_command = None;
            }
            hops.push(hop);
        }
        if hops.len() > MOST_JUMPS {
            let message =
                format!("the way to `{}` leads through more than {MOST_JUMPS} jump hosts", self.target.address);
            return Err(
                Failure::new(FailureKind::Argument, message).help("look for a `ProxyJump` that leads in a circle")
            );
        }
        Ok(hops)
    }

    fn hop(&self, asked: &Asked<'_>, is_target: bool) -> Result<(Hop, HostConfig), Failure> {
        let (target, settings) = (self.target, self.settings);
        let local_user = settings.user.as_deref().unwrap_or("root");
        let said = self.config.lookup(asked.host, asked.user, local_user);
        let host = said.host_name.clone().unwrap_or_else(|| asked.host.to_owned());
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = asked.port.or(said.port).unwrap_or(22);
        let user = asked.user.map(str::to_owned).or(said.user.clone()).unwrap_or_else(|| local_user.to_owned());
        if host.is_empty() || host.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(Failure::new(FailureKind::Argument, format!("`{host}` is not the name or address of a host")));
        }
        let home = settings.home.as_deref().map(|home| home.to_string_lossy()).unwrap_or_default();
        let tokens = Tokens { host: &host, original: asked.host, port, user: &user, local_user, home: &home };
        let asked_for = target.proxy_command.as_ref().filter(|_| is_target);
        let proxy_command = match asked_for.or(said.proxy_command.as_ref()) {
            Some(command) if !command.eq_ignore_ascii_case("none") => Some(proxy_command(command, &tokens)?),
            _ => None,
        };
        let path = |text: &String| expand_tilde(&tokens.expand(text), settings.home.as_deref());
        let name = said.host_key_alias.clone().unwrap_or_else(|| host.clone());
        // An alias is looked for as it is, without a port.
        let known_as = name_with_port(&name, if said.host_key_alias.is_some() { 22 } else { port });
        let (keys, key_is_explicit) = self.keys(&said, is_target, &path);
        let hop = Hop {
            name: asked.host.to_owned(),
            known_without_port: Some(name.to_ascii_lowercase()).filter(|name| *name != known_as),
            known_as,
            known_hosts: self.known_hosts(&said, &path),
            host_key: policy(target.host_key, said.strict_host_key_checking.as_deref()),
            keys,
            certificates: said.certificate_files.iter().map(path).collect(),
            key_is_explicit,
            passphrase: target.passphrase.clone(),
            // A target's password is no business of the hosts on the way.
            password: target.password.clone().filter(|_| is_target),
            agent: self.agent(&said, is_target, &path),
            identities_only: said.identities_only,
            proxy_command,
            legacy: target.legacy && is_target,
            connect_timeout: target.connect_timeout.min(said.connect_timeout.unwrap_or(Duration::MAX)),
            keepalive: target.keepalive.or(said.keepalive),
            bounds: if is_target { target.bounds } else { Bounds::default() },
            host,
            port,
            user,
        };
        Ok((hop, said))
    }

    fn keys(&self, said: &HostConfig, is_target: bool, path: &dyn Fn(&String) -> PathBuf) -> (Vec<PathBuf>, bool) {
        if let Some(key) = self.target.private_key.as_ref().filter(|_| is_target) {
            return (vec![expand_tilde(&key.to_string_lossy(), self.settings.home.as_deref())], true);
        }
        if !said.identity_files.is_empty() {
            let files = said.identity_files.iter().filter(|file| !file.eq_ignore_ascii_case("none"));
            return (files.map(path).collect(), false);
        }
        // A signature tells a jump host nothing, so the target's key may as well open it.
        let mut keys: Vec<PathBuf> = self.target.private_key.iter().cloned().collect();
        if let Some(home) = &self.settings.home {
            keys.extend(DEFAULT_KEYS.iter().map(|name| home.join(".ssh").join(name)));
        }
        (keys, false)
    }

    fn known_hosts(&self, said: &HostConfig, path: &dyn Fn(&String) -> PathBuf) -> Vec<PathBuf> {
        if !self.target.known_hosts.is_empty() {
            return self.target.known_hosts.clone();
        }
        let mut files: Vec<PathBuf> = match &self.settings.home {
            _ if !said.known_hosts_files.is_empty() => {
                said.known_hosts_files.iter().filter(|file| !file.eq_ignore_ascii_case("none")).map(path).collect()
            }
            Some(home) => vec![home.join(".ssh/known_hosts")],
            None => Vec::new(),
        };
        files.push("/etc/ssh/ssh_known_hosts".into());
        files
    }

    fn agent(&self, said: &HostConfig, is_target: bool, path: &dyn Fn(&String) -> PathBuf) -> Option<PathBuf> {
        if !self.target.use_agent || (is_target && self.target.private_key.is_some()) {
            return None;
        }
        match said.identity_agent.as_deref() {
            Some("none") => None,
            None | Some("SSH_AUTH_SOCK") => self.settings.agent_socket.clone(),
            Some(socket) => Some(path(&socket.to_owned())),
        }
    }
}

/// A target's policy counts where it is not the default one. `no` means here what is safe in it: new keys are taken.
fn policy(target: HostKeyPolicy, said: Option<&str>) -> HostKeyPolicy {
    match (target, said) {
        (HostKeyPolicy::Strict, Some("accept-new" | "no" | "off")) => HostKeyPolicy::AcceptNew,
        (policy, _) => policy,
    }
}

/// A shell reads the command, so nothing may stand in a name that means something to it.
fn proxy_command(command: &str, tokens: &Tokens<'_>) -> Result<String, Failure> {
    let harmless =
        |text: &str| !text.starts_with('-') && text.chars().all(|c| c.is_alphanumeric() || "._-:@%[]+".contains(c));
    for text in [tokens.host, tokens.original, tokens.user] {
        if !harmless(text) {
            let message = format!("`{text}` cannot be put into a `ProxyCommand`: it has characters of the shell");
            return Err(Failure::new(FailureKind::Argument, message));
        }
    }
    Ok(tokens.expand(command))
}

/// Reads `[user@]host[:port]`, also as `ssh://…` and with an IPv6 address in brackets.
fn parse_jump(text: &str) -> Result<Asked<'_>, Failure> {
    let bare = text.trim().trim_start_matches("ssh://").trim_end_matches('/');
    let (user, address) = match bare.rsplit_once('@') {
        Some((user, address)) => (Some(user), address),
        None => (None, bare),
    };
    let (host, port) = match address.rfind(':') {
        Some(colon) if address[..colon].ends_with(']') || !address[..colon].contains(':') => {
            (&address[..colon], Some(&address[colon + 1..]))
        }
        _ => (address, None),
    };
    let port = match port.map(str::parse) {
        None => None,
        Some(Ok(port)) => Some(port),
        Some(Err(_)) => {
            let message = format!("`{text}` is not a jump host: the port is not a number up to 65535");
            return Err(Failure::new(FailureKind::Argument, message));
        }
    };
    if host.is_empty() || user == Some("") {
        let message = format!("`{text}` is not a jump host: expected `[user@]host[:port]`");
        return Err(Failure::new(FailureKind::Argument, message));
    }
    Ok(Asked { host, user, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings { home: Some("/home/me".into()), user: Some("me".into()), ..Settings::default() }
    }

    fn target(address: &str) -> SshTarget {
        SshTarget {
            address: address.into(),
            port: None,
            user: None,
            password: Some(Secret::new("of the target")),
            private_key: None,
            passphrase: None,
            host_key: HostKeyPolicy::Strict,
            known_hosts: Vec::new(),
            config_file: None,
            jump: None,
            proxy_command: None,
            legacy: false,
            connect_timeout: Duration::from_secs(10),
            keepalive: None,
            use_agent: false,
            bounds: Bounds::default(),
        }
    }

    fn route(target: &SshTarget, config: &str) -> Result<Route, Failure> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        std::fs::write(&file, config).unwrap();
        Route::plan(target, &Config::read(&[file], None), &settings())
    }

    #[test]
    fn the_target_counts_before_the_configuration() {
        let config = "Host r1\nHostName 10.0.0.1\nUser admin\nPort 2222\nIdentityFile %d/keys/%r\n";
        let hop = route(&target("r1"), config).unwrap().last;
        assert_eq!(hop.label(), "admin@r1:2222 (10.0.0.1)");
        assert_eq!((hop.known_as.as_str(), hop.known_without_port.as_deref()), ("[10.0.0.1]:2222", Some("10.0.0.1")));
        assert_eq!(hop.keys, [PathBuf::from("/home/me/keys/admin")]);
        let explicit = SshTarget { user: Some("root".into()), port: Some(22), ..target("r1") };
        assert_eq!(route(&explicit, config).unwrap().last.label(), "root@r1 (10.0.0.1)");
    }

    #[test]
    fn jumps_are_put_in_order_and_get_no_password_of_the_target() {
        let config = "Host target\nProxyJump b\nHost b\nProxyJump admin@a:2200\n";
        let found = route(&target("target"), config).unwrap();
        let labels: Vec<_> = found.jumps.iter().map(Hop::label).collect();
        assert_eq!(labels, ["admin@a:2200", "me@b"]);
        assert!(found.jumps.iter().all(|hop| hop.password.is_none()));
        assert!(found.last.password.is_some());
        let without = SshTarget { jump: Some(Vec::new()), ..target("target") };
        assert!(route(&without, config).unwrap().jumps.is_empty());
    }

    #[test]
    fn a_circle_of_jumps_is_refused() {
        let failure = route(&target("a"), "Host *\nProxyJump b\n").unwrap_err();
        assert!(failure.message.expose().contains("more than 8 jump hosts"), "{}", failure.message.expose());
    }

    #[test]
    fn jump_hosts_are_read_in_every_form() {
        let cases = [
            ("h", Some((None, "h", None))),
            ("u@h:22", Some((Some("u"), "h", Some(22)))),
            ("ssh://u@[::1]:22/", Some((Some("u"), "[::1]", Some(22)))),
            ("fe80::1", Some((None, "fe80::1", None))),
            ("u@v@h", Some((Some("u@v"), "h", None))),
            ("h:x", None),
            ("@h", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let found = parse_jump(text).ok();
            assert_eq!(found.as_ref().map(|asked| (asked.user, asked.host, asked.port)), expected, "{text}");
        }
    }

    #[test]
    fn a_name_cannot_smuggle_words_into_a_proxy_command() {
        let config = "Host *\nProxyCommand nc %h %p\n";
        assert_eq!(route(&target("h"), config).unwrap().last.proxy_command.as_deref(), Some("nc h 22"));
        assert!(route(&target("h;id"), config).is_err());
        assert!(route(&target("-oX"), config).is_err());
    }
}
