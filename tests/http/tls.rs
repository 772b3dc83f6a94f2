//! TLS against `openssl s_server` on loopback.

use netplay::failure::FailureKind;
use netplay::module::HttpCall;
use netplay::transport::HttpClients;
use netplay::transport::Limits;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Runs `openssl` to its end.
fn openssl(dir: &Path, args: &[&str]) {
    let out = Command::new("openssl").current_dir(dir).args(args).output().expect("openssl is installed");
    assert!(out.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&out.stderr));
}

/// Makes `NAME.pem` and `NAME.key`, self-signed, for a subject alternative name.
fn certificate(dir: &Path, name: &str, alternative: &str) {
    let (cert, key) = (format!("{name}.pem"), format!("{name}.key"));
    let alternative = format!("subjectAltName={alternative}");
    openssl(
        dir,
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &cert,
            "-days",
            "2",
            "-subj",
            "/CN=lab",
            "-addext",
            &alternative,
        ],
    );
}

/// A TLS server that answers every request with a page; ends when dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(dir: &Path, name: &str, more: &[&str]) -> Server {
        let (cert, key) = (format!("{name}.pem"), format!("{name}.key"));
        let mut child = Command::new("openssl")
            .current_dir(dir)
            .args(["s_server", "-www", "-accept", "127.0.0.1:0", "-cert", &cert, "-key", &key])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is installed");
        let mut lines = BufReader::new(child.stdout.take().expect("it was piped")).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("ACCEPT ").and_then(|at| at.rsplit(':').next()).map(str::to_owned))
            .expect("it says where it listens");
        // Read on, or it stops when the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, url: format!("https://127.0.0.1:{port}/") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(server: &Server) -> HttpCall {
    HttpCall { method: "GET".into(), url: server.url.clone(), validate_certs: true, ..HttpCall::default() }
}

async fn call(call: &HttpCall) -> Result<u16, (FailureKind, String)> {
    let limits = Limits { timeout: Some(Duration::from_secs(30)), cancel: CancellationToken::new() };
    let outcome = HttpClients::new().call(call, &limits).await;
    outcome.map(|answer| answer.status).map_err(|failure| {
        let message = failure.message.expose();
        (failure.kind, message.split_once("`: ").map_or(message, |(_, why)| why).to_owned())
    })
}

fn refused(why: &str) -> Result<u16, (FailureKind, String)> {
    Err((FailureKind::Http, why.to_owned()))
}

#[tokio::test]
async fn certificates_are_checked_unless_told_otherwise() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    certificate(dir.path(), "good", "IP:127.0.0.1");
    certificate(dir.path(), "other", "DNS:other.example");
    let good = Server::start(dir.path(), "good", &[]);
    let trusted = |name: &str| Some(dir.path().join(name));
    assert_eq!(call(&get(&good)).await, refused("the server's certificate is self-signed"));
    assert_eq!(call(&HttpCall { validate_certs: false, ..get(&good) }).await, Ok(200));
    assert_eq!(call(&HttpCall { ca_path: trusted("good.pem"), ..get(&good) }).await, Ok(200));
    let other = Server::start(dir.path(), "other", &[]);
    let wrong_name = HttpCall { ca_path: trusted("other.pem"), ..get(&other) };
    assert_eq!(call(&wrong_name).await, refused("the server's certificate is for another address"));
    let not_one = HttpCall { ca_path: trusted("good.key"), ..get(&good) };
    assert_eq!(call(&not_one).await.map_err(|(kind, _)| kind), Err(FailureKind::Argument));
    let missing = HttpCall { ca_path: trusted("none"), ..get(&good) };
    assert_eq!(call(&missing).await.map_err(|(kind, _)| kind), Err(FailureKind::File));
    let plain = HttpCall { url: good.url.replace("https", "http"), ..get(&good) };
    assert!(call(&plain).await.is_err(), "it speaks TLS alone");
}

#[tokio::test]
async fn a_certificate_out_of_its_time_is_named_so() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    openssl(
        dir.path(),
        &["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "old.key", "-out", "old.csr", "-subj", "/CN=lab"],
    );
    std::fs::write(dir.path().join("old.cnf"), OLD).expect("the folder takes files");
    std::fs::write(dir.path().join("index"), "").expect("the folder takes files");
    openssl(
        dir.path(),
        &[
            "ca",
            "-batch",
            "-selfsign",
            "-config",
            "old.cnf",
            "-in",
            "old.csr",
            "-keyfile",
            "old.key",
            "-out",
            "old.pem",
            "-notext",
            "-startdate",
            "20200101000000Z",
            "-enddate",
            "20210101000000Z",
        ],
    );
    let server = Server::start(dir.path(), "old", &[]);
    let trusting = HttpCall { ca_path: Some(dir.path().join("old.pem")), ..get(&server) };
    assert_eq!(call(&trusting).await, refused("the server's certificate has expired"));
}

const OLD: &str = "[ca]\ndefault_ca = lab\n[lab]\ndatabase = index\nnew_certs_dir = .\nrand_serial = yes\ndefault_md = sha256\npolicy = any\n\
                   x509_extensions = ext\n[any]\ncommonName = supplied\n[ext]\nsubjectAltName = IP:127.0.0.1\n";

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    certificate(dir.path(), "server", "IP:127.0.0.1");
    certificate(dir.path(), "client", "DNS:client");
    let path = |name: &str| -> PathBuf { dir.path().join(name) };
    openssl(dir.path(), &["rsa", "-in", "client.key", "-traditional", "-out", "client.rsa"]);
    openssl(dir.path(), &["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ec.key"]);
    openssl(dir.path(), &["req", "-x509", "-new", "-key", "ec.key", "-out", "ec.pem", "-days", "2", "-subj", "/CN=ec"]);
    let both = [path("client.pem"), path("client.key")].map(|p| std::fs::read_to_string(p).expect("it was written"));
    std::fs::write(path("both.pem"), both.concat()).expect("the folder takes files");
    let server = Server::start(
        dir.path(),
        "server",
        &["-Verify", "1", "-verify_return_error", "-CAfile", "client.pem", "-tls1_2"],
    );
    let with = |cert: &str, key: Option<&str>| HttpCall {
        client_cert: Some((path(cert), key.map(path))),
        validate_certs: false,
        ..get(&server)
    };
    assert!(call(&HttpCall { validate_certs: false, ..get(&server) }).await.is_err(), "it asks for a certificate");
    for (cert, key) in [("client.pem", Some("client.key")), ("client.pem", Some("client.rsa")), ("both.pem", None)] {
        assert_eq!(call(&with(cert, key)).await, Ok(200), "{cert} {key:?}");
    }
    assert!(call(&with("ec.pem", Some("ec.key"))).await.is_err(), "the server trusts another one");
    let keyless = call(&with("client.pem", None)).await.map_err(|(kind, _)| kind);
    assert_eq!(keyless, Err(FailureKind::Argument));
    drop(server);
    std::fs::copy(path("ec.pem"), path("client.pem")).expect("the folder takes files");
    let server =
        Server::start(dir.path(), "server", &["-Verify", "1", "-verify_return_error", "-CAfile", "ec.pem", "-tls1_2"]);
    let elliptic =
        HttpCall { client_cert: Some((path("ec.pem"), Some(path("ec.key")))), validate_certs: false, ..get(&server) };
    assert_eq!(call(&elliptic).await, Ok(200), "a key in the older form");
}
