//! Which kind of connection a step gets: what the host says, and what the module needs.

use super::{Failure, Platform, Request, Vars, is_localhost};
use crate::failure::FailureKind;
use crate::module::Needs;
use crate::transport::{Kind, netconf};

/// A connection's name, and what it means.
pub(super) struct Said {
    /// As it was written.
    name: String,
    kind: Option<Kind>,
}

impl Said {
    fn short(&self) -> &str {
        self.name.rsplit_once('.').map_or(&*self.name, |(_, short)| short)
    }

    /// Claims that the connection's name means Telnet.
    pub(super) fn is_telnet(&self) -> bool {
        self.short() == "telnet"
    }

    /// Claims that the connection's name means NETCONF.
    pub(super) fn is_netconf(&self) -> bool {
        self.kind == Some(Kind::Netconf)
    }
}

impl Request<'_> {
    /// Returns the connection that variables, the task or the command line say.
    pub(super) fn said(&self, vars: &Vars) -> Result<Said, Failure> {
        let keyword = self.task.settings.connection.as_ref().map(|node| self.templar.node(node)).transpose()?;
        let default = self.job.context.settings.defaults.connection.clone();
        let said = vars.text("ansible_connection")?.or(keyword.map(|value| value.to_text())).or(default);
        let implicit =
            is_localhost(&self.scope.host) && !self.job.context.world.inventory().hosts.contains_key(&self.scope.host);
        let name = said.unwrap_or_else(|| if implicit { "local".into() } else { "ssh".into() });
        let mut said = Said { name, kind: None };
        said.kind = match said.short() {
            "local" => Some(Kind::Local),
            "ssh" | "smart" | "paramiko" | "paramiko_ssh" | "libssh" => Some(Kind::Ssh),
            "network_cli" | "telnet" => Some(Kind::NetworkCli),
            "netconf" => Some(Kind::Netconf),
            "httpapi" if self.needs == Needs::Host => Some(Kind::Local),
            "httpapi" if self.needs == Needs::HostIfAny => Some(Kind::NetworkCli),
            _ => None,
        };
        Ok(said)
    }

    /// Returns how the host is reached for what the module needs.
    ///
    /// Device modules reach devices by their CLI even under `connection: local`, as old playbooks have it; modules
    /// that need a machine run here when the host is a device, as in Ansible. Under `netconf` the work of a CLI is done
    /// by operations where the platform has them.
    pub(super) fn kind(&self, said: &Said, platform: Option<&'static Platform>) -> Result<Kind, Failure> {
        let (host, name) = (&self.scope.host, &said.name);
        let refuse = |message: String, help: &str| Err(Failure::new(FailureKind::Argument, message).help(help));
        let Some(kind) = said.kind else {
            return refuse(
                format!("no connection `{name}` for `{host}`"),
                "there are `ssh`, `network_cli`, `netconf`, `telnet` and `local`",
            );
        };
        let is_device = platform.is_some_and(|platform| !platform.is_host);
        let speaks_cli = platform.is_some_and(netconf::speaks_cli_of);
        match (self.needs, kind) {
            (Needs::Cli, Kind::Netconf) if !speaks_cli => refuse(
                format!("`{host}` is reached by NETCONF, and this module needs the device's CLI"),
                "set `ansible_connection: ansible.netcommon.network_cli` for the task (`vars:`), and its port",
            ),
            (Needs::HostIfAny, Kind::Netconf) if !speaks_cli => Ok(Kind::Local),
            (Needs::Cli | Needs::HostIfAny, Kind::Netconf) => Ok(Kind::Netconf),
            (Needs::Cli, _) => Ok(Kind::NetworkCli),
            (Needs::Netconf, Kind::NetworkCli) => refuse(
                match self.argument {
                    Some(argument) => format!("`{host}` is reached by `{name}`, and `{argument}` needs NETCONF here"),
                    None => format!("`{host}` is reached by `{name}`, and this module needs NETCONF"),
                },
                "set `ansible_connection: ansible.netcommon.netconf` for the task (`vars:`), and its port",
            ),
            (Needs::Netconf, _) => Ok(Kind::Netconf),
            (Needs::DeviceFiles, _) => Ok(Kind::Ssh),
            (Needs::Host, Kind::NetworkCli | Kind::Netconf) => Ok(Kind::Local),
            (Needs::Connection | Needs::HostIfAny, Kind::Ssh) if is_device => Ok(Kind::NetworkCli),
            (_, kind) => Ok(kind),
        }
    }
}
