//! NETCONF servers of the lab: the subsystem `netconf` of a Junos router, and a server of its own kind that keeps any XML.
//!
//! A session is pure: bytes in, bytes out. Framing is both that of 1.0 and of 1.1; a message is answered when its call
//! has come whole. What the servers know beyond the protocol stands in `junos.rs` and `datastores.rs`.

mod datastores;
mod framing;
mod junos;
mod structure;

use super::device::{Device, Reaction};
use super::file::{Fault, Model};
use crate::xml::{Element, escaped};
pub(super) use datastores::Datastores;
use framing::Framer;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const BASE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";

/// What every server here can do.
const CAPABILITIES: &[&str] = &[
    "urn:ietf:params:netconf:base:1.0",
    "urn:ietf:params:netconf:base:1.1",
    "urn:ietf:params:netconf:capability:candidate:1.0",
    "urn:ietf:params:netconf:capability:confirmed-commit:1.1",
    "urn:ietf:params:netconf:capability:validate:1.1",
];

/// Claims that a model has a NETCONF server.
pub(super) fn is_served(model: Model) -> bool {
    matches!(model, Model::JuniperJunos | Model::Netconf)
}

/// Why an operation is refused.
struct Refusal {
    tag: &'static str,
    message: String,
    /// What stands in `error-info`.
    info: String,
    is_warning: bool,
}

impl Refusal {
    fn new(tag: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { tag, message: message.into(), info: String::new(), is_warning: false }
    }

    fn xml(&self) -> String {
        let severity = if self.is_warning { "warning" } else { "error" };
        let info = if self.info.is_empty() { String::new() } else { format!("<error-info>{}</error-info>", self.info) };
        format!(
            "<rpc-error><error-type>protocol</error-type><error-tag>{}</error-tag><error-severity>{severity}</error-severity>\
             <error-message>{}</error-message>{info}</rpc-error>",
            self.tag,
            escaped(&self.message)
        )
    }
}

/// What an operation came to: what stands in the answer.
type Came = Result<String, Refusal>;

/// A session.
pub(super) struct Server {
    device: Arc<Device>,
    framer: Framer,
    id: u32,
    has_said_hello: bool,
    /// Held as long as the session lives: what is bound to it knows by that.
    life: Arc<u32>,
    /// Locks on datastores of a Junos router.
    junos_lock: Option<Arc<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.device.spec.platform == Model::JuniperJunos && self.junos_lock.take().is_some() {
            let mut state = self.device.state();
            state.junos.candidate = state.junos.active.clone();
        }
        self.device.state().netconf.leave(&self.life);
    }
}

impl Server {
    /// Begins a session; returns what it says first.
    pub(super) fn open(device: &Arc<Device>) -> (Server, Vec<Reaction>) {
        static SESSIONS: AtomicU32 = AtomicU32::new(1);
        let id = SESSIONS.fetch_add(1, Ordering::Relaxed);
        let own: &[&str] = match device.spec.platform {
            Model::JuniperJunos => &["http://xml.juniper.net/netconf/junos/1.0"],
            _ => &[
                "urn:ietf:params:netconf:capability:writable-running:1.0",
                "urn:ietf:params:netconf:capability:startup:1.0",
                "urn:ietf:params:netconf:capability:rollback-on-error:1.0",
            ],
        };
        let capabilities: String =
            CAPABILITIES.iter().chain(own).map(|name| format!("<capability>{name}</capability>")).collect();
        let hello = format!(
            "<hello xmlns=\"{BASE}\"><capabilities>{capabilities}</capabilities><session-id>{id}</session-id></hello>"
        );
        let server = Server {
            device: Arc::clone(device),
            framer: Framer::default(),
            id,
            has_said_hello: false,
            life: Arc::new(id),
            junos_lock: None,
        };
        let first = vec![Reaction::Send(server.framer.framed(&hello))];
        (server, first)
    }

    /// Takes bytes as they come.
    pub(super) fn input(&mut self, bytes: &[u8]) -> Vec<Reaction> {
        self.framer.feed(bytes);
        let mut reactions = Vec::new();
        loop {
            match self.framer.next_message() {
                Ok(Some(message)) => reactions.extend(self.message(&message)),
                Ok(None) => return reactions,
                // Whoever does not keep to the framing is left.
                Err(()) => {
                    reactions.push(Reaction::End(1));
                    return reactions;
                }
            }
        }
    }

    fn message(&mut self, text: &str) -> Vec<Reaction> {
        let Ok(message) = Element::read(text) else { return vec![Reaction::End(1)] };
        match (message.local(), self.has_said_hello) {
            ("hello", false) => {
                self.has_said_hello = true;
                if text.contains("urn:ietf:params:netconf:base:1.1") {
                    self.framer.change_to_chunks();
                }
                Vec::new()
            }
            ("rpc", true) => self.call(&message),
            _ => vec![Reaction::End(1)],
        }
    }

    fn call(&mut self, rpc: &Element) -> Vec<Reaction> {
        let id = rpc.attribute("message-id").map(|id| format!(" message-id=\"{}\"", escaped(id))).unwrap_or_default();
        let operation = rpc.children().next().cloned().unwrap_or_else(|| Element::new("nothing"));
        let mut reactions = Vec::new();
        // An answer may be prescribed, as for a command.
        let device = Arc::clone(&self.device);
        let prescribed = device.prescribed(operation.local());
        let wait = prescribed.and_then(|answer| answer.delay).unwrap_or(device.spec.delay);
        if !wait.is_zero() {
            reactions.push(Reaction::Wait(wait));
        }
        match prescribed.and_then(|answer| answer.fault.as_ref()) {
            Some(Fault::Close) => return [reactions, vec![Reaction::Cut]].concat(),
            Some(Fault::Silence) => return [reactions, vec![Reaction::Silence]].concat(),
            None => {}
        }
        let is_end = operation.local() == "close-session";
        let said = match prescribed.and_then(|answer| answer.output.clone()) {
            Some(output) => output,
            None if is_end => "<ok/>".to_owned(),
            None => match self.operation(&operation) {
                Ok(said) => said,
                Err(refusal) => refusal.xml(),
            },
        };
        let reply = format!("<rpc-reply xmlns=\"{BASE}\"{id}>{said}</rpc-reply>");
        reactions.push(Reaction::Send(self.framer.framed(&reply)));
        if is_end {
            reactions.push(Reaction::End(0));
        }
        reactions
    }

    fn operation(&mut self, operation: &Element) -> Came {
        match self.device.spec.platform {
            Model::JuniperJunos => self.junos(operation),
            _ => self.datastore(operation),
        }
    }
}

/// Returns the datastore that stands in `target` or `source` of an operation.
fn datastore<'a>(operation: &'a Element, place: &str) -> Result<&'a str, Refusal> {
    let named = operation.child(place).and_then(|place| place.children().next()).map(Element::local);
    named.ok_or_else(|| Refusal::new("missing-element", format!("`{place}` is missing")))
}

/// Returns a refusal that names an element.
fn bad_element(tag: &'static str, message: impl Into<String>, element: &str) -> Refusal {
    Refusal { info: format!("<bad-element>{}</bad-element>", escaped(element)), ..Refusal::new(tag, message) }
}
