//! A Junos configuration as elements and as statements.

use crate::lab::statements::{CONTAINERS, NAMED, Statement, TOP, set};
use crate::xml::{Element, Node};

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
    let mut path = path.to_vec();
    let is_interface = element.local() == "interface" && path == ["interfaces"];
    if !is_interface {
        path.push(element.local().to_owned());
    }
    let name = element.child("name").map(Element::text);
    path.extend(name.clone());
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
