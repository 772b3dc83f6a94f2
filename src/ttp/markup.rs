//! The tags of a template.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

/// How deep tags may stand in each other.
const MAX_DEPTH: usize = 50;

/// An element: its text, and the elements in it, each with the text behind it.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) tag: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
    pub(super) tail: String,
    /// The line on which it begins, its text and its tail, from 0.
    pub(super) line: usize,
    pub(super) tail_line: usize,
}

impl Element {
    /// Returns an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn append(&mut self, text: &str) {
        match self.children.last_mut() {
            Some(child) => child.tail.push_str(text),
            None => self.text.push_str(text),
        }
    }
}

/// Reads a template's elements; the root stands for the whole text.
pub(super) fn read(text: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element { tag: "template".into(), ..Element::default() }];
    loop {
        let line = |reader: &Reader<&[u8]>| {
            let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
        };
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(tag) => {
                if open.len() > MAX_DEPTH {
                    return Err(format!("tags are nested deeper than {MAX_DEPTH}"));
                }
                open.push(opened(&tag, line(&reader))?);
            }
            Event::Empty(tag) => {
                let element = opened(&tag, line(&reader))?;
                close(&mut open, element);
            }
            Event::End(_) => {
                let Some(mut element) = (open.len() > 1).then(|| open.pop()).flatten() else {
                    return Err("a tag is closed that is not open".into());
                };
                element.tail_line = line(&reader);
                close(&mut open, element);
            }
            Event::Text(text) => append(&mut open, &text.xml10_content()),
            Event::CData(text) => append(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(|error| error.to_string())? {
                Some(c) => append(&mut open, c.encode_utf8(&mut [0; 4])),
                None => {
                    let name = reference.xml10_content();
                    let known = quick_xml::escape::resolve_predefined_entity(&name);
                    append(&mut open, known.ok_or_else(|| format!("unknown entity `&{name};`"))?);
                }
            },
            Event::DocType(_) => return Err("a document type means nothing in a template".into()),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    match (open.pop(), open.last()) {
        (Some(root), None) => Ok(root),
        (Some(element), _) => Err(format!("`<{}>` is not closed", element.tag)),
        (None, _) => Ok(Element::default()),
    }
}

fn opened(tag: &BytesStart<'_>, line: usize) -> Result<Element, String> {
    let mut element = Element { tag: tag.name().as_ref().to_lowercase(), line, tail_line: line, ..Element::default() };
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        element.attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(element)
}

fn append(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.append(text);
    }
}

fn close(open: &mut [Element], element: Element) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(element);
    }
}
