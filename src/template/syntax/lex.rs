//! Text to pieces (text, expressions, statements) and pieces to tokens.
//!
//! Whitespace control (`-`, `+`, `trim_blocks`, `lstrip_blocks`) is dealt with here: the texts of the pieces are what
//! will be written, nobody behind trims anything.

use super::SyntaxError;
use std::ops::Range;

/// How a template text is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Delimiters {
    pub variable: (String, String),
    pub block: (String, String),
    pub comment: (String, String),
    pub trim_blocks: bool,
    pub lstrip_blocks: bool,
    /// Backslashes in string literals stand for themselves: the rule in playbooks, not in template files.
    pub plain_backslashes: bool,
    /// What newlines of the text become; those of values stay.
    pub newline: Newline,
    /// The newline at the end of a text stays; otherwise the language drops one.
    pub keeps_last_newline: bool,
}

/// A sequence that ends a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Newline {
    #[default]
    Unix,
    Windows,
    Mac,
}

impl Newline {
    /// Returns the sequence of that text.
    pub(crate) fn of(text: &str) -> Option<Newline> {
        [Newline::Unix, Newline::Windows, Newline::Mac].into_iter().find(|newline| newline.text() == text)
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Newline::Unix => "\n",
            Newline::Windows => "\r\n",
            Newline::Mac => "\r",
        }
    }

    /// Returns a text with all newlines of whatever kind become this one.
    fn unify(self, text: &str) -> String {
        let mut unified = text.to_owned();
        if unified.contains('\r') {
            unified = unified.replace("\r\n", "\n").replace('\r', "\n");
        }
        match self {
            Newline::Unix => unified,
            other => unified.replace('\n', other.text()),
        }
    }
}

impl Delimiters {
    /// Returns how strings in playbooks are read.
    pub(crate) fn playbook() -> Delimiters {
        let pair = |open: &str, close: &str| (open.to_owned(), close.to_owned());
        Delimiters {
            variable: pair("{{", "}}"),
            block: pair("{%", "%}"),
            comment: pair("{#", "#}"),
            trim_blocks: true,
            lstrip_blocks: false,
            plain_backslashes: true,
            newline: Newline::Unix,
            keeps_last_newline: false,
        }
    }

    /// Returns a text without the newline at its end that the language drops.
    pub(crate) fn without_last_newline<'a>(&self, text: &'a str) -> &'a str {
        if self.keeps_last_newline {
            return text;
        }
        text.strip_suffix("\r\n").or(text.strip_suffix(['\n', '\r'])).unwrap_or(text)
    }
}

/// A part of a template text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    pub kind: PieceKind,
    /// The bytes of the text, delimiters included.
    pub at: Range<usize>,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PieceKind {
    /// Text as it will be written.
    Text(String),
    /// `{{ … }}`
    Expression(Vec<Token>),
    /// `{% … %}`
    Statement(Vec<Token>),
}

/// A token of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub kind: TokenKind,
    pub at: Range<usize>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    Name(String),
    Number(String),
    Str(String),
    Mark(&'static str),
}

const MARKS: [&str; 26] = [
    "**", "//", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "|", ".", ",", ":", ";", "(", ")", "[", "]", "{",
    "}", "=", "<", ">",
];

/// The deepest nesting of brackets; far above anything that a person writes.
const MAX_BRACKETS: usize = 200;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Variable,
    Block,
    Comment,
}

/// Takes a text apart.
pub(crate) fn pieces(text: &str, how: &Delimiters) -> Result<Vec<Piece>, SyntaxError> {
    let mut found: Vec<Piece> = Vec::new();
    let mut at = 0;
    // What the tag before removes from the text that follows it.
    let mut trim = Trim::Nothing;
    let mut tags = Tags::new(text, how);
    while let Some((open, tag)) = tags.nearest(at) {
        let (start_mark, end_mark) = match tag {
            Tag::Variable => &how.variable,
            Tag::Block => &how.block,
            Tag::Comment => &how.comment,
        };
        let mut inner = open + start_mark.len();
        let sign = text[inner..].chars().next().filter(|c| matches!(c, '-' | '+'));
        // A plus sign before an expression is an operator.
        let sign = sign.filter(|c| *c == '-' || tag != Tag::Variable);
        inner += usize::from(sign.is_some());
        push_text(&mut found, (text, how), at..open, trim, before(sign, tag, how));
        let close;
        match tag {
            Tag::Comment => {
                let Some(length) = text[inner..].find(end_mark.as_str()) else {
                    return Err(SyntaxError::new("comment is never closed", open..text.len())
                        .help(format!("`{end_mark}` closes it")));
                };
                let last = text[inner..inner + length].chars().next_back();
                trim = after(last, tag, how);
                close = inner + length + end_mark.len();
            }
            Tag::Variable | Tag::Block => {
                let (tokens, end) = tokens(text, inner, Some((end_mark, tag == Tag::Block)), how)?;
                trim = after(end.sign, tag, how);
                let kind = match tag {
                    Tag::Variable => PieceKind::Expression(tokens),
                    _ => PieceKind::Statement(tokens),
                };
                let is_raw = matches!(&kind, PieceKind::Statement(tokens)
                    if matches!(tokens.as_slice(), [Token { kind: TokenKind::Name(name), .. }] if name == "raw"));
                if is_raw {
                    let (body, end, last_trim) = raw_body(text, end.at, open, how)?;
                    push_text(&mut found, (text, how), body.0, trim, body.1);
                    trim = last_trim;
                    close = end;
                } else {
                    found.push(Piece { kind, at: open..end.at });
                    close = end.at;
                }
            }
        }
        at = close;
    }
    push_text(&mut found, (text, how), at..text.len(), trim, Trim::Nothing);
    Ok(found)
}

/// Returns the tokens of a bare expression.
pub(crate) fn expression_tokens(text: &str, plain_backslashes: bool) -> Result<Vec<Token>, SyntaxError> {
    let how = Delimiters { plain_backslashes, ..Delimiters::playbook() };
    tokens(text, 0, None, &how).map(|(tokens, _)| tokens)
}

/// What is removed from a text beside a tag.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trim {
    Nothing,
    /// One newline (`trim_blocks`).
    Newline,
    /// Blanks back to the start of the line (`lstrip_blocks`).
    Line,
    /// All white space (`-`).
    All,
}

fn before(sign: Option<char>, tag: Tag, how: &Delimiters) -> Trim {
    match sign {
        Some('-') => Trim::All,
        None if how.lstrip_blocks && tag != Tag::Variable => Trim::Line,
        _ => Trim::Nothing,
    }
}

fn after(sign: Option<char>, tag: Tag, how: &Delimiters) -> Trim {
    match sign {
        Some('-') => Trim::All,
        Some('+') => Trim::Nothing,
        _ if how.trim_blocks && tag != Tag::Variable => Trim::Newline,
        _ => Trim::Nothing,
    }
}

fn push_text(found: &mut Vec<Piece>, (text, how): (&str, &Delimiters), at: Range<usize>, front: Trim, back: Trim) {
    let mut part = &text[at.clone()];
    match front {
        Trim::All => part = part.trim_start(),
        Trim::Newline => part = part.strip_prefix("\r\n").or(part.strip_prefix(['\n', '\r'])).unwrap_or(part),
        Trim::Line | Trim::Nothing => {}
    }
    // A newline that the tag before has taken away ends a line all the same.
    let begins_line = |start: usize| start == 0 || text[..start].ends_with(['\n', '\r']);
    match back {
        Trim::All => part = part.trim_end(),
        Trim::Line => {
            let bare = part.trim_end_matches([' ', '\t']);
            if bare.ends_with(['\n', '\r']) || (bare.is_empty() && begins_line(at.end - part.len())) {
                part = bare;
            }
        }
        Trim::Newline | Trim::Nothing => {}
    }
    if !part.is_empty() {
        found.push(Piece { kind: PieceKind::Text(how.newline.unify(part)), at });
    }
}

/// Finds tags from the front to the back. Where each kind stands next is remembered: a text without comments must not
/// be searched for one from every tag to its end.
struct Tags<'a> {
    text: &'a str,
    marks: [(Tag, &'a str); 3],
    next: [Option<usize>; 3],
}

impl<'a> Tags<'a> {
    fn new(text: &'a str, how: &'a Delimiters) -> Tags<'a> {
        let marks = [(Tag::Variable, &*how.variable.0), (Tag::Block, &*how.block.0), (Tag::Comment, &*how.comment.0)];
        let next = marks.map(|(_, mark)| text.find(mark));
        Tags { text, marks, next }
    }

    /// Returns the nearest tag; of two at one place the longer delimiter wins.
    fn nearest(&mut self, from: usize) -> Option<(usize, Tag)> {
        let mut found: Option<(usize, usize, Tag)> = None;
        for ((tag, mark), next) in self.marks.iter().zip(&mut self.next) {
            if next.is_some_and(|at| at < from) {
                *next = self.text[from..].find(mark).map(|at| from + at);
            }
            let Some(at) = *next else { continue };
            if found.is_none_or(|(first, length, _)| at < first || (at == first && mark.len() > length)) {
                found = Some((at, mark.len(), *tag));
            }
        }
        found.map(|(at, _, tag)| (at, tag))
    }
}

type RawBody = ((Range<usize>, Trim), usize, Trim);

/// Finds the end of a `{% raw %}` whose tag ends at `start`.
fn raw_body(text: &str, start: usize, open: usize, how: &Delimiters) -> Result<RawBody, SyntaxError> {
    let mut from = start;
    while let Some(at) = text[from..].find(how.block.0.as_str()) {
        let tag = from + at;
        from = tag + how.block.0.len();
        let rest = &text[from..];
        let sign = rest.chars().next().filter(|c| matches!(c, '-' | '+'));
        let rest = rest[usize::from(sign.is_some())..].trim_start();
        let Some(rest) = rest.strip_prefix("endraw") else { continue };
        let rest = rest.trim_start();
        let end_sign = rest.chars().next().filter(|c| matches!(c, '-' | '+'));
        let rest = &rest[usize::from(end_sign.is_some())..];
        if let Some(rest) = rest.strip_prefix(how.block.1.as_str()) {
            let end = text.len() - rest.len();
            return Ok(((start..tag, before(sign, Tag::Block, how)), end, after(end_sign, Tag::Block, how)));
        }
    }
    Err(SyntaxError::new("`raw` is never closed", open..start).help("`{% endraw %}` closes it"))
}

struct End {
    /// The byte after the closing delimiter.
    at: usize,
    sign: Option<char>,
}

/// Reads tokens up to the closing delimiter, or to the end of the text where there is none.
fn tokens(
    text: &str,
    from: usize,
    close: Option<(&str, bool)>,
    how: &Delimiters,
) -> Result<(Vec<Token>, End), SyntaxError> {
    let mut found: Vec<Token> = Vec::new();
    let mut open: Vec<(&'static str, usize)> = Vec::new();
    let mut at = from;
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        let Some(first) = trimmed.chars().next() else { break };
        if let Some((mark, is_block)) = close
            && open.is_empty()
        {
            if trimmed.starts_with(mark) {
                return Ok((found, End { at: at + mark.len(), sign: None }));
            }
            if (first == '-' || (first == '+' && is_block)) && trimmed[1..].starts_with(mark) {
                return Ok((found, End { at: at + 1 + mark.len(), sign: Some(first) }));
            }
        }
        let after_dot = matches!(found.last(), Some(Token { kind: TokenKind::Mark("."), .. }));
        let (kind, length) = match first {
            '\'' | '"' => string(trimmed, at, how)?,
            '0'..='9' => number(trimmed, after_dot),
            c if c == '_' || c.is_alphabetic() => {
                let length = trimmed.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(trimmed.len());
                (TokenKind::Name(trimmed[..length].to_owned()), length)
            }
            c => match MARKS.iter().find(|mark| trimmed.starts_with(**mark)) {
                Some(mark) => (TokenKind::Mark(mark), mark.len()),
                None => return Err(SyntaxError::new(format!("unexpected `{c}`"), at..at + c.len_utf8())),
            },
        };
        if let (TokenKind::Mark("}"), Some((mark, place)), Some((end, _))) = (&kind, open.last(), close)
            && *mark != "{"
            && trimmed.starts_with(end)
        {
            return Err(SyntaxError::new(format!("`{mark}` is never closed"), *place..*place + mark.len()));
        }
        if let TokenKind::Mark(mark) = &kind {
            brackets(mark, at, &mut open)?;
        }
        found.push(Token { kind, at: at..at + length });
        at += length;
    }
    match (open.last(), close) {
        (Some((mark, place)), _) => {
            Err(SyntaxError::new(format!("`{mark}` is never closed"), *place..*place + mark.len()))
        }
        (None, Some((mark, _))) => {
            let start = from.saturating_sub(2);
            Err(SyntaxError::new("tag is never closed", start..text.len()).help(format!("`{mark}` closes it")))
        }
        (None, None) => Ok((found, End { at, sign: None })),
    }
}

fn brackets(mark: &'static str, at: usize, open: &mut Vec<(&'static str, usize)>) -> Result<(), SyntaxError> {
    match mark {
        "(" | "[" | "{" => {
            open.push((mark, at));
            if open.len() > MAX_BRACKETS {
                return Err(SyntaxError::new(
                    format!("more than {MAX_BRACKETS} brackets inside each other"),
                    at..at + 1,
                ));
            }
        }
        ")" | "]" | "}" => {
            let wanted = match mark {
                ")" => "(",
                "]" => "[",
                _ => "{",
            };
            match open.pop() {
                Some((mark, _)) if mark == wanted => {}
                Some((other, _)) => {
                    return Err(SyntaxError::new(
                        format!("`{mark}` does not close the `{other}` before it"),
                        at..at + 1,
                    ));
                }
                None => return Err(SyntaxError::new(format!("`{mark}` closes nothing"), at..at + 1)),
            }
        }
        _ => {}
    }
    Ok(())
}

fn number(text: &str, after_dot: bool) -> (TokenKind, usize) {
    let bytes = text.as_bytes();
    let digits =
        |from: usize, what: fn(&u8) -> bool| from + bytes[from..].iter().take_while(|b| what(b) || **b == b'_').count();
    if bytes[0] == b'0' && bytes.len() > 2 {
        let what: Option<fn(&u8) -> bool> = match bytes[1] {
            b'x' | b'X' => Some(u8::is_ascii_hexdigit),
            b'o' | b'O' => Some(|b| matches!(b, b'0'..=b'7')),
            b'b' | b'B' => Some(|b| matches!(b, b'0' | b'1')),
            _ => None,
        };
        if let Some(what) = what {
            let end = digits(2, what);
            if end > 2 {
                return (TokenKind::Number(text[..end].to_owned()), end);
            }
        }
    }
    let mut end = digits(0, u8::is_ascii_digit);
    if !after_dot {
        if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1, u8::is_ascii_digit);
        }
        let mut exponent = end;
        if matches!(bytes.get(exponent), Some(b'e' | b'E')) {
            exponent += 1;
            exponent += usize::from(matches!(bytes.get(exponent), Some(b'+' | b'-')));
            if bytes.get(exponent).is_some_and(u8::is_ascii_digit) {
                end = digits(exponent, u8::is_ascii_digit);
            }
        }
    }
    (TokenKind::Number(text[..end].to_owned()), end)
}

fn string(text: &str, at: usize, how: &Delimiters) -> Result<(TokenKind, usize), SyntaxError> {
    let quote = text.as_bytes()[0];
    let bytes = text.as_bytes();
    let mut end = 1;
    loop {
        match bytes.get(end) {
            None => {
                let quote = char::from(quote);
                return Err(
                    SyntaxError::new("text is never closed", at..at + text.len()).help(format!("`{quote}` closes it"))
                );
            }
            Some(b'\\') => end += 2,
            Some(b) if *b == quote => break,
            Some(_) => end += 1,
        }
    }
    let inner = text.get(1..end).unwrap_or_default();
    let inner = if inner.contains(['\n', '\r']) { &*how.newline.unify(inner) } else { inner };
    let value = if how.plain_backslashes { inner.to_owned() } else { unescape(inner) };
    Ok((TokenKind::Str(value), end + 1))
}

/// Reads the escapes of a Python string literal; unknown ones stay as written.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else {
            out.push('\\');
            break;
        };
        let simple = match c {
            '\\' | '\'' | '"' => Some(c),
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            'a' => Some('\u{7}'),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'v' => Some('\u{b}'),
            _ => None,
        };
        if let Some(c) = simple {
            out.push(c);
            rest = &rest[1..];
        } else if c == '\n' {
            rest = &rest[1..];
        } else if let Some((c, length)) = numbered(rest) {
            out.push(c);
            rest = &rest[length..];
        } else {
            out.push('\\');
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out.push_str(rest);
    out
}

/// Reads `x41`, `u0041`, `U00000041` and octal `101`; returns the character and the length.
fn numbered(text: &str) -> Option<(char, usize)> {
    let octal = text.bytes().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
    if octal > 0 {
        return Some((char::from_u32(u32::from_str_radix(&text[..octal], 8).ok()?)?, octal));
    }
    let length = match text.as_bytes().first()? {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => return None,
    };
    let digits = text.get(1..=length)?;
    Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, length + 1))
}
