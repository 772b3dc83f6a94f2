use super::server::{Reply, Server};
use super::*;
use crate::failure::FailureKind;
use crate::module::{Content, HttpBody, HttpPart, Redirects};
use crate::redact::Secret;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn get(url: impl Into<String>) -> HttpCall {
    HttpCall {
        method: "GET".into(),
        url: url.into(),
        validate_certs: true,
        decompress: true,
        timeout: Some(Duration::from_secs(30)),
        ..HttpCall::default()
    }
}

fn limits() -> Limits {
    Limits { timeout: None, cancel: CancellationToken::new() }
}

async fn answer(call: &HttpCall) -> HttpAnswer {
    HttpClients::new().call(call, &limits()).await.expect("the server answers")
}

async fn failure(call: &HttpCall) -> Failure {
    HttpClients::new().call(call, &limits()).await.expect_err("there is no answer")
}

#[tokio::test]
async fn a_call_brings_status_fields_cookies_and_bytes() {
    let server = Server::start(|_| {
        Reply::new(418, [0xff, 0x00, b'a'])
            .header("X-One", "1")
            .header("set-cookie", "k=v; Path=/")
            .header("x-one", "2")
    })
    .await;
    let answer = answer(&get(format!("{}/a?b=c", server.url))).await;
    assert_eq!((answer.status, answer.reason.as_str(), answer.redirected), (418, "I'm a teapot", false));
    assert_eq!(answer.body, [0xff, 0x00, b'a']);
    assert_eq!(answer.cookies, [("k".into(), "v".into())]);
    let ones: Vec<_> = answer.headers.iter().filter(|(n, _)| n == "x-one").map(|(_, v)| v.as_str()).collect();
    assert_eq!(ones, ["1", "2"]);
    let seen = &server.seen()[0];
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/a?b=c"));
    assert_eq!(seen.header("accept-encoding"), Some("identity"));
}

#[tokio::test]
async fn bodies_of_each_kind_arrive() {
    let server = Server::start(|_| Reply::new(200, "")).await;
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), b"from a file").expect("it can be written");
    let multipart = HttpBody::Multipart(vec![
        HttpPart {
            name: "text".into(),
            filename: None,
            mime_type: None,
            content: Content::Bytes(b"one".as_slice().into()),
        },
        HttpPart {
            name: "file".into(),
            filename: Some("a \"b\".cfg".into()),
            mime_type: Some("text/x-cfg".into()),
            content: Content::File(file.path().into()),
        },
    ]);
    for body in [HttpBody::Bytes(b"bytes".to_vec()), HttpBody::File(file.path().into()), multipart] {
        let call = HttpCall { method: "POST".into(), body, ..get(&server.url) };
        assert_eq!(answer(&call).await.status, 200);
    }
    let seen = server.seen();
    assert_eq!(seen[0].body, b"bytes");
    assert_eq!(seen[1].body, b"from a file");
    assert_eq!(seen[1].header("content-length"), Some("11"));
    assert_eq!(seen[1].header("transfer-encoding"), None);
    let form = String::from_utf8_lossy(&seen[2].body).into_owned();
    assert!(form.contains("name=\"text\"\r\n\r\none\r\n"), "{form}");
    assert!(
        form.contains("name=\"file\"; filename=\"a \\\"b\\\".cfg\"\r\nContent-Type: text/x-cfg\r\n\r\nfrom a file\r\n"),
        "{form}"
    );
}

#[tokio::test]
async fn redirects_keep_secrets_at_their_origin() {
    let other = Server::start(|_| Reply::new(200, "there")).await;
    let to = other.url.clone();
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/here" => Reply::redirect(302, "/there").header("set-cookie", "s=1; Path=/"),
        "/there" => Reply::redirect(302, format!("{to}/x")),
        _ => Reply::new(404, ""),
    })
    .await;
    let call = HttpCall {
        headers: vec![("X-Token".into(), "t".into()), ("X-Once".into(), "o".into())],
        unredirected_headers: vec!["x-once".into()],
        login: Some(("u".into(), Secret::new("p"))),
        force_basic: true,
        ..get(format!("{}/here", server.url))
    };
    let answer = answer(&call).await;
    assert!(answer.redirected);
    assert_eq!(answer.url, format!("{}/x", other.url));
    assert_eq!(answer.cookies, [("s".into(), "1".into())]);
    let (here, there) = (server.seen(), other.seen());
    assert_eq!(here[0].header("authorization"), Some("Basic dTpw"));
    assert_eq!(here[0].header("x-once"), Some("o"));
    assert_eq!(here[1].header("authorization"), Some("Basic dTpw"), "the same origin");
    assert_eq!(here[1].header("x-once"), None);
    assert_eq!(here[1].header("cookie"), Some("s=1"));
    assert_eq!(there[0].header("authorization"), None, "another origin (port)");
    assert_eq!(there[0].header("x-token"), Some("t"));
}

#[tokio::test]
async fn a_post_is_sent_again_where_all_redirects_are_followed() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/keep" => Reply::redirect(307, "/end"),
        "/get" => Reply::redirect(302, "/end"),
        _ => Reply::new(200, ""),
    })
    .await;
    for (path, policy, last) in [
        ("/keep", Redirects::All, ("POST", "/end", "body")),
        ("/get", Redirects::All, ("GET", "/end", "")),
        ("/get", Redirects::Safe, ("POST", "/get", "body")),
    ] {
        let call = HttpCall {
            method: "POST".into(),
            body: HttpBody::Bytes(b"body".to_vec()),
            headers: vec![("Content-Type".into(), "text/plain".into())],
            redirects: policy,
            ..get(format!("{}{path}", server.url))
        };
        answer(&call).await;
        let seen = server.seen().pop().expect("it was asked");
        assert_eq!((seen.method.as_str(), seen.target.as_str(), &*String::from_utf8_lossy(&seen.body)), last);
        assert_eq!(seen.header("content-type").is_some(), !seen.body.is_empty());
    }
}

#[tokio::test]
async fn endless_redirects_end() {
    let server = Server::start(|_| Reply::redirect(302, "/again")).await;
    let failure = failure(&get(&server.url)).await;
    assert_eq!(failure.message.expose(), format!("`{}` redirects more than 10 times", server.url));
}

#[tokio::test]
async fn a_login_is_sent_when_it_is_asked_for() {
    let server = Server::start(|seen| match (seen.header("authorization"), seen.target.as_str()) {
        (None, "/digest") => {
            Reply::new(401, "").header("www-authenticate", "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"")
        }
        (None, _) => Reply::new(401, "").header("www-authenticate", "Basic realm=\"r\""),
        (Some(a), "/digest") if a.starts_with("Digest username=\"u\", realm=\"r\"") => Reply::new(200, ""),
        (Some("Basic dTpw"), "/basic") => Reply::new(200, ""),
        _ => Reply::new(401, "").header("www-authenticate", "Basic realm=\"r\""),
    })
    .await;
    for (path, status, requests) in [("/basic", 200, 2), ("/digest", 200, 2), ("/wrong", 401, 2)] {
        let before = server.seen().len();
        let call = HttpCall { login: Some(("u".into(), Secret::new("p"))), ..get(format!("{}{path}", server.url)) };
        assert_eq!(answer(&call).await.status, status, "{path}");
        assert_eq!(server.seen().len() - before, requests, "{path}");
    }
    let url = server.url.replace("http://", "http://u:p@");
    let found = answer(&get(format!("{url}/basic"))).await;
    assert_eq!((found.status, found.url), (200, format!("{}/basic", server.url)));
}

#[tokio::test]
async fn gzip_is_undone_unless_it_is_wanted() {
    // `printf hi | gzip -n`
    const HI: &[u8] =
        &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0xc8, 0x04, 0x00, 0xac, 0x2a, 0x93, 0xd8, 0x02, 0, 0, 0];
    let server = Server::start(|seen| {
        let body = if seen.target == "/bad" { b"no gzip at all".to_vec() } else { HI.to_vec() };
        Reply::new(200, body).header("content-encoding", "gzip")
    })
    .await;
    assert_eq!(answer(&get(&server.url)).await.body, b"hi");
    let raw = HttpCall { decompress: false, ..get(&server.url) };
    assert_eq!(answer(&raw).await.body, HI);
    let broken = failure(&get(format!("{}/bad", server.url))).await;
    assert_eq!(broken.kind, FailureKind::Http);
}

#[tokio::test]
async fn a_unix_socket_is_called() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("s");
    let _server = Server::start_unix(&path, |seen| Reply::new(200, seen.target.clone()));
    let call = HttpCall { unix_socket: Some(path.clone()), ..get("http://any.name.invalid/v1/x") };
    assert_eq!(answer(&call).await.body, b"/v1/x");
    let missing = HttpCall { unix_socket: Some(dir.path().join("none")), ..get("http://x/") };
    assert!(failure(&missing).await.message.expose().contains("no such file"));
}

#[tokio::test]
async fn what_goes_wrong_is_said_plainly() {
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        listener.local_addr().expect("it has an address").port()
    };
    let hangs_up = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let hang_port = hangs_up.local_addr().expect("it has an address").port();
    tokio::spawn(async move { while hangs_up.accept().await.is_ok() {} });
    let cases = [
        (
            format!("http://u:pw@127.0.0.1:{closed}/p?key=k"),
            FailureKind::Http,
            format!(
                "cannot get an answer from `http://127.0.0.1:{closed}/p`: port {closed} of `127.0.0.1` refuses connections"
            ),
        ),
        (
            "http://no-such-host.invalid/".into(),
            FailureKind::Http,
            "cannot get an answer from `http://no-such-host.invalid/`: no address is known for `no-such-host.invalid`"
                .into(),
        ),
        (
            format!("http://127.0.0.1:{hang_port}/"),
            FailureKind::Http,
            format!(
                "cannot get an answer from `http://127.0.0.1:{hang_port}/`: the server closed the connection before it had answered"
            ),
        ),
        ("ftp://h/".into(), FailureKind::Argument, "`ftp://h/` is no http or https URL".into()),
        ("no url".into(), FailureKind::Argument, "`no url` is no URL: relative URL without a base".into()),
    ];
    for (url, kind, message) in cases {
        let failure = failure(&get(url)).await;
        assert!(!failure.message.expose().contains("pw"));
        assert_eq!((failure.kind, failure.message.expose()), (kind, message.as_str()));
        assert_eq!(failure.result.get("status"), Some(&(-1).into()));
    }
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_and_when_cancelled() {
    let server = Server::start(|_| Reply::never()).await;
    let short = HttpCall { timeout: Some(Duration::from_millis(50)), ..get(&server.url) };
    assert_eq!(failure(&short).await.kind, FailureKind::Timeout);
    let limits = limits();
    let clients = HttpClients::new();
    let call = get(&server.url);
    let (outcome, ()) = tokio::join!(clients.call(&call, &limits), async { limits.cancel.cancel() });
    assert_eq!(outcome.expect_err("it was cancelled").kind, FailureKind::Cancelled);
}

/// Starts a server that answers every connection with these bytes.
async fn answers_bytes(bytes: &'static [u8]) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it has an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // The client may have heard enough before all is said.
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
        }
    });
    format!("http://127.0.0.1:{port}")
}

#[tokio::test]
async fn answers_that_are_none_are_refused() {
    let cases: [(&'static [u8], &str); 4] = [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "what came back is not HTTP"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
            "the server closed the connection before it had answered",
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 300000000\r\n\r\n", "is larger than 256 MiB"),
        (b"HTTP/1.1 302 Found\r\nlocation: ftp://x/\r\ncontent-length: 0\r\n\r\n", "redirects to a `ftp` URL"),
    ];
    for (bytes, says) in cases {
        let failure = failure(&get(answers_bytes(bytes).await)).await;
        assert_eq!(failure.kind, FailureKind::Http);
        assert!(failure.message.expose().contains(says), "{}", failure.message.expose());
    }
}

#[tokio::test]
async fn a_url_that_leads_nowhere_else_stays_as_written() {
    let server = Server::start(|_| Reply::new(200, "")).await;
    let answer = answer(&get(server.url.as_str())).await;
    assert_eq!((answer.url, answer.redirected), (server.url.clone(), false));
}

proptest::proptest! {
    /// Whatever a server or a file says, reading it neither panics nor hangs.
    #[test]
    fn reading_anything_is_harmless(text in "\\PC{0,60}|(Digest |Basic |realm=|nonce=|[\",=\\\\ ]|qop){0,12}|(-----BEGIN (EC|RSA) PRIVATE KEY-----\n[A-Za-z0-9+/]{0,80}\n)") {
        let url = reqwest::Url::parse("http://a.example/x/y").expect("a URL written here");
        let mut jar = cookies::Jar::default();
        jar.store(&text, &url);
        jar.field(&url);
        auth::strongest([text.as_str()]);
        netrc::find(&text, "a");
        let _ = keys::to_pkcs8(&Secret::new(text.as_str()));
        failure::shown(&text);
    }
}
