//! Methods of `str`.

use super::Args;
use super::letters::{translate, translation};
use crate::template::bytes::{Bytes, encoding};
use crate::template::format::braces;
use crate::template::operate::{type_name, wrong};
use crate::template::sequence::fits;
use minijinja::Error;
use minijinja::value::{Tuple, Value};

/// The widest text that padding makes.
const MAX_WIDTH: i64 = 1 << 20;

/// Calls a method; `None` when text has none of that name.
pub(super) fn call(text: &str, method: &str, args: &Args<'_>) -> Option<Result<Value, Error>> {
    run(text, method, args).transpose()
}

fn run(text: &str, method: &str, args: &Args<'_>) -> Result<Option<Value>, Error> {
    let all = |test: fn(char) -> bool| Value::from(!text.is_empty() && text.chars().all(test));
    Ok(Some(match method {
        "lower" => Value::from(text.to_lowercase()),
        "casefold" => Value::from(text.to_lowercase().replace('ß', "ss")),
        "upper" => Value::from(text.to_uppercase()),
        "capitalize" => Value::from(capitalize(text)),
        "title" => Value::from(title(text)),
        "swapcase" => Value::from(
            text.chars()
                .flat_map(|c| -> Box<dyn Iterator<Item = char>> {
                    if c.is_lowercase() { Box::new(c.to_uppercase()) } else { Box::new(c.to_lowercase()) }
                })
                .collect::<String>(),
        ),
        "strip" | "lstrip" | "rstrip" => strip(text, method, args.maybe_text(0, "chars")?),
        "split" | "rsplit" => split(text, method == "rsplit", args)?,
        "splitlines" => splitlines(text, args.get(0, "keepends")?.is_some_and(|keep| keep.is_true())),
        "join" => join(text, &args.need(0, "iterable")?)?,
        "startswith" | "endswith" => affix(text, method, args)?,
        "find" | "rfind" | "index" | "rindex" | "count" => search(text, method, args)?,
        "replace" => {
            let (old, new) = (args.text(0, "old")?, args.text(1, "new")?);
            let count = usize::try_from(args.int(2, "count", -1)?).unwrap_or(usize::MAX);
            if new.len() > old.len() {
                let places = text.matches(&*old).take(count).count();
                fits(text.len().saturating_add(places.saturating_mul(new.len() - old.len())))?;
            }
            Value::from(text.replacen(&old, &new, count))
        }
        "removeprefix" => Value::from(text.strip_prefix(&*args.text(0, "prefix")?).unwrap_or(text)),
        "removesuffix" => Value::from(text.strip_suffix(&*args.text(0, "suffix")?).unwrap_or(text)),
        "partition" | "rpartition" => partition(text, method == "rpartition", &args.text(0, "sep")?)?,
        "ljust" | "rjust" | "center" | "zfill" => pad(text, method, args)?,
        "expandtabs" => Value::from(expandtabs(text, args.int(0, "tabsize", 8)?.clamp(0, 100) as usize)),
        "encode" => {
            let (name, errors) = (args.maybe_text(0, "encoding")?, args.maybe_text(1, "errors")?);
            let (encoding, unfit) = encoding(method, name.as_deref(), errors.as_deref())?;
            match encoding.encode(text, unfit) {
                Some(bytes) => Value::from_object(Bytes(bytes)),
                None => return Err(wrong(format!("the text has characters that {} lacks", encoding.name()))),
            }
        }
        "maketrans" => translation(args)?,
        "translate" => translate(text, &args.need(0, "table")?)?,
        "format" => Value::from(braces(text, args.positional, &args.named)?),
        "isdigit" | "isdecimal" | "isnumeric" => all(|c| c.is_numeric()),
        "isalpha" => all(char::is_alphabetic),
        "isalnum" => all(char::is_alphanumeric),
        "isspace" => all(char::is_whitespace),
        "isascii" => Value::from(text.is_ascii()),
        "isupper" => Value::from(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)),
        "islower" => Value::from(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase)),
        "istitle" => Value::from(text.chars().any(char::is_alphabetic) && title(text) == text),
        "isidentifier" => Value::from(
            !text.starts_with(|c: char| c.is_numeric())
                && !text.is_empty()
                && text.chars().all(|c| c == '_' || c.is_alphanumeric()),
        ),
        _ => return Ok(None),
    }))
}

fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect(),
        None => String::new(),
    }
}

fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase())
        } else {
            out.extend(c.to_uppercase())
        }
        inside = c.is_alphabetic();
    }
    out
}

fn strip(text: &str, method: &str, chars: Option<String>) -> Value {
    let matches = |c: char| match &chars {
        Some(chars) => chars.contains(c),
        None => c.is_whitespace(),
    };
    Value::from(match method {
        "lstrip" => text.trim_start_matches(matches),
        "rstrip" => text.trim_end_matches(matches),
        _ => text.trim_matches(matches),
    })
}

fn split(text: &str, from_right: bool, args: &Args<'_>) -> Result<Value, Error> {
    args.at_most(2)?;
    let most = usize::try_from(args.int(1, "maxsplit", -1)?).unwrap_or(usize::MAX - 1).saturating_add(1);
    let mut parts: Vec<String> = match args.maybe_text(0, "sep")? {
        Some(sep) if sep.is_empty() => return Err(wrong("separator of `split()` is empty")),
        Some(sep) if from_right => text.rsplitn(most, &sep).map(str::to_owned).collect(),
        Some(sep) => text.splitn(most, &sep).map(str::to_owned).collect(),
        None => split_blanks(text, most, from_right),
    };
    if from_right {
        parts.reverse();
    }
    Ok(Value::from(parts))
}

/// Splits at runs of white space; the last part keeps the blanks inside it.
fn split_blanks(text: &str, most: usize, from_right: bool) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = if from_right { text.trim_end() } else { text.trim_start() };
    while !rest.trim().is_empty() {
        if parts.len() + 1 == most {
            parts.push(rest.to_owned());
            break;
        }
        let cut = if from_right { rest.rfind(char::is_whitespace) } else { rest.find(char::is_whitespace) };
        match cut {
            None => {
                parts.push(rest.trim().to_owned());
                break;
            }
            Some(at) => {
                let length = rest[at..].chars().next().map_or(1, char::len_utf8);
                if from_right {
                    parts.push(rest[at + length..].to_owned());
                    rest = rest[..at].trim_end();
                } else {
                    parts.push(rest[..at].to_owned());
                    rest = rest[at..].trim_start();
                }
            }
        }
    }
    parts
}

fn splitlines(text: &str, keep_ends: bool) -> Value {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let is_end = |c: char| {
            matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
        };
        let Some(at) = rest.find(is_end) else {
            lines.push(rest.to_owned());
            break;
        };
        let length = match rest[at..].starts_with("\r\n") {
            true => 2,
            false => rest[at..].chars().next().map_or(1, char::len_utf8),
        };
        lines.push(rest[..if keep_ends { at + length } else { at }].to_owned());
        rest = &rest[at + length..];
    }
    Value::from(lines)
}

fn join(text: &str, items: &Value) -> Result<Value, Error> {
    let mut parts = Vec::new();
    let mut length = 0_usize;
    for item in crate::template::operate::iterate(items)?.try_iter()?.checked() {
        let item = item?;
        match item.as_str() {
            Some(part) => {
                length = length.saturating_add(part.len() + text.len());
                fits(length)?;
                parts.push(part.to_owned());
            }
            None => {
                let at = parts.len();
                let kind = type_name(&item);
                return Err(wrong(format!(
                    "`join()` wants texts, but item {at} is a {kind}; the filter `join` takes anything"
                )));
            }
        }
    }
    Ok(Value::from(parts.join(text)))
}

fn affix(text: &str, method: &str, args: &Args<'_>) -> Result<Value, Error> {
    let wanted = args.need(0, "prefix")?;
    let text = window(text, args.int(1, "start", 0)?, args.int(2, "end", i64::MAX)?).map_or("", |(_, text)| text);
    let has = |affix: &str| if method == "startswith" { text.starts_with(affix) } else { text.ends_with(affix) };
    if let Some(affix) = wanted.as_str() {
        return Ok(Value::from(has(affix)));
    }
    if !wanted.is_tuple() {
        return Err(wrong(format!("`{method}()` wants text or a tuple of texts, not a {}", type_name(&wanted))));
    }
    let mut found = false;
    for affix in wanted.try_iter()? {
        found = found || affix.as_str().is_some_and(has);
    }
    Ok(Value::from(found))
}

/// Returns the part between two positions counted in characters, with the number of characters before it.
fn window(text: &str, start: i64, end: i64) -> Option<(usize, &str)> {
    let length = text.chars().count() as i64;
    let bound = |at: i64| (if at < 0 { at + length } else { at }).clamp(0, length) as usize;
    let (from, to) = (bound(start), bound(end));
    if start > length || from > to {
        return None;
    }
    let byte = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte);
    Some((from, &text[byte(from)..byte(to)]))
}

fn search(text: &str, method: &str, args: &Args<'_>) -> Result<Value, Error> {
    let wanted = args.text(0, "sub")?;
    let part = window(text, args.int(1, "start", 0)?, args.int(2, "end", i64::MAX)?);
    if method == "count" {
        let Some((_, part)) = part else { return Ok(Value::from(0)) };
        let count = if wanted.is_empty() { part.chars().count() + 1 } else { part.matches(&wanted).count() };
        return Ok(Value::from(count));
    }
    let found = part.and_then(|(before, part)| {
        let at = if method.starts_with('r') { part.rfind(&wanted) } else { part.find(&wanted) }?;
        Some(before + part[..at].chars().count())
    });
    match found {
        Some(at) => Ok(Value::from(at)),
        None if method.ends_with("index") => Err(wrong(format!("text does not contain `{wanted}`"))),
        None => Ok(Value::from(-1)),
    }
}

fn partition(text: &str, from_right: bool, sep: &str) -> Result<Value, Error> {
    if sep.is_empty() {
        return Err(wrong("separator of `partition()` is empty"));
    }
    let found = if from_right { text.rsplit_once(sep) } else { text.split_once(sep) };
    let parts = match found {
        Some((before, after)) => [before, sep, after],
        None if from_right => ["", "", text],
        None => [text, "", ""],
    };
    Ok(Value::from(Tuple::from(parts.map(Value::from))))
}

fn pad(text: &str, method: &str, args: &Args<'_>) -> Result<Value, Error> {
    let width = args.int(0, "width", 0)?;
    if width > MAX_WIDTH {
        return Err(wrong(format!("`{method}()` makes no text of more than {MAX_WIDTH} characters")));
    }
    let width = width.max(0) as usize;
    let length = text.chars().count();
    let missing = width.saturating_sub(length);
    if method == "zfill" {
        let (sign, digits) = match text.strip_prefix(['-', '+']) {
            Some(digits) => (&text[..1], digits),
            None => ("", text),
        };
        return Ok(Value::from(format!("{sign}{}{digits}", "0".repeat(missing))));
    }
    let fill = args.maybe_text(1, "fillchar")?.unwrap_or_else(|| " ".into());
    if fill.chars().count() != 1 {
        return Err(wrong(format!("`{method}()` fills with one character, not with `{fill}`")));
    }
    let (left, right) = match method {
        "ljust" => (0, missing),
        "rjust" => (missing, 0),
        // As CPython does: the odd blank goes to the left when the width is odd.
        _ => {
            let left = missing / 2 + (missing & width & 1);
            (left, missing - left)
        }
    };
    Ok(Value::from(format!("{}{text}{}", fill.repeat(left), fill.repeat(right))))
}

fn expandtabs(text: &str, size: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' if size > 0 => {
                let blanks = size - column % size;
                out.push_str(&" ".repeat(blanks));
                column += blanks;
            }
            '\t' => {}
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            c => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}
