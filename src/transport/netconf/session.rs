//! A session: hello, then calls, one at a time.

use super::framing::{Framer, Framing};
use super::message::{self, Hello, Message};
use crate::failure::{Failure, FailureKind};
use crate::module::RpcReply;
use crate::transport::Wire;
use crate::transport::ssh::in_words;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What nobody asked for may come in between; so much of it in a row is no conversation.
const MOST_STRAY: usize = 1000;

/// How long taking leave may take. Arbitrary; a server that does not answer is left without it.
const LEAVE: Duration = Duration::from_secs(1);

/// When to give up.
pub(super) struct Until<'a> {
    /// How long one answer may take.
    pub(super) patience: Duration,
    pub(super) cancel: &'a CancellationToken,
}

/// A session with a server.
pub(super) struct Session {
    wire: Box<dyn Wire>,
    framer: Framer,
    framing: Framing,
    /// The host, for messages.
    host: String,
    pub(super) hello: Hello,
    calls: u64,
    /// An answer was not waited for: what comes next may be it.
    pub(super) is_broken: bool,
}

impl Session {
    /// Says hello, and hears it. Both sides speak first, without waiting for the other.
    pub(super) async fn open(mut wire: Box<dyn Wire>, host: &str, until: &Until<'_>) -> Result<Session, Failure> {
        let mut framer = Framer::default();
        let opened = async {
            wire.send(&Framing::Mark.framed(&message::hello())).await?;
            let deadline = Instant::now() + until.patience;
            match receive(&mut wire, &mut framer, host, "hello", (deadline, until)).await? {
                Message::Hello(hello) => Ok(hello),
                _ => Err(wrong(host, "an answer before its hello")),
            }
        };
        let hello = match opened.await {
            Ok(hello) => hello,
            Err(failure) => {
                wire.close().await;
                // What cannot be talked to was not reached.
                let is_stranger = failure.kind == FailureKind::Command;
                return Err(if is_stranger { Failure { kind: FailureKind::Unreachable, ..failure } } else { failure });
            }
        };
        framer.change(hello.framing);
        Ok(Session { wire, framer, framing: hello.framing, host: host.to_owned(), hello, calls: 0, is_broken: false })
    }

    /// Calls an operation and waits for its answer. After a failure nothing more can be called.
    pub(super) async fn call(&mut self, operation: &str, until: &Until<'_>) -> Result<RpcReply, Failure> {
        self.is_broken = true;
        let reply = self.exchange(operation, until).await?;
        self.is_broken = false;
        Ok(reply)
    }

    async fn exchange(&mut self, operation: &str, until: &Until<'_>) -> Result<RpcReply, Failure> {
        self.calls += 1;
        let id = self.calls;
        let name = message::name(operation).to_owned();
        let deadline = Instant::now() + until.patience;
        let bytes = self.framing.framed(&message::call(id, operation));
        // A server that reads nothing would be waited for as long as one that says nothing.
        tokio::select! {
            sent = self.wire.send(&bytes) => sent?,
            failure = given_up(&self.host, &name, deadline, until) => return Err(failure),
        }
        for _ in 0..MOST_STRAY {
            match receive(&mut self.wire, &mut self.framer, &self.host, &name, (deadline, until)).await? {
                // An error about a call that could not even be read has no number.
                Message::Reply(said, reply) if said.as_deref().is_none_or(|said| said == id.to_string()) => {
                    return Ok(reply);
                }
                Message::Reply(said, _) => {
                    let said = said.unwrap_or_default();
                    return Err(wrong(&self.host, &format!("the answer to call {said} where call {id} was made")));
                }
                Message::Notification => {}
                Message::Hello(_) => return Err(wrong(&self.host, "a second hello")),
            }
        }
        Err(wrong(&self.host, &format!("nothing but messages that nobody asked for in place of `{name}`")))
    }

    /// Takes leave, and closes the wire.
    pub(super) async fn close(mut self) {
        let cancel = CancellationToken::new();
        let until = Until { patience: LEAVE, cancel: &cancel };
        // Some servers close before they answer.
        let _ = self.call("<nc:close-session/>", &until).await;
        self.wire.close().await;
    }
}

async fn given_up(host: &str, what: &str, deadline: Instant, until: &Until<'_>) -> Failure {
    tokio::select! {
        () = tokio::time::sleep_until(deadline) => {
            let message = format!("no answer to `{what}` from `{host}` within {}", in_words(until.patience));
            Failure::new(FailureKind::Timeout, message)
        }
        () = until.cancel.cancelled() => {
            Failure::new(FailureKind::Cancelled, format!("interrupted while `{host}` was answering `{what}`"))
        }
    }
}

/// Waits for the next message; `what` is what is waited for.
async fn receive(
    wire: &mut Box<dyn Wire>,
    framer: &mut Framer,
    host: &str,
    what: &str,
    (deadline, until): (Instant, &Until<'_>),
) -> Result<Message, Failure> {
    loop {
        if let Some(bytes) = framer.next_message().map_err(|why| wrong(host, &why))? {
            return message::read(&bytes).map_err(|why| wrong(host, &why));
        }
        let bytes = tokio::select! {
            biased;
            received = wire.receive() => received?,
            mut failure = given_up(host, what, deadline, until) => {
                let rest = framer.rest();
                if !rest.is_empty() {
                    failure.message = format!("{}; it began with `…{rest}`", failure.message.expose()).into();
                }
                return Err(failure);
            }
        };
        if bytes.is_empty() {
            let rest = framer.rest();
            let last = if rest.is_empty() { String::new() } else { format!("; the last it said was `…{rest}`") };
            let message = format!("`{host}` has ended the session while `{what}` was waited for{last}");
            return Err(Failure::new(FailureKind::Unreachable, message));
        }
        framer.feed(&bytes);
    }
}

/// Makes the failure of a server that does not keep to the protocol.
fn wrong(host: &str, what: &str) -> Failure {
    Failure::new(FailureKind::Command, format!("`{host}` does not keep to NETCONF: it said {what}"))
}
