//! A Junos configuration as elements and as statements.

use crate::lab::statements::{CONTAINERS, NAMED, Statement, TOP, read_braces, set};
use crate::xml::{Element, Node};

/// A configuration that is loaded as a whole.
pub(super) enum Given {
    Elements(Element),
    /// Statements in braces.
    Text(String),
}

impl Given {
    /// Returns its statements.
    pub(super) fn statements(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        self.put(&mut statements, false);
        statements
    }

    /// Adds it to statements; where it `replaces`, what it marks takes the place of what is there.
    pub(super) fn put(&self, statements: &mut Vec<Statement>, replaces: bool) {
        match self {
            Given::Elements(configuration) => {
                if replaces {
                    configuration.children().for_each(|child| clear_marked(statements, child, &[]));
                }
                edit(statements, configuration);
            }
            Given::Text(text) => {
                let all = read_braces(text);
                let plain =
                    |words: &Statement| words.iter().filter(|word| *word != MARK).cloned().collect::<Statement>();
                for words in all.iter().filter(|_| replaces) {
                    // The name of what is replaced stands behind the mark.
                    let Some(at) = words.iter().position(|word| word == MARK) else { continue };
                    statements.retain(|old| !old.starts_with(&plain(words)[..=at]));
                }
                all.iter().for_each(|words| set(statements, plain(words)));
            }
        }
    }
}

/// Stands before what takes the place of what is there.
const MARK: &str = "replace:";

fn clear_marked(statements: &mut Vec<Statement>, element: &Element, path: &[String]) {
    let path = path_of(element, path);
    if element.attribute("replace") == Some("replace") {
        statements.retain(|words| !words.starts_with(&path));
        return;
    }
    element.children().filter(|part| part.local() != "name").for_each(|part| clear_marked(statements, part, &path));
}

/// Returns the words of a statement that end at an element.
fn path_of(element: &Element, path: &[String]) -> Statement {
    let mut path = path.to_vec();
    if !(element.local() == "interface" && path == ["interfaces"]) {
        path.push(element.local().to_owned());
    }
    path.extend(element.child("name").map(Element::text));
    path
}

/// Reads `{"configuration": {...}}`.
pub(super) fn of_json(text: &str) -> Option<Element> {
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut element = Element::new("configuration");
    put_json(&mut element, json.get("configuration")?, 0)?;
    Some(element)
}

fn put_json(element: &mut Element, json: &serde_json::Value, depth: usize) -> Option<()> {
    const DEEPEST: usize = 32;
    let inside = json.as_object().filter(|_| depth < DEEPEST)?;
    for (name, value) in inside {
        let items = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        for item in items {
            let mut child = Element::new(name.as_str());
            match item {
                serde_json::Value::Object(_) => put_json(&mut child, item, depth + 1)?,
                serde_json::Value::Null => {}
                serde_json::Value::String(text) => child = Element::of_text(name.as_str(), text.as_str()),
                other => child = Element::of_text(name.as_str(), other.to_string()),
            }
            element.nodes.push(Node::Element(child));
        }
    }
    Some(())
}

/// Returns statements as `<configuration>`.
pub(super) fn elements(statements: &[Statement]) -> Element {
    let mut root = Element::new("configuration");
    for words in statements {
        let words: Vec<&str> = words.iter().map(|word| word.trim_matches('"')).collect();
        insert(&mut root, &words, true);
    }
    root
}

fn insert(element: &mut Element, words: &[&str], is_top: bool) {
    let [first, rest @ ..] = words else { return };
    let is_named = NAMED.contains(first) && !(*first == "host" && rest.len() < 2);
    if element.name == "interfaces" && !rest.is_empty() {
        insert(named(element, "interface", first), rest, false);
    } else if (is_top && TOP.contains(first)) || (CONTAINERS.contains(first) && !is_named) {
        insert(child(element, first), rest, false);
    } else if let (true, [name, rest @ ..]) = (is_named, rest) {
        insert(named(element, first, name), rest, false);
    } else if rest.is_empty() {
        child(element, first);
    } else {
        element.nodes.push(Node::Element(Element::of_text(*first, rest.join(" "))));
    }
}

fn child<'a>(element: &'a mut Element, name: &str) -> &'a mut Element {
    let is = |node: &Node| matches!(node, Node::Element(known) if known.name == name);
    let at = element.nodes.iter().position(is);
    at_or_new(element, at, || Element::new(name))
}

fn named<'a>(element: &'a mut Element, kind: &str, name: &str) -> &'a mut Element {
    let is_named = |known: &Element| known.child("name").is_some_and(|known| known.text() == name);
    let is = |node: &Node| matches!(node, Node::Element(known) if known.name == kind && is_named(known));
    let at = element.nodes.iter().position(is);
    at_or_new(element, at, || Element {
        nodes: vec![Node::Element(Element::of_text("name", name))],
        ..Element::new(kind)
    })
}

fn at_or_new(element: &mut Element, at: Option<usize>, make: impl FnOnce() -> Element) -> &mut Element {
    let at = at.unwrap_or_else(|| {
        element.nodes.push(Node::Element(make()));
        element.nodes.len() - 1
    });
    match &mut element.nodes[at] {
        Node::Element(found) => found,
        Node::Text(_) => unreachable!("only elements are looked for"),
    }
}

/// Edits statements as the elements say.
pub(super) fn edit(statements: &mut Vec<Statement>, configuration: &Element) {
    for child in configuration.children() {
        edit_at(statements, child, &[]);
    }
}

fn edit_at(statements: &mut Vec<Statement>, element: &Element, path: &[String]) {
    let mut path = path_of(element, path);
    let name = element.child("name").map(Element::text);
    let deletes = element.attribute("operation").or(element.attribute("delete"));
    if deletes.is_some_and(|operation| matches!(operation, "delete" | "remove")) {
        statements.retain(|words| !(words.len() >= path.len() && words.iter().zip(&path).all(|(a, b)| a == b)));
        return;
    }
    let parts: Vec<&Element> = element.children().filter(|part| part.local() != "name").collect();
    for part in &parts {
        edit_at(statements, part, &path);
    }
    if parts.is_empty() {
        let text = element.text();
        if name.is_none() && !text.is_empty() {
            path.push(if text.contains(' ') { format!("\"{text}\"") } else { text });
        }
        set(statements, path);
    }
}
