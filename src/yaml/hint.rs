//! What to say about text that is no YAML: the parser's words and place, and a hint for the mistakes that people make.

use super::events::SyntaxError;
use crate::source::{Diagnostic, SourceId, Span};
use std::ops::Range;

/// Returns the diagnostic for a syntax error.
pub(super) fn diagnostic(id: SourceId, text: &str, error: &SyntaxError) -> Diagnostic {
    let at = floor(text, error.at);
    let context = error.context.as_ref().map(|(doing, since)| (doing.as_str(), floor(text, *since)));
    let mistake = find(text, &error.problem, at, context);
    let one = |at: usize| {
        let width = text[at..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
        Span::new(id, at, at + width)
    };
    let (span, help) = match mistake {
        Some(mistake) => (Span::new(id, mistake.place.start, mistake.place.end), Some(mistake.help)),
        None => (one(at), None),
    };
    let mut diagnostic =
        Diagnostic::error("E0101", format!("invalid YAML: {}", error.problem)).at(span).maybe_help(help);
    if let Some((doing, since)) = context
        && since != at
    {
        diagnostic = diagnostic.also(one(since), doing);
    }
    diagnostic
}

/// A mistake that people make.
struct Mistake {
    place: Range<usize>,
    help: String,
}

fn mistake(place: Range<usize>, help: impl Into<String>) -> Option<Mistake> {
    Some(Mistake { place, help: help.into() })
}

/// Returns the mistake behind an error, if it is one of those known.
fn find(text: &str, problem: &str, at: usize, context: Option<(&str, usize)>) -> Option<Mistake> {
    let line = line_at(text, at);
    let doing = context.map_or("", |(doing, _)| doing);
    let since = context.map_or(at, |(_, since)| since);
    if problem == "control characters are not allowed" {
        return mistake(at..at, "the file seems to be binary, or in an encoding other than UTF-8");
    }
    if let Some(tab) = tab_in_indentation(text, line.clone()) {
        return mistake(tab..tab + 1, "indent with spaces: YAML does not allow tabs there");
    }
    if doing == "while scanning a quoted scalar" && problem == "found unexpected end of stream" {
        return mistake(since..since + 1, "close the quote that starts here");
    }
    // A value that goes on behind its closing quote or its `}}` is noticed where it goes on, or one line later.
    for line in [line.clone(), line_at(text, since)].into_iter().chain(previous_line(text, line.start)) {
        let start = value_start(text, &line);
        if let Some((place, help)) = unquoted_template(&text[..line.end], start) {
            return mistake(place, help);
        }
    }
    if let Some(found) = reserved_start(text, problem, doing, at, since) {
        return Some(found);
    }
    match problem {
        "mapping values are not allowed in this context" => colon(text, at, &line),
        "could not find expected ':'" => no_colon(text, since),
        "did not find expected ',' or ']'" => mistake(since..since + 1, "close the `[` that starts here with `]`"),
        "did not find expected ',' or '}'" => mistake(since..since + 1, "close the `{` that starts here with `}`"),
        "did not find expected key" | "did not find expected '-' indicator" => {
            after_quote(text, &line).or_else(|| stray(text, at, &line, problem))
        }
        "did not find expected <document start>" => {
            mistake(at..line.end, "check the indentation: this stands further left than the first line")
        }
        "block sequence entries are not allowed in this context" => {
            mistake(at..at + 1, "start the list on a line of its own, or quote the value if it is text")
        }
        "found unknown escape character" => {
            mistake(at..at + 1, "in double quotes a backslash starts an escape: double it, or use single quotes")
        }
        _ => None,
    }
}

/// Returns where a template without quotes stands that starts at `start`, and what to write instead.
pub(super) fn unquoted_template(text: &str, start: usize) -> Option<(Range<usize>, String)> {
    let rest = text.get(start..)?;
    if !rest.starts_with("{{") && !rest.starts_with("{%") {
        return None;
    }
    let value = rest.lines().next().unwrap_or(rest).trim_end();
    let value = value.split(" #").next().unwrap_or(value).trim_end();
    let between_lines = text[..start].trim_end_matches(' ').ends_with('\n') || start == 0;
    let help = match between_lines && value.starts_with("{%") {
        true => {
            "templates stand inside values, not around lines: use `when`, `loop`, or the `template` module".to_owned()
        }
        false => quoted("quote the whole value", value),
    };
    Some((start..start + value.len(), help))
}

/// Returns advice with the value in quotes behind it, where one pair of quotes is enough.
fn quoted(advice: &str, value: &str) -> String {
    // In double quotes a backslash would start an escape.
    match (value.contains(['"', '\\']), value.contains('\'')) {
        (true, true) => advice.to_owned(),
        (true, false) => format!("{advice}: '{value}'"),
        (false, _) => format!("{advice}: \"{value}\""),
    }
}

/// A value that starts with a character that means something in YAML.
fn reserved_start(text: &str, problem: &str, doing: &str, at: usize, since: usize) -> Option<Mistake> {
    let quote = |at: usize, why: &str| mistake(at..at + 1, format!("quote the value: {why}"));
    match doing {
        "while scanning an alias" => return quote(since, "a `*` at its start makes it an alias"),
        "while scanning an anchor" => return quote(since, "a `&` at its start makes it an anchor"),
        "while scanning a tag" if problem == "did not find expected whitespace or line break" => {
            return mistake(since..since + 1, "put a space behind the tag, or quote the value if it is text");
        }
        "while scanning a tag" | "while parsing a tag" => return quote(since, "a `!` at its start makes it a tag"),
        "while scanning a directive" => return quote(since, "a `%` at its start makes it a directive"),
        "while scanning a block scalar" => {
            return quote(since, "a `|` or `>` at its start makes it a block of text");
        }
        _ => {}
    }
    let c = text[at..].chars().next()?;
    match (problem, c) {
        ("found character that cannot start any token", '\t') => {
            mistake(at..at + 1, "use spaces: YAML does not allow a tab there")
        }
        ("found character that cannot start any token", _) | ("did not find expected node content", '}' | ']') => {
            mistake(at..at + c.len_utf8(), "quote the value: it cannot start with this character")
        }
        _ => None,
    }
}

/// `mapping values are not allowed`: a second colon on the line, or an indentation that makes it look like one.
fn colon(text: &str, at: usize, line: &Range<usize>) -> Option<Mistake> {
    let start = value_start(text, line);
    if start > line.start && start < at && is_key_before(text, line, start) {
        let value = text[start..line.end].trim_end();
        return mistake(at..at + 1, quoted("quote the value, in which a colon has a space behind it", value));
    }
    if let Some(before) = previous_line(text, line.start) {
        let above = text[before.clone()].trim();
        if indent(text, line) > indent(text, &before) && above.contains(": ") {
            return mistake(at..at + 1, "indent this line like the one above, whose key has a value already");
        }
        if indent(text, line) >= indent(text, &before) {
            let start = before.start + indent(text, &before);
            if let Some(found) = no_space(text, start..before.end) {
                return Some(found);
            }
            if !above.contains(':') {
                return mistake(start..before.end, "a colon may be missing at the end of this line");
            }
        }
    }
    mistake(at..at + 1, "check the indentation of this line and of the one above")
}

/// `could not find expected ':'`: a key without its colon, or without the space behind it.
fn no_colon(text: &str, since: usize) -> Option<Mistake> {
    let line = line_at(text, since);
    let end = since + text[since..line.end].trim_end().len();
    no_space(text, since..end).or_else(|| mistake(since..end, "a colon may be missing at the end of this line"))
}

/// A key and a value with no space between them: `key:value`.
fn no_space(text: &str, place: Range<usize>) -> Option<Mistake> {
    let (key, value) = text[place.clone()].trim_start_matches("- ").split_once(':')?;
    let fits = !key.is_empty() && !key.contains(' ') && !value.is_empty() && !value.starts_with(' ');
    fits.then(|| mistake(place, format!("put a space behind the colon: `{key}: {value}`")))?
}

/// A quoted value that goes on after its closing quote: `"a" in b`.
fn after_quote(text: &str, line: &Range<usize>) -> Option<Mistake> {
    for line in std::iter::once(line.clone()).chain(previous_line(text, line.start)) {
        let start = value_start(text, &line);
        let value = text[start..line.end].trim_end();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let Some(close) = value[1..].find(quote).map(|n| n + 1) else { continue };
        let Some(next) = value[close + 1..].chars().next() else { continue };
        let place = start..start + value.len();
        let inner = value[1..].strip_suffix(quote).filter(|_| !next.is_whitespace());
        return match (inner, quote) {
            (Some(inner), '\'') => mistake(place, format!("double the quote inside: '{}'", inner.replace('\'', "''"))),
            (Some(_), _) => mistake(place, "put a backslash before each quote inside"),
            (None, _) => mistake(place, quoted("quote the whole value: it goes on behind its closing quote", value)),
        };
    }
    None
}

/// A line whose indentation belongs to nothing above.
fn stray(text: &str, at: usize, line: &Range<usize>, problem: &str) -> Option<Mistake> {
    let first = line.start + indent(text, line);
    if at < first || at > first + 2 || at >= text.len() {
        return None;
    }
    let help = match problem {
        "did not find expected key" if text[first..].starts_with("- ") => {
            "check the indentation: a list item stands here among keys"
        }
        "did not find expected key" => "check the indentation: it fits none of the lines above",
        _ => "check the indentation: this stands among list items but does not start with `-`",
    };
    mistake(first..line.end.max(first), help)
}

/// Returns where a line's value starts: behind its dashes and its key.
fn value_start(text: &str, line: &Range<usize>) -> usize {
    let mut start = line.start + indent(text, line);
    while text[start..line.end].starts_with("- ") {
        start += 2 + blanks(&text[start + 2..line.end]);
    }
    let rest = &text[start..line.end];
    if rest.starts_with(['"', '\'', '{', '[']) {
        return start;
    }
    match rest.find(": ") {
        Some(colon) => start + colon + 2 + blanks(&rest[colon + 2..]),
        None => start,
    }
}

fn is_key_before(text: &str, line: &Range<usize>, start: usize) -> bool {
    text[line.start..start].trim_end().ends_with(':')
}

fn tab_in_indentation(text: &str, line: Range<usize>) -> Option<usize> {
    let white = text[line.clone()].len() - text[line.clone()].trim_start_matches([' ', '\t', '-']).len();
    text[line.start..line.start + white].find('\t').map(|n| line.start + n)
}

fn indent(text: &str, line: &Range<usize>) -> usize {
    blanks(&text[line.clone()])
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

/// Returns the bytes of the line around `at`, without its break.
fn line_at(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let end = text[at..].find('\n').map_or(text.len(), |n| at + n);
    start..start + text[start..end].trim_end_matches('\r').len()
}

/// Returns the last line before `start` that is neither empty nor a comment.
fn previous_line(text: &str, start: usize) -> Option<Range<usize>> {
    let mut at = start;
    while at > 0 {
        let line = line_at(text, at - 1);
        let content = text[line.clone()].trim_start();
        if !content.is_empty() && !content.starts_with('#') {
            return Some(line);
        }
        at = line.start;
    }
    None
}

/// Returns the nearest character boundary at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
