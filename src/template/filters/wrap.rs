//! Breaking lines between words, as Python's `textwrap` does with tabs and blanks kept.

/// How to break.
pub(super) struct Wrap {
    /// The longest line in characters.
    pub(super) width: usize,
    /// Cut words that are longer than a line.
    pub(super) break_long_words: bool,
    /// Break after hyphens too.
    pub(super) break_on_hyphens: bool,
}

impl Wrap {
    /// Returns the lines that a text becomes.
    pub(super) fn lines(&self, text: &str) -> Vec<String> {
        let words = self.chunks(text);
        let mut chunks: Vec<&str> = words.iter().rev().map(String::as_str).collect();
        let mut lines = Vec::new();
        while !chunks.is_empty() {
            // Blanks at the start of a line go, but not those that the text starts with.
            if !lines.is_empty() && chunks.last().is_some_and(|chunk| chunk.trim().is_empty()) {
                chunks.pop();
            }
            let mut line: Vec<&str> = Vec::new();
            let mut long = 0;
            // Of a word no more is counted than could fit: it may be as long as the text.
            while let Some(size) = chunks.last().map(|chunk| chunk.chars().take(self.width.saturating_add(1)).count()) {
                if long + size > self.width {
                    break;
                }
                line.extend(chunks.pop());
                long += size;
            }
            if chunks.last().is_some_and(|chunk| chunk.chars().nth(self.width).is_some()) {
                self.cut_long(&mut chunks, &mut line, long);
            }
            if line.last().is_some_and(|chunk| chunk.trim().is_empty()) {
                line.pop();
            }
            if !line.is_empty() {
                lines.push(line.concat());
            }
        }
        lines
    }

    fn cut_long<'a>(&self, chunks: &mut Vec<&'a str>, line: &mut Vec<&'a str>, long: usize) {
        let space = self.width.saturating_sub(long).max(if self.width == 0 { 1 } else { 0 });
        if self.break_long_words {
            let Some(word) = chunks.pop() else { return };
            let letters: Vec<char> = word.chars().take(space).collect();
            let mut end = space;
            if self.break_on_hyphens && word.chars().nth(space).is_some() {
                let hyphen = letters.iter().rposition(|c| *c == '-').unwrap_or(0);
                if hyphen > 0 && letters[..hyphen].iter().any(|c| *c != '-') {
                    end = hyphen + 1;
                }
            }
            let (cut, rest) = word.split_at(word.char_indices().nth(end).map_or(word.len(), |(at, _)| at));
            line.push(cut);
            chunks.push(rest);
        } else if line.is_empty() {
            line.extend(chunks.pop());
        }
    }

    /// Splits into words and the blanks between them.
    fn chunks(&self, text: &str) -> Vec<String> {
        let blank = |c: char| matches!(c, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ');
        let mut chunks: Vec<String> = Vec::new();
        let mut last_blank = None;
        for c in text.chars() {
            if last_blank == Some(blank(c)) {
                chunks.last_mut().expect("a kind was seen, so there is a chunk").push(c);
            } else {
                chunks.push(c.into());
            }
            last_blank = Some(blank(c));
        }
        if !self.break_on_hyphens {
            return chunks;
        }
        chunks.into_iter().flat_map(|chunk| split_hyphens(&chunk)).collect()
    }
}

/// Splits a word after each hyphen that stands between letters, and around dashes of two or more.
fn split_hyphens(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let letter = |i: usize| letters.get(i).is_some_and(|c| c.is_alphabetic() || *c == '_');
    let mut out = Vec::new();
    let mut start = 0;
    let mut i = 0;
    while i < letters.len() {
        if letters[i] != '-' {
            i += 1;
            continue;
        }
        let dashes = letters[i..].iter().take_while(|c| **c == '-').count();
        let word_after = letters.get(i + dashes).is_some_and(|c| c.is_alphanumeric() || *c == '_');
        if dashes >= 2 && i > start && word_after {
            out.push(letters[start..i].iter().collect());
            out.push(letters[i..i + dashes].iter().collect());
            start = i + dashes;
        } else if dashes == 1 && i >= start + 2 && letter(i - 1) && letter(i - 2) && letter(i + 1) && letter(i + 2) {
            out.push(letters[start..=i].iter().collect());
            start = i + 1;
        }
        i += dashes;
    }
    if start < letters.len() {
        out.push(letters[start..].iter().collect());
    }
    out
}
