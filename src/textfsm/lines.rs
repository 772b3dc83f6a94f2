//! Lines as Python's `splitlines` has them, and blanks as its `strip` has them.

/// Iterates over the lines of a text, without their ends.
pub(super) struct Lines<'t> {
    rest: &'t str,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Lines<'t> {
        Lines { rest: text }
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, long) = first_end(self.rest).unwrap_or((self.rest.len(), 0));
        let found = &self.rest[..line];
        self.rest = &self.rest[line + long..];
        Some(found)
    }
}

/// Returns where the first line end stands and how long it is, in bytes.
fn first_end(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\n' | 0x0b | 0x0c | 0x1c..=0x1e => return Some((at, 1)),
            b'\r' => return Some((at, 1 + usize::from(bytes.get(at + 1) == Some(&b'\n')))),
            // U+0085, U+2028 and U+2029.
            0xc2 if bytes.get(at + 1) == Some(&0x85) => return Some((at, 2)),
            0xe2 if matches!(bytes.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])) => return Some((at, 3)),
            _ => at += 1,
        }
    }
    None
}

/// Claims that Python takes the character for a blank.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Claims that Python's `\w` matches the character.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_python_ends_them() {
        let cases: [(&str, &[&str]); 8] = [
            ("", &[]),
            ("a", &["a"]),
            ("a\n", &["a"]),
            ("a\n\nb", &["a", "", "b"]),
            ("a\r\nb\rc\r\r\nd", &["a", "b", "c", "", "d"]),
            ("a\u{b}b\u{c}c\u{1c}d\u{1d}e\u{1e}f", &["a", "b", "c", "d", "e", "f"]),
            ("a\u{85}b\u{2028}c\u{2029}", &["a", "b", "c"]),
            ("é\u{1f}x€\n\r", &["é\u{1f}x€", ""]),
        ];
        for (text, lines) in cases {
            assert_eq!(Lines::of(text).collect::<Vec<_>>(), lines, "{text:?}");
        }
    }
}
