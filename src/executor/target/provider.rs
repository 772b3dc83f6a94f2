//! `provider` of old playbooks: how a device is reached, said in the task.

use super::{Failure, Request, Vars};
use crate::value::{Map, Value};

/// What it may say, and the variables that say the same.
const NAMES: &[(&str, &str)] = &[
    ("host", "ansible_host"),
    ("port", "ansible_port"),
    ("username", "ansible_user"),
    ("password", "ansible_password"),
    ("ssh_keyfile", "ansible_private_key_file"),
    ("timeout", "ansible_command_timeout"),
    ("authorize", "ansible_become"),
    ("auth_pass", "ansible_become_password"),
];

impl Request<'_> {
    /// Returns what `provider` says, as variables. It counts where no connection to a device is said, as in Ansible: with
    /// `network_cli` the variables of the host do.
    pub(super) fn provided(&self, vars: &Vars) -> Result<Map, Failure> {
        let mut known = Map::new();
        let Some(provider) = self.provider else { return Ok(known) };
        let said = vars.text("ansible_connection")?.unwrap_or_default();
        if !matches!(said.rsplit('.').next(), Some("" | "local" | "ssh" | "smart")) {
            return Ok(known);
        }
        for (name, variable) in NAMES {
            if let Some(value) = provider.get(name).filter(|value| !matches!(value, Value::Null | Value::Omit)) {
                known.insert(*variable, value.clone());
            }
        }
        if known.contains("ansible_become") {
            known.insert("ansible_become_method", "enable");
        }
        Ok(known)
    }
}
