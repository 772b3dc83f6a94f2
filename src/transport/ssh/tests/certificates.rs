//! Certificates: of users, and of hosts.

use super::*;
use crate::failure::FailureKind;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An authority and a folder for what it signs.
struct Authority(tempfile::TempDir);

impl Authority {
    fn new() -> Authority {
        let authority = Authority(tempfile::tempdir().unwrap());
        sshd::make_key(&authority.key(), "ed25519", "");
        authority
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn key(&self) -> PathBuf {
        self.at("authority")
    }

    /// Makes a key of a kind and a certificate for it; `how` are options of `ssh-keygen`.
    fn sign(&self, name: &str, kind: &str, how: &[&str]) -> PathBuf {
        let key = self.at(name);
        sshd::make_key(&key, kind, "");
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-s"]).arg(self.key()).args(["-I", "test"]).args(how).arg(key.with_extension("pub"));
        assert!(command.status().unwrap().success());
        key
    }

    fn public(&self) -> String {
        fs::read_to_string(self.key().with_extension("pub")).unwrap()
    }
}

async fn try_key(sshd: &Sshd, key: &Path, config: Option<&Path>) -> Result<i32, Failure> {
    let mut target = target(sshd);
    target.ssh.private_key = Some(key.to_owned());
    target.ssh.config_file = config.map(Path::to_owned).or(target.ssh.config_file);
    let connection = open(&target).await?;
    Ok(exec(&*connection, "exit 5").await?.status)
}

#[test]
fn a_certificate_beside_the_key_logs_in() {
    let authority = Authority::new();
    let trusted = format!("TrustedUserCAKeys {}", authority.key().with_extension("pub").display());
    let sshd = Sshd::with(&[&trusted]);
    let user = sshd::user();
    run(async {
        for kind in ["ed25519", "ecdsa", "rsa"] {
            let key = authority.sign(kind, kind, &["-n", &user, "-V", "+1h"]);
            let status = try_key(&sshd, &key, None).await;
            assert_eq!(status.unwrap_or_else(|failure| panic!("{kind}: {}", failure.message.expose())), 5);
        }
        let late = authority.sign("late", "ed25519", &["-n", &user, "-V", "20200101:20200102"]);
        let failure = try_key(&sshd, &late, None).await.unwrap_err();
        let said = failure.message.expose();
        assert!(said.contains("with the certificate `") && said.contains("late-cert.pub"), "{said}");
    });
}

#[test]
fn a_certificate_that_the_configuration_names_logs_in() {
    let authority = Authority::new();
    let trusted = format!("TrustedUserCAKeys {}", authority.key().with_extension("pub").display());
    let sshd = Sshd::with(&[&trusted]);
    let key = authority.sign("id", "ed25519", &["-n", &sshd::user(), "-V", "+1h"]);
    let elsewhere = authority.at("elsewhere");
    fs::rename(authority.at("id-cert.pub"), &elsewhere).unwrap();
    let config = authority.at("config");
    run(async {
        assert!(try_key(&sshd, &key, None).await.is_err(), "the key alone is nobody's");
        fs::write(&config, format!("CertificateFile {}\n", elsewhere.display())).unwrap();
        assert_eq!(try_key(&sshd, &key, Some(&config)).await.unwrap(), 5);
        let missing = authority.at("missing");
        fs::write(&config, format!("CertificateFile {}\n", missing.display())).unwrap();
        let failure = try_key(&sshd, &key, Some(&config)).await.unwrap_err();
        assert!(failure.message.expose().contains("(which does not exist)"), "{}", failure.message.expose());
    });
}

#[test]
fn a_host_certificate_is_as_good_as_its_authority() {
    let authority = Authority::new();
    let host = authority.sign("host", "ed25519", &["-h", "-n", "127.0.0.1", "-V", "+1h"]);
    let wrong = authority.sign("wrong", "ed25519", &["-h", "-n", "elsewhere", "-V", "+1h"]);
    let (public, other) = (authority.public(), Authority::new().public());
    let served = |key: &Path| {
        let certificate = format!("{}-cert.pub", key.display());
        Sshd::with(&[&format!("HostKey {}", key.display()), &format!("HostCertificate {certificate}")])
    };
    let (good, bad) = (served(&host), served(&wrong));
    let revoked = format!("@cert-authority * {public}@revoked * {public}");
    let cases = [
        (&good, format!("@cert-authority * {public}"), None),
        (&good, format!("@cert-authority [127.0.0.1]:{} {public}", good.port), None),
        (&good, format!("@cert-authority 127.0.0.1 {public}"), None),
        (&good, format!("@cert-authority * {other}"), Some("which no file of known hosts names")),
        (&good, revoked, Some("is revoked in")),
        (&good, format!("@cert-authority router* {public}"), Some("is not known")),
        (&bad, format!("@cert-authority * {public}"), Some("is for elsewhere, not for 127.0.0.1")),
    ];
    run(async {
        for (sshd, known, refused) in cases {
            let file = authority.at("known_hosts");
            fs::write(&file, &known).unwrap();
            let mut target = target(sshd);
            target.ssh.known_hosts = vec![file];
            match (open(&target).await.map(|_| ()), refused) {
                (Ok(()), None) => {}
                (Err(failure), Some(why)) => {
                    assert_eq!(failure.kind, FailureKind::HostKey, "{known}");
                    assert!(failure.message.expose().contains(why), "{known}: {}", failure.message.expose());
                }
                (Ok(()), Some(_)) => panic!("let in: {known}"),
                (Err(failure), None) => panic!("{known}: {}", failure.message.expose()),
            }
        }
    });
}
