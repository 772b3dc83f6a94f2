//! A simulated device: what is written about it, the state that its sessions share, and the words in which sessions
//! say what happens.

use super::file::{Answer, DeviceSpec, Model};
use super::files::Files;
use super::held::Held;
use super::netconf::Datastores;
use super::statements::Config;
use super::tree::Tree;
use super::vendor;
use crate::redact::Secret;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// A device: what is written about it, and the state that all its sessions share.
pub(super) struct Device {
    pub(super) spec: DeviceSpec,
    pub(super) password: Secret,
    state: Mutex<State>,
}

/// What sessions change.
#[derive(Default)]
pub(super) struct State {
    /// Of an IOS-like device.
    pub(super) running: Tree,
    /// Of an IOS-like device: what it would start with.
    pub(super) startup: Tree,
    /// Of an EOS device: configuration sessions that are edited.
    pub(super) sessions: BTreeMap<String, Tree>,
    /// How often a candidate was committed.
    pub(super) commits: u64,
    /// Lines that others wait for, when they were typed.
    pub(super) typed: std::collections::HashSet<String>,
    /// Held by the session that configures exclusively, for as long as it lives.
    pub(super) lock: Weak<()>,
    /// A change that waits to be confirmed.
    pub(super) held: Option<Held>,
    /// The name under which it may be confirmed.
    pub(super) held_by: Option<String>,
    /// Of a Junos device.
    pub(super) junos: Config,
    /// Of a NETCONF server.
    pub(super) netconf: Datastores,
    /// Of a host.
    pub(super) files: Files,
}

impl Device {
    /// Makes a device that is as its specification says.
    pub(super) fn new(spec: DeviceSpec, password: Secret) -> Device {
        let name = spec.hostname.clone().unwrap_or_else(|| spec.name.clone());
        let mut state = State::default();
        match spec.platform {
            Model::JuniperJunos => state.junos = Config::read(&spec.running_config, &name),
            Model::Netconf => state.netconf = Datastores::new(&spec.running_config),
            Model::Linux => {
                state.files = Files::new(&spec.user);
                for (path, text) in &spec.files {
                    state.files.write(path, text.as_bytes().to_vec());
                }
            }
            _ if vendor::is_one(spec.platform) => {
                state.running = vendor::first_configuration(spec.platform, &spec.running_config, &name);
                state.startup = state.running.clone();
            }
            _ => {
                state.running = Tree::parse(&spec.running_config);
                if state.running.value("hostname").is_none() || spec.hostname.is_some() {
                    state.running.insert(&[], &format!("hostname {name}"));
                }
                state.startup = state.running.clone();
            }
        }
        Device { spec, password, state: Mutex::new(state) }
    }

    /// Returns the shared state.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.look_at_the_clock();
        state
    }

    /// Returns the device's own name for itself when its configuration does not say.
    pub(super) fn name(&self) -> &str {
        self.spec.hostname.as_deref().unwrap_or(&self.spec.name)
    }

    /// Claims that a line which begins with this word is understood because others are short for it.
    pub(super) fn has_lines_of(&self, word: &str) -> bool {
        let lines = self.spec.answers.iter().filter_map(|answer| answer.short_for.as_deref());
        lines.into_iter().any(|line| line.split(' ').next() == Some(word))
    }

    /// Returns what is prescribed for a command.
    pub(super) fn prescribed(&self, command: &str) -> Option<&Answer> {
        self.spec.answers.iter().find(|answer| answer.fits(command))
    }
}

/// What happens next on a channel, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Bytes go out.
    Send(Vec<u8>),
    /// Bytes go out as standard error (exec channels).
    SendError(Vec<u8>),
    /// Nothing happens for a while.
    Wait(Duration),
    /// Nothing happens until this line has been typed, in whatever session.
    After(String),
    /// The channel ends, with this exit status.
    End(u8),
    /// The connection is cut.
    Cut,
    /// Nothing happens any more.
    Silence,
}

/// What a command line came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The lines of output.
    pub(super) output: String,
    /// A question that the next line answers.
    pub(super) question: Option<Question>,
    /// The session is over, with this exit status.
    pub(super) end: Option<u8>,
    /// It took so long.
    pub(super) took: Duration,
    /// The exit status of a command on a host.
    pub(super) status: u8,
    /// Standard error of a command on a host.
    pub(super) errors: String,
}

impl Said {
    /// Makes an output.
    pub(super) fn text(output: impl Into<String>) -> Said {
        Said { output: output.into(), ..Said::default() }
    }

    /// Makes a question.
    pub(super) fn ask(text: impl Into<String>, echo: bool) -> Said {
        Said { question: Some(Question { text: text.into(), echo }), ..Said::default() }
    }

    /// Makes the end of the session.
    pub(super) fn end() -> Said {
        Said { end: Some(0), ..Said::default() }
    }
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) text: String,
    /// Whether what is typed is shown.
    pub(super) echo: bool,
}
