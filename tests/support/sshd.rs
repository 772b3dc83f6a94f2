//! A real OpenSSH server for tests: on loopback, with keys and a configuration of its own, stopped when it is dropped.
//!
//! Works as root and as an ordinary user. Used by the unit tests of the SSH transport and by the end-to-end tests, each
//! of which takes what it needs.
#![allow(dead_code, unreachable_pub, reason = "each of the including tests uses a part of it")]

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a condition is waited for before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server.
pub struct Sshd {
    dir: tempfile::TempDir,
    child: Child,
    /// The address it listens on.
    pub address: Ipv4Addr,
    /// The port it listens on.
    pub port: u16,
}

impl Sshd {
    /// Starts a server that lets this user in with [`Sshd::key`].
    pub fn start() -> Sshd {
        Sshd::with(&[])
    }

    /// Starts a server with more lines in its configuration; they count before the usual ones.
    pub fn with(lines: &[&str]) -> Sshd {
        Sshd::with_host_keys(&["ed25519"], lines)
    }

    /// Starts a server with host keys of these kinds.
    pub fn with_host_keys(kinds: &[&str], lines: &[&str]) -> Sshd {
        Sshd::on(Ipv4Addr::LOCALHOST, kinds, lines)
    }

    /// Starts a server on an address of 127.0.0.0/8.
    pub fn on(address: Ipv4Addr, kinds: &[&str], lines: &[&str]) -> Sshd {
        if is_root() {
            // The folder that privilege separation wants; a system start makes it otherwise.
            fs::create_dir_all("/run/sshd").expect("root can make /run/sshd");
        }
        let dir = tempfile::Builder::new().prefix("sshd-").tempdir().expect("a temporary folder can be made");
        make_key(&dir.path().join("client"), "ed25519", "");
        fs::copy(dir.path().join("client.pub"), dir.path().join("authorized_keys")).expect("the key was made");
        for kind in kinds {
            make_key(&dir.path().join(format!("host_{kind}")), kind, "");
        }
        // The port is free when it is looked for, and may be taken a moment later.
        for _ in 0..10 {
            let port = free_port(address);
            write_config(dir.path(), address, port, kinds, lines);
            let mut child = spawn(dir.path());
            if listens(dir.path(), &mut child) {
                return Sshd { dir, child, address, port };
            }
            child.wait().expect("it has ended");
        }
        panic!("sshd does not start:\n{}", fs::read_to_string(dir.path().join("log")).unwrap_or_default());
    }

    /// Returns the folder with its files; tests may put their own there.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Returns the private key that opens it.
    pub fn key(&self) -> PathBuf {
        self.dir.path().join("client")
    }

    /// Lets another key in.
    pub fn authorize(&self, public_key: &Path) {
        let file = self.dir.path().join("authorized_keys");
        let text = fs::read_to_string(&file).expect("it was written") + &fs::read_to_string(public_key).expect("a key");
        fs::write(file, text).expect("it is ours");
    }

    /// Returns the line that a file of known hosts has for one of its keys.
    pub fn known_hosts_line(&self, kind: &str) -> String {
        let public = fs::read_to_string(self.dir.path().join(format!("host_{kind}.pub"))).expect("the key was made");
        let mut words = public.split(' ');
        let (name, blob) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        format!("[{}]:{} {name} {blob}\n", self.address, self.port)
    }

    /// Returns a file of known hosts that knows all its keys.
    pub fn known_hosts(&self) -> PathBuf {
        let file = self.dir.path().join("known_hosts");
        let kinds = ["ed25519", "ecdsa", "rsa"].into_iter();
        let kinds = kinds.filter(|kind| self.dir.path().join(format!("host_{kind}")).exists());
        fs::write(&file, kinds.map(|kind| self.known_hosts_line(kind)).collect::<String>()).expect("it is ours");
        file
    }

    /// Returns what it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Returns the processes of its sessions.
    pub fn sessions(&self) -> Vec<u32> {
        descendants(self.child.id())
    }

    /// Kills every session, as if the machine had gone: nobody says goodbye.
    pub fn kill_sessions(&self) {
        let listener = self.child.id();
        for pid in descendants(listener) {
            signal(pid, "KILL");
        }
    }

    /// Stops every process of the server where it stands, so that it answers nothing but keeps its connections.
    pub fn freeze(&self) {
        for pid in descendants(self.child.id()) {
            signal(pid, "STOP");
        }
        signal(self.child.id(), "STOP");
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.kill_sessions();
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a key pair: `ed25519`, `ecdsa`, `rsa`.
pub fn make_key(path: &Path, kind: &str, passphrase: &str) {
    let status = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-N", passphrase, "-C", "netplay test", "-f"])
        .arg(path)
        .stdin(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "ssh-keygen is needed (openssh-client)");
}

/// Returns the name of the user who runs the tests.
pub fn user() -> String {
    let output = Command::new("id").arg("-un").output().expect("id is everywhere");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Claims that the tests run as root.
pub fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id is everywhere");
    output.stdout == b"0\n"
}

/// Claims that servers of these tests can give terminals: one that does not run as root may not own them.
pub fn has_terminals(case: &str) -> bool {
    if !is_root() {
        left_out(case, "an sshd that is not root's cannot give a terminal");
    }
    is_root()
}

/// Says on standard error that a case was left out, and why.
#[expect(clippy::print_stderr, reason = "a test that leaves something out has to say so")]
pub fn left_out(case: &str, why: &str) {
    eprintln!("LEFT OUT: {case}: {why}");
}

/// Waits until something holds.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn free_port(address: Ipv4Addr) -> u16 {
    let listener = TcpListener::bind((address, 0)).expect("loopback has free ports");
    listener.local_addr().expect("it is bound").port()
}

fn write_config(dir: &Path, address: Ipv4Addr, port: u16, kinds: &[&str], lines: &[&str]) {
    let shown = dir.display();
    let mut text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    text.push_str(&format!(
        "ListenAddress {address}:{port}\nPidFile none\nAuthorizedKeysFile {shown}/authorized_keys\nStrictModes no\n\
         UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n\
         LogLevel VERBOSE\nSubsystem sftp internal-sftp\n"
    ));
    // Bash reads `~/.bashrc` of the user when sshd starts it, which may take long and do anything.
    text.push_str(&format!("SetEnv HOME={shown}\n"));
    // Of this keyword the last line counts, unlike all others.
    if !text.contains("MaxStartups") {
        text.push_str("MaxStartups 200\n");
    }
    for kind in kinds {
        text.push_str(&format!("HostKey {shown}/host_{kind}\n"));
    }
    fs::write(dir.join("sshd_config"), text).expect("the folder is ours");
}

fn spawn(dir: &Path) -> Child {
    let program =
        ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"].into_iter().find(|at| Path::new(at).exists());
    let program = program.expect("sshd is needed (openssh-server)");
    // The log of an earlier try would be taken for this one's.
    let _ = fs::remove_file(dir.join("log"));
    Command::new(program)
        .arg("-D")
        .arg("-f")
        .arg(dir.join("sshd_config"))
        .arg("-E")
        .arg(dir.join("log"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sshd can be run")
}

/// Waits until it listens; false when it has ended instead.
fn listens(dir: &Path, child: &mut Child) -> bool {
    let mut ended = false;
    wait_until("sshd listens", || {
        ended = child.try_wait().expect("it is our child").is_some();
        ended || fs::read_to_string(dir.join("log")).is_ok_and(|log| log.contains("Server listening"))
    });
    !ended
}

/// Returns the processes below one.
fn descendants(root: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = processes().unwrap_or_default();
    let mut found = vec![root];
    let mut at = 0;
    while at < found.len() {
        let current = found[at];
        found.extend(parents.iter().filter(|(_, parent)| *parent == current).map(|(pid, _)| *pid));
        at += 1;
    }
    found.split_off(1)
}

/// Returns every process and its parent.
fn processes() -> io::Result<Vec<(u32, u32)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")?.filter_map(Result::ok) {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name, in brackets, may hold anything.
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
        all.extend(parent.map(|parent| (pid, parent)));
    }
    Ok(all)
}

fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).stderr(Stdio::null()).status();
}
