//! Events to nodes: anchors, tags, merge keys, duplicate keys, and the bounds that keep hostile text harmless.
//!
//! Aliases share what they name, so a "billion laughs" costs no memory here. But whoever walks the tree meets every
//! copy, so the copies are counted and bounded, and nesting is bounded *through* aliases.

mod keys;
mod said;

use super::events::{Event, Parser, Properties, What};
use super::resolve::{self, BadNumber, Scalar};
use super::tag::{self, Tag};
use super::{Kind, Mapping, Node, ScalarStyle};
use crate::source::{Diagnostic, Diagnostics, SourceId, Span, did_you_mean};
use crate::value::Key;
use keys::Names;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// The deepest nesting. Arbitrary; what people write stays below 30, and recursion over this many levels fits any stack.
const MAX_DEPTH: usize = 250;

/// The code of a key that stands twice in a dictionary.
pub(super) const REPEATED_KEY: &str = "W0101";

/// Composes one document; `None` when an error prevents it.
pub(super) fn compose(id: SourceId, text: &str, json: bool, found: &mut Diagnostics) -> Option<Node> {
    let mut composer = Composer {
        id,
        text,
        json,
        found,
        anchors: HashMap::new(),
        stack: Vec::new(),
        root: None,
        names: Names::default(),
        copies: 0,
        errors: 0,
        warnings: 0,
    };
    match composer.run() {
        Ok(()) => Some(composer.root.map_or_else(|| Node::new(Kind::Null, Span::new(id, 0, 0)), |root| root.node)),
        Err(Stop) => None,
    }
}

/// The document cannot be composed; why is among the diagnostics.
struct Stop;

/// A node with what its copies would cost.
#[derive(Clone)]
struct Composed {
    node: Node,
    /// Nodes in it, copies counted.
    count: usize,
    /// Levels of nesting in it.
    height: usize,
}

/// What an anchor names.
enum Anchored {
    /// A collection that is still being read: an alias to it would contain itself.
    Open(Span),
    Done(Composed, Span),
}

/// A collection that is being read.
struct Frame {
    content: Content,
    anchor: Option<Arc<str>>,
    /// Where its first byte stands.
    start: usize,
    /// Whether brackets show where it ends.
    flow: bool,
    /// Where its last child ended.
    end: usize,
    /// `!unsafe`, its own or from around it.
    is_unsafe: bool,
    count: usize,
    height: usize,
}

enum Content {
    Seq(Vec<Node>),
    Map { written: Mapping, merged: Vec<Arc<Mapping>>, key: Option<PendingKey> },
}

/// A key whose value has not come yet.
enum PendingKey {
    Key(Key, Node),
    /// `<<`
    Merge,
    /// Not usable; said so already. Its value is read and dropped.
    Bad,
}

struct Composer<'a> {
    id: SourceId,
    text: &'a str,
    json: bool,
    found: &'a mut Diagnostics,
    anchors: HashMap<Arc<str>, Anchored>,
    stack: Vec<Frame>,
    root: Option<Composed>,
    names: Names,
    copies: usize,
    errors: usize,
    warnings: usize,
}

impl Composer<'_> {
    fn run(&mut self) -> Result<(), Stop> {
        let mut parser = Parser::new(self.text);
        let mut documents = 0;
        loop {
            let event = match parser.next() {
                Ok(event) => event,
                Err(error) => return Err(self.syntax_error(&error)),
            };
            match event.what {
                What::StreamEnd => return Ok(()),
                What::DocumentEnd => {}
                What::DocumentStart => {
                    documents += 1;
                    if documents > 1 {
                        return Err(self.second_document(event.range));
                    }
                }
                _ => self.node(event)?,
            }
        }
    }

    fn node(&mut self, event: Event<'_>) -> Result<(), Stop> {
        match event.what {
            What::Alias { anchor } => {
                let target = self.alias(anchor, event.range.clone())?;
                self.put(target, event.range.end)
            }
            What::Scalar { properties, value, style, implicit } => {
                self.scalar(properties, value, style, implicit, event.range)
            }
            What::SequenceStart { properties, flow } => {
                self.open(Content::Seq(Vec::new()), properties, flow, event.range)
            }
            What::MappingStart { properties, flow } => {
                let content = Content::Map { written: Mapping::default(), merged: Vec::new(), key: None };
                self.open(content, properties, flow, event.range)
            }
            _ => self.close(event.range),
        }
    }

    fn open(
        &mut self,
        content: Content,
        properties: Properties<'_>,
        flow: bool,
        range: Range<usize>,
    ) -> Result<(), Stop> {
        let start = self.content_start(properties, &range);
        let span = self.span(start..start + 1);
        if self.stack.len() >= MAX_DEPTH {
            return Err(self.too_deep(span));
        }
        let is_map = matches!(content, Content::Map { .. });
        let mut is_unsafe = self.stack.last().is_some_and(|frame| frame.is_unsafe);
        match tag::of(properties.tag) {
            Tag::None => {}
            Tag::Unsafe => is_unsafe = true,
            Tag::Map if is_map => {}
            Tag::Seq if !is_map => {}
            tag => self.error(tag.misfit(if is_map { "dictionary" } else { "list" }, span)),
        }
        let anchor = properties.anchor.map(Arc::from);
        if let Some(name) = &anchor {
            self.anchor(Arc::clone(name), Anchored::Open(span));
        }
        self.stack.push(Frame { content, anchor, start, flow, end: start, is_unsafe, count: 1, height: 1 });
        Ok(())
    }

    fn close(&mut self, range: Range<usize>) -> Result<(), Stop> {
        let frame = self.stack.pop().expect("the parser closes only what it opened");
        let end = if frame.flow { range.end } else { frame.end };
        let span = self.span(frame.start..end);
        let kind = match frame.content {
            Content::Seq(mut items) => {
                items.shrink_to_fit();
                Kind::Seq(Arc::new(items))
            }
            Content::Map { mut written, merged, .. } if merged.is_empty() => {
                written.entries.shrink_to_fit();
                Kind::Map(Arc::new(written))
            }
            Content::Map { written, merged, .. } => Kind::Map(Arc::new(self.merge(merged, written, span)?)),
        };
        let composed = Composed { node: Node::new(kind, span), count: frame.count, height: frame.height };
        if let Some(name) = frame.anchor {
            self.anchors.insert(name, Anchored::Done(composed.clone(), span));
        }
        self.put(composed, end)
    }

    fn scalar(
        &mut self,
        properties: Properties<'_>,
        value: &str,
        style: ScalarStyle,
        implicit: bool,
        range: Range<usize>,
    ) -> Result<(), Stop> {
        let start = self.content_start(properties, &range);
        let end = range.end.max(start);
        let span = self.span(start..end - trailing_breaks(&self.text[start..end], style));
        let is_key = self.awaits_key();
        let resolved = self.resolve(properties.tag, value, implicit, span);
        if is_key && resolved == Scalar::Merge {
            self.stack.last_mut().expect("a key stands in a mapping").end = range.end;
            self.set_key(PendingKey::Merge);
            return Ok(());
        }
        let in_unsafe = self.stack.last().is_some_and(|frame| frame.is_unsafe);
        let tag = tag::of(properties.tag);
        let kind = match resolved {
            Scalar::Null => Kind::Null,
            Scalar::Bool(b) => Kind::Bool(b),
            Scalar::Int(n) => Kind::Int(n),
            Scalar::Float(f) => Kind::Float(f),
            Scalar::Bad(why) => {
                self.bad_number(value, why, span);
                Kind::Str(value.into())
            }
            Scalar::Merge | Scalar::Equals if !is_key => {
                self.error(
                    Diagnostic::error("E0108", format!("`{value}` without quotes is no value"))
                        .at(span)
                        .help(format!("quote it: \"{value}\"")),
                );
                Kind::Str(value.into())
            }
            _ if tag == Tag::Vault => Kind::Vault(value.into()),
            _ if tag == Tag::Unsafe || in_unsafe => Kind::Unsafe(value.into()),
            _ if is_key => Kind::Str(self.names.shared(value)),
            _ => Kind::Str(value.into()),
        };
        let is_moment = resolved == Scalar::Text && implicit && properties.tag.is_none() && resolve::is_moment(value);
        let style = if is_moment && style == ScalarStyle::Plain { ScalarStyle::Moment } else { style };
        let composed = Composed { node: Node { kind, span, style }, count: 1, height: 1 };
        if let Some(name) = properties.anchor {
            let name = Arc::from(name);
            self.anchor(Arc::clone(&name), Anchored::Done(composed.clone(), span));
        }
        self.put(composed, span.end as usize)
    }

    /// Returns what a scalar is, by its tag or by its looks.
    fn resolve(&mut self, tag: Option<&str>, value: &str, implicit: bool, span: Span) -> Scalar {
        let tag = tag::of(tag);
        let misfit = match tag {
            Tag::None if !implicit => return Scalar::Text,
            Tag::None if self.json => return resolve::json(value).unwrap_or(Scalar::Text),
            // Ansible looks at the type of `!unsafe` text as if it stood without quotes.
            Tag::None | Tag::Unsafe => return resolve::plain(value),
            Tag::Str | Tag::Vault => return Scalar::Text,
            Tag::Null => return Scalar::Null,
            Tag::Merge if value == "<<" && self.awaits_key() => return Scalar::Merge,
            Tag::Bool => resolve::boolean(value).map(Scalar::Bool),
            Tag::Float => resolve::float(value).map(Scalar::Float),
            Tag::Int => match resolve::int(value) {
                Ok(n) => Some(Scalar::Int(n)),
                Err(BadNumber::TooLarge) => Some(Scalar::Bad(BadNumber::TooLarge)),
                Err(BadNumber::NoDigits) => None,
            },
            _ => {
                self.error(tag.misfit("scalar", span));
                return Scalar::Text;
            }
        };
        misfit.unwrap_or_else(|| {
            let what = tag.shown();
            self.error(Diagnostic::error("E0108", format!("`{value}` cannot be read as `{what}`")).at(span));
            Scalar::Text
        })
    }

    fn alias(&mut self, name: &str, range: Range<usize>) -> Result<Composed, Stop> {
        let span = self.span(range);
        let missing = Composed { node: Node::new(Kind::Null, span), count: 1, height: 1 };
        let composed = match self.anchors.get(name) {
            Some(Anchored::Done(composed, _)) => composed.clone(),
            Some(Anchored::Open(anchor)) => {
                let anchor = *anchor;
                self.error(
                    Diagnostic::error("E0102", format!("`*{name}` stands inside the value it names"))
                        .at_with(span, "would contain itself")
                        .also(anchor, format!("`&{name}` names this")),
                );
                return Ok(missing);
            }
            None => {
                let help = did_you_mean(name, self.anchors.keys().map(|known| &**known));
                let quote = format!("a value that starts with `*` is an alias; quote it if it is text: \"*{name}\"");
                self.error(
                    Diagnostic::error("E0102", format!("nothing before this is named `&{name}`"))
                        .at(span)
                        .help(help.unwrap_or(quote)),
                );
                return Ok(missing);
            }
        };
        if self.stack.len() + composed.height > MAX_DEPTH {
            return Err(self.too_deep(span));
        }
        self.count_copies(composed.count, span)?;
        let in_unsafe = self.stack.last().is_some_and(|frame| frame.is_unsafe);
        match in_unsafe {
            true => Ok(Composed { node: made_unsafe(&composed.node), ..composed }),
            false => Ok(composed),
        }
    }

    /// Puts a finished node where it belongs.
    fn put(&mut self, composed: Composed, end: usize) -> Result<(), Stop> {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(composed);
            return Ok(());
        };
        frame.end = frame.end.max(end);
        frame.count += composed.count;
        frame.height = frame.height.max(composed.height + 1);
        match &mut frame.content {
            Content::Seq(items) => items.push(composed.node),
            Content::Map { key: key @ None, .. } => {
                *key = Some(PendingKey::Bad);
                let key = self.key(composed.node);
                self.set_key(key);
            }
            Content::Map { key, .. } => match key.take() {
                Some(PendingKey::Key(key, key_node)) => self.entry(key, key_node, composed.node),
                Some(PendingKey::Merge) => self.merge_from(composed.node),
                _ => {}
            },
        }
        Ok(())
    }

    fn anchor(&mut self, name: Arc<str>, anchored: Anchored) {
        let here = match &anchored {
            Anchored::Open(span) | Anchored::Done(_, span) => *span,
        };
        let first = match self.anchors.insert(Arc::clone(&name), anchored) {
            Some(Anchored::Open(span) | Anchored::Done(_, span)) => span,
            None => return,
        };
        self.error(
            Diagnostic::error("E0102", format!("`&{name}` names two values"))
                .at(here)
                .also(first, "first named here")
                .help("give one of them another name"),
        );
    }

    /// Returns where a node's own text starts: behind anchor, tag, and what stands between.
    fn content_start(&self, properties: Properties<'_>, range: &Range<usize>) -> usize {
        let mut start = range.start;
        if properties == Properties::default() {
            return start;
        }
        let bytes = self.text.as_bytes();
        // The range of a node without text ends with its properties: what follows belongs to something else.
        while start < range.end {
            start += match bytes[start] {
                b' ' | b'\t' | b'\r' | b'\n' => 1,
                b'#' => until(&bytes[start..], |b| b == b'\n'),
                b'!' if bytes.get(start + 1) == Some(&b'<') => until(&bytes[start..], |b| b == b'>') + 1,
                b'&' | b'!' => until(&bytes[start..], |b| b.is_ascii_whitespace() || matches!(b, b',' | b']' | b'}')),
                _ => break,
            };
        }
        start.min(range.end)
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.id, range.start, range.end.min(self.text.len()))
    }
}

/// Returns a copy in which no text is rendered.
fn made_unsafe(node: &Node) -> Node {
    let kind = match &node.kind {
        Kind::Str(text) => Kind::Unsafe(Arc::clone(text)),
        Kind::Seq(items) => Kind::Seq(Arc::new(items.iter().map(made_unsafe).collect())),
        Kind::Map(map) => {
            let mut all = Mapping::default();
            for (key, key_node, value) in map.iter() {
                all.insert(key.clone(), made_unsafe(key_node), made_unsafe(value));
            }
            Kind::Map(Arc::new(all))
        }
        other => other.clone(),
    };
    Node { kind, ..node.clone() }
}

/// Returns how many bytes of line breaks and empty lines end a block scalar: they are no part of what is shown.
fn trailing_breaks(text: &str, style: ScalarStyle) -> usize {
    match style {
        ScalarStyle::Literal | ScalarStyle::Folded => text.len() - text.trim_end_matches([' ', '\n', '\r']).len(),
        _ => 0,
    }
}

/// Returns how many bytes stand before the first one that fits.
fn until(bytes: &[u8], fits: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|b| fits(*b)).unwrap_or(bytes.len())
}
