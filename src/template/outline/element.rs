//! XML documents as elements, and the paths of Python's `ElementTree` through them.

use crate::value::{Map, Value};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

/// How deep elements may be nested.
const MAX_DEPTH: usize = 200;
/// The most elements of a document. Arbitrary: far above a full configuration.
const MAX_ELEMENTS: usize = 2_000_000;

/// A document: its elements in their order, the root first.
pub(super) struct Document {
    elements: Vec<Element>,
}

struct Element {
    /// `name`, or `{namespace}name`.
    tag: String,
    attributes: Vec<(String, String)>,
    /// What stands before the first element inside.
    text: Option<String>,
    /// All text inside, of elements inside too, comes from walking.
    tail: String,
    parent: Option<usize>,
    children: Vec<usize>,
}

fn named(namespace: &ResolveResult<'_>, local: &str) -> Result<String, String> {
    match namespace {
        ResolveResult::Bound(namespace) => Ok(format!("{{{}}}{local}", namespace.as_ref())),
        ResolveResult::Unbound => Ok(local.to_owned()),
        ResolveResult::Unknown(prefix) => Err(format!("the prefix of `{local}` ({prefix:?}) is not declared")),
    }
}

impl Document {
    /// Reads a document.
    pub(super) fn read(text: &str) -> Result<Document, String> {
        let mut reader = NsReader::from_str(text);
        let mut document = Document { elements: Vec::new() };
        let mut open: Vec<usize> = Vec::new();
        loop {
            let event = reader.read_event().map_err(|error| error.to_string())?;
            match event {
                Event::Start(tag) => {
                    let at = document.push(&reader, &tag, open.last().copied())?;
                    open.push(at);
                    if open.len() > MAX_DEPTH {
                        return Err(format!("elements are nested deeper than {MAX_DEPTH}"));
                    }
                }
                Event::Empty(tag) => drop(document.push(&reader, &tag, open.last().copied())?),
                Event::End(_) => drop(open.pop()),
                Event::Text(text) => document.append(open.last().copied(), &text.xml10_content())?,
                Event::CData(text) => document.append(open.last().copied(), &text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    let c = match reference.resolve_char_ref().map_err(|error| error.to_string())? {
                        Some(c) => c.to_string(),
                        None => {
                            let name = reference.xml10_content();
                            let known = quick_xml::escape::resolve_predefined_entity(&name);
                            known.ok_or_else(|| format!("unknown entity `&{name};`"))?.to_owned()
                        }
                    };
                    document.append(open.last().copied(), &c)?;
                }
                // Entities of one's own can make a small text a huge one.
                Event::DocType(text) if text.xml10_content().contains("<!ENTITY") => {
                    return Err("it declares entities".into());
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        match (open.last(), document.elements.is_empty()) {
            (Some(at), _) => Err(format!("`<{}>` is not closed", document.elements[*at].tag)),
            (None, true) => Err("there is no element".into()),
            (None, false) => Ok(document),
        }
    }

    fn push(&mut self, reader: &NsReader<&[u8]>, tag: &BytesStart<'_>, parent: Option<usize>) -> Result<usize, String> {
        if self.elements.len() >= MAX_ELEMENTS {
            return Err(format!("there are more than {MAX_ELEMENTS} elements"));
        }
        if parent.is_none() && !self.elements.is_empty() {
            return Err("there is more than one root element".into());
        }
        let (namespace, local) = reader.resolver().resolve_element(tag.name());
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let (namespace, local) = reader.resolver().resolve_attribute(attribute.key);
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            attributes.push((named(&namespace, local.as_ref())?, value.into_owned()));
        }
        let at = self.elements.len();
        self.elements.push(Element {
            tag: named(&namespace, local.as_ref())?,
            attributes,
            text: None,
            tail: String::new(),
            parent,
            children: Vec::new(),
        });
        if let Some(parent) = parent {
            self.elements[parent].children.push(at);
        }
        Ok(at)
    }

    /// Adds text where it stands: to its element, or behind the element before it.
    fn append(&mut self, open: Option<usize>, text: &str) -> Result<(), String> {
        let Some(at) = open else {
            let is_blank = text.trim_matches(['\u{feff}', ' ', '\t', '\n', '\r']).is_empty();
            return if is_blank { Ok(()) } else { Err("there is text outside of the root element".into()) };
        };
        match self.elements[at].children.last().copied() {
            Some(child) => self.elements[child].tail.push_str(text),
            None => self.elements[at].text.get_or_insert_default().push_str(text),
        }
        Ok(())
    }

    /// Returns the root.
    pub(super) fn root(&self) -> usize {
        0
    }

    /// Returns the text before the first element inside; null when there is none.
    pub(super) fn text(&self, element: usize) -> Value {
        self.elements[element].text.as_deref().map_or(Value::Null, Value::from)
    }

    /// Returns the attributes.
    pub(super) fn attributes(&self, element: usize) -> Value {
        let about = &self.elements[element];
        about.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Map>().into()
    }

    /// Returns the elements at a path below an element.
    pub(super) fn find(&self, from: usize, path: &Path) -> Vec<usize> {
        path.0.iter().fold(vec![from], |found, step| self.step(&found, step))
    }

    fn step(&self, from: &[usize], step: &Step) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        match step {
            Step::Itself => found.extend(from),
            Step::Parent => {
                for parent in from.iter().filter_map(|element| self.elements[*element].parent) {
                    if !found.contains(&parent) {
                        found.push(parent);
                    }
                }
            }
            Step::Children(tag) => {
                for element in from {
                    let children = self.elements[*element].children.iter();
                    found.extend(children.filter(|child| tag.fits(&self.elements[**child].tag)));
                }
            }
            Step::Below(tag) => {
                for element in from {
                    for below in self.below(*element) {
                        if tag.fits(&self.elements[below].tag) && !(from.len() > 1 && found.contains(&below)) {
                            found.push(below);
                        }
                    }
                }
            }
            Step::Only(predicate) => found.extend(from.iter().filter(|element| self.holds(**element, predicate))),
        }
        found
    }

    /// Returns all elements inside of one, in their order.
    fn below(&self, element: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut next: Vec<usize> = self.elements[element].children.iter().rev().copied().collect();
        while let Some(at) = next.pop() {
            found.push(at);
            next.extend(self.elements[at].children.iter().rev());
        }
        found
    }

    /// Returns all text inside of an element.
    fn whole_text(&self, element: usize) -> String {
        let mut text = self.elements[element].text.clone().unwrap_or_default();
        for child in &self.elements[element].children {
            text.push_str(&self.whole_text(*child));
            text.push_str(&self.elements[*child].tail);
        }
        text
    }

    fn holds(&self, element: usize, predicate: &Predicate) -> bool {
        let about = &self.elements[element];
        match predicate {
            Predicate::Attribute(name, wanted) => {
                let value = about.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value);
                match wanted {
                    None => value.is_some(),
                    Some((true, wanted)) => value == Some(wanted),
                    Some((false, wanted)) => value.is_some_and(|value| value != wanted),
                }
            }
            Predicate::Child(tag, wanted) => {
                let mut children = about.children.iter().filter(|child| self.elements[**child].tag == *tag);
                match wanted {
                    None => children.next().is_some(),
                    Some((equal, wanted)) => children.any(|child| (self.whole_text(*child) == *wanted) == *equal),
                }
            }
            Predicate::Text(equal, wanted) => (self.whole_text(element) == *wanted) == *equal,
            Predicate::Place(place) => {
                let Some(parent) = about.parent else { return false };
                let same: Vec<usize> = self.elements[parent]
                    .children
                    .iter()
                    .copied()
                    .filter(|child| self.elements[*child].tag == about.tag)
                    .collect();
                let at = if *place >= 0 { Some(*place as usize) } else { same.len().checked_sub(place.unsigned_abs()) };
                at.and_then(|at| same.get(at)) == Some(&element)
            }
        }
    }
}

/// A path: steps from an element.
pub(super) struct Path(Vec<Step>);

enum Step {
    Itself,
    Parent,
    Children(Tag),
    Below(Tag),
    Only(Predicate),
}

/// A tag that is asked for; `*` fits all.
struct Tag(String);

impl Tag {
    fn fits(&self, tag: &str) -> bool {
        match self.0.as_str() {
            "*" => true,
            wanted => wanted == tag || wanted.strip_prefix("{*}").is_some_and(|local| local == local_name(tag)),
        }
    }
}

fn local_name(tag: &str) -> &str {
    tag.rsplit_once('}').map_or(tag, |(_, local)| local)
}

enum Predicate {
    /// `[@name]`, `[@name='value']`, `[@name!='value']`; whether it is to be equal.
    Attribute(String, Option<(bool, String)>),
    /// `[tag]`, `[tag='text']`.
    Child(String, Option<(bool, String)>),
    /// `[.='text']`
    Text(bool, String),
    /// `[2]`, `[last()]`: from 0, or from the end.
    Place(isize),
}

impl Path {
    /// Reads a path.
    pub(super) fn read(text: &str) -> Result<Path, String> {
        let text = text.strip_suffix('/').map_or_else(|| text.to_owned(), |_| format!("{text}*"));
        if text.starts_with('/') {
            return Err(format!("the path `{text}` begins with `/`: paths start at an element"));
        }
        let mut rest = text.as_str();
        let mut steps = Vec::new();
        let mut is_below = false;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("//") {
                (is_below, rest) = (true, after);
                continue;
            }
            if let Some(after) = rest.strip_prefix('/') {
                rest = after;
                continue;
            }
            if rest.starts_with('[') {
                let end = rest.find(']').ok_or_else(|| format!("the path `{text}` has a `[` that is not closed"))?;
                steps.push(Step::Only(predicate(&rest[1..end]).ok_or_else(|| {
                    format!("the path `{text}` has the predicate `{}`, which is not known", &rest[..=end])
                })?));
                rest = &rest[end + 1..];
                continue;
            }
            // A namespace in braces may hold slashes.
            let name_start = if rest.starts_with('{') { rest.find('}').map_or(0, |at| at + 1) } else { 0 };
            let end = rest[name_start..].find(['/', '[']).map_or(rest.len(), |at| at + name_start);
            let word = &rest[..end];
            rest = &rest[end..];
            steps.push(match (word, std::mem::take(&mut is_below)) {
                (".", _) => Step::Itself,
                ("..", _) => Step::Parent,
                (tag, false) => Step::Children(Tag(tag.to_owned())),
                (tag, true) => Step::Below(Tag(tag.to_owned())),
            });
        }
        Ok(Path(steps))
    }
}

fn predicate(text: &str) -> Option<Predicate> {
    let text = text.trim();
    let quoted = |text: &str| {
        let text = text.trim();
        let inner = ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
        inner.map(str::to_owned)
    };
    let (name, wanted) = match (text.split_once("!="), text.split_once('=')) {
        (Some((name, value)), _) => (name.trim(), Some((false, quoted(value)?))),
        (None, Some((name, value))) => (name.trim(), Some((true, quoted(value)?))),
        (None, None) => (text, None),
    };
    if let Some(name) = name.strip_prefix('@') {
        return Some(Predicate::Attribute(name.to_owned(), wanted));
    }
    match (name, wanted) {
        (".", Some((equal, wanted))) => Some(Predicate::Text(equal, wanted)),
        ("last()", None) => Some(Predicate::Place(-1)),
        (name, None) if name.starts_with("last()") => {
            let less: isize = name.strip_prefix("last()")?.trim().strip_prefix('-')?.trim().parse().ok()?;
            Some(Predicate::Place(-1 - less))
        }
        (name, None) if name.bytes().all(|b| b.is_ascii_digit()) => {
            name.parse::<isize>().ok().filter(|place| *place > 0).map(|place| Predicate::Place(place - 1))
        }
        (name, wanted) if !name.is_empty() && !name.contains(['(', ' ']) => {
            Some(Predicate::Child(name.to_owned(), wanted))
        }
        _ => None,
    }
}
