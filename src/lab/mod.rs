//! The embedded lab: simulated devices over real SSH and web services over real HTTP, on loopback, in this process.
//!
//! A [`LabFile`] says what there is; [`Lab::start`] opens one listener each on a free port and hands out what an
//! inventory needs to reach them. Devices react as their platform does (echo, prompts, modes, paging, error texts), keep
//! the configuration that is entered, and can be slow or faulty on purpose. What a device does is pure code
//! (`terminal.rs`, `ios.rs`, `junos.rs`, `vendor/`, `linux.rs`); `ssh.rs` and `http.rs` only carry bytes and wait.
//!
//! It is for trying playbooks and for tests. It can't do: SFTP, public keys, more than one user a device, the syntax
//! of a whole device (unknown first words are refused, the rest of a line is believed), a real shell on hosts.

mod change;
mod device;
mod file;
mod files;
mod held;
mod http;
mod ios;
mod junos;
mod linux;
mod netconf;
mod ssh;
mod statements;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod vendor;
mod words;

pub use file::{Answer, ApiSpec, DeviceSpec, Fault, LabFile, Model, Route};

use crate::failure::{Failure, FailureKind};
use crate::redact::Secret;
use crate::source::plain_io_error;
use crate::value::{Map, Value};
use device::Device;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long the connections of a lab may take to end.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A running lab. Its listeners end when it is dropped; [`Lab::stop`] also waits for its connections.
pub struct Lab {
    devices: Vec<Running>,
    apis: Vec<(String, String)>,
    known_hosts: String,
    cancel: CancellationToken,
    tasks: TaskTracker,
}

struct Running {
    device: Arc<Device>,
    port: u16,
}

/// A device as an inventory has it.
#[derive(Clone, Debug)]
pub struct LabHost {
    /// Its name.
    pub name: String,
    /// Its groups.
    pub groups: Vec<String>,
    /// Its variables: how to reach it, and those of the lab file.
    pub vars: Map,
}

impl Lab {
    /// Starts everything in a lab file. Must be called within a tokio runtime, on which the lab then runs.
    pub async fn start(file: LabFile) -> Result<Lab, Failure> {
        let mut lab = Lab {
            devices: Vec::new(),
            apis: Vec::new(),
            known_hosts: String::new(),
            cancel: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        for spec in file.devices {
            let (listener, port) = listen(&spec.name).await?;
            let key = ssh::host_key();
            lab.known_hosts.push_str(&ssh::known_host(port, key.public_key()));
            let password = spec.password.clone().unwrap_or_else(ssh::password);
            let device = Arc::new(Device::new(spec, password));
            lab.devices.push(Running { device: Arc::clone(&device), port });
            lab.tasks.spawn(ssh::serve(listener, device, key, lab.cancel.clone(), lab.tasks.clone()));
        }
        for spec in file.apis {
            let (listener, port) = listen(&spec.name).await?;
            lab.apis.push((spec.name.clone(), format!("http://127.0.0.1:{port}")));
            lab.tasks.spawn(http::serve(listener, Arc::new(spec), lab.cancel.clone(), lab.tasks.clone()));
        }
        Ok(lab)
    }

    /// Returns the devices as an inventory has them.
    pub fn hosts(&self) -> Vec<LabHost> {
        self.devices.iter().map(Running::host).collect()
    }

    /// Returns the variables for group `all`: `NAME_url` for every API (with `_` for `-` and `.`).
    pub fn vars(&self) -> Map {
        let name = |name: &str| format!("{}_url", name.replace(['-', '.'], "_"));
        self.apis.iter().map(|(api, url)| (name(api), url.as_str())).collect()
    }

    /// Returns the text of a known_hosts file with every device's key.
    pub fn known_hosts(&self) -> &str {
        &self.known_hosts
    }

    /// Returns every password in it, for the redactor.
    pub fn secrets(&self) -> Vec<Secret> {
        let own = self.devices.iter().map(|running| running.device.password.clone());
        own.chain(self.devices.iter().filter_map(|running| running.device.spec.enable.clone())).collect()
    }

    /// Returns how to reach each device and API, one a line. Passwords are shown: they are good for this lab alone.
    pub fn describe(&self) -> Vec<String> {
        let devices = self.devices.iter().map(|Running { device, port }| {
            let spec = &device.spec;
            let enable = spec.enable.as_ref().map(|secret| format!(", enable {}", secret.expose())).unwrap_or_default();
            let password = device.password.expose();
            format!("{}: ssh -p {port} {}@127.0.0.1  (password {password}{enable})", spec.name, spec.user)
        });
        devices.chain(self.apis.iter().map(|(name, url)| format!("{name}: {url}"))).collect()
    }

    /// Stops it: no new connections, open ones are closed. Takes no longer than ten seconds.
    pub async fn stop(self) {
        self.cancel.cancel();
        self.tasks.close();
        // What has not ended by then ends with the process.
        let _ = tokio::time::timeout(STOP_LIMIT, self.tasks.wait()).await;
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl Running {
    fn host(&self) -> LabHost {
        let spec = &self.device.spec;
        let mut vars = Map::new();
        vars.insert("ansible_host", "127.0.0.1");
        vars.insert("ansible_port", i64::from(self.port));
        vars.insert("ansible_user", spec.user.as_str());
        vars.insert("ansible_password", self.device.password.expose());
        let network_os = match spec.platform {
            Model::CiscoIos => Some("cisco.ios.ios"),
            Model::AristaEos => Some("arista.eos.eos"),
            Model::JuniperJunos => Some("junipernetworks.junos.junos"),
            Model::Frr => Some("frr.frr.frr"),
            Model::CiscoIosxr => Some("cisco.iosxr.iosxr"),
            Model::Vyos => Some("vyos.vyos.vyos"),
            Model::NokiaSros => Some("nokia.sros.md"),
            Model::HuaweiVrpv8 => Some("huawei_vrpv8"),
            Model::ArubaAoscx => Some("arubanetworks.aoscx.aoscx"),
            Model::HpComware => Some("hp_comware"),
            Model::FortinetFortios => Some("fortinet.fortios.fortios"),
            Model::MikrotikRouteros => Some("community.routeros.routeros"),
            Model::Linux | Model::Netconf => None,
        };
        match network_os {
            Some(name) => {
                vars.insert("ansible_connection", "ansible.netcommon.network_cli");
                vars.insert("ansible_network_os", name);
            }
            None if spec.platform == Model::Netconf => {
                vars.insert("ansible_connection", "ansible.netcommon.netconf");
            }
            None => vars.insert("ansible_connection", "ssh"),
        }
        if let Some(secret) = &spec.enable {
            vars.insert("ansible_become", true);
            vars.insert("ansible_become_method", "enable");
            vars.insert("ansible_become_password", secret.expose());
        }
        for (name, value) in &spec.vars {
            vars.insert(name.as_str(), Value::from(value.clone()));
        }
        LabHost { name: spec.name.clone(), groups: spec.groups.clone(), vars }
    }
}

async fn listen(name: &str) -> Result<(TcpListener, u16), Failure> {
    let failed = |error: std::io::Error| {
        let why = plain_io_error(&error);
        Failure::new(FailureKind::Internal, format!("cannot open a port on loopback for `{name}` of the lab: {why}"))
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    Ok((listener, port))
}
