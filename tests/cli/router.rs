//! A real router CLI: FRR's vtysh as the forced command of a real sshd, over daemons in a folder of their own.
//!
//! zebra runs in a network namespace of its own, so no route that a test configures reaches this machine's kernel.
//! Nothing of the system's FRR is used but its programs.

use crate::sshd::{Sshd, is_root, left_out, wait_until};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const DAEMONS: &str = "/usr/lib/frr";

/// A running router.
pub(crate) struct Router {
    /// How to log in to it.
    pub(crate) sshd: Sshd,
    daemons: Vec<Child>,
    _dir: tempfile::TempDir,
}

impl Router {
    /// Starts one; `None`, said loudly, where FRR cannot run.
    pub(crate) fn start() -> Option<Router> {
        Router::start_with("")
    }

    /// Starts one whose logins begin with a shell command.
    pub(crate) fn start_with(first: &str) -> Option<Router> {
        Router::start_daemons(first, &["zebra", "staticd"])
    }

    /// Starts one with these daemons, whose logins begin with a shell command.
    pub(crate) fn start_daemons(first: &str, daemons: &[&str]) -> Option<Router> {
        let missing = |why: &str| {
            left_out("a real router", why);
            None
        };
        let there = |name: &str| Command::new(name).arg("--version").stdout(Stdio::null()).status().is_ok();
        if !there("vtysh") || !Path::new(DAEMONS).join("zebra").exists() {
            return missing("vtysh or zebra is missing; `./tests/run` installs frr");
        }
        if !is_root() {
            return missing("FRR's daemons start as root and become the user frr");
        }
        let isolated = Command::new("unshare").args(["--net", "true"]).status();
        if !isolated.is_ok_and(|status| status.success()) {
            return missing("no network namespace can be made");
        }
        let dir = tempfile::Builder::new().prefix("router-").tempdir().expect("a temporary folder can be made");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).expect("it is ours");
        for name in ["vtysh"].iter().chain(daemons) {
            let file = dir.path().join(format!("{name}.conf"));
            fs::write(&file, "").expect("it is ours");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("it is ours");
        }
        let daemons = daemons.iter().map(|name| daemon(dir.path(), name)).collect();
        let shown = dir.path().display();
        // A forced command takes the place of every other; what was asked for is in the environment.
        let vtysh = format!("vtysh --vty_socket {shown} --config_dir {shown}");
        let force = format!(
            "ForceCommand {first}if [ -n \"$SSH_ORIGINAL_COMMAND\" ]; then {vtysh} -c \"$SSH_ORIGINAL_COMMAND\"; else {vtysh}; fi"
        );
        let router = Router { sshd: Sshd::with(&[&force]), daemons, _dir: dir };
        Some(router)
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        for daemon in &mut self.daemons {
            // An error means that it has ended already.
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

/// Starts a daemon and waits for its socket.
fn daemon(dir: &Path, name: &str) -> Child {
    let log = || File::create(dir.join(format!("{name}.log"))).expect("the folder is ours");
    // `unshare` becomes the daemon, so that to kill the one is to kill the other.
    let mut child = Command::new("unshare")
        .arg("--net")
        .arg(Path::new(DAEMONS).join(name))
        .args(["-u", "frr", "-g", "frr", "-A", "127.0.0.1", "-P", "0", "--vty_socket"])
        .arg(dir)
        .arg("-i")
        .arg(dir.join(format!("{name}.pid")))
        .arg("-f")
        .arg(dir.join(format!("{name}.conf")))
        .arg("-z")
        .arg(dir.join("zserv.api"))
        .stdin(Stdio::null())
        .stdout(log())
        .stderr(log())
        .spawn()
        .expect("unshare can be run");
    wait_until(&format!("{name} opens its socket"), || {
        let ended = child.try_wait().expect("it is our child");
        let log = fs::read_to_string(dir.join(format!("{name}.log"))).unwrap_or_default();
        assert!(ended.is_none(), "{name} does not start:\n{log}");
        dir.join(format!("{name}.vty")).exists()
    });
    child
}
