//! XML as elements: a document is read whole, within limits, looked at, changed and written again.
//!
//! What is written is what was read, but for comments, instructions and the way in which characters were escaped.
//! Entities of a document's own are refused: they can make a small text a huge one.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::sync::Arc;

pub use read::referenced;
pub use write::escaped;

/// An element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its name as written, with its prefix: `nc:data`.
    pub name: String,
    /// The namespace that its prefix, or the default, stands for.
    pub namespace: Option<Arc<str>>,
    /// Its attributes as written, declarations of namespaces among them.
    pub attributes: Vec<(String, String)>,
    /// What is inside, in order.
    pub nodes: Vec<Node>,
}

/// What stands inside of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Another element.
    Element(Element),
    /// Text, unescaped.
    Text(String),
}

impl Element {
    /// Makes an empty element without a namespace.
    pub fn new(name: impl Into<String>) -> Element {
        Element { name: name.into(), namespace: None, attributes: Vec::new(), nodes: Vec::new() }
    }

    /// Makes an element without a namespace that holds a text.
    pub fn of_text(name: impl Into<String>, text: impl Into<String>) -> Element {
        Element { nodes: vec![Node::Text(text.into())], ..Element::new(name) }
    }

    /// Reads a document; the error says what is wrong with it.
    pub fn read(text: &str) -> Result<Element, String> {
        read::read(text)
    }

    /// Returns its name without a prefix.
    pub fn local(&self) -> &str {
        local(&self.name)
    }

    /// Returns an attribute by its name without a prefix. Declarations of namespaces are none.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| !is_declaration(known) && local(known) == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the elements inside.
    pub fn children(&self) -> impl Iterator<Item = &Element> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// Returns the first element inside that has this name without a prefix.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children().find(|child| child.local() == name)
    }

    /// Returns the first element of this name, however deep it is inside; the nearest to the beginning.
    pub fn find(&self, name: &str) -> Option<&Element> {
        self.children().find_map(|child| if child.local() == name { Some(child) } else { child.find(name) })
    }

    /// Returns the text that stands in it and not in an element inside, without blanks around it.
    pub fn text(&self) -> String {
        self.own_text().trim().to_owned()
    }

    /// Returns the text that stands in it and not in an element inside, as it is.
    pub fn own_text(&self) -> String {
        let texts = self.nodes.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    /// Returns a child as a document of its own: with the namespaces that are declared around it.
    pub fn cut_out(&self, name: &str) -> Option<Element> {
        let mut child = self.child(name)?.clone();
        for (name, value) in self.attributes.iter().filter(|(name, _)| is_declaration(name)) {
            if !child.attributes.iter().any(|(known, _)| known == name) {
                child.attributes.push((name.clone(), value.clone()));
            }
        }
        Some(child)
    }

    /// Returns it without prefixes and namespaces.
    pub fn plain(&self) -> Element {
        let attributes = self.attributes.iter().filter(|(name, _)| !is_declaration(name));
        let nodes = self.nodes.iter().map(|node| match node {
            Node::Element(element) => Node::Element(element.plain()),
            Node::Text(text) => Node::Text(text.clone()),
        });
        Element {
            name: self.local().to_owned(),
            namespace: None,
            attributes: attributes.map(|(name, value)| (local(name).to_owned(), value.clone())).collect(),
            nodes: nodes.collect(),
        }
    }
}

/// Claims that an attribute declares a namespace.
pub fn is_declaration(attribute: &str) -> bool {
    attribute == "xmlns" || attribute.starts_with("xmlns:")
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}
