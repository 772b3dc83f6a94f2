use super::*;
use crate::module::{Boxed, HttpBody, HttpCall, coerce_args};
use crate::value::Value;
use crate::yaml::{Kind, Mapping, Node};
use serde::Deserialize;
use std::sync::Mutex;
use std::time::Duration;

/// Answers reads from a list, and remembers them.
#[derive(Default)]
struct Recorded {
    outputs: Mutex<Vec<Output>>,
    seen: Mutex<Vec<Action>>,
}

impl Recorded {
    fn of(mut outputs: Vec<Output>) -> Recorded {
        outputs.reverse();
        Recorded { outputs: outputs.into(), seen: Mutex::default() }
    }
}

impl Probe for Recorded {
    fn read(&self, action: Action) -> Boxed<'_, Result<Output, Failure>> {
        assert_eq!(action.effect, Effect::Read, "a probe refuses writes");
        self.seen.lock().expect("no test panics while it holds the lock").push(action);
        let next = self.outputs.lock().expect("no test panics while it holds the lock").pop();
        Box::pin(async { next.ok_or_else(|| Failure::new(FailureKind::Internal, "no more was recorded")) })
    }
}

fn args(entries: &[(&str, Value)]) -> Args {
    let rendered: Map = entries.iter().map(|(key, value)| (*key, value.clone())).collect();
    coerce_args(&MODULE, "uri", &Mapping::default(), rendered).expect("the test's arguments are right")
}

async fn planned(args: &Args, probe: &Recorded) -> Result<Change, Failure> {
    let files = SearchPath::default();
    plan(&Ground { args, probe, files: &files, place: Place::Host }).await
}

/// Does what the executor does with a change: acts (here: takes the answers from a list) and finishes.
fn act(change: Change, answers: Vec<Output>) -> (Vec<Action>, Result<Finished, Failure>) {
    let mut actions = change.actions;
    let mut outputs = answers;
    if let Some(then) = change.then {
        let more = then(&outputs).expect("the first outputs are there");
        outputs.extend(more.iter().map(|_| Output::Done));
        actions.extend(more);
    }
    match change.finish {
        Some(finish) => (actions, finish(outputs, change.result)),
        None => (actions, Ok(Finished::new(change.result, change.changed))),
    }
}

fn http(action: &Action) -> &HttpCall {
    match &action.work {
        Work::Http(call) => call,
        other => panic!("not a call: {other:?}"),
    }
}

fn reply(status: u16, body: &str) -> Output {
    let reason = if status == 404 { "Not Found" } else { "OK" }.into();
    let url = "http://h/a/b.cfg".into();
    Output::Http(Box::new(HttpAnswer { status, reason, url, body: body.into(), ..HttpAnswer::default() }))
}

fn stdout(text: &str) -> Output {
    Output::Exec(ExecOutput { stdout: text.into(), ..ExecOutput::default() })
}

/// A case of `recorded.json`; `tests/http/record_uri.py` says how it comes to be.
#[derive(Deserialize)]
struct Case {
    name: String,
    args: serde_json::Map<String, serde_json::Value>,
    sent: Sent,
    answer: Answer,
    failed: bool,
    result: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Sent {
    method: String,
    headers: std::collections::BTreeMap<String, String>,
    body: String,
}

#[derive(Deserialize)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

#[tokio::test]
async fn results_are_those_of_ansible() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("recorded.json")).expect("the recording is JSON");
    assert!(cases.len() > 20);
    for case in cases {
        let name = &case.name;
        let url = case.result["url"].as_str().expect("every result has a URL");
        let mut entries = vec![("url", Value::from(url)), ("use_netrc", false.into())];
        entries.extend(case.args.iter().map(|(key, value)| (key.as_str(), Value::from(value.clone()))));
        let change = planned(&args(&entries), &Recorded::default()).await.expect(name);
        compare_call(&case, http(&change.actions[0]));
        let Answer { status, mut headers, body } = case.answer;
        let cookies = headers.iter().filter(|(n, _)| n == "Set-Cookie").filter_map(|(_, v)| v.split(';').next());
        let cookies = cookies.filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect();
        headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
        if status != 204 {
            headers.push(("content-length".into(), body.len().to_string()));
        }
        let body = if case.sent.method == "HEAD" { Vec::new() } else { body.into_bytes() };
        let reason = match status {
            302 => "Found",
            404 => "Not Found",
            _ => "OK",
        };
        let answer = HttpAnswer {
            status,
            headers,
            body,
            cookies,
            url: url.into(),
            reason: reason.into(),
            ..HttpAnswer::default()
        };
        let (_, outcome) = act(change, vec![Output::Http(Box::new(answer))]);
        assert_eq!(outcome.is_err(), case.failed, "{name}");
        let result = outcome.map_or_else(|failure| failure.result, |finished| finished.result);
        for (key, expected) in &case.result {
            let found = result.get(key).map(Value::to_json);
            assert_eq!(found.as_ref(), Some(expected), "{name}: {key}");
        }
    }
}

/// What we send is what Ansible sent, but for our own name and for blanks in JSON.
fn compare_call(case: &Case, call: &HttpCall) {
    let name = &case.name;
    assert_eq!(call.method, case.sent.method, "{name}");
    for (field, expected) in &case.sent.headers {
        let found = call.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(field)).map(|(_, value)| value.as_str());
        match field.as_str() {
            // Written by the client.
            "content-length" => {}
            "authorization" => assert!(call.force_basic && call.login.is_some(), "{name}"),
            "user-agent" if expected == "ansible-httpget" => assert_eq!(found, Some("netplay"), "{name}"),
            _ => assert_eq!(found, Some(expected.as_str()), "{name}: {field}"),
        }
    }
    let body = match &call.body {
        HttpBody::Empty => "",
        HttpBody::Bytes(bytes) => std::str::from_utf8(bytes).expect("these bodies are text"),
        other => panic!("{name}: {other:?}"),
    };
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    assert!(body == case.sent.body || (json(body).is_some() && json(body) == json(&case.sent.body)), "{name}: {body}");
}

#[test]
fn the_effect_follows_from_a_literal_method_without_dest() {
    let text = |text: &str| node(Kind::Str(text.into()));
    let cases = [
        (vec![], Effect::Read),
        (vec![("method", "get")], Effect::Read),
        (vec![("method", "OPTIONS")], Effect::Read),
        (vec![("method", "POST")], Effect::Write),
        (vec![("method", "{{ m }}")], Effect::Write),
        (vec![("dest", "/tmp/x")], Effect::Write),
    ];
    for (entries, expected) in cases {
        let mut args = Mapping::default();
        for (key, value) in &entries {
            args.insert((*key).into(), text(key), text(value));
        }
        assert_eq!(effect(&Call { args: &args, platforms: &[] }), expected, "{entries:?}");
    }
}

fn node(kind: Kind) -> Node {
    Node::new(kind, crate::source::Span::new(crate::source::SourceId(0), 0, 0))
}

#[tokio::test]
async fn a_file_that_exists_makes_a_call_needless() {
    let cases = [
        ("creates", "folder\n", true),
        ("creates", "nothing\n", false),
        ("removes", "nothing\n", true),
        ("removes", "file 12\n", false),
    ];
    for (name, found, skipped) in cases {
        let args = args(&[("url", "http://h/".into()), (name, "/p".into())]);
        let change = planned(&args, &Recorded::of(vec![stdout(found)])).await.expect("it plans");
        assert_eq!(change.actions.is_empty(), skipped, "{name} {found}");
        assert_eq!(change.result.contains("stdout"), skipped);
    }
}

#[tokio::test]
async fn a_read_with_dest_is_made_while_planning_and_written_as_an_action() {
    let entries = [("url", "http://h/a/b.cfg".into()), ("dest", "/d".into()), ("mode", Value::Int(0o640))];
    let probe = Recorded::of(vec![stdout("folder\n"), reply(200, "text")]);
    let change = planned(&args(&entries), &probe).await.expect("it plans");
    assert!(change.changed);
    assert_eq!(change.result.get("path"), Some(&"/d/b.cfg".into()));
    let Work::Put(put) = &change.actions[0].work else { panic!("{:?}", change.actions[0]) };
    assert_eq!((put.path.as_str(), put.mode.as_deref()), ("/d/b.cfg", Some("0640")));
    assert!(matches!(&put.content, Content::Bytes(bytes) if &**bytes == b"text"));
    assert_eq!(change.actions[0].effect, Effect::Write);

    let probe = Recorded::of(vec![stdout("file 784111777\n"), reply(304, "")]);
    let entries = [("url", "http://h/a/b.cfg".into()), ("dest", "/d".into()), ("status_code", vec![200, 304].into())];
    let change = planned(&args(&entries), &probe).await.expect("it plans");
    assert!(change.actions.is_empty() && !change.changed, "what is not modified is not written");
    let seen = probe.seen.lock().expect("no test panics while it holds the lock");
    assert!(http(&seen[1]).headers.contains(&("If-Modified-Since".into(), "Sun, 06 Nov 1994 08:49:37 GMT".into())));
}

#[tokio::test]
async fn a_write_with_dest_writes_the_file_when_the_status_is_right() {
    for (status, actions) in [(200, 2), (404, 1)] {
        let entries = [("url", "http://h/".into()), ("dest", "/d/f".into()), ("method", "POST".into())];
        let probe = Recorded::of(vec![stdout("nothing\n")]);
        let change = planned(&args(&entries), &probe).await.expect("it plans");
        assert_eq!((change.actions.len(), change.actions[0].effect), (1, Effect::Write));
        assert!(matches!(change.withheld, Withheld::Skipped(_)));
        let (acted, outcome) = act(change, vec![reply(status, "x")]);
        assert_eq!(acted.len(), actions, "{status}");
        assert_eq!(outcome.is_ok_and(|finished| finished.changed), status == 200);
    }
}

#[tokio::test]
async fn wrong_arguments_are_refused() {
    let cases: [(&str, Value, &str); 7] = [
        ("use_gssapi", true.into(), "`use_gssapi` is not supported: there is no Kerberos here"),
        ("method", "GET /".into(), "`method` must be one word such as GET or POST"),
        ("timeout", 0.into(), "`timeout` must be between 0 and 604800 seconds, not 0"),
        ("status_code", "fine".into(), "`fine` is no status code: write `200`, `2xx` or `200-299`"),
        ("body", vec![1].into(), "`body` is a list and nothing says how it is written"),
        ("headers", Value::map([("X", vec![1])]), "the header field `X` must be text, not a list"),
        ("src", "no/such".into(), "there is no file `no/such`"),
    ];
    for (name, value, message) in cases {
        let args = args(&[("url", "http://h/".into()), (name, value)]);
        let failure = planned(&args, &Recorded::default()).await.err().expect("it is wrong");
        assert_eq!(failure.message.expose(), message);
    }
}

#[tokio::test]
async fn every_option_reaches_the_call() {
    let entries: Vec<(&str, Value)> = vec![
        ("url", "https://h/".into()),
        ("timeout", 2.5.into()),
        ("url_username", "u".into()),
        ("url_password", "p".into()),
        ("ca_path", "/ca".into()),
        ("client_cert", "/cert".into()),
        ("client_key", "/key".into()),
        ("validate_certs", "no".into()),
        ("use_proxy", false.into()),
        ("decompress", false.into()),
        ("unix_socket", "/sock".into()),
        ("unredirected_headers", "a,b".into()),
        ("ciphers", "x".into()),
        ("follow_redirects", true.into()),
    ];
    let change = planned(&args(&entries), &Recorded::default()).await.expect("it plans");
    let call = http(&change.actions[0]);
    assert_eq!(change.actions[0].effect, Effect::Read);
    assert_eq!(call.timeout, Some(Duration::from_millis(2500)));
    assert_eq!(call.login.as_ref().map(|(user, password)| (user.as_str(), password.expose())), Some(("u", "p")));
    assert_eq!(call.client_cert, Some(("/cert".into(), Some("/key".into()))));
    assert_eq!((call.ca_path.as_deref(), call.unix_socket.as_deref()), (Some("/ca".as_ref()), Some("/sock".as_ref())));
    assert!(!call.validate_certs && !call.use_proxy && !call.decompress && call.use_netrc);
    assert_eq!((call.unredirected_headers.len(), call.ciphers.len()), (2, 1));
    assert_eq!(call.redirects, crate::module::Redirects::All);
}

/// The program that looks at a path, run by the shell here.
#[tokio::test]
async fn paths_are_looked_at_as_they_are() {
    struct Here(std::path::PathBuf);
    impl Probe for Here {
        fn read(&self, action: Action) -> Boxed<'_, Result<Output, Failure>> {
            let Work::Exec(Exec { program: Program::Argv(words), .. }) = action.work else {
                panic!("it runs a program")
            };
            let mut command = std::process::Command::new(&words[0]);
            let ran = command.args(&words[1..]).env("HOME", &self.0).output().expect("there is a shell");
            let status = ran.status.code().unwrap_or(-1);
            let output = ExecOutput { status, stdout: ran.stdout, stderr: ran.stderr, signal: None };
            Box::pin(async { Ok(Output::Exec(output)) })
        }
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("a file's"), "").expect("the folder takes files");
    let here = dir.path().display().to_string();
    let cases = [
        (here.clone(), true),
        (format!("{here}/a file's"), true),
        (format!("{here}/nothing"), false),
        ("~/a file's".into(), true),
        ("/dev/null".into(), true),
        ("-d".into(), false),
    ];
    for (path, exists) in cases {
        let args = args(&[("url", "http://h/".into()), ("creates", path.as_str().into())]);
        let (probe, files) = (Here(dir.path().into()), SearchPath::default());
        let ground = Ground { args: &args, probe: &probe, files: &files, place: Place::Host };
        let change = plan(&ground).await.expect("it plans");
        assert_eq!(change.actions.is_empty(), exists, "{path}");
    }
    let (args, probe, files) = (Args::default(), Here(dir.path().into()), SearchPath::default());
    let ground = Ground { args: &args, probe: &probe, files: &files, place: Place::Host };
    let found = look(&ground, &format!("{here}/a file's")).await;
    assert!(matches!(found, Ok(Found::File { modified: 1_000_000_000.. })), "a time of this century");
}
