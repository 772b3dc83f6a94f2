//! Text read as a Python literal where it is one: values of INI inventories, and what network parsers render.
//!
//! `10` is a number, `True` a boolean, `[1, 'a']` a list, `1,2` a list as well (a tuple), `10.0.0.1` and `yes` are text.
//! A comment after a literal is dropped (`x=1 # one`); after text it belongs to the text, as in Ansible.

use super::{Kind, Mapping, Node, ScalarStyle};
use crate::source::Span;
use crate::value::Key;
use std::sync::Arc;

/// How deep lists and dictionaries may stand inside each other; deeper ones are text, as where Python gives up.
const MAX_DEPTH: usize = 90;

/// Reads a value. `place` gives the span of a byte range of `text`.
pub(crate) fn read(text: &str, place: &dyn Fn(usize, usize) -> Span) -> Node {
    let mut parser = Parser { text, at: 0, place };
    match parser.document() {
        Some(node) => node,
        None => Node::new(Kind::Str(text.into()), place(0, text.len())),
    }
}

/// Reads Python's literals. Every method returns `None` when the text is no literal.
struct Parser<'a> {
    text: &'a str,
    at: usize,
    place: &'a dyn Fn(usize, usize) -> Span,
}

impl<'a> Parser<'a> {
    /// Reads the whole text: one value, or a tuple without parentheses.
    fn document(&mut self) -> Option<Node> {
        if !self.may_be_literal() {
            return None;
        }
        self.blanks();
        let start = self.at;
        let first = self.value(0)?;
        self.blanks();
        if self.peek() != Some(b',') {
            return self.at_end().then_some(first);
        }
        let mut items = vec![first];
        while self.eat(b',') {
            self.blanks();
            if self.at_end() {
                break;
            }
            items.push(self.value(0)?);
            self.blanks();
        }
        self.at_end().then(|| self.node(Kind::Seq(Arc::new(items)), start))
    }

    /// Claims that it is worth trying: most values are plain words and addresses.
    fn may_be_literal(&self) -> bool {
        let text = self.text.trim_start_matches([' ', '\t']);
        match text.as_bytes() {
            [] => false,
            [b'T' | b'F' | b'N', ..] => ["True", "False", "None"].iter().any(|word| text.starts_with(word)),
            [b's', ..] => text.starts_with("set("),
            [first, rest @ ..] if first.is_ascii_alphabetic() => {
                matches!(first, b'r' | b'R' | b'b' | b'B' | b'u' | b'U')
                    && rest.iter().take(2).any(|b| matches!(b, b'\'' | b'"'))
            }
            [first, ..] => first.is_ascii(),
        }
    }

    /// Reads one value at the nesting `depth`.
    fn value(&mut self, depth: usize) -> Option<Node> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.blanks();
        let start = self.at;
        match self.peek()? {
            b'[' => {
                let items = self.items(b']', depth)?.0;
                Some(self.node(Kind::Seq(Arc::new(items)), start))
            }
            b'(' => {
                let (mut items, comma) = self.items(b')', depth)?;
                if items.len() == 1 && !comma {
                    return items.pop();
                }
                Some(self.node(Kind::Seq(Arc::new(items)), start))
            }
            b'{' => self.braces(depth),
            b'\'' | b'"' => self.strings(),
            b'+' | b'-' => {
                let negative = self.peek() == Some(b'-');
                self.at += 1;
                self.blanks();
                let kind = match self.number()? {
                    Kind::Int(n) if negative => Kind::Int(n.checked_neg()?),
                    Kind::Float(f) if negative => Kind::Float(-f),
                    kind => kind,
                };
                Some(self.node(kind, start))
            }
            b'0'..=b'9' => {
                let kind = self.number()?;
                Some(self.node(kind, start))
            }
            b'.' if self.rest().starts_with("...") => {
                self.at += 3;
                Some(self.node(Kind::Str("...".into()), start))
            }
            b'.' => {
                let kind = self.number()?;
                Some(self.node(kind, start))
            }
            _ => self.word(start),
        }
    }

    /// Reads `True`, `False`, `None`, `set()` or a string with a prefix.
    fn word(&mut self, start: usize) -> Option<Node> {
        let length = self.rest().bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let word = &self.rest()[..length];
        if matches!(self.rest().as_bytes().get(length), Some(b'\'' | b'"')) {
            return self.strings();
        }
        let kind = match word {
            "True" => Kind::Bool(true),
            "False" => Kind::Bool(false),
            "None" => Kind::Null,
            "set" => {
                self.at += length;
                self.blanks();
                let empty = self.eat(b'(') && {
                    self.blanks();
                    self.eat(b')')
                };
                return empty.then(|| self.node(Kind::Seq(Arc::default()), start));
            }
            _ => return None,
        };
        self.at += length;
        Some(self.node(kind, start))
    }

    /// Reads the items of a list or tuple up to `close`; also says whether the last one had a comma.
    fn items(&mut self, close: u8, depth: usize) -> Option<(Vec<Node>, bool)> {
        self.at += 1;
        let (mut items, mut comma) = (Vec::new(), true);
        loop {
            self.blanks();
            if self.eat(close) {
                let trailing = comma && !items.is_empty();
                return Some((items, trailing));
            }
            if !comma {
                return None;
            }
            items.push(self.value(depth + 1)?);
            self.blanks();
            comma = self.eat(b',');
        }
    }

    /// Reads a dictionary or a set (which becomes a list).
    fn braces(&mut self, depth: usize) -> Option<Node> {
        let start = self.at;
        self.at += 1;
        let (mut map, mut set, mut comma) = (Mapping::default(), Vec::<Node>::new(), true);
        loop {
            self.blanks();
            if self.eat(b'}') {
                break;
            }
            if !comma {
                return None;
            }
            let first = self.value(depth + 1)?;
            // Python refuses both as keys and as items of a set: they have no hash.
            if matches!(first.kind, Kind::Map(_) | Kind::Seq(_)) {
                return None;
            }
            self.blanks();
            if set.is_empty() && self.eat(b':') {
                let value = self.value(depth + 1)?;
                map.insert(key(&first), first, value);
            } else if !map.is_empty() {
                return None;
            } else if !set.iter().any(|item| item.kind == first.kind) {
                set.push(first);
            }
            self.blanks();
            comma = self.eat(b',');
        }
        let kind = if set.is_empty() { Kind::Map(Arc::new(map)) } else { Kind::Seq(Arc::new(set)) };
        Some(self.node(kind, start))
    }

    /// Reads a number without a sign.
    fn number(&mut self) -> Option<Kind> {
        let length = self.number_length();
        let raw = &self.rest()[..length];
        self.at += length;
        // Underscores stand between digits only.
        let odd = raw.starts_with('_') || raw.ends_with('_') || raw.contains("__");
        if odd || raw.contains("_.") || raw.contains("._") || raw.contains("e_") || raw.contains("_e") {
            return None;
        }
        let digits = raw.replace('_', "").to_ascii_lowercase();
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
            if let Some(digits) = digits.strip_prefix(prefix) {
                let plain = !digits.starts_with(['+', '-']);
                return plain.then(|| i128::from_str_radix(digits, radix).ok().map(Kind::Int)).flatten();
            }
        }
        if digits.bytes().all(|b| b.is_ascii_digit()) {
            // Python refuses `007` but reads `000`.
            let leading_zero = digits.len() > 1 && digits.starts_with('0') && digits.bytes().any(|b| b != b'0');
            return (!leading_zero).then(|| digits.parse().ok().map(Kind::Int)).flatten();
        }
        let float = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'+' | b'-'));
        float.then(|| digits.parse().ok().map(Kind::Float)).flatten()
    }

    /// Returns how many bytes from here look like one number; a sign belongs to it after the `e` of a float.
    fn number_length(&self) -> usize {
        let bytes = self.rest().as_bytes();
        let hex = bytes.len() > 1 && bytes[0] == b'0' && matches!(bytes[1], b'x' | b'X');
        let mut length = 0;
        while let Some(b) = bytes.get(length) {
            let exponent_sign = matches!(b, b'+' | b'-') && !hex && matches!(bytes[..length], [.., b'e' | b'E']);
            if !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.') || exponent_sign) {
                break;
            }
            length += 1;
        }
        length
    }

    /// Reads one or several strings that stand next to each other.
    fn strings(&mut self) -> Option<Node> {
        let start = self.at;
        let mut text = String::new();
        let mut style = ScalarStyle::SingleQuoted;
        let mut end = start;
        let mut first = true;
        let mut bytes = false;
        loop {
            let prefix = self.rest().bytes().take_while(u8::is_ascii_alphabetic).count();
            let Some(mark) = self.rest().as_bytes().get(prefix).copied().filter(|b| matches!(b, b'\'' | b'"')) else {
                break;
            };
            let kind = self.rest()[..prefix].to_ascii_lowercase();
            let raw = match kind.as_str() {
                "" | "u" | "b" => false,
                "r" | "br" | "rb" => true,
                _ => return None,
            };
            // Python joins bytes with bytes only.
            if !first && bytes != kind.contains('b') {
                return None;
            }
            bytes = kind.contains('b');
            self.at += prefix;
            text.push_str(&self.string(mark, raw)?);
            end = self.at;
            if first && mark == b'"' {
                style = ScalarStyle::DoubleQuoted;
            }
            first = false;
            self.blanks();
        }
        (!first).then(|| {
            // Ansible takes bytes for text that it does not render.
            let kind = if bytes { Kind::Unsafe(text.into()) } else { Kind::Str(text.into()) };
            let mut node = Node::new(kind, (self.place)(start, end));
            node.style = style;
            node
        })
    }

    /// Reads one string from its opening mark on.
    fn string(&mut self, mark: u8, raw: bool) -> Option<String> {
        let quote = char::from(mark);
        let triple = quote.to_string().repeat(3);
        let close = if self.rest().starts_with(&triple) { triple } else { quote.to_string() };
        self.at += close.len();
        let mut text = String::new();
        loop {
            if self.rest().starts_with(&close) {
                self.at += close.len();
                return Some(text);
            }
            match self.next_char()? {
                '\n' if close.len() == 1 => return None,
                '\\' if raw => {
                    text.push('\\');
                    text.push(self.next_char()?);
                }
                '\\' => self.escape(&mut text)?,
                c => text.push(c),
            }
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self, text: &mut String) -> Option<()> {
        let simple = match self.next_char()? {
            '\n' => return Some(()),
            c @ ('\\' | '\'' | '"') => c,
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            'x' => self.code(2, 2, 16)?,
            'u' => self.code(4, 4, 16)?,
            'U' => self.code(8, 8, 16)?,
            'N' => return None,
            '0'..='7' => {
                self.at -= 1;
                self.code(1, 3, 8)?
            }
            other => {
                text.push('\\');
                other
            }
        };
        text.push(simple);
        Some(())
    }

    /// Reads a character by its number.
    fn code(&mut self, least: usize, most: usize, radix: u32) -> Option<char> {
        let digits = self.rest().chars().take(most).take_while(|c| c.is_digit(radix)).count();
        if digits < least {
            return None;
        }
        let number = u32::from_str_radix(&self.rest()[..digits], radix).ok()?;
        self.at += digits;
        char::from_u32(number)
    }

    fn node(&self, kind: Kind, start: usize) -> Node {
        Node::new(kind, (self.place)(start, self.at))
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next_char(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\x0c')) {
            self.at += 1;
        }
    }

    /// Claims that nothing follows, or only a comment.
    fn at_end(&self) -> bool {
        matches!(self.peek(), None | Some(b'#'))
    }
}

/// Returns a scalar as the key of a dictionary.
fn key(node: &Node) -> Key {
    match &node.kind {
        Kind::Null => Key::Null,
        Kind::Bool(b) => Key::Bool(*b),
        Kind::Int(n) => Key::Int(*n),
        _ => Key::from(node.to_value().to_text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;
    use crate::value::Value;
    use proptest::prelude::*;

    fn node(text: &str) -> Node {
        read(text, &|start, end| Span::new(SourceId(0), start, end))
    }

    #[test]
    fn values_are_python_literals_or_text() {
        let text = |t: &str| Value::from(t);
        let cases: Vec<(&str, Value)> = vec![
            ("10", Value::Int(10)),
            ("-3", Value::Int(-3)),
            ("+3", Value::Int(3)),
            ("--3", text("--3")),
            ("1_000", Value::Int(1000)),
            ("1__0", text("1__0")),
            ("0x1F", Value::Int(31)),
            ("0o17", Value::Int(15)),
            ("0b11", Value::Int(3)),
            ("007", text("007")),
            ("000", Value::Int(0)),
            ("1.5", Value::Float(1.5)),
            ("1e3", Value::Float(1000.0)),
            ("1e-3", Value::Float(0.001)),
            (".5", Value::Float(0.5)),
            ("5.", Value::Float(5.0)),
            ("1.2.3", text("1.2.3")),
            ("10.0.0.1", text("10.0.0.1")),
            ("1-2", text("1-2")),
            ("12ab", text("12ab")),
            ("True", Value::Bool(true)),
            ("False", Value::Bool(false)),
            ("None", Value::Null),
            ("true", text("true")),
            ("yes", text("yes")),
            ("Trueish", text("Trueish")),
            ("''", text("")),
            ("'a' \"b\"", text("ab")),
            ("'a\\n\\x41\\q'", text("a\nA\\q")),
            ("r'a\\n'", text("a\\n")),
            ("'''a'b'''", text("a'b")),
            ("'a", text("'a")),
            ("'a'b", text("'a'b")),
            ("set()", Value::list(Vec::<Value>::new())),
            ("[1, 'a', [None]]", Value::list([Value::Int(1), text("a"), Value::list([Value::Null])])),
            ("[1, 2,]", Value::list([1, 2])),
            ("[a]", text("[a]")),
            ("(1)", Value::Int(1)),
            ("(1,)", Value::list([1])),
            ("()", Value::list(Vec::<Value>::new())),
            ("1,2", Value::list([1, 2])),
            ("1,", Value::list([1])),
            ("1,a", text("1,a")),
            ("{1, 2, 1}", Value::list([1, 2])),
            ("{'a': 1, 2: 'b'}", Value::map([(Key::from("a"), Value::Int(1)), (Key::Int(2), text("b"))])),
            ("{}", Value::map(Vec::<(Key, Value)>::new())),
            ("{[1]: 2}", text("{[1]: 2}")),
            ("{{ x }}", text("{{ x }}")),
            ("{{1}}", text("{{1}}")),
            ("1 # one", Value::Int(1)),
            ("'a' # b", text("a")),
            ("a # b", text("a # b")),
            ("# b", text("# b")),
            ("...", text("...")),
            ("", text("")),
            ("é", text("é")),
        ];
        for (written, expected) in cases {
            assert_eq!(node(written).to_value(), expected, "{written}");
        }
    }

    #[test]
    fn places_cover_what_was_written() {
        let list = node("[1, 'ab' , {'k': -7}]");
        let items = list.as_seq().unwrap();
        let range = |node: &Node| (node.span.start, node.span.end);
        assert_eq!(range(&list), (0, 21));
        assert_eq!(range(&items[1]), (4, 8));
        assert_eq!(range(items[2].as_map().unwrap().get("k").unwrap()), (17, 19));
        assert_eq!(items[1].style, ScalarStyle::SingleQuoted);
    }

    #[test]
    fn deep_nesting_is_text() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        assert_eq!(node(&deep).as_str(), Some(deep.as_str()));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[\\[\\]{}()'\"\\\\0-9a-fxTru.,:+_ é#-]{0,30}") {
            node(&text);
        }

        #[test]
        fn what_python_prints_is_read_back(items in proptest::collection::vec((any::<i64>(), "[ -~]{0,8}"), 0..5)) {
            let value = Value::list(items.into_iter().map(|(n, text)| Value::list([Value::from(n), Value::from(text)])));
            prop_assert_eq!(node(&value.to_text()).to_value(), value);
        }
    }
}
