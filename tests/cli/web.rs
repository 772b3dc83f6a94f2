//! Web services that do not do as they should.

use crate::httpbin::Httpbin;
use crate::project::Project;
use crate::sshd::wait_until;
use serde_json::Value as Json;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

const LOCAL: &str = "h1 ansible_connection=local";

fn ask(url: &str, more: &str) -> Json {
    let tasks = format!("- name: ask\n  uri: {{url: \"{url}\", {more}}}\n");
    Project::of_tasks(&tasks).host(LOCAL).run_events().exits(2).step("ask", "h1")
}

fn message(step: &Json) -> &str {
    step["failure"]["message"].as_str().unwrap_or_else(|| panic!("it did not fail: {step}"))
}

#[test]
fn statuses_and_bodies_that_were_not_asked_for_fail() {
    let Some(service) = Httpbin::start() else { return };
    let failed = ask(&format!("{}/status/500", service.url), "");
    assert!(message(&failed).contains("500"), "{failed}");
    assert_eq!(failed["result"]["status"], 500);
    let late = ask(&format!("{}/delay/3", service.url), "timeout: 1");
    assert!(message(&late).contains("1 s") || message(&late).contains("timed out"), "{late}");
    // What says that it is JSON and is none is no reason to fail, as in Ansible; to use it is.
    let tasks = format!(
        "- name: ask\n  uri: {{url: \"{}/response-headers?Content-Type=application/json\"}}\n  register: answer\n\
         - name: html\n  uri: {{url: \"{}/html\", return_content: true}}\n  register: page\n\
         - name: use\n  debug: {{msg: \"{{{{ page.content | from_json }}}}\"}}\n",
        service.url, service.url
    );
    let ended = Project::of_tasks(&tasks).host(LOCAL).run_events().exits(2);
    assert_eq!(ended.step("ask", "h1")["status"], "ok");
    assert!(message(&ended.step("use", "h1")).contains("JSON"), "{ended}");
}

#[test]
fn a_closed_port_is_a_refused_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let address = listener.local_addr().expect("it is bound");
    drop(listener);
    let failed = ask(&format!("http://{address}/"), "");
    assert!(message(&failed).contains("refuses connections"), "{failed}");
    assert_eq!(failed["status"], "failed", "the host itself is not unreachable: {failed}");
}

#[test]
fn a_template_gets_what_is_at_a_url() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let address = listener.local_addr().expect("it is bound");
    let server = std::thread::spawn(move || {
        for stream in listener.incoming().take(3) {
            let mut stream = stream.expect("a client comes");
            let mut request = String::new();
            let mut lines = BufReader::new(stream.try_clone().expect("a second handle"));
            while !request.ends_with("\r\n\r\n") && lines.read_line(&mut request).is_ok_and(|long| long > 0) {}
            let (status, body) = match request.contains("GET /none ") {
                true => ("404 Not Found", ""),
                false => ("200 OK", "one\ntwo\n"),
            };
            let agent = request.to_lowercase().contains("x-mine: 7");
            let body = if agent { format!("{body}mine\n") } else { body.to_owned() };
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
                .expect("it is written");
        }
    });
    let tasks = format!(
        "- assert: {{that: \"query('url', 'http://{address}/a') == ['one', 'two']\"}}\n\
         - assert: {{that: \"lookup('ansible.builtin.url', 'http://{address}/a', split_lines=false, headers={{'X-Mine': 7}}) == 'one\\\\ntwo\\\\nmine\\\\n'\"}}\n\
         - name: none\n  debug: {{msg: \"{{{{ lookup('url', 'http://{address}/none') }}}}\"}}\n"
    );
    let ended = Project::of_tasks(&tasks).host(LOCAL).run_events().exits(2);
    assert!(message(&ended.step("none", "h1")).contains("answers 404"), "{ended}");
    server.join().expect("the server ends");
}

/// `openssl s_server` with a certificate that nobody has signed.
struct SelfSigned {
    child: Child,
    port: u16,
    _dir: tempfile::TempDir,
}

impl SelfSigned {
    fn start() -> SelfSigned {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "cert", "-days", "2"])
            .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"])
            .current_dir(dir.path())
            .stderr(Stdio::null())
            .status();
        assert!(made.is_ok_and(|status| status.success()), "openssl is needed");
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let port = listener.local_addr().expect("it is bound").port();
        drop(listener);
        let child = Command::new("openssl")
            .args(["s_server", "-quiet", "-www", "-key", "key", "-cert", "cert", "-accept"])
            .arg(format!("127.0.0.1:{port}"))
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is needed");
        wait_until("the server listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        SelfSigned { child, port, _dir: dir }
    }
}

impl Drop for SelfSigned {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_certificate_that_nobody_has_signed_is_refused() {
    let server = SelfSigned::start();
    let url = format!("https://127.0.0.1:{}/", server.port);
    let failed = ask(&url, "");
    assert!(message(&failed).contains("self-signed"), "{failed}");
    let tasks = format!("- name: ask\n  uri: {{url: \"{url}\", validate_certs: false}}\n");
    Project::of_tasks(&tasks).host(LOCAL).run_events().exits(0);
}
