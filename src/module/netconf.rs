//! What the modules for NETCONF share: what a server can do, filters and data as XML, answers as results.

use super::{Action, Arg, ArgKind, Netconf, NetconfAnswer, Output, Probe, Rpc, RpcReply, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use crate::xml::{Element, Node, escaped};
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

/// What of a datastore is wanted.
pub(super) enum Filter {
    /// Elements that hold what is wanted.
    Subtree(String),
    /// A path.
    Xpath(String),
}

impl Filter {
    /// Reads an argument: XML, data for XML, or an XPath expression.
    pub(super) fn of(value: Option<&Value>) -> Result<Option<Filter>, String> {
        let Some(value) = value.filter(|value| !matches!(value, Value::Null)) else { return Ok(None) };
        if let Some(elements) = elements_of(value)? {
            return Ok(Some(Filter::Subtree(elements)));
        }
        let text = value.to_text();
        let text = text.trim();
        match text.is_empty() {
            true => Ok(None),
            false => Ok(Some(Filter::Xpath(text.to_owned()))),
        }
    }

    /// Returns it as it stands in an operation.
    pub(super) fn xml(&self) -> String {
        match self {
            Filter::Subtree(elements) => format!("<nc:filter type=\"subtree\">{elements}</nc:filter>"),
            Filter::Xpath(path) => {
                let path = escaped(path).replace('"', "&quot;");
                format!("<nc:filter type=\"xpath\" select=\"{path}\"/>")
            }
        }
    }

    /// Returns why the server cannot follow it.
    pub(super) fn check(&self, server: &Server) -> Result<(), Failure> {
        match self {
            Filter::Xpath(path) if !server.has("xpath") => {
                let message = format!("the server takes no filter by XPath, and `{path}` is one");
                Err(Failure::new(FailureKind::Argument, message).help("write the filter as XML"))
            }
            _ => Ok(()),
        }
    }
}

/// Returns a value as XML elements, when it is XML, JSON or data; `None` for any other text.
pub(super) fn elements_of(value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Map(map) => elements(map).map(Some),
        Value::Str(text) => {
            let text = text.trim();
            if text.starts_with('<') && text.ends_with('>') {
                // Several roots are one filter.
                Element::read(&format!("<x>{}</x>", without_head(text))).map_err(|why| format!("is no XML: {why}"))?;
                return Ok(Some(without_head(text).to_owned()));
            }
            if text.starts_with('{') && text.ends_with('}') {
                let json: serde_json::Value =
                    serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))?;
                return elements_of(&Value::from(json));
            }
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// Returns a document without `<?xml …?>`.
pub(super) fn without_head(text: &str) -> &str {
    let text = text.trim_start();
    match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest.trim_start(),
        None => text,
    }
}

/// Returns nested dictionaries as XML: `@name` is an attribute, `#text` the text beside others, a list several elements.
fn elements(map: &Map) -> Result<String, String> {
    let mut out = String::new();
    for (name, value) in map.iter() {
        for element in made(&name.to_string(), value, 0)? {
            out.push_str(&element.to_string());
        }
    }
    Ok(out)
}

/// How deep data may be nested.
const MAX_DEPTH: usize = 100;

fn made(name: &str, value: &Value, depth: usize) -> Result<Vec<Element>, String> {
    if !is_name(name) {
        return Err(format!("has `{name}`, which is no name of an element"));
    }
    if depth > MAX_DEPTH {
        return Err(format!("is nested deeper than {MAX_DEPTH} levels"));
    }
    let items = match value {
        Value::List(items) => &items[..],
        one => std::slice::from_ref(one),
    };
    let mut elements = Vec::new();
    for item in items {
        let mut element = Element::new(name);
        match item {
            Value::Null | Value::Omit => {}
            Value::Map(map) => {
                for (key, value) in map.iter() {
                    let key = key.to_string();
                    match key.strip_prefix('@') {
                        Some(attribute) if is_name(attribute) => {
                            element.attributes.push((attribute.to_owned(), text_of(value)));
                        }
                        Some(attribute) => return Err(format!("has `{attribute}`, which is no name of an attribute")),
                        None if key == "#text" => element.nodes.push(Node::Text(text_of(value))),
                        None => element.nodes.extend(made(&key, value, depth + 1)?.into_iter().map(Node::Element)),
                    }
                }
            }
            other => element.nodes.push(Node::Text(text_of(other))),
        }
        elements.push(element);
    }
    Ok(elements)
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(b) => b.to_string(),
        other => other.to_text(),
    }
}

/// Claims that a text can be the name of an element.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'))
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
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
fn nested(element: &Element) -> Value {
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
        assert_eq!(server.lock("always", "candidate"), (true, None));
        assert_eq!(server.lock("never", "candidate"), (false, None));
        assert!(matches!(server.lock("if-supported", "running"), (false, Some(_))));
        assert!(matches!(server.lock("always", "running"), (true, Some(_))));
    }

    #[test]
    fn filters_are_xml_data_or_a_path() {
        let xml = |value: Value| Filter::of(Some(&value)).map(|filter| filter.map(|filter| filter.xml()));
        let subtree = |inside: &str| Ok(Some(format!("<nc:filter type=\"subtree\">{inside}</nc:filter>")));
        assert_eq!(xml(" <?xml version=\"1.0\"?>\n<a/> ".into()), subtree("<a/>"));
        assert_eq!(xml("<a/><b/>".into()), subtree("<a/><b/>"));
        let data = Value::map([("a", Value::map([("@x", Value::from("1")), ("b", Value::list(["2", "3"]))]))]);
        assert_eq!(xml(data), subtree("<a x=\"1\"><b>2</b><b>3</b></a>"));
        assert_eq!(xml("{\"a\": null}".into()), subtree("<a/>"));
        assert_eq!(
            xml("/a/b[c=\"1\"]".into()),
            Ok(Some("<nc:filter type=\"xpath\" select=\"/a/b[c=&quot;1&quot;]\"/>".into()))
        );
        assert_eq!(xml(Value::Null), Ok(None));
        assert!(xml("<a>".into()).unwrap_err().contains("no XML"));
        assert!(xml("{a}".into()).unwrap_err().contains("no JSON"));
        assert!(xml(Value::map([("a b", Value::Null)])).unwrap_err().contains("no name"));
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
