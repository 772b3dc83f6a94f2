//! `from_xml` and `to_xml`: XML as nested dictionaries, in the form of Python's `xmltodict`. An attribute is an entry
//! `@name`, text beside others is `#text`, elements of one name are a list.

use super::Filter;
use super::args::{Args, add_filter};
use super::{data, to_engine};
use crate::value::{Map, Value as Data};
use minijinja::{Error, Value};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "ansible.utils.from_xml",
        aliases: &[],
        doc: "Reads XML into nested dictionaries: attributes as `@name`, text beside them as `#text`.",
        add: |env, name| add_filter(env, name, &["engine"], |_, args| from_xml(args)),
    },
    Filter {
        name: "ansible.utils.to_xml",
        aliases: &[],
        doc: "Writes nested dictionaries as XML; `indent` is `tabs` or `spaces` (`indent_width`), `full_document` adds the head.",
        add: |env, name| {
            add_filter(env, name, &["engine", "indent", "indent_width", "full_document"], |_, args| to_xml(args))
        },
    },
];

/// How deep elements may be nested.
const MAX_DEPTH: usize = 200;

fn engine(args: &Args) -> Result<(), Error> {
    match args.text("engine")?.as_deref() {
        None | Some("xmltodict") => Ok(()),
        Some(other) => Err(args.error(format!("knows the engine `xmltodict` only, not `{other}`"))),
    }
}

fn from_xml(args: &Args) -> Result<Value, Error> {
    engine(args)?;
    let text = args.input_text()?;
    read(&text).map(|root| to_engine(&root)).map_err(|why| args.error(format!("the text is no XML: {why}")))
}

/// An element that is being read.
struct Element {
    name: String,
    entries: Map,
    text: String,
}

impl Element {
    fn open(tag: &BytesStart<'_>) -> Result<Element, String> {
        let mut entries = Map::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            entries.insert(format!("@{}", attribute.key.as_ref()), &*value);
        }
        Ok(Element { name: tag.name().as_ref().to_owned(), entries, text: String::new() })
    }

    fn push(&mut self, name: String, value: Data) {
        let joined = match self.entries.get(&name) {
            None => value,
            Some(Data::List(items)) => Data::from([&items[..], &[value]].concat()),
            Some(first) => Data::list([first.clone(), value]),
        };
        self.entries.insert(name, joined);
    }

    fn close(mut self) -> (String, Data) {
        let text = self.text.trim();
        let value = match (self.entries.is_empty(), text.is_empty()) {
            (true, true) => Data::Null,
            (true, false) => text.into(),
            (false, true) => self.entries.into(),
            (false, false) => {
                let text = text.to_owned();
                self.push("#text".into(), text.into());
                self.entries.into()
            }
        };
        (self.name, value)
    }
}

/// Reads XML into nested dictionaries.
pub(crate) fn read(text: &str) -> Result<Data, String> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let closed = match event {
            Event::Start(tag) => {
                if open.len() >= MAX_DEPTH {
                    return Err(format!("elements are nested deeper than {MAX_DEPTH}"));
                }
                open.push(Element::open(&tag)?);
                None
            }
            Event::Empty(tag) => Some(Element::open(&tag)?),
            Event::End(_) => open.pop(),
            Event::Text(text) => {
                append(&mut open, &text.xml10_content())?;
                None
            }
            Event::CData(text) => {
                append(&mut open, &text.xml10_content())?;
                None
            }
            Event::GeneralRef(reference) => {
                append(&mut open, &crate::xml::referenced(&reference)?)?;
                None
            }
            // Entities of one's own can make a small text a huge one.
            Event::DocType(text) if text.xml10_content().contains("<!ENTITY") => {
                return Err("it declares entities".into());
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => None,
        };
        let Some(closed) = closed else { continue };
        let (name, value) = closed.close();
        match open.last_mut() {
            Some(parent) => parent.push(name, value),
            None if root.is_some() => return Err("there is more than one root element".into()),
            None => root = Some(Data::map([(name, value)])),
        }
    }
    match (open.last(), root) {
        (Some(element), _) => Err(format!("`<{}>` is not closed", element.name)),
        (None, None) => Err("there is no element".into()),
        (None, Some(root)) => Ok(root),
    }
}

fn append(open: &mut [Element], text: &str) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim_matches(['\u{feff}', ' ', '\t', '\n', '\r']).is_empty() => {}
        None => return Err("there is text outside of the root element".into()),
    }
    Ok(())
}

fn to_xml(args: &Args) -> Result<Value, Error> {
    engine(args)?;
    let indent = match args.text("indent")?.as_deref() {
        None | Some("tabs") => "\t".to_owned(),
        Some("spaces") => " ".repeat(args.count("indent_width", 4, 100)?),
        Some(other) => return Err(args.error(format!("`indent` is `tabs` or `spaces`, not `{other}`"))),
    };
    let Data::Map(root) = data(args.input())? else { return Err(args.wrong("a dictionary", args.input())) };
    let full = args.flag("full_document", true);
    if full && root.len() != 1 {
        return Err(args.error(format!("a document has one root element, not {}", root.len())));
    }
    let mut out = String::new();
    if full {
        out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    }
    for (key, value) in root.iter() {
        if full && matches!(value, Data::List(items) if items.len() != 1) {
            return Err(args.error("a document has one root element"));
        }
        write(&key.to_string(), value, 0, &indent, &mut out).map_err(|why| args.error(why))?;
        args.bounded(out.len())?;
    }
    Ok(out.into())
}

fn write(name: &str, value: &Data, depth: usize, indent: &str, out: &mut String) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("the data is nested deeper than {MAX_DEPTH} levels"));
    }
    if !is_name(name) {
        return Err(format!("`{name}` is no name of an element"));
    }
    let items = match value {
        Data::List(items) => &items[..],
        one => std::slice::from_ref(one),
    };
    for item in items {
        let (mut text, mut children) = (None, Vec::new());
        out.push_str(&indent.repeat(depth));
        out.push('<');
        out.push_str(name);
        match item {
            Data::Null | Data::Omit => {}
            Data::Map(map) => {
                for (key, value) in map.iter() {
                    let key = key.to_string();
                    match (key.strip_prefix('@'), value) {
                        _ if key == "#text" => text = Some(shown(value)).filter(|_| *value != Data::Null),
                        (Some(attribute), value) => {
                            if !is_name(attribute) {
                                return Err(format!("`{attribute}` is no name of an attribute"));
                            }
                            let value = if *value == Data::Null { String::new() } else { value.to_text() };
                            out.push_str(&format!(" {attribute}={}", quoted(&value)));
                        }
                        (None, Data::List(items)) if items.is_empty() => {}
                        (None, value) => children.push((key, value)),
                    }
                }
            }
            other => text = Some(shown(other)),
        }
        out.push('>');
        if !children.is_empty() {
            out.push('\n');
        }
        for (key, value) in &children {
            write(key, value, depth + 1, indent, out)?;
        }
        if let Some(text) = text {
            out.push_str(&escaped(&text));
        }
        if !children.is_empty() {
            out.push_str(&indent.repeat(depth));
        }
        out.push_str(&format!("</{name}>"));
        if depth > 0 {
            out.push('\n');
        }
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'))
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
}

fn shown(value: &Data) -> String {
    match value {
        Data::Bool(b) => b.to_string(),
        other => other.to_text(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn quoted(text: &str) -> String {
    let text = escaped(text).replace('\n', "&#10;").replace('\r', "&#13;").replace('\t', "&#9;");
    match (text.contains('"'), text.contains('\'')) {
        (true, true) => format!("\"{}\"", text.replace('"', "&quot;")),
        (true, false) => format!("'{text}'"),
        _ => format!("\"{text}\""),
    }
}
