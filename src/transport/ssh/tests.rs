//! The transport against real OpenSSH servers.

#[path = "../../../tests/support/sshd.rs"]
mod sshd;

mod certificates;
mod commands;
mod crowds;
mod files;
mod kept;
mod logins;
mod ways;

use crate::effect::Effect;
use crate::failure::Failure;
use crate::module::{Action, Exec, ExecOutput, Output, Program, Work};
use crate::transport::{Bounds, Connection, HostKeyPolicy, Kind, Limits, Settings, Shared, SshTarget, Target, connect};
use sshd::Sshd;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Returns a target that a server lets in, knowing its host key, and reading nothing of the user's.
fn target(sshd: &Sshd) -> Target {
    let mut target = nobody(sshd.address.to_string(), sshd.port);
    target.ssh.private_key = Some(sshd.key());
    target.ssh.known_hosts = vec![sshd.known_hosts()];
    target
}

/// Returns a target that knows nothing but where it is.
fn nobody(address: String, port: u16) -> Target {
    Target {
        host: "host".into(),
        kind: Kind::Ssh,
        ssh: SshTarget {
            address,
            port: Some(port),
            user: Some(sshd::user()),
            password: None,
            private_key: None,
            passphrase: None,
            host_key: HostKeyPolicy::Strict,
            known_hosts: vec!["/nonexistent".into()],
            config_file: Some("/nonexistent".into()),
            jump: None,
            proxy_command: None,
            legacy: false,
            connect_timeout: Duration::from_secs(20),
            keepalive: None,
            use_agent: false,
            bounds: Bounds::default(),
        },
        platform: None,
        elevate: None,
        command_timeout: None,
        kept_shell: true,
        terminal: Default::default(),
    }
}

fn shared() -> Shared {
    Shared::new(Settings::default())
}

fn limits() -> Limits {
    Limits { timeout: Some(Duration::from_secs(30)), cancel: CancellationToken::new() }
}

/// Runs a test on a runtime of several threads, as netplay has.
fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

async fn open(target: &Target) -> Result<Box<dyn Connection>, Failure> {
    connect(target, &shared(), &limits()).await
}

fn shell(text: &str) -> Exec {
    Exec { program: Program::Shell { text: text.into(), executable: None }, ..Exec::default() }
}

async fn exec_within(connection: &dyn Connection, exec: Exec, limits: &Limits) -> Result<ExecOutput, Failure> {
    match connection.perform(&Action::on_host(Effect::Write, Work::Exec(exec)), limits).await? {
        Output::Exec(output) => Ok(output),
        other => panic!("a command gave {other:?}"),
    }
}

async fn exec(connection: &dyn Connection, text: &str) -> Result<ExecOutput, Failure> {
    exec_within(connection, shell(text), &limits()).await
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
