//! Words of a host line in an INI inventory: the shell's quoting, with comments.

use std::ops::Range;

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// The text, quotes and escapes taken out.
    pub text: String,
    /// Where it stands in the line, with its quotes.
    pub range: Range<usize>,
}

/// Why a line cannot be split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unbalanced {
    /// What is missing, as a fragment.
    pub message: &'static str,
    /// The byte at which the trouble starts.
    pub at: usize,
}

/// Splits a line into words: `'…'` is kept as it is, in `"…"` a backslash protects `"` and itself, outside of quotes any
/// character. A `#` outside of quotes starts a comment, even inside a word (`web1#old`), as in Ansible.
pub(super) fn split(line: &str) -> Result<Vec<Word>, Unbalanced> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut letters = line.char_indices();
    while let Some((at, c)) = letters.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '#' => break,
            '\\' => {
                let Some((_, escaped)) = letters.next() else {
                    return Err(Unbalanced { message: "nothing follows the backslash", at });
                };
                grow(&mut word, at, letters.offset()).push(escaped);
            }
            '\'' | '"' => {
                let text = quoted(&mut letters, c)
                    .ok_or(Unbalanced { message: "the closing quotation mark is missing", at })?;
                grow(&mut word, at, letters.offset()).push_str(&text);
            }
            c => grow(&mut word, at, letters.offset()).push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Returns the text of the word that is being read, started at `at` if none is, ending at `end` for now.
fn grow(word: &mut Option<Word>, at: usize, end: usize) -> &mut String {
    let word = word.get_or_insert_with(|| Word { text: String::new(), range: at..end });
    word.range.end = end;
    &mut word.text
}

/// Reads up to the closing quotation mark; `None` when there is none.
fn quoted(letters: &mut std::str::CharIndices<'_>, mark: char) -> Option<String> {
    let mut text = String::new();
    loop {
        match letters.next()?.1 {
            c if c == mark => return Some(text),
            '\\' if mark == '"' => {
                let escaped = letters.next()?.1;
                if escaped != '"' && escaped != '\\' {
                    text.push('\\');
                }
                text.push(escaped);
            }
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        split(line).unwrap().into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn lines_are_split_as_a_shell_does() {
        assert_eq!(texts("web1 a=1 b='x y' c=\"p q\""), ["web1", "a=1", "b=x y", "c=p q"]);
        assert_eq!(texts(r#"w a='\n' b="\n\"\\" c=\ d"#), ["w", r"a=\n", r#"b=\n"\"#, "c= d"]);
        assert_eq!(texts("web1#old a=1"), ["web1"]);
        assert_eq!(texts("web1 a='#1' # b=2"), ["web1", "a=#1"]);
        assert_eq!(texts("a='' ''"), ["a=", ""]);
        assert_eq!(texts(" # all comment"), Vec::<String>::new());
    }

    #[test]
    fn ranges_cover_the_quotes() {
        let words = split("h a='x y' b").unwrap();
        assert_eq!(words.iter().map(|word| word.range.clone()).collect::<Vec<_>>(), [0..1, 2..9, 10..11]);
    }

    #[test]
    fn an_open_quotation_says_where_it_starts() {
        assert_eq!(split("h a='x").unwrap_err().at, 4);
        assert_eq!(split("h a=\"x\\\"").unwrap_err().at, 4);
        assert_eq!(split("h a=x\\").unwrap_err().message, "nothing follows the backslash");
    }
}
