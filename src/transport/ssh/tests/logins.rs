//! Logins: host keys, keys, passwords, and what goes wrong before there is a connection.

use super::*;
use crate::failure::FailureKind;
use crate::redact::Secret;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

fn with(target: Target, change: impl FnOnce(&mut SshTarget)) -> Target {
    let mut target = target;
    change(&mut target.ssh);
    target
}

async fn refused(target: &Target) -> Failure {
    open(target).await.map(|_| ()).unwrap_err()
}

#[test]
fn every_kind_of_key_logs_in() {
    let sshd = Sshd::start();
    let cases = [
        ("ed25519", ""),
        ("ecdsa", ""),
        ("rsa", ""),
        ("ed25519", "hunter22"),
        ("ecdsa", "hunter22"),
        ("rsa", "hunter22"),
    ];
    let mut keys: Vec<(PathBuf, &str)> = cases
        .iter()
        .map(|(kind, passphrase)| {
            let path = sshd.dir().join(format!("{kind}{}", passphrase.len()));
            sshd::make_key(&path, kind, passphrase);
            sshd.authorize(&path.with_extension("pub"));
            (path, *passphrase)
        })
        .collect();
    // The older forms of the encrypted RSA key.
    for form in ["PEM", "PKCS8"] {
        let path = sshd.dir().join(format!("rsa_{form}"));
        fs::copy(sshd.dir().join("rsa8"), &path).unwrap();
        let change = ["-q", "-p", "-P", "hunter22", "-N", "hunter22", "-m", form, "-f"];
        assert!(Command::new("ssh-keygen").args(change).arg(&path).status().unwrap().success());
        keys.push((path, "hunter22"));
    }
    run(async {
        for (key, passphrase) in keys {
            let target = with(target(&sshd), |ssh| {
                ssh.private_key = Some(key.clone());
                ssh.passphrase = (!passphrase.is_empty()).then(|| Secret::new(passphrase));
            });
            let connection = open(&target).await.unwrap_or_else(|failure| {
                panic!("{}: {}", key.display(), failure.message.expose());
            });
            assert_eq!(exec(&*connection, "exit 5").await.unwrap().status, 5);
        }
    });
}

#[test]
fn a_refused_key_says_what_was_tried_and_what_is_offered() {
    let sshd = Sshd::start();
    let key = sshd.dir().join("stranger");
    sshd::make_key(&key, "ed25519", "");
    run(async {
        let failure = refused(&with(target(&sshd), |ssh| ssh.private_key = Some(key.clone()))).await;
        assert_eq!(failure.kind, FailureKind::Authentication);
        let said = failure.message.expose();
        let expected = format!(
            "`{}@{}:{}` refused the login: tried `{}`; the server offers publickey",
            sshd::user(),
            sshd.address,
            sshd.port,
            key.display()
        );
        assert_eq!(said, expected);
        let missing = refused(&with(target(&sshd), |ssh| ssh.private_key = Some("/nope".into()))).await;
        assert!(
            missing.message.expose().contains("tried `/nope` (which does not exist)"),
            "{}",
            missing.message.expose()
        );
        let nothing = refused(&with(target(&sshd), |ssh| ssh.private_key = None)).await;
        assert!(nothing.message.expose().contains("nothing could be tried"), "{}", nothing.message.expose());
    });
}

#[test]
fn an_unknown_host_key_is_refused_with_its_fingerprint() {
    let sshd = Sshd::start();
    let empty = sshd.dir().join("empty");
    run(async {
        let failure = refused(&with(target(&sshd), |ssh| ssh.known_hosts = vec![empty.clone()])).await;
        assert_eq!(failure.kind, FailureKind::HostKey);
        let shown = Command::new("ssh-keygen").args(["-l", "-f"]).arg(sshd.dir().join("host_ed25519.pub")).output();
        let shown = String::from_utf8(shown.unwrap().stdout).unwrap();
        let fingerprint = shown.split(' ').nth(1).unwrap();
        assert!(failure.message.expose().ends_with(&format!("is not known: ssh-ed25519 {fingerprint}")));
        assert!(failure.help.unwrap().expose().contains("ssh-keyscan -p"));
        assert!(!empty.exists());
    });
}

#[test]
fn a_changed_host_key_is_refused_whatever_the_policy() {
    let sshd = Sshd::start();
    let other = sshd.dir().join("host_other");
    sshd::make_key(&other, "ed25519", "");
    let file = sshd.dir().join("changed");
    let line = fs::read_to_string(other.with_extension("pub")).unwrap();
    fs::write(&file, format!("# one\n[{}]:{} {line}", sshd.address, sshd.port)).unwrap();
    run(async {
        for policy in [HostKeyPolicy::Strict, HostKeyPolicy::AcceptNew] {
            let failure = refused(&with(target(&sshd), |ssh| {
                ssh.known_hosts = vec![file.clone()];
                ssh.host_key = policy;
            }))
            .await;
            assert_eq!(failure.kind, FailureKind::HostKey);
            let said = failure.message.expose();
            assert!(said.contains("has changed") && said.contains(&format!("{}:2 has", file.display())), "{said}");
            assert_eq!(said.matches("SHA256:").count(), 2, "{said}");
        }
    });
}

#[test]
fn a_new_host_key_is_written_down_once_and_then_known() {
    let sshd = Sshd::start();
    let file = sshd.dir().join("new/known_hosts");
    run(async {
        let accept = with(target(&sshd), |ssh| {
            ssh.known_hosts = vec![file.clone()];
            ssh.host_key = HostKeyPolicy::AcceptNew;
        });
        let shared = shared();
        let limits = limits();
        let (a, b) = tokio::join!(connect(&accept, &shared, &limits), connect(&accept, &shared, &limits));
        assert!(a.is_ok() && b.is_ok());
        assert_eq!(fs::read_to_string(&file).unwrap(), sshd.known_hosts_line("ed25519"));
        open(&with(accept, |ssh| ssh.host_key = HostKeyPolicy::Strict)).await.unwrap();
    });
}

#[test]
fn names_hashed_by_openssh_are_found() {
    let sshd = Sshd::start();
    let file = sshd.known_hosts();
    assert!(Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(&file).output().unwrap().status.success());
    assert!(fs::read_to_string(&file).unwrap().starts_with("|1|"));
    run(async {
        let hashed = Target { ..target_with_hosts(&sshd, &file) };
        open(&hashed).await.unwrap();
    });
}

fn target_with_hosts(sshd: &Sshd, file: &Path) -> Target {
    let copy = sshd.dir().join("copy");
    fs::copy(file, &copy).unwrap();
    with(target(sshd), |ssh| ssh.known_hosts = vec![copy])
}

#[test]
fn the_kind_of_key_that_is_known_is_asked_for() {
    let sshd = Sshd::with_host_keys(&["ed25519", "ecdsa", "rsa"], &[]);
    run(async {
        for kind in ["ed25519", "ecdsa", "rsa"] {
            let file = sshd.dir().join("only");
            fs::write(&file, sshd.known_hosts_line(kind)).unwrap();
            let only = target_with_hosts(&sshd, &file);
            open(&only).await.unwrap_or_else(|failure| panic!("{kind}: {}", failure.message.expose()));
        }
    });
}

#[test]
fn without_checks_any_key_will_do() {
    let sshd = Sshd::start();
    run(async {
        let off = with(target(&sshd), |ssh| {
            ssh.known_hosts = vec!["/nonexistent".into()];
            ssh.host_key = HostKeyPolicy::Off;
        });
        open(&off).await.unwrap();
    });
}

#[test]
fn the_users_configuration_is_heeded() {
    let sshd = Sshd::start();
    let config = sshd.dir().join("config");
    let lines = format!(
        "Host r?\n  HostName {}\n  Port {}\n  User {}\n  IdentityFile {}\n  UserKnownHostsFile {}\n",
        sshd.address,
        sshd.port,
        sshd::user(),
        sshd.key().display(),
        sshd.known_hosts().display(),
    );
    fs::write(&config, lines).unwrap();
    run(async {
        let by_name = with(target(&sshd), |ssh| {
            ssh.address = "r1".into();
            (ssh.port, ssh.user, ssh.private_key) = (None, None, None);
            ssh.known_hosts = Vec::new();
            ssh.config_file = Some(config.clone());
        });
        let connection = open(&by_name).await.unwrap();
        assert_eq!(exec(&*connection, "exit 7").await.unwrap().status, 7);
    });
}

#[test]
fn a_proxy_command_is_the_way_to_the_server() {
    let sshd = Sshd::start();
    let config = sshd.dir().join("config");
    // Bash's own sockets: the one program that is sure to be here.
    let helper = sshd.dir().join("proxy");
    fs::write(&helper, "exec 3<>/dev/tcp/$1/$2; cat <&3 & cat >&3; kill $! 2>/dev/null\n").unwrap();
    fs::write(&config, format!("Host *\nProxyCommand bash {} %h %p\n", helper.display())).unwrap();
    run(async {
        let proxied = with(target(&sshd), |ssh| ssh.config_file = Some(config.clone()));
        let connection = open(&proxied).await.unwrap();
        assert_eq!(exec(&*connection, "exit 7").await.unwrap().status, 7);
        connection.close().await;
        fs::write(&config, "Host *\nProxyCommand false\n").unwrap();
        let mut broken = proxied;
        broken.ssh.connect_timeout = Duration::from_millis(700);
        let failure = refused(&broken).await;
        assert_eq!(failure.kind, FailureKind::Unreachable);
    });
}

/// An agent, stopped when it is dropped.
struct Agent(std::process::Child);

impl Agent {
    fn start(socket: &Path) -> Agent {
        let quiet = std::process::Stdio::null;
        let mut command = Command::new("ssh-agent");
        Agent(command.args(["-D", "-a"]).arg(socket).stdout(quiet()).stderr(quiet()).spawn().unwrap())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_agent_signs() {
    let sshd = Sshd::start();
    let socket = sshd.dir().join("agent");
    let _agent = Agent::start(&socket);
    sshd::wait_until("the agent listens", || socket.exists());
    let added = Command::new("ssh-add").arg("-q").arg(sshd.key()).env("SSH_AUTH_SOCK", &socket).status();
    assert!(added.unwrap().success());
    run(async {
        let shared = Shared::new(Settings { agent_socket: Some(socket.clone()), ..Settings::default() });
        let by_agent = with(target(&sshd), |ssh| {
            ssh.private_key = None;
            ssh.use_agent = true;
        });
        let connection = connect(&by_agent, &shared, &limits()).await.unwrap();
        assert_eq!(exec(&*connection, "exit 5").await.unwrap().status, 5);
    });
}

#[test]
fn an_agent_that_hangs_is_passed_over() {
    let sshd = Sshd::start();
    let socket = sshd.dir().join("agent");
    let _silent = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    run(async {
        let home = sshd.dir().join("home/.ssh");
        fs::create_dir_all(&home).unwrap();
        fs::copy(sshd.key(), home.join("id_ed25519")).unwrap();
        let settings =
            Settings { agent_socket: Some(socket.clone()), home: Some(sshd.dir().join("home")), ..Settings::default() };
        let by_agent = with(target(&sshd), |ssh| {
            ssh.private_key = None;
            ssh.use_agent = true;
        });
        connect(&by_agent, &Shared::new(settings), &limits()).await.unwrap();
    });
}

/// A system user with a password, removed when it is dropped.
struct Account(String);

impl Account {
    const PASSWORD: &'static str = "Tr0ub4dor&3 x'y";

    fn make(case: &str) -> Option<Account> {
        if !sshd::is_root() {
            sshd::left_out(case, "only root can make a user with a password");
            return None;
        }
        let name = format!("np{}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
        let made = Command::new("useradd").args(["--no-create-home", "--shell", "/bin/sh", &name]).status();
        if !made.is_ok_and(|status| status.success()) {
            sshd::left_out(case, "there is no `useradd`");
            return None;
        }
        let account = Account(name);
        let set = "echo \"$0:$1\" | chpasswd";
        let set = Command::new("/bin/sh").args(["-c", set, &account.0, Account::PASSWORD]).status();
        assert!(set.unwrap().success());
        Some(account)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let _ = Command::new("userdel").args(["--force", &self.0]).output();
    }
}

#[test]
fn a_password_answers_questions_or_goes_as_such() {
    let Some(account) = Account::make("passwords") else { return };
    for way in ["KbdInteractiveAuthentication yes", "PasswordAuthentication yes"] {
        let sshd = Sshd::with(&["UsePAM yes", way, "PubkeyAuthentication no"]);
        run(async {
            let with_password = |password: &str| {
                with(target(&sshd), |ssh| {
                    ssh.user = Some(account.0.clone());
                    ssh.private_key = None;
                    ssh.password = Some(Secret::new(password));
                })
            };
            let connection = open(&with_password(Account::PASSWORD)).await;
            let connection = connection.unwrap_or_else(|failure| panic!("{way}: {}", failure.message.expose()));
            assert_eq!(text(&exec(&*connection, "id -un").await.unwrap().stdout).trim(), account.0);
            let failure = refused(&with_password("wrong")).await;
            assert_eq!(failure.kind, FailureKind::Authentication);
            assert!(failure.message.expose().contains("tried the password"), "{}", failure.message.expose());
            assert!(!failure.message.expose().contains("wrong"));
        });
    }
}

#[test]
fn sudo_and_su_get_their_password_once() {
    let Some(account) = Account::make("sudo with a password") else { return };
    let rules = PathBuf::from(format!("/etc/sudoers.d/{}", account.0));
    let has_sudo = Command::new("sudo").arg("-V").output().is_ok();
    if has_sudo {
        fs::write(&rules, format!("{} ALL=(ALL) ALL\n", account.0)).unwrap();
    } else {
        sshd::left_out("sudo with a password", "there is no `sudo`");
    }
    let sshd = Sshd::with(&["UsePAM yes", "PasswordAuthentication yes"]);
    run(async {
        let elevated = |method: &str, user: &str, password: Option<&str>| {
            let mut target = with(target(&sshd), |ssh| {
                ssh.user = Some(account.0.clone());
                ssh.private_key = None;
                ssh.password = Some(Secret::new(Account::PASSWORD));
            });
            let password = password.map(Secret::new);
            target.elevate = Some(crate::transport::Elevate {
                method: method.into(),
                user: user.into(),
                exe: None,
                flags: None,
                password,
            });
            target
        };
        let as_other = |script: &str| Exec { elevate: true, stdin: Some(b"input\n".to_vec()), ..shell(script) };
        // `su` to oneself asks for the password that is known here.
        let mut ways = vec![("su", account.0.as_str())];
        if has_sudo {
            ways.push(("sudo", "root"));
        }
        for (method, user) in ways {
            let connection = open(&elevated(method, user, Some(Account::PASSWORD))).await.unwrap();
            let output = exec_within(&*connection, as_other("id -un; cat; echo err >&2"), &limits()).await;
            let output = output.unwrap_or_else(|failure| panic!("{method}: {}", failure.message.expose()));
            assert_eq!(text(&output.stdout), format!("{user}\ninput\n"), "{method}");
            assert_eq!(text(&output.stderr), "err\n", "{method}");
            let connection = open(&elevated(method, user, Some("wrong"))).await.unwrap();
            let failure = exec_within(&*connection, as_other("true"), &limits()).await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Command, "{method}: {}", failure.message.expose());
            assert!(failure.message.expose().starts_with(&format!("cannot become `{user}`: {method}: ")));
            let connection = open(&elevated(method, user, None)).await.unwrap();
            let failure = exec_within(&*connection, as_other("true"), &limits()).await.unwrap_err();
            assert!(failure.message.expose().contains("password"), "{method}: {}", failure.message.expose());
        }
    });
    let _ = fs::remove_file(rules);
}

#[test]
fn a_port_where_nobody_listens_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let sshd = Sshd::start();
    run(async {
        let failure = refused(&with(target(&sshd), |ssh| ssh.port = Some(port))).await;
        assert_eq!(failure.kind, FailureKind::Unreachable);
        assert!(failure.message.expose().ends_with("connection refused"), "{}", failure.message.expose());
        let nowhere = with(target(&sshd), |ssh| ssh.address = "no-such-host.invalid".into());
        let failure = refused(&nowhere).await;
        assert_eq!(failure.kind, FailureKind::Unreachable);
        assert!(failure.message.expose().contains("cannot find the address"), "{}", failure.message.expose());
    });
}

#[test]
fn a_listener_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let sshd = Sshd::start();
    run(async {
        let short = with(target(&sshd), |ssh| {
            ssh.port = Some(silent.local_addr().unwrap().port());
            ssh.connect_timeout = Duration::from_millis(400);
        });
        let failure = refused(&short).await;
        assert_eq!(failure.kind, FailureKind::Unreachable);
        assert!(
            failure.message.expose().contains("no SSH greeting came within 400 ms"),
            "{}",
            failure.message.expose()
        );
        let patient = with(short, |ssh| ssh.connect_timeout = Duration::from_secs(600));
        let (shared, limits) = (shared(), limits());
        let (failure, ()) = tokio::join!(connect(&patient, &shared, &limits), async { limits.cancel.cancel() });
        assert_eq!(failure.map(|_| ()).unwrap_err().kind, FailureKind::Cancelled);
    });
}

#[test]
fn old_algorithms_are_for_hosts_that_ask_for_them() {
    let old = [
        "KexAlgorithms diffie-hellman-group14-sha1",
        "HostKeyAlgorithms ssh-rsa",
        "Ciphers 3des-cbc",
        "MACs hmac-sha1",
    ];
    let sshd = Sshd::with_host_keys(&["rsa"], &old);
    run(async {
        let failure = refused(&target(&sshd)).await;
        assert_eq!(failure.kind, FailureKind::Unreachable);
        assert!(failure.help.unwrap().expose().contains("ssh_legacy"));
        assert!(!sshd.log().contains("Accepted"));
        let connection = open(&with(target(&sshd), |ssh| ssh.legacy = true)).await;
        let connection = connection.unwrap_or_else(|failure| panic!("{}\n{}", failure.message.expose(), sshd.log()));
        assert_eq!(exec(&*connection, "exit 5").await.unwrap().status, 5);
    });
    // What the server was offered by a client of a modern host: nothing of SHA-1 or CBC.
    let log = sshd.log();
    let offers: Vec<_> = log.lines().filter(|line| line.contains("no matching")).collect();
    assert_eq!(offers.len(), 1, "{log}");
    assert!(!offers[0].contains("sha1,") && !offers[0].contains("cbc"), "{}", offers[0]);
}
