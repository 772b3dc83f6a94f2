//! From a place in a string's value back to the source: a Jinja error inside a YAML string is shown where it is written.
//!
//! The scalar is read a second time, each byte of the value remembering what it was written as. What comes out must equal
//! the value, otherwise the node's own span is the answer: a wrong place is worse than a wide one. This runs only when
//! something is wrong, so it may be slow; reading every scalar this way would not be.

use super::{Kind, Node, ScalarStyle};
use crate::source::{SourceMap, Span};
use std::ops::Range;

impl Node {
    /// Returns where the bytes `start..end` of a string node's value are written; the node's own span when it is no
    /// string or its value is not what the source says (because it was put together from parts, say).
    pub fn place_of(&self, sources: &SourceMap, start: usize, end: usize) -> Span {
        let (Kind::Str(value) | Kind::Unsafe(value) | Kind::Vault(value)) = &self.kind else { return self.span };
        let source = sources.get(self.span.source);
        let Some(written) = trace(&source.text, self.span, self.style, value) else { return self.span };
        let (start, end) = (start.min(value.len()), end.clamp(start.min(value.len()), value.len()));
        let first = match written.get(start) {
            Some(range) => range.start,
            None => written.last().map_or(self.span.start as usize, |range| range.end),
        };
        let last = if end > start { written[end - 1].end } else { first };
        Span::new(self.span.source, first, last)
    }
}

/// Returns what each byte of a value is written as.
fn trace(text: &str, span: Span, style: ScalarStyle, value: &str) -> Option<Vec<Range<usize>>> {
    let (start, end) = (span.start as usize, span.end as usize);
    let mut reader = Reader { text, at: start, value: String::new(), written: Vec::new() };
    match style {
        ScalarStyle::Plain | ScalarStyle::Moment => reader.flow(end, style)?,
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
            text.get(start..end).filter(|written| written.len() >= 2)?;
            reader.at += 1;
            reader.flow(end - 1, style)?;
        }
        ScalarStyle::Literal | ScalarStyle::Folded => return trace_block(reader, style, value),
    }
    (reader.value == value).then_some(reader.written)
}

/// Reads a block scalar. Its indentation may be stated relative to a parent that is not known here, so every one that
/// its first line allows is tried; chomping only cuts line breaks off the end, so any number of them may be missing.
fn trace_block(reader: Reader<'_>, style: ScalarStyle, value: &str) -> Option<Vec<Range<usize>>> {
    let text = reader.text;
    let body = reader.at + text.get(reader.at..)?.find('\n')? + 1;
    let first = text[body..].lines().find(|line| !line.trim_matches([' ', '\r']).is_empty()).unwrap_or("");
    let widest = first.len() - first.trim_start_matches(' ').len();
    for indent in (0..=widest).rev() {
        let mut reader = Reader { text, at: body, value: String::new(), written: Vec::new() };
        reader.block(indent, style == ScalarStyle::Folded, value.len());
        let rest = reader.value.strip_prefix(value);
        if rest.is_some_and(|rest| rest.bytes().all(|b| b == b'\n')) {
            reader.written.truncate(value.len());
            return Some(reader.written);
        }
    }
    None
}

/// Reads a scalar, remembering what each byte of the value is written as.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    value: String,
    written: Vec<Range<usize>>,
}

impl Reader<'_> {
    fn put(&mut self, c: char, written: Range<usize>) {
        self.value.push(c);
        self.written.extend(std::iter::repeat_n(written, c.len_utf8()));
    }

    /// Takes one character as it stands.
    fn take(&mut self) -> Option<()> {
        let c = self.text.get(self.at..)?.chars().next()?;
        let end = self.at + c.len_utf8();
        self.put(c, self.at..end);
        self.at = end;
        Some(())
    }

    /// Reads the inside of a plain or quoted scalar, up to `end`.
    fn flow(&mut self, end: usize, style: ScalarStyle) -> Option<()> {
        while self.at < end {
            match self.text.as_bytes()[self.at] {
                b' ' | b'\t' | b'\n' | b'\r' => self.white(end)?,
                b'\'' if style == ScalarStyle::SingleQuoted => {
                    self.put('\'', self.at..self.at + 2);
                    self.at += 2;
                }
                b'\\' if style == ScalarStyle::DoubleQuoted => self.escape(end)?,
                _ => self.take()?,
            }
        }
        Some(())
    }

    /// Reads white space: as it stands within a line; a line break with all around it as one space; of several breaks
    /// the first goes.
    fn white(&mut self, end: usize) -> Option<()> {
        let run = &self.text[self.at..end];
        let run = &run[..run.len() - run.trim_start_matches([' ', '\t', '\n', '\r']).len()];
        let stop = self.at + run.len();
        let breaks = breaks(run, self.at);
        match breaks.as_slice() {
            [] => {
                while self.at < stop {
                    self.take()?;
                }
            }
            [_] => self.put(' ', self.at..stop),
            [_, rest @ ..] => rest.iter().for_each(|place| self.put('\n', place.clone())),
        }
        self.at = stop;
        Some(())
    }

    /// Reads a backslash and what belongs to it.
    fn escape(&mut self, end: usize) -> Option<()> {
        let start = self.at;
        let letter = self.text[start + 1..].chars().next()?;
        if matches!(letter, '\n' | '\r') {
            // The break is escaped, and goes; empty lines behind it stay.
            let run = &self.text[start + 1..end];
            let run = &run[..run.len() - run.trim_start_matches([' ', '\t', '\n', '\r']).len()];
            for place in breaks(run, start + 1).into_iter().skip(1) {
                self.put('\n', place);
            }
            self.at = start + 1 + run.len();
            return Some(());
        }
        let digits = match letter {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let stop = start + 1 + letter.len_utf8() + digits;
        let c = match letter {
            '0' => '\0',
            'a' => '\u{7}',
            'b' => '\u{8}',
            't' | '\t' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            'e' => '\u{1b}',
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            'x' | 'u' | 'U' => char::from_u32(u32::from_str_radix(self.text.get(start + 2..stop)?, 16).ok()?)?,
            other => other,
        };
        self.put(c, start..stop);
        self.at = stop;
        Some(())
    }

    /// Reads the lines of a block scalar, all their breaks kept, until a line stands further left than `indent`; no
    /// further than just behind `enough` bytes of value, because what follows the scalar may be long.
    fn block(&mut self, indent: usize, folded: bool, enough: usize) {
        let mut last_break: Option<Range<usize>> = None;
        let mut empty: Vec<Range<usize>> = Vec::new();
        let mut last_is_blank = false;
        while self.at < self.text.len() && self.value.len() <= enough {
            let rest = &self.text[self.at..];
            let line = rest.split_inclusive('\n').next().unwrap_or(rest);
            let content = line.trim_end_matches(['\n', '\r']);
            let spaces = content.len() - content.trim_start_matches(' ').len();
            let line_break = (content.len() < line.len()).then(|| self.at + content.len()..self.at + line.len());
            if spaces == content.len() && spaces <= indent {
                match line_break {
                    Some(place) => empty.push(place),
                    None => break,
                }
                self.at += line.len();
                continue;
            }
            if spaces < indent {
                break;
            }
            let is_blank = content[indent..].starts_with([' ', '\t']);
            if let Some(place) = last_break.take() {
                match folded && !is_blank && !last_is_blank {
                    true if empty.is_empty() => self.put(' ', place.start..place.end + indent),
                    true => {}
                    false => self.put('\n', place),
                }
            }
            for place in empty.drain(..) {
                self.put('\n', place);
            }
            let end = self.at + content.len();
            let next = self.at + line.len();
            self.at += indent;
            while self.at < end && self.take().is_some() {}
            self.at = next;
            last_is_blank = is_blank;
            last_break = line_break;
        }
        for place in last_break.into_iter().chain(empty) {
            self.put('\n', place);
        }
    }
}

/// Returns the line breaks of a text that starts at byte `at`.
fn breaks(text: &str, at: usize) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut n = 0;
    while n < bytes.len() {
        let width = match &bytes[n..] {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => {
                n += 1;
                continue;
            }
        };
        found.push(at + n..at + n + width);
        n += width;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Diagnostics, Source};
    use crate::yaml::parse;
    use proptest::prelude::*;

    /// Reads `text` and returns what the part `start..end` of the value at its one key is written as.
    fn written(text: &str, find: &str) -> String {
        let (sources, node) = value_of(text);
        let value = node.as_str().expect("a string").to_owned();
        let start = value.find(find).unwrap_or_else(|| panic!("`{find}` is not in {value:?}"));
        let place = node.place_of(&sources, start, start + find.len());
        sources.get(place.source).slice(place).to_owned()
    }

    fn value_of(text: &str) -> (SourceMap, Node) {
        let sources = SourceMap::new();
        let id = sources.add(Source::new("t.yml", None, text));
        let mut found = Diagnostics::new();
        let node = parse(id, &sources, &mut found).unwrap_or_else(|| panic!("not valid: {found:?}\n{text}"));
        let value = node.as_map().and_then(|map| map.get("k")).expect("the key").clone();
        (sources, value)
    }

    #[test]
    fn a_part_of_a_value_is_found_in_every_style() {
        let cases = [
            ("k: abc {{ x }} def", "{{ x }}", "{{ x }}"),
            ("k: abc\n   {{ x\n   }} def", "{{ x }}", "{{ x\n   }}"),
            ("k: 'it''s {{ x }}'", "{{ x }}", "{{ x }}"),
            ("k: 'it''s {{ x }}'", "it's", "it''s"),
            ("k: \"\\u00e4\\t{{ x }}\"", "{{ x }}", "{{ x }}"),
            ("k: \"\\u00e4\\t{{ x }}\"", "ä", "\\u00e4"),
            ("k: \"a\\\n   {{ x }}\"", "a{{ x }}", "a\\\n   {{ x }}"),
            ("k: !unsafe |\n  a\n    {{ x }}\n", "{{ x }}", "{{ x }}"),
            ("k: |2-\n   a\n  {{ x }}\n\nb: c", "{{ x }}", "{{ x }}"),
            ("k: >-\n  a\n  {{ x\n  }}\n\n  b\nb: c", "{{ x }}", "{{ x\n  }}"),
            ("k: > # why\r\n  a\r\n  {{ x }}\r\n", "a {{ x }}", "a\r\n  {{ x }}"),
            ("k: |+\n  a\n\nb: c", "a\n\n", "a\n\n"),
        ];
        for (text, find, expected) in cases {
            assert_eq!(written(text, find), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_string_or_was_put_together_has_its_own_span() {
        let (sources, node) = value_of("k: 12");
        assert_eq!(node.place_of(&sources, 0, 1), node.span);
        let (sources, mut node) = value_of("k: abc");
        node.kind = Kind::Str("else".into());
        assert_eq!(node.place_of(&sources, 1, 2), node.span);
        let (sources, node) = value_of("k: abc");
        let behind = node.place_of(&sources, 90, 99);
        assert_eq!((behind.start, behind.end), (6, 6), "past the end is the end");
    }

    /// Writes words into lines of a flow scalar: a space may become a line break, a break becomes two.
    fn folded(text: &str, seed: &[bool]) -> String {
        let mut fold = seed.iter().cycle();
        text.chars()
            .map(|c| match c {
                ' ' if *fold.next().unwrap_or(&false) => "\n     ".to_owned(),
                '\n' => "\n\n   ".to_owned(),
                c => c.to_string(),
            })
            .collect()
    }

    fn double_quoted(text: &str, seed: &[bool]) -> String {
        let mut fold = seed.iter().cycle();
        let inner: String = text
            .chars()
            .map(|c| {
                let broken = if *fold.next().unwrap_or(&false) { "\\\n  " } else { "" };
                let c = match c {
                    '"' | '\\' => format!("\\{c}"),
                    ' ' => "\\ ".to_owned(),
                    '\n' => "\\n".to_owned(),
                    c if c.is_control() || c as u32 > 0xffff => format!("\\U{:08x}", c as u32),
                    c if c as u32 > 0xff => format!("\\u{:04x}", c as u32),
                    c => c.to_string(),
                };
                broken.to_owned() + &c
            })
            .collect();
        format!("\"{inner}\"")
    }

    /// Holds every character of `value`, written as `written`, to the place that it maps to.
    fn check(value: &str, written: &str) -> Result<(), TestCaseError> {
        let text = format!("# ä\nk: {written}\nz: 1\n");
        let (sources, node) = value_of(&text);
        prop_assert_eq!(node.as_str(), Some(value), "the writer writes what it should\n{}", text);
        let mut before = 0;
        for (start, c) in value.char_indices() {
            let place = node.place_of(&sources, start, start + c.len_utf8());
            let source = sources.get(place.source);
            let slice = source.slice(place);
            let fits = match c {
                ' ' => slice.trim().is_empty() || slice == "\\ ",
                '\n' => slice == "\n" || slice == "\\n",
                '\'' if written.starts_with('\'') => slice == "''",
                c => slice == c.to_string() || (slice.starts_with('\\') && slice.len() > 1),
            };
            prop_assert!(fits && !slice.is_empty(), "{:?} is written as {:?} in {:?}", c, slice, text);
            prop_assert!(place.start as usize >= before, "places go forward");
            before = place.end as usize;
        }
        Ok(())
    }

    const WORDS: &str = "[a-zä\u{1f600}{}%]{1,5}([ \n][a-zä\u{1f600}{}%]{1,5}){0,6}";

    proptest! {
        #[test]
        fn plain(value in "[a-zä]{1,4}([ \n][a-zä\u{1f600}%]{1,5}){0,6}", seed in prop::collection::vec(any::<bool>(), 1..9)) {
            prop_assume!(!matches!(value.as_str(), "yes" | "no" | "on" | "off" | "true" | "null"));
            check(&value, &folded(&value, &seed))?;
        }

        #[test]
        fn single_quoted(value in "[a-zä'{}\\\\]{1,4}([ \n][a-z'\u{1f600}{}%]{1,5}){0,6}", seed in prop::collection::vec(any::<bool>(), 1..9)) {
            check(&value, &format!("'{}'", folded(&value.replace('\'', "''"), &seed)))?;
        }

        #[test]
        fn double(value in "[ -~\n\t\u{0}-\u{10}ä\u{1f600}]{1,30}", seed in prop::collection::vec(any::<bool>(), 1..9)) {
            check(&value, &double_quoted(&value, &seed))?;
        }

        #[test]
        fn literal(value in "[ -~ä]{0,9}(\n[ -~ä]{0,9}){0,5}", indent in 1_usize..5) {
            prop_assume!(!value.trim().is_empty());
            let lines: String = value.split('\n').map(|line| format!("\n{}{line}", " ".repeat(indent))).collect();
            // A break at the end of the value needs `+` to stay.
            check(&(value.clone() + "\n"), &format!("|{indent}+{lines}"))?;
            check(&value, &format!("|{indent}-{lines}")).or_else(|e| if value.ends_with('\n') { Ok(()) } else { Err(e) })?;
        }

        #[test]
        fn folded_block(value in WORDS, seed in prop::collection::vec(any::<bool>(), 1..9)) {
            check(&value, &format!(">-\n   {}", folded(&value, &seed).replace("\n     ", "\n   ")))?;
        }
    }
}
