//! What an edit will make of a configuration, as far as it can be told without the server's models.
//!
//! The rules are those of the protocol (RFC 6241, section 7.2). What only a model says is guessed: an element whose
//! first leaf has the name of a key, or which has sisters of the same name, is an entry of a list and is known by that leaf;
//! leaves of the same name are a list of values. A wrong guess makes a wrong prediction, never a wrong edit.

use crate::xml::{Element, Node};

/// Names that keys of lists have.
const KEYS: &[&str] = &["name", "id", "key", "ip", "address", "prefix", "index", "interface", "user", "vlan-id"];

/// Returns the configuration after an edit; both in an element that stands around them.
pub(super) fn after(before: &Element, edit: &Element, operation: &str) -> Element {
    let mut after = before.clone();
    if operation == "replace" {
        after.nodes.retain(|node| !matches!(node, Node::Element(_)));
    }
    apply(&mut after, edit, operation);
    after
}

fn apply(target: &mut Element, edit: &Element, inherited: &str) {
    for wanted in edit.children() {
        let operation = wanted.attribute("operation").unwrap_or(inherited);
        let at = target
            .nodes
            .iter()
            .position(|node| matches!(node, Node::Element(known) if is_same(known, wanted, target, edit)));
        match (operation, at) {
            ("delete" | "remove", Some(at)) => drop(target.nodes.remove(at)),
            ("delete" | "remove", None) => {}
            ("replace" | "create", Some(at)) => target.nodes[at] = Node::Element(without_operations(wanted)),
            (_, Some(at)) => {
                if let Node::Element(known) = &mut target.nodes[at] {
                    if wanted.children().next().is_some() {
                        apply(known, wanted, operation);
                    } else if operation == "merge" {
                        known.nodes.clone_from(&wanted.nodes);
                    }
                }
            }
            ("none", None) => {}
            (_, None) => {
                // What is made anew may hold parts that say something else.
                let mut made = Element { nodes: Vec::new(), ..without_operations(wanted) };
                match wanted.children().next() {
                    Some(_) => apply(&mut made, wanted, operation),
                    None => made.nodes.clone_from(&wanted.nodes),
                }
                target.nodes.push(Node::Element(made));
            }
        }
    }
}

fn without_operations(element: &Element) -> Element {
    let mut element = element.clone();
    element.attributes.retain(|(name, _)| name != "operation" && !name.ends_with(":operation"));
    for node in &mut element.nodes {
        if let Node::Element(inside) = node {
            *inside = without_operations(inside);
        }
    }
    element
}

/// Claims that an element that is there is the one that an edit means.
fn is_same(known: &Element, wanted: &Element, target: &Element, edit: &Element) -> bool {
    let namespaces = known.namespace.as_ref().zip(wanted.namespace.as_ref());
    if known.local() != wanted.local() || namespaces.is_some_and(|(a, b)| a != b) {
        return false;
    }
    let sisters = |parent: &Element| parent.children().filter(|child| child.local() == wanted.local()).count();
    let is_one_of_many = sisters(target) > 1 || sisters(edit) > 1;
    match wanted.children().next() {
        None if is_one_of_many => known.text() == wanted.text(),
        None => true,
        Some(first) => {
            let is_leaf = first.children().next().is_none();
            let is_key = is_leaf && (KEYS.contains(&first.local()) || is_one_of_many);
            !is_key || known.child(first.local()).is_none_or(|key| key.text() == first.text())
        }
    }
}

/// Returns a configuration as it is compared: without prefixes, attributes and blanks between elements.
pub(super) fn shown(configuration: &Element) -> String {
    without_attributes(configuration.plain()).pretty()
}

fn without_attributes(mut element: Element) -> Element {
    element.attributes.clear();
    element.nodes.retain(|node| !matches!(node, Node::Text(text) if text.trim().is_empty()));
    for node in &mut element.nodes {
        if let Node::Element(inside) = node {
            *inside = without_attributes(std::mem::replace(inside, Element::new("")));
        }
    }
    element
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(before: &str, edit: &str, operation: &str) -> String {
        let read = |text: &str| Element::read(&format!("<config>{text}</config>")).unwrap();
        let after = after(&read(before), &read(edit), operation).plain().to_string();
        after.trim_start_matches("<config>").trim_end_matches("</config>").replace("<config/>", "")
    }

    #[test]
    fn an_edit_does_what_the_protocol_says() {
        let list = "<u><name>a</name><x>1</x></u><u><name>b</name></u>";
        for (before, edit, operation, after) in [
            // what is there already changes nothing
            (list, "<u><name>a</name><x>1</x></u>", "merge", list),
            ("<s><h>r1</h></s>", "<s><h>r2</h></s>", "merge", "<s><h>r2</h></s>"),
            ("<s><h>r1</h></s>", "<s><h>r2</h></s>", "none", "<s><h>r1</h></s>"),
            ("<s><h>r1</h></s>", "<s><d>x</d></s>", "merge", "<s><h>r1</h><d>x</d></s>"),
            ("<s><h>r1</h></s>", "<s><d>x</d></s>", "replace", "<s><d>x</d></s>"),
            (
                list,
                "<u><name>c</name></u>",
                "merge",
                "<u><name>a</name><x>1</x></u><u><name>b</name></u><u><name>c</name></u>",
            ),
            (list, "<u operation=\"delete\"><name>a</name></u>", "merge", "<u><name>b</name></u>"),
            (list, "<u operation=\"remove\"><name>z</name></u>", "merge", list),
            (
                list,
                "<u><name>a</name><x operation=\"delete\"/></u>",
                "none",
                "<u><name>a</name></u><u><name>b</name></u>",
            ),
            (list, "<u operation=\"replace\"><name>a</name></u>", "none", "<u><name>a</name></u><u><name>b</name></u>"),
            ("<d>1</d><d>2</d>", "<d>3</d>", "merge", "<d>1</d><d>2</d><d>3</d>"),
            ("<d>1</d><d>2</d>", "<d>2</d>", "merge", "<d>1</d><d>2</d>"),
            ("", "<a><b operation=\"create\">1</b></a>", "none", ""),
            ("<a/>", "<a><b operation=\"create\">1</b></a>", "none", "<a><b>1</b></a>"),
        ] {
            assert_eq!(made(before, edit, operation), after, "{edit} ({operation}) on {before}");
        }
    }

    #[test]
    fn configurations_are_compared_without_what_has_no_meaning() {
        let read = |text: &str| shown(&Element::read(text).unwrap());
        assert_eq!(
            read("<d xmlns=\"urn:x\" junos:t=\"1\" xmlns:junos=\"urn:j\">\n <a>1</a>\n</d>"),
            read("<d><a>1</a></d>")
        );
        assert_ne!(read("<d><a>1</a></d>"), read("<d><a>2</a></d>"));
    }
}
