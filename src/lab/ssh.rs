//! The SSH side of the lab: one listener per device, one task per connection and per channel, no thread of its own.

use super::device::{Device, Reaction};
use super::file::{Fault, Model};
use super::netconf;
use super::terminal::{self, Terminal};
use crate::redact::Secret;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::{PrivateKey, PublicKey};
use russh::server::{Auth, ChannelOpenHandle, Config, Handle, Handler, Msg, Response, Session};
use russh::{Channel, ChannelId, Disconnect, MethodKind, MethodSet, Pty};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a client may take to say who it is, and a session to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(5);

/// Makes a host key for one run.
pub(super) fn host_key() -> PrivateKey {
    use sha2::Digest as _;
    let random = [uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()].concat();
    let seed: [u8; 32] = sha2::Sha256::digest(random).into();
    PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(&seed)), "lab")
        .expect("a key pair made of a seed is a whole key")
}

/// Returns the line of a known_hosts file.
pub(super) fn known_host(port: u16, key: &PublicKey) -> String {
    // Only keys that cannot be written have no text, and this one was just made.
    let text = key.to_openssh().unwrap_or_default();
    let text: Vec<&str> = text.split(' ').take(2).collect();
    format!("[127.0.0.1]:{port} {}\n", text.join(" "))
}

/// Serves a device until cancelled.
pub(super) async fn serve(
    listener: TcpListener,
    device: Arc<Device>,
    key: PrivateKey,
    cancel: CancellationToken,
    tasks: TaskTracker,
) {
    let config = Arc::new(Config {
        keys: vec![key],
        methods: MethodSet::from([MethodKind::Password, MethodKind::KeyboardInteractive].as_slice()),
        // The lab guards nothing, and tests of a refused login should not wait.
        auth_rejection_time: Duration::from_millis(10),
        auth_rejection_time_initial: Some(Duration::ZERO),
        inactivity_timeout: None,
        nodelay: true,
        ..Config::default()
    });
    loop {
        let accepted = tokio::select! {
            () = cancel.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        // Out of file descriptors, say: the next one may work.
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        match device.spec.fault {
            None => {}
            Some(Fault::Close) => continue,
            Some(Fault::Silence) => {
                tasks.spawn(hold(stream, cancel.clone()));
                continue;
            }
        }
        let visitor =
            Visitor { device: Arc::clone(&device), channels: HashMap::new(), tasks: tasks.clone(), asked: false };
        tasks.spawn(session(stream, Arc::clone(&config), visitor, cancel.clone()));
    }
}

/// Keeps a connection open without a word, until the client gives up.
async fn hold(mut stream: TcpStream, cancel: CancellationToken) {
    let mut nowhere = tokio::io::sink();
    tokio::select! {
        () = cancel.cancelled() => {}
        _ = tokio::io::copy(&mut stream, &mut nowhere) => {}
    }
}

async fn session(stream: TcpStream, config: Arc<Config>, visitor: Visitor, cancel: CancellationToken) {
    // Without it every prompt waits for the acknowledgement of the echo.
    let _ = stream.set_nodelay(true);
    let started = tokio::select! {
        () = cancel.cancelled() => return,
        started = tokio::time::timeout(PATIENCE, russh::server::run_stream(config, stream, visitor)) => started,
    };
    let Ok(Ok(mut running)) = started else { return };
    let handle = running.handle();
    tokio::select! {
        // How a client's session ends is the client's business.
        _ = &mut running => {}
        () = cancel.cancelled() => {
            let _ = handle.disconnect(Disconnect::ByApplication, "the lab stops".into(), "en".into()).await;
            let _ = tokio::time::timeout(PATIENCE, running).await;
        }
    }
}

/// One connection.
struct Visitor {
    device: Arc<Device>,
    channels: HashMap<ChannelId, mpsc::UnboundedSender<Typed>>,
    tasks: TaskTracker,
    /// The question of keyboard-interactive has been asked.
    asked: bool,
}

/// What comes in on a channel.
enum Typed {
    Bytes(Vec<u8>),
    End,
}

impl Visitor {
    fn judge(&self, user: &str, password: &[u8]) -> Auth {
        // RouterOS takes what stands behind a plus as wishes for the terminal.
        let user = match self.device.spec.platform {
            Model::MikrotikRouteros => user.split('+').next().unwrap_or(user),
            _ => user,
        };
        let right = user == self.device.spec.user && password == self.device.password.expose().as_bytes();
        if right { Auth::Accept } else { Auth::reject() }
    }

    fn listen(&mut self, channel: ChannelId) -> mpsc::UnboundedReceiver<Typed> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.channels.insert(channel, sender);
        receiver
    }
}

impl Handler for Visitor {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        Ok(self.judge(user, password.as_bytes()))
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        if let (Some(mut answers), true) = (response, self.asked) {
            self.asked = false;
            let answer = answers.next().map(|bytes| bytes.to_vec()).unwrap_or_default();
            return Ok(self.judge(user, &answer));
        }
        self.asked = true;
        Ok(Auth::Partial {
            name: Cow::Borrowed(""),
            instructions: Cow::Borrowed(""),
            prompts: Cow::Owned(vec![(Cow::Borrowed("Password: "), false)]),
        })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _: &str,
        _: u32,
        _: u32,
        _: u32,
        _: u32,
        _: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_success(channel)
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        if self.device.spec.platform == Model::Netconf {
            return session.channel_failure(channel);
        }
        session.channel_success(channel)?;
        let typed = self.listen(channel);
        self.tasks.spawn(shell(Arc::clone(&self.device), session.handle(), channel, typed));
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        if self.device.spec.platform == Model::Netconf {
            return session.channel_failure(channel);
        }
        session.channel_success(channel)?;
        let typed = self.listen(channel);
        let command = String::from_utf8_lossy(command).into_owned();
        self.tasks.spawn(exec(Arc::clone(&self.device), session.handle(), channel, command, typed));
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        if name != "netconf" || !netconf::is_served(self.device.spec.platform) {
            return session.channel_failure(channel);
        }
        session.channel_success(channel)?;
        let typed = self.listen(channel);
        self.tasks.spawn(subsystem(Arc::clone(&self.device), session.handle(), channel, typed));
        Ok(())
    }

    async fn data(&mut self, channel: ChannelId, data: &[u8], _: &mut Session) -> Result<(), Self::Error> {
        if let Some(sender) = self.channels.get(&channel) {
            // A channel that has ended takes no more.
            let _ = sender.send(Typed::Bytes(data.to_vec()));
        }
        Ok(())
    }

    async fn channel_eof(&mut self, channel: ChannelId, _: &mut Session) -> Result<(), Self::Error> {
        if let Some(sender) = self.channels.get(&channel) {
            let _ = sender.send(Typed::End);
        }
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _: &mut Session) -> Result<(), Self::Error> {
        self.channels.remove(&channel);
        Ok(())
    }
}

async fn shell(device: Arc<Device>, handle: Handle, channel: ChannelId, mut typed: mpsc::UnboundedReceiver<Typed>) {
    let (mut terminal, first) = Terminal::open(&device);
    if !perform(&device, &handle, channel, first, &mut typed).await {
        return;
    }
    while let Some(Typed::Bytes(bytes)) = typed.recv().await {
        let reactions = terminal.input(&bytes);
        if !perform(&device, &handle, channel, reactions, &mut typed).await {
            return;
        }
    }
    end(&handle, channel, 0).await;
}

async fn subsystem(device: Arc<Device>, handle: Handle, channel: ChannelId, mut typed: mpsc::UnboundedReceiver<Typed>) {
    let (mut server, first) = netconf::Server::open(&device);
    if !perform(&device, &handle, channel, first, &mut typed).await {
        return;
    }
    while let Some(Typed::Bytes(bytes)) = typed.recv().await {
        let reactions = server.input(&bytes);
        if !perform(&device, &handle, channel, reactions, &mut typed).await {
            return;
        }
    }
    end(&handle, channel, 0).await;
}

async fn exec(
    device: Arc<Device>,
    handle: Handle,
    channel: ChannelId,
    command: String,
    mut typed: mpsc::UnboundedReceiver<Typed>,
) {
    // A command that reads standard input gets it whole.
    const MOST_BYTES: usize = 16 << 20;
    let mut stdin = Vec::new();
    if terminal::wants_stdin(&device, &command) {
        while let Some(Typed::Bytes(bytes)) = typed.recv().await {
            if stdin.len() + bytes.len() > MOST_BYTES {
                return end(&handle, channel, 1).await;
            }
            stdin.extend(bytes);
        }
    }
    perform(&device, &handle, channel, terminal::exec(&device, &command, &stdin), &mut typed).await;
}

/// Waits until a line has been typed, in whatever session.
async fn was_typed(device: &Device, line: &str) {
    while !device.state().typed.contains(line) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Does what a device does, in order; false when the channel is over.
async fn perform(
    device: &Device,
    handle: &Handle,
    channel: ChannelId,
    reactions: Vec<Reaction>,
    typed: &mut mpsc::UnboundedReceiver<Typed>,
) -> bool {
    for reaction in reactions {
        let sent = match reaction {
            Reaction::Send(bytes) => handle.data(channel, bytes).await.is_ok(),
            Reaction::SendError(bytes) => handle.extended_data(channel, 1, bytes).await.is_ok(),
            Reaction::Wait(time) => {
                // A client that goes away is not waited for.
                tokio::select! {
                    () = tokio::time::sleep(time) => true,
                    () = gone(typed) => false,
                }
            }
            Reaction::After(line) => tokio::select! {
                () = was_typed(device, &line) => true,
                () = gone(typed) => false,
            },
            Reaction::End(status) => {
                end(handle, channel, status).await;
                false
            }
            Reaction::Cut => {
                let _ = handle.disconnect(Disconnect::ByApplication, "cut".into(), "en".into()).await;
                false
            }
            Reaction::Silence => {
                while typed.recv().await.is_some() {}
                false
            }
        };
        if !sent {
            return false;
        }
    }
    true
}

/// Waits until the channel is closed.
async fn gone(typed: &mpsc::UnboundedReceiver<Typed>) {
    while !typed.is_closed() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn end(handle: &Handle, channel: ChannelId, status: u8) {
    // The client may be gone already.
    let _ = handle.exit_status_request(channel, u32::from(status)).await;
    let _ = handle.eof(channel).await;
    let _ = handle.close(channel).await;
}

/// Makes a password for one run.
pub(super) fn password() -> Secret {
    Secret::new(uuid::Uuid::new_v4().simple().to_string())
}
