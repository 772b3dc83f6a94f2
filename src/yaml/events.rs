//! The event parser: the only file that knows `libyaml-rs`, and the only one here with `unsafe`.
//!
//! `libyaml-rs` is the C library translated to Rust, the same parser that PyYAML (and so Ansible) uses; its functions are
//! `unsafe` and hand out raw pointers. [`Parser`] owns parser and current event, and lends each event's texts until the
//! next call, so that a composer copies a text once, into its final place.
//!
//! A trap avoided: in the C library a mark's `index` counts characters; in this translation it counts bytes of the input
//! (a test holds it to that), so no conversion is needed.
#![expect(unsafe_code, reason = "libyaml-rs has a C interface; this file wraps it in a safe one")]

use super::ScalarStyle;
use libyaml_rs as sys;
use std::ffi::CStr;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;

/// What the text says next, with the bytes that it takes.
#[derive(Debug)]
pub(super) struct Event<'e> {
    /// What.
    pub(super) what: What<'e>,
    /// Its bytes in the input; tag and anchor included.
    pub(super) range: Range<usize>,
}

/// What an event says.
#[derive(Debug, PartialEq)]
pub(super) enum What<'e> {
    DocumentStart,
    DocumentEnd,
    StreamEnd,
    Alias {
        anchor: &'e str,
    },
    Scalar {
        properties: Properties<'e>,
        value: &'e str,
        style: ScalarStyle,
        /// Whether the parser leaves the type to the resolver: plain without a tag, or any style with the tag `!`.
        implicit: bool,
    },
    SequenceStart {
        properties: Properties<'e>,
        flow: bool,
    },
    SequenceEnd,
    MappingStart {
        properties: Properties<'e>,
        flow: bool,
    },
    MappingEnd,
}

/// What may stand before a node.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Properties<'e> {
    /// `&name`
    pub(super) anchor: Option<&'e str>,
    /// The tag with its handle resolved: `!!int` is `tag:yaml.org,2002:int`.
    pub(super) tag: Option<&'e str>,
}

/// Why the parser gave up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    /// What it stumbled over.
    pub(super) problem: String,
    /// The byte where.
    pub(super) at: usize,
    /// What it was doing, and since which byte.
    pub(super) context: Option<(String, usize)>,
}

/// Reads a text as YAML events.
pub(super) struct Parser<'t> {
    /// Owned; from `Box::into_raw`, because the parser keeps a pointer to itself and must never move.
    parser: *mut sys::yaml_parser_t,
    /// The event lent last; all zero (which is "no event") before the first and after the last.
    event: sys::yaml_event_t,
    text: PhantomData<&'t str>,
}

impl<'t> Parser<'t> {
    /// Makes a parser at the start of `text`.
    pub(super) fn new(text: &'t str) -> Parser<'t> {
        let parser = Box::into_raw(Box::new(MaybeUninit::<sys::yaml_parser_t>::zeroed())).cast::<sys::yaml_parser_t>();
        // SAFETY: `parser` points to memory of the right size and alignment that only we know; `initialize` writes all of
        // it (and cannot fail: it aborts when memory is short). The text outlives the parser by `'t`. An all-zero event is
        // what the library itself calls an empty one.
        unsafe {
            let _ = sys::yaml_parser_initialize(parser).ok;
            sys::yaml_parser_set_encoding(parser, sys::YAML_UTF8_ENCODING);
            sys::yaml_parser_set_input_string(parser, text.as_ptr(), text.len() as u64);
            Parser { parser, event: MaybeUninit::zeroed().assume_init(), text: PhantomData }
        }
    }

    /// Returns the next event; after the last one, or after an error, `StreamEnd` for ever.
    pub(super) fn next(&mut self) -> Result<Event<'_>, SyntaxError> {
        loop {
            // SAFETY: parser and event are initialised and owned. The event's pointers are freed here, and nobody holds
            // any: what was lent of them was borrowed from `self`. `parse` overwrites the event, with zeros on failure.
            let parsed = unsafe {
                sys::yaml_event_delete(&raw mut self.event);
                sys::yaml_parser_parse(self.parser, &raw mut self.event).ok
            };
            if !parsed {
                return Err(self.error());
            }
            if self.event.type_ != sys::YAML_STREAM_START_EVENT {
                return Ok(self.lend());
            }
        }
    }

    /// Returns the current event with texts borrowed from it.
    fn lend(&self) -> Event<'_> {
        let data = &self.event.data;
        // SAFETY: which member of the union is valid follows from the event's type; its pointers are valid, unchanged and
        // terminated until the event is deleted, which needs `&mut self`.
        let what = unsafe {
            match self.event.type_ {
                sys::YAML_DOCUMENT_START_EVENT => What::DocumentStart,
                sys::YAML_DOCUMENT_END_EVENT => What::DocumentEnd,
                sys::YAML_ALIAS_EVENT => What::Alias { anchor: terminated(data.alias.anchor).unwrap_or_default() },
                sys::YAML_SCALAR_EVENT => What::Scalar {
                    properties: Properties { anchor: terminated(data.scalar.anchor), tag: terminated(data.scalar.tag) },
                    value: counted(data.scalar.value, data.scalar.length),
                    style: style(data.scalar.style),
                    implicit: data.scalar.plain_implicit,
                },
                sys::YAML_SEQUENCE_START_EVENT => What::SequenceStart {
                    properties: Properties {
                        anchor: terminated(data.sequence_start.anchor),
                        tag: terminated(data.sequence_start.tag),
                    },
                    flow: data.sequence_start.style == sys::YAML_FLOW_SEQUENCE_STYLE,
                },
                sys::YAML_SEQUENCE_END_EVENT => What::SequenceEnd,
                sys::YAML_MAPPING_START_EVENT => What::MappingStart {
                    properties: Properties {
                        anchor: terminated(data.mapping_start.anchor),
                        tag: terminated(data.mapping_start.tag),
                    },
                    flow: data.mapping_start.style == sys::YAML_FLOW_MAPPING_STYLE,
                },
                sys::YAML_MAPPING_END_EVENT => What::MappingEnd,
                _ => What::StreamEnd,
            }
        };
        let range = self.event.start_mark.index as usize..self.event.end_mark.index as usize;
        Event { what, range }
    }

    /// Returns what stopped the parser.
    fn error(&self) -> SyntaxError {
        // SAFETY: the parser is initialised; no mutable reference to it exists while `self` is borrowed. Problem and
        // context are null or point to the library's own terminated constants.
        unsafe {
            let parser = &*self.parser;
            let text = |pointer: *const u8| terminated(pointer).unwrap_or_default().to_owned();
            let at = match parser.error {
                sys::YAML_READER_ERROR => parser.problem_offset,
                _ => parser.problem_mark.index,
            };
            let context =
                (!parser.context.is_null()).then(|| (text(parser.context.cast()), parser.context_mark.index as usize));
            SyntaxError { problem: text(parser.problem.cast()), at: at as usize, context }
        }
    }
}

impl Drop for Parser<'_> {
    fn drop(&mut self) {
        // SAFETY: both are initialised and deleted once; the box came from `Box::into_raw` with this layout
        // (`MaybeUninit` has that of its content).
        unsafe {
            sys::yaml_event_delete(&raw mut self.event);
            sys::yaml_parser_delete(self.parser);
            drop(Box::from_raw(self.parser.cast::<MaybeUninit<sys::yaml_parser_t>>()));
        }
    }
}

/// Returns a text of known length.
///
/// # Safety
/// `start` must point to `length` bytes that stay valid and unchanged for `'e`.
unsafe fn counted<'e>(start: *const u8, length: u64) -> &'e str {
    // SAFETY: as the caller promises.
    let bytes = unsafe { std::slice::from_raw_parts(start, length as usize) };
    // The input is UTF-8 and the library refuses escapes that are no characters, so this always succeeds.
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Returns a text that ends with a zero byte, or `None` for the null pointer.
///
/// # Safety
/// `start` must be null or point to bytes that end with a zero and stay valid and unchanged for `'e`.
unsafe fn terminated<'e>(start: *const u8) -> Option<&'e str> {
    if start.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    let bytes = unsafe { CStr::from_ptr(start.cast()) }.to_bytes();
    Some(std::str::from_utf8(bytes).unwrap_or_default())
}

fn style(style: sys::yaml_scalar_style_t) -> ScalarStyle {
    match style {
        sys::YAML_SINGLE_QUOTED_SCALAR_STYLE => ScalarStyle::SingleQuoted,
        sys::YAML_DOUBLE_QUOTED_SCALAR_STYLE => ScalarStyle::DoubleQuoted,
        sys::YAML_LITERAL_SCALAR_STYLE => ScalarStyle::Literal,
        sys::YAML_FOLDED_SCALAR_STYLE => ScalarStyle::Folded,
        _ => ScalarStyle::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalars(text: &str) -> Vec<(String, Range<usize>)> {
        let mut parser = Parser::new(text);
        let mut found = Vec::new();
        loop {
            let event = parser.next().expect("valid");
            match event.what {
                What::Scalar { value, .. } => found.push((value.to_owned(), event.range)),
                What::StreamEnd => return found,
                _ => {}
            }
        }
    }

    #[test]
    fn marks_count_bytes() {
        let text = "ä: \"ü\u{1f600}\" # ö\r\nb\u{e9}: x\u{85}c: d\u{2028}e: f\n";
        for (value, range) in scalars(text) {
            assert_eq!(text[range].trim_matches('"'), value);
        }
    }

    #[test]
    fn values_may_hold_zero_bytes() {
        assert_eq!(scalars("\"a\\0b\"")[0].0, "a\0b");
    }

    #[test]
    fn errors_have_problem_place_and_context() {
        let mut parser = Parser::new("a: [1, 2\nb: }");
        let error = loop {
            match parser.next() {
                Ok(event) => assert!(event.what != What::StreamEnd, "no error"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.problem, "did not find expected ',' or ']'");
        assert_eq!(error.context, Some(("while parsing a flow sequence".to_owned(), 3)));
        assert_eq!(parser.next().expect("no more").what, What::StreamEnd, "after an error there is nothing");
    }

    #[test]
    fn a_control_character_is_an_error_at_its_byte() {
        let mut parser = Parser::new("ä\u{1}");
        let error = std::iter::from_fn(|| Some(parser.next().err())).take(9).flatten().next().expect("an error");
        assert_eq!((error.problem.as_str(), error.at), ("control characters are not allowed", 2));
    }
}
