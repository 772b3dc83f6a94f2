//! Options of the OpenSSH client (`ansible_ssh_common_args` and its relatives), as far as they have a meaning here.
//! What has none is refused, never ignored; of an option that is given twice the first counts, as with OpenSSH.

use super::target::host_key_policy;
use crate::source::expand_home;
use crate::transport::{HostKeyPolicy, SshTarget};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What options say about a login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshArgs {
    /// The port.
    pub port: Option<u16>,
    /// The user.
    pub user: Option<String>,
    /// The private key.
    pub private_key: Option<PathBuf>,
    /// What to do about host keys.
    pub host_key: Option<HostKeyPolicy>,
    /// How long connecting may take.
    pub connect_timeout: Option<Duration>,
    known_hosts: Option<Vec<PathBuf>>,
    jump: Option<Vec<String>>,
    proxy_command: Option<String>,
    keepalive: Option<Duration>,
    config_file: Option<PathBuf>,
}

/// What is understood, for messages.
pub const UNDERSTOOD: &str = "understood are -J, -F, -i, -l, -p and -o with ProxyJump, ProxyCommand, StrictHostKeyChecking, \
     UserKnownHostsFile, ConnectTimeout, ServerAliveInterval, Port, User and IdentityFile";

impl SshArgs {
    /// Reads options as a shell would.
    pub fn parse(text: &str) -> Result<SshArgs, String> {
        let mut args = SshArgs::default();
        args.add(text)?;
        Ok(args)
    }

    /// Reads more options; what is said already stays.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let words = shlex::split(text).ok_or("its quotes are not closed")?;
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if !word.starts_with('-') || word.len() < 2 || !word.is_char_boundary(2) {
                return Err(format!("`{word}` is not understood"));
            }
            let (flag, rest) = word.split_at(2);
            // Letters without a value may stand behind one dash.
            if word[1..].chars().all(|letter| "CqvT46aAxX".contains(letter)) {
                continue;
            }
            if !"-J-o-p-l-i-F".contains(flag) {
                return Err(format!("`{word}` is not understood"));
            }
            let value = if rest.is_empty() { words.next() } else { Some(rest.to_owned()) };
            let value = value.ok_or_else(|| format!("`{flag}` needs a value"))?;
            match flag {
                "-J" => self.option("proxyjump", &value)?,
                "-p" => self.option("port", &value)?,
                "-l" => self.option("user", &value)?,
                "-i" => self.option("identityfile", &value)?,
                "-F" => {
                    self.config_file.get_or_insert_with(|| expand_home(&value));
                }
                _ => {
                    let (name, value) =
                        value.split_once(['=', ' ']).ok_or_else(|| format!("`-o {value}` has no value"))?;
                    self.option(&name.trim().to_lowercase(), value.trim().trim_start_matches('=').trim())?;
                }
            }
        }
        Ok(())
    }

    fn option(&mut self, name: &str, value: &str) -> Result<(), String> {
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        let number = |what: &str| value.parse::<u32>().map_err(|_| format!("`{name}` needs {what}, not `{value}`"));
        let seconds = || number("a number of seconds").map(|seconds| Duration::from_secs(u64::from(seconds)));
        match name {
            "proxyjump" => {
                let hops = value.split(',').map(str::trim).filter(|hop| !hop.is_empty() && *hop != "none");
                self.jump.get_or_insert(hops.map(str::to_owned).collect());
            }
            "proxycommand" => {
                self.proxy_command.get_or_insert(value.to_owned());
            }
            "stricthostkeychecking" => {
                let policy = host_key_policy(value).or_else(|| (value == "ask").then_some(HostKeyPolicy::Strict));
                let policy = policy.ok_or_else(|| format!("`StrictHostKeyChecking` knows no `{value}`"))?;
                self.host_key.get_or_insert(policy);
            }
            "userknownhostsfile" => {
                self.known_hosts.get_or_insert(value.split_whitespace().map(expand_home).collect());
            }
            "connecttimeout" => {
                self.connect_timeout.get_or_insert(seconds()?);
            }
            "serveraliveinterval" => {
                self.keepalive.get_or_insert(seconds()?);
            }
            "port" => {
                let port = u16::try_from(number("a number from 1 to 65535")?).ok().filter(|port| *port > 0);
                self.port.get_or_insert(port.ok_or("`Port` needs a number from 1 to 65535")?);
            }
            "user" => {
                self.user.get_or_insert(value.to_owned());
            }
            "identityfile" => {
                self.private_key.get_or_insert(expand_home(value));
            }
            // How OpenSSH shares and secures connections and what it shows: netplay keeps its own open.
            "controlmaster"
            | "controlpersist"
            | "controlpath"
            | "loglevel"
            | "preferredauthentications"
            | "pubkeyauthentication"
            | "passwordauthentication"
            | "identitiesonly"
            | "compression"
            | "batchmode"
            | "serveralivecountmax"
            | "tcpkeepalive"
            | "forwardagent"
            | "gssapiauthentication"
            | "connectionattempts"
            | "checkhostip"
            | "visualhostkey"
            | "globalknownhostsfile"
            | "updatehostkeys" => {}
            // Old gear: netplay offers its algorithms when `ssh_legacy` says so.
            "kexalgorithms"
            | "hostkeyalgorithms"
            | "ciphers"
            | "macs"
            | "pubkeyacceptedkeytypes"
            | "pubkeyacceptedalgorithms" => {
                return Err(format!("`-o {name}` is not understood; for old gear set `ssh_legacy: true`"));
            }
            _ => return Err(format!("`-o {name}` is not understood")),
        }
        Ok(())
    }

    /// Puts into a login what only options say.
    pub(super) fn apply(&self, login: &mut SshTarget) {
        if let Some(files) = &self.known_hosts {
            login.known_hosts.clone_from(files);
        }
        if let (None, Some(jump)) = (&login.jump, &self.jump) {
            login.jump = Some(jump.clone());
        }
        login.proxy_command.clone_from(&self.proxy_command);
        login.keepalive = login.keepalive.or(self.keepalive);
        login.config_file.clone_from(&self.config_file);
    }
}

/// The texts of a host: `ansible_ssh_args`, `ansible_ssh_common_args`, `ansible_ssh_extra_args`, or what stands for them.
pub(super) type Texts = [Option<String>; 3];

/// Options that were read, by their texts: every step asks for those of its host.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<Texts, Arc<SshArgs>>>);

impl Known {
    /// Returns what texts say together. An error names the place of the one that is wrong, and what is.
    pub(super) fn read(&self, texts: Texts) -> Result<Arc<SshArgs>, (usize, String)> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(args) = known.get(&texts) {
            return Ok(Arc::clone(args));
        }
        let mut args = SshArgs::default();
        for (place, text) in texts.iter().enumerate() {
            if let Some(text) = text {
                args.add(text).map_err(|what| (place, what))?;
            }
        }
        Ok(Arc::clone(known.entry(texts).or_insert_with(|| Arc::new(args))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_texts_are_read_once_and_a_wrong_one_is_named_each_time() {
        let known = Known::default();
        let texts = |common: &str| [None, Some(common.to_owned()), Some("-p 3".to_owned())];
        let first = known.read(texts("-p 1")).unwrap();
        assert_eq!(first.port, Some(1));
        assert!(Arc::ptr_eq(&first, &known.read(texts("-p 1")).unwrap()));
        assert_eq!(known.read(texts("-p 2")).unwrap().port, Some(2));
        for _ in 0..2 {
            assert_eq!(known.read(texts("-p 0")).unwrap_err().0, 1);
        }
    }

    #[test]
    fn options_are_read_as_a_shell_would() {
        let text = "-C -o ControlMaster=auto -o 'ProxyCommand=ssh -W %h:%p -q u@b' -oPort=2222 -o StrictHostKeyChecking=no \
                    -o UserKnownHostsFile=/dev/null -o \"User me\" -i /k -F/cfg -J a,b:22 -vvv -o ConnectTimeout=7";
        let args = SshArgs::parse(text).unwrap();
        assert_eq!(args.proxy_command.as_deref(), Some("ssh -W %h:%p -q u@b"));
        assert_eq!((args.port, args.user.as_deref()), (Some(2222), Some("me")));
        assert_eq!(args.host_key, Some(HostKeyPolicy::Off));
        assert_eq!(args.known_hosts, Some(vec![PathBuf::from("/dev/null")]));
        assert_eq!((args.private_key, args.config_file), (Some("/k".into()), Some("/cfg".into())));
        assert_eq!(args.jump, Some(vec!["a".into(), "b:22".into()]));
        assert_eq!(args.connect_timeout, Some(Duration::from_secs(7)));
    }

    #[test]
    fn the_first_counts() {
        let mut args = SshArgs::parse("-p 1 -o Port=2").unwrap();
        args.add("-p 3 -l second").unwrap();
        assert_eq!((args.port, args.user.as_deref()), (Some(1), Some("second")));
    }

    #[test]
    fn what_has_no_meaning_is_refused() {
        for text in
            ["-R 1:2:3", "-o Tunnel=yes", "host", "-o Port", "-o Port=x", "-p 0", "-J", "'", "-ä", "-", "-o Port=70000"]
        {
            assert!(SshArgs::parse(text).is_err(), "{text}");
        }
    }
}
