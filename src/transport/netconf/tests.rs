use super::connection::over;
use super::framing::{Framer, Framing};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::module::{Action, Boxed, Netconf, Output, Rpc, Work};
use crate::transport::{Connection, HostKeyPolicy, Kind, Limits, SshTarget, Target, Terminal, Wire};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A server that says what is written, whatever it hears, as soon as it has heard so many messages.
struct Said {
    /// What is said, and after how many messages.
    says: VecDeque<(usize, Vec<u8>)>,
    heard: Arc<Mutex<Vec<String>>>,
    /// At the end it says nothing; else it closes.
    is_silent: bool,
}

impl Wire for Said {
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> Boxed<'a, Result<(), Failure>> {
        self.heard.lock().unwrap().push(String::from_utf8_lossy(bytes).into_owned());
        Box::pin(async { Ok(()) })
    }

    fn receive(&mut self) -> Boxed<'_, Result<Vec<u8>, Failure>> {
        Box::pin(async {
            let heard = self.heard.lock().unwrap().len();
            match self.says.front() {
                Some((after, _)) if *after <= heard => {
                    Ok(self.says.pop_front().map(|(_, bytes)| bytes).unwrap_or_default())
                }
                None if !self.is_silent => Ok(Vec::new()),
                _ => std::future::pending().await,
            }
        })
    }

    fn close(&mut self) -> Boxed<'_, ()> {
        Box::pin(async {})
    }
}

/// How long is waited for what does not come. Short, as nothing else ends such a wait.
const SOON: Duration = Duration::from_millis(300);

/// How long is waited for what comes at once. Long, as machines are slow.
const LATE: Duration = Duration::from_secs(30);

/// Returns how long to wait where this is expected.
fn patience(expected: FailureKind) -> Duration {
    if expected == FailureKind::Timeout { SOON } else { LATE }
}

fn target(connect_timeout: Duration) -> Target {
    let ssh = SshTarget {
        address: "r1".into(),
        port: None,
        user: None,
        password: None,
        private_key: None,
        passphrase: None,
        host_key: HostKeyPolicy::Strict,
        known_hosts: Vec::new(),
        config_file: None,
        jump: None,
        proxy_command: None,
        legacy: false,
        connect_timeout,
        keepalive: None,
        use_agent: false,
        bounds: Default::default(),
    };
    Target {
        host: "r1".into(),
        kind: Kind::Netconf,
        ssh,
        platform: None,
        elevate: None,
        command_timeout: None,
        kept_shell: false,
        terminal: Terminal::default(),
    }
}

fn limits() -> Limits {
    within(LATE)
}

fn within(timeout: Duration) -> Limits {
    Limits { timeout: Some(timeout), cancel: CancellationToken::new() }
}

fn hello(version: &str) -> Vec<u8> {
    let hello = format!(
        "<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities><capability>urn:ietf:params:netconf:base:{version}\
         </capability></capabilities><session-id>4</session-id></hello>]]>]]>"
    );
    hello.into_bytes()
}

type Opened = (Result<Box<dyn Connection>, Failure>, Arc<Mutex<Vec<String>>>);

async fn open(says: Vec<(usize, Vec<u8>)>, is_silent: bool) -> Opened {
    open_within(says, is_silent, LATE).await
}

async fn open_within(says: Vec<(usize, Vec<u8>)>, is_silent: bool, time: Duration) -> Opened {
    let heard = Arc::new(Mutex::new(Vec::new()));
    // An empty text would be the end.
    let says = says.into_iter().filter(|(_, bytes)| !bytes.is_empty()).collect();
    let wire = Said { says, heard: Arc::clone(&heard), is_silent };
    (over(&target(time), Box::new(wire), &limits()).await, heard)
}

fn work(calls: Vec<Rpc>) -> Action {
    Action::on_host(Effect::Write, Work::Netconf(Netconf { calls, is_lost: None }))
}

/// Calls `get` on a server that speaks 1.0 and answers so.
async fn get(says: &[u8], is_silent: bool, time: Duration) -> Result<Output, Failure> {
    let (connection, _) = open(vec![(0, hello("1.0")), (2, says.to_vec())], is_silent).await;
    let connection = connection.unwrap();
    let done = connection.perform(&work(vec![Rpc::new("<nc:get/>")]), &within(time)).await;
    assert_eq!(connection.is_open(), done.is_ok(), "what was left in the middle is used no more");
    done
}

fn reply(id: u32, inside: &str) -> String {
    format!("<rpc-reply xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"{id}\">{inside}</rpc-reply>")
}

#[tokio::test]
async fn what_is_no_hello_ends_the_opening() {
    let cases: &[(&[u8], bool, FailureKind, &str)] = &[
        (b"", false, FailureKind::Unreachable, "has ended the session while `hello`"),
        (b"", true, FailureKind::Timeout, "no answer to `hello` from `r1` within 300 ms"),
        (b"Welcome to Ubuntu\n$ ", true, FailureKind::Timeout, "it began with `…Welcome to Ubuntu\\n$`"),
        (b"login incorrect\n", false, FailureKind::Unreachable, "the last it said was `…login incorrect`"),
        (b"Welcome]]>]]>", true, FailureKind::Unreachable, "no XML"),
        (b"<hello/>]]>]]>", true, FailureKind::Unreachable, "neither version 1.0 nor 1.1"),
        (b"<rpc-reply/>]]>]]>", true, FailureKind::Unreachable, "an answer before its hello"),
        (b"<html></html>]]>]]>", true, FailureKind::Unreachable, "`<html>`, which is no message"),
        (b"\xff\xfe]]>]]>", true, FailureKind::Unreachable, "not UTF-8"),
    ];
    for (says, is_silent, kind, message) in cases {
        let (opened, _) = open_within(vec![(0, says.to_vec())], *is_silent, patience(*kind)).await;
        let failure = opened.err().unwrap();
        let said = failure.message.expose();
        assert!(failure.kind == *kind && said.contains(message), "{says:?}: {:?} {said}", failure.kind);
    }
}

#[tokio::test]
async fn an_answer_that_is_none_is_a_failure_of_its_kind() {
    let cases: &[(&str, bool, FailureKind, &str)] = &[
        ("", true, FailureKind::Timeout, "no answer to `get` from `r1` within 300 ms"),
        ("<rpc-reply><da", true, FailureKind::Timeout, "it began with `…<rpc-reply><da`"),
        ("<rpc-reply><da", false, FailureKind::Unreachable, "has ended the session while `get` was waited for"),
        ("<rpc-reply><a></rpc-reply>]]>]]>", true, FailureKind::Command, "no XML"),
        ("oops]]>]]>", true, FailureKind::Command, "no XML"),
        (
            "<hello><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>]]>]]>",
            true,
            FailureKind::Command,
            "a second hello",
        ),
        (
            "<rpc-reply message-id=\"7\"><ok/></rpc-reply>]]>]]>",
            true,
            FailureKind::Command,
            "the answer to call 7 where call 1 was made",
        ),
    ];
    for (says, is_silent, kind, message) in cases {
        let failure = get(says.as_bytes(), *is_silent, patience(*kind)).await.unwrap_err();
        let said = failure.message.expose();
        assert!(failure.kind == *kind && said.contains(message), "{says:?}: {:?} {said}", failure.kind);
    }
    let flood = "<notification/>]]>]]>".repeat(2000);
    let failure = get(flood.as_bytes(), true, LATE).await.unwrap_err();
    assert!(failure.message.expose().contains("nothing but messages that nobody asked for"));
    let endless = vec![b'x'; 65 << 20];
    let failure = get(&endless, true, LATE).await.unwrap_err();
    assert!(failure.message.expose().contains("more than 64 MiB"), "{}", failure.message.expose());
}

#[tokio::test]
async fn chunks_that_are_none_are_a_failure() {
    for (says, message) in [
        ("<rpc-reply/>]]>]]>", "where the size of a chunk should stand"),
        ("\n#0\n", "where the size of a chunk should stand"),
        ("\n#05\nabcde\n##\n", "where the size of a chunk should stand"),
        ("\n#4294967296000\nx", "where the size of a chunk should stand"),
        ("\n#4294967295\nx", "more than 64 MiB"),
        ("\n#5\n<a/>\n##\n", "where the size of a chunk should stand"),
        ("\n##\n", "without any chunk"),
        ("\n#-3\nabc", "where the size of a chunk should stand"),
    ] {
        let (connection, _) = open(vec![(0, hello("1.1")), (2, says.as_bytes().to_vec())], true).await;
        let connection = connection.unwrap();
        let failure = connection.perform(&work(vec![Rpc::new("<nc:get/>")]), &limits()).await.unwrap_err();
        assert!(failure.message.expose().contains(message), "{says:?}: {}", failure.message.expose());
        assert_eq!(failure.kind, FailureKind::Command);
        assert!(!connection.is_open());
    }
}

#[tokio::test]
async fn what_was_taken_is_given_back_whatever_comes() {
    let refused = "<rpc-error><error-type>protocol</error-type><error-tag>invalid-value</error-tag><error-severity>error\
                   </error-severity><error-message>no\n  such</error-message></rpc-error>";
    let calls = || {
        vec![
            Rpc { xml: "<nc:lock/>".into(), undo: None, after: Some("<nc:unlock/>".into()) },
            Rpc { xml: "<nc:edit-config/>".into(), undo: Some("<nc:discard-changes/>".into()), after: None },
            Rpc::new("<nc:commit/>"),
        ]
    };
    let cases: [(&[&str], &[&str], usize); 3] = [
        (&["<ok/>"; 4], &["lock", "edit-config", "commit", "unlock"], 3),
        (&["<ok/>", refused, "<ok/>", "<ok/>"], &["lock", "edit-config", "discard-changes", "unlock"], 2),
        (&[refused], &["lock"], 1),
    ];
    for (answers, names, replies) in cases {
        let says =
            answers.iter().enumerate().map(|(n, answer)| (n + 2, Framing::Chunks.framed(&reply(n as u32 + 1, answer))));
        let says = std::iter::once((0, hello("1.1"))).chain(says).collect();
        let (connection, heard) = open(says, true).await;
        let connection = connection.unwrap();
        let Output::Netconf(answer) = connection.perform(&work(calls()), &limits()).await.unwrap() else { panic!() };
        assert_eq!(answer.replies.len(), replies);
        assert_eq!(answer.session_id, Some(4));
        let heard = heard.lock().unwrap();
        let called: Vec<&str> = heard[1..]
            .iter()
            .map(|text| {
                let (_, rest) = text.split_once("<nc:").unwrap().1.split_once("<nc:").unwrap();
                &rest[..rest.find('/').unwrap()]
            })
            .collect();
        assert_eq!(called, names);
        if let Some(error) = answer.replies.last().and_then(|reply| reply.refusal()) {
            assert_eq!(error.to_string(), "no such (invalid-value)");
        }
        assert!(connection.is_open());
    }
}

#[tokio::test]
async fn a_session_that_breaks_in_a_commit_says_what_is_not_known() {
    let says = vec![(0, hello("1.1")), (2, Framing::Chunks.framed(&reply(1, "<ok/>")))];
    let (connection, _) = open(says, false).await;
    let calls = vec![Rpc::new("<nc:edit-config/>"), Rpc::new("<nc:commit/>")];
    let failure = connection.unwrap().perform(&work(calls), &limits()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    let said = failure.message.expose();
    assert!(
        said.starts_with("operation 2 of 2: ") && said.ends_with("whether the commit took effect is not known"),
        "{said}"
    );
}

#[tokio::test]
async fn a_warning_is_no_refusal() {
    let warning = "<rpc-error><error-severity>warning</error-severity><error-message>old</error-message></rpc-error>";
    let says = format!(
        "{}]]>]]>",
        reply(1, &format!("<load-configuration-results>{warning}<ok/></load-configuration-results>"))
    );
    let Output::Netconf(answer) = get(says.as_bytes(), true, LATE).await.unwrap() else { panic!() };
    assert!(answer.replies[0].refusal().is_none());
    assert_eq!(answer.replies[0].errors[0].to_string(), "old");
}

/// Returns all messages that bytes are, cut into parts, or what is wrong with them.
fn messages(framing: Framing, parts: impl Iterator<Item = impl AsRef<[u8]>>) -> Result<Vec<Vec<u8>>, String> {
    let mut framer = Framer::default();
    framer.change(framing);
    let mut found = Vec::new();
    for part in parts {
        framer.feed(part.as_ref());
        while let Some(message) = framer.next_message()? {
            found.push(message);
        }
    }
    Ok(found)
}

#[test]
fn messages_are_the_same_wherever_they_are_cut() {
    let one = "<a>]]>]] ]]&gt;]]&gt;\n#5\n##\n</a>";
    for framing in [Framing::Mark, Framing::Chunks] {
        let bytes = [framing.framed(one), framing.framed("<b/>")].concat();
        let expected = Ok(vec![one.as_bytes().to_vec(), b"<b/>".to_vec()]);
        for cut in 0..=bytes.len() {
            assert_eq!(messages(framing, [&bytes[..cut], &bytes[cut..]].iter()), expected, "{framing:?} cut at {cut}");
        }
        assert_eq!(messages(framing, bytes.chunks(1)), expected);
    }
    let chunks = b"\n#1\n<\n#3\nb/>\n##\n";
    assert_eq!(messages(Framing::Chunks, chunks.chunks(2)), Ok(vec![b"<b/>".to_vec()]));
}

proptest! {
    #[test]
    fn any_bytes_are_the_same_messages_however_they_come(
        bytes in proptest::collection::vec(prop_oneof![
            any::<u8>(), Just(b'\n'), Just(b'#'), Just(b'1'), Just(b'2'), Just(b']'), Just(b'>')], 0..80),
        size in 1usize..9,
        chunks: bool,
    ) {
        let framing = if chunks { Framing::Chunks } else { Framing::Mark };
        let whole = messages(framing, [&bytes].iter());
        let parts = messages(framing, bytes.chunks(size));
        prop_assert_eq!(whole.is_err(), parts.is_err());
        if whole.is_ok() {
            prop_assert_eq!(whole, parts);
        }
    }

    #[test]
    fn what_is_framed_comes_out_again(text in "[^]]{1,200}", chunks: bool) {
        let framing = if chunks { Framing::Chunks } else { Framing::Mark };
        prop_assert_eq!(messages(framing, framing.framed(&text).chunks(7)), Ok(vec![text.into_bytes()]));
    }
}
