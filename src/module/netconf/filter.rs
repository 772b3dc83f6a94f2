//! What of a datastore is wanted, and data as XML.

use super::Server;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use crate::xml::{Element, Node, escaped};

/// What of a datastore is wanted.
pub(in crate::module) enum Filter {
    /// Elements that hold what is wanted.
    Subtree(String),
    /// A path.
    Xpath(String),
}

impl Filter {
    /// Reads an argument: XML, data for XML, or an XPath expression.
    pub(in crate::module) fn of(value: Option<&Value>) -> Result<Option<Filter>, String> {
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
    pub(in crate::module) fn xml(&self) -> String {
        match self {
            Filter::Subtree(elements) => format!("<nc:filter type=\"subtree\">{elements}</nc:filter>"),
            Filter::Xpath(path) => {
                let path = escaped(path).replace('"', "&quot;");
                format!("<nc:filter type=\"xpath\" select=\"{path}\"/>")
            }
        }
    }

    /// Returns why the server cannot follow it.
    pub(in crate::module) fn check(&self, server: &Server) -> Result<(), Failure> {
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
pub(in crate::module) fn elements_of(value: &Value) -> Result<Option<String>, String> {
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
fn without_head(text: &str) -> &str {
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
pub(in crate::module) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'))
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
