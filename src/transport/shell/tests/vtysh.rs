//! The driver against a real router CLI: FRR's vtysh on a terminal of its own, with one daemon in a folder of its own.
//! Nothing outside that folder is touched: no kernel routes, since staticd alone does not reach the kernel.

use super::{PATIENCE, target_of};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::module::{Action, Boxed, Cli, CliLine, CliResponse, Output, Work};
use crate::platform;
use crate::transport::shell::connection::connect_with;
use crate::transport::shell::until::Patience;
use crate::transport::{Connection, Limits, Wire};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const STATICD: &str = "/usr/lib/frr/staticd";

/// A program on a terminal, by way of script(1).
struct Terminal {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Terminal {
    /// The program's home is a folder of the test: vtysh keeps a history there.
    fn of(command: &str, home: &Path) -> Terminal {
        let mut child = Command::new("script")
            .args(["-qfc", command, "/dev/null"])
            .env("TERM", "vt100")
            .env("HOME", home)
            .env("VTYSH_PAGER", "more")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Terminal { child, input, output }
    }
}

fn broken(error: std::io::Error) -> Failure {
    Failure::new(FailureKind::Unreachable, error.to_string())
}

impl Wire for Terminal {
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Boxed<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.input.write_all(bytes).await.map_err(broken)?;
            self.input.flush().await.map_err(broken)
        })
    }

    fn receive(&mut self) -> Boxed<'_, Result<Vec<u8>, Failure>> {
        Box::pin(async move {
            let mut bytes = vec![0; 4096];
            let size = self.output.read(&mut bytes).await.map_err(broken)?;
            bytes.truncate(size);
            Ok(bytes)
        })
    }

    fn close(&mut self) -> Boxed<'_, ()> {
        Box::pin(async move {
            // It may have ended by itself.
            let _ = self.child.kill().await;
        })
    }
}

/// A daemon of FRR in a folder of its own.
struct Daemon {
    dir: tempfile::TempDir,
    _child: Child,
}

impl Daemon {
    /// Starts it; `None`, said loudly, where it cannot run.
    async fn start() -> Option<Daemon> {
        let skip = |why: &str| {
            // Past the lint on purpose: whoever reads the test's output must see that nothing was tested.
            writeln!(std::io::stderr(), "SKIPPED: no test against vtysh: {why}").unwrap();
            None
        };
        let is_there = |name: &str| {
            std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
                .any(|dir: PathBuf| dir.join(name).exists())
        };
        if !is_there("vtysh") || !Path::new(STATICD).exists() || !is_there("script") {
            return skip("install frr and bsdutils");
        }
        let id = std::process::Command::new("id").arg("-u").output().unwrap();
        if id.stdout != b"0\n" {
            return skip("FRR's daemons start as root and become the user frr");
        }
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["vtysh.conf", "staticd.conf"] {
            std::fs::write(at(name), "").unwrap();
            std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(0o666)).unwrap();
        }
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let child = Command::new(STATICD)
            .args(["-u", "frr", "-g", "frr", "-A", "127.0.0.1", "-P", "0", "--vty_socket"])
            .arg(dir.path())
            .args(["-i".as_ref(), at("pid").as_os_str(), "-f".as_ref(), at("staticd.conf").as_os_str()])
            .args(["-z".as_ref(), at("zserv.api").as_os_str()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        tokio::time::timeout(Duration::from_secs(20), async {
            while !at("staticd.vty").exists() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .expect("staticd opens its socket");
        Some(Daemon { dir, _child: child })
    }

    async fn login(&self, columns: u32, rows: u32) -> Box<dyn Connection> {
        let dir = self.dir.path().display();
        let command = format!("stty rows {rows} cols {columns}; exec vtysh --vty_socket {dir} --config_dir {dir}");
        // A busy machine may pause longer than a recording.
        let patience = Patience { confirm: Duration::from_millis(200), ..PATIENCE };
        let patience = Patience { without_echo: Duration::from_secs(3), wake: Duration::from_secs(5), ..patience };
        let target = target_of(platform::find("frr").unwrap(), None);
        connect_with(&target, &limits(), Box::new(Terminal::of(&command, self.dir.path())), patience)
            .await
            .unwrap_or_else(|failure| panic!("{}", failure.message.expose()))
    }
}

fn limits() -> Limits {
    Limits { timeout: Some(Duration::from_secs(30)), cancel: Default::default() }
}

async fn run(connection: &dyn Connection, level: Option<&str>, lines: &[&str]) -> Vec<CliResponse> {
    let lines = lines.iter().map(|line| CliLine::new(*line)).collect();
    let cli = Cli { lines, level: level.map(str::to_owned), stop_on_error: true, ..Cli::default() };
    match connection.perform(&Action::on_host(Effect::Write, Work::Cli(cli)), &limits()).await {
        Ok(Output::Cli(responses)) => responses,
        Ok(other) => panic!("{other:?}"),
        Err(failure) => panic!("{}", failure.message.expose()),
    }
}

#[tokio::test]
async fn a_real_router_cli_is_driven() {
    let Some(daemon) = Daemon::start().await else { return };
    for columns in [80, 511] {
        let router = daemon.login(columns, 1000).await;
        let shown = run(&*router, None, &["show version"]).await;
        assert!(shown[0].output.starts_with("FRRouting "), "{:?}", shown[0]);
        assert_eq!(shown[0].error, None);

        let route = format!("ip route 10.{columns}.0.0/16 blackhole").replace("511", "51");
        let configured = run(&*router, Some("config"), &[&route]).await;
        assert_eq!((configured[0].output.as_str(), &configured[0].error), ("", &None));
        assert!(configured[0].prompt.ends_with("(config)#"), "{:?}", configured[0]);
        let shown = run(&*router, None, &["show running-config"]).await;
        assert!(shown[0].output.lines().any(|line| line == route), "{}", shown[0].output);
        assert!(shown[0].output.ends_with("\nend"), "{}", shown[0].output);

        let refused = run(&*router, Some("config"), &["descriptionn x", &format!("no {route}")]).await;
        assert_eq!(refused.len(), 1, "the second line is not sent");
        assert_eq!(refused[0].error.as_deref(), Some("% Unknown command: descriptionn x"));

        let long = format!("show {}", "x".repeat(600));
        let refused = run(&*router, None, &[&long]).await;
        assert_eq!(refused[0].error.as_deref(), Some(format!("% Unknown command: {long}").as_str()));

        let renamed = run(&*router, Some("config"), &["hostname bb"]).await;
        assert_eq!(renamed[0].prompt, "bb(config)#");
        let shown = run(&*router, None, &["show version"]).await;
        assert_eq!(shown[0].prompt, "bb#");
        router.perform(&Action::on_host(Effect::Read, Work::Ping), &limits()).await.unwrap();
        router.close().await;
    }
}

#[tokio::test]
async fn a_real_pager_is_answered() {
    let Some(daemon) = Daemon::start().await else { return };
    let router = daemon.login(80, 10).await;
    let routes: Vec<String> = (0..40).map(|n| format!("ip route 10.{n}.0.0/16 blackhole")).collect();
    run(&*router, Some("config"), &routes.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let whole = run(&*router, None, &["show running-config"]).await;
    let paged = run(&*router, None, &["terminal length 10", "show running-config"]).await;
    assert_eq!(paged.len(), 2, "{paged:?}");
    assert_eq!(paged[1].output, whole[0].output);
    for route in &routes {
        assert!(paged[1].output.lines().any(|line| line == route), "{}", paged[1].output);
    }
    router.close().await;
}

#[tokio::test]
async fn reads_typed_ahead_give_what_they_give_one_by_one() {
    let Some(daemon) = Daemon::start().await else { return };
    let router = daemon.login(511, 1000).await;
    let routes: Vec<String> = (0..200).map(|n| format!("ip route 10.{n}.0.0/16 blackhole")).collect();
    run(&*router, Some("config"), &routes.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let shows = ["show running-config", "show version", "show running-config"];
    let mut alone = Vec::new();
    for show in shows {
        alone.extend(run(&*router, None, &[show]).await);
    }
    for _ in 0..10 {
        let ahead = run(&*router, None, &shows).await;
        assert_eq!(ahead, alone);
    }
    // The one in the middle is refused, and nothing after it is answered.
    let ahead = run(&*router, None, &["show version", "show nonsense", "show running-config"]).await;
    assert_eq!(ahead.len(), 2, "{ahead:?}");
    assert_eq!(ahead[0], alone[1]);
    assert!(ahead[1].error.is_some(), "{ahead:?}");
    // The device's own record has each line once: nothing had to be asked anew.
    let record = run(&*router, None, &["show history"]).await;
    let (_, since) = record[0].output.rsplit_once("ip route 10.199.0.0/16 blackhole").expect("the record goes back");
    assert_eq!(since.lines().filter(|line| line.trim() == "show version").count(), 12, "{since}");
    router.close().await;
}
