//! What the modules for NETCONF share: what a server can do, filters and data as XML, answers as results.

mod filter;

use super::{Action, Arg, ArgKind, Netconf, NetconfAnswer, Output, Probe, Rpc, RpcReply, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use crate::xml::Element;
pub(super) use filter::{Filter, elements_of, is_name};
use std::sync::Arc;

pub(super) const LOCK: Arg = Arg::new(
    "lock",
    ArgKind::Str,
    "Whether the datastore is locked meanwhile: `always`, `never`, or where the server can do it (`if-supported`).",
)
.choices(&["never", "always", "if-supported"]);

/// What a server can do.
pub(super) struct Server {
    pub(super) capabilities: Arc<[String]>,
}

impl Server {
    /// Asks the server; nothing but the session is needed for it.
    pub(super) async fn of(probe: &dyn Probe) -> Result<Server, Failure> {
        Ok(Server { capabilities: ask(probe, Vec::new()).await?.capabilities })
    }

    /// Claims that it has a capability of the protocol, whatever its version: `candidate`.
    pub(super) fn has(&self, name: &str) -> bool {
        let is = |capability: &String| {
            let mut words = capability.split(['?', ':', '/', '#']).skip_while(|word| *word != "capability");
            words.nth(1) == Some(name)
        };
        self.capabilities.iter().any(is)
    }

    /// Claims that it has a capability of the protocol in this version.
    pub(super) fn has_version(&self, name: &str, version: &str) -> bool {
        let end = format!(":capability:{name}:{version}");
        self.capabilities.iter().any(|capability| capability.split('?').next().is_some_and(|uri| uri.ends_with(&end)))
    }

    fn can_lock(&self, datastore: &str) -> bool {
        match datastore {
            "running" => self.has("writable-running"),
            other => self.has(other),
        }
    }

    /// Returns whether a datastore is to be locked, and what the user should know.
    pub(super) fn lock(&self, wanted: &str, datastore: &str) -> (bool, Option<String>) {
        match (wanted, self.can_lock(datastore)) {
            ("never", _) => (false, None),
            (_, true) => (true, None),
            (wanted, false) => {
                (wanted == "always", Some(format!("the server does not say that `{datastore}` can be locked")))
            }
        }
    }
}

/// Calls operations that only read.
pub(super) async fn ask(probe: &dyn Probe, calls: Vec<Rpc>) -> Result<NetconfAnswer, Failure> {
    answer(probe.read(action(Effect::Read, calls)).await?)
}

/// Makes the action that calls operations.
pub(super) fn action(effect: Effect, calls: Vec<Rpc>) -> Action {
    Action::on_host(effect, Work::Netconf(Netconf { calls, is_lost: None }))
}

/// Returns the answer that an output is.
pub(super) fn answer(output: Output) -> Result<NetconfAnswer, Failure> {
    match output {
        Output::Netconf(answer) => Ok(*answer),
        _ => Err(Failure::new(FailureKind::Internal, "a NETCONF server was asked and something else answered")),
    }
}

/// Returns the failure of an operation that was refused, with all that the server objects to in its result.
pub(super) fn refusal(operation: &str, reply: &RpcReply) -> Option<Failure> {
    let error = reply.refusal()?;
    let list = reply.errors.iter().map(|error| {
        Value::map([
            ("severity", Value::from(if error.is_warning { "warning" } else { "error" })),
            ("type", error.layer.as_str().into()),
            ("tag", error.tag.as_str().into()),
            ("path", error.path.as_deref().map_or(Value::Null, Value::from)),
            ("message", error.message.as_deref().map_or(Value::Null, Value::from)),
            ("info", error.info.as_deref().map_or(Value::Null, Value::from)),
        ])
    });
    let mut result = Map::new();
    result.insert("rpc_errors", Value::list(list));
    let failure = Failure::new(FailureKind::Command, format!("the device refuses `{operation}`: {error}"));
    Some(failure.with_result(result))
}

/// Returns the warnings of answers, for the user.
pub(super) fn warnings(replies: &[RpcReply]) -> Vec<String> {
    let errors = replies.iter().flat_map(|reply| &reply.errors);
    errors.filter(|error| error.is_warning).map(ToString::to_string).collect()
}

/// Makes the operations that lock a datastore and, whatever comes, unlock it.
pub(super) fn locking(datastore: &str) -> Rpc {
    let of = |verb: &str| format!("<nc:{verb}><nc:target><nc:{datastore}/></nc:target></nc:{verb}>");
    Rpc { xml: of("lock"), undo: None, after: Some(of("unlock")) }
}

/// How the operation that reads a datastore begins.
pub(super) const GET_CONFIG: &str = "<nc:get-config>";

/// Makes the operation that reads a datastore.
pub(super) fn get_config(datastore: &str, filter: Option<&Filter>) -> Rpc {
    let filter = filter.map(Filter::xml).unwrap_or_default();
    Rpc::new(format!("{GET_CONFIG}<nc:source><nc:{datastore}/></nc:source>{filter}</nc:get-config>"))
}

/// Returns the data of an answer as a document of its own; the whole answer where it has none.
pub(super) fn data(reply: &RpcReply) -> Element {
    reply.xml.cut_out("data").unwrap_or_else(|| reply.xml.clone())
}

/// Returns the fields of a result that hold an answer: as it came, its lines, and in the form that `display` asks for.
pub(super) fn shown(element: &Element, display: Option<&str>) -> Result<Map, Failure> {
    let text = element.to_string();
    let mut result = Map::new();
    result.insert("stdout", text.as_str());
    result.insert("stdout_lines", Value::list(text.lines()));
    result.insert("output", displayed(element, display)?);
    Ok(result)
}

/// Returns an answer in the form that `display` asks for; null when it asks for none.
fn displayed(element: &Element, display: Option<&str>) -> Result<Value, Failure> {
    Ok(match display {
        Some("xml") => format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}", element.plain()).into(),
        Some("pretty") => element.pretty().into(),
        Some("json") => Value::map([(element.name.as_str(), nested(element))]),
        Some("native") => crate::template::xml_data(&element.to_string())
            .map_err(|why| Failure::new(FailureKind::Module, format!("the answer is no XML: {why}")))?,
        _ => Value::Null,
    })
}

/// Returns an element's content as nested dictionaries, without attributes; what is empty is an empty text.
pub(super) fn nested(element: &Element) -> Value {
    let mut map = Map::new();
    for child in element.children() {
        let value = nested(child);
        let joined = match map.get(&child.name) {
            None => value,
            Some(Value::List(items)) => Value::from([&items[..], &[value]].concat()),
            Some(first) => Value::list([first.clone(), value]),
        };
        map.insert(child.name.as_str(), joined);
    }
    if map.is_empty() { element.text().into() } else { map.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(capabilities: &[&str]) -> Server {
        Server { capabilities: capabilities.iter().map(|c| (*c).to_owned()).collect() }
    }

    #[test]
    fn capabilities_are_known_by_their_name_whatever_their_version() {
        let server = server(&[
            "urn:ietf:params:netconf:base:1.0",
            "urn:ietf:params:netconf:capability:candidate:1.0",
            "urn:ietf:params:netconf:capability:confirmed-commit:1.1",
            "urn:ietf:params:xml:ns:netconf:capability:validate:1.0",
            "urn:x?module=startup",
        ]);
        for (name, has) in
            [("candidate", true), ("confirmed-commit", true), ("validate", true), ("startup", false), ("xpath", false)]
        {
            assert_eq!(server.has(name), has, "{name}");
        }
        assert!(server.has_version("confirmed-commit", "1.1") && !server.has_version("candidate", "1.1"));
        assert_eq!(server.lock("always", "candidate"), (true, None));
        assert_eq!(server.lock("never", "candidate"), (false, None));
        assert!(matches!(server.lock("if-supported", "running"), (false, Some(_))));
        assert!(matches!(server.lock("always", "running"), (true, Some(_))));
    }

    #[test]
    fn answers_are_shown_in_the_form_that_was_asked_for() {
        let text = "<n:data xmlns:n=\"urn:x\" k=\"v\"><n:a>1</n:a><n:b/><n:b>2</n:b></n:data>";
        let element = Element::read(text).unwrap();
        let shown = |display| displayed(&element, display).unwrap().to_text();
        assert_eq!(
            shown(Some("xml")),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><data k=\"v\"><a>1</a><b/><b>2</b></data>"
        );
        assert_eq!(displayed(&element, None).unwrap(), Value::Null);
        let json = Value::map([("n:a", Value::from("1")), ("n:b", Value::list(["", "2"]))]);
        assert_eq!(displayed(&element, Some("json")).unwrap(), Value::map([("n:data", json)]));
        assert!(shown(Some("pretty")).contains("\n  <n:a>1</n:a>\n"));
    }
}
