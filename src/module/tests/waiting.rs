use crate::failure::{Failure, FailureKind};
use crate::module::fake::Fake;
use crate::module::{Work, pause, ping, wait_for, wait_for_connection};
use crate::value::Value;
use std::io::Write as _;
use std::time::Duration;

#[tokio::test]
async fn a_port_that_greets_is_waited_for() {
    let host = Fake::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = Value::Int(listener.local_addr().unwrap().port().into());
    let server = std::thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            let _ = stream.unwrap().write_all(b"SSH-2.0-Test_1\r\n");
        }
    });
    let came = host.run(&wait_for::MODULE, &[("port", port.clone())]).await.unwrap();
    assert_eq!(came.result.get("state"), Some(&"started".into()));
    assert_eq!(came.result.get("match_groups").map(Value::to_text).as_deref(), Some("[]"));
    let args = [("port", port), ("search_regex", r"^SSH-(\d)\.0-(?P<name>\w+)".into())];
    let came = host.run(&wait_for::MODULE, &args).await.unwrap();
    assert_eq!(came.result.get("match_groups").map(Value::to_text).as_deref(), Some("['2', 'Test_1']"));
    assert_eq!(came.result.get("match_groupdict").map(Value::to_text).as_deref(), Some("{'name': 'Test_1'}"));
    server.join().unwrap();
}

#[tokio::test]
async fn a_port_that_stays_closed_is_given_up() {
    let host = Fake::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let args = [("port", Value::Int(port.into())), ("timeout", 1.into()), ("delay", 1.into())];
    let failure = host.run(&wait_for::MODULE, &args).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert_eq!(failure.message.expose(), format!("Timeout when waiting for 127.0.0.1:{port}"));
    assert!(failure.result.contains("elapsed"));
    let came = host.run(&wait_for::MODULE, &[("port", Value::Int(port.into())), ("state", "stopped".into())]).await;
    assert_eq!(came.unwrap().result.get("state"), Some(&"stopped".into()));
}

#[tokio::test]
async fn a_path_is_waited_for_with_what_it_holds() {
    let host = Fake::new();
    let path = host.write("log", "one\nready: yes\n");
    let args = [("path", path.clone().into()), ("search_regex", "^ready: (.*)$".into())];
    let came = host.run(&wait_for::MODULE, &args).await.unwrap();
    assert_eq!(came.result.get("match_groups").map(Value::to_text).as_deref(), Some("['yes']"));
    let gone = |path: String| vec![("path", path.into()), ("state", Value::from("absent")), ("timeout", 0.into())];
    let failure = host.run(&wait_for::MODULE, &gone(path.clone())).await.unwrap_err();
    assert_eq!(failure.message.expose(), format!("Timeout when waiting for {path} to be absent."));
    let args = [("path", host.path("none").into()), ("state", "absent".into())];
    host.run(&wait_for::MODULE, &args).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_waited_for_is_refused() {
    let host = Fake::new();
    let cases: [&[(&str, Value)]; 4] = [
        &[("port", 22.into()), ("state", "drained".into())],
        &[("path", "/x".into()), ("state", "stopped".into())],
        &[("port", 70000.into())],
        &[("path", "/x".into()), ("search_regex", "(".into())],
    ];
    for args in cases {
        assert_eq!(host.plan(&wait_for::MODULE, args).await.err().unwrap().kind, FailureKind::Argument, "{args:?}");
    }
}

#[tokio::test]
async fn a_connection_is_tried_until_it_answers() {
    let host = Fake::new();
    let refused = || Failure::new(FailureKind::Unreachable, "connection refused");
    host.pings.lock().unwrap().extend([refused(), refused()]);
    let came = host.run(&wait_for_connection::MODULE, &[]).await.unwrap();
    assert!(matches!(came.result.get("elapsed"), Some(Value::Int(_))));
    assert_eq!(*host.log.lock().unwrap(), ["reset", "ping", "sleep", "reset", "ping", "sleep", "reset", "ping"]);
    host.pings.lock().unwrap().extend((0..100_000).map(|_| refused()));
    let failure = host.run(&wait_for_connection::MODULE, &[("timeout", 1.into())]).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert_eq!(failure.message.expose(), "timed out waiting for ping module test: connection refused");
}

#[tokio::test]
async fn a_pause_is_one_wait_of_whole_seconds() {
    let host = Fake::new();
    for (args, wait) in [
        (vec![("seconds", Value::Float(2.9))], 2),
        (vec![("seconds", Value::Int(0))], 1),
        (vec![("minutes", Value::Int(3))], 180),
    ] {
        let change = host.plan(&pause::MODULE, &args).await.unwrap();
        let Work::Sleep(time) = change.actions[0].work else { panic!("no wait") };
        assert_eq!(time, Duration::from_secs(wait));
        let came = host.act(change).await.unwrap();
        assert!(came.result.get("stdout").unwrap().to_text().starts_with("Paused for "));
    }
    let change = host.plan(&pause::MODULE, &[("prompt", "go on?".into())]).await.unwrap();
    assert!(change.actions.is_empty());
    assert_eq!(change.warnings, ["Not waiting for response to prompt as stdin is not interactive"]);
    assert!(host.plan(&pause::MODULE, &[("minutes", Value::Float(1e300))]).await.is_err());
}

#[tokio::test]
async fn ping_answers_what_it_is_given() {
    let host = Fake::new();
    let came = host.run(&ping::MODULE, &[]).await.unwrap();
    assert_eq!(came.result.get("ping"), Some(&"pong".into()));
    assert_eq!(host.run(&ping::MODULE, &[("data", "crash".into())]).await.unwrap_err().message.expose(), "boom");
}
