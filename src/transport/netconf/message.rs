//! What is said in a session: hello, calls and their answers.

use super::framing::Framing;
use crate::module::{RpcError, RpcReply};
use crate::xml::Element;
use std::sync::Arc;

/// The namespace of the protocol, which stands for both its versions.
pub(super) const BASE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";

/// The capability of each version.
const BASE_1_0: &str = "urn:ietf:params:netconf:base:1.0";
const BASE_1_1: &str = "urn:ietf:params:netconf:base:1.1";

/// What is said first.
pub(super) fn hello() -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><hello xmlns=\"{BASE}\"><capabilities><capability>{BASE_1_0}</capability>\
         <capability>{BASE_1_1}</capability></capabilities></hello>"
    )
}

/// Returns a call as it is said. The prefix `nc` is the protocol's; what an author wrote stands in no namespace unless
/// they say so.
pub(super) fn call(id: u64, operation: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><nc:rpc xmlns:nc=\"{BASE}\" message-id=\"{id}\">{operation}</nc:rpc>"
    )
}

/// Returns the name of an operation, for messages.
pub(super) fn name(operation: &str) -> &str {
    let name = operation.trim_start().trim_start_matches('<');
    let end = name.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).unwrap_or(name.len());
    name[..end].trim_start_matches("nc:")
}

/// What a server says of itself in the beginning.
#[derive(Clone, Debug)]
pub struct Hello {
    /// What it can do.
    pub(super) capabilities: Arc<[String]>,
    pub(super) session_id: Option<u32>,
    /// How messages are told apart from here on.
    pub(super) framing: Framing,
}

/// A message of a server.
#[derive(Debug)]
pub enum Message {
    /// The beginning.
    Hello(Hello),
    /// The answer to the call of that number; an error may have none.
    Reply(Option<String>, RpcReply),
    /// Something that nobody asked for.
    Notification,
}

/// Reads a message.
///
/// # Errors
/// When it is none of the protocol.
pub fn read(bytes: &[u8]) -> Result<Message, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "a message that is not UTF-8".to_owned())?;
    let root = Element::read(text).map_err(|why| format!("a message that is no XML: {why}"))?;
    match root.local() {
        "hello" => hello_of(&root).map(Message::Hello),
        "rpc-reply" => {
            let errors = errors(&root);
            let id = root.attribute("message-id").map(str::to_owned);
            Ok(Message::Reply(id, RpcReply { xml: root, errors }))
        }
        "notification" => Ok(Message::Notification),
        other => Err(format!("`<{other}>`, which is no message of NETCONF")),
    }
}

fn hello_of(root: &Element) -> Result<Hello, String> {
    let list = root.child("capabilities").into_iter().flat_map(Element::children);
    let capabilities: Vec<String> =
        list.filter(|element| element.local() == "capability").map(Element::text).filter(|c| !c.is_empty()).collect();
    let has = |version: &str| capabilities.iter().any(|capability| capability == version);
    // Old Junos says it by the older name of the same.
    let is_old = capabilities.iter().any(|capability| capability.ends_with("xml:ns:netconf:base:1.0"));
    let framing = match (has(BASE_1_1), has(BASE_1_0) || is_old) {
        (true, _) => Framing::Chunks,
        (false, true) => Framing::Mark,
        (false, false) => return Err("a hello that names neither version 1.0 nor 1.1 of NETCONF".into()),
    };
    let session_id = root.child("session-id").and_then(|id| id.text().parse().ok());
    Ok(Hello { capabilities: capabilities.into(), session_id, framing })
}

/// Returns what a server objects to. Junos puts it into the results of loading, too.
fn errors(reply: &Element) -> Vec<RpcError> {
    let mut found = Vec::new();
    gather(reply, 0, &mut found);
    found
}

/// How deep errors stand in an answer: in it, or in the results of an operation. Data is not searched.
const DEEPEST: usize = 3;

fn gather(element: &Element, depth: usize, found: &mut Vec<RpcError>) {
    for child in element.children() {
        match child.local() {
            "rpc-error" => found.push(error(child)),
            "data" | "output" => {}
            _ if depth < DEEPEST => gather(child, depth + 1, found),
            _ => {}
        }
    }
}

fn error(element: &Element) -> RpcError {
    let text = |name: &str| element.child(name).map(Element::text).filter(|text| !text.is_empty());
    let info = element.child("error-info").map(|info| info.children().map(|child| child.plain().to_string()).collect());
    RpcError {
        is_warning: text("error-severity").as_deref() == Some("warning"),
        layer: text("error-type").unwrap_or_default(),
        tag: text("error-tag").unwrap_or_default(),
        path: text("error-path"),
        message: text("error-message").map(|message| message.split_whitespace().collect::<Vec<_>>().join(" ")),
        info: info.filter(|info: &String| !info.is_empty()),
    }
}
