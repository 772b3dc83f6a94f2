//! The user's agent. libssh2 talks to it with blocking calls, so it is asked once by hand first, with a timeout: one
//! that hangs is passed over instead of holding up the login.

use super::watch::Watch;
use ssh2::{Agent, PublicKey, Session};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An agent answers a question about its keys at once; one that takes this long hangs.
const PATIENCE: Duration = Duration::from_secs(3);

/// The most keys that are tried: servers hang up after six attempts or so, but not all of the keys need be tried there.
const MOST_KEYS: usize = 16;

pub(super) struct OpenAgent(Agent);

/// Connects to the agent, or says why that is not possible: a fragment for "(…)".
pub(super) fn open(session: &Session, socket: &Path, watch: &Watch) -> Result<OpenAgent, String> {
    let patience = PATIENCE.min(watch.time_left()).max(Duration::from_millis(1));
    answers(socket, patience).map_err(|error| format!("at {}: {}", socket.display(), super::link::plain(&error)))?;
    let connect = || {
        let mut agent = session.agent()?;
        agent.set_identity_path(socket)?;
        agent.connect()?;
        agent.list_identities()?;
        Ok::<_, ssh2::Error>(agent)
    };
    connect().map(OpenAgent).map_err(|error| error.message().to_lowercase())
}

/// Asks for the list of keys and waits for the first bytes of an answer.
fn answers(socket: &Path, patience: Duration) -> std::io::Result<()> {
    // SSH_AGENTC_REQUEST_IDENTITIES, with its length before it.
    const REQUEST: [u8; 5] = [0, 0, 0, 1, 11];
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    stream.write_all(&REQUEST)?;
    stream.read_exact(&mut [0; 5])
}

impl OpenAgent {
    /// Returns the agent's keys; only those whose public halves lie beside `files`, if such are given.
    pub(super) fn identities(&mut self, files: Option<&[PathBuf]>) -> Vec<PublicKey> {
        let mut keys = self.0.identities().unwrap_or_default();
        if let Some(files) = files {
            let wanted: Vec<Vec<u8>> = files.iter().filter_map(|file| public_blob(file)).collect();
            keys.retain(|key| wanted.iter().any(|blob| blob == key.blob()));
        }
        keys.truncate(MOST_KEYS);
        keys
    }

    pub(super) fn sign_in(&self, user: &str, key: &PublicKey) -> Result<(), ssh2::Error> {
        self.0.userauth(user, key)
    }
}

fn public_blob(private: &Path) -> Option<Vec<u8>> {
    let mut name = private.as_os_str().to_owned();
    name.push(".pub");
    ssh_key::PublicKey::read_openssh_file(Path::new(&name)).ok()?.to_bytes().ok()
}
