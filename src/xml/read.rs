//! From text to elements.

use super::{Element, Node};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};
use std::borrow::Cow;
use std::sync::Arc;

/// How deep elements may be nested. Those who walk through them call themselves.
const MAX_DEPTH: usize = 200;

/// The most elements of a document. Arbitrary: far above the configuration of a large router.
const MAX_ELEMENTS: usize = 2_000_000;

pub(super) fn read(text: &str) -> Result<Element, String> {
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    let mut document = Document::default();
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(tag) => document.open(&reader, &tag)?,
            Event::Empty(tag) => {
                document.open(&reader, &tag)?;
                document.close();
            }
            Event::End(_) => document.close(),
            Event::Text(text) => document.append(&text.xml10_content())?,
            Event::CData(text) => document.append(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                document.append(&referenced(&reference)?)?;
            }
            Event::DocType(text) if text.xml10_content().contains("<!ENTITY") => {
                return Err("it declares entities".into());
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    match (document.open.last(), document.root) {
        (Some(element), _) => Err(format!("`<{}>` is not closed", element.name)),
        (None, None) => Err("there is no element".into()),
        (None, Some(root)) => Ok(root),
    }
}

/// Returns the text that a reference stands for: `&#65;`, `&amp;`. No document has entities of its own.
///
/// # Errors
/// Names an entity that there is not.
pub fn referenced(reference: &quick_xml::events::BytesRef<'_>) -> Result<String, String> {
    match reference.resolve_char_ref().map_err(|error| error.to_string())? {
        Some(c) => Ok(c.to_string()),
        None => {
            let name = reference.xml10_content();
            let known = quick_xml::escape::resolve_predefined_entity(&name);
            known.map(str::to_owned).ok_or_else(|| format!("unknown entity `&{name};`"))
        }
    }
}

/// Returns the value of an attribute as it is meant, where it is known as it is written.
fn meant(written: &str) -> Result<Cow<'_, str>, String> {
    if !written.contains(['&', '\t', '\n', '\r']) {
        return Ok(Cow::Borrowed(written));
    }
    let blanks = written.replace("\r\n", " ").replace(['\t', '\n', '\r'], " ");
    let meant = quick_xml::escape::unescape(&blanks).map_err(|error| error.to_string())?;
    Ok(Cow::Owned(meant.into_owned()))
}

/// A document as far as it has been read.
#[derive(Default)]
struct Document {
    root: Option<Element>,
    open: Vec<Element>,
    count: usize,
    /// The namespace that was last seen: most elements have that of the one before.
    last: Option<Arc<str>>,
}

impl Document {
    fn open(&mut self, reader: &NsReader<&[u8]>, tag: &BytesStart<'_>) -> Result<(), String> {
        self.count += 1;
        if self.count > MAX_ELEMENTS {
            return Err(format!("there are more than {MAX_ELEMENTS} elements"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("elements are nested deeper than {MAX_DEPTH}"));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err("there is more than one root element".into());
        }
        let name = tag.name().as_ref().to_owned();
        let namespace = match reader.resolver().resolve_element(tag.name()).0 {
            ResolveResult::Bound(namespace) => Some(self.shared(&meant(namespace.as_ref())?)),
            ResolveResult::Unbound => None,
            ResolveResult::Unknown(_) => return Err(format!("the prefix of `{name}` is not declared")),
        };
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        self.open.push(Element { name, namespace, attributes, nodes: Vec::new() });
        Ok(())
    }

    fn shared(&mut self, namespace: &str) -> Arc<str> {
        match &self.last {
            Some(last) if **last == *namespace => Arc::clone(last),
            _ => {
                let made: Arc<str> = namespace.into();
                self.last = Some(Arc::clone(&made));
                made
            }
        }
    }

    fn close(&mut self) {
        let Some(element) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(parent) => parent.nodes.push(Node::Element(element)),
            None => self.root = Some(element),
        }
    }

    fn append(&mut self, text: &str) -> Result<(), String> {
        match self.open.last_mut() {
            Some(element) => match element.nodes.last_mut() {
                Some(Node::Text(before)) => before.push_str(text),
                _ => element.nodes.push(Node::Text(text.to_owned())),
            },
            None if text.trim_matches(['\u{feff}', ' ', '\t', '\n', '\r']).is_empty() => {}
            None => return Err("there is text outside of the root element".into()),
        }
        Ok(())
    }
}
